//! The legal duties on which something is handed over without the reporter's consent. A short list, and a version of it: a ground that is
//! added makes a new version, and none is ever taken out.
//!
//! Who a reporter is, and all it can be inferred from, is kept secret but for a legal duty in an investigation or a court case, after prior
//! notice with reasons unless that endangers the inquiry (Wbk art. 1a).
use serde::{Deserialize, Serialize};

/// The version of this list.
pub const VERSION: u8 = 1;

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

    /// Whether it says nothing without a reference: an article, a warrant, a case number.
    pub fn needs_reference(self) -> bool {
        self == Self::OtherLaw
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
}
