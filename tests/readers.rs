//! Who reads changes only as the reporter, two readers, or the leaver wanted: leaving, taking out, a legal duty, absence.
#![cfg(all(feature = "server", feature = "desk"))]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]
#[path = "readers/again.rs"]
mod again;
#[path = "readers/away.rs"]
mod away;
#[path = "readers/clocks.rs"]
mod clocks;
#[path = "readers/duty.rs"]
mod duty;
#[path = "support/hostile.rs"]
mod evil;
#[path = "readers/named.rs"]
mod named;
#[path = "readers/part.rs"]
mod part;
mod support;
#[path = "readers/undone.rs"]
mod undone;

use evil::{RECORD, give, hostile, own_slot, send};
use meldkluis::{
    api_types::{Going, SentTo, TakingOut},
    desk::Client,
    domain::id::CaseId,
    seal::{
        Kind, Plaintext, Recipients, ReporterPublic, Signer,
        circle::{DutyApproval, DutyRequest, Left, LeftReason, take_out_bytes},
        consent::{HandOver, Named},
    },
};
use serde_json::{Value, json};
use support::{Browser, Page, Service, postgres::Postgres, stands_in};

const READER: &str = "bzk-functionaris-1";
const SECOND: &str = "bzk-functionaris-2";
const THIRD: &str = "bzk-functionaris-3";
const RESERVE: &str = "bzk-functionaris-4";
const NEW: &str = "bzk-leidinggevende-1";

async fn filed(service: &Service, struck: &[&str]) -> (Browser, String, String) {
    let browser = Browser::new(&service.base);
    let (code, _) = browser.report("Het verhaal", struck).await;
    let inbox = service.desk(READER, &["inbox"]).await.unwrap();
    (browser, code, inbox[0]["case"].as_str().unwrap().to_owned())
}

async fn mailbox(browser: &Browser, code: &str, more: &[(&str, &str)]) -> Page {
    let mut fields = vec![("code".to_owned(), code.to_owned())];
    fields.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    browser.post("/nl/mailbox", &fields).await
}

async fn says(browser: &Browser, code: &str, text: &str) {
    let page = mailbox(browser, code, &[("act", "write"), ("text", text)]).await;
    assert!(page.html.contains("Uw bericht is verstuurd"), "{}", page.title());
}

async fn read(service: &Service, reader: &str, case: &str) -> Value {
    service.desk(reader, &["read", case]).await.unwrap()
}

/// Runs a command that takes a text; returns the item that it made.
async fn with_text(service: &Service, reader: &str, words: &[&str], text: &str) -> Result<String, String> {
    let file = service.path("text.txt");
    std::fs::write(&file, text).unwrap();
    let words: Vec<&str> = words.iter().copied().chain(["--file", file.to_str().unwrap()]).collect();
    service.desk(reader, &words).await.map(|sent| sent["item"].as_str().unwrap().to_owned())
}

/// Whether the second officer stands among those who could read before, and nowhere else.
fn named_as_gone(page: &Page) -> bool {
    let name = "<dd>Functionaris integriteit 2</dd>";
    page.html.matches(name).count() == 1 && page.html.contains(&format!("en nu niet meer</dt>{name}"))
}

async fn a_conflict_is_declared(database: Option<String>) {
    let postgres = database.is_some();
    let service = Service::start(database).await;
    let (browser, code, case) = filed(&service, &[]).await;
    says(&browser, &code, "En nog iets").await;
    let id = CaseId::parse(&case).unwrap();
    let theirs = hostile(&service, SECOND).await;
    let items = theirs.case(&id).await.unwrap().items;
    assert_eq!(items.len(), 2);
    let mut had = Vec::new();
    for item in &items {
        had.push(own_slot(&theirs, item).await);
    }
    read(&service, READER, &case).await;
    service.desk(SECOND, &["leave", &case, "--conflict"]).await.unwrap();

    // Nothing is listed or served, whatever their desk remembers.
    assert_eq!(service.desk(SECOND, &["inbox"]).await.unwrap(), json!([]));
    assert!(theirs.case(&id).await.is_err());
    for item in &items {
        assert!(theirs.item(item).await.is_err());
    }
    if !postgres {
        // Their keys are gone from the disk, and the number of slots says nothing.
        let bytes = |header: &[u8]| stands_in(&service.path("data"), &header[header.len() - 60..]);
        assert!(had.iter().all(|header| !bytes(header)), "a slot of theirs is still there");
        let kept = own_slot(&hostile(&service, THIRD).await, &items[0]).await;
        assert!(bytes(&kept), "others' slots are found this way");
        let pool = sqlx::SqlitePool::connect(&service.database).await.unwrap();
        let counts: Vec<(i64, i64)> =
            sqlx::query_as("select count(*), count(distinct length(header)) from slot group by item")
                .fetch_all(&pool)
                .await
                .unwrap();
        pool.close().await;
        // The reserve reader's went when the case was opened; the item that says so came after that.
        assert_eq!(counts.iter().filter(|(n, _)| *n == 8).count() + counts.iter().filter(|(n, _)| *n == 7).count(), 4);
        assert!(counts.iter().all(|(_, lengths)| *lengths == 1), "{counts:?}");
    }

    // The others read why, and nothing later is for who left: neither from the reporter nor from them.
    let seen = read(&service, READER, &case).await;
    let left = seen["items"].as_array().unwrap().iter().find(|i| i["kind"] == "left").unwrap();
    assert!(left["proven"] == true && left["left"] == "conflict" && left["from"] == SECOND, "{left}");
    assert_eq!(seen["strangers"], json!([]));
    assert_eq!(seen["case"]["readers"].as_array().unwrap().len(), 2);
    says(&browser, &code, "Alleen voor wie er nog is").await;
    with_text(&service, READER, &["note", &case], "Ook alleen voor wie er nog is").await.unwrap();
    assert_eq!(browser.upload(&code, "bijlage.bin", vec![3; 1000]).await.status, 200);
    assert_eq!(service.desk(SECOND, &["inbox"]).await.unwrap(), json!([]));
    assert!(named_as_gone(&mailbox(&browser, &code, &[]).await));

    // And nobody asks for them again.
    let again = with_text(&service, THIRD, &["ask-consent", &case, "--to", SECOND], "Handig").await.unwrap_err();
    assert!(again.contains("a conflict"), "{again}");
}

#[actix_web::test]
async fn who_declares_a_conflict_has_no_key_left_and_gets_none_again_on_sqlite() {
    a_conflict_is_declared(None).await;
}

#[actix_web::test]
async fn who_declares_a_conflict_has_no_key_left_and_gets_none_again_on_postgresql() {
    let postgres = Postgres::start();
    a_conflict_is_declared(Some(postgres.database("conflict"))).await;
}

#[actix_web::test]
async fn a_conflict_is_declared_without_opening_anything() {
    let service = Service::start(None).await;
    let (browser, code, case) = filed(&service, &[]).await;
    service.desk(SECOND, &["leave", &case, "--conflict"]).await.unwrap();
    let inbox = service.desk(READER, &["inbox"]).await.unwrap();
    assert_eq!(inbox[0]["state"], "unopened");
    let page = mailbox(&browser, &code, &[]).await;
    assert!(page.html.contains("Functionaris integriteit 4 ("), "the reserve reader is still held back");
    assert!(named_as_gone(&page));
}

#[actix_web::test]
async fn the_last_independent_reader_stays_until_another_was_added() {
    let service = Service::start(None).await;
    let (browser, code, case) = filed(&service, &[]).await;
    read(&service, READER, &case).await;
    let (one, two) = tokio::join!(hostile(&service, SECOND), hostile(&service, THIRD));
    let me = hostile(&service, READER).await;
    let id = CaseId::parse(&case).unwrap();
    let going = Going { log: Some(RECORD.to_owned()) };
    me.leave(&id, &going).await.unwrap();
    // Of the last two who go at once, one stays.
    let both = tokio::join!(one.leave(&id, &going), two.leave(&id, &going));
    assert!(both.0.is_ok() != both.1.is_ok(), "{both:?}");
    let last = if both.0.is_err() { SECOND } else { THIRD };
    let refused = service.desk(last, &["leave", &case]).await.unwrap_err();
    assert!(refused.contains("comes first"), "{refused}");
    assert!(
        hostile(&service, last).await.leave(&id, &going).await.unwrap_err().to_string().contains("the case changed")
    );
    assert_eq!(service.desk(last, &["inbox"]).await.unwrap().as_array().unwrap().len(), 1);

    // A manager does not take their place; another officer does, once the reporter agreed.
    for (to, may) in [(NEW, false), ("buiten-functionaris-1", true)] {
        let asked = with_text(&service, last, &["ask-consent", &case, "--to", to], "Leest mee").await.unwrap();
        mailbox(&browser, &code, &[("act", "consent-yes"), ("request", &asked)]).await;
        service.desk(last, &["hand-over", &case, &asked]).await.unwrap();
        assert_eq!(service.desk(last, &["leave", &case]).await.is_ok(), may, "{to}");
    }
    assert_eq!(service.desk("buiten-functionaris-1", &["inbox"]).await.unwrap().as_array().unwrap().len(), 1);
}

#[actix_web::test]
async fn who_left_without_a_conflict_can_be_asked_for_again() {
    let service = Service::start(None).await;
    let (browser, code, case) = filed(&service, &[]).await;
    read(&service, READER, &case).await;
    service.desk(SECOND, &["leave", &case]).await.unwrap();
    let asked = with_text(&service, READER, &["ask-consent", &case, "--to", SECOND], "Komt terug").await.unwrap();
    mailbox(&browser, &code, &[("act", "consent-yes"), ("request", &asked)]).await;
    service.desk(READER, &["hand-over", &case, &asked]).await.unwrap();
    for reader in [READER, SECOND, THIRD] {
        assert_eq!(read(&service, reader, &case).await["strangers"], json!([]), "{reader}");
    }
    with_text(&service, THIRD, &["note", &case], "Voor u drieën").await.unwrap();
    assert!(read(&service, SECOND, &case).await.to_string().contains("Voor u drieën"));
}

/// Saying it twice of one going is going once; going again after somebody was let in again is going twice, on the same day too.
#[actix_web::test]
async fn who_leaves_twice_on_one_day_is_gone_and_who_says_it_twice_is_let_in_again() {
    for twice in [false, true] {
        let service = Service::start(None).await;
        let (browser, code, case) = filed(&service, &[]).await;
        read(&service, READER, &case).await;
        if !twice {
            let (second, id) = (hostile(&service, SECOND).await, CaseId::parse(&case).unwrap());
            let there = second.case(&id).await.unwrap().readers;
            let to = Recipients::of(there.iter().filter_map(|r| second.roster.keyed(r))).unwrap();
            send(&second, &id, Kind::Left, Left::new(LeftReason::Leaving, Vec::new()).into_body(), &to).await;
        }
        service.desk(SECOND, &["leave", &case]).await.unwrap();
        let asked = with_text(&service, READER, &["ask-consent", &case, "--to", SECOND], "Komt terug").await.unwrap();
        mailbox(&browser, &code, &[("act", "consent-yes"), ("request", &asked)]).await;
        service.desk(READER, &["hand-over", &case, &asked]).await.unwrap();
        assert_eq!(read(&service, THIRD, &case).await["strangers"], json!([]), "{twice}");
        if twice {
            service.desk(SECOND, &["leave", &case]).await.unwrap();
            // Somebody gives them a slot: neither the reporter nor two readers let them in a third time.
            let (me, id) = (hostile(&service, READER).await, CaseId::parse(&case).unwrap());
            let (item, second) = (me.case(&id).await.unwrap().items[0], evil::named(&me, SECOND));
            give(&me, &id, &item, &second, SentTo::Reader(second.keyed())).await;
            assert_eq!(read(&service, THIRD, &case).await["strangers"], json!([SECOND]));
        }
    }
}

#[actix_web::test]
async fn two_readers_take_a_third_out_and_one_alone_does_not() {
    let service = Service::start(None).await;
    let (browser, code, case) = filed(&service, &[]).await;
    read(&service, READER, &case).await;
    let asked = with_text(&service, READER, &["take-out", &case, SECOND], "Praat erover op de gang").await.unwrap();
    assert!(!read(&service, SECOND, &case).await.to_string().contains("gang"), "it is not for who is concerned");
    let seen = read(&service, THIRD, &case).await.to_string();
    assert!(seen.contains("gang") && seen.contains("take_out"), "{seen}");
    let alone = service.desk(READER, &["confirm-take-out", &case, &asked]).await.unwrap_err();
    assert!(alone.contains("another reader"), "{alone}");

    // Nor with a program of one's own.
    let (me, id) = (hostile(&service, READER).await, CaseId::parse(&case).unwrap());
    let keyed = |name: &str| me.roster.readers().find(|r| r.id.as_str() == name).unwrap().keyed();
    let sign = |by: &Client, who| hex::encode(by.me.signer.sign(&take_out_bytes(&me.roster.instance, &id, &who)));
    let own = sign(&me, keyed(SECOND));
    for (who, by, signature) in [
        (SECOND, READER, own.clone()),
        (SECOND, THIRD, own.clone()),
        (SECOND, NEW, sign(&hostile(&service, NEW).await, keyed(SECOND))),
        (SECOND, SECOND, sign(&hostile(&service, SECOND).await, keyed(SECOND))),
        (READER, THIRD, sign(&hostile(&service, THIRD).await, keyed(READER))),
        (SECOND, THIRD, sign(&hostile(&service, THIRD).await, keyed(READER))),
    ] {
        let sent = TakingOut { who: keyed(who), by: keyed(by), signature, log: Some(RECORD.to_owned()) };
        assert!(me.take_out(&id, &sent).await.unwrap_err().to_string().contains("refused"), "{who} by {by}");
    }
    assert_eq!(service.desk(SECOND, &["inbox"]).await.unwrap().as_array().unwrap().len(), 1);

    service.desk(THIRD, &["confirm-take-out", &case, &asked]).await.unwrap();
    assert_eq!(service.desk(SECOND, &["inbox"]).await.unwrap(), json!([]));
    let seen = read(&service, READER, &case).await;
    assert!(seen["strangers"] == json!([]) && seen.to_string().contains("taken_out"), "{seen}");
    says(&browser, &code, "Niet meer voor de tweede").await;
    assert_eq!(service.desk(SECOND, &["inbox"]).await.unwrap(), json!([]));
    let again = with_text(&service, READER, &["ask-consent", &case, "--to", SECOND], "Toch weer").await.unwrap_err();
    assert!(again.contains("two readers"), "{again}");
}

#[actix_web::test]
async fn who_is_let_in_later_keeps_to_who_was_taken_out_or_left() {
    let service = Service::start(None).await;
    let (browser, code, case) = filed(&service, &[]).await;
    read(&service, READER, &case).await;
    service.desk(SECOND, &["leave", &case, "--conflict"]).await.unwrap();
    let asked = with_text(&service, READER, &["ask-consent", &case, "--to", NEW], "Leidt het").await.unwrap();
    mailbox(&browser, &code, &[("act", "consent-yes"), ("request", &asked)]).await;
    service.desk(READER, &["hand-over", &case, &asked]).await.unwrap();
    assert_eq!(read(&service, NEW, &case).await["strangers"], json!([]));
    let refused = with_text(&service, NEW, &["ask-consent", &case, "--to", SECOND], "Handig").await.unwrap_err();
    assert!(refused.contains("a conflict"), "{refused}");
}

#[actix_web::test]
async fn a_reader_who_says_both_of_a_legal_duty_lets_in_a_stranger() {
    let service = Service::start(None).await;
    let (_, _, case) = filed(&service, &[]).await;
    read(&service, READER, &case).await;
    let (me, id) = (hostile(&service, READER).await, CaseId::parse(&case).unwrap());
    let view = me.case(&id).await.unwrap();
    let stranger = me.roster.readers().find(|r| r.id.as_str() == NEW).unwrap();
    let there = view.readers.iter().filter_map(|r| me.roster.reader(&r.reader));
    let to = Recipients::of(there).unwrap();
    let named = Named { item: view.items[0], kind: Kind::Report, day: me.today(), name: None };
    let ground = (meldkluis::domain::ground::Ground::CourtOrder, Plaintext::default());
    let duty = DutyRequest::new((stranger.keyed(), vec![named]), ground, Plaintext::default(), false);
    let request = send(&me, &id, Kind::DutyRequest, duty.into_body(), &to).await;
    let approval = send(&me, &id, Kind::DutyApproval, DutyApproval::new(request).into_body(), &to).await;
    give(&me, &id, &view.items[0], stranger, SentTo::Reader(stranger.keyed())).await;
    let sign = hex::encode(Signer::from_seed(&[1; 32]).public());
    let reporter = ReporterPublic { sign, reply: String::new(), commitment: None };
    let done = HandOver::new((request, approval), stranger.keyed(), reporter, (view.readers.clone(), Vec::new()));
    send(&me, &id, Kind::HandOver, done.into_body(), &to).await;
    assert_eq!(read(&service, THIRD, &case).await["strangers"], json!([NEW]));
    with_text(&service, THIRD, &["note", &case], "Niet voor een vreemde").await.unwrap();
    assert!(!service.desk(NEW, &["read", &case]).await.unwrap_or_default().to_string().contains("vreemde"));
}

#[actix_web::test]
async fn a_hand_over_that_nobody_wanted_does_not_change_whom_a_reader_believes() {
    let service = Service::start(None).await;
    let (_, _, case) = filed(&service, &[]).await;
    read(&service, READER, &case).await;
    let (me, id) = (hostile(&service, READER).await, CaseId::parse(&case).unwrap());
    let view = me.case(&id).await.unwrap();
    let to = Recipients::of(view.readers.iter().filter_map(|r| me.roster.reader(&r.reader))).unwrap();
    let keyed = |name: &str| me.roster.readers().find(|r| r.id.as_str() == name).unwrap().keyed();
    let reporter = ReporterPublic { sign: String::new(), reply: String::new(), commitment: None };
    // It names a third reader as gone, and somebody else as there.
    let (nothing, struck) = (view.items[0], vec![keyed(THIRD).reader]);
    let lists = (vec![keyed(READER), keyed(NEW)], struck);
    let done = HandOver::new((nothing, nothing), keyed(SECOND), reporter, lists);
    send(&me, &id, Kind::HandOver, done.into_body(), &to).await;
    assert_eq!(read(&service, SECOND, &case).await["strangers"], json!([]));
    with_text(&service, SECOND, &["note", &case], "Voor alle drie").await.unwrap();
    assert!(read(&service, THIRD, &case).await.to_string().contains("Voor alle drie"));
}
