//! Promise 8, fail closed: what is away makes 503 and nothing half-saved, and it works again by itself.
#![cfg(all(feature = "server", feature = "desk"))]
#![expect(clippy::unwrap_used, reason = "a test")]
mod support;

use std::fs;

use meldkluis::clock::Clock;
use support::{Browser, PAGE, Page, Service, postgres::Postgres};

/// The last page of a report, ready to be sent, and its code.
async fn ready(browser: &Browser) -> (Page, String) {
    let path = "/nl/report";
    let mut page = browser.get(path).await;
    let answers: [&[(&str, &str)]; 7] =
        [&[], &[("want", "report")], &[("org", "bzk")], &[("topic", "money")], &[], &[("story", "Verhaal")], &[]];
    for answer in answers {
        page = browser.answer(path, &page, &[answer, &[("go", "next")]].concat()).await;
    }
    let code = page.code();
    (browser.answer(path, &page, &[("go", "next")]).await, code)
}

async fn send(browser: &Browser, (page, code): &(Page, String)) -> Page {
    browser.answer("/nl/report", page, &[("code", code), ("go", "next")]).await
}

#[actix_web::test]
async fn without_its_database_nothing_is_taken_and_the_same_form_arrives_when_it_is_back() {
    let postgres = Postgres::start();
    let service = Service::start(Some(postgres.database("away"))).await;
    let browser = Browser::new(&service.base);
    let form = ready(&browser).await;
    postgres.stop();
    let refused = send(&browser, &form).await;
    assert_eq!((refused.status, refused.html.len()), (503, PAGE));
    assert!(refused.html.contains("Huis voor Klokkenluiders"), "the page says where else to go");
    assert_eq!(browser.get("/nl/").await.status, 200, "what needs no database is served");
    let tried = browser.post("/nl/mailbox", &[("code".into(), form.1.clone())]).await;
    assert_eq!(tried.status, 503);

    postgres.start_again();
    let arrived = send(&browser, &form).await;
    assert_eq!(arrived.status, 200, "{}", arrived.title());
    let inbox = service.desk("bzk-functionaris-1", &["inbox"]).await.unwrap();
    assert_eq!(inbox.as_array().unwrap().len(), 1);
}

#[actix_web::test]
async fn without_the_payload_store_a_file_is_refused_and_the_report_stands() {
    let service = Service::start(None).await;
    let browser = Browser::new(&service.base);
    let (code, _) = browser.report("Verhaal", &[]).await;
    let (payloads, aside) = (service.path("data/payloads"), service.path("data/aside"));
    fs::rename(&payloads, &aside).unwrap();
    fs::write(&payloads, "not a folder").unwrap();
    let refused = browser.upload(&code, "x.pdf", vec![1; 100_000]).await;
    assert!(refused.status >= 400, "{}", refused.title());
    assert_eq!(refused.html.len(), PAGE);
    let stands = browser.post("/nl/mailbox", &[("code".into(), code.clone())]).await;
    assert_eq!(stands.status, 200);

    fs::remove_file(&payloads).unwrap();
    fs::rename(&aside, &payloads).unwrap();
    let added = browser.upload(&code, "x.pdf", vec![1; 100_000]).await;
    assert_eq!(added.status, 200, "{}", added.title());
}

#[actix_web::test]
async fn a_roster_that_expires_under_way_closes_the_doors_and_not_the_advice() {
    let service = Service::at(|app| {
        let last = app.roster.expires;
        app.clock = Clock::Fixed(last.plus_days(1));
    })
    .await;
    let browser = Browser::new(&service.base);
    for path in ["/nl/report", "/nl/mailbox"] {
        let closed = browser.get(path).await;
        assert_eq!((closed.status, closed.html.len()), (503, PAGE));
    }
    assert_eq!(browser.get("/nl/info/external").await.status, 200);
    assert!(service.desk("bzk-functionaris-1", &["inbox"]).await.is_err());
}

#[actix_web::test]
async fn too_many_tries_get_plain_words_and_the_pages_stay_open_to_others() {
    let service = Service::start(None).await;
    let browser = Browser::new(&service.base);
    let (code, _) = browser.report("Verhaal", &[]).await;
    let mut refused = None;
    for _ in 0..3000 {
        let page = browser.post("/nl/mailbox", &[("code".into(), code.clone())]).await;
        if page.status == 429 {
            refused = Some(page);
            break;
        }
    }
    let refused = refused.expect("a limit is reached");
    assert_eq!(refused.html.len(), PAGE);
    assert!(refused.html.contains("seconden"), "it says when to come back");
    assert_eq!(browser.get("/nl/report").await.status, 200);
}
