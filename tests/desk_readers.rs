//! Who reads is changed on the desk's page, in Chromium without script: left, taken out, let in on a legal duty or as a guest, away.
#![cfg(all(feature = "server", feature = "desk", unix))]
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]
#[path = "desk_readers/along.rs"]
mod along;
#[path = "desk_readers/duty.rs"]
mod duty;
#[path = "desk_readers/guest.rs"]
mod guest;
#[path = "desk_readers/looks.rs"]
mod looks;
#[path = "support/page.rs"]
mod served;
mod support;
#[path = "support/webdriver.rs"]
mod webdriver;

use std::time::Duration;

use served::{absolute, entered, picture};
use support::{Browser, Service};
use thirtyfour::By;
use webdriver::RealBrowser;

const READER: &str = "bzk-functionaris-1";
const SECOND: &str = "bzk-functionaris-2";
const THIRD: &str = "bzk-functionaris-3";
const NEW: &str = "bzk-leidinggevende-1";

fn desk(service: &Service, who: &str) -> String {
    served::desk(service, who, None, Duration::from_mins(10))
}

/// A report, with the reporter's browser, code and the case.
async fn filed(service: &Service) -> (Browser, String, String) {
    let browser = Browser::new(&service.base);
    let (code, _) = browser.report("Het verhaal", &[]).await;
    let case = only_case(service, READER).await;
    (browser, code, case)
}

async fn only_case(service: &Service, reader: &str) -> String {
    service.desk(reader, &["inbox"]).await.unwrap()[0]["case"].as_str().unwrap().to_owned()
}

async fn cases(service: &Service, reader: &str) -> usize {
    service.desk(reader, &["inbox"]).await.unwrap().as_array().unwrap().len()
}

/// The page about readers of a case, in the browser of this reader.
async fn readers(service: &Service, who: &str, case: &str) -> (RealBrowser, String) {
    let link = desk(service, who);
    let browser = entered(&link).await;
    let page = absolute(&link, &format!("/nl/case/{case}/readers"));
    browser.page.goto(&page).await.unwrap();
    (browser, page)
}

async fn value(browser: &RealBrowser, css: &str) -> String {
    browser.page.find(By::Css(css)).await.unwrap().prop("value").await.unwrap().unwrap_or_default()
}

#[actix_web::test]
async fn a_reader_leaves_unread_because_of_a_conflict_and_the_last_is_told_why_not() {
    let service = Service::start(None).await;
    let (_, _, case) = filed(&service).await;
    let link = desk(&service, SECOND);
    let browser = entered(&link).await;
    browser.press("a.mk-unread").await;
    assert_eq!(browser.heading().await, "Wilt u deze zaak verlaten?");
    picture(&browser, "desk-leave").await;
    assert!(browser.page.find(By::Css("#why-conflict")).await.is_err(), "nobody is told why");
    browser.press("main form button").await;
    assert!(browser.text().await.contains("U hebt de zaak verlaten."), "{}", browser.text().await);
    browser.quit().await;
    assert_eq!(cases(&service, SECOND).await, 0);
    let inbox = service.desk(READER, &["inbox"]).await.unwrap();
    assert_eq!(inbox[0]["state"], "unopened", "leaving is not reading");

    service.desk(READER, &["read", &case]).await.unwrap();
    let (third, page) = readers(&service, THIRD, &case).await;
    third.page.goto(format!("{page}/leave")).await.unwrap();
    third.press("main form button").await;
    assert!(third.text().await.contains("Kies waarom u weggaat."), "{}", third.text().await);
    third.click("#why-leaving").await;
    third.press("main form button").await;
    assert!(third.text().await.contains("U hebt de zaak verlaten."), "{}", third.text().await);
    third.quit().await;
    let (last, page) = readers(&service, READER, &case).await;
    assert!(!last.text().await.contains("Functionaris integriteit 2"), "{}", last.text().await);
    last.page.goto(format!("{page}/leave")).await.unwrap();
    assert!(last.text().await.contains("U kunt nog niet weg"), "{}", last.text().await);
    assert!(last.page.find(By::Css("main form")).await.is_err());
    last.quit().await;
    assert_eq!(cases(&service, READER).await, 1);
}

#[actix_web::test]
async fn one_asks_to_take_a_reader_out_and_only_a_second_does() {
    let service = Service::start(None).await;
    let (_, _, case) = filed(&service).await;
    let (first, page) = readers(&service, READER, &case).await;
    first.page.goto(format!("{page}/take-out")).await.unwrap();
    first.write("#text", "Praat erover op de gang").await;
    first.press("main form button").await;
    assert!(first.text().await.contains("Kies om wie het gaat."), "{}", first.text().await);
    assert_eq!(value(&first, "#text").await, "Praat erover op de gang", "what was typed stays");
    first.click(&format!("#who-{SECOND}")).await;
    first.press("main form button").await;
    let text = first.text().await;
    assert!(text.contains("Een tweede lezer moet dit nog bevestigen") && text.contains("gang"), "{text}");
    assert!(first.page.find(By::Css(".mk-confirm")).await.is_err(), "not alone");
    first.quit().await;
    assert_eq!(cases(&service, SECOND).await, 1);

    let (second, page) = readers(&service, THIRD, &case).await;
    second.page.goto(page.trim_end_matches("/readers")).await.unwrap();
    assert!(second.text().await.contains("om Functionaris integriteit 2 uit de zaak te halen"), "in the case too");
    second.page.goto(&page).await.unwrap();
    picture(&second, "desk-readers").await;
    second.press(".mk-confirm button").await;
    assert!(second.text().await.contains("Functionaris integriteit 2 is uit de zaak"), "{}", second.text().await);
    second.quit().await;
    assert_eq!(cases(&service, SECOND).await, 0);

    let coordinator = entered(&desk(&service, "bzk-coordinator")).await;
    let short: String = case.chars().take(8).collect();
    let text = coordinator.text().await;
    assert!(text.contains(&format!("{short}: één keer veranderde wie de zaak leest")), "{text}");
    coordinator.quit().await;
}

#[actix_web::test]
async fn a_reader_says_that_they_are_away_and_back() {
    let service = Service::start(None).await;
    let (browser, code, _) = filed(&service).await;
    let link = desk(&service, READER);
    let reader = entered(&link).await;
    reader.press("main a[href$=away]").await;
    let text = reader.text().await;
    assert!(text.contains("U hebt niet gezegd dat u afwezig bent.") && text.contains("60 dagen vooruit"), "{text}");
    assert!(reader.page.find(By::Css("button[value=back]")).await.is_err(), "there is nothing to end");
    reader.press(".mk-away button[value=away]").await;
    assert!(reader.text().await.contains("Kies een dag die kan"), "{}", reader.text().await);
    let date = service.clock.today().plus_days(10).date();
    let keys = format!("{:02}{:02}{}", date.month(), date.day(), date.year());
    reader.write("#until", &keys).await;
    reader.press(".mk-away button[value=away]").await;
    assert!(reader.text().await.contains("U bent afwezig tot en met"), "{}", reader.text().await);
    reader.reload().await;
    assert!(reader.text().await.contains("U bent afwezig tot en met"), "it does not go by itself");
    let absent = "Functionaris integriteit 1 is er niet tot en met";
    assert!(browser.mailbox(&code, None, &[]).await.html.contains(absent));
    reader.press("main a[href$=away]").await;
    let text = reader.text().await;
    assert!(text.contains("U bent afwezig tot en met") && text.contains("eindigt vanzelf na die dag"), "{text}");
    assert_eq!(value(&reader, "#until").await, service.clock.today().plus_days(10).to_string());
    picture(&reader, "desk-away").await;
    reader.press(".mk-away button[value=back]").await;
    let text = reader.text().await;
    assert!(text.contains("U bent er weer.") && !text.contains("U bent afwezig tot"), "{text}");
    assert!(!browser.mailbox(&code, None, &[]).await.html.contains(absent));
    reader.quit().await;
    let log = service.desk("bzk-coordinator", &["log"]).await.unwrap();
    let deeds: Vec<_> = log["entries"].as_array().unwrap().iter().map(|e| e["record"]["deed"].as_str()).collect();
    assert!(deeds.windows(2).any(|two| two == [Some("away"), Some("back")]), "{log}");
}

#[actix_web::test]
async fn advice_is_passed_on_and_a_proof_is_checked() {
    let service = Service::start(None).await;
    let browser = Browser::new(&service.base);
    let adviser = "bzk-vertrouwenspersoon-1";
    let code = browser.advice("EERSTE-VERHAAL", adviser).await;
    let case = only_case(&service, adviser).await;
    let link = desk(&service, adviser);
    let theirs = entered(&link).await;
    let page = absolute(&link, &format!("/nl/case/{case}"));
    theirs.page.goto(&page).await.unwrap();
    assert!(theirs.page.find(By::Css(".mk-pass-on")).await.is_err(), "the reporter did not say so");
    let more = "/nl/mailbox/more";
    let step = browser.with_code(more, &code, Some(0), &[("to", "report")]).await;
    let step = browser.answer(more, &step, &[("topic", "money"), ("go", "next")]).await;
    let step = browser.answer(more, &step, &[("along", "story"), ("text", "KORT"), ("go", "next")]).await;
    browser.answer(more, &step, &[("go", "next")]).await;
    // Who would close it first is told what is lost then.
    let warned = async || {
        theirs.page.goto(format!("{page}/close")).await.unwrap();
        theirs.write("#text", "Tot ziens").await;
        theirs.press("main form button").await;
        theirs.text().await.contains("U gaf dat nog niet door")
    };
    assert!(warned().await);
    theirs.page.goto(&page).await.unwrap();
    theirs.press(".mk-pass-on button").await;
    assert!(theirs.page.find(By::Css(".mk-pass-on")).await.is_err(), "{}", theirs.text().await);
    assert!(!warned().await);
    assert_eq!(cases(&service, READER).await, 2);

    let shown = browser.mailbox(&code, Some(0), &[("act", "proof")]).await;
    let proof = shown.html.split("<dt>Uw bewijs</dt><dd translate=\"no\">").nth(1).unwrap();
    let proof = proof.split("</dd>").next().unwrap();
    theirs.page.goto(format!("{page}/proof")).await.unwrap();
    theirs.write("#proof", "niets").await;
    theirs.press("main form button").await;
    assert!(theirs.page.find(By::Css("[role=alert]")).await.is_ok() && value(&theirs, "#proof").await == "niets");
    theirs.page.find(By::Css("#proof")).await.unwrap().clear().await.unwrap();
    theirs.write("#proof", proof).await;
    theirs.press("main form button").await;
    let text = theirs.text().await;
    assert!(text.contains("Het past") && text.contains("Nog niemand bevestigde de dag."), "{text}");
    theirs.quit().await;
}
