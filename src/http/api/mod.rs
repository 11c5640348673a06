//! The readers' API. Every route but the open ones needs a signed-in reader, and shows only cases that reader has a slot of.
mod add;
mod away;
mod document;
mod file;
mod items;
mod leave;
mod log;
mod oversee;
mod schemas;
mod session;
mod share;

use std::collections::BTreeSet;

use actix_web::{
    HttpResponse,
    web::{self, Data, Json, Path, Query},
};

use serde::Deserialize;
use utoipa::IntoParams;

pub use document::document;
use document::{Anywhere, ForReaders};
pub use session::Nonces;
use session::SignedIn;

use super::{
    App, absence,
    mailbox::{self, Aside, CaseReader},
};
use crate::{
    api_types::CaseView,
    domain::{
        case::{Case, CaseState, RESERVE_DAYS},
        day::Day,
        id::{CaseId, ItemId},
    },
    roster_files::Files,
    seal::SlotTo,
    store::{SlotRow, StoreError},
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
        .service(web::resource("/cases").post(file::file)) // SignedIn, officer of the organisation's desk
        .service(web::resource("/cases/{case}").get(case)) // SignedIn, slot in the case
        .service(web::resource("/cases/{case}/items").post(add::add)) // SignedIn, slot in the case
        .service(web::resource("/cases/{case}/leave").post(leave::leave)) // SignedIn, slot in the case
        .service(web::resource("/cases/{case}/take-out").post(leave::take_out)) // SignedIn, slot in the case, no guest
        .service(web::resource("/away").get(away::until).put(away::away)) // SignedIn, no guest
        .service(web::resource("/items").post(items::items)) // SignedIn, slot of each item
        .service(web::resource("/items/{item}").get(items::item)) // SignedIn, slot of the item
        .service(
            // SignedIn, slot of each item, no guest
            web::resource("/cases/{case}/slots")
                .app_data(web::JsonConfig::default().limit(share::BYTES))
                .post(share::share),
        )
        .service(web::resource("/overview").get(oversee::overview)) // Overseeing, coordinator
        .service(web::resource("/cases/{case}/hold").post(oversee::hold)) // Overseeing, coordinator of the organisation
        .service(web::resource("/cases/{case}/memos").post(oversee::memo)) // Overseeing, coordinator of the organisation
        .service(web::resource("/log/{org}").get(log::read_log).post(log::add_record)) // Overseeing of the organisation; Anybody
        .service(web::resource("/log/{org}/chain").get(log::chain)); // Anybody
}

/// What is known of the roster already.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Known {
    /// SHA-256 of the files that are known, as this answers them, in hex: the same are not sent again.
    known: Option<String>,
}

/// The signed roster files, for a desk to verify itself.
#[utoipa::path(
    get,
    path = "/roster",
    tag = "service",
    params(Known),
    responses(
        (status = 200, description = "Files and signatures.", body = Files),
        (status = 204, description = "They are those that are known."),
        Anywhere
    )
)]
async fn roster(app: Data<App>, asked: Query<Known>) -> HttpResponse {
    if asked.into_inner().known.is_some_and(|known| known == app.roster_files.sha256()) {
        return HttpResponse::NoContent().finish();
    }
    HttpResponse::Ok().json(&app.roster_files)
}

/// An answer without a body for what the store would not do.
fn failed(error: &StoreError) -> HttpResponse {
    match error {
        StoreError::Conflict => HttpResponse::Conflict().finish(),
        StoreError::Unavailable(_) | StoreError::InUse => HttpResponse::ServiceUnavailable().finish(),
        StoreError::Corrupt { .. } | StoreError::UnknownSchema(_) => HttpResponse::InternalServerError().finish(),
    }
}

/// The slots a reader has and may use now, by case and item.
async fn my_slots(app: &App, me: &SignedIn) -> Result<Vec<(Case, ItemId, SlotRow)>, StoreError> {
    let days = app.store.filed_days().await?;
    let mailboxes: Vec<[u8; 32]> = days.into_iter().map(|day| app.post.reader_mailbox(&me.keyed, day)).collect();
    served(app, me, &mailboxes).await
}

/// A reader's slots of one case that we wrote.
async fn my_slots_of(app: &App, me: &SignedIn, case: &Case) -> Result<Vec<(ItemId, SlotRow)>, StoreError> {
    let mailbox = app.post.reader_mailbox(&me.keyed, case.filed);
    let Some(by) = serves(app, me, case).await? else { return Ok(Vec::new()) };
    let mut slots = app.store.slots_of_case(&case.id, &mailbox, by).await?;
    slots.retain(|(item, row)| app.post.intact(case, item, row));
    Ok(slots)
}

/// The day by which a slot of a case must be released to be served to this reader; `None` for a guest of another case.
async fn serves(app: &App, me: &SignedIn, case: &Case) -> Result<Option<Day>, StoreError> {
    if me.guest.as_ref().is_some_and(|guest| *guest != case.id) {
        return Ok(None);
    }
    if absence::away(app).await?.is_empty() {
        return Ok(Some(app.clock.today()));
    }
    Ok(Some(absence::served_by(app, &mailbox::readers(app, case).await?)))
}

/// What is served of these mailboxes: all that is released, and what is held back in a case where a reader is away. A guest has one case.
async fn served(app: &App, me: &SignedIn, mailboxes: &[[u8; 32]]) -> Result<Vec<(Case, ItemId, SlotRow)>, StoreError> {
    let today = app.clock.today();
    let anybody = !absence::away(app).await?.is_empty();
    let by = if anybody { today.plus_days(RESERVE_DAYS) } else { today };
    let mut slots = app.store.inbox(mailboxes, by).await?;
    slots.retain(|(case, _, _)| me.guest.as_ref().is_none_or(|guest| *guest == case.id));
    let held = |row: &SlotRow| row.release.is_some_and(|day| day > today);
    let mut back: BTreeSet<CaseId> = BTreeSet::new();
    // They come by case.
    let mut last = None;
    for (case, _, _) in slots.iter().filter(|(_, _, row)| held(row)) {
        if last.replace(case.id) != Some(case.id)
            && absence::served_by(app, &mailbox::readers(app, case).await?) <= today
        {
            back.insert(case.id);
        }
    }
    slots.retain(|(case, _, row)| !(held(row) && back.contains(&case.id)));
    Ok(slots)
}

fn view(
    case: &Case,
    items: Vec<ItemId>,
    ((readers, aside), served): ((&[CaseReader<'_>], Aside<'_>), Day),
    passed: bool,
) -> CaseView {
    let Case { id, org, filed, due, destroy_after, state, .. } = case.clone();
    let away = readers.iter().filter(|r| r.away.is_some()).map(|r| r.keyed.clone()).collect();
    let held = readers.iter().filter(|r| r.waits(served)).map(|r| r.keyed.clone()).collect();
    let readers = readers.iter().map(|r| r.keyed.clone()).collect();
    let aside = aside.map(|(_, keyed)| keyed.clone());
    let (left, told, today) = (false, None, None);
    CaseView {
        case: id,
        org,
        state,
        filed,
        due,
        destroy_after,
        items,
        readers,
        away,
        held,
        passed,
        parts: Vec::new(),
        fetched: false,
        aside,
        left,
        told,
        today,
    }
}

/// Whether who had opened a case left, and nobody else has opened it. Who leaves writes to those who stay: where that is not there, nothing
/// is looked up.
async fn left(app: &App, case: &Case, items: &[ItemId]) -> Result<bool, StoreError> {
    let may = case.state == CaseState::Unopened && (items.len() > 1 || !case.is_untouched());
    Ok(may && mailbox::was_read(app, case).await?)
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
        let mut cases: Vec<Case> = Vec::new();
        // They come sorted by case.
        for (case, item, row) in my_slots(&app, &me).await? {
            if !app.post.intact(&case, &item, &row) {
                continue;
            }
            let passed = app.post.is_passed(&case, &item, &row);
            match views.last_mut().filter(|view| view.case == case.id) {
                Some(view) => {
                    view.items.push(item);
                    view.passed &= passed;
                }
                None => {
                    views.push(view(&case, vec![item], ((&[], None), case.filed), passed));
                    cases.push(case);
                }
            }
        }
        for (view, case) in views.iter_mut().zip(&cases) {
            view.left = left(&app, case, &view.items).await?;
        }
        views.sort_by_key(|v| (v.due, v.case));
        Ok::<_, StoreError>(views)
    };
    list.await.map_or_else(|e| failed(&e), |views| HttpResponse::Ok().json(views))
}

/// A case this reader has a slot of, with their items; `None` for any other case.
async fn mine(app: &App, me: &SignedIn, id: &CaseId) -> Result<Option<(Case, Vec<ItemId>)>, StoreError> {
    let found = mine_with_slots(app, me, id).await?;
    Ok(found.map(|(case, slots)| (case, slots.into_iter().map(|(item, _)| item).collect())))
}

/// The same, with their slots.
async fn mine_with_slots(
    app: &App,
    me: &SignedIn,
    id: &CaseId,
) -> Result<Option<(Case, Vec<(ItemId, SlotRow)>)>, StoreError> {
    let Some(case) = app.store.case(id).await? else { return Ok(None) };
    let slots = my_slots_of(app, me, &case).await?;
    Ok((!slots.is_empty()).then_some((case, slots)))
}

/// Those of some items of which the reporter has a slot that we wrote: what it holds nobody but them can see.
async fn told(app: &App, case: &Case, items: &[ItemId]) -> Result<Vec<ItemId>, StoreError> {
    let mailbox = app.post.mailbox(&SlotTo::Reporter(case.id), case);
    let slots = app.store.slots_of_case(&case.id, &mailbox, app.clock.today()).await?;
    let ours = slots.into_iter().filter(|(item, row)| app.post.intact(case, item, row)).map(|(item, _)| item);
    Ok(ours.filter(|item| items.contains(item)).collect())
}

/// Whether an item is one of those.
async fn is_told(app: &App, case: &Case, item: &ItemId) -> Result<bool, StoreError> {
    let mailbox = app.post.mailbox(&SlotTo::Reporter(case.id), case);
    mailbox::has_slot(app, (case, item), &mailbox, app.clock.today()).await
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
        let Some((case, slots)) = mine_with_slots(&app, &me, &id).await? else { return Ok(None) };
        let fetched = slots.iter().any(|(item, slot)| app.post.is_opened(&case, item, slot));
        let items: Vec<ItemId> = slots.into_iter().map(|(item, _)| item).collect();
        let (readers, aside) = mailbox::all(&app, &case).await?;
        let (served, passed) = (absence::served_by(&app, &readers), mailbox::only_passed(&readers, &me.keyed));
        let (left, told) = (left(&app, &case, &items).await?, Some(told(&app, &case, &items).await?));
        let today = Some(app.day_stored().await?);
        let whole = mailbox::whole(&app, &case, (&readers, Day::LAST)).await?;
        let parts = readers.iter().map(|r| r.keyed).filter(|r| !whole.contains(r)).cloned().collect();
        Ok::<_, StoreError>(Some(CaseView {
            left,
            told,
            today,
            parts,
            fetched,
            ..view(&case, items, ((&readers, aside), served), passed)
        }))
    };
    match found.await {
        Ok(Some(view)) => HttpResponse::Ok().json(Json(view)),
        Ok(None) => HttpResponse::NotFound().finish(),
        Err(error) => failed(&error),
    }
}
