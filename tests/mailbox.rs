//! What a reporter's mailbox says is so: files that arrived, terms that exist, people who can still answer.
#![cfg(all(feature = "server", feature = "desk"))]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]
mod support;

use support::{Browser, Page, Service};

const READER: &str = "bzk-functionaris-1";

async fn mailbox(browser: &Browser, code: &str, more: &[(&str, &str)]) -> Page {
    let mut fields = vec![("code".to_owned(), code.to_owned())];
    fields.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    browser.post("/nl/mailbox", &fields).await
}

/// A letter of a reader.
async fn letter(service: &Service, act: &str, case: &str) -> Result<serde_json::Value, String> {
    let file = service.path("letter.txt");
    std::fs::write(&file, "Een brief").unwrap();
    service.desk(READER, &[act, case, "--file", file.to_str().unwrap()]).await
}

#[actix_web::test]
async fn a_file_that_was_not_chosen_is_not_said_to_have_arrived() {
    let service = Service::start(None).await;
    let browser = Browser::new(&service.base);
    let (code, _) = browser.report("Een verhaal", &[]).await;
    let none = browser.upload(&code, "", Vec::new()).await;
    assert!(none.status == 422 && none.html.contains("Kies eerst een bestand"), "{}", none.title());
    assert_eq!(support::files_in(&service.path("data/payloads")), 0);
}

#[actix_web::test]
async fn a_closed_case_takes_nothing_that_nobody_would_answer() {
    let service = Service::start(None).await;
    let browser = Browser::new(&service.base);
    let (code, _) = browser.report("Een verhaal", &[]).await;
    let case = service.desk(READER, &["inbox"]).await.unwrap()[0]["case"].as_str().unwrap().to_owned();
    letter(&service, "acknowledge", &case).await.unwrap();
    let again = letter(&service, "acknowledge", &case).await.unwrap_err();
    assert!(again.contains("acknowledged before"), "{again}");
    letter(&service, "close", &case).await.unwrap();
    let twice = letter(&service, "close", &case).await.unwrap_err();
    assert!(twice.contains("this case is closed"), "{twice}");
    let page = mailbox(&browser, &code, &[]).await;
    assert!(page.html.contains("Uw zaak is afgesloten") && !page.html.contains("id=\"file\""));
    let write = [("act", "write"), ("text", "Nog iets")];
    assert!(!mailbox(&browser, &code, &write).await.html.contains("Uw bericht is verstuurd"));
    let late = browser.upload(&code, "a.txt", vec![1; 10]).await;
    assert!(!late.html.contains("Uw bestand is toegevoegd"), "{}", late.title());
}

#[actix_web::test]
async fn advice_has_no_legal_term_and_the_page_names_none() {
    let service = Service::start(None).await;
    let browser = Browser::new(&service.base);
    let path = "/nl/report";
    let mut page = browser.get(path).await;
    let answers: [&[(&str, &str)]; 7] = [
        &[],
        &[("want", "advice")],
        &[("org", "bzk")],
        &[("topic", "other")],
        &[("adviser", "bzk-vertrouwenspersoon-1")],
        &[("story", "Een vraag")],
        &[],
    ];
    for answer in answers {
        page = browser.answer(path, &page, &[answer, &[("go", "next")]].concat()).await;
    }
    let code = page.code();
    page = browser.answer(path, &page, &[("go", "next")]).await;
    page = browser.answer(path, &page, &[("code", &code), ("go", "next")]).await;
    assert!(page.html.contains("veilig aangekomen"), "{}", page.title());
    assert!(!page.html.contains("U hoort iets van ons voor of op"));
}

#[actix_web::test]
async fn whom_a_reporter_excluded_stands_on_the_page_that_checks() {
    let service = Service::start(None).await;
    let browser = Browser::new(&service.base);
    let path = "/nl/report";
    let mut page = browser.get(path).await;
    let answers: [&[(&str, &str)]; 6] = [
        &[],
        &[("want", "report")],
        &[("org", "bzk")],
        &[("topic", "retaliation")],
        &[("strike", "bzk-functionaris-2")],
        &[("story", "Een verhaal")],
    ];
    for (n, answer) in answers.into_iter().enumerate() {
        if n == 4 {
            assert!(page.html.contains("Mag niet lezen: Functionaris integriteit 2"));
            assert!(
                !page.html.contains("Leest alleen mee als er bij het versturen"),
                "outside reads at once for this topic"
            );
        }
        page = browser.answer(path, &page, &[answer, &[("go", "next")]].concat()).await;
    }
    let (_, struck) = page.html.split_once("Wie niet mag lezen").unwrap();
    assert!(struck.split("</dl>").next().unwrap().contains("Functionaris integriteit 2"));
}

#[cfg(unix)]
#[actix_web::test]
async fn a_reporter_reads_that_the_reserve_joined_and_that_we_are_late() {
    let folder = tempfile::tempdir().unwrap();
    let settings = support::child::settings(folder.path(), None);
    let mut program = support::child::Program::start(folder.path(), &settings);
    let (code, page) = Browser::new(&program.base).report("Een verhaal", &[]).await;
    assert!(!page.html.contains("kan het nu ook lezen") && !page.html.contains("Dit is te laat"));
    program.kill();
    let today = meldkluis::clock::Clock::System.today();
    let service = Service::found(folder, None, today.plus_days(4)).await;
    let page = mailbox(&Browser::new(&service.base), &code, &[]).await;
    assert!(page.html.contains("Daarom kan Functionaris integriteit 4 het nu ook lezen"), "{}", page.html);
    assert!(!page.html.contains("Dit is te laat"));
}

#[cfg(unix)]
#[actix_web::test]
async fn after_the_seventh_day_a_reporter_reads_that_we_are_late() {
    let folder = tempfile::tempdir().unwrap();
    let settings = support::child::settings(folder.path(), None);
    let mut program = support::child::Program::start(folder.path(), &settings);
    let (code, _) = Browser::new(&program.base).report("Een verhaal", &[]).await;
    program.kill();
    let today = meldkluis::clock::Clock::System.today();
    let service = Service::found(folder, None, today.plus_days(8)).await;
    let page = mailbox(&Browser::new(&service.base), &code, &[]).await;
    assert!(page.html.contains("Dit is te laat") && page.html.contains("/nl/info/external"));
}

/// The law asks for feedback once: what is promised after that would be a date that nobody set.
#[actix_web::test]
async fn once_feedback_was_given_no_date_is_promised_any_more() {
    let service = Service::start(None).await;
    let browser = Browser::new(&service.base);
    let (code, page) = browser.report("Het verhaal", &[]).await;
    assert!(page.html.contains("U hoort iets van ons voor of op"));
    let reader = "bzk-functionaris-1";
    let owed = async || service.desk(reader, &["inbox"]).await.unwrap()[0]["owed"].clone();
    let case = service.desk(reader, &["inbox"]).await.unwrap()[0]["case"].as_str().unwrap().to_owned();
    assert_eq!(owed().await, "acknowledge_if_report");
    let file = service.path("text.txt");
    std::fs::write(&file, "Wij nemen uw melding in behandeling").unwrap();
    for (act, then, promised) in [("acknowledge", "feedback", true), ("feedback", "fed_back", false)] {
        service.desk(reader, &[act, &case, "--file", file.to_str().unwrap()]).await.unwrap();
        let page = browser.mailbox(&code, None, &[]).await;
        assert_eq!(page.html.contains("U hoort iets van ons voor of op"), promised, "{act}");
        assert_eq!(page.html.contains("Terugkoppeling gegeven op"), !promised, "{act}");
        assert_eq!(owed().await, then);
    }
    service.desk(reader, &["close", &case, "--file", file.to_str().unwrap()]).await.unwrap();
    assert!(owed().await.is_null());
}

#[actix_web::test]
async fn advice_is_called_so_in_the_inbox_and_owes_nothing() {
    let service = Service::start(None).await;
    let adviser = "bzk-vertrouwenspersoon-1";
    Browser::new(&service.base).advice("Een vraag", adviser).await;
    let inbox = async || service.desk(adviser, &["inbox"]).await.unwrap()[0].clone();
    let case = inbox().await["case"].as_str().unwrap().to_owned();
    assert!(inbox().await["advice"].is_null(), "what was not opened is not known");
    service.desk(adviser, &["read", &case]).await.unwrap();
    let seen = inbox().await;
    assert!(seen["advice"] == true && seen["owed"].is_null(), "{seen}");
}
