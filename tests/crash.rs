//! Killed at any instant, under all kinds of work at once, it keeps what it confirmed and leaves nothing half done.
#![cfg(all(unix, feature = "server", feature = "desk"))]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]
mod support;

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use futures_util::future::join_all;
use meldkluis::{clock::Clock, domain::id::InstanceId};
use support::{
    Browser, Service,
    child::{Program, settings},
    postgres::Postgres,
    whole::{ADDED, ARRIVED, Dice, Fields, READER, Rows, bytes, instance, nothing_half_done, tell},
};
use uuid::Uuid;

/// Set it to a seed that a failure printed.
const SEED: &str = "MELDKLUIS_SEED";
/// How often each database's server is killed, and how often by `tests/run --soak`.
const KILLS: usize = 25;
const SOAK: usize = 500;
/// Forms that lie ready for a round.
const READY: usize = 20;
/// Code tries of one server, below the limit it keeps to.
const TRIES: usize = 1000;
/// In every so many rounds the term of some cases ends, and the nightly pass is due.
const DUE: usize = 3;

fn seeded() -> Dice {
    let seed = std::env::var(SEED).map_or_else(
        |_| {
            let mut bytes = [0; 8];
            getrandom::fill(&mut bytes).unwrap();
            u64::from_le_bytes(bytes)
        },
        |text| text.parse().unwrap(),
    );
    tell(&format!("{SEED}={seed}"));
    Dice(seed)
}

/// What the clients of one life of the server were shown.
#[derive(Default)]
struct Shown {
    receipts: Vec<String>,
    /// Sent, and no receipt came.
    unsure: Vec<(String, Fields)>,
    files: Vec<u64>,
    answers: Vec<String>,
}

/// Numbers what is sent, so that no two are the same.
struct Numbers(Cell<u64>);

impl Numbers {
    fn next(&self) -> u64 {
        self.0.set(self.0.get() + 1);
        self.0.get()
    }
}

/// Files reports, streams files and answers until the server is gone.
async fn load(
    service: &Service,
    ready: &RefCell<Vec<(String, Fields)>>,
    (code, case): (&str, Uuid),
    number: &Numbers,
) -> Shown {
    let (shown, browser) = (RefCell::new(Shown::default()), Browser::new(&service.base));
    let filing = async || {
        loop {
            let form = ready.borrow_mut().pop();
            let Some((code, fields)) = form else { break };
            match browser.try_post("/nl/report", &fields).await {
                Ok(page) if page.status == 200 && page.html.contains(ARRIVED) => {
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
            let file = number.next();
            match browser.try_upload(code, &format!("{file}.bin"), bytes(file)).await {
                Ok(page) if page.html.contains(ADDED) => shown.borrow_mut().files.push(file),
                Ok(_) => {}
                Err(_) => break,
            }
        }
    };
    let answering = async || {
        let case = case.to_string();
        loop {
            let text = format!("Antwoord {}", number.next());
            let file = service.path(&text);
            std::fs::write(&file, &text).unwrap();
            let said = service.desk(READER, &["reply", &case, "--file", file.to_str().unwrap()]).await;
            std::fs::remove_file(&file).unwrap();
            if said.is_err() {
                break;
            }
            shown.borrow_mut().answers.push(text);
        }
    };
    tokio::join!(filing(), filing(), streaming(), streaming(), answering());
    shown.into_inner()
}

/// A deployment that is killed again and again.
struct Crash {
    service: Service,
    settings: String,
    program: Option<Program>,
    rows: Rows,
    instance: InstanceId,
    /// Every code with a receipt, and the case it opens.
    cases: BTreeMap<String, Uuid>,
    /// Those of them whose term is over, with files and without: they are being destroyed.
    due: BTreeMap<String, Uuid>,
    /// How many were confirmed, and opened afterwards.
    files: usize,
    answers: usize,
    unsure: usize,
}

impl Crash {
    async fn start(database: Option<String>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(folder.path(), database.as_deref());
        let url = database.unwrap_or_else(|| format!("sqlite:{}", folder.path().join("data/meldkluis.db").display()));
        let program = Program::start(folder.path(), &settings);
        let (rows, instance) = (Rows::open(&url).await, instance(folder.path()));
        let service = Service { folder, base: program.base.clone(), database: url, clock: Clock::System };
        let (cases, due) = (BTreeMap::new(), BTreeMap::new());
        Self { service, settings, program: Some(program), rows, instance, cases, due, files: 0, answers: 0, unsure: 0 }
    }

    /// Kills it, if it still runs, and starts it again.
    fn restart(&mut self) {
        self.program = None;
        let program = Program::start(self.service.folder.path(), &self.settings);
        self.service.base = program.base.clone();
        self.program = Some(program);
    }

    /// While nobody serves: some terms end today, and the day's pass was not done. The next start does both while it is worked with.
    /// Returns the cases whose term ended.
    async fn time_passes(&mut self, dice: &mut Dice) -> BTreeSet<Uuid> {
        let today = Clock::System.today().number();
        let some: Vec<String> = self.cases.keys().filter(|_| dice.between(0, 4) == 0).cloned().collect();
        let mut due = BTreeSet::new();
        for code in some {
            let case = self.cases.remove(&code).unwrap();
            due.insert(case);
            self.rows
                .change(r#"update "case" set state = 2, destroy_after = $1 where id = $2"#, today, Some(case))
                .await;
            self.due.insert(code, case);
        }
        self.rows.change("update meta set rewritten = $1", today - 1, None).await;
        due
    }

    /// Whether some of these cases are gone, and some are not.
    async fn is_destroying(&self, due: &BTreeSet<Uuid>) -> bool {
        let all = self.rows.ids(r#"select id from "case""#, None).await;
        !due.is_subset(&all) && !due.is_disjoint(&all)
    }

    async fn opens(&self, browser: &Browser, code: &str) {
        let page = browser.post("/nl/mailbox", &[("code".into(), code.to_owned())]).await;
        assert!(page.status == 200 && page.html.contains("Functionaris integriteit 1"), "{}", page.title());
    }

    /// All that the last life confirmed is there, and no half of anything.
    async fn kept(&mut self, (code, case): (&str, Uuid), shown: Shown) {
        nothing_half_done(&self.rows, &self.service.path("data/payloads")).await;
        let browser = Browser::new(&self.service.base);
        let mut receipts = shown.receipts;
        self.unsure += shown.unsure.len();
        for (code, fields) in shown.unsure {
            let page = browser.post("/nl/report", &fields).await;
            assert!(page.status == 200 && page.html.contains(ARRIVED), "{}", page.title());
            receipts.push(code);
        }
        for code in receipts {
            self.opens(&browser, &code).await;
            let case = self.rows.case_of(&code, &self.instance).await;
            assert!(self.cases.insert(code, case).is_none());
        }
        self.opens(&browser, code).await;
        self.no_others().await;

        let saved = tempfile::tempdir().unwrap();
        let words = ["read", &case.to_string(), "--save", saved.path().to_str().unwrap()];
        let read = self.service.desk(READER, &words).await.unwrap();
        let items = read["items"].as_array().unwrap();
        let texts: BTreeSet<&str> = items.iter().filter_map(|item| item["text"].as_str()).collect();
        for answer in &shown.answers {
            assert!(texts.contains(answer.as_str()), "{answer} is lost");
        }
        for file in &shown.files {
            let there = std::fs::read(saved.path().join(format!("{file}.bin"))).unwrap();
            assert!(there == bytes(*file), "file {file} has {} bytes", there.len());
        }
        (self.files, self.answers) = (self.files + shown.files.len(), self.answers + shown.answers.len());
    }

    /// Every receipt is one case; beside them there are only some whose term is over.
    async fn no_others(&self) {
        let all = self.rows.ids(r#"select id from "case""#, None).await;
        let cases: BTreeSet<Uuid> = self.cases.values().copied().collect();
        let due: BTreeSet<Uuid> = self.due.values().copied().collect();
        assert!(cases.is_subset(&all), "a case is lost");
        assert!(
            all.iter().all(|case| cases.contains(case) || due.contains(case)),
            "a case that nobody has a receipt of"
        );
    }

    /// What was to be destroyed goes in the end, with its files, and everything else still opens.
    async fn ends(mut self) {
        // A last start, with nobody left alive whose announcements could wait.
        self.program = None;
        tokio::time::sleep(Duration::from_secs(1)).await;
        self.restart();
        let due: BTreeSet<Uuid> = self.due.values().copied().collect();
        for _ in 0..600 {
            if self.rows.ids(r#"select id from "case""#, None).await.is_disjoint(&due)
                && self.rows.pending().await.is_empty()
            {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert!(self.rows.pending().await.is_empty());
        let all = self.rows.ids(r#"select id from "case""#, None).await;
        assert_eq!(all, self.cases.values().copied().collect(), "what is over is destroyed, and nothing else");
        nothing_half_done(&self.rows, &self.service.path("data/payloads")).await;
        let inbox = self.service.desk(READER, &["inbox"]).await.unwrap();
        let inbox: BTreeSet<&str> =
            inbox.as_array().unwrap().iter().map(|case| case["case"].as_str().unwrap()).collect();
        assert!(inbox.len() == all.len() && all.iter().all(|case| inbox.contains(case.to_string().as_str())));
        let codes: Vec<String> = self.cases.keys().cloned().collect();
        for some in codes.chunks(TRIES) {
            self.restart();
            let browser = Browser::new(&self.service.base);
            for code in some {
                self.opens(&browser, code).await;
            }
        }
    }
}

async fn crash(database: Option<String>, kills: usize) {
    let (mut dice, number) = (seeded(), Numbers(Cell::new(0)));
    let mut crash = Crash::start(database).await;
    let ready = RefCell::new(Vec::new());
    let (mut purged, mut passes, mut met) = (0, 0, 0);
    let mut done = 0;
    // On a machine that other tests share a few more kills may be needed, and later ones, until each kind of load was confirmed once.
    while done < kills || (done < 4 * kills && (crash.files == 0 || crash.answers == 0)) {
        let kill = done;
        done += 1;
        let browser = Browser::new(&crash.service.base);
        let missing = READY - ready.borrow().len();
        let fresh = (0..missing).map(|n| {
            let browser = &browser;
            async move { browser.prepared(&format!("Verhaal {kill}-{n}"), &[]).await }
        });
        let fresh = join_all(fresh).await;
        ready.borrow_mut().extend(fresh);
        let (code, fields) = ready.borrow_mut().pop().unwrap();
        assert_eq!(browser.post("/nl/report", &fields).await.status, 200);
        let case = crash.rows.case_of(&code, &crash.instance).await;
        // It counts from here on, also when its term ends below.
        crash.cases.insert(code.clone(), case);
        let mut due = BTreeSet::new();
        if kill % DUE == 0 {
            crash.program = None;
            let mine = crash.cases.remove(&code);
            due = crash.time_passes(&mut dice).await;
            crash.cases.extend(mine.map(|case| (code.clone(), case)));
            (purged, passes) = (purged + due.len(), passes + 1);
            crash.restart();
        }
        let pause = Duration::from_millis(dice.between(20, if kill < kills { 500 } else { 4_000 }));
        let mut program = crash.program.take().unwrap();
        let end = async {
            tokio::time::sleep(pause).await;
            program.kill();
        };
        let (shown, ()) = tokio::join!(load(&crash.service, &ready, (&code, case), &number), end);
        met += usize::from(crash.is_destroying(&due).await);
        crash.restart();
        crash.kept((&code, case), shown).await;
    }
    let Crash { cases, files, answers, unsure, .. } = &crash;
    tell(&format!(
        "{done} kills: {} reports confirmed, {unsure} of them sent again, {files} files, {answers} answers; {purged} cases to be \
         destroyed, {met} kills in the middle of that, {passes} starts with the nightly pass due",
        cases.len() + purged
    ));
    assert!(*files > 0 && *answers > 0 && purged > 0, "the load was mixed");
    crash.ends().await;
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

#[actix_web::test]
#[ignore = "takes long: tests/run --soak"]
async fn soak_on_sqlite() {
    crash(None, SOAK).await;
}

#[actix_web::test]
#[ignore = "takes long: tests/run --soak"]
async fn soak_on_postgresql() {
    let postgres = Postgres::start();
    crash(Some(postgres.database("soak")), SOAK).await;
}
