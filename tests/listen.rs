//! The listeners, as their users meet them: HTTPS with its certificate changed under way, a unix socket, and senders who trickle.
#![cfg(all(feature = "server", feature = "desk", unix))]
#![expect(clippy::unwrap_used, reason = "a test")]
mod support;

use std::{
    net::TcpListener,
    time::{Duration, Instant},
};

use meldkluis::config::{Https, Pace};
use support::{
    Browser, PAGE, Service,
    certificate::{certify, openssl_client},
    files_in,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, UnixStream},
    time::timeout,
};

#[actix_web::test]
async fn https_serves_the_same_pages_and_a_new_certificate_without_a_restart() {
    let certificates = tempfile::tempdir().unwrap();
    certify(certificates.path(), "first");
    let listen = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (certificate, key) = (certificates.path().join("certificate.pem"), certificates.path().join("key.pem"));
    let pem = std::fs::read(&certificate).unwrap();
    let https = Https { listen, certificate, key };
    let service = Service::in_training(|config| config.https = Some(https)).await;

    let trusted = reqwest::Certificate::from_pem(&pem).unwrap();
    let client = reqwest::Client::builder().tls_certs_only([trusted]).https_only(true).build().unwrap();
    let answer = client.get(format!("https://{listen}/en/")).send().await.unwrap();
    let hsts = answer.headers().get("strict-transport-security").unwrap().clone();
    assert_eq!(hsts, "max-age=63072000");
    assert_eq!(answer.bytes().await.unwrap().len(), PAGE);
    let plain = Browser::new(&service.base).get("/en/").await;
    assert_eq!(plain.headers.get("strict-transport-security"), Some(&hsts), "one set of headers for all");

    let address = listen.to_string();
    let asked = address.clone();
    let old = actix_web::web::block(move || {
        [&["-tls1_2"][..], &["-tls1_3"], &["-tls1_1"]].map(|options| openssl_client(&asked, options))
    });
    let [tls12, tls13, tls11] = old.await.unwrap();
    assert!(tls12.contains("TLSv1.2") && tls12.contains("CN = first"), "{tls12}");
    assert!(tls13.contains("TLSv1.3"), "{tls13}");
    assert!(!tls11.contains("Cipher is ECDHE"), "TLS 1.1 is refused: {tls11}");

    certify(certificates.path(), "second");
    let began = Instant::now();
    loop {
        let asked = address.clone();
        let said = actix_web::web::block(move || openssl_client(&asked, &["-tls1_3"])).await.unwrap();
        if said.contains("CN = second") {
            break;
        }
        assert!(began.elapsed() < Duration::from_secs(30), "the new certificate is served: {said}");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

#[actix_web::test]
async fn a_unix_socket_serves_what_the_plain_listener_serves() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("intake.sock");
    let service = Service::with(None, |config| config.socket = Some(path.clone())).await;
    let mut stream = UnixStream::connect(&path).await.unwrap();
    stream.write_all(b"GET /nl/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 200 "));
    let page = Browser::new(&service.base).get("/nl/").await;
    assert!(answer.ends_with(page.html.as_bytes()), "byte for byte the same page");
}

/// Reads until the server ends the connection.
async fn ended(stream: &mut TcpStream) -> Vec<u8> {
    let mut answer = Vec::new();
    // A reset is an end, too.
    drop(timeout(Duration::from_secs(20), stream.read_to_end(&mut answer)).await.expect("the connection ends"));
    answer
}

#[actix_web::test]
async fn a_body_that_trickles_is_cut_off_and_others_do_not_wait() {
    let hasty = Pace { silence_seconds: 2, grace_seconds: 2, bytes_per_second: 1000, total_seconds: 60 };
    let service = Service::with(None, |config| config.pace = hasty).await;
    let browser = Browser::new(&service.base);
    let (code, _) = browser.report("Verhaal", &[]).await;
    let host = service.base.trim_start_matches("http://").to_owned();

    let (form, upload) = ("/nl/mailbox", "/nl/mailbox/file");
    for (path, kind) in [(form, "application/x-www-form-urlencoded"), (upload, "multipart/form-data; boundary=b")] {
        let mut stream = TcpStream::connect(&host).await.unwrap();
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nContent-Type: {kind}\r\nContent-Length: 200000\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let start = format!(
            "--b\r\nContent-Disposition: form-data; name=\"code\"\r\n\r\n{code}\r\n--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x\"\r\n\r\n"
        );
        stream.write_all(if path == upload { start.as_bytes() } else { b"code=" }).await.unwrap();
        let (mut reading, mut writing) = stream.into_split();
        // 20 bytes a second: never silent, never fast enough.
        let trickle = tokio::spawn(async move {
            while writing.write_all(b"x").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        });
        let meanwhile = Instant::now();
        assert_eq!(browser.get("/nl/").await.status, 200);
        assert!(meanwhile.elapsed() < Duration::from_secs(2), "nobody waits for a slow sender");
        let mut answer = vec![0; 12];
        timeout(Duration::from_secs(10), reading.read_exact(&mut answer)).await.expect("cut off in time").unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 4"), "{}", String::from_utf8_lossy(&answer));
        trickle.abort();
    }
    nothing_left(&service).await;
}

#[actix_web::test]
async fn an_upload_that_breaks_off_leaves_nothing_and_the_report_stands() {
    let service = Service::start(None).await;
    let browser = Browser::new(&service.base);
    let (code, _) = browser.report("Verhaal", &[]).await;
    let host = service.base.trim_start_matches("http://").to_owned();
    let mut stream = TcpStream::connect(&host).await.unwrap();
    let head = format!(
        "POST /nl/mailbox/file HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 90000000\r\n\r\n--b\r\nContent-Disposition: form-data; name=\"code\"\r\n\r\n{code}\r\n--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x\"\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    for _ in 0..20 {
        stream.write_all(&[7; 1 << 20]).await.unwrap();
    }
    assert!(files_in(&service.path("data/payloads")) > 0, "a part of it is on the disk");
    let meanwhile = browser.post("/nl/mailbox", &[("code".into(), code.clone())]).await;
    assert!(meanwhile.html.contains("Er komt nu een bestand binnen"), "a reload shows how far it is");
    drop(stream);
    nothing_left(&service).await;
    let mailbox = browser.post("/nl/mailbox", &[("code".into(), code)]).await;
    assert_eq!(mailbox.status, 200);
    assert!(!mailbox.html.contains("Er komt nu een bestand binnen"));
}

/// Waits until the payload folder is empty again.
async fn nothing_left(service: &Service) {
    let began = Instant::now();
    while files_in(&service.path("data/payloads")) > 0 {
        assert!(began.elapsed() < Duration::from_secs(10), "nothing is left behind");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[actix_web::test]
async fn what_is_not_http_gets_an_empty_answer_and_no_echo() {
    let service = Service::start(None).await;
    let host = service.base.trim_start_matches("http://").to_owned();
    let huge = format!("GET / HTTP/1.1\r\nHost: {host}\r\nX-Canary: {}\r\n\r\n", "CANARY".repeat(60_000));
    for bytes in [b"CANARY not http at all\r\n\r\n".to_vec(), huge.into_bytes()] {
        let mut stream = TcpStream::connect(&host).await.unwrap();
        drop(stream.write_all(&bytes).await);
        let answer = ended(&mut stream).await;
        let text = String::from_utf8_lossy(&answer);
        assert!(!text.contains("CANARY"), "{text}");
        let body = text.split_once("\r\n\r\n").map(|(_, body)| body).unwrap_or_default();
        assert_eq!(body, "", "{text}");
    }
}
