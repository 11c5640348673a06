//! Guests: a reader vouches for somebody's keys, having heard the eight words of them.
use std::path::Path;

use serde::Deserialize;

use super::{Client, DeskError, Identity, writing::readable};
use crate::{
    domain::{
        case::CaseState,
        day::Day,
        guest::{Guest, GuestCard, MOST_DAYS, VERSION, is_plain},
        id::{CaseId, ReaderId},
        roster::Text,
    },
    seal::{
        Kind,
        code::print_words,
        guest::{may_write, vouch, vouched},
    },
};

/// A public half, as `keygen` prints it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Public {
    readers: Vec<PublicReader>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PublicReader {
    id: ReaderId,
    seal_key: String,
    sign_key: String,
}

/// Makes a guest's card for a case, if the words that were heard are those of the keys. The server is asked only whether this reader has
/// the case.
pub async fn invite(
    client: &Client,
    id: &CaseId,
    public: &str,
    (shown_as, until): (Text, Day),
    words: &str,
) -> Result<GuestCard, DeskError> {
    if client.me.card.is_some() {
        return Err(DeskError::known("desk-error-guest"));
    }
    let public: Public = toml::from_str(public).map_err(|_| DeskError::known("desk-error-public"))?;
    let [PublicReader { id: name, seal_key, sign_key }] =
        <[PublicReader; 1]>::try_from(public.readers).map_err(|_| DeskError::known("desk-error-public"))?;
    let guest = Guest { id: name, shown_as, seal_key, sign_key };
    if !is_plain(&guest.shown_as.nl) || !is_plain(&guest.shown_as.en) {
        return Err(DeskError::known("desk-error-guest-letters"));
    }
    let heard = words.split_whitespace().map(str::to_lowercase).collect::<Vec<_>>();
    if print_words(&guest.keyed()) != heard {
        return Err(DeskError::known("desk-error-words"));
    }
    let today = client.today();
    if until < today || until > today.plus_days(MOST_DAYS) {
        return Err(DeskError::known("desk-error-until"));
    }
    client.case(id).await?;
    let by = client.me.reader.clone();
    let card = GuestCard { v: VERSION, guest, case: *id, until, by, signature: String::new() };
    let card = vouch(card, &client.roster.instance, &client.me.signer);
    if !vouched(&card, &client.roster, id) {
        return Err(DeskError::known("desk-error-guest-keys"));
    }
    Ok(card)
}

/// Refuses a guest what guests do not write: what another desk would not count as theirs.
pub(super) fn may(client: &Client, kind: Kind) -> Result<(), DeskError> {
    let may = client.me.card.is_none() || may_write(kind);
    may.then_some(()).ok_or_else(|| DeskError::known("desk-error-guest"))
}

/// What a guest can do in a case that stands so, as a text of the desk; nothing for anybody else.
pub(super) fn can(client: &Client, state: CaseState) -> Option<&'static str> {
    client.me.card.as_ref()?;
    Some(if state.is_closed() { "desk-guest-can-closed" } else { "desk-guest-can" })
}

/// Who somebody is with the card of a file, where they are a guest.
pub(super) fn with_card_of(me: Identity, file: Option<&Path>) -> Result<Identity, DeskError> {
    match file {
        Some(path) => me.with_card(card(&readable(path)?)?),
        None => Ok(me),
    }
}

/// Reads a card's file.
pub(super) fn card(bytes: &[u8]) -> Result<GuestCard, DeskError> {
    serde_json::from_slice(bytes).map_err(|_| DeskError::known("desk-error-card"))
}
