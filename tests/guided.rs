//! The guide of a manager names nobody who may not get the case, and comes first on the command line too.
#![cfg(all(feature = "server", feature = "desk"))]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]
#[path = "support/hostile.rs"]
mod evil;
mod support;

use evil::{RECORD, hostile, named};
use meldkluis::{
    api_types::{Adding, SentTo, SlotSent},
    domain::{
        case::{Act, CaseState},
        id::{CaseId, ItemId},
    },
    envelope::before_payload,
};
use support::{Browser, Service};
use uuid::Uuid;

const MANAGER: &str = "bzk-leidinggevende-1";
const FIRST: &str = "bzk-functionaris-1";
const SECOND: &str = "bzk-functionaris-2";
const GUIDE: &str = "First this: how to respond well";

async fn case(service: &Service) -> String {
    let inbox = service.desk(MANAGER, &["inbox"]).await.unwrap();
    inbox[0]["case"].as_str().unwrap().to_owned()
}

/// The steps of the guide that say to whom the case goes.
async fn to_whom(service: &Service, case: &str) -> String {
    let read = service.desk(MANAGER, &["read", case]).await.unwrap();
    let steps: Vec<&str> = read["guide"].as_array().unwrap().iter().map(|step| step.as_str().unwrap()).collect();
    steps.into_iter().find(|step| step.contains("within one working day")).unwrap().to_owned()
}

#[actix_web::test]
async fn story_26_read_shows_a_manager_the_guide_and_then_the_report() {
    let service = Service::start(None).await;
    Browser::new(&service.base).report_to("Er verdwijnt geld", &[("manager", MANAGER)]).await;
    let case = case(&service).await;
    let first = service.desk_words(MANAGER, &["read", &case]).await.unwrap();
    assert!(first.starts_with(GUIDE) && first.contains("- Do not look for who the reporter is."), "{first}");
    assert!(first.contains("same command again") && !first.contains("Er verdwijnt geld"), "{first}");
    assert!(first.contains("The case names them when you have read it"), "{first}");
    // They read how to respond, and not the report.
    assert_eq!(service.desk(FIRST, &["inbox"]).await.unwrap()[0]["state"], "unopened");
    let second = service.desk_words(MANAGER, &["read", &case]).await.unwrap();
    assert!(second.contains("Er verdwijnt geld") && !second.contains(GUIDE), "{second}");
    let officer = service.desk_words(FIRST, &["read", &case]).await.unwrap();
    assert!(officer.contains("Er verdwijnt geld") && !officer.contains(GUIDE), "an officer knows the work: {officer}");
    assert_eq!(service.desk(FIRST, &["read", &case]).await.unwrap()["guide"], serde_json::json!([]));
}

#[actix_web::test]
async fn the_guide_names_only_who_may_get_the_case() {
    let service = Service::start(None).await;
    let choice = [("manager", MANAGER), ("strike", FIRST)];
    Browser::new(&service.base).report_to("Er verdwijnt geld", &choice).await;
    let case = case(&service).await;
    let said = to_whom(&service, &case).await;
    assert!(said.contains("Integrity officer 2") && said.contains("read this report too"), "{said}");
    assert!(!said.contains("officer 1") && !said.contains("oordinator"), "{said}");
    service.desk(SECOND, &["read", &case]).await.unwrap();
    service.desk(SECOND, &["leave", &case, "--conflict"]).await.unwrap();
    let said = to_whom(&service, &case).await;
    assert!(!said.contains("officer 1") && !said.contains("officer 2"), "{said}");
}

#[actix_web::test]
async fn where_no_officer_reads_the_guide_names_who_may_be_asked_for() {
    const ADVISER: &str = "bzk-vertrouwenspersoon-1";
    let service = Service::start(None).await;
    let browser = Browser::new(&service.base);
    let code = browser.advice("In vertrouwen", ADVISER).await;
    let inbox = service.desk(ADVISER, &["inbox"]).await.unwrap();
    let advice = inbox[0]["case"].as_str().unwrap().to_owned();
    let file = service.path("why.txt");
    std::fs::write(&file, "Zij leidt het").unwrap();
    let ask = ["ask-consent", &advice, "--to", MANAGER, "--file", file.to_str().unwrap()];
    let asked = service.desk(ADVISER, &ask).await.unwrap()["item"].as_str().unwrap().to_owned();
    browser.mailbox(&code, Some(0), &[("act", "consent-yes"), ("request", &asked)]).await;
    service.desk(ADVISER, &["hand-over", &advice, &asked]).await.unwrap();
    let said = to_whom(&service, &advice).await;
    assert!(said.contains("whether one of these may read along") && said.contains("Integrity officer 1"), "{said}");
    assert!(!said.contains("adviser") && !said.contains("irector"), "no adviser and no manager: {said}");
}

#[actix_web::test]
async fn a_manager_leaves_the_end_to_the_officers_who_read_it() {
    let service = Service::start(None).await;
    Browser::new(&service.base).report_to("Er verdwijnt geld", &[("manager", MANAGER)]).await;
    let case = case(&service).await;
    service.desk(MANAGER, &["read", &case]).await.unwrap();
    let file = service.path("end.txt");
    std::fs::write(&file, "Klaar").unwrap();
    let close = ["close", &case, "--file", file.to_str().unwrap()];
    let refused = service.desk(MANAGER, &close).await.unwrap_err();
    assert!(refused.contains("they end it"), "{refused}");
    // Nor with a program of their own.
    let client = hostile(&service, MANAGER).await;
    let slots = vec![SlotSent { to: SentTo::Reader(named(&client, FIRST).keyed()), header: "AAAA".to_owned() }];
    let (item, log) = (ItemId::from_uuid(Uuid::from_u128(7)), Some(RECORD.to_owned()));
    let adding = Adding { item, act: Some(Act::Close), expected: CaseState::Open, slots, log };
    let sent = client.add(&CaseId::parse(&case).unwrap(), before_payload(&adding).unwrap()).await;
    assert!(sent.err().unwrap().to_string().contains("refused"));
    service.desk(FIRST, &["read", &case]).await.unwrap();
    service.desk(FIRST, &close).await.unwrap();
}
