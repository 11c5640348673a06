//! The reader's own keys: a copy to try, eight words to read aloud, and a file for the coordinator. Needs the passphrase and no server:
//! a new reader is in no roster yet.
use actix_multipart::Multipart;
use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
    rt::task::spawn_blocking,
    web::{Data, Path},
};
use age::secrecy::SecretString;
use askama::Template;
use futures_util::StreamExt;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{
    Desk, Fields,
    answer::{MaybeForm, fields},
    language,
    lock::{ask, take},
    view,
};
use crate::{
    desk::{DeskError, Identity, kept},
    domain::day::Day,
    seal::code::print_words,
    text::Texts,
};

/// Bytes of a copy that is tried: no identity file is longer.
const COPY: usize = 64 << 10;
/// The format of the file that keeps when a copy was tried.
const VERSION: u8 = 1;

/// That a copy of the keys worked.
#[derive(Deserialize, Serialize)]
struct Tried {
    version: u8,
    day: Day,
}

#[derive(Template)]
#[template(path = "desk/keys.html")]
struct Page {
    t: Texts,
    /// They were made just now.
    made: bool,
    path: String,
    words: Vec<&'static str>,
    tried: Option<String>,
    /// A copy was tried that is another file: the passphrase may open it.
    other: bool,
    /// The desk was opened with a card.
    guest: bool,
    error: Option<String>,
}

/// When a copy of these keys worked last.
pub(super) fn tried(desk: &Desk, me: &Identity) -> Option<Day> {
    let tried: Tried = kept::load(&desk.identity.with_extension("copy"), me)?;
    (tried.version == VERSION).then_some(tried.day)
}

/// Where the keys are, and what goes to whom.
pub(super) async fn keys(desk: Data<Desk>, request: HttpRequest, lang: Path<String>, form: MaybeForm) -> HttpResponse {
    let mut sent = fields(form);
    let t = language::asked(&desk, &lang, &mut sent);
    if !desk.identity.exists() {
        return view::see_other(&format!("/{}/first", t.lang()));
    }
    let passphrase = take(&mut sent, "passphrase");
    if desk.mine().await.is_some() {
        return page(&desk, t, request.query_string() == "made=yes", None).await;
    }
    let Some(passphrase) = passphrase else { return locked(&desk, t, None) };
    let (path, typed) = (desk.identity.clone(), String::from_utf8_lossy(passphrase.reveal()).into_owned());
    let load = spawn_blocking(move || Identity::load(&path, || Ok(SecretString::from(typed))));
    match load.await.map_err(|e| DeskError::new(e.to_string())).and_then(|me| me) {
        Ok(me) => {
            desk.keep(me);
            here(t)
        }
        Err(error) => locked(&desk, t, Some(error.in_words(t))),
    }
}

fn here(t: Texts) -> HttpResponse {
    view::see_other(&format!("/{}/keys", t.lang()))
}

fn locked(desk: &Desk, t: Texts, error: Option<String>) -> HttpResponse {
    ask(desk, t, &format!("/{}/keys", t.lang()), &Fields::new(), error)
}

async fn page(desk: &Desk, t: Texts, made: bool, error: Option<DeskError>) -> HttpResponse {
    let Some(me) = desk.mine().await else { return here(t) };
    let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let tried = tried(desk, &me).map(|day| t.with("desk-keys-tried", &[("day", t.day(day))]));
    let page = Page {
        t,
        made,
        path: desk.identity.display().to_string(),
        words: print_words(&me.keyed()),
        tried,
        other: error.is_some(),
        guest: desk.card.is_some(),
        error: error.map(|error| error.in_words(t)),
    };
    let open = desk.open.lock().await;
    let alone = view::Frame { reader: Some(me.reader.as_str()), mode: desk.mode(), ..view::Frame::default() };
    let frame = open.as_ref().map_or(alone, |open| view::Frame::from(&open.client));
    view::page(t, status, &t.get("desk-keys-title"), frame, &page.render().unwrap_or_default())
}

/// Tries a copy of the keys, and keeps that it worked: it is the file that the passphrase opened, or opens with the one that came along.
pub(super) async fn copy(desk: Data<Desk>, lang: Path<String>, mut form: Multipart) -> HttpResponse {
    let t = view::texts(&lang);
    let (mut file, mut passphrase) = (Zeroizing::new(Vec::new()), Zeroizing::new(Vec::new()));
    while let Some(Ok(mut field)) = form.next().await {
        let into = if field.name() == Some("copy") { &mut file } else { &mut passphrase };
        while let Some(Ok(chunk)) = field.next().await {
            let room = COPY.saturating_sub(into.len());
            into.extend(chunk.iter().take(room));
        }
    }
    let Some(me) = desk.mine().await else { return here(t) };
    let typed = String::from_utf8_lossy(&passphrase).into_owned();
    let (path, own) = (desk.identity.clone(), me.keyed());
    let tried = spawn_blocking(move || {
        if std::fs::read(&path)? == *file {
            return Ok(());
        }
        if typed.is_empty() && Identity::is_one(&file) {
            return Err(DeskError::known("desk-copy-other"));
        }
        let copy = Identity::open(file, || Ok(SecretString::from(typed)));
        let works = copy.is_ok_and(|copy| copy.keyed() == own);
        works.then_some(()).ok_or_else(|| DeskError::known("desk-copy-broken"))
    });
    let worked = Tried { version: VERSION, day: desk.place.clock.today() };
    let tried = tried.await.map_err(|e| DeskError::new(e.to_string())).and_then(|tried| tried);
    match tried.and_then(|()| kept::save(&desk.identity.with_extension("copy"), &me, &worked)) {
        Ok(()) => here(t),
        Err(error) => page(&desk, t, false, Some(error)).await,
    }
}

/// The public half as a file for the coordinator.
pub(super) async fn public(desk: Data<Desk>, lang: Path<String>) -> HttpResponse {
    let Some(me) = desk.mine().await else { return here(view::texts(&lang)) };
    // The coordinator keeps them of all readers in one folder.
    let name = format!("attachment; filename=\"meldkluis-public-{}.toml\"", me.reader);
    HttpResponse::Ok()
        .content_type("application/toml")
        .insert_header((header::CONTENT_DISPOSITION, name))
        .body(me.public())
}
