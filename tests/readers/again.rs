//! Whoever opened a case alone and goes takes that with them: for those who stay it is not opened.
use meldkluis::{
    api_types::{Adding, SentTo, SharedItem, Sharing, SlotSent},
    domain::{
        case::Act,
        id::{CaseId, ItemId},
    },
    envelope::before_payload,
    store::ASIDE,
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    NEW, READER, RESERVE, SECOND, THIRD,
    evil::{self, hostile},
    filed, mailbox, read, says,
    support::{Service, postgres::Postgres},
    with_text,
};

/// What the reporter reads when who read it is gone.
pub(super) const LEFT: &str =
    "Wie dat deed, kan het niet meer lezen. Wie het nu kan lezen, heeft het nog niet geopend.";

/// Above the reserve reader, as long as they are set aside.
const ASIDE_TITLE: &str = "Leest pas als iedereen weggaat die het opende";

/// Where the case stands for a reader, the coordinator, and the reporter.
pub(super) async fn stands(service: &Service, page: &str, case: &str) -> [bool; 3] {
    let unopened = |all: &Value| {
        let one = all.as_array().unwrap().iter().find(|c| c["case"] == case).unwrap();
        one["state"] == "unopened"
    };
    let inbox = service.desk(READER, &["inbox"]).await.unwrap();
    let overview = service.desk("bzk-coordinator", &["overview"]).await.unwrap();
    assert!(!page.contains("Het is nog niet geopend"), "somebody had opened it");
    [unopened(&inbox), unopened(&overview["cases"]), page.contains(LEFT)]
}

async fn the_reserve_reader_goes(database: Option<String>) {
    let service = Service::start(database).await;
    let (browser, code, case) = filed(&service, &[]).await;
    let until = service.clock.today().plus_days(10).to_string();
    service.desk(SECOND, &["away", "--until", &until]).await.unwrap();
    read(&service, RESERVE, &case).await;
    assert_eq!(stands(&service, &mailbox(&browser, &code, &[]).await.html, &case).await, [false; 3]);
    service.desk(RESERVE, &["leave", &case]).await.unwrap();
    let page = mailbox(&browser, &code, &[]).await;
    assert_eq!(stands(&service, &page.html, &case).await, [true; 3]);
    assert!(page.html.contains("Ja, maar niet door iemand die het nu kan lezen"), "{}", page.html);

    // Opened again, it is open whoever else goes.
    read(&service, READER, &case).await;
    service.desk(THIRD, &["leave", &case]).await.unwrap();
    assert_eq!(stands(&service, &mailbox(&browser, &code, &[]).await.html, &case).await, [false; 3]);
}

/// Who goes without having read a case opens nothing by that.
async fn unread_they_go(database: Option<String>) {
    let service = Service::start(database).await;
    let (browser, code, case) = filed(&service, &[]).await;
    read(&service, READER, &case).await;
    for unread in [&["leave", &case][..], &["leave", &case, "--conflict"]] {
        let who = if unread.len() == 2 { SECOND } else { THIRD };
        service.desk(who, unread).await.unwrap();
        assert!(mailbox(&browser, &code, &[]).await.html.contains(ASIDE_TITLE), "{who}");
    }
    let seen = read(&service, READER, &case).await.to_string();
    assert!(!seen.contains("conflict"), "who had not read it tells nobody: {seen}");
    let last = service.desk(READER, &["leave", &case]).await.unwrap_err();
    assert!(last.contains("comes first"), "{last}");
}

#[actix_web::test]
async fn who_goes_unread_keeps_the_reserve_reader_on_sqlite() {
    unread_they_go(None).await;
}

#[actix_web::test]
async fn who_goes_unread_keeps_the_reserve_reader_on_postgresql() {
    let postgres = Postgres::start();
    unread_they_go(Some(postgres.database("unread"))).await;
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

async fn the_only_one_who_read_it_leaves(database: Option<String>) {
    let service = Service::start(database).await;
    let (browser, code, case) = filed(&service, &[]).await;
    let (reserve, aside) =
        ("Functionaris integriteit 4 (", "weggaat die het opende</dt><dd>Functionaris integriteit 4</dd>");
    assert!(mailbox(&browser, &code, &[]).await.html.contains(reserve));
    read(&service, SECOND, &case).await;
    let page = mailbox(&browser, &code, &[]).await.html;
    assert!(!page.contains(reserve) && page.contains(aside), "an open case is not for the reserve reader: {page}");
    // What is sent meanwhile waits with the rest, also while somebody is away.
    says(&browser, &code, "Er is nog iets").await;
    let until = service.clock.today().plus_days(10).to_string();
    service.desk(READER, &["away", "--until", &until]).await.unwrap();
    assert_eq!(browser.upload(&code, "bijlage.bin", vec![7; 1000]).await.status, 200);
    service.desk(READER, &["back"]).await.unwrap();
    for (act, text) in [("note", "Een notitie"), ("reply", "Een antwoord")] {
        with_text(&service, SECOND, &[act, &case], text).await.unwrap();
    }
    assert_eq!(service.desk(RESERVE, &["inbox"]).await.unwrap(), json!([]));
    service.desk(SECOND, &["leave", &case, "--conflict"]).await.unwrap();
    let page = mailbox(&browser, &code, &[]).await.html;
    assert!(page.contains(LEFT) && page.contains(reserve) && !page.contains(aside), "{page}");

    // The reserve reader is there again, and need not wait.
    assert!(page.contains("leest alleen mee als niemand die er nu bij kan"), "{page}");
    assert_eq!(service.desk(RESERVE, &["inbox"]).await.unwrap(), json!([]));
    mailbox(&browser, &code, &[("act", "release")]).await;
    let seen = read(&service, RESERVE, &case).await.to_string();
    let all = ["Het verhaal", "Er is nog iets", "bijlage.bin", "Een notitie", "Een antwoord"];
    assert!(all.iter().all(|text| seen.contains(text)), "{seen}");
    service.desk(RESERVE, &["leave", &case]).await.unwrap();

    // Nothing that was read is destroyed by withdrawing.
    let asked = mailbox(&browser, &code, &[("act", "sure")]).await.html;
    assert!(asked.contains("Uw verhaal is al geopend") && !asked.contains("Niemand heeft"), "{asked}");
    let withdrawn = mailbox(&browser, &code, &[("act", "withdraw")]).await;
    assert!(withdrawn.html.contains("geen contact meer wilt"), "{}", withdrawn.title());
    assert!(read(&service, READER, &case).await.to_string().contains("Het verhaal"));
}

/// Whoever opens a report alone cannot take its reserve reader away before they go, nor make themselves needless.
#[actix_web::test]
async fn the_reserve_reader_comes_back_whatever_the_only_reader_did() {
    let service = Service::start(None).await;
    let (_, _, case) = filed(&service, &[SECOND, THIRD]).await;
    let me = hostile(&service, READER).await;
    let (id, reserve) = (CaseId::parse(&case).unwrap(), evil::named(&me, RESERVE));
    let view = me.case(&id).await.unwrap();
    me.item(&view.items[0]).await.unwrap();
    let share = async |to| {
        let slot = SlotSent { to, header: "AAAA".to_owned() };
        let slots = vec![SharedItem { item: view.items[0], slot }];
        me.share(&id, &Sharing { slots, log: Some(evil::RECORD.to_owned()), not_before: None }).await
    };
    assert!(share(SentTo::Passed(reserve.keyed())).await.is_err(), "nothing goes along but from advice");
    share(SentTo::Reader(reserve.keyed())).await.unwrap();
    // What was shared is what the reporter made for them.
    assert!(read(&service, RESERVE, &case).await.to_string().contains("Het verhaal"));
}

/// A slot that is sent as set aside lets nobody in, then or when what was set aside comes back.
#[actix_web::test]
async fn nobody_is_let_in_by_a_slot_that_is_sent_as_set_aside() {
    let service = Service::start(None).await;
    let (_, _, case) = filed(&service, &[]).await;
    let me = hostile(&service, SECOND).await;
    let (id, new, reserve) = (CaseId::parse(&case).unwrap(), evil::named(&me, NEW), evil::named(&me, RESERVE));
    me.item(&me.case(&id).await.unwrap().items[0]).await.unwrap();
    let view = me.case(&id).await.unwrap();
    assert_eq!(view.aside, Some(reserve.keyed()));
    let to = [SentTo::Reader(me.me.keyed()), SentTo::Aside(new.keyed()), SentTo::Aside(reserve.keyed())];
    let slots = to.into_iter().map(|to| SlotSent { to, header: "AAAA".to_owned() }).collect();
    let log = Some(evil::RECORD.to_owned());
    let item = ItemId::from_uuid(Uuid::new_v4());
    let adding = Adding { item, act: Some(Act::Note), expected: view.state, slots, log };
    let body = [before_payload(&adding).unwrap(), b"a payload".to_vec()].concat();
    me.add(&id, body).await.unwrap();
    let pool = sqlx::SqlitePool::connect(&service.database).await.unwrap();
    let kept: Vec<(Option<i32>,)> = sqlx::query_as("select release from slot where item = $1 order by release")
        .bind(item.uuid())
        .fetch_all(&pool)
        .await
        .unwrap();
    pool.close().await;
    assert_eq!(kept, [(None,), (Some(ASIDE.number()),)], "the author's, and the reserve reader's");
    service.desk(SECOND, &["leave", &case, "--conflict"]).await.unwrap();
    assert_eq!(service.desk(NEW, &["inbox"]).await.unwrap(), json!([]));
}

#[actix_web::test]
async fn a_report_that_was_read_by_one_who_left_is_said_to_be_read_on_sqlite() {
    the_only_one_who_read_it_leaves(None).await;
}

#[actix_web::test]
async fn a_report_that_was_read_by_one_who_left_is_said_to_be_read_on_postgresql() {
    let postgres = Postgres::start();
    the_only_one_who_read_it_leaves(Some(postgres.database("read_and_left"))).await;
}
