//! The inbox says what waits for a second reader until it is done, and what a coordinator wrote; and a page and a command of one reader, side by
//! side, keep what the other learned.
use serde_json::{Value, json};

use super::{Browser, READER, SECOND, Service, advice, local::Local, opened, opened_by_both, with_text};

const COLLEAGUE: &str = "bzk-functionaris-3";
const COORDINATOR: &str = "bzk-coordinator";
const NEW: &str = "bzk-leidinggevende-1";

async fn row(service: &Service, reader: &str, case: &str) -> Value {
    let inbox = service.desk(reader, &["inbox"]).await.unwrap();
    inbox.as_array().unwrap().iter().find(|row| row["case"] == case).unwrap().clone()
}

#[actix_web::test]
async fn what_waits_for_a_second_reader_is_named_until_it_is_done() {
    let (service, case) = opened_by_both().await;
    let waits = async |reader| row(&service, reader, &case).await["waits"].clone();
    assert_eq!(waits(SECOND).await, json!([]));
    let duty = ["ask-duty", &case, "--to", NEW, "--ground", "court_order", "--reference", "C/13/1", "--no-notice"];
    let asked = with_text(&service, READER, &duty).await;
    assert_eq!(waits(SECOND).await, json!(["duty"]));
    assert_eq!(waits(READER).await, json!([]), "who asked is not the second");
    // Looking at it is not doing it.
    service.desk(SECOND, &["read", &case]).await.unwrap();
    assert_eq!(waits(SECOND).await, json!(["duty"]));
    let words = service.desk_words(SECOND, &["inbox"]).await.unwrap();
    assert!(
        words.contains("Waits for you: approving as the second reader that the law demands a hand-over"),
        "{words}"
    );
    service.desk(SECOND, &["approve-duty", &case, &asked]).await.unwrap();
    assert_eq!((waits(READER).await, waits(SECOND).await), (json!(["hand_over"]), json!(["hand_over"])));
    service.desk(READER, &["hand-over", &case, &asked]).await.unwrap();
    assert_eq!((waits(READER).await, waits(SECOND).await), (json!([]), json!([])));
    service.desk(NEW, &["read", &case]).await.unwrap();
    let out = with_text(&service, READER, &["take-out", &case, NEW]).await;
    assert_eq!((waits(READER).await, waits(SECOND).await), (json!([]), json!(["take_out"])));
    service.desk(SECOND, &["confirm-take-out", &case, &out]).await.unwrap();
    assert_eq!(waits(SECOND).await, json!([]));
}

/// Looking at it, and a confirmation that is a fixed text, answer no request for a talk; a word to the reporter does.
#[actix_web::test]
async fn a_talk_that_was_asked_for_waits_until_somebody_writes_to_the_reporter() {
    let (service, browser, code, case) = opened().await;
    let waits = async |reader| row(&service, reader, &case).await["waits"].clone();
    let asks = || browser.mailbox(&code, None, &[("act", "talk-send"), ("text", "Dinsdag in het park")]);
    let desk = Local::desk(&service, READER).await;
    asks().await;
    let command = format!("The command reply {case} does it.");
    for act in ["acknowledge", "note"] {
        let read = service.desk_words(READER, &["read", &case]).await.unwrap();
        assert!(read.contains("the reporter asked for a talk") && read.contains(&command), "{read}");
        assert_eq!(waits(READER).await, json!(["talk"]));
        with_text(&service, READER, &[act, &case]).await;
    }
    let words = service.desk_words(READER, &["inbox"]).await.unwrap();
    assert!(words.contains("Waits for you: answering the request for a talk"), "{words}");
    let said = "vroeg de melder om een gesprek";
    for page in ["", "/reply"] {
        let (_, page) = desk.get(&format!("/nl/case/{case}{page}")).await;
        assert!(page.contains(said), "{page}");
    }
    let (_, inbox) = desk.get("/nl/inbox").await;
    assert!(inbox.contains("antwoorden op het verzoek om een gesprek"), "{inbox}");
    for act in ["reply", "ask"] {
        with_text(&service, READER, &[act, &case]).await;
        assert_eq!(waits(READER).await, json!([]), "{act}");
        let (_, page) = desk.get(&format!("/nl/case/{case}")).await;
        assert!(!page.contains(said), "{page}");
        asks().await;
        assert_eq!(waits(READER).await, json!(["talk"]), "they asked again");
    }
    browser.mailbox(&code, None, &[("act", "withdraw")]).await;
    assert_eq!(waits(READER).await, json!([]), "who withdraws asks for nothing");
}

#[actix_web::test]
async fn the_command_that_does_what_waits_stands_in_the_case() {
    let (service, case) = opened_by_both().await;
    let named = async |command: String| {
        let mut named = Vec::new();
        for reader in [READER, SECOND] {
            let words = service.desk_words(reader, &["read", &case]).await.unwrap();
            named.push(words.contains(&format!("The command {command} does it.")));
        }
        named
    };
    let duty = ["ask-duty", &case, "--to", NEW, "--ground", "court_order", "--reference", "C/13/1", "--no-notice"];
    let asked = with_text(&service, READER, &duty).await;
    assert_eq!(named(format!("approve-duty {case} {asked}")).await, [false, true]);
    assert_eq!(named(format!("hand-over {case} {asked}")).await, [false, false]);
    service.desk(SECOND, &["approve-duty", &case, &asked]).await.unwrap();
    assert_eq!(named(format!("approve-duty {case} {asked}")).await, [false, false]);
    assert_eq!(named(format!("hand-over {case} {asked}")).await, [true, true]);
    service.desk(READER, &["hand-over", &case, &asked]).await.unwrap();
    assert_eq!(named(format!("hand-over {case} {asked}")).await, [false, false]);
    let out = with_text(&service, READER, &["take-out", &case, NEW]).await;
    assert_eq!(named(format!("confirm-take-out {case} {out}")).await, [false, true]);
}

#[actix_web::test]
async fn a_yes_of_the_reporter_waits_for_who_can_do_it_until_it_is_done() {
    let service = Service::start(None).await;
    let browser = Browser::new(&service.base);
    let (code, _) = browser.report("Het verhaal", &[COLLEAGUE]).await;
    let case = service.desk(READER, &["inbox"]).await.unwrap()[0]["case"].as_str().unwrap().to_owned();
    for reader in [READER, SECOND] {
        service.desk(reader, &["read", &case]).await.unwrap();
    }
    let asked = with_text(&service, READER, &["ask-consent", &case, "--to", NEW]).await;
    let waits = async |reader| row(&service, reader, &case).await["waits"].clone();
    assert_eq!(waits(READER).await, json!([]), "nobody answered");
    browser.mailbox(&code, None, &[("act", "consent-yes"), ("request", &asked)]).await;
    for reader in [READER, SECOND] {
        // Looking at it is not doing it.
        let words = service.desk_words(reader, &["read", &case]).await.unwrap();
        assert!(words.contains(&format!("The command hand-over {case} {asked} does it.")), "{words}");
        assert_eq!(waits(reader).await, json!(["consent"]), "{reader}");
    }
    let words = service.desk_words(SECOND, &["inbox"]).await.unwrap();
    assert!(words.contains("Waits for you: a hand-over to which the reporter agreed"), "{words}");
    let desk = Local::desk(&service, SECOND).await;
    let (_, page) = desk.get("/nl/inbox").await;
    assert!(page.contains("Wacht op u: een overdracht waar de melder ja op zei"), "{page}");
    // Taken back, it waits no more.
    browser.mailbox(&code, None, &[("act", "consent-no"), ("request", &asked)]).await;
    assert_eq!(waits(READER).await, json!([]));
    browser.mailbox(&code, None, &[("act", "consent-yes"), ("request", &asked)]).await;
    service.desk(SECOND, &["hand-over", &case, &asked]).await.unwrap();
    for reader in [READER, SECOND, NEW] {
        assert_eq!(waits(reader).await, json!([]), "{reader}");
        let words = service.desk_words(reader, &["read", &case]).await.unwrap();
        assert!(!words.contains("The command hand-over"), "{words}");
    }
}

/// Who got a part of a case cannot hand over what they do not have.
#[actix_web::test]
async fn a_yes_waits_for_nobody_who_lacks_what_is_agreed_to() {
    let service = Service::start(None).await;
    let browser = Browser::new(&service.base);
    let (code, _) = browser.report("Het verhaal", &[COLLEAGUE]).await;
    browser.mailbox(&code, None, &[("act", "write"), ("text", "Een bericht")]).await;
    let case = service.desk(READER, &["inbox"]).await.unwrap()[0]["case"].as_str().unwrap().to_owned();
    let items = service.desk(READER, &["read", &case]).await.unwrap()["items"].clone();
    let story = items.as_array().unwrap().iter().find(|item| item["story"].is_object()).unwrap().clone();
    let ask = ["ask-consent", &case, "--to", NEW, "--item", story["item"].as_str().unwrap()];
    let asked = with_text(&service, READER, &ask).await;
    browser.mailbox(&code, None, &[("act", "consent-yes"), ("request", &asked)]).await;
    service.desk(READER, &["hand-over", &case, &asked]).await.unwrap();
    service.desk(NEW, &["read", &case]).await.unwrap();
    let asked = with_text(&service, READER, &["ask-consent", &case, "--to", "buiten-functionaris-1"]).await;
    browser.mailbox(&code, None, &[("act", "consent-yes"), ("request", &asked)]).await;
    let waits = async |reader| row(&service, reader, &case).await["waits"].clone();
    assert_eq!((waits(READER).await, waits(NEW).await), (json!(["consent"]), json!([])));
    assert!(service.desk(NEW, &["hand-over", &case, &asked]).await.is_err());
}

#[actix_web::test]
async fn what_may_go_along_waits_for_the_adviser_until_it_is_passed_on() {
    let service = Service::start(None).await;
    let (_, case, report) = advice::made(&service).await;
    let adviser = advice::ADVISER;
    let words = service.desk_words(adviser, &["read", &case]).await.unwrap();
    assert!(words.contains(&format!("The command pass-on {case} does it.")), "{words}");
    let waits = async |reader, case| row(&service, reader, case).await["waits"].clone();
    assert_eq!(waits(adviser, &case).await, json!(["pass_on"]));
    let words = service.desk_words(adviser, &["inbox"]).await.unwrap();
    assert!(words.contains("Waits for you: passing on what may go along with a report"), "{words}");
    let (_, page) = Local::desk(&service, adviser).await.get("/nl/inbox").await;
    assert!(page.contains("Wacht op u: doorgeven wat met een melding mee mag"), "{page}");
    service.desk(adviser, &["pass-on", &case]).await.unwrap();
    assert_eq!(waits(adviser, &case).await, json!([]));
    let words = service.desk_words(adviser, &["read", &case]).await.unwrap();
    assert!(!words.contains("The command pass-on"), "{words}");
    service.desk(READER, &["read", &case]).await.unwrap();
    assert_eq!(waits(READER, &case).await, json!([]), "who only reads what went along passes nothing on");
    assert_eq!(waits(READER, &report).await, json!([]));
}

#[actix_web::test]
async fn a_step_for_two_waits_for_the_other() {
    let (service, case) = opened_by_both().await;
    service.desk(READER, &["protocol", &case, "vooronderzoek"]).await.unwrap();
    service.desk(READER, &["step", &case, "beoordelen"]).await.unwrap();
    let waits = async |reader| row(&service, reader, &case).await["waits"].clone();
    assert_eq!((waits(READER).await, waits(SECOND).await), (json!([]), json!(["step"])));
    service.desk(SECOND, &["step", &case, "beoordelen"]).await.unwrap();
    assert_eq!(waits(SECOND).await, json!([]));
}

#[actix_web::test]
async fn what_a_coordinator_wrote_is_news_and_what_waits_comes_first_of_its_day() {
    let (service, case) = opened_by_both().await;
    for story in ["Een tweede", "Een derde"] {
        Browser::new(&service.base).report(story, &[]).await;
    }
    with_text(&service, COORDINATOR, &["remind", &case]).await;
    assert_eq!(row(&service, SECOND, &case).await["new"], json!(["reminder"]));
    service.desk(SECOND, &["read", &case]).await.unwrap();
    assert_eq!(row(&service, SECOND, &case).await["new"], json!([]));
    let duty = ["ask-duty", &case, "--to", NEW, "--ground", "court_order", "--reference", "C/13/1"];
    with_text(&service, READER, &duty).await;
    for state in ["open", "new"] {
        let all = service.desk(SECOND, &["inbox", "--state", state]).await.unwrap();
        assert_eq!(all[0]["case"], case.as_str(), "{all}");
    }
    let desk = Local::desk(&service, SECOND).await;
    let (_, page) = desk.get("/nl/inbox?state=new").await;
    assert!(page.contains("Wacht op u: als tweede lezer goedkeuren dat de wet een overdracht eist"), "{page}");
}

/// Both say which article, and what would be read.
#[actix_web::test]
async fn a_duty_is_shown_with_its_reference_and_what_it_names() {
    let (service, case) = opened_by_both().await;
    let story = service.desk(READER, &["read", &case]).await.unwrap()["items"][0]["item"].as_str().unwrap().to_owned();
    let duty = ["ask-duty", &case, "--to", NEW, "--ground", "court_order", "--reference", "C/13/1", "--item", &story];
    with_text(&service, READER, &duty).await;
    let words = service.desk_words(SECOND, &["read", &case]).await.unwrap();
    let (_, words) = words.split_once("because the law demands it, ").unwrap();
    assert!(words.contains("| C/13/1") && words.contains("| Een reden") && words.contains("| Report, "), "{words}");
    let (_, page) = Local::desk(&service, SECOND).await.get(&format!("/nl/case/{case}")).await;
    assert!(page.contains("C/13/1") && page.contains("Melding, "), "{page}");
}

#[actix_web::test]
async fn a_page_and_a_command_keep_what_the_other_learned() {
    let (service, _, _, case) = opened().await;
    let desk = Local::desk(&service, READER).await;
    desk.get("/nl/inbox").await;
    // Each opens a case that the other does not.
    let mut others = Vec::new();
    for story in ["Een tweede", "Een derde"] {
        let known: Vec<String> = others.clone();
        Browser::new(&service.base).report(story, &[]).await;
        let inbox = service.desk(READER, &["inbox"]).await.unwrap();
        let ids = inbox.as_array().unwrap().iter().map(|row| row["case"].as_str().unwrap().to_owned());
        others.extend(ids.filter(|id| *id != case && !known.contains(id)));
    }
    service.desk(READER, &["read", &others[0]]).await.unwrap();
    service.desk(READER, &["inbox"]).await.unwrap();
    desk.get(&format!("/nl/case/{}", others[1])).await;
    let (_, page) = desk.get("/nl/inbox").await;
    for story in ["Het verhaal", "Een tweede", "Een derde"] {
        assert!(page.contains(story), "the page: {story}");
    }
    let inbox = service.desk(READER, &["inbox"]).await.unwrap();
    assert!(inbox.as_array().unwrap().iter().all(|row| row["opened"] == true && row["title"].is_string()), "{inbox}");
    let log = service.desk(COORDINATOR, &["log"]).await.unwrap().to_string();
    assert_eq!(log.matches("\"opened\"").count(), 3, "each is opened once: {log}");
}
