//! The API document: its copy in `docs` is the one that is served, no route is left out, and every answer is as it says.
#![cfg(all(feature = "server", feature = "desk"))]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::expect_used, reason = "a test")]
mod support;

use std::{
    io::{Read, Write},
    net::TcpStream,
    path::Path,
    process::Command,
};

use meldkluis::{
    api_types::{Adding, CaseView, Nonce, SentTo, Session, Several, SignIn, SlotSent, signed_bytes},
    bundle::{MOST, parted},
    desk::Identity,
    domain::{case::CaseState, id::ItemId},
    envelope::before_payload,
    http::api::document,
};
use serde_json::{Value, json};
use support::{Browser, Service};

const READER: &str = "bzk-functionaris-1";
const COORDINATOR: &str = "bzk-coordinator";
/// Cases of an operation in each phase.
const EXAMPLES: &str = "100";
/// Envelopes are made up by us, wrong ones too: to the tool they are bytes, and all bytes are right.
const NOT_CHECKED: &str = "positive_data_acceptance";

#[actix_web::test]
async fn the_copy_in_docs_is_what_is_served() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/openapi.json");
    if std::env::var_os("MELDKLUIS_WRITE_VECTORS").is_some() {
        std::fs::write(&path, document()).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path).unwrap(), document());
    let service = Service::start(None).await;
    let served = reqwest::get(format!("{}/api/v1/openapi.json", service.base)).await.unwrap();
    assert_eq!(served.headers()["content-type"], "application/json");
    assert_eq!(served.text().await.unwrap(), document());
}

#[test]
fn every_route_is_in_the_document() {
    let table = include_str!("../src/http/api/mod.rs").split("web::resource(\"").skip(1);
    let routes: Vec<&str> = table.filter_map(|route| route.split('"').next()).collect();
    let document: Value = serde_json::from_str(document()).unwrap();
    let documented = document["paths"].as_object().unwrap();
    assert_eq!(routes.len(), documented.len());
    assert!(routes.iter().all(|route| documented.contains_key(*route)), "{routes:?}");
}

/// A token of a demo reader.
async fn token(service: &Service) -> String {
    token_of(service, READER).await
}

async fn token_of(service: &Service, who: &str) -> String {
    let me = Identity::load(&service.path(&format!("readers/{who}.key")), || unreachable!()).unwrap();
    let http = reqwest::Client::new();
    let url = |path| format!("{}/api/v1/{path}", service.base);
    let asked = http.post(url("challenge")).json(&json!({ "reader": who })).send().await.unwrap();
    let Nonce { nonce, instance } = asked.json().await.unwrap();
    let bytes = signed_bytes(&instance, &service.base, &nonce, &me.reader);
    let signature = hex::encode(me.signer.sign(&bytes));
    let sent = SignIn { reader: me.reader, nonce, origin: service.base.clone(), signature, card: None };
    let Session { token } = http.post(url("session")).json(&sent).send().await.unwrap().json().await.unwrap();
    token
}

async fn filed_case(service: &Service, token: &str) -> CaseView {
    let inbox = reqwest::Client::new().get(format!("{}/api/v1/inbox", service.base)).bearer_auth(token);
    inbox.send().await.unwrap().json::<Vec<CaseView>>().await.unwrap().remove(0)
}

/// Schemathesis makes requests of the document, right and wrong ones, follows its links to what is really there, and checks answers.
/// These operations alone, or all others.
async fn checked(service: &Service, token: &str, filed: &CaseView, operations: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("{}/api/v1", service.base);
    let reader = self::token(service).await;
    let colleague = Identity::load(&service.path("readers/bzk-functionaris-2.key"), || unreachable!()).unwrap();
    let mut tool = Command::new("schemathesis");
    tool.args(["run", &format!("{url}/openapi.json"), "--checks", "all", "--exclude-checks", NOT_CHECKED])
        .args(operations)
        .args(["--max-examples", EXAMPLES, "--seed", "1"])
        .args(["--generation-database", "none", "--no-color", "--continue-on-failure", "--warnings", "off"])
        .args(["--header", &format!("Authorization: Bearer {token}")])
        .env("MELDKLUIS_READER", reader.split('.').next().unwrap())
        .env("MELDKLUIS_COLLEAGUE", colleague.keyed().to_string())
        .envs([("MELDKLUIS_CASE", filed.case.to_string()), ("MELDKLUIS_ITEM", filed.items[0].to_string())])
        .env("PYTHONPATH", Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/openapi"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("SCHEMATHESIS_HOOKS", "made_up")
        .current_dir(folder.path());
    // The server answers on this runtime meanwhile.
    let ran = actix_web::web::block(move || tool.output()).await.unwrap().expect("schemathesis; tests/run installs it");
    let said = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(ran.status.success(), "{said}\n{}", String::from_utf8_lossy(&ran.stderr));
    said
}

#[actix_web::test]
async fn every_answer_is_in_the_document() {
    let service = Service::start(None).await;
    Browser::new(&service.base).report("Verhaal", &[]).await;
    let token = token(&service).await;
    let filed = filed_case(&service, &token).await;
    // Most of what it makes up is for an open case.
    let item = format!("{}/api/v1/items/{}", service.base, filed.items[0]);
    let opened = reqwest::Client::new().get(item).bearer_auth(&token).send().await.unwrap();
    assert_eq!(opened.status(), 200);
    // Whoever has left can try nothing else.
    let said = checked(&service, &token, &filed, &["--exclude-operation-id", "leave"]).await;
    // It came past the door: what it made up was added to the report's case.
    assert!(filed_case(&service, &token).await.items.len() > 1, "{said}");
    checked(&service, &token_of(&service, COORDINATOR).await, &filed, &["--exclude-operation-id", "leave"]).await;
    checked(&service, &token, &filed, &["--include-operation-id", "leave", "--phases", "examples,coverage,fuzzing"])
        .await;
    let inbox = reqwest::Client::new().get(format!("{}/api/v1/inbox", service.base)).bearer_auth(&token);
    let there: Vec<CaseView> = inbox.send().await.unwrap().json().await.unwrap();
    // What it made up and filed as an oral report is there still.
    assert!(there.iter().all(|case| case.case != filed.case), "{there:?}");
}

#[actix_web::test]
async fn an_error_has_no_body() {
    let service = Service::start(None).await;
    let expired = Service::at(|app| app.roster.expires = app.clock.today().plus_days(-1)).await;
    let http = reqwest::Client::new();
    for (base, method, path, status, allow) in [
        (&service.base, "GET", "inbo%78", 404, None),
        (&service.base, "GET", "nowhere", 404, None),
        (&service.base, "GET", "inbox", 401, None),
        (&service.base, "DELETE", "inbox", 405, Some("GET")),
        (&service.base, "GET", "session", 405, Some("POST")),
        (&expired.base, "GET", "roster", 503, None),
    ] {
        let request = http.request(method.parse().unwrap(), format!("{base}/api/v1/{path}"));
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), status, "{path}");
        assert_eq!(answer.headers().get("allow").map(|methods| methods.to_str().unwrap()), allow, "{path}");
        assert_eq!(answer.text().await.unwrap(), "", "{path}");
    }
}

/// A desk that opens much asks for much at once, and gets what it could get one by one.
#[actix_web::test]
async fn several_items_come_in_one_answer_and_none_of_somebody_else() {
    let service = Service::start(None).await;
    let browser = Browser::new(&service.base);
    let (code, _) = browser.report("Verhaal", &[]).await;
    let token = token(&service).await;
    let mine = filed_case(&service, &token).await;
    for (name, bytes) in [("klein.txt", 1_000), ("groot.bin", 400_000)] {
        assert_eq!(browser.upload(&code, name, vec![b'x'; bytes]).await.status, 200);
    }
    browser.report("Niet voor functionaris 1", &[READER]).await;
    let pool = sqlx::SqlitePool::connect(&service.database).await.unwrap();
    let all: Vec<(Vec<u8>,)> = sqlx::query_as("select id from item").fetch_all(&pool).await.unwrap();
    let mut all: Vec<ItemId> = all.iter().map(|(id,)| ItemId::from_uuid(uuid::Uuid::from_slice(id).unwrap())).collect();
    assert_eq!(all.len(), 5, "two stories, two files, and for the reporter alone that files were sent");
    all.push(ItemId::from_uuid(uuid::Uuid::new_v4()));
    let http = reqwest::Client::new();
    let ask = |items: Vec<ItemId>| {
        let request = http.post(format!("{}/api/v1/items", service.base)).bearer_auth(&token);
        async move { request.json(&Several { items }).send().await.unwrap() }
    };
    let answer = ask(all).await.bytes().await.unwrap();
    let mut got: Vec<ItemId> = parted(&answer).unwrap().iter().map(|piece| piece.item).collect();
    got.sort();
    let read = filed_case(&service, &token).await;
    assert_eq!((mine.state, read.state), (CaseState::Unopened, CaseState::Open), "that was reading");
    assert_eq!((read.items.len(), got.len()), (3, 2), "not the large file, not the other case");
    assert!(got.iter().all(|id| read.items.contains(id)));
    let case = http.get(format!("{}/api/v1/cases/{}", service.base, read.case)).bearer_auth(&token);
    let told = case.send().await.unwrap().json::<CaseView>().await.unwrap().told.unwrap();
    for piece in parted(&answer).unwrap() {
        let alone = http.get(format!("{}/api/v1/items/{}", service.base, piece.item)).bearer_auth(&token);
        assert_eq!(alone.send().await.unwrap().bytes().await.unwrap(), piece.sealed);
        assert_eq!(piece.told, told.contains(&piece.item));
    }
    assert_eq!(ask(vec![read.items[0]; MOST + 1]).await.status(), 400);
}

/// The server is not at fault for it, and does not say that it is away: a desk would send it again.
#[actix_web::test]
async fn what_is_wrong_with_an_item_is_its_senders_matter() {
    let service = Service::with(None, |config| {
        config.max_file_bytes = 1;
        config.pace.silence_seconds = 1;
    });
    let service = service.await;
    Browser::new(&service.base).report("Verhaal", &[]).await;
    let token = token(&service).await;
    let path = format!("/api/v1/cases/{}/items", filed_case(&service, &token).await.case);
    let head = |header: &str| {
        let slots = vec![SlotSent { to: SentTo::Nobody(1), header: header.to_owned() }];
        let item = ItemId::from_uuid(uuid::Uuid::new_v4());
        let log = Some("YWdlLWVuY3J5cHRpb24ub3JnL3YxCg==".to_owned());
        before_payload(&Adding { item, act: None, expected: CaseState::Unopened, slots, log }).unwrap()
    };
    // Twice the largest file and a mebibyte.
    let most = 2 + (1 << 20);
    for (header, payload, status) in
        [("AAAA", 1, 200), ("no base64", 1, 400), ("AAAA", most, 200), ("AAAA", most + 1, 413)]
    {
        let request = reqwest::Client::new().post(format!("{}{path}", service.base)).bearer_auth(&token);
        let answer = request.body([head(header), vec![0; payload]].concat()).send().await.unwrap();
        assert_eq!(answer.status(), status, "{header}, {payload} bytes");
    }
    let host = service.base.trim_start_matches("http://").to_owned();
    let head = head("AAAA");
    // The last byte never comes.
    let answered = actix_web::web::block(move || {
        let mut stream = TcpStream::connect(&host).unwrap();
        let asked = format!("POST {path} HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {token}\r\n");
        let length = format!("content-length: {}\r\n\r\n", head.len() + 1);
        stream.write_all(&[asked.as_bytes(), length.as_bytes(), &head].concat()).unwrap();
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).unwrap();
        answer
    });
    assert_eq!(&answered.await.unwrap(), b"HTTP/1.1 408");
}
