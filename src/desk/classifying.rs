//! `classify` on the command line: its codes are those of the lists, and its help names them.
use super::codes::codes;
use crate::domain::classification::{
    ASSESSMENTS, Classification, FINDINGS, FLAGS, INVESTIGATIONS, MEASURES, Stage, TYPES, VERSION,
};

/// A classification, in codes of the lists.
#[derive(clap::Args)]
pub struct Classifying {
    /// The case, by its number in `inbox`.
    pub(super) case: String,
    /// At the end of the case: also says how it was looked into, what was found and what was done.
    #[arg(long, requires_all = ["investigation", "finding", "measure"])]
    closing: bool,
    /// What kind of report it is.
    #[arg(long = "type", value_name = "CODE", value_parser = codes("type", TYPES.map(|t| t.code)))]
    of: String,
    /// What else there is to it; may be given more than once. What was given before stays.
    #[arg(long, value_name = "CODE", value_parser = codes("flag", FLAGS))]
    flag: Vec<String>,
    /// Takes back a flag that was given before; may be given more than once.
    #[arg(long, value_name = "CODE", value_parser = codes("flag", FLAGS))]
    no_flag: Vec<String>,
    /// How it was assessed.
    #[arg(long, value_name = "CODE", value_parser = codes("assessment", ASSESSMENTS))]
    assessment: String,
    /// With --closing: how it was looked into.
    #[arg(long, value_name = "CODE", requires = "closing", value_parser = codes("investigation", INVESTIGATIONS))]
    investigation: Option<String>,
    /// With --closing: what was found.
    #[arg(long, value_name = "CODE", requires = "closing", value_parser = codes("finding", FINDINGS))]
    finding: Option<String>,
    /// With --closing: what was done; may be given more than once.
    #[arg(long, value_name = "CODE", requires = "closing", value_parser = codes("measure", MEASURES))]
    measure: Vec<String>,
}

impl Classifying {
    /// What the words say, after what was said last; the case checks it.
    pub(super) fn made(&self, before: Option<&Classification>) -> Classification {
        let flags = before.into_iter().flat_map(|before| &before.flags).chain(&self.flag);
        Classification {
            list: VERSION,
            stage: if self.closing { Stage::Closing } else { Stage::Assessment },
            of: self.of.clone(),
            flags: flags.filter(|flag| !self.no_flag.contains(flag)).cloned().collect(),
            assessment: self.assessment.clone(),
            investigation: self.investigation.clone(),
            finding: self.finding.clone(),
            measures: self.measure.iter().cloned().collect(),
        }
    }
}
