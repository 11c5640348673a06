//! Everybody who looks at a case is told the same of what is due in it, or that they cannot see it.
use serde_json::Value;

use super::{NEW, READER, filed, mailbox, read, says, with_text};
use crate::support::{Browser, Service};

const COORDINATOR: &str = "bzk-coordinator";

async fn owed(service: &Service, reader: &str) -> Value {
    service.desk(reader, &["inbox"]).await.unwrap()[0]["owed"].clone()
}

async fn watched(service: &Service, case: &str) -> Value {
    let overview = service.desk(COORDINATOR, &["overview"]).await.unwrap();
    let all = overview["owed"].as_array().unwrap().clone();
    all.into_iter().find(|one| one["case"] == case).map(|one| one["owed"].clone()).unwrap_or_default()
}

pub(super) async fn lets_in(
    service: &Service,
    (browser, code): (&Browser, &str),
    case: &str,
    by: &str,
    words: &[&str],
) {
    let ask = [&["ask-consent", case, "--to", NEW], words].concat();
    let asked = with_text(service, by, &ask, "Leest mee").await.unwrap();
    mailbox(browser, code, &[("act", "consent-yes"), ("request", &asked)]).await;
    service.desk(by, &["hand-over", case, &asked]).await.unwrap();
}

/// What was written before somebody was let in they do not have: what their desk says of it holds all the same.
#[actix_web::test]
async fn who_was_let_in_after_feedback_is_not_told_that_it_is_due() {
    let service = Service::start(None).await;
    let (browser, code, case) = filed(&service, &[]).await;
    assert_eq!(watched(&service, &case).await, "acknowledge_if_report", "nobody has said what it is");
    for (act, then) in [("read", "acknowledge"), ("acknowledge", "feedback"), ("feedback", "fed_back")] {
        match act {
            "read" => drop(read(&service, READER, &case).await),
            _ => drop(with_text(&service, READER, &[act, &case], "Dank u").await.unwrap()),
        }
        assert!(owed(&service, READER).await == then && watched(&service, &case).await == then, "{act}");
    }
    lets_in(&service, (&browser, &code), &case, READER, &[]).await;
    assert_eq!(owed(&service, NEW).await, "feedback_unless_given", "unread");
    read(&service, NEW, &case).await;
    assert_eq!(owed(&service, NEW).await, "feedback_unless_given");
    let text = mailbox(&browser, &code, &[]).await.html;
    assert!(!text.contains("U hoort iets van ons voor of op"), "{text}");
    // Nor does what they write make the register forget it.
    with_text(&service, NEW, &["note", &case], "Ik lees mee").await.unwrap();
    assert_eq!(watched(&service, &case).await, "fed_back");
    let register = service.desk(COORDINATOR, &["register"]).await.unwrap();
    assert!(register[0]["row"]["acknowledged"].is_string() && register[0]["row"]["feedback"].is_string(), "{register}");
    // What is written from then on they have.
    with_text(&service, READER, &["feedback", &case], "Nog iets").await.unwrap();
    assert_eq!(owed(&service, NEW).await, "fed_back");
}

/// A part of advice does not say that it is advice: no reader is told that it must be confirmed.
#[actix_web::test]
async fn who_got_a_part_of_advice_is_not_told_to_confirm_it() {
    let service = Service::start(None).await;
    let (browser, adviser) = (Browser::new(&service.base), "bzk-vertrouwenspersoon-1");
    let code = browser.advice("Een vraag", adviser).await;
    says(&browser, &code, "Alleen dit bericht").await;
    let case = service.desk(adviser, &["inbox"]).await.unwrap()[0]["case"].as_str().unwrap().to_owned();
    assert_eq!(owed(&service, adviser).await, "acknowledge_if_report");
    let items = read(&service, adviser, &case).await["items"].clone();
    assert!(owed(&service, adviser).await.is_null());
    let message = items.as_array().unwrap().iter().find(|i| i["kind"] == "message").unwrap()["item"].clone();
    lets_in(&service, (&browser, &code), &case, adviser, &["--item", message.as_str().unwrap()]).await;
    read(&service, NEW, &case).await;
    assert_eq!(owed(&service, NEW).await, "acknowledge_if_report");
}
