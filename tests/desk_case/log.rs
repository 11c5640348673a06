//! What a script and an auditor are told: how many records, of whom, and what is wrong as JSON.
use std::process::{Command, Output};

use serde_json::Value;

use crate::{
    READER, cases,
    support::{Browser, Service},
};

const AUDITOR: &str = "bzk-auditor";

/// The program with these words, without a server to reach.
async fn program(service: &Service, words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_meldkluis-desk"));
    command.arg("--root").arg(service.path("anchor.toml")).args(words);
    tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[actix_web::test]
async fn an_export_and_its_check_say_which_records_are_of_people_and_which_of_the_server() {
    let service = Service::start(None).await;
    Browser::new(&service.base).report("Over de inkoop", &[]).await;
    let case = cases(&service, READER).await.remove(0);
    service.desk(READER, &["read", &case]).await.unwrap();
    let file = service.path("log.json");
    let file = file.to_str().unwrap();
    let archive = service.desk(AUDITOR, &["audit", "export", file]).await.unwrap();
    let (records, deeds) = (archive["records"].as_u64().unwrap(), archive["deeds"].as_u64().unwrap());
    assert!(deeds > 0 && records == 2 * deeds, "{archive}");
    let said = service.desk_words(AUDITOR, &["audit", "export", file]).await.unwrap();
    let (now, of) = said.split_once(" records of the log are in ").unwrap();
    let parts = format!(
        "{} of something that was done, and {0} in which the server says who sent the one after it",
        now.parse::<u64>().unwrap() / 2
    );
    assert!(of.contains(&parts), "{said}");
    let key = service.path(&format!("readers/{AUDITOR}.key"));
    let words = ["--identity", key.to_str().unwrap(), "audit", "verify", file];
    let verified = text(&program(&service, &words).await.stdout);
    assert!(verified.contains(&format!("All {now} records hold, and so does their chain: {parts}")), "{verified}");
    let log = service.desk_words(AUDITOR, &["log"]).await.unwrap();
    assert!(
        log.ends_with("The numbers between are of records in which the server says who sent the one after it."),
        "{log}"
    );
}

#[actix_web::test]
async fn the_chain_of_a_log_is_checked_without_keys() {
    let service = Service::start(None).await;
    let file = service.path("log.json");
    service.desk(READER, &["inbox"]).await.unwrap();
    service.desk(AUDITOR, &["audit", "export", file.to_str().unwrap()]).await.unwrap();
    let words = ["audit", "verify", file.to_str().unwrap()];
    let done = program(&service, &words).await;
    let said = text(&done.stdout);
    assert!(done.status.success() && said.contains("The chain of all") && said.contains("--identity"), "{said}");
    let mut archive: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    archive["log"]["records"].as_array_mut().unwrap().remove(0);
    std::fs::write(&file, archive.to_string()).unwrap();
    let done = program(&service, &words).await;
    assert_eq!(done.status.code(), Some(1), "{}", text(&done.stdout));
    assert!(text(&done.stderr).contains("the chain does not end where the server said"), "{}", text(&done.stderr));
    // Everything else still asks for keys.
    let done = program(&service, &["inbox"]).await;
    assert!(
        done.status.code() == Some(2) && text(&done.stderr).contains("--identity <FILE>"),
        "{}",
        text(&done.stderr)
    );
}

#[actix_web::test]
async fn a_program_is_told_what_is_wrong_as_json_and_the_inbox_names_no_readers_it_does_not_know() {
    let service = Service::start(None).await;
    Browser::new(&service.base).report("Over de inkoop", &[]).await;
    let done = program(&service, &["--json", "--identity", "/nowhere/me.key", "inbox"]).await;
    assert_eq!(done.status.code(), Some(1));
    let error: Value = serde_json::from_slice(&done.stderr).unwrap();
    assert!(error["error"].as_str().unwrap().contains("/nowhere/me.key") && done.stdout.is_empty(), "{error}");
    let inbox = service.desk(READER, &["inbox"]).await.unwrap();
    assert!(inbox[0].get("readers").is_none() && inbox[0].get("away").is_none(), "{inbox}");
    let case = inbox[0]["case"].as_str().unwrap();
    assert_eq!(service.desk(READER, &["read", case]).await.unwrap()["case"]["readers"].as_array().unwrap().len(), 3);
}
