//! What stands in a mailbox: opened with the keys of the code, and believed only when its author signed it.
use super::{ANSWER_BYTES, Opened, consent::REASON_BYTES, guests::guests};
use crate::{
    domain::{
        case::Case,
        guest::GuestCard,
        id::{ItemId, ReaderId},
        order::sorted,
    },
    envelope::MESSAGE_BYTES,
    http::App,
    seal::{
        Author, Kind, LONGEST_ESCAPE, OpenedText, Plaintext, SlotTo,
        account::{Agreed, heard_by},
        circle::{DutyApproval, DutyRequest},
        code::RoomKeys,
        consent::consent,
        guest::wrote,
        open_reply,
    },
    store::{Payload, StoreError},
};

/// Bytes of what is no text but says something: an account, or a request that names every item of a case.
const JSON_BYTES: usize = 64 << 10;
/// What is no message, and smaller than this, is no file either: those are padded to a power of two.
const FILE_BYTES: u64 = MESSAGE_BYTES.next_power_of_two();
/// A payload of more bytes holds more than a desk lets anybody write on a page, but for very long lists of files.
const LARGE: u64 = 80 << 10;
/// So many of those are opened for a page. One reader can fill a case with them.
const MOST_LARGE: usize = 16;

/// What was written to the reporter, their own answers to requests, and that they sent something, oldest first; what does not open or
/// verify is left out.
pub(super) async fn letters(app: &App, opened: &Opened) -> Result<Vec<OpenedText>, StoreError> {
    letters_of(app, &opened.keys, &opened.case).await
}

/// The same of a case of any room.
pub(super) async fn letters_of(app: &App, keys: &RoomKeys, case: &Case) -> Result<Vec<OpenedText>, StoreError> {
    read(app, keys, case).await.map(|(letters, _)| letters)
}

/// What was sent to the reporter and no page shows. Of what does not open nothing is known, and not its day either: the server keeps none.
#[derive(Default)]
pub(super) struct Closed {
    /// How many do not open, are away, or are not by whom they say.
    pub(super) count: usize,
    /// Those that do not open and never will; who is believed is the roster's matter, and may change.
    pub(super) unread: Vec<ItemId>,
}

/// The letters, and what else was sent.
pub(super) async fn read(app: &App, keys: &RoomKeys, case: &Case) -> Result<(Vec<OpenedText>, Closed), StoreError> {
    let mine = app.post.mailbox(&SlotTo::Reporter(case.id), case);
    let (mut letters, mut closed, mut large) = (Vec::new(), Closed::default(), 0);
    for (_, item, row) in app.store.inbox(&[mine], app.clock.today()).await? {
        if app.store.payload_bytes(&item).await?.is_some_and(|bytes| bytes > LARGE) {
            large += 1;
            if large > MOST_LARGE {
                closed.unread.push(item);
                continue;
            }
        }
        let payload = match app.store.payload(&item).await? {
            Some(Payload::Inline(payload)) => payload,
            Some(Payload::Blob) => {
                // One that is away closes no mailbox: the rest of it is there.
                closed.count += usize::from(app.blobs.size(&item).await.map_or(true, |size| size < FILE_BYTES));
                continue;
            }
            None => continue,
        };
        let intact = app.post.intact(case, &item, &row);
        let text = open_reply(&keys.reply, &row.header, &payload).ok().filter(|_| intact);
        match text.filter(|text| of_case(app, case, &item, text)) {
            Some(text) if is_file(&text) => {}
            text => match text.and_then(kept) {
                Some(text) => letters.push(text),
                None => closed.unread.push(item),
            },
        }
    }
    // Who vouches for a guest, and hands over to them, is in the roster: that is looked at first.
    let (mut letters, others): (Vec<_>, Vec<_>) = letters.into_iter().partition(|text| proven(app, keys, text));
    let guests = guests(app, case, &letters);
    let (theirs, others): (Vec<_>, Vec<_>) = others.into_iter().partition(|text| by_guest(&guests, text));
    letters.extend(theirs);
    closed.count += closed.unread.len() + others.len();
    let unheard = unheard(keys, case, &letters);
    letters.retain(|text| !unheard.contains(&text.manifest.head.item));
    // A day that has not come is its author's mistake, or worse: it does not put an answer before the others.
    let today = app.clock.today();
    Ok((sorted(letters, |text| text.manifest.head.place(text.manifest.head.day > today, true)), closed))
}

/// Of a letter, what a page shows of it: a mailbox of four hundred is in memory at once. What is no text of this program's, and larger than
/// any that is, is left out.
fn kept(mut text: OpenedText) -> Option<OpenedText> {
    text.manifest.head.name = None;
    match text.manifest.head.kind {
        Kind::ConsentRequest
        | Kind::DutyRequest
        | Kind::DutyApproval
        | Kind::ConsentAnswer
        | Kind::HandOver
        | Kind::ToReport
        | Kind::PassOn
        | Kind::Account
        | Kind::Agreed => {
            if text.body.len() > JSON_BYTES {
                text.body = shortened(text.manifest.head.kind, &text.body)?;
            }
            (text.body.len() <= JSON_BYTES).then_some(text)
        }
        _ => Some(OpenedText { body: text.body.cut_to(ANSWER_BYTES + LONGEST_ESCAPE), ..text }),
    }
}

/// What a page shows of a legal duty that is longer than a desk makes one.
fn shortened(kind: Kind, body: &Plaintext) -> Option<Plaintext> {
    let short = |mut duty: DutyRequest| {
        duty.reference = duty.reference.cut_to(REASON_BYTES);
        duty.reason = duty.reason.cut_to(REASON_BYTES);
        duty.items.iter_mut().for_each(|named| named.name = None);
        duty
    };
    match kind {
        Kind::DutyRequest => consent(body).map(|duty| short(duty).into_body()),
        Kind::DutyApproval => {
            let DutyApproval { request, told, .. } = consent(body)?;
            told.map(|duty| DutyApproval::telling(&request, &short(duty)))
        }
        _ => None,
    }
}

/// Whether a letter is of this case and item.
fn of_case(app: &App, case: &Case, item: &ItemId, text: &OpenedText) -> bool {
    let head = &text.manifest.head;
    head.instance == app.roster.instance && head.case == case.id && head.item == *item
}

/// Whether it is a reader's file. Those are for the readers; on a page they would be noise.
fn is_file(text: &OpenedText) -> bool {
    text.manifest.head.kind == Kind::File && text.manifest.head.author != Author::Reporter
}

/// Whether a letter is by a reader of the roster or by the reporter, who signed it. What only coordinators write is for readers.
fn proven(app: &App, keys: &RoomKeys, text: &OpenedText) -> bool {
    let head = &text.manifest.head;
    let signed = match &head.author {
        Author::Reader(author) => app.roster.signer(author, &text.signed_by, head.day).is_some(),
        Author::Reporter => keys.signer.public() == text.signed_by,
    };
    signed && !head.kind.is_memo()
}

/// Whether a letter is by a guest, written while they read along.
fn by_guest(guests: &[GuestCard], text: &OpenedText) -> bool {
    guests.iter().any(|card| wrote(card, &text.manifest.head, &text.signed_by))
}

/// The accounts by others than whoever heard the reporter, with which the reporter never agreed: no page asks them to.
fn unheard(keys: &RoomKeys, case: &Case, letters: &[OpenedText]) -> Vec<ItemId> {
    let accounts = || letters.iter().filter_map(account);
    let heard = heard_by(keys, &case.id, accounts());
    let own = |text: &&OpenedText| text.manifest.head.author == Author::Reporter;
    let agreed: Vec<ItemId> = letters
        .iter()
        .filter(own)
        .filter_map(|text| consent(&text.body))
        .map(|agreed: Agreed| agreed.account)
        .collect();
    let others = accounts().filter(|(item, by, _)| Some(*by) != heard && !agreed.contains(item));
    others.map(|(item, ..)| *item).collect()
}

/// An account: its item, its author and its body.
fn account(text: &OpenedText) -> Option<(&ItemId, &ReaderId, &Plaintext)> {
    let head = &text.manifest.head;
    match &head.author {
        Author::Reader(by) if head.kind == Kind::Account => Some((&head.item, by, &text.body)),
        _ => None,
    }
}
