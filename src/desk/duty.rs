//! A hand-over without consent, on a legal duty: one reader asks with a ground and reasons, another approves, then either carries it out.
use super::{
    Client, DeskError,
    circle::{Also, Circle, author, handed_over, proven},
    consent::{Allowed, as_named, candidate, everything, named, said},
    open::{Content, Item, Opened},
    write::{Sent, send},
};
use crate::{
    domain::{
        day::Day,
        ground::Ground,
        id::{CaseId, ItemId, KeyedReader, ReaderId},
    },
    seal::{
        Kind, Plaintext,
        circle::{DutyApproval, DutyRequest},
        consent::{HandOver, Named},
    },
};

/// A legal duty to let somebody read, and where it stands.
pub struct Duty {
    /// Its item.
    pub request: ItemId,
    /// Who would read.
    pub to: KeyedReader,
    /// The day it was written.
    pub day: Day,
    /// What they would read.
    pub items: Vec<Named>,
    /// The ground.
    pub ground: Ground,
    /// Whether the reporter is told.
    pub notice: bool,
    /// The item in which a second reader of the case approved.
    pub approval: Option<ItemId>,
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
    pub(super) fn allowed(self) -> Result<Allowed, DeskError> {
        let approved = self.approval.filter(|_| !self.done);
        let answer = approved.ok_or_else(|| {
            DeskError::known(if self.done { "desk-error-handed-over" } else { "desk-error-not-approved" })
        })?;
        Ok(Allowed { answer, to: self.to, items: self.items, card: None, told: self.notice })
    }
}

/// The legal duties of a case, from what is proven.
pub(super) fn duties(client: &Client, circle: &Circle, items: &[Item]) -> Vec<Duty> {
    let by = |act: (ItemId, &Opened)| circle.did(client, items, act);
    let one = |(item, opened): (ItemId, &Opened)| {
        let Content::Duty(asked) = &opened.content else { return None };
        let first = by((item, opened))?;
        let approves = |(id, other): (ItemId, &Opened)| {
            let approves = matches!(&other.content, Content::DutyApproved(approval) if approval.request == item);
            let second = by((id, other)).filter(|second| *second != first && *second != asked.to);
            (approves && second.is_some()).then_some(id)
        };
        let approvals: Vec<ItemId> = proven(items).filter_map(approves).collect();
        let done = |answer: &&ItemId| {
            let follows = |done: &HandOver| done.follows((&item, answer), &asked.to);
            proven(items).filter_map(|(_, o)| handed_over(o)).any(follows)
        };
        let carried_out = approvals.iter().find(done);
        Some(Duty {
            request: item,
            to: asked.to.clone(),
            day: opened.manifest.head.day,
            items: asked.items.clone(),
            ground: asked.ground,
            notice: asked.notice,
            approval: carried_out.or(approvals.first()).copied(),
            done: carried_out.is_some(),
        })
    };
    proven(items).filter_map(one).collect()
}

/// Says that a legal duty asks to let somebody read these items; all that can be shared when none is named. With a notice the reporter
/// reads it.
pub async fn ask_duty(client: &Client, id: &CaseId, claim: DutyClaim, which: &[ItemId]) -> Result<Sent, DeskError> {
    said(&claim.reason)?;
    if !claim.reference.is_blank() || claim.ground.needs_reference() {
        said(&claim.reference).map_err(|_| DeskError::known("desk-error-reference"))?;
    }
    let (case, items) = everything(client, id).await?;
    let circle = Circle::of(client, &items)?;
    circle.may_ask(client)?;
    let to = candidate(client, &case, &items, &claim.to)?.keyed();
    let wanted = named(&items, which)?;
    let also = Also { reporter: claim.notice, ..Also::default() };
    let recipients = circle.recipients(client, &case, &also)?;
    let asked = DutyRequest::new((to, wanted), (claim.ground, claim.reference), claim.reason, claim.notice);
    send(client, (&case, &items), (Kind::DutyRequest, None), asked.into_body(), &recipients).await
}

/// Agrees, as a second reader, that the duty is there.
pub async fn approve_duty(client: &Client, id: &CaseId, request: &ItemId) -> Result<Sent, DeskError> {
    let (case, items) = everything(client, id).await?;
    let circle = Circle::of(client, &items)?;
    let duty = duties(client, &circle, &items).into_iter().find(|duty| duty.request == *request);
    let duty = duty.ok_or_else(|| DeskError::known("desk-error-no-request"))?;
    let first = proven(&items).find(|(id, _)| id == request).and_then(|(_, o)| author(client, &items, o));
    if first == Some(client.me.keyed()) || client.me.card.is_some() {
        return Err(DeskError::known("desk-error-second"));
    }
    if duty.approval.is_some() {
        return Err(DeskError::known("desk-error-approved"));
    }
    as_named(&items, &duty.items)?;
    let to = circle.recipients(client, &case, &Also::default())?;
    send(client, (&case, &items), (Kind::DutyApproval, None), DutyApproval::new(*request).into_body(), &to).await
}
