//! The inbox says what a reporter did since this reader opened the case last, and says it until the case is opened again.
use serde_json::{Value, json};

use super::{Browser, READER, Service, letter, local::Local, opened};

const OTHER: &str = "bzk-functionaris-2";

async fn inbox(service: &Service, reader: &str, more: &[&str]) -> Value {
    service.desk(reader, &[&["inbox"], more].concat()).await.unwrap()
}

async fn write(browser: &Browser, code: &str) {
    browser.mailbox(code, None, &[("act", "write"), ("text", "Er is meer")]).await;
}

#[actix_web::test]
async fn what_a_reporter_did_is_named_until_the_case_is_opened_again() {
    let (service, browser, code, case) = opened().await;
    let new = async |reader| inbox(&service, reader, &[]).await[0]["new"].clone();
    assert_eq!(new(READER).await, json!([]), "what was opened is not new");
    write(&browser, &code).await;
    browser.mailbox(&code, None, &[("act", "talk-send"), ("text", "Dinsdag in het park")]).await;
    assert_eq!(new(READER).await, json!(["message", "talk"]));
    assert_eq!(new(OTHER).await, json!([]), "of a case that was not opened nothing is known");
    // Writing is not reading, nor is looking at the inbox.
    letter(&service, "note", &case).await.unwrap();
    assert_eq!(new(READER).await, json!(["message", "talk"]));
    service.desk(READER, &["read", &case]).await.unwrap();
    assert_eq!(new(READER).await, json!([]));
    browser.upload(&code, "lijst.txt", b"een lijst".to_vec()).await;
    browser.upload(&code, "film.bin", vec![7; 6_000_000]).await;
    browser.mailbox(&code, None, &[("act", "withdraw")]).await;
    assert_eq!(new(READER).await, json!(["withdrawal", "file", "large"]));
    service.desk(OTHER, &["read", &case]).await.unwrap();
    assert_eq!(new(OTHER).await, json!([]), "each reader has their own");
    assert_eq!(new(READER).await, json!(["withdrawal", "file", "large"]));
}

#[actix_web::test]
async fn an_answer_about_consent_is_news() {
    let (service, browser, code, case) = opened().await;
    let file = service.path("reason.txt");
    std::fs::write(&file, "Zij leidt het onderzoek").unwrap();
    let words = ["ask-consent", &case, "--to", "bzk-leidinggevende-1", "--file", file.to_str().unwrap()];
    let request = service.desk(READER, &words).await.unwrap()["item"].as_str().unwrap().to_owned();
    browser.mailbox(&code, None, &[("act", "consent-yes"), ("request", &request)]).await;
    assert_eq!(inbox(&service, READER, &[]).await[0]["new"], json!(["consent_answer"]));
}

#[actix_web::test]
async fn of_what_is_due_on_one_day_the_news_come_first_and_they_can_be_asked_for_alone() {
    let (service, browser, code, case) = opened().await;
    let mut others = Vec::new();
    for story in ["Een tweede", "Een derde"] {
        others.push(Browser::new(&service.base).report(story, &[]).await.0);
    }
    write(&browser, &code).await;
    for _ in 0..2 {
        let all = inbox(&service, READER, &[]).await;
        assert!(all.as_array().unwrap().len() == 3 && all[0]["case"] == case.as_str(), "{all}");
    }
    let new = inbox(&service, READER, &["--state", "new"]).await;
    assert!(new.as_array().unwrap().len() == 1 && new[0]["case"] == case.as_str(), "{new}");
    // What is due first stays first.
    service.desk(READER, &["read", &case]).await.unwrap();
    letter(&service, "acknowledge", &case).await.unwrap();
    write(&browser, &code).await;
    let all = inbox(&service, READER, &[]).await;
    assert!(all[2]["case"] == case.as_str() && all[2]["new"] == json!(["message"]), "{all}");
}

#[actix_web::test]
async fn the_page_says_it_and_forgets_it_when_the_case_is_opened() {
    let (service, browser, code, case) = opened().await;
    let desk = Local::desk(&service, READER).await;
    assert!(!desk.get("/nl/inbox").await.1.contains("Nieuw: "));
    write(&browser, &code).await;
    assert!(desk.get("/nl/inbox?state=new").await.1.contains("Nieuw: bericht"));
    assert!(desk.get("/en/inbox").await.1.contains("New: message"));
    // The page of an act shows none of it.
    desk.get(&format!("/nl/case/{case}/reply")).await;
    assert!(desk.get("/nl/inbox").await.1.contains("Nieuw: bericht"));
    desk.get(&format!("/nl/case/{case}")).await;
    assert!(!desk.get("/nl/inbox").await.1.contains("Nieuw: "));
    assert!(desk.get("/nl/inbox?state=new").await.1.contains("0 gevonden"));
}
