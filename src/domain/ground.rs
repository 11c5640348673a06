//! The legal duties on which something is handed over without the reporter's consent. A short list, and a version of it: a ground that is
//! added makes a new version, and none is ever taken out.
//!
//! Who a reporter is, and all it can be inferred from, is kept secret but for a legal duty in an investigation or a court case, after prior
//! notice with reasons unless that endangers the inquiry (Wbk art. 1a).
use serde::{Deserialize, Serialize};

use super::day::Day;

/// The version of this list.
pub const VERSION: u8 = 1;

/// Calendar days that pass between a notice and what it announces. The law names no number (Wbk art. 1a; Directive art. 16(3)); a week is what
/// the law elsewhere gives a reader to answer a reporter, and leaves one who looks once a week the time to answer.
pub const NOTICE_DAYS: i32 = 7;

/// The first day on which something is handed over of which the reporter is told before. It counts from the later of the notice and the word of
/// the second reader: no single reader dates it back.
pub fn not_before(noticed: Day, approved: Option<Day>) -> Day {
    approved.map_or(noticed, |day| day.max(noticed)).plus_days(NOTICE_DAYS)
}

/// Whether a hand-over was done on a day on which it could be: not before the first day, where the reporter was told of it, and then not on
/// one that has not come either.
pub fn in_time(first: Option<Day>, done: Day, today: Day) -> bool {
    first.is_none_or(|first| first <= done && done <= today)
}

/// A legal duty.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ground {
    /// A criminal investigation claims it.
    CriminalInvestigation,
    /// A court orders it.
    CourtOrder,
    /// A civil servant must report a crime they came to know of in their work (Sv art. 162).
    #[serde(rename = "report_of_crime_162sv")]
    ReportOfCrime162Sv,
    /// Everybody must report certain crimes (Sv art. 160).
    #[serde(rename = "report_of_crime_160sv")]
    ReportOfCrime160Sv,
    /// Another law; which one, the reference says.
    OtherLaw,
}

impl Ground {
    /// All, in the order shown.
    pub const ALL: [Self; 5] = [
        Self::CriminalInvestigation,
        Self::CourtOrder,
        Self::ReportOfCrime162Sv,
        Self::ReportOfCrime160Sv,
        Self::OtherLaw,
    ];

    /// Its name in commands and in what is sealed.
    pub fn name(self) -> &'static str {
        match self {
            Self::CriminalInvestigation => "criminal_investigation",
            Self::CourtOrder => "court_order",
            Self::ReportOfCrime162Sv => "report_of_crime_162sv",
            Self::ReportOfCrime160Sv => "report_of_crime_160sv",
            Self::OtherLaw => "other_law",
        }
    }

    /// The ground of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|ground| ground.name() == name)
    }

    /// The id of the text that says it to a reporter.
    pub fn text_id(self) -> &'static str {
        match self {
            Self::CriminalInvestigation => "ground-criminal-investigation",
            Self::CourtOrder => "ground-court-order",
            Self::ReportOfCrime162Sv => "ground-report-of-crime-162sv",
            Self::ReportOfCrime160Sv => "ground-report-of-crime-160sv",
            Self::OtherLaw => "ground-other-law",
        }
    }

    /// Whether it says nothing without a reference: it names a decision or a demand, or a law that the reference must name. The others name
    /// their article themselves.
    pub fn needs_reference(self) -> bool {
        matches!(self, Self::CriminalInvestigation | Self::CourtOrder | Self::OtherLaw)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ground_is_sealed_under_its_name() {
        for ground in Ground::ALL {
            assert_eq!(serde_json::to_value(ground).ok(), Some(ground.name().into()));
            assert_eq!(Ground::parse(ground.name()), Some(ground));
        }
    }

    #[test]
    fn a_week_passes_from_the_later_of_the_notice_and_the_second_reader() {
        let days = ["2026-11-20", "2026-11-24", "2026-11-27", "2026-12-01"].map(Day::parse);
        let [Some(noticed), Some(later), Some(week), Some(later_week)] = days else { unreachable!("days") };
        assert_eq!(not_before(noticed, None), week);
        assert_eq!(not_before(noticed, Some(noticed)), week);
        assert_eq!(not_before(noticed, Some(later)), later_week);
        assert_eq!(not_before(later, Some(noticed)), later_week);
    }
}
