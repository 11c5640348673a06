//! What a desk takes from whoever answers at the server's address, and at its own.
#![cfg(all(feature = "server", feature = "desk", unix))]
#![expect(clippy::unwrap_used, reason = "a test")]
mod support;

use std::{
    io::{ErrorKind, Read, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener},
    thread,
    time::Duration,
};

use meldkluis::desk::{Client, Identity, Place, page};
use support::Service;

const COORDINATOR: &str = "bzk-coordinator";

fn place(service: &Service, server: String, who: &str) -> Place {
    Place {
        server,
        proxy: None,
        anchor: service.path("anchor.toml"),
        state: service.path(&format!("readers/{who}.seen")),
        clock: service.clock,
    }
}

fn identity(service: &Service, who: &str) -> Identity {
    Identity::load(&service.path(&format!("readers/{who}.key")), || unreachable!()).unwrap()
}

/// Answers the first request with a head, and then the same bytes until nobody reads on.
fn answers(head: String, again: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        assert!(stream.read(&mut [0; 4096]).unwrap() > 0);
        stream.write_all(head.as_bytes()).unwrap();
        while !again.is_empty() && stream.write_all(again).is_ok() {}
    });
    address
}

#[actix_web::test]
async fn a_desk_goes_nowhere_else_and_keeps_no_answer_without_end() {
    let service = Service::start(None).await;
    let me = || identity(&service, COORDINATOR);
    let inside = TcpListener::bind("127.0.0.1:0").unwrap();
    inside.set_nonblocking(true).unwrap();
    let elsewhere = format!("http://{}/intranet", inside.local_addr().unwrap());
    let sends = answers(format!("HTTP/1.1 307 Away\r\nlocation: {elsewhere}\r\ncontent-length: 0\r\n\r\n"), b"");
    let refused = Client::sign_in(&place(&service, sends, COORDINATOR), me()).await.err().unwrap();
    assert!(refused.to_string().contains("sends this desk elsewhere"), "{refused}");
    assert_eq!(inside.accept().unwrap_err().kind(), ErrorKind::WouldBlock, "nobody came");

    let endless = answers("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n".to_owned(), &[b' '; 1 << 20]);
    let refused = Client::sign_in(&place(&service, endless, COORDINATOR), me()).await.err().unwrap();
    assert!(refused.to_string().contains("longer than it may be"), "{refused}");
}

#[actix_web::test]
async fn what_a_coordinator_signs_is_compared_with_a_roster_that_was_verified() {
    let service = Service::start(None).await;
    let place = place(&service, service.base.clone(), COORDINATOR);
    let client = Client::sign_in(&place, identity(&service, COORDINATOR)).await.unwrap();
    let now = std::fs::read_to_string(service.path("roster/org-bzk.toml")).unwrap();
    assert!(client.review(&now, "").await.is_ok());
    // This desk has seen a later file of the organisation: the server's is an older one, and who can newly read is not said by it.
    let seen = std::fs::read_to_string(&place.state).unwrap();
    let later = seen.replacen("\"org-bzk\",\"serial\":1", "\"org-bzk\",\"serial\":9", 1);
    assert_ne!(seen, later);
    std::fs::write(&place.state, later).unwrap();
    assert!(client.review(&now, "").await.is_err());
    // Nor by one that nobody signed.
    std::fs::write(&place.state, seen).unwrap();
    let other = service.path("other.toml");
    std::fs::write(&other, "threshold = 1\n[keys]\n").unwrap();
    std::fs::rename(&other, &place.anchor).unwrap();
    assert!(client.review(&now, "").await.is_err());
}

fn settings(service: &Service, port: u16) -> page::Settings {
    page::Settings {
        identity: service.path("readers/bzk-functionaris-1.key"),
        card: None,
        place: place(service, service.base.clone(), "bzk-functionaris-1"),
        idle: Duration::from_mins(10),
        port,
        program: env!("CARGO_BIN_EXE_meldkluis-desk").into(),
    }
}

#[actix_web::test]
async fn nobody_else_is_at_the_other_address_of_the_desk_s_name() {
    let service = Service::start(None).await;
    let ready = page::ready(settings(&service, 0)).unwrap();
    tokio::spawn(ready.running);
    let link = reqwest::Url::parse(&ready.link).unwrap();
    let (host, port) = (link.host_str().unwrap(), link.port().unwrap());
    for ip in [IpAddr::from(Ipv4Addr::LOCALHOST), IpAddr::from(Ipv6Addr::LOCALHOST)] {
        assert_eq!(TcpListener::bind((ip, port)).unwrap_err().kind(), ErrorKind::AddrInUse, "{ip}");
        let client = reqwest::Client::builder().no_proxy().resolve(host, SocketAddr::from((ip, port))).build().unwrap();
        let page = client.get(link.join("/nl/inbox").unwrap()).send().await.unwrap();
        assert_eq!(page.headers().get("cache-control").unwrap(), "no-store", "the desk itself answers at {ip}");
    }
    // Somebody is there already: no link is made.
    let taken = TcpListener::bind("[::1]:0").unwrap();
    assert!(page::ready(settings(&service, taken.local_addr().unwrap().port())).is_err());
}
