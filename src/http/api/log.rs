//! The staff log: overseers read it, everybody of the roster adds to it and checks its chain.
use actix_web::{
    HttpResponse,
    web::{Data, Json, Path, Query},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde::Deserialize;

use super::{
    super::App,
    document::{Anywhere, ForReaders, TakesJson},
    failed,
    session::{Anybody, Overseeing},
};
use crate::{
    api_types::oversight::{ChainView, LogView, Logged, NewRecord},
    domain::{
        id::OrgId,
        log::{Head, Writer, record_hash},
    },
    seal::record::LONGEST_SEALED,
    store::StoreError,
};

/// Records of an answer: at most 32 KiB each.
const RECORDS: u16 = 200;
/// Hashes of an answer.
const HASHES: u16 = 2000;
/// What every age file begins with.
const AGE: &[u8] = b"age-encryption.org/v1\n";

/// From where on a log is asked for.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct From {
    /// So many records are known; absent is none.
    #[serde(default)]
    #[param(minimum = 0)]
    after: i64,
}

impl From {
    /// As a number of records; `None` below zero.
    fn known(&self) -> Option<u64> {
        u64::try_from(self.after).ok()
    }
}

/// A sealed record from base64; `None` when it cannot be one.
pub(super) fn sealed(text: &str) -> Option<Vec<u8>> {
    BASE64_STANDARD.decode(text).ok().filter(|r| r.starts_with(AGE) && r.len() <= LONGEST_SEALED)
}

/// An organisation of the roster that has a log.
fn with_log(app: &App, text: &str) -> Option<OrgId> {
    OrgId::parse(text).filter(|org| app.roster.overseers(org).next().is_some())
}

/// The sealed records of the overseer's own organisation.
#[utoipa::path(
    get,
    path = "/log/{org}",
    tag = "oversight",
    params(("org" = OrgId, Path, description = "The overseer's own."), From),
    security(("bearer" = [])),
    responses(
        (status = 200, description = "At most 200 records.", body = LogView),
        (status = 400, description = "`after` is no number."),
        ForReaders,
        Anywhere
    )
)]
pub(super) async fn read_log(app: Data<App>, me: Overseeing, org: Path<String>, from: Query<From>) -> HttpResponse {
    let Some(org) = with_log(&app, &org).filter(|org| *org == me.org) else {
        return HttpResponse::NotFound().finish();
    };
    let Some(after) = from.known() else { return HttpResponse::BadRequest().finish() };
    let view = async {
        let records = app.store.records(&org, after, RECORDS).await?;
        let logged = |(writer, record)| Logged { writer, record: BASE64_STANDARD.encode::<Vec<u8>>(record) };
        let records = records.into_iter().map(logged).collect();
        Ok::<_, StoreError>(LogView { head: app.log_head(&org).await?, records })
    };
    view.await.map_or_else(|e| failed(&e), |view| HttpResponse::Ok().json(view))
}

/// The chain of a log: it shows that nothing was taken out of it, to whoever remembers where it stood.
#[utoipa::path(
    get,
    path = "/log/{org}/chain",
    tag = "oversight",
    params(("org" = OrgId, Path, description = "An organisation with overseers."), From),
    security(("bearer" = [])),
    responses(
        (status = 200, description = "At most 2,000 hashes.", body = ChainView),
        (status = 400, description = "`after` is no number."),
        ForReaders,
        Anywhere
    )
)]
pub(super) async fn chain(app: Data<App>, _me: Anybody, org: Path<String>, from: Query<From>) -> HttpResponse {
    let Some(org) = with_log(&app, &org) else { return HttpResponse::NotFound().finish() };
    let Some(after) = from.known() else { return HttpResponse::BadRequest().finish() };
    let view = async {
        let head = app.log_head(&org).await?;
        let records = app.store.records(&org, after, HASHES).await?;
        let hashes = records.iter().map(|(writer, record)| hex::encode(record_hash(*writer, record))).collect();
        Ok::<_, StoreError>(ChainView { head, hashes })
    };
    view.await.map_or_else(|e| failed(&e), |view| HttpResponse::Ok().json(view))
}

/// Adds a record that goes with no item: that somebody's keys work, or that a case was opened.
#[utoipa::path(
    post,
    path = "/log/{org}",
    tag = "oversight",
    params(("org" = OrgId, Path, description = "An organisation with overseers.")),
    security(("bearer" = [])),
    request_body = NewRecord,
    responses((status = 200, description = "Where the chain stands now.", body = Head), TakesJson, ForReaders, Anywhere)
)]
pub(super) async fn add_record(app: Data<App>, _me: Anybody, org: Path<String>, sent: Json<NewRecord>) -> HttpResponse {
    let Some(org) = with_log(&app, &org) else { return HttpResponse::NotFound().finish() };
    let Some(record) = sealed(&sent.record) else { return HttpResponse::BadRequest().finish() };
    let added = app.log(&org, Writer::Person, &record).await;
    added.map_or_else(|e| failed(&e), |head| HttpResponse::Ok().json(head))
}
