//! An agreement is the reporter's: what a reader signs counts for nothing, whoever it says it is from.
use base64::{Engine, prelude::BASE64_STANDARD};
use meldkluis::{
    api_types::{Adding, SentTo, SlotSent},
    desk::{Client, Identity, Place},
    domain::{
        id::{CaseId, ItemId},
        oral::{How, REPORT_ROOM},
        order::Before,
    },
    envelope::before_payload,
    seal::{
        Author, ItemHead, Kind, Origin, Plaintext, Recipients,
        account::{Account, Agreed},
        code::Code,
        item,
    },
};
use serde_json::Value;

use crate::{
    COLLEAGUE, OFFICER, account, entered, read,
    support::{Browser, Service},
};

async fn client(service: &Service, who: &str) -> Client {
    let key = service.path(&format!("readers/{who}.key"));
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

/// Adds an item that the signed-in reader signed, as if it were this author's.
async fn added(client: &Client, case: &CaseId, author: Author, kind: Kind, body: Plaintext) {
    sealed(client, case, (author, kind, body), None).await;
}

/// The same, to the reporter too if there is a code.
async fn sealed(client: &Client, case: &CaseId, what: (Author, Kind, Plaintext), code: Option<&str>) {
    let (author, kind, body) = what;
    let view = client.case(case).await.unwrap();
    let readers = view.readers.iter().map(|r| client.roster.reader(&r.reader).unwrap());
    let mut to = Recipients::of(readers).unwrap();
    if let Some(code) = code {
        let code = Code::typed(&Plaintext::from(code.to_owned()), &client.roster.instance).unwrap();
        let reply = code.keys(&client.roster.instance, REPORT_ROOM).public().reply;
        to = to.with_reporter(*case, &reply).unwrap();
    }
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
        origin: Origin::default(),
        unread: Vec::new(),
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
    let client = client(&service, OFFICER).await;
    let id = CaseId::parse(&case).unwrap();
    let agreed = || {
        let told = Account::new(How::Phone, Plaintext::from("Iets".to_owned()));
        Agreed::new(account, &told, Plaintext::from("CANARY-FORGED".to_owned())).into_body()
    };
    for author in [Author::Reader(client.me.reader.clone()), Author::Reporter] {
        added(&client, &id, author, Kind::Agreed, agreed()).await;
    }
    // Nor is an account what does not come from a reader.
    let forged = Account::new(How::Phone, Plaintext::from("CANARY-FORGED".to_owned()));
    added(&client, &id, Author::Reporter, Kind::Account, forged.into_body()).await;
    let opened = read(&service, COLLEAGUE, &case).await;
    assert_eq!(opened["items"].as_array().unwrap().len(), 5);
    assert_eq!(opened["oral"]["standing"], "waiting");
    assert!(!opened["oral"].to_string().contains("CANARY-FORGED"), "{}", opened["oral"]);
    let unproven: Vec<&Value> = opened["items"].as_array().unwrap().iter().filter(|i| i["proven"] == false).collect();
    assert_eq!(unproven.len(), 2, "what says it is the reporter's is marked");
}

/// Who heard nothing writes nothing down in the reporter's name: no desk sends it, and what is sent all the same counts nowhere.
#[actix_web::test]
async fn only_who_heard_the_reporter_writes_the_account_anew() {
    let service = Service::start(None).await;
    let (case, code) = entered(&service, &[]).await;
    let file = service.path("anew.txt");
    std::fs::write(&file, "CANARY-UNHEARD").unwrap();
    read(&service, COLLEAGUE, &case).await;
    let words = ["account", &case, "--file", file.to_str().unwrap()];
    let refused = service.desk(COLLEAGUE, &words).await.unwrap_err();
    assert!(refused.contains("only who heard the reporter"), "{refused}");

    let colleague = client(&service, COLLEAGUE).await;
    let body = Account::new(How::Phone, Plaintext::from("CANARY-UNHEARD".to_owned())).into_body();
    let by = Author::Reader(colleague.me.reader.clone());
    sealed(&colleague, &CaseId::parse(&case).unwrap(), (by, Kind::Account, body), Some(&code)).await;
    let opened = read(&service, OFFICER, &case).await;
    let unproven: Vec<&Value> = opened["items"].as_array().unwrap().iter().filter(|i| i["proven"] == false).collect();
    assert!(unproven.len() == 1 && unproven[0]["text"] == "CANARY-UNHEARD", "{opened}");
    assert!(opened["oral"]["text"].as_str().unwrap().contains("CANARY-TOLD"), "{}", opened["oral"]);
    // The reporter is not asked to agree with it either.
    let page = account(&Browser::new(&service.base), &code).await;
    assert!(page.html.contains("CANARY-TOLD") && !page.html.contains("CANARY-UNHEARD"), "{}", page.title());
    // Whoever heard it goes on.
    service.desk(OFFICER, &words).await.unwrap();
    assert!(account(&Browser::new(&service.base), &code).await.html.contains("CANARY-UNHEARD"));
}
