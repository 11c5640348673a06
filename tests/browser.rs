//! The main job in real browsers with scripting off: Chromium, and Firefox set as Tor Browser at its safest.
#![cfg(all(feature = "server", feature = "desk", unix))]
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]
mod support;
#[path = "support/webdriver.rs"]
mod webdriver;

use std::path::PathBuf;

use support::{Service, postgres::Postgres};
use thirtyfour::By;
use webdriver::{Make, RealBrowser};

const STORY: &str = "Er is iets gebeurd <b>& meer. CANARY-BROWSER";
const STRUCK: &str = "bzk-functionaris-2";
const READER: &str = "bzk-functionaris-1";
const NEXT: &str = "main form p button[value=next]";

/// Reload on the page it stands on: the same page, and what was typed before is still there.
async fn reloaded(browser: &RealBrowser) {
    let heading = browser.heading().await;
    browser.reload().await;
    assert_eq!(browser.heading().await, heading);
}

async fn main_job(make: Make, database: Option<String>) {
    let service = Service::start(database).await;
    let browser = RealBrowser::start(make).await;
    browser.page.goto(format!("{}/nl/report", service.base)).await.unwrap();
    let choices: [(&str, &[&str]); 5] = [
        ("", &[]),
        ("", &["#want-report"]),
        ("", &["#org-bzk"]),
        ("", &["#topic-money"]),
        ("", &["#strike-bzk-functionaris-2"]),
    ];
    for (_, boxes) in choices {
        reloaded(&browser).await;
        for css in boxes {
            browser.click(css).await;
        }
        let heading = browser.heading().await;
        browser.press(NEXT).await;
        // The browser's own Back has what was chosen; its Forward leads on.
        browser.back().await;
        assert_eq!(browser.heading().await, heading);
        for css in boxes {
            let chosen = browser.page.find(By::Css(*css)).await.unwrap().is_selected().await.unwrap();
            assert!(chosen, "{css} is still chosen");
        }
        browser.forward().await;
        assert_ne!(browser.heading().await, heading);
    }
    reloaded(&browser).await;
    browser.write("#story", STORY).await;
    browser.write("#who", "Iemand").await;
    browser.press(NEXT).await;

    // Page 7: reloaded, gone back from and come back to, it still has the story.
    reloaded(&browser).await;
    let story = || async { browser.page.find(By::Name("story")).await.unwrap().prop("value").await.unwrap().unwrap() };
    assert_eq!(story().await, STORY);
    browser.back().await;
    assert_eq!(browser.heading().await, "Uw verhaal");
    assert_eq!(story().await, STORY, "the browser's own Back has what was typed");
    browser.forward().await;
    assert_eq!(story().await, STORY);
    let text = browser.text().await;
    let (readers, excluded) = text.split_once("Wie niet mag lezen").unwrap();
    assert!(!readers.contains("Functionaris integriteit 2") && excluded.contains("Functionaris integriteit 2"));
    browser.press(NEXT).await;

    // Page 8: the same code after a reload.
    let code = words(&browser).await;
    reloaded(&browser).await;
    assert_eq!(words(&browser).await, code);
    browser.press(NEXT).await;
    reloaded(&browser).await;
    browser.back().await;
    assert_eq!(words(&browser).await, code, "Back from page 9 shows the same code");
    browser.forward().await;
    browser.write("#code", &code).await;
    browser.press(NEXT).await;
    assert!(browser.text().await.contains("veilig aangekomen"));
    reloaded(&browser).await;

    let files = some_files(&service);
    for (path, _) in &files {
        browser.write("#file", path.to_str().unwrap()).await;
        browser.press("button[value=file]").await;
        assert!(browser.text().await.contains("Uw bestand is toegevoegd"), "{}", browser.text().await);
    }
    answered(&service, &files).await;
    browser.press("button[value=open]").await;
    assert!(browser.text().await.contains("Dank u voor uw verhaal."));
    browser.quit().await;
}

#[actix_web::test]
async fn a_message_that_is_being_typed_survives_a_file_without_script() {
    let service = Service::start(None).await;
    let (code, _) = support::Browser::new(&service.base).report("Verhaal", &[]).await;
    for make in [Make::Chromium, Make::Firefox] {
        let browser = RealBrowser::start(make).await;
        browser.page.goto(format!("{}/nl/mailbox", service.base)).await.unwrap();
        browser.write("#code", &code).await;
        browser.press("main form button").await;
        let typed = "Nog \"iets\" & <b>meer";
        let draft =
            || async { browser.page.find(By::Css("#text")).await.unwrap().prop("value").await.unwrap().unwrap() };
        browser.write("#text", typed).await;
        browser.press("button[value=file]").await;
        assert!(browser.text().await.contains("Kies eerst een bestand"), "{make:?} {}", browser.text().await);
        assert_eq!(draft().await, typed, "{make:?}: no file");
        let path = service.path("klein.txt");
        std::fs::write(&path, "bijlage").unwrap();
        browser.write("#file", path.to_str().unwrap()).await;
        browser.press("button[value=file]").await;
        assert!(browser.text().await.contains("Uw bestand is toegevoegd"), "{make:?} {}", browser.text().await);
        assert_eq!(draft().await, typed, "{make:?}: a file was added");
        // Sent with another file chosen, the message goes alone and the page says so.
        browser.write("#file", path.to_str().unwrap()).await;
        browser.press("button[value=write]").await;
        let text = browser.text().await;
        assert!(text.contains("Uw bericht is verstuurd") && text.contains("niet meegestuurd"), "{make:?} {text}");
        assert_eq!(draft().await, "", "{make:?}");
        browser.quit().await;
    }
    let case = service.desk(READER, &["inbox"]).await.unwrap()[0]["case"].as_str().unwrap().to_owned();
    let read = service.desk(READER, &["read", &case]).await.unwrap();
    let items = read["items"].as_array().unwrap();
    assert_eq!(items.len(), 5, "the report, and of each browser a file and a message: {read}");
    assert_eq!(items.iter().filter(|item| item["text"] == "Nog \"iets\" & <b>meer").count(), 2);
}

/// The words of page 8, as a person writes them down.
async fn words(browser: &RealBrowser) -> String {
    let mut words = Vec::new();
    for word in browser.page.find_all(By::Css(".mk-code li")).await.unwrap() {
        words.push(word.text().await.unwrap().split_whitespace().last().unwrap().to_owned());
    }
    assert_eq!(words.len(), 12);
    words.join(" ")
}

/// A PDF, a photo, and a file of 300 MB, with their bytes.
fn some_files(service: &Service) -> Vec<(PathBuf, Vec<u8>)> {
    let noise = |length: u32| -> Vec<u8> {
        (0..length).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8 ^ (n >> 16) as u8).collect()
    };
    let kinds = [
        ("stuk.pdf", b"%PDF-1.7\n".as_slice(), 90_000),
        ("foto.jpg", b"\xff\xd8\xff\xe0", 2_000_000),
        ("groot.bin", b"", 300_000_000),
    ];
    let make = |(name, start, length): (&str, &[u8], u32)| {
        let path = service.path(name);
        let bytes = [start, &noise(length)].concat();
        std::fs::write(&path, &bytes).unwrap();
        (path, bytes)
    };
    kinds.map(make).into()
}

/// The desk opens everything, every byte matches, the struck person finds nothing; it answers.
async fn answered(service: &Service, files: &[(PathBuf, Vec<u8>)]) {
    let case = service.desk(READER, &["inbox"]).await.unwrap()[0]["case"].as_str().unwrap().to_owned();
    assert_eq!(service.desk(STRUCK, &["inbox"]).await.unwrap(), serde_json::json!([]));
    let saved = service.path("saved");
    let read = service.desk(READER, &["read", &case, "--save", saved.to_str().unwrap()]).await.unwrap();
    assert_eq!(read["items"][0]["story"]["story"], STORY);
    assert!(read["items"].as_array().unwrap().iter().all(|i| i["proven"] == true));
    for (path, bytes) in files {
        let got = std::fs::read(saved.join(path.file_name().unwrap())).unwrap();
        assert!(got == *bytes, "every byte of {} matches", path.display());
    }
    let text = service.path("answer.txt");
    std::fs::write(&text, "Dank u voor uw verhaal.").unwrap();
    service.desk(READER, &["acknowledge", &case, "--file", text.to_str().unwrap()]).await.unwrap();
}

#[actix_web::test]
async fn the_main_job_in_chromium_without_script_on_sqlite() {
    main_job(Make::Chromium, None).await;
}

#[actix_web::test]
async fn the_main_job_in_firefox_at_its_safest_on_postgresql() {
    let postgres = Postgres::start();
    main_job(Make::Firefox, Some(postgres.database("browser"))).await;
}

#[actix_web::test]
async fn firefox_shows_our_refusal_of_a_file_over_the_limit() {
    let service = Service::with(None, |config| config.max_file_bytes = 1_000_000).await;
    let (code, _) = support::Browser::new(&service.base).report("Groot", &[]).await;
    let browser = RealBrowser::start(Make::Firefox).await;
    browser.page.goto(format!("{}/nl/mailbox", service.base)).await.unwrap();
    browser.write("#code", &code).await;
    browser.press("main form button").await;
    let path = service.path("groot.bin");
    std::fs::write(&path, vec![7; 40_000_000]).unwrap();
    browser.write("#file", path.to_str().unwrap()).await;
    browser.press("button[value=file]").await;
    let text = browser.text().await;
    assert!(text.contains("976 KiB") && text.contains("Uw melding staat er nog"), "{text}");
    browser.quit().await;
}
