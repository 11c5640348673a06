//! What the machine's operator can ask: whether the server can work, and nothing about who used it.
#![cfg(all(feature = "server", feature = "desk", unix))]
#![expect(clippy::unwrap_used, reason = "a test")]
mod support;

use std::{
    net::{SocketAddr, TcpListener},
    time::Duration,
};

use meldkluis::config::Status;
use support::{Browser, Service, postgres::Postgres};

/// A server with a status listener, and that listener's address.
async fn watched(database: Option<String>) -> (Service, SocketAddr) {
    let listen = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let service = Service::with(database, |config| config.status = Some(Status { listen })).await;
    (service, listen)
}

async fn ask(at: SocketAddr, path: &str) -> (u16, String) {
    let answer = reqwest::get(format!("http://{at}{path}")).await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn no_figure_changes_when_somebody_files_a_report() {
    let (service, status) = watched(None).await;
    let before = ask(status, "/metrics").await;
    assert_eq!(before.0, 200);
    assert!(
        before.1.contains("meldkluis_ready 1\n") && before.1.contains("meldkluis_roster_expires_days 180\n"),
        "{}",
        before.1
    );
    let browser = Browser::new(&service.base);
    let (code, _) = browser.report("CANARY-STATUS over de inkoop", &[]).await;
    browser.upload(&code, "notes.txt", vec![7; 3 << 20]).await;
    browser.mailbox(&code, None, &[]).await;
    browser.mailbox("no such code", None, &[]).await;
    service.desk("bzk-functionaris-1", &["inbox"]).await.unwrap();
    assert_eq!(ask(status, "/metrics").await, before);
    assert_eq!(ask(status, "/ready").await, (200, "ready\n".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_and_status_are_not_on_each_other_s_listener() {
    let (service, status) = watched(None).await;
    for path in ["/", "/nl/report", "/api/v1/openapi.json"] {
        assert_eq!(ask(status, path).await.0, 404, "{path}");
    }
    let browser = Browser::new(&service.base);
    for path in ["/ready", "/metrics"] {
        let page = browser.get(path).await;
        assert_eq!((page.status, page.html.len()), (404, support::PAGE), "{path} is an ordinary missing page");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_went_away_is_said() {
    let postgres = Postgres::start();
    let (_service, status) = watched(Some(postgres.database("status"))).await;
    assert_eq!(ask(status, "/ready").await.0, 200);
    postgres.stop();
    let (code, text) = ask(status, "/ready").await;
    assert_eq!((code, text.as_str()), (503, "the database does not answer\n"));
    assert!(ask(status, "/metrics").await.1.contains("meldkluis_database_up 0\n"));
    postgres.start_again();
    for _ in 0..100 {
        if ask(status, "/ready").await.0 == 200 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(ask(status, "/ready").await, (200, "ready\n".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reserve_that_is_used_up_is_said() {
    let listen = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let change = |config: &mut meldkluis::config::Config| {
        config.status = Some(Status { listen });
        config.reserve_bytes = u64::MAX;
    };
    let _service = Service::with(None, change).await;
    let (code, text) = ask(listen, "/ready").await;
    assert_eq!(code, 503);
    assert!(text.starts_with("less is free than the reserve"), "{text}");
}
