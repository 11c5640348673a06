//! A reader says until when they are away, or that they are back.
use actix_web::{
    HttpResponse,
    web::{Data, Json},
};

use super::{
    super::{App, absence},
    SignedIn,
    document::{Anywhere, ForReaders, TakesJson},
    failed,
};
use crate::{api_types::Absence, domain::case::AWAY_DAYS};

/// Keeps until when a reader is away. Meanwhile a report's reserve reader reads in their place, if nobody has opened it.
#[utoipa::path(
    put,
    path = "/away",
    tag = "cases",
    security(("bearer" = [])),
    request_body = Absence,
    responses(
        (status = 204, description = "It is kept."),
        (status = 403, description = "A guest has no place to be away from."),
        TakesJson,
        ForReaders,
        Anywhere
    )
)]
pub(crate) async fn away(app: Data<App>, me: SignedIn, sent: Json<Absence>) -> HttpResponse {
    if me.guest.is_some() {
        return HttpResponse::Forbidden().finish();
    }
    let (key, today) = (app.post.reader_away(&me.keyed), app.clock.today());
    let kept = match sent.until {
        None => app.store.back(&key).await,
        Some(until) if (today..=today.plus_days(AWAY_DAYS)).contains(&until) => app.store.set_away(&key, until).await,
        Some(_) => return HttpResponse::BadRequest().finish(),
    };
    kept.map_or_else(|error| failed(&error), |()| HttpResponse::NoContent().finish())
}

/// Until when this reader is away, as they said.
#[utoipa::path(
    get,
    path = "/away",
    tag = "cases",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The last day; none when they are there.", body = Absence),
        (status = 403, description = "A guest has no place to be away from."),
        ForReaders,
        Anywhere
    )
)]
pub(crate) async fn until(app: Data<App>, me: SignedIn) -> HttpResponse {
    if me.guest.is_some() {
        return HttpResponse::Forbidden().finish();
    }
    match absence::away(&app).await {
        Ok(mut away) => HttpResponse::Ok().json(Absence { until: away.remove(&app.post.reader_away(&me.keyed)) }),
        Err(error) => failed(&error),
    }
}
