//! The readers' API. Every route but the open ones needs a signed-in reader, and shows only cases that reader has a slot of.
mod add;
mod away;
mod document;
mod leave;
mod log;
mod oversee;
mod schemas;
mod session;
mod share;

use std::collections::BTreeSet;

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{self, Data, Json, Path},
};
use futures_util::StreamExt;

pub use document::document;
use document::{AgeFile, Anywhere, ForReaders};
pub use session::Nonces;
use session::SignedIn;

use super::{
    App, absence,
    mailbox::{self, CaseReader},
};
use crate::{
    api_types::CaseView,
    domain::{
        case::{Case, RESERVE_DAYS},
        id::{CaseId, ItemId},
    },
    roster_files::Files,
    store::{Payload, SlotRow, StoreError},
};

/// Bytes of a JSON body.
const JSON_BYTES: usize = 64 << 10;

/// Every route and its guard: what takes a [`SignedIn`] is for readers.
pub(crate) fn routes(cfg: &mut web::ServiceConfig) {
    cfg.app_data(web::JsonConfig::default().limit(JSON_BYTES))
        .service(web::resource("/challenge").post(session::challenge)) // open
        .service(web::resource("/session").post(session::sign_in)) // open
        .service(web::resource("/roster").get(roster)) // open: public keys, signed
        .service(web::resource("/openapi.json").get(document::openapi)) // open
        .service(web::resource("/inbox").get(inbox)) // SignedIn
        .service(web::resource("/cases/{case}").get(case)) // SignedIn, slot in the case
        .service(web::resource("/cases/{case}/items").post(add::add)) // SignedIn, slot in the case
        .service(web::resource("/cases/{case}/slots").delete(leave::leave)) // SignedIn, slot in the case
        .service(web::resource("/cases/{case}/take-out").post(leave::take_out)) // SignedIn, slot in the case, no guest
        .service(web::resource("/away").put(away::away)) // SignedIn, no guest
        .service(web::resource("/items/{item}").get(item)) // SignedIn, slot of the item
        .service(web::resource("/items/{item}/slots").post(share::share)) // SignedIn, slot of the item, no guest
        .service(web::resource("/overview").get(oversee::overview)) // Overseeing, coordinator
        .service(web::resource("/cases/{case}/hold").post(oversee::hold)) // Overseeing, coordinator of the organisation
        .service(web::resource("/cases/{case}/memos").post(oversee::memo)) // Overseeing, coordinator of the organisation
        .service(web::resource("/log/{org}").get(log::read_log).post(log::add_record)) // Overseeing of the organisation; Anybody
        .service(web::resource("/log/{org}/chain").get(log::chain)); // Anybody
}

/// The signed roster files, for a desk to verify itself.
#[utoipa::path(
    get,
    path = "/roster",
    tag = "service",
    responses((status = 200, description = "Files and signatures.", body = Files), Anywhere)
)]
async fn roster(app: Data<App>) -> HttpResponse {
    HttpResponse::Ok().json(&app.roster_files)
}

/// An answer without a body for what the store would not do.
fn failed(error: &StoreError) -> HttpResponse {
    match error {
        StoreError::Conflict => HttpResponse::Conflict().finish(),
        StoreError::Unavailable(_) => HttpResponse::ServiceUnavailable().finish(),
        StoreError::Corrupt { .. } | StoreError::UnknownSchema(_) => HttpResponse::InternalServerError().finish(),
    }
}

/// The slots a reader has and may use now, by case and item.
async fn my_slots(app: &App, me: &SignedIn) -> Result<Vec<(CaseId, ItemId, SlotRow)>, StoreError> {
    let days = app.store.filed_days().await?;
    let mailboxes: Vec<[u8; 32]> = days.into_iter().map(|day| app.post.reader_mailbox(&me.keyed, day)).collect();
    served(app, me, &mailboxes).await
}

/// A reader's slots of one case that we wrote.
async fn my_slots_of(app: &App, me: &SignedIn, case: &Case) -> Result<Vec<(ItemId, SlotRow)>, StoreError> {
    let mailbox = app.post.reader_mailbox(&me.keyed, case.filed);
    let slots = served(app, me, &[mailbox]).await?;
    let of_case = slots.into_iter().filter(|(id, item, row)| *id == case.id && app.post.intact(case, item, row));
    Ok(of_case.map(|(_, item, row)| (item, row)).collect())
}

/// What is served of these mailboxes: all that is released, and what is held back in a case where a reader is away. A guest has one case.
async fn served(
    app: &App,
    me: &SignedIn,
    mailboxes: &[[u8; 32]],
) -> Result<Vec<(CaseId, ItemId, SlotRow)>, StoreError> {
    let today = app.clock.today();
    let anybody = !absence::away(app).await?.is_empty();
    let by = if anybody { today.plus_days(RESERVE_DAYS) } else { today };
    let mut slots = app.store.inbox(mailboxes, by).await?;
    slots.retain(|(id, _, _)| me.guest.as_ref().is_none_or(|guest| guest == id));
    let held = |row: &SlotRow| row.release.is_some_and(|day| day > today);
    let mut back: BTreeSet<CaseId> = slots.iter().filter(|(_, _, row)| held(row)).map(|(id, _, _)| *id).collect();
    for id in back.clone() {
        if let Some(case) = app.store.case(&id).await?
            && absence::served_by(app, &mailbox::readers(app, &case).await?) > today
        {
            back.remove(&id);
        }
    }
    slots.retain(|(id, _, row)| !(held(row) && back.contains(id)));
    Ok(slots)
}

fn view(case: &Case, items: Vec<ItemId>, readers: &[CaseReader<'_>]) -> CaseView {
    let Case { id, org, filed, due, state, .. } = case.clone();
    let away = readers.iter().filter(|r| r.away.is_some()).map(|r| r.keyed.clone()).collect();
    let readers = readers.iter().map(|r| r.keyed.clone()).collect();
    CaseView { case: id, org, state, filed, due, items, readers, away }
}

/// The cases of this reader, the most urgent first.
#[utoipa::path(
    get,
    path = "/inbox",
    tag = "cases",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "Those with an item for this reader.", body = Vec<CaseView>, links(
            ("case" = (operation_id = "case", parameters(("case" = "$response.body#/0/case")))),
            ("item" = (operation_id = "item", parameters(("item" = "$response.body#/0/items/0"))))
        )),
        ForReaders,
        Anywhere
    )
)]
async fn inbox(app: Data<App>, me: SignedIn) -> HttpResponse {
    let list = async {
        let mut views: Vec<CaseView> = Vec::new();
        // They come sorted by case.
        let mut last: Option<Case> = None;
        for (id, item, row) in my_slots(&app, &me).await? {
            if last.as_ref().is_none_or(|case| case.id != id) {
                last = app.store.case(&id).await?;
            }
            let Some(case) = last.as_ref().filter(|case| app.post.intact(case, &item, &row)) else { continue };
            match views.last_mut().filter(|view| view.case == id) {
                Some(view) => view.items.push(item),
                None => views.push(view(case, vec![item], &[])),
            }
        }
        views.sort_by_key(|v| (v.due, v.case));
        Ok::<_, StoreError>(views)
    };
    list.await.map_or_else(|e| failed(&e), |views| HttpResponse::Ok().json(views))
}

/// A case this reader has a slot of, with their items; `None` for any other case.
async fn mine(app: &App, me: &SignedIn, id: &CaseId) -> Result<Option<(Case, Vec<ItemId>)>, StoreError> {
    let Some(case) = app.store.case(id).await? else { return Ok(None) };
    let items: Vec<ItemId> = my_slots_of(app, me, &case).await?.into_iter().map(|(item, _)| item).collect();
    Ok((!items.is_empty()).then_some((case, items)))
}

/// One case of this reader.
#[utoipa::path(
    get,
    path = "/cases/{case}",
    tag = "cases",
    params(("case" = CaseId, Path, description = "From the inbox.")),
    security(("bearer" = [])),
    responses(
        (status = 200, description = "With its readers.", body = CaseView, links(
            ("add" = (operation_id = "add", parameters(("case" = "$response.body#/case")))),
            ("item" = (operation_id = "item", parameters(("item" = "$response.body#/items/0"))))
        )),
        ForReaders,
        Anywhere
    )
)]
async fn case(app: Data<App>, me: SignedIn, id: Path<String>) -> HttpResponse {
    let found = async {
        let Some(id) = CaseId::parse(&id) else { return Ok(None) };
        let Some((case, items)) = mine(&app, &me, &id).await? else { return Ok(None) };
        let readers = mailbox::readers(&app, &case).await?;
        Ok::<_, StoreError>(Some(view(&case, items, &readers)))
    };
    match found.await {
        Ok(Some(view)) => HttpResponse::Ok().json(Json(view)),
        Ok(None) => HttpResponse::NotFound().finish(),
        Err(error) => failed(&error),
    }
}

/// An item as an ordinary age file: this reader's slot, then the payload. Marks the case as opened.
#[utoipa::path(
    get,
    path = "/items/{item}",
    tag = "cases",
    params(("item" = ItemId, Path, description = "From a case.")),
    security(("bearer" = [])),
    responses(
        (status = 200, description = "Sealed.", content_type = "application/octet-stream", body = AgeFile),
        ForReaders,
        Anywhere
    )
)]
async fn item(app: Data<App>, me: SignedIn, id: Path<String>) -> HttpResponse {
    let found = async {
        let Some(item) = ItemId::parse(&id) else { return Ok(None) };
        let Some(id) = app.store.case_of(&item).await? else { return Ok(None) };
        let Some(case) = app.store.case(&id).await? else { return Ok(None) };
        let slot = my_slots_of(&app, &me, &case).await?.into_iter().find(|(i, _)| *i == item);
        let (Some((_, slot)), Some(payload)) = (slot, app.store.payload(&item).await?) else { return Ok(None) };
        let by = absence::served_by(&app, &mailbox::readers(&app, &case).await?);
        app.store.mark_opened(&case.id, by).await?;
        Ok::<_, StoreError>(Some((item, slot, payload)))
    };
    match found.await {
        Ok(Some((item, slot, payload))) => send(&app, &item, slot, payload).await,
        Ok(None) => HttpResponse::NotFound().finish(),
        Err(error) => failed(&error),
    }
}

async fn send(app: &App, item: &ItemId, slot: SlotRow, payload: Payload) -> HttpResponse {
    let mut response = HttpResponse::build(StatusCode::OK);
    response.content_type("application/octet-stream");
    match payload {
        Payload::Inline(payload) => response.body([slot.header, payload].concat()),
        Payload::Blob => match (app.blobs.size(item).await, app.blobs.read(item).await) {
            (Ok(size), Ok(blob)) => {
                let length = size + slot.header.len() as u64;
                let header = futures_util::stream::once(async { Ok(web::Bytes::from(slot.header)) });
                response.no_chunking(length).streaming(header.chain(blob).map(|c: Result<_, StoreError>| {
                    c.map_err(|_| actix_web::error::ErrorServiceUnavailable("the payload store is away"))
                }))
            }
            (Err(error), _) | (_, Err(error)) => failed(&error),
        },
    }
}
