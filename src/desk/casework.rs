//! What readers set down about a case for each other: what it is in codes, and how they look into it.
use super::{
    Client, Content, DeskError, Item, Sent,
    circle::proven,
    guest,
    open::entered,
    register::{Doing, about, worked},
    write::{may_send, recipients, send_with},
};
use crate::{
    api_types::CaseView,
    domain::{classification::Classification, id::CaseId, protocol::Protocol},
    seal::{
        Author, Kind, Plaintext,
        protocol::{Begun, StepDone},
    },
};

/// The classification that a reader made last.
pub fn classified(items: &[Item]) -> Option<&Classification> {
    let by_reader = proven(items).filter(|(_, o)| o.manifest.head.author != Author::Reporter);
    let made = by_reader.filter_map(|(_, o)| match &o.content {
        Content::Classification(made) => Some(made),
        _ => None,
    });
    made.last()
}

/// Sets down what a case is, or what came of it, for its readers and, as a row of the register, for the overseers. It is made with the one
/// that was made last.
pub async fn classify(
    client: &Client,
    id: &CaseId,
    make: impl Fn(Option<&Classification>) -> Classification,
) -> Result<Sent, DeskError> {
    let checked = |made: Classification| made.checked().map_err(|error| DeskError::new(error.to_string()));
    guest::may(client, Kind::Classification)?;
    // Before anything is opened: most mistakes are in what was typed.
    checked(make(None))?;
    let (case, items) = entered(client, id).await?;
    let made = checked(make(classified(&items)))?;
    let to = recipients(client, &case, &items, false)?;
    let about = about(&case, &items, Some(Doing::Classification(&made)), client.today());
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
    may_send(Kind::Protocol, case.state)?;
    let chosen = protocols(client, &case).find(|p| p.id == protocol);
    let chosen = chosen.ok_or_else(|| DeskError::known("desk-error-no-protocol"))?.clone();
    if worked(&items).any(|(_, w)| w.protocol.id == chosen.id && w.protocol.version == chosen.version) {
        return Err(DeskError::known("desk-error-begun"));
    }
    let to = recipients(client, &case, &items, false)?;
    let begun = Begun::new(chosen);
    let about = about(&case, &items, Some(Doing::Protocol(&begun)), client.today());
    send_with(client, &case, (Kind::Protocol, None, None), Plaintext::of_json(&begun), &to, about).await
}

/// Says that a step of the protocol begun last was done, or as the second reader that it was.
pub async fn step_done(client: &Client, id: &CaseId, step: &str) -> Result<Sent, DeskError> {
    guest::may(client, Kind::Step)?;
    let (case, items) = entered(client, id).await?;
    may_send(Kind::Step, case.state)?;
    let (begun, worked) = worked(&items).last().ok_or_else(|| DeskError::known("desk-error-no-protocol"))?;
    let found = worked.protocol.steps.iter().find(|s| s.id == step);
    let found = found.ok_or_else(|| DeskError::known("desk-error-step"))?;
    if worked.done(found) {
        return Err(DeskError::known("desk-error-step-done"));
    }
    if !worked.can_tick(found, &client.me.reader) {
        return Err(DeskError::known("desk-error-step-second"));
    }
    let to = recipients(client, &case, &items, false)?;
    let about = about(&case, &items, Some(Doing::Step(&found.id, &client.me.reader)), client.today());
    let done = StepDone::new(begun, found.id.clone());
    send_with(client, &case, (Kind::Step, None, None), Plaintext::of_json(&done), &to, about).await
}
