//! What a page or a command says before and instead of an act: what the end of a case ends, who opened it, and why something is not for somebody.
use super::{READER, Service, letter, local::Local, opened, opened_by_both, with_text};

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
