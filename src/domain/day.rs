//! The coarse date: the finest time that Meldkluis keeps (promise 5).
use std::fmt;

use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};

/// A civil day. Stored as days since 2000-01-01, shown as ISO 8601.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct Day(Date);

const EPOCH: Date = Date::constant(2000, 1, 1);

impl Day {
    /// The last day of the calendar, which never comes.
    pub const LAST: Self = Self(Date::MAX);

    /// The day of a moment in Europe/Amsterdam.
    pub fn of(moment: Timestamp) -> Self {
        // The zone is bundled with the library; UTC is never more than a day off if it were missing.
        let zoned = moment.in_tz("Europe/Amsterdam").unwrap_or_else(|_| moment.to_zoned(TimeZone::UTC));
        Self(zoned.date())
    }

    /// The day of a civil date.
    pub fn from_date(date: Date) -> Self {
        Self(date)
    }

    /// Reads `YYYY-MM-DD`; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        text.parse().ok().map(Self)
    }

    /// Days since 2000-01-01, as the databases keep it.
    pub fn number(self) -> i32 {
        self.0.since(EPOCH).map_or(0, |span| span.get_days())
    }

    /// The day with this number; `None` outside the calendar.
    pub fn from_number(number: i32) -> Option<Self> {
        EPOCH.checked_add(i64::from(number).days()).ok().map(Self)
    }

    /// So many days later. Stays on the last day of the calendar rather than fail.
    pub fn plus_days(self, days: i32) -> Self {
        Self(self.0.saturating_add(i64::from(days).days()))
    }

    /// So many calendar months later, at month-ends the last day (Directive 2019/1937, art. 9(1)(f)).
    pub fn plus_months(self, months: i32) -> Self {
        Self(self.0.saturating_add(i64::from(months).months()))
    }

    /// The civil date, for showing in words.
    pub fn date(self) -> Date {
        self.0
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_months_after_a_month_end_is_the_last_day_of_the_month() {
        let day = Day::parse("2026-11-30").unwrap_or_else(|| unreachable!());
        assert_eq!(day.plus_months(3).to_string(), "2027-02-28");
    }

    #[test]
    fn a_number_leads_back_to_its_day() {
        for n in [-40, 0, 59, 9_824, 20_000] {
            assert_eq!(Day::from_number(n).map(Day::number), Some(n));
        }
    }
}
