//! Vouching for a guest, and believing who did.
use super::{Author, ItemHead, Kind, Signer, is_recipient, is_sign_key, verify};
use crate::domain::{
    guest::{GuestCard, MOST_DAYS},
    id::{CaseId, InstanceId},
    roster::Roster,
};

/// The card with its signature.
pub fn vouch(mut card: GuestCard, instance: &InstanceId, signer: &Signer) -> GuestCard {
    card.signature = hex::encode(signer.sign(&card.signed_bytes(instance)));
    card
}

/// Whether a reader of the roster vouches for the guest in this case, or did so before they retired: a card has no day of its own, but ends
/// within [`MOST_DAYS`] of when it was made. Whether it has run out is another question.
pub fn vouched(card: &GuestCard, roster: &Roster, case: &CaseId) -> bool {
    let (mut key, mut theirs, mut signature) = ([0; 32], [0; 32], [0; 64]);
    let latest = card.until.plus_days(-MOST_DAYS);
    let by = roster.known(&card.by).filter(|r| hex::decode_to_slice(&r.sign_key, &mut key).is_ok());
    let known = by.is_some_and(|r| r.signed(&key, latest));
    let usable = hex::decode_to_slice(&card.guest.sign_key, &mut theirs).is_ok() && is_sign_key(&theirs);
    let readable = hex::decode_to_slice(&card.signature, &mut signature).is_ok();
    let signed = known && readable && verify(&key, &card.signed_bytes(&roster.instance), &signature);
    signed && usable && card.fits(roster, case) && is_recipient(&card.guest.seal_key)
}

/// Whether a guest may write items of a kind. They ask for nobody, let nobody in, take nobody out, set nothing down and decide nothing; nor do
/// they do what the law asks of a reader, as [`crate::domain::case::Act::is_for_guests`] has it.
pub fn may_write(kind: Kind) -> bool {
    matches!(kind, Kind::Question | Kind::Reply | Kind::Note | Kind::File | Kind::Left)
}

/// Whether the guest of a card wrote an item that was signed with this key: while they read along, and of what a guest may write.
pub fn wrote(card: &GuestCard, head: &ItemHead, signed_by: &[u8; 32]) -> bool {
    let signed = card.guest.sign_key.to_lowercase() == hex::encode(signed_by);
    may_write(head.kind) && signed && head.author == Author::Reader(card.guest.id.clone()) && head.day <= card.until
}
