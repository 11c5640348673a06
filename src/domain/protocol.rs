//! Protocols for looking into a report, as data: an organisation writes them into its roster file, and a case keeps the version it
//! was begun with.
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{case::Act, day::Day, id::ReaderId, register::Progress, roster::Text, said::Said};

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
    /// Decided by two readers: it counts as done when a second one says so too. A guest is none of them.
    #[serde(default, skip_serializing_if = "is_false")]
    pub two: bool,
    /// Done by each officer who reads the case for themselves: it counts as done when all who read it now say so.
    #[serde(default, skip_serializing_if = "is_false")]
    pub each: bool,
    /// Done by this act in the case, [`Act::Acknowledge`] or [`Act::Feedback`], and by nothing else: nobody says that it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act: Option<Act>,
    /// A text to begin with, for what is written in this step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<Text>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_false(value: &bool) -> bool {
    !value
}

impl Step {
    /// How many readers say that it was done, before it counts as that; of one for each officer, at least.
    pub fn needs(&self) -> usize {
        if self.two { 2 } else { 1 }
    }
}

impl Protocol {
    /// Whether it should have been looked at again.
    pub fn needs_review(&self, today: Day) -> bool {
        today > self.review_by
    }

    /// What contradicts itself; nothing when it can be used.
    pub fn problem(&self) -> Option<Said> {
        let name = |id: &str| super::id::OrgId::parse(id).is_some();
        if !name(&self.id) {
            return Some(Said::new("fault-protocol-id").with("id", &self.id));
        }
        if self.version == 0 || self.steps.is_empty() {
            return Some(Said::new("fault-protocol-steps").with("id", &self.id));
        }
        let mut names = BTreeSet::new();
        let once = self.steps.iter().find(|step| !name(&step.id) || !names.insert(&step.id));
        let by_act = |step: &Step| match step.act {
            None => false,
            Some(Act::Acknowledge | Act::Feedback) => step.two || step.each,
            Some(_) => true,
        };
        let bad = once.or_else(|| self.steps.iter().find(|step| (step.two && step.each) || by_act(step)));
        bad.map(|step| Said::new("fault-protocol-step").with("id", &self.id).with("step", &step.id))
    }
}

/// Who said that a step was done, and on which day.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Tick<'a> {
    /// Who.
    pub by: &'a ReaderId,
    /// When.
    pub day: Day,
}

/// A protocol in a case: begun on a day, with what was said of its steps.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Worked<'a> {
    /// The version that applies to the case.
    pub protocol: &'a Protocol,
    /// The day it was begun.
    pub since: Day,
    /// Who said of which step, by its id, that it was done: each reader once.
    ticks: BTreeMap<&'a str, Vec<Tick<'a>>>,
    /// The officers who read the case now.
    officers: &'a BTreeSet<ReaderId>,
}

impl<'a> Worked<'a> {
    /// As it is begun, in a case that these officers read now.
    pub fn begun(protocol: &'a Protocol, since: Day, officers: &'a BTreeSet<ReaderId>) -> Self {
        Self { protocol, since, ticks: BTreeMap::new(), officers }
    }

    /// Somebody says that a step was done; a second time is nothing.
    pub fn tick(&mut self, step: &'a str, tick: Tick<'a>) {
        let ticks = self.ticks.entry(step).or_default();
        if ticks.iter().all(|other| other.by != tick.by) {
            ticks.push(tick);
        }
    }

    /// Somebody takes back that they said so.
    pub fn untick(&mut self, step: &str, by: &ReaderId) {
        if let Some(ticks) = self.ticks.get_mut(step) {
            ticks.retain(|tick| tick.by != by);
        }
    }

    /// An act was done in the case: so are the steps that wait for it.
    pub fn acted(&mut self, act: Act, tick: Tick<'a>) {
        let protocol = self.protocol;
        protocol.steps.iter().filter(|step| step.act == Some(act)).for_each(|step| self.tick(&step.id, tick));
    }

    /// Who said that a step was done: of one for two readers, the first two.
    pub fn ticks(&self, step: &Step) -> &[Tick<'a>] {
        let ticks = self.ticks.get(step.id.as_str()).map(Vec::as_slice).unwrap_or_default();
        ticks.get(..step.needs()).filter(|_| !step.each).unwrap_or(ticks)
    }

    /// The officers who read now and did not say yet that a step for each of them was done; nobody of any other step.
    pub fn waits_for(&self, step: &Step) -> impl Iterator<Item = &'a ReaderId> {
        self.officers.iter().filter(move |officer| step.each && !self.said(step, officer))
    }

    /// Whether somebody said that a step was done.
    pub fn said(&self, step: &Step, by: &ReaderId) -> bool {
        self.ticks(step).iter().any(|tick| tick.by == by)
    }

    /// Whether a step counts as done.
    pub fn done(&self, step: &Step) -> bool {
        self.ticks(step).len() >= step.needs() && self.waits_for(step).next().is_none()
    }

    /// Whether this reader can still say that a step was done.
    pub fn can_tick(&self, step: &Step, by: &ReaderId) -> bool {
        let asked = !step.each || self.officers.contains(by);
        asked && step.act.is_none() && !self.done(step) && !self.said(step, by)
    }

    /// Whether this reader can take back that a step was done.
    pub fn can_untick(&self, step: &Step, by: &ReaderId) -> bool {
        step.act.is_none() && self.said(step, by)
    }

    /// Until when a step is done.
    pub fn until(&self, step: &Step) -> Day {
        self.since.plus_days(i32::from(step.days))
    }

    /// Whether a step is not done and its term is over.
    pub fn late(&self, step: &Step, today: Day) -> bool {
        !self.done(step) && self.until(step) < today
    }

    /// How far it is, for the register.
    pub fn progress(&self, today: Day) -> Progress {
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let steps = &self.protocol.steps;
        Progress {
            protocol: self.protocol.id.clone(),
            version: self.protocol.version,
            done: count(steps.iter().filter(|s| self.done(s)).count()),
            steps: count(steps.len()),
            late: count(steps.iter().filter(|s| self.late(s, today)).count()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(name: &str) -> ReaderId {
        ReaderId::parse(name).unwrap_or_else(|| unreachable!("a name"))
    }

    /// The example that organisations begin with, and a day.
    fn example() -> (Protocol, Day) {
        let protocol: Result<Protocol, _> = toml::from_str(include_str!("../../web/protocols/vooronderzoek.toml"));
        let (Ok(protocol), Some(day)) = (protocol, Day::parse("2026-11-25")) else { unreachable!("a protocol") };
        assert_eq!(protocol.problem(), None);
        (protocol, day)
    }

    fn step<'a>(protocol: &'a Protocol, id: &str) -> &'a Step {
        protocol.steps.iter().find(|step| step.id == id).unwrap_or_else(|| unreachable!("a step"))
    }

    #[test]
    fn a_step_for_two_is_done_when_a_second_reader_says_so_and_not_when_one_says_it_twice() {
        let (protocol, day) = example();
        let [first, second, third] = ["een", "twee", "drie"].map(reader);
        let officers = BTreeSet::new();
        let mut worked = Worked::begun(&protocol, day, &officers);
        let [together, alone] = ["beoordelen", "bewijs"].map(|id| step(&protocol, id));
        worked.tick(&together.id, Tick { by: &first, day });
        worked.tick(&together.id, Tick { by: &first, day });
        worked.tick(&alone.id, Tick { by: &first, day });
        assert!(!worked.done(together) && worked.done(alone));
        assert!(!worked.late(alone, day.plus_days(22)));
        assert!(worked.late(together, day.plus_days(22)) && !worked.late(together, day.plus_days(21)));
        assert!(!worked.can_tick(together, &first) && worked.can_tick(together, &second));
        assert!(!worked.can_tick(alone, &second));
        worked.tick(&together.id, Tick { by: &second, day });
        worked.tick(&together.id, Tick { by: &third, day });
        assert!(worked.done(together) && worked.ticks(together).len() == 2 && !worked.can_tick(together, &third));
        assert_eq!(worked.progress(day).done, 2);
        // Who takes it back opens it again, for themselves too; nobody takes back what another said.
        assert!(worked.can_untick(together, &first) && !worked.can_untick(alone, &second));
        worked.untick(&together.id, &first);
        assert!(worked.done(together), "a third had said so too");
        worked.untick(&together.id, &third);
        assert!(!worked.done(together) && worked.can_tick(together, &first));
    }

    #[test]
    fn a_step_of_an_act_is_done_by_that_act_and_by_nobody_s_word() {
        let (protocol, day) = example();
        let (first, officers) = (reader("een"), BTreeSet::new());
        let step = step(&protocol, "bevestigen");
        let mut worked = Worked::begun(&protocol, day, &officers);
        assert!(!worked.can_tick(step, &first));
        worked.acted(Act::Feedback, Tick { by: &first, day });
        assert!(!worked.done(step));
        worked.acted(Act::Acknowledge, Tick { by: &first, day });
        assert!(worked.done(step) && !worked.can_untick(step, &first));
        let with = |change: fn(&mut Step)| {
            let mut step = step.clone();
            change(&mut step);
            Protocol { steps: vec![step], ..protocol.clone() }.problem().is_some()
        };
        assert!(!with(|_| {}) && with(|step| step.two = true) && with(|step| step.each = true));
        assert!(with(|step| step.act = Some(Act::Close)));
    }

    #[test]
    fn a_step_for_each_officer_is_done_when_all_who_read_now_say_so() {
        let (protocol, day) = example();
        let [first, second, third, manager] = ["een", "twee", "drie", "baas"].map(reader);
        let step = step(&protocol, "onafhankelijk");
        let with = |officers: &[&ReaderId], ticked: &[&ReaderId]| {
            let officers: BTreeSet<ReaderId> = officers.iter().map(|r| (*r).clone()).collect();
            let mut worked = Worked::begun(&protocol, day, &officers);
            ticked.iter().for_each(|by| worked.tick(&step.id, Tick { by, day }));
            let waits: Vec<ReaderId> = worked.waits_for(step).cloned().collect();
            let can = [&first, &second, &manager].map(|by| worked.can_tick(step, by));
            (worked.done(step), waits, can)
        };
        let (done, waits, can) = with(&[&first, &second], &[&first]);
        assert!(!done && waits == [second.clone()] && can == [false, true, false]);
        let (done, waits, can) = with(&[&first, &second], &[&first, &second]);
        assert!(done && waits.is_empty() && can == [false; 3]);
        // Who left is not waited for, and who came later is.
        assert!(with(&[&second], &[&second, &first]).0 && with(&[&first], &[&first]).0);
        assert!(!with(&[&first, &second, &third], &[&first, &second]).0);
        // Nobody who is no officer does it for them, and a case without any has it done by somebody.
        assert!(!with(&[&first], &[&manager]).0 && !with(&[], &[]).0 && with(&[], &[&manager]).0);
        let both = Protocol { steps: vec![Step { two: true, ..step.clone() }], ..protocol.clone() };
        assert!(protocol.problem().is_none() && both.problem().is_some());
    }
}
