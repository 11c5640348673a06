//! Talks to the server, and believes it only what is signed.
use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use reqwest::{Body, RequestBuilder, Response, StatusCode, redirect::Policy};
use serde::de::DeserializeOwned;

use super::{
    DeskError, Identity, opened::OpenedBefore, roster_news::RosterNews, transfer::Pace, went_along::WentAlong,
};
use crate::{
    api_types::{
        Absence, AddedView, CaseView, Challenge, Going, Nonce, Session, Several, Sharing, SignIn, TakingOut,
        signed_bytes,
    },
    bundle,
    clock::Clock,
    domain::{
        case::AWAY_DAYS,
        day::Day,
        id::{CaseId, ItemId},
        roster::Roster,
        said::Said,
    },
    private,
    replace::replace,
    roster_files::{self, Files, Seen},
};

/// How long a connection may take to be made; Tor is slow.
const CONNECT: Duration = Duration::from_mins(1);
/// How long the server may say nothing.
const SILENCE: Duration = Duration::from_mins(2);
/// How long an answer may take that is no item; a log of years comes in it.
const ANSWER: Duration = Duration::from_mins(5);
const IDLE: Duration = Duration::from_secs(1);
/// Bytes of an answer in JSON: an inbox of some 100,000 cases. More is not kept, whoever sends it.
const LONGEST: usize = 256 << 20;
/// The keys are of nobody in the roster.
pub(super) const UNLISTED: &str = "desk-error-unlisted";

/// Where the server is, whom the reader trusts, and which day it is.
pub struct Place {
    /// The server's origin, for example `https://meldkluis.example.org`.
    pub server: String,
    /// A proxy's URL; the system's HTTP proxy is used otherwise.
    pub proxy: Option<String>,
    /// The root signers the reader trusts (TOML).
    pub anchor: PathBuf,
    /// Where the roster seen last is remembered.
    pub state: PathBuf,
    /// Tells the day.
    pub clock: Clock,
}

/// A signed-in reader with a roster that was verified here.
pub struct Client {
    http: reqwest::Client,
    origin: String,
    token: Mutex<String>,
    /// Tells the day.
    pub clock: Clock,
    anchor: PathBuf,
    state: PathBuf,
    /// Where it is remembered how the logs stood.
    pub(super) logs: PathBuf,
    pub(super) before: OpenedBefore,
    news: RosterNews,
    /// Which advice went along with which report.
    pub(super) along: WentAlong,
    /// Who is signed in.
    pub me: Arc<Identity>,
    /// Verified with the root signers this reader trusts.
    pub roster: Roster,
}

impl Client {
    /// Fetches and verifies the roster, then signs in. Refuses a roster older than, or other than, one seen before.
    pub async fn sign_in(place: &Place, me: impl Into<Arc<Identity>>) -> Result<Self, DeskError> {
        let mut http = reqwest::Client::builder()
            .user_agent("meldkluis-desk")
            .connect_timeout(CONNECT)
            .read_timeout(SILENCE)
            // Nobody is sent elsewhere, to what only this machine can reach.
            .redirect(Policy::custom(|attempt| attempt.error("the server sends elsewhere")))
            // The server closes what is idle for two seconds.
            .pool_idle_timeout(IDLE);
        if let Some(proxy) = &place.proxy {
            http = http.proxy(reqwest::Proxy::all(proxy)?);
        }
        let (http, origin) = (http.build()?, place.server.trim_end_matches('/').to_owned());
        if let Some(folder) = place.state.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            private::folder(folder)?;
        }
        let (files, roster) = fetch_roster(&http, &origin, (&place.anchor, &place.state), place.clock).await?;
        let me = me.into();
        let before = OpenedBefore::load(&place.state, &me);
        let (anchor, state) = (place.anchor.clone(), place.state.clone());
        let (logs, along) = (state.with_extension("logs"), WentAlong::load(&state, &me));
        let (token, news) = (Mutex::default(), RosterNews::of(&state, &me, files)?);
        let clock = place.clock;
        let client = Self { http, origin, token, clock, anchor, state, logs, before, news, along, me, roster };
        client.renew().await.map_err(|error| client.unlisted(error))?;
        Ok(client)
    }

    /// Where this desk signs in.
    pub(super) fn address(&self) -> &str {
        &self.origin
    }

    /// Why the server did not accept a sign-in, where it is plain: whoever made keys waits for the roster that has them.
    fn unlisted(&self, error: DeskError) -> DeskError {
        let me = &self.me;
        let refused = error.id == Some("desk-error-sign-in");
        if refused && me.card.as_ref().is_some_and(|card| card.guest.has_namesake(&self.roster)) {
            return DeskError::known("desk-error-guest-namesake");
        }
        let listed = me.card.is_some() || self.roster.keyed(&me.keyed()).is_some() || self.watches().is_some();
        let retired = || self.roster.known(&me.reader).is_some_and(|r| r.keyed() == me.keyed());
        match refused && !listed {
            true if retired() => DeskError::known("desk-error-retired"),
            true => DeskError::known(UNLISTED),
            false => error,
        }
    }

    /// The roster files that the server has now, verified as at a sign-in.
    pub(super) async fn roster_files(&self) -> Result<Files, DeskError> {
        Ok(fetch_roster(&self.http, &self.origin, (&self.anchor, &self.state), self.clock).await?.0)
    }

    /// Asks whether the server has another roster than this desk, and follows it if it may be believed, as at a sign-in. The one that is held
    /// is held to the same: that there is no other is the server's word alone.
    pub async fn follow_roster(&mut self) -> Result<(), DeskError> {
        let path = format!("{}?known={}", self.url("roster"), self.news.sha256());
        let response = sent(self.http.get(path).timeout(ANSWER)).await?;
        if response.status() == StatusCode::NO_CONTENT {
            self.roster = verify(self.news.files(), &self.anchor, &self.state, self.clock)?;
            return Ok(());
        }
        let files: Files = json(response).await?;
        let roster = verify(&files, &self.anchor, &self.state, self.clock)?;
        self.news = RosterNews::of(&self.state, &self.me, files)?;
        self.roster = roster;
        Ok(())
    }

    /// Goes on with a roster that counts today: the one that is held, or the server's.
    pub async fn roster_of_today(&mut self) -> Result<(), DeskError> {
        if self.today() > self.roster.expires { self.follow_roster().await } else { Ok(()) }
    }

    /// What changed in the roster since this reader said that they had read it, a line each.
    pub fn roster_changes(&self) -> Vec<Said> {
        self.news.lines()
    }

    /// This reader has read what changed.
    pub fn roster_read(&self) -> Result<(), DeskError> {
        self.news.read(&self.me)
    }

    /// Signs in, again when the last sign-in has run out.
    async fn renew(&self) -> Result<(), DeskError> {
        let reader = self.me.reader.clone();
        let asked = self.http.post(self.url("challenge")).timeout(ANSWER).json(&Challenge { reader: reader.clone() });
        let nonce: Nonce = json(sent(asked).await?).await?;
        // The instance is the verified roster's, not what the server says now.
        let bytes = signed_bytes(&self.roster.instance, &self.origin, &nonce.nonce, &reader);
        let signature = hex::encode(self.me.signer.sign(&bytes));
        let sign_in =
            SignIn { reader, nonce: nonce.nonce, origin: self.origin.clone(), signature, card: self.me.card.clone() };
        let asked = self.http.post(self.url("session")).timeout(ANSWER).json(&sign_in);
        let Session { token } = json(sent(asked).await?).await?;
        if let Ok(mut now) = self.token.lock() {
            *now = token;
        }
        Ok(())
    }

    fn url(&self, path: &str) -> String {
        format!("{}/api/v1/{path}", self.origin)
    }

    async fn send(&self, request: RequestBuilder) -> Result<Response, reqwest::Error> {
        let token = self.token.lock().map(|token| token.clone()).unwrap_or_default();
        sent(request.bearer_auth(token)).await
    }

    pub(super) async fn get(&self, path: &str) -> Result<Response, DeskError> {
        self.fetched(|| self.http.get(self.url(path)).timeout(ANSWER)).await
    }

    /// What a request is answered with; a sign-in that has run out is renewed.
    async fn fetched(&self, request: impl Fn() -> RequestBuilder) -> Result<Response, DeskError> {
        let mut response = self.send(request()).await?;
        if response.status() == StatusCode::UNAUTHORIZED {
            self.renew().await?;
            response = self.send(request()).await?;
        }
        Ok(response.error_for_status()?)
    }

    /// Today.
    pub fn today(&self) -> Day {
        self.clock.today()
    }

    /// All cases of this reader, the most urgent first.
    pub async fn inbox(&self) -> Result<Vec<CaseView>, DeskError> {
        let cases: Vec<CaseView> = json(self.get("inbox").await?).await?;
        self.before.keep(&self.me, &cases)?;
        self.along.keep(&self.me, &cases)?;
        Ok(cases)
    }

    /// One case.
    pub async fn case(&self, id: &CaseId) -> Result<CaseView, DeskError> {
        let view: CaseView = json(self.get(&format!("cases/{id}")).await?).await?;
        if view.case != *id {
            // What is written would go to the reporter of that other case.
            return Err(DeskError::known("desk-error-swapped"));
        }
        Ok(view)
    }

    /// An item as an ordinary age file, still sealed. It may take as long as it does: whoever reads it sees to its pace.
    pub async fn item(&self, id: &ItemId) -> Result<Response, DeskError> {
        self.fetched(|| self.http.get(self.url(&format!("items/{id}")))).await
    }

    /// Several items, still sealed, as [`bundle`] has them: the messages among at most [`bundle::MOST`].
    pub async fn items(&self, ids: &[ItemId]) -> Result<bytes::Bytes, DeskError> {
        let several = Several { items: ids.to_vec() };
        let mut response = self.fetched(|| self.http.post(self.url("items")).json(&several)).await?;
        let most = bundle::MOST * (bundle::LARGEST + 64);
        let (mut bytes, mut pace) = (bytes::BytesMut::new(), Pace::new(Instant::now()));
        while let Some(chunk) = response.chunk().await? {
            pace.arrived(chunk.len(), Instant::now())?;
            if bytes.len() + chunk.len() > most {
                return Err(DeskError::known("desk-error-length"));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes.freeze())
    }

    /// Adds an item; sending the same again adds nothing. A sign-in that has run out is renewed: before a body that is streamed,
    /// which goes only once, and after a refusal otherwise.
    pub async fn add(&self, case: &CaseId, body: impl Into<Body>) -> Result<AddedView, DeskError> {
        self.put(&format!("cases/{case}/items"), body).await
    }

    /// Sends an envelope.
    pub(super) async fn put(&self, path: &str, body: impl Into<Body>) -> Result<AddedView, DeskError> {
        let request = self.http.post(self.url(path)).body(body);
        let again = request.try_clone();
        if again.is_none() {
            self.renew().await?;
        }
        let mut response = self.send(request).await?;
        if let Some(again) = again.filter(|_| response.status() == StatusCode::UNAUTHORIZED) {
            self.renew().await?;
            response = self.send(again).await?;
        }
        json(response).await
    }

    /// Sends JSON; a sign-in that has run out is renewed.
    pub(super) async fn post(&self, path: &str, body: &impl serde::Serialize) -> Result<Response, DeskError> {
        self.fetched(|| self.http.post(self.url(path)).json(body).timeout(ANSWER)).await
    }

    /// Gives up every slot in a case.
    pub async fn leave(&self, case: &CaseId, going: &Going) -> Result<(), DeskError> {
        self.done(self.http.post(self.url(&format!("cases/{case}/leave"))).json(going)).await
    }

    /// Takes a reader out of a case, with the signature of another.
    pub async fn take_out(&self, case: &CaseId, taking: &TakingOut) -> Result<(), DeskError> {
        self.done(self.http.post(self.url(&format!("cases/{case}/take-out"))).json(taking)).await
    }

    /// Says until when this reader is away; `None` is back.
    pub async fn away(&self, until: Option<Day>) -> Result<(), DeskError> {
        if self.me.card.is_some() {
            return Err(DeskError::known("desk-error-guest"));
        }
        let (first, last) = (self.today(), self.today().plus_days(AWAY_DAYS));
        if until.is_some_and(|until| !(first..=last).contains(&until)) {
            return Err(DeskError::new(format!(
                "the last day of an absence lies from {first} to {last}, {AWAY_DAYS} days ahead at most"
            )));
        }
        self.log_absence(until.is_some()).await?;
        self.done(self.http.put(self.url("away")).json(&Absence { until })).await
    }

    /// Until when this reader said to be away; a guest has no place to be away from.
    pub async fn away_until(&self) -> Result<Option<Day>, DeskError> {
        if self.me.card.is_some() {
            return Ok(None);
        }
        let absence: Absence = json(self.get("away").await?).await?;
        Ok(absence.until)
    }

    async fn done(&self, request: RequestBuilder) -> Result<(), DeskError> {
        Ok(self.send(request.timeout(ANSWER)).await?.error_for_status().map(drop)?)
    }

    /// Adds slots for more readers to items of a case.
    pub async fn share(&self, case: &CaseId, sharing: &Sharing) -> Result<AddedView, DeskError> {
        let shared = self.post(&format!("cases/{case}/slots"), sharing).await;
        let shared = shared.map_err(|error| match error.id {
            Some("desk-error-conflict") => DeskError::known("desk-error-no-room"),
            _ => error,
        });
        json(shared?).await
    }
}

/// Sends a request; once more on a new connection when the one it went by was dropped: a proxy may close what was kept open just then.
/// Every act may arrive twice, and a body that is streamed goes only once.
async fn sent(request: RequestBuilder) -> Result<Response, reqwest::Error> {
    let again = request.try_clone();
    match (request.send().await, again) {
        (Err(error), Some(again)) if error.is_request() && !error.is_connect() => again.send().await,
        (answered, _) => answered,
    }
}

/// The roster files of a server, and what they say, if the reader's root signers do and nothing older or other was seen.
async fn fetch_roster(
    http: &reqwest::Client,
    origin: &str,
    (anchor, state): (&Path, &Path),
    clock: Clock,
) -> Result<(Files, Roster), DeskError> {
    let files: Files = json(sent(http.get(format!("{origin}/api/v1/roster")).timeout(ANSWER)).await?).await?;
    let roster = verify(&files, anchor, state, clock)?;
    Ok((files, roster))
}

/// What is in an answer that is no error, up to [`LONGEST`].
pub(super) async fn json<T: DeserializeOwned>(response: Response) -> Result<T, DeskError> {
    let mut response = response.error_for_status()?;
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if bytes.len() + chunk.len() > LONGEST {
            return Err(DeskError::known("desk-error-length"));
        }
        bytes.extend_from_slice(&chunk);
    }
    serde_json::from_slice(&bytes).map_err(|_| DeskError::known("desk-error-answer"))
}

fn verify(files: &Files, anchor: &Path, state: &Path, clock: Clock) -> Result<Roster, DeskError> {
    let anchor = roster_files::anchor(anchor)?;
    let before: Vec<Seen> = match std::fs::read(state) {
        Ok(bytes) => serde_json::from_slice(&bytes).map_err(|_| DeskError::known("desk-error-remembered"))?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    let seen = |file: &str| before.iter().find(|s| s.file == file).cloned();
    let (roster, now) = files.verify(&anchor, clock.today(), seen)?;
    // What the server leaves out now is still remembered.
    let gone = before.iter().filter(|s| now.iter().all(|n| n.file != s.file)).cloned();
    let now: Vec<Seen> = now.iter().cloned().chain(gone).collect();
    if now != before {
        replace(state, &serde_json::to_vec(&now).map_err(|e| DeskError::new(e.to_string()))?)?;
    }
    Ok(roster)
}
