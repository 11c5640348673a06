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
/// The assessment of a report that its reporter withdrew.
pub const WITHDRAWN: &str = "withdrawn";
/// How it was assessed.
pub const ASSESSMENTS: [&str; 8] = [
    "accepted",
    "advice-only",
    "referred-complaint",
    "referred-hr",
    "referred-external",
    "insufficient",
    "out-of-scope",
    WITHDRAWN,
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

/// Measures against a person: for what was not found, nobody gets one.
const PUNISHES: [&str; 6] =
    ["warning", "reprimand", "transfer", "conditional-dismissal", "dismissal", "other-discipline"];
/// Assessments after which nobody looks into it and nothing is found: the report was not taken up.
const NOT_TAKEN_UP: [&str; 4] = ["advice-only", "insufficient", "out-of-scope", WITHDRAWN];
/// Investigations of what was taken up. A first look can show that a report is none to take up.
const LOOKS_INTO: [&str; 3] = ["internal", "external", "criminal"];

/// An answer to one of the questions; its text is `question-code`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Said {
    /// `assessment`, `investigation`, `finding` or `measure`.
    pub question: &'static str,
    /// The code.
    pub code: &'static str,
}

impl std::fmt::Display for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} \"{}\"", self.question, self.code)
    }
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
    /// At closing: two answers of which one at most is so.
    #[error("{0} and {1} contradict each other")]
    Contradiction(Said, Said),
}

impl ClassificationError {
    /// Whether it is about a question.
    pub fn is_about(self, question: &str) -> bool {
        match self {
            Self::List => false,
            Self::Type => question == "type",
            Self::Flags => question == "flag",
            Self::Assessment => question == "assessment",
            Self::Investigation => question == "investigation",
            Self::Finding => question == "finding",
            Self::Measures => question == "measure",
            Self::Contradiction(one, other) => [one.question, other.question].contains(&question),
        }
    }
}

impl Classification {
    /// Checks what is to be set down: against the lists, and that no two answers contradict each other.
    pub fn checked(self) -> Result<Self, ClassificationError> {
        let listed = self.listed()?;
        match listed.contradiction() {
            Some((one, other)) => Err(ClassificationError::Contradiction(one, other)),
            None => Ok(listed),
        }
    }

    /// The first two answers that contradict each other: something was found without being looked for, a report that was not taken up was
    /// looked into, or somebody is punished for what was not found.
    fn contradiction(&self) -> Option<(Said, Said)> {
        let said = |question: &'static str, list: &[&'static str], given: Option<&String>| {
            let code = list.iter().find(|code| given.is_some_and(|given| given == *code))?;
            Some(Said { question, code })
        };
        let assessment = said("assessment", &ASSESSMENTS, Some(&self.assessment))?;
        let investigation = said("investigation", &INVESTIGATIONS, self.investigation.as_ref())?;
        let finding = said("finding", &FINDINGS, self.finding.as_ref())?;
        let punished = PUNISHES.iter().find(|code| self.measures.contains(**code));
        let found = ["established", "partly"].contains(&finding.code);
        if NOT_TAKEN_UP.contains(&assessment.code) {
            if found {
                return Some((assessment, finding));
            }
            if LOOKS_INTO.contains(&investigation.code) {
                return Some((assessment, investigation));
            }
        }
        if investigation.code == "none" && finding.code != "undeterminable" {
            return Some((investigation, finding));
        }
        punished.filter(|_| !found).map(|code| (finding, Said { question: "measure", code }))
    }

    /// Checks it against the lists of its version. What belongs to closing is not asked at assessment, and must be absent there. Of what
    /// another program set down this is enough.
    pub fn listed(self) -> Result<Self, ClassificationError> {
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
    fn what_contradicts_itself_is_refused_by_name_and_what_does_not_is_not() {
        let of = |assessment: &str, investigation: &str, finding: &str, measure: &str| Classification {
            assessment: assessment.to_owned(),
            investigation: Some(investigation.to_owned()),
            finding: Some(finding.to_owned()),
            ..closing(&[measure])
        };
        let said = |question, code| Said { question, code };
        for (made, one, other) in [
            (
                of("withdrawn", "internal", "established", "dismissal"),
                said("assessment", "withdrawn"),
                said("finding", "established"),
            ),
            (
                of("insufficient", "none", "partly", "none"),
                said("assessment", "insufficient"),
                said("finding", "partly"),
            ),
            (
                of("withdrawn", "internal", "undeterminable", "none"),
                said("assessment", "withdrawn"),
                said("investigation", "internal"),
            ),
            (
                of("accepted", "none", "established", "none"),
                said("investigation", "none"),
                said("finding", "established"),
            ),
            (
                of("accepted", "none", "not-established", "none"),
                said("investigation", "none"),
                said("finding", "not-established"),
            ),
            (
                of("accepted", "internal", "not-established", "warning"),
                said("finding", "not-established"),
                said("measure", "warning"),
            ),
            (
                of("withdrawn", "none", "undeterminable", "dismissal"),
                said("finding", "undeterminable"),
                said("measure", "dismissal"),
            ),
        ] {
            assert!(made.clone().listed().is_ok(), "another program may have made it");
            assert_eq!(made.checked(), Err(ClassificationError::Contradiction(one, other)));
        }
        for made in [
            of("accepted", "internal", "established", "dismissal"),
            of("accepted", "preliminary", "not-established", "process-change"),
            of("referred-external", "criminal", "established", "dismissal"),
            of("withdrawn", "preliminary", "undeterminable", "conversation"),
            of("out-of-scope", "none", "undeterminable", "none"),
        ] {
            assert!(made.clone().checked().is_ok(), "{made:?}");
        }
        let error = ClassificationError::Contradiction(said("assessment", "withdrawn"), said("finding", "established"));
        assert_eq!(error.to_string(), "assessment \"withdrawn\" and finding \"established\" contradict each other");
        assert!(error.is_about("assessment") && error.is_about("finding") && !error.is_about("measure"));
    }

    #[test]
    fn every_code_stands_once() {
        let codes: BTreeSet<&str> = TYPES.iter().map(|t| t.code).collect();
        assert_eq!(codes.len(), TYPES.len());
    }
}
