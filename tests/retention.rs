//! When the term for keeping is over, a case is destroyed without anybody asking, and a declaration with numbers stays.
#![cfg(all(feature = "server", feature = "desk", unix))]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]
mod support;

use std::time::Duration;

use meldkluis::{clock::Clock, demo, retention, server};
use support::{
    Browser, Service,
    child::{Program, settings},
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

#[actix_web::test]
async fn a_clock_that_jumps_years_ahead_destroys_nothing() {
    let mut app = None;
    let service = Service::at(|prepared| app = Some((prepared.store.clone(), prepared.clock.today()))).await;
    let (store, today) = app.unwrap();
    let browser = Browser::new(&service.base);
    let (code, _) = browser.report("Blijft", &[]).await;
    let inbox = service.desk(READER, &["inbox"]).await.unwrap();
    let file = service.path("close.txt");
    std::fs::write(&file, "Klaar").unwrap();
    let case = inbox[0]["case"].as_str().unwrap();
    service.desk(READER, &["close", case, "--file", file.to_str().unwrap()]).await.unwrap();
    // Beside the running server, over the same store: a server whose clock jumped.
    let elsewhere = tempfile::tempdir().unwrap();
    let config = demo::make_or_find(elsewhere.path(), "127.0.0.1:0".parse().unwrap()).unwrap();
    let mut jumped = server::prepare(config, Clock::System).await.unwrap();
    jumped.store = store;
    jumped.clock = Clock::Fixed(today.plus_days(4000));
    let refused = retention::purge(&jumped).await.unwrap_err().to_string();
    assert!(refused.contains("is the clock right?"), "{refused}");
    let open = [("code".to_owned(), code)];
    assert_eq!(browser.post("/nl/mailbox", &open).await.status, 200, "the case is there");
}
