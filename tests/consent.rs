//! Nobody is let in but by the reporter: asked with a reason, answered behind the code, checked by every desk.
#![cfg(all(feature = "server", feature = "desk"))]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]
mod support;

use serde_json::{Value, json};
use support::{Browser, Page, Service, postgres::Postgres};

const READER: &str = "bzk-functionaris-1";
const NEW: &str = "bzk-leidinggevende-1";
const STRUCK: &str = "bzk-functionaris-2";

/// A report with a file and a later message, and its case.
async fn filed(service: &Service) -> (Browser, String, String) {
    let browser = Browser::new(&service.base);
    let (code, _) = browser.report("Het verhaal", &[STRUCK]).await;
    assert_eq!(browser.upload(&code, "bijlage.bin", vec![3; 100_000]).await.status, 200);
    mailbox(&browser, &code, &[("act", "write"), ("text", "Alleen voor de functionaris")]).await;
    let inbox = service.desk(READER, &["inbox"]).await.unwrap();
    (browser, code, inbox[0]["case"].as_str().unwrap().to_owned())
}

async fn mailbox(browser: &Browser, code: &str, more: &[(&str, &str)]) -> Page {
    let mut fields = vec![("code".to_owned(), code.to_owned())];
    fields.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    browser.post("/nl/mailbox", &fields).await
}

async fn items(service: &Service, reader: &str, case: &str) -> Vec<Value> {
    service.desk(reader, &["read", case]).await.unwrap()["items"].as_array().unwrap().clone()
}

async fn ask(service: &Service, case: &str, to: &str, reason: &str, which: &[&str]) -> Result<String, String> {
    let file = service.path("reason.txt");
    std::fs::write(&file, reason).unwrap();
    let mut words = vec!["ask-consent", case, "--to", to, "--file", file.to_str().unwrap()];
    words.extend(which.iter().flat_map(|item| ["--item", item]));
    let sent = service.desk(READER, &words).await?;
    Ok(sent["item"].as_str().unwrap().to_owned())
}

async fn shared_as_agreed(database: Option<String>) {
    let service = Service::start(database).await;
    let (browser, code, case) = filed(&service).await;
    let all = items(&service, READER, &case).await;
    let id =
        |found: &dyn Fn(&Value) -> bool| all.iter().find(|i| found(i)).unwrap()["item"].as_str().unwrap().to_owned();
    let (story, file) = (id(&|i| i["story"].is_object()), id(&|i| i["name"].is_string()));
    let request = ask(&service, &case, NEW, "Zij leidt het onderzoek", &[&story, &file]).await.unwrap();

    // Silence is no.
    let early = service.desk(READER, &["hand-over", &case, &request]).await.unwrap_err();
    assert!(early.contains("has not agreed"), "{early}");
    assert_eq!(service.desk(NEW, &["inbox"]).await.unwrap(), json!([]));
    let page = mailbox(&browser, &code, &[]).await;
    assert!(page.html.contains("Mag Directeur dit ook lezen?") && page.html.contains("Zij leidt het onderzoek"));
    assert!(page.html.contains("<li>Melding, ") && page.html.contains("<li>Bestand “bijlage.bin”, "));
    assert!(!page.html.contains("<li>Bericht, "), "what was not asked for is not named");

    // A no can become a yes, and a yes can be taken back until it is done.
    let say = |yes: &'static str| {
        let (browser, code, request) = (&browser, &code, &request);
        async move { mailbox(browser, code, &[("act", yes), ("request", request)]).await }
    };
    assert!(say("consent-no").await.html.contains("U hebt nee gezegd"));
    assert!(service.desk(READER, &["hand-over", &case, &request]).await.is_err());
    assert!(say("consent-yes").await.html.contains("U hebt ja gezegd"));
    assert!(say("consent-no").await.html.contains("U hebt nee gezegd"));
    assert!(service.desk(READER, &["hand-over", &case, &request]).await.is_err());
    say("consent-yes").await;
    service.desk(READER, &["hand-over", &case, &request]).await.unwrap();
    let twice = service.desk(READER, &["hand-over", &case, &request]).await.unwrap_err();
    assert!(twice.contains("handed over before"), "{twice}");

    // They read exactly what was named, and nothing else of what was there.
    let theirs = items(&service, NEW, &case).await;
    assert!(theirs.iter().all(|i| i["proven"] == true), "{theirs:?}");
    let texts = serde_json::to_string(&theirs).unwrap();
    assert!(texts.contains("Het verhaal") && texts.contains("bijlage.bin"));
    assert!(!texts.contains("Alleen voor de functionaris"));
    assert_eq!(theirs.len(), 5, "the two items, the request, the answer and the hand-over: {texts}");
    let page = say("consent-no").await;
    assert!(page.html.contains("Hier kunt u niet meer op antwoorden") && page.html.contains("Het is overgedragen."));

    // What is written from now on is for them too; every desk accepts them.
    mailbox(&browser, &code, &[("act", "write"), ("text", "Voor u allen")]).await;
    let file = service.path("letter.txt");
    std::fs::write(&file, "Van de nieuwe lezer").unwrap();
    service.desk(NEW, &["reply", &case, "--file", file.to_str().unwrap()]).await.unwrap();
    service.desk("bzk-functionaris-3", &["note", &case, "--file", file.to_str().unwrap()]).await.unwrap();
    assert!(serde_json::to_string(&items(&service, NEW, &case).await).unwrap().contains("Voor u allen"));
    assert!(mailbox(&browser, &code, &[]).await.html.contains("Van de nieuwe lezer"));

    // Who came later has less before them, and stands after it all the same.
    let kinds: Vec<String> = items(&service, READER, &case).await.iter().map(|i| i["kind"].to_string()).collect();
    let last: Vec<&str> = kinds.iter().rev().take(4).map(|kind| kind.trim_matches('"')).collect();
    assert_eq!(last, ["note", "reply", "message", "hand_over"], "{kinds:?}");
}

#[actix_web::test]
async fn a_reader_is_added_only_after_the_reporter_agreed_and_reads_only_what_was_named_on_sqlite() {
    shared_as_agreed(None).await;
}

#[actix_web::test]
async fn a_reader_is_added_only_after_the_reporter_agreed_and_reads_only_what_was_named_on_postgresql() {
    let postgres = Postgres::start();
    shared_as_agreed(Some(postgres.database("consent"))).await;
}

#[actix_web::test]
async fn an_excluded_person_cannot_even_be_asked_for() {
    let service = Service::start(None).await;
    let (_, _, case) = filed(&service).await;
    let refused = ask(&service, &case, STRUCK, "Handig", &[]).await.unwrap_err();
    assert!(refused.contains("excluded by the reporter"), "{refused}");
}

#[actix_web::test]
async fn a_new_reader_without_the_story_still_knows_whom_the_reporter_excluded() {
    let service = Service::start(None).await;
    let (browser, code, case) = filed(&service).await;
    let all = items(&service, READER, &case).await;
    let file = all.iter().find(|i| i["name"].is_string()).unwrap()["item"].as_str().unwrap().to_owned();
    let request = ask(&service, &case, NEW, "Alleen het bestand", &[&file]).await.unwrap();
    mailbox(&browser, &code, &[("act", "consent-yes"), ("request", &request)]).await;
    service.desk(READER, &["hand-over", &case, &request]).await.unwrap();
    assert!(!items(&service, NEW, &case).await.iter().any(|i| i["story"].is_object()));
    let reason = service.path("reason.txt");
    let words = ["ask-consent", &case, "--to", STRUCK, "--file", reason.to_str().unwrap()];
    let refused = service.desk(NEW, &words).await.unwrap_err();
    assert!(refused.contains("excluded by the reporter"), "{refused}");
}

#[actix_web::test]
async fn the_reporter_is_asked_for_somebody_twice_at_most_and_with_a_new_reason() {
    let service = Service::start(None).await;
    let (browser, code, case) = filed(&service).await;
    let first = ask(&service, &case, NEW, "Omdat", &[]).await.unwrap();
    mailbox(&browser, &code, &[("act", "consent-no"), ("request", &first)]).await;
    assert!(ask(&service, &case, NEW, " Omdat\n", &[]).await.unwrap_err().contains("needs a new one"));
    ask(&service, &case, NEW, "Omdat het nu anders is", &[]).await.unwrap();
    assert!(ask(&service, &case, NEW, "Toe nou", &[]).await.unwrap_err().contains("that is enough"));
}

#[actix_web::test]
async fn consent_answers_only_what_was_asked() {
    let service = Service::start(None).await;
    let (browser, code, case) = filed(&service).await;
    let made_up = "0c7e2f4a-7d0e-4b53-9f3c-6f1e6f0d6a11";
    let page = mailbox(&browser, &code, &[("act", "consent-yes"), ("request", made_up)]).await;
    assert!(page.html.contains("Hier kunt u niet meer op antwoorden"));
    assert!(service.desk(READER, &["hand-over", &case, made_up]).await.unwrap_err().contains("no such request"));
}
