//! Who was let in for a part of a report, and has no slot of its story, opens nothing for those who read the whole.
use serde_json::{Value, json};

use crate::{
    NEW, READER, RESERVE, SECOND,
    again::{LEFT, stands},
    filed, mailbox, read, says,
    support::{Browser, Service, postgres::Postgres},
    with_text,
};

/// The reserve reader, as the mailbox names them while they are held back.
const HELD: &str = "Functionaris integriteit 4 (";

/// A report with a picture that the second officer alone reads, and of which they let a manager in for what `which` is true of.
async fn let_in(service: &Service, which: impl Fn(&Value) -> bool) -> (Browser, String, String) {
    let (browser, code, case) = filed(service, &[]).await;
    assert_eq!(browser.upload(&code, "foto.bin", vec![7; 1000]).await.status, 200);
    let all = read(service, SECOND, &case).await["items"].as_array().unwrap().clone();
    let items: Vec<&str> = all.iter().filter(|i| which(i)).map(|i| i["item"].as_str().unwrap()).collect();
    let mut ask = vec!["ask-consent", &case, "--to", NEW];
    ask.extend(items.iter().flat_map(|item| ["--item", item]));
    let asked = with_text(service, SECOND, &ask, "Herkent wat erop staat").await.unwrap();
    let agreed = mailbox(&browser, &code, &[("act", "consent-yes"), ("request", &asked)]).await;
    assert!(agreed.html.contains("U hebt ja gezegd"), "{}", agreed.title());
    service.desk(SECOND, &["hand-over", &case, &asked]).await.unwrap();
    (browser, code, case)
}

async fn who_read_a_part_stays(database: Option<String>) {
    let service = Service::start(database).await;
    let (browser, code, case) = let_in(&service, |item| item["name"].is_string()).await;
    // What comes later is theirs too, and leads to the story no more than the picture does.
    says(&browser, &code, "Er is nog iets").await;
    read(&service, SECOND, &case).await;
    let seen = read(&service, NEW, &case).await.to_string();
    assert!(seen.contains("foto.bin") && seen.contains("Er is nog iets") && !seen.contains("Het verhaal"), "{seen}");
    let page = mailbox(&browser, &code, &[]).await.html;
    assert_eq!(stands(&service, &page, &case).await, [false; 3]);
    service.desk(SECOND, &["leave", &case, "--conflict"]).await.unwrap();

    // Nobody who is left has read the story, also when the part is read again.
    for _ in 0..2 {
        let page = mailbox(&browser, &code, &[]).await.html;
        assert_eq!(stands(&service, &page, &case).await, [true; 3]);
        assert!(page.contains(HELD), "the reserve reader is there again: {page}");
        assert!(read(&service, NEW, &case).await.to_string().contains("foto.bin"));
    }
    // What came later was opened by who left, and so withdrawing destroys nothing.
    let asked = mailbox(&browser, &code, &[("act", "sure")]).await.html;
    assert!(asked.contains("Uw verhaal is al geopend"), "{asked}");

    // They open it with all there is.
    mailbox(&browser, &code, &[("act", "release")]).await;
    let seen = read(&service, RESERVE, &case).await.to_string();
    assert!(["Het verhaal", "foto.bin", "Er is nog iets"].iter().all(|text| seen.contains(text)), "{seen}");
    // That somebody goes who had read a part changes nothing.
    service.desk(NEW, &["leave", &case]).await.unwrap();
    let page = mailbox(&browser, &code, &[]).await.html;
    assert_eq!(stands(&service, &page, &case).await, [false; 3]);
}

#[actix_web::test]
async fn a_report_of_which_only_a_part_is_read_by_who_is_left_is_not_opened_on_sqlite() {
    who_read_a_part_stays(None).await;
}

#[actix_web::test]
async fn a_report_of_which_only_a_part_is_read_by_who_is_left_is_not_opened_on_postgresql() {
    let postgres = Postgres::start();
    who_read_a_part_stays(Some(postgres.database("part"))).await;
}

async fn who_read_the_story_stays(database: Option<String>) {
    let service = Service::start(database).await;
    let (browser, code, case) = let_in(&service, |item| item["story"].is_object()).await;
    assert!(read(&service, NEW, &case).await.to_string().contains("Het verhaal"));
    service.desk(SECOND, &["leave", &case, "--conflict"]).await.unwrap();
    let page = mailbox(&browser, &code, &[]).await.html;
    assert_eq!(stands(&service, &page, &case).await, [false; 3]);
    assert!(!page.contains(HELD) && !page.contains(LEFT), "{page}");

    // The reserve reader's slots went when a second reader opened the story: none comes back.
    service.desk(NEW, &["leave", &case]).await.unwrap();
    let page = mailbox(&browser, &code, &[]).await.html;
    assert_eq!(stands(&service, &page, &case).await, [true; 3]);
    assert!(!page.contains(HELD), "{page}");
    assert_eq!(service.desk(RESERVE, &["inbox"]).await.unwrap(), json!([]));
    read(&service, READER, &case).await;
    assert_eq!(stands(&service, &mailbox(&browser, &code, &[]).await.html, &case).await, [false; 3]);
}

#[actix_web::test]
async fn a_report_of_which_the_story_is_read_by_who_is_left_is_opened_on_sqlite() {
    who_read_the_story_stays(None).await;
}

#[actix_web::test]
async fn a_report_of_which_the_story_is_read_by_who_is_left_is_opened_on_postgresql() {
    let postgres = Postgres::start();
    who_read_the_story_stays(Some(postgres.database("part_story"))).await;
}
