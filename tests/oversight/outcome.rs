//! What came of a case does not contradict itself, and what was said of it before stays until somebody takes it back.
use serde_json::{Value, json};

use crate::{COORDINATOR, OTHER, READER, filed, support::Service};

async fn row(service: &Service) -> Value {
    service.desk(COORDINATOR, &["register"]).await.unwrap()[0]["row"].clone()
}

#[actix_web::test]
async fn flags_stay_until_somebody_takes_them_back() {
    let service = Service::start(None).await;
    let (_, case) = filed(&service).await;
    let classify = ["classify", &case, "--type", "fin", "--assessment", "accepted"];
    let closing = ["--closing", "--investigation", "internal", "--finding", "partly", "--measure", "warning"];
    let flags = ["--flag", "pattern", "--flag", "minor"];
    service.desk(READER, &[&classify[..], &flags].concat()).await.unwrap();
    service.desk(OTHER, &[&classify[..], &closing].concat()).await.unwrap();
    assert_eq!(row(&service).await["closing"]["flags"], json!(["minor", "pattern"]));
    let taken_back = ["--flag", "urgent", "--no-flag", "minor"];
    service.desk(READER, &[&classify[..], &closing, &taken_back].concat()).await.unwrap();
    assert_eq!(row(&service).await["closing"]["flags"], json!(["pattern", "urgent"]));
}

#[actix_web::test]
async fn an_outcome_that_contradicts_itself_is_refused_by_the_names_of_the_two() {
    let service = Service::start(None).await;
    let (_, case) = filed(&service).await;
    let words = ["classify", &case, "--type", "fin", "--assessment", "withdrawn", "--closing"];
    let outcome = ["--investigation", "internal", "--finding", "established", "--measure", "dismissal"];
    let refused = service.desk(READER, &[&words[..], &outcome].concat()).await.unwrap_err();
    assert_eq!(refused, "These cannot both be: Withdrawn and Established. Change one of the two.");
    let looked = ["--investigation", "internal", "--finding", "undeterminable", "--measure", "none"];
    let refused = service.desk(READER, &[&words[..], &looked].concat()).await.unwrap_err();
    assert!(refused.contains("Withdrawn and Internal"), "{refused}");
    let flags = ["--flag", "urgent", "--no-flag", "urgent"];
    let assess = ["classify", &case, "--type", "fin", "--assessment", "accepted"];
    let refused = service.desk(READER, &[&assess[..], &flags].concat()).await.unwrap_err();
    assert!(refused.contains("given and taken back at once") && !refused.contains("\"urgent\""), "{refused}");
    assert!(service.desk(COORDINATOR, &["register"]).await.unwrap().as_array().unwrap().is_empty(), "nothing was sent");
}
