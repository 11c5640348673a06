//! How much one person may still write into a log. In memory only, as every limit: each server counts for itself.
use std::{num::NonZeroU32, time::Duration};

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::domain::id::OrgId;

/// Records a person may add to a log at once, and again in the course of a day. A busy reader does some 500 acts a day.
const MOST: NonZeroU32 = NonZeroU32::new(1000).unwrap();
const DAY: Duration = Duration::from_hours(24);

/// What everybody has left, by who they are and whose log it is.
pub struct Records(DefaultKeyedRateLimiter<(String, OrgId)>);

impl Records {
    /// So many at once, and again in the course of a day.
    pub fn a_day(most: NonZeroU32) -> Self {
        let quota = Quota::with_period(DAY / most.get()).unwrap_or(Quota::per_hour(NonZeroU32::MIN));
        Self(RateLimiter::keyed(quota.allow_burst(most)))
    }

    /// Takes one; `false` when nothing is left.
    pub(crate) fn take(&self, who: String, org: &OrgId) -> bool {
        self.0.check_key(&(who, org.clone())).is_ok()
    }
}

impl Default for Records {
    fn default() -> Self {
        Self::a_day(MOST)
    }
}
