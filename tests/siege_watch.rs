//! What overseers do not learn and do not lose: advice stays advice when it was passed on, and every record names who sent it.
#![cfg(all(feature = "server", feature = "desk"))]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]
#[path = "support/advice.rs"]
mod advice;
#[expect(dead_code, reason = "other tests use the rest")]
#[path = "oversight/bare.rs"]
mod bare;
mod support;

use advice::{ADVISER, agreed, cases, handed_over, made, passed_on, with_text};
use bare::{Bare, RECORD, new_item};
use base64::{Engine, prelude::BASE64_STANDARD};
use meldkluis::{
    api_types::{Adding, SentTo, SlotSent},
    domain::{
        case::{Act, CaseState},
        id::CaseId,
    },
    seal::circle::take_out_bytes,
};
use serde_json::{Value, json};
use support::{Browser, Service, postgres::Postgres};

const OFFICER: &str = "bzk-functionaris-1";
const COORDINATOR: &str = "bzk-coordinator";

async fn says(service: &Service, reader: &str, act: &str, case: &str) -> Result<Value, String> {
    let file = service.path("text.txt");
    std::fs::write(&file, "Tekst").unwrap();
    service.desk(reader, &[act, case, "--file", file.to_str().unwrap()]).await
}

async fn advice_stays(database: Option<String>) {
    let service = Service::start(database).await;
    let (_, advice, report) = passed_on(&service).await;
    assert_eq!(cases(&service, OFFICER).await.len(), 2, "officers have slots in the case of the advice");
    let overview = service.desk(COORDINATOR, &["overview"]).await.unwrap();
    let seen: Vec<&Value> = overview["cases"].as_array().unwrap().iter().map(|case| &case["case"]).collect();
    assert_eq!((seen, &overview["advice"]), (vec![&json!(report)], &json!(1)));
    // Nor is there anything to do in it, to whoever knows its number.
    says(&service, ADVISER, "reply", &advice).await.unwrap();
    says(&service, ADVISER, "close", &advice).await.unwrap();
    let own = Bare::new(&service, COORDINATOR).await;
    let hold = json!({ "hold": true, "record": RECORD });
    assert_eq!(own.post(&format!("cases/{advice}/hold"), &hold).await.status(), 404);
    let to = vec![SentTo::Reader(own.keyed(ADVISER))];
    assert_eq!(own.memo(&advice, new_item(), to.clone(), Some(RECORD)).await.0, 404);
    service.desk(OFFICER, &["read", &report]).await.unwrap();
    assert_eq!(own.memo(&report, new_item(), to, Some(RECORD)).await.0, 200);
}

#[actix_web::test]
async fn advice_is_a_number_alone_after_it_was_passed_on_on_sqlite() {
    advice_stays(None).await;
}

#[actix_web::test]
async fn advice_is_a_number_alone_after_it_was_passed_on_on_postgresql() {
    let postgres = Postgres::start();
    advice_stays(Some(postgres.database("advice"))).await;
}

#[actix_web::test]
async fn a_record_that_nobody_can_open_still_names_who_sent_it() {
    let service = Service::start(None).await;
    Browser::new(&service.base).report("Een verhaal", &[]).await;
    let case = cases(&service, OFFICER).await.remove(0);
    says(&service, OFFICER, "acknowledge", &case).await.unwrap();
    let (own, other) = (Bare::new(&service, OFFICER).await, Bare::new(&service, "bzk-functionaris-2").await);
    assert_eq!(own.log("bzk", RECORD).await, 200, "the server cannot look into it");
    // Somebody else's word for who it was does not count.
    let forged = BASE64_STANDARD.encode(other.received("bzk-functionaris-1", RECORD).await);
    assert_eq!([other.log("bzk", &forged).await, other.log("bzk", RECORD).await], [200, 200]);
    let log = service.desk("bzk-auditor", &["log"]).await.unwrap();
    let doubted: Vec<_> = log["entries"].as_array().unwrap().iter().filter(|e| !e["problem"].is_null()).collect();
    let seen: Vec<_> = doubted.iter().map(|e| (e["problem"].as_str().unwrap(), e["sent_by"].as_str())).collect();
    let (one, two) = (Some(OFFICER), Some("bzk-functionaris-2"));
    assert_eq!(seen, [("audit-unreadable", one), ("audit-unsigned", two), ("audit-unreadable", two)], "{log}");
    // Of what is in order the server's word is no line of its own, and every record has it.
    let entries = log["entries"].as_array().unwrap();
    assert!(
        entries
            .iter()
            .all(|e| e["sent_by"].is_string() && e["record"]["deed"] != "received" || e["problem"] == "audit-unsigned")
    );
    // A kept log says the same, and so do words.
    let archive = service.path("log.json");
    service.desk("bzk-auditor", &["audit", "export", archive.to_str().unwrap()]).await.unwrap();
    let kept = service.desk("bzk-auditor", &["audit", "verify", archive.to_str().unwrap()]).await.unwrap_err();
    assert!(kept.contains("audit-unreadable") && kept.contains("\"sent_by\":\"bzk-functionaris-2\""), "{kept}");
}

/// Who only reads what went along asks for nothing there, and a conflict of theirs holds as anybody's.
#[actix_web::test]
async fn readers_of_what_went_along_ask_for_nothing_there_and_their_conflict_holds() {
    let service = Service::start(None).await;
    let (_, advice, _) = passed_on(&service).await;
    let file = service.path("reason.txt");
    std::fs::write(&file, "Omdat het moet").unwrap();
    let file = file.to_str().unwrap();
    let third = "bzk-functionaris-3";
    let duty = ["ask-duty", &advice, "--to", third, "--ground", "court_order", "--reference", "C/13/1", "--file", file];
    let refused = service.desk(OFFICER, &duty).await.unwrap_err();
    assert!(refused.contains("Ask for this in the report itself"), "{refused}");
    for by in [OFFICER, ADVISER] {
        let refused = service.desk(by, &["take-out", &advice, third, "--file", file]).await.unwrap_err();
        assert!(refused.contains("what the reporter let go along"), "{by}: {refused}");
    }
    service.desk(third, &["leave", &advice, "--conflict"]).await.unwrap();
    let ask = ["ask-consent", &advice, "--to", third, "--file", file];
    let refused = service.desk(ADVISER, &ask).await.unwrap_err();
    assert!(refused.contains("is not a reader who can be added"), "{refused}");
    let inbox = cases(&service, third).await;
    assert!(!inbox.contains(&advice), "{third} has no slot there any more");
}

/// Two whose desks were altered, and what the server takes from them in advice of which they read a part.
async fn a_part_is_read_and_left(database: Option<String>) {
    const ONE: &str = OFFICER;
    const TWO: &str = "bzk-functionaris-2";
    const THIRD: &str = "bzk-functionaris-3";
    const COLLEAGUE: &str = "bzk-vertrouwenspersoon-2";
    let service = Service::start(database).await;
    let (code, advice, _) = made(&service).await;
    let asked = with_text(&service, ADVISER, &["ask-consent", &advice, "--to", ONE]).await.unwrap();
    service.desk(ADVISER, &["pass-on", &advice]).await.unwrap();
    // With a second adviser there, the first could go.
    handed_over(&service, &code, &advice, COLLEAGUE).await;
    let (one, two, adviser) =
        (Bare::new(&service, ONE).await, Bare::new(&service, TWO).await, Bare::new(&service, ADVISER).await);
    let add = async |by: &Bare, act, to| {
        let slots = vec![SlotSent { to, header: "AAAA".to_owned() }];
        let log = Some(RECORD.to_owned());
        let adding = Adding { item: new_item(), act, expected: CaseState::Open, slots, log };
        by.put_with(&format!("{advice}/items"), &adding, vec![0; 100]).await.0
    };
    for act in [Act::Acknowledge, Act::Ask, Act::Reply, Act::Feedback, Act::Note, Act::Close] {
        assert_eq!(add(&one, Some(act), SentTo::Nobody(1)).await, 403, "{act:?}");
    }
    assert_eq!(add(&one, None, SentTo::Reporter).await, 403);
    let item = one.get(&format!("cases/{advice}")).await["items"][0].clone();
    let slot =
        json!({ "item": item, "slot": { "to": { "reader": one.keyed("bzk-leidinggevende-1") }, "header": "AAAA" } });
    let share = json!({ "slots": [slot], "log": RECORD });
    assert_eq!(one.post(&format!("cases/{advice}/slots"), &share).await.status(), 403);
    let out = async |first: &Bare, second: &Bare, who: &str| {
        let bytes = take_out_bytes(&one.roster.instance, &CaseId::parse(&advice).unwrap(), &one.keyed(who));
        let signature = hex::encode(first.me.signer.sign(&bytes));
        let by = one.keyed(first.me.reader.as_str());
        let taking = json!({ "who": one.keyed(who), "by": by, "signature": signature, "log": RECORD });
        second.post(&format!("cases/{advice}/take-out"), &taking).await.status().as_u16()
    };
    assert_eq!([out(&one, &two, ADVISER).await, out(&two, &one, COLLEAGUE).await], [403; 2]);
    assert_eq!([out(&adviser, &two, COLLEAGUE).await, out(&two, &adviser, COLLEAGUE).await], [403; 2]);
    // They read it and take each other out, and what they say of that is an item; that makes them no more than they were.
    service.desk(ONE, &["read", &advice]).await.unwrap();
    assert_eq!(add(&one, None, SentTo::Reader(one.keyed(TWO))).await, 200);
    assert_eq!(add(&two, Some(Act::Close), SentTo::Nobody(1)).await, 403);
    assert_eq!(out(&one, &two, THIRD).await, 204);
    assert!(!cases(&service, THIRD).await.contains(&advice));
    assert_eq!(two.post(&format!("cases/{advice}/leave"), &json!({ "log": RECORD })).await.status(), 204);
    assert!(!cases(&service, TWO).await.contains(&advice));
    // Whom the reporter lets read all of it is a reader as any, whatever they had before.
    agreed(&service, &code, &advice, &asked).await;
    assert_eq!(add(&one, Some(Act::Note), SentTo::Nobody(1)).await, 200);
    assert_eq!(out(&one, &adviser, COLLEAGUE).await, 204);
}

#[actix_web::test]
async fn readers_of_what_went_along_read_and_leave_and_do_no_more_on_sqlite() {
    a_part_is_read_and_left(None).await;
}

#[actix_web::test]
async fn readers_of_what_went_along_read_and_leave_and_do_no_more_on_postgresql() {
    let postgres = Postgres::start();
    a_part_is_read_and_left(Some(postgres.database("part"))).await;
}
