//! A manager meets the guide before the report, and nowhere a way to look for who wrote it.
use std::{fs, path::Path, time::Duration};

use thirtyfour::By;

use crate::{
    READER, STORY, absolute, desk, entered, picture,
    support::{Browser, Service, stands_in},
};

pub(crate) const MANAGER: &str = "bzk-leidinggevende-1";
const GUIDE: &str = "Eerst dit: zo reageert u goed";

/// User story 26.
#[actix_web::test]
async fn story_26_respond_well_the_guide_comes_first() {
    let service = Service::start(None).await;
    let reporter = Browser::new(&service.base);
    let code = reporter.report_to(STORY, &[("manager", MANAGER)]).await;
    let (link, _) = desk(&service, MANAGER, Duration::from_mins(10));
    let browser = entered(&link).await;
    browser.press("table a").await;
    let case = browser.page.current_url().await.unwrap().to_string();
    assert_eq!(browser.heading().await, GUIDE);
    assert!(!browser.text().await.contains("Er verdwijnt geld"), "the report comes after it");
    assert!(browser.text().await.contains("Zoek niet uit wie de melder is."));
    picture(&browser, "desk-guide").await;
    // Whoever reads how to respond has not opened the report: nobody is told that they did.
    browser.reload().await;
    let state = async || service.desk(READER, &["inbox"]).await.unwrap()[0]["state"].clone();
    let log = async || service.desk("bzk-coordinator", &["log"]).await.unwrap()["entries"].to_string();
    let mailbox = reporter.mailbox(&code, None, &[]).await.html;
    assert!(mailbox.contains("Het is nog niet geopend."), "{mailbox}");
    assert_eq!(state().await, "unopened");
    assert!(!log().await.contains("\"opened\""), "{}", log().await);
    // Ticking is optional; what is ticked is remembered here, sealed, and nothing else is.
    browser.page.find(By::Css("#step-thank")).await.unwrap().click().await.unwrap();
    browser.press("main form button").await;
    let text = browser.text().await;
    assert!(text.contains("Er verdwijnt geld"), "{text}");
    assert!(text.contains("Laat dit over aan Functionaris integriteit 1, Functionaris integriteit 2"), "{text}");
    assert!(state().await == "open" && log().await.contains("\"opened\""), "{}", log().await);
    assert!(!stands_in(&service.path("readers"), b"thank"));
    browser.press("main a[href$='/guide']").await;
    assert_eq!(browser.heading().await, GUIDE);
    assert!(browser.text().await.contains("Functionaris integriteit 1"), "now it is known who reads it");
    browser.quit().await;
    let (link, _) = desk(&service, MANAGER, Duration::from_mins(10));
    let browser = entered(&link).await;
    browser.press("table a").await;
    assert!(browser.text().await.contains("Er verdwijnt geld"), "once for each case");
    browser.press("main a[href$='/guide']").await;
    let ticked = async |css: &str| browser.page.find(By::Css(css)).await.unwrap().is_selected().await.unwrap();
    assert!(ticked("#step-thank").await && !ticked("#step-listen").await);
    browser.quit().await;
    // An officer knows the work.
    let (link, _) = desk(&service, READER, Duration::from_mins(10));
    let browser = entered(&link).await;
    browser
        .page
        .goto(absolute(&link, case.split_once("/nl/").map(|(_, path)| format!("/nl/{path}")).as_deref().unwrap()))
        .await
        .unwrap();
    assert!(browser.text().await.contains("Er verdwijnt geld"));
    assert!(browser.page.find(By::Css("main a[href$='/guide']")).await.is_err());
    assert!(!browser.text().await.contains("Laat dit over aan"), "{}", browser.text().await);
    browser.quit().await;
}

/// The one search of the desk is for words in cases that were opened. No page and no address asks for a person.
#[test]
fn no_page_of_the_desk_searches_for_people_or_senders() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut searches = Vec::new();
    for page in fs::read_dir(folder.join("web/templates/desk")).unwrap() {
        let page = page.unwrap().path();
        let html = fs::read_to_string(&page).unwrap();
        let name = page.file_stem().unwrap().to_str().unwrap().to_owned();
        for sign in ["type=\"search\"", "role=\"search\"", "method=\"get\"", "<datalist"] {
            searches.extend(html.matches(sign).map(|_| format!("{name} {sign}")));
        }
    }
    searches.sort();
    assert_eq!(searches, ["inbox method=\"get\"", "inbox role=\"search\"", "inbox type=\"search\""]);
    let inbox = fs::read_to_string(folder.join("web/templates/desk/inbox.html")).unwrap();
    let asked: Vec<&str> = inbox.split(" name=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert_eq!(asked, ["q", "state"]);
    let routes = fs::read_to_string(folder.join("src/desk/page/mod.rs")).unwrap();
    for word in ["search", "sender", "people", "person", "author", "compare", "style"] {
        assert!(!routes.contains(&format!("/{word}")), "{word}");
    }
}
