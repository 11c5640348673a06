//! `classify` on the command line: its codes are those of the lists, and its help names them.
use super::{DeskError, codes::codes};
use crate::{
    domain::classification::{
        ASSESSMENTS, Classification, ClassificationError, FINDINGS, FLAGS, INVESTIGATIONS, MEASURES, Stage, TYPES,
        VERSION,
    },
    seal::code::Language,
    text::Texts,
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

/// What is wrong with a classification, in words.
pub(super) fn wrong_text(t: Texts, wrong: ClassificationError) -> String {
    t.get(match wrong {
        ClassificationError::List | ClassificationError::Flags => "class-wrong-list",
        ClassificationError::Type => "class-wrong-type",
        ClassificationError::Assessment => "class-wrong-assessment",
        ClassificationError::Investigation => "class-wrong-investigation",
        ClassificationError::Finding => "class-wrong-finding",
        ClassificationError::Measures => "class-wrong-measures",
        ClassificationError::Contradiction(one, other) => {
            let [one, other] = [one, other].map(|said| t.get(&format!("{}-{}", said.question, said.code)));
            return t.with("class-wrong-pair", &[("one", one), ("other", other)]);
        }
    })
}

impl Classifying {
    /// Refuses a flag that is given and taken back at once.
    pub(super) fn consistent(&self) -> Result<(), DeskError> {
        let t = Texts::of(Language::En);
        match self.flag.iter().find(|flag| self.no_flag.contains(flag)) {
            Some(flag) => {
                let flag = t.get(&format!("flag-{flag}"));
                Err(DeskError::new(t.with("class-wrong-flag", &[("flag", flag)])))
            }
            None => Ok(()),
        }
    }

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
