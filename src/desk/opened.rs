//! What this reader opened before, sealed beside what else the desk remembers: the first time a case is opened is in the log, and what came
//! in it since it was opened last is new.
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::Mutex,
};

use serde::Deserialize;

use super::{DeskError, Identity, kept};
use crate::{
    api_types::CaseView,
    domain::{
        id::{CaseId, ItemId},
        order::Before,
    },
};

/// A case, with the items that were shown when it was opened last; nothing where that is not known.
type Cases = BTreeMap<CaseId, Option<Before>>;

/// The cases that were opened here.
pub(super) struct OpenedBefore {
    file: PathBuf,
    cases: Mutex<Cases>,
}

/// What stands in the file; an earlier desk kept the cases alone.
#[derive(Deserialize)]
#[serde(untagged)]
enum Stored {
    Shown(Cases),
    Opened(BTreeSet<CaseId>),
}

impl OpenedBefore {
    /// Read from beside a file of the desk. One that is not there, or does not open, makes every case a new one: the log says it again.
    pub(super) fn load(beside: &Path, me: &Identity) -> Self {
        let file = beside.with_extension("opened");
        let cases = match kept::load(&file, me) {
            Some(Stored::Shown(cases)) => cases,
            Some(Stored::Opened(cases)) => cases.into_iter().map(|case| (case, None)).collect(),
            None => Cases::new(),
        };
        Self { file, cases: Mutex::new(cases) }
    }

    /// Whether a case is among them.
    pub(super) fn knows(&self, case: &CaseId) -> bool {
        self.cases.lock().is_ok_and(|cases| cases.contains_key(case))
    }

    /// Whether an item of a case that was opened was not there then.
    pub(super) fn is_new(&self, case: &CaseId, item: &ItemId) -> bool {
        let new = |shown: &Option<Before>| shown.as_ref().is_some_and(|shown| !shown.has(item));
        self.cases.lock().is_ok_and(|cases| cases.get(case).is_some_and(new))
    }

    /// Adds a case.
    pub(super) fn add(&self, me: &Identity, case: CaseId) -> Result<(), DeskError> {
        self.change(me, |cases| {
            let new = !cases.contains_key(&case);
            cases.entry(case).or_default();
            new
        })
    }

    /// Remembers the items of a case that were shown; of one that is not among them, nothing.
    pub(super) fn show(&self, me: &Identity, case: &CaseId, items: &[ItemId]) -> Result<(), DeskError> {
        let shown = Some(Before::of(items));
        self.change(me, |cases| match cases.get_mut(case) {
            Some(before) if *before != shown => {
                *before = shown;
                true
            }
            _ => false,
        })
    }

    /// Forgets cases that are gone.
    pub(super) fn keep(&self, me: &Identity, there: &[CaseView]) -> Result<(), DeskError> {
        let there: BTreeSet<CaseId> = there.iter().map(|view| view.case).collect();
        self.change(me, |cases| {
            let before = cases.len();
            cases.retain(|case, _| there.contains(case));
            cases.len() != before
        })
    }

    fn change(&self, me: &Identity, how: impl FnOnce(&mut Cases) -> bool) -> Result<(), DeskError> {
        let Ok(mut cases) = self.cases.lock() else { return Ok(()) };
        if how(&mut cases) { kept::save(&self.file, me, &*cases) } else { Ok(()) }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test")]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::id::ReaderId;

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
}
