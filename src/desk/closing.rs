//! What closing a case means, said before it is done: nobody can open it again.
use super::{
    Client, Content, Item,
    case_words::CaseWords,
    circle::{done, withdrawn},
    open::advice,
    pass_on,
    register::{officers, worked},
};
use crate::{api_types::CaseView, domain::classification::Stage, seal::Kind, text::Texts};

/// What closing this case means, a line each: first what was not done in it.
pub(super) fn means(client: &Client, t: Texts, case: &CaseView, items: &[Item]) -> Vec<String> {
    let mut lines = if advice(items) { Vec::new() } else { not_done(client, t, (case, items)) };
    let words = CaseWords::of(client, t, items);
    let left = [
        (pass_on::waits(items), "desk-close-along"),
        (words.to_hand_over(case).next().is_some(), "desk-close-consent"),
        (words.talk(case).is_some(), "desk-close-talk"),
    ];
    lines.extend(left.into_iter().filter(|(waits, _)| *waits).map(|(_, id)| t.get(id)));
    lines.push(t.get("desk-close-reporter"));
    lines.push(t.get("desk-close-readers"));
    let file = client.roster.organisation(&case.org).and_then(|o| o.file.as_ref());
    lines.extend(file.map(|file| {
        let end = client.today().plus_days(file.retention_days);
        t.with("desk-close-destroyed", &[("days", file.retention_days.to_string()), ("day", t.day(end))])
    }));
    lines.push(t.get("desk-close-final"));
    lines
}

/// What a report asks for and its readers have not done.
fn not_done(client: &Client, t: Texts, (case, items): (&CaseView, &[Item])) -> Vec<String> {
    let did = |kind: Kind| done(items).any(|(_, o)| o.manifest.head.kind == kind);
    let outcome = |content: &Content| matches!(content, Content::Classification(c) if c.stage == Stage::Closing);
    let officers = officers(client, case, items);
    let steps = worked(items, &officers)
        .last()
        .map_or(0, |(_, worked)| worked.protocol.steps.iter().filter(|step| !worked.done(step)).count());
    // Who withdrew is owed no word of it: see [`super::owed`].
    let owed = withdrawn(items).is_none();
    let duty = CaseWords::of(client, t, items).duties().iter().any(|duty| !duty.done);
    [
        duty.then(|| t.get("desk-close-duty")),
        (owed && !did(Kind::Acknowledgement)).then(|| t.get("desk-close-unacknowledged")),
        (owed && !did(Kind::Feedback)).then(|| t.get("desk-close-no-feedback")),
        (!done(items).any(|(_, o)| outcome(&o.content))).then(|| t.get("desk-close-no-outcome")),
        (steps > 0).then(|| t.with("desk-close-steps", &[("count", steps.to_string())])),
    ]
    .into_iter()
    .flatten()
    .collect()
}
