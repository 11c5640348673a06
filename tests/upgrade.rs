//! What an earlier version stored is opened by this one, on both databases. `tests/fixtures/VERSION` is what that version left.
#![cfg(all(feature = "server", feature = "desk", unix))]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]
mod support;

use std::{
    fs,
    path::{Path, PathBuf},
};

use meldkluis::{clock::Clock, domain::day::Day};
use support::{Browser, Service, postgres::Postgres};

const READER: &str = "bzk-functionaris-1";
const STORY: &str = "Een verhaal uit een eerdere versie";
const ANSWER: &str = "Een antwoord uit een eerdere versie";
static FILE: [u8; 200_000] = [7; 200_000];

/// What was kept apart from the service: the code, and the day on which it ran.
const KEPT: &str = "kept.txt";
const DUMP: &str = "dump.sql";

fn fixture(version: &str, database: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(version).join(database)
}

fn copy(from: &Path, to: &Path, wanted: &dyn Fn(&str) -> bool) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target, wanted);
        } else if wanted(&entry.file_name().to_string_lossy()) {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Everything that was confirmed to that version's users holds in this one.
async fn opens(version: &str, database: &str, postgres: Option<&Postgres>) {
    let from = fixture(version, database);
    let folder = tempfile::tempdir().unwrap();
    copy(&from, folder.path(), &|_| true);
    let kept = fs::read_to_string(from.join(KEPT)).unwrap();
    let (code, day) = kept.trim().split_once('\n').unwrap();
    let url = postgres.map(|p| p.restored("upgrade", &from.join(DUMP)));
    let service = Service::found(folder, url, Day::parse(day).unwrap()).await;

    let browser = Browser::new(&service.base);
    let page = browser.post("/nl/mailbox", &[("code".into(), code.to_owned())]).await;
    assert!(page.html.contains(ANSWER), "the code opens its mailbox: {}", page.title());
    let inbox = service.desk(READER, &["inbox"]).await.unwrap();
    let case = inbox[0]["case"].as_str().unwrap().to_owned();
    let saved = service.path("saved");
    let read = service.desk(READER, &["read", &case, "--save", saved.to_str().unwrap()]).await.unwrap();
    let items = read["items"].as_array().unwrap();
    assert!(items.len() == 3 && items.iter().all(|i| i["proven"] == true), "{read}");
    assert_eq!(items[0]["story"]["story"], STORY);
    assert!(fs::read(saved.join("bijlage.bin")).unwrap() == FILE);

    // And it goes on: an answer to the old case, a file, a new report.
    let text = service.path("reply.txt");
    fs::write(&text, "Een antwoord van nu").unwrap();
    service.desk(READER, &["reply", &case, "--file", text.to_str().unwrap()]).await.unwrap();
    assert_eq!(browser.upload(code, "nieuw.bin", vec![1; 1000]).await.status, 200);
    let page = browser.post("/nl/mailbox", &[("code".into(), code.to_owned())]).await;
    assert!(page.html.contains("Een antwoord van nu"));
    browser.report("Nieuw", &[]).await;
    assert_eq!(service.desk(READER, &["inbox"]).await.unwrap().as_array().unwrap().len(), 2);
}

#[actix_web::test]
async fn what_0_1_0_stored_opens_on_sqlite() {
    opens("0.1.0", "sqlite", None).await;
}

#[actix_web::test]
async fn what_0_1_0_stored_opens_on_postgresql() {
    opens("0.1.0", "postgresql", Some(&Postgres::start())).await;
}

/// Makes the fixtures of this version, just before it is tagged: `cargo test --test upgrade -- --ignored`.
#[actix_web::test]
#[ignore = "makes what the next versions are tested with"]
async fn make_the_fixtures_of_this_version() {
    let postgres = Postgres::start();
    make("sqlite", None).await;
    make("postgresql", Some(&postgres)).await;
}

async fn make(database: &str, postgres: Option<&Postgres>) {
    let to = fixture(env!("CARGO_PKG_VERSION"), database);
    assert!(!to.exists(), "what a version left is made once");
    let service = Service::start(postgres.map(|p| p.database("make"))).await;
    let browser = Browser::new(&service.base);
    let (code, _) = browser.report(STORY, &[]).await;
    assert_eq!(browser.upload(&code, "bijlage.bin", FILE.to_vec()).await.status, 200);
    let inbox = service.desk(READER, &["inbox"]).await.unwrap();
    let text = service.path("answer.txt");
    fs::write(&text, ANSWER).unwrap();
    let case = inbox[0]["case"].as_str().unwrap();
    service.desk(READER, &["acknowledge", case, "--file", text.to_str().unwrap()]).await.unwrap();

    // Of the keys, only what the test needs.
    let wanted = |name: &str| !name.ends_with(".seen") && (!name.ends_with(".key") || name == format!("{READER}.key"));
    copy(service.folder.path(), &to, &wanted);
    drop(fs::remove_dir_all(to.join("signers")));
    fs::write(to.join(KEPT), format!("{code}\n{}\n", Clock::System.today())).unwrap();
    if let Some(postgres) = postgres {
        fs::write(to.join(DUMP), postgres.dump("make")).unwrap();
    }
}
