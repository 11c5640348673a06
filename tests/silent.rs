//! Nothing that is owed to the reporter is done behind their back: not an act of which they get no word, not a legal duty told to nobody,
//! not an end that only the server speaks of.
#![cfg(all(feature = "server", feature = "desk"))]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]
#[expect(dead_code, reason = "other tests use the rest")]
#[path = "oversight/bare.rs"]
mod bare;
#[path = "silent/claims.rs"]
mod claims;
#[path = "support/hostile.rs"]
mod evil;
#[path = "support/filed.rs"]
mod filed;
#[path = "after/local.rs"]
mod local;
#[path = "silent/more.rs"]
mod more;
#[path = "support/local.rs"]
mod page;
mod support;
#[path = "silent/unread.rs"]
mod unread;

use bare::{Bare, RECORD, new_item};
use base64::{Engine, prelude::BASE64_STANDARD};
use evil::{hostile, named, reporter, send};
use filed::{COORDINATOR, Filed, READER, SECOND};
use local::Local;
use meldkluis::{
    api_types::{Adding, SentTo, SlotSent},
    desk::Client,
    domain::{
        case::{Act, CaseState},
        ground::{Ground, NOTICE_DAYS},
        id::{CaseId, ItemId},
        order::Before,
    },
    envelope::before_payload,
    seal::{
        Author, FileSealer, ItemHead, Kind, Origin, Plaintext, Recipients, Slot,
        circle::{DutyApproval, DutyRequest},
        consent::{HandOver, Named},
        item,
    },
};
use serde_json::{Value, json};

const NEW: &str = "bzk-leidinggevende-1";
const OWED: [Act; 5] = [Act::Acknowledge, Act::Ask, Act::Reply, Act::Feedback, Act::Close];

impl Filed {
    /// What the server answers to rubbish that is said to be an act, with these slots.
    async fn rubbish(&self, by: &Bare, act: Option<Act>, to: &[SentTo], bytes: usize) -> u16 {
        let slot = |to: &SentTo| SlotSent { to: to.clone(), header: "AAAA".to_owned() };
        let (slots, log) = (to.iter().map(slot).collect(), Some(RECORD.to_owned()));
        let adding = Adding { item: new_item(), act, expected: CaseState::Open, slots, log };
        by.put_with(&format!("{}/items", self.case), &adding, vec![0; bytes]).await.0
    }
}

#[actix_web::test]
async fn an_act_that_is_owed_to_the_reporter_is_not_taken_without_one_slot_of_theirs() {
    let filed = Filed::new().await;
    let by = Bare::new(&filed.service, SECOND).await;
    let own = SentTo::Reader(by.keyed(SECOND));
    let before = by.get(&format!("cases/{}", filed.case)).await;
    for act in OWED {
        let nothing = [own.clone(), SentTo::Nobody(1)];
        let twice = [own.clone(), SentTo::Reporter, SentTo::Reporter];
        let sent = [
            filed.rubbish(&by, Some(act), &nothing, 100).await,
            filed.rubbish(&by, Some(act), &twice, 100).await,
            // A page shows the reporter no file: what is larger than every message is none.
            filed.rubbish(&by, Some(act), &[own.clone(), SentTo::Reporter], 400 << 10).await,
        ];
        assert_eq!(sent, [422, 422, 413], "{act:?}");
    }
    let after = by.get(&format!("cases/{}", filed.case)).await;
    assert_eq!((&after["state"], &after["due"], &after["items"]), (&before["state"], &before["due"], &before["items"]));
    // What is for the readers alone is free, and so is what the server cannot tell apart.
    for act in [Some(Act::Note), None] {
        assert_eq!(filed.rubbish(&by, act, std::slice::from_ref(&own), 100).await, 200, "{act:?}");
    }
    for act in OWED {
        assert_eq!(filed.rubbish(&by, Some(act), &[own.clone(), SentTo::Reporter], 100).await, 200, "{act:?}");
    }
}

#[actix_web::test]
async fn a_letter_that_does_not_open_is_not_left_out_in_silence() {
    let filed = Filed::new().await;
    let words = "kan niet worden geopend";
    assert!(!filed.mailbox().await.html.contains(words));
    let by = Bare::new(&filed.service, SECOND).await;
    let to = [SentTo::Reader(by.keyed(SECOND)), SentTo::Reporter];
    assert_eq!(filed.rubbish(&by, Some(Act::Acknowledge), &to, 100).await, 200);
    let page = filed.mailbox().await.html;
    assert!(
        page.contains(words) && page.contains("Er is nog geen antwoord") && page.contains("Schrijf hieronder"),
        "{page}"
    );
    assert_eq!(filed.rubbish(&by, Some(Act::Close), &to, 100).await, 200);
    let page = filed.mailbox().await.html;
    assert!(page.contains("2 berichten") && page.contains("Uw zaak is afgesloten"), "{page}");
    // A true answer is no such letter.
    let other = Filed::new().await;
    other.acts(READER, "acknowledge", "Ontvangen").await.unwrap();
    assert!(!other.mailbox().await.html.contains(words));
}

/// Whom an altered desk seals to.
enum Told {
    Nobody,
    Rubbish,
}

/// A legal duty with a notice that the reporter does not get, from a reader who says that they do.
async fn claimed(filed: &Filed, told: &Told) -> ItemId {
    let (me, id) = (hostile(&filed.service, READER).await, CaseId::parse(&filed.case).unwrap());
    let view = me.case(&id).await.unwrap();
    let readers = Recipients::of(view.readers.iter().filter_map(|r| me.roster.reader(&r.reader))).unwrap();
    let story = Named { item: view.items[0], kind: Kind::Report, day: me.today(), name: None };
    let text = |text: &str| Plaintext::from(text.to_owned());
    let to = (named(&me, NEW).keyed(), vec![story]);
    let duty = DutyRequest::new(to, (Ground::CourtOrder, text("C/13/1")), text("De rechter wil het"), true);
    match told {
        Told::Nobody => send(&me, &id, Kind::DutyRequest, duty.into_body(), &readers).await,
        Told::Rubbish => {
            let with = readers.with_reporter(id, &reporter(&me, &id).await.reply).unwrap();
            send_torn(&me, &id, duty.into_body(), &with).await
        }
    }
}

fn head(me: &Client, case: &CaseId, kind: Kind, to: &Recipients) -> ItemHead {
    ItemHead {
        instance: me.roster.instance,
        case: *case,
        item: new_item(),
        kind,
        author: Author::Reader(me.me.reader.clone()),
        seq: 9,
        seen: [0; 32],
        before: Before::default(),
        day: me.today(),
        name: None,
        to: to.readers(),
        reporter: None,
        proof: None,
        origin: Origin::default(),
        unread: Vec::new(),
    }
}

/// Sends a legal duty of which the reporter's slot does not open.
async fn send_torn(me: &Client, case: &CaseId, body: Plaintext, to: &Recipients) -> ItemId {
    put(me, head(me, case, Kind::DutyRequest, to), body, to, true).await
}

/// Sends an item with a head of its own, with the act that its kind is, and with a slot of the reporter that does not open where it is torn.
async fn put(me: &Client, head: ItemHead, body: Plaintext, to: &Recipients, torn: bool) -> ItemId {
    let (id, case) = (head.item, head.case);
    let act = match head.kind {
        Kind::Acknowledgement => Some(Act::Acknowledge),
        Kind::Feedback => Some(Act::Feedback),
        Kind::Closing => Some(Act::Close),
        _ => None,
    };
    let (slots, payload) = item(head, body, &me.me.signer, to).unwrap().into_parts();
    let slot = |s: &Slot| match SentTo::of(&s.to) {
        SentTo::Reporter if torn => SlotSent { to: SentTo::Reporter, header: "AAAA".to_owned() },
        to => SlotSent { to, header: BASE64_STANDARD.encode(&s.header) },
    };
    let (slots, log) = (slots.iter().map(slot).collect(), Some(RECORD.to_owned()));
    let adding = Adding { item: id, act, expected: CaseState::Open, slots, log };
    me.add(&case, [before_payload(&adding).unwrap(), payload].concat()).await.unwrap();
    id
}

#[actix_web::test]
async fn a_duty_with_a_notice_that_goes_to_nobody_is_marked_and_not_approved() {
    let filed = Filed::new().await;
    let asked = claimed(&filed, &Told::Nobody).await.to_string();
    let refused = filed.service.desk(SECOND, &["approve-duty", &filed.case, &asked]).await.unwrap_err();
    assert!(refused.contains("did not go to the reporter"), "{refused}");
    let seen = filed.read(SECOND).await;
    let withheld: Vec<&Value> = seen["items"].as_array().unwrap().iter().filter(|i| i["withheld"] == true).collect();
    assert!(withheld.len() == 1 && withheld[0]["item"] == json!(asked), "{seen}");
    let words = filed.service.desk_words(SECOND, &["read", &filed.case]).await.unwrap();
    assert!(words.contains("The reporter does not get this"), "{words}");
    let (_, page) = Local::desk(&filed.service, SECOND).await.get(&format!("/nl/case/{}", filed.case)).await;
    assert_eq!(page.matches("De melder krijgt dit niet").count(), 1, "{page}");
}

#[actix_web::test]
async fn an_approval_tells_the_reporter_all_of_a_duty_whose_notice_does_not_open() {
    let filed = Filed::new().await;
    let asked = claimed(&filed, &Told::Rubbish).await.to_string();
    let page = filed.mailbox().await.html;
    assert!(!page.contains("C/13/1") && page.contains("kan niet worden geopend"), "{page}");
    filed.service.desk(SECOND, &["approve-duty", &filed.case, &asked]).await.unwrap();
    let page = filed.mailbox().await.html;
    let from = filed.service.clock.today().plus_days(NOTICE_DAYS).date();
    for text in ["gaat dit lezen", "Een rechter beveelt dit", "C/13/1", "De rechter wil het", "<li>Melding, "] {
        assert!(page.contains(text), "{text}: {page}");
    }
    assert!(page.contains(&format!("niet vóór {} ", from.day())), "{page}");
    // The seven days are there for them.
    let early = filed.service.desk(SECOND, &["hand-over", &filed.case, &asked]).await.unwrap_err();
    assert!(early.contains("can be handed over from"), "{early}");
}

#[actix_web::test]
async fn an_approval_of_which_the_reporter_gets_nothing_is_none() {
    let filed = Filed::new().await;
    let file = filed.text("De rechter wil het");
    let ask =
        ["ask-duty", &filed.case, "--to", NEW, "--ground", "court_order", "--reference", "C/13/1", "--file", &file];
    let asked = filed.service.desk(READER, &ask).await.unwrap()["item"].as_str().unwrap().to_owned();
    let (me, id) = (hostile(&filed.service, SECOND).await, CaseId::parse(&filed.case).unwrap());
    let view = me.case(&id).await.unwrap();
    let to = Recipients::of(view.readers.iter().filter_map(|r| me.roster.reader(&r.reader))).unwrap();
    let alone = meldkluis::seal::circle::DutyApproval::new(ItemId::parse(&asked).unwrap());
    send(&me, &id, Kind::DutyApproval, alone.into_body(), &to).await;
    let refused = filed.service.desk(READER, &["hand-over", &filed.case, &asked]).await.unwrap_err();
    assert!(refused.contains("has not approved"), "{refused}");
    // Another second reader still can.
    filed.service.desk("bzk-functionaris-3", &["approve-duty", &filed.case, &asked]).await.unwrap();
}

#[actix_web::test]
async fn an_end_of_which_no_reader_says_anything_is_marked_for_the_coordinator() {
    let filed = Filed::new().await;
    let by = Bare::new(&filed.service, SECOND).await;
    let to = [SentTo::Reader(by.keyed(SECOND)), SentTo::Reporter];
    let overview = async || filed.service.desk(COORDINATOR, &["overview"]).await.unwrap();
    assert_eq!(overview().await["ahead"], json!([]));
    let mut seen = Vec::new();
    for act in [Act::Acknowledge, Act::Feedback, Act::Close] {
        assert_eq!(filed.rubbish(&by, Some(act), &to, 100).await, 200);
        seen.push(overview().await["ahead"].clone());
    }
    let ahead = |what: &str| json!([{ "case": filed.case, "server_says": what }]);
    assert_eq!(seen, [ahead("answered"), ahead("answered"), ahead("closed")]);
    let words = filed.service.desk_words(COORDINATOR, &["overview"]).await.unwrap();
    assert!(words.contains("The server says that it is closed, and no record of a reader says so"), "{words}");
    let desk = Local::desk(&filed.service, COORDINATOR).await;
    for path in ["/nl/overview".to_owned(), format!("/nl/watch/{}", filed.case)] {
        let (status, page) = desk.get(&path).await;
        assert!(status == 200 && page.contains("De server zegt dat de zaak gesloten is"), "{path}: {page}");
    }

    // Of what a reader says there is nothing to mark.
    let other = Filed::new().await;
    for act in ["acknowledge", "feedback", "close"] {
        other.acts(READER, act, "Tekst").await.unwrap();
        let overview = other.service.desk(COORDINATOR, &["overview"]).await.unwrap();
        assert_eq!(overview["ahead"], json!([]), "{act}: {overview}");
    }
}

#[actix_web::test]
async fn a_letter_too_large_for_a_page_is_counted_there_and_marked_at_the_desk() {
    let filed = Filed::new().await;
    let by = Bare::new(&filed.service, SECOND).await;
    let to = [SentTo::Reader(by.keyed(SECOND)), SentTo::Reporter];
    assert_eq!(filed.rubbish(&by, None, &to, 305 << 10).await, 200);
    // What is as large as a file may be one, and those are for the readers.
    assert_eq!(filed.rubbish(&by, None, &to, 513 << 10).await, 200);
    let page = filed.mailbox().await.html;
    assert!(page.contains("kan niet worden geopend") && !page.contains("2 berichten"), "{page}");

    let (me, id) = (hostile(&filed.service, READER).await, CaseId::parse(&filed.case).unwrap());
    let view = me.case(&id).await.unwrap();
    let readers = Recipients::of(view.readers.iter().filter_map(|r| me.roster.reader(&r.reader))).unwrap();
    let with = readers.with_reporter(id, &reporter(&me, &id).await.reply).unwrap();
    let mut sealer = FileSealer::new(&with).unwrap();
    // With what is signed it fits no message, and is padded as a file is.
    sealer.write(&vec![b'a'; 256 << 10]).unwrap();
    let mut payload = sealer.take();
    let head = head(&me, &id, Kind::Acknowledgement, &with);
    let item = head.item;
    let mut ending = sealer.ending(head, &me.me.signer).unwrap();
    while let Some(piece) = ending.next_piece().unwrap() {
        payload.extend_from_slice(&piece);
    }
    let sent = |s: &Slot| SlotSent { to: SentTo::of(&s.to), header: BASE64_STANDARD.encode(&s.header) };
    let (slots, log) = (ending.into_slots().iter().map(sent).collect(), Some(RECORD.to_owned()));
    let adding = Adding { item, act: None, expected: CaseState::Open, slots, log };
    me.add(&id, [before_payload(&adding).unwrap(), payload].concat()).await.unwrap();
    let seen = filed.read(SECOND).await;
    let kinds: Vec<&Value> = seen["items"].as_array().unwrap().iter().map(|item| &item["kind"]).collect();
    assert!(!kinds.contains(&&json!("acknowledgement")), "{kinds:?}");
}

#[actix_web::test]
async fn one_reader_alone_is_not_two() {
    let filed = Filed::new().await;
    let id = CaseId::parse(&filed.case).unwrap();
    let early = filed.service.clock.today().plus_days(-8);
    let me = hostile(&filed.service, READER).await;
    let view = me.case(&id).await.unwrap();
    let readers = Recipients::of(view.readers.iter().filter_map(|r| me.roster.reader(&r.reader))).unwrap();
    let keys = reporter(&me, &id).await;
    let with = readers.with_reporter(id, &keys.reply).unwrap();
    let story = Named { item: view.items[0], kind: Kind::Report, day: early, name: None };
    let text = |text: &str| Plaintext::from(text.to_owned());
    let boss = named(&me, NEW).keyed();
    let told = (Ground::CourtOrder, text("C/13/1"));
    let duty = DutyRequest::new((boss.clone(), vec![story]), told, text("De rechter wil het"), true);
    let nothing = new_item();
    let dated = ItemHead { day: early, ..head(&me, &id, Kind::DutyApproval, &with) };
    let answer = put(&me, dated, DutyApproval::telling(&nothing, &duty), &with, false).await;
    let done = json!({ "v": 1, "request": nothing, "answer": answer, "to": boss, "reporter": keys, "readers": view.readers, "struck": [] });
    assert!(serde_json::from_value::<HandOver>(done.clone()).is_ok());
    send(&me, &id, Kind::HandOver, Plaintext::from(done.to_string()), &with).await;
    let page = filed.mailbox().await.html;
    assert!(page.contains("C/13/1") && page.contains("Eén lezer van uw zaak schreef dit"), "{page}");
    for said in ["Twee lezers", "Het is overgedragen"] {
        assert!(!page.contains(said), "{said}: {page}");
    }
}

#[actix_web::test]
async fn a_duty_too_long_for_a_page_is_not_approved_and_its_beginning_is_shown() {
    let filed = Filed::new().await;
    let (me, id) = (hostile(&filed.service, READER).await, CaseId::parse(&filed.case).unwrap());
    let view = me.case(&id).await.unwrap();
    let readers = Recipients::of(view.readers.iter().filter_map(|r| me.roster.reader(&r.reader))).unwrap();
    let with = readers.with_reporter(id, &reporter(&me, &id).await.reply).unwrap();
    let story = Named { item: view.items[0], kind: Kind::Report, day: me.today(), name: None };
    let reason = Plaintext::from(format!("De rechter wil het{}", " ".repeat(70 << 10)));
    let ground = (Ground::CourtOrder, Plaintext::from("C/13/1".to_owned()));
    let duty = DutyRequest::new((named(&me, NEW).keyed(), vec![story]), ground, reason, true);
    let asked = send(&me, &id, Kind::DutyRequest, duty.into_body(), &with).await.to_string();
    let refused = filed.service.desk(SECOND, &["approve-duty", &filed.case, &asked]).await.unwrap_err();
    assert!(refused.contains("longer than the reporter can read"), "{refused}");
    let page = filed.mailbox().await.html;
    assert!(page.contains("De rechter wil het") && !page.contains("kan niet worden geopend"), "{page}");
}
