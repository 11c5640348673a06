//! What every page of an unlocked desk has in common: the passphrase first, then an answer or what went wrong in words.
use actix_web::{
    Either, HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Form},
};

use askama::Template;

use super::{
    Desk, Fields, language,
    lock::{Unlocked, ask, kept},
    view,
};
use crate::{
    desk::DeskError,
    domain::id::{CaseId, ItemId},
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
    let kept = kept(&sent);
    // On the heap: it is as large as all that a page does, and would be copied on the stack with each step to where it is waited for.
    let work = Box::pin(async {
        let mut open = match desk.unlocked(t, request, &mut sent).await {
            Ok(open) => open,
            Err(asks) => return asks,
        };
        // A page that stays open goes on with no roster past its last day.
        let answered = match open.client.roster_of_today().await {
            Ok(()) => page(&mut open, t, sent).await,
            Err(error) => Err(error.into()),
        };
        match answered {
            Ok(answer) => answer,
            Err(Fault::NotFound) => view::plain(StatusCode::NOT_FOUND, "desk-not-found"),
            Err(Fault::Failed(error)) => failed(&open, t, request.path(), &error),
        }
    });
    let answered = desk.unless_locked(work).await;
    // A file does not wait for a passphrase, nor does a key: the page does that they were sent from.
    answered.unwrap_or_else(|| ask(desk, t, &language::address(t, language::page(request.path())), &kept, None))
}

#[derive(Template)]
#[template(path = "desk/failed.html")]
struct Failed {
    t: Texts,
    title: &'static str,
    text: String,
    case: Option<CaseId>,
}

/// A page that says what went wrong, or why what was asked for cannot be in this case; from a page of a case it leads back there.
fn failed(open: &Unlocked, t: Texts, path: &str, error: &DeskError) -> HttpResponse {
    let status = error.status;
    let title = match (error.id, status) {
        (Some("desk-error-closed"), _) => "desk-closed-title",
        (Some("desk-error-withdrawn"), _) => "desk-withdrawn-title",
        (
            Some(
                "desk-error-no-term"
                | "desk-error-no-term-identity"
                | "desk-error-passed"
                | "desk-error-identity-case"
                | "desk-error-manager-ends"
                | "desk-error-guest-advice"
                | "desk-error-no-report"
                | "desk-error-nobody"
                | "desk-error-not-oral",
            ),
            _,
        ) => "desk-not-here",
        (Some("desk-error-nothing"), _) => "desk-nothing-title",
        (_, StatusCode::FORBIDDEN) => "desk-not-for-you",
        (_, StatusCode::CONFLICT) => "desk-not-now",
        _ => "desk-failed",
    };
    let case = path.split('/').skip_while(|part| *part != "case").nth(1).and_then(CaseId::parse);
    // A case that is not there has no page to go back to.
    let case = case.filter(|_| status != StatusCode::NOT_FOUND);
    let page = Failed { t, title, text: error.in_words(t), case };
    view::page(t, status, &t.get(title), &open.client, &page.render().unwrap_or_default())
}

/// The case that a path names.
pub(super) fn case_of(text: &str) -> Result<CaseId, Fault> {
    CaseId::parse(text).ok_or(Fault::NotFound)
}

/// The item that a path names.
pub(super) fn item_of(text: &str) -> Result<ItemId, Fault> {
    ItemId::parse(text).ok_or(Fault::NotFound)
}
