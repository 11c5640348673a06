//! The other language: every page has a button for it. It is in the path of each page, and kept for the pages that have none.
//!
//! Where something can be typed the button belongs to that form (`id="typed"`) and sends it: nothing is done with it then, its page is shown
//! in the other language with everything that was in it.
use actix_web::{
    HttpRequest, HttpResponse,
    http::header::REFERER,
    web::{Data, Path},
};

use super::{Desk, Fields, lock::take, view};
use crate::{
    seal::{Plaintext, code::Language},
    text::Texts,
};

/// The button's name, and its value: the language.
const IN: &str = "in";
/// Stands for the button once its language is known.
const SHOWN: &str = "shown";
/// On the page that asks for the passphrase: the form is the one that was sent before, to be done as it was.
pub(super) const LOCKED: &str = "locked";
/// How the form that belongs to the button is marked, in a page.
const TYPED: &str = "<form id=\"typed\"";

/// Ends of paths that only take a form; what stands before them is the page it is on.
const FORMS: [&str; 4] = ["/review", "/attach/file", "/copy", "/public"];

/// Whether a page has a form that the button sends.
pub(super) fn sends(body: &str) -> bool {
    body.contains(TYPED)
}

/// Where the form of a page is sent that something is written in, so that it can be shown again. A file and a passphrase are not.
pub(super) fn written_on(body: &str) -> Option<&str> {
    let written = body.contains("<textarea") && !body.contains("type=\"password\"") && !body.contains("multipart/");
    let (_, form) = body.split_once(TYPED).filter(|_| written)?;
    form.split_once('>')?.0.split_once("action=\"")?.1.split('"').next()
}

/// The language of an answer: that of the button, where it was pressed, else that of the path. A passphrase is not carried along.
pub(super) fn asked(desk: &Desk, path: &str, sent: &mut Fields) -> Texts {
    let locked = take(sent, LOCKED).is_some();
    let Some(language) = take(sent, IN).and_then(|l| l.choice().and_then(Language::parse)) else {
        return view::texts(path);
    };
    keep(desk, language);
    sent.retain(|(name, _)| name != "passphrase");
    if !locked && !only_shown(sent) {
        show_only(sent);
    }
    Texts::of(language)
}

/// Marks a form as one that is shown again, with nothing done.
pub(super) fn show_only(sent: &mut Fields) {
    sent.push((SHOWN.to_owned(), Plaintext::from("yes".to_owned())));
}

/// Whether a form only came to be shown again.
pub(super) fn only_shown(sent: &Fields) -> bool {
    sent.iter().any(|(name, _)| name == SHOWN)
}

/// An address of the desk in this language.
pub(super) fn address(t: Texts, path: &str) -> String {
    let page = path.strip_prefix('/').and_then(|path| path.split_once('/')).map_or("inbox", |(_, page)| page);
    format!("/{}/{page}", t.lang())
}

pub(super) fn keep(desk: &Desk, language: Language) {
    if let Ok(mut kept) = desk.language.lock() {
        *kept = language;
    }
}

/// Shows the page that was on the screen in this language, where nothing can be typed on it.
pub(super) async fn choose(desk: Data<Desk>, request: HttpRequest, lang: Path<String>) -> HttpResponse {
    let t = view::texts(&lang);
    keep(&desk, t.language);
    let from = request.headers().get(REFERER).and_then(|from| from.to_str().ok());
    let page = from.and_then(|from| page_of(from, &desk.host)).unwrap_or_else(|| "/inbox".to_owned());
    view::see_other(&format!("/{}{page}", t.lang()))
}

/// What follows the language in an address of this desk; of no other, so that nobody is led away.
fn page_of(from: &str, host: &str) -> Option<String> {
    let path = from.strip_prefix("http://")?.strip_prefix(host)?;
    let (lang, page) = path.strip_prefix('/')?.split_once('/')?;
    Language::parse(lang)?;
    Some(format!("/{}", self::page(page)))
}

/// The page at a path, or the one with the form that a path takes.
pub(super) fn page(path: &str) -> &str {
    FORMS.iter().find_map(|form| path.strip_suffix(form)).unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_page_is_shown_and_nobody_is_led_elsewhere() {
        let page = |from: &str| page_of(from, "abc.localhost:1");
        assert_eq!(page("http://abc.localhost:1/nl/case/7?done=note").as_deref(), Some("/case/7?done=note"));
        assert_eq!(page("http://abc.localhost:1/nl/roster/review").as_deref(), Some("/roster"));
        for other in [
            "http://abc.localhost:1//evil.example/x",
            "http://abc.localhost:1.evil.example/nl/x",
            "https://abc.localhost:1/nl/x",
            "http://abc.localhost:1/open/secret",
            "http://evil.example/nl/x",
        ] {
            assert_eq!(page(other), None, "{other}");
        }
    }
}
