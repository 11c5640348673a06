//! Advice of which its reporter made a report.
use serde_json::Value;

use crate::support::{Browser, Service};

pub(crate) const ADVISER: &str = "bzk-vertrouwenspersoon-1";
const OFFICER: &str = "bzk-functionaris-1";
const MORE: &str = "/nl/mailbox/more";

/// The cases in a reader's inbox.
pub(crate) async fn cases(service: &Service, reader: &str) -> Vec<String> {
    let inbox = service.desk(reader, &["inbox"]).await.unwrap();
    inbox.as_array().unwrap().iter().map(|case| case["case"].as_str().unwrap().to_owned()).collect()
}

/// The code, and the cases of the advice and of the report. The story may go along, and nothing is passed on yet.
pub(crate) async fn made(service: &Service) -> (String, String, String) {
    let browser = Browser::new(&service.base);
    let before = [cases(service, ADVISER).await, cases(service, OFFICER).await].concat();
    let new = async |reader| cases(service, reader).await.into_iter().find(|case| !before.contains(case)).unwrap();
    let code = browser.advice("EERSTE-VERHAAL", ADVISER).await;
    let advice = new(ADVISER).await;
    let mut page = browser.with_code(MORE, &code, Some(0), &[("to", "report")]).await;
    let answers: [&[(&str, &str)]; 3] = [&[("topic", "money")], &[("along", "story"), ("text", "KORT")], &[]];
    for answer in answers {
        page = browser.answer(MORE, &page, &[answer, &[("go", "next")]].concat()).await;
    }
    assert!(page.html.contains("veilig aangekomen"), "{}", page.title());
    let report = new(OFFICER).await;
    (code, advice, report)
}

/// The same, passed on.
pub(crate) async fn passed_on(service: &Service) -> (String, String, String) {
    let made = made(service).await;
    service.desk(ADVISER, &["pass-on", &made.1]).await.unwrap();
    made
}

/// Runs a command that takes a text.
pub(crate) async fn with_text(service: &Service, reader: &str, words: &[&str]) -> Result<Value, String> {
    let file = service.path("text.txt");
    std::fs::write(&file, "Praat erover").unwrap();
    let words: Vec<&str> = words.iter().copied().chain(["--file", file.to_str().unwrap()]).collect();
    service.desk(reader, &words).await
}

/// The reporter agrees that somebody reads the advice.
pub(crate) async fn handed_over(service: &Service, code: &str, advice: &str, to: &str) {
    let asked = with_text(service, ADVISER, &["ask-consent", advice, "--to", to]).await.unwrap();
    agreed(service, code, advice, &asked).await;
}

/// The same, of what was asked before.
pub(crate) async fn agreed(service: &Service, code: &str, advice: &str, asked: &Value) {
    let request = asked["item"].as_str().unwrap();
    Browser::new(&service.base).mailbox(code, Some(0), &[("act", "consent-yes"), ("request", request)]).await;
    service.desk(ADVISER, &["hand-over", advice, request]).await.unwrap();
}
