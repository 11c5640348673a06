//! Writing into a case: signed, sealed to the readers the reporter chose, and sent.
use uuid::Uuid;

use super::{
    Attachment, Client, DeskError,
    attach::attach,
    circle::{Addressed, Also, Circle, withdrawn},
    consent::identity,
    guest,
    log::{About, Line},
    open::{Item, advice, entered},
    proof::committed,
    register::{Doing, about, deed},
};
use crate::{
    api_types::{Adding, CaseView, SentTo, SlotSent},
    domain::{
        case::{Act, Addition, CaseState, InvalidAct, Terms, after, may_add, will_count},
        id::{CaseId, ItemId, KeyedReader},
        order::Before,
        routing::may_end,
    },
    envelope,
    seal::{Author, ItemHead, Kind, Origin, Plaintext, Recipients, SealError, Slot, SlotTo, item, seen},
};

/// Escaped bytes of a text that the reporter's page shows whole.
const ANSWER_BYTES: usize = 20 << 10;

/// What was sent.
pub struct Sent {
    /// The new item.
    pub item: ItemId,
    /// Whether the server had it.
    pub already: bool,
}

/// Seals a text, and the files that go along, to the readers of a case, and sends them.
pub async fn write(
    client: &Client,
    id: &CaseId,
    act: Act,
    text: Plaintext,
    along: Vec<Attachment>,
) -> Result<Sent, DeskError> {
    write_once(client, id, act, text, (new_item(), along)).await
}

/// As [`write`], with the id of the item: what arrived before is not written again.
pub(super) async fn write_once(
    client: &Client,
    id: &CaseId,
    act: Act,
    text: Plaintext,
    (item, along): (ItemId, Vec<Attachment>),
) -> Result<Sent, DeskError> {
    may_write(act, &text)?;
    let (case, items) = entered(client, id).await?;
    if case.items.contains(&item) {
        return Ok(Sent { item, already: true });
    }
    possible(client, (&case, &items), act)?;
    in_step(client, (&case, &items), act)?;
    let to = recipients(client, &case, &items, act != Act::Note)?;
    // A reader confirms with the acknowledgement who filed, so far as a hash can say.
    let proof = committed(&items).filter(|_| act == Act::Acknowledge).map(|(_, commitment)| commitment.to_owned());
    let mut seq = u32::try_from(case.items.len()).unwrap_or(u32::MAX);
    // The reporter gets the text; what goes along is for readers.
    let readers = recipients(client, &case, &items, false)?;
    for attachment in along {
        attach(client, (&case, &items), &readers, attachment, seq).await?;
        seq = seq.saturating_add(1);
    }
    let kind = kind(act);
    let about = about(client, (&case, &items), Some(Doing::Kind(kind)));
    send_item(client, &case, (item, kind, Some(act), proof), text, &to, (deed(kind), about)).await
}

fn new_item() -> ItemId {
    ItemId::from_uuid(Uuid::new_v4())
}

/// What an act writes.
fn kind(act: Act) -> Kind {
    match act {
        Act::Acknowledge => Kind::Acknowledgement,
        Act::Ask => Kind::Question,
        Act::Reply => Kind::Reply,
        Act::Feedback => Kind::Feedback,
        Act::Note => Kind::Note,
        Act::Close => Kind::Closing,
    }
}

/// Says what is wrong with a text.
pub(super) fn may_write(act: Act, text: &Plaintext) -> Result<(), DeskError> {
    if act != Act::Note && text.escaped_len() > ANSWER_BYTES {
        return Err(DeskError::new(format!(
            "the text takes {} bytes, and a page shows the reporter {ANSWER_BYTES}; send it in parts. Nothing was sent",
            text.escaped_len()
        )));
    }
    if text.is_blank() {
        return Err(DeskError::known("desk-error-empty"));
    }
    Ok(())
}

/// Refuses what is for a reporter who withdrew: they want no more contact.
pub(super) fn may_reach(items: &[Item]) -> Result<(), DeskError> {
    if withdrawn(items).is_some() { Err(DeskError::known("desk-error-withdrawn")) } else { Ok(()) }
}

/// Says why an act cannot be done, before anything is sent.
pub(super) fn possible(client: &Client, (case, items): (&CaseView, &[Item]), act: Act) -> Result<(), DeskError> {
    guest::may(client, kind(act))?;
    if Circle::of(client, items).is_ok_and(|circle| circle.may_ask(client).is_err()) {
        return Err(DeskError::known("desk-error-passed"));
    }
    if !act.is_for_guests() {
        reads_story(client, case)?;
    }
    let others = case.readers.iter().filter_map(|r| client.roster.keyed(r));
    if act == Act::Close && client.roster.keyed(&client.me.keyed()).is_some_and(|me| !may_end(me, others)) {
        return Err(DeskError::known("desk-error-manager-ends"));
    }
    // The end is said to them all the same: the case has one. What would be refused for another reason too leads nowhere.
    if case.state == CaseState::Open && !matches!(act, Act::Note | Act::Close) {
        may_reach(items)?;
    }
    let stands = (case.state, terms(items));
    after(act, stands, (case.filed, case.due), client.today()).map(drop).map_err(|invalid| match (invalid, act) {
        (InvalidAct::NoTerm, _) => no_term(client, items),
        (InvalidAct::State, _) if case.state.is_closed() => DeskError::known("desk-error-closed"),
        // Who has read it by now, and opened nothing by that, has no slot of its story.
        (InvalidAct::State, _) if case.state == CaseState::Unopened => DeskError::known("desk-error-unopened"),
        (InvalidAct::State, Act::Acknowledge) => DeskError::known("desk-error-acknowledged"),
        (InvalidAct::State, _) => DeskError::known("desk-error-changed"),
    })
}

/// Refuses what is for those who read the story, to who was let in for a part.
fn reads_story(client: &Client, case: &CaseView) -> Result<(), DeskError> {
    let part = case.parts.contains(&client.me.keyed());
    if part && !case.state.is_closed() { Err(DeskError::known("desk-error-part")) } else { Ok(()) }
}

/// Refuses what would not count, because this desk's clock and the server's are days apart. An earlier server does not say its day.
pub(super) fn in_step(client: &Client, (case, items): (&CaseView, &[Item]), act: Act) -> Result<(), DeskError> {
    let (here, stands) = (client.today(), (case.state, terms(items)));
    match case.today {
        Some(server) if !will_count((act, here), stands, (case.filed, case.due), server) => {
            Err(DeskError::with_days("desk-error-clock", &[("here", here), ("server", server)]))
        }
        _ => Ok(()),
    }
}

/// Whether the law sets terms for a case, as far as its items tell.
fn terms(items: &[Item]) -> Terms {
    if advice(items) { Terms::None } else { Terms::Legal }
}

/// What to do instead in a case that is no report.
fn no_term(client: &Client, items: &[Item]) -> DeskError {
    let passed = Circle::of(client, items).is_ok_and(|circle| circle.only_passed(&client.me.keyed()));
    DeskError::known(match passed {
        true => "desk-error-passed",
        false if withdrawn(items).is_some() => "desk-error-withdrawn",
        false if identity(items) => "desk-error-no-term-identity",
        false => "desk-error-no-term",
    })
}

/// What is added with an item that is no act.
fn addition(kind: Kind) -> Addition {
    match kind {
        Kind::Left | Kind::TakeOut | Kind::TakenOut | Kind::Link => Addition::Readers,
        Kind::Reminder | Kind::TransferAsked | Kind::Escalation => Addition::Urge,
        Kind::HoldTold => Addition::Held,
        Kind::ReleaseTold => Addition::Released,
        Kind::Classification | Kind::Protocol | Kind::Step => Addition::Report,
        _ => Addition::Work,
    }
}

/// Says why what belongs to a report cannot be added, before anything is typed: see [`Addition::Report`].
pub(super) fn may_report(client: &Client, kind: Kind, (case, items): (&CaseView, &[Item])) -> Result<(), DeskError> {
    may_send(kind, case.state)?;
    reads_story(client, case)?;
    may_add(addition(kind), (case.state, terms(items))).map_err(|_| no_term(client, items))
}

/// Says why something that is no act cannot be added, before anything is sent.
pub(super) fn may_send(kind: Kind, state: CaseState) -> Result<(), DeskError> {
    let what = addition(kind);
    may_add(what, (state, Terms::Legal)).map_err(|_| {
        DeskError::known(match what {
            Addition::Held => "desk-error-not-held",
            Addition::Released => "desk-error-not-released",
            Addition::Urge => "desk-error-memo-closed",
            _ if state.is_closed() => "desk-error-closed",
            _ => "desk-error-changed",
        })
    })
}

/// Adds a file to a case, for its readers.
pub async fn attach_file(client: &Client, id: &CaseId, attachment: Attachment) -> Result<(), DeskError> {
    let (case, items) = entered(client, id).await?;
    let to = recipients(client, &case, &items, false)?;
    let seq = u32::try_from(case.items.len()).unwrap_or(u32::MAX);
    attach(client, (&case, &items), &to, attachment, seq).await
}

pub(super) fn failed(error: SealError) -> DeskError {
    DeskError::new(error.to_string())
}

/// Everyone a new item is sealed to. The server names the readers; of those, only whom the reporter chose or agreed to get a slot,
/// if the verified roster has them with the keys they had. See [`super::strangers`].
pub(super) fn recipients(
    client: &Client,
    case: &CaseView,
    items: &[Item],
    to_reporter: bool,
) -> Result<Addressed, DeskError> {
    let to = Circle::of(client, items)?.recipients(client, case, &Also { reporter: to_reporter, ..Also::default() })?;
    let me = client.me.keyed();
    if to.to.readers().contains(&me) { Ok(to) } else { Err(DeskError::known("desk-error-not-yours")) }
}

/// Signs, seals and sends one message, with its record for the log.
pub(super) async fn send(
    client: &Client,
    (case, items): (&CaseView, &[Item]),
    (kind, act): (Kind, Option<Act>),
    text: Plaintext,
    to: &Addressed,
) -> Result<Sent, DeskError> {
    let about = about(client, (case, items), Some(Doing::Kind(kind)));
    send_with(client, case, (kind, act, None), text, to, about).await
}

/// As [`send`], with what the log says of the case, and with the commitment of a proof that is confirmed.
pub(super) async fn send_with(
    client: &Client,
    case: &CaseView,
    (kind, act, proof): (Kind, Option<Act>, Option<String>),
    text: Plaintext,
    to: &Addressed,
    about: About,
) -> Result<Sent, DeskError> {
    send_as(client, case, (kind, act, proof), text, to, (deed(kind), about)).await
}

/// As [`send_with`], with the whole line of the log.
pub(super) async fn send_as(
    client: &Client,
    case: &CaseView,
    (kind, act, proof): (Kind, Option<Act>, Option<String>),
    text: Plaintext,
    to: &Addressed,
    line: Line,
) -> Result<Sent, DeskError> {
    send_item(client, case, (new_item(), kind, act, proof), text, to, line).await
}

async fn send_item(
    client: &Client,
    case: &CaseView,
    (id, kind, act, proof): (ItemId, Kind, Option<Act>, Option<String>),
    text: Plaintext,
    to: &Addressed,
    (deed, about): Line,
) -> Result<Sent, DeskError> {
    guest::may(client, kind)?;
    if act.is_none() {
        may_send(kind, case.state)?;
    }
    let seq = u32::try_from(case.items.len()).unwrap_or(u32::MAX);
    let head = ItemHead { item: id, proof, ..head(client, case, &to.to, kind, seq, None) };
    let (slots, payload) = item(head, text, &client.me.signer, &to.to).map_err(failed)?.into_parts();
    let log = client.sealed_record(&case.org, deed, about).await?;
    let mut body = framed(id, act, case.state, (&slots, Some(to)), log.clone())?;
    body.extend_from_slice(&payload);
    let added = client.add(&case.case, body).await?;
    client.logged(&case.org, log.as_deref()).await?;
    Ok(Sent { item: id, already: added.already })
}

pub(super) fn head(
    client: &Client,
    case: &CaseView,
    to: &Recipients,
    kind: Kind,
    seq: u32,
    name: Option<String>,
) -> ItemHead {
    ItemHead {
        instance: client.roster.instance,
        case: case.case,
        item: new_item(),
        kind,
        author: Author::Reader(client.me.reader.clone()),
        seq,
        seen: seen(&case.items),
        before: Before::of(&case.items),
        day: client.today(),
        name,
        to: to.readers(),
        reporter: None,
        proof: None,
        origin: Origin::default(),
        unread: Vec::new(),
    }
}

/// What stands before a payload on its way to the server.
pub(super) fn framed(
    item: ItemId,
    act: Option<Act>,
    expected: CaseState,
    (slots, addressed): (&[Slot], Option<&Addressed>),
    log: Option<String>,
) -> Result<Vec<u8>, DeskError> {
    let to = |to: &SlotTo| match (addressed, to) {
        (Some(addressed), SlotTo::Reader(reader)) => as_sent(addressed, reader),
        _ => SentTo::of(to),
    };
    let sent = |s: &Slot| SlotSent::of(to(&s.to), &s.header);
    let adding = Adding { item, act, expected, slots: slots.iter().map(sent).collect(), log };
    envelope::before_payload(&adding).map_err(|e| DeskError::new(e.to_string()))
}

/// The server knows a guest by their card only, and keeps what is for a reserve reader as it keeps the rest of theirs.
fn as_sent(to: &Addressed, reader: &KeyedReader) -> SentTo {
    let guest = to.cards.iter().find(|card| card.keyed() == *reader);
    match guest {
        Some(card) => SentTo::Guest(Box::new(card.clone())),
        None if to.aside.as_ref() == Some(reader) => SentTo::Aside(reader.clone()),
        None => SentTo::Reader(reader.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seal::guest::may_write;

    /// The server knows an act and a desk a kind: both have one rule.
    #[test]
    fn what_a_guest_may_do_is_what_they_may_write() {
        for act in Act::ALL {
            assert_eq!(act.is_for_guests(), may_write(kind(act)), "{}", act.name());
        }
    }
}
