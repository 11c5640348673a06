//! What this reader opened before, sealed beside what else the desk remembers: the first time a case is opened is in the log, and what came
//! in it since it was opened last is new.
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::Mutex,
};

use serde::{Deserialize, Serialize};

use super::{DeskError, Identity, kept::Kept};
use crate::{
    api_types::CaseView,
    domain::{
        id::{CaseId, ItemId},
        order::Before,
    },
};

/// A case, with the items that were shown when it was opened last; nothing where that is not known.
#[derive(Default, Deserialize, Serialize)]
#[serde(from = "Stored")]
struct Cases(BTreeMap<CaseId, Option<Before>>);

/// The cases that were opened here, by this program as of the last time it looked, and by others of this reader.
pub(super) struct OpenedBefore(Mutex<Kept<Cases>>);

/// What stands in the file; an earlier desk kept the cases alone.
#[derive(Deserialize)]
#[serde(untagged)]
enum Stored {
    Shown(BTreeMap<CaseId, Option<Before>>),
    Opened(BTreeSet<CaseId>),
}

impl From<Stored> for Cases {
    fn from(stored: Stored) -> Self {
        Self(match stored {
            Stored::Shown(cases) => cases,
            Stored::Opened(cases) => cases.into_iter().map(|case| (case, None)).collect(),
        })
    }
}

impl OpenedBefore {
    /// Read from beside a file of the desk. One that is not there, or does not open, makes every case a new one: the log says it again.
    pub(super) fn load(beside: &Path, me: &Identity) -> Self {
        Self(Mutex::new(Kept::load(beside, "opened", me)))
    }

    /// Whether a case is among them.
    pub(super) fn knows(&self, case: &CaseId) -> bool {
        self.0.lock().is_ok_and(|cases| cases.known().0.contains_key(case))
    }

    /// All of them.
    pub(super) fn all(&self) -> Vec<CaseId> {
        self.0.lock().map(|cases| cases.known().0.keys().copied().collect()).unwrap_or_default()
    }

    /// Whether a case is among them, by what stands in the file now where this program does not know it: another of this reader may have opened it.
    pub(super) fn knows_now(&self, me: &Identity, case: &CaseId) -> bool {
        let Ok(mut cases) = self.0.lock() else { return false };
        if !cases.known().0.contains_key(case) {
            cases.look(me);
        }
        cases.known().0.contains_key(case)
    }

    /// Whether an item of a case that was opened was not there then.
    pub(super) fn is_new(&self, case: &CaseId, item: &ItemId) -> bool {
        let new = |shown: &Option<Before>| shown.as_ref().is_some_and(|shown| !shown.has(item));
        self.0.lock().is_ok_and(|cases| cases.known().0.get(case).is_some_and(new))
    }

    /// Adds a case.
    pub(super) fn add(&self, me: &Identity, case: CaseId) -> Result<(), DeskError> {
        self.change(me, |cases| {
            let new = !cases.contains_key(&case);
            cases.entry(case).or_default();
            new
        })
    }

    /// Remembers the items of a case that were shown; of one that is not among them, nothing. Where another program showed more, that holds.
    pub(super) fn show(&self, me: &Identity, case: &CaseId, items: &[ItemId]) -> Result<(), DeskError> {
        self.change(me, |cases| match cases.get_mut(case) {
            Some(Some(before)) if items.iter().all(|item| before.has(item)) => false,
            Some(before) => {
                *before = Some(Before::of(items));
                true
            }
            None => false,
        })
    }

    /// Forgets cases that are gone; not those that another program opened after it was asked what is there.
    pub(super) fn keep(&self, me: &Identity, there: &[CaseView]) -> Result<(), DeskError> {
        let there: BTreeSet<CaseId> = there.iter().map(|view| view.case).collect();
        let Ok(mut cases) = self.0.lock() else { return Ok(()) };
        let gone: Vec<CaseId> = cases.known().0.keys().filter(|case| !there.contains(case)).copied().collect();
        if gone.is_empty() {
            cases.look(me);
            return Ok(());
        }
        cases.change(me, |Cases(cases)| gone.iter().filter(|case| cases.remove(case).is_some()).count() > 0)
    }

    fn change(
        &self,
        me: &Identity,
        how: impl FnOnce(&mut BTreeMap<CaseId, Option<Before>>) -> bool,
    ) -> Result<(), DeskError> {
        let Ok(mut cases) = self.0.lock() else { return Ok(()) };
        cases.change(me, |Cases(cases)| how(cases))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test")]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::{
        desk::{kept, summary::tests::view},
        domain::id::ReaderId,
    };

    #[test]
    fn what_an_earlier_desk_kept_is_read_and_nothing_in_it_is_called_new() {
        let folder = tempfile::tempdir().unwrap();
        let key = folder.path().join("me.key");
        let me = Identity::create(&key, ReaderId::parse("lezer").unwrap(), None).unwrap();
        let [case, other] = [1, 2].map(|n| CaseId::from_uuid(Uuid::from_u128(n)));
        let [seen, new] = [3, 4].map(|n| ItemId::from_uuid(Uuid::from_u128(n << 96)));
        kept::save(&key.with_extension("opened"), &me, &BTreeSet::from([case])).unwrap();
        let before = OpenedBefore::load(&key, &me);
        assert!(before.knows(&case) && !before.knows(&other) && !before.is_new(&case, &new));
        before.show(&me, &case, &[seen]).unwrap();
        before.show(&me, &other, &[seen]).unwrap();
        let again = OpenedBefore::load(&key, &me);
        assert!(again.is_new(&case, &new) && !again.is_new(&case, &seen));
        assert!(!again.knows(&other), "what was not opened is not known by being shown");
        again.add(&me, case).unwrap();
        assert!(!again.is_new(&case, &seen));
    }

    #[test]
    fn two_programs_keep_what_the_other_learned() {
        let folder = tempfile::tempdir().unwrap();
        let key = folder.path().join("me.key");
        let me = Identity::create(&key, ReaderId::parse("lezer").unwrap(), None).unwrap();
        let [first, second, third] = [1, 2, 3].map(|n| CaseId::from_uuid(Uuid::from_u128(n)));
        let [old, new] = [3, 4].map(|n| ItemId::from_uuid(Uuid::from_u128(n << 96)));
        let [page, command] = [(); 2].map(|()| OpenedBefore::load(&key, &me));
        page.add(&me, first).unwrap();
        command.add(&me, second).unwrap();
        command.show(&me, &first, &[old, new]).unwrap();
        page.show(&me, &first, &[old]).unwrap();
        assert!(!page.is_new(&first, &new) && page.knows(&second));
        // The page does not know of the third: it was told what is there before.
        command.add(&me, third).unwrap();
        let there: Vec<CaseView> = [first, second].map(view).into();
        page.keep(&me, &there).unwrap();
        let again = OpenedBefore::load(&key, &me);
        assert!([first, second, third].iter().all(|case| again.knows(case)));
        again.keep(&me, there.get(..1).unwrap()).unwrap();
        assert!(OpenedBefore::load(&key, &me).knows(&first) && !OpenedBefore::load(&key, &me).knows(&third));
    }

    #[test]
    fn many_programs_at_once_lose_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let key = folder.path().join("me.key");
        let me = Identity::create(&key, ReaderId::parse("lezer").unwrap(), None).unwrap();
        let case = |n: u128| CaseId::from_uuid(Uuid::from_u128(n));
        std::thread::scope(|programs| {
            for program in 0..4_u128 {
                let (key, me) = (&key, &me);
                programs.spawn(move || {
                    let opened = OpenedBefore::load(key, me);
                    (0..20).for_each(|n| opened.add(me, case(program * 100 + n)).unwrap());
                });
            }
        });
        let all = OpenedBefore::load(&key, &me);
        assert!((0..4).all(|program| (0..20).all(|n| all.knows(&case(program * 100 + n)))));
    }
}
