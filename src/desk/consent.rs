//! Widening the circle: a request to the reporter, and the hand-over once they agreed. Every desk checks both by itself: [`super::circle`].
use super::{
    Client, DeskError,
    circle::{Also, Circle, answer, done, handed_over, proven},
    duty::duties,
    guest,
    open::{Content, Item, Opened, advice, entered, fetch_heads},
    sharing::share_with,
    write::{Sent, may_reach, may_send, recipients, send},
};
use crate::{
    api_types::{CaseView, SentTo},
    domain::{
        day::Day,
        guest::GuestCard,
        id::{CaseId, ItemId, KeyedReader, ReaderId},
        roster::Reader,
    },
    seal::{
        Author, Kind, Plaintext,
        consent::{Answer, HandOver, Named, Request, Standing, standing},
        guest::vouched,
    },
};

/// Escaped bytes of a reason that a page shows whole.
pub(super) const REASON_BYTES: usize = 4 << 10;
/// Requests for one reader: a second one needs a new reason, a third is pressing.
const MOST_REQUESTS: usize = 2;

/// A request, and where it stands.
pub struct Consent {
    /// Its item.
    pub request: ItemId,
    /// Who would read.
    pub to: KeyedReader,
    /// The day it was asked.
    pub day: Day,
    /// What they would read.
    pub items: Vec<Named>,
    /// Where it stands.
    pub standing: Standing,
    /// The card of a guest.
    pub card: Option<GuestCard>,
}

impl Consent {
    /// Whether the reporter agreed, whom they agreed to is still there, and the signed-in reader has all that they would read.
    pub(super) fn can_be_done(&self, client: &Client, circle: &Circle, case: &CaseView) -> bool {
        let agreed = matches!(self.standing, Standing::Yes(_)) || self.is_claimed(client, circle, case);
        let has_all = self.items.iter().all(|named| case.items.contains(&named.item));
        agreed && has_all && reads(client, circle, &case.case, (&self.to, self.card.as_ref())).is_some()
    }

    /// Whether somebody says that it was done, and whom it is about has nothing and did not go: one reader's word for it is not taken. The server
    /// names no guests and nobody who retired, so of them this cannot be seen.
    pub(super) fn is_claimed(&self, client: &Client, circle: &Circle, case: &CaseView) -> bool {
        let active = client.roster.keyed(&self.to).is_some();
        active && self.standing == Standing::Done && self.card.is_none() && missing(circle, case, &self.to)
    }
}

/// Whether somebody who was let in has no slot in a case, and did not go. The inbox names no readers: nothing is known of it there.
fn missing(circle: &Circle, case: &CaseView, who: &KeyedReader) -> bool {
    !case.readers.is_empty() && !case.readers.contains(who) && !circle.went(who)
}

/// Who would read, if they are still who they were and nobody excluded them; a guest with a card that counts.
fn reads(
    client: &Client,
    circle: &Circle,
    id: &CaseId,
    (to, card): (&KeyedReader, Option<&GuestCard>),
) -> Option<(Reader, Option<GuestCard>)> {
    let guest = card.filter(|card| vouched(card, &client.roster, id) && card.counts_on(client.today()));
    let reader = guest.map(GuestCard::reader).or_else(|| client.roster.reader(&to.reader).cloned());
    let reader = reader.filter(|r| r.keyed() == *to && !circle.struck.contains(&r.id))?;
    Some((reader, guest.cloned()))
}

/// The requests of a case, from what is proven.
pub fn consents(items: &[Item]) -> Vec<Consent> {
    let answers: Vec<(ItemId, &Answer)> = proven(items).filter_map(answer).collect();
    let done: Vec<&HandOver> = proven(items).filter_map(|(_, opened)| handed_over(opened)).collect();
    let one = |(item, opened): (ItemId, &Opened)| {
        let Content::Request(asked) = &opened.content else { return None };
        let standing = standing((&item, &asked.to), answers.iter().copied(), done.iter().copied());
        let items = asked.items.clone();
        Some(Consent {
            request: item,
            to: asked.to.clone(),
            day: opened.manifest.head.day,
            items,
            standing,
            card: asked.card.clone(),
        })
    };
    proven(items).filter_map(one).collect()
}

/// Who can be asked for: active, not in the case or for a part of it alone, and not excluded by the reporter.
pub fn candidates<'a>(client: &'a Client, case: &CaseView, items: &[Item]) -> Result<Vec<&'a Reader>, DeskError> {
    Ok(askable(client, &Circle::of(client, items)?, case))
}

/// The same, of a circle.
fn askable<'a>(client: &'a Client, circle: &Circle, case: &CaseView) -> Vec<&'a Reader> {
    let part = |r: &Reader| case.parts.contains(&r.keyed()) && circle.readers.contains(&r.keyed());
    let there = |r: &Reader| case.readers.iter().any(|there| there.reader == r.id) && !part(r);
    let new = |r: &&Reader| !circle.struck.contains(&r.id) && !there(r);
    let org = client.roster.organisation(&case.org).into_iter().chain(client.roster.outside());
    let files = org.filter_map(|o| o.file.as_ref()).flat_map(|file| &file.readers);
    files.filter_map(|r| client.roster.reader(&r.id)).filter(new).collect()
}

/// Whether the reporter began a case with an item of such a kind. What a reader calls so is none.
pub(super) fn begun(items: &[Item], kind: impl Fn(Kind) -> bool) -> bool {
    let heads = proven(items).map(|(_, opened)| &opened.manifest.head);
    heads.filter(|head| head.author == Author::Reporter && head.reporter.is_some()).any(|head| kind(head.kind))
}

/// Whether a case holds who the reporter is. It is never a part of a hand-over, whoever asks.
pub(super) fn identity(items: &[Item]) -> bool {
    begun(items, |kind| kind == Kind::Identity)
}

/// What of a case can be shared: what the reporter wrote and added; nothing of a case that says who they are.
pub fn shareable(items: &[Item]) -> Vec<Named> {
    if identity(items) {
        return Vec::new();
    }
    let own = proven(items).filter(|(_, o)| o.manifest.head.author == Author::Reporter);
    let named = |(item, o): (ItemId, &Opened)| {
        let head = &o.manifest.head;
        Named { item, kind: head.kind, day: head.day, name: head.name.clone() }
    };
    let said = |kind| matches!(kind, Kind::ConsentAnswer | Kind::ToReport);
    own.filter(|(_, o)| !said(o.manifest.head.kind)).map(named).collect()
}

/// Refuses to let anybody into a case that says who the reporter is: they were told that nobody else gets to read it.
pub(super) fn may_let_in(items: &[Item]) -> Result<(), DeskError> {
    if identity(items) { Err(DeskError::known("desk-error-identity-case")) } else { Ok(()) }
}

/// Says why a reporter is not asked anything, before anything is typed.
pub(super) fn may_ask(client: &Client, case: &CaseView, items: &[Item]) -> Result<(), DeskError> {
    guest::may(client, Kind::ConsentRequest)?;
    may_let_in(items)?;
    may_send(Kind::ConsentRequest, case.state)?;
    may_reach(items)?;
    Circle::of(client, items)?.may_ask(client)
}

/// The same, of a guest: the talk with an adviser is between two.
pub(super) fn may_ask_for_guest(client: &Client, case: &CaseView, items: &[Item]) -> Result<(), DeskError> {
    may_ask(client, case, items)?;
    if advice(items) { Err(DeskError::known("desk-error-guest-advice")) } else { Ok(()) }
}

/// Asks the reporter whether a reader of the roster may read these items; all that is [`shareable`] when none is named.
pub async fn ask_consent(
    client: &Client,
    id: &CaseId,
    to: &ReaderId,
    reason: Plaintext,
    which: &[ItemId],
) -> Result<Sent, DeskError> {
    said(&reason)?;
    let (case, mut items) = to_share(client, id).await?;
    may_ask(client, &case, &items)?;
    fetch_heads(client, &case, &mut items, which).await?;
    let reader = candidate(client, &case, &items, to)?;
    let wanted = pressed(&items, to, &reason).and_then(|()| named(&items, which))?;
    send_request(client, &case, &items, Request::new(reader.keyed(), reason, wanted)).await
}

/// Asks the reporter whether a guest may read along, as for anybody.
pub async fn ask_consent_for_guest(
    client: &Client,
    id: &CaseId,
    card: GuestCard,
    reason: Plaintext,
    which: &[ItemId],
) -> Result<Sent, DeskError> {
    said(&reason)?;
    let (case, mut items) = to_share(client, id).await?;
    may_ask_for_guest(client, &case, &items)?;
    fetch_heads(client, &case, &mut items, which).await?;
    let circle = Circle::of(client, &items)?;
    if !vouched(&card, &client.roster, id) || !card.counts_on(client.today()) {
        return Err(DeskError::known("desk-error-card"));
    }
    // A card that ends later prolongs one that is there.
    let there = circle.guests.iter().any(|other| other.keyed() == card.keyed() && other.until >= card.until);
    if circle.struck.contains(&card.guest.id) || there {
        return Err(DeskError::known("desk-error-reader-gone"));
    }
    let wanted = pressed(&items, &card.guest.id, &reason).and_then(|()| named(&items, which))?;
    send_request(client, &case, &items, Request::for_guest(card, reason, wanted)).await
}

async fn send_request(client: &Client, case: &CaseView, items: &[Item], asked: Request) -> Result<Sent, DeskError> {
    let to = recipients(client, case, items, true)?;
    send(client, (case, items), (Kind::ConsentRequest, None), asked.into_body(), &to).await
}

/// A case of which something can be shared: its messages. Files are named by what is signed with them, see [`fetch_heads`].
pub(super) async fn to_share(client: &Client, id: &CaseId) -> Result<(CaseView, Vec<Item>), DeskError> {
    if client.me.card.is_some() {
        return Err(DeskError::known("desk-error-guest"));
    }
    let (case, items) = entered(client, id).await?;
    may_let_in(&items)?;
    Ok((case, items))
}

/// A reason that is one, and fits a page.
pub(super) fn said(reason: &Plaintext) -> Result<(), DeskError> {
    let short = !reason.is_blank() && reason.escaped_len() <= REASON_BYTES;
    short.then_some(()).ok_or_else(|| DeskError::known("desk-error-reason"))
}

/// Somebody of the [`candidates`].
pub(super) fn candidate<'a>(
    client: &'a Client,
    case: &CaseView,
    items: &[Item],
    to: &ReaderId,
) -> Result<&'a Reader, DeskError> {
    let circle = Circle::of(client, items)?;
    no_stranger(client, &circle, case, to)?;
    let reader = askable(client, &circle, case).into_iter().find(|r| r.id == *to);
    reader.ok_or_else(|| {
        DeskError::new(format!(
            "{to} is not a reader who can be added: unknown, here already, or excluded by the reporter, a conflict or two readers"
        ))
    })
}

/// A slot that somebody has stays as it is, also one that opens nothing: whom one reader alone let in goes first.
fn no_stranger(client: &Client, circle: &Circle, case: &CaseView, to: &ReaderId) -> Result<(), DeskError> {
    let strangers = circle.strangers(client, case);
    let there = strangers.iter().any(|there| there.reader == *to && !circle.struck.contains(to));
    if there { Err(DeskError::known("desk-error-stranger-here")) } else { Ok(()) }
}

/// A reporter is asked twice for the same person at most, the second time with another reason.
fn pressed(items: &[Item], to: &ReaderId, reason: &Plaintext) -> Result<(), DeskError> {
    // Of what does not go to the reporter they were not asked.
    let asked = done(items).map(|(_, opened)| &opened.content);
    let before = asked.filter_map(|content| if let Content::Request(r) = content { Some(r) } else { None });
    let before: Vec<&Request> = before.filter(|asked| asked.to.reader == *to).collect();
    if before.len() >= MOST_REQUESTS {
        return Err(DeskError::known("desk-error-twice"));
    }
    if before.iter().any(|asked| asked.reason.reveal().trim_ascii() == reason.reveal().trim_ascii()) {
        return Err(DeskError::known("desk-error-same-reason"));
    }
    Ok(())
}

/// The items that are meant, of those that can be shared.
pub(super) fn named(items: &[Item], which: &[ItemId]) -> Result<Vec<Named>, DeskError> {
    let mut wanted = shareable(items);
    wanted.retain(|named| which.is_empty() || which.contains(&named.item));
    if wanted.is_empty() || (!which.is_empty() && wanted.len() != which.len()) {
        return Err(DeskError::known("desk-error-items"));
    }
    Ok(wanted)
}

/// Refuses what is not what it was called when somebody agreed to it.
pub(super) fn as_named(items: &[Item], wanted: &[Named]) -> Result<(), DeskError> {
    let all = shareable(items);
    let is = |one: &Named, wanted: &Named| {
        let named = wanted.name.is_none() || one.name == wanted.name;
        (one.item, one.kind, one.day) == (wanted.item, wanted.kind, wanted.day) && named
    };
    let same = wanted.iter().all(|wanted| all.iter().any(|one| is(one, wanted)));
    same.then_some(()).ok_or_else(|| DeskError::known("desk-error-named"))
}

/// Something that may be handed over: the reporter agreed, or two readers on a legal duty.
pub(super) struct Allowed {
    /// The item that said so.
    pub(super) answer: ItemId,
    pub(super) to: KeyedReader,
    pub(super) items: Vec<Named>,
    pub(super) card: Option<GuestCard>,
    /// Whether the reporter is told that it was done.
    pub(super) told: bool,
    /// The first day of it, where the reporter was told before.
    pub(super) not_before: Option<Day>,
}

fn allowed(
    client: &Client,
    (circle, case): (&Circle, &CaseView),
    items: &[Item],
    (request, read): (&ItemId, usize),
) -> Result<Allowed, DeskError> {
    if let Some(duty) = duties(client, circle, items).into_iter().find(|duty| duty.request == *request) {
        return duty.allowed(client.today(), read);
    }
    let consent = consents(items).into_iter().find(|c| c.request == *request);
    let consent = consent.ok_or_else(|| DeskError::known("desk-error-no-request"))?;
    // To a guest it can be done again: what they have, they keep.
    let claimed = consent.standing == Standing::Done && missing(circle, case, &consent.to);
    let said = || standing((request, &consent.to), proven(items).filter_map(answer), []);
    let standing = if claimed { said() } else { consent.standing };
    let Consent { to, items, card, .. } = consent;
    match standing {
        Standing::Yes(answer) => Ok(Allowed { answer, to, items, card, told: true, not_before: None }),
        Standing::Done => Err(DeskError::known("desk-error-handed-over")),
        Standing::Asked | Standing::No => Err(DeskError::known("desk-error-not-agreed")),
    }
}

/// Shares what the reporter agreed to, or a legal duty asks for, with the request and the answer, and says so to everyone. Doing it again
/// changes nothing. Of a legal duty whoever does it has `read` so many of the reporter's answers: with more of them it is refused.
pub async fn hand_over(client: &Client, id: &CaseId, request: &ItemId, read: usize) -> Result<Sent, DeskError> {
    let (case, mut items) = to_share(client, id).await?;
    may_send(Kind::HandOver, case.state)?;
    let circle = Circle::of(client, &items)?;
    let Allowed { answer, to, items: shared, card, told, not_before } =
        allowed(client, (&circle, &case), &items, (request, read))?;
    no_stranger(client, &circle, &case, &to.reader)?;
    let there = reads(client, &circle, id, (&to, card.as_ref()));
    let (reader, guest) = there.ok_or_else(|| DeskError::known("desk-error-reader-gone"))?;
    let guest = guest.as_ref();
    let files: Vec<ItemId> = shared.iter().map(|named| named.item).collect();
    fetch_heads(client, &case, &mut items, &files).await?;
    as_named(&items, &shared)?;
    let shared: Vec<ItemId> = files.into_iter().chain([*request, answer]).collect();
    let as_sent = guest.map_or_else(|| SentTo::Reader(to.clone()), |card| SentTo::Guest(Box::new(card.clone())));
    share_with(client, (&case, &items), &shared, &[(&reader, as_sent)], not_before).await?;
    let struck = circle.struck.iter().cloned().collect();
    let before = (circle.readers.clone(), struck);
    let done = HandOver::new((*request, answer), to, circle.reporter.clone(), before).with_cards(circle.guests.clone());
    let done = done.with_passed(case.readers.iter().filter(|r| circle.only_passed(r)).cloned().collect());
    let also = Also { more: Some((&reader, guest)), reporter: told, except: None };
    let to = circle.recipients(client, &case, &also)?;
    send(client, (&client.case(id).await?, &items), (Kind::HandOver, None), done.into_body(), &to).await
}
