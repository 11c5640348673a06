//! Whoever opened a case alone and goes takes that with them: for those who stay it is not opened.
use serde_json::{Value, json};

use crate::{
    READER, RESERVE, SECOND, THIRD, filed, mailbox, read,
    support::{Service, postgres::Postgres},
    with_text,
};

/// Where the case stands for a reader, the coordinator, and the reporter.
async fn stands(service: &Service, page: &str, case: &str) -> [bool; 3] {
    let unopened = |all: &Value| {
        let one = all.as_array().unwrap().iter().find(|c| c["case"] == case).unwrap();
        one["state"] == "unopened"
    };
    let inbox = service.desk(READER, &["inbox"]).await.unwrap();
    let overview = service.desk("bzk-coordinator", &["overview"]).await.unwrap();
    [unopened(&inbox), unopened(&overview["cases"]), page.contains("Het is nog niet geopend")]
}

async fn the_reserve_reader_goes(database: Option<String>) {
    let service = Service::start(database).await;
    let (browser, code, case) = filed(&service, &[]).await;
    let until = service.clock.today().plus_days(10).to_string();
    service.desk(SECOND, &["away", "--until", &until]).await.unwrap();
    read(&service, RESERVE, &case).await;
    assert_eq!(stands(&service, &mailbox(&browser, &code, &[]).await.html, &case).await, [false; 3]);
    service.desk(RESERVE, &["leave", &case]).await.unwrap();
    assert_eq!(stands(&service, &mailbox(&browser, &code, &[]).await.html, &case).await, [true; 3]);

    // Opened again, it is open whoever else goes.
    read(&service, READER, &case).await;
    service.desk(THIRD, &["leave", &case]).await.unwrap();
    assert_eq!(stands(&service, &mailbox(&browser, &code, &[]).await.html, &case).await, [false; 3]);
}

#[actix_web::test]
async fn a_case_that_the_reserve_reader_opened_and_left_is_not_opened_on_sqlite() {
    the_reserve_reader_goes(None).await;
}

#[actix_web::test]
async fn a_case_that_the_reserve_reader_opened_and_left_is_not_opened_on_postgresql() {
    let postgres = Postgres::start();
    the_reserve_reader_goes(Some(postgres.database("again"))).await;
}

#[actix_web::test]
async fn what_was_done_in_a_case_stays_when_it_is_withdrawn_after_its_reader_went() {
    let service = Service::start(None).await;
    let (browser, code, case) = filed(&service, &[]).await;
    with_text(&service, SECOND, &["acknowledge", &case], "Ontvangen").await.unwrap();
    service.desk(SECOND, &["leave", &case, "--conflict"]).await.unwrap();
    let page = mailbox(&browser, &code, &[]).await;
    assert_eq!(stands(&service, &page.html, &case).await, [true; 3]);
    let withdrawn = mailbox(&browser, &code, &[("act", "withdraw")]).await;
    assert!(withdrawn.html.contains("geen contact meer wilt"), "{}", withdrawn.title());
    assert!(read(&service, READER, &case).await.to_string().contains("Ontvangen"));
    assert_ne!(service.desk(READER, &["inbox"]).await.unwrap(), json!([]));
}
