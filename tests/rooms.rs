//! One code, several rooms: advice that becomes a report, disadvantage, who the reporter is, the desk outside, a talk, a proof.
#![cfg(all(feature = "server", feature = "desk"))]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]
#[path = "rooms/advised.rs"]
mod advised;
#[path = "rooms/further.rs"]
mod further;
#[path = "rooms/report.rs"]
mod report;
#[path = "rooms/small.rs"]
mod small;
mod support;
#[path = "rooms/waits.rs"]
mod waits;

use serde_json::Value;
use support::{Browser, PAGE, Page, Service};

const MORE: &str = "/nl/mailbox/more";
const ADVISER: &str = "bzk-vertrouwenspersoon-1";
const OFFICER: &str = "bzk-functionaris-1";
const STRUCK: &str = "bzk-functionaris-2";
const COLLEAGUE: &str = "bzk-functionaris-3";
const RESERVE: &str = "bzk-functionaris-4";
const OUTSIDE: &str = "buiten-functionaris-1";

const ADVICE: Option<u8> = Some(0);
const REPORT: Option<u8> = Some(1);

async fn cases(service: &Service, reader: &str) -> Vec<String> {
    let inbox = service.desk(reader, &["inbox"]).await.unwrap();
    inbox.as_array().unwrap().iter().map(|case| case["case"].as_str().unwrap().to_owned()).collect()
}

async fn read(service: &Service, reader: &str, case: &str) -> Value {
    service.desk(reader, &["read", case]).await.unwrap()
}

/// A letter of a reader.
async fn letter(service: &Service, reader: &str, act: &str, case: &str, text: &str) -> Result<Value, String> {
    let file = service.path("letter.txt");
    std::fs::write(&file, text).unwrap();
    service.desk(reader, &[act, case, "--file", file.to_str().unwrap()]).await
}

/// Presses a button of a mailbox that leads to a further filing.
async fn begin(browser: &Browser, code: &str, room: Option<u8>, to: &str) -> Page {
    whole(browser.with_code(MORE, code, room, &[("to", to)]).await)
}

/// Answers a page of a further filing.
async fn next(browser: &Browser, page: &Page, answers: &[(&str, &str)]) -> Page {
    whole(browser.answer(MORE, page, &[answers, &[("go", "next")]].concat()).await)
}

fn whole(page: Page) -> Page {
    assert_eq!(page.html.len(), PAGE, "{}", page.title());
    assert!(page.headers.get("set-cookie").is_none());
    page
}
