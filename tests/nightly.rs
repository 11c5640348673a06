//! The nightly pass of the real program: `serve` does it by itself, a timer can, and a kill in the middle of it loses nothing.
#![cfg(all(unix, feature = "server", feature = "desk"))]
#![expect(clippy::unwrap_used, reason = "a test")]
mod support;

use std::{
    fs::{self, File},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::{Duration, SystemTime},
};

use meldkluis::{
    clock::Clock,
    config::Secrets,
    domain::{
        case::{Case, CaseState},
        id::{CaseId, ItemId, OrgId},
    },
    journal::Journal,
    post::PostKeys,
    store::{Blobs, NewItem, Payload, Store, connect, sweep},
};
use sqlx::SqlitePool;
use support::{
    Browser,
    child::{Program, config_file, settings},
    postgres::Postgres,
};
use uuid::Uuid;

const KILLS: usize = 40;
/// Files in each of some folders, so that a kill meets one that is emptied or filled.
const FOLDERS: u8 = 4;
const EACH: u8 = 8;
/// 1 January 2000, in seconds.
const SETTLED: i64 = 946_684_800;

fn nightly(folder: &Path, settings: &str) -> Command {
    let file = config_file(folder, settings, "127.0.0.1:0".parse().unwrap());
    let mut command = Command::new(env!("CARGO_BIN_EXE_meldkluis"));
    command.arg("nightly").arg("--config").arg(file).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn journal(folder: &Path) -> Journal {
    Journal::open(&folder.join("data-journal"), Clock::System).unwrap()
}

fn payloads(folder: &Path) -> PathBuf {
    folder.join("data/payloads")
}

/// All files below the payloads, in no order.
fn files(folder: &Path) -> Vec<PathBuf> {
    let shards = fs::read_dir(payloads(folder)).unwrap().map(|entry| entry.unwrap().path());
    shards.flat_map(|shard| fs::read_dir(shard).unwrap()).map(|entry| entry.unwrap().path()).collect()
}

fn settled(file: &Path) -> bool {
    fs::metadata(file).is_ok_and(|file| (file.mtime(), file.mtime_nsec()) == (SETTLED, 0))
}

async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    for _ in 0..300 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(holds().await, "{what}");
}

#[actix_web::test]
async fn a_server_does_it_when_a_day_has_passed_and_says_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (folder, settings) = (folder.path(), settings(folder.path(), None));
    let mut program = Program::start(folder, &settings);
    let browser = Browser::new(&program.base);
    let pool = SqlitePool::connect(&format!("sqlite:{}", folder.join("data/meldkluis.db").display())).await.unwrap();
    let rewritten =
        async || -> Option<i32> { sqlx::query_scalar("select rewritten from meta").fetch_one(&pool).await.unwrap() };
    let today = Clock::System.today();
    until("the first start does it", async || rewritten().await == Some(today.number())).await;
    let mut codes = Vec::new();
    for n in 0..3 {
        let (code, _) = browser.report(&format!("Verhaal {n}"), &[]).await;
        assert_eq!(browser.upload(&code, "a.bin", vec![n; 300_000]).await.status, 200);
        codes.push(code);
    }
    assert!(!files(folder).iter().any(|file| settled(file)));
    program.kill();
    let yesterday = sqlx::query("update meta set rewritten = $1").bind(today.number() - 1);
    yesterday.execute(&pool).await.unwrap();

    let program = Program::start(folder, &settings);
    until("the next day's start does it", async || {
        rewritten().await == Some(today.number()) && files(folder).iter().all(|file| settled(file))
    })
    .await;
    let browser = Browser::new(&program.base);
    for code in codes {
        let page = browser.post("/nl/mailbox", &[("code".into(), code)]).await;
        assert!(page.status == 200 && page.html.contains("Functionaris integriteit 1"), "{}", page.title());
    }
    let log = fs::read_to_string(folder.join("log")).unwrap();
    assert!(!log.contains("nightly"), "a success is no line: {log}");
    pool.close().await;
}

fn child(folder: &Path, settings: &str) -> Child {
    nightly(folder, settings).spawn().unwrap()
}

fn said(output: &Output) -> String {
    [&output.stdout[..], &output.stderr[..]].concat().iter().map(|byte| char::from(*byte)).collect()
}

/// One case, and files in some folders; each holds its number over and over. The rows are of the deployment's keys, or no server starts on them.
async fn filled(store: &dyn Store, blobs: &Blobs, secrets: &Path) -> Vec<(ItemId, Vec<u8>)> {
    let keys = Secrets::load(secrets).unwrap();
    let post = PostKeys::new(*keys.k1, *keys.k2);
    let today = Clock::System.today();
    let id = CaseId::from_uuid(Uuid::new_v4());
    let org = OrgId::parse("bzk").unwrap();
    let case = Case { id, lookup: [1; 32], org, filed: today, due: today, destroy_after: None, state: CaseState::Open };
    let row = |id: Uuid| post.filler_row(&case, &ItemId::from_uuid(id), &[], None).unwrap();
    let item = |id: Uuid, payload: Payload| NewItem {
        id: ItemId::from_uuid(id),
        slots: vec![row(id)],
        aside: None,
        readers: Vec::new(),
        payload,
        most: 1000,
    };
    store.file(&case, &item(Uuid::new_v4(), Payload::Inline(vec![5; 5000]))).await.unwrap();
    let mut all = Vec::new();
    for number in 0..FOLDERS * EACH {
        let mut bytes = Uuid::new_v4().into_bytes();
        bytes[0] = number % FOLDERS;
        let file = item(Uuid::from_bytes(bytes), Payload::Blob);
        let bytes = vec![number; 400_000 + usize::from(number)];
        store.announce_blob(&file.id).await.unwrap();
        let mut writer = blobs.writer(&file.id).await.unwrap();
        writer.write(bytes.clone()).await.unwrap();
        writer.finish().await.unwrap();
        store.add_item(&case.id, &file, None, today).await.unwrap();
        all.push((file.id, bytes));
    }
    all
}

/// Kills the pass at some instant of it: while files are on their way, or anywhere.
fn killed(mut pass: Child, folder: &Path, kill: usize) -> bool {
    let moving = payloads(folder).join("moving");
    if kill % 4 == 3 {
        std::thread::sleep(Duration::from_millis(37 * kill as u64));
    } else {
        while fs::read_dir(&moving).unwrap().next().is_none() && pass.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_micros(200));
        }
        std::thread::sleep(Duration::from_micros(400 * kill as u64));
    }
    // It may have ended before.
    drop(pass.kill());
    !pass.wait().unwrap().success()
}

async fn killed_in_the_middle(database: Option<String>) {
    let folder = tempfile::tempdir().unwrap();
    let (folder, settings) = (folder.path(), settings(folder.path(), database.as_deref()));
    let url = database.unwrap_or_else(|| format!("sqlite:{}", folder.join("data/meldkluis.db").display()));
    fs::create_dir_all(folder.join("data")).unwrap();
    let store = connect(&url, journal(folder)).await.unwrap();
    let blobs = Blobs::folder(&payloads(folder)).unwrap();
    let all = filled(&*store, &blobs, &folder.join("secrets")).await;
    drop(store);
    let (mut met, mut on_their_way) = (0, 0);
    for kill in 0..KILLS {
        for file in files(folder) {
            File::open(file).unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap();
        }
        met += usize::from(killed(child(folder, &settings), folder, kill));
        on_their_way += usize::from(fs::read_dir(payloads(folder).join("moving")).unwrap().next().is_some());
        let store = connect(&url, journal(folder)).await.unwrap();
        let blobs = Blobs::folder(&payloads(folder)).unwrap();
        for (item, bytes) in &all {
            assert_eq!(blobs.size(item).await.unwrap(), bytes.len() as u64, "read before anything was put back");
        }
        assert_eq!(sweep(&*store, &blobs).await.unwrap(), 0);
        assert_eq!(files(folder).len(), all.len());
        for (item, bytes) in &all {
            let (name, shard) = (item.to_string(), item.to_string().chars().take(2).collect::<String>());
            assert!(fs::read(payloads(folder).join(shard).join(name)).unwrap() == *bytes);
        }
        let case = store.case_by_lookup(&[1; 32]).await.unwrap().unwrap();
        assert_eq!(store.items(&case.id).await.unwrap().len(), all.len() + 1);
    }
    tell(&format!("{KILLS} passes, {met} killed, {on_their_way} of them with files on their way"));
    assert!(on_their_way > KILLS / 4, "{on_their_way} of {met}");
    let output = nightly(folder, &settings).output().unwrap();
    assert!(output.status.success() && said(&output).contains("The nightly pass is done."), "{}", said(&output));
    assert!(files(folder).iter().all(|file| settled(file)));
}

#[expect(clippy::print_stdout, reason = "shown when asked for")]
fn tell(text: &str) {
    println!("{text}");
}

#[actix_web::test]
async fn killed_in_the_middle_of_it_nothing_is_lost_on_sqlite() {
    killed_in_the_middle(None).await;
}

#[actix_web::test]
async fn killed_in_the_middle_of_it_nothing_is_lost_on_postgresql() {
    let postgres = Postgres::start();
    killed_in_the_middle(Some(postgres.database("nightly"))).await;
}

/// Beside a server on PostgreSQL, both do it and neither disturbs the other; SQLite is one process's.
#[actix_web::test]
async fn a_timer_does_it_beside_a_server_on_postgresql_alone() {
    let postgres = Postgres::start();
    for (database, works) in [(Some(postgres.database("timer")), true), (None, false)] {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(folder.path(), database.as_deref());
        let program = Program::start(folder.path(), &settings);
        let (code, _) = Browser::new(&program.base).report("Verhaal", &[]).await;
        assert_eq!(Browser::new(&program.base).upload(&code, "a.bin", vec![1; 300_000]).await.status, 200);
        let output = nightly(folder.path(), &settings).output().unwrap();
        assert_eq!(output.status.success(), works, "{}", said(&output));
        if works {
            until("it moves the file", async || files(folder.path()).iter().all(|file| settled(file))).await;
        } else {
            assert!(said(&output).contains("another process is using the data folder"), "{}", said(&output));
        }
    }
}
