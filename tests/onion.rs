//! The onion listener, as Tor and whoever pretends to be Tor meet it.
#![cfg(all(feature = "server", feature = "desk", unix))]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]
mod support;

use std::{
    net::{SocketAddr, TcpListener},
    time::{Duration, Instant},
};

use meldkluis::{config::Onion, proxy};
use proptest::prelude::*;
use support::{PAGE, Service, onion::circuit};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, UnixStream},
    time::timeout,
};

const HEADER: &str = "PROXY TCP6 fc00:dead:beef:4dad::0:23 ::1 35 80\r\n";

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_circuit_is_read_back(circuit: u32, ports: (u16, u16)) {
        let (high, low) = (circuit >> 16, circuit & 0xffff);
        let header = format!("PROXY TCP6 fc00:dead:beef:4dad::{high:x}:{low:x} ::1 {} {}\r\n", ports.0, ports.1);
        prop_assert!(header.len() <= proxy::LONGEST);
        prop_assert_eq!(proxy::circuit(header.as_bytes()), Some(circuit));
    }

    #[test]
    fn one_byte_more_or_less_is_no_header(at in 0..HEADER.len(), byte: u8) {
        let mut without = HEADER.as_bytes().to_vec();
        without.remove(at);
        // Another number, or the same address in another spelling, can be left.
        let number = |byte: u8| byte.is_ascii_hexdigit() || byte == b':';
        let read = proxy::circuit(&without);
        prop_assert!(read.is_none() || number(HEADER.as_bytes()[at]), "{}", String::from_utf8_lossy(&without));
        let mut more = HEADER.as_bytes().to_vec();
        more.insert(at, byte);
        prop_assert!(proxy::circuit(&more).is_none() || number(byte));
    }

    #[test]
    fn no_bytes_make_it_panic(bytes: Vec<u8>, words in "PROXY (TCP6|TCP4|UNKNOWN) [0-9a-f:. ]{0,90}\r\n") {
        prop_assert_eq!(proxy::circuit(&bytes), None);
        prop_assert!(proxy::circuit(words.as_bytes()).is_none_or(|_| words.starts_with("PROXY TCP6 ")));
    }
}

#[test]
fn what_tor_does_not_write_is_no_header() {
    let cases = [
        "",
        "\r\n",
        "PROXY UNKNOWN\r\n",
        "PROXY TCP4 127.0.0.1 127.0.0.1 35 80\r\n",
        "PROXY TCP6 2001:db8::23 ::1 35 80\r\n",
        "PROXY TCP6 fc00:dead:beef:4dad:1::23 ::1 35 80\r\n",
        "PROXY TCP6 fc00:dead:beef:4dad::0:23 ::1 35 65536\r\n",
        "PROXY TCP6 fc00:dead:beef:4dad::0:23 ::1 +35 80\r\n",
        "PROXY TCP6 fc00:dead:beef:4dad::0:23 ::1  35 80\r\n",
        "PROXY TCP6 fc00:dead:beef:4dad::0:23 ::1 35 80 \r\n",
        "PROXY TCP6 fc00:dead:beef:4dad::0:23 ::1 35 80\n",
        "proxy TCP6 fc00:dead:beef:4dad::0:23 ::1 35 80\r\n",
        "GET / HTTP/1.1\r\n",
    ];
    for header in cases {
        assert_eq!(proxy::circuit(header.as_bytes()), None, "{header:?}");
    }
    assert_eq!(proxy::circuit(HEADER.as_bytes()), Some(0x23));
    let long = HEADER.replace("35", &"0".repeat(proxy::LONGEST)).into_bytes();
    assert_eq!(proxy::circuit(&long), None);
}

/// A service with an onion listener on TCP, and where that is.
async fn with_onion() -> (Service, SocketAddr) {
    let listen = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let onion = Onion { listen: Some(listen), socket: None, location: None };
    (Service::in_training(|config| config.onion = Some(onion)).await, listen)
}

const GET: &str = "GET /nl/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/// What comes back until the connection ends, and how long that took.
async fn said(mut stream: TcpStream, bytes: &[u8]) -> (Vec<u8>, Duration) {
    let began = Instant::now();
    drop(stream.write_all(bytes).await);
    let mut answer = Vec::new();
    // A reset is an end, too.
    drop(timeout(Duration::from_secs(20), stream.read_to_end(&mut answer)).await.expect("the connection ends"));
    (answer, began.elapsed())
}

#[actix_web::test]
async fn with_its_header_the_same_page_comes_over_tcp_and_over_a_unix_socket() {
    let (service, listen) = with_onion().await;
    let stream = TcpStream::connect(listen).await.unwrap();
    let (answer, _) = said(stream, format!("{HEADER}{GET}").as_bytes()).await;
    assert!(answer.starts_with(b"HTTP/1.1 200 "), "{}", String::from_utf8_lossy(&answer));
    let page = circuit(listen, 1).await.get("/nl/").await;
    assert!(page.html.len() == PAGE && answer.ends_with(page.html.as_bytes()), "byte for byte the same page");
    let clear = support::Browser::new(&service.base).get("/nl/").await;
    assert_eq!(clear.html.len(), PAGE, "of another door, of the same size");

    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("onion.sock");
    let onion = Onion { listen: None, socket: Some(socket.clone()), location: None };
    let _service = Service::in_training(|config| config.onion = Some(onion)).await;
    let mut stream = UnixStream::connect(&socket).await.unwrap();
    stream.write_all(format!("{HEADER}{GET}").as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 200 ") && answer.ends_with(page.html.as_bytes()));
}

#[actix_web::test]
async fn without_a_right_header_a_connection_ends_without_an_answer() {
    let (service, listen) = with_onion().await;
    let long = format!("PROXY TCP6 {}", "f".repeat(100_000));
    let cases = [GET.to_owned(), format!("PROXY UNKNOWN\r\n{GET}"), format!("{HEADER}{HEADER}{GET}"), long];
    for case in &cases {
        let (answer, took) = said(TcpStream::connect(listen).await.unwrap(), case.as_bytes()).await;
        // A second header is what HTTP cannot read: that gets the empty answer that all such requests get.
        let empty = answer.is_empty() || (case.starts_with(HEADER) && answer.starts_with(b"HTTP/1.1 400 "));
        assert!(empty && !answer.ends_with(b"</html>\n"), "{}", String::from_utf8_lossy(&answer));
        assert!(took < Duration::from_secs(3), "at once: {took:?}");
    }
    // A header that does not come, or comes in drops, is waited for a few seconds; others are served meanwhile.
    let silent = tokio::spawn(said(TcpStream::connect(listen).await.unwrap(), b"PROXY TCP6 "));
    let meanwhile = circuit(listen, 7).await.get("/nl/").await;
    assert_eq!(meanwhile.status, 200);
    let (answer, took) = silent.await.unwrap();
    assert!(answer.is_empty() && (3..9).contains(&took.as_secs()), "{took:?}");
    // On the other listeners the line means nothing.
    let plain: SocketAddr = service.base.trim_start_matches("http://").parse().unwrap();
    let (answer, _) = said(TcpStream::connect(plain).await.unwrap(), format!("{HEADER}{GET}").as_bytes()).await;
    assert!(answer.starts_with(b"HTTP/1.1 400 "), "{}", String::from_utf8_lossy(&answer));
}

#[actix_web::test]
async fn every_clear_page_leads_to_the_onion_service_and_no_onion_page_does() {
    let listen = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let location = format!("http://{}.onion", "a2".repeat(28));
    let onion = Onion { listen: Some(listen), socket: None, location: Some(location.clone()) };
    let service = Service::in_training(|config| config.onion = Some(onion)).await;
    let (clear, by_tor) = (support::Browser::new(&service.base), circuit(listen, 1).await);
    let mut lengths = Vec::new();
    for (path, language) in [("/", "nl"), ("/en/", "en"), ("/nl/report", "nl"), ("/en/nowhere", "en")] {
        let page = clear.get(path).await;
        let header = page.headers.get("onion-location").unwrap().to_str().unwrap();
        assert_eq!(header, format!("{location}/{language}/"));
        lengths.push(header.len());
        assert!(!by_tor.get(path).await.headers.contains_key("onion-location"));
    }
    assert!(lengths.iter().all(|length| *length == lengths[0]));
    assert!(!clear.get("/api/v1/roster").await.headers.contains_key("onion-location"));
}
