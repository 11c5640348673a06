//! Protocols for looking into a report, as data: an organisation writes them into its roster file, and a case keeps the version it
//! was begun with.
use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{day::Day, register::Progress, roster::Text};

/// A protocol.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Protocol {
    /// Its name in commands: 2 to 40 of `a-z`, `0-9`, `-`.
    pub id: String,
    /// Rises with each change.
    pub version: u32,
    /// Its name shown.
    pub name: Text,
    /// After this day somebody must have looked whether it still holds.
    pub review_by: Day,
    /// In the order they are taken.
    pub steps: Vec<Step>,
}

/// A step of a protocol.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Its name in commands.
    pub id: String,
    /// What is done.
    pub text: Text,
    /// By whom, as a function.
    pub owner: Text,
    /// Days after the start by which it is done.
    pub days: u16,
    /// A text to begin with, for what is written in this step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<Text>,
}

impl Protocol {
    /// Whether it should have been looked at again.
    pub fn needs_review(&self, today: Day) -> bool {
        today > self.review_by
    }

    /// What contradicts itself, in words; nothing when it can be used.
    pub fn problem(&self) -> Option<String> {
        let name = |id: &str| super::id::OrgId::parse(id).is_some();
        if !name(&self.id) {
            return Some(format!("protocol \"{}\": its id is not 2 to 40 of a-z, 0-9 and -", self.id));
        }
        if self.version == 0 || self.steps.is_empty() {
            return Some(format!("protocol {}: version starts at 1, and there is at least one step", self.id));
        }
        let mut once = BTreeSet::new();
        let bad = self.steps.iter().find(|step| !name(&step.id) || !once.insert(&step.id));
        bad.map(|step| format!("protocol {}: step \"{}\" stands twice, or its id is no name", self.id, step.id))
    }
}

/// A protocol in a case: begun on a day, with some steps done.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Worked<'a> {
    /// The version that applies to the case.
    pub protocol: &'a Protocol,
    /// The day it was begun.
    pub since: Day,
    /// Ids of the steps done.
    pub done: BTreeSet<&'a str>,
}

impl Worked<'_> {
    /// Until when a step is done.
    pub fn until(&self, step: &Step) -> Day {
        self.since.plus_days(i32::from(step.days))
    }

    /// Whether a step is not done and its term is over.
    pub fn late(&self, step: &Step, today: Day) -> bool {
        !self.done.contains(step.id.as_str()) && self.until(step) < today
    }

    /// How far it is, for the register.
    pub fn progress(&self, today: Day) -> Progress {
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let steps = &self.protocol.steps;
        Progress {
            protocol: self.protocol.id.clone(),
            version: self.protocol.version,
            done: count(steps.iter().filter(|s| self.done.contains(s.id.as_str())).count()),
            steps: count(steps.len()),
            late: count(steps.iter().filter(|s| self.late(s, today)).count()),
        }
    }
}
