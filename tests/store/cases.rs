//! Cases, items and slots: put, found, changed, destroyed.
use std::sync::Arc;

use meldkluis::{
    clock::Clock,
    domain::case::{Case, CaseState},
    journal::Journal,
    store::{Added, Filed, Move, NewItem, Payload, SlotRow, StoreError, connect},
};
use tokio::task::JoinSet;

use crate::base::{case, day, file_item, hash, item, item_id, on_both, opening, slot, sorted};

on_both! {
    async fn a_case_is_found_as_it_was_filed(base) {
        let store = base.open().await;
        let reserve = SlotRow { release: Some(day("2026-11-28")), ..slot() };
        let first = NewItem { slots: vec![slot(), reserve, slot()], ..item() };
        let filed = Case { destroy_after: Some(day("2031-11-24")), ..case() };
        assert_eq!(store.file(&filed, &first).await.unwrap(), Filed::New);
        assert_eq!(store.case(&filed.id).await.unwrap(), Some(filed.clone()));
        assert_eq!(store.case_by_lookup(&filed.lookup).await.unwrap(), Some(filed.clone()));
        assert_eq!(store.items(&filed.id).await.unwrap(), [first.id]);
        assert_eq!(store.case_of(&first.id).await.unwrap(), Some(filed.id));
        assert_eq!(store.slots(&first.id).await.unwrap(), sorted(first.slots));
        let Payload::Inline(bytes) = &first.payload else { unreachable!("a text") };
        assert_eq!(store.payload_bytes(&first.id).await.unwrap(), u64::try_from(bytes.len()).ok());
        assert_eq!(store.payload(&first.id).await.unwrap(), Some(first.payload));
    }

    async fn what_is_not_there_is_none(base) {
        let store = base.open().await;
        let (absent, no_item) = (case(), item_id());
        assert_eq!(store.case(&absent.id).await.unwrap(), None);
        assert_eq!(store.case_by_lookup(&absent.lookup).await.unwrap(), None);
        assert_eq!(store.items(&absent.id).await.unwrap(), []);
        assert_eq!(store.case_of(&no_item).await.unwrap(), None);
        assert_eq!(store.slots(&no_item).await.unwrap(), []);
        assert_eq!(store.payload(&no_item).await.unwrap(), None);
        assert_eq!(store.payload_bytes(&no_item).await.unwrap(), None);
        assert_eq!(store.inbox(&[hash()], day("2026-11-24")).await.unwrap(), []);
        assert_eq!(store.inbox(&[], day("2026-11-24")).await.unwrap(), []);
        assert_eq!(store.slots_of_case(&absent.id, &hash(), day("2026-11-24")).await.unwrap(), []);
        assert_eq!(store.slot(&no_item, &hash(), day("2026-11-24")).await.unwrap(), None);
        assert_eq!(store.item_with_case(&no_item).await.unwrap(), None);
        assert_eq!(store.filed_days().await.unwrap(), []);
        store.mark_opened(&absent.id, (&item_id(), &slot()), &opening(hash(), day("2026-11-24"))).await.unwrap();
        store.forget_blob(&no_item).await.unwrap();
        assert_eq!(store.destroy(&absent.id).await.unwrap(), []);
        store.ping().await.unwrap();
        assert_eq!(base.rows().await, 0);
    }

    async fn filing_twice_is_one_case(base) {
        let store = base.open().await;
        let first = case();
        store.file(&first, &item()).await.unwrap();
        let again = Case { lookup: first.lookup, ..case() };
        assert_eq!(store.file(&again, &item()).await.unwrap(), Filed::Already);
        assert_eq!(store.case_by_lookup(&first.lookup).await.unwrap().unwrap().id, first.id);
        assert_eq!(base.rows().await, 4, "nothing of the second try is kept");
    }

    async fn filing_at_the_same_moment_is_one_case(base) {
        let store = base.open().await;
        let mut tries = JoinSet::new();
        let lookup = hash();
        for _ in 0..20 {
            let (store, case) = (Arc::clone(&store), Case { lookup, ..case() });
            tries.spawn(async move { store.file(&case, &item()).await.unwrap() });
        }
        let filed = tries.join_all().await;
        assert_eq!(filed.iter().filter(|filed| **filed == Filed::New).count(), 1);
        assert_eq!(filed.len(), 20);
        assert_eq!(base.rows().await, 4);
    }

    async fn two_hundred_file_at_the_same_moment(base) {
        let store = base.open().await;
        let mut tries = JoinSet::new();
        for _ in 0..200 {
            let store = Arc::clone(&store);
            tries.spawn(async move { store.file(&case(), &item()).await.unwrap() });
        }
        assert_eq!(tries.join_all().await, [Filed::New; 200]);
        assert_eq!(base.rows().await, 800);
    }

    async fn an_item_id_that_is_taken_refuses_the_case(base) {
        let store = base.open().await;
        let first = item();
        store.file(&case(), &first).await.unwrap();
        let other = case();
        assert!(matches!(store.file(&other, &first).await, Err(StoreError::Conflict)));
        assert_eq!(store.case(&other.id).await.unwrap(), None);
    }

    async fn adding_an_item_twice_is_one_item(base) {
        let store = base.open().await;
        let (mine, other, more) = (case(), case(), item());
        store.file(&mine, &item()).await.unwrap();
        store.file(&other, &item()).await.unwrap();
        assert_eq!(store.add_item(&mine.id, &more, None, day("2026-11-24")).await.unwrap(), Added::New);
        assert_eq!(store.add_item(&mine.id, &more, None, day("2026-11-24")).await.unwrap(), Added::Already);
        assert_eq!(store.items(&mine.id).await.unwrap().len(), 2);
        assert!(matches!(store.add_item(&other.id, &more, None, day("2026-11-24")).await, Err(StoreError::Conflict)));
        assert!(matches!(store.add_item(&case().id, &item(), None, day("2026-11-24")).await, Err(StoreError::Conflict)));
        assert_eq!(base.rows().await, 11);
    }

    async fn a_move_wants_the_state_that_was_seen(base) {
        let store = base.open().await;
        let mine = case();
        store.file(&mine, &item()).await.unwrap();
        let change = Move {
            expected: CaseState::Unopened,
            expected_due: mine.due,
            state: CaseState::Closed,
            due: day("2027-02-24"),
            destroy_after: Some(day("2032-02-24")),
        };
        let wrong = Move { expected: CaseState::Open, ..change };
        assert!(matches!(store.add_item(&mine.id, &item(), Some(wrong), day("2026-11-24")).await, Err(StoreError::Conflict)));
        assert_eq!(store.case(&mine.id).await.unwrap(), Some(mine.clone()));
        assert_eq!(store.items(&mine.id).await.unwrap().len(), 1, "the item went with its move");
        let closing = item();
        assert_eq!(store.add_item(&mine.id, &closing, Some(change), day("2026-11-24")).await.unwrap(), Added::New);
        let moved = Case { state: change.state, due: change.due, destroy_after: change.destroy_after, ..mine };
        assert_eq!(store.case(&moved.id).await.unwrap(), Some(moved.clone()));
        // Sent again after a lost answer: the same item, although the state is another by now.
        assert_eq!(store.add_item(&moved.id, &closing, Some(change), day("2026-11-24")).await.unwrap(), Added::Already);
    }

    async fn a_move_wants_the_deadline_that_was_seen(base) {
        let store = base.open().await;
        let mine = case();
        store.file(&mine, &item()).await.unwrap();
        let late = Move {
            expected: CaseState::Unopened,
            expected_due: mine.due.plus_days(1),
            state: CaseState::Open,
            due: mine.due,
            destroy_after: None,
        };
        let refused = store.add_item(&mine.id, &item(), Some(late), day("2026-11-24")).await;
        assert!(matches!(refused, Err(StoreError::Conflict)));
        assert_eq!(store.case(&mine.id).await.unwrap(), Some(mine));
    }

    async fn what_is_added_to_an_opened_case_has_no_slot_that_is_still_held_back(base) {
        let store = base.open().await;
        let mine = case();
        store.file(&mine, &item()).await.unwrap();
        let today = day("2026-11-24");
        let held = || {
            let mut held = item();
            held.slots[0].release = Some(day("2026-11-28"));
            held
        };
        let (before, after, released) = (held(), held(), held());
        store.add_item(&mine.id, &before, None, today).await.unwrap();
        assert_eq!(store.slots(&before.id).await.unwrap().len(), before.slots.len());
        store.mark_opened(&mine.id, (&item_id(), &slot()), &opening(hash(), today)).await.unwrap();
        store.add_item(&mine.id, &after, None, today).await.unwrap();
        assert_eq!(store.slots(&after.id).await.unwrap().len(), after.slots.len() - 1);
        store.add_item(&mine.id, &released, None, day("2026-11-28")).await.unwrap();
        assert_eq!(store.slots(&released.id).await.unwrap().len(), released.slots.len());
    }

    async fn held_slots_of_an_unopened_case_are_released_with_their_new_tags(base) {
        let store = base.open().await;
        let (mine, other) = (case(), case());
        let held = || SlotRow { release: Some(day("2026-11-28")), ..slot() };
        let (first, elsewhere) =
            (NewItem { slots: vec![slot(), held()], ..item() }, NewItem { slots: vec![held()], ..item() });
        store.file(&mine, &first).await.unwrap();
        store.file(&other, &elsewhere).await.unwrap();
        let now = |slot: &SlotRow| SlotRow { release: Some(day("2026-11-25")), tag: hash(), ..slot.clone() };
        let (at_once, released) = (now(&first.slots[0]), now(&first.slots[1]));
        let all = [(first.id, at_once), (first.id, released.clone()), (elsewhere.id, now(&elsewhere.slots[0]))];
        store.release(&mine.id, &all).await.unwrap();
        let kept = sorted(vec![first.slots[0].clone(), released]);
        assert_eq!(store.slots(&first.id).await.unwrap(), kept, "what is read at once and another case's stay");
        assert_eq!(store.slots(&elsewhere.id).await.unwrap(), elsewhere.slots);
        assert!(matches!(store.release(&mine.id, &all).await, Err(StoreError::Conflict)), "none is held any more");
        store.mark_opened(&other.id, (&item_id(), &slot()), &opening(hash(), day("2026-11-24"))).await.unwrap();
        assert!(matches!(store.release(&other.id, &all).await, Err(StoreError::Conflict)));
        assert!(matches!(store.release(&case().id, &all).await, Err(StoreError::Conflict)));
    }

    async fn two_moves_at_the_same_moment_are_one(base) {
        let store = base.open().await;
        let mine = case();
        store.file(&mine, &item()).await.unwrap();
        let change =
            Move { expected: CaseState::Unopened, expected_due: mine.due, state: CaseState::Open, due: mine.due, destroy_after: None };
        let mut tries = JoinSet::new();
        for _ in 0..10 {
            let (store, case) = (Arc::clone(&store), mine.id);
            tries.spawn(async move { store.add_item(&case, &item(), Some(change), day("2026-11-24")).await });
        }
        let done = tries.join_all().await;
        assert_eq!(done.iter().filter(|done| matches!(done, Ok(Added::New))).count(), 1);
        assert_eq!(done.iter().filter(|done| matches!(done, Err(StoreError::Conflict))).count(), 9);
    }

    async fn an_inbox_shows_released_slots_of_its_mailboxes_alone(base) {
        let store = base.open().await;
        let reserve = SlotRow { release: Some(day("2026-11-28")), ..slot() };
        let (open, others) = (slot(), slot());
        let first = NewItem { slots: vec![open.clone(), others, reserve.clone()], ..item() };
        let mine = case();
        store.file(&mine, &first).await.unwrap();
        let expected = (mine.clone(), first.id, open.clone());
        // More mailboxes than one statement takes, and not a multiple of it.
        let mut mailboxes: Vec<_> = (0..70).map(|_| hash()).collect();
        mailboxes[3] = reserve.mailbox;
        mailboxes[69] = open.mailbox;
        assert_eq!(store.inbox(&mailboxes, day("2026-11-27")).await.unwrap(), std::slice::from_ref(&expected));
        let later = store.inbox(&mailboxes, day("2026-11-28")).await.unwrap();
        assert_eq!(later.len(), 2);
        assert!(later.contains(&expected) && later.contains(&(mine.clone(), first.id, reserve.clone())));
        // The same, asked of one case and of one item.
        for (mailbox, on, shown) in [
            (open.mailbox, "2026-11-27", Some(open.clone())),
            (reserve.mailbox, "2026-11-27", None),
            (reserve.mailbox, "2026-11-28", Some(reserve.clone())),
            (hash(), "2026-11-28", None),
        ] {
            let of_case = store.slots_of_case(&mine.id, &mailbox, day(on)).await.unwrap();
            assert_eq!(of_case, shown.clone().map(|slot| (first.id, slot)).into_iter().collect::<Vec<_>>());
            assert_eq!(store.slot(&first.id, &mailbox, day(on)).await.unwrap(), shown);
        }
        assert_eq!(store.item_with_case(&first.id).await.unwrap(), Some((mine, first.payload)));
    }

    async fn the_days_of_present_cases_are_listed_once(base) {
        let store = base.open().await;
        let earlier = Case { filed: day("2026-11-20"), ..case() };
        for case in [&case(), &earlier, &case()] {
            store.file(case, &item()).await.unwrap();
        }
        assert_eq!(store.filed_days().await.unwrap(), [day("2026-11-20"), day("2026-11-24")]);
        store.destroy(&earlier.id).await.unwrap();
        assert_eq!(store.filed_days().await.unwrap(), [day("2026-11-24")]);
    }

    async fn destroying_leaves_no_row_but_its_blobs(base) {
        let store = base.open().await;
        let (mine, other) = (case(), case());
        store.file(&mine, &item()).await.unwrap();
        store.file(&other, &item()).await.unwrap();
        let others = base.rows().await / 2;
        let photo = file_item();
        store.announce_blob(&photo.id).await.unwrap();
        store.add_item(&mine.id, &photo, None, day("2026-11-24")).await.unwrap();
        assert_eq!(store.destroy(&mine.id).await.unwrap(), [photo.id]);
        assert_eq!(store.case_by_lookup(&mine.lookup).await.unwrap(), None);
        assert_eq!(store.items(&mine.id).await.unwrap(), []);
        assert_eq!(store.slots(&photo.id).await.unwrap(), []);
        assert_eq!(store.stranded_blobs().await.unwrap(), [photo.id], "until it is forgotten");
        store.forget_blob(&photo.id).await.unwrap();
        assert_eq!(store.stranded_blobs().await.unwrap(), []);
        assert_eq!(base.rows().await, others);
        assert_eq!(store.case(&other.id).await.unwrap(), Some(other));
        assert_eq!(store.destroy(&mine.id).await.unwrap(), []);
    }

    async fn destroying_and_adding_at_the_same_moment_leaves_no_orphan(base) {
        let store = base.open().await;
        for _ in 0..10 {
            let mine = case();
            store.file(&mine, &item()).await.unwrap();
            let mut adding = JoinSet::new();
            for _ in 0..12 {
                let (store, case) = (Arc::clone(&store), mine.id);
                adding.spawn(async move { store.add_item(&case, &item(), None, day("2026-11-24")).await });
            }
            store.destroy(&mine.id).await.unwrap();
            let added = adding.join_all().await;
            assert!(added.iter().all(|added| matches!(added, Ok(Added::New) | Err(StoreError::Conflict))));
        }
        assert_eq!(base.rows().await, 0);
    }

    async fn closed_cases_are_due_for_destruction_on_their_day(base) {
        let store = base.open().await;
        let due = Case { state: CaseState::Closed, destroy_after: Some(day("2026-11-24")), ..case() };
        let later = Case { destroy_after: Some(day("2026-11-25")), id: case().id, lookup: hash(), ..due.clone() };
        let open = Case { state: CaseState::Open, id: case().id, lookup: hash(), ..due.clone() };
        let kept = Case { destroy_after: None, id: case().id, lookup: hash(), ..due.clone() };
        for case in [&due, &later, &open, &kept] {
            store.file(case, &item()).await.unwrap();
        }
        assert_eq!(store.to_destroy(day("2026-11-23")).await.unwrap(), []);
        assert_eq!(store.to_destroy(day("2026-11-24")).await.unwrap(), [due.id]);
    }

    async fn a_roster_serial_is_never_lowered(base) {
        let store = base.open().await;
        let (five, fork, six) = (hash(), hash(), hash());
        assert_eq!(store.roster_seen("root").await.unwrap(), None);
        store.see_roster("root", 5, &five).await.unwrap();
        store.see_roster("org-bzk", 1, &hash()).await.unwrap();
        store.see_roster("root", 4, &hash()).await.unwrap();
        store.see_roster("root", 5, &fork).await.unwrap();
        assert_eq!(store.roster_seen("root").await.unwrap(), Some((5, five)), "the first of a serial stands");
        store.see_roster("root", 6, &six).await.unwrap();
        assert_eq!(store.roster_seen("root").await.unwrap(), Some((6, six)));
    }

    async fn a_row_we_would_not_write_is_refused(base) {
        let store = base.open().await;
        let mine = case();
        store.file(&mine, &item()).await.unwrap();
        base.tamper(r#"update "case" set state = 9"#).await;
        assert!(matches!(store.case(&mine.id).await, Err(StoreError::Corrupt { table: "case" })));
    }

    async fn all_is_there_after_a_restart(base) {
        let (mine, first) = (case(), item());
        base.open().await.file(&mine, &first).await.unwrap();
        let store = base.open().await;
        assert_eq!(store.case(&mine.id).await.unwrap(), Some(mine.clone()));
        assert_eq!(store.payload(&first.id).await.unwrap(), Some(first.payload));
    }

    async fn an_unknown_schema_is_refused_and_left_alone(base) {
        drop(base.open().await);
        base.tamper("update meta set schema = 99").await;
        let refused = connect(&base.url, base.journal()).await.err().unwrap();
        assert!(matches!(refused, StoreError::UnknownSchema(99)));
        assert!(refused.to_string().contains("schema version 99"));
        assert_eq!(base.count("select schema from meta").await, 99);
    }
}

/// Promise 9: on SQLite no byte of what was destroyed stays in the data folder for longer than a day.
#[tokio::test]
async fn destroyed_bytes_are_gone_from_the_folder() {
    let base = crate::base::Base::sqlite();
    let store = base.open().await;
    let secret = b"canary-in-a-payload-".repeat(400);
    let header = b"canary-in-a-header--".repeat(80);
    let mut destroyed = Vec::new();
    for n in 0..60 {
        let mine = case();
        let slots = vec![SlotRow { header: header.clone(), ..slot() }, SlotRow { header: header.clone(), ..slot() }];
        store
            .file(
                &mine,
                &NewItem {
                    id: item_id(),
                    slots,
                    aside: None,
                    readers: Vec::new(),
                    payload: Payload::Inline(secret.clone()),
                    most: 9,
                },
            )
            .await
            .unwrap();
        if n % 3 == 0 {
            // Others stay in between, with other bytes, so that pages are not simply all dropped.
            store.file(&case(), &item()).await.unwrap();
        }
        destroyed.push(mine.id);
    }
    assert!(!on_disk(&base, b"canary-in-a-").is_empty());
    for id in destroyed {
        store.destroy(&id).await.unwrap();
    }
    // SQLite overwrites what it deletes, and not always what it had moved within a page: once in a hundred runs some bytes stay in the
    // database, in no other file, until the pass of the night.
    let left = on_disk(&base, b"canary-in-a-");
    assert!(left.iter().all(|path| path.ends_with("store.db")), "{left:?}");
    store.rewrite(day("2026-11-25")).await.unwrap();
    assert_eq!(on_disk(&base, b"canary-in-a-"), Vec::<std::path::PathBuf>::new());
    assert_eq!(base.rows().await, 80);
}

/// The files of the data folder that hold these bytes.
fn on_disk(base: &crate::base::Base, needle: &[u8]) -> Vec<std::path::PathBuf> {
    let all = std::fs::read_dir(base.folder.path()).unwrap().map(|entry| entry.unwrap().path());
    let holds =
        |path: &std::path::PathBuf| std::fs::read(path).unwrap().windows(needle.len()).any(|window| window == needle);
    all.filter(holds).collect()
}

#[tokio::test]
async fn an_unknown_kind_of_database_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for url in ["mysql://localhost/x", "store.db", ""] {
        let journal = Journal::open(folder.path(), Clock::System).unwrap();
        assert!(matches!(connect(url, journal).await, Err(StoreError::Unavailable(_))));
    }
}
