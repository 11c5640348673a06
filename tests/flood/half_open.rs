//! Connections whose other end never answers, or answers no more. They need a network of their own in which packets can be lost.
use std::{process::Command, time::Duration};

use tokio::{
    io::AsyncWriteExt,
    net::{TcpSocket, TcpStream},
    time::{Instant, sleep},
};

use super::{HEAD, PATIENCE, Server};

/// Set in the process that has a network of its own.
const INSIDE: &str = "MELDKLUIS_OWN_NETWORK";
/// Visitors come from this network, and packets to it can be lost.
const FAR: &str = "127.8.0.0/16";
const SILENT: u32 = 5_000;
const VANISHED: usize = 1_000;

/// Starts this test again in a network namespace, unless it is in one. True where the test itself is to run.
fn inside(test: &str) -> bool {
    if std::env::var_os(INSIDE).is_some() {
        run("ip", &["link", "set", "lo", "up"]);
        // A small network of its own begins with 128.
        std::fs::write("/proc/sys/net/ipv4/tcp_max_syn_backlog", "4096").unwrap();
        run("nft", &["add", "table", "ip", "far"]);
        run("nft", &["add", "chain", "ip", "far", "out", "{ type filter hook output priority 0; }"]);
        return true;
    }
    let mut command = Command::new("unshare");
    command.arg("--net").arg(std::env::current_exe().unwrap()).args(["--exact", test, "--nocapture"]);
    let done = command.env(INSIDE, "1").output().expect("unshare; run this test as root");
    let said = String::from_utf8_lossy(&done.stdout);
    println!("{said}");
    assert!(done.status.success() && said.contains("1 passed"), "{}", String::from_utf8_lossy(&done.stderr));
    false
}

fn run(program: &str, arguments: &[&str]) {
    let done = Command::new(program).args(arguments).output().unwrap();
    assert!(done.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
}

/// What goes to the far network is lost, or what comes from it too.
fn lose(from_it_too: bool) {
    run("nft", &["add", "rule", "ip", "far", "out", "ip", "daddr", FAR, "drop"]);
    if from_it_too {
        run("nft", &["add", "rule", "ip", "far", "out", "ip", "saddr", FAR, "drop"]);
    }
}

/// A connection from the far network; the number says from which of its addresses.
async fn come(server: &Server, n: u32) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    let [.., high, low] = (n % 60_000 + 1).to_be_bytes();
    socket.bind(format!("127.8.{high}.{low}:0").parse().unwrap())?;
    socket.connect(server.address()).await
}

/// How many connections the kernel holds for the server that are not yet open.
fn half_open() -> usize {
    const SYN_RECV: &str = "03";
    let all = std::fs::read_to_string("/proc/net/tcp").unwrap();
    all.lines().filter(|line| line.split_whitespace().nth(3) == Some(SYN_RECV)).count()
}

impl Server {
    fn open_files(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.program.id())).unwrap().count()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn those_who_knock_and_never_come_in_keep_nobody_out() {
    if !inside("half_open::those_who_knock_and_never_come_in_keep_nobody_out") {
        return;
    }
    let server = Server::start();
    server.honest().await;
    let before = server.open_files();
    lose(false);
    let knocks = futures_util::future::join_all((0..SILENT).map(|n| come(&server, n)));
    tokio::pin!(knocks);
    let (mut slowest, mut most) = (Duration::ZERO, 0);
    for _ in 0..5 {
        tokio::select! {
            _ = &mut knocks => panic!("nobody can come in"),
            took = async { sleep(Duration::from_secs(1)).await; server.honest().await } => slowest = slowest.max(took),
        }
        most = most.max(half_open());
    }
    println!("{SILENT} who never answer: {most} half open at most; the slowest of five reports takes {slowest:.2?}");
    assert!(most >= 1_000, "the kernel holds {most} half open: the flood did not arrive");
    assert!(server.open_files() <= before + 8, "the server itself holds none");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn those_who_vanish_are_let_go() {
    if !inside("half_open::those_who_vanish_are_let_go") {
        return;
    }
    let server = Server::start();
    server.honest().await;
    let before = server.open_files();
    let upload: &[u8] =
        b"POST /nl/mailbox/file HTTP/1.1\r\nhost: x\r\norigin: http://x\r\ncontent-type: multipart/form-data; \
         boundary=edge\r\ncontent-length: 9000000\r\n\r\n--edge\r\n";
    // In the middle of nothing, of a head, and of a body.
    let beginnings: [&[u8]; 3] = [b"", b"GET /nl/report HTTP/1.1\r\nhost: x", upload];
    let mut gone = Vec::new();
    for (n, sent) in (0..).zip(beginnings.into_iter().cycle().take(VANISHED)) {
        let mut stream = come(&server, n).await.unwrap();
        stream.write_all(sent).await.unwrap();
        gone.push(stream);
    }
    // Not all are taken in at once, and what the first report left open may end meanwhile.
    let since = Instant::now();
    while server.open_files() + 8 < before + VANISHED {
        assert!(since.elapsed() < HEAD / 2, "{} are open", server.open_files() - before);
        sleep(Duration::from_millis(20)).await;
    }
    lose(true);
    let since = Instant::now();
    while server.open_files() > before + 8 {
        assert!(since.elapsed() < HEAD + PATIENCE, "{} are still held", server.open_files() - before);
        sleep(Duration::from_millis(100)).await;
    }
    let (took, honest) = (since.elapsed(), server.honest().await);
    println!("{VANISHED} who vanished: all let go after {took:.1?}; a report takes {honest:.2?}");
}
