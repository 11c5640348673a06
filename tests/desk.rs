//! The desk believes nothing it cannot verify: what is damaged, swapped or foreign is marked, and nothing is partly written.
#![cfg(all(feature = "server", feature = "desk"))]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]
mod support;

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};
use support::{Browser, Service};

const READER: &str = "bzk-functionaris-1";
const OTHER: &str = "bzk-functionaris-2";

/// A report with two files, the case's id, and the payloads' paths.
async fn with_two_files(service: &Service) -> (String, Vec<PathBuf>) {
    let browser = Browser::new(&service.base);
    let (code, _) = browser.report("Verhaal", &[]).await;
    for (name, byte) in [("een.txt", 1), ("twee.txt", 2)] {
        assert_eq!(browser.upload(&code, name, vec![byte; 300_000]).await.status, 200);
    }
    let inbox = service.desk(READER, &["inbox"]).await.unwrap();
    let mut files = Vec::new();
    all_files(&service.path("data/payloads"), &mut files);
    assert_eq!(files.len(), 2);
    (inbox[0]["case"].as_str().unwrap().to_owned(), files)
}

fn all_files(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { all_files(&path, into) } else { into.push(path) }
    }
}

/// Reads the case and saves its files; returns the items and the names of what was saved.
async fn saved(service: &Service, case: &str) -> (Vec<Value>, Vec<String>) {
    let folder = service.path("saved");
    drop(fs::remove_dir_all(&folder));
    let read = service.desk(READER, &["read", case, "--save", folder.to_str().unwrap()]).await.unwrap();
    let mut names: Vec<String> =
        fs::read_dir(&folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    (read["items"].as_array().unwrap().clone(), names)
}

#[actix_web::test]
async fn a_damaged_file_is_marked_and_everything_else_stays_readable() {
    let service = Service::start(None).await;
    let (case, files) = with_two_files(&service).await;
    let mut bytes = fs::read(&files[0]).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&files[0], &bytes).unwrap();
    let (items, names) = saved(&service, &case).await;
    assert_eq!(items[0]["story"]["story"], "Verhaal");
    assert_eq!(items.iter().filter(|i| i["error"].is_string()).count(), 1);
    assert_eq!(names.len(), 1, "the damaged file was not written, not even in part: {names:?}");
}

#[actix_web::test]
async fn swapped_and_replayed_files_are_marked() {
    let service = Service::start(None).await;
    let (case, files) = with_two_files(&service).await;
    let [one, two] = [fs::read(&files[0]).unwrap(), fs::read(&files[1]).unwrap()];
    fs::write(&files[0], &two).unwrap();
    let (items, names) = saved(&service, &case).await;
    assert_eq!((items.iter().filter(|i| i["error"].is_string()).count(), names.len()), (1, 1), "replayed");
    fs::write(&files[1], &one).unwrap();
    let (items, names) = saved(&service, &case).await;
    assert_eq!((items.iter().filter(|i| i["error"].is_string()).count(), names.len()), (2, 0), "swapped");
}

#[cfg(unix)]
#[actix_web::test]
async fn saved_files_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let service = Service::start(None).await;
    let (case, _) = with_two_files(&service).await;
    let (_, names) = saved(&service, &case).await;
    assert_eq!(names, ["een.txt", "twee.txt"]);
    for name in names {
        let mode = fs::metadata(service.path("saved").join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0);
    }
}

#[actix_web::test]
async fn a_slot_that_was_touched_in_the_database_is_not_served() {
    let service = Service::start(None).await;
    let (case, _) = with_two_files(&service).await;
    let pool = sqlx::SqlitePool::connect(&service.database).await.unwrap();
    sqlx::query("update slot set mailbox = randomblob(32)").execute(&pool).await.unwrap();
    pool.close().await;
    assert_eq!(service.desk(READER, &["inbox"]).await.unwrap(), json!([]));
    let refused = service.desk(READER, &["read", &case]).await.unwrap_err();
    assert!(refused.contains("no such case"), "{refused}");
}

#[actix_web::test]
async fn a_key_that_is_not_in_the_roster_opens_nothing_and_is_told_so() {
    let service = Service::start(None).await;
    with_two_files(&service).await;
    let stranger = service.path("readers/bzk-functionaris-9.key");
    let name = meldkluis::domain::id::ReaderId::parse(READER).unwrap();
    meldkluis::desk::Identity::create(&stranger, name, None).unwrap();
    let refused = service.desk("bzk-functionaris-9", &["inbox"]).await.unwrap_err();
    assert!(refused.contains("not in the list of readers yet") && refused.contains("whoami"), "{refused}");
}

#[actix_web::test]
async fn a_roster_file_that_the_server_leaves_out_is_still_remembered() {
    let service = Service::start(None).await;
    service.desk(READER, &["inbox"]).await.unwrap();
    let seen = service.path(&format!("readers/{READER}.seen"));
    let mut files: Vec<Value> = serde_json::from_slice(&fs::read(&seen).unwrap()).unwrap();
    files.push(json!({ "file": "org-oud", "serial": 7, "sha256": "00".repeat(32) }));
    fs::write(&seen, serde_json::to_vec(&files).unwrap()).unwrap();
    service.desk(READER, &["inbox"]).await.unwrap();
    assert!(fs::read_to_string(&seen).unwrap().contains("org-oud"));
}

#[actix_web::test]
async fn a_sign_in_made_for_another_server_is_not_accepted_here() {
    use meldkluis::api_types::{Nonce, signed_bytes};
    let service = Service::start(None).await;
    let me = meldkluis::desk::Identity::load(&service.path(&format!("readers/{READER}.key")), || unreachable!());
    let me = me.unwrap();
    let http = reqwest::Client::new();
    let api = format!("{}/api/v1", service.base);
    for (origin, accepted) in
        [("http://other.example", 401), (service.base.as_str(), 200), (service.base.as_str(), 200)]
    {
        let asked = http.post(format!("{api}/challenge")).json(&json!({ "reader": READER })).send().await.unwrap();
        let nonce: Nonce = asked.json().await.unwrap();
        let bytes = signed_bytes(&nonce.instance, origin, &nonce.nonce, &me.reader);
        let signature = hex::encode(me.signer.sign(&bytes));
        let sent = json!({ "reader": READER, "nonce": nonce.nonce, "origin": origin, "signature": signature });
        let answer = || async { http.post(format!("{api}/session")).json(&sent).send().await.unwrap().status() };
        assert_eq!(answer().await, accepted, "{origin}");
        assert_eq!(answer().await, 401, "a nonce counts once");
    }
    // Whoever relays a sign-in chooses the Host that goes with it.
    let asked = http.post(format!("{api}/challenge")).json(&json!({ "reader": READER })).send().await.unwrap();
    let nonce: Nonce = asked.json().await.unwrap();
    let origin = "https://relay.example";
    let signature = hex::encode(me.signer.sign(&signed_bytes(&nonce.instance, origin, &nonce.nonce, &me.reader)));
    let sent = json!({ "reader": READER, "nonce": nonce.nonce, "origin": origin, "signature": signature });
    let relayed = http.post(format!("{api}/session")).header("host", "relay.example").json(&sent).send().await.unwrap();
    assert_eq!(relayed.status(), 401);
}

#[actix_web::test]
async fn the_inbox_shows_and_searches_what_was_opened_and_opens_nothing_that_was_not() {
    let service = Service::start(None).await;
    let browser = Browser::new(&service.base);
    browser.report("De kas is leeg.\nAl een jaar.", &[]).await;
    let case = service.desk(READER, &["inbox"]).await.unwrap()[0]["case"].as_str().unwrap().to_owned();
    service.desk(READER, &["read", &case]).await.unwrap();
    browser.report("Iets anders", &[]).await;
    let found = async |words: &[&str]| service.desk(READER, &[&["inbox"], words].concat()).await.unwrap();
    let all = found(&[]).await;
    let titles: Vec<&Value> = all.as_array().unwrap().iter().filter(|c| c["title"].is_string()).collect();
    assert!(titles.len() == 1 && titles[0]["title"] == "De kas is leeg." && titles[0]["oral"] == false, "{all}");
    assert!(all.as_array().unwrap().iter().any(|c| c["state"] == "unopened"), "looking is not reading: {all}");
    assert_eq!(found(&["--search", "JAAR kas"]).await[0]["case"], case.as_str());
    assert_eq!(found(&["--search", case.get(..8).unwrap()]).await[0]["case"], case.as_str());
    assert_eq!(found(&["--search", "anders"]).await, json!([]));
    assert_eq!(found(&["--state", "late"]).await, json!([]));
    assert_eq!(found(&["--state", "open"]).await.as_array().unwrap().len(), 2);
    let file = service.path("end.txt");
    fs::write(&file, "Klaar").unwrap();
    service.desk(READER, &["close", &case, "--file", file.to_str().unwrap()]).await.unwrap();
    assert_eq!(found(&["--state", "closed"]).await[0]["case"], case.as_str());
}

/// The server says whose case it is, and to the overseers of that organisation a reader says what they do.
#[actix_web::test]
async fn the_server_cannot_make_a_case_another_organisation_s() {
    let service = Service::start(None).await;
    let outside = "buiten-functionaris-1";
    let browser = Browser::new(&service.base);
    browser.report("De kas is leeg.", &[READER, OTHER]).await;
    let case = service.desk(outside, &["inbox"]).await.unwrap()[0]["case"].as_str().unwrap().to_owned();
    let now = |org: &'static str| {
        let database = service.database.clone();
        async move {
            let pool = sqlx::SqlitePool::connect(&database).await.unwrap();
            sqlx::query(r#"update "case" set org = ?"#).bind(org).execute(&pool).await.unwrap();
            pool.close().await;
        }
    };
    now("buiten").await;
    let told = async |who: &str| {
        let log = service.desk(who, &["log"]).await.unwrap();
        log["entries"].as_array().unwrap().iter().filter(|e| e["record"]["case"] == case.as_str()).count()
    };
    // Of the outside desk it could be; the reporter's first item says that it is not.
    let refused = service.desk(outside, &["read", &case]).await.unwrap_err();
    assert!(refused.contains("another organisation"), "{refused}");
    // Who is of one organisation has no case of another, opened or not.
    for words in [&["read", &case][..], &["leave", &case, "--conflict"]] {
        let refused = service.desk("bzk-functionaris-3", words).await.unwrap_err();
        assert!(refused.contains("another organisation"), "{refused}");
    }
    assert_eq!(told("buiten-coordinator").await, 0);
    now("bzk").await;
    assert_eq!(service.desk(outside, &["read", &case]).await.unwrap()["items"][0]["story"]["story"], "De kas is leeg.");
    assert_eq!((told("bzk-coordinator").await, told("buiten-coordinator").await), (1, 0));
}

#[actix_web::test]
async fn what_a_desk_remembers_of_the_logs_tells_a_thief_of_the_disk_nothing() {
    let service = Service::start(None).await;
    service.desk(READER, &["inbox"]).await.unwrap();
    let logs = service.path(&format!("readers/{READER}.logs"));
    let kept = fs::read(&logs).unwrap();
    assert!(kept.starts_with(b"age-encryption.org/") && !kept.windows(3).any(|three| three == b"bzk"));
    // What is there and does not open is not as if it were not there: a log that was set back would not be seen.
    fs::write(&logs, kept.get(..kept.len() / 2).unwrap()).unwrap();
    assert!(service.desk(READER, &["inbox"]).await.is_err());
}

/// Whoever else has read a case: nothing of it is shown to a reader who has not, whose first look would stand in no log.
#[actix_web::test]
async fn the_inbox_says_nothing_of_a_case_that_this_reader_has_not_opened() {
    let service = Service::start(None).await;
    let browser = Browser::new(&service.base);
    browser.report("De kas is leeg.\nAl een jaar.", &[]).await;
    let case = service.desk(OTHER, &["inbox"]).await.unwrap()[0]["case"].as_str().unwrap().to_owned();
    service.desk(OTHER, &["read", &case]).await.unwrap();
    let found = async |words: &[&str]| service.desk(READER, &[&["inbox"], words].concat()).await.unwrap();
    let looks = async || {
        let log = service.desk("bzk-coordinator", &["log"]).await.unwrap();
        let all = log["entries"].as_array().unwrap().iter();
        all.filter(|e| e["record"]["deed"] == "opened" && e["record"]["by"] == READER).count()
    };
    let all = found(&[]).await;
    assert!(all[0]["state"] == "open" && all[0]["opened"] == false && all[0]["title"].is_null(), "{all}");
    assert_eq!((found(&["--search", "kas"]).await, looks().await), (json!([]), 0));
    let summaries = service.path(&format!("readers/{READER}.summaries"));
    assert!(!summaries.exists(), "nothing was opened to be kept");

    service.desk(READER, &["read", &case]).await.unwrap();
    let all = found(&["--search", "kas"]).await;
    assert!(all[0]["opened"] == true && all[0]["title"] == "De kas is leeg.", "{all}");
    assert_eq!(looks().await, 1);
    // Of a desk that forgot what it opened, what it kept is forgotten too: the next look is a first one.
    fs::remove_file(service.path(&format!("readers/{READER}.opened"))).unwrap();
    let all = found(&[]).await;
    assert!(all[0]["opened"] == false && all[0]["title"].is_null(), "{all}");
}

#[actix_web::test]
async fn a_case_is_not_closed_by_one_word_alone() {
    let service = Service::start(None).await;
    Browser::new(&service.base).report("De kas is leeg.", &[]).await;
    let case = service.desk(READER, &["inbox"]).await.unwrap()[0]["case"].as_str().unwrap().to_owned();
    service.desk(READER, &["read", &case]).await.unwrap();
    let file = service.path("end.txt");
    fs::write(&file, "Klaar").unwrap();
    let close = ["close", &case, "--file", file.to_str().unwrap()];
    let asked = service.desk_says(READER, &close).await.unwrap_err();
    assert!(asked.contains("cannot be undone") && asked.contains("--yes"), "{asked}");
    assert_eq!(service.desk(READER, &["inbox"]).await.unwrap()[0]["state"], "open");
    service.desk_says(READER, &[&close[..], &["--yes"]].concat()).await.unwrap();
    assert_eq!(service.desk(READER, &["inbox", "--state", "closed"]).await.unwrap()[0]["case"], case.as_str());
}

#[actix_web::test]
async fn what_may_be_said_in_codes_is_named_where_a_code_is_wrong() {
    let service = Service::start(None).await;
    let words = ["classify", "0c7e2f4a-7d0e-4b53-9f3c-6f1e6f0d6a11", "--type", "fraud", "--assessment", "accepted"];
    let wrong = service.desk(READER, &words).await.unwrap_err();
    assert!(wrong.contains("soc-p") && wrong.contains("oth") && !wrong.contains("referred-hr"), "{wrong}");
    let help = service.desk(READER, &["classify", "--help"]).await.unwrap_err();
    for code in ["fin", "about-reader", "referred-hr", "preliminary", "undeterminable", "conditional-dismissal"] {
        assert!(help.contains(code), "{code}: {help}");
    }
}

#[actix_web::test]
async fn new_keys_need_a_passphrase_that_is_long_enough() {
    let service = Service::start(None).await;
    let file = service.path("passphrase");
    let key = service.path("readers/gast.key");
    for (passphrase, enough) in [("kort", false), ("net-te-kort-15ch", true), ("net-te-kort-15c", false)] {
        fs::write(&file, passphrase).unwrap();
        let words = ["--passphrase-file", file.to_str().unwrap(), "keygen", "adr-onderzoeker"];
        match service.desk("gast", &words).await {
            Ok(_) => assert!(enough, "{passphrase}"),
            Err(refused) => assert!(!enough && refused.contains("16 characters"), "{passphrase}: {refused}"),
        }
        assert_eq!(key.exists(), enough);
        drop(fs::remove_file(&key));
    }
    let help = service.desk("gast", &["keygen", "--help"]).await.unwrap_err();
    assert!(help.contains("a guest"), "{help}");
}

#[actix_web::test]
async fn keys_that_are_there_stay_and_a_wrong_name_is_asked_for_anew() {
    let service = Service::start(None).await;
    let key = service.path(&format!("readers/{READER}.key"));
    let before = fs::read(&key).unwrap();
    let refused = service.desk(READER, &["keygen", "bzk-nieuw", "--no-passphrase"]).await.unwrap_err();
    assert!(refused.contains("there are keys in") && refused.contains(key.to_str().unwrap()), "{refused}");
    assert!(refused.contains("never overwritten") && refused.contains("--identity"), "{refused}");
    assert!(!refused.contains("os error") && fs::read(&key).unwrap() == before, "{refused}");
    let (case, text) = ("0c7e2f4a-7d0e-4b53-9f3c-6f1e6f0d6a11", key.to_str().unwrap());
    for (words, field) in [
        (&["keygen", "Jan Smit", "--no-passphrase"][..], "your name"),
        (&["ask-consent", case, "--to", "Jan Smit", "--file", text], "--to"),
        (&["take-out", case, "Jan Smit", "--file", text], "who"),
        (&["oral", "--how", "phone", "--topic", "money", "--file", text, "--strike", "Jan Smit"], "--strike"),
    ] {
        let refused = service.desk(if words[0] == "keygen" { "nieuw" } else { READER }, words).await.unwrap_err();
        assert!(refused.contains(&format!("{field}: “Jan Smit” was given; a name in the roster")), "{refused}");
    }
}

/// So many of the first characters of a number.
fn first(number: &str, characters: usize) -> &str {
    number.get(..characters).unwrap()
}

/// Pages and lists show the first eight characters of a number: commands take those, or more.
#[actix_web::test]
async fn a_case_and_an_item_are_named_by_the_beginning_of_their_number() {
    let service = Service::start(None).await;
    Browser::new(&service.base).report("Verhaal", &[]).await;
    let inbox = service.desk(READER, &["inbox"]).await.unwrap();
    let case = inbox[0]["case"].as_str().unwrap();
    let opened = service.desk(READER, &["read", first(case, 8)]).await.unwrap();
    assert_eq!(opened["case"]["case"], case);
    let item = opened["items"][0]["item"].as_str().unwrap();
    let (reason, other) = (service.path("reason.txt"), "bzk-functionaris-4");
    fs::write(&reason, "Nodig").unwrap();
    let reason = reason.to_str().unwrap();
    let short = first(case, 11).to_uppercase();
    let words = ["ask-consent", &short, "--to", other, "--item", first(item, 8), "--file", reason];
    let asked = service.desk(READER, &words).await.unwrap();
    let opened = service.desk(READER, &["read", case]).await.unwrap();
    assert_eq!(opened["items"][1]["item"], asked["item"]);
    assert_eq!(opened["items"][1]["consent"]["items"][0]["item"], item);
    service.desk("bzk-coordinator", &["remind", first(case, 8), "--file", reason]).await.unwrap();
    for (words, why) in [
        (vec!["read", first(case, 7)], "the whole number, or 8 or more"),
        (vec!["read", "00000000"], "no case of yours begins with 00000000"),
        (vec!["hand-over", case, "00000000"], "no item of this case begins with 00000000"),
    ] {
        let refused = service.desk(READER, &words).await.unwrap_err();
        assert!(refused.contains(why), "{refused}");
    }
}
