//! What a guest cannot do with a program of their own either.
use std::sync::Arc;

use meldkluis::{
    api_types::{Adding, SentTo, SharedItem, Sharing, SlotSent},
    desk::{Client, Identity},
    domain::{
        case::Act,
        id::{CaseId, ItemId},
    },
    envelope::before_payload,
};
use uuid::Uuid;

use crate::{
    GUEST, SECOND,
    evil::{RECORD, named},
    place, reading_along,
    support::Service,
};

#[actix_web::test]
async fn the_server_lets_a_guest_share_nothing_decide_nothing_and_be_away_from_nothing() {
    let service = Service::start(None).await;
    let (_, _, case, card) = reading_along(&service).await;
    let me = Identity::load(&service.path(&format!("readers/{GUEST}.key")), || unreachable!()).unwrap();
    let me = me.with_card(serde_json::from_slice(&std::fs::read(&card).unwrap()).unwrap()).unwrap();
    let mut client = Client::sign_in(&place(&service), me).await.unwrap();
    let view = client.case(&CaseId::parse(&case).unwrap()).await.unwrap();
    let reader = named(&client, "bzk-leidinggevende-1");
    let to = SentTo::Reader(reader.keyed());
    let sent = SlotSent { to, header: "AAAA".to_owned() };
    let slots = vec![SharedItem { item: view.items[0], slot: sent }];
    let sharing = Sharing { slots, log: Some(RECORD.to_owned()), not_before: None };
    assert!(client.share(&view.case, &sharing).await.unwrap_err().to_string().contains("refused"));
    for act in [Act::Acknowledge, Act::Feedback, Act::Close] {
        let slots = vec![SlotSent { to: SentTo::Reader(named(&client, SECOND).keyed()), header: "AAAA".to_owned() }];
        let (item, log) = (ItemId::from_uuid(Uuid::from_u128(7)), Some(RECORD.to_owned()));
        let adding = Adding { item, act: Some(act), expected: view.state, slots, log };
        let refused = client.add(&view.case, before_payload(&adding).unwrap()).await;
        assert!(refused.err().unwrap().to_string().contains("refused"), "{}", act.name());
    }
    Arc::get_mut(&mut client.me).unwrap().card = None;
    assert!(client.away(Some(service.clock.today())).await.unwrap_err().to_string().contains("refused"));
}
