//! What a reporter does shows on desks, and what a withdrawal and the end of a case mean is said on both sides.
#![cfg(all(feature = "server", feature = "desk", unix))]
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]
#[path = "support/advice.rs"]
mod advice;
#[path = "after/advice.rs"]
mod asked;
#[path = "after/closed.rs"]
mod closed;
#[path = "after/duty.rs"]
mod duty;
#[path = "after/ended.rs"]
mod ended;
#[path = "after/gone.rs"]
mod gone;
#[path = "after/kept.rs"]
mod kept;
#[path = "after/left.rs"]
mod left;
#[path = "after/looks.rs"]
mod looks;
#[path = "after/news.rs"]
mod news;
#[path = "after/once.rs"]
mod once;
#[path = "after/told.rs"]
mod told;
#[path = "after/waits.rs"]
mod waits;
#[path = "after/withdrawn.rs"]
mod withdrawn;

#[path = "after/local.rs"]
mod local;
#[path = "support/page.rs"]
mod page;
mod support;
#[path = "support/webdriver.rs"]
mod webdriver;

use support::{Browser, Service};

const READER: &str = "bzk-functionaris-1";
const SECOND: &str = "bzk-functionaris-2";

/// A service with a report that a reader has opened: the reporter's browser and code, and the case.
async fn opened() -> (Service, Browser, String, String) {
    let service = Service::start(None).await;
    let browser = Browser::new(&service.base);
    let (code, _) = browser.report("Het verhaal", &[]).await;
    let case = service.desk(READER, &["inbox"]).await.unwrap()[0]["case"].as_str().unwrap().to_owned();
    service.desk(READER, &["read", &case]).await.unwrap();
    (service, browser, code, case)
}

/// Something that a reader writes.
async fn letter(service: &Service, act: &str, case: &str) -> Result<serde_json::Value, String> {
    letter_of(service, READER, act, case).await
}

/// The same, of another.
async fn letter_of(service: &Service, by: &str, act: &str, case: &str) -> Result<serde_json::Value, String> {
    let file = service.path("letter.txt");
    std::fs::write(&file, "Een brief").unwrap();
    service.desk(by, &[act, case, "--file", file.to_str().unwrap()]).await
}

/// Writes with a command that takes a text; returns the item.
async fn with_text(service: &Service, who: &str, words: &[&str]) -> String {
    let file = service.path("text.txt");
    std::fs::write(&file, "Een reden").unwrap();
    let done = service.desk(who, &[words, &["--file", file.to_str().unwrap()]].concat()).await.unwrap();
    done["item"].as_str().unwrap_or_default().to_owned()
}

/// A report that both have opened.
async fn opened_by_both() -> (Service, String) {
    let (service, _, _, case) = opened().await;
    service.desk(SECOND, &["read", &case]).await.unwrap();
    (service, case)
}
