//! Linking two cases on the page of one of them.
use std::time::Duration;

use thirtyfour::By;

use crate::{
    READER, absolute, desk, entered, picture,
    support::{Browser, Service},
};

#[actix_web::test]
async fn two_cases_are_linked_on_the_page_and_parted_again() {
    let service = Service::start(None).await;
    let reporter = Browser::new(&service.base);
    for story in ["Geld weg uit de kas", "De kas is leeg"] {
        reporter.report(story, &[]).await;
    }
    let (link, _) = desk(&service, READER, Duration::from_mins(10));
    let browser = entered(&link).await;
    // Both are opened, so that both have a title.
    let mut cases = Vec::new();
    for row in browser.page.find_all(By::Css("table a:not(.mk-unread)")).await.unwrap() {
        cases.push(absolute(&link, &row.attr("href").await.unwrap().unwrap()));
    }
    let mut titles = Vec::new();
    for case in &cases {
        browser.page.goto(case).await.unwrap();
        titles.push(browser.heading().await);
    }
    browser.page.goto(&cases[0]).await.unwrap();
    assert!(!browser.text().await.contains("Hoort bij"));
    browser.page.find(By::Css("#how-duplicate")).await.unwrap().click().await.unwrap();
    browser.press("#typed button").await;
    assert!(browser.text().await.contains("Kies een zaak, of typ het nummer"), "no case is linked by one press");
    assert!(browser.page.find(By::Css("#how-duplicate:checked")).await.is_ok(), "what was filled in stays");
    // By the number as a coordinator reads it out.
    let number = cases[1].rsplit('/').next().unwrap();
    browser.write("#link-id", number.get(..8).unwrap()).await;
    browser.press("#typed button").await;
    assert!(browser.text().await.contains(&format!("Dezelfde melding als: {}", titles[1])), "{}", browser.text().await);
    picture(&browser, "desk-link").await;
    browser.page.goto(&cases[1]).await.unwrap();
    assert!(browser.text().await.contains(&format!("Dezelfde melding als: {}", titles[0])), "both say the same");
    browser.write("#link-id", cases[0].rsplit('/').next().unwrap()).await;
    browser.press("#typed button").await;
    let text = browser.text().await;
    assert!(text.contains("is eerder iets anders gezegd") && text.contains("Dezelfde melding als"), "{text}");
    browser.page.goto(absolute(&link, "/nl/inbox")).await.unwrap();
    let inbox = browser.text().await;
    assert!(inbox.contains(&format!("Dezelfde melding als: {}", titles[1])), "{inbox}");
    browser.page.goto(&cases[1]).await.unwrap();
    browser.press("form.mk-part button").await;
    assert!(!browser.text().await.contains("Dezelfde melding als"));
    browser.page.goto(&cases[0]).await.unwrap();
    assert!(!browser.text().await.contains("Dezelfde melding als"));
    browser.quit().await;
}
