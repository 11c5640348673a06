//! The other language is one button away on every page of the desk, and takes along what was typed: in Chromium without script.
#![cfg(all(feature = "server", feature = "desk", unix))]
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]
#[path = "support/page.rs"]
mod served;
mod support;
#[path = "support/webdriver.rs"]
mod webdriver;

use std::{collections::BTreeSet, time::Duration};

use base64::{Engine, prelude::BASE64_STANDARD};
use meldkluis::{desk::Identity, domain::id::ReaderId, seal::code::print_words};
use served::{absolute, entered};
use support::{Browser, Service};
use thirtyfour::{By, WebElement};
use webdriver::{Make, RealBrowser};

const READER: &str = "bzk-functionaris-1";
const MANAGER: &str = "bzk-leidinggevende-1";
const COORDINATOR: &str = "bzk-coordinator";
/// Fields whose content is the reader's; passphrases and files are never carried along.
const FIELDS: &str = "input:not([type=hidden]):not([type=password]):not([type=file]),textarea:not([hidden]),select";
const BUTTON: &str = ".mk-language button[name=in]";
const TYPED: &str = "Getypt <b>& wel \"dit\"";

fn desk(service: &Service, who: &str) -> String {
    served::desk(service, who, None, Duration::from_mins(10))
}

async fn all(browser: &RealBrowser, css: &str) -> Vec<WebElement> {
    browser.page.find_all(By::Css(css)).await.unwrap()
}

/// Name, value and whether it is chosen, of everything in the form; what is hidden too.
async fn content(browser: &RealBrowser) -> Vec<(String, String, bool)> {
    let mut content = Vec::new();
    for field in all(browser, "#typed input:not([type=password]):not([type=file]),#typed textarea,#typed select").await
    {
        let of = async |name: &str| field.prop(name).await.unwrap().unwrap_or_default();
        content.push((of("name").await, of("value").await, of("checked").await == "true"));
    }
    content
}

/// Fills every field of the page in, each differently from how it stood.
async fn fill(browser: &RealBrowser) {
    for field in all(browser, FIELDS).await {
        match field.prop("type").await.unwrap().unwrap_or_default().as_str() {
            "radio" | "checkbox" => field.click().await.unwrap(),
            "date" => field.send_keys("12312030").await.unwrap(),
            "select-one" => field.find_all(By::Css("option")).await.unwrap().last().unwrap().click().await.unwrap(),
            _ => field.send_keys(TYPED).await.unwrap(),
        }
    }
}

/// Pages that were looked at, by what is wrong with them.
#[derive(Default)]
struct Looked {
    pages: usize,
    fields: usize,
    wrong: Vec<String>,
}

impl Looked {
    /// Fills in the page on the screen, changes its language twice, and compares.
    async fn page(&mut self, browser: &RealBrowser, what: &str) {
        let (fields, carried) = (all(browser, FIELDS).await.len(), all(browser, "#typed").await.len());
        let within = FIELDS.split(',').map(|css| format!("#typed {css}")).collect::<Vec<_>>().join(",");
        if carried != 1 || all(browser, &within).await.len() != fields {
            self.wrong.push(format!("{what}: a field is in no form that is carried along"));
            return;
        }
        fill(browser).await;
        let (before, heading) = (content(browser).await, browser.heading().await);
        for lang in ["en", "nl"] {
            browser.press(BUTTON).await;
            let html = browser.page.find(By::Css("html")).await.unwrap().attr("lang").await.unwrap().unwrap();
            let after = content(browser).await;
            if html != lang || after != before {
                self.wrong.push(format!("{what} in {html}: {before:?} became {after:?}"));
                return;
            }
            let wrong = browser.page.find(By::Css("[role=alert]")).await.is_ok();
            if wrong {
                self.wrong.push(format!("{what} in {lang}: {}", browser.text().await));
            }
        }
        if browser.heading().await != heading {
            self.wrong.push(format!("{what}: {heading} became {}", browser.heading().await));
        }
        self.pages += 1;
        self.fields += fields;
    }

    async fn at(&mut self, browser: &RealBrowser, link: &str, path: &str) {
        browser.page.goto(absolute(link, &format!("/nl/{path}"))).await.unwrap();
        self.page(browser, path).await;
    }
}

async fn case(service: &Service, who: &str) -> String {
    service.desk(who, &["inbox"]).await.unwrap()[0]["case"].as_str().unwrap().to_owned()
}

#[actix_web::test]
async fn a_reader_loses_nothing_on_any_page_and_sends_nothing() {
    let service = Service::start(None).await;
    for story in ["Het ene verhaal", "Het andere verhaal"] {
        Browser::new(&service.base).report(story, &[]).await;
    }
    let case = case(&service, READER).await;
    let link = desk(&service, READER);
    let browser = entered(&link).await;
    let mut looked = Looked::default();
    // The second is opened, so that it can be chosen to link.
    for path in ["inbox?state=all", "away"] {
        looked.at(&browser, &link, path).await;
    }
    browser.page.goto(absolute(&link, "/nl/inbox")).await.unwrap();
    let stories = all(&browser, "table a:not(.mk-unread)").await;
    let other = stories[1].attr("href").await.unwrap().unwrap();
    browser.page.goto(absolute(&link, &other)).await.unwrap();
    let mine = format!("case/{case}");
    for page in [
        "",
        "/acknowledge",
        "/ask",
        "/reply",
        "/feedback",
        "/note",
        "/close",
        "/hand-over",
        "/classify",
        "/outcome",
        "/proof",
        "/readers/leave",
        "/readers/take-out",
        "/readers/duty",
        "/readers/guest",
    ] {
        looked.at(&browser, &link, &format!("{mine}{page}")).await;
    }
    browser.page.goto(absolute(&link, &format!("/nl/{mine}/close"))).await.unwrap();
    browser.write("#text", TYPED).await;
    browser.press("main form button").await;
    assert_eq!(browser.heading().await, "Weet u zeker dat u deze zaak wilt afsluiten?");
    looked.page(&browser, "close, sure").await;
    let before = service.desk(READER, &["read", &case]).await.unwrap()["items"].as_array().unwrap().len();
    assert_eq!(before, 1, "a language that is changed sends nothing");
    service.desk(READER, &["protocol", &case, "vooronderzoek"]).await.unwrap();
    looked.at(&browser, &link, &format!("{mine}/protocol")).await;
    guests_card(&service, &mut looked, &browser, &link, &mine).await;
    assert!(looked.wrong.is_empty(), "{}", looked.wrong.join("\n"));
    assert!(looked.pages == 20 && looked.fields > 100, "{} pages, {} fields", looked.pages, looked.fields);
    browser.quit().await;
}

/// The page on which a guest's card was made.
async fn guests_card(service: &Service, looked: &mut Looked, browser: &RealBrowser, link: &str, case: &str) {
    let name = ReaderId::parse("adr-onderzoeker").unwrap();
    let me = Identity::create(&service.path("guest.key"), name, None).unwrap();
    browser.page.goto(absolute(link, &format!("/nl/{case}/readers/guest"))).await.unwrap();
    let (words, day) = (print_words(&me.keyed()).join(" "), service.clock.today().plus_days(30).date());
    let until = format!("{:02}{:02}{}", day.month(), day.day(), day.year());
    for (css, text) in [("#public", me.public().as_str()), ("#words", &words), ("#name", "Gast"), ("#until", &until)] {
        browser.write(css, text).await;
    }
    browser.press("#typed p button").await;
    assert_eq!(browser.heading().await, "De kaart van de gast", "{}", browser.text().await);
    looked.page(browser, "guest card").await;
}

#[actix_web::test]
async fn an_oral_report_is_carried_along_with_its_code() {
    let service = Service::start(None).await;
    let link = desk(&service, READER);
    let browser = entered(&link).await;
    let mut looked = Looked::default();
    looked.at(&browser, &link, "oral").await;
    browser.click("#language-nl").await;
    browser.click("#topic-money").await;
    for step in [2, 3, 4] {
        browser.press("main form p button[value=next]").await;
        if step == 2 {
            // Not everybody is struck.
            browser.click("#strike-bzk-functionaris-2").await;
        }
        looked.page(&browser, &format!("oral {step}")).await;
        if step == 2 {
            for field in all(&browser, "input[name=strike]:checked").await.into_iter().skip(1) {
                field.click().await.unwrap();
            }
        }
    }
    assert!(looked.wrong.is_empty() && looked.pages == 4, "{}", looked.wrong.join("\n"));
    assert!(service.desk(READER, &["inbox"]).await.unwrap().as_array().unwrap().is_empty(), "nothing was sent");
    // The page that says that it arrived is no form, and is still about what was sent.
    browser.press("main form p button[value=back]").await;
    let mut words = Vec::new();
    for word in all(&browser, ".mk-code li").await {
        words.push(word.text().await.unwrap().split_whitespace().last().unwrap().to_owned());
    }
    browser.press("main form p button[value=next]").await;
    browser.page.find(By::Css("#code")).await.unwrap().clear().await.unwrap();
    browser.write("#code", &words.join(" ")).await;
    browser.press("main form p button[value=next]").await;
    assert!(browser.text().await.contains("veilig aangekomen"), "{}", browser.text().await);
    browser.press(BUTTON).await;
    assert!(browser.text().await.contains("have arrived safely"), "{}", browser.text().await);
    assert_eq!(service.desk(READER, &["inbox"]).await.unwrap().as_array().unwrap().len(), 1);
    browser.quit().await;
}

#[actix_web::test]
async fn a_coordinator_a_manager_and_a_new_reader_lose_nothing() {
    let service = Service::start(None).await;
    Browser::new(&service.base).report_to("Het verhaal", &[("manager", MANAGER)]).await;
    let mut looked = Looked::default();
    let link = desk(&service, COORDINATOR);
    let browser = entered(&link).await;
    browser.press("table a").await;
    looked.page(&browser, "watch, choose").await;
    browser.press("#typed p button").await;
    looked.page(&browser, "watch, write").await;
    let file = service.path("next.toml");
    let roster = std::fs::read_to_string(service.path("roster/org-bzk.toml")).unwrap();
    std::fs::write(&file, roster.replacen("serial = 1", "serial = 7", 1)).unwrap();
    browser.page.goto(absolute(&link, "/nl/roster")).await.unwrap();
    browser.write("#file", file.to_str().unwrap()).await;
    browser.press("#typed p button").await;
    let carried = all(&browser, "#typed input[name=carried-file]").await[0].prop("value").await.unwrap().unwrap();
    let text = String::from_utf8(BASE64_STANDARD.decode(carried).unwrap()).unwrap();
    assert!(text.contains("serial = 7"), "the file that was chosen is there");
    looked.page(&browser, "roster").await;
    browser.quit().await;

    let link = desk(&service, MANAGER);
    let browser = entered(&link).await;
    browser.press("table a:not(.mk-unread)").await;
    looked.page(&browser, "guide").await;
    browser.quit().await;

    let link = desk(&service, "nieuw");
    let browser = RealBrowser::start(Make::Chromium).await;
    browser.page.goto(&link).await.unwrap();
    browser.press("main a[href='/nl/inbox']").await;
    looked.page(&browser, "first").await;
    browser.quit().await;
    assert!(looked.wrong.is_empty() && looked.pages == 5, "{}", looked.wrong.join("\n"));
}

/// Pressed on a desk that locked itself meanwhile it sends nothing either; nor does Enter press it.
#[actix_web::test]
async fn behind_the_lock_it_is_shown_and_not_sent() {
    let service = Service::start(None).await;
    Browser::new(&service.base).report("Het verhaal", &[]).await;
    let case = case(&service, READER).await;
    let link = served::desk(&service, READER, None, Duration::from_secs(3));
    let browser = entered(&link).await;
    browser.page.goto(absolute(&link, &format!("/nl/case/{case}/reply"))).await.unwrap();
    browser.write("#text", TYPED).await;
    tokio::time::sleep(Duration::from_secs(9)).await;
    browser.press(BUTTON).await;
    assert_eq!(browser.heading().await, "Your desk is locked");
    for heading in ["Uw werkplek is vergrendeld", "Your desk is locked"] {
        browser.press(BUTTON).await;
        assert_eq!(browser.heading().await, heading);
    }
    browser.press("main form button").await;
    assert_eq!(browser.heading().await, "Answer", "{}", browser.text().await);
    let text = all(&browser, "#text").await[0].prop("value").await.unwrap();
    assert_eq!(text.as_deref(), Some(TYPED));
    let read = service.desk(READER, &["read", &case]).await.unwrap();
    assert_eq!(read["items"].as_array().unwrap().len(), 1, "nothing was sent");
    // Enter presses the form's own button.
    browser.page.goto(absolute(&link, "/nl/inbox")).await.unwrap();
    if browser.heading().await == "Uw werkplek is vergrendeld" {
        browser.press("main form button").await;
    }
    let search = all(&browser, "#q").await;
    search[0].send_keys("niets van dit alles\u{e007}").await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let address = browser.page.current_url().await.unwrap();
    assert!(address.path() == "/nl/inbox" && address.query().unwrap().contains("q=niets"), "{address}");
    browser.quit().await;
}

/// A page that is added later carries its fields along as well.
#[test]
fn every_template_with_a_field_has_the_form_that_the_button_sends() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("web/templates/desk");
    let mut with = BTreeSet::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let kinds = ["text", "search", "date", "radio", "checkbox"].map(|kind| format!("type=\"{kind}\""));
        if text.contains("<textarea") || text.contains("<select") || kinds.iter().any(|kind| text.contains(kind)) {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            assert!(text.contains("<form id=\"typed\""), "{name}");
            with.insert(name);
        }
    }
    assert_eq!(with.len(), 18, "{with:?}");
}
