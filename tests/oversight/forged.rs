//! What the log says of destruction is the server's word, and nobody else's; what one reader says of a case alone hides nothing.
use base64::{Engine, prelude::BASE64_STANDARD};
use meldkluis::domain::{
    id::OrgId,
    log::{Head, Writer, record_hash},
};
use serde_json::{Value, json};
use sqlx::SqlitePool;

use crate::{
    AUDITOR, COORDINATOR, OTHER, READER,
    bare::Bare,
    filed, say,
    support::{Service, postgres::Postgres},
};

fn problems(log: &Value, deed: &str) -> Vec<Value> {
    let entries = log["entries"].as_array().unwrap().iter();
    entries.filter(|e| e["record"]["deed"] == deed).map(|e| e["problem"].clone()).collect()
}

async fn nobody_else_destroys(database: Option<String>) {
    let service = Service::start(database).await;
    let (_, case) = filed(&service).await;
    say(&service, READER, "acknowledge", &case, "Ontvangen").await;
    let own = Bare::new(&service, READER).await;
    for signed in [false, true] {
        let record = BASE64_STANDARD.encode(own.destroyed(&case, signed).await);
        assert_eq!(own.log("bzk", &record).await, 200, "the server cannot look into it");
    }
    let log = service.desk(AUDITOR, &["log"]).await.unwrap();
    let doubted = problems(&log, "destroyed");
    assert_eq!(doubted, ["audit-unsigned", "audit-not-server"]);
    let register = service.desk(AUDITOR, &["register"]).await.unwrap();
    assert!(register[0]["row"].is_object() && register[0]["destroyed"].is_null(), "{register}");

    // In a kept file it cannot be made the server's either: the chain says whose it is.
    let archive = service.path("log.json");
    service.desk(AUDITOR, &["audit", "export", archive.to_str().unwrap()]).await.unwrap();
    let mut kept: Value = serde_json::from_slice(&std::fs::read(&archive).unwrap()).unwrap();
    let records = kept["log"]["records"].as_array_mut().unwrap();
    // Before each of a person's, the server says who sent it.
    assert!(records.chunks(2).all(|two| two[0]["writer"] == "server" && two[1]["writer"] == "person"));
    // The signed one is left out: then the forged one is the last, and all else holds.
    records.truncate(records.len() - 2);
    let last = records.len() - 1;
    for writer in ["server", "earlier"] {
        kept["log"]["records"][last]["writer"] = json!(writer);
        std::fs::write(&archive, kept.to_string()).unwrap();
        let refused = service.desk(AUDITOR, &["audit", "verify", archive.to_str().unwrap()]).await.unwrap_err();
        assert!(refused.contains("\"audit-chain\""), "{writer}: {refused}");
    }
}

#[actix_web::test]
async fn a_destruction_is_believed_from_the_server_alone_on_sqlite() {
    nobody_else_destroys(None).await;
}

#[actix_web::test]
async fn a_destruction_is_believed_from_the_server_alone_on_postgresql() {
    let postgres = Postgres::start();
    nobody_else_destroys(Some(postgres.database("forged"))).await;
}

/// One reader cannot take a case off the clocks: the coordinator sees what is said of it, and by whom.
#[actix_web::test]
async fn what_one_reader_says_to_be_no_report_stays_in_sight() {
    let service = Service::start(None).await;
    let (_, case) = filed(&service).await;
    let own = Bare::new(&service, OTHER).await;
    let record = BASE64_STANDARD.encode(own.no_report(&case).await);
    assert_eq!(own.log("bzk", &record).await, 200);
    let overview = service.desk(COORDINATOR, &["overview"]).await.unwrap();
    assert_eq!(overview["cases"][0]["case"], json!(case), "nobody has opened it: {overview}");
    let said = &overview["said_no_report"];
    assert_eq!((&said[0]["case"]["case"], &said[0]["by"]), (&json!(case), &json!([OTHER])), "{overview}");
    let words = service.desk_words(COORDINATOR, &["overview"]).await.unwrap();
    assert!(words.contains(&format!("no report, says {OTHER}")), "{words}");
    // Whoever opens it says that it is one.
    service.desk(READER, &["read", &case]).await.unwrap();
    let overview = service.desk(COORDINATOR, &["overview"]).await.unwrap();
    assert_eq!((&overview["cases"][0]["case"], &overview["said_no_report"]), (&json!(case), &json!([])), "{overview}");
}

/// Puts a record at the end of a log, as from before writers were told apart.
async fn earlier(pool: &SqlitePool, head: Head, sealed: &[u8]) {
    let head = head.after(&record_hash(Writer::Earlier, sealed));
    let insert = sqlx::query("insert into log (org, seq, head, record) values ('bzk', $1, $2, $3)");
    let insert = insert.bind(i64::try_from(head.length).unwrap()).bind(head.hash.to_vec()).bind(sealed);
    insert.execute(pool).await.unwrap();
}

#[actix_web::test]
async fn what_stood_there_before_is_the_server_s_and_nothing_later_passes_for_it() {
    let service = Service::start(None).await;
    let (_, case) = filed(&service).await;
    let own = Bare::new(&service, READER).await;
    let pool = SqlitePool::connect(&service.database).await.unwrap();
    let start = Head::start(&own.roster.instance, &OrgId::parse("bzk").unwrap());
    sqlx::query("delete from log").execute(&pool).await.unwrap();
    std::fs::remove_file(service.path(&format!("readers/{READER}.logs"))).unwrap();
    earlier(&pool, start, &own.destroyed(&case, false).await).await;
    say(&service, READER, "acknowledge", &case, "Ontvangen").await;
    let log = service.desk(AUDITOR, &["log"]).await.unwrap();
    assert!(log["entries"].as_array().unwrap().iter().all(|e| e["problem"].is_null()), "{log}");
    assert_eq!(problems(&log, "destroyed").len(), 1);

    earlier(&pool, own.head().await, &own.destroyed(&case, false).await).await;
    let log = service.desk(AUDITOR, &["log"]).await.unwrap();
    let doubted = problems(&log, "destroyed");
    assert!(doubted[0].is_null() && doubted[1] == "audit-unsigned", "{doubted:?}");
}
