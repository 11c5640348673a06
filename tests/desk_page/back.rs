//! The lock holds against the browser's own Back: it keeps pages in memory as they were.
use std::time::Duration;

use crate::{
    READER, desk, entered,
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
