//! The frame of the desk's pages.
use actix_web::{
    HttpResponse,
    http::{StatusCode, header::LOCATION},
};
use askama::Template;

use crate::{seal::code::Language, text::Texts};

/// The style of the desk's pages: the reporter's, and what only the desk has.
pub(super) const STYLE: &str = concat!(include_str!("../../../web/style.css"), include_str!("../../../web/desk.css"));

#[derive(Template)]
#[template(path = "desk/base.html")]
struct Base<'a> {
    t: Texts,
    style: &'static str,
    title: &'a str,
    reader: Option<&'a str>,
    body: &'a str,
}

#[derive(Template)]
#[template(path = "desk/plain.html")]
struct Plain {
    t: Texts,
    en: Texts,
    id: &'static str,
    entered: bool,
}

/// The texts of a path's language; Dutch when it names none.
pub(super) fn texts(lang: &str) -> Texts {
    Texts::of(Language::parse(lang).unwrap_or(Language::Nl))
}

/// A page; `reader` is whose desk it is, once that is known.
pub(super) fn page(t: Texts, status: StatusCode, title: &str, reader: Option<&str>, body: &str) -> HttpResponse {
    let base = Base { t, style: STYLE, title, reader, body };
    HttpResponse::build(status).content_type("text/html; charset=utf-8").body(base.render().unwrap_or_default())
}

/// A page of one sentence, in both languages: who asks is not known yet.
pub(super) fn plain(status: StatusCode, id: &'static str) -> HttpResponse {
    let t = Texts::of(Language::Nl);
    page(
        t,
        status,
        "Meldkluis",
        None,
        &Plain { t, en: Texts::of(Language::En), id, entered: id == "desk-entered" }.render().unwrap_or_default(),
    )
}

/// A text in a query or a header (RFC 3986, RFC 8187): everything but unreserved characters as bytes.
pub(super) fn percent(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

/// Leads on to another page.
pub(super) fn see_other(path: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((LOCATION, path.to_owned())).finish()
}
