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

#[actix_web::test]
async fn a_case_that_one_left_is_not_there_and_says_so() {
    let (service, _, _, case) = opened().await;
    let desk = Local::desk(&service, READER).await;
    service.desk(READER, &["leave", &case]).await.unwrap();
    let never = "0c7e2f4a-7d0e-4b53-9f3c-6f1e6f0d6a11";
    for path in ["", "/readers", "/note", "/protocol", "/readers/leave"] {
        for case in [case.as_str(), never] {
            let (status, page) = desk.get(&format!("/nl/case/{case}{path}")).await;
            assert!(status == 404 && page.contains("Dit is er niet voor u"), "{path}: {status}");
            assert!(page.contains("/nl/inbox\"") && !page.contains(&format!("/nl/case/{case}\"")), "{path}: {page}");
        }
    }
}

/// What a page leaves empty that a person sees: a heading, a box, a question.
fn empty(page: &str) -> Vec<String> {
    let mut found = Vec::new();
    for tag in ["h1", "h2", "h3", "legend", "label", "summary", "dt", "dd", "li", "p", "div", "button", "a"] {
        for piece in page.split(&format!("<{tag}")).skip(1).filter(|piece| piece.starts_with(['>', ' '])) {
            // Up to the next of its kind: what holds another is not empty.
            let (head, rest) = piece.split_once('>').unwrap();
            let inside = rest.split_once(&format!("</{tag}>")).map_or(rest, |(inside, _)| inside);
            if inside.trim().is_empty() && !head.contains(" hidden") {
                found.push(format!("<{tag}{head}>"));
            }
        }
    }
    found
}

#[actix_web::test]
async fn no_heading_and_no_box_is_empty() {
    let (service, browser, code, case) = opened().await;
    let file = service.path("reason.txt");
    std::fs::write(&file, "Een reden").unwrap();
    let file = file.to_str().unwrap();
    let new = "bzk-leidinggevende-1";
    for words in [
        &["classify", &case, "--type", "fin", "--assessment", "accepted"][..],
        &["protocol", &case, "vooronderzoek"],
        &["step", &case, "onafhankelijk"],
        &["ask-consent", &case, "--to", new, "--file", file],
        &["ask-duty", &case, "--to", new, "--ground", "report_of_crime_162sv", "--file", file],
        &["take-out", &case, THIRD, "--file", file],
    ] {
        service.desk(READER, words).await.unwrap();
    }
    service.desk(SECOND, &["read", &case]).await.unwrap();
    service.desk(SECOND, &["confirm-take-out", &case, THIRD]).await.unwrap();
    let talk = [("act", "talk-send"), ("text", "Dinsdag")];
    browser.mailbox(&code, None, &talk).await;
    let desk = Local::desk(&service, READER).await;
    let paths =
        ["", "/readers", "/readers/leave", "/readers/take-out", "/protocol", "/readers/duty", "/hand-over", "/proof"];
    for closed in [false, true] {
        for path in paths.iter().chain(&["/classify", "/outcome", "/note"]) {
            let (status, page) = desk.get(&format!("/nl/case/{case}{path}")).await;
            assert!(empty(&page).is_empty(), "{path}, {status}: {:?}", empty(&page));
        }
        let (_, page) = desk.get("/nl/inbox").await;
        assert!(empty(&page).is_empty(), "{:?}", empty(&page));
        if !closed {
            browser.mailbox(&code, None, &[("act", "withdraw")]).await;
            letter(&service, "close", &case).await.unwrap();
        }
    }
    let mailbox = browser.mailbox(&code, None, &[]).await.html;
    assert!(empty(&mailbox).is_empty(), "{:?}", empty(&mailbox));
    let coordinator = Local::desk(&service, "bzk-coordinator").await;
    for path in ["/nl/overview", "/nl/register", "/nl/log", &format!("/nl/watch/{case}")] {
        let (_, page) = coordinator.get(path).await;
        assert!(empty(&page).is_empty(), "{path}: {:?}", empty(&page));
    }
}
