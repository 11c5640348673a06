//! The first use: keys, their words, a copy that is tried and the file for the coordinator, which stay within reach.
use std::time::Duration;

use thirtyfour::By;

use crate::{
    READER, absolute, desk, entered, picture, served,
    support::Service,
    webdriver::{Make, RealBrowser},
};

/// The eight words, as the page shows them.
async fn shown(browser: &RealBrowser) -> String {
    let mut words = Vec::new();
    for word in browser.page.find_all(By::Css(".mk-code li")).await.unwrap() {
        words.push(word.text().await.unwrap().split(' ').next_back().unwrap().to_owned());
    }
    words.join(" ")
}

/// The file for the coordinator, as the page's button gives it to this browser.
async fn public(browser: &RealBrowser, link: &str) -> String {
    let form = browser.page.find(By::Css("form[action$=public]")).await.unwrap();
    let address = absolute(link, &form.attr("action").await.unwrap().unwrap());
    let cookie = browser.page.get_named_cookie("meldkluis-desk").await.unwrap();
    let origin = link.split("/open/").next().unwrap();
    let sent = served::client(link).build().unwrap().post(address).header("origin", origin);
    let answer = sent.header("cookie", format!("meldkluis-desk={}", cookie.value)).send().await.unwrap();
    answer.text().await.unwrap()
}

#[actix_web::test]
async fn a_new_reader_makes_keys_tries_a_copy_and_gets_the_words_that_the_roster_shows() {
    let service = Service::start(None).await;
    let (link, _) = desk(&service, "nieuw", Duration::from_mins(10));
    let browser = RealBrowser::start(Make::Chromium).await;
    browser.page.goto(&link).await.unwrap();
    browser.press("main a[href='/nl/inbox']").await;
    assert_eq!(browser.heading().await, "Maak uw sleutels");
    browser.write("#name", "bzk-nieuw-1").await;
    browser.write("#passphrase", "vier losse woorden hier").await;
    browser.write("#again", "vier losse woorden daar").await;
    browser.press("main form button").await;
    assert!(browser.text().await.contains("De twee wachtzinnen zijn niet gelijk"));
    assert!(!service.path("readers/nieuw.key").exists());
    browser.write("#passphrase", "vier losse woorden hier").await;
    browser.write("#again", "vier losse woorden hier").await;
    browser.press("main form button").await;
    assert!(browser.text().await.contains("Uw sleutels zijn gemaakt"));
    picture(&browser, "desk-made").await;
    // The words are those of the keys, as the roster's keeper sees them.
    let passphrase = service.path("passphrase");
    std::fs::write(&passphrase, "vier losse woorden hier").unwrap();
    let file = passphrase.to_str().unwrap();
    let me = service.desk("nieuw", &["--passphrase-file", file, "whoami"]).await.unwrap();
    let words = me["words"].as_str().unwrap();
    assert_eq!(shown(&browser).await, words);
    // In the other language they are the same: whoever compares must see one answer. And the page is still there.
    browser.press(".mk-language button[lang]").await;
    assert_eq!((browser.heading().await.as_str(), shown(&browser).await.as_str()), ("Your keys", words));
    assert_eq!(public(&browser, &link).await, me["public"].as_str().unwrap());
    // So it is behind the lock: the passphrase is enough, for a new reader no server lets in.
    browser.press("nav form button").await;
    assert_eq!(browser.heading().await, "Your desk is locked");
    browser.press("main a[href$=keys]").await;
    browser.press(".mk-language button[lang]").await;
    browser.write("#passphrase", "vier losse woorden daar").await;
    browser.press("main form button").await;
    assert!(browser.text().await.contains("Deze wachtzin is niet goed."), "{}", browser.text().await);
    browser.write("#passphrase", "vier losse woorden hier").await;
    browser.press("main form button").await;
    assert_eq!((browser.heading().await.as_str(), shown(&browser).await.as_str()), ("Uw sleutels", words));
    assert!(browser.text().await.contains("U hebt nog geen kopie geprobeerd"));
    // No roster has these keys yet: who goes on is told what happens next, without the passphrase, and so is led back here.
    browser.press("main a[href='/nl/inbox']").await;
    assert_eq!(browser.heading().await, "Uw sleutels staan nog niet in de lijst met lezers");
    let text = browser.text().await;
    assert!(text.contains("Geef de coördinator") && text.contains("U hebt nog geen kopie geprobeerd"), "{text}");
    assert!(text.contains("Leest u in één zaak mee als gast?"), "{text}");
    browser.press("#typed button").await;
    assert_eq!(browser.heading().await, "Uw sleutels staan nog niet in de lijst met lezers", "nor to look again");
    picture(&browser, "desk-unlisted").await;
    browser.press("main a[href$=keys]").await;
    assert_eq!((browser.heading().await.as_str(), shown(&browser).await.as_str()), ("Uw sleutels", words));
    // A damaged copy is noticed, a good one works without the passphrase, and one that was sealed anew with it.
    let copy = service.path("kopie.key");
    let whole = std::fs::read(service.path("readers/nieuw.key")).unwrap();
    assert!(whole.starts_with(b"age-encryption.org/"), "protected with the passphrase");
    let passphrase = || age::secrecy::SecretString::from("vier losse woorden hier");
    let keys = age::decrypt(&age::scrypt::Identity::new(passphrase()), &whole).unwrap();
    let anew = age::encrypt(&age::scrypt::Recipient::new(passphrase()), &keys).unwrap();
    let (works, broken) = ("probeerde u een kopie. De kopie werkt.", "Deze kopie werkt niet");
    let other = "Deze kopie is een ander bestand dan dat van uw sleutels";
    for (bytes, typed, said) in [
        (&whole[..whole.len() - 3], false, other),
        (&whole[..whole.len() - 3], true, broken),
        (b"iets anders", false, broken),
        (&anew, false, other),
        (&anew, true, works),
        (&whole, false, works),
    ] {
        std::fs::write(&copy, bytes).unwrap();
        browser.write("#copy", copy.to_str().unwrap()).await;
        if typed {
            browser.write("#passphrase", "vier losse woorden hier").await;
        }
        browser.press("#try button").await;
        assert!(browser.text().await.contains(said), "{}", browser.text().await);
    }
    browser.quit().await;
}

/// The demo's own keys need no copy; whoever has keys of their own there is asked as everywhere.
#[actix_web::test]
async fn keys_with_a_passphrase_are_asked_for_a_copy_in_the_demo_too() {
    let service = Service::start(None).await;
    let path = service.path(&format!("readers/{READER}.key"));
    let recipient = age::scrypt::Recipient::new("vier losse woorden hier".to_owned().into());
    std::fs::write(&path, age::encrypt(&recipient, &std::fs::read(&path).unwrap()).unwrap()).unwrap();
    let (link, _) = desk(&service, READER, Duration::from_mins(10));
    let browser = RealBrowser::start(Make::Chromium).await;
    browser.page.goto(&link).await.unwrap();
    browser.press("main a[href='/nl/inbox']").await;
    browser.write("#passphrase", "vier losse woorden hier").await;
    browser.press("main form button").await;
    assert_eq!(browser.heading().await, "Uw sleutels");
    browser.quit().await;
}

/// A reader who made keys and never tried a copy is asked at each unlocking, and not once it worked.
#[actix_web::test]
async fn whoever_tried_no_copy_is_asked_until_one_works() {
    let service = Service::in_training(|_| {}).await;
    let (link, _) = desk(&service, READER, Duration::from_mins(10));
    let browser = entered(&link).await;
    for _ in 0..2 {
        assert_eq!(browser.heading().await, "Uw sleutels");
        browser.press("main a[href='/nl/inbox']").await;
        assert_eq!(browser.heading().await, "Uw zaken", "it stands in nobody's way");
        browser.press("nav form button").await;
        browser.press("main form button").await;
    }
    let key = service.path(&format!("readers/{READER}.key"));
    browser.write("#copy", key.to_str().unwrap()).await;
    browser.press("#try button").await;
    assert!(browser.text().await.contains("De kopie werkt."), "{}", browser.text().await);
    browser.press("nav form button").await;
    browser.press("main form button").await;
    assert_eq!(browser.heading().await, "Uw zaken");
    browser.press("nav a[href='/nl/keys']").await;
    let text = browser.text().await;
    assert!(text.contains("De kopie werkt.") && !text.contains("nog geen kopie"), "{text}");
    browser.quit().await;
}
