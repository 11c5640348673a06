//! A reader shares an item: one more slot, made on the desk of somebody who can open it.
use actix_web::{
    HttpResponse,
    web::{Data, Json, Path},
};
use base64::{Engine, prelude::BASE64_STANDARD};

use super::{
    super::App,
    SignedIn,
    document::{Anywhere, ForReaders, TakesJson},
    failed, my_slots_of,
};
use crate::{
    api_types::{AddedView, SentTo, SlotSent},
    domain::{
        case::{Case, CaseState},
        id::ItemId,
    },
    seal::{Slot, guest::vouched, slot::FILL_MORE},
    store::{Added, StoreError},
};

/// Bytes of the largest age header of one reader.
const HEADER: usize = 4 << 10;

/// Shares an item with one more reader: their slot, made by somebody who can open it.
///
/// Whether the reporter agreed is sealed, and for desks to check: the server knows only that the item is one this
/// reader can open, and that the other is an active reader of the roster.
#[utoipa::path(
    post,
    path = "/items/{item}/slots",
    tag = "cases",
    params(("item" = ItemId, Path, description = "From a case.")),
    security(("bearer" = [])),
    request_body = SlotSent,
    responses(
        (status = 200, description = "It has the slot.", body = AddedView),
        (status = 403, description = "No active reader has this name and these keys, and no card that counts is a guest's; or a guest would share."),
        (status = 409, description = "The case is not open, or the item has no room for one more."),
        TakesJson,
        ForReaders,
        Anywhere
    )
)]
pub(crate) async fn share(app: Data<App>, me: SignedIn, id: Path<String>, sent: Json<SlotSent>) -> HttpResponse {
    let SlotSent { to, header } = sent.into_inner();
    let (Some(item), SentTo::Reader(_) | SentTo::Guest(_)) = (ItemId::parse(&id), &to) else {
        return HttpResponse::BadRequest().finish();
    };
    if me.guest.is_some() {
        return HttpResponse::Forbidden().finish();
    }
    let Some(header) = BASE64_STANDARD.decode(header).ok().filter(|h| h.len() <= HEADER) else {
        return HttpResponse::BadRequest().finish();
    };
    let shared = async {
        let Some(id) = app.store.case_of(&item).await? else { return Ok(None) };
        let Some(case) = app.store.case(&id).await? else { return Ok(None) };
        if my_slots_of(&app, &me, &case).await?.iter().all(|(mine, _)| *mine != item) {
            return Ok(None);
        }
        if !welcome(&app, &case, &to) {
            return Ok(Some(None));
        }
        if case.state != CaseState::Open {
            return Err(StoreError::Conflict);
        }
        let slot = Slot { to: to.in_case(case.id), header };
        let rows = app.post.rows(&case, &item, vec![slot], None);
        let row = rows.first().ok_or(StoreError::Conflict)?;
        app.store.add_slot(&item, row, &app.post.filler(&case), FILL_MORE).await.map(Some).map(Some)
    };
    match shared.await {
        Ok(Some(None)) => HttpResponse::Forbidden().finish(),
        Ok(Some(Some(added))) => HttpResponse::Ok().json(AddedView { already: added == Added::Already }),
        Ok(None) => HttpResponse::NotFound().finish(),
        Err(error) => failed(&error),
    }
}

/// Whether somebody can be let into a case: an active reader of the roster, or a guest whose card counts.
fn welcome(app: &App, case: &Case, to: &SentTo) -> bool {
    match to {
        SentTo::Reader(reader) => app.keyed.contains(reader),
        SentTo::Guest(card) => vouched(card, &app.roster, &case.id) && card.counts_on(app.clock.today()),
        SentTo::Reporter | SentTo::Nobody(_) => false,
    }
}
