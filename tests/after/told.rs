//! What a page or a command says before and instead of an act: what the end of a case ends, who opened it, and why something is not for somebody.
use super::{
    READER, Service,
    advice::{ADVISER, made, passed_on},
    letter, letter_of,
    local::Local,
    opened, opened_by_both, with_text,
};

const COORDINATOR: &str = "bzk-coordinator";
const NEW: &str = "bzk-leidinggevende-1";

#[actix_web::test]
async fn closing_names_a_legal_duty_that_it_ends() {
    let (service, case) = opened_by_both().await;
    let page = async || {
        let desk = Local::desk(&service, READER).await;
        desk.post(&format!("/nl/case/{case}/close"), &[("text", "Klaar"), ("send", "yes")]).await.1
    };
    assert!(!page().await.contains("Er is om een overdracht gevraagd die de wet eist."));
    let duty = ["ask-duty", &case, "--to", NEW, "--ground", "court_order", "--reference", "C/13/1"];
    let asked = with_text(&service, READER, &duty).await;
    service.desk("bzk-functionaris-2", &["approve-duty", &case, &asked]).await.unwrap();
    let said = page().await;
    assert!(said.contains("Er is om een overdracht gevraagd die de wet eist."), "{said}");
}

#[actix_web::test]
async fn a_coordinator_reads_that_who_had_opened_a_case_left() {
    let (service, _, _, case) = opened().await;
    letter(&service, "acknowledge", &case).await.unwrap();
    let state = async || service.desk_words(COORDINATOR, &["overview"]).await.unwrap();
    assert!(!state().await.contains("Opened by somebody who left"));
    service.desk(READER, &["leave", &case]).await.unwrap();
    let said = state().await;
    assert!(said.contains("Opened by somebody who left") && !said.contains("Not opened yet"), "{said}");
    let (_, page) = Local::desk(&service, COORDINATOR).await.get("/nl/overview").await;
    assert!(page.contains("Geopend door iemand die wegging"), "{page}");
}

#[actix_web::test]
async fn who_oversees_is_told_what_they_have_instead_on_each_page() {
    let (service, _, _, case) = opened().await;
    let desk = Local::desk(&service, COORDINATOR).await;
    for path in ["/nl/away".to_owned(), format!("/nl/case/{case}"), format!("/nl/case/{case}/note")] {
        let (status, page) = desk.get(&path).await;
        assert!(status == 403 && page.contains("Een coördinator leest geen meldingen"), "{path}: {status} {page}");
    }
}

#[actix_web::test]
async fn the_inbox_of_a_command_says_that_its_reader_is_away() {
    let service = Service::start(None).await;
    let inbox = async || service.desk_words(READER, &["inbox"]).await.unwrap();
    assert!(!inbox().await.contains("You are away"));
    let until = meldkluis::clock::Clock::System.today().plus_days(3).to_string();
    service.desk(READER, &["away", "--until", &until]).await.unwrap();
    assert!(inbox().await.contains(&format!("You are away until {until}.")));
}

#[actix_web::test]
async fn what_cannot_be_carried_out_any_more_says_why_at_its_address() {
    let service = Service::start(None).await;
    let (_, advice, _) = made(&service).await;
    let asked = with_text(&service, ADVISER, &["ask-consent", &advice, "--to", "bzk-functionaris-3"]).await;
    let desk = Local::desk(&service, ADVISER).await;
    let pages = [format!("/nl/case/{advice}/pass-on"), format!("/nl/case/{advice}/hand-over/{asked}")];
    for page in &pages {
        // Looking at it does nothing: it leads to the case, which has the button.
        let (status, html) = desk.get(page).await;
        assert!(status == 200 && html.contains("Geef het door"), "{page}: {status} {html}");
    }
    letter_of(&service, ADVISER, "close", &advice).await.unwrap();
    for page in &pages {
        let (status, html) = desk.get(page).await;
        let says = html.contains("Deze zaak is afgesloten. U kunt nog een notitie schrijven");
        assert!(status == 409 && says && html.contains(&format!("/nl/case/{advice}\"")), "{page}: {status} {html}");
    }
    let (status, html) = desk.post(&pages[0], &[("do", "yes")]).await;
    assert!(status == 409 && html.contains("Deze zaak is afgesloten."), "{status} {html}");
    let refused = service.desk(ADVISER, &["pass-on", &advice]).await.unwrap_err();
    assert!(refused.contains("this case is closed"), "{refused}");
}

#[actix_web::test]
async fn who_has_nothing_to_pass_on_reads_why() {
    let (service, _, _, case) = opened().await;
    let (status, html) = Local::desk(&service, READER).await.get(&format!("/nl/case/{case}/pass-on")).await;
    assert!(status == 409 && html.contains("De melder heeft hier geen melding van gemaakt"), "{status} {html}");
    // Who reads what went along, and no more, is not the one.
    let (_, advice, _) = passed_on(&service).await;
    service.desk(READER, &["read", &advice]).await.unwrap();
    let (status, html) = Local::desk(&service, READER).await.get(&format!("/nl/case/{advice}/pass-on")).await;
    assert!(status == 409 && html.contains("U leest hier wat de melder meegaf, en niet meer"), "{status} {html}");
}
