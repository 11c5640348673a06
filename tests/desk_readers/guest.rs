//! A guest is invited on the page, and opens the page themselves.
use std::time::Duration;

use meldkluis::{desk::Identity, domain::id::ReaderId, seal::code::print_words};
use thirtyfour::By;

use crate::{
    READER, filed, readers,
    served::{absolute, desk, entered, picture},
    support::Service,
    value,
};

const GUEST: &str = "ad-onderzoeker";

#[actix_web::test]
async fn a_guest_is_invited_and_opens_the_desk_with_the_card_for_what_a_guest_can_do() {
    let service = Service::start(None).await;
    let (browser, code, case) = filed(&service).await;
    let me = Identity::create(&service.path(&format!("readers/{GUEST}.key")), ReaderId::parse(GUEST).unwrap(), None);
    let me = me.unwrap();
    let public = service.path("public.toml");
    std::fs::write(&public, me.public()).unwrap();
    let (reader, page) = readers(&service, READER, &case).await;
    reader.page.goto(format!("{page}/guest")).await.unwrap();
    reader.press("#use button").await;
    assert!(reader.text().await.contains("Kies eerst het bestand met de kaart."), "{}", reader.text().await);
    reader.write("#public-file", public.to_str().unwrap()).await;
    reader.write("#words", "dit zijn ze niet").await;
    reader.write("#name", "Auditdienst, onderzoeker").await;
    let date = service.clock.today().plus_days(30).date();
    let keys = format!("{:02}{:02}{}", date.month(), date.day(), date.year());
    reader.write("#until", &keys).await;
    reader.press("#typed button").await;
    assert!(reader.text().await.contains("Dit zijn niet de acht woorden"), "{}", reader.text().await);
    assert!(value(&reader, "#public").await.contains(GUEST), "the file is kept with what was typed");
    reader.page.find(By::Css("#words")).await.unwrap().clear().await.unwrap();
    reader.write("#words", &print_words(&me.keyed()).join(" ")).await;
    reader.press("#typed button").await;
    assert_eq!(reader.heading().await, "De kaart van de gast", "{}", reader.text().await);
    // A guest has neither the address of the server nor the root signers' keys.
    let command = format!("meldkluis-desk --server {} --root anchor.toml --identity", service.base);
    assert!(reader.text().await.contains(&command), "{}", reader.text().await);
    picture(&reader, "desk-guest-card").await;
    let card = service.path("card.json");
    std::fs::write(&card, value(&reader, "#save input[name=card]").await).unwrap();
    reader.press("#typed button").await;
    assert!(reader.text().await.contains("Geef een reden"), "{}", reader.text().await);
    reader.write("#text", "Zoekt het uit").await;
    reader.press("#typed button").await;
    let text = reader.text().await;
    assert!(text.contains("mag Auditdienst, onderzoeker, gast tot en met"), "{text}");
    let asked = browser.mailbox(&code, None, &[]).await;
    let request = asked.html.split("name=\"request\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    browser.mailbox(&code, None, &[("act", "consent-yes"), ("request", &request)]).await;
    reader.page.goto(&page).await.unwrap();
    reader.press(".mk-consent button").await;
    reader.page.goto(&page).await.unwrap();
    assert!(reader.page.find(By::Css("main ul")).await.unwrap().text().await.unwrap().contains("Auditdienst"));
    reader.quit().await;

    // Twice: the card is there after a lock as well.
    let link = desk(&service, GUEST, Some(card), Duration::from_mins(10));
    let guest = entered(&link).await;
    assert!(guest.page.find(By::Css("main a[href$=away]")).await.is_err(), "no place to be away from");
    guest.press("nav form button").await;
    guest.press("main form button").await;
    guest.page.goto(absolute(&link, &format!("/nl/case/{case}"))).await.unwrap();
    assert!(guest.text().await.contains("Het verhaal"), "{}", guest.text().await);
    for act in ["close", "hand-over", "acknowledge", "feedback", "classify", "outcome", "protocol"] {
        assert!(guest.page.find(By::Css(format!(".mk-acts a[href$={act}]"))).await.is_err(), "{act}");
    }
    assert!(guest.page.find(By::Css("#typed")).await.is_err());
    for act in ["acknowledge", "feedback", "close", "classify", "outcome", "protocol"] {
        guest.page.goto(absolute(&link, &format!("/nl/case/{case}/{act}"))).await.unwrap();
        assert!(guest.text().await.contains("Een gast kan dit niet."), "{act}: {}", guest.text().await);
    }
    guest.page.goto(absolute(&link, &format!("/nl/case/{case}"))).await.unwrap();
    for act in ["ask", "reply", "proof"] {
        assert!(guest.page.find(By::Css(format!(".mk-acts a[href$={act}]"))).await.is_ok(), "{act}");
    }
    guest.press(".mk-acts a[href$=note]").await;
    guest.write("#text", "Van de gast").await;
    guest.press("main form button").await;
    assert!(guest.text().await.contains("Auditdienst, onderzoeker, gast tot en met"), "{}", guest.text().await);
    guest.page.goto(absolute(&link, &format!("/nl/case/{case}/readers"))).await.unwrap();
    assert!(guest.page.find(By::Css("main a[href$=duty]")).await.is_err());
    assert!(guest.page.find(By::Css("main a[href$=leave]")).await.is_ok());
    // The keys' page is about the reader who lets them in: no coordinator knows them.
    guest.page.goto(absolute(&link, "/nl/keys")).await.unwrap();
    let text = guest.text().await;
    assert!(text.contains("Uw acht woorden") && text.contains("De lezer die u toelaat"), "{text}");
    assert!(!text.contains("coördinator") && !text.contains("Oefen met een zaak"), "{text}");
    guest.quit().await;
}
