//! Visitors who only cost: many, slow, endless. Meanwhile somebody files a report, and it goes on as ever (promise 10).
#![cfg(all(feature = "server", feature = "desk", target_os = "linux"))]
#![expect(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test, and its figures")]
#[path = "flood/circuits.rs"]
mod circuits;
#[path = "flood/half_open.rs"]
mod half_open;
mod support;

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use support::{
    Browser,
    child::{Program, settings},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{sleep, timeout},
};

/// What a server may use with ten thousand who only wait.
const IDLE_MIB: u64 = 400;
/// What it may use with those who send without end.
const ENDLESS_MIB: u64 = 250;
/// What it may use with those who send forms without their end; its unit lets it have 2,048.
const FORMS_MIB: u64 = 900;
/// An honest report, nine pages, takes at most so long on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);
/// The head of a request has 15 seconds; a connection that is told to go has gone after so long.
const HEAD: Duration = Duration::from_secs(25);

struct Server {
    program: Program,
    // Kept until the server is gone.
    folder: tempfile::TempDir,
}

impl Server {
    fn start() -> Self {
        // What is refused is read to the size of the largest file, and then cut off. A slow sender has five seconds, not sixty.
        Self::start_with(
            "max_file_bytes = 33554432\n[pace]\nsilence_seconds = 5\ngrace_seconds = 5\nbytes_per_second = 4096\ntotal_seconds = 600\n",
        )
    }

    /// With as many files as the machine lets it have, and these settings beside the usual ones.
    fn start_with(more: &str) -> Self {
        let most = getrlimit(Resource::Nofile);
        setrlimit(Resource::Nofile, Rlimit { current: most.maximum, maximum: most.maximum }).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(folder.path(), None) + more;
        Self::over(folder, &settings)
    }

    fn over(folder: tempfile::TempDir, settings: &str) -> Self {
        let program = Program::start(folder.path(), settings);
        Self { program, folder }
    }

    fn address(&self) -> SocketAddr {
        self.program.base.trim_start_matches("http://").parse().unwrap()
    }

    /// The most memory it ever had, in MiB.
    fn peak(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.program.id())).unwrap();
        let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
    }

    /// Files a report, all nine pages; returns how long that took.
    async fn honest(&self) -> Duration {
        let since = Instant::now();
        let (_, page) = timeout(PATIENCE, Browser::new(&self.program.base).report("Een melding", &[])).await.unwrap();
        assert!(page.html.contains("veilig aangekomen"), "{}", page.title());
        since.elapsed()
    }
}

/// Sends pieces until the other side has had enough; returns how much went out.
async fn endless(at: SocketAddr, head: &str, piece: &[u8], pause: Duration) -> usize {
    let mut stream = TcpStream::connect(at).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    let (mut read, mut write) = stream.split();
    let mut answer = Vec::new();
    let mut sent = 0;
    let sending = async {
        while write.write_all(piece).await.is_ok() {
            sent += piece.len();
            sleep(pause).await;
        }
    };
    // An answer, or the end, is enough: whoever goes on sending talks to nobody.
    tokio::select! {
        () = sending => {}
        _ = read.read_to_end(&mut answer) => {}
    }
    sent
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_who_only_wait_keep_nobody_out() {
    let server = Server::start();
    let files = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    assert!(files >= 11_000, "this machine lets a process have {files} files; 11,000 are needed");
    let quiet = server.honest().await;
    let mut waiting = Vec::new();
    for n in 0..10_000 {
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        // Half of them send the beginning of a request, and no more.
        if n % 2 == 0 {
            stream.write_all(b"GET /nl/report HTTP/1.1\r\nhost: x").await.unwrap();
        }
        waiting.push(stream);
        if n % 2_500 == 2_499 {
            server.honest().await;
        }
    }
    let busy = server.honest().await;
    let peak = server.peak();
    println!("10,000 idle connections: {peak} MiB at most; a report takes {busy:.2?}, alone {quiet:.2?}");
    assert!(peak < IDLE_MIB, "{peak} MiB");
}

/// A quarter of a MiB of a form, but for its last bytes, which never come.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nine_thousand_forms_that_never_end_do_not_fill_the_memory() {
    let server = Server::start_with("");
    let at = server.address();
    let length = 255 << 10;
    let head = format!(
        "POST /nl/report HTTP/1.1\r\nhost: {at}\r\norigin: http://{at}\r\ncontent-type: application/x-www-form-urlencoded\r\n\
         content-length: {}\r\n\r\n",
        length + 10
    );
    let body = vec![b'a'; length];
    let mut waiting = Vec::new();
    let mut slowest = Duration::ZERO;
    for n in 0..9_000 {
        let mut stream = TcpStream::connect(at).await.unwrap();
        // Cut off early, the rest finds nobody.
        if stream.write_all(head.as_bytes()).await.is_ok() {
            drop(timeout(Duration::from_secs(5), stream.write_all(&body)).await);
        }
        waiting.push(stream);
        if n % 1_000 == 999 {
            slowest = slowest.max(server.honest().await);
        }
    }
    let peak = server.peak();
    println!(
        "9,000 forms of 255 KiB that never end: {peak} MiB at most; the slowest of nine reports takes {slowest:.2?}"
    );
    assert!(peak < FORMS_MIB, "{peak} MiB");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_no_end_keeps_nobody_out() {
    let server = Server::start();
    let at = server.address();
    let form = |kind: &str| {
        format!(
            "POST /nl/mailbox/file HTTP/1.1\r\nhost: {at}\r\norigin: http://{at}\r\ncontent-type: {kind}\r\ntransfer-encoding: chunked\r\n\r\n"
        )
    };
    let multipart = form("multipart/form-data; boundary=edge");
    let chunk = |bytes: &[u8]| [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat();
    let part = b"--edge\r\ncontent-disposition: form-data; name=\"x\"\r\n\r\n1\r\n".repeat(1_000);
    let nested = |n: usize| {
        format!("--edge\r\ncontent-type: multipart/mixed; boundary=edge{n}\r\n\r\n--edge{n}\r\n\r\n").into_bytes()
    };
    let long =
        form("multipart/form-data; boundary=edge").replace("chunked", "identity").replace("transfer-encoding", "x");
    let (soon, slow) = (Duration::ZERO, Duration::from_secs(1));
    let kinds: [(&str, String, Vec<u8>, Duration); 10] = [
        ("one header, without end", "GET / HTTP/1.1\r\nx: ".to_owned(), vec![b'a'; 1 << 16], soon),
        ("headers, without end", "GET / HTTP/1.1\r\n".to_owned(), b"a: b\r\n".repeat(5_000), soon),
        ("an address, without end", "GET /".to_owned(), vec![b'a'; 1 << 16], soon),
        ("a head, a byte a second", "GET / HTTP/1.1\r\nx: ".to_owned(), vec![b'a'], slow),
        ("parts by the million", multipart.clone(), chunk(&part), soon),
        (
            "the header of a part, without end",
            multipart.clone() + "8\r\n--edge\r\n\r\n",
            chunk(&vec![b'h'; 1 << 16]),
            soon,
        ),
        ("a boundary, without end", multipart.clone(), chunk(&vec![b'-'; 1 << 16]), soon),
        ("forms within forms", multipart.clone(), chunk(&(0..1_000).flat_map(nested).collect::<Vec<u8>>()), soon),
        ("a body, a byte a second", long.replace("\r\n\r\n", "\r\ncontent-length: 1000000\r\n\r\n"), vec![b'-'], slow),
        ("a form, without end", form("application/x-www-form-urlencoded"), chunk(&vec![b'f'; 1 << 16]), soon),
    ];
    for (name, head, piece, pause) in kinds {
        let since = Instant::now();
        let flood = async {
            let all = (0..8).map(|_| endless(at, &head, &piece, pause));
            let most = if head.contains("chunked") { HEAD / 4 } else { HEAD };
            timeout(most, futures_util::future::join_all(all)).await
        };
        tokio::pin!(flood);
        let mut honest = Vec::new();
        // Somebody with a report each second.
        let sent = loop {
            tokio::select! {
                sent = &mut flood => break sent,
                took = async { sleep(Duration::from_secs(1)).await; server.honest().await } => honest.push(took),
            }
        };
        honest.push(server.honest().await);
        // The framework reads a body in chunks to its end, and throws it away, for as long as somebody sends it.
        assert!(sent.is_ok() || head.contains("chunked"), "{name}: not cut off");
        let end = sent.ok().map_or_else(
            || "still sending".to_owned(),
            |sent| format!("cut off after {:.1?} and {} bytes", since.elapsed(), sent.iter().max().unwrap()),
        );
        let slowest = honest.iter().max().unwrap();
        println!("{name}: {end}; of {} reports meanwhile the slowest takes {slowest:.2?}", honest.len());
    }
    let peak = server.peak();
    println!("peak: {peak} MiB");
    assert!(peak < ENDLESS_MIB, "{peak} MiB");
}
