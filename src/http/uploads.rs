//! How much of each file has arrived so far. In memory only: a page without script shows it when it is loaded again.
use std::{collections::HashMap, sync::Mutex};

use crate::domain::id::{CaseId, ItemId};

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
