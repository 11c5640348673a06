//! Sign-in: a signature over namespace, instance, origin, nonce and reader. The server keeps no session, only used nonces.
//!
//! A nonce is `random ‖ expiry ‖ HMAC`, a token `reader ‖ expiry ‖ HMAC`: any server with the form key can check them.
use std::{
    collections::HashMap,
    future::{Ready, ready},
    sync::Mutex,
};

use actix_web::{
    FromRequest, HttpRequest, HttpResponse,
    dev::Payload,
    error::ErrorUnauthorized,
    http::header::{AUTHORIZATION, HOST},
    web::{Data, Json},
};
use subtle::ConstantTimeEq;

use super::{
    super::App,
    document::{Anywhere, TakesJson},
    failed, my_slots_of,
};
use crate::{
    api_types::{Challenge, Nonce, Session, SignIn, signed_bytes},
    domain::{
        day::Day,
        guest::GuestCard,
        id::{CaseId, KeyedReader, OrgId},
        roster::Role,
    },
    form, notify,
    seal::{guest::vouched, verify},
    store::StoreError,
};

const NONCE_SECONDS: u64 = 60;
const SESSION_SECONDS: u64 = 8 * 3600;
/// What the stamp of a guest's token is for.
const GUEST: &str = "guest-session";
/// Used nonces kept at most; each lives a minute.
const MOST_NONCES: usize = 100_000;

/// Used nonces and the second they expire.
#[derive(Default)]
pub struct Nonces(Mutex<HashMap<String, u64>>);

impl Nonces {
    /// Uses a nonce; `false` the second time.
    fn take(&self, nonce: &str, expires: u64, now: u64) -> bool {
        let Ok(mut used) = self.0.lock() else { return false };
        used.retain(|_, until| *until >= now);
        used.len() < MOST_NONCES && used.insert(nonce.to_owned(), expires).is_none()
    }
}

/// A reader who has signed in. Taking this is a route's guard.
#[derive(Clone)]
pub(crate) struct SignedIn {
    /// Who, with a hash of the keys they signed in with.
    pub(crate) keyed: KeyedReader,
    /// Of a guest: the one case that they see.
    pub(crate) guest: Option<CaseId>,
}

impl FromRequest for SignedIn {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let reader = app_and_token(request).and_then(|(app, token)| check(app, token));
        ready(reader.ok_or_else(|| ErrorUnauthorized("sign in again")))
    }
}

impl SignedIn {
    /// As who they write into a log.
    pub(super) fn writes(&self) -> Writes {
        let counts_as = self.guest.map_or_else(|| self.keyed.to_string(), |case| case.to_string());
        Writes { counts_as, by: self.keyed.clone() }
    }
}

/// Who writes into a log.
pub(super) struct Writes {
    /// Whose part of a limit is used: the guests of a case share one, since a reader can vouch for any number of them.
    pub(super) counts_as: String,
    /// Who it is.
    pub(super) by: KeyedReader,
}

/// A text with an expiry and an authenticator, separated by dots.
fn stamp(app: &App, key: &[u8; 32], what: &str, text: &str, expires: u64) -> String {
    let instance = app.roster.instance;
    let mac = form::keyed(key, &[format!("meldkluis/{what}/v1\n{instance}\n{text}\n{expires}").as_bytes()]);
    format!("{text}.{expires}.{}", hex::encode(mac))
}

/// The text of a stamp that holds and has not expired.
fn stamped(app: &App, what: &str, stamp_text: &str) -> Option<(String, u64)> {
    let mut parts = stamp_text.split('.');
    let (text, expires) = (parts.next()?, parts.next()?.parse().ok()?);
    let holds =
        |key: &[u8; 32]| bool::from(stamp(app, key, what, text, expires).as_bytes().ct_eq(stamp_text.as_bytes()));
    (app.form.iter().any(|key| holds(key)) && expires >= app.clock.seconds()).then(|| (text.to_owned(), expires))
}

/// An overseer who has signed in. Taking this is a route's guard: it opens no case.
pub(crate) struct Overseeing {
    /// Who, with a hash of their keys.
    keyed: KeyedReader,
    /// Whom they watch over.
    pub(crate) org: OrgId,
    /// What for.
    pub(crate) role: Role,
}

impl FromRequest for Overseeing {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let found = app_and_token(request).and_then(|(app, token)| {
            let keyed = person(app, token)?;
            let (org, overseer) = app.roster.overseer(&keyed.reader)?;
            (overseer.keyed() == keyed).then(|| Self { keyed, org: org.clone(), role: overseer.role })
        });
        ready(found.ok_or_else(|| ErrorUnauthorized("sign in again")))
    }
}

impl Overseeing {
    /// As who they write into a log.
    pub(super) fn writes(&self) -> Writes {
        Writes { counts_as: self.keyed.to_string(), by: self.keyed.clone() }
    }
}

/// Anybody who has signed in: a reader, a guest or an overseer.
pub(crate) enum Anybody {
    /// A reader or a guest.
    Reader(SignedIn),
    /// An overseer.
    Overseer(Overseeing),
}

impl FromRequest for Anybody {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let reader = SignedIn::from_request(request, payload).into_inner().map(Self::Reader);
        ready(reader.or_else(|_| Overseeing::from_request(request, payload).into_inner().map(Self::Overseer)))
    }
}

fn app_and_token(request: &HttpRequest) -> Option<(&App, &str)> {
    let token = request.headers().get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")?;
    Some((request.app_data::<Data<App>>()?, token))
}

/// Whose token it is, if it holds.
fn person(app: &App, token: &str) -> Option<KeyedReader> {
    KeyedReader::try_from(stamped(app, "session", token)?.0).ok()
}

fn check(app: &App, token: &str) -> Option<SignedIn> {
    if let Some((text, _)) = stamped(app, GUEST, token) {
        return guest(app, &text);
    }
    // Somebody who left the roster, or whose keys changed, is signed out at once.
    let keyed = person(app, token)?;
    app.keyed.contains(&keyed).then_some(SignedIn { keyed, guest: None })
}

/// A guest's token says who they are, in which case, and until when.
fn guest(app: &App, text: &str) -> Option<SignedIn> {
    let (who, rest) = text.split_once('/')?;
    let (case, until) = rest.split_once('/')?;
    let until = Day::parse(until).filter(|until| *until >= app.clock.today());
    let keyed = KeyedReader::try_from(who.to_owned()).ok()?;
    until.and(CaseId::parse(case)).map(|case| SignedIn { keyed, guest: Some(case) })
}

/// Whether a card lets a guest in now: a reader who has a slot in the case, or had it when they retired, vouches for them.
async fn welcome(app: &App, card: &GuestCard) -> Result<bool, StoreError> {
    if !vouched(card, &app.roster, &card.case) || !card.counts_on(app.clock.today()) {
        return Ok(false);
    }
    let (Some(case), Some(by)) = (app.store.case(&card.case).await?, app.roster.known(&card.by)) else {
        return Ok(false);
    };
    let by = SignedIn { keyed: by.keyed(), guest: None };
    Ok(!my_slots_of(app, &by, &case).await?.is_empty())
}

/// Gives a nonce to whoever asks.
#[utoipa::path(
    post,
    path = "/challenge",
    tag = "sign-in",
    request_body = Challenge,
    responses((status = 200, description = "To be signed.", body = Nonce), TakesJson, Anywhere)
)]
pub(crate) async fn challenge(app: Data<App>, _asked: Json<Challenge>) -> HttpResponse {
    let mut random = [0; 16];
    if getrandom::fill(&mut random).is_err() {
        return HttpResponse::ServiceUnavailable().finish();
    }
    let nonce = stamp(&app, app.form_key(), "nonce", &hex::encode(random), app.clock.seconds() + NONCE_SECONDS);
    HttpResponse::Ok().json(Nonce { nonce, instance: app.roster.instance })
}

/// Checks a signed nonce and gives a token.
#[utoipa::path(
    post,
    path = "/session",
    tag = "sign-in",
    request_body = SignIn,
    responses(
        (status = 200, description = "Signed in.", body = Session),
        (status = 401, description = "No active reader, and no guest with a card that counts, signed this nonce for this server, \
                                      within its minute and once."),
        TakesJson,
        Anywhere
    )
)]
pub(crate) async fn sign_in(app: Data<App>, request: HttpRequest, sent: Json<SignIn>) -> HttpResponse {
    // A signature made for another server and passed on here names that server, whatever the Host that comes with it.
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok());
    let dialled = sent.origin.split_once("://").is_some_and(|(_, name)| Some(name) == host)
        && app.config.answers_to(&sent.origin);
    let bytes = signed_bytes(&app.roster.instance, &sent.origin, &sent.nonce, &sent.reader);
    let mut signature = [0; 64];
    let mut key = [0; 32];
    let person = match &sent.card {
        None => {
            let reader = app.roster.reader(&sent.reader).map(|r| (r.keyed(), r.sign_key.clone()));
            reader.or_else(|| app.roster.overseer(&sent.reader).map(|(_, o)| (o.keyed(), o.sign_key.clone())))
        }
        Some(card) => {
            let guest = Some(card.reader()).filter(|guest| guest.id == sent.reader);
            guest.map(|guest| (guest.keyed(), guest.sign_key))
        }
    };
    let known = person.as_ref().is_some_and(|(_, public)| hex::decode_to_slice(public, &mut key).is_ok());
    let readable = hex::decode_to_slice(&sent.signature, &mut signature).is_ok();
    let signed = verify(&key, &bytes, &signature) && dialled && known && readable;
    // Only a signature that holds uses a nonce up: others cannot fill the list.
    let fresh = || {
        let stamped = stamped(&app, "nonce", &sent.nonce);
        stamped.is_some_and(|(_, until)| app.nonces.take(&sent.nonce, until, app.clock.seconds()))
    };
    let Some((keyed, _)) = person.filter(|_| signed && fresh()) else {
        return HttpResponse::Unauthorized().finish();
    };
    let (what, text) = match &sent.card {
        None => {
            notify::looked_in(&app, &keyed).await;
            ("session", keyed.to_string())
        }
        Some(card) => match welcome(&app, card).await {
            Ok(true) => (GUEST, format!("{keyed}/{}/{}", card.case, card.until)),
            Ok(false) => return HttpResponse::Unauthorized().finish(),
            Err(error) => return failed(&error),
        },
    };
    let expires = app.clock.seconds() + SESSION_SECONDS;
    let token = stamp(&app, app.form_key(), what, &text, expires);
    HttpResponse::Ok().json(Session { token })
}
