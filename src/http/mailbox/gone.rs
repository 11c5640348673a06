//! Who could read a case before, and cannot any more. Letters and the roster say who that may be; filler in the place of their slots, which
//! only the server makes, says who it is.
use std::collections::HashSet;

use super::{
    consent::{LINES, shorten},
    guests::guest_name,
    parts::Parts,
    readers::CaseReader,
};
use crate::{
    domain::{
        case::Case,
        guest::GuestCard,
        id::{ItemId, KeyedReader},
        roster::{Organisation, Reader},
    },
    http::App,
    store::{SlotRow, StoreError},
    text::Texts,
};

/// By the names they are shown with: who left, who was taken out, whose card ran out, or who went from the roster. Why is not said.
pub(super) async fn gone(
    app: &App,
    t: Texts,
    (case, parts): (&Case, &Parts),
    (readers, guests, present): (&[CaseReader<'_>], &[GuestCard], &[GuestCard]),
) -> Result<Vec<String>, StoreError> {
    // Somebody with new keys who was let in again is here.
    let here = |who: &KeyedReader| {
        let reads = readers.iter().any(|r| r.keyed.reader == who.reader);
        reads || present.iter().any(|card| card.guest.id == who.reader)
    };
    let name = |who: &KeyedReader| {
        let card = || guests.iter().find(|card| card.keyed() == *who).map(|card| guest_name(t, card));
        let known = everybody(app.roster.organisations.iter()).find(|r| r.id == who.reader);
        let known = known.map(|r| t.pick(&r.shown_as).to_owned());
        known.or_else(card).unwrap_or_else(|| who.reader.to_string())
    };
    let mut may: HashSet<KeyedReader> = everybody(app.roster.organisations.iter()).map(Reader::keyed).collect();
    may.extend(parts.sealed_to.iter().cloned().chain(guests.iter().map(GuestCard::keyed)));
    may.retain(|who| !here(who));
    let mut names: Vec<String> = could_read(app, case, may).await?.iter().map(name).collect();
    names.sort();
    names.dedup();
    shorten(t, &mut names, LINES);
    Ok(names)
}

/// The readers of some organisations. Who is retired stands in the roster for a while.
fn everybody<'a>(of: impl Iterator<Item = &'a Organisation>) -> impl Iterator<Item = &'a Reader> {
    of.filter_map(|o| o.file.as_ref()).flat_map(|file| &file.readers)
}

/// Those of some people who have a slot that is served, or had one before they went.
async fn could_read(app: &App, case: &Case, may: HashSet<KeyedReader>) -> Result<Vec<KeyedReader>, StoreError> {
    let mut may: Vec<([u8; 32], KeyedReader)> =
        may.into_iter().map(|who| (app.post.reader_mailbox(&who, case.filed), who)).collect();
    let mut could = Vec::new();
    for item in app.store.items(&case.id).await? {
        let rows = app.store.slots(&item).await?;
        may.retain(|(mailbox, who)| {
            let theirs = is_theirs(app, (case, &item), mailbox, &rows);
            could.extend(theirs.then(|| who.clone()));
            !theirs
        });
    }
    Ok(could)
}

/// Whether somebody has a slot of one of these items that is served, or had one before they went.
pub(super) async fn had(app: &App, case: &Case, who: &KeyedReader, items: &[ItemId]) -> Result<bool, StoreError> {
    let mailbox = app.post.reader_mailbox(who, case.filed);
    for item in items {
        if is_theirs(app, (case, item), &mailbox, &app.store.slots(item).await?) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether somebody with this mailbox has a slot among those of an item that is served, or had one before they went.
fn is_theirs(app: &App, (case, item): (&Case, &ItemId), mailbox: &[u8; 32], rows: &[SlotRow]) -> bool {
    let (today, left) = (app.clock.today(), app.post.left(case, item, mailbox));
    rows.iter().any(|row| {
        let served = row.mailbox == *mailbox && row.release.is_none_or(|day| day <= today);
        (served || row.mailbox == left) && app.post.intact(case, item, row)
    })
}

/// The mailboxes of filler in the place of slots of readers of the roster who went from a case.
pub(crate) async fn left(app: &App, case: &Case) -> Result<Vec<[u8; 32]>, StoreError> {
    let readers = everybody(app.roster.organisations.iter());
    let mailboxes: Vec<[u8; 32]> = readers.map(|r| app.post.reader_mailbox(&r.keyed(), case.filed)).collect();
    let mut found = Vec::new();
    for item in app.store.items(&case.id).await? {
        let there: Vec<[u8; 32]> = app.store.slots(&item).await?.iter().map(|row| row.mailbox).collect();
        let left = mailboxes.iter().map(|mailbox| app.post.left(case, &item, mailbox));
        found.extend(left.filter(|left| there.contains(left)));
    }
    Ok(found)
}
