//! The desk's pages by address: what cannot be done is refused with the reason and its true status, before anything is typed.
use meldkluis::{desk::Identity, seal::code::print_words};

use crate::{
    GUEST, READER, card_file, copy, in_days,
    local::Local,
    mailbox, reading_along,
    signed::change,
    support::{Browser, Service},
    with_text,
};

#[actix_web::test]
async fn each_page_by_address_tells_a_guest_that_a_guest_cannot_do_it() {
    let service = Service::start(None).await;
    let (_, _, case, card) = reading_along(&service).await;
    let desk = Local::with(&service, GUEST, Some(card.into())).await;
    for act in [
        "acknowledge",
        "feedback",
        "close",
        "classify",
        "outcome",
        "protocol",
        "hand-over",
        "readers/duty",
        "readers/guest",
        "readers/take-out",
        "account",
    ] {
        let (status, page) = desk.get(&format!("/nl/case/{case}/{act}")).await;
        assert_eq!(status, 403, "{act}: {page}");
        assert!(page.contains("Een gast kan dit niet.") && !page.contains("<textarea"), "{act}: {page}");
    }
    let (status, page) = desk.get("/nl/away").await;
    assert!(status == 403 && page.contains("Een gast kan dit niet."), "{status}: {page}");
    let other = [("other", case.as_str()), ("how", "linked"), ("do", "yes")];
    assert_eq!(desk.post(&format!("/nl/case/{case}/link"), &other).await.0, 403);
}

#[actix_web::test]
async fn a_page_has_the_status_of_what_went_wrong() {
    let service = Service::start(None).await;
    let browser = Browser::new(&service.base);
    browser.report("Het verhaal", &[]).await;
    let case = service.desk(READER, &["inbox"]).await.unwrap()[0]["case"].as_str().unwrap().to_owned();
    let desk = Local::desk(&service, READER).await;
    let get = async |path: String| desk.get(&path).await.0;
    assert_eq!(get(format!("/nl/case/{case}")).await, 200);
    assert_eq!(get(format!("/nl/case/{case}/account")).await, 409, "it is no oral report");
    assert_eq!(get("/nl/oral".to_owned()).await, 200);
    assert_eq!(get("/nl/overview".to_owned()).await, 403, "who is no overseer");
    assert_eq!(get("/nl/case/0c7e2f4a-7d0e-4b53-9f3c-6f1e6f0d6a11".to_owned()).await, 404);
    assert_eq!(desk.post(&format!("/nl/case/{case}/protocol"), &[("begin", "geen")]).await.0, 404);
    let step = [("step", "beoordelen")];
    assert_eq!(desk.post(&format!("/nl/case/{case}/protocol"), &step).await.0, 404, "none was begun");
    desk.post(&format!("/nl/case/{case}/protocol"), &[("begin", "vooronderzoek")]).await;
    assert_eq!(desk.post(&format!("/nl/case/{case}/protocol"), &[("begin", "vooronderzoek")]).await.0, 409);
}

/// A later roster has somebody of the guest's name, or of one that looks like it. Both are told why it ended and what to do, and that helps.
#[actix_web::test]
async fn a_guest_whose_name_the_roster_has_later_reads_along_again_under_another() {
    let service = Service::start(None).await;
    let (_, code, case, card) = reading_along(&service).await;
    let moved = tempfile::tempdir().unwrap();
    copy(service.folder.path(), moved.path());
    change(moved.path(), "nl = \"Functionaris integriteit 3\"", "nl = \"Auditdienst \u{43e}nderzoeker\"");
    let service = Service::found(moved, None, service.clock.today()).await;
    let refused = service.desk(GUEST, &["--card", &card, "inbox"]).await.unwrap_err();
    assert!(refused.contains("a new card under another name"), "{refused}");
    let said = service.desk_words(READER, &["read", &case]).await.unwrap();
    assert!(said.contains("Reads along no longer:") && said.contains("a new card under another name"), "{said}");
    let desk = Local::desk(&service, READER).await;
    let (_, page) = desk.get(&format!("/nl/case/{case}")).await;
    assert!(page.contains("Leest niet meer mee:") && page.contains("een nieuwe kaart met een andere naam"), "{page}");

    let words = words_of(&service, GUEST);
    let public = service.path(&format!("{GUEST}.toml"));
    let about = ["--shown-as", "Rijksrecherche", "--until", &in_days(30), "--words", &words];
    let made = [&["invite", &case, "--public", public.to_str().unwrap()][..], &about].concat();
    let card = card_file(&service, &service.desk(READER, &made).await.unwrap());
    let asked =
        with_text(&service, READER, &["ask-consent", &case, "--guest", &card], "Onder deze naam").await.unwrap();
    let asked = asked["item"].as_str().unwrap();
    mailbox(&Browser::new(&service.base), &code, &[("act", "consent-yes"), ("request", asked)]).await;
    service.desk(READER, &["hand-over", &case, asked]).await.unwrap();
    let theirs = service.desk_words(GUEST, &["--card", &card, "read", &case]).await.unwrap();
    assert!(theirs.contains("Het verhaal") && theirs.contains("Rijksrecherche, guest until"), "{theirs}");
    let said = service.desk_words(READER, &["read", &case]).await.unwrap();
    assert!(!said.contains("Reads along no longer:"), "{said}");
}

fn words_of(service: &Service, name: &str) -> String {
    let me = Identity::load(&service.path(&format!("readers/{name}.key")), || unreachable!()).unwrap();
    print_words(&me.keyed()).join(" ")
}

#[actix_web::test]
async fn who_reads_one_file_is_offered_nothing_of_what_the_whole_case_asks() {
    let service = Service::start(None).await;
    let (browser, other) = (Browser::new(&service.base), "buiten-functionaris-1");
    let (code, _) = browser.report("Het verhaal", &[]).await;
    browser.upload(&code, "foto.png", vec![3; 1000]).await;
    let case = service.desk(READER, &["inbox"]).await.unwrap()[0]["case"].as_str().unwrap().to_owned();
    let items = service.desk(READER, &["read", &case]).await.unwrap()["items"].clone();
    let file = items.as_array().unwrap().iter().find(|item| item["kind"] == "file").unwrap()["item"].clone();
    let words = ["ask-consent", &case, "--to", other, "--item", file.as_str().unwrap()];
    let asked = with_text(&service, READER, &words, "Kijkt naar de foto").await.unwrap();
    let asked = asked["item"].as_str().unwrap();
    mailbox(&browser, &code, &[("act", "consent-yes"), ("request", asked)]).await;
    service.desk(READER, &["hand-over", &case, asked]).await.unwrap();
    for (who, whole) in [(READER, true), (other, false)] {
        let (_, page) = Local::desk(&service, who).await.get(&format!("/nl/case/{case}")).await;
        for act in ["feedback", "close", "classify", "outcome", "protocol"] {
            assert_eq!(page.contains(&format!("/case/{case}/{act}\"")), whole, "{who} {act}");
        }
        assert_eq!(page.contains("U leest een deel van deze zaak"), !whole, "{who}");
        assert!(page.contains(&format!("/case/{case}/reply\"")) && page.contains(&format!("/case/{case}/note\"")));
        let said = service.desk_words(who, &["read", &case]).await.unwrap();
        assert_eq!(said.contains("You read a part of this case"), !whole, "{said}");
    }
}
