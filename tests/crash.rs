//! Killed at any instant, it keeps what it confirmed and leaves nothing half done.
#![cfg(all(unix, feature = "server", feature = "desk"))]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]
mod support;

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet},
    path::Path,
    time::Duration,
};

use futures_util::future::join_all;
use meldkluis::{
    domain::{id::InstanceId, roster::RootFile},
    seal::code::Code,
};
use sqlx::{PgPool, SqlitePool};
use support::{
    Browser, Service,
    child::{Program, settings},
    postgres::Postgres,
};
use uuid::Uuid;

/// Set it to a seed that a failure printed.
const SEED: &str = "MELDKLUIS_SEED";
/// How often each database's server is killed.
const KILLS: usize = 50;
const READER: &str = "bzk-functionaris-1";
/// Forms that lie ready for a round.
const READY: usize = 20;
/// Code tries of one server, below the limit it keeps to.
const TRIES: usize = 1000;

type Fields = Vec<(String, String)>;

/// Splitmix: the same instants again from the same seed.
struct Dice(u64);

impl Dice {
    fn seeded() -> Self {
        let seed = std::env::var(SEED).map_or_else(
            |_| {
                let mut bytes = [0; 8];
                getrandom::fill(&mut bytes).unwrap();
                u64::from_le_bytes(bytes)
            },
            |text| text.parse().unwrap(),
        );
        tell(&format!("{SEED}={seed}"));
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.next() % (high - low)
    }
}

#[expect(clippy::print_stdout, reason = "shown when the test fails, or when asked for")]
fn tell(text: &str) {
    println!("{text}");
}

/// The rows as they are, beside the running server.
enum Rows {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

impl Rows {
    async fn open(url: &str) -> Self {
        if url.starts_with("sqlite:") {
            Self::Sqlite(SqlitePool::connect(url).await.unwrap())
        } else {
            Self::Postgres(PgPool::connect(url).await.unwrap())
        }
    }

    async fn ids(&self, sql: &'static str, bind: Option<&[u8]>) -> BTreeSet<Uuid> {
        let found: Vec<(Uuid,)> = match (self, bind) {
            (Self::Sqlite(pool), Some(bind)) => sqlx::query_as(sql).bind(bind).fetch_all(pool).await.unwrap(),
            (Self::Sqlite(pool), None) => sqlx::query_as(sql).fetch_all(pool).await.unwrap(),
            (Self::Postgres(pool), Some(bind)) => sqlx::query_as(sql).bind(bind).fetch_all(pool).await.unwrap(),
            (Self::Postgres(pool), None) => sqlx::query_as(sql).fetch_all(pool).await.unwrap(),
        };
        found.into_iter().map(|(id,)| id).collect()
    }
}

/// A file's bytes, by its number; from 1 to 3 MB.
fn bytes(number: u64) -> Vec<u8> {
    let mut dice = Dice(number);
    let length = usize::try_from(dice.between(1_000_000, 3_000_000)).unwrap();
    let block: Vec<u8> = (0..512).flat_map(|_| dice.next().to_le_bytes()).collect();
    block.into_iter().cycle().take(length).collect()
}

/// What the clients of one life of the server were shown.
#[derive(Default)]
struct Shown {
    receipts: Vec<String>,
    /// Sent, and no receipt came.
    unsure: Vec<(String, Fields)>,
    files: Vec<u64>,
}

/// Files reports and streams files until the server is gone.
async fn load(browser: &Browser, ready: &RefCell<Vec<(String, Fields)>>, code: &str, number: &Cell<u64>) -> Shown {
    let shown = RefCell::new(Shown::default());
    let filing = async || {
        loop {
            let form = ready.borrow_mut().pop();
            let Some((code, fields)) = form else { break };
            match browser.try_post("/nl/report", &fields).await {
                Ok(page) if page.status == 200 && page.html.contains("veilig aangekomen") => {
                    shown.borrow_mut().receipts.push(code);
                }
                outcome => {
                    shown.borrow_mut().unsure.push((code, fields));
                    if outcome.is_err() {
                        break;
                    }
                }
            }
        }
    };
    let streaming = async || {
        loop {
            number.set(number.get() + 1);
            let file = number.get();
            match browser.try_upload(code, &format!("{file}.bin"), bytes(file)).await {
                Ok(page) if page.html.contains("Uw bestand is toegevoegd") => shown.borrow_mut().files.push(file),
                Ok(_) => {}
                Err(_) => break,
            }
        }
    };
    tokio::join!(filing(), filing(), filing(), streaming(), streaming());
    shown.into_inner()
}

/// No payload without a row and no row without its payload. The pass that a start begins may be moving one just while the folders are
/// listed, so that what is missing then is looked for again.
async fn nothing_half_done(rows: &Rows, folder: &Path) {
    let mut found = half_done(rows, folder).await;
    for _ in 0..50 {
        if found.iter().all(Vec::is_empty) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        found = half_done(rows, folder).await;
    }
    let [extra, missing] = found;
    assert!(extra.is_empty(), "payloads without a row: {extra:?}");
    assert!(missing.is_empty(), "rows without a payload: {missing:?}");
}

async fn half_done(rows: &Rows, folder: &Path) -> [Vec<String>; 2] {
    let mut files = BTreeSet::new();
    for shard in std::fs::read_dir(folder.join("data/payloads")).unwrap() {
        for file in std::fs::read_dir(shard.unwrap().path()).unwrap() {
            let name = file.unwrap().file_name().into_string().unwrap();
            files.insert(name);
        }
    }
    let named = rows.ids("select id from item where payload is null", None).await;
    let named: BTreeSet<String> = named.iter().map(Uuid::to_string).collect();
    let pending = rows.ids("select item from pending", None).await;
    if matches!(rows, Rows::Sqlite(_)) {
        assert!(pending.is_empty(), "{pending:?}");
    }
    // On PostgreSQL the killed server's session may live a moment longer; its announcements then wait for the next sweep.
    let waits = |name: &String| pending.iter().any(|id| name.starts_with(&id.to_string()));
    let extra = files.iter().filter(|name| !named.contains(*name) && !waits(name)).cloned().collect();
    [extra, named.difference(&files).cloned().collect()]
}

async fn opens(browser: &Browser, code: &str) {
    let page = browser.post("/nl/mailbox", &[("code".into(), code.to_owned())]).await;
    assert!(page.status == 200 && page.html.contains("Functionaris integriteit 1"), "{}", page.title());
}

async fn crash(database: Option<String>, kills: usize) {
    let mut dice = Dice::seeded();
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path(), database.as_deref());
    let root: RootFile =
        toml::from_str(&std::fs::read_to_string(folder.path().join("roster/root.toml")).unwrap()).unwrap();
    let url = database.unwrap_or_else(|| format!("sqlite:{}", folder.path().join("data/meldkluis.db").display()));
    let mut program = Program::start(folder.path(), &settings);
    let rows = Rows::open(&url).await;
    let mut service =
        Service { folder, base: program.base.clone(), database: url, clock: meldkluis::clock::Clock::System };
    // Every code with a receipt, and the case it opens.
    let mut cases: BTreeMap<String, Uuid> = BTreeMap::new();
    let (ready, number) = (RefCell::new(Vec::new()), Cell::new(0));
    let (mut streamed, mut unsure) = (0, 0);
    for kill in 0..kills {
        let browser = Browser::new(&service.base);
        let missing = READY - ready.borrow().len();
        let fresh = join_all((0..missing).map(|n| {
            let browser = &browser;
            async move { browser.prepared(&format!("Verhaal {kill}-{n}"), &[]).await }
        }));
        let fresh = fresh.await;
        ready.borrow_mut().extend(fresh);
        let (code, fields) = ready.borrow_mut().pop().unwrap();
        assert_eq!(browser.post("/nl/report", &fields).await.status, 200);

        let pause = Duration::from_millis(dice.between(20, 400));
        let end = async {
            tokio::time::sleep(pause).await;
            program.kill();
        };
        let (mut shown, ()) = tokio::join!(load(&browser, &ready, &code, &number), end);
        shown.receipts.push(code.clone());

        program = Program::start(service.folder.path(), &settings);
        service.base = program.base.clone();
        nothing_half_done(&rows, service.folder.path()).await;
        let browser = Browser::new(&service.base);
        (streamed, unsure) = (streamed + shown.files.len(), unsure + shown.unsure.len());
        for (code, fields) in shown.unsure {
            let page = browser.post("/nl/report", &fields).await;
            assert!(page.status == 200 && page.html.contains("veilig aangekomen"), "{}", page.title());
            shown.receipts.push(code);
        }
        for code in shown.receipts {
            opens(&browser, &code).await;
            let case = case_of(&rows, &code, &root.instance).await;
            assert!(cases.insert(code, case).is_none());
        }
        let all = rows.ids(r#"select id from "case""#, None).await;
        assert_eq!(all, cases.values().copied().collect(), "every receipt is one case, and no other is there");

        let saved = service.path("saved");
        std::fs::create_dir_all(&saved).unwrap();
        let case = cases[&code].to_string();
        service.desk(READER, &["read", &case, "--save", saved.to_str().unwrap()]).await.unwrap();
        for file in shown.files {
            let there = std::fs::read(saved.join(format!("{file}.bin"))).unwrap();
            assert!(there == bytes(file), "file {file} has {} bytes", there.len());
        }
        std::fs::remove_dir_all(&saved).unwrap();
    }
    tell(&format!("{kills} kills: {} cases, {unsure} sent again, {streamed} files kept", cases.len()));

    let inbox = service.desk(READER, &["inbox"]).await.unwrap();
    let inbox: BTreeSet<&str> = inbox.as_array().unwrap().iter().map(|case| case["case"].as_str().unwrap()).collect();
    assert!(inbox.len() == cases.len() && cases.values().all(|case| inbox.contains(case.to_string().as_str())));
    let codes: Vec<&String> = cases.keys().collect();
    for some in codes.chunks(TRIES) {
        drop(program);
        program = Program::start(service.folder.path(), &settings);
        let browser = Browser::new(&program.base);
        for code in some {
            opens(&browser, code).await;
        }
    }
    // A last start, with nobody left alive whose announcements could wait.
    tokio::time::sleep(Duration::from_secs(1)).await;
    drop(program);
    program = Program::start(service.folder.path(), &settings);
    assert!(rows.ids("select item from pending", None).await.is_empty());
    nothing_half_done(&rows, service.folder.path()).await;
    drop(program);
}

async fn case_of(rows: &Rows, code: &str, instance: &InstanceId) -> Uuid {
    const REPORT: u8 = 1;
    let lookup = Code::parse(code, instance).unwrap().keys(instance, REPORT).lookup;
    let found = rows.ids(r#"select id from "case" where lookup = $1"#, Some(&lookup)).await;
    *found.first().unwrap()
}

#[actix_web::test]
async fn killed_at_any_instant_it_keeps_what_it_confirmed_on_sqlite() {
    crash(None, KILLS).await;
}

#[actix_web::test]
async fn killed_at_any_instant_it_keeps_what_it_confirmed_on_postgresql() {
    let postgres = Postgres::start();
    crash(Some(postgres.database("crash")), KILLS).await;
}
