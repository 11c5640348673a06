//! The frame of the desk's pages.
use actix_web::{
    HttpResponse,
    http::{StatusCode, header::LOCATION},
};
use askama::Template;

use super::language;
use crate::{
    desk::{Client, DeskError},
    domain::roster::{Mode, Role},
    seal::code::Language,
    text::Texts,
};

/// The style of the desk's pages: the reporter's, and what only the desk has.
pub(super) const STYLE: &str = concat!(include_str!("../../../web/style.css"), include_str!("../../../web/desk.css"));

#[derive(Template)]
#[template(path = "desk/base.html")]
struct Base<'a> {
    t: Texts,
    style: &'static str,
    title: &'a str,
    reader: Option<&'a str>,
    /// The title of the page where they begin.
    front: &'static str,
    mode: Option<&'static str>,
    /// The roster changed, and the reader has not said that they read how.
    news: bool,
    /// The other language, where there is a page in it.
    other: Option<Texts>,
    /// The button for it sends the form of the page.
    sends: bool,
    /// So does the one that locks: to keep what is written in it. Where it is sent otherwise.
    written: Option<&'a str>,
    body: &'a str,
}

/// Whose desk a page is of, and what the service is for, once that is known.
#[derive(Clone, Copy, Default)]
pub(super) struct Frame<'a> {
    /// The reader who is signed in.
    pub(super) reader: Option<&'a str>,
    /// What an overseer watches over as; no reader does.
    pub(super) role: Option<Role>,
    /// From the roster that was verified last.
    pub(super) mode: Option<Mode>,
    /// It is in both languages at once.
    pub(super) both: bool,
    /// The roster changed, and the reader has not said that they read how.
    pub(super) news: bool,
}

impl<'a> From<&'a Client> for Frame<'a> {
    fn from(client: &'a Client) -> Self {
        let role = client.watches().map(|(_, overseer)| overseer.role);
        let news = !client.roster_changes().is_empty();
        Self { reader: Some(client.me.reader.as_str()), role, mode: Some(client.roster.mode), both: false, news }
    }
}

impl From<Option<Mode>> for Frame<'_> {
    fn from(mode: Option<Mode>) -> Self {
        Self { mode, ..Self::default() }
    }
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

/// A page.
pub(super) fn page<'a>(
    t: Texts,
    status: StatusCode,
    title: &str,
    frame: impl Into<Frame<'a>>,
    body: &str,
) -> HttpResponse {
    let Frame { reader, role, mode, both, news } = frame.into();
    let front = match role {
        Some(Role::Coordinator) => "watch-title",
        Some(Role::Auditor) => "watch-register",
        None => "desk-inbox-title",
    };
    let mode = match mode {
        Some(Mode::Training) => Some("desk-mode-training"),
        Some(Mode::Demo) => Some("desk-mode-demo"),
        Some(Mode::Live) | None => None,
    };
    let other = match t.language {
        Language::Nl => Language::En,
        Language::En => Language::Nl,
    };
    let other = (!both).then(|| Texts::of(other));
    let (sends, written) = (language::sends(body), language::written_on(body));
    let base = Base { t, style: STYLE, title, reader, front, mode, news, other, sends, written, body };
    HttpResponse::build(status).content_type("text/html; charset=utf-8").body(base.render().unwrap_or_default())
}

/// A page of one sentence, in both languages: who asks is not known yet.
pub(super) fn plain(status: StatusCode, id: &'static str) -> HttpResponse {
    let t = Texts::of(Language::Nl);
    page(
        t,
        status,
        "Meldkluis",
        Frame { both: true, ..Frame::default() },
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

/// What was wrong with a form, and the field to which its page leads; none where it is about no field.
pub(super) struct Wrong {
    pub(super) field: &'static str,
    pub(super) text: String,
}

impl Wrong {
    /// An error of a form.
    pub(super) fn of(t: Texts, error: &DeskError) -> Self {
        let field = match error.id {
            Some("desk-choose-reader" | "desk-error-reader-gone" | "desk-error-twice") => "to",
            Some("desk-choose-items" | "desk-error-items") => "items",
            Some("desk-error-reason" | "desk-error-same-reason" | "desk-error-empty") => "text",
            Some("desk-error-duty-ground") => "ground",
            Some("desk-error-reference") => "reference",
            Some("desk-error-take-out-who" | "desk-error-not-here") => "who",
            Some("desk-error-until") => "until",
            Some("desk-error-public" | "desk-error-guest-keys") => "public",
            Some("desk-error-words") => "words",
            Some("desk-error-guest-name" | "desk-error-guest-letters") => "name",
            Some("desk-error-card" | "desk-error-no-card" | "desk-error-guest-large") => "card-file",
            _ => "",
        };
        Self { field, text: error.in_words(t) }
    }
}
