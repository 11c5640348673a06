//! Pages: one response each, inline style allowed by its hash, the same headers on every status. Their frame and size: `frame`.
use std::sync::OnceLock;

use actix_web::{
    HttpResponse,
    http::{
        StatusCode,
        header::{self, HeaderMap, HeaderName, HeaderValue},
    },
    web::Path,
};
use askama::Template;

use super::frame::{Content, STYLE};
use crate::{
    domain::day::Day,
    seal::code::Language,
    text::Texts,
    web::{policy, web_headers},
};

/// A mistake in a form: the field's id and the text that says what to do.
pub(crate) struct FieldError {
    pub(crate) field: &'static str,
    pub(crate) text: String,
}

#[derive(Template)]
#[template(path = "main.html")]
struct Main<'a> {
    t: Texts,
    errors: &'a [FieldError],
    body: &'a str,
}

/// A page with this status.
pub(crate) fn page(t: Texts, status: StatusCode, title: &str, errors: &[FieldError], body: &str) -> HttpResponse {
    // A page that would not look alike is not sent. The form's fields do not take that much from a browser.
    fitting(t, status, title, errors, body).unwrap_or_else(|| problem(t.language, StatusCode::PAYLOAD_TOO_LARGE))
}

/// A page, if so much fits one.
pub(crate) fn fitting(
    t: Texts,
    status: StatusCode,
    title: &str,
    errors: &[FieldError],
    body: &str,
) -> Option<HttpResponse> {
    let title = if errors.is_empty() { title.to_owned() } else { format!("{} {title}", t.get("error-prefix")) };
    let inner = Main { t, errors, body }.render().unwrap_or_default();
    let content = Content { t, title, inner };
    let mut response =
        content.fits().then(|| HttpResponse::build(status).content_type("text/html; charset=utf-8").finish())?;
    response.extensions_mut().insert(content);
    Some(response)
}

/// A page for a status that no handler made a page for. Nothing of the request is on it.
pub(crate) fn problem(language: Language, status: StatusCode) -> HttpResponse {
    let t = Texts::of(language);
    let kind = match status.as_u16() {
        404 => "not-found",
        405 => "method",
        403 => "foreign",
        413 => "too-large",
        500.. => "unavailable",
        _ => "bad-request",
    };
    let status = if status.is_success() { StatusCode::INTERNAL_SERVER_ERROR } else { status };
    let body = format!(
        "<h1>{}</h1><p>{}</p><p><a class=\"utrecht-link\" href=\"/{}/\">{}</a></p>",
        t.get(&format!("{kind}-title")),
        t.get(&format!("{kind}-text")),
        t.lang(),
        t.get("to-home")
    );
    page(t, status, &t.get(&format!("{kind}-title")), &[], &body)
}

/// The headers of every answer, on every status.
pub(crate) fn headers(headers: &mut HeaderMap, today: Day, https: bool, returns: bool) {
    // Of one length. What is not stored, a browser asks for again, and forgets what was typed on it.
    static POLICY: OnceLock<String> = OnceLock::new();
    web_headers(headers, POLICY.get_or_init(|| policy(STYLE, "")), if returns { "no-cache" } else { "no-store" });
    if https {
        // On the plain listener browsers ignore it; every answer keeps the same headers.
        let two_years = HeaderValue::from_static("max-age=63072000");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, two_years);
    }
    // The day and nothing finer (promise 5).
    let date = today.date().strftime("%a, %d %b %Y 00:00:00 GMT").to_string();
    if let Ok(date) = HeaderValue::from_str(&date) {
        headers.insert(header::DATE, date);
    }
}

/// Tells Tor Browser the onion service's address. It names the front page in the language, never the page that was asked for: every answer
/// has the same number of bytes.
pub(crate) fn lead_to(headers: &mut HeaderMap, onion: &str, language: Language) {
    if let Ok(location) = HeaderValue::from_str(&format!("{onion}/{}/", language.as_str())) {
        headers.insert(HeaderName::from_static("onion-location"), location);
    }
}

#[derive(Template)]
#[template(path = "only_onion.html")]
struct OnlyOnion<'a> {
    t: Texts,
    onion: &'a str,
}

/// In place of the form and the mailbox, where intake is by the onion service alone.
pub(crate) fn only_onion(language: Language, onion: &str) -> HttpResponse {
    let t = Texts::of(language);
    let body = OnlyOnion { t, onion }.render().unwrap_or_default();
    page(t, StatusCode::FORBIDDEN, &t.get("only-onion-title"), &[], &body)
}

#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    t: Texts,
}

/// `/` leads to the Dutch front page, which links to the English one.
pub(crate) async fn front() -> HttpResponse {
    show_home(Language::Nl)
}

/// `/en`, as people type it.
pub(crate) async fn english() -> HttpResponse {
    show_home(Language::En)
}

/// The front page.
pub(crate) async fn home(lang: Path<String>) -> HttpResponse {
    Language::parse(&lang).map_or_else(|| problem(Language::Nl, StatusCode::NOT_FOUND), show_home)
}

fn show_home(language: Language) -> HttpResponse {
    let t = Texts::of(language);
    page(t, StatusCode::OK, &t.get("home-title"), &[], &Home { t }.render().unwrap_or_default())
}

macro_rules! info {
    ($lang:literal, $name:literal) => {
        include_str!(concat!("../../web/templates/info/", $lang, "/", $name, ".html"))
    };
}

/// The information pages, readable without a code.
pub(crate) async fn info(path: Path<(String, String)>) -> HttpResponse {
    let (lang, name) = path.into_inner();
    let nl = lang == "nl";
    let body = match (name.as_str(), nl || lang == "en") {
        ("privacy", true) => {
            if nl {
                info!("nl", "privacy")
            } else {
                info!("en", "privacy")
            }
        }
        ("accessibility", true) => {
            if nl {
                info!("nl", "accessibility")
            } else {
                info!("en", "accessibility")
            }
        }
        ("procedure", true) => {
            if nl {
                info!("nl", "procedure")
            } else {
                info!("en", "procedure")
            }
        }
        ("external", true) => {
            if nl {
                info!("nl", "external")
            } else {
                info!("en", "external")
            }
        }
        ("options", true) => {
            if nl {
                info!("nl", "options")
            } else {
                info!("en", "options")
            }
        }
        ("told", true) => {
            if nl {
                info!("nl", "told")
            } else {
                info!("en", "told")
            }
        }
        ("together", true) => {
            if nl {
                info!("nl", "together")
            } else {
                info!("en", "together")
            }
        }
        _ => return problem(Language::parse(&lang).unwrap_or(Language::Nl), StatusCode::NOT_FOUND),
    };
    let t = Texts::of(if nl { Language::Nl } else { Language::En });
    page(t, StatusCode::OK, &t.get(&format!("info-{name}")), &[], body)
}

/// Everything the route table does not know.
pub(crate) async fn not_found(request: actix_web::HttpRequest) -> HttpResponse {
    let language = if request.path().starts_with("/en/") { Language::En } else { Language::Nl };
    problem(language, StatusCode::NOT_FOUND)
}
