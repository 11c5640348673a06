//! What every page of an unlocked desk has in common: the passphrase first, then an answer or what went wrong in words.
use actix_web::{
    Either, HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Form},
};

use super::{Desk, Fields, language, lock::Unlocked, view};
use crate::{
    desk::DeskError,
    domain::id::{CaseId, ItemId},
    seal::Plaintext,
    text::Texts,
};

/// A form, or no body at all.
pub(super) type MaybeForm = Either<Form<Fields>, ()>;

/// The fields that came; none with a GET.
pub(super) fn fields(form: MaybeForm) -> Fields {
    match form {
        Either::Left(form) => form.into_inner(),
        Either::Right(()) => Fields::new(),
    }
}

/// Why there is no such page.
pub(super) enum Fault {
    /// Nothing of the kind is here.
    NotFound,
    /// It did not work.
    Failed(DeskError),
}

impl From<DeskError> for Fault {
    fn from(error: DeskError) -> Self {
        Self::Failed(error)
    }
}

/// What a page came to.
pub(super) type Answer = Result<HttpResponse, Fault>;

/// Answers from the unlocked desk; a locked one asks for the passphrase and keeps what was sent.
pub(super) async fn answer(
    desk: &Data<Desk>,
    request: &HttpRequest,
    lang: &str,
    mut sent: Fields,
    page: impl AsyncFnOnce(&mut Unlocked, Texts, Fields) -> Answer,
) -> HttpResponse {
    let t = language::asked(desk, lang, &mut sent);
    let mut open = match desk.unlocked(t, request, &mut sent).await {
        Ok(open) => open,
        Err(asks) => return asks,
    };
    match page(&mut open, t, sent).await {
        Ok(answer) => answer,
        Err(Fault::NotFound) => view::plain(StatusCode::NOT_FOUND, "desk-not-found"),
        Err(Fault::Failed(error)) => failed(&open, t, &error),
    }
}

/// A page that says what went wrong.
fn failed(open: &Unlocked, t: Texts, error: &DeskError) -> HttpResponse {
    let text = Plaintext::from(error.in_words(t));
    let body = format!("<h1>{}</h1><p role=\"alert\">{}</p>", t.get("desk-failed"), text.echo());
    view::page(t, StatusCode::BAD_GATEWAY, &t.get("desk-failed"), &open.client, &body)
}

/// The case that a path names.
pub(super) fn case_of(text: &str) -> Result<CaseId, Fault> {
    CaseId::parse(text).ok_or(Fault::NotFound)
}

/// The item that a path names.
pub(super) fn item_of(text: &str) -> Result<ItemId, Fault> {
    ItemId::parse(text).ok_or(Fault::NotFound)
}
