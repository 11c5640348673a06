//! Notices by mail, sent to a real SMTP server: to whom, when, what they say, and what they never tell.
#![cfg(all(feature = "server", feature = "desk", unix))]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]
#[path = "notices/program.rs"]
mod program;
mod support;
#[path = "notices/world.rs"]
mod world;

use std::{collections::BTreeSet, time::Duration};

use meldkluis::notify::{self, Outcome};
use support::{
    Browser,
    postgres::Postgres,
    smtp::{Mail, Smtp, certify},
    stands_in,
};
use world::{ADDRESS, World, next_monday};

/// Stands in everything that is filed.
const MARK: &str = "Qz7Canary";
const READER: &str = "bzk-functionaris-1";
const PATIENCE: Duration = Duration::from_mins(1);

/// A report and an answer to it; the reader signs in for that.
async fn file_and_answer(world: &World) -> String {
    Browser::new(&world.service.base).report(&format!("{MARK} report"), &[]).await;
    let inbox = world.service.desk(READER, &["inbox"]).await.unwrap();
    let case = inbox[0]["case"].as_str().unwrap().to_owned();
    let text = world.service.path("answer.txt");
    std::fs::write(&text, format!("{MARK} answer")).unwrap();
    world.service.desk(READER, &["reply", &case, "--file", text.to_str().unwrap()]).await.unwrap();
    case
}

/// What all mails have but for their recipient and id; fails if they differ in it, or in any length.
fn one_text(mails: &[Mail]) -> String {
    let texts: BTreeSet<String> = mails
        .iter()
        .map(|mail| mail.content.replace(mail.header("To"), "TO").replace(mail.header("Message-ID"), "ID"))
        .collect();
    let lengths: BTreeSet<usize> = mails.iter().map(|mail| mail.content.len()).collect();
    assert_eq!((texts.len(), lengths.len()), (1, 1), "{texts:?}");
    texts.into_iter().next().unwrap()
}

fn recipients(mails: &[Mail]) -> Vec<String> {
    assert!(mails.iter().all(|mail| mail.to.len() == 1 && mail.header("To") == mail.to[0]));
    mails.iter().map(|mail| mail.to[0].clone()).collect()
}

fn without(all: &[String], one: &str) -> Vec<String> {
    all.iter().filter(|address| *address != one).cloned().collect()
}

/// Two weeks of a deployment, with a case in it that no mail may show.
async fn two_weeks(database: Option<String>) {
    let smtp_folder = tempfile::tempdir().unwrap();
    certify(smtp_folder.path(), "ca", "IP:127.0.0.1");
    let smtp = Smtp::start(smtp_folder.path(), 0, "starttls");
    let mut world =
        World::new(database, |w| w.notices(smtp.port, "starttls", Some(&smtp_folder.path().join("ca.pem"))));
    let (all, monday) = (world.addresses(), next_monday());
    let lately = world.address_of(READER);

    world.on(monday).await;
    let case = file_and_answer(&world).await;
    let outcome = notify::send_due(world.app()).await.unwrap();
    assert_eq!(outcome, Some(Outcome { sent: all.len() - 1, failed: 0 }));
    let first = smtp.take();
    assert_eq!(recipients(&first), without(&all, &lately), "each once, but who signed in today");
    let text = one_text(&first);
    for word in [MARK, &case, "bzk", "Meldkluis", "127.0.0.1", "localhost", READER] {
        assert!(!text.contains(word), "{word}: {text}");
    }
    assert!(first.iter().all(|mail| mail.encrypted && mail.from == "no-reply@example.org"));
    assert!(first.iter().all(|mail| mail.greeting == "example.org"), "not the machine's name");
    headers(&first, &format!("{} 00:00:00 +0000", monday.date().strftime("%a, %d %b %Y")));

    // The same day brings nothing more, after a restart either; nor does a day that is not fixed.
    assert_eq!(notify::send_due(world.app()).await.unwrap(), None);
    for day in [monday, monday.plus_days(1)] {
        world.on(day).await;
        assert_eq!(notify::send_due(world.app()).await.unwrap(), None);
    }

    // Thursday: two working days without a look are not yet three.
    world.on(monday.plus_days(3)).await;
    assert_eq!(notify::send_due(world.app()).await.unwrap(), Some(Outcome { sent: all.len() - 1, failed: 0 }));
    let second = smtp.take();
    assert_eq!(recipients(&second), without(&all, &lately));

    // Monday: four. Nothing waits for most of them, and all get the same.
    world.on(monday.plus_days(7)).await;
    assert_eq!(notify::send_due(world.app()).await.unwrap(), Some(Outcome { sent: all.len(), failed: 0 }));
    let third = smtp.take();
    assert_eq!(recipients(&third), all);
    assert_eq!(
        one_text(&third).split("\r\n\r\n").skip(1).collect::<String>(),
        text.split("\r\n\r\n").skip(1).collect::<String>()
    );
    let ids: BTreeSet<&str> = first.iter().chain(&second).chain(&third).map(|mail| mail.header("Message-ID")).collect();
    assert_eq!(ids.len(), first.len() + second.len() + third.len(), "no id twice");
    assert!(!stands_in(&world.service.path("data"), b"@example.org"), "no address in the data");
}

/// The headers and no other; their order and case are the library's.
fn headers(mails: &[Mail], date: &str) {
    let wanted = [
        "Auto-Submitted",
        "Content-Transfer-Encoding",
        "Content-Type",
        "Date",
        "From",
        "MIME-Version",
        "Message-ID",
        "Subject",
        "To",
    ];
    for mail in mails {
        let head = mail.content.split("\r\n\r\n").next().unwrap();
        let names: BTreeSet<&str> = head.split("\r\n").map(|line| line.split_once(": ").unwrap().0).collect();
        assert_eq!(names, BTreeSet::from(wanted));
        assert_eq!(mail.header("Date"), date);
        assert_eq!(mail.header("Content-Transfer-Encoding"), "7bit");
        let id = mail.header("Message-ID").strip_prefix('<').and_then(|id| id.strip_suffix("@example.org>")).unwrap();
        assert_eq!(uuid::Uuid::parse_str(id).unwrap().get_version_num(), 4);
        assert!(mail.body().contains("Wilt u uw werkplek openen?") && mail.body().contains("Please open your desk."));
    }
}

#[actix_web::test]
async fn who_stays_away_gets_one_constant_mail_on_sqlite() {
    two_weeks(None).await;
}

#[actix_web::test]
async fn who_stays_away_gets_one_constant_mail_on_postgresql() {
    let postgres = Postgres::start();
    two_weeks(Some(postgres.database("notices"))).await;
    assert!(!stands_in(&postgres.folder, ADDRESS.as_bytes()), "no address in the database");
}

#[actix_web::test]
async fn what_fails_is_counted_and_due_on_the_next_fixed_day() {
    let smtp_folder = tempfile::tempdir().unwrap();
    certify(smtp_folder.path(), "ca", "IP:127.0.0.1");
    let smtp = Smtp::start(smtp_folder.path(), 0, "implicit");
    let port = smtp.port;
    let mut world = World::new(None, |w| w.notices(port, "implicit", Some(&smtp_folder.path().join("ca.pem"))));
    let (all, monday) = (world.addresses(), next_monday());
    drop(smtp);

    world.on(monday).await;
    assert_eq!(notify::send_due(world.app()).await.unwrap(), Some(Outcome { sent: 0, failed: all.len() }));
    assert_eq!(Browser::new(&world.service.base).get("/nl/").await.status, 200);
    let smtp = Smtp::start(smtp_folder.path(), port, "implicit");
    assert_eq!(notify::send_due(world.app()).await.unwrap(), None, "not tried again that day");

    // A mailbox that is gone costs that mail alone.
    world.refuse(READER);
    world.on(monday.plus_days(3)).await;
    assert_eq!(notify::send_due(world.app()).await.unwrap(), Some(Outcome { sent: all.len() - 1, failed: 1 }));
    assert_eq!(smtp.take().len(), all.len() - 1);

    // Addresses that cannot be read do not use the day up.
    let addresses = world.service.path("addresses.toml");
    let good = std::fs::read_to_string(&addresses).unwrap();
    std::fs::write(&addresses, format!("{good}\noops = \"secret\"\n")).unwrap();
    world.on(monday.plus_days(7)).await;
    let error = notify::send_due(world.app()).await.unwrap_err().to_string();
    assert!(error.contains("addresses.toml, line") && !error.contains("secret"), "{error}");
    std::fs::write(&addresses, good).unwrap();
    assert!(notify::send_due(world.app()).await.unwrap().is_some_and(|outcome| outcome.sent == all.len() - 1));
}

#[actix_web::test]
async fn a_server_that_is_not_proven_gets_no_address() {
    let smtp_folder = tempfile::tempdir().unwrap();
    let path = smtp_folder.path();
    certify(path, "other", "IP:127.0.0.1");
    // Of another authority; of the right one but for another name; without any TLS; with the wrong password.
    for (tls, server_tls, ca, name, password) in [
        ("implicit", "implicit", "other", "IP:127.0.0.1", "geheim"),
        ("starttls", "starttls", "other", "IP:127.0.0.1", "geheim"),
        ("starttls", "starttls", "ca", "DNS:mail.example.org", "geheim"),
        ("starttls", "none", "ca", "IP:127.0.0.1", "geheim"),
        ("starttls", "starttls", "ca", "IP:127.0.0.1", "anders"),
    ] {
        certify(path, "ca", name);
        let smtp = Smtp::start(path, 0, server_tls);
        let mut world = World::new(None, |w| w.notices(smtp.port, tls, Some(&path.join(format!("{ca}.pem")))));
        std::fs::write(world.service.path("password"), password).unwrap();
        let all = world.addresses();
        world.on(next_monday()).await;
        let outcome = notify::send_due(world.app()).await.unwrap();
        assert_eq!(outcome, Some(Outcome { sent: 0, failed: all.len() }), "{tls} {server_tls} {ca} {name}");
        assert_eq!(smtp.take().len(), 0);
    }
}

#[actix_web::test]
async fn a_server_that_says_nothing_is_left() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut world = World::new(None, |w| w.notices(silent.local_addr().unwrap().port(), "none", None));
    world.on(next_monday()).await;
    let sent = tokio::time::timeout(PATIENCE, notify::send_due(world.app())).await.unwrap();
    assert_eq!(sent.unwrap(), Some(Outcome { sent: 0, failed: world.addresses().len() }));
}
