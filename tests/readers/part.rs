//! Who was let in for a part of a report, and has no slot of its story, opens nothing for those who read the whole.
use meldkluis::{
    api_types::{SentTo, SharedItem, Sharing, SlotSent},
    config::Secrets,
    domain::{
        case::Case,
        day::Day,
        id::{CaseId, ItemId, OrgId},
    },
    post::PostKeys,
    store::SlotRow,
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    NEW, READER, RESERVE, SECOND, THIRD,
    again::{LEFT, stands},
    clocks::lets_in,
    evil::{RECORD, hostile, named},
    filed, mailbox, read, says,
    support::{Browser, Service, postgres::Postgres},
    with_text,
};

/// The reserve reader, as the mailbox names them while they are held back.
const HELD: &str = "Functionaris integriteit 4 (";
const OUTSIDE: &str = "buiten-functionaris-1";

/// A report with a picture that the second officer alone reads, and of which they let a manager in for what `which` is true of.
async fn let_in(service: &Service, which: impl Fn(&Value) -> bool) -> (Browser, String, String) {
    let (browser, code, case) = filed(service, &[]).await;
    assert_eq!(browser.upload(&code, "foto.bin", vec![7; 1000]).await.status, 200);
    let all = read(service, SECOND, &case).await["items"].as_array().unwrap().clone();
    let item = all.iter().find(|i| which(i)).unwrap()["item"].as_str().unwrap();
    lets_in(service, (&browser, &code), &case, SECOND, &["--item", item]).await;
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
    let refused = with_text(&service, NEW, &["note", &case], "Ik herken het").await.unwrap_err();
    assert!(refused.contains("you read a part"), "{refused}");
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

/// A report whose story nobody reads any more could be answered by nobody.
#[actix_web::test]
async fn the_last_who_reads_the_story_does_not_leave_it_to_who_reads_a_part() {
    let service = Service::start(None).await;
    let (browser, code, case) = filed(&service, &[]).await;
    assert_eq!(browser.upload(&code, "foto.bin", vec![7; 1000]).await.status, 200);
    let all = read(&service, SECOND, &case).await["items"].as_array().unwrap().clone();
    let picture = all.iter().find(|i| i["name"].is_string()).unwrap()["item"].as_str().unwrap();
    let words = ["ask-consent", &case, "--to", OUTSIDE, "--item", picture];
    let asked = with_text(&service, SECOND, &words, "Kent het bedrijf").await.unwrap();
    mailbox(&browser, &code, &[("act", "consent-yes"), ("request", &asked)]).await;
    service.desk(SECOND, &["hand-over", &case, &asked]).await.unwrap();
    // A second reader makes the reserve reader needless.
    read(&service, READER, &case).await;
    for goes in [READER, THIRD] {
        service.desk(goes, &["leave", &case]).await.unwrap();
    }
    // What the law asks is theirs who read the story.
    read(&service, OUTSIDE, &case).await;
    for act in ["acknowledge", "feedback", "close"] {
        let refused = with_text(&service, OUTSIDE, &[act, &case], "Een brief").await.unwrap_err();
        assert!(refused.contains("you read a part of this case"), "{act}: {refused}");
    }
    with_text(&service, OUTSIDE, &["reply", &case], "Een antwoord").await.unwrap();
    let last = service.desk(SECOND, &["leave", &case]).await.unwrap_err();
    assert!(last.contains("another reader"), "{last}");
    assert!(read(&service, SECOND, &case).await.to_string().contains("Het verhaal"));
    // Nobody needs who reads the picture to stay.
    service.desk(OUTSIDE, &["leave", &case]).await.unwrap();
    assert_eq!(service.desk(OUTSIDE, &["inbox"]).await.unwrap(), json!([]));
}

/// Marks every slot of somebody as opened, as an earlier version did with a part too; returns how many there were.
async fn mark_as_opened(service: &Service, who: &str, case: &str) -> usize {
    let secrets = Secrets::load(&service.path("secrets")).unwrap();
    let post = PostKeys::new(*secrets.k1, *secrets.k2);
    let (id, keyed) = (CaseId::parse(case).unwrap(), named(&hostile(service, who).await, who).keyed());
    let pool = sqlx::SqlitePool::connect(&service.database).await.unwrap();
    let filed: (i32,) =
        sqlx::query_as(r#"select filed from "case" where id = $1"#).bind(id.uuid()).fetch_one(&pool).await.unwrap();
    let case = Case::filed(id, [0; 32], OrgId::parse("bzk").unwrap(), Day::from_number(filed.0).unwrap());
    let mailbox = post.reader_mailbox(&keyed, case.filed);
    let slots: Vec<(Uuid, Vec<u8>, Vec<u8>)> =
        sqlx::query_as("select item, tag, header from slot where mailbox = $1 and release is null")
            .bind(mailbox.to_vec())
            .fetch_all(&pool)
            .await
            .unwrap();
    for (item, tag, header) in &slots {
        let (id, row) =
            (ItemId::from_uuid(*item), SlotRow { mailbox, tag: [0; 32], release: None, header: header.clone() });
        let opened = post.opened_tag(&case, &id, &row).to_vec();
        let mark = sqlx::query("update slot set tag = $1 where item = $2 and tag = $3").bind(opened);
        assert_eq!(mark.bind(item).bind(tag).execute(&pool).await.unwrap().rows_affected(), 1);
    }
    pool.close().await;
    slots.len()
}

/// What an earlier version kept of who opened a part counts no more either.
#[actix_web::test]
async fn a_part_that_was_marked_as_opened_before_keeps_no_report_open() {
    let service = Service::start(None).await;
    let (browser, code, case) = let_in(&service, |item| item["name"].is_string()).await;
    read(&service, SECOND, &case).await;
    assert_eq!(mark_as_opened(&service, NEW, &case).await, 4, "the picture, the request, the answer and the hand-over");
    assert!(read(&service, NEW, &case).await.to_string().contains("foto.bin"));
    service.desk(SECOND, &["leave", &case, "--conflict"]).await.unwrap();
    let page = mailbox(&browser, &code, &[]).await.html;
    assert_eq!(stands(&service, &page, &case).await, [true; 3]);
    assert!(page.contains(HELD), "{page}");
}

/// The reserve reader who was let in for a part is held back from the rest as before.
#[actix_web::test]
async fn the_reserve_reader_who_read_a_part_comes_back_for_the_story() {
    let service = Service::start(None).await;
    let (browser, code, case) = filed(&service, &[]).await;
    assert_eq!(browser.upload(&code, "foto.bin", vec![7; 1000]).await.status, 200);
    let me = hostile(&service, SECOND).await;
    let (id, reserve) = (CaseId::parse(&case).unwrap(), named(&me, RESERVE));
    let all = read(&service, SECOND, &case).await["items"].as_array().unwrap().clone();
    let picture = all.iter().find(|i| i["name"].is_string()).unwrap()["item"].as_str().unwrap();
    let slot = SlotSent { to: SentTo::Reader(reserve.keyed()), header: "AAAA".to_owned() };
    let slots = vec![SharedItem { item: ItemId::parse(picture).unwrap(), slot }];
    me.share(&id, &Sharing { slots, log: Some(RECORD.to_owned()), not_before: None }).await.unwrap();
    let seen = read(&service, RESERVE, &case).await.to_string();
    assert!(seen.contains("foto.bin") && !seen.contains("Het verhaal"), "{seen}");
    service.desk(SECOND, &["leave", &case, "--conflict"]).await.unwrap();
    let page = mailbox(&browser, &code, &[]).await.html;
    assert_eq!(stands(&service, &page, &case).await, [true; 3]);
    assert!(!read(&service, RESERVE, &case).await.to_string().contains("Het verhaal"));
    mailbox(&browser, &code, &[("act", "release")]).await;
    let seen = read(&service, RESERVE, &case).await.to_string();
    assert!(seen.contains("Het verhaal") && seen.contains("foto.bin"), "{seen}");
    assert_eq!(stands(&service, &mailbox(&browser, &code, &[]).await.html, &case).await, [false; 3]);
}
