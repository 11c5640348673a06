//! Who could read a case before, and cannot any more: each letter of a reader says, signed, whom it was sealed to.
use super::{
    consent::{LINES, shorten},
    guests::guest_name,
    parts::Parts,
    readers::CaseReader,
};
use crate::{
    domain::{guest::GuestCard, id::KeyedReader},
    http::App,
    text::Texts,
};

/// By the names they are shown with: who left, who was taken out, whose card ran out, or who went from the roster. Why is not said.
pub(super) fn gone(
    app: &App,
    t: Texts,
    parts: &Parts,
    (readers, guests, present): (&[CaseReader<'_>], &[GuestCard], &[GuestCard]),
) -> Vec<String> {
    // Somebody with new keys who was let in again is here.
    let here = |who: &KeyedReader| {
        let reads = readers.iter().any(|r| r.keyed.reader == who.reader);
        reads || present.iter().any(|card| card.guest.id == who.reader)
    };
    let name = |who: &KeyedReader| {
        let card = || guests.iter().find(|card| card.keyed() == *who).map(|card| guest_name(t, card));
        // Who is retired stands in the roster for a while.
        let files = app.roster.organisations.iter().filter_map(|o| o.file.as_ref());
        let known = files.flat_map(|file| &file.readers).find(|r| r.id == who.reader);
        let known = known.map(|r| t.pick(&r.shown_as).to_owned());
        known.or_else(card).unwrap_or_else(|| who.reader.to_string())
    };
    let mut names: Vec<String> = parts.sealed_to.iter().filter(|who| !here(who)).map(name).collect();
    names.sort();
    names.dedup();
    shorten(t, &mut names, LINES);
    names
}
