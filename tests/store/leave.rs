//! A reader goes from a case, and says until when they are away.
use std::collections::BTreeMap;

use meldkluis::{
    domain::{case::CaseState, id::ItemId},
    store::{Added, Leaving, NewItem, Room, SlotRow, StoreError},
};

use crate::base::{case, day, hash, item, on_both, opening, released, slot, sorted};

/// Filler as a server would make it, but for its bytes.
fn filler(_: &ItemId, taken: &[[u8; 32]], gone: &SlotRow) -> Option<SlotRow> {
    let filler = SlotRow { release: gone.release, header: b"filler".to_vec(), ..slot() };
    (!taken.contains(&filler.mailbox)).then_some(filler)
}

/// The tag of a slot that was opened.
const OPENED: [u8; 32] = [9; 32];

fn leaving(mailbox: [u8; 32], staying: Option<&[[u8; 32]]>) -> Leaving<'_> {
    let opened = &|_: &ItemId, slot: &SlotRow| slot.tag == OPENED;
    Leaving {
        mailbox,
        staying,
        served: day("2026-11-24"),
        filler: &filler,
        opened,
        released: &released,
        reserve: day("2026-11-28"),
    }
}

on_both! {
    async fn filler_comes_in_the_place_of_every_slot_of_who_leaves(base) {
        let store = base.open().await;
        let (mine, other, leaver) = (case(), case(), hash());
        let theirs = SlotRow { mailbox: leaver, release: Some(day("2026-11-28")), ..slot() };
        let first = NewItem { slots: vec![slot(), theirs.clone(), slot()], ..item() };
        store.file(&mine, &first).await.unwrap();
        let second = NewItem { slots: vec![SlotRow { release: None, ..theirs.clone() }, slot()], readers: vec![leaver], ..item() };
        store.add_item(&mine.id, &second, None, day("2026-11-24")).await.unwrap();
        let elsewhere = NewItem { slots: vec![theirs], ..item() };
        store.file(&other, &elsewhere).await.unwrap();

        assert_eq!(store.leave(&mine.id, &leaving(leaver, None)).await.unwrap(), 2);
        assert_eq!(store.leave(&mine.id, &leaving(leaver, None)).await.unwrap(), 0, "again is nothing");
        for (before, release) in [(&first, Some(day("2026-11-28"))), (&second, None)] {
            let now = store.slots(&before.id).await.unwrap();
            assert_eq!(now.len(), before.slots.len());
            let kept: Vec<SlotRow> = before.slots.iter().filter(|s| s.mailbox != leaver).cloned().collect();
            let (filler, others): (Vec<_>, Vec<_>) = now.into_iter().partition(|s| s.header == b"filler");
            assert_eq!((others, filler.len(), filler[0].release), (sorted(kept), 1, release));
        }
        assert_eq!(store.slots(&elsewhere.id).await.unwrap(), sorted(elsewhere.slots), "other cases are theirs still");
    }

    /// Of those who stay, nobody knows what stands in it.
    async fn a_case_is_unopened_again_when_the_last_goes_who_opened_it(base) {
        let store = base.open().await;
        for (closed, last) in [(false, CaseState::Unopened), (true, CaseState::Closed)] {
            let (mine, [one, two, three]) = (case(), [slot(), slot(), slot()]);
            let first = NewItem { slots: vec![one.clone(), two.clone(), three.clone()], ..item() };
            let second = NewItem { slots: vec![one.clone(), two.clone()], ..item() };
            store.file(&mine, &first).await.unwrap();
            store.add_item(&mine.id, &second, None, day("2026-11-24")).await.unwrap();
            for (item, slot) in [(&first, &one), (&second, &two)] {
                store.mark_opened(&mine.id, (&item.id, slot), &opening(OPENED, day("2026-11-24"))).await.unwrap();
            }
            let opened = if closed { CaseState::Closed } else { CaseState::Open };
            store.set_state(&mine.id, CaseState::Open, opened).await.unwrap();
            for (leaver, state) in [(&three, opened), (&one, opened), (&two, last)] {
                store.leave(&mine.id, &leaving(leaver.mailbox, None)).await.unwrap();
                assert_eq!(store.case(&mine.id).await.unwrap().unwrap().state, state);
            }
        }
    }

    /// With the case unopened again, its reserve reader waits for their day again.
    async fn the_reserve_reader_is_back_when_the_last_goes_who_opened_it(base) {
        let store = base.open().await;
        let reserve = SlotRow { release: Some(day("2026-11-28")), ..slot() };
        let (mine, [one, two]) = (case(), [slot(), slot()]);
        let first = NewItem { slots: vec![one.clone(), two.clone(), reserve.clone()], ..item() };
        store.file(&mine, &first).await.unwrap();
        store.mark_opened(&mine.id, (&first.id, &one), &opening(OPENED, day("2026-11-24"))).await.unwrap();
        let theirs = async |today| store.slot(&first.id, &reserve.mailbox, day(today)).await.unwrap();
        for (leaver, back) in [(&two, false), (&one, true)] {
            assert_eq!(theirs("2027-11-28").await, None, "an open case is not for them, however long it is so");
            store.leave(&mine.id, &leaving(leaver.mailbox, None)).await.unwrap();
            assert_eq!(theirs("2026-11-28").await.is_some(), back);
        }
        assert_eq!(theirs("2026-11-27").await, None);
    }

    /// A slot that changed since it was read keeps the tag it has: with another it would not be believed.
    async fn a_slot_is_marked_as_it_was_read(base) {
        let store = base.open().await;
        let (mine, first) = (case(), item());
        store.file(&mine, &first).await.unwrap();
        let [one, two] = [&first.slots[0], &first.slots[1]];
        let another = SlotRow { tag: hash(), ..two.clone() };
        for slot in [one, &another] {
            store.mark_opened(&mine.id, (&first.id, slot), &opening(OPENED, day("2026-11-24"))).await.unwrap();
        }
        let kept = sorted(vec![SlotRow { tag: OPENED, ..one.clone() }, two.clone()]);
        assert_eq!(store.slots(&first.id).await.unwrap(), kept);
    }

    async fn no_more_come_in_than_fit_an_item_with_the_reporter(base) {
        let store = base.open().await;
        let (mine, reporter, fillers) = (case(), hash(), [hash(), hash(), hash()]);
        let room = Room { filler: &fillers, kept: &[reporter], slots: 4 };
        let of = |mailbox| SlotRow { mailbox, ..slot() };
        let first = NewItem { slots: vec![of(hash()), of(fillers[0])], ..item() };
        store.file(&mine, &first).await.unwrap();
        let second = NewItem { slots: vec![of(reporter), of(fillers[1]), of(fillers[2])], ..item() };
        store.add_item(&mine.id, &second, None, day("2026-11-24")).await.unwrap();
        // One reads and two more fit: of three who come at once by different items, one does not.
        let [one, two, three] = [of(hash()), of(hash()), of(hash())];
        let (one, two, three) = tokio::join!(
            store.add_slot(&first.id, &one, &room),
            store.add_slot(&second.id, &two, &room),
            store.add_slot(&second.id, &three, &room)
        );
        assert_eq!([&one, &two, &three].iter().filter(|done| done.is_ok()).count(), 2, "{one:?} {two:?} {three:?}");
        assert_eq!(store.slots(&first.id).await.unwrap().len() + store.slots(&second.id).await.unwrap().len(), 5, "filler went");
        // Who is there gets more.
        assert_eq!(store.add_slot(&second.id, &of(first.slots[0].mailbox), &room).await.unwrap(), Added::New);
    }

    async fn the_last_of_those_who_must_stay_does_not_go(base) {
        let store = base.open().await;
        let (mine, [one, two, three]) = (case(), [hash(), hash(), hash()]);
        let of = |mailbox, release| SlotRow { mailbox, release, ..slot() };
        let first = NewItem { slots: vec![of(one, None), of(two, None), of(three, Some(day("2026-11-28")))], ..item() };
        store.file(&mine, &first).await.unwrap();
        let (ones, twos) = ([two, three], [one, three]);
        let (one, two) = (leaving(one, Some(&ones)), leaving(two, Some(&twos)));
        // Of two who go at once, one stays: who is held back does not count.
        let both = tokio::join!(store.leave(&mine.id, &one), store.leave(&mine.id, &two));
        assert!(both.0.is_ok() != both.1.is_ok(), "{both:?}");
        let stays = if both.0.is_ok() { two } else { one };
        let refused = store.leave(&mine.id, &stays).await;
        assert!(matches!(refused, Err(StoreError::Conflict)));
        let released = Leaving { served: day("2026-11-28"), ..stays };
        assert_eq!(store.leave(&mine.id, &released).await.unwrap(), 1);
    }

    /// A file takes long to arrive: what was sealed to somebody at its start is not stored for them at its end.
    async fn who_left_while_an_item_was_on_its_way_gets_no_slot_of_it(base) {
        let store = base.open().await;
        let (mine, [stays, leaves]) = (case(), [hash(), hash()]);
        let of = |mailbox| SlotRow { mailbox, ..slot() };
        store.file(&mine, &NewItem { slots: vec![of(stays), of(leaves)], ..item() }).await.unwrap();
        let on_its_way = NewItem { slots: vec![of(stays), of(leaves), slot()], readers: vec![stays, leaves], ..item() };
        store.leave(&mine.id, &leaving(leaves, None)).await.unwrap();
        store.add_item(&mine.id, &on_its_way, None, day("2026-11-24")).await.unwrap();
        let kept: Vec<SlotRow> = on_its_way.slots.into_iter().filter(|s| s.mailbox != leaves).collect();
        assert_eq!(store.slots(&on_its_way.id).await.unwrap(), sorted(kept));
    }

    async fn an_absence_is_one_day_a_reader_and_is_forgotten(base) {
        let store = base.open().await;
        let (one, two) = (hash(), hash());
        store.set_away(&one, day("2026-12-10")).await.unwrap();
        store.set_away(&one, day("2026-12-01")).await.unwrap();
        store.set_away(&two, day("2026-12-24")).await.unwrap();
        assert_eq!(store.away().await.unwrap(), BTreeMap::from([(one, day("2026-12-01")), (two, day("2026-12-24"))]));
        store.back(&one).await.unwrap();
        store.back(&one).await.unwrap();
        assert_eq!(store.away().await.unwrap(), BTreeMap::from([(two, day("2026-12-24"))]));
    }
}
