//! What the pages of a desk say: what a file is before it is fetched, what was kept, what is still to come.
#![cfg(all(feature = "server", feature = "desk", unix))]
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]
#[path = "support/local.rs"]
mod served;
mod support;
#[path = "desk_lock/visitor.rs"]
mod visitor;

use std::time::Duration;

use support::{Browser, Service};
use visitor::Visitor;

const READER: &str = "bzk-functionaris-1";
const STORY: &str = "Er verdwijnt geld uit de kas.";

/// An unlocked desk of a reader.
async fn at_desk(service: &Service, who: &str) -> Visitor {
    let visitor = Visitor::enter(&served::desk(service, who, None, Duration::from_mins(10))).await;
    visitor.unlock().await;
    visitor
}

/// The server knows no more of a file than how many bytes were sealed, and those are padded.
#[actix_web::test]
async fn a_file_that_was_not_fetched_has_a_bound_and_then_its_true_size() {
    let service = Service::start(None).await;
    let reporter = Browser::new(&service.base);
    let (code, _) = reporter.report(STORY, &[]).await;
    assert_eq!(reporter.upload(&code, "groot.txt", vec![b'a'; 2931 << 10]).await.status, 200);
    let visitor = at_desk(&service, READER).await;
    let case = visitor.case().await;
    let page = visitor.get(&case).await;
    assert!(page.contains("Haal dit bestand op (hoogstens ongeveer 4 MiB)") && !page.contains("4098"), "{page}");
    assert!(page.contains("Van wie het is, van welke dag en hoe groot"), "{page}");
    let file = visitor.link_of("Haal dit bestand op").await;
    assert!(visitor.get(&file).await.contains("2931 KiB"));
    let page = visitor.get(&case).await;
    assert!(page.contains("groot.txt (2931 KiB)") && !page.contains("hoogstens"), "{page}");
    assert!(page.contains("Bestand, ") && page.contains("van de melder"), "{page}");
}

#[actix_web::test]
async fn what_was_set_down_is_confirmed_and_an_outcome_is_called_one() {
    let service = Service::start(None).await;
    Browser::new(&service.base).report(STORY, &[]).await;
    let visitor = at_desk(&service, READER).await;
    let case = visitor.case().await;
    // There is no other case to choose from.
    let page = visitor.get(&case).await;
    assert!(page.contains(">Het nummer van de andere zaak<") && !page.contains("Of het nummer"), "{page}");
    let mut made = vec![("type", "fin"), ("assessment", "accepted"), ("done", "yes")];
    let page = visitor.post(&format!("{case}/classify"), &made).await;
    assert!(page.contains("De indeling is bewaard.") && page.contains(">Indeling, "), "{page}");
    made.extend([("investigation", "internal"), ("finding", "partly"), ("measure", "warning")]);
    let page = visitor.post(&format!("{case}/outcome"), &made).await;
    assert!(page.contains("De uitkomst is bewaard.") && page.contains(">Uitkomst, "), "{page}");
}

#[actix_web::test]
async fn a_document_that_is_not_shown_says_what_to_do_and_pages_have_natural_names() {
    let service = Service::start(None).await;
    let reporter = Browser::new(&service.base);
    let (code, _) = reporter.report(STORY, &[]).await;
    assert_eq!(reporter.upload(&code, "brief.docx", b"PK\x03\x04\0\0".to_vec()).await.status, 200);
    let visitor = at_desk(&service, READER).await;
    let file = visitor.link_of("brief.docx").await;
    let page = visitor.get(&file).await;
    assert!(page.contains("Een Word-bestand") && page.contains("Bewaar het origineel, en lees eerst"), "{page}");
    let english = include_str!("../web/i18n/en/desk.ftl");
    assert!(english.contains("desk-page-after = Next page\n") && english.contains("desk-before = Previous\n"));
}
