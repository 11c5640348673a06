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

/// Without a head above it, a cell has the name of its column.
#[actix_web::test]
async fn each_cell_of_a_table_has_the_name_of_its_column() {
    let service = Service::start(None).await;
    Browser::new(&service.base).report(STORY, &[]).await;
    let reader = at_desk(&service, READER).await;
    let mut pages = vec![reader.get("/nl/inbox").await];
    reader.get(&reader.case().await).await;
    let coordinator = at_desk(&service, "bzk-coordinator").await;
    for path in ["overview", "register", "log", "roster"] {
        pages.push(coordinator.get(&format!("/nl/{path}")).await);
    }
    for page in pages {
        let (_, table) = page.split_once("<table").unwrap_or_else(|| panic!("{page}"));
        let (head, body) = table.split_once("</thead>").unwrap();
        let names: Vec<_> = head.split("scope=\"col\">").skip(1).map(|th| th.split('<').next().unwrap()).collect();
        for row in body.split("</table>").next().unwrap().split("<tr>").skip(1) {
            let cells: Vec<_> = row.split("<td").skip(1).collect();
            assert_eq!(cells.len(), names.len(), "{row}");
            for (cell, name) in cells.iter().zip(&names) {
                assert!(cell.starts_with(&format!(" data-label=\"{name}\">")), "{name}: {cell}");
            }
        }
    }
}

/// The file is that of `audit export`: sealed as it is kept, with the roster it is checked against.
#[actix_web::test]
async fn an_auditor_saves_the_log_from_the_page_and_checks_it_without_a_server() {
    let service = Service::start(None).await;
    Browser::new(&service.base).report(STORY, &[]).await;
    let reader = at_desk(&service, READER).await;
    reader.get(&reader.case().await).await;
    for who in ["bzk-auditor", "bzk-coordinator"] {
        let overseer = at_desk(&service, who).await;
        assert!(overseer.get("/nl/log").await.contains("Sla het logboek op"));
        let saved = overseer.post("/nl/log", &[("save", "yes")]).await;
        assert!(saved.starts_with('{') && !saved.contains("\"deed\""), "no record stands open in it");
        let file = service.path("log.json");
        std::fs::write(&file, saved).unwrap();
        let said = service.desk_words(who, &["audit", "verify", file.to_str().unwrap()]).await.unwrap();
        assert!(said.contains("opened"), "{said}");
    }
}
