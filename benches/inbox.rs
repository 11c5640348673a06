//! What 10,000 cases in one reader's inbox cost, on SQLite: the server is a process of its own. `cargo bench --bench inbox`, on Linux.
#![expect(clippy::unwrap_used, clippy::print_stdout, clippy::cast_precision_loss, reason = "a benchmark")]
use std::{
    collections::BTreeSet,
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use meldkluis::{
    clock::Clock,
    demo,
    desk::{Identity, Place, page},
    domain::{
        case::{ACKNOWLEDGE_DAYS, Case, CaseState, FEEDBACK_MONTHS},
        day::Day,
        id::{CaseId, InstanceId, ItemId, OrgId, ReaderId},
        order::Before,
        roster::{Function, Reader, Status, Text, Topic},
    },
    http::App,
    seal::{
        Author, ItemHead, Kind, Origin, Plaintext, Recipients, Signer, Slot, SlotTo, Story,
        code::Code,
        desk::{ReaderIdentity, open_to},
        item,
    },
    server,
    store::{NewItem, Payload},
};
use reqwest::{Client, RequestBuilder};
use rustix::time::{ClockId, clock_gettime};
use uuid::Uuid;

const READER: &str = "bzk-functionaris-1";
const CASES: usize = 10_000;
/// Cases stand on so many days: a year is kept, and most of it is closed.
const DAYS: usize = 365;
/// One case of so many is acknowledged: the reporter has a slot of that, and only the server knows it.
const ACKNOWLEDGED: usize = 2;
/// Items opened on one thread, with nothing around it.
const ALONE: usize = 1_000;

fn cpu(clock: ClockId) -> f64 {
    let time = clock_gettime(clock);
    Duration::new(time.tv_sec.try_into().unwrap(), time.tv_nsec.try_into().unwrap()).as_secs_f64()
}

fn told(aim: bool) -> &'static str {
    if aim { "met" } else { "MISSED" }
}

/// An item, with its slots and its payload.
type Piece = (ItemId, Vec<Slot>, Vec<u8>);

/// A case with a sealed report of some 2 KB, and the acknowledgement of some.
struct Sealed {
    case: Case,
    report: Piece,
    acknowledgement: Option<Piece>,
}

fn sealed(n: usize, instance: InstanceId, today: Day, readers: &[Reader], by: Option<&Identity>) -> Sealed {
    let keys = Code::from_bits(*Uuid::new_v4().as_bytes()).keys(&instance, 1);
    let filed = today.plus_days(-i32::try_from(n % DAYS).unwrap());
    let public = keys.public();
    let case = Case {
        id: public.case(&instance),
        lookup: keys.lookup,
        org: OrgId::parse("bzk").unwrap(),
        filed,
        due: by.map_or(filed.plus_days(ACKNOWLEDGE_DAYS), |_| filed.plus_months(FEEDBACK_MONTHS)),
        destroy_after: None,
        state: CaseState::Open,
    };
    let text = |text: String| Plaintext::from(text);
    let story = Story {
        topic: Topic::Money,
        story: text(format!("Zaak {n}. {}", "Er verdwijnt geld uit de kas. ".repeat(60))),
        who: text("De penningmeester".to_owned()),
        when: text(String::new()),
        place: text(String::new()),
        known: text(String::new()),
        struck: Vec::new(),
    };
    let to = Recipients::of(readers).unwrap();
    let head = ItemHead {
        instance,
        case: case.id,
        item: ItemId::from_uuid(Uuid::new_v4()),
        kind: Kind::Report,
        author: Author::Reporter,
        seq: 0,
        seen: [0; 32],
        before: Before::default(),
        day: filed,
        name: None,
        to: to.readers(),
        reporter: Some(public.clone()),
        proof: None,
        origin: Origin::default(),
        unread: Vec::new(),
    };
    let acknowledgement = by.map(|by| {
        let (author, id) = (Author::Reader(by.reader.clone()), ItemId::from_uuid(Uuid::new_v4()));
        let head = ItemHead { kind: Kind::Acknowledgement, author, item: id, seq: 1, reporter: None, ..head.clone() };
        let to = Recipients::of(readers).unwrap().with_reporter(case.id, &public.reply).unwrap();
        piece(head, text("Wij hebben uw melding ontvangen.".to_owned()), &by.signer, &to)
    });
    Sealed { report: piece(head, story.into_body(), &keys.signer, &to), case, acknowledgement }
}

fn piece(head: ItemHead, body: Plaintext, by: &Signer, to: &Recipients) -> Piece {
    let id = head.item;
    let (slots, payload) = item(head, body, by, to).unwrap().into_parts();
    (id, slots, payload)
}

/// Seals on all cores, stores one after the other, as a server does.
/// Fills the store; returns the cases.
async fn filled(app: &App, cases: usize, me: Identity) -> BTreeSet<CaseId> {
    let mut all = BTreeSet::new();
    let reader = app.roster.readers().find(|r| r.id.as_str() == READER).unwrap().clone();
    let (instance, today, cores) =
        (app.roster.instance, app.clock.today(), thread::available_parallelism().unwrap().get());
    let ((send, mut receive), me) = (tokio::sync::mpsc::channel(64), Arc::new(me));
    for core in 0..cores {
        let (send, reader, me) = (send.clone(), reader.clone(), Arc::clone(&me));
        thread::spawn(move || {
            for n in (core..cases).step_by(cores) {
                let by = (n % ACKNOWLEDGED == 0).then_some(&*me);
                send.blocking_send(sealed(n, instance, today, std::slice::from_ref(&reader), by)).unwrap();
            }
        });
    }
    drop(send);
    while let Some(Sealed { case, report, acknowledgement }) = receive.recv().await {
        let new = |(id, slots, payload)| {
            let (slots, readers) = (app.post.rows(&case, &id, slots, None), Vec::new());
            NewItem { id, slots, aside: None, readers, payload: Payload::Inline(payload), most: 2 }
        };
        app.store.file(&case, &new(report)).await.unwrap();
        if let Some(acknowledgement) = acknowledgement {
            app.store.add_item(&case.id, &new(acknowledgement), None, today).await.unwrap();
        }
        all.insert(case.id);
    }
    all
}

fn key(folder: &Path) -> PathBuf {
    folder.join(format!("readers/{READER}.key"))
}

fn identity(folder: &Path) -> Identity {
    Identity::load(&key(folder), || unreachable!()).unwrap()
}

/// As a desk remembers that it opened them, once: of what a reader never opened, the inbox opens nothing.
fn opened_before(folder: &Path, cases: &BTreeSet<CaseId>) {
    let (key, me) = (key(folder), identity(folder));
    let sealed = me.seal.seal_own(&serde_json::to_vec(cases).unwrap()).unwrap();
    std::fs::write(key.with_extension("opened"), sealed).unwrap();
}

/// Opens items on this thread, in memory.
fn alone(instance: InstanceId, today: Day) {
    let me = ReaderIdentity::generate().unwrap();
    let reader = Reader {
        id: ReaderId::parse("reader").unwrap(),
        functions: [Function::Officer].into(),
        shown_as: Text { nl: String::new(), en: String::new() },
        seal_key: me.recipient(),
        sign_key: "00".repeat(32),
        status: Status::Active,
        until: None,
    };
    let files: Vec<Vec<u8>> = (0..ALONE)
        .map(|n| {
            let (_, slots, payload) = sealed(n, instance, today, std::slice::from_ref(&reader), None).report;
            let mine = slots.iter().find(|s| matches!(s.to, SlotTo::Reader(_))).unwrap();
            [mine.header.as_slice(), &payload].concat()
        })
        .collect();
    let before = cpu(ClockId::ThreadCPUTime);
    for file in &files {
        let mut out = std::io::Cursor::new(Vec::new());
        std::hint::black_box(open_to(&me, file.as_slice(), &mut out).unwrap());
    }
    let rate = ALONE as f64 / (cpu(ClockId::ThreadCPUTime) - before);
    println!("opening and verifying alone, on one core: {rate:.0} cases a second; aim 1,000: {}", told(rate >= 1e3));
}

/// The server over the filled folder, ended when dropped.
struct Served {
    base: String,
    process: Child,
}

impl Served {
    fn start(folder: &Path) -> Self {
        let address: SocketAddr = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_meldkluis"));
        command.arg("demo").arg("--data").arg(folder).arg("--listen").arg(address.to_string());
        let process = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        while TcpStream::connect(address).is_err() {
            thread::sleep(Duration::from_millis(5));
        }
        Self { base: format!("http://{address}"), process }
    }

    /// Seconds of CPU that it used: fields 14 and 15 of its `stat`, in hundredths (proc(5)).
    fn cpu(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id())).unwrap();
        let fields = stat.rsplit(')').next().unwrap().split_whitespace().skip(11).take(2);
        fields.map(|ticks| ticks.parse::<f64>().unwrap()).sum::<f64>() / 100.0
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

/// A browser that was let in.
struct Browser {
    http: Client,
    origin: String,
    cookie: String,
}

impl Browser {
    async fn enter(link: &str) -> Self {
        let url = reqwest::Url::parse(link).unwrap();
        let (name, here) = (url.host_str().unwrap(), SocketAddr::from(([127, 0, 0, 1], url.port().unwrap())));
        let http = Client::builder().no_proxy().resolve(name, here).redirect(reqwest::redirect::Policy::none());
        let http = http.build().unwrap();
        let entered = http.get(link).send().await.unwrap();
        let cookie = entered.headers().get("set-cookie").unwrap().to_str().unwrap();
        let cookie = cookie.split(';').next().unwrap().to_owned();
        Self { http, origin: link.split("/open/").next().unwrap().to_owned(), cookie }
    }

    async fn page(&self, request: RequestBuilder) -> String {
        let request = request.header("cookie", &self.cookie).header("origin", &self.origin);
        request.send().await.unwrap().text().await.unwrap()
    }

    async fn inbox(&self) -> String {
        self.page(self.http.get(format!("{}/nl/inbox", self.origin))).await
    }

    /// Types the passphrase, of which the demo's keys have none, and follows to the inbox.
    async fn unlock(&self) -> String {
        let form = self.http.post(format!("{}/nl/inbox", self.origin));
        let form = form.header("content-type", "application/x-www-form-urlencoded").body("passphrase=");
        self.page(form).await;
        self.inbox().await
    }

    async fn lock(&self) {
        self.page(self.http.post(format!("{}/nl/lock", self.origin))).await;
    }
}

fn desk(base: &str, folder: &Path) -> String {
    let identity = key(folder);
    let place = Place {
        server: base.to_owned(),
        proxy: None,
        anchor: folder.join("anchor.toml"),
        state: identity.with_extension("seen"),
        clock: Clock::System,
    };
    let program = env!("CARGO_BIN_EXE_meldkluis-desk").into();
    let ready =
        page::ready(page::Settings { identity, card: None, place, idle: Duration::from_hours(1), port: 0, program })
            .unwrap();
    tokio::spawn(ready.running);
    ready.link
}

async fn cold(browser: &Browser, server: &Served, cases: usize) {
    let (since, before, served) = (Instant::now(), cpu(ClockId::ProcessCPUTime), server.cpu());
    let mut page = browser.unlock().await;
    let (first, mut pages) = (since.elapsed(), 1);
    while page.contains("klaargezet") {
        page = browser.inbox().await;
        pages += 1;
    }
    assert!(page.contains(&format!("{cases} gevonden")));
    let (wall, used) = (since.elapsed().as_secs_f64(), cpu(ClockId::ProcessCPUTime) - before);
    let (rate, per_core) = (cases as f64 / wall, cases as f64 / used);
    let theirs = server.cpu() - served;
    println!(
        "cold start: the first page after {:.2} s, everything opened after {wall:.1} s and {pages} pages",
        first.as_secs_f64()
    );
    println!(
        "cold start: {rate:.0} cases a second beside the server; {per_core:.0} a second of the desk's CPU; aim 1,000: {}",
        told(per_core >= 1e3)
    );
    println!("cold start: {used:.1} s of CPU of the desk, {theirs:.1} s of the server");
}

async fn known(browser: &Browser) {
    let (mut unlocked, mut again) = (Vec::new(), Vec::new());
    for _ in 0..5 {
        browser.lock().await;
        let since = Instant::now();
        let page = browser.unlock().await;
        unlocked.push(since.elapsed().as_secs_f64());
        assert!(page.contains("gevonden") && !page.contains("klaargezet"));
        let since = Instant::now();
        browser.inbox().await;
        again.push(since.elapsed().as_secs_f64());
    }
    let [unlocked, again] = [unlocked, again].map(median);
    println!("summaries known: sign-in to the first page {unlocked:.2} s; aim 1 s: {}", told(unlocked <= 1.0));
    println!("summaries known: the inbox again {again:.2} s");
}

/// The one in the middle.
fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2).copied().unwrap()
}

#[actix_web::main]
async fn main() {
    // For a short try.
    let cases = std::env::var("MELDKLUIS_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(CASES);
    let folder = tempfile::tempdir().unwrap();
    let mut config = demo::make_or_find(folder.path(), "127.0.0.1:0".parse().unwrap()).unwrap();
    config.reserve_bytes = 0;
    let app = server::prepare(config, Clock::System).await.unwrap();
    alone(app.roster.instance, app.clock.today());
    let since = Instant::now();
    opened_before(folder.path(), &filled(&app, cases, identity(folder.path())).await);
    println!(
        "{cases} cases, one of {ACKNOWLEDGED} acknowledged, sealed and stored in {:.0} s",
        since.elapsed().as_secs_f64()
    );
    drop(app);
    let server = Served::start(folder.path());

    let browser = Browser::enter(&desk(&server.base, folder.path())).await;
    cold(&browser, &server, cases).await;
    known(&browser).await;
    let summaries = std::fs::metadata(key(folder.path()).with_extension("summaries")).unwrap().len();
    println!("the sealed summaries: {:.1} MB", summaries as f64 / 1e6);
}
