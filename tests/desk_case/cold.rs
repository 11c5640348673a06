//! An inbox whose summaries are gone is opened anew: with no request for each case, whatever was done in it.
use super::{READER, cases, slow::Slow};
use crate::support::{Browser, Service};

const CASES: usize = 3;

#[actix_web::test]
async fn many_cases_are_asked_for_at_once_those_too_that_were_acknowledged() {
    let service = Service::start(None).await;
    for n in 0..CASES {
        Browser::new(&service.base).report(&format!("Verhaal {n}"), &[]).await;
    }
    let (all, way) = (cases(&service, READER).await, Slow::before(&service.base).await);
    for case in &all {
        service.desk(READER, &["read", case]).await.unwrap();
    }
    let cold = async || {
        std::fs::remove_file(service.path(&format!("readers/{READER}.summaries"))).unwrap();
        way.asked();
        let inbox = service.desk(READER, &["--proxy", &way.proxy, "inbox"]).await.unwrap();
        let inbox = inbox.as_array().unwrap();
        (way.asked(), inbox.iter().filter(|case| case["acknowledged"] == true).count(), inbox.len())
    };
    let (requests, acknowledged, there) = cold().await;
    assert_eq!((acknowledged, there), (0, CASES));
    let file = service.path("text.txt");
    std::fs::write(&file, "Ontvangen").unwrap();
    for case in &all {
        service.desk(READER, &["acknowledge", case, "--file", file.to_str().unwrap()]).await.unwrap();
    }
    assert_eq!(cold().await, (requests, CASES, CASES));
}
