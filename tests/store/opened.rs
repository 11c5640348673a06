//! A case is opened: what that marks, removes, and keeps from being withdrawn.
use meldkluis::{
    domain::{
        case::{Case, CaseState},
        id::ItemId,
    },
    store::{ASIDE, Added, Move, NewItem, Opening, Room, SlotRow, StoreError},
};

use crate::base::{case, day, hash, item, item_id, on_both, opening, slot};

on_both! {
    async fn only_a_case_that_nobody_opened_is_withdrawn(base) {
        let store = base.open().await;
        let (mine, other) = (case(), case());
        store.file(&mine, &item()).await.unwrap();
        store.file(&other, &item()).await.unwrap();
        store.mark_opened(&mine.id, (&item_id(), &slot()), &opening(hash(), day("2026-11-24"))).await.unwrap();
        assert!(matches!(store.withdraw(&mine.id, &|_, _| false).await, Err(StoreError::Conflict)));
        assert!(store.case(&mine.id).await.unwrap().is_some());
        store.withdraw(&other.id, &|_, _| false).await.unwrap();
        assert!(store.case(&other.id).await.unwrap().is_none());
        // Something was done in it, by one who has gone since: that stays until its term is over.
        let done = Case { due: day("2027-02-24"), ..case() };
        store.file(&done, &item()).await.unwrap();
        assert!(matches!(store.withdraw(&done.id, &|_, _| false).await, Err(StoreError::Conflict)));
    }

    async fn only_an_unopened_case_is_marked_opened(base) {
        let store = base.open().await;
        let (unopened, closed) = (case(), Case { state: CaseState::Closed, ..case() });
        for case in [&unopened, &closed] {
            store.file(case, &item()).await.unwrap();
            store.mark_opened(&case.id, (&item_id(), &slot()), &opening(hash(), day("2026-11-24"))).await.unwrap();
        }
        assert_eq!(store.case(&unopened.id).await.unwrap().unwrap().state, CaseState::Open);
        assert_eq!(store.case(&closed.id).await.unwrap().unwrap().state, CaseState::Closed);
    }

    async fn opening_in_time_sets_the_reserve_readers_slots_aside_and_opening_late_keeps_them(base) {
        let store = base.open().await;
        for (opened, release) in [("2026-11-27", ASIDE), ("2026-11-28", day("2026-11-28"))] {
            let reserve = SlotRow { release: Some(day("2026-11-28")), mailbox: hash(), ..slot() };
            let (case, item) = (case(), NewItem { slots: vec![slot(), reserve.clone()], ..item() });
            store.file(&case, &item).await.unwrap();
            store.mark_opened(&case.id, (&item_id(), &slot()), &opening(hash(), day(opened))).await.unwrap();
            let kept = store.slots(&item.id).await.unwrap();
            let kept = kept.iter().find(|row| row.mailbox == reserve.mailbox).unwrap();
            assert_eq!((kept.release, kept.tag == reserve.tag), (Some(release), release != ASIDE), "{opened}");
        }
    }

    /// It is there for who comes after one who goes, and no longer.
    async fn what_was_set_aside_goes_when_a_second_reader_opens_what_a_first_had_or_one_closes_it(base) {
        let store = base.open().await;
        for closed in [false, true] {
            let reserve = SlotRow { release: Some(day("2026-11-28")), ..slot() };
            let (mine, [one, two]) = (case(), [slot(), slot()]);
            let first = NewItem { slots: vec![one.clone(), two.clone(), reserve], ..item() };
            store.file(&mine, &first).await.unwrap();
            let tag = hash();
            let opened = &|_: &ItemId, row: &SlotRow| row.tag == tag;
            let opening = Opening { opened, ..opening(tag, day("2026-11-24")) };
            for _ in 0..2 {
                store.mark_opened(&mine.id, (&first.id, &one), &opening).await.unwrap();
                assert_eq!(store.slots(&first.id).await.unwrap().len(), 3);
            }
            if closed {
                let (state, expected) = (CaseState::Closed, CaseState::Open);
                let change = Move { expected, expected_due: mine.due, state, due: mine.due, destroy_after: None };
                store.add_item(&mine.id, &item(), Some(change), day("2026-11-24")).await.unwrap();
            } else {
                store.mark_opened(&mine.id, (&first.id, &two), &opening).await.unwrap();
            }
            assert_eq!(store.slots(&first.id).await.unwrap().len(), 2, "closed: {closed}");
        }
    }

    /// What is added meanwhile waits with the rest for who opened it to go, whoever is away; and when that is gone, or there again, so is this.
    async fn what_is_added_while_something_is_set_aside_is_set_aside_too(base) {
        let store = base.open().await;
        let reserve = SlotRow { release: Some(day("2026-11-28")), ..slot() };
        let (mine, first) = (case(), NewItem { slots: vec![slot(), reserve.clone()], ..item() });
        let of = |mailbox, tag, release| SlotRow { mailbox, tag, release, ..slot() };
        let add = async |today| {
            let (held, aside) = (of(reserve.mailbox, hash(), reserve.release), of(reserve.mailbox, hash(), Some(ASIDE)));
            let readers = vec![reserve.mailbox];
            let item = NewItem { slots: vec![slot(), held.clone()], aside: Some(aside.clone()), readers, ..item() };
            store.add_item(&mine.id, &item, None, day(today)).await.unwrap();
            let mut kept = store.slots(&item.id).await.unwrap();
            kept.retain(|row| row.mailbox == reserve.mailbox);
            (kept.pop(), held, aside)
        };
        store.file(&mine, &first).await.unwrap();
        let (kept, held, _) = add("2026-11-24").await;
        assert_eq!(kept, Some(held), "nobody had opened it");
        store.mark_opened(&mine.id, (&first.id, &first.slots[0]), &opening(hash(), day("2026-11-24"))).await.unwrap();
        for today in ["2026-11-24", "2026-11-28"] {
            let (kept, _, aside) = add(today).await;
            assert_eq!(kept, Some(aside), "{today}");
        }
        let change = Move {
            expected: CaseState::Open,
            expected_due: mine.due,
            state: CaseState::Closed,
            due: mine.due,
            destroy_after: None,
        };
        store.add_item(&mine.id, &item(), Some(change), day("2026-11-24")).await.unwrap();
        assert_eq!(add("2026-11-28").await.0, None, "what was set aside went");
    }

    /// A reserve reader who is let in with consent while the case is open reads what was handed over.
    async fn a_slot_that_is_shared_comes_in_the_place_of_one_that_was_set_aside(base) {
        let store = base.open().await;
        let reserve = SlotRow { release: Some(day("2026-11-28")), ..slot() };
        let (mine, first) = (case(), NewItem { slots: vec![slot(), reserve.clone()], ..item() });
        store.file(&mine, &first).await.unwrap();
        store.mark_opened(&mine.id, (&first.id, &first.slots[0]), &opening(hash(), day("2026-11-24"))).await.unwrap();
        let shared = SlotRow { release: None, tag: hash(), ..reserve };
        let room = Room { filler: &[], kept: &[], slots: 2 };
        assert_eq!(store.add_slot(&first.id, &shared, &room).await.unwrap(), Added::New);
        assert_eq!(store.add_slot(&first.id, &shared, &room).await.unwrap(), Added::Already);
        assert_eq!(store.slot(&first.id, &shared.mailbox, day("2026-11-24")).await.unwrap(), Some(shared));
    }

    /// What was read stays read when who read it goes: it is not for the reporter to destroy.
    async fn a_case_with_an_opened_slot_is_not_withdrawn_though_it_is_unopened_again(base) {
        let store = base.open().await;
        let (mine, first) = (case(), item());
        store.file(&mine, &first).await.unwrap();
        assert!(matches!(store.withdraw(&mine.id, &|_, _| true).await, Err(StoreError::Conflict)));
        store.withdraw(&mine.id, &|_, _| false).await.unwrap();
        assert!(store.case(&mine.id).await.unwrap().is_none());
    }
}
