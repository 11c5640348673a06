//! Every page about readers, as axe-core sees it and at 320 pixels.
use meldkluis::{desk::Identity, domain::id::ReaderId, seal::code::print_words};
use thirtyfour::By;

use crate::{
    READER, SECOND, THIRD, desk, filed,
    served::absolute,
    support::Service,
    webdriver::{
        Make,
        eye::{AXE, Eye, WIDE, axe},
    },
};

async fn looked_at(make: Make, library: String, script: &str) {
    let service = Service::start(None).await;
    let (_, _, case) = filed(&service).await;
    let file = service.path("reason.txt");
    std::fs::write(&file, format!("Een reden {}", "Lang".repeat(60))).unwrap();
    let reason = ["--file", file.to_str().unwrap()];
    let duty = ["ask-duty", &case, "--to", "bzk-leidinggevende-1", "--ground", "report_of_crime_162sv"];
    service.desk(THIRD, &[&duty[..], &reason].concat()).await.unwrap();
    service.desk(THIRD, &[&["take-out", &case, SECOND][..], &reason].concat()).await.unwrap();
    // A card that a reader made: its page is reached with the file alone.
    let name = ReaderId::parse("ad-onderzoeker").unwrap();
    let me = Identity::create(&service.path("guest.key"), name, None).unwrap();
    let (public, card) = (service.path("public.toml"), service.path("card.json"));
    std::fs::write(&public, me.public()).unwrap();
    let (until, words) = (service.clock.today().to_string(), print_words(&me.keyed()).join(" "));
    let about = ["--public", public.to_str().unwrap(), "--shown-as", "Gast", "--until", &until, "--words", &words];
    let made = service.desk(READER, &[&["invite", &case][..], &about].concat()).await.unwrap();
    std::fs::write(&card, made.to_string()).unwrap();
    let mut eye = Eye::open(make, library, script.to_owned()).await;
    let link = desk(&service, READER);
    eye.browser.page.goto(&link).await.unwrap();
    eye.browser.press("main a[href='/nl/inbox']").await;
    eye.browser.press("main form button").await;
    for lang in ["nl", "en"] {
        let at = |path: &str| absolute(&link, &format!("/{lang}/{path}"));
        eye.go(&at("inbox?done=left"), &format!("{lang} desk inbox left")).await;
        eye.go(&at("away"), &format!("{lang} desk away")).await;
        eye.press("button[value=away]", &format!("{lang} desk away wrong")).await;
        eye.go(&at(&format!("case/{case}")), &format!("{lang} desk case waits")).await;
        eye.go(&at("inbox?state=new"), &format!("{lang} desk inbox waits")).await;
        assert!(eye.browser.text().await.contains(if lang == "nl" { "Wacht op u: " } else { "Waits for you: " }));
        eye.go(&at(&format!("case/{case}/readers")), &format!("{lang} desk readers")).await;
        for page in ["readers/leave", "readers/take-out", "readers/duty", "readers/guest", "proof"] {
            eye.go(&at(&format!("case/{case}/{page}")), &format!("{lang} desk {page}")).await;
            eye.press("main form button", &format!("{lang} desk {page} wrong")).await;
            assert!(eye.browser.page.find(By::Css("[role=alert]")).await.is_ok(), "{page}");
        }
        eye.browser.page.goto(at(&format!("case/{case}/readers/guest"))).await.unwrap();
        eye.browser.write("#card-file", card.to_str().unwrap()).await;
        eye.press("#use button", &format!("{lang} desk guest card")).await;
        eye.press("#typed button", &format!("{lang} desk guest card wrong")).await;
    }
    // Keys that no roster has, in both languages.
    let new = ReaderId::parse("bzk-nieuw-1").unwrap();
    Identity::create(&service.path("readers/nieuw.key"), new, None).unwrap();
    let link = desk(&service, "nieuw");
    eye.browser.page.goto(&link).await.unwrap();
    eye.browser.press("main a[href='/nl/inbox']").await;
    eye.press("main form button", "nl desk unlisted").await;
    eye.press(".mk-language button[lang]", "en desk locked").await;
    eye.press("main form button", "en desk unlisted").await;
    assert_eq!(eye.browser.heading().await, "Your keys are not in the list of readers yet");
    eye.press("main a[href$=keys]", "en desk keys of nobody").await;
    assert!(eye.pages >= 36, "{} pages were looked at", eye.pages);
    assert!(eye.found.is_empty(), "{}", eye.found.join("\n"));
    eye.browser.quit().await;
}

#[actix_web::test]
async fn axe_finds_nothing_on_the_pages_about_readers() {
    looked_at(Make::Looking, axe(), AXE).await;
}

#[actix_web::test]
async fn at_400_percent_no_page_about_readers_scrolls_sideways() {
    looked_at(Make::Zoomed, String::new(), WIDE).await;
}
