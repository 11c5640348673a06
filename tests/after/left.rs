//! What the inbox says once the only reader who had opened a report left: it is not new, and what they did is not known.
use serde_json::json;

use super::{Browser, READER, Service, letter, letter_of, local::Local, opened};

const SECOND: &str = "bzk-functionaris-2";
const OPENED: &str = "Somebody who opened it reads it no more. Nobody who reads it now has opened it";

#[actix_web::test]
async fn a_case_whose_only_opener_left_is_not_new_and_its_feedback_may_have_been_given() {
    let (service, _, _, case) = opened().await;
    let words = async || service.desk_words(SECOND, &["inbox"]).await.unwrap();
    assert!(!words().await.contains("who left"), "who opened it is there");
    letter(&service, "acknowledge", &case).await.unwrap();
    service.desk(READER, &["leave", &case, "--conflict"]).await.unwrap();
    let inbox = service.desk(SECOND, &["inbox"]).await.unwrap();
    assert_eq!((&inbox[0]["state"], &inbox[0]["left"]), (&json!("unopened"), &json!(true)), "{inbox}");
    assert_eq!(inbox[0]["owed"], "feedback_unless_given");
    let said = words().await;
    assert!(said.contains(OPENED) && said.contains("Opened by somebody who left"), "{said}");
    assert!(said.contains("Open the case to see whether who left has given it"), "{said}");
    assert!(!said.contains("not opened by you yet") && !said.contains("if that was not done yet"), "{said}");
    let desk = Local::desk(&service, SECOND).await;
    let (_, page) = desk.get("/nl/inbox").await;
    assert!(page.contains("Iemand die dit opende, leest het niet meer.") && !page.contains("Nieuw:"), "{page}");
    assert!(page.contains("Geopend door iemand die wegging") && !page.contains("als dat nog niet is gedaan"), "{page}");
    assert!(page.contains("Open de zaak om te zien of wie wegging die al gaf"), "{page}");
    // Whoever opens it then knows what is in it.
    let (_, shown) = desk.get(&format!("/nl/case/{case}")).await;
    assert!(shown.contains("Geef terugkoppeling voor of op "), "{shown}");
    let inbox = service.desk(SECOND, &["inbox"]).await.unwrap();
    assert_eq!((&inbox[0]["left"], &inbox[0]["owed"]), (&json!(false), &json!("feedback")), "{inbox}");
    letter_of(&service, SECOND, "feedback", &case).await.unwrap();
    assert!(words().await.contains("Feedback was given"), "{}", words().await);
}

#[actix_web::test]
async fn nor_is_one_that_was_only_opened_and_one_that_was_left_unread_is_new() {
    let (service, _, _, case) = opened().await;
    service.desk(READER, &["leave", &case, "--conflict"]).await.unwrap();
    Browser::new(&service.base).report("Een tweede", &[]).await;
    let inbox = service.desk(READER, &["inbox"]).await.unwrap();
    let unread = inbox[0]["case"].as_str().unwrap();
    service.desk_says(READER, &["leave", unread, "--yes"]).await.unwrap();
    let inbox = service.desk(SECOND, &["inbox"]).await.unwrap();
    let left = |id: &str| inbox.as_array().unwrap().iter().find(|row| row["case"] == id).unwrap()["left"].clone();
    assert_eq!((left(&case), left(unread)), (json!(true), json!(false)), "{inbox}");
    assert!(inbox.as_array().unwrap().iter().all(|row| row["owed"] == "acknowledge_if_report"), "{inbox}");
    let (_, page) = Local::desk(&service, SECOND).await.get("/nl/inbox").await;
    assert!(page.matches("Nieuw: nog door niemand geopend").count() == 1, "{page}");
    assert!(page.matches("Iemand die dit opende").count() == 1, "{page}");
}

#[actix_web::test]
async fn a_case_that_was_acknowledged_says_so_where_that_is_known() {
    let (service, _, _, case) = opened().await;
    let desk = Local::desk(&service, READER).await;
    let said = async || {
        let page = [desk.get("/nl/inbox").await.1, desk.get(&format!("/nl/case/{case}")).await.1].concat();
        let inbox = service.desk_words(READER, &["inbox"]).await.unwrap();
        let words = [inbox, service.desk_words(READER, &["read", &case]).await.unwrap()].concat();
        let count = page.matches("Geopend, ontvangst bevestigd").count();
        (count, words.matches("Opened, receipt confirmed").count())
    };
    assert_eq!(said().await, (0, 0));
    letter(&service, "acknowledge", &case).await.unwrap();
    assert_eq!(said().await, (2, 2));
    let inbox = service.desk(READER, &["inbox"]).await.unwrap();
    assert_eq!(inbox[0]["acknowledged"], true);
    let inbox = service.desk(SECOND, &["inbox"]).await.unwrap();
    assert!(inbox[0].get("acknowledged").is_none(), "who did not open it does not know: {inbox}");
    letter(&service, "close", &case).await.unwrap();
    assert_eq!(said().await, (0, 0), "closed is closed");
}

#[actix_web::test]
async fn each_row_has_its_number_so_that_two_of_one_day_are_told_apart() {
    let service = Service::start(None).await;
    for story in ["Een", "Twee"] {
        Browser::new(&service.base).report(story, &[]).await;
    }
    let inbox = service.desk(READER, &["inbox"]).await.unwrap();
    let (_, page) = Local::desk(&service, READER).await.get("/nl/inbox").await;
    for row in inbox.as_array().unwrap() {
        let number = row["case"].as_str().unwrap().get(..8).unwrap();
        assert!(page.contains(&format!("Nummer <span class=\"mk-path\" translate=\"no\">{number}</span>")), "{page}");
    }
}
