//! `meldkluis-desk canary`, over HTTP against a real server: all the way, and the step that fails when something is broken.
use meldkluis::domain::roster::{OrgFile, Reader};
use serde_json::Value;
use sqlx::{AssertSqlSafe, SqlitePool};

use crate::support::{Browser, Service, files_in, postgres::Postgres, stands_in};

const READER: &str = "kanarie-lezer";
const STEPS: [&str; 11] =
    ["keys", "sign-in", "form", "send", "open", "add-file", "open-file", "answer", "read-answer", "withdraw", "gone"];

fn steps(report: &Value) -> Vec<&str> {
    report["steps"].as_array().unwrap().iter().map(|step| step["step"].as_str().unwrap()).collect()
}

/// Runs the canary; of a walk that failed, the report too.
async fn canary(service: &Service, reader: &str) -> Value {
    match service.desk(reader, &["canary"]).await {
        Ok(report) => report,
        Err(text) => serde_json::from_str(&text).unwrap(),
    }
}

async fn all_the_way(database: Option<String>) {
    let service = Service::start(database).await;
    for _ in 0..2 {
        let report = canary(&service, READER).await;
        assert_eq!((steps(&report), &report["failed"]), (STEPS.to_vec(), &Value::Null), "{report}");
        assert!(report["steps"].as_array().unwrap().iter().all(|step| step["ms"].is_u64()));
        assert_eq!(report["left_behind"], false);
    }
    assert_eq!(service.desk(READER, &["inbox"]).await.unwrap(), serde_json::json!([]));
    assert_eq!(files_in(&service.path("data/payloads")), 0);
    for reader in ["bzk-functionaris-1", "buiten-functionaris-1"] {
        assert_eq!(service.desk(reader, &["inbox"]).await.unwrap(), serde_json::json!([]), "{reader}");
    }
    // No coordinator has a clock of it, and no register a row.
    for coordinator in ["bzk-coordinator", "buiten-coordinator"] {
        for page in ["overview", "register", "log"] {
            let seen = service.desk(coordinator, &[page]).await.unwrap().to_string();
            assert!(!seen.contains("kanarie"), "{coordinator} {page}: {seen}");
        }
    }
    assert!(!stands_in(&service.path("data"), b"synthetic report"), "nothing of it can be read on the disk");
}

#[tokio::test]
async fn a_report_goes_all_the_way_on_sqlite() {
    all_the_way(None).await;
}

#[tokio::test]
async fn a_report_goes_all_the_way_on_postgresql() {
    let postgres = Postgres::start();
    all_the_way(Some(postgres.database("canary"))).await;
}

/// A report of a walk that failed at a step; nothing is left of it.
async fn fails_at(service: &Service, step: &str, why: &str) {
    let report = canary(service, READER).await;
    assert_eq!(report["failed"]["step"], step, "{report}");
    assert!(report["failed"]["error"].as_str().unwrap().contains(why), "{report}");
    let done = STEPS.iter().position(|known| *known == step).unwrap();
    assert_eq!(steps(&report), STEPS[..done], "{report}");
    assert_eq!(report["left_behind"], false, "{report}");
}

#[tokio::test]
async fn another_s_keys_file_nothing() {
    let service = Service::start(None).await;
    for reader in ["bzk-functionaris-1", "buiten-functionaris-1", "bzk-coordinator"] {
        let report = canary(&service, reader).await;
        assert_eq!(report["failed"]["step"], "sign-in", "{reader}: {report}");
    }
    assert_eq!(service.desk("bzk-functionaris-1", &["inbox"]).await.unwrap(), serde_json::json!([]));
}

#[tokio::test]
async fn keys_that_are_not_the_roster_s_fail_at_the_sign_in() {
    let folder = tempfile::tempdir().unwrap();
    meldkluis::demo::make_or_find(folder.path(), "127.0.0.1:0".parse().unwrap()).unwrap();
    let path = folder.path().join("roster/org-kanarie.toml");
    let mut file: OrgFile = toml::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    let other =
        meldkluis::desk::Identity::create(&folder.path().join("other.key"), file.readers[0].id.clone(), None).unwrap();
    file.readers = vec![Reader { seal_key: other.seal.recipient(), ..file.readers[0].clone() }];
    let text = toml::to_string(&file).unwrap();
    let key = ssh_key::PrivateKey::read_openssh_file(&folder.path().join("signers/kanarie")).unwrap();
    std::fs::write(path.with_extension("toml.sig"), meldkluis::roster_files::sign(&text, &key).unwrap()).unwrap();
    std::fs::write(&path, text).unwrap();
    let service = Service::changed(folder, |_| {}).await;
    fails_at(&service, "sign-in", "").await;
}

#[tokio::test]
async fn a_server_that_is_away_or_busy_is_told_by_its_step() {
    let mut service = Service::with(None, |config| {
        config.limits.texts.clear = 2.try_into().unwrap();
    })
    .await;
    // One text to file, and one to withdraw with.
    assert_eq!(canary(&service, READER).await["failed"], Value::Null);
    fails_at(&service, "send", "429").await;
    service.base = "http://127.0.0.1:9".to_owned();
    fails_at(&service, "sign-in", "cannot be reached").await;
}

#[tokio::test]
async fn a_disk_that_takes_no_files_fails_there_and_nothing_is_left() {
    let service = Service::with(None, |config| config.reserve_bytes = u64::MAX).await;
    fails_at(&service, "add-file", "the server answered").await;
    assert_eq!(service.desk(READER, &["inbox"]).await.unwrap(), serde_json::json!([]), "it was withdrawn");
    let service = Service::start(None).await;
    let payloads = service.path("data/payloads");
    std::fs::remove_dir_all(&payloads).unwrap();
    std::fs::write(&payloads, "no folder").unwrap();
    fails_at(&service, "add-file", "the server answered").await;
    assert_eq!(service.desk(READER, &["inbox"]).await.unwrap(), serde_json::json!([]), "it was withdrawn");
}

#[tokio::test]
async fn a_store_that_damages_what_it_keeps_is_found() {
    for (break_it, step) in [
        (
            "create trigger broken after insert on item begin update item set payload = zeroblob(length(payload)) where id = new.id; end",
            "open",
        ),
        (
            "create trigger broken after insert on slot when (select count(*) from item) > 2 begin delete from slot where item = new.item; end",
            "read-answer",
        ),
    ] {
        let service = Service::start(None).await;
        let pool = SqlitePool::connect(&service.database).await.unwrap();
        sqlx::query(AssertSqlSafe(break_it)).execute(&pool).await.unwrap();
        fails_at(&service, step, "").await;
    }
}

#[tokio::test]
async fn what_an_earlier_day_left_is_closed() {
    let service = Service::start(None).await;
    let browser = Browser::new(&service.base);
    super::hidden::file(&browser).await;
    let Service { folder, database, .. } = service;
    let tomorrow = meldkluis::clock::Clock::System.today().plus_days(1);
    drop(database);
    let left = Service::found(copied(folder.path()), None, tomorrow).await;
    assert_eq!(canary(&left, READER).await["failed"], Value::Null);
    let inbox = left.desk(READER, &["inbox"]).await.unwrap();
    assert_eq!((inbox.as_array().unwrap().len(), &inbox[0]["state"]), (1, &Value::from("closed")), "{inbox}");
}

/// The running server keeps its folder locked: another serves a copy.
fn copied(folder: &std::path::Path) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    let from = format!("{}/.", folder.display());
    assert!(std::process::Command::new("cp").args(["-a", &from]).arg(copy.path()).status().unwrap().success());
    copy
}
