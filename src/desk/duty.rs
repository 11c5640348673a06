//! A hand-over without consent, on a legal duty: one reader asks with a ground and reasons, another approves, then either carries it out.
use super::{
    Client, DeskError,
    case_words::CaseWords,
    circle::{Also, Circle, author, handed_over, proven},
    consent::{Allowed, REASON_BYTES, as_named, candidate, named, said, to_share},
    open::{Content, Item, Opened, entered, fetch_heads},
    write::{Sent, may_send, send},
};
use crate::{
    domain::{
        day::Day,
        ground::{Ground, in_time, not_before},
        id::{CaseId, ItemId, KeyedReader, ReaderId},
        routing::may_approve_duty,
    },
    seal::{
        Author, ItemHead, Kind, Plaintext,
        circle::{DutyApproval, DutyRequest},
        consent::{HandOver, Named},
    },
    text::Texts,
};

/// A file's name within a duty is no longer.
const ITEM_NAME_BYTES: usize = 1 << 10;

/// A legal duty to let somebody read, and where it stands.
pub struct Duty {
    /// Its item.
    pub request: ItemId,
    /// Who would read.
    pub to: KeyedReader,
    /// Who said so, as the first.
    pub by: KeyedReader,
    /// The day it was written.
    pub day: Day,
    /// What they would read.
    pub items: Vec<Named>,
    /// The ground.
    pub ground: Ground,
    /// The first day on which it may be carried out, as far as it is known before a second reader approved: the reporter is told before.
    /// Nothing where they are not.
    pub not_before: Option<Day>,
    /// The item in which a second reader of the case approved.
    pub approval: Option<ItemId>,
    /// What the reporter wrote since they were told, the oldest first.
    pub answers: Vec<ItemId>,
    /// Whether it was carried out.
    pub done: bool,
}

/// What a reader says of a legal duty.
pub struct DutyClaim {
    /// Who must read.
    pub to: ReaderId,
    /// The ground.
    pub ground: Ground,
    /// The article, warrant or number of the case; needed where the ground alone says nothing.
    pub reference: Plaintext,
    /// Why; without a notice also why that would endanger the inquiry.
    pub reason: Plaintext,
    /// Whether the reporter is told before.
    pub notice: bool,
}

impl Duty {
    /// What may be handed over today, by somebody who has read so many of the reporter's answers.
    pub(super) fn allowed(self, today: Day, read: usize) -> Result<Allowed, DeskError> {
        let answer = self.approved(today)?;
        if read < self.answers.len() {
            return Err(DeskError::known("desk-error-answered"));
        }
        let told = self.not_before.is_some();
        Ok(Allowed { answer, to: self.to, items: self.items, card: None, told, not_before: self.not_before })
    }

    /// The approval on which it may be carried out today, but for what the reporter answered.
    fn approved(&self, today: Day) -> Result<ItemId, DeskError> {
        let approved = self.approval.filter(|_| !self.done);
        let answer = approved.ok_or_else(|| {
            DeskError::known(if self.done { "desk-error-handed-over" } else { "desk-error-not-approved" })
        })?;
        match self.not_before.filter(|day| today < *day) {
            Some(day) => Err(DeskError::with_days("desk-error-notice-runs", &[("day", day)])),
            None => Ok(answer),
        }
    }

    /// Whether it may be carried out on a day.
    pub(super) fn is_ready(&self, today: Day) -> bool {
        self.is_approved() && in_time(self.not_before, today, today)
    }

    /// Whether it was approved and not carried out yet.
    pub(super) fn is_approved(&self) -> bool {
        self.approval.is_some() && !self.done
    }

    /// Whether the signed-in reader can be the second.
    pub(super) fn waits_for(&self, client: &Client) -> bool {
        let me = client.me.keyed();
        may_approve(client) && self.approval.is_none() && me != self.by && me != self.to
    }
}

/// Whether a duty is longer than this desk makes one: a page could not show the reporter all of it, so it counts for nobody.
pub(super) fn too_long(duty: &DutyRequest) -> bool {
    let texts = [&duty.reference, &duty.reason].iter().any(|text| text.escaped_len() > REASON_BYTES);
    texts || duty.items.iter().any(|named| named.name.as_ref().is_some_and(|name| name.len() > ITEM_NAME_BYTES))
}

/// The legal duties of a case, from what is proven.
pub(super) fn duties(client: &Client, circle: &Circle, items: &[Item]) -> Vec<Duty> {
    let by = |act: (ItemId, &Opened)| circle.did(client, items, act);
    let one = |(item, opened): (ItemId, &Opened)| {
        let Content::Duty(asked) = &opened.content else { return None };
        if too_long(asked) {
            return None;
        }
        let first = by((item, opened))?;
        let day = opened.manifest.head.day;
        let from = |approved| asked.notice.then(|| not_before(day, approved));
        let approves = |(id, other): (ItemId, &Opened)| {
            let approves = matches!(&other.content, Content::DutyApproved(approval) if approval.request == item);
            // One that only the readers get tells the reporter no day.
            let approves = approves && !(asked.notice && (other.unread || other.told == Some(false)));
            let second = by((id, other)).filter(|second| *second != first && *second != asked.to);
            let second =
                second.and_then(|second| client.roster.known(&second.reader)).filter(|second| may_approve_duty(second));
            // One of a day that has not come would put the hand-over off for ever.
            let day = other.manifest.head.day;
            (approves && second.is_some() && day <= client.today()).then_some((id, day))
        };
        let approvals: Vec<(ItemId, Day)> = proven(items).filter_map(approves).collect();
        // One that came too early is none, as the circle has it.
        let done = |(answer, approved): &&(ItemId, Day)| {
            let in_time = |day| in_time(from(Some(*approved)), day, client.today());
            let follows = |done: &HandOver| done.follows((&item, answer), &asked.to);
            proven(items).any(|(_, o)| in_time(o.manifest.head.day) && handed_over(o).is_some_and(follows))
        };
        let carried_out = approvals.iter().find(done);
        let approval = carried_out.or(approvals.iter().min_by_key(|(_, approved)| *approved)).copied();
        Some(Duty {
            request: item,
            to: asked.to.clone(),
            by: first,
            day,
            items: asked.items.clone(),
            ground: asked.ground,
            not_before: from(approval.map(|(_, approved)| approved)),
            approval: approval.map(|(approval, _)| approval),
            answers: if asked.notice { answers(items, (&item, day)) } else { Vec::new() },
            done: carried_out.is_some(),
        })
    };
    proven(items).filter_map(one).collect()
}

/// What the reporter wrote after they were told. An earlier program did not say what it had seen: the day decides then.
fn answers(items: &[Item], (notice, day): (&ItemId, Day)) -> Vec<ItemId> {
    let since = |head: &ItemHead| if head.before.is_empty() { day <= head.day } else { head.before.has(notice) };
    let written = proven(items).map(|(item, opened)| (item, &opened.manifest.head));
    let theirs = written.filter(|(_, head)| {
        let heard = head.kind.seeks_contact() || head.kind == Kind::Withdrawal;
        head.author == Author::Reporter && heard && since(head)
    });
    theirs.map(|(item, _)| item).collect()
}

/// What the reporter wrote since they were told of a legal duty that can be carried out now, each in words; nothing for what they are asked
/// themselves. What cannot be done is refused here: nobody reads first and is refused then.
pub(super) async fn answered(
    client: &Client,
    t: Texts,
    id: &CaseId,
    request: &ItemId,
) -> Result<Vec<String>, DeskError> {
    let (case, items) = entered(client, id).await?;
    may_send(Kind::HandOver, case.state)?;
    let words = CaseWords::of(client, t, &items);
    let Some(duty) = words.duties().into_iter().find(|duty| duty.request == *request) else { return Ok(Vec::new()) };
    duty.approved(client.today())?;
    Ok(words.answers(&duty))
}

/// Says that a legal duty asks to let somebody read these items; all that can be shared when none is named. With a notice the reporter
/// reads it.
pub async fn ask_duty(client: &Client, id: &CaseId, claim: DutyClaim, which: &[ItemId]) -> Result<Sent, DeskError> {
    said(&claim.reason)?;
    if !claim.reference.is_blank() || claim.ground.needs_reference() {
        said(&claim.reference).map_err(|_| DeskError::known("desk-error-reference"))?;
    }
    let (case, mut items) = to_share(client, id).await?;
    let circle = Circle::of(client, &items)?;
    circle.may_ask(client)?;
    fetch_heads(client, &case, &mut items, which).await?;
    let to = candidate(client, &case, &items, &claim.to)?.keyed();
    let wanted = named(&items, which)?;
    let also = Also { reporter: claim.notice, ..Also::default() };
    let recipients = circle.recipients(client, &case, &also)?;
    let asked = DutyRequest::new((to, wanted), (claim.ground, claim.reference), claim.reason, claim.notice);
    if too_long(&asked) {
        return Err(DeskError::known("desk-error-duty-long"));
    }
    send(client, (&case, &items), (Kind::DutyRequest, None), asked.into_body(), &recipients).await
}

/// Whether this reader can be the second: not a manager, who may answer for what the report is about.
pub(super) fn may_approve(client: &Client) -> bool {
    client.roster.keyed(&client.me.keyed()).is_some_and(may_approve_duty)
}

/// Agrees, as a second reader, that the duty is there.
pub async fn approve_duty(client: &Client, id: &CaseId, request: &ItemId) -> Result<Sent, DeskError> {
    let (case, mut items) = to_share(client, id).await?;
    let circle = Circle::of(client, &items)?;
    let asked = proven(&items).find(|(id, _)| id == request);
    if asked.is_some_and(|(_, o)| matches!(&o.content, Content::Duty(asked) if too_long(asked))) {
        return Err(DeskError::known("desk-error-duty-long"));
    }
    let duty = duties(client, &circle, &items).into_iter().find(|duty| duty.request == *request);
    let duty = duty.ok_or_else(|| DeskError::known("desk-error-no-request"))?;
    may_send(Kind::DutyApproval, case.state)?;
    let first = proven(&items).find(|(id, _)| id == request).and_then(|(_, o)| author(client, &items, o));
    if first == Some(client.me.keyed()) || client.me.card.is_some() {
        return Err(DeskError::known("desk-error-second"));
    }
    if !may_approve(client) {
        return Err(DeskError::known("desk-error-second-manager"));
    }
    if duty.approval.is_some() {
        return Err(DeskError::known("desk-error-approved"));
    }
    let asked = proven(&items).find(|(id, _)| id == request).map(|(_, asked)| asked);
    if asked.is_some_and(Opened::withheld) {
        return Err(DeskError::known("desk-error-not-told"));
    }
    let files: Vec<ItemId> = duty.items.iter().map(|named| named.item).collect();
    fetch_heads(client, &case, &mut items, &files).await?;
    as_named(&items, &duty.items)?;
    // The reporter's date counts from it, and it says all: that there was a slot of theirs in the request does not say that it opens.
    let told = proven(&items).find(|(id, _)| id == request).and_then(|(_, asked)| match &asked.content {
        Content::Duty(asked) if asked.notice => Some(DutyApproval::telling(request, asked)),
        _ => None,
    });
    let also = Also { reporter: told.is_some(), ..Also::default() };
    let to = circle.recipients(client, &case, &also)?;
    let body = told.unwrap_or_else(|| DutyApproval::new(*request).into_body());
    send(client, (&case, &items), (Kind::DutyApproval, None), body, &to).await
}
