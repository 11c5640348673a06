//! The log says once that somebody opened a case for the first time.
use super::{Browser, READER, Service, advice, local::Local};

const COLLEAGUE: &str = "bzk-vertrouwenspersoon-2";

/// How often the log says that somebody opened a case.
async fn opened(service: &Service, who: &str) -> usize {
    let log = service.desk("bzk-coordinator", &["log"]).await.unwrap();
    let records = log["entries"].as_array().unwrap().iter().map(|entry| &entry["record"]);
    records.filter(|record| record["deed"] == "opened" && record["by"] == who).count()
}

#[actix_web::test]
async fn of_a_case_that_a_command_opened_while_the_page_stood_there() {
    let service = Service::start(None).await;
    Browser::new(&service.base).report("Het verhaal", &[]).await;
    let case = service.desk(READER, &["inbox"]).await.unwrap()[0]["case"].as_str().unwrap().to_owned();
    let desk = Local::desk(&service, READER).await;
    desk.get("/nl/inbox").await;
    service.desk(READER, &["read", &case]).await.unwrap();
    for _ in 0..2 {
        let (_, page) = desk.get(&format!("/nl/case/{case}")).await;
        assert!(page.contains("Het verhaal"), "{page}");
    }
    assert_eq!(opened(&service, READER).await, 1);
}

/// Who only reads what went along opens no case: it stays unopened, however often they look.
#[actix_web::test]
async fn of_a_case_that_stays_unopened() {
    let service = Service::start(None).await;
    let (code, case, _) = advice::made(&service).await;
    advice::handed_over(&service, &code, &case, COLLEAGUE).await;
    service.desk(advice::ADVISER, &["pass-on", &case]).await.unwrap();
    service.desk(advice::ADVISER, &["leave", &case]).await.unwrap();
    for _ in 0..3 {
        let read = service.desk(READER, &["read", &case]).await.unwrap();
        assert_eq!(read["case"]["state"], "unopened");
    }
    assert_eq!(opened(&service, READER).await, 1);
    assert_eq!(service.desk(COLLEAGUE, &["read", &case]).await.unwrap()["case"]["state"], "open");
    assert_eq!(opened(&service, COLLEAGUE).await, 1);
}
