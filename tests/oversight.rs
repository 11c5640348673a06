//! Coordinators watch the clocks and auditors the log, and neither reads a word; what they are shown cannot be set back unnoticed.
#![cfg(all(feature = "server", feature = "desk"))]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]
#[path = "oversight/acts.rs"]
mod acts;
#[path = "oversight/bare.rs"]
mod bare;
#[path = "oversight/closed.rs"]
mod closed;
#[path = "oversight/forged.rs"]
mod forged;
#[path = "oversight/limits.rs"]
mod limits;
#[path = "oversight/memo.rs"]
mod memo;
#[path = "oversight/outcome.rs"]
mod outcome;
mod support;

use std::collections::BTreeSet;

use bare::{Bare, RECORD};
use meldkluis::{
    clock::Clock,
    config::Config,
    desk::Identity,
    journal::Journal,
    retention,
    seal::desk::open_text,
    server,
    store::{Payload, connect},
};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, PgPool, SqlitePool};
use support::{Browser, Service, postgres::Postgres};

const READER: &str = "bzk-functionaris-1";
const OTHER: &str = "bzk-functionaris-2";
const COORDINATOR: &str = "bzk-coordinator";
const AUDITOR: &str = "bzk-auditor";

/// Writes a text as a reader, in a case.
async fn say(service: &Service, who: &str, act: &str, case: &str, text: &str) -> Value {
    let file = service.path("text.txt");
    std::fs::write(&file, text).unwrap();
    service.desk(who, &[act, case, "--file", file.to_str().unwrap()]).await.unwrap()
}

async fn filed(service: &Service) -> (String, String) {
    let before: BTreeSet<String> = cases(service).await;
    let (code, _) = Browser::new(&service.base).report("CANARY-STORY over de inkoop", &[]).await;
    let after = cases(service).await;
    (code, after.difference(&before).next().unwrap().clone())
}

async fn cases(service: &Service) -> BTreeSet<String> {
    let inbox = service.desk(READER, &["inbox"]).await.unwrap();
    inbox.as_array().unwrap().iter().map(|c| c["case"].as_str().unwrap().to_owned()).collect()
}

fn deeds(log: &Value, case: &str) -> Vec<String> {
    let entries = log["entries"].as_array().unwrap().iter();
    let of_case = entries.filter(|e| e["record"]["case"] == case);
    of_case.map(|e| e["record"]["deed"].as_str().unwrap().to_owned()).collect()
}

async fn watched(database: Option<String>) {
    let service = Service::start(database).await;
    let (_, case) = filed(&service).await;

    // Unopened: the clock and the group, and no name.
    let overview = service.desk(COORDINATOR, &["overview"]).await.unwrap();
    let seen = &overview["cases"][0];
    assert_eq!(overview["reader_changes"]["changes"], json!([]), "{overview}");
    assert_eq!((&seen["case"], &seen["state"]), (&json!(case), &json!("unopened")));
    assert_eq!(seen["groups"], json!([{ "desk": { "nl": "Integriteit", "en": "Integrity" } }]));
    assert!(!overview.to_string().contains("functionaris"), "{overview}");

    say(&service, READER, "acknowledge", &case, "CANARY-ANSWER").await;
    say(&service, READER, "note", &case, "CANARY-NOTE").await;
    let classify = ["classify", &case, "--type", "fin", "--flag", "pattern", "--assessment", "accepted"];
    service.desk(READER, &classify).await.unwrap();
    service.desk(OTHER, &["protocol", &case, "vooronderzoek"]).await.unwrap();
    service.desk(OTHER, &["step", &case, "risico-melder"]).await.unwrap();
    say(&service, READER, "feedback", &case, "CANARY-FEEDBACK").await;
    say(&service, READER, "close", &case, "CANARY-CLOSE").await;

    // Everything is in the log, in order, and signed by who did it.
    let log = service.desk(AUDITOR, &["log"]).await.unwrap();
    let expected =
        ["opened", "acknowledged", "noted", "classified", "opened", "protocol", "protocol", "gave_feedback", "closed"];
    assert_eq!(deeds(&log, &case), expected);
    assert!(log["entries"].as_array().unwrap().iter().all(|e| e["problem"].is_null()), "{log}");
    assert!(
        log["seen"][READER].is_string() && log["seen"][OTHER].is_string(),
        "their keys showed that they work: {log}"
    );

    // The register has codes and days, with what the reporter chose beside what the officer made of it.
    let register = service.desk(COORDINATOR, &["register"]).await.unwrap();
    let row = &register[0]["row"];
    assert_eq!((&row["topic"], &row["assessment"]["of"]), (&json!("money"), &json!("fin")));
    let today = Clock::System.today().to_string();
    for day in ["received", "acknowledged", "feedback", "closed"] {
        assert_eq!(row[day], json!(today), "{day}: {row}");
    }
    assert_eq!(row["progress"], json!({ "protocol": "vooronderzoek", "version": 3, "done": 3, "steps": 8, "late": 0 }));
    for shown in [&log, &register, &overview] {
        assert!(!shown.to_string().contains("CANARY"), "{shown}");
    }
}

#[actix_web::test]
async fn story_27_the_clocks_are_watched_without_reading_on_sqlite() {
    watched(None).await;
}

#[actix_web::test]
async fn story_27_the_clocks_are_watched_without_reading_on_postgresql() {
    let postgres = Postgres::start();
    watched(Some(postgres.database("watched"))).await;
}

#[actix_web::test]
async fn advice_is_counted_and_no_more() {
    let service = Service::start(None).await;
    let browser = Browser::new(&service.base);
    let path = "/nl/report";
    let mut page = browser.get(path).await;
    for (name, value) in [("", ""), ("want", "advice"), ("org", "bzk"), ("topic", "money")] {
        page = browser.answer(path, &page, &[(name, value), ("go", "next")]).await;
    }
    page = browser.answer(path, &page, &[("adviser", "bzk-vertrouwenspersoon-1"), ("go", "next")]).await;
    page = browser.answer(path, &page, &[("story", "Een vraag"), ("go", "next")]).await;
    page = browser.answer(path, &page, &[("go", "next")]).await;
    let code = page.code();
    page = browser.answer(path, &page, &[("go", "next")]).await;
    browser.answer(path, &page, &[("code", &code), ("go", "next")]).await;
    let inbox = service.desk("bzk-vertrouwenspersoon-1", &["inbox"]).await.unwrap();
    let case = inbox[0]["case"].as_str().unwrap();
    say(&service, "bzk-vertrouwenspersoon-1", "reply", case, "Kom langs").await;
    let overview = service.desk(COORDINATOR, &["overview"]).await.unwrap();
    assert_eq!((&overview["cases"], &overview["advice"]), (&json!([]), &json!(1)));
    let log = service.desk(COORDINATOR, &["log"]).await.unwrap();
    assert!(!log.to_string().contains(case), "no case of advice is named: {log}");
    assert!(log.to_string().contains("answered"), "but that something was done is there: {log}");
}

/// Every slot and payload in the database against every key that the coordinator's side has, the server's included.
#[actix_web::test]
async fn coordinator_and_server_together_open_nothing() {
    let service = Service::start(None).await;
    let (_, case) = filed(&service).await;
    say(&service, READER, "acknowledge", &case, "CANARY-ANSWER").await;
    say(&service, COORDINATOR, "remind", &case, "Denkt u aan de termijn?").await;
    let copy = service.path("copy.db");
    let raw = SqlitePool::connect(&service.database).await.unwrap();
    let into = format!("vacuum into '{}'", copy.display());
    sqlx::raw_sql(AssertSqlSafe(into)).execute(&raw).await.unwrap();
    let journal = Journal::open(&service.path("copy-journal"), Clock::System).unwrap();
    let store = connect(&format!("sqlite:{}", copy.display()), journal).await.unwrap();
    let key = |who: &str| {
        let path = service.path(&format!("readers/{who}.key"));
        Identity::load(&path, || Err(std::io::Error::other("no passphrase").into())).unwrap()
    };
    let (officer, watching) = (key(READER), [key(COORDINATOR), key(AUDITOR)]);
    let (mut tried, mut opened) = (0, 0);
    for row in store.cases_of(&"bzk".to_owned().try_into().unwrap()).await.unwrap() {
        for item in store.items(&row.id).await.unwrap() {
            let Some(Payload::Inline(payload)) = store.payload(&item).await.unwrap() else { continue };
            for slot in store.slots(&item).await.unwrap() {
                let sealed = [slot.header.as_slice(), &payload].concat();
                opened += usize::from(open_text(&officer.seal, sealed.as_slice()).is_ok());
                for overseer in &watching {
                    tried += 1;
                    assert!(open_text(&overseer.seal, sealed.as_slice()).is_err(), "an overseer opened an item");
                }
            }
        }
    }
    assert!(opened >= 3 && tried >= 40, "the try is a real one: {opened} opened by a reader, {tried} tried");
    // Nor does the server give them any.
    for path in ["inbox", &format!("read {case}")] {
        let words: Vec<&str> = path.split(' ').collect();
        assert!(service.desk(COORDINATOR, &words).await.is_err(), "{path}");
    }
}

#[actix_web::test]
async fn a_coordinator_s_words_reach_the_readers_of_the_case_and_nobody_else() {
    let service = Service::start(None).await;
    let (code, case) = filed(&service).await;
    say(&service, COORDINATOR, "remind", &case, "Vrijdag loopt de termijn af.").await;
    say(&service, COORDINATOR, "escalate", &case, "Ik leg dit bij de SG.").await;
    let read = service.desk(OTHER, &["read", &case]).await.unwrap();
    let memos: Vec<&Value> = read["items"].as_array().unwrap().iter().filter(|i| i["from"] == COORDINATOR).collect();
    let kinds: BTreeSet<&str> = memos.iter().filter_map(|m| m["kind"].as_str()).collect();
    assert_eq!(kinds, BTreeSet::from(["escalation", "reminder"]), "{memos:?}");
    assert!(memos.iter().all(|m| m["proven"] == true), "{memos:?}");
    // The conduct desk has readers too; the reporter has a mailbox.
    assert_eq!(service.desk("bzk-omgangsvormen-1", &["inbox"]).await.unwrap(), json!([]));
    let page = Browser::new(&service.base).post("/nl/mailbox", &[("code".to_owned(), code)]).await;
    assert!(!page.html.contains("Vrijdag loopt") && page.html.contains("Functionaris integriteit 1"));
    let log = service.desk(AUDITOR, &["log"]).await.unwrap();

    assert!(deeds(&log, &case).contains(&"escalated".to_owned()));
    // Another organisation's coordinator has nothing to say here, and a reader watches nothing.
    let words = ["hold", case.as_str()];
    assert!(service.desk("buiten-coordinator", &words).await.is_err());
    assert!(service.desk(READER, &["overview"]).await.unwrap_err().contains("coordinator"));
    assert!(service.desk(AUDITOR, &["overview"]).await.is_err());
}

#[actix_web::test]
async fn a_held_case_outlives_its_term_and_its_end_is_in_the_register() {
    let postgres = Postgres::start();
    let service = Service::start(Some(postgres.database("held"))).await;
    let (_, case) = filed(&service).await;
    let early = service.desk(COORDINATOR, &["hold", &case]).await.unwrap_err();
    assert!(early.contains("only a closed case"), "an open case is not destroyed: {early}");
    let (hold, bare) = (json!({ "hold": true, "record": RECORD }), Bare::new(&service, COORDINATOR).await);
    assert_eq!(bare.post(&format!("cases/{case}/hold"), &hold).await.status(), 409, "nor does the server take it");
    say(&service, READER, "note", &case, "Gelezen").await;
    say(&service, READER, "close", &case, "Klaar").await;
    service.desk(COORDINATOR, &["hold", &case]).await.unwrap();
    let pool = PgPool::connect(&service.database).await.unwrap();
    let today = Clock::System.today();
    let sooner = sqlx::query("update \"case\" set destroy_after = $1 where destroy_after is not null");
    assert_eq!(sooner.bind(today.number()).execute(&pool).await.unwrap().rows_affected(), 1);

    // A second server purges, as a timer would.
    let config = meldkluis::demo::make_or_find(service.folder.path(), "127.0.0.1:0".parse().unwrap()).unwrap();
    let config = Config { database: Some(service.database.clone()), reserve_bytes: 0, ..config };
    let purger = server::prepare(config, Clock::System).await.unwrap();
    assert_eq!(retention::purge(&purger).await.unwrap().cases, 0, "it is held");
    service.desk(COORDINATOR, &["release", &case]).await.unwrap();
    assert_eq!(retention::purge(&purger).await.unwrap().cases, 1);
    let register = service.desk(AUDITOR, &["register"]).await.unwrap();
    assert_eq!(register[0]["destroyed"], json!(today.to_string()));
    let log = service.desk(AUDITOR, &["log"]).await.unwrap();
    assert_eq!(deeds(&log, &case), ["opened", "noted", "closed", "held", "released", "destroyed"]);
}

#[actix_web::test]
async fn a_log_that_was_set_back_is_noticed_by_desks_and_by_an_auditor_offline() {
    let service = Service::start(None).await;
    let (_, case) = filed(&service).await;
    say(&service, READER, "acknowledge", &case, "Ontvangen").await;
    say(&service, READER, "note", &case, "Een notitie").await;
    let archive = service.path("log.json");
    service.desk(AUDITOR, &["audit", "export", archive.to_str().unwrap()]).await.unwrap();
    let whole = service.desk(AUDITOR, &["audit", "verify", archive.to_str().unwrap()]).await.unwrap();
    assert_eq!(deeds(&whole, &case), ["opened", "acknowledged", "noted"]);

    // Somebody takes the note out of the database, and chains what is left anew.
    let raw = SqlitePool::connect(&service.database).await.unwrap();
    let last = "delete from log where org = 'bzk' and seq = (select max(seq) from log where org = 'bzk')";
    assert_eq!(sqlx::query(last).execute(&raw).await.unwrap().rows_affected(), 1);
    let refused = service.desk(READER, &["note", &case, "--file", service.path("text.txt").to_str().unwrap()]).await;
    assert!(refused.unwrap_err().contains("does not follow"), "the desk that wrote it remembers");
    // A desk that had not looked since writes on; what it signs names the head it knows, and the auditor's desk remembers too.
    assert!(service.desk(AUDITOR, &["log"]).await.unwrap_err().contains("does not follow"));

    // In a kept file: one record taken out, two swapped, one altered.
    let mut kept: Value = serde_json::from_slice(&std::fs::read(&archive).unwrap()).unwrap();
    let records = kept["log"]["records"].as_array().unwrap().clone();
    let mut broken = Vec::new();
    broken.push([&records[..1], &records[2..]].concat());
    let mut swapped = records.clone();
    swapped.swap(1, 2);
    broken.push(swapped);
    let mut altered = records.clone();
    altered[1]["record"] = json!(records[1]["record"].as_str().unwrap().replacen('A', "B", 1));
    broken.push(altered);
    broken.push(records[..records.len() - 1].to_vec());
    for records in broken {
        kept["log"]["records"] = json!(records);
        std::fs::write(&archive, kept.to_string()).unwrap();
        let refused = service.desk(AUDITOR, &["audit", "verify", archive.to_str().unwrap()]).await;
        assert!(refused.unwrap_err().contains("not believed"));
    }
}

/// The server gives no act without its record.
#[actix_web::test]
async fn nothing_is_done_that_is_not_in_the_log() {
    let service = Service::start(None).await;
    let (_, case) = filed(&service).await;
    say(&service, READER, "acknowledge", &case, "Ontvangen").await;
    let raw = SqlitePool::connect(&service.database).await.unwrap();
    let (items, records): (i64, i64) =
        sqlx::query_as("select (select count(*) from item), (select count(*) from log)").fetch_one(&raw).await.unwrap();
    // The report itself is the reporter's: no record. The key that works, the opening and the acknowledgement are the reader's,
    // each with the server's word of who sent it.
    assert_eq!((items, records), (2, 2 * 3));
}
