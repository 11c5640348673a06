//! What the machine's operator can ask: whether the server can work, and nothing about who used it.
#![cfg(all(feature = "server", feature = "desk", unix))]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]
mod support;

use std::{
    collections::BTreeSet,
    net::{SocketAddr, TcpListener},
    sync::Arc,
    time::Duration,
};

use meldkluis::{
    clock::Clock,
    config::{Config, Https, Status},
    demo, http, nightly, retention, server,
};
use support::{Browser, Service, certificate::certify, postgres::Postgres};

/// The schema that this version makes: one file brings the database to each.
fn newest_schema() -> i64 {
    std::fs::read_dir("migrations/sqlite").unwrap().count().try_into().unwrap()
}

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

/// What a figure says; `None` when it is not there.
fn figure(metrics: &str, name: &str) -> Option<i64> {
    metrics
        .lines()
        .find_map(|line| line.strip_prefix("meldkluis_")?.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
}

async fn nothing_changes(database: Option<String>) {
    let (service, status) = watched(database).await;
    let before = ask(status, "/metrics").await;
    assert_eq!(before.0, 200);
    assert!(
        before.1.contains("meldkluis_ready 1\n") && before.1.contains("meldkluis_roster_expires_days 180\n"),
        "{}",
        before.1
    );
    assert_eq!(figure(&before.1, "schema_version"), Some(newest_schema()), "{}", before.1);
    let browser = Browser::new(&service.base);
    let (code, _) = browser.report("CANARY-STATUS over de inkoop", &[]).await;
    browser.upload(&code, "notes.txt", vec![7; 3 << 20]).await;
    browser.mailbox(&code, None, &[]).await;
    browser.mailbox("no such code", None, &[]).await;
    let inbox = service.desk("bzk-functionaris-1", &["inbox"]).await.unwrap();
    service.desk("bzk-functionaris-1", &["read", inbox[0]["case"].as_str().unwrap()]).await.unwrap();
    assert_eq!(ask(status, "/metrics").await, before);
    assert_eq!(ask(status, "/ready").await, (200, "ready\n".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_figure_changes_when_somebody_files_a_report() {
    nothing_changes(None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nor_on_postgresql() {
    let postgres = Postgres::start();
    nothing_changes(Some(postgres.database("status"))).await;
}

/// A name appears once, with its help and type before it, as the text format has it.
#[tokio::test(flavor = "multi_thread")]
async fn the_text_is_prometheus_s() {
    let (_service, status) = watched(None).await;
    let answer = reqwest::get(format!("http://{status}/metrics")).await.unwrap();
    assert_eq!(answer.headers()["content-type"], "text/plain; version=0.0.4");
    let text = answer.text().await.unwrap();
    assert!(text.ends_with('\n'));
    let mut names = BTreeSet::new();
    for [help, kind, value] in text.lines().collect::<Vec<_>>().as_chunks::<3>().0 {
        let name = kind.strip_prefix("# TYPE ").unwrap().strip_suffix(" gauge").unwrap();
        assert!(help.starts_with(&format!("# HELP {name} ")), "{help}");
        let (measured, number) = value.rsplit_once(' ').unwrap();
        assert_eq!(measured.split('{').next(), Some(name));
        number.parse::<i64>().unwrap();
        assert!(names.insert(name.to_owned()), "{name} is there twice");
    }
    assert_eq!((names.len() * 3, names.len()), (text.lines().count(), 11), "{text}");
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

/// Changes a prepared server, which then has a status listener; what `/ready` says, and the figures.
async fn wrong(change: impl FnOnce(&mut http::App)) -> (String, String) {
    let listen = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let _service = Service::at(|app| {
        app.config.status = Some(Status { listen });
        change(app);
    })
    .await;
    let (code, text) = ask(listen, "/ready").await;
    assert_eq!(code, 503, "{text}");
    let metrics = ask(listen, "/metrics").await.1;
    assert_eq!(figure(&metrics, "ready"), Some(0));
    (text, metrics)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_in_order_is_said_and_nothing_else_is() {
    let (text, metrics) = wrong(|app| app.config.reserve_bytes = u64::MAX).await;
    assert!(text.starts_with("less is free than the reserve") && text.lines().count() == 1, "{text}");
    assert_eq!(figure(&metrics, "disk_above_reserve"), Some(0));

    let (text, metrics) = wrong(|app| app.roster.expires = app.clock.today().plus_days(-1)).await;
    assert_eq!(text, "the roster has expired: sign and install the next one\n");
    assert_eq!((figure(&metrics, "roster_valid"), figure(&metrics, "roster_expires_days")), (Some(0), Some(-1)));

    let (text, metrics) = wrong(|app| std::fs::remove_dir_all(app.config.data.join("payloads")).unwrap()).await;
    assert!(text.starts_with("the folder of the payloads cannot be written\n"), "{text}");
    assert_eq!(figure(&metrics, "payloads_writable"), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_went_back_is_said() {
    let (service, _) = watched(None).await;
    Browser::new(&service.base).report("Een verhaal", &[]).await;
    let Service { folder, .. } = service;
    let before = Clock::System.today().plus_days(-1);
    let copy = tempfile::tempdir().unwrap();
    // The running server keeps its folder.
    let from = format!("{}/.", folder.path().display());
    assert!(std::process::Command::new("cp").args(["-a", &from]).arg(copy.path()).status().unwrap().success());
    let listen = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let _service = Service::changed(copy, |app| {
        app.config.status = Some(Status { listen });
        app.clock = Clock::Fixed(before);
    })
    .await;
    let said = "the clock says a day before the last that was seen\n".to_owned();
    assert_eq!(ask(listen, "/ready").await, (503, said));
}

/// The one in use, which is not the file when the file is no good.
#[actix_web::test]
async fn a_certificate_that_ends_is_said_in_time() {
    let folder = tempfile::tempdir().unwrap();
    certify(folder.path(), "status");
    let path = |name: &str| folder.path().join(name);
    let https = || {
        let listen = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        Some(Https { listen, certificate: path("certificate.pem"), key: path("key.pem") })
    };
    let listen = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let _service = Service::at(|app| {
        app.config.status = Some(Status { listen });
        app.config.https = https();
    })
    .await;
    assert_eq!(ask(listen, "/ready").await.0, 200);
    assert_eq!(figure(&ask(listen, "/metrics").await.1, "certificate_expires_days"), Some(2));
    for (later, left) in [(2, 0), (3, -1)] {
        let (text, metrics) = wrong(|app| {
            app.config.https = https();
            app.clock = Clock::Fixed(app.clock.today().plus_days(later));
        })
        .await;
        assert_eq!(text, "the certificate ends today or has ended\n");
        assert_eq!(figure(&metrics, "certificate_expires_days"), Some(left));
    }
}

#[actix_web::test]
async fn the_last_pass_and_purge_are_days_and_nothing_finer() {
    let folder = tempfile::tempdir().unwrap();
    let listen = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let found = demo::make_or_find(folder.path(), "127.0.0.1:0".parse().unwrap()).unwrap();
    let config = Config { status: Some(Status { listen }), reserve_bytes: 0, ..found };
    let app = Arc::new(server::prepare(config, Clock::System).await.unwrap());
    let (_, running) = http::serve_anywhere(app.clone()).unwrap();
    actix_web::rt::spawn(running);
    let names = ["nightly_last_success_timestamp_seconds", "purge_last_success_timestamp_seconds"];
    let said = async || {
        let metrics = ask(listen, "/metrics").await.1;
        names.map(|name| figure(&metrics, name))
    };
    assert_eq!(said().await, [None, None]);
    retention::purge(&app).await.unwrap();
    nightly::pass(&app).await.unwrap();
    let midnight = app.clock.today().date().to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp().as_second();
    assert_eq!(said().await, [Some(midnight); 2]);
    assert_eq!(ask(listen, "/ready").await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pass_that_failed_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let found = demo::make_or_find(folder.path(), "127.0.0.1:0".parse().unwrap()).unwrap();
    let listen = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let config = Config { status: Some(Status { listen }), ..found };
    let app = Arc::new(server::prepare(config, Clock::System).await.unwrap());
    std::fs::remove_dir_all(folder.path().join("data/payloads")).unwrap();
    nightly::pass(&app).await.unwrap_err();
    let (_, running) = http::serve_anywhere(app.clone()).unwrap();
    tokio::spawn(running);
    assert_eq!(figure(&ask(listen, "/metrics").await.1, "nightly_last_success_timestamp_seconds"), None);
}
