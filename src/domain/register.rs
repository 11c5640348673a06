//! The register (Wbk art. 2a): one row a report, without content and without identity. Advice is not in it.
use serde::{Deserialize, Serialize};

use super::{classification::Classification, day::Day, roster::Topic};

/// How a report came in.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// The forms.
    Web,
    /// Told to an officer, who entered it.
    Oral,
}

/// What kind of case it is.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CaseKind {
    /// A report.
    Report,
    /// Disadvantage after a report; a clock of its own.
    Retaliation,
    /// Who the reporter is: no report, and without a clock.
    Identity,
}

/// How far a protocol was followed.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Progress {
    /// Which protocol.
    pub protocol: String,
    /// Which version of it applies to this case.
    pub version: u32,
    /// Steps done.
    pub done: u32,
    /// Steps there are.
    pub steps: u32,
    /// Steps whose term is over.
    pub late: u32,
}

/// A row of the register, as the readers of the case know it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Row {
    /// The day it was received.
    pub received: Day,
    /// How.
    pub channel: Channel,
    /// What it is.
    pub kind: CaseKind,
    /// What the reporter chose.
    pub topic: Option<Topic>,
    /// The day of the acknowledgement.
    pub acknowledged: Option<Day>,
    /// The day of the last feedback.
    pub feedback: Option<Day>,
    /// What the readers made of it, first and last.
    pub assessment: Option<Classification>,
    /// The same, at closing.
    pub closing: Option<Classification>,
    /// The day it was closed.
    pub closed: Option<Day>,
    /// The protocol it is worked by.
    pub progress: Option<Progress>,
}

impl Row {
    /// Goes on as a later row says. What that does not name is as it was.
    pub fn follow(&mut self, later: Self) {
        let before = std::mem::replace(self, later);
        self.acknowledged = before.acknowledged.or(self.acknowledged);
        self.feedback = self.feedback.max(before.feedback);
        self.assessment = self.assessment.take().or(before.assessment);
        self.closing = self.closing.take().or(before.closing);
        self.closed = self.closed.or(before.closed);
        self.progress = self.progress.take().or(before.progress);
    }

    /// Whether every name in it is a code: letters, digits and what joins them. Who means ill can sign anything.
    pub fn is_known(&self) -> bool {
        let made = [&self.assessment, &self.closing].into_iter().flatten();
        let named = |c: &Classification| {
            let one = [Some(&c.of), Some(&c.assessment), c.investigation.as_ref(), c.finding.as_ref()];
            one.into_iter().flatten().chain(&c.flags).chain(&c.measures).all(|name| is_code(name))
        };
        made.into_iter().all(named) && self.progress.as_ref().is_none_or(|p| is_code(&p.protocol))
    }
}

fn is_code(name: &str) -> bool {
    let joins = |c: char| matches!(c, '_' | '-' | '.');
    let begins = name.chars().next().is_some_and(|c| c.is_ascii_alphanumeric());
    begins && name.len() <= 64 && name.chars().all(|c| c.is_ascii_alphanumeric() || joins(c))
}
