//! The second question before a case is closed.
use actix_web::{HttpResponse, http::StatusCode};
use askama::Template;

use super::{lock::Unlocked, view};
use crate::{
    api_types::CaseView,
    desk::{closing::means, summary::first_line},
    domain::id::CaseId,
    seal::Plaintext,
    text::Texts,
};

#[derive(Template)]
#[template(path = "desk/close.html")]
struct Close<'a> {
    t: Texts,
    case: CaseId,
    title: String,
    means: Vec<String>,
    text: &'a Plaintext,
    once: &'a str,
}

/// Says what closing means, shows the text that goes to the reporter, and asks once more.
pub(super) fn sure(open: &Unlocked, t: Texts, case: &CaseView, (text, once): (&Plaintext, &str)) -> HttpResponse {
    let items = open.cases.get(&case.case).map(Vec::as_slice).unwrap_or_default();
    let title = first_line(items).unwrap_or_else(|| t.get("desk-to-case"));
    let page = Close { t, case: case.case, title, means: means(&open.client, t, case, items), text, once };
    let title = t.get("desk-close-title");
    view::page(t, StatusCode::OK, &title, &open.client, &page.render().unwrap_or_default())
}
