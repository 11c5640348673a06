//! What two readers did together, one of them does not undo; and who was let in by one alone can be taken out by two.
use meldkluis::{
    api_types::{Going, SentTo},
    domain::{
        id::{CaseId, ItemId},
        order::Before,
    },
    seal::{
        Author, ItemHead, Kind, Plaintext, Recipients,
        circle::{Left, LeftReason, TakenOut},
        consent::{HandOver, Named, Request},
    },
};
use serde_json::json;
use uuid::Uuid;

use super::{
    Browser, NEW, READER, SECOND, THIRD,
    evil::{self, RECORD, give, hostile, send},
    filed, mailbox, read, with_text,
};
use crate::support::Service;

const OUTSIDE: &str = "buiten-functionaris-1";

/// An open case in which the first and the third officer took the second out.
async fn taken_out() -> (Service, Browser, String, String) {
    let service = Service::start(None).await;
    let (browser, code, case) = filed(&service, &[]).await;
    for reader in [READER, SECOND, THIRD] {
        read(&service, reader, &case).await;
    }
    let asked = with_text(&service, READER, &["take-out", &case, SECOND], "Praat erover").await.unwrap();
    service.desk(THIRD, &["confirm-take-out", &case, &asked]).await.unwrap();
    (service, browser, code, case)
}

/// Lets somebody in with a program of one's own.
async fn lets_in(service: &Service, by: &str, case: &str, whom: &str) {
    let (me, id) = (hostile(service, by).await, CaseId::parse(case).unwrap());
    let whom = evil::named(&me, whom);
    for item in me.case(&id).await.unwrap().items {
        give(&me, &id, &item, &whom, SentTo::Reader(whom.keyed())).await;
    }
}

/// The reporter lets the officer of the outside desk in; they read what is written from then on.
async fn is_let_in(service: &Service, browser: &Browser, code: &str, case: &str) {
    let asked = with_text(service, READER, &["ask-consent", case, "--to", OUTSIDE], "Leest mee").await.unwrap();
    mailbox(browser, code, &[("act", "consent-yes"), ("request", &asked)]).await;
    service.desk(READER, &["hand-over", case, &asked]).await.unwrap();
    for reader in [READER, THIRD] {
        assert_eq!(read(service, reader, case).await["strangers"], json!([]), "{reader}");
    }
    with_text(service, READER, &["note", case], "Ook voor de nieuwe").await.unwrap();
    assert!(read(service, OUTSIDE, case).await.to_string().contains("Ook voor de nieuwe"));
}

/// Leaves, and names nothing of what was done before.
async fn leaves_without_a_word(service: &Service, who: &str, case: &str, stays: &[&str]) {
    let (me, id) = (hostile(service, who).await, CaseId::parse(case).unwrap());
    let to: Vec<_> = stays.iter().map(|name| evil::named(&me, name)).collect();
    let left = Left::new(LeftReason::Leaving, Vec::new()).into_body();
    send(&me, &id, Kind::Left, left, &Recipients::of(&to).unwrap()).await;
    me.leave(&id, &Going { log: Some(RECORD.to_owned()) }).await.unwrap();
}

#[actix_web::test]
async fn who_leaves_does_not_bring_back_whom_they_took_out() {
    let (service, _, _, case) = taken_out().await;
    lets_in(&service, THIRD, &case, SECOND).await;
    leaves_without_a_word(&service, THIRD, &case, &[READER]).await;
    assert_eq!(read(&service, READER, &case).await["strangers"], json!([SECOND]));
    with_text(&service, READER, &["note", &case], "Niet voor de tweede").await.unwrap();
    assert!(!read(&service, SECOND, &case).await.to_string().contains("Niet voor de tweede"));
}

/// An open case into which the first and the third officer let a manager on a legal duty.
async fn on_a_duty() -> (Service, Browser, String, String) {
    let service = Service::start(None).await;
    let (browser, code, case) = filed(&service, &[]).await;
    read(&service, READER, &case).await;
    let duty = ["ask-duty", &case, "--to", NEW, "--ground", "court_order", "--reference", "C/13/1", "--no-notice"];
    let asked = with_text(&service, READER, &duty, "De rechter wil het").await.unwrap();
    service.desk(THIRD, &["approve-duty", &case, &asked]).await.unwrap();
    service.desk(READER, &["hand-over", &case, &asked]).await.unwrap();
    (service, browser, code, case)
}

/// The second of two names what counts of whoever goes; so does the first, by what stood in the case when they asked.
#[actix_web::test]
async fn who_confirms_a_taking_out_does_not_put_out_whom_that_reader_let_in() {
    let (service, browser, code, case) = on_a_duty().await;
    let asked = with_text(&service, READER, &["ask-consent", &case, "--to", OUTSIDE], "Leest mee").await.unwrap();
    mailbox(&browser, &code, &[("act", "consent-yes"), ("request", &asked)]).await;
    service.desk(READER, &["hand-over", &case, &asked]).await.unwrap();
    let out = with_text(&service, READER, &["take-out", &case, THIRD], "Praat erover").await.unwrap();
    let (me, id) = (hostile(&service, OUTSIDE).await, CaseId::parse(&case).unwrap());
    let to = [READER, SECOND, NEW, OUTSIDE].map(|name| evil::named(&me, name));
    let said = TakenOut::new(ItemId::parse(&out).unwrap(), Vec::new()).into_body();
    send(&me, &id, Kind::TakenOut, said, &Recipients::of(&to).unwrap()).await;
    assert_eq!(read(&service, READER, &case).await["strangers"], json!([THIRD]));
}

#[actix_web::test]
async fn whom_one_reader_let_in_two_others_take_out() {
    let service = Service::start(None).await;
    let (browser, code, case) = filed(&service, &[]).await;
    for reader in [READER, SECOND, THIRD] {
        read(&service, reader, &case).await;
    }
    lets_in(&service, SECOND, &case, OUTSIDE).await;
    // Nobody asks a reporter for somebody who is there: they are taken out first.
    let ask = with_text(&service, READER, &["ask-consent", &case, "--to", OUTSIDE], "Leest mee").await.unwrap_err();
    assert!(ask.contains("two readers take them out first"), "{ask}");
    with_text(&service, READER, &["take-out", &case, OUTSIDE], "Door niemand gevraagd").await.unwrap();
    let waits = service.desk(THIRD, &["inbox"]).await.unwrap().to_string();
    assert!(waits.contains("take_out"), "{waits}");
    service.desk(THIRD, &["confirm-take-out", &case, OUTSIDE]).await.unwrap();
    assert!(service.desk(OUTSIDE, &["read", &case]).await.is_err());
    assert_eq!(read(&service, READER, &case).await["strangers"], json!([]));
    // They were never in it: the reporter can still let them in, and then they read it.
    is_let_in(&service, &browser, &code, &case).await;
}

/// A slot that opens nothing makes nobody a reader who cannot go.
#[actix_web::test]
async fn who_has_slots_that_open_nothing_can_leave_and_be_let_in() {
    let service = Service::start(None).await;
    let (browser, code, case) = filed(&service, &[]).await;
    read(&service, READER, &case).await;
    let (me, id) = (hostile(&service, SECOND).await, CaseId::parse(&case).unwrap());
    let (item, whom) = (me.case(&id).await.unwrap().items[0], evil::named(&me, OUTSIDE));
    // Sealed to another.
    give(&me, &id, &item, &evil::named(&me, NEW), SentTo::Reader(whom.keyed())).await;
    service.desk(OUTSIDE, &["leave", &case]).await.unwrap();
    assert_eq!(service.desk(OUTSIDE, &["inbox"]).await.unwrap(), json!([]));
    is_let_in(&service, &browser, &code, &case).await;
}

/// What was given meanwhile stays as it is: a hand-over that would open nothing is not said to be done.
#[actix_web::test]
async fn nobody_is_handed_over_to_who_was_given_slots_by_one_reader() {
    let service = Service::start(None).await;
    let (browser, code, case) = filed(&service, &[]).await;
    read(&service, READER, &case).await;
    let asked = with_text(&service, READER, &["ask-consent", &case, "--to", OUTSIDE], "Leest mee").await.unwrap();
    mailbox(&browser, &code, &[("act", "consent-yes"), ("request", &asked)]).await;
    lets_in(&service, SECOND, &case, OUTSIDE).await;
    let refused = service.desk(READER, &["hand-over", &case, &asked]).await.unwrap_err();
    assert!(refused.contains("two readers take them out first"), "{refused}");
    assert!(!mailbox(&browser, &code, &[]).await.html.contains("Het is overgedragen"));
    service.desk(OUTSIDE, &["leave", &case]).await.unwrap();
    service.desk(READER, &["hand-over", &case, &asked]).await.unwrap();
    assert_eq!(read(&service, READER, &case).await["strangers"], json!([]));
}

/// Requests that the reporter never got are none of the two that they may be asked.
#[actix_web::test]
async fn what_does_not_reach_the_reporter_keeps_nobody_from_asking() {
    let service = Service::start(None).await;
    let (_, _, case) = filed(&service, &[]).await;
    read(&service, READER, &case).await;
    let (me, id) = (hostile(&service, SECOND).await, CaseId::parse(&case).unwrap());
    let view = me.case(&id).await.unwrap();
    let to = Recipients::of(view.readers.iter().filter_map(|r| me.roster.reader(&r.reader))).unwrap();
    let items = || vec![Named { item: view.items[0], kind: Kind::Report, day: me.today(), name: None }];
    for reason in ["Eens", "Nog eens"] {
        let asked = Request::new(evil::named(&me, NEW).keyed(), Plaintext::from(reason.to_owned()), items());
        send(&me, &id, Kind::ConsentRequest, asked.into_body(), &to).await;
    }
    with_text(&service, READER, &["ask-consent", &case, "--to", NEW], "Leest mee").await.unwrap();
}

/// Who carries something out says again what was carried out: with another place in the case it brings nobody back, and puts nobody out.
#[actix_web::test]
async fn who_says_a_hand_over_again_changes_nobody_s_place() {
    for stranger in [false, true] {
        let service = Service::start(None).await;
        let (browser, code, case) = filed(&service, &[]).await;
        for reader in [READER, SECOND, THIRD] {
            read(&service, reader, &case).await;
        }
        let taken_out = async || {
            with_text(&service, READER, &["take-out", &case, OUTSIDE], "Hoort hier niet").await.unwrap();
            service.desk(THIRD, &["confirm-take-out", &case, OUTSIDE]).await.unwrap();
        };
        if stranger {
            lets_in(&service, SECOND, &case, OUTSIDE).await;
            taken_out().await;
        }
        is_let_in(&service, &browser, &code, &case).await;
        if !stranger {
            taken_out().await;
        }
        let seen = read(&service, SECOND, &case).await["items"].as_array().unwrap().clone();
        let last = |kind: &str| {
            let found = seen.iter().rfind(|item| item["kind"] == kind).unwrap();
            ItemId::parse(found["item"].as_str().unwrap()).unwrap()
        };
        // First of all; or after the taking out, though that names it, by the beginning of its id, as before it.
        let (me, id) = (hostile(&service, SECOND).await, CaseId::parse(&case).unwrap());
        let to = [READER, SECOND, THIRD].map(|name| evil::named(&me, name));
        let to = Recipients::of(&to).unwrap();
        let whom = evil::named(&me, OUTSIDE);
        let pair = (last("consent_request"), last("consent_answer"));
        let done = HandOver::new(pair, whom.keyed(), evil::reporter(&me, &id).await, (Vec::new(), Vec::new()));
        let by = Author::Reader(me.me.reader.clone());
        let mut head = ItemHead { seq: 0, ..evil::head(&me, &id, (by, Kind::HandOver), &to) };
        if !stranger {
            let mut bytes = *Uuid::new_v4().as_bytes();
            bytes[..4].copy_from_slice(&last("report").as_bytes()[..4]);
            head.item = ItemId::from_uuid(Uuid::from_bytes(bytes));
            head.before = Before::of(&[last("take_out")]);
        }
        evil::send_head(&me.me.signer, &me, head, done.into_body(), &to).await;
        if !stranger {
            lets_in(&service, SECOND, &case, OUTSIDE).await;
        }
        let strangers = if stranger { json!([]) } else { json!([OUTSIDE]) };
        assert_eq!(read(&service, READER, &case).await["strangers"], strangers, "{stranger}");
    }
}
