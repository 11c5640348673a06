//! First use: keys, a passphrase, a tried copy, and one file for the coordinator.
use actix_multipart::Multipart;
use actix_web::{
    HttpResponse,
    http::{StatusCode, header},
    rt::task::spawn_blocking,
    web::{Data, Path},
};
use age::secrecy::SecretString;
use askama::Template;
use futures_util::StreamExt;
use zeroize::Zeroizing;

use super::{
    Desk,
    answer::{MaybeForm, fields},
    lock::take,
    view,
};
use crate::{
    desk::{DeskError, Identity, passphrase::passphrase_of},
    domain::id::ReaderId,
    seal::{Plaintext, code::print_words},
    text::Texts,
};

/// Bytes of a copy that is tried: no identity file is longer.
const COPY: usize = 64 << 10;

#[derive(Template)]
#[template(path = "desk/first.html")]
struct First {
    t: Texts,
    name: String,
    error: Option<String>,
}

#[derive(Template)]
#[template(path = "desk/made.html")]
struct Made {
    t: Texts,
    path: String,
    public: String,
    words: Vec<&'static str>,
    tried: Option<&'static str>,
    error: Option<String>,
}

/// Asks for a name and a passphrase, and makes the keys.
pub(super) async fn first(desk: Data<Desk>, lang: Path<String>, form: MaybeForm) -> HttpResponse {
    let t = view::texts(&lang);
    let mut sent = fields(form);
    if desk.identity.exists() {
        return view::see_other(&format!("/{}/inbox", t.lang()));
    }
    let Some(name) = take(&mut sent, "name") else { return ask(t, String::new(), None) };
    let name = String::from_utf8_lossy(name.reveal()).trim().to_owned();
    let typed = |field: Option<Plaintext>| String::from_utf8_lossy(field.unwrap_or_default().reveal()).into_owned();
    let (once, again) = (typed(take(&mut sent, "passphrase")), typed(take(&mut sent, "again")));
    let (path, reader) = (desk.identity.clone(), ReaderId::try_from(name.clone()));
    let made = spawn_blocking(move || {
        let reader = reader.map_err(DeskError::new)?;
        Identity::create(&path, reader, Some(passphrase_of(&once, &again)?))
    });
    match made.await.map_err(|e| DeskError::new(e.to_string())).and_then(|made| made) {
        Ok(me) => shown(&desk, t, &me, None, None),
        Err(error) => ask(t, name, Some(error.in_words(t))),
    }
}

fn ask(t: Texts, name: String, error: Option<String>) -> HttpResponse {
    let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    view::page(
        t,
        status,
        &t.get("desk-first-title"),
        view::Frame::default(),
        &First { t, name, error }.render().unwrap_or_default(),
    )
}

/// What the coordinator needs, and where the keys are.
fn shown(desk: &Desk, t: Texts, me: &Identity, tried: Option<&'static str>, error: Option<String>) -> HttpResponse {
    let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let words = print_words(&me.keyed(), t.language);
    let page = Made { t, path: desk.identity.display().to_string(), public: me.public(), words, tried, error };
    view::page(t, status, &t.get("desk-made-title"), view::Frame::default(), &page.render().unwrap_or_default())
}

/// Tries a copy of the keys with the passphrase; shows the public half again.
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
    let typed = String::from_utf8_lossy(&passphrase).into_owned();
    let path = desk.identity.clone();
    let tried = spawn_blocking(move || {
        let typed = SecretString::from(typed);
        let me = Identity::load(&path, || Ok(typed.clone()))?;
        let copy = Identity::open(file, || Ok(typed.clone()));
        Ok::<_, DeskError>((copy.is_ok_and(|copy| copy.keyed() == me.keyed()), me))
    });
    match tried.await.map_err(|e| DeskError::new(e.to_string())).and_then(|tried| tried) {
        Ok((true, me)) => shown(&desk, t, &me, Some("desk-copy-works"), None),
        Ok((false, me)) => shown(&desk, t, &me, None, Some(t.get("desk-copy-broken"))),
        Err(error) => ask_again(t, &error),
    }
}

fn ask_again(t: Texts, error: &DeskError) -> HttpResponse {
    let text = Plaintext::from(error.in_words(t));
    let back = format!("<p><a class=\"utrecht-link\" href=\"/{}/inbox\">{}</a></p>", t.lang(), t.get("desk-unlock"));
    let body = format!("<h1>{}</h1><p role=\"alert\">{}</p>{back}", t.get("desk-failed"), text.echo());
    view::page(t, StatusCode::UNPROCESSABLE_ENTITY, &t.get("desk-failed"), view::Frame::default(), &body)
}

/// The public half as a file for the coordinator.
pub(super) async fn public(lang: Path<String>, form: MaybeForm) -> HttpResponse {
    let t = view::texts(&lang);
    match take(&mut fields(form), "public") {
        Some(public) => HttpResponse::Ok()
            .content_type("application/toml")
            .insert_header((header::CONTENT_DISPOSITION, "attachment; filename=\"meldkluis-public.toml\""))
            .body(public.reveal().to_vec()),
        None => view::see_other(&format!("/{}/first", t.lang())),
    }
}
