//! An officer files a report that somebody told them: sealed on their desk, to the readers that the routing gives.
use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{self, Data},
};
use futures_util::StreamExt;

use super::{
    super::App,
    SignedIn,
    add::{Refused, head},
    document::{Anywhere, CaseEnvelope, ForReaders},
    log::record,
};
use crate::{
    api_types::{AddedView, SentTo, SlotSent, filing::NewCase},
    domain::{
        case::{Case, RESERVE_DAYS},
        id::KeyedReader,
        oral::may_enter,
    },
    envelope::MESSAGE_BYTES,
    seal::{Slot, slot::FILL_MORE},
    store::{Filed, NewItem, Payload, StoreError},
};

/// Files a report that somebody told an officer, once however often it is sent.
///
/// The server sees what it sees of every report: whose it is, its look-up id, and slots. It takes it from an officer of the
/// organisation's desk alone, for exactly the readers that the routing gives once everybody else is struck.
#[utoipa::path(
    post,
    path = "/cases",
    tag = "cases",
    request_body(content = CaseEnvelope, content_type = "application/octet-stream"),
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The case is there.", body = AddedView),
        (status = 400, description = "Not an envelope, no slots or too many, no record for the log, or a body that ended early."),
        (status = 403, description = "This reader enters no reports for this organisation, or the slots are not for the readers of such a report."),
        (status = 408, description = "The body came too slowly."),
        (status = 409, description = "The case or the look-up id is there with another first item."),
        (status = 413, description = "The payload is larger than a message."),
        (status = 429, description = "Too much is filed at this moment, or this reader has written too much into the log."),
        ForReaders,
        Anywhere
    )
)]
pub(crate) async fn file(app: Data<App>, me: SignedIn, mut body: web::Payload) -> HttpResponse {
    let filed = async {
        let (new, rest): (NewCase, _) = head(&mut body).await?;
        let slots = slots(&app, &me, &new)?;
        if app.tries.check().is_err() {
            return Err(Refused::Sent(StatusCode::TOO_MANY_REQUESTS));
        }
        let payload = payload(rest, body).await?;
        if already(&app, &new).await? {
            return Ok(Filed::Already);
        }
        store(&app, &me, new, slots, payload).await
    };
    match filed.await {
        Ok(filed) => HttpResponse::Ok().json(AddedView { already: filed == Filed::Already }),
        Err(refused) => refused.answer(),
    }
}

/// The slots, if they are for the readers of a report that this officer may enter, and for nobody else.
fn slots(app: &App, me: &SignedIn, new: &NewCase) -> Result<Vec<Slot>, Refused> {
    let wrong = |status| Refused::Sent(status);
    if new.slots.is_empty() || new.slots.len() > FILL_MORE {
        return Err(wrong(StatusCode::BAD_REQUEST));
    }
    let reader = |s: &SlotSent| if let SentTo::Reader(keyed) = &s.to { Some(keyed.clone()) } else { None };
    let to: Vec<KeyedReader> = new.slots.iter().filter_map(reader).collect();
    let reporter = new.slots.iter().any(|s| s.to == SentTo::Reporter);
    if reporter || !may_enter(&app.roster, &new.org, &me.keyed, &to, new.reserve.as_ref()) {
        return Err(wrong(StatusCode::FORBIDDEN));
    }
    new.slots.iter().map(|s| s.slot(new.case)).collect::<Option<_>>().ok_or(wrong(StatusCode::BAD_REQUEST))
}

async fn payload(mut payload: Vec<u8>, mut body: web::Payload) -> Result<Vec<u8>, Refused> {
    while let Some(chunk) = body.next().await {
        payload.extend_from_slice(&chunk?);
        if payload.len() as u64 > MESSAGE_BYTES {
            return Err(Refused::Sent(StatusCode::PAYLOAD_TOO_LARGE));
        }
    }
    Ok(payload)
}

/// Whether exactly this was filed before; [`StoreError::Conflict`] when something else stands in its place.
async fn already(app: &App, new: &NewCase) -> Result<bool, StoreError> {
    let (here, there) = (app.store.case_by_lookup(&new.lookup).await?, app.store.case(&new.case).await?);
    let item = app.store.case_of(&new.item).await?;
    match (&here, &there, item) {
        (None, None, None) => Ok(false),
        (Some(here), Some(there), Some(item)) if here == there && item == here.id && here.org == new.org => Ok(true),
        _ => Err(StoreError::Conflict),
    }
}

async fn store(app: &App, me: &SignedIn, new: NewCase, slots: Vec<Slot>, payload: Vec<u8>) -> Result<Filed, Refused> {
    let today = app.day_stored().await?;
    // Nothing is filed for somebody that is not in the staff log.
    record(app, me.writes(), &new.org, new.log.as_deref()).await?;
    let case = Case::filed(new.case, new.lookup, new.org.clone(), today);
    let reserve = new.reserve.as_ref().map(|keyed| (keyed, today.plus_days(RESERVE_DAYS)));
    let slots = app.post.first_rows(&case, &new.item, slots, reserve, false);
    let item =
        NewItem { id: new.item, slots, aside: None, readers: Vec::new(), payload: Payload::Inline(payload), most: 1 };
    match app.store.file(&case, &item).await? {
        Filed::New => Ok(Filed::New),
        // Sent twice at once: what came first stands.
        Filed::Already => already(app, &new).await.map(|_| Filed::Already).map_err(Refused::Store),
    }
}
