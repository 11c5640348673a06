//! Limits: one circuit that floods is slowed, others are not, what was typed stays, and text is refused last.
#![cfg(all(feature = "server", feature = "desk", unix))]
#![expect(clippy::unwrap_used, reason = "a test")]
mod support;

use std::{
    net::{SocketAddr, TcpListener},
    num::NonZeroU32,
    time::Duration,
};

use meldkluis::config::{Config, Limit, Limits, Onion};
use support::{Browser, PAGE, Page, Service, files_in, onion::circuit};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

fn limit([circuit, case, clear, service]: [u32; 4]) -> Limit {
    let some = |n| NonZeroU32::new(n).unwrap();
    Limit { circuit: some(circuit), case: some(case), clear: some(clear), service: some(service) }
}

/// A service with an onion listener and limits of its own.
async fn service(change: impl FnOnce(&mut Limits)) -> (Service, SocketAddr) {
    let listen = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let onion = Onion { listen: Some(listen), socket: None, location: None };
    let settings = |config: &mut Config| {
        config.onion = Some(onion);
        change(&mut config.limits);
    };
    (Service::in_training(settings).await, listen)
}

/// Looks into a mailbox until it is refused, and returns how often it was not.
async fn flood(browser: &Browser, code: &str) -> (usize, Page) {
    for served in 0..10_000 {
        let page = browser.mailbox(code, None, &[]).await;
        if page.status == 429 {
            return (served, page);
        }
        assert!(matches!(page.status, 200 | 422), "{}", page.title());
    }
    unreachable!("no limit is reached")
}

const UNKNOWN: &str = "een twee drie";

#[actix_web::test]
async fn a_circuit_that_floods_is_slowed_and_another_is_not() {
    let (service, onion) = service(|_| {}).await;
    let (flooding, other) = (circuit(onion, 0x0001_0017).await, circuit(onion, 0x0001_0018).await);
    let (served, page) = flood(&flooding, UNKNOWN).await;
    assert!((60..=70).contains(&served), "{served} of a circuit's 60 a minute");
    assert!(page.html.len() == PAGE && page.html.contains("Wacht 5 seconden"), "{}", page.title());
    let english = flooding.with_code("/en/mailbox", UNKNOWN, None, &[]).await;
    assert!(english.status == 429 && english.html.contains("Wait 5 seconds"));
    // Its own next connection is slowed too; another circuit files, writes and reads.
    let again = circuit(onion, 0x0001_0017).await;
    assert_eq!(again.mailbox(UNKNOWN, None, &[]).await.status, 429);
    let (code, page) = other.report("Verhaal", &[]).await;
    assert!(page.html.contains("veilig aangekomen"), "{}", page.title());
    let written = other.mailbox(&code, None, &[("act", "write"), ("text", "Nog iets")]).await;
    assert_eq!(written.status, 200);
    assert_eq!(other.upload(&code, "a.txt", vec![1; 10]).await.status, 200);
    // So does everybody who comes by another listener.
    assert_eq!(Browser::new(&service.base).mailbox(&code, None, &[]).await.status, 200);
}

#[actix_web::test]
async fn who_is_refused_keeps_what_they_typed_and_sends_it_with_one_button() {
    let (_service, onion) = service(|limits| limits.texts = limit([1, 20, 600, 1200])).await;
    let browser = circuit(onion, 1).await;
    let story = "Verhaal met \"tekens\" & <haken>\r\nen een regel";
    let (code, _) = browser.report("Eerste verhaal", &[]).await;

    let message = browser.mailbox(&code, None, &[("act", "write"), ("text", story)]).await;
    assert!(message.status == 429 && message.html.contains("staat nog op deze pagina"), "{}", message.title());
    let kept = message.fields();
    assert!(
        kept.contains(&("text".into(), story.into())) && kept.contains(&("act".into(), "write".into())),
        "{kept:?}"
    );
    assert_eq!(message.headers.get("cache-control").unwrap(), "no-store");

    let (second, fields) = browser.prepared(story, &[]).await;
    let refused = browser.post("/nl/report", &fields).await;
    assert_eq!(refused.status, 429);
    let kept = refused.fields();
    assert!(fields.iter().all(|field| kept.contains(field)), "everything that was sent");
    // By another circuit, as after a wait.
    let later = circuit(onion, 2).await;
    let filed = later.post("/nl/report", &kept).await;
    assert!(filed.html.contains("veilig aangekomen"), "{}", filed.title());
    let further = [("to", "identity"), ("step", "3"), ("go", "next"), ("text", story)];
    let more = later.with_code("/nl/mailbox/more", &second, None, &further).await;
    assert!(more.status == 429 && more.fields().contains(&("text".into(), story.into())), "{}", more.title());
}

#[actix_web::test]
async fn a_field_s_name_cannot_leave_its_attribute() {
    let (_service, onion) = service(|limits| limits.tries = limit([1, 20, 600, 1200])).await;
    let browser = circuit(onion, 1).await;
    browser.mailbox(UNKNOWN, None, &[]).await;
    let page = browser.mailbox(UNKNOWN, None, &[("x\"><script>", "y"), ("text", "\"><script>")]).await;
    assert!(page.status == 429 && !page.html.contains("<script"), "{}", page.html.trim());
}

#[actix_web::test]
async fn a_code_has_its_own_limit_and_an_unknown_one_the_same() {
    let (_service, onion) = service(|limits| limits.tries = limit([50, 7, 600, 1200])).await;
    let (code, _) = circuit(onion, 1).await.report("Verhaal", &[]).await;
    let (unknown, _) = circuit(onion, 2).await.prepared("Verhaal", &[]).await;
    for code in [&code, &unknown] {
        // A new circuit each time: only the code is the same.
        let mut statuses = Vec::new();
        for n in 0..10 {
            statuses.push(circuit(onion, 100 + n).await.mailbox(code, None, &[]).await.status);
        }
        assert_eq!(statuses.iter().filter(|status| **status == 429).count(), 3, "{statuses:?}");
    }
}

#[actix_web::test]
async fn one_door_cannot_be_closed_from_the_other_and_circuits_together_meet_the_whole() {
    let (service, onion) = service(|limits| limits.tries = limit([5, 1000, 10, 30])).await;
    let (served, _) = flood(&Browser::new(&service.base), UNKNOWN).await;
    assert!((10..13).contains(&served), "{served}");
    let mut served = 0;
    for n in 0..10 {
        served += flood(&circuit(onion, n).await, UNKNOWN).await.0;
    }
    // What the other door left of 30, and each circuit's reserve of one.
    assert!((26..34).contains(&served), "{served}");
    assert_eq!(circuit(onion, 200).await.mailbox(UNKNOWN, None, &[]).await.status, 422, "who comes new is let in");
}

#[actix_web::test]
async fn a_day_s_bytes_are_bounded_for_a_circuit_and_text_is_still_taken() {
    let (service, onion) = service(|limits| limits.mebibytes = limit([4, 6, 600, 1200])).await;
    let browser = circuit(onion, 1).await;
    let (code, _) = browser.report("Verhaal", &[]).await;
    assert_eq!(browser.upload(&code, "a.bin", vec![1; 2 << 20]).await.status, 200);
    let stored = files_in(&service.path("data/payloads"));
    let refused = browser.upload(&code, "b.bin", vec![1; 3 << 20]).await;
    assert!(refused.status == 429 && refused.html.contains("Probeer het morgen opnieuw"), "{}", refused.title());
    let refused = browser.upload(&code, "c.bin", vec![1; 10]).await;
    assert_eq!(refused.status, 429, "a small one, too");
    for _ in 0..200 {
        if files_in(&service.path("data/payloads")) == stored {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(files_in(&service.path("data/payloads")), stored, "nothing of it is left");
    let written = browser.mailbox(&code, None, &[("act", "write"), ("text", "Dan in tekst")]).await;
    assert!(written.status == 200 && written.html.contains("Uw bericht is verstuurd"), "{}", written.title());
    // Another circuit has its own day, until the case has had its own.
    let other = circuit(onion, 2).await;
    assert_eq!(other.upload(&code, "d.bin", vec![1; 10]).await.status, 200);
    let refused = circuit(onion, 3).await.upload(&code, "e.bin", vec![1; 3 << 20]).await;
    assert_eq!(refused.status, 429, "the case's own");
}

#[actix_web::test]
async fn so_many_files_at_once_for_a_circuit_and_others_have_their_places() {
    let (service, onion) = service(|limits| limits.files = limit([2, 3, 8, 10])).await;
    let (one, other) = (circuit(onion, 1).await, circuit(onion, 2).await);
    let (code, _) = one.report("Verhaal", &[]).await;
    let mut held = Vec::new();
    for _ in 0..2 {
        held.push(support::onion::half_an_upload(onion, 1, &code).await);
    }
    let refused = one.upload(&code, "c.bin", vec![1; 10]).await;
    assert!(refused.status == 429 && refused.html.contains("tegelijk"), "{}", refused.title());
    assert_eq!(one.mailbox(&code, None, &[("act", "write"), ("text", "Tekst")]).await.status, 200, "text is taken");
    assert_eq!(other.upload(&code, "d.bin", vec![1; 10]).await.status, 200, "another circuit has its own places");
    held.push(support::onion::half_an_upload(onion, 2, &code).await);
    assert_eq!(other.upload(&code, "e.bin", vec![1; 10]).await.status, 429, "three of a case");
    let (another, _) = other.report("Ander verhaal", &[]).await;
    assert_eq!(other.upload(&another, "f.bin", vec![1; 10]).await.status, 200, "another case has its own places");
    drop(held);
    let mut last = 429;
    for _ in 0..100 {
        last = one.upload(&code, "g.bin", vec![1; 10]).await.status;
        if last == 200 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(last, 200, "who goes away gives the place back");
    drop(service);
}

#[test]
fn settings_that_let_one_visitor_close_it_for_all_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let read = |more: &str| {
        let file = folder.path().join("meldkluis.toml");
        let base = "data = \"/d\"\nroster = \"/r\"\nanchor = \"/a\"\nsecrets = \"/s\"\nlisten = \"127.0.0.1:8080\"\n";
        std::fs::write(&file, format!("{base}{more}")).unwrap();
        Config::load(&file).map_err(|e| e.to_string())
    };
    let fair = "[limits.files]\ncircuit = 1\ncase = 1\nclear = 4\nservice = 5\n";
    assert_eq!(read(fair).unwrap().limits.files.service.get(), 5);
    assert_eq!(read("").unwrap().limits.tries.circuit.get(), 60, "the others stay as they are");
    for (wrong, word) in [
        (fair.replace("circuit = 1", "circuit = 5"), "close it for all"),
        (fair.replace("clear = 4", "clear = 6"), "close it for all"),
        (fair.replace("case = 1", "case = 0"), "case"),
        (fair.replace("case = 1\n", ""), "case"),
        ("max_file_bytes = 9000000000\n".to_owned(), "could never be sent"),
        ("[onion]\n".to_owned(), "HiddenServicePort"),
        ("[onion]\nlisten = \"0.0.0.0:81\"\n".to_owned(), "loopback"),
        ("[onion]\nlisten = \"127.0.0.1:81\"\nlocation = \"https://example.org\"\n".to_owned(), "location"),
    ] {
        let refused = read(&wrong).unwrap_err();
        assert!(refused.contains(word), "{refused}");
    }
}

#[actix_web::test]
async fn every_request_of_a_connection_counts_for_its_circuit() {
    let (_service, onion) = service(|limits| limits.tries = limit([2, 20, 600, 1200])).await;
    let body = "code=een+twee+drie";
    let post = |connection: &str| {
        format!(
            "POST /nl/mailbox HTTP/1.1\r\nHost: h\r\nOrigin: http://h\r\nConnection: {connection}\r\nContent-Type: \
             application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    let all = [support::onion::header(1), post("keep-alive"), post("keep-alive"), post("close")].concat();
    let mut stream = TcpStream::connect(onion).await.unwrap();
    stream.write_all(all.as_bytes()).await.unwrap();
    let mut answers = Vec::new();
    stream.read_to_end(&mut answers).await.unwrap();
    let text = String::from_utf8_lossy(&answers);
    let statuses: Vec<&str> = text.split("HTTP/1.1 ").skip(1).filter_map(|answer| answer.get(..3)).collect();
    assert_eq!(statuses, ["422", "422", "429"]);
}
