//! When the term for keeping is over, a case is destroyed without anybody asking, and a declaration with numbers stays.
#![cfg(all(feature = "server", feature = "desk", unix))]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]
mod support;

use std::time::Duration;

use meldkluis::{clock::Clock, demo, domain::id::CaseId, http::App, retention, server};
use support::{
    Browser, Service,
    child::{Program, config_file, settings},
};

const READER: &str = "bzk-functionaris-1";

#[actix_web::test]
async fn a_closed_case_is_destroyed_on_its_day_and_declared_in_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path(), None);
    let mut program = Program::start(folder.path(), &settings);
    let browser = Browser::new(&program.base);
    let (code, _) = browser.report("CANARY-DESTROYED", &[]).await;
    let (kept, _) = browser.report("Blijft", &[]).await;
    assert_eq!(browser.upload(&code, "a.bin", vec![5; 400_000]).await.status, 200);
    let database = folder.path().join("data/meldkluis.db");
    let service = Service { folder, base: program.base.clone(), database: String::new(), clock: Clock::System };
    let inbox = service.desk(READER, &["inbox"]).await.unwrap();
    let file = service.path("close.txt");
    std::fs::write(&file, "Klaar").unwrap();
    let of = |n: usize| inbox[n]["case"].as_str().unwrap().to_owned();
    let ours = if inbox[0]["items"].as_array().unwrap().len() == 2 { of(0) } else { of(1) };
    service.desk(READER, &["close", &ours, "--file", file.to_str().unwrap()]).await.unwrap();
    program.kill();

    // The term is a year; the day is brought nearer, in the one column that holds it.
    let pool = sqlx::SqlitePool::connect(&format!("sqlite:{}", database.display())).await.unwrap();
    let today = Clock::System.today();
    let sooner = sqlx::query("update \"case\" set destroy_after = $1 where destroy_after is not null");
    assert_eq!(sooner.bind(today.number()).execute(&pool).await.unwrap().rows_affected(), 1);
    pool.close().await;
    let Service { folder, .. } = service;
    let program = Program::start(folder.path(), &settings);
    let browser = Browser::new(&program.base);
    let declaration = folder.path().join(format!("data/declarations/{today}.json"));
    for _ in 0..200 {
        if declaration.exists() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let declared: serde_json::Value = serde_json::from_slice(&std::fs::read(&declaration).unwrap()).unwrap();
    assert_eq!(declared["organisations"], serde_json::json!({ "bzk": { "cases": 1, "items": 4, "files": 1 } }));
    let open = |code: &str| [("code".to_owned(), code.to_owned())];
    assert_eq!(browser.post("/nl/mailbox", &open(&code)).await.status, 422);
    assert_eq!(browser.post("/nl/mailbox", &open(&kept)).await.status, 200);
    assert_eq!(support::files_in(&folder.path().join("data/payloads")), 0);
}

/// A running service with one closed case, and beside it, over the same store, a server whose clock the test sets.
struct Closed {
    service: Service,
    code: String,
    beside: App,
    _elsewhere: tempfile::TempDir,
}

async fn closed() -> Closed {
    let mut store = None;
    let service = Service::at(|prepared| store = Some(prepared.store.clone())).await;
    let (code, _) = Browser::new(&service.base).report("Blijft", &[]).await;
    let inbox = service.desk(READER, &["inbox"]).await.unwrap();
    let file = service.path("close.txt");
    std::fs::write(&file, "Klaar").unwrap();
    let case = inbox[0]["case"].as_str().unwrap();
    service.desk(READER, &["close", case, "--file", file.to_str().unwrap()]).await.unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let config = demo::make_or_find(elsewhere.path(), "127.0.0.1:0".parse().unwrap()).unwrap();
    let mut beside = server::prepare(config, Clock::System).await.unwrap();
    beside.store = store.unwrap();
    Closed { service, code, beside, _elsewhere: elsewhere }
}

impl Closed {
    async fn is_there(&self) -> bool {
        let open = [("code".to_owned(), self.code.clone())];
        Browser::new(&self.service.base).post("/nl/mailbox", &open).await.status == 200
    }
}

#[actix_web::test]
async fn a_clock_that_jumps_years_ahead_destroys_nothing() {
    let mut closed = closed().await;
    closed.beside.clock = Clock::Fixed(closed.beside.clock.today().plus_days(4000));
    let refused = retention::purge(&closed.beside).await.unwrap_err().to_string();
    assert!(refused.contains("is the clock right?"), "{refused}");
    assert!(closed.is_there().await);
}

/// The roster counts for longer than the case is kept, so that it does not help.
#[actix_web::test]
async fn a_clock_that_jumps_within_the_roster_destroys_what_is_due_in_two_days_for_each_day_it_is_wrong() {
    let mut closed = closed().await;
    let today = closed.beside.clock.today();
    let kept = closed.beside.roster.organisations.iter().find_map(|o| o.file.as_ref()).unwrap().retention_days;
    closed.beside.roster.expires = today.plus_days(2 * kept);
    for wrong in 0..30 {
        closed.beside.clock = Clock::Fixed(today.plus_days(kept + wrong));
        assert_eq!(retention::purge(&closed.beside).await.unwrap(), retention::Counts::default());
    }
    assert!(closed.is_there().await, "a month of a wrong clock");
    // Whoever says that the year has passed is believed.
    closed.beside.store.set_day(today.plus_days(kept)).await.unwrap();
    closed.beside.clock = Clock::Fixed(today.plus_days(kept));
    assert_eq!(retention::purge(&closed.beside).await.unwrap().cases, 1);
    assert!(!closed.is_there().await);
}

#[actix_web::test]
async fn with_a_clock_that_went_back_reports_are_filed_on_the_last_day_that_was_seen() {
    let mut store = None;
    let service = Service::at(|app| {
        store = Some(app.store.clone());
        app.clock = Clock::Fixed(app.clock.today().plus_days(-20));
    })
    .await;
    let (store, today) = (store.unwrap(), Clock::System.today());
    assert_eq!(store.last_day().await.unwrap(), Some(today));
    let (_, page) = Browser::new(&service.base).report("Toch", &[]).await;
    assert!(page.html.contains("veilig aangekomen"), "{}", page.title());
    assert_eq!(store.filed_days().await.unwrap(), [today]);
}

/// Or it would be destroyed as soon as the clock is right.
#[actix_web::test]
async fn a_case_closed_with_a_clock_that_went_back_is_kept_from_the_last_day_that_was_seen() {
    let mut store = None;
    let service = Service::at(|app| {
        store = Some(app.store.clone());
        app.clock = Clock::Fixed(app.clock.today().plus_days(-60));
    })
    .await;
    let (store, today) = (store.unwrap(), Clock::System.today());
    Browser::new(&service.base).report("Gesloten", &[]).await;
    let inbox = service.desk(READER, &["inbox"]).await.unwrap();
    let file = service.path("close.txt");
    std::fs::write(&file, "Klaar").unwrap();
    let case = inbox[0]["case"].as_str().unwrap();
    service.desk(READER, &["close", case, "--file", file.to_str().unwrap()]).await.unwrap();
    let closed = store.case(&CaseId::from_uuid(uuid::Uuid::parse_str(case).unwrap())).await.unwrap().unwrap();
    let ends = closed.destroy_after.unwrap();
    assert!(ends >= today.plus_days(300), "{ends}");
}

#[actix_web::test]
async fn a_server_whose_clock_is_behind_starts_when_somebody_has_looked_at_a_calendar() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path(), None);
    let listen = "127.0.0.1:1".parse().unwrap();
    let file = config_file(folder.path(), &settings, listen);
    let run = |arguments: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_meldkluis"));
        let done = command.args(arguments).arg("--config").arg(&file).output().unwrap();
        (done.status.success(), String::from_utf8(done.stderr).unwrap())
    };
    assert!(run(&["purge"]).0);
    let pool =
        sqlx::SqlitePool::connect(&format!("sqlite:{}/data/meldkluis.db", folder.path().display())).await.unwrap();
    sqlx::query("update meta set last_day = last_day + 90").execute(&pool).await.unwrap();
    pool.close().await;
    let today = Clock::System.today();
    let (started, said) = run(&["check"]);
    assert!(!started && said.contains(&format!("meldkluis clock --today {today}")), "{said}");
    let (set, said) = run(&["clock", "--today", &today.plus_days(1).to_string()]);
    assert!(!set && said.contains(&format!("the clock says {today}")), "{said}");
    let (set, said) = run(&["clock", "--today", &today.to_string()]);
    assert!(set, "{said}");
    let (right, said) = run(&["purge"]);
    assert!(right, "{said}");
}
