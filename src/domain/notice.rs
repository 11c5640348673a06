//! When a reader is told to look at their desk: on fixed days, by how long they stayed away, and by nothing else.
use std::collections::BTreeSet;

use serde::Deserialize;

use super::day::Day;

/// A day of the week, as the settings name it: `mon` to `sun`.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd)]
#[serde(rename_all = "lowercase")]
pub enum Weekday {
    /// Monday.
    Mon,
    /// Tuesday.
    Tue,
    /// Wednesday.
    Wed,
    /// Thursday.
    Thu,
    /// Friday.
    Fri,
    /// Saturday.
    Sat,
    /// Sunday.
    Sun,
}

impl Weekday {
    /// The weekday of a day.
    pub fn of(day: Day) -> Self {
        match day.date().weekday() {
            jiff::civil::Weekday::Monday => Self::Mon,
            jiff::civil::Weekday::Tuesday => Self::Tue,
            jiff::civil::Weekday::Wednesday => Self::Wed,
            jiff::civil::Weekday::Thursday => Self::Thu,
            jiff::civil::Weekday::Friday => Self::Fri,
            jiff::civil::Weekday::Saturday => Self::Sat,
            jiff::civil::Weekday::Sunday => Self::Sun,
        }
    }

    fn is_working(self) -> bool {
        self <= Self::Fri
    }
}

/// Whether a reader gets a notice today: a fixed day, and they have never signed in or at least `after` whole working days (Monday to
/// Friday) lie between the day they last did and today. Public holidays count as working days.
pub fn is_due(fixed: &BTreeSet<Weekday>, today: Day, last_seen: Option<Day>, after: u8) -> bool {
    fixed.contains(&Weekday::of(today)) && last_seen.is_none_or(|seen| missed(seen, today, after))
}

/// Whether `after` working days lie between two days, neither counted. Looks no further than it must.
fn missed(seen: Day, today: Day, after: u8) -> bool {
    let between = (1..).map(|n| seen.plus_days(n)).take_while(|day| *day < today);
    let working = between.filter(|day| Weekday::of(*day).is_working());
    working.take(usize::from(after)).count() == usize::from(after)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ALL: [Weekday; 7] =
        [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun];

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap_or_else(|| unreachable!())
    }

    fn every() -> BTreeSet<Weekday> {
        BTreeSet::from(ALL)
    }

    #[test]
    fn weekends_and_the_two_days_themselves_do_not_count() {
        let friday = day("2026-11-27");
        for (today, missed) in [("11-27", 0), ("11-28", 0), ("11-30", 0), ("12-01", 1), ("12-04", 4), ("12-07", 5)] {
            let today = day(&format!("2026-{today}"));
            assert!(missed == 0 || is_due(&every(), today, Some(friday), missed), "{today}");
            assert!(!is_due(&every(), today, Some(friday), missed + 1), "{today}");
        }
    }

    #[test]
    fn months_and_years_end_without_a_gap() {
        // From Thursday 31 December: Friday 1, then Monday 4 to Friday 8 January.
        assert!(is_due(&every(), day("2027-01-09"), Some(day("2026-12-31")), 6));
        assert!(!is_due(&every(), day("2027-01-09"), Some(day("2026-12-31")), 7));
        // 29 February 2028 is a Tuesday.
        assert!(is_due(&every(), day("2028-03-01"), Some(day("2028-02-28")), 1));
    }

    #[test]
    fn a_day_seen_in_the_future_is_not_due() {
        assert!(!is_due(&every(), day("2026-11-24"), Some(day("2026-12-24")), 1));
        assert!(!is_due(&every(), day("9999-12-31"), Some(day("9999-12-31")), 1));
    }

    fn any_day() -> impl Strategy<Value = Day> {
        (0..40_000).prop_map(|n| Day::from_number(n).unwrap_or_else(|| unreachable!()))
    }

    proptest! {
        #[test]
        fn only_a_fixed_day_is_ever_due(fixed in proptest::sample::subsequence(ALL.to_vec(), 0..=7),
            today in any_day(), ago in proptest::option::of(0i32..400), after in 1u8..=30) {
            let fixed = BTreeSet::from_iter(fixed);
            let seen = ago.map(|ago: i32| today.plus_days(-ago));
            let due = is_due(&fixed, today, seen, after);
            prop_assert_eq!(due, fixed.contains(&Weekday::of(today)) && is_due(&every(), today, seen, after));
        }

        #[test]
        fn who_never_looked_in_is_due_on_every_fixed_day(today in any_day(), after in 1u8..=30) {
            prop_assert!(is_due(&every(), today, None, after));
        }

        #[test]
        fn whole_weeks_hold_five_working_days(seen in any_day(), weeks in 1i32..=6, more in 0i32..7) {
            // Between two days that lie `weeks` weeks and a day apart, all days of those weeks lie.
            let whole = u8::try_from(weeks * 5).unwrap_or(0);
            prop_assert!(is_due(&every(), seen.plus_days(weeks * 7 + 1 + more), Some(seen), whole));
            prop_assert!(!is_due(&every(), seen.plus_days(weeks * 7), Some(seen), whole) || !Weekday::of(seen).is_working());
            prop_assert!(!is_due(&every(), seen.plus_days(weeks * 7 + 1), Some(seen), whole + 1));
        }

        #[test]
        fn it_is_the_number_of_working_days_counted_one_by_one(seen in any_day(), apart in 0i32..60, after in 1u8..=30) {
            let numbers = seen.number() + 1..seen.number() + apart;
            // Day 0, 2000-01-01, was a Saturday.
            let working = numbers.filter(|n| n.rem_euclid(7) >= 2).count();
            prop_assert_eq!(is_due(&every(), seen.plus_days(apart), Some(seen), after), working >= usize::from(after));
        }

        #[test]
        fn who_stays_away_longer_stays_due(today in any_day(), ago in 0i32..60, longer in 0i32..60, after in 1u8..=30) {
            let due = |ago: i32| is_due(&every(), today, Some(today.plus_days(-ago)), after);
            prop_assert!(!due(ago) || due(ago + longer));
        }
    }
}
