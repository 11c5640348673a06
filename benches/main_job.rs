//! What the main job costs, as figures and as ratios within one run. `cargo bench --bench main_job`.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark")]
#[path = "../tests/support/mod.rs"]
mod support;

use std::{
    fs::File,
    io::{Read, Write},
    net::TcpStream,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use meldkluis::{
    clock::Clock,
    demo,
    domain::{
        day::Day,
        id::{CaseId, InstanceId, ItemId, ReaderId},
        order::Before,
        roster::{Function, Reader, Status, Text},
    },
    http,
    seal::{
        Author, FileSealer, ItemHead, Kind, Origin, Plaintext, Recipients, Signer, code::Code, desk::ReaderIdentity,
        item,
    },
    server,
    store::{Blobs, Store},
};
use rustix::time::{ClockId, clock_gettime};
use support::Browser;
use uuid::Uuid;

const LARGE: u64 = 512 << 20;
const BLOCK: usize = 1 << 20;
/// The disk is not the same from second to second: each turn has its own ratio.
const TURNS: usize = 9;
/// Below the limit on code tries, which counts a filing twice.
const FILINGS: u32 = 300;
const CHECKS: u32 = 500;

/// CPU milliseconds of this process, or of this thread.
fn cpu(clock: ClockId) -> f64 {
    let time = clock_gettime(clock);
    Duration::new(time.tv_sec.try_into().unwrap(), time.tv_nsec.try_into().unwrap()).as_secs_f64() * 1e3
}

fn told(aim: bool) -> &'static str {
    if aim { "met" } else { "MISSED" }
}

fn readers() -> Vec<Reader> {
    let reader = |n: u8| Reader {
        id: ReaderId::parse(&format!("reader-{n}")).unwrap(),
        functions: [Function::Officer].into(),
        shown_as: Text { nl: String::new(), en: String::new() },
        seal_key: ReaderIdentity::generate().unwrap().recipient(),
        sign_key: hex::encode(Signer::from_seed(&[n; 32]).public()),
        status: Status::Active,
        until: None,
    };
    (1..=4).map(reader).collect()
}

fn head(kind: Kind) -> ItemHead {
    ItemHead {
        instance: InstanceId::from_uuid(Uuid::new_v4()),
        case: CaseId::from_uuid(Uuid::new_v4()),
        item: ItemId::from_uuid(Uuid::new_v4()),
        kind,
        author: Author::Reporter,
        seq: 0,
        seen: [0; 32],
        before: Before::default(),
        day: Day::parse("2026-11-24").unwrap(),
        name: None,
        to: Vec::new(),
        reporter: None,
        proof: None,
        origin: Origin::default(),
        unread: Vec::new(),
    }
}

fn sealing() {
    const TIMES: u32 = 300;
    let (readers, signer) = (readers(), Signer::from_seed(&[7; 32]));
    let before = cpu(ClockId::ThreadCPUTime);
    for _ in 0..TIMES {
        // A report of 4 KiB with its manifest is padded to 16 KiB.
        let to = Recipients::of(&readers).unwrap();
        let text = Plaintext::from(vec![b'x'; 4 << 10]);
        std::hint::black_box(item(head(Kind::Report), text, &signer, &to).unwrap());
    }
    let seal = (cpu(ClockId::ThreadCPUTime) - before) / f64::from(TIMES);
    println!("sealing 4 KiB to four readers (eight slots): {seal:.2} ms CPU");
}

/// What a mailbox does with a code before it shows anything: reading it, the keys of four rooms, four look-ups.
async fn checking(store: &dyn Store, code: &str, instance: &InstanceId) {
    let before = cpu(ClockId::ProcessCPUTime);
    for _ in 0..CHECKS {
        let code = Code::typed(&Plaintext::from(code.to_owned()), instance).unwrap();
        for room in 0..4 {
            let keys = code.keys(instance, room);
            std::hint::black_box(store.case_by_lookup(&keys.lookup).await.unwrap());
        }
    }
    let check = (cpu(ClockId::ProcessCPUTime) - before) / f64::from(CHECKS);
    println!("checking a code: {check:.3} ms CPU; aim 0.5 ms: {}", told(check <= 0.5));
}

/// CPU of the server's threads and of the client's, which is this one.
struct Meter(f64, f64);

impl Meter {
    fn start() -> Self {
        Self(cpu(ClockId::ProcessCPUTime), cpu(ClockId::ThreadCPUTime))
    }

    /// The server's and the client's share, each filing.
    fn stop(&self) -> (f64, f64) {
        let (all, client) = (cpu(ClockId::ProcessCPUTime) - self.0, cpu(ClockId::ThreadCPUTime) - self.1);
        ((all - client) / f64::from(FILINGS), client / f64::from(FILINGS))
    }
}

async fn filing(base: &str) -> String {
    let browser = Browser::new(base);
    let story = "Verhaal. ".repeat(400);
    browser.report(&story, &[]).await;
    let mut prepared = Vec::new();
    let walk = Meter::start();
    for _ in 0..FILINGS {
        prepared.push(browser.prepared(&story, &[]).await);
    }
    let (pages, pages_client) = walk.stop();
    let last = Meter::start();
    for (_, fields) in &prepared {
        let page = browser.post("/nl/report", fields).await;
        assert!(page.html.contains("veilig aangekomen"), "{}", page.title());
    }
    let (sent, sent_client) = last.stop();
    let whole = pages + sent;
    println!(
        "a whole filing, ten requests: {whole:.2} ms CPU of the server, {sent:.2} ms of them for the last; client \
         {:.2} ms besides; aim 5 ms: {}",
        pages_client + sent_client,
        told(whole <= 5.0)
    );
    prepared.pop().unwrap().0
}

fn block() -> Vec<u8> {
    (0..BLOCK).map(usize::to_le_bytes).map(|[a, b, c, ..]| a ^ b.wrapping_mul(31) ^ c).collect()
}

/// The `age` crate to one X25519 recipient, into a file, with fsync.
fn bare(folder: &Path) -> Duration {
    let (path, block) = (folder.join("bare"), block());
    let since = Instant::now();
    let to = age::x25519::Identity::generate().to_public();
    let encryptor = age::Encryptor::with_recipients(std::iter::once(&to as &dyn age::Recipient)).unwrap();
    let file = std::io::BufWriter::with_capacity(BLOCK, File::create(&path).unwrap());
    let mut writer = encryptor.wrap_output(file).unwrap();
    for _ in 0..LARGE / BLOCK as u64 {
        writer.write_all(&block).unwrap();
    }
    let file = writer.finish().unwrap().into_inner().unwrap();
    file.sync_all().unwrap();
    let took = since.elapsed();
    std::fs::remove_file(path).unwrap();
    took
}

/// Sealing into the blob store, as an upload does it, with no network.
async fn stored(blobs: &Blobs) -> Duration {
    let (readers, signer, block) = (readers(), Signer::from_seed(&[7; 32]), block());
    let since = Instant::now();
    let id = ItemId::from_uuid(Uuid::new_v4());
    let mut sealer = FileSealer::new(&Recipients::of(&readers).unwrap()).unwrap();
    let mut writer = blobs.writer(&id).await.unwrap();
    for _ in 0..LARGE / BLOCK as u64 {
        sealer.write(&block).unwrap();
        writer.write(sealer.take()).await.unwrap();
    }
    let mut ending = sealer.ending(head(Kind::File), &signer).unwrap();
    while let Some(piece) = ending.next_piece().unwrap() {
        writer.write(piece).await.unwrap();
    }
    writer.finish().await.unwrap();
    let took = since.elapsed();
    blobs.delete(&id).await.unwrap();
    took
}

/// An upload over HTTP, with its client on the same machine.
fn uploaded(base: &str, code: &str) -> Duration {
    let (host, block) = (base.strip_prefix("http://").unwrap(), block());
    let head = format!(
        "--edge\r\ncontent-disposition: form-data; name=\"code\"\r\n\r\n{code}\r\n--edge\r\ncontent-disposition: \
         form-data; name=\"file\"; filename=\"large.bin\"\r\ncontent-type: application/octet-stream\r\n\r\n"
    );
    let tail = "\r\n--edge--\r\n";
    let total = (head.len() + tail.len()) as u64 + LARGE;
    let since = Instant::now();
    let mut server = TcpStream::connect(host).unwrap();
    write!(
        server,
        "POST /nl/mailbox/file HTTP/1.1\r\nhost: {host}\r\norigin: {base}\r\nconnection: close\r\n\
         content-length: {total}\r\ncontent-type: multipart/form-data; boundary=edge\r\n\r\n{head}"
    )
    .unwrap();
    for _ in 0..LARGE / BLOCK as u64 {
        server.write_all(&block).unwrap();
    }
    server.write_all(tail.as_bytes()).unwrap();
    let mut answer = String::new();
    server.read_to_string(&mut answer).unwrap();
    assert!(answer.contains("Uw bestand is toegevoegd"), "{}", answer.lines().next().unwrap_or_default());
    since.elapsed()
}

#[actix_web::main]
async fn main() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = demo::make_or_find(folder.path(), "127.0.0.1:0".parse().unwrap()).unwrap();
    config.reserve_bytes = 0;
    let app = server::prepare(config, Clock::System).await.unwrap();
    let (store, blobs, instance) = (Arc::clone(&app.store), app.blobs.clone(), app.roster.instance);
    let (address, running) = http::serve_anywhere(app).unwrap();
    tokio::spawn(running);
    let base = format!("http://{address}");

    sealing();
    let code = filing(&base).await;
    checking(store.as_ref(), &code, &instance).await;

    let mut turns = [const { Vec::new() }; 5];
    for turn in 0..TURNS {
        // One after the other, and each first in turn; the server runs on threads of its own.
        let mut took = [Duration::ZERO; 3];
        for which in (0..3).map(|n| (n + turn) % 3) {
            let one = match which {
                0 => bare(folder.path()),
                1 => stored(&blobs).await,
                _ => uploaded(&base, &code),
            };
            took.iter_mut().skip(which).take(1).for_each(|t| *t = one);
        }
        let [bare, sealed, upload] = took.map(|took| 512.0 / took.as_secs_f64());
        let turn = [bare, sealed, upload, sealed / bare * 100.0, upload / bare * 100.0];
        turns.iter_mut().zip(turn).for_each(|(all, figure)| all.push(figure));
    }
    let [fastest, slowest] = [f64::max, f64::min].map(|pick| turns[0].iter().copied().reduce(pick).unwrap());
    let [bare, sealed, upload, sealed_share, upload_share] = turns.map(median);
    println!("512 MiB, medians of {TURNS} turns");
    println!("by bare age with fsync: {bare:.0} MiB/s (from {slowest:.0} to {fastest:.0})");
    println!("sealed into the blob store: {sealed:.0} MiB/s, {sealed_share:.0} % of bare age in the same turn");
    println!(
        "uploaded over HTTP, client on the same cores: {upload:.0} MiB/s, {upload_share:.0} % of bare age in the same \
         turn; aim 80 %: {}",
        told(upload_share >= 80.0)
    );
}

/// The one in the middle.
fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2).copied().unwrap()
}
