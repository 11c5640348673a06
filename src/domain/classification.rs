//! What a report is and what came of it, in codes from versioned lists. The reporter never chooses a legal class: an officer does.
//!
//! Version 1 follows the types that the national government registers (nine, of which some are split), with four groups for tables.
use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// The version of the lists below.
pub const VERSION: u32 = 1;

/// A type of violation.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Type {
    /// Its code; the texts of the pages are `type-<code>`.
    pub code: &'static str,
    /// The registered types it belongs to.
    pub registered: &'static str,
    /// The group for tables.
    pub group: char,
}

const fn of(code: &'static str, registered: &'static str, group: char) -> Type {
    Type { code, registered, group }
}

/// All types, in the order shown.
pub const TYPES: [Type; 14] = [
    of("fin", "1", 'A'),
    of("coi", "2", 'A'),
    of("inf", "3", 'B'),
    of("pwr", "4", 'A'),
    of("frc", "5", 'A'),
    of("soc-s", "6", 'C'),
    of("soc-p", "6", 'C'),
    of("soc-d", "6", 'C'),
    of("prv", "7", 'D'),
    of("res", "8", 'D'),
    of("pub", "9", 'D'),
    of("prc", "1/2", 'A'),
    of("ret", "9", 'D'),
    of("oth", "", 'D'),
];

/// What may be said of a report besides its type.
pub const FLAGS: [&str; 8] =
    ["misstand", "eu-law", "pattern", "urgent", "top-official", "about-reader", "classified", "minor"];
/// How it was assessed.
pub const ASSESSMENTS: [&str; 8] = [
    "accepted",
    "advice-only",
    "referred-complaint",
    "referred-hr",
    "referred-external",
    "insufficient",
    "out-of-scope",
    "withdrawn",
];
/// How it was looked into.
pub const INVESTIGATIONS: [&str; 5] = ["none", "preliminary", "internal", "external", "criminal"];
/// What was found.
pub const FINDINGS: [&str; 4] = ["established", "partly", "not-established", "undeterminable"];
/// What was done; several may be.
pub const MEASURES: [&str; 10] = [
    "none",
    "conversation",
    "warning",
    "reprimand",
    "transfer",
    "conditional-dismissal",
    "dismissal",
    "other-discipline",
    "process-change",
    "declaration",
];

/// When a case is classified.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// When it is first assessed: type, flags, assessment.
    Assessment,
    /// When it ends: also investigation, finding and measures.
    Closing,
}

/// A classification, in codes of a version of the lists.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Classification {
    /// The version of the lists.
    pub list: u32,
    /// At assessment or at closing.
    pub stage: Stage,
    /// Code of the type.
    pub of: String,
    /// Flags.
    #[serde(default)]
    pub flags: BTreeSet<String>,
    /// How it was assessed.
    pub assessment: String,
    /// How it was looked into; at closing.
    pub investigation: Option<String>,
    /// What was found; at closing.
    pub finding: Option<String>,
    /// What was done; at closing.
    #[serde(default)]
    pub measures: BTreeSet<String>,
}

/// What is missing or not in the lists. Names the question.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ClassificationError {
    /// Made with lists this program does not know.
    #[error("its lists are of a version this program does not know")]
    List,
    /// No type, or none of the list.
    #[error("choose a type")]
    Type,
    /// A flag that is not in the list.
    #[error("a flag is not in the list")]
    Flags,
    /// No assessment, or none of the list.
    #[error("choose how it was assessed")]
    Assessment,
    /// At closing: no investigation, or none of the list.
    #[error("choose how it was looked into")]
    Investigation,
    /// At closing: no finding, or none of the list.
    #[error("choose what was found")]
    Finding,
    /// At closing: no measure, none of the list, or "none" beside others.
    #[error("choose what was done; \"none\" stands alone")]
    Measures,
}

impl Classification {
    /// Checks it against the lists of its version. What belongs to closing is not asked at assessment, and must be absent there.
    pub fn checked(self) -> Result<Self, ClassificationError> {
        use ClassificationError as E;
        let one = |given: &Option<String>, list: &[&str]| given.as_deref().is_some_and(|g| list.contains(&g));
        let all = |given: &BTreeSet<String>, list: &[&str]| given.iter().all(|g| list.contains(&g.as_str()));
        let fails = |bad: bool, error: E| if bad { Err(error) } else { Ok(()) };
        fails(self.list != VERSION, E::List)?;
        fails(!TYPES.iter().any(|t| t.code == self.of), E::Type)?;
        fails(!all(&self.flags, &FLAGS), E::Flags)?;
        fails(!ASSESSMENTS.contains(&self.assessment.as_str()), E::Assessment)?;
        match self.stage {
            Stage::Assessment => {
                fails(self.investigation.is_some(), E::Investigation)?;
                fails(self.finding.is_some(), E::Finding)?;
                fails(!self.measures.is_empty(), E::Measures)?;
            }
            Stage::Closing => {
                fails(!one(&self.investigation, &INVESTIGATIONS), E::Investigation)?;
                fails(!one(&self.finding, &FINDINGS), E::Finding)?;
                let alone = self.measures.len() == 1 || !self.measures.contains("none");
                fails(self.measures.is_empty() || !all(&self.measures, &MEASURES) || !alone, E::Measures)?;
            }
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn closing(measures: &[&str]) -> Classification {
        Classification {
            list: VERSION,
            stage: Stage::Closing,
            of: "fin".to_owned(),
            flags: BTreeSet::new(),
            assessment: "accepted".to_owned(),
            investigation: Some("internal".to_owned()),
            finding: Some("established".to_owned()),
            measures: measures.iter().map(|m| (*m).to_owned()).collect(),
        }
    }

    #[test]
    fn a_change_of_process_may_stand_beside_a_measure_and_none_stands_alone() {
        assert!(closing(&["warning", "process-change"]).checked().is_ok());
        assert_eq!(closing(&["none", "warning"]).checked(), Err(ClassificationError::Measures));
        assert_eq!(closing(&[]).checked(), Err(ClassificationError::Measures));
    }

    #[test]
    fn what_belongs_to_closing_is_not_said_at_assessment() {
        let early = Classification { stage: Stage::Assessment, ..closing(&["warning"]) };
        assert_eq!(early.checked(), Err(ClassificationError::Investigation));
    }

    #[test]
    fn every_code_stands_once() {
        let codes: BTreeSet<&str> = TYPES.iter().map(|t| t.code).collect();
        assert_eq!(codes.len(), TYPES.len());
    }
}
