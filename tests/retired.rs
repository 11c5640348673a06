//! Who retired leaves what they signed: their cases go on, and nothing new of theirs counts. Only a coordinator speaks as one.
#![cfg(all(feature = "server", feature = "desk"))]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]
#[expect(dead_code, reason = "a part is used")]
#[path = "support/hostile.rs"]
mod evil;
#[path = "retired/memo.rs"]
mod memo;
#[path = "retired/new.rs"]
mod new;
mod support;

use std::path::Path;

use meldkluis::{
    clock::Clock,
    desk::Identity,
    domain::{
        day::Day,
        id::{CaseId, ReaderId},
    },
    roster_files::sign,
    seal::code::print_words,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use support::{
    Browser, Service,
    child::{Program, settings},
};

const READER: &str = "bzk-functionaris-1";
const SECOND: &str = "bzk-functionaris-2";
const THIRD: &str = "bzk-functionaris-3";
const NEW: &str = "bzk-omgangsvormen-1";

/// A server whose roster changes, with one report.
struct Case {
    service: Service,
    settings: String,
    program: Program,
    code: String,
    id: String,
}

/// The next file of the ministry, signed by its signer.
fn change(folder: &Path, change: impl FnOnce(&str) -> String) {
    let path = folder.join("roster/org-bzk.toml");
    let old = std::fs::read_to_string(&path).unwrap();
    let value: toml::Value = toml::from_str(&old).unwrap();
    let serial = value["head"]["serial"].as_integer().unwrap();
    let previous = format!("previous = \"{}\"", value["head"]["previous"].as_str().unwrap());
    let hash = format!("previous = \"{}\"", hex::encode(Sha256::digest(old.as_bytes())));
    let next = format!("serial = {}", serial + 1);
    let new = change(&old).replacen(&format!("serial = {serial}"), &next, 1).replacen(&previous, &hash, 1);
    let key = ssh_key::PrivateKey::read_openssh_file(&folder.join("signers/bzk")).unwrap();
    std::fs::write(path.with_extension("toml.sig"), sign(&new, &key).unwrap()).unwrap();
    std::fs::write(path, new).unwrap();
}

/// The file with another status of somebody.
fn with_status(file: &str, who: &str, status: &str) -> String {
    let (before, theirs) = file.split_once(&format!("id = \"{who}\"")).unwrap();
    format!("{before}id = \"{who}\"{}", theirs.replacen("status = \"active\"", status, 1))
}

impl Case {
    async fn filed(strike: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(folder.path(), None);
        let program = Program::start(folder.path(), &settings);
        let service = Service { base: program.base.clone(), database: String::new(), clock: Clock::System, folder };
        let (code, _) = Browser::new(&service.base).report("Het verhaal", strike).await;
        let inbox = service.desk(READER, &["inbox"]).await.unwrap();
        let id = inbox[0]["case"].as_str().unwrap().to_owned();
        Self { service, settings, program, code, id }
    }

    /// Puts a new roster into use.
    fn change(&mut self, to: impl FnOnce(&str) -> String) {
        self.program.kill();
        change(self.service.folder.path(), to);
        self.program = Program::start(self.service.folder.path(), &self.settings);
        self.service.base = self.program.base.clone();
    }

    fn retire(&mut self, who: &str, until: Day) {
        self.change(|file| with_status(file, who, &format!("status = \"retired\"\nuntil = \"{until}\"")));
    }

    async fn desk(&self, who: &str, words: &[&str]) -> Result<Value, String> {
        self.service.desk(who, &[&words[..1], &[&self.id], &words[1..]].concat()).await
    }

    /// A command that takes a text.
    async fn says(&self, who: &str, words: &[&str], text: &str) -> Result<Value, String> {
        let file = self.service.path("text.txt");
        std::fs::write(&file, text).unwrap();
        self.desk(who, &[words, &["--file", file.to_str().unwrap()]].concat()).await
    }

    async fn mailbox(&self, more: &[(&str, &str)]) -> String {
        Browser::new(&self.service.base).mailbox(&self.code, None, more).await.html
    }

    /// Lets somebody in as the reporter agrees.
    async fn hand_over(&self, by: &str, to: &[&str]) {
        let asked = self.says(by, &[&["ask-consent"], to].concat(), "Neemt het over").await.unwrap();
        let asked = asked["item"].as_str().unwrap();
        self.mailbox(&[("act", "consent-yes"), ("request", asked)]).await;
        self.desk(by, &["hand-over", asked]).await.unwrap();
    }

    fn id(&self) -> CaseId {
        CaseId::parse(&self.id).unwrap()
    }
}

fn today() -> Day {
    Clock::System.today()
}

/// The case of before with its only reader retired since: how they were told apart from strangers stays.
#[actix_web::test]
async fn whoever_took_over_from_one_who_retired_answers_and_closes() {
    let mut case = Case::filed(&[SECOND, THIRD, "bzk-functionaris-4"]).await;
    case.says(READER, &["acknowledge"], "BEVESTIGD").await.unwrap();
    case.hand_over(READER, &["--to", NEW]).await;
    case.retire(READER, today());

    let seen = case.desk(NEW, &["read"]).await.unwrap();
    assert_eq!(seen["strangers"], json!([]), "{seen}");
    assert!(seen["items"].as_array().unwrap().iter().all(|item| item["proven"] == true), "{seen}");
    assert!(case.mailbox(&[]).await.contains("BEVESTIGD"));
    case.says(NEW, &["note"], "Notitie").await.unwrap();
    case.says(NEW, &["reply"], "ANTWOORD").await.unwrap();
    case.says(NEW, &["feedback"], "Terugkoppeling").await.unwrap();
    assert!(case.mailbox(&[]).await.contains("Terugkoppeling"));
    // Who retired signs in no more, is asked for by nobody and gets nothing.
    let gone = case.desk(READER, &["read"]).await.unwrap_err();
    assert!(gone.contains("not in the list of readers any more"), "{gone}");
    let again = case.says(NEW, &["ask-consent", "--to", READER], "Terug").await.unwrap_err();
    assert!(again.contains("not a reader who can be added"), "{again}");
    case.says(NEW, &["close"], "Klaar").await.unwrap();
}

#[actix_web::test]
async fn who_was_taken_out_stays_out_when_one_of_the_two_retires() {
    let mut case = Case::filed(&[]).await;
    case.desk(READER, &["read"]).await.unwrap();
    let asked = case.says(READER, &["take-out", THIRD], "Is betrokken").await.unwrap();
    case.desk(SECOND, &["confirm-take-out", asked["item"].as_str().unwrap()]).await.unwrap();
    let again = case.says(SECOND, &["ask-consent", "--to", THIRD], "Toch").await.unwrap_err();
    assert!(again.contains("not a reader who can be added"), "{again}");
    case.retire(READER, today());
    let again = case.says(SECOND, &["ask-consent", "--to", THIRD], "Toch").await.unwrap_err();
    assert!(again.contains("not a reader who can be added"), "{again}");
}

/// The server wants two who read now.
#[actix_web::test]
async fn nobody_is_the_second_of_one_who_retired() {
    let mut case = Case::filed(&[]).await;
    case.desk(READER, &["read"]).await.unwrap();
    let asked = case.says(READER, &["take-out", THIRD], "Is betrokken").await.unwrap();
    case.retire(READER, today());
    for (what, why) in [(THIRD, "nobody asked"), (asked["item"].as_str().unwrap(), "there is no such request")] {
        let refused = case.desk(SECOND, &["confirm-take-out", what]).await.unwrap_err();
        assert!(refused.contains(why), "{refused}");
    }
    let seen = case.desk(SECOND, &["read"]).await.unwrap();
    assert!(seen.to_string().contains("Is betrokken") && !seen.to_string().contains("taken_out"), "{seen}");
}

#[actix_web::test]
async fn of_who_was_revoked_nothing_counts() {
    let mut case = Case::filed(&[]).await;
    case.says(READER, &["acknowledge"], "BEVESTIGD").await.unwrap();
    case.hand_over(READER, &["--to", NEW]).await;
    case.change(|file| with_status(file, READER, "status = \"revoked\""));
    assert!(!case.mailbox(&[]).await.contains("BEVESTIGD"));
    let seen = case.desk(SECOND, &["read"]).await.unwrap();
    let theirs = seen["items"].as_array().unwrap().iter().filter(|item| item["from"] == READER);
    assert!(theirs.clone().count() == 3 && theirs.clone().all(|item| item["proven"] == false), "{seen}");
    assert_eq!(seen["strangers"], json!([NEW]), "{seen}");
}

#[actix_web::test]
async fn guests_stay_when_who_vouches_for_them_retires() {
    let mut case = Case::filed(&[]).await;
    case.desk(READER, &["read"]).await.unwrap();
    let name = "ad-onderzoeker";
    let key = case.service.path(&format!("readers/{name}.key"));
    let me = Identity::create(&key, ReaderId::parse(name).unwrap(), None).unwrap();
    let public = case.service.path("guest.toml");
    std::fs::write(&public, me.public()).unwrap();
    let words = print_words(&me.keyed()).join(" ");
    let until = today().plus_days(30).to_string();
    let about = ["--shown-as", "Auditdienst", "--until", &until, "--words", &words];
    let card = case.desk(READER, &[&["invite", "--public", public.to_str().unwrap()], &about[..]].concat()).await;
    let file = case.service.path("card.json");
    std::fs::write(&file, card.unwrap().to_string()).unwrap();
    let card = file.to_str().unwrap();
    case.hand_over(READER, &["--guest", card]).await;
    let note = case.service.path("note.txt");
    std::fs::write(&note, "VAN-DE-GAST").unwrap();
    let note = ["--card", card, "note", &case.id, "--file", note.to_str().unwrap()].map(str::to_owned);
    let note: Vec<&str> = note.iter().map(String::as_str).collect();
    case.service.desk(name, &note).await.unwrap();
    case.retire(READER, today());

    case.service.desk(name, &note).await.unwrap();
    let seen = case.desk(SECOND, &["read"]).await.unwrap();
    let theirs: Vec<&Value> = seen["items"].as_array().unwrap().iter().filter(|item| item["from"] == name).collect();
    assert!(theirs.len() == 2 && theirs.iter().all(|item| item["proven"] == true), "{seen}");
}
