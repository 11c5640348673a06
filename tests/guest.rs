//! Somebody who is not in the roster reads along in one case, until a day: vouched for by a reader, agreed to by the reporter.
#![cfg(all(feature = "server", feature = "desk"))]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]
#[path = "guest/acts.rs"]
mod acts;
#[path = "support/hostile.rs"]
mod evil;
#[path = "after/local.rs"]
mod local;
#[path = "support/local.rs"]
mod page;
#[path = "guest/pages.rs"]
mod pages;
#[path = "guest/server.rs"]
mod server;
#[path = "support/signed.rs"]
mod signed;
mod support;

use evil::{hostile as readers_own, reporter, send, send_as};
use meldkluis::{
    clock::Clock,
    desk::{Client, Identity, Place},
    domain::{
        day::Day,
        guest::GuestCard,
        id::{CaseId, ItemId, ReaderId},
        oral::How,
    },
    seal::{
        Author, Kind, Plaintext, Recipients, Signer,
        account::Account,
        circle::{DutyApproval, Left, LeftReason},
        code::print_words,
        consent::{Named, PassOn, Request},
        guest::vouch,
    },
};
use serde_json::{Value, json};
use support::{Browser, Page, Service, postgres::Postgres};

const READER: &str = "bzk-functionaris-1";
const SECOND: &str = "bzk-functionaris-2";
const THIRD: &str = "bzk-functionaris-3";
const GUEST: &str = "ad-onderzoeker";

async fn mailbox(browser: &Browser, code: &str, more: &[(&str, &str)]) -> Page {
    let mut fields = vec![("code".to_owned(), code.to_owned())];
    fields.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    browser.post("/nl/mailbox", &fields).await
}

async fn read(service: &Service, reader: &str, case: &str) -> Value {
    service.desk(reader, &["read", case]).await.unwrap()
}

async fn with_text(service: &Service, reader: &str, words: &[&str], text: &str) -> Result<Value, String> {
    let file = service.path("text.txt");
    std::fs::write(&file, text).unwrap();
    let words: Vec<&str> = words.iter().copied().chain(["--file", file.to_str().unwrap()]).collect();
    service.desk(reader, &words).await
}

fn in_days(days: i32) -> String {
    Clock::System.today().plus_days(days).to_string()
}

/// A guest's keys: the public half's file, and the eight words.
fn keys(service: &Service, name: &str) -> (String, String) {
    let path = service.path(&format!("readers/{name}.key"));
    let me = Identity::create(&path, ReaderId::parse(name).unwrap(), None).unwrap();
    let public = service.path(&format!("{name}.toml"));
    std::fs::write(&public, me.public()).unwrap();
    (public.to_str().unwrap().to_owned(), print_words(&me.keyed()).join(" "))
}

async fn invited(service: &Service, case: &str, until: &str) -> Result<Value, String> {
    let (public, words) = keys(service, GUEST);
    let about = ["--shown-as", "Auditdienst, onderzoeker", "--until", until, "--words", &words];
    let words = ["invite", case, "--public", &public];
    service.desk(READER, &[&words[..], &about[..]].concat()).await
}

fn card_file(service: &Service, card: &Value) -> String {
    let path = service.path("card.json");
    std::fs::write(&path, card.to_string()).unwrap();
    path.to_str().unwrap().to_owned()
}

/// A report in which a guest reads along: browser, code, case, and the path of the card.
async fn reading_along(service: &Service) -> (Browser, String, String, String) {
    let browser = Browser::new(&service.base);
    let (code, _) = browser.report("Het verhaal", &[]).await;
    let inbox = service.desk(READER, &["inbox"]).await.unwrap();
    let case = inbox[0]["case"].as_str().unwrap().to_owned();
    read(service, READER, &case).await;
    let card = card_file(service, &invited(service, &case, &in_days(30)).await.unwrap());
    let asked = with_text(service, READER, &["ask-consent", &case, "--guest", &card], "Zoekt het uit").await.unwrap();
    let asked = asked["item"].as_str().unwrap().to_owned();
    let page = mailbox(&browser, &code, &[]).await;
    assert!(page.html.contains("Mag Auditdienst, onderzoeker, gast tot en met"), "{}", page.html);
    assert!(service.desk(READER, &["hand-over", &case, &asked]).await.is_err(), "silence is no");
    assert_eq!(service.desk(GUEST, &["--card", &card, "inbox"]).await.unwrap(), json!([]));
    mailbox(&browser, &code, &[("act", "consent-yes"), ("request", &asked)]).await;
    service.desk(READER, &["hand-over", &case, &asked]).await.unwrap();
    (browser, code, case, card)
}

async fn a_guest_reads_along(database: Option<String>) {
    let service = Service::start(database).await;
    let (browser, code, case, card) = reading_along(&service).await;
    // Another report is none of theirs.
    browser.report("Een ander verhaal", &[]).await;
    let inbox = service.desk(GUEST, &["--card", &card, "inbox"]).await.unwrap();
    assert_eq!(inbox.as_array().unwrap().len(), 1);
    let theirs = service.desk(GUEST, &["--card", &card, "read", &case]).await.unwrap();
    assert!(theirs.to_string().contains("Het verhaal") && theirs["strangers"] == json!([]), "{theirs}");
    assert!(theirs["items"].as_array().unwrap().iter().all(|i| i["proven"] == true), "{theirs}");

    for (who, card) in [(GUEST, &["--card", &card][..]), (READER, &[])] {
        let said = service.desk_words(who, &[card, &["read", &case]].concat()).await.unwrap();
        assert_eq!(said.matches(&format!("({GUEST})\n")).count(), 1, "{who} is told once who reads: {said}");
    }

    // What comes now is for them too, from the reporter and from every reader; and what they write is proven to be theirs.
    let page = mailbox(&browser, &code, &[("act", "write"), ("text", "Voor iedereen")]).await;
    assert!(page.html.contains("<dd>Auditdienst, onderzoeker, gast tot en met"), "{}", page.html);
    assert_eq!(browser.upload(&code, "bijlage.bin", vec![3; 1000]).await.status, 200);
    with_text(&service, THIRD, &["note", &case], "Van de derde").await.unwrap();
    let theirs = service.desk(GUEST, &["--card", &card, "read", &case]).await.unwrap().to_string();
    assert!(theirs.contains("Voor iedereen") && theirs.contains("Van de derde") && theirs.contains("bijlage.bin"));
    with_text(&service, GUEST, &["--card", &card, "note", &case], "Een notitie van de gast").await.unwrap();
    with_text(&service, GUEST, &["--card", &card, "reply", &case], "Een antwoord van de gast").await.unwrap();
    for reader in [READER, SECOND, THIRD] {
        let seen = read(&service, reader, &case).await;
        let items = seen["items"].as_array().unwrap();
        let by_guest: Vec<&Value> = items.iter().filter(|i| i["from"] == GUEST).collect();
        assert!(by_guest.len() == 2 && by_guest.iter().all(|i| i["proven"] == true), "{reader}: {seen}");
        assert_eq!(seen["strangers"], json!([]), "{reader}");
    }
    assert_eq!(read(&service, READER, &case).await["guests"][0]["guest"], GUEST);

    // Whoever is let in after them knows them too.
    let to = "bzk-leidinggevende-1";
    let asked = with_text(&service, READER, &["ask-consent", &case, "--to", to], "Leidt het").await.unwrap();
    let asked = asked["item"].as_str().unwrap();
    mailbox(&browser, &code, &[("act", "consent-yes"), ("request", asked)]).await;
    service.desk(READER, &["hand-over", &case, asked]).await.unwrap();
    with_text(&service, to, &["note", &case], "Van wie later kwam").await.unwrap();
    let theirs = service.desk(GUEST, &["--card", &card, "read", &case]).await.unwrap();
    assert!(theirs.to_string().contains("Van wie later kwam") && theirs["strangers"] == json!([]), "{theirs}");
    let page = mailbox(&browser, &code, &[]).await;
    assert!(page.html.contains("Een antwoord van de gast") && page.html.contains("Auditdienst, onderzoeker, gast"));
}

#[actix_web::test]
async fn a_guest_reads_along_in_one_case_once_the_reporter_agreed_on_sqlite() {
    a_guest_reads_along(None).await;
}

#[actix_web::test]
async fn a_guest_reads_along_in_one_case_once_the_reporter_agreed_on_postgresql() {
    let postgres = Postgres::start();
    a_guest_reads_along(Some(postgres.database("guest"))).await;
}

#[actix_web::test]
async fn a_guest_lets_nobody_in_takes_nobody_out_and_closes_nothing() {
    let service = Service::start(None).await;
    let (_, _, case, card) = reading_along(&service).await;
    let guest = |words: &[&str]| {
        let words: Vec<String> = ["--card", card.as_str()].iter().chain(words).map(|w| (*w).to_owned()).collect();
        let service = &service;
        async move { service.desk(GUEST, &words.iter().map(String::as_str).collect::<Vec<_>>()).await }
    };
    let file = service.path("text.txt").to_str().unwrap().to_owned();
    let to = "bzk-leidinggevende-1";
    for words in [
        vec!["ask-consent", &case, "--to", to, "--file", &file],
        vec!["ask-duty", &case, "--to", to, "--ground", "report_of_crime_162sv", "--file", &file],
        vec!["take-out", &case, SECOND, "--file", &file],
    ] {
        assert!(guest(&words).await.unwrap_err().contains("a guest cannot"), "{words:?}");
    }
    assert!(guest(&["close", &case, "--file", &file]).await.unwrap_err().contains("a guest cannot do this"));
    assert!(guest(&["away", "--until", &in_days(3)]).await.unwrap_err().contains("a guest cannot do this"));
    // They may go.
    guest(&["leave", &case]).await.unwrap();
    assert_eq!(guest(&["inbox"]).await.unwrap(), json!([]));
    assert!(read(&service, READER, &case).await.to_string().contains("leaving"));
    with_text(&service, READER, &["note", &case], "Zonder gast").await.unwrap();
    assert_eq!(guest(&["inbox"]).await.unwrap(), json!([]));
}

fn place(service: &Service) -> Place {
    let (anchor, state) = (service.path("anchor.toml"), service.path("hostile.seen"));
    Place { server: service.base.clone(), proxy: None, anchor, state, clock: Clock::System }
}

#[actix_web::test]
async fn after_their_day_a_guest_is_not_let_in_and_gets_nothing() {
    let service = Service::start(None).await;
    let (_, code, case, card) = reading_along(&service).await;
    // The same deployment, served on a later day.
    let Service { folder, base: _, database: _, clock: _ } = service;
    let later = Clock::System.today().plus_days(31);
    let moved = tempfile::tempdir().unwrap();
    copy(folder.path(), moved.path());
    let service = Service::found(moved, None, later).await;
    let refused = service.desk(GUEST, &["--card", &card, "inbox"]).await.unwrap_err();
    assert!(refused.contains("did not accept this sign-in"), "{refused}");
    let there = Browser::new(&service.base);
    let page = mailbox(&there, &code, &[("act", "write"), ("text", "Na de gast")]).await;
    let (reads, gone) = page.html.split_once("Kon dit eerder lezen").unwrap();
    assert!(page.html.contains("Uw bericht is verstuurd") && !reads.contains("<dd>Auditdienst"), "{}", page.html);
    assert!(gone.contains("<dd>Auditdienst"));
    with_text(&service, READER, &["note", &case], "Ook na de gast").await.unwrap();
    // Their slots are those of before: nothing was sealed to them since.
    assert_eq!(slots_of_guest(&service, &case, &card).await, 4, "the story, the request, the answer, the hand-over");
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Counts the slots in the guest's mailbox, with the keys of the deployment.
async fn slots_of_guest(service: &Service, case: &str, card: &str) -> usize {
    let card: GuestCard = serde_json::from_slice(&std::fs::read(card).unwrap()).unwrap();
    let secrets = meldkluis::config::Secrets::load(&service.path("secrets")).unwrap();
    let post = meldkluis::post::PostKeys::new(*secrets.k1, *secrets.k2);
    let pool = sqlx::SqlitePool::connect(&service.database).await.unwrap();
    let filed = "select filed from \"case\" where hex(id) = upper($1)";
    let filed: i32 = sqlx::query_scalar(filed).bind(case.replace('-', "")).fetch_one(&pool).await.unwrap();
    let mailbox = post.reader_mailbox(&card.keyed(), Day::from_number(filed).unwrap());
    let count = "select count(*) from slot where mailbox = $1";
    let count: i64 = sqlx::query_scalar(count).bind(mailbox.to_vec()).fetch_one(&pool).await.unwrap();
    pool.close().await;
    usize::try_from(count).unwrap()
}

#[actix_web::test]
async fn a_card_that_is_not_right_lets_nobody_in() {
    let service = Service::start(None).await;
    let (_, _, case, card) = reading_along(&service).await;
    let good: GuestCard = serde_json::from_slice(&std::fs::read(&card).unwrap()).unwrap();
    let me = || Identity::load(&service.path(&format!("readers/{GUEST}.key")), || unreachable!()).unwrap();
    let by = |name: &str| Identity::load(&service.path(&format!("readers/{name}.key")), || unreachable!()).unwrap();
    let today = Clock::System.today();
    let client = Client::sign_in(&place(&service), by(READER)).await.unwrap();
    let instance = client.roster.instance;
    let signed = |card: GuestCard, name: &str| {
        let by_id = ReaderId::parse(name).unwrap();
        vouch(GuestCard { by: by_id, ..card }, &instance, &by(name).signer)
    };
    let longer = GuestCard { until: today.plus_days(60), ..good.clone() };
    let cards = [
        // Changed after it was signed.
        longer.clone(),
        // Too far, or over.
        signed(GuestCard { until: today.plus_days(91), ..good.clone() }, READER),
        signed(GuestCard { until: today.plus_days(-1), ..good.clone() }, READER),
        // By a reader without a slot in the case.
        signed(good.clone(), "bzk-leidinggevende-1"),
        // Of a case that is not there.
        signed(
            GuestCard { case: CaseId::parse("0c7e2f4a-7d0e-4b53-9f3c-6f1e6f0d6a11").unwrap(), ..good.clone() },
            READER,
        ),
        // By itself.
        vouch(good.clone(), &instance, &me().signer),
    ];
    for (n, card) in cards.into_iter().enumerate() {
        let refused = Client::sign_in(&place(&service), me().with_card(card).unwrap()).await.err();
        assert!(refused.unwrap().to_string().contains("did not accept this sign-in"), "{n}");
    }
    assert!(Client::sign_in(&place(&service), me().with_card(signed(longer, READER)).unwrap()).await.is_ok());
    assert!(by(READER).with_card(good).is_err(), "a card is for the keys it names");
    // The reader who vouched left: their word does not count any more.
    service.desk(READER, &["leave", &case]).await.unwrap();
    let refused = service.desk(GUEST, &["--card", &card, "inbox"]).await.unwrap_err();
    assert!(refused.contains("did not accept this sign-in"), "{refused}");
}

#[actix_web::test]
async fn a_card_needs_the_eight_words_and_a_name_that_is_nobody_s() {
    let service = Service::start(None).await;
    Browser::new(&service.base).report("Het verhaal", &[]).await;
    let inbox = service.desk(READER, &["inbox"]).await.unwrap();
    let case = inbox[0]["case"].as_str().unwrap();
    let (public, words) = keys(&service, GUEST);
    let until = in_days(30);
    let invite = |public: &str, words: &str, until: &str| {
        let all = ["invite", case, "--public", public, "--shown-as", "Gast", "--until", until, "--words", words]
            .map(str::to_owned);
        let service = &service;
        async move { service.desk(READER, &all.each_ref().map(String::as_str)).await }
    };
    let mut other: Vec<&str> = words.split(' ').collect();
    other.swap(0, 1);
    let refused = invite(&public, &other.join(" "), &until).await.unwrap_err();
    assert!(refused.contains("not the eight words") && !refused.contains(&words), "{refused}");
    assert!(invite(&public, "", &until).await.is_err());
    assert!(invite(&public, &words, &in_days(91)).await.unwrap_err().contains("choose a day"));
    assert!(invite(&public, &words, &in_days(90)).await.is_ok());
    // A name of the roster, with other keys.
    std::fs::create_dir(service.path("other")).unwrap();
    let name = ReaderId::parse(SECOND).unwrap();
    let me = Identity::create(&service.path("other/x.key"), name, None).unwrap();
    std::fs::write(service.path("other.toml"), me.public()).unwrap();
    let words = print_words(&me.keyed()).join(" ");
    let refused = invite(service.path("other.toml").to_str().unwrap(), &words, &until).await.unwrap_err();
    assert!(refused.contains("cannot be a guest"), "{refused}");
}

/// A guest with a program of their own.
async fn hostile(service: &Service, card: &str) -> Client {
    let me = Identity::load(&service.path(&format!("readers/{GUEST}.key")), || unreachable!()).unwrap();
    let me = me.with_card(serde_json::from_slice(&std::fs::read(card).unwrap()).unwrap()).unwrap();
    Client::sign_in(&place(service), me).await.unwrap()
}

#[actix_web::test]
async fn what_a_guest_asks_or_approves_counts_for_nothing() {
    let service = Service::start(None).await;
    let (browser, code, case, card) = reading_along(&service).await;
    let to = "bzk-leidinggevende-1";
    let duty = ["ask-duty", &case, "--to", to, "--ground", "court_order", "--reference", "C/13/1"];
    let duty = with_text(&service, READER, &duty, "Op bevel").await.unwrap()["item"].as_str().unwrap().to_owned();
    let (me, id) = (hostile(&service, &card).await, CaseId::parse(&case).unwrap());
    let view = me.case(&id).await.unwrap();
    let reply = reporter(&me, &id).await.reply;
    let readers = view.readers.iter().filter_map(|r| me.roster.reader(&r.reader));
    let all = Recipients::of(readers).unwrap().with_reporter(id, &reply).unwrap();
    let new = me.roster.readers().find(|r| r.id.as_str() == to).unwrap().keyed();
    let named = Named { item: view.items[0], kind: Kind::Report, day: me.today(), name: None };
    let request = Request::new(new, Plaintext::from("Doe maar".to_owned()), vec![named]);
    let approval = DutyApproval::new(ItemId::parse(&duty).unwrap());
    let account = Account::new(How::Phone, Plaintext::from("VALS-VERSLAG".to_owned()));
    let passed = PassOn::new(view.items[0], Vec::new(), reporter(&me, &id).await, (Vec::new(), Vec::new()));
    let says = [
        (Kind::ConsentRequest, request.into_body()),
        (Kind::DutyApproval, approval.into_body()),
        (Kind::Account, account.into_body()),
        (Kind::PassOn, passed.into_body()),
    ];
    for (kind, body) in says {
        send(&me, &id, kind, body, &all).await;
    }
    let page = mailbox(&browser, &code, &[]).await;
    assert!(!page.html.contains("Doe maar") && page.html.contains("Op bevel"), "{}", page.html);
    assert!(!page.html.contains("verslag") && !page.html.contains("VALS-VERSLAG"), "{}", page.html);
    let refused = service.desk(READER, &["hand-over", &case, &duty]).await.unwrap_err();
    assert!(refused.contains("has not approved"), "{refused}");
    let seen = read(&service, SECOND, &case).await;
    let forged = seen["items"].as_array().unwrap().iter().filter(|i| i["proven"] == false).count();
    assert_eq!(forged, 4, "{seen}");
}

#[actix_web::test]
async fn a_card_that_nobody_agreed_to_neither_speaks_for_the_guest_nor_prolongs_them() {
    let service = Service::start(None).await;
    let (_, _, case, card) = reading_along(&service).await;
    let (evil, id) = (readers_own(&service, SECOND).await, CaseId::parse(&case).unwrap());
    let there = evil.case(&id).await.unwrap().readers;
    let all = Recipients::of(there.iter().filter_map(|r| evil.roster.reader(&r.reader))).unwrap();
    let real: GuestCard = serde_json::from_slice(&std::fs::read(&card).unwrap()).unwrap();
    // One under the guest's name with other keys, and one with their keys and a later day.
    let own = Signer::from_seed(&[7; 32]);
    let mut posing = GuestCard { by: evil.me.reader.clone(), ..real.clone() };
    posing.guest.sign_key = hex::encode(own.public());
    let later = GuestCard { by: evil.me.reader.clone(), until: real.until.plus_days(20), ..real.clone() };
    for card in [posing, later] {
        let card = vouch(card, &evil.roster.instance, &evil.me.signer);
        let request = Request::for_guest(card, Plaintext::from("Stil".to_owned()), Vec::new());
        send(&evil, &id, Kind::ConsentRequest, request.into_body(), &all).await;
    }
    let body = Left::new(LeftReason::Conflict, Vec::new()).into_body();
    send_as((Author::Reader(real.guest.id.clone()), &own), &evil, &id, Kind::Left, body, &all).await;
    let seen = read(&service, READER, &case).await;
    assert_eq!(seen["guests"].as_array().unwrap().len(), 1, "{seen}");
    assert_eq!(seen["guests"][0]["until"], real.until.to_string().as_str(), "{seen}");
    with_text(&service, READER, &["note", &case], "OOK-VOOR-DE-GAST").await.unwrap();
    let theirs = service.desk(GUEST, &["--card", &card, "read", &case]).await.unwrap();
    assert!(theirs.to_string().contains("OOK-VOOR-DE-GAST"), "{theirs}");
}
