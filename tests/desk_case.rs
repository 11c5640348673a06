//! What the page of a case and the command line say to whoever works in it: the same, and nothing that is not so.
#![cfg(all(feature = "server", feature = "desk", unix))]
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]
#[path = "desk_case/belongs.rs"]
mod belongs;
#[path = "desk_case/cold.rs"]
mod cold;
#[path = "desk_case/first.rs"]
mod first;
#[path = "desk_case/language.rs"]
mod language;
#[path = "desk_case/log.rs"]
mod log;
#[path = "desk_case/outcome.rs"]
mod outcome;
#[path = "support/page.rs"]
#[expect(dead_code, reason = "no browser is needed here")]
mod served;
#[path = "desk_lock/slow.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod slow;
mod support;
#[path = "support/webdriver.rs"]
#[expect(dead_code, reason = "no browser is needed here")]
mod webdriver;

use std::time::Duration;

use support::{Browser, Page, Service};

const READER: &str = "bzk-functionaris-1";
const OTHER: &str = "bzk-functionaris-2";
const COLLEAGUE: &str = "bzk-functionaris-3";

/// The desk page of a reader, without a browser, still locked.
async fn entered(service: &Service, reader: &str) -> Browser {
    let link = served::desk(service, reader, None, Duration::from_mins(10));
    let entered = served::client(&link).build().unwrap().get(&link).send().await.unwrap();
    let cookie = entered.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let cookie = [(reqwest::header::COOKIE, cookie.parse().unwrap())].into_iter().collect();
    let http = served::client(&link).default_headers(cookie).build().unwrap();
    Browser::with(link.split("/open/").next().unwrap(), http)
}

/// The same, unlocked: the demo's readers have no passphrase.
async fn unlocked(service: &Service, reader: &str) -> Browser {
    let desk = entered(service, reader).await;
    desk.post("/nl/inbox", &[("passphrase".to_owned(), String::new())]).await;
    desk
}

/// The cases of a reader, in the order of the inbox.
async fn cases(service: &Service, reader: &str) -> Vec<String> {
    let inbox = service.desk(reader, &["inbox"]).await.unwrap();
    inbox.as_array().unwrap().iter().map(|c| c["case"].as_str().unwrap().to_owned()).collect()
}

/// A page of a case in a language.
async fn page(desk: &Browser, language: &str, case: &str, of: &str) -> Page {
    desk.get(&format!("/{language}/case/{case}{of}")).await
}

/// Answers a page of a further filing.
async fn next(browser: &Browser, page: &Page, answers: &[(&str, &str)]) -> Page {
    browser.answer("/nl/mailbox/more", page, &[answers, &[("go", "next")]].concat()).await
}
