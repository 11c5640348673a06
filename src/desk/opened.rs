//! What this reader opened before, sealed beside what else the desk remembers: the first time a case is opened is in the log, and what came
//! in it since it was opened last is new.
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::Mutex,
};

use serde::{Deserialize, Serialize};

use super::{Client, DeskError, Identity, Item, State, along::learn, circle::origin, kept::Kept, register::about};
use crate::{
    api_types::CaseView,
    domain::{
        case::CaseState,
        id::{CaseId, ItemId},
        log::Deed,
        order::Before,
        roster::Organisation,
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

impl Client {
    /// Whether this reader looked into a case before, from this desk.
    pub(super) fn has_opened(&self, case: &CaseId) -> bool {
        self.before.knows(case)
    }

    /// The same, also where another program of theirs did since this one looked.
    pub(super) fn has_opened_by_now(&self, case: &CaseId) -> bool {
        self.before.knows_now(&self.me, case)
    }

    /// The cases that this reader opened before, from this desk.
    pub(super) fn opened_before(&self) -> Vec<CaseId> {
        self.before.all()
    }

    /// Whether an item came in a case after this reader opened it last, from this desk.
    pub(super) fn is_new(&self, case: &CaseId, item: &ItemId) -> bool {
        self.before.is_new(case, item)
    }

    /// Remembers what of a case was shown to this reader.
    pub(super) fn shown(&self, case: &CaseId, items: &[Item]) -> Result<(), DeskError> {
        // What could not be fetched is new the next time.
        let items = items.iter().filter(|item| !matches!(item.state, State::Away));
        let items: Vec<ItemId> = items.map(|item| item.id).collect();
        self.before.show(&self.me, case, &items)
    }

    /// A case that this reader looks into. The first time is in the log; and whoever is the first of all has opened it.
    pub(super) async fn opened(&self, case: CaseView, items: &[Item]) -> Result<CaseView, DeskError> {
        let unopened = case.state == CaseState::Unopened;
        let case = if unopened { self.case(&case.case).await? } else { case };
        self.check_organisation(&case, items)?;
        // What a guest reads, or who only reads what went along, stays unopened.
        let first_of_all = unopened && case.state != CaseState::Unopened;
        if first_of_all || !self.before.knows_now(&self.me, &case.case) {
            // Who comes later may not have all of it: the register keeps what those knew who had.
            let (named, row) = about(self, (&case, items), None);
            // Nor does who could not fetch all of it.
            let whole = items.iter().all(|item| !matches!(item.state, State::Away));
            match self.log(&case.org, Deed::Opened, (named, row.filter(|_| first_of_all && whole))).await {
                Ok(()) => self.before.add(&self.me, case.case)?,
                // A disk that is nearly full keeps nobody from answering a reporter. It is said the next time.
                Err(error) if error.can_wait() => {}
                Err(error) => return Err(error),
            }
        }
        learn(self, &case, items)?;
        Ok(case)
    }

    /// Refuses a case of which the server says that it is another organisation's than its reporter signed: to the overseers of that one
    /// nothing is said. Who does not have the first item knows no more than that nobody reads in an organisation but its own readers, guests and
    /// the desk outside.
    pub(super) fn check_organisation(&self, case: &CaseView, items: &[Item]) -> Result<(), DeskError> {
        let of = |o: &Organisation| o.reader(&self.me.reader).is_some();
        let may = || {
            let (outside, own) = (self.roster.outside(), self.roster.organisation(&case.org));
            self.me.card.is_some() || outside.into_iter().chain(own).any(of)
        };
        let signed = origin(items).and_then(|origin| origin.org.as_ref());
        if signed.map_or_else(may, |org| *org == case.org) {
            Ok(())
        } else {
            Err(DeskError::known("desk-error-organisation"))
        }
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
