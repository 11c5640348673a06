//! Nothing a person types or sends along stands on the disk, in a log, or in an answer to an error. No time of day, no address.
#![cfg(all(unix, feature = "server", feature = "desk"))]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]
mod support;

use std::{
    io::{Read, Write},
    net::TcpStream,
    path::Path,
    process::Command,
};

use reqwest::{
    Client, Method,
    header::{HeaderMap, HeaderName, HeaderValue},
};
use sqlx::{AssertSqlSafe, PgPool, SqlitePool};
use support::{
    Browser, Service,
    child::{Program, config_file, settings},
    postgres::Postgres,
    stands_in,
};

/// Stands in everything that is sent; a word behind it says where.
const MARK: &str = "Qz7Canary";
/// An address that a proxy would tell us.
const SENDER: &str = "203.0.113.77";
const READER: &str = "bzk-functionaris-1";
/// Days since 1970 have five digits, seconds ten.
const NO_DAY: i64 = 1_000_000;

fn canary(place: &str) -> String {
    format!("{MARK}-{place}")
}

/// A browser that says much of itself.
fn talkative(base: &str) -> Browser {
    let mut headers = HeaderMap::new();
    let mut say = |name: &'static str, value: String| {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_str(&value).unwrap());
    };
    say("user-agent", canary("agent"));
    say("referer", format!("{base}/nl/{}", canary("referer")));
    say("x-forwarded-for", format!("{SENDER}, {}", canary("forwarded")));
    say("x-real-ip", SENDER.to_owned());
    say("forwarded", format!("for={SENDER};by={}", canary("by")));
    say("cookie", format!("a={}", canary("cookie")));
    Browser::with(base, Client::builder().default_headers(headers).build().unwrap())
}

/// Files with every field filled in, and returns the code.
async fn file_report(browser: &Browser) -> String {
    let path = "/nl/report";
    let words = ["story", "who", "when", "place", "known"].map(|name| (name, canary(name)));
    let texts: Vec<(&str, &str)> = words.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let mut page = browser.get(path).await;
    for (name, value) in [("", ""), ("want", "report"), ("org", "bzk"), ("topic", "money"), ("", "")] {
        page = browser.answer(path, &page, &[(name, value), ("go", "next")]).await;
    }
    page = browser.answer(path, &page, &[texts.as_slice(), &[("go", "next")]].concat()).await;
    assert!(page.html.contains(MARK), "page 7 shows what was written: {}", page.title());
    page = browser.answer(path, &page, &[("go", "next")]).await;
    let code = page.code();
    page = browser.answer(path, &page, &[("go", "next")]).await;
    page = browser.answer(path, &page, &[("code", &code), ("go", "next")]).await;
    assert!(page.html.contains("veilig aangekomen"), "{}", page.title());
    code
}

/// Sends bytes as they are, and returns what comes back.
fn raw(base: &str, bytes: &[u8]) -> String {
    let mut server = TcpStream::connect(base.strip_prefix("http://").unwrap()).unwrap();
    let mut answer = Vec::new();
    // The server may close before it has read everything.
    drop(server.write_all(bytes));
    drop(server.shutdown(std::net::Shutdown::Write));
    drop(server.read_to_end(&mut answer));
    String::from_utf8_lossy(&answer).into_owned()
}

/// Everything that goes wrong, with a canary in each. No answer repeats it.
async fn provoke(base: &str, code: &str) {
    let host = base.strip_prefix("http://").unwrap();
    let form = "application/x-www-form-urlencoded";
    let multipart = "multipart/form-data; boundary=edge";
    let part = |head: &str, body: &str| format!("--edge\r\ncontent-disposition: form-data; {head}\r\n\r\n{body}");
    let c = canary;
    let requests: Vec<(Method, String, &str, String)> = vec![
        (Method::GET, format!("/{}", c("path")), "", String::new()),
        (Method::GET, format!("/nl/info/{}?q={}", c("info"), c("query")), "", String::new()),
        (Method::GET, format!("/{}/report", c("language")), "", String::new()),
        (Method::GET, format!("/{}/mailbox", c("language")), "", String::new()),
        (Method::PUT, format!("/nl/report?{}", c("query")), form, format!("story={}", c("put"))),
        (Method::DELETE, format!("/nl/mailbox?{}", c("query")), "", String::new()),
        (Method::POST, format!("/nl/{}", c("path")), form, format!("a={}", c("field"))),
        (Method::POST, "/nl/report".into(), form, format!("step=10&token={}&{}=1", c("token"), c("name"))),
        (Method::POST, "/nl/report".into(), form, format!("{}=%zz%ff&step=", c("name"))),
        (Method::POST, "/nl/report".into(), "application/json", format!("{{\"story\":\"{}\"}}", c("json"))),
        (Method::POST, "/nl/report".into(), form, format!("story={}", c("long").repeat(40_000))),
        (Method::POST, "/nl/mailbox".into(), form, format!("code={}", c("code"))),
        (Method::POST, "/nl/mailbox".into(), form, format!("code={}", format!("{} ", c("code")).repeat(12))),
        (Method::POST, "/nl/mailbox".into(), form, format!("code={code}&act=write&text=+&{}=1", c("name"))),
        (Method::POST, "/nl/mailbox/file".into(), multipart, c("no-part")),
        (Method::POST, "/nl/mailbox/file".into(), "multipart/form-data", c("no-boundary")),
        (Method::POST, "/nl/mailbox/file".into(), multipart, part(&format!("name=\"{}\"", c("name")), &c("cut"))),
        (Method::POST, "/nl/mailbox/file".into(), multipart, part("name=\"code\"", &c("code").repeat(500))),
        (
            Method::POST,
            "/nl/mailbox/file".into(),
            multipart,
            part(
                "name=\"code\"",
                &format!("{code}\r\n{}", part(&format!("name=\"file\"; filename=\"{}\"", c("cut")), &c("body"))),
            ),
        ),
        (Method::POST, "/api/v1/challenge".into(), "application/json", c("not-json")),
        (Method::POST, "/api/v1/challenge".into(), "application/json", format!("{{\"reader\":\"{}\"}}", c("reader"))),
        (Method::POST, "/api/v1/challenge".into(), "application/json", format!("{{\"{}\":1}}", c("member"))),
        (Method::POST, "/api/v1/challenge".into(), "text/plain", c("not-json")),
        (
            Method::POST,
            "/api/v1/session".into(),
            "application/json",
            format!("{{\"reader\":\"aa\",\"nonce\":\"{0}\",\"origin\":\"{0}\",\"signature\":\"{0}\"}}", c("session")),
        ),
        (Method::GET, format!("/api/v1/cases/{}", c("case")), "", String::new()),
        (Method::POST, format!("/api/v1/cases/{}/items", c("case")), "", c("item")),
        (Method::GET, format!("/api/v1/{}", c("path")), "", String::new()),
        (Method::PATCH, format!("/api/v1/inbox?{}", c("query")), "", c("body")),
    ];
    let http = Client::new();
    for (method, path, kind, body) in requests {
        let what = format!("{method} {path:.60} {kind}");
        let request = http.request(method, format!("{base}{path}")).header("origin", base).header("content-type", kind);
        let request = request.header("user-agent", c("agent")).header("x-forwarded-for", SENDER);
        let request = request.bearer_auth(c("bearer")).header("referer", c("referer"));
        let answer = request.body(body).send().await.unwrap();
        let (status, headers) = (answer.status(), format!("{:?}", answer.headers()));
        let text = answer.text().await.unwrap();
        assert!(status.is_client_error(), "{what}: {status}");
        assert!(!text.contains(MARK) && !headers.contains(MARK), "{what}: {text:.200} {headers}");
    }
    for bytes in [
        format!("GET /{} HTTP/9.9\r\n\r\n", c("version")),
        format!("{} / HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n", c("method")),
        format!("GET / HTTP/1.1\r\nhost: {host}\r\n{} : x\r\n\r\n", c("header")),
        format!("GET / HTTP/1.1\r\nhost: {host}\r\nx: {}\r\n\r\n", c("large").repeat(20_000)),
        format!(
            "POST /nl/mailbox HTTP/1.1\r\nhost: {host}\r\norigin: {base}\r\ncontent-length: 900\r\n\r\n{}",
            c("short")
        ),
        format!(
            "POST /nl/mailbox HTTP/1.1\r\nhost: {host}\r\norigin: {base}\r\ntransfer-encoding: chunked\r\n\r\n{}",
            c("chunk")
        ),
    ] {
        let answer = raw(base, bytes.as_bytes());
        assert!(!answer.contains(MARK), "{bytes:.60}: {answer:.200}");
    }
    let foreign = http.post(format!("{base}/nl/mailbox")).header("origin", format!("https://{}", c("origin")));
    let answer = foreign.body(c("body")).send().await.unwrap();
    assert!(answer.status() == 403 && !answer.text().await.unwrap().contains(MARK));
}

/// Whether a time of day, as `12:34:56`, stands anywhere.
fn time_of_day(bytes: &[u8]) -> Option<String> {
    let found = bytes.windows(8).find(|window| {
        window.iter().enumerate().all(|(i, b)| if i % 3 == 2 { *b == b':' } else { b.is_ascii_digit() })
    });
    found.map(|window| String::from_utf8_lossy(window).into_owned())
}

/// Everything our own program wrote: database, payloads, log.
fn nothing_on_the_disk(service: &Service, code: &str) {
    let log = std::fs::read(service.path("log")).unwrap();
    let said = String::from_utf8_lossy(&log);
    let words: Vec<&str> = code.split(' ').collect();
    let mut needles = vec![MARK.to_owned(), MARK.to_lowercase(), SENDER.to_owned(), "127.0.0.1".to_owned()];
    needles.extend(words.windows(2).flat_map(|pair| [" ", "+", "%20", ""].map(|between| pair.join(between))));
    for needle in needles {
        assert!(!stands_in(&service.path("data"), needle.as_bytes()), "{needle} is on the disk");
        assert!(!said.contains(&needle), "{needle} is in the log: {said}");
    }
    let mut files = vec![log];
    files
        .extend(std::fs::read_dir(service.path("data")).unwrap().filter_map(|f| std::fs::read(f.unwrap().path()).ok()));
    for file in files {
        assert_eq!(time_of_day(&file), None);
    }
}

/// Every number in the tables that could be a time is a day.
async fn days_only(url: &str) {
    let columns = [("filed", r#""case""#), ("due", r#""case""#), ("destroy_after", r#""case""#), ("release", "slot")];
    let more = [("last_day", "meta"), ("notices", "meta"), ("day", "reader_seen")];
    for (column, table) in columns.into_iter().chain(more) {
        let greatest = format!("select cast(coalesce(max({column}), 0) as bigint) from {table}");
        assert!(number(url, greatest).await < NO_DAY, "{column}");
    }
}

async fn number(url: &str, sql: String) -> i64 {
    let sql = AssertSqlSafe(sql);
    let (number,): (i64,) = if url.starts_with("sqlite:") {
        sqlx::query_as(sql).fetch_one(&SqlitePool::connect(url).await.unwrap()).await.unwrap()
    } else {
        sqlx::query_as(sql).fetch_one(&PgPool::connect(url).await.unwrap()).await.unwrap()
    };
    number
}

async fn leak(database: Option<String>, cluster: Option<&Path>) {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path(), database.as_deref());
    let url = database.unwrap_or_else(|| format!("sqlite:{}", folder.path().join("data/meldkluis.db").display()));
    let program = Program::start(folder.path(), &settings);
    let service =
        Service { folder, base: program.base.clone(), database: url.clone(), clock: meldkluis::clock::Clock::System };
    let browser = talkative(&service.base);

    let code = file_report(&browser).await;
    let body = canary("body").repeat(20_000).into_bytes();
    let added = browser.upload(&code, &format!("{}.txt", canary("filename")), body).await;
    assert!(added.html.contains("Uw bestand is toegevoegd"), "{}", added.title());
    let fields = [("code", code.as_str()), ("act", "write"), ("text", &canary("message"))];
    let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert!(browser.post("/nl/mailbox", &fields).await.html.contains("Uw bericht is verstuurd"));

    // Before there is an answer, which a mailbox page would show.
    provoke(&service.base, &code).await;
    let inbox = service.desk(READER, &["inbox"]).await.unwrap();
    let case = inbox[0]["case"].as_str().unwrap().to_owned();
    let (text, along) = (service.path("text"), service.path(&canary("along")));
    std::fs::write(&text, canary("answer")).unwrap();
    std::fs::write(&along, canary("attached")).unwrap();
    let (text, along) = (text.to_str().unwrap(), along.to_str().unwrap());
    let read = service.desk(READER, &["read", &case]).await.unwrap();
    assert_eq!(read["items"].as_array().unwrap().len(), 3);
    service.desk(READER, &["acknowledge", &case, "--file", text]).await.unwrap();
    service.desk(READER, &["note", &case, "--file", text, "--attach", along]).await.unwrap();
    let page = browser.post("/nl/mailbox", &[("code".into(), code.clone())]).await;
    assert!(page.html.contains(&canary("answer")));
    service.desk(READER, &["close", &case, "--file", text]).await.unwrap();

    nothing_on_the_disk(&service, &code);
    days_only(&url).await;
    if let Some(cluster) = cluster {
        assert!(stands_in(cluster, b"bzk"), "the search sees rows");
        assert!(!stands_in(cluster, MARK.as_bytes()));
    } else {
        assert!(stands_in(&service.path("data"), b"bzk"), "the search sees rows");
    }
    drop(program);

    // Its retention ended yesterday.
    expire(&url).await;
    let file = config_file(service.folder.path(), &settings, "127.0.0.1:1".parse().unwrap());
    let purge = Command::new(env!("CARGO_BIN_EXE_meldkluis")).arg("purge").arg("--config").arg(file).output().unwrap();
    let said = [purge.stdout, purge.stderr].concat();
    assert_eq!(String::from_utf8_lossy(&said), "1 case(s) destroyed, with 9 item(s), 1 of them files.\n");
    nothing_on_the_disk(&service, &code);
    for table in [r#""case""#, "item", "slot", "pending"] {
        assert_eq!(number(&url, format!("select count(*) from {table}")).await, 0, "{table}");
    }
    if cluster.is_none() {
        let id = uuid::Uuid::parse_str(&case).unwrap();
        assert!(!stands_in(&service.path("data"), id.as_bytes()), "no byte of the case stays");
    }
    assert_eq!(support::files_in(&service.path("data/payloads")), 0);
}

async fn expire(url: &str) {
    let sql = r#"update "case" set destroy_after = filed - 1 where destroy_after is not null"#;
    let changed = if url.starts_with("sqlite:") {
        sqlx::query(sql).execute(&SqlitePool::connect(url).await.unwrap()).await.unwrap().rows_affected()
    } else {
        sqlx::query(sql).execute(&PgPool::connect(url).await.unwrap()).await.unwrap().rows_affected()
    };
    assert_eq!(changed, 1);
}

#[actix_web::test]
async fn no_canary_no_address_and_no_time_of_day_on_sqlite() {
    leak(None, None).await;
}

#[actix_web::test]
async fn no_canary_no_address_and_no_time_of_day_on_postgresql() {
    let postgres = Postgres::start();
    leak(Some(postgres.database("leak")), Some(&postgres.folder)).await;
}
