//! Which cases this reader opened before, sealed beside what else the desk remembers: the first time is in the log.
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::Mutex,
};

use super::{DeskError, Identity, kept};
use crate::{api_types::CaseView, domain::id::CaseId};

/// The cases that were opened here.
pub(super) struct OpenedBefore {
    file: PathBuf,
    cases: Mutex<BTreeSet<CaseId>>,
}

impl OpenedBefore {
    /// Read from beside a file of the desk. One that is not there, or does not open, makes every case a new one: the log says it again.
    pub(super) fn load(beside: &Path, me: &Identity) -> Self {
        let file = beside.with_extension("opened");
        let cases = kept::load(&file, me).unwrap_or_default();
        Self { file, cases: Mutex::new(cases) }
    }

    /// Whether a case is among them.
    pub(super) fn knows(&self, case: &CaseId) -> bool {
        self.cases.lock().is_ok_and(|cases| cases.contains(case))
    }

    /// Adds a case.
    pub(super) fn add(&self, me: &Identity, case: CaseId) -> Result<(), DeskError> {
        self.change(me, |cases| cases.insert(case))
    }

    /// Forgets cases that are gone.
    pub(super) fn keep(&self, me: &Identity, there: &[CaseView]) -> Result<(), DeskError> {
        let there: BTreeSet<CaseId> = there.iter().map(|view| view.case).collect();
        self.change(me, |cases| {
            let before = cases.len();
            cases.retain(|case| there.contains(case));
            cases.len() != before
        })
    }

    fn change(&self, me: &Identity, how: impl FnOnce(&mut BTreeSet<CaseId>) -> bool) -> Result<(), DeskError> {
        let Ok(mut cases) = self.cases.lock() else { return Ok(()) };
        if how(&mut cases) { kept::save(&self.file, me, &*cases) } else { Ok(()) }
    }
}
