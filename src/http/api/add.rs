//! A reader adds an item: an act on the case, or a file that goes along.
use actix_web::{
    HttpResponse,
    error::PayloadError,
    http::StatusCode,
    web::{self, Data, Path},
};
use futures_util::StreamExt;
use serde::de::DeserializeOwned;

use super::{
    super::{
        Adds, App, absence,
        mailbox::{Aside, CaseReader},
    },
    SignedIn,
    document::{Anywhere, Envelope, ForReaders},
    failed,
    log::record,
    mine,
    session::Writes,
};
use crate::{
    api_types::{AddedView, Adding, SentTo},
    domain::{
        case::{Act, Case, CaseState, Terms, after},
        day::Day,
        id::{CaseId, ItemId},
        routing::may_end,
    },
    envelope::{self, MESSAGE_BYTES},
    http::mailbox,
    seal::{Slot, guest::vouched, slot::FILL_MORE},
    store::{Added, Move, NewItem, Payload, SlotRow, StoreError},
};

/// Bytes handed to the payload store at once.
const PIECE: usize = 1 << 20;

/// Why an item is not taken.
pub(super) enum Refused {
    /// What was sent is at fault.
    Sent(StatusCode),
    /// The store would not.
    Store(StoreError),
}

impl Refused {
    pub(super) fn answer(&self) -> HttpResponse {
        match self {
            Self::Sent(status) => HttpResponse::new(*status),
            Self::Store(error) => failed(error),
        }
    }
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<PayloadError> for Refused {
    fn from(error: PayloadError) -> Self {
        let slow = matches!(&error, PayloadError::Io(e) if e.kind() == std::io::ErrorKind::TimedOut);
        Self::Sent(if slow { StatusCode::REQUEST_TIMEOUT } else { StatusCode::BAD_REQUEST })
    }
}

/// Adds an item to a case, once however often it is sent: an act on the case, or a file that goes along.
#[utoipa::path(
    post,
    path = "/cases/{case}/items",
    tag = "cases",
    params(("case" = CaseId, Path, description = "From the inbox.")),
    request_body(content = Envelope, content_type = "application/octet-stream"),
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The item is in the case.", body = AddedView),
        (status = 400, description = "Not an envelope, no slots or too many, no record for the log, or a body that ended early."),
        (status = 403, description = "A slot is for a reader that the case does not have; or a guest, or who was let in for a part, would confirm, give feedback or close, or a manager close what others read for a desk; or who only reads \
                                      what went along with a report would do more there than say who goes."),
        (status = 408, description = "The body came too slowly."),
        (status = 409, description = "The case is not in that state, or is full; or it is advice, which is not acknowledged and gets no feedback; or the item is of \
                                      another case. A case takes 250 items with a \
                                      guest's, 300 with a reader's, and an acknowledgement and an end whatever it has."),
        (status = 413, description = "The payload is larger than the server takes, or than any text: an act is none."),
        (status = 422, description = "An act that is done towards the reporter has no slot of theirs, or more than one: all but a note are."),
        (status = 429, description = "This reader has written too much into the log, or the guests of the case too much into it: 50 items a day."),
        ForReaders,
        Anywhere
    )
)]
pub(crate) async fn add(app: Data<App>, me: SignedIn, id: Path<String>, mut body: web::Payload) -> HttpResponse {
    let Some(id) = CaseId::parse(&id) else { return HttpResponse::NotFound().finish() };
    let case = match mine(&app, &me, &id).await {
        Ok(Some((case, _))) => case,
        Ok(None) => return HttpResponse::NotFound().finish(),
        Err(error) => return failed(&error),
    };
    // The head first; then the payload goes into a row or a blob.
    let (adding, rest) = match head(&mut body).await {
        Ok(read) => read,
        Err(refused) => return refused.answer(),
    };
    let (has, aside) = match mailbox::all(&app, &case).await {
        Ok(all) => all,
        Err(error) => return failed(&error),
    };
    if let Some(refused) = refuse(&app, &me, &case, &adding, &has) {
        return refused;
    }
    match reads_enough(&app, &me, &case, adding.act).await {
        Ok(true) => {}
        Ok(false) => return HttpResponse::Forbidden().finish(),
        Err(error) => return failed(&error),
    }
    let adds = match adding.act {
        Some(Act::Acknowledge | Act::Close) => Adds::Must,
        _ if me.guest.is_some() => Adds::Guest,
        _ if mailbox::only_passed(&has, &me.keyed) => Adds::Passed,
        _ => Adds::Reader,
    };
    let held = ((&*has, aside), absence::served_by(&app, &has));
    let added = async {
        let fit = fit(&app, (&case, adds), &adding).await?;
        if matches!(adds, Adds::Guest | Adds::Passed) && !app.by_guests.take(&case.id) {
            return Err(Refused::Sent(StatusCode::TOO_MANY_REQUESTS));
        }
        logged(&app, me.writes(), &case, &adding).await?;
        store(&app, &case, fit, held, rest, body).await
    };
    match added.await {
        Ok(added) => HttpResponse::Ok().json(AddedView { already: added == Added::Already }),
        Err(refused) => refused.answer(),
    }
}

/// Whoever was let in for a part reads along, asks and answers, as a guest does. What the law asks, those do who read the story.
async fn reads_enough(app: &App, me: &SignedIn, case: &Case, act: Option<Act>) -> Result<bool, StoreError> {
    if act.is_none_or(Act::is_for_guests) {
        return Ok(true);
    }
    let mailbox = app.post.reader_mailbox(&me.keyed, case.filed);
    mailbox::reads_story(app, case, (&mailbox, Day::LAST)).await
}

/// Nobody is let in by adding an item: its slots are for readers the case has.
fn refuse(app: &App, me: &SignedIn, case: &Case, adding: &Adding, has: &[CaseReader<'_>]) -> Option<HttpResponse> {
    let stranger = |to: &SentTo| match to {
        SentTo::Reader(id) => has.iter().all(|r| r.keyed != id),
        // Who only reads a part is known by what they have.
        SentTo::Passed(_) => true,
        // One who has no slot in the case is left out by the store, here and below.
        SentTo::Aside(_) => false,
        SentTo::Guest(card) => !vouched(card, &app.roster, &case.id) || !card.counts_on(app.clock.today()),
        SentTo::Reporter | SentTo::Nobody(_) => false,
    };
    let others = has.iter().filter(|r| *r.keyed != me.keyed).map(|r| r.reader);
    let ends = has.iter().find(|r| *r.keyed == me.keyed).is_none_or(|r| may_end(r.reader, others));
    let guests = me.guest.is_some() && adding.act.is_some_and(|act| !act.is_for_guests());
    // Whoever only reads what went along says who goes, and nothing else: that is no act, and not for the reporter.
    let writes = || adding.act.is_some() || adding.slots.iter().any(|s| s.to == SentTo::Reporter);
    if guests || (adding.act == Some(Act::Close) && !ends) || (mailbox::only_passed(has, &me.keyed) && writes()) {
        return Some(HttpResponse::Forbidden().finish());
    }
    if adding.slots.is_empty() || adding.slots.len() > FILL_MORE {
        return Some(HttpResponse::BadRequest().finish());
    }
    // What is inside a seal nobody here knows; that there is a slot of theirs can be seen.
    let told = adding.slots.iter().filter(|s| s.to == SentTo::Reporter).count();
    if adding.act.is_some_and(Act::is_for_reporter) && told != 1 {
        return Some(HttpResponse::UnprocessableEntity().finish());
    }
    adding.slots.iter().any(|s| stranger(&s.to)).then(|| HttpResponse::Forbidden().finish())
}

/// Writes what is about to be done into the staff log: nothing is done that is not in it. An act that then fails stands there too.
pub(super) async fn logged(app: &App, who: Writes, case: &Case, adding: &Adding) -> Result<(), Refused> {
    if app.store.case_of(&adding.item).await?.is_some() {
        return Ok(());
    }
    // What is inside the seal was made for this state of the case, and is not looked at: after the end a note is left, and who leaves.
    if adding.expected != case.state {
        return Err(StoreError::Conflict.into());
    }
    record(app, who, &case.org, adding.log.as_deref()).await
}

/// An item that can be stored, but for its payload.
pub(super) struct Fit {
    item: ItemId,
    slots: Vec<Slot>,
    change: Option<Move>,
    adds: Adds,
}

/// Checks the form of what is added, what its act does to the case, and that the case has room. The store asks that once more.
pub(super) async fn fit(app: &App, (case, adds): (&Case, Adds), adding: &Adding) -> Result<Fit, Refused> {
    let slots: Option<Vec<Slot>> = adding.slots.iter().map(|s| s.slot(case.id)).collect();
    let slots = slots.ok_or(Refused::Sent(StatusCode::BAD_REQUEST))?;
    let change = match adding.act {
        Some(act) => Some(moved(app, case, act, adding.expected).await?),
        None => None,
    };
    if app.store.items(&case.id).await?.len() >= adds.most() {
        return Err(StoreError::Conflict.into());
    }
    Ok(Fit { item: adding.item, slots, change, adds })
}

async fn moved(app: &App, case: &Case, act: Act, expected: CaseState) -> Result<Move, StoreError> {
    // With a clock that went back a case would be closed, and kept, from a day that is long over.
    let today = app.day_stored().await?;
    let terms = if mailbox::advice(app, case).await? { Terms::None } else { Terms::Legal };
    let done = after(act, (expected, terms), (case.filed, case.due), today);
    let (state, due) = done.map_err(|_| StoreError::Conflict)?;
    let kept = app.roster.organisation(&case.org).and_then(|o| o.file.as_ref()).map(|f| f.retention_days);
    let ends = || case.destroy_after.or(kept.map(|days| today.plus_days(days)));
    let destroy_after = if state.is_closed() { ends() } else { None };
    Ok(Move { expected, expected_due: case.due, state, due, destroy_after })
}

pub(super) async fn head<T: DeserializeOwned>(body: &mut web::Payload) -> Result<(T, Vec<u8>), Refused> {
    let unreadable = || Refused::Sent(StatusCode::BAD_REQUEST);
    let mut bytes = Vec::new();
    loop {
        if let Some((adding, payload)) = envelope::split_any(&bytes).map_err(|_| unreadable())? {
            return Ok((adding, payload.to_vec()));
        }
        bytes.extend_from_slice(&body.next().await.ok_or_else(unreadable)??);
    }
}

pub(super) async fn store(
    app: &Data<App>,
    case: &Case,
    fit: Fit,
    (has, by): ((&[CaseReader<'_>], Aside<'_>), Day),
    mut payload: Vec<u8>,
    mut body: web::Payload,
) -> Result<Added, Refused> {
    let Fit { item, slots, change, adds } = fit;
    let most = adds.most();
    let readers = app.post.of_readers(case, &slots);
    let passed: Vec<[u8; 32]> =
        has.0.iter().filter(|r| r.passed).map(|r| app.post.reader_mailbox(r.keyed, case.filed)).collect();
    let row = |row: SlotRow| if passed.contains(&row.mailbox) { app.post.passed(case, &item, row) } else { row };
    let (slots, aside) = mailbox::rows(app, case, &item, slots, has);
    let slots = slots.into_iter().map(row).collect();
    while payload.len() as u64 <= MESSAGE_BYTES {
        let Some(chunk) = body.next().await else {
            let item = NewItem { id: item, slots, aside, readers, payload: Payload::Inline(payload), most };
            return Ok(app.store.add_item(&case.id, &item, change, by).await?);
        };
        payload.extend_from_slice(&chunk?);
    }
    let item = NewItem { id: item, slots, aside, readers, payload: Payload::Blob, most };
    if app.store.case_of(&item.id).await? == Some(case.id) {
        return Ok(Added::Already);
    }
    // A coordinator's message is a text, and so is that somebody goes, and every act.
    if matches!(adds, Adds::Memo | Adds::Passed) || change.is_some() {
        return Err(Refused::Sent(StatusCode::PAYLOAD_TOO_LARGE));
    }
    let _place = app.files.try_acquire().map_err(|_| full())?;
    app.store.announce_blob(&item.id).await?;
    let written = write(app, &item, payload, body).await;
    let added = match written {
        Ok(()) => app.store.add_item(&case.id, &item, change, by).await.map_err(Refused::Store),
        Err(error) => Err(error),
    };
    if added.is_err() {
        App::drop_blob(app, item.id).await;
    }
    added
}

async fn write(app: &App, item: &NewItem, first: Vec<u8>, mut body: web::Payload) -> Result<(), Refused> {
    let mut writer = app.blobs.writer(&item.id).await?;
    let mut piece = first;
    let mut total = piece.len() as u64;
    // Padding is at most as large as the file, plus the foot.
    let most = app.config.max_file_bytes.saturating_mul(2).saturating_add(PIECE as u64);
    let streamed = async {
        while let Some(chunk) = body.next().await {
            let chunk = chunk?;
            total += chunk.len() as u64;
            if total > most {
                return Err(Refused::Sent(StatusCode::PAYLOAD_TOO_LARGE));
            }
            piece.extend_from_slice(&chunk);
            if piece.len() >= PIECE {
                if app.disk_nearly_full() {
                    return Err(full().into());
                }
                writer.write(std::mem::take(&mut piece)).await?;
            }
        }
        Ok(writer.write(std::mem::take(&mut piece)).await?)
    };
    match streamed.await {
        Ok(()) => Ok(writer.finish().await?),
        Err(error) => {
            writer.abort().await;
            Err(error)
        }
    }
}

pub(super) fn full() -> StoreError {
    StoreError::Unavailable(Box::new(std::io::Error::from(std::io::ErrorKind::StorageFull)))
}
