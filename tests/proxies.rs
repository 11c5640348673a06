//! The examples of a proxy in front: a report passes through the real nginx and the real HAProxy, and they keep nothing of it.
#![cfg(all(feature = "server", feature = "desk", unix))]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test")]
mod support;

use std::{
    fs,
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use support::{Browser, certificate::certify, child::Program, stands_in};

const STORY: &str = "CANARY-PROXY over de inkoop";
const AGENT: &str = "CANARY-AGENT";

/// A proxy that ends with the test.
struct Proxy(Child);

impl Drop for Proxy {
    fn drop(&mut self) {
        // Both fail when it ended before.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Files a report with a file of 9 MB through what `start` put in front, and looks for it in all that was written.
async fn passes(start: impl Fn(&Path, u16) -> Command) {
    let (folder, kept) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let port = free_port();
    let socket = kept.path().join("http.sock");
    let origin = format!("https://127.0.0.1:{port}");
    let settings = support::child::settings(folder.path(), None);
    support::train(folder.path());
    let program =
        Program::start(folder.path(), &format!("origins = ['{origin}']\nsocket = '{}'\n{settings}", socket.display()));
    certify(kept.path(), "127.0.0.1");
    let read = |name: &str| fs::read_to_string(kept.path().join(name)).unwrap();
    fs::write(kept.path().join("both.pem"), read("certificate.pem") + &read("key.pem")).unwrap();
    let log = fs::File::create(kept.path().join("said")).unwrap();
    let mut proxy = Proxy(
        start(kept.path(), port).stdout(log.try_clone().unwrap()).stderr(log).stdin(Stdio::null()).spawn().unwrap(),
    );
    let since = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        let ended = proxy.0.try_wait().unwrap().is_some();
        assert!(!ended && since.elapsed() < Duration::from_secs(30), "{}", read("said"));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let trusted = reqwest::Certificate::from_pem(read("certificate.pem").as_bytes()).unwrap();
    let http = reqwest::Client::builder()
        .tls_certs_only([trusted])
        .user_agent(AGENT)
        .pool_max_idle_per_host(0)
        .build()
        .unwrap();
    let browser = Browser::with(&origin, http);
    let (code, page) = browser.report(STORY, &[]).await;
    assert!(page.html.contains("veilig aangekomen"), "{}", page.title());
    let file = b"CANARY-FILE".repeat(800_000);
    let page = browser.upload(&code, "CANARY-NAME.txt", file).await;
    assert_eq!(page.status, 200, "{}", page.title());
    assert_eq!(page.html.len(), support::PAGE, "the proxy changed the page");
    assert!(page.headers.get("content-encoding").is_none());
    for needle in [STORY, AGENT, "CANARY-FILE", "CANARY-NAME", &code] {
        assert!(!stands_in(kept.path(), needle.as_bytes()), "{needle} stands in a file of the proxy");
        assert!(!stands_in(folder.path(), needle.as_bytes()), "{needle} stands in a file of the server");
    }
    drop(program);
}

/// The example with this machine's places in place of the example's.
fn example(name: &str, places: &[(&str, String)]) -> String {
    let mut text = fs::read_to_string(format!("deploy/proxy/{name}")).unwrap();
    for (theirs, ours) in places {
        assert!(text.contains(theirs), "{name} has no {theirs}");
        text = text.replace(theirs, ours);
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn nginx_keeps_nothing() {
    passes(|folder, port| {
        let here = |name: &str| folder.join(name).display().to_string();
        let site = example(
            "nginx.conf",
            &[
                ("/run/meldkluis-proxy/http.sock", here("http.sock")),
                ("listen 443 ssl;", format!("listen 127.0.0.1:{port} ssl;")),
                ("listen [::]:443 ssl;", String::new()),
                ("/etc/ssl/meldkluis/chain.pem", here("certificate.pem")),
                ("/etc/ssl/meldkluis/key.pem", here("key.pem")),
            ],
        );
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .iter()
            .map(|kind| format!("{kind}_temp_path {};\n", here(kind)))
            .collect();
        let whole = format!(
            "daemon off; master_process off; worker_processes 1; pid {};\nevents {{ worker_connections 256; }}\nhttp {{\n{temporary}{site}}}\n",
            here("pid")
        );
        fs::write(folder.join("nginx.conf"), whole).unwrap();
        let mut nginx = Command::new(sbin("nginx"));
        nginx.args(["-e", "stderr", "-c", &here("nginx.conf")]);
        nginx
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn haproxy_keeps_nothing() {
    passes(|folder, port| {
        let here = |name: &str| folder.join(name).display().to_string();
        let text = example(
            "haproxy.cfg",
            &[
                ("/run/meldkluis-proxy/http.sock", here("http.sock")),
                ("bind :443", format!("bind 127.0.0.1:{port}")),
                ("/etc/ssl/meldkluis/both.pem", here("both.pem")),
                ("  user haproxy\n  group haproxy\n", String::new()),
            ],
        );
        fs::write(folder.join("haproxy.cfg"), text).unwrap();
        let mut haproxy = Command::new(sbin("haproxy"));
        haproxy.args(["-db", "-f", &here("haproxy.cfg")]);
        haproxy
    })
    .await;
}

/// Debian keeps both where only root looks by itself.
fn sbin(name: &str) -> String {
    let path = format!("/usr/sbin/{name}");
    if Path::new(&path).exists() { path } else { name.to_owned() }
}
