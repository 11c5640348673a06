//! `classify` on the command line: its codes are those of the lists, and its help names them.
use clap::builder::PossibleValuesParser;

use crate::domain::classification::{
    ASSESSMENTS, Classification, FINDINGS, FLAGS, INVESTIGATIONS, MEASURES, Stage, TYPES, VERSION,
};

/// A classification, in codes of the lists.
#[derive(clap::Args)]
pub struct Classifying {
    /// The case.
    pub(super) case: String,
    /// At the end of the case; also says how it was looked into, what was found and what was done.
    #[arg(long, requires_all = ["investigation", "finding", "measure"])]
    closing: bool,
    /// The type.
    #[arg(long = "type", value_parser = PossibleValuesParser::new(TYPES.map(|t| t.code)))]
    of: String,
    /// Flags; may be given more than once.
    #[arg(long, value_parser = PossibleValuesParser::new(FLAGS))]
    flag: Vec<String>,
    /// How it was assessed.
    #[arg(long, value_parser = PossibleValuesParser::new(ASSESSMENTS))]
    assessment: String,
    /// How it was looked into.
    #[arg(long, requires = "closing", value_parser = PossibleValuesParser::new(INVESTIGATIONS))]
    investigation: Option<String>,
    /// What was found.
    #[arg(long, requires = "closing", value_parser = PossibleValuesParser::new(FINDINGS))]
    finding: Option<String>,
    /// What was done; may be given more than once.
    #[arg(long, requires = "closing", value_parser = PossibleValuesParser::new(MEASURES))]
    measure: Vec<String>,
}

impl Classifying {
    /// What the words say; the case checks it.
    pub(super) fn made(&self) -> Classification {
        Classification {
            list: VERSION,
            stage: if self.closing { Stage::Closing } else { Stage::Assessment },
            of: self.of.clone(),
            flags: self.flag.iter().cloned().collect(),
            assessment: self.assessment.clone(),
            investigation: self.investigation.clone(),
            finding: self.finding.clone(),
            measures: self.measure.iter().cloned().collect(),
        }
    }
}
