//! The desk as a local page, in Chromium without script: opened once, locked when idle, and nobody else's.
#![cfg(all(feature = "server", feature = "desk", unix))]
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]
#[path = "desk_page/back.rs"]
mod back;
#[path = "desk_page/first.rs"]
mod first;
#[path = "desk_page/guide.rs"]
mod guide;
#[path = "desk_page/link.rs"]
mod link;
#[path = "desk_page/pdf.rs"]
mod pdf;
#[path = "desk_page/roles.rs"]
mod roles;
#[path = "support/page.rs"]
mod served;
mod support;
#[path = "desk_page/training.rs"]
mod training;
#[path = "support/webdriver.rs"]
mod webdriver;

use std::time::Duration;

use pdf::pdf;
use served::{absolute, entered, picture};
use support::{Browser, Service};
use thirtyfour::By;
use webdriver::{
    Make, RealBrowser,
    eye::{AXE, Eye, TORN, WHOLE, WIDE, axe},
};

const READER: &str = "bzk-functionaris-1";
const STORY: &str = "Er verdwijnt geld uit de kas <b>& niemand kijkt.\nTweede regel.";

/// A served desk of a reader of the demo: its link, and its origin.
fn desk(service: &Service, reader: &str, idle: Duration) -> (String, String) {
    let link = served::desk(service, reader, None, idle);
    let origin = link.split("/open/").next().unwrap().to_owned();
    (link, origin)
}

#[actix_web::test]
async fn an_officer_does_the_whole_work_of_a_case_on_the_page() {
    let service = Service::start(None).await;
    let reporter = Browser::new(&service.base);
    let (code, _) = reporter.report(STORY, &["bzk-functionaris-2"]).await;
    let mut png = std::io::Cursor::new(Vec::new());
    image::RgbImage::from_fn(300, 200, |x, y| image::Rgb([x as u8, y as u8, 90]))
        .write_to(&mut png, image::ImageFormat::Png)
        .unwrap();
    assert_eq!(reporter.upload(&code, "foto.png", png.into_inner()).await.status, 200);
    assert_eq!(reporter.upload(&code, "lijst.txt", b"regel een\nregel twee".to_vec()).await.status, 200);
    let (link, _) = desk(&service, READER, Duration::from_mins(10));
    let browser = entered(&link).await;
    assert_eq!(browser.heading().await, "Uw zaken");
    assert!(browser.text().await.contains("Nieuw: nog door niemand geopend"), "looking is not reading");
    picture(&browser, "desk-inbox").await;

    browser.press("table a").await;
    let text = browser.text().await;
    assert!(text.contains("Er verdwijnt geld uit de kas <b>& niemand kijkt.") && text.contains("Tweede regel."));
    let facts = browser.page.find(By::Css(".mk-facts")).await.unwrap().text().await.unwrap();
    assert!(facts.contains("Niet voor, zegt de melder\nFunctionaris integriteit 2"), "{facts}");
    assert!(facts.contains("Geld, spullen of eigen voordeel") && facts.contains("Nummer"), "{facts}");
    assert!(text.contains("Bevestig voor of op"), "{text}");
    picture(&browser, "desk-case").await;
    for (file, seen) in [("foto.png", "img.mk-picture"), ("lijst.txt", ".mk-story")] {
        let entry = browser.page.find(By::PartialLinkText(file)).await.unwrap();
        browser.page.goto(entry.attr("href").await.unwrap().map(|h| absolute(&link, &h)).unwrap()).await.unwrap();
        assert_eq!(browser.heading().await, file);
        assert!(browser.page.find(By::Css(seen)).await.is_ok(), "{}", browser.text().await);
        if file == "foto.png" {
            let width = browser.page.find(By::Css(seen)).await.unwrap().prop("naturalWidth").await.unwrap();
            assert_eq!(width.as_deref(), Some("300"), "the picture was decoded and shown");
            picture(&browser, "desk-file").await;
        }
        browser.press(".mk-progress a").await;
    }

    // Acknowledge with the letter as it stands, then ask; the reporter reads both.
    browser.press(".mk-acts a[href$=acknowledge]").await;
    picture(&browser, "desk-write").await;
    browser.press("main form button").await;
    let text = browser.text().await;
    assert!(text.contains("De bevestiging is verstuurd") && text.contains("Geef terugkoppeling voor of op"), "{text}");
    assert!(browser.page.find(By::Css(".mk-acts a[href$=acknowledge]")).await.is_err(), "it is not asked for again");
    browser.press(".mk-acts a[href$=ask]").await;
    browser.write("#text", "Welke kas was het?").await;
    browser.press("main form button").await;
    let mailbox = reporter.post("/nl/mailbox", &[("code".into(), code.clone())]).await;
    assert!(mailbox.html.contains("Welke kas was het?") && mailbox.html.contains("Vraag"));
    // Closed: of what is written only a note is left, and the inbox no longer shows it among what is open.
    browser.press(".mk-acts a[href$=close]").await;
    browser.press("main form button").await;
    assert!(browser.text().await.contains("Dit is nog de tekst waarmee u begint"), "{}", browser.text().await);
    browser.write("#text", "Wij hebben het opgelost.").await;
    browser.press("main form button").await;
    // What it means is said, with what was not done, and it is asked once more.
    assert_eq!(browser.heading().await, "Weet u zeker dat u deze zaak wilt afsluiten?");
    let text = browser.text().await;
    assert!(
        text.contains("Er is nog geen terugkoppeling gegeven.") && !text.contains("De ontvangst is nog niet"),
        "{text}"
    );
    assert!(text.contains("Na 365 dagen, op") && text.contains("Wij hebben het opgelost."), "{text}");
    picture(&browser, "desk-close").await;
    browser.press("button[name=sure][value=no]").await;
    let kept = browser.page.find(By::Css("#text")).await.unwrap().prop("value").await.unwrap();
    assert!(kept.unwrap().ends_with("Wij hebben het opgelost."));
    browser.press("main form button").await;
    browser.press("button[name=sure][value=yes]").await;
    assert!(browser.text().await.contains("De zaak is afgesloten."));
    assert!(browser.page.find(By::Css(".mk-acts a[href$=reply]")).await.is_err());
    browser.press(".mk-acts a[href$=note]").await;
    browser.write("#text", "Alleen voor ons.").await;
    browser.press("main form button").await;
    browser.press(".mk-progress a").await;
    assert!(browser.text().await.contains("0 gevonden"));
    browser.page.goto(absolute(&link, "/nl/inbox?state=all&q=verdwijnt+KAS")).await.unwrap();
    assert!(browser.text().await.contains("1 gevonden"), "{}", browser.text().await);
    browser.page.goto(absolute(&link, "/nl/inbox?state=all&q=iets+anders")).await.unwrap();
    assert!(browser.text().await.contains("0 gevonden"));
    browser.quit().await;
    // What the desk keeps on the disk is sealed.
    for canary in ["verdwijnt", "Alleen voor ons"] {
        assert!(!support::stands_in(&service.path("readers"), canary.as_bytes()));
    }
}

#[actix_web::test]
async fn a_draft_survives_the_lock_and_a_server_that_is_away() {
    let service = Service::start(None).await;
    Browser::new(&service.base).report(STORY, &[]).await;
    let (link, _) = desk(&service, READER, Duration::from_secs(3));
    let browser = entered(&link).await;
    browser.press("table a").await;
    browser.press(".mk-acts a[href$=reply]").await;
    browser.write("#text", "Een lang antwoord dat niet weg mag.").await;
    tokio::time::sleep(Duration::from_secs(9)).await;
    browser.press("main form button").await;
    assert_eq!(browser.heading().await, "Uw werkplek is vergrendeld");
    assert!(browser.text().await.contains("Wat u had getypt, is er nog"));
    browser.press("main form button").await;
    assert!(browser.text().await.contains("Het antwoord is verstuurd"), "{}", browser.text().await);
    // Somebody else closes it meanwhile: this one is told, and keeps the text.
    browser.press(".mk-acts a[href$=reply]").await;
    browser.write("#text", "Te laat verstuurd.").await;
    let inbox = service.desk("bzk-functionaris-2", &["inbox"]).await.unwrap();
    let file = service.path("close.txt");
    std::fs::write(&file, "Klaar").unwrap();
    let case = inbox[0]["case"].as_str().unwrap();
    service.desk("bzk-functionaris-2", &["close", case, "--file", file.to_str().unwrap()]).await.unwrap();
    browser.press("main form button").await;
    let text = browser.text().await;
    assert!(text.contains("Deze zaak is afgesloten. U kunt nog een notitie schrijven"), "{text}");
    let kept = browser.page.find(By::Css("#text")).await.unwrap().prop("value").await.unwrap();
    assert_eq!(kept.as_deref(), Some("Te laat verstuurd."));
    browser.quit().await;
}

/// So a browser of the reader's own is led to the link: others on the machine see no more than the name of a file.
#[actix_web::test]
async fn a_file_of_the_browser_s_profile_leads_to_the_desk() {
    let service = Service::start(None).await;
    let (link, _) = desk(&service, READER, Duration::from_mins(10));
    let file = service.path("open.html");
    std::fs::write(&file, format!("<!doctype html><meta http-equiv=\"refresh\" content=\"0;url={link}\">")).unwrap();
    let browser = RealBrowser::start(Make::Chromium).await;
    browser.page.goto(format!("file://{}", file.display())).await.unwrap();
    browser.press("main a[href='/nl/inbox']").await;
    assert_eq!(browser.heading().await, "Uw werkplek is vergrendeld");
    browser.quit().await;
}

#[actix_web::test]
async fn the_other_language_is_one_button_away_and_stays() {
    let service = Service::start(None).await;
    Browser::new(&service.base).report(STORY, &[]).await;
    let (link, origin) = desk(&service, READER, Duration::from_mins(10));
    let browser = entered(&link).await;
    browser.press("table a").await;
    let case = browser.page.current_url().await.unwrap();
    browser.press(".mk-language button[lang]").await;
    assert!(browser.text().await.contains("What do you want to do?"), "{}", browser.text().await);
    assert_eq!(browser.page.current_url().await.unwrap().path(), case.path().replace("/nl/", "/en/"));
    picture(&browser, "desk-english").await;
    browser.press(".mk-acts a[href$=note]").await;
    assert_eq!(browser.heading().await, "Write a note");
    browser.page.goto(format!("{origin}/")).await.unwrap();
    assert_eq!(browser.heading().await, "Your cases");
    browser.press("nav form button").await;
    assert_eq!(browser.heading().await, "Your desk is locked");
    browser.press(".mk-language button[lang]").await;
    assert_eq!(browser.heading().await, "Uw werkplek is vergrendeld");
    browser.quit().await;
}

#[actix_web::test]
async fn nobody_else_gets_in() {
    let service = Service::start(None).await;
    let (link, origin) = desk(&service, READER, Duration::from_mins(10));
    let http = served::client(&link).redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let status = |request: reqwest::RequestBuilder| async { request.send().await.unwrap().status().as_u16() };
    assert_eq!(status(http.get(format!("{origin}/nl/inbox"))).await, 403, "without the link");
    assert_eq!(status(http.get(format!("{origin}/open/{}", "0".repeat(64)))).await, 403, "with a guessed one");
    let entered = http.get(&link).send().await.unwrap();
    let cookie = entered.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    assert!(entered.headers()["set-cookie"].to_str().unwrap().contains("HttpOnly; SameSite=Strict"));
    assert_eq!(status(http.get(&link)).await, 403, "the link works once");
    let get = || http.get(format!("{origin}/nl/inbox")).header("cookie", &cookie);
    assert_eq!(status(get()).await, 200);
    assert_eq!(status(get().header("host", "evil.example")).await, 403, "by another name");
    // Another program on this machine sees neither the cookie nor a way to have something done.
    let name = origin.trim_start_matches("http://").split('.').next().unwrap();
    assert!(name.len() == 32 && !entered.headers()["set-cookie"].to_str().unwrap().contains("Domain"));
    assert_eq!(status(get().header("sec-fetch-site", "same-site")).await, 403);
    assert_eq!(status(get().header("sec-fetch-site", "same-origin")).await, 200);
    let post = || http.post(format!("{origin}/nl/lock")).header("cookie", &cookie);
    assert_eq!(status(post()).await, 403, "a POST that does not say where it comes from");
    assert_eq!(status(post().header("origin", "http://evil.example")).await, 403);
    assert_eq!(status(post().header("origin", &origin)).await, 303);
    let language = || http.post(format!("{origin}/en/language")).header("cookie", &cookie);
    assert_eq!(status(language()).await, 403, "nor is the language changed from elsewhere");
    let led = language().header("origin", &origin).header("referer", "http://evil.example/nl/x").send().await.unwrap();
    assert_eq!(led.headers()["location"], "/en/inbox");
    let page = get().send().await.unwrap();
    assert_eq!(page.headers()["cache-control"], "no-store");
    assert!(!page.text().await.unwrap().contains("<script"));
}

/// Every page of the desk, with what is wrong on some of them.
async fn every_page(eye: &mut Eye, link: &str, lang: &str) {
    let page = |path: &str| absolute(link, &format!("/{lang}/{path}"));
    eye.go(&page("inbox"), &format!("{lang} desk inbox")).await;
    if eye.browser.page.find(By::Css("#passphrase")).await.is_ok() {
        eye.press("main form button", &format!("{lang} desk inbox")).await;
    }
    eye.go(&page("training"), &format!("{lang} desk training")).await;
    eye.go(&page("keys"), &format!("{lang} desk keys")).await;
    eye.press("#try button", &format!("{lang} desk keys wrong")).await;
    eye.go(&page("inbox?q=niets&state=all"), &format!("{lang} desk nothing found")).await;
    eye.go(&page("inbox?state=all"), &format!("{lang} desk all")).await;
    let case = eye.browser.page.find(By::Css("table a")).await.unwrap().attr("href").await.unwrap().unwrap();
    let case = absolute(link, &case);
    eye.go(&case, &format!("{lang} desk case")).await;
    for act in ["acknowledge", "ask", "reply", "feedback", "note", "close"] {
        eye.go(&format!("{case}/{act}"), &format!("{lang} desk {act}")).await;
    }
    eye.go(&format!("{case}/reply"), &format!("{lang} desk reply")).await;
    eye.press("main form button", &format!("{lang} desk reply wrong")).await;
    eye.go(&format!("{case}/close"), &format!("{lang} desk close")).await;
    eye.browser.write("#text", "Klaar").await;
    eye.press("main form button", &format!("{lang} desk close sure")).await;
    eye.go(&format!("{case}/hand-over"), &format!("{lang} desk hand-over")).await;
    eye.press("main form button", &format!("{lang} desk hand-over wrong")).await;
    eye.go(&case, &format!("{lang} desk case")).await;
    for name in ["lijst.txt", "brief.pdf", "kapot.pdf"] {
        eye.browser.page.goto(&case).await.unwrap();
        let file = eye.browser.page.find(By::PartialLinkText(name)).await.unwrap();
        let file = absolute(link, &file.attr("href").await.unwrap().unwrap());
        eye.go(&file, &format!("{lang} desk file {name}")).await;
    }
    eye.go(&page("case/nothing"), &format!("{lang} desk not found")).await;
}

/// The guide of a manager, who was chosen to read.
async fn managers_pages(service: &Service, make: Make, library: String, script: &str) -> Eye {
    Browser::new(&service.base).report_to(STORY, &[("manager", guide::MANAGER)]).await;
    let (link, _) = desk(service, guide::MANAGER, Duration::from_mins(10));
    let mut eye = Eye::open(make, library, script.to_owned()).await;
    eye.browser.page.goto(&link).await.unwrap();
    eye.press("main a[href='/nl/inbox']", "desk manager locked").await;
    eye.press("main form button", "desk manager inbox").await;
    eye.press("table a", "desk guide").await;
    eye.press("main form button", "desk manager case").await;
    eye
}

async fn looked_at(make: Make, library: String, script: &str) {
    let service = Service::start(None).await;
    let reporter = Browser::new(&service.base);
    let (code, _) = reporter.report(&format!("{STORY} {}", "Lang".repeat(60)), &[]).await;
    for (name, bytes) in [("lijst.txt", b"regel".to_vec()), ("brief.pdf", pdf(3)), ("kapot.pdf", b"%PDF-1".to_vec())] {
        assert_eq!(reporter.upload(&code, name, bytes).await.status, 200);
    }
    let (link, _) = desk(&service, READER, Duration::from_mins(10));
    let mut eye = Eye::open(make, library, script.to_owned()).await;
    eye.go(&link, "desk entered").await;
    eye.press("main a[href='/nl/inbox']", "desk locked").await;
    for lang in ["nl", "en"] {
        every_page(&mut eye, &link, lang).await;
    }
    let manager = managers_pages(&service, make, eye.library.clone(), script).await;
    eye.found.extend(manager.found);
    manager.browser.quit().await;
    assert!(eye.pages > 30, "{} pages were looked at", eye.pages);
    assert!(eye.found.is_empty(), "{}", eye.found.join("\n"));
    eye.browser.quit().await;
}

#[actix_web::test]
async fn axe_finds_nothing_on_any_page_of_the_desk() {
    looked_at(Make::Looking, axe(), AXE).await;
}

#[actix_web::test]
async fn at_400_percent_no_page_of_the_desk_scrolls_sideways() {
    looked_at(Make::Zoomed, String::new(), WIDE).await;
}

#[actix_web::test]
async fn between_narrow_and_wide_no_word_of_the_desk_is_torn() {
    looked_at(Make::Looking, TORN.to_owned(), WHOLE).await;
}
