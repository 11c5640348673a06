//! From what the reporter chose to the readers who get a key. One pure function, [`readers`].
//!
//! Two rules hold for every input: nobody struck is returned in any function, and a report never has fewer than
//! [`INDEPENDENT`] independent readers. The canary's has one: nobody wrote it.
use std::collections::BTreeSet;

use super::{
    id::{OrgId, ReaderId},
    roster::{Desk, Function, Organisation, Reader, Roster, Scope, Topic},
};

/// How many independent readers, officers who are not managers, a report has at least. A synthetic one of the canary has one.
pub const INDEPENDENT: usize = 2;

/// What the reporter wants and whom they let read.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Wish {
    /// Advice from one adviser; the deputy reads along only if ticked.
    Advice {
        /// The adviser picked.
        adviser: ReaderId,
        /// Whether the adviser's deputy may read.
        deputy: bool,
    },
    /// A report.
    Report {
        /// Chooses the desk.
        topic: Topic,
        /// Who must get no key, in any function.
        struck: BTreeSet<ReaderId>,
        /// A manager who may read, if the reporter chose one.
        manager: Option<ReaderId>,
    },
}

/// The readers who get a key. Never empty: only [`readers`] makes one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Readers {
    now: Vec<Reader>,
    reserve: Option<Reader>,
    outside_joined: bool,
}

impl Readers {
    /// Who can read at once.
    pub fn now(&self) -> &[Reader] {
        &self.now
    }
    /// Who can read if nobody opened by day 4.
    pub fn reserve(&self) -> Option<&Reader> {
        self.reserve.as_ref()
    }
    /// Whether readers from outside the organisation joined.
    pub fn outside_joined(&self) -> bool {
        self.outside_joined
    }
    /// Everyone with a slot, the reserve reader last.
    pub fn all(&self) -> impl Iterator<Item = &Reader> {
        self.now.iter().chain(&self.reserve)
    }
}

/// There is no one left to read; nothing is sealed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("nobody is left to read this")]
pub struct NobodyLeft;

/// Chooses the readers for a wish at an organisation.
pub fn readers(roster: &Roster, org: &OrgId, wish: &Wish) -> Result<Readers, NobodyLeft> {
    let org = roster.organisation(org).ok_or(NobodyLeft)?;
    match (org.entry.scope, wish) {
        (Scope::In, Wish::Advice { adviser, deputy }) => advice(org, adviser, *deputy),
        (Scope::In, Wish::Report { topic, struck, manager }) => report(roster, org, *topic, struck, manager.as_ref()),
        (Scope::Canary, Wish::Report { struck, .. }) => canary(org, struck),
        _ => Err(NobodyLeft),
    }
}

/// A synthetic report goes to the one reader that the canary has, and never outside.
fn canary(org: &Organisation, struck: &BTreeSet<ReaderId>) -> Result<Readers, NobodyLeft> {
    let mut now = Vec::new();
    seat(&mut now, org, org.desk(Topic::Other).ok_or(NobodyLeft)?, struck);
    if now.len() == 1 { Ok(Readers { now, reserve: None, outside_joined: false }) } else { Err(NobodyLeft) }
}

/// Chooses the readers for a report to the desk outside all departments, for whoever waits too long for their own. The two rules hold
/// here too.
pub fn outside<'a>(roster: &'a Roster, struck: &BTreeSet<ReaderId>) -> Result<(&'a Organisation, Readers), NobodyLeft> {
    let org = roster.outside().ok_or(NobodyLeft)?;
    let desk = org.desk(Topic::Other).ok_or(NobodyLeft)?;
    let mut now = Vec::new();
    seat(&mut now, org, desk, struck);
    if now.len() < INDEPENDENT {
        return Err(NobodyLeft);
    }
    let reserve = reserve((org, desk), struck, &now);
    Ok((org, Readers { now, reserve, outside_joined: true }))
}

/// Advisers a reporter may pick at an organisation.
pub fn advisers(org: &Organisation) -> impl Iterator<Item = (&Reader, Option<&Reader>)> {
    let entries = org.file.iter().flat_map(|f| &f.advisers);
    entries.filter_map(|a| Some((org.reader(&a.reader)?, a.deputy.as_ref().and_then(|d| org.reader(d)))))
}

/// Managers a reporter may let read at an organisation.
pub fn managers(org: &Organisation) -> impl Iterator<Item = &Reader> {
    org.file.iter().flat_map(|f| &f.managers).filter_map(|m| org.reader(m))
}

fn advice(org: &Organisation, adviser: &ReaderId, deputy: bool) -> Result<Readers, NobodyLeft> {
    let (reader, second) = advisers(org).find(|(r, _)| r.id == *adviser).ok_or(NobodyLeft)?;
    let mut now = vec![reader.clone()];
    now.extend(second.filter(|d| deputy && d.id != reader.id).cloned());
    Ok(Readers { now, reserve: None, outside_joined: false })
}

fn report(
    roster: &Roster,
    org: &Organisation,
    topic: Topic,
    struck: &BTreeSet<ReaderId>,
    chosen: Option<&ReaderId>,
) -> Result<Readers, NobodyLeft> {
    let desk = org.desk(topic).ok_or(NobodyLeft)?;
    let mut now = Vec::new();
    seat(&mut now, org, desk, struck);
    // Whoever was put at a disadvantage was so by their own organisation.
    let outside = if now.len() < INDEPENDENT || topic == Topic::Retaliation { roster.outside() } else { None };
    let own = now.len();
    if let Some((outside, desk)) = outside.and_then(|o| Some((o, o.desk(topic)?))) {
        seat(&mut now, outside, desk, struck);
    }
    if now.len() < INDEPENDENT {
        return Err(NobodyLeft);
    }
    let outside_joined = now.len() > own;
    // A manager reads at once or not at all, and never counts as independent.
    let manager = chosen.and_then(|m| managers(org).find(|r| r.id == *m)).filter(|m| !struck.contains(&m.id));
    if let Some(manager) = manager.filter(|m| now.iter().all(|n| n.id != m.id)) {
        now.push(manager.clone());
    }
    let reserve = reserve((org, desk), struck, &now);
    Ok(Readers { now, reserve, outside_joined })
}

/// A desk's reserve reader, if they are independent, not struck, and do not read at once.
fn reserve((org, desk): (&Organisation, &Desk), struck: &BTreeSet<ReaderId>, now: &[Reader]) -> Option<Reader> {
    let reserve = desk.reserve.as_ref().and_then(|r| org.reader(r)).filter(|r| independent(r));
    reserve.filter(|r| !struck.contains(&r.id) && now.iter().all(|n| n.id != r.id)).cloned()
}

/// When somebody reads a report.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum When {
    /// At once.
    Now,
    /// If nobody opened it by day 4.
    Reserve,
    /// From outside, if too few are left inside.
    Outside,
}

/// The desk outside has one for everything.
pub(super) fn desk(org: &Organisation, topic: Topic) -> Option<&Desk> {
    org.desk(if org.entry.scope == Scope::Outside { Topic::Other } else { topic })
}

/// Everybody who could read a report on a topic and can be struck, in the order shown. The canary's goes to nobody outside.
pub fn people<'a>(roster: &'a Roster, org: &'a Organisation, topic: Topic) -> Vec<(&'a Reader, When)> {
    let seated = |org: &'a Organisation, when| {
        let desk = desk(org, topic).into_iter().flat_map(|d| &d.readers);
        desk.filter_map(move |r| Some((org.reader(r)?, when)))
    };
    let reserve = desk(org, topic).and_then(|d| d.reserve.as_ref()).and_then(|r| org.reader(r));
    // Disadvantage after a report always goes outside too.
    let when = if topic == Topic::Retaliation { When::Now } else { When::Outside };
    let outside = roster.outside().filter(|o| o.entry.id != org.entry.id && org.entry.scope != Scope::Canary);
    let all = seated(org, When::Now).chain(reserve.map(|r| (r, When::Reserve)));
    all.chain(outside.into_iter().flat_map(|o| seated(o, when))).collect()
}

/// Whether somebody may read for a desk: an officer who is not a manager as well. A manager reads when chosen, only.
pub fn independent(reader: &Reader) -> bool {
    reader.functions.contains(&Function::Officer) && !reader.functions.contains(&Function::Manager)
}

/// Whether a reader may go from a case while these stay. Whoever reads it for a desk, or as an adviser, stays until another who can do the
/// same is there. What the case is about is sealed: what the reader is tells which of the two it is.
pub fn may_go<'a>(reader: &Reader, staying: impl IntoIterator<Item = &'a Reader>) -> bool {
    !must_be_replaced(reader) || staying.into_iter().any(|other| can_replace(reader, other))
}

/// Whether a reader is one a case cannot be without: not a manager, nor a guest.
pub fn must_be_replaced(reader: &Reader) -> bool {
    !independences(reader).is_empty()
}

/// Whether a reader may end a case that these read too. A manager, who may answer for what it is about, leaves the end to who reads it for a desk
/// or as an adviser, where anybody does.
pub fn may_end<'a>(reader: &Reader, others: impl IntoIterator<Item = &'a Reader>) -> bool {
    must_be_replaced(reader) || !others.into_iter().any(must_be_replaced)
}

/// Whether somebody can be the second reader who finds that a legal duty is there: an adviser or an officer, who answers to nobody in the case.
pub fn may_approve_duty(reader: &Reader) -> bool {
    !independences(reader).is_empty()
}

/// Whether another can do in a case what a reader did: an officer for anybody, and an adviser for an adviser. Who is both may read for a desk: no
/// adviser does that in their place.
pub fn can_replace(reader: &Reader, other: &Reader) -> bool {
    let advises = |r: &Reader| independences(r).contains(&Function::Adviser);
    independent(other) || (!independent(reader) && advises(reader) && advises(other))
}

/// As what somebody reads who answers to nobody in the case.
fn independences(reader: &Reader) -> Vec<Function> {
    let both = [Function::Officer, Function::Adviser];
    let manager = reader.functions.contains(&Function::Manager);
    both.into_iter().filter(|function| !manager && reader.functions.contains(function)).collect()
}

/// Adds a desk's independent readers, each once, without the struck.
fn seat(now: &mut Vec<Reader>, org: &Organisation, desk: &Desk, struck: &BTreeSet<ReaderId>) {
    for reader in desk.readers.iter().filter_map(|r| org.reader(r)) {
        let new = now.iter().all(|n| n.id != reader.id);
        if new && independent(reader) && !struck.contains(&reader.id) {
            now.push(reader.clone());
        }
    }
}
