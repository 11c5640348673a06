//! Every page a reporter meets, in both languages: axe-core finds nothing, 400 % zoom scrolls one way, the keyboard is enough.
#![cfg(all(feature = "server", feature = "desk", unix))]
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]
mod support;
#[path = "support/webdriver.rs"]
mod webdriver;

use std::{net::TcpListener, num::NonZeroU32};

use meldkluis::config::{Config, Intake, Limit, Onion};
use support::Service;
use thirtyfour::{By, Key};
use webdriver::{
    Make, RealBrowser,
    eye::{AXE, Eye, TORN, WHOLE, WIDE, axe},
};

const NEXT: &str = "main form p button[value=next]";
const STEPS_TO_STORY: [&str; 5] = ["", "#want-report", "#org-bzk", "#topic-money", ""];
const STEPS_OF_ADVICE: [&str; 5] =
    ["", "#want-advice", "#org-bzk", "#topic-conduct", "#adviser-bzk-vertrouwenspersoon-1"];

impl Eye {
    /// Answers the page and looks at the next.
    async fn next(&mut self, click: &str, name: &str) {
        if !click.is_empty() {
            self.browser.click(click).await;
        }
        self.browser.press(NEXT).await;
        self.look(name).await;
    }

    /// Every page a reporter can meet.
    async fn walk(&mut self, base: &str, lang: &str) {
        let page = |path: &str| format!("{base}/{lang}/{path}");
        let say = |name: &str| format!("{lang} {name}");
        self.go(&page(""), &say("home")).await;
        for info in ["options", "procedure", "external", "told", "together", "privacy", "accessibility"] {
            self.go(&page(&format!("info/{info}")), &say(info)).await;
        }
        self.go(&page("nothing"), &say("not found")).await;
        self.go(&page("mailbox"), &say("door")).await;
        self.browser.write("#code", "aap noot mies").await;
        self.press("main form button", &say("door wrong")).await;

        self.go(&page("report"), &say("advice 1")).await;
        self.next("", &say("advice 2")).await;
        self.next("", &say("advice 2 wrong")).await;
        self.next("#want-advice", &say("advice 3")).await;
        self.next("#org-bzk", &say("advice 4")).await;
        self.next("#topic-conduct", &say("advice 5")).await;

        self.browser.page.goto(page("report")).await.unwrap();
        self.next("", &say("referral 2")).await;
        self.next("#want-report", &say("referral 3")).await;
        self.next("#org-def", &say("referral")).await;
        self.nobody(&page("report"), &say("nobody")).await;
        self.report(&page("report"), &say("report"), STEPS_TO_STORY).await;
        self.rooms(&say("report")).await;
        self.report(&page("report"), &say("advice"), STEPS_OF_ADVICE).await;
        self.made_a_report(&say("advice")).await;
    }

    /// What a mailbox leads to: a talk, the proof, disadvantage, who the reporter is; then two rooms.
    async fn rooms(&mut self, name: &str) {
        self.press("button[value=talk]", &format!("{name} talk")).await;
        self.press("button[value=talk-send]", &format!("{name} talk wrong")).await;
        self.press("button[value=open]", &format!("{name} mailbox again")).await;
        self.press("button[value=proof]", &format!("{name} proof")).await;
        self.press("button[value=open]", &format!("{name} mailbox again")).await;
        self.press("button[value=identity]", &format!("{name} identity")).await;
        self.press(NEXT, &format!("{name} identity wrong")).await;
        self.press("button[value=open]", &format!("{name} mailbox again")).await;
        self.press("button[value=retaliation]", &format!("{name} disadvantage")).await;
        self.browser.click("#strike-bzk-functionaris-2").await;
        self.browser.write("#text", "Ik ben overgeplaatst.").await;
        self.press(NEXT, &format!("{name} disadvantage check")).await;
        self.press(NEXT, &format!("{name} rooms")).await;
        self.press("button[value=sure]", &format!("{name} withdraw a room")).await;
    }

    /// Whoever is too fast, with a page and with a file; and an intake by the onion service alone.
    async fn refused(&mut self, busy: &str, closed: &str, lang: &str) {
        self.browser.page.goto(format!("{busy}/{lang}/report")).await.unwrap();
        self.filed(STEPS_TO_STORY).await;
        self.browser.write("#text", "Nog iets").await;
        self.press("button[value=file]", &format!("{lang} no file")).await;
        self.press("button[value=file]", &format!("{lang} busy file")).await;
        self.press("main form button", &format!("{lang} busy")).await;
        self.go(&format!("{closed}/{lang}/report"), &format!("{lang} only onion")).await;
    }

    /// Advice becomes a report.
    async fn made_a_report(&mut self, name: &str) {
        self.press("button[value=report]", &format!("{name} to report")).await;
        self.press(NEXT, &format!("{name} to report wrong")).await;
        self.browser.click("#topic-money").await;
        self.press(NEXT, &format!("{name} to report 2")).await;
        self.press(NEXT, &format!("{name} to report 2 wrong")).await;
        self.browser.click("#along-story").await;
        self.press(NEXT, &format!("{name} to report check")).await;
        self.press(NEXT, &format!("{name} rooms")).await;
        self.press("button[name=room]", &format!("{name} room of advice")).await;
    }

    /// Strikes everybody: nobody is left to read, and the page says where else to go.
    async fn nobody(&mut self, url: &str, name: &str) {
        self.browser.page.goto(url).await.unwrap();
        for click in &STEPS_TO_STORY[..4] {
            self.next(click, name).await;
        }
        for strike in self.browser.page.find_all(By::Css("input[name=strike]")).await.unwrap() {
            strike.click().await.unwrap();
        }
        self.next("", name).await;
        assert!(self.browser.page.find(By::Css("#story")).await.is_err(), "nobody is left, so nothing is asked");
    }

    /// Files a report and looks at none of its pages.
    async fn filed(&mut self, steps: [&str; 5]) {
        for click in steps {
            if !click.is_empty() {
                self.browser.click(click).await;
            }
            self.browser.press(NEXT).await;
        }
        self.browser.write("#story", "Een verhaal.").await;
        self.browser.press(NEXT).await;
        self.browser.press(NEXT).await;
        let words = words(&self.browser).await;
        self.browser.press(NEXT).await;
        self.browser.write("#code", &words.join(" ")).await;
        self.browser.press(NEXT).await;
    }

    async fn report(&mut self, url: &str, name: &str, steps: [&str; 5]) {
        self.browser.page.goto(url).await.unwrap();
        for (n, click) in steps.iter().enumerate() {
            self.next(click, &format!("{name} {}", n + 2)).await;
        }
        self.next("", &format!("{name} 6 wrong")).await;
        self.browser.write("#story", &"Een heel lang verhaal over declaraties. ".repeat(40)).await;
        self.browser.write("#who", "Iemand").await;
        self.next("", &format!("{name} 7")).await;
        self.next("", &format!("{name} 8")).await;
        let words = words(&self.browser).await;
        self.next("", &format!("{name} 9")).await;
        self.browser.write("#code", &words[1..].join(" ")).await;
        self.next("", &format!("{name} 9 wrong")).await;
        self.browser.page.find(By::Css("#code")).await.unwrap().clear().await.unwrap();
        self.browser.write("#code", &words.join(" ")).await;
        self.next("", &format!("{name} mailbox")).await;
        self.press("button[value=sure]", &format!("{name} withdraw")).await;
        self.press("button[value=open]", &format!("{name} mailbox again")).await;
    }
}

/// The words of page 8.
async fn words(browser: &RealBrowser) -> Vec<String> {
    let mut words = Vec::new();
    for word in browser.page.find_all(By::Css(".mk-code li")).await.unwrap() {
        words.push(word.text().await.unwrap().split_whitespace().last().unwrap().to_owned());
    }
    words
}

/// A service that lets a code be tried once a minute, and one that takes reports by Tor alone.
async fn that_refuse() -> [Service; 2] {
    let one = |n| NonZeroU32::new(n).unwrap();
    let busy = Limit { circuit: one(1), case: one(1), clear: one(1), service: one(2) };
    let onion = || {
        let listen = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        Onion { listen: Some(listen), socket: None, location: Some(format!("http://{}.onion", "a2".repeat(28))) }
    };
    let closed = |config: &mut Config| (config.onion, config.intake) = (Some(onion()), Intake::Onion);
    [Service::with(None, |config| config.limits.tries = busy).await, Service::in_training(closed).await]
}

async fn every_page(make: Make, library: String, script: &str) {
    let service = Service::start(None).await;
    let mut eye = Eye::open(make, library, script.to_owned()).await;
    for lang in ["nl", "en"] {
        eye.walk(&service.base, lang).await;
        let [busy, closed] = that_refuse().await;
        eye.refused(&busy.base, &closed.base, lang).await;
    }
    assert!(eye.pages > 50, "{} pages were looked at", eye.pages);
    assert!(eye.found.is_empty(), "{}", eye.found.join("\n"));
    eye.browser.quit().await;
}

#[actix_web::test]
async fn axe_finds_nothing_on_any_page() {
    // The eye sees: a field without a label is found.
    let mut eye = Eye::open(Make::Looking, axe(), AXE.to_owned()).await;
    eye.go("data:text/html,<html lang=en><title>x</title><main><h1>x</h1><input>", "bad").await;
    assert!(eye.found.iter().any(|f| f.starts_with("bad: label ")), "{:?}", eye.found);
    eye.browser.quit().await;
    every_page(Make::Looking, axe(), AXE).await;
}

#[actix_web::test]
async fn at_400_percent_no_page_scrolls_sideways_and_no_word_is_torn() {
    // The eye sees: a word that does not fit its place is found.
    let mut eye = Eye::open(Make::Zoomed, TORN.to_owned(), WIDE.to_owned()).await;
    let narrow = "<p style='width:4em;overflow-wrap:anywhere'>vertrouwenspersoon";
    eye.go(&format!("data:text/html,<title>x</title><main><h1>x</h1>{narrow}"), "bad").await;
    assert!(eye.found.iter().any(|f| f == "bad: torn: vertrouwenspersoon"), "{:?}", eye.found);
    eye.browser.quit().await;
    every_page(Make::Zoomed, TORN.to_owned(), WIDE).await;
}

#[actix_web::test]
async fn between_narrow_and_wide_no_word_is_torn() {
    every_page(Make::Looking, TORN.to_owned(), WHOLE).await;
}

/// Moves with Tab, and in a group of choices with the arrow, until the element has the focus.
async fn tab_to(browser: &RealBrowser, css: &str) {
    let target = browser.page.find(By::Css(css)).await.unwrap_or_else(|e| panic!("{css}: {e}"));
    let group = target.attr("name").await.unwrap();
    let radio = target.attr("type").await.unwrap().as_deref() == Some("radio");
    for _ in 0..120 {
        let active = browser.page.active_element().await.unwrap();
        if active == target {
            return;
        }
        let inside = radio && active.attr("name").await.unwrap() == group;
        active.send_keys(if inside { Key::Down } else { Key::Tab }).await.unwrap();
    }
    panic!("the keyboard does not reach {css}");
}

async fn key(browser: &RealBrowser, key: Key) {
    browser.page.active_element().await.unwrap().send_keys(key).await.unwrap();
}

/// Presses Enter in the element and waits for the next page.
async fn enter(browser: &RealBrowser, css: &str) {
    tab_to(browser, css).await;
    let heading = browser.heading().await;
    key(browser, Key::Enter).await;
    for _ in 0..200 {
        if browser.page.find(By::Css("main h1")).await.is_ok() && browser.heading().await != heading {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    panic!("Enter on {css} leads nowhere");
}

/// On page 7 the story can be read, all of it, and has nothing of a field that waits for words.
#[actix_web::test]
async fn the_story_to_check_looks_like_text() {
    const FIELDS: &str = "return [...document.querySelectorAll('textarea')].map(e => { const s = getComputedStyle(e);\
        return [s.borderTopWidth, s.borderRightWidth, s.resize, String(e.readOnly), e.scrollHeight > e.clientHeight + 1 ? 'hidden' : 'whole'] })";
    let service = Service::start(None).await;
    for make in [Make::Looking, Make::Firefox] {
        let browser = RealBrowser::start(make).await;
        browser.page.goto(format!("{}/nl/report", service.base)).await.unwrap();
        for click in STEPS_TO_STORY {
            if !click.is_empty() {
                browser.click(click).await;
            }
            browser.press(NEXT).await;
        }
        browser.write("#story", &"Een heel lang verhaal over declaraties.\n".repeat(30)).await;
        browser.write("#who", "Iemand").await;
        browser.press(NEXT).await;
        let found: Vec<Vec<String>> = browser.page.execute(FIELDS, Vec::new()).await.unwrap().convert().unwrap();
        assert_eq!(found, vec![["0px", "0px", "none", "true", "whole"]; 2], "{make:?}");
        browser.quit().await;
    }
}

#[actix_web::test]
async fn a_report_is_filed_with_the_keyboard_alone() {
    let service = Service::start(None).await;
    let browser = RealBrowser::start(Make::Chromium).await;
    browser.page.goto(format!("{}/en/report", service.base)).await.unwrap();
    for choice in STEPS_TO_STORY {
        if !choice.is_empty() {
            tab_to(&browser, choice).await;
            key(&browser, Key::Space).await;
        }
        enter(&browser, NEXT).await;
    }
    tab_to(&browser, "#story").await;
    browser.write("#story", "Filed without a mouse.").await;
    tab_to(&browser, "#who").await;
    browser.write("#who", "Somebody").await;
    // Enter in an area is a new line and leads nowhere, never back.
    key(&browser, Key::Enter).await;
    assert_eq!(browser.heading().await, "Your story");
    enter(&browser, NEXT).await;
    enter(&browser, NEXT).await;
    let words = words(&browser).await;
    assert_eq!(words.len(), 12, "page 8 follows page 7");
    enter(&browser, NEXT).await;
    tab_to(&browser, "#code").await;
    browser.write("#code", &words.join(" ")).await;
    enter(&browser, NEXT).await;
    assert!(browser.text().await.contains("arrived safely"), "{}", browser.text().await);
    browser.quit().await;
}
