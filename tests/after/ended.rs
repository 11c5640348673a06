//! After the end nothing leads to what cannot be done: leaving, taking out, what the law demands, a protocol.
use super::{READER, Service, letter, local::Local, opened};

const SECOND: &str = "bzk-functionaris-2";
const THIRD: &str = "bzk-functionaris-3";

/// The others leave a case, so that one reader is the last.
async fn alone(service: &Service, case: &str) {
    for other in [SECOND, THIRD] {
        service.desk(other, &["read", case]).await.unwrap();
        service.desk(other, &["leave", case]).await.unwrap();
    }
}

#[actix_web::test]
async fn the_last_reader_is_not_sent_to_ask_for_another() {
    let (service, browser, code, case) = opened().await;
    alone(&service, &case).await;
    let desk = Local::desk(&service, READER).await;
    let leave = format!("/nl/case/{case}/readers/leave");
    let asks = format!("/case/{case}/hand-over\"");
    let (_, before) = desk.get(&leave).await;
    assert!(before.contains("Vraag eerst of een andere lezer erbij mag") && before.contains(&asks), "{before}");
    // Who withdrew is asked nothing.
    browser.mailbox(&code, None, &[("act", "withdraw")]).await;
    let (_, withdrawn) = desk.get(&leave).await;
    assert!(withdrawn.contains("er kan niemand meer bij") && !withdrawn.contains(&asks), "{withdrawn}");
    letter(&service, "close", &case).await.unwrap();
    let (status, after) = desk.get(&leave).await;
    assert!(status == 200 && after.contains("er kan niemand meer bij"), "{after}");
    assert!(
        !after.contains("Vraag eerst") && !after.contains(&asks) && !after.contains("Ja, verlaat de zaak"),
        "{after}"
    );
    let refused = service.desk(READER, &["leave", &case]).await.unwrap_err();
    assert!(refused.contains("nobody can join") && !refused.contains("comes first"), "{refused}");
}

#[actix_web::test]
async fn where_nobody_can_be_taken_out_no_form_asks_for_it() {
    let (service, _, _, case) = opened().await;
    let desk = Local::desk(&service, READER).await;
    let (out, readers) = (format!("/nl/case/{case}/readers/take-out"), format!("/nl/case/{case}/readers"));
    assert!(desk.get(&readers).await.1.contains(&format!("{out}\"")));
    assert!(desk.get(&out).await.1.contains(&format!("who-{SECOND}")));
    alone(&service, &case).await;
    for closed in [false, true] {
        if closed {
            letter(&service, "close", &case).await.unwrap();
        }
        let (_, page) = desk.get(&readers).await;
        assert!(!page.contains(&out), "{page}");
        let (status, page) = desk.get(&out).await;
        assert!(status == 200 && page.contains("Er is niemand die u eruit kunt halen"), "{page}");
        assert!(!page.contains("name=\"text\"") && page.contains(&format!("{readers}\"")), "{page}");
    }
}

#[actix_web::test]
async fn a_closed_case_has_no_empty_sections_and_no_day_that_is_due() {
    let (service, _, _, case) = opened().await;
    service.desk(READER, &["protocol", &case, "vooronderzoek"]).await.unwrap();
    let desk = Local::desk(&service, READER).await;
    let (readers, protocol) = (format!("/nl/case/{case}/readers"), format!("/nl/case/{case}/protocol"));
    let sections = ["Iemand erbij omdat de wet het eist", "Iemand erbij, als de melder dat goedvindt"];
    let (_, page) = desk.get(&readers).await;
    assert!(sections.iter().all(|section| page.contains(section)), "{page}");
    assert!(desk.get(&protocol).await.1.contains("Voor of op "));
    letter(&service, "close", &case).await.unwrap();
    let (_, page) = desk.get(&readers).await;
    assert!(!sections.iter().any(|section| page.contains(section)), "{page}");
    assert!(page.contains("Iemand uit de zaak halen"), "that can still be done");
    let (status, page) = desk.get(&protocol).await;
    assert!(status == 200 && page.contains("Niet gedaan") && !page.contains("Voor of op "), "{page}");
    assert!(!page.contains("tweede lezer"), "{page}");
    let steps = service.desk_words(READER, &["step", &case]).await.unwrap();
    assert!(steps.contains("not done") && !steps.contains("  by "), "{steps}");
}
