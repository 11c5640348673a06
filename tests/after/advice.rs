//! Advice is no report: the law starts no clock in it, and nothing that belongs to one is done there by accident.
use serde_json::Value;

use super::{Browser, Service, letter_of, local::Local};

const ADVISER: &str = "bzk-vertrouwenspersoon-1";

async fn opened() -> (Service, Browser, String, String) {
    let service = Service::start(None).await;
    let browser = Browser::new(&service.base);
    let code = browser.advice("Een vraag", ADVISER).await;
    let case = service.desk(ADVISER, &["inbox"]).await.unwrap()[0]["case"].as_str().unwrap().to_owned();
    service.desk(ADVISER, &["read", &case]).await.unwrap();
    (service, browser, code, case)
}

async fn due(service: &Service) -> Value {
    service.desk(ADVISER, &["inbox"]).await.unwrap()[0]["due"].clone()
}

#[actix_web::test]
async fn commands_refuse_it_and_say_what_to_do_instead() {
    let (service, _, _, case) = opened().await;
    let before = due(&service).await;
    let kind = |words: &str| words.contains("no term for advice") && words.contains("Answer or ask");
    for act in ["acknowledge", "feedback"] {
        let refused = letter_of(&service, ADVISER, act, &case).await.unwrap_err();
        assert!(kind(&refused), "{act}: {refused}");
    }
    let closing = ["--closing", "--investigation", "none", "--finding", "undeterminable", "--measure", "none"];
    for more in [&[][..], &closing] {
        let words = [&["classify", &case, "--type", "fin", "--assessment", "advice-only"], more].concat();
        let refused = service.desk_says(ADVISER, &words).await.unwrap_err();
        assert!(kind(&refused), "{more:?}: {refused}");
    }
    let refused = service.desk(ADVISER, &["protocol", &case, "vooronderzoek"]).await.unwrap_err();
    assert!(kind(&refused), "{refused}");
    assert_eq!(due(&service).await, before);
    // What it says can be done can be.
    for act in ["reply", "ask", "close"] {
        letter_of(&service, ADVISER, act, &case).await.unwrap();
    }
}

#[actix_web::test]
async fn its_pages_refuse_it_before_anything_is_typed_and_lose_nothing_that_was() {
    let (service, _, _, case) = opened().await;
    let desk = Local::desk(&service, ADVISER).await;
    let says = |page: &str| page.contains("Voor advies stelt de wet geen termijn");
    for act in ["acknowledge", "feedback", "classify", "outcome", "protocol"] {
        let (status, page) = desk.get(&format!("/nl/case/{case}/{act}")).await;
        assert!(status == 409 && says(&page) && !page.contains("<textarea"), "{act}: {status}");
        assert!(page.contains("Dat kan in deze zaak niet") && page.contains(&format!("/nl/case/{case}\"")), "{act}");
    }
    let (status, page) = desk.post(&format!("/nl/case/{case}/feedback"), &[("text", "Een lang antwoord")]).await;
    assert!(status == 422 && says(&page) && page.contains(">Een lang antwoord</textarea>"), "{status}");
    let made = [("type", "fin"), ("assessment", "accepted"), ("done", "yes")];
    let (status, page) = desk.post(&format!("/nl/case/{case}/classify"), &made).await;
    assert!(status == 422 && says(&page) && page.contains("value=\"fin\" checked"), "{status}");
    let (status, _) = desk.post(&format!("/nl/case/{case}/protocol"), &[("begin", "vooronderzoek")]).await;
    assert_eq!(status, 409);
    let (_, page) = desk.get(&format!("/nl/case/{case}")).await;
    for act in ["acknowledge", "feedback", "classify", "outcome", "protocol"] {
        assert!(!page.contains(&format!("/case/{case}/{act}\"")), "{act}");
    }
}

#[actix_web::test]
async fn neither_is_anything_confirmed_where_somebody_says_who_they_are() {
    let service = Service::start(None).await;
    let browser = Browser::new(&service.base);
    let more = "/nl/mailbox/more";
    let (code, _) = browser.report("Het verhaal", &[]).await;
    let ask = browser.with_code(more, &code, Some(1), &[("to", "identity")]).await;
    let check = browser.answer(more, &ask, &[("tell", super::READER), ("text", "Jan Jansen"), ("go", "next")]).await;
    browser.answer(more, &check, &[("go", "next")]).await;
    let reader = super::READER;
    let inbox = service.desk(reader, &["inbox"]).await.unwrap();
    let mut identity = None;
    for case in inbox.as_array().unwrap() {
        let case = case["case"].as_str().unwrap();
        if service.desk(reader, &["read", case]).await.unwrap()["items"][0]["kind"] == "identity" {
            identity = Some(case.to_owned());
        }
    }
    let identity = identity.unwrap();
    let refused = letter_of(&service, reader, "acknowledge", &identity).await.unwrap_err();
    assert!(refused.contains("who the reporter is") && refused.contains("in the report itself"), "{refused}");
    // It proves no filing, and so there is nothing to check.
    let (_, page) = Local::desk(&service, reader).await.get(&format!("/nl/case/{identity}")).await;
    assert!(page.contains("Jan Jansen") && !page.contains("/proof\""), "{page}");
}

#[actix_web::test]
async fn its_end_speaks_of_advice_on_both_sides() {
    let (service, browser, code, case) = opened().await;
    let desk = Local::desk(&service, ADVISER).await;
    let close = format!("/nl/case/{case}/close");
    let (status, page) = desk.get(&close).await;
    assert!(status == 200 && page.contains("Wij sluiten dit advies af.") && !page.contains("nadeel door uw melding"));
    let unescaped = page.replace("&#10;", "\n");
    let begins =
        unescaped.rsplit_once("<textarea").unwrap().1.split_once('>').unwrap().1.split("</textarea>").next().unwrap();
    let (_, english) = desk.post(&close, &[("text", begins), ("letter", "en")]).await;
    assert!(english.contains("We end this advice.") && !english.contains("Wij sluiten"), "{english}");
    let (status, page) = desk.post(&close, &[("text", begins), ("asked", "yes")]).await;
    assert!(status == 422 && page.contains("Wij sluiten dit advies af."), "no reason was given: {status} {page}");
    let said = begins.replace("De reden:", "De reden: uw vraag is beantwoord.");
    desk.post(&close, &[("text", &said), ("asked", "yes"), ("sure", "yes")]).await;
    let mailbox = browser.mailbox(&code, None, &[]).await.html;
    assert!(
        mailbox.contains("uw vraag is beantwoord.") && mailbox.contains("Vraag dan opnieuw om advies"),
        "{mailbox}"
    );
    assert!(!mailbox.contains("doe dan een nieuwe melding"), "{mailbox}");
}
