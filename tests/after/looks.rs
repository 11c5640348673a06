//! What stands on both sides after a withdrawal and after the end, as axe-core sees it and at 320 pixels.
use std::time::Duration;

use thirtyfour::By;

use super::{READER, Service, letter, opened};
use crate::page;
use crate::webdriver::{
    Make,
    eye::{AXE, Eye, WIDE, axe},
};

fn link(service: &Service, who: &str) -> String {
    page::desk(service, who, None, Duration::from_mins(10))
}

/// The desk, unlocked in a browser: where its pages are.
async fn desk(eye: &mut Eye, link: &str) -> String {
    eye.browser.page.goto(link).await.unwrap();
    eye.browser.press("main a[href='/nl/inbox']").await;
    eye.browser.press("main form button").await;
    link.split("/open/").next().unwrap().to_owned()
}

/// The mailbox of a code.
async fn mailbox(eye: &mut Eye, base: &str, code: &str, (lang, when): (&str, &str)) {
    eye.browser.page.goto(format!("{base}/{lang}/mailbox")).await.unwrap();
    eye.browser.write("#code", code).await;
    eye.press("main form button", &format!("{lang} mailbox {when}")).await;
}

async fn looked_at(make: Make, library: String, script: &str) {
    let (service, browser, code, case) = opened().await;
    letter(&service, "acknowledge", &case).await.unwrap();
    let file = service.path("reason.txt");
    std::fs::write(&file, "Zij leidt het onderzoek").unwrap();
    let ask = ["ask-consent", &case, "--to", "bzk-leidinggevende-1", "--file", file.to_str().unwrap()];
    service.desk(READER, &ask).await.unwrap();
    service.desk("bzk-functionaris-2", &["leave", &case]).await.unwrap();
    let mut eye = Eye::open(make, library, script.to_owned()).await;
    let coordinator = link(&service, "bzk-coordinator");
    let (desk_at, watch_at) = (desk(&mut eye, &link(&service, READER)).await, desk(&mut eye, &coordinator).await);
    browser.mailbox(&code, None, &[("act", "talk-send"), ("text", "Dinsdag")]).await;
    browser.mailbox(&code, None, &[("act", "withdraw")]).await;
    for (when, pages) in [("withdrawn", ["ask", "hand-over"]), ("closed", ["ask", "outcome"])] {
        if when == "closed" {
            letter(&service, "close", &case).await.unwrap();
        }
        for lang in ["nl", "en"] {
            mailbox(&mut eye, &service.base, &code, (lang, when)).await;
            eye.go(&format!("{desk_at}/{lang}/inbox?state=all"), &format!("{lang} inbox {when}")).await;
            for page in pages {
                eye.go(&format!("{desk_at}/{lang}/case/{case}/{page}"), &format!("{lang} {page} {when}")).await;
                assert!(eye.browser.page.find(By::Css("[role=alert]")).await.is_ok(), "{page}");
            }
            eye.go(&format!("{watch_at}/{lang}/overview"), &format!("{lang} overview {when}")).await;
        }
        for lang in ["nl", "en"] {
            eye.go(&format!("{desk_at}/{lang}/case/{case}"), &format!("{lang} case {when}")).await;
        }
    }
    assert!(eye.pages >= 24, "{} pages were looked at", eye.pages);
    assert!(eye.found.is_empty(), "{}", eye.found.join("\n"));
    eye.browser.quit().await;
}

#[actix_web::test]
async fn axe_finds_nothing_after_a_withdrawal_and_after_the_end() {
    looked_at(Make::Looking, axe(), AXE).await;
}

#[actix_web::test]
async fn at_400_percent_nothing_scrolls_sideways_then() {
    looked_at(Make::Zoomed, String::new(), WIDE).await;
}
