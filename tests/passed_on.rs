//! What went along with a report from advice: who goes from the report goes from that too, and both cases name each other.
#![cfg(all(feature = "server", feature = "desk"))]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]
#[path = "support/advice.rs"]
mod advice;
#[path = "support/hostile.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod evil;
#[path = "after/local.rs"]
mod local;
#[path = "support/local.rs"]
mod page;
mod support;

use advice::{ADVISER, cases, handed_over, made, passed_on, with_text};
use evil::{give, hostile, named, send};
use local::Local;
use meldkluis::{
    api_types::SentTo,
    domain::id::{CaseId, ItemId},
    seal::{
        Kind, Plaintext, Recipients,
        circle::{TakeOut, TakenOut},
        desk::open_text,
    },
};
use serde_json::{Value, json};
use support::{Browser, Service};

const FIRST: &str = "bzk-functionaris-1";
const SECOND: &str = "bzk-functionaris-2";
const THIRD: &str = "bzk-functionaris-3";

async fn read(service: &Service, reader: &str, case: &str) -> Value {
    service.desk(reader, &["read", case]).await.unwrap()
}

/// Somebody is taken out of a case by two others.
async fn out(service: &Service, case: &str, who: &str, [first, second]: [&str; 2]) {
    with_text(service, first, &["take-out", case, who]).await.unwrap();
    service.desk(second, &["confirm-take-out", case, who]).await.unwrap();
}

#[actix_web::test]
async fn who_leaves_a_report_leaves_what_went_along_with_it() {
    let service = Service::start(None).await;
    let (_, advice, report) = passed_on(&service).await;
    for leaving in [SECOND, THIRD] {
        assert_eq!(cases(&service, leaving).await.len(), 2);
        service.desk(leaving, &["leave", &report, "--conflict"]).await.expect(leaving);
        assert_eq!(cases(&service, leaving).await, [""; 0], "{leaving}");
    }
    let seen = read(&service, ADVISER, &advice).await;
    assert!(seen["items"].to_string().matches("\"left\":").count() == 2 && seen["strangers"] == json!([]), "{seen}");
    service.desk(ADVISER, &["pass-on", &advice]).await.unwrap();
    assert_eq!(cases(&service, SECOND).await, [""; 0], "passing on again lets nobody in again");
    // The last officer stays in the report, and may go from the advice: its adviser is there.
    let last = service.desk(FIRST, &["leave", &report]).await.unwrap_err();
    assert!(last.contains("comes first"), "the reserve reader may not read yet: {last}");
    assert_eq!(cases(&service, FIRST).await.len(), 2, "nothing was left by halves");
    assert!(service.desk(ADVISER, &["leave", &advice]).await.is_err(), "an officer does not take an adviser's place");
    service.desk(FIRST, &["leave", &advice]).await.unwrap();
    assert_eq!(cases(&service, FIRST).await, [report]);
    assert_eq!(cases(&service, ADVISER).await, [advice.as_str()]);
    assert!(service.desk(ADVISER, &["leave", &advice]).await.unwrap_err().contains("comes first"));
}

#[actix_web::test]
async fn whom_two_readers_take_out_of_a_report_is_out_of_what_went_along_with_it() {
    let service = Service::start(None).await;
    let (_, advice, report) = passed_on(&service).await;
    // A talk that is over is read on.
    with_text(&service, ADVISER, &["reply", &advice]).await.unwrap();
    with_text(&service, ADVISER, &["close", &advice]).await.unwrap();
    out(&service, &report, SECOND, [FIRST, THIRD]).await;
    assert_eq!(cases(&service, SECOND).await, [""; 0]);
    for reader in [ADVISER, FIRST, THIRD] {
        let seen = read(&service, reader, &advice).await;
        assert!(seen.to_string().contains("taken_out") && seen["strangers"] == json!([]), "{reader}: {seen}");
    }
    assert_eq!(read(&service, FIRST, &report).await["along"]["still"], json!([]));
    service.desk(ADVISER, &["pass-on", &advice]).await.unwrap();
    assert_eq!(cases(&service, SECOND).await, [""; 0], "passing on again lets nobody in again");
    let asked = with_text(&service, ADVISER, &["ask-consent", &advice, "--to", SECOND]).await.unwrap_err();
    assert!(asked.contains("this case is closed"), "{asked}");
}

/// Who reads the report and not the advice learns which advice it is from nothing in it, and the log does not tell which acts belong together.
#[actix_web::test]
async fn nothing_in_a_report_nor_in_the_log_names_the_advice_that_went_along() {
    let service = Service::start(None).await;
    let (_, advice, report) = passed_on(&service).await;
    let log = async || service.desk("bzk-coordinator", &["log"]).await.unwrap()["entries"].as_array().unwrap().clone();
    let before = log().await.len();
    out(&service, &report, SECOND, [FIRST, THIRD]).await;
    assert_eq!(cases(&service, SECOND).await, [""; 0]);
    service.desk(THIRD, &["leave", &report, "--conflict"]).await.unwrap();
    assert_eq!(cases(&service, THIRD).await, [""; 0]);

    let me = hostile(&service, FIRST).await;
    let [here, there] = [&report, &advice].map(|case| CaseId::parse(case).unwrap());
    let there = me.case(&there).await.unwrap();
    let kinds = [Kind::TakeOut, Kind::TakenOut, Kind::Left];
    let mut seen = Vec::new();
    for item in me.case(&here).await.unwrap().items {
        let sealed = me.item(&item).await.unwrap().bytes().await.unwrap();
        let opened = open_text(&me.me.seal, &sealed[..]).unwrap();
        let body = String::from_utf8_lossy(opened.body.reveal()).into_owned();
        let named = there.items.iter().map(ToString::to_string).chain([advice.clone()]).find(|id| body.contains(id));
        assert_eq!(named, None, "{body}");
        seen.extend(kinds.contains(&opened.manifest.head.kind).then_some(opened.manifest.head.kind));
    }
    assert_eq!(seen.len(), 3, "the report says who asked, who was taken out and who left: {seen:?}");
    let entries = log().await;
    let records = entries[before..].iter().map(|entry| &entry["record"]).filter(|r| r["case"].is_null());
    let unnamed: Vec<_> = records.map(|r| r["deed"].as_str().unwrap()).filter(|deed| *deed != "keys_work").collect();
    assert_eq!(unnamed, ["other"; 5], "one asked, one took out and said so, one left and said so");
}

/// The adviser does not know who is out of the report. Two who read both end it, or one and the adviser.
#[actix_web::test]
async fn who_was_out_before_it_was_passed_on_is_taken_out_by_the_next_who_look() {
    for second in [THIRD, ADVISER] {
        let service = Service::start(None).await;
        let (_, advice, report) = made(&service).await;
        out(&service, &report, SECOND, [FIRST, THIRD]).await;
        service.desk(ADVISER, &["pass-on", &advice]).await.unwrap();
        assert_eq!(cases(&service, SECOND).await, [advice.as_str()]);
        let seen = read(&service, FIRST, &report).await;
        assert_eq!(seen["along"]["still"][0]["asked"], json!(false), "{seen}");
        let said = service.desk(FIRST, &["take-out-along", &report]).await.unwrap();
        assert_eq!(said, json!({ "still": [SECOND] }), "one alone does not");
        service.desk(FIRST, &["take-out-along", &report]).await.unwrap();
        assert_eq!(cases(&service, SECOND).await, [advice.as_str()], "nor twice the same");
        assert_eq!(read(&service, FIRST, &report).await["along"]["still"][0]["asked"], json!(true));
        if second == ADVISER {
            let text = service.desk_words(ADVISER, &["read", &advice]).await.unwrap();
            assert!(text.contains("should not read the report"), "{text}");
            service.desk(ADVISER, &["confirm-take-out", &advice, SECOND]).await.unwrap();
        } else {
            let said = service.desk(THIRD, &["take-out-along", &report]).await.unwrap();
            assert_eq!(said, json!({ "still": [] }));
        }
        assert_eq!(cases(&service, SECOND).await, [""; 0], "{second}");
        for reader in [ADVISER, FIRST, THIRD] {
            assert_eq!(read(&service, reader, &advice).await["strangers"], json!([]), "{reader}");
        }
        assert_eq!(read(&service, FIRST, &report).await["along"]["still"], json!([]));
    }
}

/// A program of one's own says that two wanted it, with one's own request, one of the report, or one of who would go.
#[actix_web::test]
async fn one_reader_of_what_went_along_takes_nobody_out_of_it() {
    let service = Service::start(None).await;
    let (_, advice, report) = passed_on(&service).await;
    let me = hostile(&service, FIRST).await;
    let [id, other] = [&advice, &report].map(|case| CaseId::parse(case).unwrap());
    let keyed = |name: &str| me.roster.readers().find(|r| r.id.as_str() == name).unwrap().keyed();
    let all = async |case: &CaseId| {
        let view = me.case(case).await.unwrap();
        Recipients::of(view.readers.iter().filter_map(|r| me.roster.keyed(r))).unwrap()
    };
    let mut asked = vec![ItemId::from_uuid(uuid::Uuid::from_u128(1))];
    for (by, case) in [(FIRST, &id), (SECOND, &id), (THIRD, &other)] {
        let by = hostile(&service, by).await;
        let asks =
            TakeOut::new(&me.roster.instance, case, keyed(SECOND), Plaintext::default(), &by.me.signer).into_body();
        asked.push(send(&by, case, Kind::TakeOut, asks, &all(case).await).await);
    }
    for asked in asked {
        let said = TakenOut::new(asked, Vec::new());
        send(&me, &id, Kind::TakenOut, said.into_body(), &all(&id).await).await;
        let words = service.desk_words(ADVISER, &["read", &advice]).await.unwrap();
        assert!(words.contains("bzk-functionaris-2)") && !words.contains("Careful"), "{asked}: {words}");
    }
}

#[actix_web::test]
async fn advice_and_the_report_made_of_it_name_each_other_to_who_reads_both() {
    let service = Service::start(None).await;
    let (_, advice, report) = passed_on(&service).await;
    let seen = async |reader, case| read(&service, reader, case).await["along"].clone();
    for _ in 0..2 {
        assert_eq!(seen(FIRST, &advice).await["reports"], json!([report]));
        assert_eq!(seen(FIRST, &report).await["advice"], json!([advice]));
        service.desk(FIRST, &["inbox"]).await.unwrap();
    }
    let none = json!({ "reports": [], "advice": [], "still": [], "from": null, "filed": [], "failed": 0 });
    assert_eq!(seen(ADVISER, &advice).await, none, "an adviser does not read the report");
    let text = service.desk_words(FIRST, &["read", &report]).await.unwrap();
    assert!(text.contains(&format!("Advice went along with this report: {advice}")), "{text}");
    let text = service.desk_words(FIRST, &["read", &advice]).await.unwrap();
    assert!(text.contains(&format!("The reporter made a report of this advice: {report}")), "{text}");
}

/// Whoever was let into the advice is known to who only reads what went along, or called what they are to them; and those are to whom.
#[actix_web::test]
async fn who_was_let_into_advice_is_no_stranger_to_who_reads_what_went_along_nor_are_they() {
    const COLLEAGUE: &str = "bzk-vertrouwenspersoon-2";
    let officer = "Integrity officer 1 (only what went along with";
    for (before, how) in [(true, "(reads all of the advice, as the adviser says)"), (false, "(reads here too;")] {
        let service = Service::start(None).await;
        let (code, advice, _) = made(&service).await;
        if before {
            handed_over(&service, &code, &advice, COLLEAGUE).await;
        }
        service.desk(ADVISER, &["pass-on", &advice]).await.unwrap();
        if !before {
            handed_over(&service, &code, &advice, COLLEAGUE).await;
        }
        for (reader, says) in [
            (ADVISER, format!("{officer} the report)")),
            (COLLEAGUE, format!("{officer} a report, as the readers before you say)")),
            (FIRST, format!("Confidential adviser 2 {how}")),
        ] {
            assert_eq!(read(&service, reader, &advice).await["strangers"], json!([]), "{before}, {reader}");
            let words = service.desk_words(reader, &["read", &advice]).await.unwrap();
            assert!(words.contains(&says) && !words.contains("Careful"), "{before}, {reader}: {words}");
        }
        // Somebody whom the colleague lets in by themselves is one to who could see that they were let in.
        let me = hostile(&service, COLLEAGUE).await;
        let view = me.case(&CaseId::parse(&advice).unwrap()).await.unwrap();
        let friend = named(&me, "bzk-leidinggevende-1");
        give(&me, &view.case, &view.items[0], &friend, SentTo::Reader(friend.keyed())).await;
        for reader in [ADVISER, COLLEAGUE] {
            assert_eq!(read(&service, reader, &advice).await["strangers"], json!(["bzk-leidinggevende-1"]), "{reader}");
        }
    }
}

/// Whoever looks for what went along opens no report for it that they did not open themselves: when its only reader goes, it waits again.
#[actix_web::test]
async fn looking_for_what_went_along_opens_no_other_report() {
    let service = Service::start(None).await;
    Browser::new(&service.base).report("Een ander verhaal", &[]).await;
    let other = cases(&service, SECOND).await.remove(0);
    read(&service, SECOND, &other).await;
    let (browser, today) = (Browser::new(&service.base), service.clock.today());
    browser.report("Nog een verhaal", &[]).await;
    let new = cases(&service, FIRST).await.into_iter().find(|case| *case != other).unwrap();
    read(&service, FIRST, &new).await;
    service.desk(FIRST, &["leave", &new, "--conflict"]).await.unwrap();
    service.desk(SECOND, &["leave", &other]).await.unwrap();
    let inbox = service.desk(FIRST, &["inbox"]).await.unwrap();
    let left = inbox.as_array().unwrap().iter().find(|case| case["case"] == other.as_str()).unwrap();
    assert_eq!((&left["state"], &left["filed"]), (&json!("unopened"), &json!(today)), "{inbox}");
}

/// Of some advice, slots that another does not have are damaged: it can be fetched by who reads both, and not be shown.
async fn damaged(service: &Service, advice: &str, other: &str) {
    let slots = |case: &str| format!("item in (select id from item where \"case\" = x'{}')", case.replace('-', ""));
    let others = format!("mailbox not in (select mailbox from slot where {})", slots(other));
    let sql = format!("update slot set release = 99999999999 where {} and {others}", slots(advice));
    let pool = sqlx::SqlitePool::connect(&service.database).await.unwrap();
    assert!(sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&pool).await.unwrap().rows_affected() > 0);
}

#[actix_web::test]
async fn advice_that_fails_keeps_nobody_from_leaving_other_and_is_told() {
    let service = Service::start(None).await;
    let (_, advice, report) = passed_on(&service).await;
    let (_, other, its_report) = passed_on(&service).await;
    damaged(&service, &other, &report).await;
    let there = cases(&service, SECOND).await;
    assert!(there.len() == 4 && [&advice, &report].iter().all(|case| there.contains(case)), "{there:?}");
    service.desk(SECOND, &["leave", &report]).await.unwrap();
    let mut there = cases(&service, SECOND).await;
    there.sort_by_key(|case| *case == other);
    assert_eq!(there, [its_report.as_str(), other.as_str()]);
    let seen = read(&service, SECOND, &its_report).await["along"].clone();
    assert_eq!((&seen["advice"], &seen["failed"]), (&json!([]), &json!(1)), "the report is shown all the same");
    let told = service.desk(SECOND, &["leave", &its_report]).await.unwrap_err();
    assert!(told.contains("maybe not yet the advice"), "{told}");
    assert_eq!(cases(&service, SECOND).await, [other]);
}

/// What went along with a report is read, and nothing is begun in it.
#[actix_web::test]
async fn each_page_by_address_tells_who_reads_a_part_of_advice_why_it_cannot_be_done() {
    let service = Service::start(None).await;
    let (_, advice, _) = passed_on(&service).await;
    let desk = Local::desk(&service, FIRST).await;
    for act in
        ["reply", "note", "close", "hand-over", "readers/duty", "readers/guest", "feedback", "classify", "protocol"]
    {
        let (status, page) = desk.get(&format!("/nl/case/{advice}/{act}")).await;
        assert!(status == 409 && !page.contains("<textarea"), "{act}: {status} {page}");
        assert!(page.contains("U leest hier wat de melder meegaf"), "{act}: {page}");
    }
    let adviser = Local::desk(&service, ADVISER).await;
    let (status, page) = adviser.get(&format!("/nl/case/{advice}/readers/guest")).await;
    assert!(status == 409 && page.contains("Bij advies kan niemand meelezen"), "{status} {page}");
}
