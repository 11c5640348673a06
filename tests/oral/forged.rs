//! An agreement is the reporter's: what a reader signs counts for nothing, whoever it says it is from.
use base64::{Engine, prelude::BASE64_STANDARD};
use meldkluis::{
    api_types::{Adding, SentTo, SlotSent},
    desk::{Client, Identity, Place},
    domain::{
        id::{CaseId, ItemId},
        order::Before,
    },
    envelope::before_payload,
    seal::{
        Author, ItemHead, Kind, Plaintext, Recipients,
        account::{Account, Agreed},
        item,
    },
};
use serde_json::Value;

use crate::{COLLEAGUE, OFFICER, entered, read, support::Service};

async fn client(service: &Service) -> Client {
    let key = service.path(&format!("readers/{OFFICER}.key"));
    let me = Identity::load(&key, || unreachable!()).unwrap();
    let place = Place {
        server: service.base.clone(),
        proxy: None,
        anchor: service.path("anchor.toml"),
        state: key.with_extension("seen"),
        clock: service.clock,
    };
    Client::sign_in(&place, me).await.unwrap()
}

/// Adds an item that the officer signed, as if it were this author's.
async fn added(client: &Client, case: &CaseId, author: Author, kind: Kind, body: Plaintext) {
    let view = client.case(case).await.unwrap();
    let readers = view.readers.iter().map(|r| client.roster.reader(&r.reader).unwrap());
    let to = Recipients::of(readers).unwrap();
    let head = ItemHead {
        instance: client.roster.instance,
        case: *case,
        item: ItemId::from_uuid(uuid::Uuid::new_v4()),
        kind,
        author,
        seq: 7,
        seen: [0; 32],
        before: Before::default(),
        day: client.today(),
        name: None,
        to: to.readers(),
        reporter: None,
        proof: None,
    };
    let id = head.item;
    let (slots, payload) = item(head, body, &client.me.signer, &to).unwrap().into_parts();
    let sent =
        |s: &meldkluis::seal::Slot| SlotSent { to: SentTo::of(&s.to), header: BASE64_STANDARD.encode(&s.header) };
    let log = Some("YWdlLWVuY3J5cHRpb24ub3JnL3YxCg==".to_owned());
    let adding = Adding { item: id, act: None, expected: view.state, slots: slots.iter().map(sent).collect(), log };
    client.add(case, [before_payload(&adding).unwrap(), payload].concat()).await.unwrap();
}

#[actix_web::test]
async fn an_agreement_that_a_reader_signed_counts_for_nothing() {
    let service = Service::start(None).await;
    let (case, _) = entered(&service, &[]).await;
    let opened = read(&service, COLLEAGUE, &case).await;
    let account = ItemId::parse(opened["oral"]["account"].as_str().unwrap()).unwrap();
    let client = client(&service).await;
    let id = CaseId::parse(&case).unwrap();
    let agreed = || {
        let told = Account::new(meldkluis::domain::oral::How::Phone, Plaintext::from("Iets".to_owned()));
        Agreed::new(account, &told, Plaintext::from("CANARY-FORGED".to_owned())).into_body()
    };
    for author in [Author::Reader(client.me.reader.clone()), Author::Reporter] {
        added(&client, &id, author, Kind::Agreed, agreed()).await;
    }
    // Nor is an account what does not come from a reader.
    let forged = Account::new(meldkluis::domain::oral::How::Phone, Plaintext::from("CANARY-FORGED".to_owned()));
    added(&client, &id, Author::Reporter, Kind::Account, forged.into_body()).await;
    let opened = read(&service, COLLEAGUE, &case).await;
    assert_eq!(opened["items"].as_array().unwrap().len(), 5);
    assert_eq!(opened["oral"]["standing"], "waiting");
    assert!(!opened["oral"].to_string().contains("CANARY-FORGED"), "{}", opened["oral"]);
    let unproven: Vec<&Value> = opened["items"].as_array().unwrap().iter().filter(|i| i["proven"] == false).collect();
    assert_eq!(unproven.len(), 2, "what says it is the reporter's is marked");
}
