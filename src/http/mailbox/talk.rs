//! Asking for a talk: places and times, and no name.
use actix_web::{HttpResponse, http::StatusCode};
use askama::Template;

use super::{ANSWER_BYTES, Notice, Opened, add, hidden, letters::letters, parts::parted, show, written_to};
use crate::{
    http::{
        App,
        page::{FieldError, page, problem},
    },
    seal::{Kind, Plaintext},
    store::StoreError,
    text::Texts,
};

#[derive(Template)]
#[template(path = "talk.html")]
struct Talk {
    t: Texts,
    hidden: String,
    /// The reporter withdrew: what they send says that they want contact after all.
    withdrawn: bool,
    text: Plaintext,
    error: Option<String>,
}

/// The page on which a talk is asked for, with what was typed on it in the other language.
pub(super) async fn ask_talk(app: &App, t: Texts, opened: &Opened, text: Plaintext) -> HttpResponse {
    asking(app, t, opened, text, None).await
}

async fn asking(app: &App, t: Texts, opened: &Opened, text: Plaintext, error: Option<String>) -> HttpResponse {
    let Ok(all) = letters(app, opened).await else { return problem(t.language, StatusCode::SERVICE_UNAVAILABLE) };
    let withdrawn = !opened.case.state.is_closed() && parted(all).withdrawn().is_some();
    let errors: Vec<FieldError> = error.iter().map(|text| FieldError { field: "text", text: text.clone() }).collect();
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let talk = Talk { t, hidden: hidden(app, opened), withdrawn, text, error };
    page(t, status, &t.get("talk-title"), &errors, &talk.render().unwrap_or_default())
}

/// Sends what was proposed. The readers answer as they answer everything.
pub(super) async fn talk(app: &App, t: Texts, opened: &Opened, text: Plaintext) -> HttpResponse {
    let Ok(readers) = written_to(app, opened).await else {
        return problem(t.language, StatusCode::SERVICE_UNAVAILABLE);
    };
    let wrong = if text.is_blank() {
        Some(t.get("error-talk"))
    } else if text.escaped_len() > ANSWER_BYTES {
        Some(t.with("error-answer-long", &[("bytes", text.escaped_len().to_string())]))
    } else if opened.case.state.is_closed() {
        Some(t.get("error-talk-closed"))
    } else if readers.is_empty() {
        Some(t.get("error-no-readers"))
    } else {
        None
    };
    if wrong.is_some() {
        return asking(app, t, opened, text, wrong).await;
    }
    match add(app, opened, Kind::Talk, text).await {
        Ok(()) => show(app, t, opened, Notice::Talk, 0, None).await,
        Err(StoreError::Conflict) => show(app, t, opened, Notice::Full, 0, None).await,
        Err(_) => problem(t.language, StatusCode::SERVICE_UNAVAILABLE),
    }
}
