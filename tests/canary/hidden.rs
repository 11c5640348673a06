//! What the canary's organisation is kept out of.
use crate::support::{Browser, Page, Service, files_in};

const READER: &str = "kanarie-lezer";
const PATH: &str = "/nl/report";

/// Answers pages up to the one that tells how it went.
async fn walk(browser: &Browser, answers: &[&[(&str, &str)]]) -> Page {
    let mut page = browser.get(PATH).await;
    for answer in answers {
        page = browser.answer(PATH, &page, &[*answer, &[("go", "next")]].concat()).await;
    }
    page
}

/// Files a report with the canary and returns its code.
pub(crate) async fn file(browser: &Browser) -> String {
    let answers: [&[(&str, &str)]; 7] = [
        &[],
        &[("want", "report")],
        &[("org", "kanarie")],
        &[("topic", "other")],
        &[],
        &[("story", "Dit is een proefmelding.")],
        &[],
    ];
    let page = walk(browser, &answers).await;
    let code = page.code();
    let page = browser.answer(PATH, &page, &[("go", "next")]).await;
    let page = browser.answer(PATH, &page, &[("code", &code), ("go", "next")]).await;
    assert!(page.html.contains("veilig aangekomen"), "{}", page.title());
    code
}

#[tokio::test]
async fn no_page_shows_it_and_advice_is_not_given_there() {
    let service = Service::start(None).await;
    let browser = Browser::new(&service.base);
    let chosen = walk(&browser, &[&[], &[("want", "report")]]).await;
    assert!(chosen.html.contains("org-bzk") && !chosen.html.contains("kanarie") && !chosen.html.contains("Proefmeld"));
    let people =
        walk(&browser, &[&[], &[("want", "report")], &[("org", "kanarie")], &[("topic", "retaliation")]]).await;
    assert!(people.html.contains("Lezer van proefmeldingen"), "{}", people.title());
    assert!(!people.html.contains("Extern meldpunt"), "nobody from outside is named");
    let advice = walk(&browser, &[&[], &[("want", "advice")], &[("org", "kanarie")], &[("topic", "other")], &[]]).await;
    assert_eq!(advice.status, 422, "there is nobody to ask");
    let struck = [("strike", READER)];
    let answers: [&[(&str, &str)]; 5] =
        [&[], &[("want", "report")], &[("org", "kanarie")], &[("topic", "other")], &struck];
    assert!(walk(&browser, &answers).await.title().contains("niemand"), "nobody is left");
}

#[tokio::test]
async fn its_mailbox_leads_nowhere_further_and_withdrawing_destroys_what_was_opened() {
    let service = Service::start(None).await;
    let browser = Browser::new(&service.base);
    let code = file(&browser).await;
    for target in ["retaliation", "identity", "report", "outside"] {
        let page = browser.with_code("/nl/mailbox/more", &code, Some(1), &[("to", target)]).await;
        assert!(!page.html.contains("name=\"step\""), "{target}: {}", page.title());
        assert!(!page.html.contains(&format!("value=\"{target}\"")), "no button for {target}");
    }
    let case = service.desk(READER, &["inbox"]).await.unwrap()[0]["case"].as_str().unwrap().to_owned();
    service.desk(READER, &["read", &case]).await.unwrap();
    assert!(browser.upload(&code, "proef.txt", b"proef".to_vec()).await.status == 200);
    assert_eq!(files_in(&service.path("data/payloads")), 1);
    let sure = browser.mailbox(&code, None, &[("act", "sure")]).await;
    assert!(sure.html.contains("Dit is een test van de dienst"), "{}", sure.title());
    let gone = browser.mailbox(&code, None, &[("act", "withdraw")]).await;
    assert!(gone.html.contains("Wij hebben alles vernietigd"), "{}", gone.title());
    assert_eq!(browser.mailbox(&code, None, &[]).await.status, 422, "the code opens nothing any more");
    assert_eq!(service.desk(READER, &["inbox"]).await.unwrap(), serde_json::json!([]));
    assert_eq!(files_in(&service.path("data/payloads")), 0);
}

#[tokio::test]
async fn what_others_read_stays_when_it_was_opened() {
    let service = Service::start(None).await;
    let browser = Browser::new(&service.base);
    let (code, _) = browser.report("Een verhaal", &[]).await;
    let reader = "bzk-functionaris-1";
    let case = service.desk(reader, &["inbox"]).await.unwrap()[0]["case"].as_str().unwrap().to_owned();
    service.desk(reader, &["read", &case]).await.unwrap();
    browser.mailbox(&code, None, &[("act", "withdraw")]).await;
    assert_eq!(browser.mailbox(&code, None, &[]).await.status, 200, "only the canary's is destroyed");
}
