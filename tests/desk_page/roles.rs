//! The whole way of a case in the roles of an adviser and of a manager, from the first unlock to the end.
use std::time::Duration;

use thirtyfour::By;

use crate::{
    READER, STORY, absolute, desk, entered,
    guide::MANAGER,
    support::{Browser, Service},
    webdriver::RealBrowser,
};

const ADVISER: &str = "bzk-vertrouwenspersoon-1";

/// Opens the page of the one case that the reader sees.
async fn opened(service: &Service, reader: &str) -> (RealBrowser, String) {
    let (link, _) = desk(service, reader, Duration::from_mins(10));
    let browser = entered(&link).await;
    // Whoever else has read it: before the first look, nothing of it is shown.
    assert!(!browser.text().await.contains("Er verdwijnt geld"), "{}", browser.text().await);
    browser.press("table a:not(.mk-unread)").await;
    (browser, link)
}

/// Writes a text by a button of the case.
async fn said(browser: &RealBrowser, act: &str, text: &str) {
    browser.press(&format!(".mk-acts a[href$={act}]")).await;
    browser.write("#text", text).await;
    browser.press("main form button").await;
}

#[actix_web::test]
async fn an_adviser_advises_without_a_clock_and_ends_it() {
    let service = Service::start(None).await;
    let reporter = Browser::new(&service.base);
    let code = reporter.advice(STORY, ADVISER).await;
    let (browser, link) = opened(&service, ADVISER).await;
    let text = browser.text().await;
    assert!(text.contains("Er verdwijnt geld uit de kas") && !text.contains("Bevestig voor of op"), "{text}");
    said(&browser, "reply", "Schrijf op wat u zag, met de dagen erbij.").await;
    reporter.mailbox(&code, None, &[("act", "write"), ("text", "Dat heb ik gedaan")]).await;
    let page = reporter.mailbox(&code, None, &[]).await;
    assert!(page.html.contains("Schrijf op wat u zag") && !page.html.contains("U hoort iets van ons voor of op"));
    let case = browser.page.current_url().await.unwrap();
    browser.page.goto(case.as_str()).await.unwrap();
    assert!(browser.text().await.contains("Dat heb ik gedaan"));
    said(&browser, "close", "Wij zijn klaar.").await;
    browser.press("button[name=sure][value=yes]").await;
    assert!(browser.page.find(By::Css(".mk-acts a[href$=reply]")).await.is_err());
    browser.page.goto(absolute(&link, "/nl/inbox")).await.unwrap();
    assert!(browser.text().await.contains("0 gevonden"), "{}", browser.text().await);
    browser.page.goto(absolute(&link, "/nl/inbox?state=all")).await.unwrap();
    assert!(browser.text().await.contains("Vraag om advies"), "{}", browser.text().await);
    browser.quit().await;
    assert!(reporter.mailbox(&code, None, &[]).await.html.contains("Uw zaak is afgesloten"));
}

#[actix_web::test]
async fn a_manager_hands_over_once_the_reporter_s_no_became_a_yes_and_the_adviser_takes_it_from_there() {
    let service = Service::start(None).await;
    let reporter = Browser::new(&service.base);
    let code = reporter.report_to(STORY, &[("manager", MANAGER)]).await;
    let (browser, link) = opened(&service, MANAGER).await;
    // First the guide, then the report.
    browser.press("main form button").await;
    let case = browser.page.current_url().await.unwrap();
    browser.press(".mk-acts a[href$=acknowledge]").await;
    browser.press("main form button").await;
    browser.press(".mk-acts a[href$='/hand-over']").await;
    browser.page.find(By::Css(format!("#to-{ADVISER}"))).await.unwrap().click().await.unwrap();
    browser.write("#text", "Zij kan u bijstaan.").await;
    browser.press("main form button").await;
    let asked = reporter.mailbox(&code, None, &[]).await;
    assert!(asked.html.contains("Zij kan u bijstaan."), "{}", asked.title());
    let request = asked.fields().into_iter().find(|(name, _)| name == "request").unwrap().1;
    let hand_over = "form[action*='/hand-over/'] button";
    for (answer, may) in [("consent-no", false), ("consent-yes", true)] {
        reporter.mailbox(&code, None, &[("act", answer), ("request", &request)]).await;
        browser.page.goto(case.as_str()).await.unwrap();
        assert_eq!(browser.page.find(By::Css(hand_over)).await.is_ok(), may, "{answer}");
    }
    let form = browser.page.find(By::Css("form[action*='/hand-over/']")).await.unwrap();
    let address = absolute(&link, &form.attr("action").await.unwrap().unwrap());
    browser.page.goto(&address).await.unwrap();
    assert_eq!(
        service.desk(ADVISER, &["inbox"]).await.unwrap(),
        serde_json::json!([]),
        "looking at an address does nothing"
    );
    browser.page.goto(case.as_str()).await.unwrap();
    browser.press(hand_over).await;
    browser.quit().await;

    let (browser, _) = opened(&service, ADVISER).await;
    assert!(browser.text().await.contains("Er verdwijnt geld uit de kas"));
    said(&browser, "reply", "Ik lees nu met u mee.").await;
    browser.quit().await;
    assert!(reporter.mailbox(&code, None, &[]).await.html.contains("Ik lees nu met u mee."));
    let (browser, _) = opened(&service, READER).await;
    assert!(browser.text().await.contains("Ik lees nu met u mee."), "everybody of the case reads on");
    let offered = async |act: &str| browser.page.find(By::Css(format!(".mk-acts a[href$='/{act}']"))).await.is_ok();
    assert!(offered("classify").await && offered("outcome").await && offered("protocol").await);
    let case = browser.page.current_url().await.unwrap();
    said(&browser, "close", "Wij zijn klaar.").await;
    browser.press("button[name=sure][value=yes]").await;
    // As the page said before: a note is left, whoever knows another address.
    assert!(offered("note").await);
    assert!(!offered("classify").await && !offered("outcome").await && !offered("protocol").await);
    browser.page.goto(format!("{case}/outcome")).await.unwrap();
    assert!(browser.text().await.contains("U kunt nog een notitie schrijven"), "{}", browser.text().await);
    browser.quit().await;
    assert!(reporter.mailbox(&code, None, &[]).await.html.contains("Bent u het niet eens"));
}
