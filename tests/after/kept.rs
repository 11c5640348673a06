//! Everybody who has to do with a case is told when it is destroyed, and all the same.
use meldkluis::clock::Clock;
use serde_json::Value;

use super::{READER, letter, local::Local, opened};

const COORDINATOR: &str = "bzk-coordinator";

#[actix_web::test]
async fn reader_reporter_and_coordinator_are_told_one_day() {
    let (service, browser, code, case) = opened().await;
    let (reader, coordinator) = (Local::desk(&service, READER).await, Local::desk(&service, COORDINATOR).await);
    let told = async || {
        let mailbox = browser.mailbox(&code, None, &[]).await.html;
        let read = reader.get(&format!("/nl/case/{case}")).await.1;
        let watched = coordinator.get(&format!("/nl/watch/{case}")).await.1;
        [mailbox, read, watched, coordinator.get("/nl/overview").await.1]
    };
    for page in told().await {
        assert!(page.contains("365 dagen nadat de zaak is afgesloten"), "{page}");
    }
    letter(&service, "close", &case).await.unwrap();
    let day = Clock::System.today().plus_days(365);
    let inbox = service.desk(READER, &["inbox"]).await.unwrap();
    assert_eq!(inbox[0]["destroy_after"], day.to_string());
    let year = day.date().year().to_string();
    for page in told().await {
        assert!(page.contains("Wanneer alles wordt vernietigd") && !page.contains("nadat de zaak is afgesloten"));
        assert!(page.contains("Op ") && page.contains(&year), "{page}");
    }
    service.desk(COORDINATOR, &["hold", &case]).await.unwrap();
    for page in told().await {
        assert!(page.contains("de coördinator bewaart deze zaak langer. Daarna op "), "{page}");
    }
    let kept: Value = service.desk(READER, &["read", &case]).await.unwrap();
    assert_eq!(kept["case"]["destroy_after"], day.to_string());
}
