//! A case is opened: what that marks, removes, and keeps from being withdrawn.
use meldkluis::{
    domain::case::{Case, CaseState},
    store::{NewItem, SlotRow, StoreError},
};

use crate::base::{case, day, hash, item, item_id, on_both, slot};

on_both! {
    async fn only_a_case_that_nobody_opened_is_withdrawn(base) {
        let store = base.open().await;
        let (mine, other) = (case(), case());
        store.file(&mine, &item()).await.unwrap();
        store.file(&other, &item()).await.unwrap();
        store.mark_opened(&mine.id, (&item_id(), &slot()), hash(), day("2026-11-24")).await.unwrap();
        assert!(matches!(store.withdraw(&mine.id).await, Err(StoreError::Conflict)));
        assert!(store.case(&mine.id).await.unwrap().is_some());
        store.withdraw(&other.id).await.unwrap();
        assert!(store.case(&other.id).await.unwrap().is_none());
        // Something was done in it, by one who has gone since: that stays until its term is over.
        let done = Case { due: day("2027-02-24"), ..case() };
        store.file(&done, &item()).await.unwrap();
        assert!(matches!(store.withdraw(&done.id).await, Err(StoreError::Conflict)));
    }

    async fn only_an_unopened_case_is_marked_opened(base) {
        let store = base.open().await;
        let (unopened, closed) = (case(), Case { state: CaseState::Closed, ..case() });
        for case in [&unopened, &closed] {
            store.file(case, &item()).await.unwrap();
            store.mark_opened(&case.id, (&item_id(), &slot()), hash(), day("2026-11-24")).await.unwrap();
        }
        assert_eq!(store.case(&unopened.id).await.unwrap().unwrap().state, CaseState::Open);
        assert_eq!(store.case(&closed.id).await.unwrap().unwrap().state, CaseState::Closed);
    }

    async fn opening_in_time_removes_the_reserve_readers_slots_and_opening_late_keeps_them(base) {
        let store = base.open().await;
        for (opened, left) in [("2026-11-27", 1), ("2026-11-28", 2)] {
            let reserve = SlotRow { release: Some(day("2026-11-28")), mailbox: hash(), ..slot() };
            let (case, item) = (case(), NewItem { slots: vec![slot(), reserve], ..item() });
            store.file(&case, &item).await.unwrap();
            store.mark_opened(&case.id, (&item_id(), &slot()), hash(), day(opened)).await.unwrap();
            assert_eq!(store.slots(&item.id).await.unwrap().len(), left);
        }
    }
}
