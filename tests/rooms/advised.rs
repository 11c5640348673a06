//! Advice: when somebody hears back, and why a topic is asked again.
use crate::{
    ADVICE, ADVISER, OFFICER, REPORT, begin, cases, letter, next, read,
    support::{Browser, Service},
};

#[actix_web::test]
async fn the_mailbox_of_advice_says_when_to_look_again() {
    let service = Service::start(None).await;
    let browser = Browser::new(&service.base);
    let code = browser.advice("Een vraag", ADVISER).await;
    let says = "Voor advies staat er geen termijn in de wet";
    let page = browser.mailbox(&code, ADVICE, &[]).await;
    assert!(page.html.contains(says) && page.html.contains("na een week"), "{}", page.title());
    let page = browser.with_code("/en/mailbox", &code, ADVICE, &[]).await;
    assert!(page.html.contains("The law sets no term for advice"), "{}", page.title());
    // Once it is closed nothing more is to be heard; and a report has its term.
    let advice = cases(&service, ADVISER).await.remove(0);
    read(&service, ADVISER, &advice).await;
    letter(&service, ADVISER, "close", &advice, "Tot ziens").await.unwrap();
    assert!(!browser.mailbox(&code, ADVICE, &[]).await.html.contains(says));
    let (report, _) = browser.report("Een verhaal", &[]).await;
    assert!(!browser.mailbox(&report, REPORT, &[]).await.html.contains(says));
}

/// Nothing behind the code tells what somebody asked about: whoever finds the code would read it.
#[actix_web::test]
async fn a_report_from_advice_says_why_the_topic_is_asked_again() {
    let service = Service::start(None).await;
    let browser = Browser::new(&service.base);
    let code = browser.advice("Een vraag", ADVISER).await;
    let page = begin(&browser, &code, ADVICE, "report").await;
    assert!(page.html.contains("alleen uw vertrouwenspersoon kan dat lezen"), "{}", page.title());
    assert!(!page.html.contains(" checked"));
}

#[actix_web::test]
async fn a_mailbox_of_advice_calls_it_advice_and_never_a_report() {
    let service = Service::start(None).await;
    let browser = Browser::new(&service.base);
    let code = browser.advice("Een vraag", ADVISER).await;
    let of = async |code: &str, room, act| browser.mailbox(code, room, &[("act", act)]).await.html;
    let (report, _) = browser.report("Een verhaal", &[]).await;
    for (code, room, button, lead) in [
        (&code, ADVICE, "Bewijs dat ik hier advies vroeg", "laten zien dat u hier advies vroeg"),
        (&report, REPORT, "Bewijs dat ik dit heb gemeld", "laten zien dat u dit hebt gemeld"),
    ] {
        assert!(of(code, room, "open").await.contains(button), "{button}");
        assert!(of(code, room, "proof").await.contains(lead), "{lead}");
    }
    let advice = [of(&code, ADVICE, "open").await, of(&code, ADVICE, "proof").await];
    assert!(advice.iter().all(|page| !page.contains("gemeld") && !page.contains("uw melding")), "{}", advice[0]);
    // Nor is disadvantage because of a report that is not there.
    assert!(advice[0].contains("omdat ik dit vroeg") && !advice[0].contains("mijn melding"), "{}", advice[0]);
    let page = begin(&browser, &code, ADVICE, "retaliation").await.html;
    assert!(
        page.contains("Nadeel na een vraag om advies") && page.contains("weten misschien niet wat u vroeg"),
        "{page}"
    );
    assert!(
        !page.contains("eerste melding") && of(&report, REPORT, "open").await.contains("door mijn melding"),
        "{page}"
    );
}

/// A report made of advice that its adviser has opened, of which the story may go along: the reporter's browser and code, and the advice.
async fn made(service: &Service) -> (Browser, String, String) {
    let browser = Browser::new(&service.base);
    let code = browser.advice("Een vraag", ADVISER).await;
    let topic = begin(&browser, &code, ADVICE, "report").await;
    let text = next(&browser, &topic, &[("topic", "money")]).await;
    let check = next(&browser, &text, &[("along", "story"), ("text", "KORT")]).await;
    next(&browser, &check, &[]).await;
    let advice = cases(service, ADVISER).await.remove(0);
    read(service, ADVISER, &advice).await;
    (browser, code, advice)
}

#[actix_web::test]
async fn what_was_not_passed_on_before_advice_was_closed_is_said_with_what_the_reporter_can_do() {
    let service = Service::start(None).await;
    let (browser, code, advice) = made(&service).await;
    letter(&service, ADVISER, "close", &advice, "Tot ziens").await.unwrap();
    let refused = service.desk(ADVISER, &["pass-on", &advice]).await.unwrap_err();
    assert!(refused.contains("this case is closed"), "{refused}");
    let over = "Uw vertrouwenspersoon heeft het niet doorgegeven, en dat kan nu ook niet meer.";
    let told = "Open dan hierboven uw melding, en vertel het daar in een bericht of voeg uw bestand toe.";
    let (anew, link) = ("Doe dan een nieuwe melding, en vertel het daarin.", "href=\"/nl/report\"");
    let page = browser.mailbox(&code, ADVICE, &[]).await.html;
    assert!(page.contains(over) && page.contains(told) && !page.contains("nog niet doorgegeven"), "{page}");
    assert!(!page.contains(anew), "{page}");
    let page = browser.with_code("/en/mailbox", &code, ADVICE, &[]).await.html;
    assert!(page.contains("Your adviser did not pass it on, and cannot any more."), "{page}");
    // A report that is closed as well takes nothing.
    let report = cases(&service, OFFICER).await.remove(0);
    read(&service, OFFICER, &report).await;
    letter(&service, OFFICER, "close", &report, "Tot ziens").await.unwrap();
    let page = browser.mailbox(&code, ADVICE, &[]).await.html;
    let (_, page) = page.split_once(over).unwrap();
    assert!(page.contains(anew) && page.contains(link) && !page.contains(told), "{page}");
}

#[actix_web::test]
async fn what_was_passed_on_before_advice_was_closed_stays_so() {
    let service = Service::start(None).await;
    let (browser, code, advice) = made(&service).await;
    service.desk(ADVISER, &["pass-on", &advice]).await.unwrap();
    letter(&service, ADVISER, "close", &advice, "Tot ziens").await.unwrap();
    let page = browser.mailbox(&code, ADVICE, &[]).await.html;
    assert!(page.contains("heeft het doorgegeven") && !page.contains("ook niet meer"), "{page}");
}
