//! The other language: every page has a button for it. It is in the path of each page, and kept for the pages that have none.
use actix_web::{
    HttpRequest, HttpResponse,
    http::header::REFERER,
    web::{Data, Path},
};

use super::{Desk, view};
use crate::seal::code::Language;

/// Ends of paths that only take a form; what stands before them is the page it is on.
const FORMS: [&str; 4] = ["/review", "/attach/file", "/copy", "/public"];

/// Shows the page that was on the screen in this language. What was typed there is lost, as behind any link.
pub(super) async fn choose(desk: Data<Desk>, request: HttpRequest, lang: Path<String>) -> HttpResponse {
    let t = view::texts(&lang);
    if let Ok(mut kept) = desk.language.lock() {
        *kept = t.language;
    }
    let from = request.headers().get(REFERER).and_then(|from| from.to_str().ok());
    let page = from.and_then(|from| page_of(from, &desk.host)).unwrap_or_else(|| "/inbox".to_owned());
    view::see_other(&format!("/{}{page}", t.lang()))
}

/// What follows the language in an address of this desk; of no other, so that nobody is led away.
fn page_of(from: &str, host: &str) -> Option<String> {
    let path = from.strip_prefix("http://")?.strip_prefix(host)?;
    let (lang, page) = path.strip_prefix('/')?.split_once('/')?;
    Language::parse(lang)?;
    let form = FORMS.iter().find_map(|form| page.strip_suffix(form));
    Some(format!("/{}", form.unwrap_or(page)))
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
