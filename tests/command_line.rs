//! The two programs on the command line, as a person meets them: in words, with an end that tells a script the truth.
#![cfg(all(feature = "server", feature = "desk", unix))]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]
#[path = "command_line/ends.rs"]
mod ends;
#[path = "command_line/helped.rs"]
mod helped;
#[path = "command_line/refusals.rs"]
mod refusals;
mod support;
#[path = "command_line/terminal.rs"]
mod terminal;

use std::process::{Command, Output, Stdio};

use meldkluis::{clock::Clock, domain::day::Day};
use support::{Browser, Service};

const OFFICER: &str = "bzk-functionaris-1";
const SECOND: &str = "bzk-functionaris-2";
const COLLEAGUE: &str = SECOND;
const MANAGER: &str = "bzk-leidinggevende-1";

/// The desk's program, as this reader.
fn desk(service: &Service, reader: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_meldkluis-desk"));
    let key = service.path(&format!("readers/{reader}.key"));
    command.args(["--server", &service.base, "--identity"]).arg(key).arg("--root").arg(service.path("anchor.toml"));
    command.stdin(Stdio::null()).env_remove("EDITOR");
    command
}

async fn run(service: &Service, reader: &str, words: &[&str]) -> Output {
    let mut command = desk(service, reader);
    command.args(words);
    tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap()
}

/// What it says when all is well.
async fn says(service: &Service, reader: &str, words: &[&str]) -> String {
    let done = run(service, reader, words).await;
    assert!(done.status.success(), "{words:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}

/// What it says when it refuses; on standard output it then says nothing.
async fn refuses(service: &Service, reader: &str, words: &[&str]) -> String {
    let done = run(service, reader, words).await;
    assert_eq!(done.status.code(), Some(1), "{words:?}: {}", String::from_utf8_lossy(&done.stdout));
    assert!(done.stdout.is_empty(), "{words:?}: {}", String::from_utf8_lossy(&done.stdout));
    String::from_utf8(done.stderr).unwrap()
}

async fn filed(service: &Service) -> (Browser, String, String) {
    let browser = Browser::new(&service.base);
    let (code, _) = browser.report("Het verhaal", &[]).await;
    let inbox = service.desk(OFFICER, &["inbox"]).await.unwrap();
    (browser, code, inbox[0]["case"].as_str().unwrap().to_owned())
}

/// A file with this text.
fn file(service: &Service, text: &str) -> String {
    let file = service.path("text.txt");
    std::fs::write(&file, text).unwrap();
    file.to_str().unwrap().to_owned()
}

#[actix_web::test]
async fn read_says_in_words_what_is_in_a_case_and_who_reads_it_since_when() {
    let mut service = Service::start(None).await;
    let today = service.clock.today();
    let (browser, code, case) = filed(&service).await;
    let reason = file(&service, "Zij leidt het onderzoek");
    says(&service, OFFICER, &["protocol", &case, "vooronderzoek"]).await;
    says(&service, OFFICER, &["step", &case, "risico-melder"]).await;
    says(&service, OFFICER, &["classify", &case, "--type", "fin", "--assessment", "accepted"]).await;
    let asked = service.desk(OFFICER, &["ask-consent", &case, "--to", MANAGER, "--file", &reason]).await.unwrap();
    let request = asked["item"].as_str().unwrap().to_owned();
    browser.mailbox(&code, None, &[("act", "consent-yes"), ("request", &request)]).await;
    service.clock = Clock::Fixed(today.plus_days(3));
    service.desk(OFFICER, &["hand-over", &case, &request]).await.unwrap();
    says(&service, OFFICER, &["take-out", &case, MANAGER, "--file", &reason]).await;

    let text = says(&service, OFFICER, &["read", &case]).await;
    let reads = |name: &str, id: &str, day: Day| {
        let (start, end) = (format!("  {name}, since {} ", day.date().day()), format!(" ({id})"));
        text.lines().any(|l| l.starts_with(&start) && l.ends_with(&end))
    };
    assert!(reads("Integrity officer 1", OFFICER, today) && reads("Integrity officer 2", SECOND, today), "{text}");
    assert!(reads("Director", MANAGER, today.plus_days(3)), "who was let in is named with the day: {text}");
    for said in [
        "Topic: Money",
        "Preliminary inquiry into a report",
        "Assess what harm the reporter may come to",
        "Type: Financial misconduct",
        "Assessment: Taken up",
        "read this too?",
        "| Zij leidt het onderzoek",
        "Asks to take somebody out of the case",
        &format!("item {request}"),
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    assert!(!text.contains('{') && !text.contains("\":"), "no JSON among the words: {text}");
}

/// Who came in later does not have what let others in before them: no day is made up for those.
#[actix_web::test]
async fn no_day_is_named_that_nothing_proves() {
    let mut service = Service::start(None).await;
    let today = service.clock.today();
    let (browser, code, case) = filed(&service).await;
    let (reason, adviser) = (file(&service, "Leest mee"), "bzk-vertrouwenspersoon-1");
    for (days, who) in [(1, MANAGER), (2, adviser)] {
        service.clock = Clock::Fixed(today.plus_days(days));
        let ask = ["ask-consent", &case, "--to", who, "--file", &reason];
        let asked = service.desk(OFFICER, &ask).await.unwrap();
        let request = asked["item"].as_str().unwrap();
        browser.mailbox(&code, None, &[("act", "consent-yes"), ("request", request)]).await;
        service.desk(OFFICER, &["hand-over", &case, request]).await.unwrap();
    }
    let text = says(&service, adviser, &["read", &case]).await;
    let since = |name: &str, days: i32| format!("{name}, since {} ", today.plus_days(days).date().day());
    assert!(text.contains(&since("Integrity officer 1", 0)), "{text}");
    assert!(text.lines().any(|l| l.contains(adviser) && l.contains(&since("1", 2))), "{text}");
    assert!(text.contains(&format!("  Director ({MANAGER})\n")), "{text}");
    let text = says(&service, OFFICER, &["read", &case]).await;
    assert!(text.contains(&since("Director", 1)), "{text}");
}

#[actix_web::test]
async fn the_log_and_its_export_are_in_words() {
    let service = Service::start(None).await;
    let (auditor, (_, _, case)) = ("bzk-auditor", filed(&service).await);
    service.desk(OFFICER, &["read", &case]).await.unwrap();
    let log = says(&service, auditor, &["log"]).await;
    assert!(
        log.lines().any(|l| l.contains(OFFICER) && l.contains("  opened the case  ") && l.contains(&case)),
        "{log}"
    );
    let file = service.path("log.json");
    let said = says(&service, auditor, &["audit", "export", file.to_str().unwrap()]).await;
    assert!(said.contains("of the log are in") && !said.contains('{'), "{said}");
    assert!(says(&service, auditor, &["audit", "verify", file.to_str().unwrap()]).await.contains("records hold"));
}

#[actix_web::test]
async fn a_proof_names_who_confirmed_it_with_their_function() {
    let service = Service::start(None).await;
    let (browser, code, case) = filed(&service).await;
    says(&service, OFFICER, &["acknowledge", &case, "--file", &file(&service, "Ontvangen")]).await;
    let page = browser.mailbox(&code, None, &[("act", "proof")]).await;
    let proof = page.html.split("<dt>Uw bewijs</dt><dd translate=\"no\">").nth(1).unwrap().split('<').next().unwrap();
    says(&service, SECOND, &["read", &case]).await;
    let said = says(&service, SECOND, &["check-proof", &case, proof]).await;
    let today = service.clock.today();
    assert!(said.contains(&format!("Integrity officer 1 ({OFFICER}) confirmed it on {today}.")), "{said}");
}
