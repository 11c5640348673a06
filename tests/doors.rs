//! The doors: each page says by which one it came and what that means, whether it is an example, and the clear one can be closed.
#![cfg(all(feature = "server", feature = "desk", unix))]
#![expect(clippy::unwrap_used, reason = "a test")]
mod support;

use std::{
    net::{SocketAddr, TcpListener},
    process::Command,
};

use meldkluis::{
    clock::Clock,
    config::{Config, Intake, Onion},
    domain::day::Day,
    http::Security,
};
use support::{
    Browser, PAGE, Page, Service,
    child::{config_file, settings},
    onion::circuit,
    train,
};

const PATHS: [&str; 6] = ["/", "/nl/", "/nl/report", "/nl/mailbox", "/nl/info/privacy", "/nl/nowhere"];

fn address() -> String {
    format!("http://{}.onion", "a2".repeat(28))
}

/// With an onion listener, and that address for it.
fn onion() -> (SocketAddr, Onion) {
    let listen = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    (listen, Onion { listen: Some(listen), socket: None, location: Some(address()) })
}

/// A browser that dials a name of the clear net, as by a proxy in front of the plain listener.
fn by_name(service: &Service) -> Browser {
    let port = service.base.rsplit(':').next().unwrap().parse().unwrap();
    let here = SocketAddr::from(([127, 0, 0, 1], port));
    let http = reqwest::Client::builder().no_proxy().resolve("meldkluis.example.org", here).build().unwrap();
    Browser::with(&format!("http://meldkluis.example.org:{port}"), http)
}

#[actix_web::test]
async fn each_page_says_by_which_door_it_came_and_what_that_means() {
    let (listen, onion) = onion();
    let service = Service::in_training(|config| config.onion = Some(onion)).await;
    let (by_tor, clear, local) = (circuit(listen, 1).await, by_name(&service), Browser::new(&service.base));
    let says = ["Niemand op uw netwerk kan zien", "het gewone internet", "op de computer van deze dienst zelf"];
    for (browser, own) in [(&by_tor, 0), (&clear, 1), (&local, 2)] {
        for path in PATHS {
            let page = browser.get(path).await;
            let said: Vec<bool> = says.iter().map(|text| page.html.contains(text)).collect();
            assert_eq!(said, [own == 0, own == 1, own == 2], "{path}");
            assert_eq!(page.html.len(), PAGE);
            assert_eq!(page.html.contains(&address()), own == 1, "the clear pages name the onion address: {path}");
        }
        let (_, mailbox) = browser.report("Verhaal", &[]).await;
        assert!(says.get(own).is_some_and(|text| mailbox.html.contains(text)), "{}", mailbox.title());
    }
    // A refusal that no handler made says it too, in the page's language.
    let refused = clear.get("/en/%41").await;
    assert!(refused.status == 404 && refused.html.contains("by the ordinary internet"), "{}", refused.title());
    // Without an onion service, Tor Browser alone is named.
    let service = Service::in_training(|_| {}).await;
    let page = by_name(&service).get("/nl/").await;
    assert!(page.html.contains("Gebruik Tor Browser.") && !page.html.contains(".onion"));
}

#[actix_web::test]
async fn each_page_of_an_example_or_an_exercise_says_so() {
    let texts = |page: &Page| ["Voorbeeld. Niets", "Oefening. Schrijf"].map(|text| page.html.contains(text));
    for (service, expected) in
        [(Service::start(None).await, [true, false]), (Service::in_training(|_| {}).await, [false, true])]
    {
        let browser = Browser::new(&service.base);
        for path in PATHS {
            assert_eq!(texts(&browser.get(path).await), expected, "{path}");
        }
        assert_eq!(texts(&browser.report("Verhaal", &[]).await.1), expected);
    }
}

#[actix_web::test]
async fn with_intake_by_the_onion_alone_the_clear_doors_explain_and_readers_go_on() {
    let (listen, onion) = onion();
    let closed = |config: &mut Config| (config.onion, config.intake) = (Some(onion), Intake::Onion);
    let service = Service::in_training(closed).await;
    let (by_tor, clear, local) = (circuit(listen, 1).await, by_name(&service), Browser::new(&service.base));
    let (code, filed) = by_tor.report("Verhaal", &[]).await;
    assert!(filed.html.contains("veilig aangekomen"), "{}", filed.title());
    for browser in [&clear, &local] {
        let pages = [
            browser.get("/nl/report").await,
            browser.get("/nl/mailbox").await,
            browser.mailbox(&code, None, &[]).await,
            browser.with_code("/nl/mailbox/more", &code, None, &[("to", "identity")]).await,
            browser.upload(&code, "a.txt", vec![1; 10]).await,
        ];
        for page in &pages {
            assert_eq!((page.status, page.html.len()), (403, PAGE));
            let says =
                page.html.contains("Hier kunt u niet melden") && page.html.contains(&format!("{}/nl/", address()));
            assert!(says && !page.html.contains("<form"), "{}", page.title());
        }
        let english = browser.get("/en/report").await;
        assert!(english.html.contains("You cannot report here"));
        for path in ["/nl/", "/nl/info/external"] {
            assert_eq!(browser.get(path).await.status, 200, "{path}");
        }
    }
    // The desk comes by the plain listener.
    let inbox = service.desk("bzk-functionaris-1", &["inbox"]).await.unwrap();
    assert_eq!(inbox.as_array().unwrap().len(), 1);
    assert_eq!(by_tor.upload(&code, "a.txt", vec![1; 10]).await.status, 200);
}

/// What `check` says of settings, and whether it is content.
fn check(more: &str) -> (bool, String) {
    let folder = tempfile::tempdir().unwrap();
    let listen = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (top, tables) = more.split_once('\n').unwrap_or((more, ""));
    let settings = format!("{top}\n{}\n{tables}\n", settings(folder.path(), None));
    train(folder.path());
    let file = config_file(folder.path(), &settings, listen);
    let done = Command::new(env!("CARGO_BIN_EXE_meldkluis")).arg("check").arg("--config").arg(file).output().unwrap();
    (done.status.success(), String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).into_owned())
}

#[test]
fn check_explains_an_intake_by_an_onion_service_that_is_not_there() {
    let with = |more: &str| check(&format!("intake = \"onion\"\n{more}"));
    for more in ["", "[onion]\nlisten = \"127.0.0.1:8081\""] {
        let (content, said) = with(more);
        assert!(!content && said.contains("nobody could report") && said.contains("location"), "{said}");
    }
    let (content, said) = with(&format!("[onion]\nlisten = \"127.0.0.1:8081\"\nlocation = \"{}\"", address()));
    assert!(content, "{said}");
    assert!(!check("intake = \"clear\"").0, "there is no such intake");
}

const TXT: &str = "/.well-known/security.txt";

fn security(expires: Option<Day>) -> Security {
    let contact = ["mailto:security@example.org", "https://example.org/weakness"].map(String::from).into();
    Security { contact, expires, policy: Some("https://example.org/policy".into()) }
}

#[actix_web::test]
async fn security_txt_says_what_the_settings_say_on_every_door_and_looks_like_every_answer() {
    let day = Clock::System.today().plus_days(100);
    let (listen, onion) = onion();
    let set = |config: &mut Config| (config.onion, config.security) = (Some(onion), Some(security(Some(day))));
    let service = Service::in_training(set).await;
    let (by_tor, clear) = (circuit(listen, 1).await, Browser::new(&service.base));
    let file = clear.get(TXT).await;
    assert_eq!((file.status, file.html.len()), (200, PAGE));
    assert_eq!(by_tor.get(TXT).await.html, file.html);
    let expires = format!("Expires: {day}T23:59:59Z");
    let lines = [
        "Contact: mailto:security@example.org",
        "Contact: https://example.org/weakness",
        &expires,
        "Preferred-Languages: nl, en",
        "Policy: https://example.org/policy",
    ];
    let fields: Vec<&str> = file.html.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).collect();
    assert_eq!(fields, lines);
    // The same headers as a page, and of the same length.
    let page = clear.get("/nl/").await;
    assert!(file.headers.get("content-type").unwrap().to_str().unwrap().starts_with("text/plain;"));
    for (name, value) in &page.headers {
        let other = file.headers.get(name).unwrap();
        assert_eq!(other.len(), value.len(), "{name}");
        assert!(name == "content-type" || other == value, "{name}");
    }
    assert_eq!(file.headers.len(), page.headers.len());
}

#[actix_web::test]
async fn without_a_day_or_past_it_there_is_no_security_txt() {
    let today = Clock::System.today();
    for (security, status) in [
        (None, 404),
        (Some(security(None)), 404),
        (Some(security(Some(today.plus_days(-1)))), 404),
        (Some(security(Some(today))), 200),
    ] {
        let service = Service::with(None, |config| config.security = security).await;
        let page = Browser::new(&service.base).get(TXT).await;
        assert_eq!((page.status, page.html.len()), (status, PAGE));
    }
}

#[test]
fn check_warns_when_security_txt_ends_soon_and_refuses_what_is_no_address() {
    let with = |more: &str| check(&format!("\n[security]\n{more}"));
    let contact = "contact = [\"mailto:a@example.org\"]";
    let today = Clock::System.today();
    for (days, warns) in [(60, None), (29, Some("expires on")), (-1, Some("expired on"))] {
        let (content, said) = with(&format!("{contact}\nexpires = \"{}\"", today.plus_days(days)));
        assert!(content && said.contains("security") == warns.is_some(), "{said}");
        assert!(warns.is_none_or(|text| said.contains(text)), "{said}");
    }
    let (content, said) = with(contact);
    assert!(content && said.contains("no expires"), "{said}");
    for wrong in [
        "contact = []",
        "contact = [\"a@example.org\"]",
        "contact = [\"http://example.org\"]",
        "contact = [\"mailto:\"]",
        "contact = [\"mailto:a@example.org\\nExpires: 2099-01-01T00:00:00Z\"]",
        "contact = [\"mailto:a@example.org\"]\npolicy = \"mailto:a@example.org\"",
    ] {
        let (content, said) = with(wrong);
        assert!(!content && said.contains("[security]"), "{said}");
    }
}
