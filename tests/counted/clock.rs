//! Feedback that would count nowhere, because a desk and the server are days apart, is not given: its writer is told before.
use meldkluis::{
    clock::Clock,
    domain::{day::Day, id::CaseId},
};
use serde_json::{Value, json};

use super::{Filed, Local, READER, SECOND, Service, evil::hostile};

/// The server's day: late enough for a desk behind it to have a roster.
fn server_day() -> Day {
    Clock::System.today().plus_days(10)
}

impl Filed {
    /// On a server of that day.
    async fn then() -> Self {
        Self::on(Service::found(tempfile::tempdir().unwrap(), None, server_day()).await).await
    }

    /// From now on at desks whose clocks are so many days ahead.
    fn days_ahead(&mut self, days: i32) {
        self.service.clock = Clock::Fixed(server_day().plus_days(days));
    }

    async fn feedback(&self) -> Result<Value, String> {
        self.acts(SECOND, "feedback", "Wij vinden dit.").await
    }

    /// What somebody with the right clock sees to be owed.
    async fn owed(&mut self) -> Value {
        self.days_ahead(0);
        self.service.desk(READER, &["inbox"]).await.unwrap()[0]["owed"].clone()
    }
}

#[actix_web::test]
async fn feedback_of_a_day_that_the_server_does_not_count_is_refused_before_it_is_sent() {
    for days in [2, 40, -2] {
        let mut filed = Filed::then().await;
        let id = CaseId::parse(&filed.case).unwrap();
        let before = hostile(&filed.service, READER).await.case(&id).await.unwrap();
        filed.days_ahead(days);
        let refused = filed.feedback().await.unwrap_err();
        for day in [server_day(), server_day().plus_days(days)] {
            assert!(refused.contains(&day.date().strftime("%-d %B %Y").to_string()), "{refused}");
        }
        assert!(refused.contains("this machine") && refused.contains("what you typed is kept"), "{refused}");
        // What has no day to be counted by is done all the same.
        filed.does("ask").await;
        filed.days_ahead(0);
        let after = hostile(&filed.service, READER).await.case(&id).await.unwrap();
        assert_eq!((after.items.len(), after.due), (before.items.len() + 1, before.due), "{days}");
    }
}

#[actix_web::test]
async fn around_midnight_it_counts() {
    for days in [1, -1] {
        let mut filed = Filed::then().await;
        filed.days_ahead(days);
        filed.feedback().await.unwrap();
        assert_eq!(filed.owed().await, json!("fed_back"), "{days}");
    }
}

#[actix_web::test]
async fn a_page_says_so_before_and_keeps_what_was_typed() {
    let mut filed = Filed::then().await;
    let path = format!("/nl/case/{}/feedback", filed.case);
    filed.days_ahead(3);
    let desk = Local::desk(&filed.service, SECOND).await;
    let (status, page) = desk.get(&path).await;
    assert!(status == 409 && page.contains("klok van deze computer"), "{status} {page}");
    let (status, page) = desk.post(&path, &[("text", "Wij hebben uw melding onderzocht.")]).await;
    assert!(status == 422 && page.contains("klok van deze computer"), "{status} {page}");
    assert!(page.contains("Wij hebben uw melding onderzocht."), "{page}");
}

#[actix_web::test]
async fn a_server_whose_clock_went_back_goes_by_the_last_day_it_was_sure_of() {
    let back = |app: &mut meldkluis::http::App| app.clock = Clock::Fixed(Clock::System.today().plus_days(-20));
    let filed = Filed::on(Service::at(back).await).await;
    filed.feedback().await.unwrap();
    assert_eq!(filed.service.desk(READER, &["inbox"]).await.unwrap()[0]["owed"], json!("fed_back"));
}
