//! Who reads a case: who does, and what can be done about it. What is done goes the way of the commands.
mod card;
mod duty;
mod guest;
mod leave;
mod take_out;

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{self, Data, Path},
};
use askama::Template;

use self::{duty::DutyRow, take_out::TakingRow};
use super::{
    Desk, Fields,
    answer::{Answer, Fault, MaybeForm, answer, case_of, fields, item_of},
    both,
    case::refresh,
    lock::Unlocked,
    view,
};
use crate::{
    api_types::CaseView,
    desk::{
        Client, DeskError, Item, Sent,
        case_words::{CaseWords, Who},
        consent::{may_ask, may_let_in},
    },
    domain::id::{CaseId, ItemId},
    seal::Plaintext,
    text::Texts,
};

/// The pages about who reads.
pub(super) fn routes(cfg: &mut web::ServiceConfig) {
    cfg.service(both("/{lang}/case/{case}/readers", show))
        .service(both("/{lang}/case/{case}/readers/leave", leave::leave_case))
        .service(both("/{lang}/case/{case}/readers/take-out", take_out::ask))
        .service(both("/{lang}/case/{case}/readers/take-out/{item}", take_out::confirm))
        .service(both("/{lang}/case/{case}/readers/along", take_out::along))
        .service(both("/{lang}/case/{case}/readers/duty", duty::ask))
        .service(both("/{lang}/case/{case}/readers/duty/{item}", duty::approve))
        .service(both("/{lang}/case/{case}/readers/guest", guest::invite_one))
        .service(both("/{lang}/case/{case}/readers/guest/card", card::save))
        .service(both("/{lang}/case/{case}/readers/guest/ask", card::ask));
}

#[derive(Template)]
#[template(path = "desk/readers.html")]
struct Page {
    t: Texts,
    case: CaseId,
    who: Vec<Who>,
    takings: Vec<TakingRow>,
    /// There is somebody whom this reader can ask to be taken out.
    takes_out: bool,
    duties: Vec<DutyRow>,
    /// What the reporter was asked, with what can be carried out now.
    consents: Vec<(String, Option<String>)>,
    closed: bool,
    /// The reporter can be asked.
    asks: bool,
    guest: bool,
    advice: bool,
    /// It says who the reporter is: nobody is let in.
    identity: bool,
    error: Option<String>,
}

/// A choice of a form.
pub(super) fn chosen<'a>(sent: &'a Fields, name: &str) -> Option<&'a str> {
    sent.iter().find(|(n, _)| n == name).and_then(|(_, v)| v.choice())
}

/// What was typed into a field of one line.
pub(super) fn typed(sent: &Fields, name: &str) -> String {
    let found = sent.iter().find(|(n, _)| n == name);
    found.map(|(_, v)| String::from_utf8_lossy(v.reveal()).into_owned()).unwrap_or_default()
}

/// A longer text, to be used while the page keeps its own.
fn text_of(sent: &Fields, name: &str) -> Plaintext {
    let found = sent.iter().find(|(n, _)| n == name);
    Plaintext::from(found.map(|(_, v)| v.reveal().to_vec()).unwrap_or_default())
}

fn items<'a>(open: &'a Unlocked, case: &CaseId) -> &'a [Item] {
    open.cases.get(case).map(Vec::as_slice).unwrap_or_default()
}

fn is_guest(open: &Unlocked) -> bool {
    open.client.me.card.is_some()
}

/// What a guest has no page for.
fn no_guest(open: &Unlocked) -> Result<(), Fault> {
    if is_guest(open) { Err(DeskError::known("desk-error-guest").into()) } else { Ok(()) }
}

/// What colleagues asked and this reader can answer, for the page of the case.
pub(super) fn waits(open: &Unlocked, t: Texts, words: &CaseWords<'_>, case: &CaseView) -> Vec<String> {
    let takings = take_out::rows(open, t, words, case).into_iter().filter(|row| row.confirm).map(|row| row.text);
    let duties = duty::rows(open, t, words, case).into_iter().filter(|row| row.approve || row.carry_out);
    let duties = duties.map(|row| row.text);
    takings.chain(duties).collect()
}

/// The page.
async fn show(desk: Data<Desk>, request: HttpRequest, path: Path<(String, String)>, form: MaybeForm) -> HttpResponse {
    answer(&desk, &request, &path.0, fields(form), async |open, t, _| page(open, t, &case_of(&path.1)?, None).await)
        .await
}

pub(super) async fn page(open: &mut Unlocked, t: Texts, id: &CaseId, error: Option<DeskError>) -> Answer {
    let case = refresh(open, id).await?;
    let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let words = open.words(t, id);
    let page = Page {
        t,
        case: *id,
        who: words.who(&case),
        takings: take_out::rows(open, t, &words, &case),
        takes_out: !words.removable(&case).is_empty(),
        duties: duty::rows(open, t, &words, &case),
        consents: words.consents(&case),
        closed: case.state.is_closed(),
        asks: may_ask(&open.client, &case, items(open, id)).is_ok(),
        guest: is_guest(open),
        advice: crate::desk::open::advice(items(open, id)),
        identity: may_let_in(items(open, id)).is_err(),
        error: error.map(|error| error.in_words(t)),
    };
    Ok(shown(open, t, status, "desk-readers-title", &page))
}

fn shown(open: &Unlocked, t: Texts, status: StatusCode, title: &str, body: &impl Template) -> HttpResponse {
    view::page(t, status, &t.get(title), &open.client, &body.render().unwrap_or_default())
}

/// Back to the page, once something was done.
/// What a second reader does about what a first one said. A page that is only looked at does nothing.
async fn as_second(
    open: &mut Unlocked,
    t: Texts,
    (case, item): (&str, &str),
    sent: &Fields,
    act: impl AsyncFnOnce(&Client, &CaseId, &ItemId) -> Result<Sent, DeskError>,
) -> Answer {
    let id = case_of(case)?;
    if chosen(sent, "do").is_none() {
        return Ok(back(t, &id));
    }
    match act(&open.client, &id, &item_of(item)?).await {
        Ok(_) => Ok(back(t, &id)),
        Err(error) => page(open, t, &id, Some(error)).await,
    }
}

fn back(t: Texts, id: &CaseId) -> HttpResponse {
    view::see_other(&format!("/{}/case/{id}/readers", t.lang()))
}
