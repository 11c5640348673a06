//! The lock holds against the browser's own Back: it keeps pages in memory as they were.
use std::time::Duration;

use thirtyfour::By;

use crate::{
    READER, desk, entered, picture,
    support::{Browser, Service},
};

#[actix_web::test]
async fn after_the_lock_back_shows_no_case_again() {
    let service = Service::start(None).await;
    Browser::new(&service.base).report("Geld weg uit de kas", &[]).await;
    let (link, _) = desk(&service, READER, Duration::from_mins(10));
    let browser = entered(&link).await;
    browser.press("table a:not(.mk-unread)").await;
    assert!(browser.text().await.contains("Geld weg uit de kas"));
    browser.press("nav form button").await;
    assert_eq!(browser.heading().await, "Uw werkplek is vergrendeld");
    browser.back().await;
    let seen = browser.text().await;
    assert!(!seen.contains("Geld weg uit de kas") && seen.contains("vergrendeld"), "{seen}");
    browser.quit().await;
}

#[actix_web::test]
async fn what_was_typed_when_lock_was_pressed_is_found_again() {
    let service = Service::start(None).await;
    Browser::new(&service.base).report("Geld weg uit de kas", &[]).await;
    let (link, _) = desk(&service, READER, Duration::from_mins(10));
    let browser = entered(&link).await;
    browser.press("table a:not(.mk-unread)").await;
    browser.press(".mk-acts a[href$=reply]").await;
    let page = browser.page.current_url().await.unwrap();
    browser.write("#text", "Een antwoord <b>dat niet weg mag.").await;
    browser.press("nav form button").await;
    assert_eq!(browser.heading().await, "Uw werkplek is vergrendeld");
    assert!(browser.text().await.contains("U was aan het schrijven"), "{}", browser.text().await);
    assert!(!browser.page.source().await.unwrap().contains("niet weg mag"), "the draft is sealed, not on the page");
    picture(&browser, "desk-lock-draft").await;
    browser.press("main form button").await;
    assert_eq!(browser.page.current_url().await.unwrap(), page);
    let kept = browser.page.find(By::Css("#text")).await.unwrap().prop("value").await.unwrap();
    assert_eq!(kept.as_deref(), Some("Een antwoord <b>dat niet weg mag."), "and nothing was sent");
    browser.press("main form button").await;
    assert!(browser.text().await.contains("Het antwoord is verstuurd"), "{}", browser.text().await);
    // With nothing typed there is nothing to find.
    browser.press("nav form button").await;
    assert!(!browser.text().await.contains("U was aan het schrijven"));
    browser.quit().await;
}
