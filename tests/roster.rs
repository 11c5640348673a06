//! Nothing about who reads is believed unless the right people signed it, in time and in order.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test")]
mod support;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use meldkluis::{
    clock::Clock,
    demo,
    domain::day::Day,
    roster_cli::{self, Command as Roster},
    roster_files::{Files, NAMESPACE},
    server,
};
use sha2::{Digest, Sha256};

/// Roster files in a folder, signed anew with stock `ssh-keygen` whenever a test changes them.
struct Deployment {
    folder: tempfile::TempDir,
}

impl Deployment {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        demo::make_or_find(folder.path(), "127.0.0.1:0".parse().unwrap()).unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn text(&self, file: &str) -> String {
        fs::read_to_string(self.path("roster").join(file)).unwrap()
    }

    /// Changes a file without signing it again.
    fn alter(&self, file: &str, from: &str, to: &str) {
        let text = self.text(file);
        assert!(text.contains(from), "{file} has no {from}");
        fs::write(self.path("roster").join(file), text.replacen(from, to, 1)).unwrap();
    }

    /// Changes a file and signs it with these keys of the `signers` folder.
    fn change(&self, file: &str, from: &str, to: &str, keys: &[&str]) {
        self.alter(file, from, to);
        self.sign(file, keys);
    }

    fn sign(&self, file: &str, keys: &[&str]) {
        let path = self.path("roster").join(file);
        let signature = path.with_extension("toml.sig");
        let mut all = String::new();
        for key in keys {
            let _ = fs::remove_file(&signature);
            keygen(&["-Y", "sign", "-n", NAMESPACE, "-f", text_of(&self.path("signers").join(key)), text_of(&path)]);
            all += &fs::read_to_string(&signature).unwrap();
        }
        fs::write(signature, all).unwrap();
    }

    /// A new signer's key, made by stock `ssh-keygen`; returns the public line.
    fn signer(&self, name: &str, kind: &str) -> String {
        let path = self.path("signers").join(name);
        keygen(&["-q", "-t", kind, "-N", "", "-f", text_of(&path)]);
        fs::read_to_string(path.with_extension("pub")).unwrap().trim().to_owned()
    }

    /// The next file: serial 2, and the hash of the one before.
    fn next(&self, file: &str, keys: &[&str]) {
        let before = sha256(&self.text(file));
        self.alter(file, "serial = 1", "serial = 2");
        self.change(file, "previous = \"\"", &format!("previous = \"{before}\""), keys);
    }

    fn copy(&self) -> Self {
        let folder = tempfile::tempdir().unwrap();
        assert!(
            Command::new("cp")
                .args(["-a", &format!("{}/.", self.folder.path().display())])
                .arg(folder.path())
                .status()
                .unwrap()
                .success()
        );
        Self { folder }
    }

    fn roster(&self, command: impl FnOnce(PathBuf) -> Roster) -> Result<String, String> {
        roster_cli::run(&command(self.path("roster")), Clock::System.today()).map_err(|e| e.to_string())
    }

    fn check(&self) -> Result<String, String> {
        self.roster(|folder| Roster::Check { folder })
    }

    fn verify(&self) -> Result<String, String> {
        self.roster(|folder| Roster::Verify { folder, anchor: self.path("anchor.toml"), after: None })
    }

    fn follows(&self, old: &Self) -> Result<String, String> {
        let (anchor, after) = (self.path("anchor.toml"), Some(old.path("roster")));
        self.roster(|folder| Roster::Verify { folder, anchor, after })
    }

    /// What a server says that is to start on these files; its data folder remembers what it saw.
    async fn serve(&self) -> Result<(), String> {
        let config = demo::make_or_find(self.folder.path(), "127.0.0.1:0".parse().unwrap()).unwrap();
        server::prepare(config, Clock::System).await.map(drop).map_err(|e| e.to_string())
    }
}

fn text_of(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn keygen(arguments: &[&str]) {
    let out = Command::new("ssh-keygen").args(arguments).output().expect("ssh-keygen");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
}

fn sha256(text: &str) -> String {
    hex::encode(Sha256::digest(text))
}

#[track_caller]
fn says(result: Result<impl std::fmt::Debug, String>, wanted: &str) {
    let error = result.expect_err(wanted);
    assert!(error.contains(wanted), "{error}");
}

#[test]
fn a_file_signed_by_stock_ssh_keygen_is_believed_and_ours_by_stock_ssh_keygen() {
    let one = Deployment::new();
    let line = one
        .text("root.toml")
        .lines()
        .find(|l| l.starts_with("demo-signer = "))
        .unwrap()
        .split('"')
        .nth(1)
        .unwrap()
        .to_owned();
    fs::write(one.path("allowed"), format!("demo-signer {line}\n")).unwrap();
    let root = one.path("roster").join("root.toml");
    let check = Command::new("ssh-keygen")
        .args(["-Y", "verify", "-n", NAMESPACE, "-I", "demo-signer", "-f", text_of(&one.path("allowed"))])
        .args(["-s", text_of(&root.with_extension("toml.sig"))])
        .stdin(fs::File::open(&root).unwrap())
        .output()
        .unwrap();
    assert!(check.status.success(), "{}", String::from_utf8_lossy(&check.stdout));
    one.sign("root.toml", &["root"]);
    let text = one.verify().unwrap();
    assert!(text.contains("root: serial 1") && text.contains("signed by demo-signer"), "{text}");
    assert!(one.check().unwrap().contains("0 mistake(s)"));
}

#[tokio::test]
async fn unsigned_or_altered_files_start_nothing() {
    let one = Deployment::new();
    one.serve().await.unwrap();
    one.alter("org-bzk.toml", "Directeur", "Directrice");
    says(one.verify(), "org-bzk: 0 of 1 needed signatures hold");
    says(one.serve().await, "org-bzk: 0 of 1 needed signatures hold");
    // Signed by somebody, but for another organisation.
    one.sign("org-bzk.toml", &["fin"]);
    says(one.serve().await, "org-bzk: 0 of 1 needed signatures hold");
    fs::remove_file(one.path("roster/org-bzk.toml.sig")).unwrap();
    says(one.serve().await, "org-bzk: cannot read");
    one.sign("org-bzk.toml", &["bzk"]);
    says(one.serve().await, "another file with serial 1 was seen before");
}

#[tokio::test]
async fn expired_lower_forked_and_unlinked_files_are_refused_with_the_reason() {
    let old = Deployment::new();
    old.serve().await.unwrap();
    let new = old.copy();
    new.next("org-bzk.toml", &["bzk"]);
    new.follows(&old).unwrap();
    new.serve().await.unwrap();
    says(old.follows(&new), "org-bzk: serial 1 is older than 2");
    // The data folder remembers serial 2; the files of yesterday are put back.
    for file in ["org-bzk.toml", "org-bzk.toml.sig"] {
        fs::copy(old.path("roster").join(file), new.path("roster").join(file)).unwrap();
    }
    says(new.serve().await, "org-bzk: serial 1 is older than 2");

    let fork = old.copy();
    fork.change("org-bzk.toml", "retention_days = 365", "retention_days = 366", &["bzk"]);
    says(fork.follows(&old), "another file with serial 1 was seen before");
    let unlinked = old.copy();
    unlinked.alter("org-bzk.toml", "serial = 1", "serial = 2");
    unlinked.change("org-bzk.toml", "previous = \"\"", &format!("previous = \"{}\"", sha256("else")), &["bzk"]);
    says(unlinked.follows(&old), "it does not follow the file seen before");

    let today = Clock::System.today();
    for (from, to, wanted) in [(-180, -1, "and today is"), (1, 100, "and today is"), (0, 181, "more than 180 days")] {
        let late = old.copy();
        let days = [from, to].map(|d| today.plus_days(d).to_string());
        let (begins, ends) = (today.to_string(), today.plus_days(180).to_string());
        late.alter("org-bzk.toml", &format!("valid_from = \"{begins}\""), &format!("valid_from = \"{}\"", days[0]));
        late.change("org-bzk.toml", &format!("expires = \"{ends}\""), &format!("expires = \"{}\"", days[1]), &["bzk"]);
        says(late.serve().await, wanted);
        let line = late.check().unwrap_err();
        assert!(line.lines().any(|l| l.starts_with("org-bzk.toml:")), "check names the line: {line}");
    }
}

#[test]
fn a_root_file_that_names_other_signers_than_the_anchor_is_refused() {
    let one = Deployment::new();
    let anna = one.signer("anna", "ed25519");
    let key = one.text("root.toml").lines().find(|l| l.starts_with("demo-signer = ")).unwrap().to_owned();
    one.change("root.toml", &key, &format!("demo-signer = \"{anna}\""), &["root"]);
    says(one.verify(), "root: it names other root signers than the anchor does");
}

#[test]
fn an_organisation_that_ended_keeps_nobody_from_working() {
    let one = Deployment::new();
    one.change("root.toml", "id = \"fin\"", "id = \"fin\"\nuntil = \"2026-06-30\"", &["root"]);
    one.alter("org-fin.toml", "retention_days", "nonsense");
    let anchor = meldkluis::roster_files::anchor(&one.path("anchor.toml")).unwrap();
    let believed = || {
        let files = Files::load(&one.path("roster")).map_err(|e| e.to_string())?;
        files.verify(&anchor, Clock::System.today(), |_| None).map(drop).map_err(|e| e.to_string())
    };
    assert_eq!(believed(), Ok(()), "its file is not read any more");
    fs::remove_file(one.path("roster/org-fin.toml")).unwrap();
    assert_eq!(believed(), Ok(()), "and need not be there");
    fs::remove_file(one.path("roster/org-bzk.toml")).unwrap();
    says(believed(), "org-bzk: cannot read");
}

#[test]
fn two_signatures_mean_two_people() {
    let one = Deployment::new();
    let (anna, bert) = (one.signer("anna", "ed25519"), one.signer("bert", "ecdsa"));
    let trust = |people: &[(&str, &str)]| {
        let keys: String = people.iter().map(|(name, key)| format!("{name} = \"{key}\"\n")).collect();
        fs::write(one.path("anchor.toml"), format!("threshold = 2\n[keys]\n{keys}")).unwrap();
        let text = one.text("root.toml");
        let (before, rest) = text.split_once("[signers]\n").unwrap();
        let after = rest.find("\n[[").map_or("", |at| rest.split_at(at).1);
        let root = format!("{before}[signers]\nthreshold = 2\n[signers.keys]\n{keys}{after}");
        fs::write(one.path("roster/root.toml"), root).unwrap();
    };
    trust(&[("anna", &anna), ("bert", &bert)]);
    one.sign("root.toml", &["anna"]);
    says(one.verify(), "root: 1 of 2 needed signatures hold");
    one.sign("root.toml", &["anna", "anna"]);
    says(one.verify(), "root: 1 of 2 needed signatures hold");
    one.sign("root.toml", &["anna", "bert"]);
    assert!(one.verify().unwrap().contains("signed by anna, bert"));
    // One person under two names is still one person.
    trust(&[("anna", &anna), ("annie", &anna)]);
    one.sign("root.toml", &["anna", "anna"]);
    says(one.verify(), "root: 1 of 2 needed signatures hold");
}

#[tokio::test]
async fn a_reader_without_valid_keys_starts_nothing() {
    let whole = Deployment::new();
    let text = whole.text("org-bzk.toml");
    let value = |name: &str| text.lines().find(|l| l.starts_with(name)).unwrap().split('"').nth(1).unwrap().to_owned();
    let seal = value("seal_key");
    let mut damaged = seal.clone();
    damaged.replace_range(40..41, if seal.get(40..41) == Some("q") { "p" } else { "q" });
    let keys =
        [(seal, damaged), (value("sign_key"), format!("01{}", "00".repeat(31))), (value("sign_key"), "ff".repeat(31))];
    for (good, bad) in keys {
        let one = whole.copy();
        one.change("org-bzk.toml", &good, &bad, &["bzk"]);
        let error = one.serve().await.expect_err("a damaged key");
        assert!(error.contains("org-bzk") && error.contains("reader bzk-"), "{error}");
        let lines = one.check().unwrap_err();
        assert!(lines.lines().any(|l| l.starts_with("org-bzk.toml:") && l.contains("mistake: reader bzk-")), "{lines}");
    }
}

#[test]
fn check_names_every_mistake_by_file_and_line() {
    let one = Deployment::new();
    one.alter("org-fin.toml", "retention_days = 365", "retention_days = 0");
    one.alter("org-fin.toml", "status = \"active\"", "status = \"retired\"");
    one.alter("org-buiten.toml", "status = \"active\"", "status = \"active\"\nuntil = \"2026-12-31\"");
    one.alter("org-bzk.toml", "reader = \"bzk-vertrouwenspersoon-1\"", "reader = \"bzk-nobody\"");
    one.alter("org-bzk.toml", "functions = [\"officer\"]", "functions = [\"officer\", \"adviser\"]");
    let text = one.check().unwrap_err();
    let line = |file: &str, holds: &str| one.text(file).lines().position(|l| l.contains(holds)).unwrap() + 1;
    let fin =
        format!("org-fin.toml:{}: mistake: retention_days must be 1 or more", line("org-fin.toml", "retention_days"));
    let bzk =
        format!("org-bzk.toml:{}: mistake: bzk-nobody is named but is not among", line("org-bzk.toml", "bzk-nobody"));
    assert!(text.contains(&fin) && text.contains(&bzk), "{text}");
    assert!(text.contains("mistake: reader bzk-functionaris-1 is adviser and officer"), "{text}");
    for file in ["org-fin", "org-buiten"] {
        let until = |line: &str| line.starts_with(file) && line.contains("has until = \"2026-12-31\", the last day");
        assert!(text.lines().any(until), "{text}");
    }
    one.alter("org-fin.toml", "retention_days = 0", "retention_days = \"a year\"");
    let fin = format!("org-fin.toml:{}: mistake: invalid type", line("org-fin.toml", "retention_days"));
    let text = one.check().unwrap_err();
    assert!(text.contains(&fin), "{text}");
    fs::remove_file(one.path("roster/root.toml")).unwrap();
    says(one.check(), "there is no root.toml");
}

#[test]
fn diff_says_who_can_newly_read_and_who_no_longer() {
    let old = Deployment::new();
    let new = old.copy();
    let diff = |new: &Deployment| old.roster(|old| Roster::Diff { old, new: new.path("roster") }).unwrap();
    new.next("org-bzk.toml", &["bzk"]);
    assert_eq!(diff(&new), "Nothing changes but serials and dates.");
    new.alter("org-bzk.toml", "reserve = \"bzk-functionaris-4\"", "reserve = \"bzk-functionaris-1\"");
    let text = diff(&new);
    let says = |wanted: &str| assert!(text.contains(wanted), "{text}");
    says(
        "bzk: bzk-functionaris-4 (Integrity officer 4) can no longer read reports at desk Integrity on all topics no other desk takes, that nobody opened",
    );
    says(
        "bzk: bzk-functionaris-1 (Integrity officer 1) can newly read reports at desk Integrity on all topics no other desk takes, that nobody opened",
    );
    new.alter("org-bzk.toml", "topics = [\"conduct\"]", "topics = [\"conduct\", \"money\"]");
    let text = diff(&new);
    assert!(
        text.contains(
            "bzk-omgangsvormen-1 (Conduct officer 1) can newly read reports at desk Conduct on conduct, money"
        ),
        "{text}"
    );
    let key = |d: &Deployment| d.text("org-fin.toml").lines().find(|l| l.starts_with("seal_key")).unwrap().to_owned();
    new.alter("org-fin.toml", &key(&old), &key(&Deployment::new()));
    let text = diff(&new);
    assert!(text.contains("has a new key to read with; ask them whether it is theirs"));
    // The words to compare stand there, as `roster keys` reads them out, for those keys alone.
    let keys = new.roster(|folder| Roster::Keys { folder }).unwrap();
    assert!(keys.contains("\nbzk-coordinator: "), "who watches over an organisation too: {keys}");
    let line = text.lines().find(|line| line.contains("compare these words aloud")).unwrap();
    let id = line.split([' ', '(']).nth(1).unwrap();
    let words = keys.lines().find_map(|line| line.strip_prefix(&format!("{id}: "))).unwrap();
    assert!(line.starts_with("fin: ") && line.ends_with(words), "{line}");
    assert_eq!(text.matches("compare these words").count(), 1);
    let shown = new.roster(|folder| Roster::Show { folder }).unwrap();
    assert!(shown.contains("def (Ministry of Defence): has its own channel"), "{shown}");
    assert!(shown.contains("bzk-leidinggevende-1 (Director): reports, only when the reporter chooses them"), "{shown}");
}

#[test]
fn a_file_cannot_write_over_what_an_operator_sees() {
    let one = Deployment::new();
    let evil = "Directeur\\u001b[2K\\nbzk: nothing changes \\u202e";
    one.alter("org-bzk.toml", "Directeur", evil);
    one.alter("org-bzk.toml", "Director", evil);
    let old = Deployment::new();
    let clean = |text: &str| text.chars().all(|c| c == '\n' || !(c.is_control() || c == '\u{202e}'));
    for text in [
        one.roster(|folder| Roster::Show { folder }).unwrap(),
        old.roster(|old| Roster::Diff { old, new: one.path("roster") }).unwrap(),
        one.check().unwrap_err(),
    ] {
        assert!(clean(&text) && !text.lines().any(|l| l.starts_with("bzk: nothing")), "{text:?}");
    }
}

/// The format of the first version, signed by two people with keys of two kinds, is read for ever; `sha256sum` made the expected hashes.
#[test]
fn the_checked_in_roster_is_believed() {
    let folder = Path::new("tests/vectors/roster");
    let files = Files::load(folder).unwrap();
    let anchor = meldkluis::roster_files::anchor(&folder.join("anchor.toml")).unwrap();
    let day = Day::parse("2026-12-01").unwrap();
    let (roster, seen) = files.verify(&anchor, day, |_| None).unwrap();
    assert_eq!(roster.organisations.len(), 2);
    let expected = fs::read_to_string(folder.join("expected.txt")).unwrap();
    let found: String = seen.iter().map(|s| format!("{} {} {}\n", s.file, s.serial, s.sha256)).collect();
    assert_eq!(found + &hex::encode(roster.digest) + "\n", expected);
    let altered = Files {
        root: meldkluis::roster_files::Signed {
            text: files.root.text.replace("Example", "Exemple"),
            ..files.root.clone()
        },
        ..files
    };
    altered.verify(&anchor, day, |_| None).expect_err("one letter changed");
}
