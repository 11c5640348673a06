//! What the server takes as an oral report, whatever a desk sends.
use meldkluis::{
    api_types::{Nonce, SentTo, Session, SignIn, SlotSent, filing::NewCase, signed_bytes},
    desk::Identity,
    domain::id::{CaseId, ItemId, KeyedReader, OrgId},
    envelope::before,
};
use serde_json::{Value, json};

use crate::{
    ADVISER, COLLEAGUE, COORDINATOR, MANAGER, OFFICER, OUTSIDE, RESERVE, STRUCK,
    support::{Service, postgres::Postgres},
};

/// What a record begins with; what follows is for the overseers alone.
const RECORD: &str = "YWdlLWVuY3J5cHRpb24ub3JnL3YxCg==";

fn identity(service: &Service, who: &str) -> Identity {
    Identity::load(&service.path(&format!("readers/{who}.key")), || unreachable!()).unwrap()
}

async fn token(service: &Service, who: &str) -> String {
    let me = identity(service, who);
    let http = reqwest::Client::new();
    let url = |path| format!("{}/api/v1/{path}", service.base);
    let asked = http.post(url("challenge")).json(&json!({ "reader": who })).send().await.unwrap();
    let Nonce { nonce, instance } = asked.json().await.unwrap();
    let bytes = signed_bytes(&instance, &service.base, &nonce, &me.reader);
    let signature = hex::encode(me.signer.sign(&bytes));
    let sent = SignIn { reader: me.reader, nonce, origin: service.base.clone(), signature, card: None };
    let Session { token } = http.post(url("session")).json(&sent).send().await.unwrap().json().await.unwrap();
    token
}

/// A case for these readers.
fn new(service: &Service, to: &[&str], reserve: Option<&str>) -> NewCase {
    let keyed = |who: &str| identity(service, who).keyed();
    let slot = |to: SentTo| SlotSent { to, header: "AAAA".to_owned() };
    let mut slots: Vec<SlotSent> = to.iter().map(|who| slot(SentTo::Reader(keyed(who)))).collect();
    slots.push(slot(SentTo::Nobody(3)));
    let random = || uuid::Uuid::new_v4();
    let lookup = [*random().as_bytes(), *random().as_bytes()].concat();
    NewCase {
        case: CaseId::from_uuid(random()),
        lookup: lookup.try_into().unwrap(),
        org: OrgId::parse("bzk").unwrap(),
        item: ItemId::from_uuid(random()),
        slots,
        reserve: reserve.map(keyed),
        log: Some(RECORD.to_owned()),
    }
}

async fn sent(service: &Service, who: &str, new: &NewCase, payload: usize) -> (u16, Value) {
    let body = [before(new).unwrap(), vec![7; payload]].concat();
    let request = reqwest::Client::new().post(format!("{}/api/v1/cases", service.base));
    let answer = request.bearer_auth(token(service, who).await).body(body).send().await.unwrap();
    let status = answer.status().as_u16();
    let text = answer.text().await.unwrap();
    assert!(status == 200 || text.is_empty(), "an error says nothing but its status");
    (status, serde_json::from_str(&text).unwrap_or(Value::Null))
}

async fn one_case(database: Option<String>) {
    let service = Service::start(database).await;
    let all = [OFFICER, STRUCK, COLLEAGUE, RESERVE];
    let first = new(&service, &all, Some(RESERVE));
    assert_eq!(sent(&service, OFFICER, &first, 9).await, (200, json!({ "already": false })));
    assert_eq!(sent(&service, OFFICER, &first, 9).await, (200, json!({ "already": true })));
    // The case, the look-up id or the item of it with anything else is another's.
    let other = |change: &dyn Fn(&mut NewCase)| {
        let mut other = new(&service, &all, Some(RESERVE));
        change(&mut other);
        other
    };
    let others = [
        other(&|o| o.lookup = first.lookup),
        other(&|o| o.case = first.case),
        other(&|o| o.item = first.item),
        other(&|o| (o.case, o.lookup) = (first.case, first.lookup)),
        other(&|o| (o.case, o.item) = (first.case, first.item)),
    ];
    for (n, other) in others.iter().enumerate() {
        assert_eq!(sent(&service, OFFICER, other, 9).await.0, 409, "{n}");
    }
    assert_eq!(crate::cases(&service, COLLEAGUE).await, [first.case.to_string()]);
    assert!(crate::cases(&service, RESERVE).await.is_empty(), "held back for four days");
}

#[actix_web::test]
async fn the_same_again_is_one_case_and_other_content_is_refused_on_sqlite() {
    one_case(None).await;
}

#[actix_web::test]
async fn the_same_again_is_one_case_and_other_content_is_refused_on_postgresql() {
    let postgres = Postgres::start();
    one_case(Some(postgres.database("file"))).await;
}

#[actix_web::test]
async fn a_case_is_filed_by_an_officer_of_the_desk_for_exactly_its_readers() {
    let service = Service::start(None).await;
    let all = [OFFICER, STRUCK, COLLEAGUE, RESERVE];
    let right = || new(&service, &all, Some(RESERVE));
    for (who, status) in [(ADVISER, 403), (MANAGER, 403), (RESERVE, 403), (OUTSIDE, 403), (COORDINATOR, 401)] {
        assert_eq!(sent(&service, who, &right(), 9).await.0, status, "{who}");
    }
    let outside = [OUTSIDE, "buiten-functionaris-2", "buiten-functionaris-3"];
    let alone = [&[OFFICER], &outside[..]].concat();
    for (to, reserve, status) in [
        (&all[1..], Some(RESERVE), 403),                                   // without the officer
        (&all[..], None, 403),                                             // the reserve reader at once
        (&all[..3], Some(COLLEAGUE), 403),                                 // a reader held back
        (&[OFFICER][..], None, 403),                                       // alone
        (&[OFFICER, COLLEAGUE, ADVISER][..], None, 403),                   // with an adviser
        (&[OFFICER, STRUCK, COLLEAGUE, MANAGER][..], None, 403),           // with a manager
        (&[OFFICER, COLLEAGUE, OUTSIDE, RESERVE][..], Some(RESERVE), 200), // disadvantage goes outside too
        (&[OFFICER, OFFICER, COLLEAGUE][..], None, 403),                   // the same twice
        (&[OFFICER, COLLEAGUE][..], None, 200),                            // one struck, and the reserve reader
        (&alone[..], None, 200),                                           // all struck: the desk outside joins
    ] {
        assert_eq!(sent(&service, OFFICER, &new(&service, to, reserve), 9).await.0, status, "{to:?}");
    }
    let wrong = |change: &dyn Fn(&mut NewCase)| {
        let mut wrong = right();
        change(&mut wrong);
        wrong
    };
    let stranger = KeyedReader::try_from(format!("{STRUCK}#{}", "0".repeat(32))).unwrap();
    for (wrong, payload, status) in [
        (wrong(&|w| w.slots[3].to = SentTo::Reader(stranger.clone())), 9, 403),
        (wrong(&|w| w.slots[4].to = SentTo::Reporter), 9, 403),
        (wrong(&|w| w.org = OrgId::parse("buiten").unwrap()), 9, 403),
        (wrong(&|w| w.org = OrgId::parse("nergens").unwrap()), 9, 403),
        (wrong(&|w| w.slots.clear()), 9, 400),
        (wrong(&|w| w.slots[0].header = "no base64".to_owned()), 9, 400),
        (wrong(&|w| w.log = None), 9, 400),
        (right(), 400 << 10, 413),
    ] {
        assert_eq!(sent(&service, OFFICER, &wrong, payload).await.0, status, "{wrong:?}");
    }
    let unsigned =
        reqwest::Client::new().post(format!("{}/api/v1/cases", service.base)).body(before(&right()).unwrap());
    assert_eq!(unsigned.send().await.unwrap().status(), 401);
    assert_eq!(crate::cases(&service, OUTSIDE).await.len(), 2);
}
