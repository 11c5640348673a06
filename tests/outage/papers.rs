//! A certificate that ends or is replaced while the server works, and a roster that was set back or forked at its start.
use std::{
    fs,
    net::TcpListener,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use meldkluis::roster_files;
use sha2::{Digest, Sha256};

use crate::support::{
    Browser,
    certificate::{certify, certify_for},
    child::{config_file, settings},
    postgres::Postgres,
    train,
    whole::{ARRIVED, Struck, bytes},
};

/// How long the first certificate counts, from when it is made.
const SECONDS: i64 = 12;
const PATIENCE: Duration = Duration::from_secs(40);

fn trusting(folder: &Path, base: &str) -> Browser {
    let pem = fs::read(folder.join("certificate.pem")).unwrap();
    let trusted = reqwest::Certificate::from_pem(&pem).unwrap();
    let client = reqwest::Client::builder().tls_certs_only([trusted]).pool_max_idle_per_host(0);
    Browser::with(base, client.build().unwrap())
}

async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let since = Instant::now();
    while !holds().await {
        assert!(since.elapsed() < PATIENCE, "{what}");
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}

#[actix_web::test]
async fn a_certificate_that_ends_is_refused_by_browsers_and_the_next_is_served_without_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    settings(folder.path(), None);
    // A demo is never served over HTTPS.
    train(folder.path());
    let mut struck = Struck::over(folder, None).await;
    let papers = struck.service.path("papers");
    fs::create_dir(&papers).unwrap();
    let listen = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    struck.settings += &format!(
        "[https]\nlisten = \"{listen}\"\ncertificate = '{0}/certificate.pem'\nkey = '{0}/key.pem'\n",
        papers.display()
    );
    certify_for(&papers, "brief", SECONDS);
    struck.restart();
    // The start waits for the other listener alone.
    until("this one is bound", async || tokio::net::TcpStream::connect(listen).await.is_ok()).await;
    let base = format!("https://{listen}");
    let browser = trusting(&papers, &base);
    let (code, fields) = browser.prepared("Met een kort certificaat", &[]).await;
    assert!(browser.post("/nl/report", &fields).await.html.contains(ARRIVED));
    assert!(struck.send(&code, "Met een kort certificaat", &fields).await, "by the other door it is the same report");
    let number = struck.number();
    let page = browser.upload(&code, &format!("{number}.bin"), bytes(number)).await;
    assert!(struck.sent(&code, number, Some(&page.html)));

    // Who was there before goes on with the session of then, as TLS has it: each try is of somebody new.
    until("it ends", async || trusting(&papers, &base).try_get("/nl/").await.is_err()).await;
    let (late, fields) = struck.browser().prepared("Na het einde", &[]).await;
    assert!(
        trusting(&papers, &base).try_post("/nl/report", &fields).await.is_err(),
        "nothing is sent to who cannot prove themselves"
    );
    assert!(struck.send(&late, "Na het einde", &fields).await, "the other listener goes on");
    // Half of a new file is no reason to stop either.
    fs::write(papers.join("certificate.pem"), "-----BEGIN CERTIFICATE-----\nMIIB").unwrap();
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert!(fs::read_to_string(struck.service.path("log")).unwrap().contains("the new certificate is not used"));
    struck.report("Tussen twee certificaten").await;

    certify(&papers, "next");
    let browser = trusting(&papers, &base);
    until("the next is served", async || browser.try_get("/nl/").await.is_ok()).await;
    let number = struck.number();
    let page = browser.upload(&code, &format!("{number}.bin"), bytes(number)).await;
    assert!(struck.sent(&code, number, Some(&page.html)));
    struck.clears_up().await;
    struck.is_whole().await;
}

/// An organisation's file with something changed, signed as its signers do.
fn change(struck: &Struck, changes: &[(&str, &str)]) {
    let file = struck.service.path("roster/org-bzk.toml");
    let mut text = fs::read_to_string(&file).unwrap();
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        text = text.replacen(from, to, 1);
    }
    let key = ssh_key::PrivateKey::read_openssh_file(&struck.service.path("signers/bzk")).unwrap();
    fs::write(file.with_extension("toml.sig"), roster_files::sign(&text, &key).unwrap()).unwrap();
    fs::write(file, text).unwrap();
}

/// What a server says that does not start.
fn refused(struck: &Struck) -> String {
    let listen = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let file = config_file(struck.service.folder.path(), &struck.settings, listen);
    let mut command = Command::new("timeout");
    command.args(["30", env!("CARGO_BIN_EXE_meldkluis"), "serve", "--config"]).arg(file).stdin(Stdio::null());
    let ended = command.output().unwrap();
    let said = String::from_utf8_lossy(&[ended.stdout, ended.stderr].concat()).into_owned();
    assert_eq!(ended.status.code(), Some(1), "it ends by itself: {said}");
    said
}

async fn a_roster_that_is_not_the_newest(database: Option<&str>) {
    let mut struck = Struck::start(database).await;
    let code = struck.report("Onder de eerste lijst").await;
    assert!(struck.upload(&code).await);
    let roster = struck.service.path("roster");
    let kept = |name: &str| {
        ["org-bzk.toml", "org-bzk.toml.sig"].map(|file| fs::read(roster.join(file)).map(|b| (file, b)).expect(name))
    };
    let put = |files: &[(&str, Vec<u8>); 2]| {
        files.iter().for_each(|(file, bytes)| fs::write(roster.join(file), bytes).unwrap())
    };
    let first = kept("the first");
    let before = hex::encode(Sha256::digest(&first[0].1));
    struck.program = None;
    change(&struck, &[("serial = 1", "serial = 2"), ("previous = \"\"", &format!("previous = \"{before}\""))]);
    let second = kept("the second");
    struck.restart();
    struck.report("Onder de tweede lijst").await;
    assert!(struck.upload(&code).await);

    struck.program = None;
    put(&first);
    assert!(refused(&struck).contains("org-bzk: serial 1 is older than 2"));
    put(&second);
    change(&struck, &[("retention_days = 365", "retention_days = 366")]);
    assert!(refused(&struck).contains("another file with serial 2 was seen before"));
    put(&second);
    struck.restart();
    struck.report("Weer onder de tweede lijst").await;
    struck.is_whole().await;
}

#[actix_web::test]
async fn an_older_or_forked_roster_starts_nothing_and_the_right_one_finds_all_on_sqlite() {
    a_roster_that_is_not_the_newest(None).await;
}

#[actix_web::test]
async fn an_older_or_forked_roster_starts_nothing_and_the_right_one_finds_all_on_postgresql() {
    let postgres = Postgres::start();
    a_roster_that_is_not_the_newest(Some(&postgres.database("lists"))).await;
}
