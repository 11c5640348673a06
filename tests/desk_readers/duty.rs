//! On a legal duty: the page asks, shows from when it can be handed over and what the reporter answered, and hands over then.
use meldkluis::{clock::Clock, domain::ground::NOTICE_DAYS};
use thirtyfour::By;

use super::{NEW, READER, THIRD, cases, filed, picture, readers, value};
use crate::support::Service;

#[actix_web::test]
async fn on_a_legal_duty_one_asks_another_approves_and_after_a_week_it_is_handed_over() {
    let today = Clock::System.today();
    let folder = tempfile::tempdir().unwrap();
    let mut service = Service::found(folder, None, today.plus_days(NOTICE_DAYS)).await;
    service.clock = Clock::Fixed(today);
    let (browser, code, case) = filed(&service).await;
    let (first, page) = readers(&service, READER, &case).await;
    first.page.goto(format!("{page}/duty")).await.unwrap();
    first.click(&format!("#to-{NEW}")).await;
    first.write("#reference", "C/13/1").await;
    first.press("main form button").await;
    assert!(first.text().await.contains("Kies een grond."), "{}", first.text().await);
    assert_eq!(value(&first, "#reference").await, "C/13/1", "what was typed stays");
    first.click("#ground-ground-court-order").await;
    first.write("#text", "De rechter wil het verhaal").await;
    first.page.find(By::Css("#reference")).await.unwrap().clear().await.unwrap();
    first.press("main form button").await;
    assert!(first.text().await.contains("Noem bij deze grond het artikel"), "{}", first.text().await);
    assert_eq!(value(&first, "#text").await, "De rechter wil het verhaal", "what was typed stays");
    first.write("#reference", "C/13/1").await;
    picture(&first, "desk-duty").await;
    first.press("main form button").await;
    let text = first.text().await;
    assert!(text.contains("moet dit nog goedvinden") && text.contains("C/13/1"), "{text}");
    assert!(text.contains("overdragen kan vanaf"), "{text}");
    assert!(first.page.find(By::Css(".mk-approve")).await.is_err(), "not alone");
    first.quit().await;
    let told = browser.mailbox(&code, None, &[]).await;
    assert!(told.html.contains("Een rechter beveelt dit") && told.html.contains("C/13/1"));
    assert!(told.html.contains("Eerst moet een tweede lezer het ermee eens zijn"));

    let (second, _) = readers(&service, THIRD, &case).await;
    second.press(".mk-approve button").await;
    assert!(second.text().await.contains("Een tweede lezer vond dit goed"), "{}", second.text().await);
    assert!(second.page.find(By::Css(".mk-carry-out")).await.is_err(), "the notice runs");
    second.quit().await;
    assert_eq!(cases(&service, NEW).await, 0);
    service.clock = Clock::Fixed(today.plus_days(NOTICE_DAYS));
    let (first, page) = readers(&service, READER, &case).await;
    // What the reporter writes while the page is looked at is read before anything is handed over.
    let answer = [("act", "write"), ("text", "Dit brengt mij in gevaar")];
    browser.mailbox(&code, None, &answer).await;
    first.press(".mk-carry-out button").await;
    let text = first.text().await;
    assert!(text.contains("dat u nog niet zag"), "{text}");
    assert!(text.contains("Dit brengt mij in gevaar"), "{text}");
    assert_eq!(cases(&service, NEW).await, 0);
    first.press(".mk-carry-out button").await;
    first.page.goto(&page).await.unwrap();
    assert!(first.text().await.contains("omdat de wet het eist (gezegd op"), "{}", first.text().await);
    first.quit().await;
    assert_eq!(cases(&service, NEW).await, 1);
}
