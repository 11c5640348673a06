//! Which advice went along with which report, as far as this reader saw it, sealed beside what else the desk remembers: no page looks for it
//! anew.
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

type Cases = BTreeMap<CaseId, Advice>;

/// Advice of which something went along.
#[derive(Deserialize, Eq, PartialEq, Serialize)]
struct Advice {
    /// The items in which that was seen.
    items: Before,
    /// With these reports.
    reports: Vec<CaseId>,
}

/// The advice of which something went along with a report.
pub(super) struct WentAlong(Mutex<Kept<Cases>>);

impl WentAlong {
    /// Read from beside a file of the desk. One that is not there, or does not open, is made anew: it holds nothing that is nowhere else.
    pub(super) fn load(beside: &Path, me: &Identity) -> Self {
        Self(Mutex::new(Kept::load(beside, "along", me)))
    }

    /// The advice of which something went along with a report.
    pub(super) fn with(&self, report: &CaseId) -> Vec<CaseId> {
        let Ok(cases) = self.0.lock() else { return Vec::new() };
        cases.known().iter().filter(|(_, advice)| advice.reports.contains(report)).map(|(case, _)| *case).collect()
    }

    /// Whether everything that this reader has of some advice was looked into.
    pub(super) fn knows(&self, case: &CaseView) -> bool {
        let all = |advice: &Advice| case.items.iter().all(|item| advice.items.has(item));
        self.0.lock().is_ok_and(|cases| cases.known().get(&case.case).is_some_and(all))
    }

    /// Remembers with which reports something of these items went along, if with any.
    pub(super) fn learn(
        &self,
        me: &Identity,
        (case, items): (&CaseId, &[ItemId]),
        reports: Vec<CaseId>,
    ) -> Result<(), DeskError> {
        if reports.is_empty() {
            return Ok(());
        }
        let advice = Advice { items: Before::of(items), reports };
        let Ok(mut cases) = self.0.lock() else { return Ok(()) };
        if cases.known().get(case) == Some(&advice) {
            return Ok(());
        }
        cases.change(me, |cases| {
            cases.insert(*case, advice);
            true
        })
    }

    /// Forgets cases that are gone.
    pub(super) fn keep(&self, me: &Identity, there: &[CaseView]) -> Result<(), DeskError> {
        let there: BTreeSet<CaseId> = there.iter().map(|view| view.case).collect();
        let Ok(mut cases) = self.0.lock() else { return Ok(()) };
        if cases.known().keys().all(|case| there.contains(case)) {
            return Ok(());
        }
        cases.change(me, |cases| {
            cases.retain(|case, _| there.contains(case));
            true
        })
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test")]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::{desk::summary::tests::view, domain::id::ReaderId};

    fn part(case: CaseId, items: &[ItemId]) -> CaseView {
        CaseView { items: items.to_vec(), passed: true, ..view(case) }
    }

    #[test]
    fn what_went_along_is_looked_into_once_until_there_is_more_and_forgotten_when_it_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let key = folder.path().join("me.key");
        let me = Identity::create(&key, ReaderId::parse("lezer").unwrap(), None).unwrap();
        let [one, two, report, other] = [1, 2, 3, 4].map(|n| CaseId::from_uuid(Uuid::from_u128(n)));
        let [item, more] = [5, 6].map(|n| ItemId::from_uuid(Uuid::from_u128(n << 96)));
        let page = WentAlong::load(&key, &me);
        let command = WentAlong::load(&key, &me);
        page.learn(&me, (&one, &[item]), vec![report]).unwrap();
        command.learn(&me, (&two, &[item]), vec![report, other]).unwrap();
        page.learn(&me, (&report, &[item]), Vec::new()).unwrap();
        assert!(page.knows(&part(one, &[item])) && !page.knows(&part(one, &[item, more])));
        assert!(!page.knows(&part(report, &[item])), "what is no advice is not kept");
        let again = WentAlong::load(&key, &me);
        assert_eq!((again.with(&report), again.with(&other)), (vec![one, two], vec![two]), "of both programs");
        assert!(!std::fs::read(key.with_extension("along")).unwrap().windows(4).any(|w| w == b"item"), "sealed");
        again.keep(&me, &[part(two, &[])]).unwrap();
        assert_eq!(WentAlong::load(&key, &me).with(&report), [two]);
    }
}
