//! The register row of a case, from its proven items: no word that somebody wrote, and nothing of who the reporter is.
use std::collections::BTreeSet;

use super::{
    Client, Content, Item,
    circle::{Circle, done, proven, story},
    consent::identity,
    log::About,
    open::advice,
};
use crate::{
    api_types::CaseView,
    domain::{
        case::Act,
        classification::{Classification, Stage},
        day::Day,
        id::{ItemId, ReaderId},
        log::Deed,
        protocol::{Tick, Worked},
        register::{CaseKind, Channel, Progress, Row},
        roster::Topic,
        routing::independent,
    },
    seal::{
        Author, Kind,
        protocol::{Begun, StepDone},
    },
};

/// What is being done, as the log names it.
pub(super) fn deed(kind: Kind) -> Deed {
    match kind {
        Kind::Acknowledgement => Deed::Acknowledged,
        Kind::Question => Deed::Asked,
        Kind::Reply => Deed::Answered,
        Kind::Feedback => Deed::GaveFeedback,
        Kind::Note => Deed::Noted,
        Kind::Closing => Deed::Closed,
        Kind::File => Deed::AddedFile,
        Kind::ConsentRequest => Deed::AskedConsent,
        Kind::HandOver => Deed::HandedOver,
        Kind::Classification => Deed::Classified,
        Kind::Protocol | Kind::Step => Deed::Protocol,
        Kind::PassOn => Deed::PassedOn,
        Kind::Left => Deed::ToldLeaving,
        Kind::TakeOut => Deed::AskedTakeOut,
        Kind::TakenOut => Deed::ToldTakenOut,
        Kind::Link => Deed::Linked,
        Kind::DutyRequest => Deed::ClaimedDuty,
        Kind::DutyApproval => Deed::ApprovedDuty,
        Kind::Account => Deed::WroteAccount,
        Kind::Report
        | Kind::Advice
        | Kind::Message
        | Kind::ConsentAnswer
        | Kind::ToReport
        | Kind::Agreed
        | Kind::Identity
        | Kind::Talk
        | Kind::Withdrawal
        | Kind::Reminder
        | Kind::HoldTold
        | Kind::ReleaseTold
        | Kind::TransferAsked
        | Kind::Escalation => Deed::Other,
    }
}

/// What is being done, which a row says too: there is no item of it yet.
#[derive(Clone, Copy)]
pub(super) enum Doing<'a> {
    /// Something of which the kind says all.
    Kind(Kind),
    /// A classification.
    Classification(&'a Classification),
    /// A protocol is begun.
    Protocol(&'a Begun),
    /// A reader says that a step was done, of the protocol begun last, or takes that back.
    Step(&'a StepDone),
}

/// What the log says of a case when something is done in it today.
pub(super) fn about(client: &Client, (case, items): (&CaseView, &[Item]), now: Option<Doing<'_>>) -> About {
    if identity(items) {
        return (Some(case.case), Some(of_identity(case)));
    }
    if advice(items) {
        return (None, None);
    }
    (Some(case.case), row(client, (case, items), now))
}

/// That a case is who the reporter is, and nothing more: no clock runs on it.
fn of_identity(case: &CaseView) -> Row {
    Row {
        received: case.filed,
        channel: Channel::Web,
        kind: CaseKind::Identity,
        topic: None,
        acknowledged: None,
        feedback: None,
        assessment: None,
        closing: None,
        closed: None,
        progress: None,
    }
}

/// The row; `None` for a reader who does not have the story.
fn row(client: &Client, (case, items): (&CaseView, &[Item]), now: Option<Doing<'_>>) -> Option<Row> {
    let today = client.today();
    let story = story(items)?;
    let (topic, channel) = (story.topic, if story.oral.is_some() { Channel::Oral } else { Channel::Web });
    let day_of = |kind: Kind| {
        let days = done(items).filter(move |(_, o)| o.manifest.head.kind == kind).map(|(_, o)| o.manifest.head.day);
        days.chain(now.filter(|doing| matches!(doing, Doing::Kind(k) if *k == kind)).map(|_| today))
    };
    let classified = |stage: Stage| {
        let made = done(items).filter_map(|(_, o)| match &o.content {
            Content::Classification(c) => Some(c),
            _ => None,
        });
        let making = if let Some(Doing::Classification(made)) = now { Some(made) } else { None };
        made.chain(making).filter(|c| c.stage == stage).last().cloned()
    };
    Some(Row {
        received: case.filed,
        channel,
        kind: if topic == Topic::Retaliation { CaseKind::Retaliation } else { CaseKind::Report },
        topic: Some(topic),
        acknowledged: day_of(Kind::Acknowledgement).next(),
        feedback: day_of(Kind::Feedback).last(),
        assessment: classified(Stage::Assessment),
        closing: classified(Stage::Closing),
        closed: day_of(Kind::Closing).last(),
        progress: progress((items, &officers(client, case, items)), now, (&client.me.reader, today)),
    })
}

/// How far the protocol begun last is, with what is being done.
fn progress(
    (items, officers): (&[Item], &BTreeSet<ReaderId>),
    now: Option<Doing<'_>>,
    (by, today): (&ReaderId, Day),
) -> Option<Progress> {
    if let Some(Doing::Protocol(begun)) = now {
        return Some(Worked::begun(&begun.protocol, today, officers).progress(today));
    }
    let (_, mut worked) = worked(items, officers).last()?;
    let tick = Tick { by, day: today };
    match now {
        Some(Doing::Step(said)) if said.undone => worked.untick(&said.step, by),
        Some(Doing::Step(said)) => worked.tick(&said.step, tick),
        Some(Doing::Kind(kind)) => drop(act(kind).map(|act| worked.acted(act, tick))),
        _ => {}
    }
    Some(worked.progress(today))
}

/// The officers who read a case now: those of its circle whom the server serves.
pub(super) fn officers(client: &Client, case: &CaseView, items: &[Item]) -> BTreeSet<ReaderId> {
    let Ok(circle) = Circle::of(client, items) else { return BTreeSet::new() };
    let there = case.readers.iter().filter(|r| circle.readers.contains(r)).filter_map(|r| client.roster.keyed(r));
    there.filter(|r| independent(r)).map(|r| r.id.clone()).collect()
}

/// The protocols of a case that these officers read now, in the order they were begun, each with its item.
pub(super) fn worked<'a>(
    items: &'a [Item],
    officers: &'a BTreeSet<ReaderId>,
) -> impl Iterator<Item = (ItemId, Worked<'a>)> {
    proven(items).filter_map(move |(id, opened)| {
        let Content::Protocol(begun) = &opened.content else { return None };
        Some((id, with_steps((items, officers), id, begun, opened.manifest.head.day)))
    })
}

fn with_steps<'a>(
    (items, officers): (&'a [Item], &'a BTreeSet<ReaderId>),
    id: ItemId,
    begun: &'a Begun,
    since: Day,
) -> Worked<'a> {
    let mut worked = Worked::begun(&begun.protocol, since, officers);
    for (_, opened) in done(items) {
        let head = &opened.manifest.head;
        let Author::Reader(by) = &head.author else { continue };
        let tick = Tick { by, day: head.day };
        if let Some(act) = act(head.kind) {
            worked.acted(act, tick);
        }
        let Content::Step(done) = &opened.content else { continue };
        let Some(step) = begun.protocol.steps.iter().find(|s| s.id == done.step && done.begun == id) else { continue };
        match done.undone {
            _ if step.act.is_some() || (step.two && opened.guest) => {}
            true => worked.untick(&step.id, by),
            false => worked.tick(&step.id, tick),
        }
    }
    worked
}

/// The act that a step of a protocol can wait for.
fn act(kind: Kind) -> Option<Act> {
    match kind {
        Kind::Acknowledgement => Some(Act::Acknowledge),
        Kind::Feedback => Some(Act::Feedback),
        _ => None,
    }
}
