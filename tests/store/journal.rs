//! What is destroyed stands in the journal, and nothing else does; a database that was set back is brought forward by it.
use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
};

use meldkluis::{
    clock::Clock,
    domain::case::{Case, CaseState},
    journal::{Journal, Mark, Marks},
    store::{Blobs, Leaving, StoreError, destroy_again},
};

use crate::base::{Base, case, day, hash, item, item_id, on_both, released, slot};

fn all(base: &Base) -> BTreeSet<Mark> {
    base.journal().marks().unwrap().into_values().flatten().collect()
}

on_both! {
    async fn a_destroyed_case_leaves_a_mark_of_each_item(base) {
        let store = base.open().await;
        let (mine, other, first, second) = (case(), case(), item(), item());
        store.file(&mine, &first).await.unwrap();
        store.file(&other, &item()).await.unwrap();
        store.add_item(&mine.id, &second, None, day("2026-11-24")).await.unwrap();
        assert!(all(&base).is_empty());
        store.destroy(&mine.id).await.unwrap();
        assert_eq!(all(&base), BTreeSet::from([first.id, second.id].map(|id| Mark::item(&id))));
        store.withdraw(&other.id, &|_, _| false).await.unwrap();
        assert_eq!(all(&base).len(), 3);
    }

    async fn what_is_refused_leaves_no_mark(base) {
        let store = base.open().await;
        let opened = Case { state: CaseState::Open, ..case() };
        store.file(&opened, &item()).await.unwrap();
        assert!(matches!(store.withdraw(&opened.id, &|_, _| false).await, Err(StoreError::Conflict)));
        let somebody = Leaving { mailbox: hash(), staying: None, served: day("2026-11-24"), filler: &|_, _, _| Some(slot()), opened: &|_, _| false, released: &released, reserve: day("2026-11-28") };
        assert_eq!(store.leave(&opened.id, &somebody).await.unwrap(), 0);
        assert!(all(&base).is_empty());
    }

    async fn nothing_is_destroyed_that_cannot_be_marked(base) {
        let store = base.open().await;
        let (mine, first) = (case(), item());
        store.file(&mine, &first).await.unwrap();
        // A file where the day's file is renamed to would be replaced; a folder is not.
        fs::create_dir(base.journal.path().join(Clock::System.today().to_string())).unwrap();
        assert!(matches!(store.destroy(&mine.id).await, Err(StoreError::Unavailable(_))));
        let going = Leaving { mailbox: first.slots[0].mailbox, staying: None, served: day("2026-11-24"), filler: &|_, _, _| Some(slot()), opened: &|_, _| false, released: &released, reserve: day("2026-11-28") };
        assert!(matches!(store.leave(&mine.id, &going).await, Err(StoreError::Unavailable(_))));
        assert_eq!(store.items(&mine.id).await.unwrap(), [first.id]);
        assert!(store.slots(&first.id).await.unwrap().iter().any(|row| row.mailbox == first.slots[0].mailbox));
    }

    async fn who_leaves_is_marked(base) {
        let store = base.open().await;
        let (mine, first) = (case(), item());
        store.file(&mine, &first).await.unwrap();
        let going = Leaving { mailbox: first.slots[0].mailbox, staying: None, served: day("2026-11-24"), filler: &|_, _, _| Some(slot()), opened: &|_, _| false, released: &released, reserve: day("2026-11-28") };
        assert_eq!(store.leave(&mine.id, &going).await.unwrap(), 1);
        assert_eq!(all(&base), BTreeSet::from([Mark::left(&mine.id, &first.slots[0].mailbox)]));
    }

    async fn a_case_that_came_back_is_destroyed_and_one_filed_again_with_its_code_is_not(base) {
        let store = base.open().await;
        let blobs = Blobs::folder(&base.blob_folder()).unwrap();
        let (mine, first, other) = (case(), item(), case());
        store.file(&other, &item()).await.unwrap();
        store.file(&mine, &first).await.unwrap();
        store.destroy(&mine.id).await.unwrap();
        let marks = base.journal().marks().unwrap();
        // The same case's id with new items: its reporter filed again.
        store.file(&mine, &item()).await.unwrap();
        assert_eq!(destroy_again(&*store, &blobs, &marks).await.unwrap(), 0);
        store.destroy(&mine.id).await.unwrap();
        store.file(&mine, &first).await.unwrap();
        assert_eq!(destroy_again(&*store, &blobs, &Marks::new()).await.unwrap(), 0);
        assert_eq!(destroy_again(&*store, &blobs, &marks).await.unwrap(), 1);
        assert_eq!(store.case(&mine.id).await.unwrap(), None);
        assert!(store.case(&other.id).await.unwrap().is_some());
    }

    /// Whoever may add to a case chooses the id of what they add.
    async fn an_id_of_a_destroyed_case_destroys_no_other_that_it_was_added_to(base) {
        let store = base.open().await;
        let blobs = Blobs::folder(&base.blob_folder()).unwrap();
        let (gone, once, target) = (case(), item(), case());
        store.file(&gone, &once).await.unwrap();
        store.destroy(&gone.id).await.unwrap();
        store.file(&target, &item()).await.unwrap();
        store.add_item(&target.id, &once, None, day("2026-11-24")).await.unwrap();
        let marks = base.journal().marks().unwrap();
        assert_eq!(destroy_again(&*store, &blobs, &marks).await.unwrap(), 0);
        assert!(store.case(&target.id).await.unwrap().is_some());
    }

    async fn with_a_clock_that_went_back_marks_stand_under_the_last_day_that_was_seen(base) {
        let store = base.open().await;
        let ahead = Clock::System.today().plus_days(40);
        store.set_day(ahead).await.unwrap();
        let (mine, first) = (case(), item());
        store.file(&mine, &first).await.unwrap();
        store.destroy(&mine.id).await.unwrap();
        assert_eq!(base.journal().marks().unwrap(), Marks::from([(ahead, BTreeSet::from([Mark::item(&first.id)]))]));
    }
}

#[test]
fn within_a_day_nothing_tells_the_order_and_only_its_owner_reads_it() {
    let marks: Vec<Mark> = (0..20).map(|_| Mark::item(&item_id())).collect();
    let today = day("2026-11-24");
    let [one, two] = [0, 1].map(|turn| {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::open(&folder.path().join("journal"), Clock::Fixed(today)).unwrap();
        let mut marks = marks.clone();
        if turn == 1 {
            marks.reverse();
        }
        marks.iter().for_each(|mark| drop(journal.add(&[*mark], None).unwrap()));
        let file = folder.path().join("journal/2026-11-24");
        let about = fs::metadata(&file).unwrap();
        assert_eq!((about.mtime(), about.permissions().mode() & 0o777), (946_684_800, 0o600));
        assert_eq!(fs::metadata(folder.path().join("journal")).unwrap().permissions().mode() & 0o777, 0o700);
        fs::read(file).unwrap()
    });
    assert_eq!(one, two);
    assert_eq!(one.len(), 20 * 65);
}

#[test]
fn days_past_the_term_go_and_marks_are_taken_back() {
    let folder = tempfile::tempdir().unwrap();
    let open = |text: &str| Journal::open(folder.path(), Clock::Fixed(day(text))).unwrap();
    let [a, b, c] = [0, 1, 2].map(|_| Mark::item(&item_id()));
    open("2026-10-01").add(&[a], None).unwrap();
    open("2026-11-24").add(&[b, c], None).unwrap();
    open("2026-11-24").renew(day("2026-10-01")).unwrap();
    assert_eq!(open("2026-11-24").marks().unwrap().len(), 2);
    open("2026-11-24").renew(day("2026-10-02")).unwrap();
    open("2026-11-24").take_back(day("2026-11-24"), &[c]).unwrap();
    assert_eq!(open("2026-11-24").marks().unwrap(), Marks::from([(day("2026-11-24"), BTreeSet::from([b]))]));
}

#[test]
fn what_is_no_journal_is_refused() {
    for (name, text) in [("2026-11-24", "not a hash\n"), ("notes", "")] {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(name), text).unwrap();
        assert!(meldkluis::journal::read(folder.path()).unwrap_err().to_string().contains(name));
    }
}
