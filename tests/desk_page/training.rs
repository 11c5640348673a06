//! The first use leads to an exercise, which is marked as one and leaves nothing behind.
use std::time::Duration;

use thirtyfour::By;

use crate::{
    READER, absolute, desk, entered, picture,
    support::Service,
    webdriver::{Make, RealBrowser},
};

const PASSPHRASE: &str = "vier losse woorden hier";

#[actix_web::test]
async fn a_new_reader_practises_with_a_case_that_only_their_key_opens() {
    let service = Service::start(None).await;
    let (link, _) = desk(&service, "nieuw", Duration::from_mins(10));
    let browser = RealBrowser::start(Make::Chromium).await;
    browser.page.goto(&link).await.unwrap();
    browser.press("main a[href='/nl/inbox']").await;
    for (css, text) in [("#name", "bzk-nieuw-1"), ("#passphrase", PASSPHRASE), ("#again", PASSPHRASE)] {
        browser.write(css, text).await;
    }
    browser.press("main form button").await;
    browser.press("main a[href='/nl/training']").await;
    assert_eq!(browser.heading().await, "Oefening: een zaak openen");
    // They typed it twice just now; behind the lock it is asked for.
    browser.press("main form button").await;
    assert!(browser.text().await.contains("met uw sleutel geopend"), "{}", browser.text().await);
    browser.page.goto(absolute(&link, "/nl/keys")).await.unwrap();
    browser.press("nav form button").await;
    browser.page.goto(absolute(&link, "/nl/training")).await.unwrap();
    browser.write("#passphrase", "iets anders dan dat").await;
    browser.press("main form button").await;
    assert!(browser.text().await.contains("Deze wachtzin is niet goed."), "{}", browser.text().await);
    browser.write("#passphrase", PASSPHRASE).await;
    browser.press("main form button").await;
    let text = browser.text().await;
    for part in
        ["Oefening.", "met uw sleutel geopend", "koopt een collega laptops", "Bevestig de ontvangst, binnen 7 dagen"]
    {
        assert!(text.contains(part), "{part} is not in: {text}");
    }
    assert!(!text.contains("Niet bewezen"));
    picture(&browser, "desk-training").await;
    browser.quit().await;
    // Nothing of it reached the server or stayed on this machine.
    let pool = sqlx::SqlitePool::connect(&service.database).await.unwrap();
    let items: (i64,) = sqlx::query_as("select count(*) from item").fetch_one(&pool).await.unwrap();
    assert_eq!(items, (0,));
    assert_eq!(crate::support::files_in(&service.path("readers")), readers_files(&service) + 1);
}

/// The keys of the demo's readers.
fn readers_files(service: &Service) -> usize {
    let keys = std::fs::read_dir(service.path("readers")).unwrap();
    keys.filter(|entry| !entry.as_ref().unwrap().file_name().to_str().unwrap().starts_with("nieuw")).count()
}

#[actix_web::test]
async fn every_page_says_that_it_is_a_training_or_an_example() {
    for (service, says) in [
        (Service::in_training(|_| {}).await, "Training. Dit zijn geen echte meldingen."),
        (Service::start(None).await, "Voorbeeld. Dit is niet voor echte meldingen."),
    ] {
        let (link, _) = desk(&service, READER, Duration::from_mins(10));
        let browser = entered(&link).await;
        for path in ["/nl/inbox", "/nl/training", "/nl/inbox?state=all"] {
            browser.page.goto(absolute(&link, path)).await.unwrap();
            assert_eq!(browser.page.find(By::Css(".mk-mode")).await.unwrap().text().await.unwrap(), says);
        }
        browser.press("header form button").await;
        assert_eq!(browser.heading().await, "Uw werkplek is vergrendeld");
        assert!(browser.page.find(By::Css(".mk-mode")).await.is_ok());
        browser.quit().await;
    }
}
