//! The reporter sees who reads now, and who could and cannot any more.
use super::{READER, letter, opened};

const OTHER: &str = "bzk-functionaris-2";
const GONE: &str = "Kon dit eerder lezen, en nu niet meer</dt><dd>Functionaris integriteit 2</dd>";

#[actix_web::test]
async fn who_left_is_named_apart_from_who_reads() {
    let (service, browser, code, case) = opened().await;
    letter(&service, "acknowledge", &case).await.unwrap();
    let page = async || browser.mailbox(&code, None, &[]).await.html;
    assert!(page().await.contains("<dd>Functionaris integriteit 2</dd>") && !page().await.contains("Kon dit eerder"));
    service.desk(OTHER, &["read", &case]).await.unwrap();
    service.desk(OTHER, &["leave", &case, "--conflict"]).await.unwrap();
    let seen = page().await;
    assert!(seen.contains(GONE), "{seen}");
    assert_eq!(seen.matches("<dd>Functionaris integriteit 2</dd>").count(), 1, "and no longer among who reads");
    assert_eq!(seen.matches("Kon dit eerder").count(), 1);
}

#[actix_web::test]
async fn so_is_who_was_taken_out_and_nobody_who_was_let_in_again() {
    let (service, browser, code, case) = opened().await;
    letter(&service, "acknowledge", &case).await.unwrap();
    let file = service.path("reason.txt");
    std::fs::write(&file, "Te dichtbij").unwrap();
    let third = "bzk-functionaris-3";
    let asked = ["take-out", &case, OTHER, "--file", file.to_str().unwrap()];
    service.desk(READER, &asked).await.unwrap();
    service.desk(third, &["read", &case]).await.unwrap();
    service.desk(third, &["confirm-take-out", &case, OTHER]).await.unwrap();
    let seen = browser.mailbox(&code, None, &[]).await.html;
    assert!(seen.contains(GONE) && !seen.contains("Te dichtbij"), "{seen}");
}
