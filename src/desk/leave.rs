//! Leaving a case, and taking somebody else out of it: said to the readers who stay, signed, then done at the server.
use super::{
    Client, DeskError,
    along::{self, Advice},
    circle::{Addressed, Also, Circle, acts, author, proven},
    consent::{may_ask, said},
    log::{About, Line, UNNAMED},
    open::{Content, Item, Opened, Reach, State, entered, open_case},
    register::{Doing, about, deed},
    write::{Sent, failed, send, send_as},
};
use crate::{
    api_types::{CaseView, Going, TakingOut},
    domain::{
        case::CaseState,
        day::Day,
        id::{CaseId, ItemId, KeyedReader, ReaderId},
        log::Deed,
        roster::Reader,
        routing::may_go,
    },
    seal::{
        Kind, Plaintext, Recipients,
        circle::{Left, LeftReason, TakeOut, TakenOut},
    },
    text::Texts,
};

/// Leaves a case: says so to the readers who stay, then goes. Nothing later is for this reader. From a case that nobody opened they go
/// unread, whatever the reason: it stays unopened, and the reason is not said.
/// They leave what went along with a report from advice too; where that fails it is still in their inbox, and they are told.
pub async fn leave(client: &Client, id: &CaseId, reason: LeftReason) -> Result<Sent, DeskError> {
    let case = client.case(id).await?;
    if !can_leave(client, &case).await? {
        return Err(last(&case));
    }
    let unopened = case.state == CaseState::Unopened;
    if !unopened && reason == LeftReason::Unread {
        return Err(DeskError::known("desk-error-leave-why"));
    }
    let reason = if unopened { LeftReason::Unread } else { reason };
    let sent = go(client, &case, reason, if unread(client, &case) { Goes::Unread } else { Goes::Read }).await?;
    let too = async |(advice, items): Advice| {
        if Circle::of(client, &items)?.only_passed(&client.me.keyed()) {
            go(client, &advice, reason, Goes::Along).await?;
        }
        Ok(())
    };
    if along::with_all(client, id, too).await == 0 { Ok(sent) } else { Err(DeskError::known("desk-error-along-left")) }
}

/// Whether this reader leaves a case that they did not read. To say so to those whom its reporter chose they would have to open it, and a
/// second who opens it makes the reserve reader needless.
fn unread(client: &Client, case: &CaseView) -> bool {
    let part = case.passed || case.parts.contains(&client.me.keyed());
    case.state == CaseState::Unopened || (case.state == CaseState::Open && !case.fetched && !part)
}

/// How somebody leaves a case.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Goes {
    /// They had not read it.
    Unread,
    /// By itself.
    Read,
    /// Because they left a report with which it went along.
    Along,
}

/// Leaves this one case.
async fn go(client: &Client, case: &CaseView, reason: LeftReason, goes: Goes) -> Result<Sent, DeskError> {
    let me = client.me.keyed();
    let unread = goes == Goes::Unread;
    let (to, about, left) =
        if unread { unopened(client, case, &me, reason)? } else { staying(client, case, reason).await? };
    let line = |deed: Deed| if goes == Goes::Along { UNNAMED } else { (deed, about.clone()) };
    let told = line(deed(Kind::Left));
    let sent = send_as(client, case, (Kind::Left, None, None), left.into_body(), &to, told).await?;
    let (deed, about) = line(Deed::LeftCase);
    let log = client.sealed_record(&case.org, deed, about).await?;
    let going = Going { log };
    client.leave(&case.case, &going).await?;
    client.logged(&case.org, going.log.as_deref()).await?;
    Ok(sent)
}

/// Everyone but the one who goes, as the server names them: that they go is all that these read, not that they are too near to it. Whether it is
/// a report or advice is not known to who did not read it: the log names no case then.
fn unopened(
    client: &Client,
    case: &CaseView,
    me: &KeyedReader,
    reason: LeftReason,
) -> Result<(Addressed, About, Left), DeskError> {
    client.check_organisation(case, &[])?;
    let others: Vec<&Reader> = roster_readers(client, case).filter(|r| r.keyed() != *me).collect();
    let to = Addressed { to: Recipients::of(others).map_err(failed)?, cards: Vec::new(), aside: None };
    let said = if reason == LeftReason::Conflict { LeftReason::Unread } else { reason };
    Ok((to, (None, None), Left::new(said, Vec::new())))
}

/// Everyone of the circle but the one who goes.
async fn staying(client: &Client, case: &CaseView, reason: LeftReason) -> Result<(Addressed, About, Left), DeskError> {
    let me = client.me.keyed();
    let items = open_case(client, case, Reach::Messages).await?;
    client.check_organisation(case, &items)?;
    // Who was given nothing but slots that open nothing knows nobody, and goes.
    if !items.iter().any(|item| matches!(item.state, State::Opened(_))) {
        return unopened(client, case, &me, reason);
    }
    let to = Circle::of(client, &items)?.recipients(client, case, &Also { except: Some(&me), ..Also::default() })?;
    let about = about(client, (case, &items), Some(Doing::Kind(Kind::Left)));
    Ok((to, about, Left::new(reason, acts(client, &items, &me))))
}

fn roster_readers<'a>(client: &'a Client, case: &'a CaseView) -> impl Iterator<Item = &'a Reader> {
    case.readers.iter().filter_map(|r| client.roster.keyed(r))
}

/// Whether this reader may leave a case: see [`may_leave`]. Who only reads what went along with a report, or another part without its story,
/// may always.
pub(super) async fn can_leave(client: &Client, case: &CaseView) -> Result<bool, DeskError> {
    let me = client.me.keyed();
    if case.parts.contains(&me) {
        return Ok(true);
    }
    if may_leave(client, case, &me) || unread(client, case) {
        return Ok(may_leave(client, case, &me));
    }
    let items = open_case(client, case, Reach::Messages).await?;
    Ok(Circle::of(client, &items)?.only_passed(&me))
}

/// Nobody would stay who can do the same; of a closed case nobody can join either.
fn last(case: &CaseView) -> DeskError {
    DeskError::known(if case.state.is_closed() { "desk-error-last-closed" } else { "desk-error-last" })
}

/// Whether the reporter can be asked to let somebody join a case that this reader cannot leave. Of an unopened one that is not known.
pub(super) async fn may_join(client: &Client, case: &CaseView) -> Result<bool, DeskError> {
    match case.state {
        CaseState::Unopened => Ok(true),
        CaseState::Open if unread(client, case) => Ok(true),
        CaseState::Closed | CaseState::Held => Ok(false),
        CaseState::Open => {
            let items = open_case(client, case, Reach::Messages).await?;
            Ok(may_ask(client, case, &items).is_ok())
        }
    }
}

/// What leaving a case means, a line each; an error where nobody would stay who can do the same.
pub(super) async fn leaving_means(
    client: &Client,
    t: Texts,
    id: &CaseId,
    reason: LeftReason,
) -> Result<Vec<String>, DeskError> {
    let case = client.case(id).await?;
    if !can_leave(client, &case).await? {
        return Err(last(&case));
    }
    let why = match (case.state, reason) {
        (CaseState::Unopened, _) => "desk-leave-unread-text",
        (_, LeftReason::Conflict) => "desk-leave-conflict-hint",
        (state, LeftReason::Leaving | LeftReason::Unread) => leaving_hint(state),
    };
    let along = (!along::found(client, id).await?.0.is_empty()).then_some("desk-leave-along");
    let lines = ["desk-leave-text", why].into_iter().chain(along).chain(["desk-leave-sure"]);
    Ok(lines.map(|id| t.get(id)).collect())
}

/// Whether whoever leaves without a conflict can be asked for again; nobody joins a closed case.
pub(super) fn leaving_hint(state: CaseState) -> &'static str {
    if state.is_closed() { "desk-leave-leaving-closed" } else { "desk-leave-leaving-hint" }
}

/// Whether one stays who can do what this reader did; the server looks again.
fn may_leave(client: &Client, case: &CaseView, who: &KeyedReader) -> bool {
    let going = client.roster.keyed(who);
    let stays = |r: &&Reader| r.keyed() != *who && !case.held.contains(&r.keyed()) && !case.parts.contains(&r.keyed());
    going.is_none_or(|going| may_go(going, roster_readers(client, case).filter(stays)))
}

/// A reader asked that somebody be taken out, and where that stands.
pub struct Taking {
    /// The item.
    pub asked: ItemId,
    /// Who would go.
    pub who: KeyedReader,
    /// Who asked.
    pub by: KeyedReader,
    /// The day it was asked.
    pub day: Day,
    /// Whether it was done.
    pub done: bool,
}

impl Taking {
    /// Whether the signed-in reader can be the second.
    pub(super) fn waits_for(&self, client: &Client) -> bool {
        let me = client.me.keyed();
        client.me.card.is_none() && self.is_open(client) && me != self.by && me != self.who
    }

    /// Whether it can still be done: by two who read now, and who retired meanwhile is none of them.
    fn is_open(&self, client: &Client) -> bool {
        !self.done && client.roster.keyed(&self.by).is_some()
    }
}

/// Who was asked to be taken out of a case, from what is proven.
pub(super) fn takings(client: &Client, circle: &Circle, (case, items): (&CaseView, &[Item])) -> Vec<Taking> {
    let one = |(item, opened): (ItemId, &Opened)| {
        let Content::TakeOut(asked) = &opened.content else { return None };
        let passed = || author(client, items, opened).filter(|by| circle.may_take_out(by, &asked.who));
        let by = circle.did(client, items, (item, opened)).or_else(passed)?;
        let reads = circle.readers.contains(&asked.who) || circle.only_passed(&asked.who);
        let done = !reads && !is_stranger(circle, (case, items), &asked.who, &item);
        Some(Taking { asked: item, who: asked.who.clone(), by, day: opened.manifest.head.day, done })
    };
    proven(items).filter_map(one).collect()
}

/// Whether somebody whom one reader alone let in, and who was asked to be taken out, reads all the same. An inbox does not say who reads.
fn is_stranger(circle: &Circle, (case, items): (&CaseView, &[Item]), who: &KeyedReader, asked: &ItemId) -> bool {
    if !case.readers.is_empty() {
        return case.readers.contains(who);
    }
    let taken = |opened: &Opened| matches!(&opened.content, Content::TakenOut(taken) if taken.take_out == *asked);
    !circle.went(who) && !proven(items).any(|(_, opened)| taken(opened))
}

/// Everybody else who reads a case, the guests last.
fn others(client: &Client, circle: &Circle, case: &CaseView) -> impl Iterator<Item = KeyedReader> {
    let (me, guests) = (client.me.keyed(), circle.guests.iter().map(crate::domain::guest::GuestCard::keyed));
    case.readers.iter().cloned().chain(guests).filter(move |r| *r != me)
}

/// Who can be taken out of a case when this reader asks.
pub(super) fn removable(client: &Client, circle: &Circle, case: &CaseView) -> Vec<KeyedReader> {
    if circle.may_ask(client).is_err() || client.me.card.is_some() {
        return Vec::new();
    }
    let can_go = |r: &KeyedReader| !circle.only_passed(r) && may_leave(client, case, r);
    others(client, circle, case).filter(can_go).collect()
}

/// Asks, as the first of two, that somebody is taken out of a case, and of what went along with it. They do not read it.
pub async fn take_out(client: &Client, id: &CaseId, who: &ReaderId, reason: Plaintext) -> Result<Sent, DeskError> {
    said(&reason)?;
    let (case, items) = opened(client, id).await?;
    let circle = Circle::of(client, &items)?;
    circle.may_ask(client)?;
    let there = others(client, &circle, &case).find(|r| r.reader == *who);
    let who = there.ok_or_else(|| DeskError::known("desk-error-not-here"))?;
    if circle.only_passed(&who) {
        return Err(DeskError::known("desk-error-only-passed"));
    }
    if !may_leave(client, &case, &who) {
        return Err(last(&case));
    }
    let to = circle.recipients(client, &case, &Also { except: Some(&who), ..Also::default() })?;
    let asked = TakeOut::new(&client.roster.instance, id, who.clone(), reason, &client.me.signer);
    let sent = send(client, (&case, &items), (Kind::TakeOut, None), asked.into_body(), &to).await?;
    along::ask(client, id, &who).await?;
    Ok(sent)
}

/// Takes somebody out, as the second of two, and says so to the readers who stay; then out of what went along with the report from advice.
/// Doing it again changes nothing at the server.
pub async fn confirm_take_out(client: &Client, id: &CaseId, asked: &ItemId) -> Result<Sent, DeskError> {
    let (case, items) = opened(client, id).await?;
    let circle = Circle::of(client, &items)?;
    let no_request = || DeskError::known("desk-error-no-request");
    let (_, first) = proven(&items).find(|(item, _)| item == asked).ok_or_else(no_request)?;
    let Content::TakeOut(wanted) = &first.content else { return Err(no_request()) };
    let counts = |by: &KeyedReader| circle.readers.contains(by) || circle.may_take_out(by, &wanted.who);
    let by = author(client, &items, first).filter(counts);
    let by = by.filter(|by| client.roster.keyed(by).is_some()).ok_or_else(no_request)?;
    let me = client.me.keyed();
    if by == me || wanted.who == me || wanted.who == by {
        return Err(DeskError::known("desk-error-second"));
    }
    let (who, signature) = (wanted.who.clone(), wanted.signature.clone());
    let to = match circle.only_passed(&who) {
        true => circle.all_but(client, &case, &who)?,
        false => circle.recipients(client, &case, &Also { except: Some(&who), ..Also::default() })?,
    };
    let line = (Deed::TookOut, about(client, (&case, &items), None));
    remove(client, &case, line, TakingOut { who: who.clone(), by, signature, log: None }).await?;
    let said = TakenOut::new(*asked, acts(client, &items, &who));
    let sent = send(client, (&case, &items), (Kind::TakenOut, None), said.into_body(), &to).await?;
    along::take_out(client, id, &who).await?;
    Ok(sent)
}

/// Has the server take somebody out, with what two readers want.
pub(super) async fn remove(
    client: &Client,
    case: &CaseView,
    (deed, about): Line,
    taking: TakingOut,
) -> Result<(), DeskError> {
    let taking = TakingOut { log: client.sealed_record(&case.org, deed, about).await?, ..taking };
    client.take_out(&case.case, &taking).await?;
    client.logged(&case.org, taking.log.as_deref()).await
}

/// The item in which somebody else asked that this person is taken out, and which was not confirmed yet.
pub(super) async fn asked_out(client: &Client, id: &CaseId, who: &ReaderId) -> Result<ItemId, DeskError> {
    let (case, items) = opened(client, id).await?;
    let circle = Circle::of(client, &items)?;
    let mut asked = takings(client, &circle, (&case, &items));
    asked.retain(|taking| taking.who.reader == *who && taking.is_open(client));
    // One's own is the last resort: it is refused with the reason.
    asked.sort_by_key(|taking| taking.by == client.me.keyed());
    asked.first().map(|taking| taking.asked).ok_or_else(|| DeskError::known("desk-error-not-asked"))
}

async fn opened(client: &Client, id: &CaseId) -> Result<(CaseView, Vec<Item>), DeskError> {
    if client.me.card.is_some() {
        return Err(DeskError::known("desk-error-guest"));
    }
    entered(client, id).await
}
