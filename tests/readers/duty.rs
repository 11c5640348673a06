//! A legal duty: asked, told to the reporter, approved by a second reader, and carried out when the days of the notice are over.
use base64::{Engine, prelude::BASE64_STANDARD};
use meldkluis::{
    api_types::{SentTo, SharedItem, Sharing, SlotSent},
    clock::Clock,
    domain::{
        day::Day,
        ground::{Ground, NOTICE_DAYS},
        id::{CaseId, ItemId},
    },
    seal::{Kind, Recipients, circle::DutyApproval, consent::HandOver},
};
use serde_json::json;

use super::{
    NEW, READER, SECOND, THIRD,
    evil::{self, RECORD, give, hostile, hostile_on, send},
    filed, mailbox, read, says, with_text,
};
use crate::support::{Service, postgres::Postgres};

/// A service whose server has the day on which the notice of today is over; desks have today.
async fn ahead(database: Option<String>) -> (Service, Day) {
    let today = Clock::System.today();
    let folder = tempfile::tempdir().unwrap();
    let mut service = Service::found(folder, database, today.plus_days(NOTICE_DAYS)).await;
    service.clock = Clock::Fixed(today);
    (service, today)
}

/// As a page writes a day.
fn nl(day: Day) -> String {
    let month = ["januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september", "oktober"];
    let month =
        month.into_iter().chain(["november", "december"]).nth(usize::from(day.date().month().unsigned_abs()) - 1);
    format!("{} {} {}", day.date().day(), month.unwrap(), day.date().year())
}

async fn on_a_legal_duty(database: Option<String>) {
    let (mut service, today) = ahead(database).await;
    let (browser, code, case) = filed(&service, &[]).await;
    says(&browser, &code, "Alleen voor de functionaris").await;
    let all = read(&service, READER, &case).await["items"].as_array().unwrap().clone();
    let story = all.iter().find(|i| i["story"].is_object()).unwrap()["item"].as_str().unwrap().to_owned();
    let duty = ["ask-duty", &case, "--to", NEW, "--ground", "court_order", "--reference", "C/13/1", "--item", &story];
    let asked = with_text(&service, READER, &duty, "De rechter wil het <verhaal>").await.unwrap();

    // The reporter is told before, with the day, and has nothing to agree to.
    let page = mailbox(&browser, &code, &[]).await;
    let from = today.plus_days(NOTICE_DAYS);
    let day = format!("niet vóór {}", nl(from));
    for text in [
        "Directeur gaat dit lezen",
        "Een rechter beveelt dit",
        "C/13/1",
        "wil het &lt;verhaal&gt;",
        "<li>Melding, ",
        "Eerst moet een tweede lezer het ermee eens zijn",
    ] {
        assert!(page.html.contains(text), "{text}");
    }
    assert!(!page.html.contains("consent-yes") && !page.html.contains("<li>Bericht, "));
    assert!(!page.html.contains("niet vóór"), "no day before a second reader agreed");
    assert!(page.html.contains("Het is nog niet overgedragen."));

    // One reader alone does nothing.
    let early = service.desk(READER, &["hand-over", &case, &asked]).await.unwrap_err();
    assert!(early.contains("has not approved"), "{early}");
    let own = service.desk(READER, &["approve-duty", &case, &asked]).await.unwrap_err();
    assert!(own.contains("another reader"), "{own}");
    assert_eq!(service.desk(NEW, &["inbox"]).await.unwrap(), json!([]));
    service.desk(THIRD, &["approve-duty", &case, &asked]).await.unwrap();

    // Nor do two, before the days are over.
    for days in 0..NOTICE_DAYS {
        service.clock = Clock::Fixed(today.plus_days(days));
        let early = service.desk(READER, &["hand-over", &case, &asked]).await.unwrap_err();
        assert!(early.contains("can be handed over from"), "{early}");
    }
    let seen = read(&service, SECOND, &case).await["duties"].clone();
    assert!(seen[0]["not_before"] == from.to_string() && seen[0]["approved"] == true, "{seen}");
    assert_eq!(service.desk(NEW, &["inbox"]).await.unwrap(), json!([]));
    assert!(mailbox(&browser, &code, &[]).await.html.contains(&day));

    // What the reporter answered is read first.
    says(&browser, &code, "Dit brengt mij in gevaar").await;
    service.clock = Clock::Fixed(from);
    let unread = service.desk(READER, &["hand-over", &case, &asked]).await.unwrap_err();
    assert!(unread.contains("the reporter wrote something"), "{unread}");
    let seen = read(&service, READER, &case).await["duties"].clone();
    assert_eq!(seen[0]["answers"].as_array().unwrap().len(), 1, "{seen}");
    service.desk(READER, &["hand-over", &case, &asked, "--yes"]).await.unwrap();
    let twice = service.desk(THIRD, &["hand-over", &case, &asked, "--yes"]).await.unwrap_err();
    assert!(twice.contains("handed over before"), "{twice}");

    // Exactly what was named; and every desk proves by itself that two wanted it, and waited.
    let theirs = read(&service, NEW, &case).await;
    assert!(theirs.to_string().contains("Het verhaal") && !theirs.to_string().contains("Alleen voor de functionaris"));
    assert!(theirs["items"].as_array().unwrap().iter().all(|i| i["proven"] == true), "{theirs}");
    for reader in [READER, SECOND, THIRD, NEW] {
        assert_eq!(read(&service, reader, &case).await["strangers"], json!([]), "{reader}");
    }
    with_text(&service, SECOND, &["note", &case], "Ook voor de nieuwe").await.unwrap();
    assert!(read(&service, NEW, &case).await.to_string().contains("Ook voor de nieuwe"));
    assert!(mailbox(&browser, &code, &[]).await.html.contains("Het is overgedragen."));
}

#[actix_web::test]
async fn a_legal_duty_needs_a_ground_two_readers_and_a_notice_on_sqlite() {
    on_a_legal_duty(None).await;
}

#[actix_web::test]
async fn a_legal_duty_needs_a_ground_two_readers_and_a_notice_on_postgresql() {
    let postgres = Postgres::start();
    on_a_legal_duty(Some(postgres.database("duty"))).await;
}

#[actix_web::test]
async fn a_notice_that_one_reader_dates_back_runs_from_the_day_of_the_second() {
    let (mut service, today) = ahead(None).await;
    let (browser, code, case) = filed(&service, &[]).await;
    read(&service, READER, &case).await;
    let duty = ["ask-duty", &case, "--to", NEW, "--ground", "report_of_crime_162sv"];
    let asked = with_text(&service, READER, &duty, "Een misdrijf").await.unwrap();
    let today = today.plus_days(NOTICE_DAYS);
    service.clock = Clock::Fixed(today);
    service.desk(THIRD, &["approve-duty", &case, &asked]).await.unwrap();
    let early = service.desk(READER, &["hand-over", &case, &asked]).await.unwrap_err();
    assert!(early.contains("can be handed over from"), "{early}");
    let seen = read(&service, SECOND, &case).await["duties"].clone();
    assert_eq!(seen[0]["not_before"], today.plus_days(NOTICE_DAYS).to_string(), "{seen}");
    let day = format!("niet vóór {}", nl(today.plus_days(NOTICE_DAYS)));
    assert!(mailbox(&browser, &code, &[]).await.html.contains(&day), "both sides name the same day");
}

/// An approval of a day that has not come keeps nobody from approving; a file is an answer as a message is.
#[actix_web::test]
async fn an_approval_dated_ahead_counts_for_nothing_and_a_file_is_an_answer() {
    let (service, today) = ahead(None).await;
    let (browser, code, case) = filed(&service, &[]).await;
    read(&service, READER, &case).await;
    let duty = ["ask-duty", &case, "--to", NEW, "--ground", "report_of_crime_162sv"];
    let asked = with_text(&service, READER, &duty, "Een misdrijf").await.unwrap();
    let (id, me) =
        (CaseId::parse(&case).unwrap(), hostile_on(&service, SECOND, Clock::Fixed(today.plus_days(30))).await);
    let view = me.case(&id).await.unwrap();
    let to = Recipients::of(view.readers.iter().filter_map(|r| me.roster.reader(&r.reader))).unwrap();
    let approval = DutyApproval::new(ItemId::parse(&asked).unwrap()).into_body();
    send(&me, &id, Kind::DutyApproval, approval, &to).await;
    assert_eq!(browser.upload(&code, "antwoord.txt", b"Dit klopt niet".to_vec()).await.status, 200);

    service.desk(THIRD, &["approve-duty", &case, &asked]).await.unwrap();
    let seen = read(&service, READER, &case).await["duties"].clone();
    assert_eq!(seen[0]["not_before"], today.plus_days(NOTICE_DAYS).to_string(), "{seen}");
    assert_eq!(seen[0]["answers"].as_array().unwrap().len(), 1, "{seen}");
}

/// A manager may be the one whom a report is about, or answer for them: their word as the second is none, by what program they give it.
#[actix_web::test]
async fn a_manager_is_not_the_second_reader_of_a_legal_duty() {
    const OTHER: &str = "buiten-functionaris-1";
    let service = Service::start(None).await;
    let (browser, code, case) = filed(&service, &[]).await;
    let all = read(&service, READER, &case).await["items"].as_array().unwrap().clone();
    let story = all.iter().find(|i| i["story"].is_object()).unwrap()["item"].as_str().unwrap().to_owned();
    let asked = with_text(&service, READER, &["ask-consent", &case, "--to", NEW], "Leidt het").await.unwrap();
    mailbox(&browser, &code, &[("act", "consent-yes"), ("request", &asked)]).await;
    service.desk(READER, &["hand-over", &case, &asked]).await.unwrap();
    let duty = ["ask-duty", &case, "--to", OTHER, "--ground", "court_order", "--reference", "1", "--no-notice"];
    let asked = with_text(&service, READER, &duty, "De rechter wil het").await.unwrap();
    let refused = service.desk(NEW, &["approve-duty", &case, &asked]).await.unwrap_err();
    assert!(refused.contains("an adviser or a reporting officer, and no manager"), "{refused}");

    let (me, id) = (hostile(&service, NEW).await, CaseId::parse(&case).unwrap());
    let (first, request) = (hostile(&service, READER).await, ItemId::parse(&asked).unwrap());
    let view = me.case(&id).await.unwrap();
    let to = Recipients::of(view.readers.iter().filter_map(|r| me.roster.reader(&r.reader))).unwrap();
    let approval = send(&me, &id, Kind::DutyApproval, DutyApproval::new(request).into_body(), &to).await;
    let seen = read(&service, THIRD, &case).await["duties"].clone();
    assert_eq!(seen[0]["approved"], false, "{seen}");
    let early = service.desk(READER, &["hand-over", &case, &asked]).await.unwrap_err();
    assert!(early.contains("has not approved"), "{early}");
    let new = evil::named(&first, OTHER);
    give(&first, &id, &ItemId::parse(&story).unwrap(), &new, SentTo::Reader(new.keyed())).await;
    let reporter = evil::reporter(&first, &id).await;
    let done = HandOver::new((request, approval), new.keyed(), reporter, (view.readers.clone(), Vec::new()));
    send(&first, &id, Kind::HandOver, done.into_body(), &to).await;
    assert_eq!(read(&service, THIRD, &case).await["strangers"], json!([OTHER]));
}

/// What was done long ago stands in the way of nothing that is to come.
#[actix_web::test]
async fn what_is_to_come_stands_beside_what_was_done() {
    let (mut service, today) = ahead(None).await;
    let (browser, code, case) = filed(&service, &[]).await;
    read(&service, READER, &case).await;
    let mut done = Vec::new();
    for to in [NEW, "buiten-functionaris-1", "bzk-omgangsvormen-1"] {
        let duty = ["ask-duty", &case, "--to", to, "--ground", "report_of_crime_162sv"];
        done.push(with_text(&service, READER, &duty, "Al gebeurd").await.unwrap());
    }
    for asked in &done {
        service.desk(THIRD, &["approve-duty", &case, asked]).await.unwrap();
    }
    service.clock = Clock::Fixed(today.plus_days(NOTICE_DAYS));
    for asked in &done {
        service.desk(READER, &["hand-over", &case, asked]).await.unwrap();
    }
    let duty = ["ask-duty", &case, "--to", "bzk-omgangsvormen-2", "--ground", "report_of_crime_162sv"];
    with_text(&service, READER, &duty, "Nog te doen").await.unwrap();
    let page = mailbox(&browser, &code, &[]).await.html;
    assert!(page.contains("Nog te doen") && page.matches("Al gebeurd").count() == 3, "{page}");
}

/// Whoever carries it out too early, or says that they do it later, lets in a stranger; it can be done again when it may be.
#[actix_web::test]
async fn a_hand_over_before_its_day_lets_in_a_stranger() {
    let (mut service, today) = ahead(None).await;
    let (browser, code, case) = filed(&service, &[]).await;
    let all = read(&service, READER, &case).await["items"].as_array().unwrap().clone();
    let story = all.iter().find(|i| i["story"].is_object()).unwrap()["item"].as_str().unwrap().to_owned();
    let duty = ["ask-duty", &case, "--to", NEW, "--ground", "report_of_crime_162sv"];
    let asked = with_text(&service, READER, &duty, "Een misdrijf").await.unwrap();
    let approved = service.desk(THIRD, &["approve-duty", &case, &asked]).await.unwrap();
    let item = |text: &str| ItemId::parse(text).unwrap();
    let (asked_item, approved) = (item(&asked), item(approved["item"].as_str().unwrap()));
    let id = CaseId::parse(&case).unwrap();
    for day in [today, today.plus_days(NOTICE_DAYS)] {
        let me = hostile_on(&service, READER, Clock::Fixed(day)).await;
        let view = me.case(&id).await.unwrap();
        let to = Recipients::of(view.readers.iter().filter_map(|r| me.roster.reader(&r.reader))).unwrap();
        let new = evil::named(&me, NEW);
        for shared in [item(&story), asked_item, approved] {
            give(&me, &id, &shared, &new, SentTo::Reader(new.keyed())).await;
        }
        let reporter = evil::reporter(&me, &id).await;
        let before = [READER, SECOND, THIRD].map(|name| evil::named(&me, name).keyed()).to_vec();
        let done = HandOver::new((asked_item, approved), new.keyed(), reporter, (before, Vec::new()));
        let to = to.with_reporter(id, &evil::reporter(&me, &id).await.reply).unwrap();
        send(&me, &id, Kind::HandOver, done.into_body(), &to).await;
        assert_eq!(read(&service, SECOND, &case).await["strangers"], json!([NEW]), "{day}");
        let page = mailbox(&browser, &code, &[]).await;
        assert!(page.html.contains("Het is nog niet overgedragen.") == (day == today), "{day}");
        with_text(&service, SECOND, &["note", &case], "Nog niet voor de nieuwe").await.unwrap();
        let theirs = service.desk(NEW, &["read", &case]).await.unwrap_or_default();
        assert!(!theirs.to_string().contains("Nog niet voor"), "{theirs}");
    }
    service.clock = Clock::Fixed(today.plus_days(NOTICE_DAYS));
    assert_eq!(read(&service, SECOND, &case).await["strangers"], json!([]));
}

/// The server knows no more than the day that a desk says; it counts by its own calendar.
#[actix_web::test]
async fn a_desk_whose_clock_is_ahead_hands_over_nothing() {
    let mut service = Service::start(None).await;
    let (_, _, case) = filed(&service, &[]).await;
    read(&service, READER, &case).await;
    let duty = ["ask-duty", &case, "--to", NEW, "--ground", "report_of_crime_162sv"];
    let asked = with_text(&service, READER, &duty, "Een misdrijf").await.unwrap();
    service.desk(THIRD, &["approve-duty", &case, &asked]).await.unwrap();
    let today = service.clock.today();
    service.clock = Clock::Fixed(today.plus_days(NOTICE_DAYS));
    service.desk(READER, &["hand-over", &case, &asked]).await.unwrap_err();
    assert_eq!(service.desk(NEW, &["inbox"]).await.unwrap(), json!([]));

    let (me, id) = (hostile(&service, READER).await, CaseId::parse(&case).unwrap());
    let (item, new) = (me.case(&id).await.unwrap().items[0], evil::named(&me, NEW));
    for (not_before, may) in [(today.plus_days(1), false), (today, true)] {
        let slot = meldkluis::seal::desk::share(&me.me.seal, &evil::own_slot(&me, &item).await, &new).unwrap();
        let slot = SlotSent { to: SentTo::Reader(new.keyed()), header: BASE64_STANDARD.encode(&slot.header) };
        let slots = vec![SharedItem { item, slot }];
        let sharing = Sharing { slots, log: Some(RECORD.to_owned()), not_before: Some(not_before) };
        assert_eq!(me.share(&id, &sharing).await.is_ok(), may, "{not_before}");
    }
}

#[actix_web::test]
async fn without_a_notice_nothing_is_written_to_the_reporter_and_the_struck_stay_out() {
    let service = Service::start(None).await;
    let (browser, code, case) = filed(&service, &[SECOND]).await;
    read(&service, READER, &case).await;
    let duty = |to: &'static str, ground: &'static str, reference: &'static str| {
        let (service, case) = (&service, &case);
        async move {
            let words = ["ask-duty", case, "--to", to, "--ground", ground, "--reference", reference, "--no-notice"];
            with_text(service, READER, &words, "Een bericht vooraf maakt bewijs zoek").await
        }
    };
    assert!(duty(SECOND, "court_order", "C/13/1").await.unwrap_err().contains("excluded"));
    for ground in Ground::ALL.into_iter().filter(|ground| ground.needs_reference()) {
        assert!(duty(NEW, ground.name(), "  ").await.unwrap_err().contains("name the article"), "{ground:?}");
    }
    assert!(duty(NEW, "omdat_het_kan", "").await.unwrap_err().contains("invalid value 'omdat_het_kan'"));
    let asked = duty(NEW, "criminal_investigation", "Vordering 12").await.unwrap();
    service.desk(THIRD, &["approve-duty", &case, &asked]).await.unwrap();
    let before = mailbox(&browser, &code, &[]).await;
    assert!(!before.html.contains("omdat de wet dat eist") && !before.html.contains("maakt bewijs zoek"));
    service.desk(THIRD, &["hand-over", &case, &asked]).await.unwrap();
    let after = mailbox(&browser, &code, &[]).await;
    assert!(!after.html.contains("omdat de wet dat eist") && !after.html.contains("maakt bewijs zoek"));
    // Who reads is never hidden: the list of readers names them.
    assert!(after.html.contains("Directeur"));
    assert!(read(&service, NEW, &case).await.to_string().contains("Het verhaal"));
}
