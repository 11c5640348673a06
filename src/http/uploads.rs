//! The files on their way: how many there may be, and how much of each has arrived. In memory only: a page without script shows it
//! when it is loaded again.
use std::{collections::HashMap, num::NonZeroU32, sync::Mutex};

use super::limits::Visitor;
use crate::{
    config::Limit,
    domain::id::{CaseId, ItemId},
};

/// The files on their way, by case.
#[derive(Default)]
pub struct Uploads(Mutex<HashMap<(CaseId, ItemId), u64>>);

impl Uploads {
    /// So many bytes have arrived.
    pub(crate) fn arrived(&self, case: CaseId, item: ItemId, bytes: u64) {
        // A thread that failed while it counted loses the count, never the file.
        if let Ok(mut all) = self.0.lock() {
            all.insert((case, item), bytes);
        }
    }

    /// The file is there, or given up.
    pub(crate) fn ended(&self, case: CaseId, item: ItemId) {
        if let Ok(mut all) = self.0.lock() {
            all.remove(&(case, item));
        }
    }

    /// The bytes of each file of a case that is on its way.
    pub(crate) fn of(&self, case: CaseId) -> Vec<u64> {
        let all = self.0.lock();
        all.map_or_else(
            |_| Vec::new(),
            |all| all.iter().filter(|((c, _), _)| *c == case).map(|(_, bytes)| *bytes).collect(),
        )
    }
}

/// The places for reporters' files, so many for a visitor, a case and the whole service.
pub struct Places {
    taken: Mutex<Vec<(Visitor, CaseId)>>,
    most: Limit,
}

impl Places {
    /// All free.
    pub fn new(most: Limit) -> Self {
        Self { taken: Mutex::default(), most }
    }

    /// A place, held until it is dropped; `None` when there is none for this visitor or this case.
    pub(crate) fn take(&self, visitor: Visitor, case: CaseId) -> Option<Place<'_>> {
        let mut taken = self.taken.lock().ok()?;
        let free = |most: NonZeroU32, mine: &dyn Fn(&(Visitor, CaseId)) -> bool| {
            taken.iter().filter(|one| mine(one)).count() < most.get() as usize
        };
        // Few circuits must not hold all places: while half of them are taken, one is enough.
        let half = taken.len() >= self.most.service.get() as usize / 2;
        let own = match visitor {
            Visitor::Clear => self.most.clear,
            Visitor::Circuit(_) if half => NonZeroU32::MIN,
            Visitor::Circuit(_) => self.most.circuit,
        };
        let fits = free(own, &|(other, _)| *other == visitor)
            && free(self.most.case, &|(_, other)| *other == case)
            && free(self.most.service, &|_| true);
        fits.then(|| taken.push((visitor, case)))?;
        Some(Place { places: self, who: (visitor, case) })
    }
}

/// The place of one file.
pub(crate) struct Place<'a> {
    places: &'a Places,
    who: (Visitor, CaseId),
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if let Ok(mut taken) = self.places.taken.lock()
            && let Some(at) = taken.iter().position(|one| *one == self.who)
        {
            taken.swap_remove(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::{config::Limits, http};

    #[test]
    fn a_few_circuits_never_hold_all_places() {
        let limits = http::Limits::new(&Limits::default());
        let (places, visitor) = (Places::new(Limits::default().files), |n: u8| Visitor::Circuit(limits.key(n)));
        let case = || CaseId::from_uuid(Uuid::new_v4());
        let held: Vec<_> =
            (0..8).flat_map(|n| (0..3).map(move |_| n)).filter_map(|n| places.take(visitor(n), case())).collect();
        // Four circuits with three each; then one each.
        assert_eq!(held.len(), 12 + 4);
        assert!(places.take(visitor(100), case()).is_some(), "somebody else finds one");
        drop(held);
        assert_eq!((0..5).filter_map(|_| places.take(visitor(100), case())).collect::<Vec<_>>().len(), 3);
    }
}
