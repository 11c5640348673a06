//! Cases that belong together: said in both, and told to those alone who read both.
#![cfg(all(feature = "server", feature = "desk"))]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]
mod support;

use serde_json::{Value, json};
use support::{Browser, Service};

const ONE: &str = "bzk-functionaris-1";
const TWO: &str = "bzk-functionaris-2";
const THREE: &str = "bzk-functionaris-3";

async fn items(service: &Service, reader: &str, case: &str) -> Vec<Value> {
    let read = service.desk(reader, &["read", case]).await.unwrap();
    read["items"].as_array().unwrap().clone()
}

/// What a reader is told of the other case: the last word.
async fn told(service: &Service, reader: &str, case: &str) -> Value {
    let links = items(service, reader, case).await.into_iter().rfind(|item| item["kind"] == "link");
    links.map_or(Value::Null, |l| json!([l["linked"], l["duplicate"], l["over"], l["proven"]]))
}

/// The reader's one case with this story.
async fn case_of(service: &Service, reader: &str, story: &str) -> String {
    for case in service.desk(reader, &["inbox"]).await.unwrap().as_array().unwrap() {
        let case = case["case"].as_str().unwrap();
        if items(service, reader, case).await[0]["story"]["story"] == story {
            return case.to_owned();
        }
    }
    unreachable!("no such case")
}

#[actix_web::test]
async fn linked_cases_are_told_to_readers_of_both_and_to_nobody_else() {
    let service = Service::start(None).await;
    let browser = Browser::new(&service.base);
    let (code, _) = browser.report("Eerste", &[]).await;
    browser.report("Tweede", &[TWO]).await;
    let (first, second) = (case_of(&service, ONE, "Eerste").await, case_of(&service, ONE, "Tweede").await);
    let before = items(&service, TWO, &first).await;
    let mailbox = browser.post("/nl/mailbox", &[("code".into(), code.clone())]).await.html.len();

    service.desk(ONE, &["link", &first, &second, "--duplicate"]).await.unwrap();
    for reader in [ONE, THREE] {
        assert_eq!(told(&service, reader, &first).await, json!([second, true, false, true]));
        assert_eq!(told(&service, reader, &second).await, json!([first, true, false, true]), "both say the same");
    }
    // A reader of one alone: the same items as before, and not even one more in the list of cases.
    assert_eq!(items(&service, TWO, &first).await, before);
    let inbox = service.desk(TWO, &["inbox"]).await.unwrap();
    assert_eq!((inbox.as_array().unwrap().len(), inbox[0]["items"].as_array().unwrap().len()), (1, 1));
    assert!(service.desk(TWO, &["link", &first, &second]).await.is_err(), "who reads one cannot link");
    assert_eq!(browser.post("/nl/mailbox", &[("code".into(), code)]).await.html.len(), mailbox, "nor the reporter");
    // The staff log says that it was done, and names neither case: two in a row would say that they belong together.
    let log = service.desk("bzk-auditor", &["log"]).await.unwrap();
    let entries = log["entries"].as_array().unwrap();
    let done: Vec<_> = entries.iter().filter(|e| e["record"]["deed"] == "linked").collect();
    assert!(done.len() == 2 && done.iter().all(|e| e["record"]["case"].is_null()), "{log}");
    assert!(entries.iter().all(|e| e["record"]["deed"] != "other"), "everything has its words: {log}");
    let both = |text: String| text.contains(&first) && text.contains(&second);
    assert!(!entries.iter().any(|e| both(e.to_string())));

    // Another word on the two does not take the place of the first unseen, from whichever of them it is said.
    for [one, other] in [[&first, &second], [&second, &first]] {
        let refused = service.desk(THREE, &["link", one, other]).await.unwrap_err();
        assert!(refused.contains("said before") && refused.contains("--undo"), "{refused}");
        service.desk(ONE, &["link", one, other, "--duplicate"]).await.unwrap();
        assert_eq!(told(&service, ONE, &first).await, json!([second, true, false, true]));
    }
    service.desk(THREE, &["link", &first, &second, "--undo"]).await.unwrap();
    assert_eq!(told(&service, ONE, &first).await, json!([second, false, true, true]));
    assert_eq!(told(&service, ONE, &second).await, json!([first, false, true, true]));
    assert!(service.desk(ONE, &["link", &first, &first]).await.is_err(), "a case is not its own duplicate");
}
