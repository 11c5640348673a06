//! What the law demands, while its day has not come and after the end: nobody is sent to do what cannot be done.
use super::{Browser, READER, Service, local::Local, opened};

const SECOND: &str = "bzk-functionaris-2";
const NEW: &str = "bzk-leidinggevende-1";
const EARLY: &str = "can be handed over from";
const OVER: &str = "the case was closed before";

/// A duty that a second reader approved, and of which the reporter wrote something since; its item.
async fn approved(service: &Service, browser: &Browser, code: &str, case: &str) -> String {
    let file = service.path("reason.txt");
    std::fs::write(&file, "Een misdrijf").unwrap();
    let ground = ["--ground", "report_of_crime_162sv", "--file", file.to_str().unwrap()];
    let asked = service.desk(READER, &[&["ask-duty", case, "--to", NEW], &ground[..]].concat()).await.unwrap();
    let asked = asked["item"].as_str().unwrap().to_owned();
    service.desk(SECOND, &["read", case]).await.unwrap();
    service.desk(SECOND, &["approve-duty", case, &asked]).await.unwrap();
    browser.mailbox(code, None, &[("act", "write"), ("text", "Dit brengt mij in gevaar")]).await;
    asked
}

#[actix_web::test]
async fn before_its_day_the_day_is_said_and_not_that_yes_would_help() {
    let (service, browser, code, case) = opened().await;
    let asked = approved(&service, &browser, &code, &case).await;
    for more in [&[][..], &["--yes"]] {
        let refused = service.desk(READER, &[&["hand-over", &case, &asked], more].concat()).await.unwrap_err();
        assert!(refused.contains(EARLY) && !refused.contains("--yes"), "{refused}");
    }
}

#[actix_web::test]
async fn after_the_end_it_is_over_and_nothing_is_offered() {
    let (service, browser, code, case) = opened().await;
    let asked = approved(&service, &browser, &code, &case).await;
    let other = approved(&service, &browser, &code, &case).await;
    let before = service.desk_words(SECOND, &["read", &case]).await.unwrap();
    assert!(before.contains(EARLY) && !before.contains(OVER), "{before}");
    super::letter(&service, "close", &case).await.unwrap();
    for (by, words) in [
        (READER, &["hand-over", &case, &asked][..]),
        (READER, &["hand-over", &case, &asked, "--yes"]),
        (READER, &["approve-duty", &case, &other]),
    ] {
        let refused = service.desk(by, words).await.unwrap_err();
        let one = refused.contains("this case is closed") || refused.contains("another reader");
        assert!(one && !refused.contains(EARLY) && !refused.contains("--yes"), "{words:?}: {refused}");
    }
    let read = service.desk_words(SECOND, &["read", &case]).await.unwrap();
    assert!(read.contains(OVER) && !read.contains(EARLY) && !read.contains("still has to approve"), "{read}");
    let desk = Local::desk(&service, SECOND).await;
    for page in [format!("/nl/case/{case}/readers"), format!("/nl/case/{case}")] {
        let (_, page) = desk.get(&page).await;
        assert!(!page.contains("overdragen kan vanaf") && !page.contains("mk-carry-out"), "{page}");
        assert!(!page.contains("mk-approve") && !page.contains("moet dit nog goedvinden"), "{page}");
    }
    let (_, page) = desk.get(&format!("/nl/case/{case}/readers")).await;
    assert!(page.contains("De zaak is afgesloten voordat"), "{page}");
}
