//! The desk reaches the service through a SOCKS proxy, as Tor is one, and through the system's HTTP proxy.
#![cfg(all(feature = "server", feature = "desk", unix))]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test")]
mod support;

use std::{
    net::{TcpListener, TcpStream},
    process::{Child, Command, Output, Stdio},
    time::Duration,
};

use support::Service;

/// A proxy's process. Ends with it.
struct Proxy {
    process: Child,
    port: u16,
}

impl Proxy {
    fn start(command: impl FnOnce(u16) -> Command) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = command(port);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let process = command.spawn().unwrap_or_else(|e| panic!("{command:?}: {e}; tests/run installs it"));
        let proxy = Self { process, port };
        for _ in 0..200 {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return proxy;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("{command:?} does not listen");
    }

    fn stop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// The desk's own program, asked for the inbox.
async fn inbox(service: &Service, words: &[String], system: &[(&str, String)]) -> Output {
    program(service, ("bzk-functionaris-1", "inbox"), words, system).await
}

async fn program(
    service: &Service,
    (reader, act): (&str, &str),
    words: &[String],
    system: &[(&str, String)],
) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_meldkluis-desk"));
    for name in
        ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"]
    {
        command.env_remove(name);
    }
    command.envs(system.iter().map(|(name, value)| (*name, value.as_str())));
    command.args(["--server", &service.base, "--root"]).arg(service.path("anchor.toml"));
    command.arg("--identity").arg(service.path(&format!("readers/{reader}.key")));
    command.args(words).arg(act).stdin(Stdio::null());
    actix_web::rt::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

/// It works through the proxy, and says so when the proxy is gone: it never goes round it.
async fn only_through(mut proxy: Proxy, words: &[String], system: &[(&str, String)]) {
    let service = Service::start(None).await;
    let through = inbox(&service, words, system).await;
    assert_eq!(String::from_utf8_lossy(&through.stdout).trim(), "No cases.", "{through:?}");
    proxy.stop();
    let without = inbox(&service, words, system).await;
    assert!(!without.status.success());
    let said = String::from_utf8_lossy(&without.stderr).into_owned();
    assert!(said.contains("cannot be reached") && said.trim().lines().count() == 1, "{said}");
}

fn socks() -> Proxy {
    Proxy::start(|port| {
        let mut command = Command::new("microsocks");
        command.args(["-i", "127.0.0.1", "-p", &port.to_string()]);
        command
    })
}

#[actix_web::test]
async fn the_desk_goes_through_a_socks_proxy_and_never_round_it() {
    let proxy = socks();
    let words = ["--proxy".to_owned(), format!("socks5h://127.0.0.1:{}", proxy.port)];
    only_through(proxy, &words, &[]).await;
}

#[actix_web::test]
async fn the_canary_goes_through_a_socks_proxy_and_its_end_says_how_it_went() {
    let mut proxy = socks();
    let service = Service::start(None).await;
    let words = ["--json".to_owned(), "--proxy".to_owned(), format!("socks5h://127.0.0.1:{}", proxy.port)];
    let canary = async || {
        let done = program(&service, ("kanarie-lezer", "canary"), &words, &[]).await;
        let report: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
        (done.status.code(), report)
    };
    let (code, report) = canary().await;
    assert_eq!((code, report["steps"].as_array().unwrap().len()), (Some(0), 11), "{report}");
    proxy.stop();
    let (code, report) = canary().await;
    assert_eq!((code, report["failed"]["step"].as_str()), (Some(1), Some("sign-in")), "{report}");
}

#[actix_web::test]
async fn the_desk_goes_through_the_system_s_http_proxy_and_never_round_it() {
    let folder = tempfile::tempdir().unwrap();
    let settings = folder.path().join("tinyproxy.conf");
    let proxy = Proxy::start(|port| {
        std::fs::write(&settings, format!("Port {port}\nListen 127.0.0.1\nTimeout 60\n")).unwrap();
        let mut command = Command::new("tinyproxy");
        command.arg("-d").arg("-c").arg(&settings);
        command
    });
    let system = [("http_proxy", format!("http://127.0.0.1:{}", proxy.port))];
    only_through(proxy, &[], &system).await;
}
