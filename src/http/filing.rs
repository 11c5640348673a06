//! The end of filing: the answers are sealed to their readers and stored, in one transaction.
use uuid::Uuid;

use super::{App, form::Answers};
use crate::{
    domain::{
        case::{ACKNOWLEDGE_DAYS, Case, CaseState, RESERVE_DAYS},
        id::ItemId,
        roster::Reader,
        routing::Readers,
    },
    seal::{Author, ItemHead, Kind, Recipients, code::Code, item},
    store::{Filed, NewItem, Payload, StoreError},
};

/// Rooms of a code.
pub(crate) const ADVICE: u8 = 0;
pub(crate) const REPORT: u8 = 1;

/// A code opens one case of its own: what was sent with it before stands, in whichever room.
pub(super) async fn file(app: &App, answers: Answers, readers: &Readers, code: &Code) -> Result<Filed, StoreError> {
    let failed = |e: crate::seal::SealError| StoreError::Unavailable(Box::new(e));
    let today = app.clock.today();
    if app.store.last_day().await?.is_some_and(|last| last > today) {
        return Err(StoreError::Conflict); // a stored day never goes backward
    }
    let instance = &app.roster.instance;
    let (room, other, kind) =
        if answers.is_report() { (REPORT, ADVICE, Kind::Report) } else { (ADVICE, REPORT, Kind::Advice) };
    // In its own room the store itself finds what is there.
    if app.store.case_by_lookup(&code.keys(instance, other).lookup).await?.is_some() {
        return Ok(Filed::Already);
    }
    let keys = code.keys(instance, room);
    let public = keys.public();
    let (id, first) = (public.case(instance), ItemId::from_uuid(Uuid::new_v4()));
    let case = Case {
        id,
        lookup: keys.lookup,
        org: answers.org.clone().ok_or(StoreError::Conflict)?,
        filed: today,
        due: today.plus_days(ACKNOWLEDGE_DAYS),
        destroy_after: None,
        state: CaseState::Unopened,
    };
    let to = Recipients::of(readers.all()).map_err(failed)?;
    let head = ItemHead {
        instance: app.roster.instance,
        case: id,
        item: first,
        kind,
        author: Author::Reporter,
        seq: 0,
        seen: [0; 32],
        day: today,
        name: None,
        to: to.readers(),
        reporter: Some(public),
    };
    let sealed = item(head, answers.into_story().into_body(), &keys.signer, &to).map_err(failed)?;
    let (slots, payload) = sealed.into_parts();
    let reserve = readers.reserve().map(Reader::keyed);
    let reserve = reserve.as_ref().map(|keyed| (keyed, today.plus_days(RESERVE_DAYS)));
    let slots = app.post.rows(&case, &first, slots, reserve);
    app.store.file(&case, &NewItem { id: first, slots, readers: Vec::new(), payload: Payload::Inline(payload) }).await
}
