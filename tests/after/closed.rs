//! After the end of a case each page says what is still possible, and offers nothing else.
use super::{Browser, READER, Service, letter, local::Local, opened};

/// Asks for consent for somebody else; the item of the request.
async fn ask(service: &Service, case: &str, to: &str) -> String {
    let file = service.path("reason.txt");
    std::fs::write(&file, "Zij leidt het onderzoek").unwrap();
    let words = ["ask-consent", case, "--to", to, "--file", file.to_str().unwrap()];
    service.desk(READER, &words).await.unwrap()["item"].as_str().unwrap().to_owned()
}

async fn page(browser: &Browser, code: &str) -> String {
    browser.mailbox(code, None, &[]).await.html
}

#[actix_web::test]
async fn each_item_of_a_request_has_the_name_that_it_has_everywhere() {
    let (service, browser, code, case) = opened().await;
    browser.mailbox(&code, None, &[("act", "write"), ("text", "Er is meer")]).await;
    browser.mailbox(&code, None, &[("act", "talk-send"), ("text", "Dinsdag in het park")]).await;
    ask(&service, &case, "bzk-leidinggevende-1").await;
    let (mailbox, desk) = (page(&browser, &code).await, Local::desk(&service, READER).await);
    let (_, chooses) = desk.get(&format!("/nl/case/{case}/hand-over")).await;
    for name in ["Melding", "Bericht", "Verzoek om een gesprek"] {
        assert!(mailbox.contains(&format!("<li>{name}, ")), "{name}: {mailbox}");
        assert!(chooses.contains(&format!(">{name}, ")), "{name}: {chooses}");
    }
    assert!(!mailbox.contains("notitie van"));
}

#[actix_web::test]
async fn a_mailbox_promises_nothing_that_the_end_took_away() {
    let (service, browser, code, case) = opened().await;
    let refused = ask(&service, &case, "bzk-leidinggevende-1").await;
    let agreed = ask(&service, &case, "buiten-functionaris-1").await;
    for (act, request) in [("consent-no", &refused), ("consent-yes", &agreed)] {
        browser.mailbox(&code, None, &[("act", act), ("request", request)]).await;
    }
    let before = page(&browser, &code).await;
    assert!(before.contains("U mag nog van mening veranderen") && before.contains("kunt u dat terugnemen"));
    letter(&service, "close", &case).await.unwrap();
    let after = page(&browser, &code).await;
    assert!(after.contains("U hebt nee gezegd. Het gebeurt niet.") && !after.contains("van mening veranderen"));
    assert!(after.contains("maar het is niet overgedragen") && !after.contains("dat terugnemen"), "{after}");
    assert!(!after.contains("value=\"sure\"") && !after.contains("intrekken"), "there is nothing to withdraw from");
    let withdrawn = browser.mailbox(&code, None, &[("act", "withdraw")]).await.html;
    assert!(withdrawn.contains("u kunt er niets aan toevoegen") && !withdrawn.contains("geen contact meer"));
    assert!(!browser.mailbox(&code, None, &[("act", "sure")]).await.html.contains("Weet u zeker"));
    let items = service.desk(READER, &["read", &case]).await.unwrap()["items"].to_string();
    assert!(!items.contains("withdrawal"), "{items}");
}

#[actix_web::test]
async fn a_desk_says_that_the_case_is_closed_before_anything_is_typed_and_loses_nothing_that_was() {
    let (service, _browser, _code, case) = opened().await;
    letter(&service, "close", &case).await.unwrap();
    let desk = Local::desk(&service, READER).await;
    let says = |html: &str| html.contains("Deze zaak is afgesloten. U kunt nog een notitie schrijven");
    for act in [
        "acknowledge",
        "ask",
        "reply",
        "feedback",
        "close",
        "classify",
        "outcome",
        "hand-over",
        "readers/duty",
        "readers/guest",
    ] {
        let (status, page) = desk.get(&format!("/nl/case/{case}/{act}")).await;
        assert!(status == 409 && says(&page) && !page.contains("<textarea"), "{act}: {status}");
        assert!(page.contains(&format!("/nl/case/{case}\"")), "{act}: the way back");
    }
    for act in ["ask", "reply", "feedback", "close"] {
        let (status, page) = desk.post(&format!("/nl/case/{case}/{act}"), &[("text", "Een lang antwoord")]).await;
        assert!(status == 422 && says(&page) && page.contains(">Een lang antwoord</textarea>"), "{act}: {status}");
    }
    let made = [("type", "fin"), ("assessment", "accepted"), ("done", "yes")];
    let (status, page) = desk.post(&format!("/nl/case/{case}/classify"), &made).await;
    assert!(status == 422 && says(&page) && page.contains("value=\"fin\" checked"), "{status}");
    assert_eq!(desk.get(&format!("/nl/case/{case}/note")).await.0, 200);
    // What it says is so.
    let other = Browser::new(&service.base);
    other.report("Een ander verhaal", &[]).await;
    let inbox = service.desk(READER, &["inbox", "--state", "open"]).await.unwrap();
    let second = inbox[0]["case"].as_str().unwrap();
    service.desk(READER, &["read", second]).await.unwrap();
    service.desk(READER, &["link", &case, second]).await.unwrap();
    letter(&service, "note", &case).await.unwrap();
    service.desk("bzk-functionaris-2", &["read", &case]).await.unwrap();
    // Nobody is asked for again.
    let (_, page) =
        Local::desk(&service, "bzk-functionaris-2").await.get(&format!("/nl/case/{case}/readers/leave")).await;
    assert!(page.contains("niemand kan er nog bij") && !page.contains("weer om u vragen"), "{page}");
    service.desk("bzk-functionaris-2", &["leave", &case]).await.unwrap();
}
