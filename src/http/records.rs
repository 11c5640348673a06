//! How much of something is still taken in the course of a day. In memory only, as every limit: each server counts for itself.
use std::{hash::Hash, num::NonZeroU32, time::Duration};

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::domain::id::{CaseId, OrgId};

/// Records a person may add to a log. A busy reader does some 500 acts a day.
pub(super) const RECORDS: NonZeroU32 = NonZeroU32::new(1000).unwrap();
/// Messages of coordinators to the readers of a case.
pub(super) const MEMOS: NonZeroU32 = NonZeroU32::new(5).unwrap();
/// What the guests of a case add to it, together.
pub(super) const BY_GUESTS: NonZeroU32 = NonZeroU32::new(50).unwrap();
const DAY: Duration = Duration::from_hours(24);

/// What is left, for each key.
pub struct Daily<K: Clone + Eq + Hash>(DefaultKeyedRateLimiter<K>);

/// What everybody may still write into a log, by who they are and whose log it is.
pub type Records = Daily<(String, OrgId)>;
/// What may still be added to a case.
pub type InCase = Daily<CaseId>;

impl<K: Clone + Eq + Hash> Daily<K> {
    /// So many at once, and again in the course of a day.
    pub fn a_day(most: NonZeroU32) -> Self {
        let quota = Quota::with_period(DAY / most.get()).unwrap_or(Quota::per_hour(NonZeroU32::MIN));
        Self(RateLimiter::keyed(quota.allow_burst(most)))
    }

    /// Takes one; `false` when nothing is left.
    pub(crate) fn take(&self, key: &K) -> bool {
        self.0.check_key(key).is_ok()
    }
}
