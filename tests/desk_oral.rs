//! An officer enters an oral report on the pages of the desk, in Chromium without script; axe-core and 400 % zoom look at each.
#![cfg(all(feature = "server", feature = "desk", unix))]
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]
#[path = "support/page.rs"]
mod served;
mod support;
#[path = "support/webdriver.rs"]
mod webdriver;

use std::time::Duration;

use served::{absolute, entered};
use support::{Browser, Page, Service};
use thirtyfour::By;
use webdriver::{
    Make, RealBrowser,
    eye::{AXE, Eye, WIDE, axe},
};

const OFFICER: &str = "bzk-functionaris-1";
const COLLEAGUE: &str = "bzk-functionaris-3";
const STORY: &str = "CANARY-TOLD: de kas <b>& de sleutel.\nTweede regel.";

/// A served desk of somebody of the demo: the link that opens it.
fn desk(service: &Service, who: &str, idle: Duration) -> String {
    served::desk(service, who, None, idle)
}

const NEXT: &str = "main form p button[value=next]";

async fn words(browser: &RealBrowser) -> Vec<String> {
    let mut words = Vec::new();
    for word in browser.page.find_all(By::Css(".mk-code li")).await.unwrap() {
        words.push(word.text().await.unwrap().split_whitespace().last().unwrap().to_owned());
    }
    assert_eq!(words.len(), 12, "{}", browser.text().await);
    words
}

async fn value(browser: &RealBrowser, css: &str) -> String {
    browser.page.find(By::Css(css)).await.unwrap().prop("value").await.unwrap().unwrap()
}

#[actix_web::test]
async fn an_officer_enters_a_report_with_the_reporter_on_the_telephone() {
    let service = Service::start(None).await;
    let link = desk(&service, OFFICER, Duration::from_secs(4));
    let browser = entered(&link).await;
    browser.press("main a[href='/nl/oral']").await;
    assert!(browser.text().await.contains("Dan kent niemand anders de code."));
    browser.press(NEXT).await;
    assert!(browser.text().await.contains("Kies hoe het is verteld"));
    assert!(browser.page.find(By::Css("#topic-conduct")).await.is_err(), "of another desk");
    browser.click("#how-phone").await;
    browser.click("#topic-money").await;
    browser.press(NEXT).await;

    // The names are read out; the officer is not one of those to strike. What is missing is named, the rest stays.
    assert!(browser.page.find(By::Css("#strike-bzk-functionaris-1")).await.is_err());
    browser.click("#strike-bzk-functionaris-2").await;
    browser.write("#who", "De kassier").await;
    browser.press(NEXT).await;
    assert!(browser.text().await.contains("De tekst is leeg"), "{}", browser.text().await);
    assert_eq!(value(&browser, "#who").await, "De kassier");
    browser.write("#story", STORY).await;
    // The telephone takes longer than the desk stays unlocked: nothing is lost.
    tokio::time::sleep(Duration::from_secs(10)).await;
    browser.press(NEXT).await;
    assert_eq!(browser.heading().await, "Uw werkplek is vergrendeld");
    browser.press("main form button").await;
    let text = browser.text().await;
    assert!(text.contains("Functionaris integriteit 3") && !text.contains("Functionaris integriteit 2"), "{text}");
    assert!(text.contains("CANARY-TOLD: de kas <b>& de sleutel.") && text.contains("De kassier"));
    let drawn = words(&browser).await;

    // Back and on again it is the same code.
    browser.press("button[value=back]").await;
    assert_eq!(value(&browser, "#story").await, STORY);
    browser.press(NEXT).await;
    assert_eq!(words(&browser).await, drawn);
    browser.press(NEXT).await;
    assert!(!browser.text().await.contains(drawn.first().unwrap().as_str()), "it is said back, not looked up");
    let mut wrong = drawn.clone();
    wrong.swap(6, 7);
    browser.write("#code", &wrong.join(" ")).await;
    browser.press(NEXT).await;
    assert!(browser.text().await.contains("Woord 7 is niet goed. Vraag de melder"), "{}", browser.text().await);
    browser.page.find(By::Css("#code")).await.unwrap().clear().await.unwrap();
    browser.write("#code", &drawn.join(" ")).await;
    browser.press(NEXT).await;
    if browser.heading().await == "Uw werkplek is vergrendeld" {
        browser.press("main form button").await;
    }
    let text = browser.text().await;
    assert!(text.contains("veilig aangekomen"), "{text}");
    assert!(!browser.page.source().await.unwrap().contains(&drawn.join(" ")), "the code is gone");
    assert!(!browser.page.current_url().await.unwrap().as_str().contains(drawn.first().unwrap().as_str()));
    // Sent again, it is one report.
    browser.reload().await;
    if browser.heading().await == "Uw werkplek is vergrendeld" {
        browser.press("main form button").await;
    }
    assert!(browser.text().await.contains("Er staat er maar een"), "{}", browser.text().await);
    browser.quit().await;

    // The reporter reads, corrects and agrees; a colleague sees it, and that the officer has had the code.
    let reporter = Browser::new(&service.base);
    let code = drawn.join(" ");
    let page = reporter.mailbox(&code, None, &[("act", "account")]).await;
    assert!(page.html.contains("Wie zijn erbij betrokken?&#10;De kassier"), "{}", page.html.trim_end());
    reporter.answer("/nl/mailbox", &page, &[("text", "Zo was het."), ("act", "account-right")]).await;
    let link = desk(&service, COLLEAGUE, Duration::from_secs(600));
    let browser = entered(&link).await;
    browser.press("table a").await;
    let text = browser.text().await;
    assert!(text.contains("Verteld door de telefoon aan Functionaris integriteit 1."), "{text}");
    assert!(text.contains("en zei dat het zo klopt") && text.contains("Zo was het."), "{text}");
    assert!(text.contains("Van de melder, of van Functionaris integriteit 1, die de code ook heeft gehad."), "{text}");
    browser.press(".mk-acts a[href$=hand-over]").await;
    assert!(browser.text().await.contains("Een ja bewijst hier minder dan anders"));
    browser.press(".mk-progress a").await;
    // Only who heard the reporter writes the story down anew.
    assert!(browser.page.find(By::Css(".mk-acts a[href$=account]")).await.is_err());
    browser.quit().await;
    let link = desk(&service, OFFICER, Duration::from_secs(600));
    let browser = entered(&link).await;
    browser.press("table a").await;
    browser.press(".mk-acts a[href$=account]").await;
    assert_eq!(value(&browser, "#text").await, "Zo was het.");
    browser.press("main form button").await;
    assert!(browser.text().await.contains("nog niet gezegd of het klopt"), "{}", browser.text().await);
    browser.page.goto(absolute(&link, "/nl/inbox")).await.unwrap();
    assert!(browser.text().await.contains("Mondeling"), "{}", browser.text().await);
    browser.quit().await;
    for canary in ["CANARY-TOLD", "Zo was het", &code] {
        assert!(!support::stands_in(&service.path("readers"), canary.as_bytes()), "{canary}");
    }
}

/// The page without its head, which has a form of its own.
fn form(page: &Page) -> Page {
    let html = page.html.split("<main").last().unwrap().to_owned();
    Page { status: page.status, html, headers: page.headers.clone() }
}

async fn next(browser: &Browser, page: &Page, answers: &[(&str, &str)]) -> Page {
    browser.answer("/nl/oral", &form(page), answers).await
}

/// An officer's desk without a browser, unlocked.
async fn signed_in(service: &Service) -> Browser {
    let link = desk(service, OFFICER, Duration::from_secs(600));
    let entered = served::client(&link).build().unwrap().get(&link).send().await.unwrap();
    let cookie = entered.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let cookie = [(reqwest::header::COOKIE, cookie.parse().unwrap())].into_iter().collect();
    let http = served::client(&link).default_headers(cookie).build().unwrap();
    let officer = Browser::with(link.split("/open/").next().unwrap(), http);
    let locked = officer.get("/nl/oral").await;
    next(&officer, &locked, &[("passphrase", "")]).await;
    officer
}

#[actix_web::test]
async fn what_did_not_arrive_is_sent_again_with_the_same_code() {
    let service = Service::start(None).await;
    let (officer, path) = (signed_in(&service).await, "/nl/oral");
    let page = officer.get(path).await;
    let page = next(&officer, &page, &[("how", "phone"), ("topic", "money"), ("go", "next")]).await;
    let page = next(&officer, &page, &[("story", STORY), ("go", "next")]).await;
    let code = page.code();
    let page = next(&officer, &page, &[("go", "next")]).await;
    // Somebody altered what is hidden: nothing is sent, and everything is still there.
    let mut fields = form(&page).fields();
    fields.iter_mut().filter(|(name, _)| name == "topic").for_each(|(_, value)| *value = "power".to_owned());
    fields.extend([("code".to_owned(), code.clone()), ("go".to_owned(), "next".to_owned())]);
    let altered = officer.post(path, &fields).await;
    assert!(altered.status == 422 && altered.html.contains("Er is niets verstuurd en alles staat er nog"));
    assert!(altered.html.contains("CANARY-TOLD"));
    // Another text was sent with this code: it is said, and a new code is taken with the text as it stands.
    let sent = next(&officer, &page, &[("code", &code), ("go", "next")]).await;
    assert!(sent.html.contains("veilig aangekomen"), "{}", sent.html);
    let back = next(&officer, &page, &[("go", "back")]).await;
    let back = next(&officer, &back, &[("go", "back")]).await;
    let page = next(&officer, &back, &[("story", "CANARY-OTHER"), ("go", "next")]).await;
    assert_eq!(page.code(), code);
    let page = next(&officer, &page, &[("go", "next")]).await;
    let other = next(&officer, &page, &[("code", &code), ("go", "next")]).await;
    assert!(other.status == 422 && other.html.contains("Met deze code is al een andere tekst verstuurd"));
    let fresh = next(&officer, &other, &[("go", "fresh")]).await;
    assert!(fresh.code() != code && fresh.html.contains("CANARY-OTHER"));
    let inbox = service.desk(COLLEAGUE, &["inbox"]).await.unwrap();
    assert_eq!(inbox.as_array().unwrap().len(), 1);
}

#[actix_web::test]
async fn who_is_no_officer_enters_nothing() {
    let service = Service::start(None).await;
    let link = desk(&service, "bzk-vertrouwenspersoon-1", Duration::from_secs(600));
    let browser = entered(&link).await;
    assert!(browser.page.find(By::Css("main a[href='/nl/oral']")).await.is_err());
    browser.page.goto(absolute(&link, "/nl/oral")).await.unwrap();
    assert!(browser.text().await.contains("Alleen een functionaris"), "{}", browser.text().await);
    browser.quit().await;
}

/// Every page of it, with what is wrong on some of them; and the mailbox of its reporter.
async fn every_page(eye: &mut Eye, service: &Service, link: &str, lang: &str) {
    let say = |name: &str| format!("{lang} oral {name}");
    eye.go(&absolute(link, &format!("/{lang}/oral")), &say("1")).await;
    eye.press(NEXT, &say("1 wrong")).await;
    eye.browser.click("#how-in-person").await;
    eye.browser.click("#topic-money").await;
    eye.press(NEXT, &say("2")).await;
    eye.press(NEXT, &say("2 wrong")).await;
    eye.browser.write("#story", &format!("{STORY} {}", "Lang".repeat(60))).await;
    eye.press(NEXT, &say("3")).await;
    let words = words(&eye.browser).await.join(" ");
    eye.press(NEXT, &say("4")).await;
    eye.press(NEXT, &say("4 wrong")).await;
    eye.browser.write("#code", &words).await;
    eye.press(NEXT, &say("sent")).await;
    eye.press("main a.utrecht-button", &say("case")).await;
    eye.press(".mk-acts a[href$=account]", &say("account")).await;
    eye.browser.page.find(By::Css("#text")).await.unwrap().clear().await.unwrap();
    eye.press("main form button", &say("account wrong")).await;
    eye.browser.page.goto(format!("{}/{lang}/mailbox", service.base)).await.unwrap();
    eye.browser.write("#code", &words).await;
    eye.press("main form button", &say("mailbox")).await;
    eye.press("button[value=account]", &say("mailbox account")).await;
    eye.browser.page.find(By::Css("#text")).await.unwrap().clear().await.unwrap();
    eye.press("button[value=account-right]", &say("mailbox account wrong")).await;
    eye.browser.write("#text", "Zo was het.").await;
    eye.press("button[value=account-right]", &say("mailbox agreed")).await;
}

async fn looked_at(make: Make, library: String, script: &str) {
    let service = Service::start(None).await;
    let link = desk(&service, OFFICER, Duration::from_secs(600));
    let mut eye = Eye::open(make, library, script.to_owned()).await;
    eye.browser.page.goto(&link).await.unwrap();
    eye.browser.press("main a[href='/nl/inbox']").await;
    eye.browser.press("main form button").await;
    for lang in ["nl", "en"] {
        every_page(&mut eye, &service, &link, lang).await;
    }
    assert!(eye.pages >= 26, "{} pages were looked at", eye.pages);
    assert!(eye.found.is_empty(), "{}", eye.found.join("\n"));
    eye.browser.quit().await;
}

#[actix_web::test]
async fn axe_finds_nothing_on_the_pages_of_an_oral_report() {
    looked_at(Make::Looking, axe(), AXE).await;
}

#[actix_web::test]
async fn at_400_percent_no_page_of_an_oral_report_scrolls_sideways() {
    looked_at(Make::Zoomed, String::new(), WIDE).await;
}

/// The pages speak to who writes it down, never as if they were the reporter.
#[actix_web::test]
async fn the_pages_of_an_oral_report_speak_to_the_officer() {
    let service = Service::start(None).await;
    let (officer, path) = (signed_in(&service).await, "/nl/oral");
    let mut pages = vec![officer.get(path).await];
    pages.push(next(&officer, &pages[0], &[("how", "phone"), ("go", "next")]).await);
    let told = next(&officer, &pages[0], &[("how", "phone"), ("topic", "other"), ("go", "next")]).await;
    let code = next(&officer, &told, &[("story", STORY), ("go", "next")]).await;
    let said = next(&officer, &code, &[("go", "next")]).await;
    pages.extend([
        next(&officer, &said, &[("code", "een twee"), ("go", "next")]).await,
        next(&officer, &said, &[("code", ""), ("go", "next")]).await,
        told,
        code,
        said,
    ]);
    let all = pages.iter().map(|page| form(page).html).collect::<String>();
    for wrong in [
        "uw melding",
        "Uw code",
        "uw verhaal",
        "ik weet het niet",
        "komt u terug",
        "uw papier",
        "hebt opgeschreven</a>",
    ] {
        assert!(!all.contains(wrong), "{wrong}: {all}");
    }
    for right in ["of de melder weet het niet", "want u kent de melding al", "De code van de melder", "U typte er 2"] {
        assert!(all.contains(right), "{right}: {all}");
    }
}
