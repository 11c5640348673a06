//! What went along with a report from advice, on the pages of both.
#[path = "../support/advice.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod advice;

use advice::{ADVISER, made};
use thirtyfour::By;

use crate::{READER, SECOND, THIRD, absolute, cases, desk, entered, picture, support::Service, webdriver::RealBrowser};

const STILL: &str = "Functionaris integriteit 2 is uit deze melding, maar leest nog wel het advies dat meeging.";

async fn at(service: &Service, who: &str, path: &str) -> RealBrowser {
    let link = desk(service, who);
    let browser = entered(&link).await;
    browser.page.goto(absolute(&link, path)).await.unwrap();
    browser
}

#[actix_web::test]
async fn who_is_out_of_a_report_and_reads_the_advice_is_said_and_two_end_it_on_the_page() {
    let service = Service::start(None).await;
    let (_, advice, report) = made(&service).await;
    let file = service.path("why.txt");
    std::fs::write(&file, "Praat erover").unwrap();
    let out = ["take-out", &report, SECOND, "--file", file.to_str().unwrap()];
    service.desk(READER, &out).await.unwrap();
    service.desk(THIRD, &["confirm-take-out", &report, SECOND]).await.unwrap();
    service.desk(ADVISER, &["pass-on", &advice]).await.unwrap();

    let path = format!("/nl/case/{report}");
    let first = at(&service, READER, &path).await;
    let text = first.text().await;
    assert!(text.contains(STILL) && text.contains("Met deze melding ging een advies mee"), "{text}");
    picture(&first, "desk-along").await;
    first.press(".mk-along button").await;
    let text = first.text().await;
    assert!(text.contains(STILL) && text.contains("moet dit nog bevestigen"), "one alone does not: {text}");
    assert!(first.page.find(By::Css(".mk-along")).await.is_err());
    first.press(&format!("a[href='/nl/case/{advice}']")).await;
    let text = first.text().await;
    assert!(text.contains("EERSTE-VERHAAL") && text.contains("Van dit advies maakte de melder een melding"), "{text}");
    first.quit().await;
    assert_eq!(cases(&service, SECOND).await, 1);

    let third = at(&service, THIRD, &path).await;
    third.press(".mk-along button").await;
    let text = third.text().await;
    assert!(!text.contains(STILL) && text.contains("KORT"), "{text}");
    let leave = third.page.current_url().await.unwrap().join(&format!("{path}/readers/leave")).unwrap();
    third.page.goto(leave.as_str()).await.unwrap();
    assert!(third.text().await.contains("Dat verlaat u ook"), "{}", third.text().await);
    third.quit().await;
    assert_eq!(cases(&service, SECOND).await, 0);
}
