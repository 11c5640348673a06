//! A backup is made while people report, and becomes a server again in which readers open what they could; what was destroyed since, or
//! taken from a reader, does not come back.
#![cfg(all(feature = "server", feature = "desk", unix))]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]
#[path = "backup/refused.rs"]
mod refused;
mod support;

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use meldkluis::clock::Clock;
use support::{
    Browser, Service,
    child::{Program, settings},
    postgres::Postgres,
    stands_in,
};

const READER: &str = "bzk-functionaris-1";
const OTHER: &str = "bzk-functionaris-2";
const FILE: usize = 700_000;

/// A deployment that serves, and the folder of its backups.
pub(crate) struct World {
    pub(crate) service: Service,
    program: Program,
    pub(crate) settings: String,
}

impl World {
    pub(crate) fn start(database: Option<&str>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(folder.path(), database);
        let program = Program::start(folder.path(), &settings);
        let base = program.base.clone();
        Self { service: Service { folder, base, database: String::new(), clock: Clock::System }, program, settings }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.service.path(name)
    }

    pub(crate) fn stop(&mut self) {
        self.program.kill();
    }

    pub(crate) fn run(&self, settings: &str, words: &[&str]) -> Output {
        let file = self.path("command.toml");
        fs::write(&file, format!("listen = \"127.0.0.1:0\"\n{settings}")).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_meldkluis"));
        command.args(words).arg("--config").arg(file).stdin(Stdio::null());
        command.output().unwrap()
    }

    /// Makes a backup, and returns its folder.
    pub(crate) fn backup(&self) -> PathBuf {
        let to = self.path("backups");
        let done = self.run(&self.settings, &["backup", "--to", to.to_str().unwrap()]);
        assert!(done.status.success(), "{}", said(&done));
        PathBuf::from(said(&done).split(": ").next().unwrap())
    }

    /// The settings of another machine with the same keys and roster, with nothing in its data folder.
    pub(crate) fn elsewhere(&self, name: &str, database: Option<&str>) -> String {
        let mut lines: Vec<String> = self.settings.lines().map(str::to_owned).collect();
        lines.retain(|line| !line.starts_with("data =") && !line.starts_with("database ="));
        lines.push(format!("data = '{}'", self.path(name).display()));
        lines.extend(database.map(|url| format!("database = {url:?}")));
        lines.join("\n") + "\n"
    }

    pub(crate) fn restore(&self, settings: &str, from: &Path, more: &[&str]) -> Output {
        self.run(settings, &[&["restore", "--from", from.to_str().unwrap()], more].concat())
    }

    /// Serves what was restored, in the place of the server there was.
    fn serve(self, settings: &str) -> Self {
        let Self { service, mut program, .. } = self;
        program.kill();
        fs::remove_file(service.path("log")).unwrap();
        let program = Program::start(service.folder.path(), settings);
        let service = Service { base: program.base.clone(), ..service };
        Self { service, program, settings: settings.to_owned() }
    }

    /// The case whose report begins with these words.
    async fn case(&self, reader: &str, words: &str) -> Option<String> {
        let inbox = self.service.desk(reader, &["inbox"]).await.unwrap();
        for case in inbox.as_array().unwrap().iter().map(|row| row["case"].as_str().unwrap()) {
            let read = self.service.desk(reader, &["read", case]).await.unwrap().to_string();
            if read.contains(words) {
                return Some(case.to_owned());
            }
        }
        None
    }
}

pub(crate) fn said(output: &Output) -> String {
    [&output.stdout[..], &output.stderr[..]].concat().iter().map(|byte| char::from(*byte)).collect()
}

fn databases(postgres: Option<&Postgres>) -> [Option<String>; 2] {
    ["before", "after"].map(|name| postgres.map(|cluster| cluster.database(name)))
}

/// A file that is not the same anywhere.
fn bytes() -> Vec<u8> {
    (0..FILE).map(|n| u8::try_from(n % 251).unwrap()).collect()
}

async fn opens(world: &World, words: &str) {
    let case = world.case(READER, words).await.unwrap();
    let to = world.path(&format!("saved-{case}"));
    world.service.desk(READER, &["read", &case, "--save", to.to_str().unwrap()]).await.unwrap();
    let saved: Vec<PathBuf> = fs::read_dir(&to).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(saved.len(), 1, "{saved:?}");
    assert!(fs::read(&saved[0]).unwrap() == bytes());
}

fn mailbox(code: &str) -> [(String, String); 1] {
    [("code".to_owned(), code.to_owned())]
}

/// A report with a file is restored and opened; one that was withdrawn since stays so, and a reader who left since stays out.
async fn restored(postgres: Option<Postgres>) {
    let [before, after] = databases(postgres.as_ref());
    let world = World::start(before.as_deref());
    let browser = Browser::new(&world.program.base);
    let (kept, _) = browser.report("CANARY-KEPT", &[]).await;
    let (left, _) = browser.report("CANARY-LEFT", &[]).await;
    let leaving = world.case(OTHER, "CANARY-LEFT").await.unwrap();
    // Last: what a reader has opened is not destroyed by withdrawing it.
    let (withdrawn, _) = browser.report("CANARY-WITHDRAWN", &[]).await;
    for code in [&kept, &withdrawn] {
        assert_eq!(browser.upload(code, "CANARY-NAME.bin", bytes()).await.status, 200);
    }
    let from = world.backup();

    for text in ["CANARY", kept.as_str(), READER] {
        assert!(!stands_in(&from, text.as_bytes()), "{text}");
    }
    for key in ["k1", "k2", "form"] {
        let key = fs::read_to_string(world.path("secrets").join(key)).unwrap();
        assert!(!stands_in(&from, key.as_bytes()) && !stands_in(&from, &hex::decode(key).unwrap()));
    }
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&from), mode(&from.join("manifest.json"))), (0o700, 0o600));

    let gone = browser.mailbox(&withdrawn, None, &[("act", "withdraw")]).await;
    assert_eq!(gone.status, 200, "{}", gone.title());
    assert_eq!(browser.post("/nl/mailbox", &mailbox(&withdrawn)).await.status, 422, "it is withdrawn");
    world.service.desk(OTHER, &["leave", &leaving]).await.unwrap();
    let settings = world.elsewhere("restored", after.as_deref());
    let journal = world.path("data-journal");
    let done = world.restore(&settings, &from, &["--journal", journal.to_str().unwrap()]);
    assert!(done.status.success(), "{}", said(&done));
    assert!(said(&done).contains("2 case(s). Destroyed again: 1; readers taken out again: 1"), "{}", said(&done));
    let payloads = world.path("restored/payloads");
    assert_eq!(support::files_in(&payloads), 1, "the file of what was withdrawn is gone");
    for shard in fs::read_dir(&payloads).unwrap().map(|shard| shard.unwrap().path()) {
        assert_eq!(fs::metadata(&shard).unwrap().mtime(), 946_684_800, "{}", shard.display());
    }

    let world = world.serve(&settings);
    let browser = Browser::new(&world.program.base);
    opens(&world, "CANARY-KEPT").await;
    assert_eq!(browser.post("/nl/mailbox", &mailbox(&kept)).await.status, 200);
    assert_eq!(browser.post("/nl/mailbox", &mailbox(&left)).await.status, 200);
    assert_eq!(browser.post("/nl/mailbox", &mailbox(&withdrawn)).await.status, 422);
    // The log is that of before: whoever saw it further must be told, and say so.
    let file = world.path("note.txt");
    fs::write(&file, "Notitie").unwrap();
    let about = world.service.desk(OTHER, &["inbox"]).await.unwrap()[0]["case"].as_str().unwrap().to_owned();
    let note = ["note", &about, "--file", file.to_str().unwrap()];
    let refused = world.service.desk(OTHER, &note).await.unwrap_err();
    assert!(refused.contains("after-restore"), "{refused}");
    world.service.desk(OTHER, &["after-restore"]).await.unwrap();
    world.service.desk(OTHER, &note).await.unwrap();
    assert_eq!(world.case(OTHER, "CANARY-LEFT").await, None);
    assert!(world.case(READER, "CANARY-LEFT").await.is_some());
    // It goes on: a report comes in, and is read.
    browser.report("Na het herstel", &[]).await;
    assert!(world.case(READER, "Na het herstel").await.is_some());
}

#[actix_web::test]
async fn what_was_filed_is_opened_and_what_is_gone_stays_gone_on_sqlite() {
    restored(None).await;
}

#[actix_web::test]
async fn what_was_filed_is_opened_and_what_is_gone_stays_gone_on_postgresql() {
    restored(Some(Postgres::start())).await;
}

/// Backups are made while reports with files come in and are withdrawn; whatever was confirmed before one began is in it.
async fn under_load(postgres: Option<Postgres>) {
    let [before, after] = databases(postgres.as_ref());
    let world = World::start(before.as_deref());
    let base = world.program.base.clone();
    let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let (first, _) = Browser::new(&base).report("CANARY-FIRST", &[]).await;
    assert_eq!(Browser::new(&base).upload(&first, "a.bin", bytes()).await.status, 200);
    let load: Vec<_> = (0..3)
        .map(|n| {
            let (base, stop) = (base.clone(), stop.clone());
            std::thread::spawn(move || {
                actix_web::rt::System::new().block_on(async {
                    let (browser, mut codes) = (Browser::new(&base), Vec::new());
                    while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                        let (code, _) = browser.report(&format!("Verhaal {n}"), &[]).await;
                        assert_eq!(browser.upload(&code, "a.bin", bytes()).await.status, 200);
                        if codes.len() % 2 == 0 {
                            let gone = browser.mailbox(&code, None, &[("act", "withdraw")]).await;
                            assert_eq!(gone.status, 200);
                            assert_eq!(browser.post("/nl/mailbox", &mailbox(&code)).await.status, 422);
                        }
                        codes.push(code);
                    }
                    codes.len()
                })
            })
        })
        .collect();
    let mut made = Vec::new();
    for _ in 0..4 {
        tokio::time::sleep(std::time::Duration::from_millis(700)).await;
        made.push(world.backup());
    }
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    let filed: usize = load.into_iter().map(|thread| thread.join().unwrap()).sum();
    assert!(filed > 6, "there was no load: {filed}");
    let settings = world.elsewhere("restored", after.as_deref());
    let journal = world.path("data-journal");
    let done = world.restore(&settings, &made[3], &["--journal", journal.to_str().unwrap()]);
    assert!(done.status.success(), "{}", said(&done));
    let world = world.serve(&settings);
    opens(&world, "CANARY-FIRST").await;
    let inbox = world.service.desk(READER, &["inbox"]).await.unwrap();
    for case in inbox.as_array().unwrap().iter().map(|row| row["case"].as_str().unwrap()) {
        world.service.desk(READER, &["read", case, "--save", world.path(case).to_str().unwrap()]).await.unwrap();
    }
}

#[actix_web::test]
async fn a_backup_under_load_is_whole_on_sqlite() {
    under_load(None).await;
}

#[actix_web::test]
async fn a_backup_under_load_is_whole_on_postgresql() {
    under_load(Some(Postgres::start())).await;
}
