//! The only place that asks what day it is. Nothing finer than a civil day is kept.
use crate::domain::day::Day;

/// Where days come from.
#[derive(Clone, Copy, Debug, Default)]
pub enum Clock {
    /// The system's clock, read in Europe/Amsterdam.
    #[default]
    System,
    /// A day that stands still, for tests.
    Fixed(Day),
}

impl Clock {
    /// Today's civil day in Europe/Amsterdam.
    pub fn today(&self) -> Day {
        match self {
            Self::Fixed(day) => *day,
            #[expect(clippy::disallowed_methods, reason = "the one place that asks")]
            Self::System => Day::of(jiff::Timestamp::now()),
        }
    }

    /// Seconds since 1970, for the expiry of a reader's sign-in. They are never stored, and no reporter's request asks.
    #[expect(clippy::disallowed_methods, reason = "the one place that asks")]
    pub fn seconds(&self) -> u64 {
        u64::try_from(jiff::Timestamp::now().as_second()).unwrap_or(0)
    }
}
