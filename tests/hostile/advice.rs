//! Whatever program a reader has, the server starts no legal clock in advice.
use meldkluis::{
    api_types::{Adding, CaseView, SentTo, SlotSent},
    desk::Client,
    domain::{case::Act, id::ItemId},
    envelope::before_payload,
};
use uuid::Uuid;

use crate::{
    evil::{RECORD, hostile, named},
    support::{Browser, Service},
};

async fn tries(client: &Client, case: &CaseView, act: Act) -> Result<(), String> {
    let to = SentTo::Reader(named(client, client.me.reader.as_str()).keyed());
    let slots = [to, SentTo::Reporter].map(|to| SlotSent { to, header: "AAAA".to_owned() }).into();
    let item = ItemId::from_uuid(Uuid::new_v4());
    let adding = Adding { item, act: Some(act), expected: case.state, slots, log: Some(RECORD.to_owned()) };
    let added = client.add(&case.case, before_payload(&adding).unwrap()).await;
    added.map(drop).map_err(|error| error.to_string())
}

/// A case that this reader has opened.
async fn opened(client: &Client) -> CaseView {
    let case = client.inbox().await.unwrap()[0].case;
    client.item(&client.case(&case).await.unwrap().items[0]).await.unwrap();
    client.case(&case).await.unwrap()
}

#[actix_web::test]
async fn advice_is_not_acknowledged_and_gets_no_feedback() {
    let service = Service::start(None).await;
    let (browser, adviser) = (Browser::new(&service.base), "bzk-vertrouwenspersoon-1");
    browser.advice("Een vraag", adviser).await;
    let client = hostile(&service, adviser).await;
    let advice = opened(&client).await;
    for act in [Act::Acknowledge, Act::Feedback] {
        let refused = tries(&client, &advice, act).await.unwrap_err();
        assert!(refused.contains("is closed, is advice"), "{act:?}: {refused}");
    }
    assert_eq!(client.case(&advice.case).await.unwrap().due, advice.due);
    tries(&client, &advice, Act::Reply).await.unwrap();
    browser.report("Een verhaal", &[]).await;
    let client = hostile(&service, super::OTHER).await;
    let report = opened(&client).await;
    for act in [Act::Acknowledge, Act::Feedback] {
        tries(&client, &report, act).await.unwrap();
    }
}
