//! The real program, struck by a fault: whatever was confirmed opens byte for byte afterwards, and nothing else is left.
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    time::Duration,
};

use meldkluis::{
    clock::Clock,
    domain::{id::InstanceId, roster::RootFile},
    seal::code::Code,
};
use sqlx::{PgPool, SqlitePool};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use uuid::Uuid;

use super::{
    Browser, Service,
    child::{Program, settings},
};

pub(crate) const READER: &str = "bzk-functionaris-1";
/// What a page says when a report, and a file, is confirmed.
pub(crate) const ARRIVED: &str = "veilig aangekomen";
pub(crate) const ADDED: &str = "Uw bestand is toegevoegd";

pub(crate) type Fields = Vec<(String, String)>;

/// Splitmix: the same instants and bytes again from the same seed.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    pub(crate) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.next() % (high - low)
    }
}

#[expect(clippy::print_stdout, reason = "shown when the test fails, or when asked for")]
pub(crate) fn tell(text: &str) {
    println!("{text}");
}

/// A file's bytes, by its number; from 1 to 3 MB.
pub(crate) fn bytes(number: u64) -> Vec<u8> {
    let mut dice = Dice(number);
    let length = usize::try_from(dice.between(1_000_000, 3_000_000)).unwrap();
    let block: Vec<u8> = (0..512).flat_map(|_| dice.next().to_le_bytes()).collect();
    block.into_iter().cycle().take(length).collect()
}

/// The rows as they are, beside the running server.
pub(crate) enum Rows {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

impl Rows {
    pub(crate) async fn open(url: &str) -> Self {
        if url.starts_with("sqlite:") {
            Self::Sqlite(SqlitePool::connect(url).await.unwrap())
        } else {
            Self::Postgres(PgPool::connect(url).await.unwrap())
        }
    }

    pub(crate) async fn ids(&self, sql: &'static str, bind: Option<&[u8]>) -> BTreeSet<Uuid> {
        let found: Vec<(Uuid,)> = match (self, bind) {
            (Self::Sqlite(pool), Some(bind)) => sqlx::query_as(sql).bind(bind).fetch_all(pool).await.unwrap(),
            (Self::Sqlite(pool), None) => sqlx::query_as(sql).fetch_all(pool).await.unwrap(),
            (Self::Postgres(pool), Some(bind)) => sqlx::query_as(sql).bind(bind).fetch_all(pool).await.unwrap(),
            (Self::Postgres(pool), None) => sqlx::query_as(sql).fetch_all(pool).await.unwrap(),
        };
        found.into_iter().map(|(id,)| id).collect()
    }

    /// Changes rows as nobody but time does, to a number.
    pub(crate) async fn change(&self, sql: &'static str, number: i32, id: Option<Uuid>) {
        match self {
            Self::Sqlite(pool) => {
                let change = sqlx::query(sql).bind(number);
                id.into_iter().fold(change, sqlx::query::Query::bind).execute(pool).await.unwrap();
            }
            Self::Postgres(pool) => {
                let change = sqlx::query(sql).bind(number);
                id.into_iter().fold(change, sqlx::query::Query::bind).execute(pool).await.unwrap();
            }
        }
    }

    pub(crate) async fn pending(&self) -> BTreeSet<Uuid> {
        self.ids("select item from pending", None).await
    }

    /// The case that a code opens.
    pub(crate) async fn case_of(&self, code: &str, instance: &InstanceId) -> Uuid {
        const REPORT: u8 = 1;
        let lookup = Code::parse(code, instance).unwrap().keys(instance, REPORT).lookup;
        let found = self.ids(r#"select id from "case" where lookup = $1"#, Some(&lookup)).await;
        *found.first().unwrap()
    }
}

/// No payload without a row and no row without its payload. The pass that a start begins may be moving one just while the folders are
/// listed, so that what is missing then is looked for again.
pub(crate) async fn nothing_half_done(rows: &Rows, payloads: &Path) {
    let mut found = half_done(rows, payloads).await;
    for _ in 0..50 {
        if found.iter().all(Vec::is_empty) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        found = half_done(rows, payloads).await;
    }
    let [extra, missing] = found;
    assert!(extra.is_empty(), "payloads without a row: {extra:?}");
    assert!(missing.is_empty(), "rows without a payload: {missing:?}");
}

async fn half_done(rows: &Rows, payloads: &Path) -> [Vec<String>; 2] {
    let mut files = BTreeSet::new();
    for shard in std::fs::read_dir(payloads).unwrap() {
        for file in std::fs::read_dir(shard.unwrap().path()).unwrap() {
            let name = file.unwrap().file_name().into_string().unwrap();
            files.insert(name);
        }
    }
    let named = rows.ids("select id from item where payload is null", None).await;
    let named: BTreeSet<String> = named.iter().map(Uuid::to_string).collect();
    let pending = rows.pending().await;
    if matches!(rows, Rows::Sqlite(_)) {
        assert!(pending.is_empty(), "{pending:?}");
    }
    // On PostgreSQL the killed server's session may live a moment longer; its announcements then wait for the next sweep.
    let waits = |name: &String| pending.iter().any(|id| name.starts_with(&id.to_string()));
    let extra = files.iter().filter(|name| !named.contains(*name) && !waits(name)).cloned().collect();
    [extra, named.difference(&files).cloned().collect()]
}

/// The instance of a deployment's roster.
pub(crate) fn instance(folder: &Path) -> InstanceId {
    let root: RootFile = toml::from_str(&std::fs::read_to_string(folder.join("roster/root.toml")).unwrap()).unwrap();
    root.instance
}

/// A server that is struck, and what it confirmed.
pub(crate) struct Struck {
    pub(crate) service: Service,
    pub(crate) settings: String,
    pub(crate) program: Option<Program>,
    pub(crate) rows: Rows,
    instance: InstanceId,
    /// Each code, and what it told.
    reports: BTreeMap<String, String>,
    /// Codes and numbers of files: whether they were confirmed.
    files: BTreeMap<(String, u64), bool>,
    next: u64,
}

impl Struck {
    /// Over a fresh folder; `None` is SQLite.
    pub(crate) async fn start(database: Option<&str>) -> Self {
        Self::over(tempfile::tempdir().unwrap(), database).await
    }

    pub(crate) async fn over(folder: tempfile::TempDir, database: Option<&str>) -> Self {
        let settings = settings(folder.path(), database);
        let sqlite = format!("sqlite:{}", folder.path().join("data/meldkluis.db").display());
        let url = database.map_or(sqlite, str::to_owned);
        let program = Program::start(folder.path(), &settings);
        let (rows, instance) = (Rows::open(&url).await, instance(folder.path()));
        let service = Service { folder, base: program.base.clone(), database: url, clock: Clock::System };
        let (reports, files) = (BTreeMap::new(), BTreeMap::new());
        Self { service, settings, program: Some(program), rows, instance, reports, files, next: 0 }
    }

    pub(crate) fn browser(&self) -> Browser {
        Browser::new(&self.service.base)
    }

    pub(crate) fn payloads(&self) -> PathBuf {
        self.service.path("data/payloads")
    }

    /// Kills it, if it still runs, and starts it again.
    pub(crate) fn restart(&mut self) {
        self.program = None;
        let program = Program::start(self.service.folder.path(), &self.settings);
        self.service.base.clone_from(&program.base);
        self.program = Some(program);
    }

    /// The case that a code opens.
    pub(crate) async fn case_of(&self, code: &str) -> Uuid {
        self.rows.case_of(code, &self.instance).await
    }

    /// A report that is confirmed now; its code.
    pub(crate) async fn report(&mut self, story: &str) -> String {
        let (code, fields) = self.browser().prepared(story, &[]).await;
        assert!(self.send(&code, story, &fields).await, "confirmed");
        code
    }

    /// Sends a form; whether it was confirmed. A refusal is a whole page that says 503.
    pub(crate) async fn send(&mut self, code: &str, story: &str, fields: &Fields) -> bool {
        let page = self.browser().post("/nl/report", fields).await;
        let arrived = page.html.contains(ARRIVED);
        assert!((page.status == 200) == arrived && (arrived || page.status == 503), "{} {}", page.status, page.title());
        assert_eq!(page.html.len(), super::PAGE);
        if arrived {
            self.reports.insert(code.to_owned(), story.to_owned());
        }
        arrived
    }

    /// A number for a file that is sent.
    pub(crate) fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// Remembers how sending a file ended; without an answer it may be there or not.
    pub(crate) fn sent(&mut self, code: &str, number: u64, answer: Option<&str>) -> bool {
        let confirmed = answer.is_some_and(|html| html.contains(ADDED));
        if answer.is_none() || confirmed {
            self.files.insert((code.to_owned(), number), confirmed);
        }
        confirmed
    }

    /// Sends a whole file; whether it was confirmed.
    pub(crate) async fn upload(&mut self, code: &str) -> bool {
        let number = self.number();
        let page = self.browser().upload(code, &format!("{number}.bin"), bytes(number)).await;
        self.sent(code, number, Some(&page.html))
    }

    /// Without a restart: announcements and payloads that no item names go within some seconds.
    pub(crate) async fn clears_up(&self) {
        let mut left = self.rows.pending().await;
        for _ in 0..300 {
            if left.is_empty() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
            left = self.rows.pending().await;
        }
        assert!(left.is_empty(), "announcements are left in a running server: {left:?}");
        nothing_half_done(&self.rows, &self.payloads()).await;
    }

    /// After another start all that was confirmed opens with a reader's key, byte for byte, and nothing else is there.
    pub(crate) async fn is_whole(&mut self) {
        self.program = None;
        // PostgreSQL notices a moment later that a session ended.
        tokio::time::sleep(Duration::from_millis(500)).await;
        self.restart();
        assert!(self.rows.pending().await.is_empty(), "announcements are left after a start");
        nothing_half_done(&self.rows, &self.payloads()).await;
        let mut cases = BTreeSet::new();
        for (code, story) in &self.reports {
            let case = self.case_of(code).await;
            cases.insert(case);
            self.opens(code, case, story).await;
        }
        assert_eq!(
            self.rows.ids(r#"select id from "case""#, None).await,
            cases,
            "each receipt is one case, and no other"
        );
        let confirmed = self.files.values().filter(|confirmed| **confirmed).count();
        tell(&format!("{} reports and {confirmed} files confirmed, all opened", self.reports.len()));
        assert!(!cases.is_empty() && confirmed > 0, "something was confirmed");
    }

    async fn opens(&self, code: &str, case: Uuid, story: &str) {
        let saved = tempfile::tempdir().unwrap();
        let words = ["read", &case.to_string(), "--save", saved.path().to_str().unwrap()];
        let read = self.service.desk(READER, &words).await.unwrap().to_string();
        assert!(read.contains(story) && !read.contains("\"error\""), "{read}");
        let mut there: BTreeSet<u64> = BTreeSet::new();
        for file in std::fs::read_dir(saved.path()).unwrap() {
            let file = file.unwrap();
            let name = file.file_name().into_string().unwrap();
            let number = name.strip_suffix(".bin").unwrap().parse().unwrap();
            assert!(std::fs::read(file.path()).unwrap() == bytes(number), "file {number} is whole");
            there.insert(number);
        }
        let of = |sure: bool| {
            let mine = self.files.iter().filter(move |((of, _), confirmed)| of == code && (!sure || **confirmed));
            mine.map(|((_, number), _)| *number).collect::<BTreeSet<u64>>()
        };
        assert!(of(true).is_subset(&there) && there.is_subset(&of(false)), "{there:?}");
    }
}

/// A file of which one half was sent.
pub(crate) struct Half {
    stream: TcpStream,
    rest: Vec<u8>,
}

impl Half {
    pub(crate) async fn begin(base: &str, code: &str, number: u64) -> Self {
        let host = base.trim_start_matches("http://");
        let start = format!(
            "--b\r\nContent-Disposition: form-data; name=\"code\"\r\n\r\n{code}\r\n--b\r\nContent-Disposition: form-data; \
             name=\"file\"; filename=\"{number}.bin\"\r\nContent-Type: application/octet-stream\r\n\r\n"
        );
        let mut body = [start.as_bytes(), &bytes(number), b"\r\n--b--\r\n"].concat();
        let head = format!(
            "POST /nl/mailbox/file HTTP/1.1\r\nHost: {host}\r\nOrigin: {base}\r\nConnection: close\r\n\
             Content-Type: multipart/form-data; boundary=b\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let rest = body.split_off(body.len() / 2);
        let mut stream = TcpStream::connect(host).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&body).await.unwrap();
        // Some of it is in the server's hands by then.
        tokio::time::sleep(Duration::from_millis(300)).await;
        Self { stream, rest }
    }

    /// Sends the other half; the whole answer, or `None` when the server went away.
    pub(crate) async fn end(mut self) -> Option<String> {
        self.stream.write_all(&self.rest).await.ok()?;
        let mut answer = Vec::new();
        self.stream.read_to_end(&mut answer).await.ok()?;
        let answer = String::from_utf8(answer).unwrap();
        answer.starts_with("HTTP/1.1").then_some(answer)
    }
}
