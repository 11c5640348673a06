//! What readers set down about a case for each other: what it is in codes, and how they look into it.
use super::{
    Client, Content, DeskError, Item, Sent,
    circle::proven,
    classifying::wrong_text,
    guest,
    open::entered,
    register::{Doing, about, officers, worked},
    write::{may_report, recipients, send_with},
};
use crate::{
    api_types::CaseView,
    domain::{
        classification::{Classification, Stage},
        id::CaseId,
        protocol::{Protocol, Step, Worked},
    },
    seal::{
        Author, Kind, Plaintext,
        code::Language,
        protocol::{Begun, StepDone},
    },
    text::Texts,
};

/// The classification that counts, in the case as in the register: the outcome that a reader recorded last, and before there is one the last
/// assessment.
pub fn classified(items: &[Item]) -> Option<&Classification> {
    let by_reader = proven(items).filter(|(_, o)| o.manifest.head.author != Author::Reporter);
    let made = by_reader.filter_map(|(_, o)| match &o.content {
        Content::Classification(made) => Some(made),
        _ => None,
    });
    // Of equals the last one.
    made.max_by_key(|made| made.stage == Stage::Closing)
}

/// Refuses an assessment after an outcome: the register would go on saying the outcome, and the case something else.
pub(super) fn may_classify(items: &[Item], stage: Stage) -> Result<(), DeskError> {
    match classified(items) {
        Some(made) if made.stage == Stage::Closing && stage == Stage::Assessment => {
            Err(DeskError::known("desk-error-outcome"))
        }
        _ => Ok(()),
    }
}

/// Sets down what a case is, or what came of it, for its readers and, as a row of the register, for the overseers. It is made with the one
/// that was made last.
pub async fn classify(
    client: &Client,
    id: &CaseId,
    make: impl Fn(Option<&Classification>) -> Classification,
) -> Result<Sent, DeskError> {
    let in_words = |error| DeskError::new(wrong_text(Texts::of(Language::En), error));
    let checked = |made: Classification| made.checked().map_err(in_words);
    guest::may(client, Kind::Classification)?;
    // Before anything is opened: most mistakes are in what was typed.
    checked(make(None))?;
    let (case, items) = entered(client, id).await?;
    may_report(client, Kind::Classification, (&case, &items))?;
    let made = checked(make(classified(&items)))?;
    may_classify(&items, made.stage)?;
    let to = recipients(client, &case, &items, false)?;
    let about = about(client, (&case, &items), Some(Doing::Classification(&made)));
    send_with(client, &case, (Kind::Classification, None, None), Plaintext::of_json(&made), &to, about).await
}

/// The protocols that may be begun in a case, as the organisation signed them.
pub fn protocols<'a>(client: &'a Client, case: &CaseView) -> impl Iterator<Item = &'a Protocol> {
    client.roster.organisation(&case.org).and_then(|o| o.file.as_ref()).into_iter().flat_map(|file| &file.protocols)
}

/// Begins to work by a protocol: the case keeps the version of today.
pub async fn begin(client: &Client, id: &CaseId, protocol: &str) -> Result<Sent, DeskError> {
    guest::may(client, Kind::Protocol)?;
    let (case, items) = entered(client, id).await?;
    may_report(client, Kind::Protocol, (&case, &items))?;
    let chosen = protocols(client, &case).find(|p| p.id == protocol);
    let chosen = chosen.ok_or_else(|| DeskError::known("desk-error-no-protocol"))?.clone();
    if worked(&items, &officers(client, &case, &items))
        .any(|(_, w)| w.protocol.id == chosen.id && w.protocol.version == chosen.version)
    {
        return Err(DeskError::known("desk-error-begun"));
    }
    let to = recipients(client, &case, &items, false)?;
    let begun = Begun::new(chosen);
    let about = about(client, (&case, &items), Some(Doing::Protocol(&begun)));
    send_with(client, &case, (Kind::Protocol, None, None), Plaintext::of_json(&begun), &to, about).await
}

/// Says that a step of the protocol begun last was done, or as the second reader that it was, with a note that may be blank.
pub async fn step_done(client: &Client, id: &CaseId, step: &str, note: Plaintext) -> Result<Sent, DeskError> {
    say_of_step(client, id, step, Some(note)).await
}

/// Takes back that this reader said so.
pub async fn step_undone(client: &Client, id: &CaseId, step: &str) -> Result<Sent, DeskError> {
    say_of_step(client, id, step, None).await
}

/// Done with a note, or taken back.
async fn say_of_step(client: &Client, id: &CaseId, step: &str, note: Option<Plaintext>) -> Result<Sent, DeskError> {
    guest::may(client, Kind::Step)?;
    let (case, items) = entered(client, id).await?;
    may_report(client, Kind::Step, (&case, &items))?;
    let officers = officers(client, &case, &items);
    let (begun, worked) = worked(&items, &officers).last().ok_or_else(|| DeskError::known("desk-error-no-protocol"))?;
    let found = worked.protocol.steps.iter().find(|s| s.id == step);
    let found = found.ok_or_else(|| DeskError::known("desk-error-step"))?;
    let said = if let Some(note) = note {
        may_tick(client, &worked, found)?;
        StepDone::new(begun, found.id.clone(), note)
    } else {
        if !worked.can_untick(found, &client.me.reader) {
            return Err(DeskError::known("desk-error-step-undo"));
        }
        StepDone::undone(begun, found.id.clone())
    };
    let to = recipients(client, &case, &items, false)?;
    let about = about(client, (&case, &items), Some(Doing::Step(&said)));
    send_with(client, &case, (Kind::Step, None, None), said.to_body(), &to, about).await
}

/// Says why this reader cannot say that a step was done.
fn may_tick(client: &Client, worked: &Worked<'_>, step: &Step) -> Result<(), DeskError> {
    let me = &client.me.reader;
    match (worked.done(step), step.act) {
        (true, _) => return Err(DeskError::known("desk-error-step-done")),
        (false, Some(_)) => return Err(DeskError::known("desk-error-step-act")),
        (false, None) if worked.can_tick(step, me) => return Ok(()),
        (false, None) => {}
    }
    Err(DeskError::known(match (step.each, worked.said(step, me)) {
        (false, _) => "desk-error-step-second",
        (true, true) => "desk-error-step-each",
        (true, false) => "desk-error-step-officer",
    }))
}
