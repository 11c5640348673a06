//! All the way through Tor: a private network on loopback, with the torrc that is shipped.
#![cfg(all(feature = "server", feature = "desk", unix))]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test that says how long it took"
)]
mod support;

use std::{
    num::NonZeroU32,
    process::{Command, Stdio},
    time::Instant,
};

use futures_util::future::join_all;
use meldkluis::config::Onion;
use support::{Service, tor::Network};

const STORY: &str = "Verhaal door Tor";
/// Of a circuit, a minute: fewer than usual, so that what comes back meanwhile does not count.
const TRIES: u32 = 20;
const READER: &str = "bzk-functionaris-1";

/// A service that Tor's onion service leads to, and the network once it stands.
async fn on_tor(folder: &tempfile::TempDir) -> (Service, Network) {
    let socket = folder.path().join("onion.sock");
    let path = socket.clone();
    let started = actix_web::rt::task::spawn_blocking(move || Network::start(&path));
    let mut network = started.await.unwrap();
    let origins = vec![network.onion.clone()];
    let service = Service::in_training(|config| {
        config.onion = Some(Onion { listen: None, socket: Some(socket), location: None });
        config.origins = origins;
        config.limits.tries.circuit = NonZeroU32::new(TRIES).unwrap();
    });
    let service = service.await;
    let took = network.stands().await;
    println!("the network stood {} s after its start", took.as_secs());
    (service, network)
}

/// The desk's own program, over the onion address.
async fn desk(service: &Service, network: &Network, reader: &str, words: &[&str]) -> serde_json::Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_meldkluis-desk"));
    command.args(["--json", "--server", &network.onion, "--proxy", &network.proxy(reader), "--root"]);
    command.arg(service.path("anchor.toml")).arg("--identity").arg(service.path(&format!("readers/{reader}.key")));
    command.args(words).stdin(Stdio::null());
    let output = actix_web::rt::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[actix_web::test]
async fn a_report_goes_through_tor_and_its_answer_comes_back_while_a_flood_is_slowed() {
    let folder = tempfile::tempdir().unwrap();
    let (service, network) = on_tor(&folder).await;

    let began = Instant::now();
    let reporter = network.browser("reporter");
    let (code, page) = reporter.report(STORY, &[]).await;
    assert!(page.html.contains("veilig aangekomen"), "{}", page.title());
    let file: Vec<u8> = (0..3_000_000_u32).map(|n| n.to_le_bytes()[1]).collect();
    assert_eq!(reporter.upload(&code, "bijlage.bin", file.clone()).await.status, 200);

    let inbox = desk(&service, &network, READER, &["inbox"]).await;
    let case = inbox[0]["case"].as_str().unwrap();
    let saved = service.path("saved");
    let read = desk(&service, &network, READER, &["read", case, "--save", saved.to_str().unwrap()]).await;
    assert_eq!(read["items"][0]["story"]["story"], STORY);
    assert!(std::fs::read(saved.join("bijlage.bin")).unwrap() == file, "every byte matches");
    let text = service.path("answer.txt");
    std::fs::write(&text, "Dank u, wij lezen het.").unwrap();
    desk(&service, &network, READER, &["acknowledge", case, "--file", text.to_str().unwrap()]).await;
    let mailbox = network.browser("later").mailbox(&code, None, &[]).await;
    assert!(mailbox.html.contains("Dank u, wij lezen het."), "{}", mailbox.title());
    println!("filed, read, answered and read again in {} s", began.elapsed().as_secs());

    let canary = desk(&service, &network, "kanarie-lezer", &["canary"]).await;
    assert!(canary["failed"].is_null() && canary["steps"].as_array().unwrap().len() == 11, "{canary}");
    println!("the canary: {}", canary["steps"]);

    let flooding = network.browser("flood");
    let (mut served, mut refused) = (0, 0);
    while refused == 0 {
        let tries = join_all((0..10).map(|_| flooding.mailbox("een twee drie", None, &[]))).await;
        refused = tries.iter().filter(|page| page.status == 429).count();
        served += tries.len() - refused;
        assert!(served < 100, "a circuit has so many tries a minute, and one more each three seconds");
        // Others never wait for it.
        assert_eq!(reporter.mailbox(&code, None, &[]).await.status, 200);
    }
    assert!(served >= TRIES as usize, "{served}");
    let still = join_all((0..5).map(|_| flooding.mailbox(&code, None, &[]))).await;
    assert!(still.iter().filter(|page| page.status == 429).count() >= 3, "its own next connections, too");
    assert_eq!(reporter.mailbox(&code, None, &[("act", "write"), ("text", "Nog iets")]).await.status, 200);
    assert_eq!(network.browser("new").mailbox(&code, None, &[]).await.status, 200);
    println!("a flood was slowed after {served} tries");
}
