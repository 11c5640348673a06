//! The guests of a case, as the reporter agreed to them: their cards stand in the requests, which only the code opens.
use super::{Opened, consent::Consents, letters::letters};
use crate::{
    domain::{case::Case, guest::GuestCard, roster::Reader},
    http::App,
    seal::{OpenedText, SlotTo, guest::vouched},
    store::StoreError,
    text::Texts,
};

/// The cards of those whom the reporter agreed to and who were let in, whether they have run out or not.
pub(super) fn guests(app: &App, case: &Case, letters: &[OpenedText]) -> Vec<GuestCard> {
    let mut consents = Consents::default();
    letters.iter().for_each(|text| consents.said(text));
    consents.guests().filter(|card| vouched(card, &app.roster, &case.id)).cloned().collect()
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
