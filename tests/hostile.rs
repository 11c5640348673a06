//! What a malicious reader, reporter, server or database may try, and does not get.
#![cfg(all(feature = "server", feature = "desk"))]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]
#[path = "hostile/advice.rs"]
mod advice;
#[path = "support/hostile.rs"]
mod evil;
mod support;

use std::num::NonZeroU32;

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use base64::{Engine, prelude::BASE64_STANDARD};
use evil::{RECORD, give, hostile, named};
use meldkluis::{
    api_types::{Adding, CaseView, SentTo, SlotSent},
    clock::Clock,
    config::{Limit, Limits},
    desk::{Client, Identity},
    domain::{day::Day, id::ItemId, order::Before},
    envelope::before_payload,
    seal::{
        Author, ItemHead, Kind, Origin, Plaintext, Recipients, ReporterPublic, Signer,
        consent::{Along, PassOn, ToReport},
        desk::ReaderIdentity,
        item,
    },
};
use support::{Browser, Service};
use uuid::Uuid;

const READER: &str = "bzk-functionaris-1";
const OTHER: &str = "bzk-functionaris-2";
const STRANGER: &str = "bzk-leidinggevende-1";

/// Sends an item that the desk would not make.
async fn send(client: &Client, case: &CaseView, head: ItemHead, to: &Recipients, signer: &Signer, text: String) {
    let id = head.item;
    let (slots, payload) = item(head, Plaintext::from(text), signer, to).unwrap().into_parts();
    let sent =
        |s: &meldkluis::seal::Slot| SlotSent { to: SentTo::of(&s.to), header: BASE64_STANDARD.encode(&s.header) };
    // A reader who means ill writes into the log what nobody can open.
    let log = Some(RECORD.to_owned());
    let adding = Adding { item: id, act: None, expected: case.state, slots: slots.iter().map(sent).collect(), log };
    client.add(&case.case, [before_payload(&adding).unwrap(), payload].concat()).await.unwrap();
}

fn head(client: &Client, case: &CaseView, kind: Kind, author: Author, to: &Recipients) -> ItemHead {
    ItemHead {
        instance: client.roster.instance,
        case: case.case,
        item: ItemId::from_uuid(Uuid::new_v4()),
        kind,
        author,
        seq: u32::MAX,
        seen: [0; 32],
        before: Before::default(),
        day: Day::parse("9999-12-31").unwrap(),
        name: None,
        to: to.readers(),
        reporter: None,
        proof: None,
        origin: Origin::default(),
        unread: Vec::new(),
    }
}

/// A filed report, opened by a hostile reader of it.
async fn filed(service: &Service) -> (Browser, String, Client, CaseView) {
    let browser = Browser::new(&service.base);
    let (code, _) = browser.report("Een verhaal", &[]).await;
    let client = hostile(service, OTHER).await;
    let case = client.inbox().await.unwrap()[0].case;
    client.item(&client.case(&case).await.unwrap().items[0]).await.unwrap();
    let view = client.case(&case).await.unwrap();
    (browser, code, client, view)
}

#[actix_web::test]
async fn a_long_answer_with_a_far_day_does_not_keep_the_reporter_out() {
    let service = Service::start(None).await;
    let (browser, code, client, case) = filed(&service).await;
    let first = client.item(&case.items[0]).await.unwrap().bytes().await.unwrap();
    let opened = meldkluis::seal::desk::open_text(&client.me.seal, &first[..]).unwrap();
    let reply = opened.manifest.head.reporter.unwrap().reply;
    let readers = case.readers.iter().filter_map(|r| client.roster.reader(&r.reader));
    let to = Recipients::of(readers).unwrap().with_reporter(case.case, &reply).unwrap();
    let author = Author::Reader(client.me.reader.clone());
    let bad = head(&client, &case, Kind::Reply, author, &to);
    send(&client, &case, bad, &to, &client.me.signer, "\"\n".repeat(100_000)).await;
    let file = service.path("answer.txt");
    std::fs::write(&file, "Een echt antwoord").unwrap();
    service.desk(READER, &["reply", &case.case.to_string(), "--file", file.to_str().unwrap()]).await.unwrap();
    let mailbox = [("code".to_owned(), code.clone())];
    let page = browser.post("/nl/mailbox", &mailbox).await;
    assert!(page.status == 200 && page.html.contains("Een echt antwoord"), "{}", page.title());
    let older = [("code".to_owned(), code.clone()), ("at".to_owned(), "1".to_owned())];
    assert!(browser.post("/nl/mailbox", &older).await.html.contains("U ziet alleen het begin"));
    let more = [("code".into(), code), ("act".into(), "write".into()), ("text".into(), "Nog iets".into())];
    assert!(browser.post("/nl/mailbox", &more).await.html.contains("Uw bericht is verstuurd"));
}

#[actix_web::test]
async fn a_second_first_item_speaks_for_nobody() {
    let service = Service::start(None).await;
    let (_, _, client, case) = filed(&service).await;
    let readers = case.readers.iter().filter_map(|r| client.roster.reader(&r.reader));
    let to = Recipients::of(readers).unwrap();
    let own = Signer::from_seed(&[5; 32]);
    let reply = ReaderIdentity::generate().unwrap().recipient();
    let mut bad = head(&client, &case, Kind::Report, Author::Reporter, &to);
    bad.reporter = Some(ReporterPublic { sign: hex::encode(own.public()), reply, commitment: None });
    let story = r#"{"v":1,"topic":"other","story":"Vals","who":"","when":"","place":"","known":""}"#;
    send(&client, &case, bad, &to, &own, story.to_owned()).await;
    let id = case.case.to_string();
    let read = service.desk(READER, &["read", &id]).await.unwrap();
    let proven = |story: &str| {
        let items = read["items"].as_array().unwrap();
        items.iter().find(|i| i["story"]["story"] == story).unwrap()["proven"].as_bool().unwrap()
    };
    assert!(proven("Een verhaal") && !proven("Vals"), "{read}");
    let file = service.path("answer.txt");
    std::fs::write(&file, "Antwoord").unwrap();
    service.desk(READER, &["reply", &id, "--file", file.to_str().unwrap()]).await.unwrap();
}

/// Gives somebody a slot of the first item whom nobody asked for.
async fn let_in(client: &Client, case: &CaseView, name: &str) {
    let stranger = named(client, name);
    give(client, &case.case, &case.items[0], &stranger, SentTo::Reader(stranger.keyed())).await;
}

#[actix_web::test]
async fn what_only_the_reporter_can_say_counts_from_nobody_else() {
    let service = Service::start(None).await;
    let browser = Browser::new(&service.base);
    let (adviser, deputy) = ("bzk-vertrouwenspersoon-1", "bzk-vertrouwenspersoon-2");
    let code = browser.advice_with("In vertrouwen", &[("adviser", adviser), ("deputy", "yes")]).await;
    let client = hostile(&service, deputy).await;
    let case = client.inbox().await.unwrap().remove(0);
    let first = client.item(&case.items[0]).await.unwrap().bytes().await.unwrap();
    let opened = meldkluis::seal::desk::open_text(&client.me.seal, &first[..]).unwrap();
    let reporter = opened.manifest.head.reporter.unwrap();
    let_in(&client, &case, STRANGER).await;
    let case = client.case(&case.case).await.unwrap();
    let keyed = |name: &str| client.roster.readers().find(|r| r.id.as_str() == name).unwrap().keyed();
    let readers = case.readers.iter().filter_map(|r| client.roster.reader(&r.reader));
    let to = Recipients::of(readers).unwrap().with_reporter(case.case, &reporter.reply).unwrap();
    let bad = |kind| head(&client, &case, kind, Author::Reader(client.me.reader.clone()), &to);
    let text = |body: Plaintext| String::from_utf8(body.reveal().to_vec()).unwrap();

    // An older first item with the reporter's keys, signed by a reader.
    let day = Day::parse("2000-01-01").unwrap();
    let posing = ItemHead { seq: 0, day, reporter: Some(reporter.clone()), ..bad(Kind::Advice) };
    let story = r#"{"v":1,"topic":"other","story":"Vals","who":"","when":"","place":"","known":""}"#;
    send(&client, &case, posing, &to, &client.me.signer, story.to_owned()).await;
    // What goes with a report, said by a reader: the adviser would be left out of what comes, and the stranger let in.
    let along = Along { story: true, messages: true, files: true };
    let said = ToReport::new(case.case, vec![keyed(STRANGER), keyed(adviser)], along);
    send(&client, &case, bad(Kind::ToReport), &to, &client.me.signer, text(said.into_body())).await;
    // And a record of passing on, with another commitment beside the same keys.
    let forged = ReporterPublic { commitment: Some("00".repeat(32)), ..reporter };
    let done = PassOn::new(case.items[0], vec![keyed(STRANGER)], forged, (vec![keyed(STRANGER)], Vec::new()));
    send(&client, &case, bad(Kind::PassOn), &to, &client.me.signer, text(done.into_body())).await;

    let id = case.case.to_string();
    let read = service.desk(adviser, &["read", &id]).await.unwrap();
    assert_eq!(read["strangers"], serde_json::json!([STRANGER]), "{read}");
    let refused = service.desk(adviser, &["pass-on", &id]).await.unwrap_err();
    assert!(refused.contains("has not made a report"), "{refused}");
    let file = service.path("answer.txt");
    std::fs::write(&file, "Niet voor hen").unwrap();
    service.desk(adviser, &["reply", &id, "--file", file.to_str().unwrap()]).await.unwrap();
    let theirs = service.desk(STRANGER, &["read", &id]).await.unwrap();
    assert!(!theirs.to_string().contains("Niet voor hen"), "{theirs}");
    let page = browser.mailbox(&code, None, &[("act", "write"), ("text", "Nog iets")]).await;
    assert!(page.html.contains("Uw bericht is verstuurd") && !page.html.contains("Wat van uw advies meegaat"));
    assert!(service.desk(adviser, &["read", &id]).await.unwrap().to_string().contains("Nog iets"));
}

#[actix_web::test]
async fn a_reader_who_lets_somebody_in_is_seen_and_stops_nobody() {
    let service = Service::start(None).await;
    let (_, _, client, case) = filed(&service).await;
    let_in(&client, &case, STRANGER).await;
    let id = case.case.to_string();
    let read = service.desk(READER, &["read", &id]).await.unwrap();
    assert_eq!(read["strangers"], serde_json::json!(["bzk-leidinggevende-1"]));
    let file = service.path("answer.txt");
    std::fs::write(&file, "Niet voor hen").unwrap();
    service.desk(READER, &["note", &id, "--file", file.to_str().unwrap()]).await.unwrap();
    let theirs = service.desk("bzk-leidinggevende-1", &["read", &id]).await.unwrap();
    assert!(!theirs.to_string().contains("Niet voor hen"), "{theirs}");
}

#[cfg(unix)]
#[actix_web::test]
async fn a_slot_forged_in_the_database_lets_nobody_in_and_nothing_is_sealed_to_them() {
    let service = Service::start(None).await;
    let browser = Browser::new(&service.base);
    // The struck reader has a case of their own that day: their mailbox stands in the database.
    browser.report("Hun zaak", &[]).await;
    let theirs = service.desk(OTHER, &["inbox"]).await.unwrap()[0]["case"].as_str().unwrap().to_owned();
    let (code, _) = browser.report("Over hen", &[OTHER]).await;
    let inbox = service.desk(READER, &["inbox"]).await.unwrap();
    let case = inbox.as_array().unwrap().iter().map(|c| c["case"].as_str().unwrap()).find(|c| *c != theirs).unwrap();
    let hex = |id: &str| id.replace('-', "");
    let pool = sqlx::SqlitePool::connect(&service.database).await.unwrap();
    // All mailboxes of their case, one of which is theirs, into the other case.
    let forged = format!(
        "insert or ignore into slot (item, mailbox, tag, release, header)
         select (select id from item where hex(\"case\") = upper('{}')), s.mailbox, s.tag, null, s.header
         from slot s join item i on i.id = s.item where hex(i.\"case\") = upper('{}')",
        hex(case),
        hex(&theirs)
    );
    assert!(sqlx::query(sqlx::AssertSqlSafe(forged)).execute(&pool).await.unwrap().rows_affected() > 0);
    // And a whole item of theirs, moved.
    let more = [("code".into(), code), ("act".into(), "write".into()), ("text".into(), "Nog iets over hen".into())];
    assert!(browser.post("/nl/mailbox", &more).await.html.contains("Uw bericht is verstuurd"));
    let moved = format!(
        "update item set \"case\" = (select id from \"case\" where hex(id) = upper('{}')) where hex(\"case\") = upper('{}')",
        hex(case),
        hex(&theirs)
    );
    assert!(sqlx::query(sqlx::AssertSqlSafe(moved)).execute(&pool).await.unwrap().rows_affected() > 0);
    pool.close().await;
    assert_eq!(service.desk(OTHER, &["inbox"]).await.unwrap(), serde_json::json!([]));
    assert!(service.desk(OTHER, &["read", case]).await.unwrap_err().contains("no such case"));
}

/// Passes everything on, but shows another case than was asked for.
async fn swapping(request: HttpRequest, body: web::Bytes, real: web::Data<(String, String, String)>) -> HttpResponse {
    let (base, wanted, shown) = &**real;
    let path = request.uri().to_string();
    let path = if path.ends_with(wanted) { path.replace(wanted, shown) } else { path };
    let method = reqwest::Method::from_bytes(request.method().as_str().as_bytes()).unwrap();
    let mut passed = reqwest::Client::new().request(method, format!("{base}{path}")).body(body.to_vec());
    for name in ["content-type", "authorization", "host"] {
        if let Some(value) = request.headers().get(name) {
            passed = passed.header(name, value.as_bytes());
        }
    }
    let answer = passed.send().await.unwrap();
    let status = actix_web::http::StatusCode::from_u16(answer.status().as_u16()).unwrap();
    HttpResponse::build(status).content_type("application/json").body(answer.bytes().await.unwrap())
}

#[actix_web::test]
async fn a_server_that_shows_another_case_gets_no_answer_for_it() {
    let service = Service::start(None).await;
    let browser = Browser::new(&service.base);
    browser.report("Van de melder", &[]).await;
    browser.report("Van de server zelf", &[]).await;
    let inbox = service.desk(READER, &["inbox"]).await.unwrap();
    let ids = [0, 1].map(|n: usize| inbox[n]["case"].as_str().unwrap().to_owned());
    let real = web::Data::new((service.base.clone(), ids[0].clone(), ids[1].clone()));
    let server = HttpServer::new(move || App::new().app_data(real.clone()).default_service(web::to(swapping)));
    let server = server.workers(1).bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", server.addrs()[0]);
    tokio::spawn(server.run());
    let service = Service { base, ..service };
    let file = service.path("answer.txt");
    std::fs::write(&file, "Voor de melder").unwrap();
    let refused = service.desk(READER, &["reply", &ids[0], "--file", file.to_str().unwrap()]).await.unwrap_err();
    assert!(refused.contains("gave another case"), "{refused}");
}

#[actix_web::test]
async fn new_keys_under_an_old_name_open_nothing_that_was_there() {
    let folder = tempfile::tempdir().unwrap();
    let settings = support::child::settings(folder.path(), None);
    let mut program = support::child::Program::start(folder.path(), &settings);
    Browser::new(&program.base).report("Een verhaal", &[]).await;
    program.kill();
    // The organisation's signers give the name to somebody else's keys.
    let roster = folder.path().join("roster");
    let key = folder.path().join(format!("readers/{OTHER}.key"));
    std::fs::remove_file(&key).unwrap();
    let name = meldkluis::domain::id::ReaderId::parse(OTHER).unwrap();
    let thief = Identity::create(&key, name, None).unwrap().public();
    let old = std::fs::read_to_string(roster.join("org-bzk.toml")).unwrap();
    let of = |text: &str, name: &str| text.lines().find(|l| l.starts_with(name)).unwrap().to_owned();
    let (before, theirs) = old.split_once(&format!("id = \"{OTHER}\"")).unwrap();
    let theirs = ["seal_key", "sign_key"].iter().fold(theirs.to_owned(), |text, name| {
        let now = of(&text, name);
        text.replacen(&now, &of(&thief, name), 1)
    });
    let new = format!("{before}id = \"{OTHER}\"{theirs}").replacen("serial = 1", "serial = 2", 1);
    let hash = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(&old));
    let new = new.replacen("previous = \"\"", &format!("previous = \"{hash}\""), 1);
    let signer = ssh_key::PrivateKey::read_openssh_file(&folder.path().join("signers/bzk")).unwrap();
    std::fs::write(roster.join("org-bzk.toml.sig"), meldkluis::roster_files::sign(&new, &signer).unwrap()).unwrap();
    std::fs::write(roster.join("org-bzk.toml"), new).unwrap();

    let program = support::child::Program::start(folder.path(), &settings);
    let database = String::new();
    let service = Service { folder, base: program.base.clone(), database, clock: Clock::System };
    assert_eq!(service.desk(OTHER, &["inbox"]).await.unwrap(), serde_json::json!([]));
    assert_eq!(service.desk(READER, &["inbox"]).await.unwrap().as_array().unwrap().len(), 1);
}

#[actix_web::test]
async fn a_seed_that_was_caught_shows_no_code() {
    let service = Service::start(None).await;
    let browser = Browser::new(&service.base);
    let fields = |step: &str| {
        let pairs = [("want", "report"), ("org", "bzk"), ("topic", "money"), ("story", "x"), ("go", "next")];
        let mut fields: Vec<(String, String)> = pairs.map(|(n, v)| (n.to_owned(), v.to_owned())).into();
        fields.push(("step".into(), step.into()));
        fields.push(("seed".into(), "07".repeat(32)));
        fields.push(("token".into(), "01".repeat(65)));
        fields
    };
    for step in ["5", "6", "7", "8", "9"] {
        let page = browser.post("/nl/report", &fields(step)).await;
        assert_eq!(page.status, 422);
        assert!(!page.html.contains("mk-code\"") && !page.html.contains(&"07".repeat(32)), "step {step}");
    }
    // The pages that a browser may keep have no seed.
    let page = browser.get("/nl/report").await;
    assert!(!page.html.contains("name=\"seed\""));
}

/// The page that says so holds a valid token for the next one: whoever sends that by hand comes no further.
#[actix_web::test]
async fn with_everybody_struck_no_page_by_hand_leads_to_a_code() {
    let service = Service::start(None).await;
    let (browser, path) = (Browser::new(&service.base), "/nl/report");
    let mut page = browser.get(path).await;
    for answer in [("go", "next"), ("want", "report"), ("org", "bzk"), ("topic", "money")] {
        page = browser.answer(path, &page, &[answer, ("go", "next")]).await;
    }
    let boxes =
        page.html.split("name=\"strike\"").skip(1).filter_map(|rest| rest.split("value=\"").nth(1)?.split('"').next());
    let mut everybody: Vec<(&str, &str)> = boxes.map(|id| ("strike", id)).collect();
    assert!(everybody.len() > 3);
    everybody.push(("go", "next"));
    let mut page = browser.answer(path, &page, &everybody).await;
    for _ in 0..3 {
        assert!(page.html.contains("Er blijft niemand over om te lezen"), "{}", page.title());
        page = browser.answer(path, &page, &[("story", "Toch"), ("go", "next")]).await;
    }
    assert!(!page.html.contains("mk-code\""));
}

#[actix_web::test]
async fn what_is_sent_again_with_changes_is_said_not_to_be_stored() {
    let service = Service::start(None).await;
    let browser = Browser::new(&service.base);
    let (_, fields) = browser.prepared("Een verhaal", &[]).await;
    assert!(browser.post("/nl/report", &fields).await.html.contains("veilig aangekomen"));
    let again = browser.post("/nl/report", &fields).await;
    assert!(again.status == 200 && again.html.contains("Dat is niet opgeslagen"), "{}", again.title());
}

#[actix_web::test]
async fn a_case_that_is_full_says_so_and_its_readers_still_confirm_and_end_it() {
    let wide = Limit { case: NonZeroU32::MAX, ..Limits::default().texts };
    let service =
        Service::with(None, |config| config.limits = Limits { tries: wide, texts: wide, ..config.limits }).await;
    let browser = Browser::new(&service.base);
    let (code, _) = browser.report("Een verhaal", &[]).await;
    let more = [("code".into(), code.clone()), ("act".into(), "write".into()), ("text".into(), "Nog iets".into())];
    // Story and messages, and once that something was sent on this day.
    for _ in 0..398 {
        assert_eq!(browser.post("/nl/mailbox", &more).await.status, 200);
    }
    let full = browser.post("/nl/mailbox", &more).await;
    assert!(full.status == 422 && full.html.contains("Uw zaak is vol"), "{}", full.title());
    assert!(browser.upload(&code, "a.txt", vec![1; 10]).await.html.contains("Uw zaak is vol"));
    let inbox = service.desk(READER, &["inbox"]).await.unwrap();
    let file = service.path("answer.txt");
    std::fs::write(&file, "Antwoord").unwrap();
    let case = inbox[0]["case"].as_str().unwrap();
    for act in ["acknowledge", "close"] {
        service.desk(READER, &[act, case, "--file", file.to_str().unwrap()]).await.unwrap();
    }
}
