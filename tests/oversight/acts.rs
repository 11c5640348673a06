//! The server does nothing for a reader that is not in the log, whatever program asks for it.
use meldkluis::domain::case::{Act, CaseState};
use serde_json::{Value, json};

use crate::{
    AUDITOR, OTHER, READER,
    bare::{Bare, RECORD},
    deeds, filed, say,
    support::{Browser, Service},
};

const THIRD: &str = "bzk-functionaris-3";
const NEW: &str = "bzk-leidinggevende-1";

async fn with_text(service: &Service, who: &str, words: &[&str]) -> String {
    let file = service.path("text.txt");
    std::fs::write(&file, "Omdat het moet").unwrap();
    let words: Vec<&str> = words.iter().copied().chain(["--file", file.to_str().unwrap()]).collect();
    service.desk(who, &words).await.unwrap()["item"].as_str().unwrap().to_owned()
}

async fn readers(own: &Bare, case: &str) -> usize {
    own.get(&format!("cases/{case}")).await["readers"].as_array().unwrap().len()
}

#[actix_web::test]
async fn nobody_is_let_in_or_goes_without_a_record() {
    let service = Service::start(None).await;
    let (_, case) = filed(&service).await;
    say(&service, READER, "acknowledge", &case, "Ontvangen").await;
    let own = Bare::new(&service, READER).await;
    let before = readers(&own, &case).await;
    let first = own.get(&format!("cases/{case}")).await["items"][0].clone();
    let slot = json!({ "item": first, "slot": { "to": { "reader": own.keyed(NEW) }, "header": "AAAA" } });
    let taking = {
        let (instance, id) = (&own.roster.instance, meldkluis::domain::id::CaseId::parse(&case).unwrap());
        let second = Bare::new(&service, OTHER).await;
        let third = own.keyed(THIRD);
        let bytes = meldkluis::seal::circle::take_out_bytes(instance, &id, &third);
        let signature = hex::encode(second.me.signer.sign(&bytes));
        json!({ "who": third, "by": own.keyed(OTHER), "signature": signature })
    };
    let path = |what: &str| format!("cases/{case}/{what}");
    for log in [Value::Null, json!("AAAA")] {
        for (what, mut body) in
            [("slots", json!({ "slots": [slot] })), ("take-out", taking.clone()), ("leave", json!({}))]
        {
            body["log"] = log.clone();
            assert_eq!(own.post(&path(what), &body).await.status(), 400, "{what} {log}");
        }
    }
    assert_eq!(readers(&own, &case).await, before, "nothing was done");
    // With one, each is done, and there is one record more, with the server's word of who sent it.
    let records = async || own.head().await.length;
    let start = records().await;
    for (what, mut body, status) in
        [("slots", json!({ "slots": [slot, slot] }), 200), ("take-out", taking, 204), ("leave", json!({}), 204)]
    {
        body["log"] = json!(RECORD);
        assert_eq!(own.post(&path(what), &body).await.status(), status, "{what}");
    }
    assert_eq!(records().await, start + 2 * 3);
}

#[actix_web::test]
async fn a_hand_over_and_a_leave_are_a_few_lines_in_the_log() {
    let service = Service::start(None).await;
    let (code, case) = filed(&service).await;
    for n in 0..3 {
        Browser::new(&service.base).mailbox(&code, None, &[("act", "send"), ("text", &format!("Nog iets: {n}"))]).await;
    }
    let asked = with_text(&service, READER, &["ask-consent", &case, "--to", NEW]).await;
    Browser::new(&service.base).mailbox(&code, None, &[("act", "consent-yes"), ("request", &asked)]).await;
    service.desk(READER, &["hand-over", &case, &asked]).await.unwrap();
    let wanted = with_text(&service, READER, &["take-out", &case, OTHER]).await;
    service.desk(THIRD, &["confirm-take-out", &case, &wanted]).await.unwrap();
    service.desk(NEW, &["read", &case]).await.unwrap();
    service.desk(NEW, &["leave", &case]).await.unwrap();
    let log = service.desk(AUDITOR, &["log"]).await.unwrap();
    let expected = [
        "opened",
        "asked_consent",
        "shared",
        "handed_over",
        "asked_take_out",
        "opened",
        "took_out",
        "told_taken_out",
        "opened",
        "told_leaving",
        "left_case",
    ];
    assert_eq!(deeds(&log, &case), expected);
    assert!(log["entries"].as_array().unwrap().iter().all(|e| e["problem"].is_null()), "{log}");
}

#[actix_web::test]
async fn what_is_sent_twice_or_late_leaves_no_second_record() {
    let service = Service::start(None).await;
    let (_, case) = filed(&service).await;
    say(&service, READER, "acknowledge", &case, "Ontvangen").await;
    let own = Bare::new(&service, READER).await;
    let records = async || own.head().await.length;
    let start = records().await;
    let item = crate::bare::new_item();
    // No form, no record; once there, no second one.
    let mut answers = Vec::new();
    for (act, expected, header) in [
        (Act::Note, CaseState::Open, "no base64"),
        (Act::Acknowledge, CaseState::Closed, "AAAA"),
        (Act::Reply, CaseState::Unopened, "AAAA"),
        (Act::Note, CaseState::Open, "AAAA"),
        (Act::Note, CaseState::Open, "AAAA"),
    ] {
        answers.push((own.add(&case, (item, act, expected), header).await, records().await - start));
    }
    assert_eq!(answers, [(400, 0), (409, 0), (409, 0), (200, 2), (200, 2)]);
}
