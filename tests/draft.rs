//! What is typed in a mailbox stays there while files are added: taken or refused, the text stands in its box again, and was not sent.
#![cfg(all(feature = "server", feature = "desk", unix))]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]
mod support;

use std::num::NonZeroU32;

use meldkluis::config::{Config, Limit};
use support::{Browser, PAGE, Page, Service, files_in};

const TYPED: &str = "Nog \"iets\" & <meer>\r\nop een regel";
const READER: &str = "bzk-functionaris-1";

/// Presses the button of the file, with a text in the box.
async fn upload(browser: &Browser, code: &str, text: &str, bytes: usize) -> Page {
    let fields = format!("{code}\r\n--edge\r\ncontent-disposition: form-data; name=\"text\"\r\n\r\n{text}");
    browser.upload(&fields, "a.bin", vec![7; bytes]).await
}

/// What stands in the box of the message.
fn box_of(page: &Page) -> Option<String> {
    let from = page.html.find("<form id=\"typed\"")?;
    let form = Page { status: 0, html: page.html.get(from..)?.to_owned(), headers: page.headers.clone() };
    form.fields().into_iter().find(|(name, _)| name == "text").map(|(_, text)| text)
}

#[actix_web::test]
async fn a_text_stays_when_a_file_is_taken_and_when_it_is_refused() {
    let service = Service::with(None, |config| config.max_file_bytes = 100_000).await;
    let browser = Browser::new(&service.base);
    let (code, mailbox) = browser.report("Verhaal", &[]).await;
    assert_eq!(box_of(&mailbox).as_deref(), Some(""));
    for (bytes, status, says) in
        [(10, 200, "Uw bestand is toegevoegd"), (0, 422, "Kies eerst een bestand"), (200_000, 422, "groter dan 97 KiB")]
    {
        let page = upload(&browser, &code, TYPED, bytes).await;
        assert_eq!((page.status, page.html.len()), (status, PAGE));
        assert!(page.html.contains(says) && page.html.contains("staat hieronder nog"), "{says}");
        assert_eq!(box_of(&page).as_deref(), Some(TYPED));
        assert!(!page.html.contains("<meer>"), "escaped");
    }
    let inbox = service.desk(READER, &["inbox"]).await.unwrap();
    let read = service.desk(READER, &["read", inbox[0]["case"].as_str().unwrap()]).await.unwrap();
    assert_eq!(read["items"].as_array().unwrap().len(), 2, "the report and one file: no text was sent");
    // Without a text nothing is said of one.
    let page = browser.upload(&code, "b.bin", vec![7; 10]).await;
    assert!(page.status == 200 && !page.html.contains("staat hieronder nog"));
}

#[actix_web::test]
async fn a_text_as_long_as_a_page_takes_stays_and_one_that_is_too_long_is_no_form() {
    let service = Service::start(None).await;
    let browser = Browser::new(&service.base);
    let (code, _) = browser.report("Verhaal", &[]).await;
    let stored = files_in(&service.path("data/payloads"));
    // 40 KiB escaped, in characters of several bytes and in quotes.
    for text in ["é".repeat(20_480), "\"".repeat(8_192)] {
        let page = upload(&browser, &code, &text, 10).await;
        assert_eq!((page.status, page.html.len()), (200, PAGE));
        assert!(box_of(&page) == Some(text), "all of it");
    }
    let page = upload(&browser, &code, &"x".repeat(70_000), 10).await;
    assert_eq!((page.status, page.html.len()), (400, PAGE));
    assert_eq!(files_in(&service.path("data/payloads")), stored + 2, "nothing of it is kept");
}

#[actix_web::test]
async fn a_message_says_that_a_chosen_file_did_not_go_along() {
    let service = Service::start(None).await;
    let browser = Browser::new(&service.base);
    let (code, _) = browser.report("Verhaal", &[]).await;
    // As browsers send a form with a file that is not encoded for files: the file's name alone.
    let sent = browser.mailbox(&code, None, &[("act", "write"), ("text", "Bericht"), ("file", "stuk.pdf")]).await;
    assert!(sent.status == 200 && sent.html.contains("niet meegestuurd"), "{}", sent.title());
    assert!(!sent.html.contains("stuk.pdf") && box_of(&sent).as_deref() == Some(""));
    let sent = browser.mailbox(&code, None, &[("act", "write"), ("text", "Bericht"), ("file", "")]).await;
    assert!(sent.html.contains("Uw bericht is verstuurd.") && !sent.html.contains("niet meegestuurd"));
}

#[actix_web::test]
async fn who_is_too_fast_with_a_file_comes_back_to_the_same_room_with_the_text() {
    let some = |n| NonZeroU32::new(n).unwrap();
    let slow = |config: &mut Config| {
        config.limits.tries = Limit { circuit: some(1), case: some(2), clear: some(1000), service: some(1000) };
    };
    let service = Service::with(None, slow).await;
    let browser = Browser::new(&service.base);
    let (code, _) = browser.report("Verhaal", &[]).await;
    let in_room = format!("{code}\r\n--edge\r\ncontent-disposition: form-data; name=\"room\"\r\n\r\n1");
    for status in [200, 200, 429] {
        let page = upload(&browser, &in_room, TYPED, 10).await;
        assert_eq!(page.status, status);
        if status == 429 {
            let kept = page.fields();
            for field in [("text", TYPED), ("room", "1")] {
                assert!(kept.contains(&(field.0.to_owned(), field.1.to_owned())), "{field:?}");
            }
        }
    }
    // The button of that page: the mailbox opens, and the text is in its box.
    let fresh = Service::start(None).await;
    let browser = Browser::new(&fresh.base);
    let (code, _) = browser.report("Verhaal", &[]).await;
    let page = browser.mailbox(&code, Some(1), &[("text", TYPED)]).await;
    assert_eq!(box_of(&page).as_deref(), Some(TYPED));
}

#[actix_web::test]
async fn a_text_stays_when_the_case_was_closed_meanwhile() {
    let service = Service::start(None).await;
    let browser = Browser::new(&service.base);
    let (code, _) = browser.report("Verhaal", &[]).await;
    let inbox = service.desk(READER, &["inbox"]).await.unwrap();
    let case = inbox[0]["case"].as_str().unwrap();
    let text = service.path("text");
    std::fs::write(&text, "Dank u.").unwrap();
    service.desk(READER, &["acknowledge", case, "--file", text.to_str().unwrap()]).await.unwrap();
    service.desk(READER, &["close", case, "--file", text.to_str().unwrap()]).await.unwrap();
    let page = upload(&browser, &code, TYPED, 10).await;
    assert_eq!(box_of(&page).as_deref(), Some(TYPED));
    assert!(page.html.contains("Uw zaak is afgesloten") && !page.html.contains("type=\"file\""));
    let page = browser.mailbox(&code, None, &[("act", "write"), ("text", TYPED)]).await;
    assert_eq!(box_of(&page).as_deref(), Some(TYPED));
}

/// As a browser sends the form that a button of the other language belongs to.
async fn in_english(browser: &Browser, page: &Page, act: &str, more: &[(&str, &str)]) -> Page {
    let button = format!("formaction=\"/en/mailbox\" name=\"act\" value=\"{act}\"");
    assert!(page.html.contains(&button), "{}", page.title());
    let from = page.html.find("id=\"typed\"").map_or(0, |at| at - 6);
    let form = Page { status: 0, html: page.html.get(from..).unwrap().to_owned(), headers: page.headers.clone() };
    let shown = browser.answer("/en/mailbox", &form, &[more, &[("act", act)]].concat()).await;
    assert_eq!((shown.status, shown.html.len()), (200, PAGE));
    assert!(shown.html.contains("<html lang=\"en\">") && shown.html.contains("Deze pagina in het Nederlands"));
    shown
}

#[actix_web::test]
async fn every_page_of_a_mailbox_has_the_other_language_and_keeps_what_was_typed() {
    let service = Service::start(None).await;
    let browser = Browser::new(&service.base);
    assert!(browser.get("/nl/mailbox").await.html.contains("href=\"/en/mailbox\""));
    let (code, mailbox) = browser.report("Verhaal", &[]).await;
    let page = in_english(&browser, &mailbox, "language", &[("text", TYPED)]).await;
    assert_eq!(box_of(&page).as_deref(), Some(TYPED));
    let inbox = service.desk(READER, &["inbox"]).await.unwrap();
    let read = service.desk(READER, &["read", inbox[0]["case"].as_str().unwrap()]).await.unwrap();
    assert_eq!(read["items"].as_array().unwrap().len(), 1, "it was shown, not sent");
    for act in ["talk", "proof", "sure"] {
        let page = browser.mailbox(&code, None, &[("act", act)]).await;
        let typed: &[(&str, &str)] = if act == "talk" { &[("text", TYPED)] } else { &[] };
        let english = in_english(&browser, &page, act, typed).await;
        assert_ne!(english.title(), page.title());
        let text = english.fields().into_iter().find(|(name, _)| name == "text").map(|(_, text)| text);
        assert_eq!(text.as_deref(), typed.first().map(|(_, text)| *text), "{act}");
    }
    // A further filing too, half done: the ticks and the text.
    let page = browser.with_code("/nl/mailbox/more", &code, None, &[("to", "retaliation")]).await;
    assert!(page.html.contains("formaction=\"/en/mailbox/more\" name=\"go\" value=\"here\""), "{}", page.title());
    let typed = [("strike", "bzk-functionaris-2"), ("text", TYPED), ("go", "here")];
    let page = browser.answer("/en/mailbox/more", &page, &typed).await;
    assert!(page.status == 200 && page.html.contains("<html lang=\"en\">"), "{}", page.title());
    let kept = page.fields();
    for (name, value) in &typed[..2] {
        assert!(kept.contains(&((*name).to_owned(), (*value).to_owned())), "{name}");
    }
}

/// Whom somebody excludes and who is no reader of the report was perhaps another: nothing is guessed at, and nothing is lost.
#[actix_web::test]
async fn a_name_to_strike_that_is_no_reader_s_is_not_passed_over_in_silence() {
    let service = Service::start(None).await;
    let browser = Browser::new(&service.base);
    let path = "/nl/report";
    let mut page = browser.get(path).await;
    let answers: [&[(&str, &str)]; 4] = [&[], &[("want", "report")], &[("org", "bzk")], &[("topic", "money")]];
    for answer in answers {
        page = browser.answer(path, &page, &[answer, &[("go", "next")]].concat()).await;
    }
    let (known, manager) = ("bzk-functionaris-2", "bzk-leidinggevende-1");
    for stranger in ["Jan Smit", "bzk-functionaris-9", "bzk-vertrouwenspersoon-1", ""] {
        let sent = [("strike", known), ("strike", stranger), ("manager", manager), ("go", "next")];
        let refused = browser.answer(path, &page, &sent).await;
        assert!(refused.status == 422 && refused.html.contains("Iemand die u uitsluit, leest deze melding niet"));
        let kept = refused.fields();
        for (name, value) in [("strike", known), ("manager", manager), ("topic", "money")] {
            assert!(kept.contains(&(name.to_owned(), value.to_owned())), "{stranger}: {name}");
        }
        assert!(!kept.iter().any(|(_, value)| value == stranger && !stranger.is_empty()), "{stranger}");
        // With what is ticked there it goes on.
        assert_eq!(browser.answer(path, &refused, &[("go", "next")]).await.status, 200, "{stranger}");
    }
    // On a later page it is a hidden field that was changed.
    let page = browser.answer(path, &page, &[("strike", known), ("go", "next")]).await;
    for stranger in ["Jan Smit", "bzk-functionaris-3"] {
        let late = browser.answer(path, &page, &[("strike", stranger), ("story", "GETYPT"), ("go", "next")]).await;
        assert!(late.status == 422 && late.html.contains("GETYPT"), "{stranger}: {}", late.title());
    }
    assert_eq!(service.desk(READER, &["inbox"]).await.unwrap(), serde_json::json!([]));
}
