//! The staff log: overseers read it, everybody of the roster adds to it and checks its chain.
use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Json, Path, Query},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde::Deserialize;

use super::{
    super::App,
    SignedIn,
    add::{Refused, full},
    document::{Anywhere, ForReaders, TakesJson},
    failed, my_slots,
    session::{Anybody, Overseeing, Writes},
};
use crate::{
    api_types::oversight::{ChainView, LogView, Logged, NewRecord},
    domain::{
        id::OrgId,
        log::{Deed, Head, Sender, Writer, record_hash},
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
fn sealed(text: &str) -> Option<Vec<u8>> {
    BASE64_STANDARD.decode(text).ok().filter(|r| r.starts_with(AGE) && r.len() <= LONGEST_SEALED)
}

/// Puts the record that came with an act into the staff log, where the organisation has overseers to read it. Nobody fills a log:
/// each person has so many records a day.
pub(super) async fn record(app: &App, who: Writes, org: &OrgId, log: Option<&str>) -> Result<(), Refused> {
    if app.roster.overseers(org).next().is_none() {
        return Ok(());
    }
    let record = log.and_then(sealed).ok_or(Refused::Sent(StatusCode::BAD_REQUEST))?;
    append(app, who, org, &record).await.map(drop)
}

async fn append(app: &App, who: Writes, org: &OrgId, record: &[u8]) -> Result<Head, Refused> {
    let Writes { counts_as, by } = who;
    if !app.records.take(&(counts_as, org.clone())) {
        return Err(Refused::Sent(StatusCode::TOO_MANY_REQUESTS));
    }
    // What somebody sends may be sealed to nobody: who sent it is the server's to say, right before it.
    let sent = Sender { by, record: record_hash(Writer::Person, record) };
    let received = app.own_record(org, Deed::Received, (None, Some(sent))).await?;
    Ok(app.log(org, &[(Writer::Server, &received), (Writer::Person, record)]).await?)
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
///
/// A person writes into the log of the organisation they belong to, and of one whose case they read; a guest into that of their one case.
#[utoipa::path(
    post,
    path = "/log/{org}",
    tag = "oversight",
    params(("org" = OrgId, Path, description = "An organisation with overseers.")),
    security(("bearer" = [])),
    request_body = NewRecord,
    responses(
        (status = 200, description = "Where the chain stands now.", body = Head),
        (status = 403, description = "It is not this person's to write into."),
        (status = 429, description = "This person has written too much into it. Each has a number of records at once, and as many again in \
                                      the course of a day."),
        TakesJson,
        ForReaders,
        Anywhere
    )
)]
pub(super) async fn add_record(app: Data<App>, me: Anybody, org: Path<String>, sent: Json<NewRecord>) -> HttpResponse {
    let Some(org) = with_log(&app, &org) else { return HttpResponse::NotFound().finish() };
    let Some(record) = sealed(&sent.record) else { return HttpResponse::BadRequest().finish() };
    let added = async {
        if !writes_into(&app, &me, &org).await? {
            return Err(Refused::Sent(StatusCode::FORBIDDEN));
        }
        // What goes with no item can wait, as files do: the rest of the disk is for what people write.
        if app.disk_nearly_full() {
            return Err(full().into());
        }
        let who = match &me {
            Anybody::Reader(me) => me.writes(),
            Anybody::Overseer(me) => me.writes(),
        };
        append(&app, who, &org, &record).await
    };
    added.await.map_or_else(|refused| refused.answer(), |head| HttpResponse::Ok().json(head))
}

/// Whether somebody belongs to an organisation, or reads a case of it.
async fn writes_into(app: &App, me: &Anybody, org: &OrgId) -> Result<bool, StoreError> {
    match me {
        Anybody::Overseer(me) => Ok(me.org == *org),
        Anybody::Reader(me) if me.guest.is_none() && belongs(app, me, org) => Ok(true),
        // Of a guest, these are the slots of their one case.
        Anybody::Reader(me) => Ok(my_slots(app, me).await?.iter().any(|(case, _, _)| case.org == *org)),
    }
}

fn belongs(app: &App, me: &SignedIn, org: &OrgId) -> bool {
    let organisation = app.roster.organisation(org);
    organisation.and_then(|o| o.reader(&me.keyed.reader)).is_some_and(|reader| reader.keyed() == me.keyed)
}
