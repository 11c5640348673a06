//! The guests of a case, as the reporter agreed to them: their cards stand in the requests, which only the code opens.
use std::collections::BTreeSet;

use super::{Opened, letters::letters};
use crate::{
    domain::{case::Case, guest::GuestCard, id::ItemId, roster::Reader},
    http::App,
    seal::{
        Kind, OpenedText, SlotTo,
        consent::{HandOver, Request, consent},
        guest::vouched,
    },
    store::StoreError,
    text::Texts,
};

/// The cards of those who were handed something, whether they have run out or not.
pub(super) fn guests(app: &App, case: &Case, letters: &[OpenedText]) -> Vec<GuestCard> {
    let kind = |kind| letters.iter().filter(move |text| text.manifest.head.kind == kind);
    let done: BTreeSet<ItemId> =
        kind(Kind::HandOver).filter_map(|text| consent::<HandOver>(&text.body)).map(|done| done.request).collect();
    let handed = kind(Kind::ConsentRequest).filter(|text| done.contains(&text.manifest.head.item));
    let cards = handed.filter_map(|text| consent::<Request>(&text.body)?.card);
    cards.filter(|card| vouched(card, &app.roster, &case.id)).collect()
}

/// Those of them who can read now: the card counts, and they have a slot in the case.
pub(super) async fn present(app: &App, case: &Case, guests: &[GuestCard]) -> Result<Vec<GuestCard>, StoreError> {
    let mut present: Vec<GuestCard> = Vec::new();
    for card in guests.iter().filter(|card| card.counts_on(app.clock.today())) {
        let mailbox = app.post.mailbox(&SlotTo::Reader(card.keyed()), case);
        let slots = app.store.slots_of_case(&case.id, &mailbox, app.clock.today()).await?;
        let there = slots.iter().any(|(item, row)| app.post.intact(case, item, row));
        if there && present.iter().all(|other| other.keyed() != card.keyed()) {
            present.push(card.clone());
        }
    }
    Ok(present)
}

/// Whom the reporter's side seals to besides the readers of the roster.
pub(crate) async fn guests_now(app: &App, opened: &Opened) -> Result<Vec<Reader>, StoreError> {
    let guests = guests(app, &opened.case, &letters(app, opened).await?);
    Ok(present(app, &opened.case, &guests).await?.iter().map(GuestCard::reader).collect())
}

/// A guest as the reporter sees them.
pub(super) fn guest_name(t: Texts, card: &GuestCard) -> String {
    let values = [("name", t.pick(&card.guest.shown_as).to_owned()), ("day", t.day(card.until))];
    t.with("guest-name", &values)
}
