//! Advice: when somebody hears back, and why a topic is asked again.
use crate::{
    ADVICE, ADVISER, REPORT, begin, cases, letter, read,
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
