//! Some seconds after somebody was here, nothing that they wrote or read, no code and no browser's name is in the server's memory.
//! The whole of it is dumped, as root.
#![cfg(all(target_os = "linux", feature = "server", feature = "desk"))]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used, reason = "a test")]
mod support;

use std::{
    io::Write,
    net::{TcpListener, TcpStream},
    path::Path,
    process::Command,
    time::Duration,
};

use hkdf::Hkdf;
use meldkluis::{clock::Clock, domain::roster::RootFile};
use memchr::memmem;
use reqwest::{Certificate, Client};
use sha2::Sha256;
use support::{
    Browser, Service,
    certificate::certify,
    child::{Program, settings},
    train,
};

/// Stands in everything that is sent; a word behind it says where. Letters and digits look alike in every encoding.
const MARK: &str = "Qz7Canary";
const READER: &str = "bzk-functionaris-1";
/// What a visit may outlive in memory: connections are kept for two seconds.
const PAUSE: Duration = Duration::from_secs(5);
/// Bytes between two words of a code, mark-up included.
const BETWEEN: usize = 64;

fn canary(place: &str) -> String {
    format!("{MARK}{place}")
}

/// A running program whose memory is looked at.
struct Watched {
    program: Program,
    service: Service,
}

impl Watched {
    /// Over a training roster, so that HTTPS may be served.
    fn start(https: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(folder.path(), None);
        train(folder.path());
        let program = Program::start(folder.path(), &(settings + https));
        let base = program.base.clone();
        let service = Service { folder, base, database: String::new(), clock: Clock::System };
        Self { program, service }
    }

    /// Every byte of it, also what is excluded from core dumps.
    fn memory(&self) -> Vec<u8> {
        let said = Command::new("gcore")
            .args(["-a", "-o", self.service.path("dump").to_str().unwrap()])
            .arg(self.program.id().to_string())
            .output();
        let said = said.expect("gcore is there: install gdb");
        let file = self.service.path(&format!("dump.{}", self.program.id()));
        let Ok(bytes) = std::fs::read(&file) else {
            let words = String::from_utf8_lossy(&said.stderr).into_owned();
            panic!("no memory was dumped; run this test as root, where ptrace is allowed: {words}");
        };
        std::fs::remove_file(file).unwrap();
        assert!(bytes.windows(4).take(1).all(|b| b == b"\x7fELF"));
        bytes
    }

    /// What is left of a visit after the pause.
    async fn remains(&self, code: &str) -> Vec<String> {
        tokio::time::sleep(PAUSE).await;
        let memory = self.memory();
        let mut all = found(&memory, code);
        for (name, key) in self.keys(code) {
            all.extend(memmem::find_iter(&memory, &key).map(|at| format!("{name} at {at:x}")));
        }
        all
    }

    /// The bits of a code, and what its rooms' keys come from.
    fn keys(&self, code: &str) -> Vec<(String, Vec<u8>)> {
        let known: Vec<&str> = include_str!("../web/words/nl.txt").split_ascii_whitespace().collect();
        let mut places = code.split(' ').map(|word| known.iter().position(|w| *w == word).unwrap());
        let last = places.next_back().unwrap() as u128;
        let bits = (places.fold(0_u128, |bits, place| bits << 11 | place as u128) << 7 | last >> 4).to_be_bytes();
        let root = std::fs::read_to_string(self.service.path("roster/root.toml")).unwrap();
        let instance = toml::from_str::<RootFile>(&root).unwrap().instance;
        let derived = (0..5).flat_map(|room| {
            ["reply", "sign", "proof"].map(|label| {
                let mut key = vec![0; 32];
                let info = [b"meldkluis/code/v1/", label.as_bytes(), &[0, room]].concat();
                Hkdf::<Sha256>::new(Some(instance.as_bytes()), &bits).expand(&info, &mut key).unwrap();
                (format!("{label} {room}"), key)
            })
        });
        derived.chain([("the code".to_owned(), bits.to_vec())]).collect()
    }
}

/// Every canary and every three words of the code that follow each other, each with what stands around it.
fn found(memory: &[u8], code: &str) -> Vec<String> {
    let around = |at: usize| {
        let bytes = &memory[at.saturating_sub(48)..memory.len().min(at + 160)];
        String::from_utf8_lossy(bytes).replace(char::is_control, ".")
    };
    let words: Vec<&str> = code.split(' ').collect();
    let canaries = memmem::find_iter(memory, MARK).map(around);
    let codes = words.windows(3).flat_map(|three| {
        memmem::find_iter(memory, three[0]).filter(|at| follow(&memory[at + three[0].len()..], &three[1..])).map(around)
    });
    canaries.chain(codes).collect()
}

/// Whether each word comes soon after the one before.
fn follow(memory: &[u8], words: &[&str]) -> bool {
    let mut rest = memory;
    words.iter().all(|word| {
        let near = &rest[..rest.len().min(BETWEEN)];
        let at = memmem::find(near, word.as_bytes());
        rest = &rest[at.map_or(0, |at| at + word.len())..];
        at.is_some()
    })
}

/// A browser that names itself.
fn browser(base: &str, certificate: Option<&Path>) -> Browser {
    let mut client = Client::builder().user_agent(canary("Agent"));
    if let Some(file) = certificate {
        let trusted = Certificate::from_pem(&std::fs::read(file).unwrap()).unwrap();
        client = client.tls_certs_only([trusted]);
    }
    Browser::with(base, client.build().unwrap())
}

/// Files with every field filled in and a file along, and returns the code.
async fn file_report(browser: &Browser) -> String {
    let path = "/nl/report";
    let words = ["story", "who", "when", "place", "known"].map(|name| (name, canary(name).repeat(400)));
    let texts: Vec<(&str, &str)> = words.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let mut page = browser.get(path).await;
    for (name, value) in [("", ""), ("want", "report"), ("org", "bzk"), ("topic", "money"), ("", "")] {
        page = browser.answer(path, &page, &[(name, value), ("go", "next")]).await;
    }
    page = browser.answer(path, &page, &[texts.as_slice(), &[("go", "next")]].concat()).await;
    page = browser.answer(path, &page, &[("go", "next")]).await;
    let code = page.code();
    page = browser.answer(path, &page, &[("go", "next")]).await;
    page = browser.answer(path, &page, &[("code", &code), ("go", "next")]).await;
    assert!(page.html.contains("veilig aangekomen"), "{}", page.title());
    let body = canary("body").repeat(200_000).into_bytes();
    let page = browser.upload(&code, &format!("{}.txt", canary("filename")), body).await;
    assert!(page.html.contains("Uw bestand is toegevoegd"), "{}", page.title());
    code
}

#[track_caller]
fn nothing(remains: &[String], when: &str) {
    assert!(remains.is_empty(), "{} {when}:\n{}", remains.len(), remains.join("\n"));
}

/// Files, answers as a reader, reads the answer and writes back; looks at the memory after the filing and after the visit.
async fn a_visit_leaves_nothing(watched: &Watched, browser: &Browser) {
    let code = file_report(browser).await;
    nothing(&watched.remains(&code).await, "after filing");

    let inbox = watched.service.desk(READER, &["inbox"]).await.unwrap();
    let case = inbox[0]["case"].as_str().unwrap();
    let answer = watched.service.path("answer");
    std::fs::write(&answer, canary("answer")).unwrap();
    watched.service.desk(READER, &["acknowledge", case, "--file", answer.to_str().unwrap()]).await.unwrap();
    let page = browser.mailbox(&code, None, &[]).await;
    assert!(page.html.contains(&canary("answer")), "{}", page.title());
    let page = browser.mailbox(&code, None, &[("act", "write"), ("text", &canary("message"))]).await;
    assert!(page.html.contains("Uw bericht is verstuurd"), "{}", page.title());
    nothing(&watched.remains(&code).await, "after the mailbox");
}

#[actix_web::test]
async fn nothing_of_a_visit_stays_in_memory() {
    let watched = Watched::start("");
    let browser = browser(&watched.service.base, None);
    a_visit_leaves_nothing(&watched, &browser).await;
}

#[actix_web::test]
async fn nothing_of_a_visit_over_tls_stays_in_memory() {
    let certificates = tempfile::tempdir().unwrap();
    certify(certificates.path(), "first");
    let listen = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let [certificate, key] = ["certificate.pem", "key.pem"].map(|name| certificates.path().join(name));
    let https = format!("[https]\nlisten = \"{listen}\"\ncertificate = {certificate:?}\nkey = {key:?}\n");
    let watched = Watched::start(&https);
    let browser = browser(&format!("https://{listen}"), Some(&certificate));
    a_visit_leaves_nothing(&watched, &browser).await;
}

/// What the others do not find is found while it is there.
#[actix_web::test]
async fn requests_that_are_not_over_are_seen_in_memory() {
    let watched = Watched::start("");
    let base = &watched.service.base;
    let code = file_report(&browser(base, None)).await;
    let host = base.trim_start_matches("http://");
    let send = |path: &str, kind: &str, body: String| {
        let mut open = TcpStream::connect(host).unwrap();
        let agent = canary("Agent");
        write!(
            open,
            "POST {path} HTTP/1.1\r\nhost: {host}\r\norigin: {base}\r\nuser-agent: {agent}\r\ncontent-type: {kind}\r\n\
             content-length: 5000\r\n\r\n{body}"
        )
        .unwrap();
        open
    };
    let part = |name: &str, body: &str| format!("--b\r\ncontent-disposition: form-data; {name}\r\n\r\n{body}");
    let file = part("name=\"file\"; filename=\"x\"", "begins");
    let form = format!("text={}&code={}", canary("Open"), code.replace(' ', "+"));
    let _open = [
        send("/nl/mailbox", "application/x-www-form-urlencoded", form),
        send(
            "/nl/mailbox/file",
            "multipart/form-data; boundary=b",
            part("name=\"code\"", &format!("{code}\r\n{file}")),
        ),
    ];
    let seen = watched.remains(&code).await.join("\n");
    for what in [canary("Agent"), canary("Open"), code.replace(' ', "+"), "sign 1".to_owned(), "reply 1".to_owned()] {
        assert!(seen.contains(&what), "{what} is not in {seen}");
    }
}
