//! Advice became a report: the adviser's desk passes on what the reporter let go along, to exactly the readers they named.
use super::{
    Client, DeskError,
    circle::{Addressed, Circle, proven, to_report},
    open::{Content, Item, entered, fetch_heads},
    sharing::share_with,
    write::{Sent, failed, may_send, send},
};
use crate::{
    api_types::{CaseView, SentTo},
    domain::{
        id::{CaseId, ItemId, KeyedReader},
        roster::Reader,
    },
    seal::{
        Author, Kind, Recipients,
        consent::{PassOn, ToReport},
    },
};

/// Shares with the readers of a report what its reporter let go along, and says so to everyone. Doing it again changes nothing.
///
/// What was written to the adviser after the reporter said so is not shared, and what comes later is not sealed to those readers:
/// they never inherit the talk in confidence.
pub async fn pass_on(client: &Client, id: &CaseId) -> Result<Sent, DeskError> {
    let (case, mut items) = entered(client, id).await?;
    let circle = possible(client, &case, &items)?;
    // Which files are the reporter's is known by what is signed with them.
    if waits(&items) {
        fetch_heads(client, &case, &mut items, &[]).await?;
    }
    let (mut done, mut now) = (None, None);
    for (item, seq, said) in to_report(&items) {
        match passed_on(&items, &item) {
            Some(item) => done = Some(Sent { item, already: true }),
            None => now = Some(pass(client, &case, &items, &circle, (item, seq, said)).await?),
        }
    }
    now.or(done).ok_or_else(|| DeskError::known("desk-error-no-report"))
}

/// Says why nothing can be passed on in a case, before anything is sent; what was passed on already is no reason. Returns who reads it.
pub(super) fn possible(client: &Client, case: &CaseView, items: &[Item]) -> Result<Circle, DeskError> {
    let circle = Circle::of(client, items)?;
    circle.may_ask(client)?;
    if !circle.readers.contains(&client.me.keyed()) {
        return Err(DeskError::known("desk-error-not-yours"));
    }
    if to_report(items).next().is_none() {
        return Err(DeskError::known("desk-error-no-report"));
    }
    if waits(items) {
        may_send(Kind::PassOn, case.state)?;
    }
    Ok(circle)
}

/// Whether something of a case waits to be passed on.
pub(super) fn waits(items: &[Item]) -> bool {
    to_report(items).any(|(item, ..)| passed_on(items, &item).is_none())
}

/// Whether somebody to whom it is to be passed on is still there.
pub(super) fn can_be(client: &Client, circle: &Circle, items: &[Item]) -> bool {
    let mut waiting = to_report(items).filter(|(item, ..)| passed_on(items, item).is_none());
    waiting.any(|(_, _, said)| said.to.iter().any(|to| still_there(client, circle, to).is_some()))
}

/// The item that says that this was passed on.
fn passed_on(items: &[Item], to_report: &ItemId) -> Option<ItemId> {
    proven(items).find_map(|(item, opened)| match &opened.content {
        Content::PassOn(done) if done.to_report == *to_report => Some(item),
        _ => None,
    })
}

async fn pass(
    client: &Client,
    case: &CaseView,
    items: &[Item],
    circle: &Circle,
    (item, seq, said): (ItemId, u32, &ToReport),
) -> Result<Sent, DeskError> {
    let to: Vec<&Reader> = said.to.iter().filter_map(|to| still_there(client, circle, to)).collect();
    if to.is_empty() {
        return Err(DeskError::known("desk-error-reader-gone"));
    }
    let goes: Vec<ItemId> = goes_along(items, seq, said).into_iter().chain([item]).collect();
    let passed: Vec<_> = to.iter().map(|r| (*r, SentTo::Passed(r.keyed()))).collect();
    share_with(client, (case, items), &goes, &passed, None).await?;
    let struck = circle.struck.iter().cloned().collect();
    let keyed = to.iter().map(|r| r.keyed()).collect();
    let done = PassOn::new(item, keyed, circle.reporter.clone(), (circle.readers.clone(), struck));
    let case = client.case(&case.case).await?;
    let there = case.readers.iter().filter(|r| circle.readers.contains(r)).filter_map(|r| client.roster.keyed(r));
    let recipients = Recipients::of(there.chain(to)).map_err(failed)?;
    let recipients = recipients.with_reporter(case.case, &circle.reporter.reply).map_err(failed)?;
    let to = Addressed { to: recipients, cards: Vec::new(), aside: None };
    send(client, (&case, items), (Kind::PassOn, None), done.into_body(), &to).await
}

/// Somebody who is named, if they are still who they were and not excluded.
fn still_there<'a>(client: &'a Client, circle: &Circle, to: &KeyedReader) -> Option<&'a Reader> {
    client.roster.keyed(to).filter(|r| !circle.struck.contains(&r.id))
}

/// The reporter's own items of the kinds that go along, from before they said so.
fn goes_along(items: &[Item], seq: u32, said: &ToReport) -> Vec<ItemId> {
    let own = proven(items).filter(|(_, o)| o.manifest.head.author == Author::Reporter && o.manifest.head.seq < seq);
    own.filter(|(_, o)| said.along.takes(o.manifest.head.kind)).map(|(item, _)| item).collect()
}
