//! Taking another reader out of a case: one asks, a second confirms.
use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use askama::Template;

use super::{as_second, back, chosen, no_guest, shown, text_of};
use crate::{
    api_types::CaseView,
    desk::{
        Content, DeskError, State,
        along::take_out_gone,
        case_words::{CaseWords, Who, why_out},
        confirm_take_out,
        page::{
            Desk, Fields,
            answer::{Answer, MaybeForm, answer, case_of, fields},
            case::refresh,
            hand_over::Choice,
            language::only_shown,
            lock::Unlocked,
            view::{self, Wrong},
        },
        take_out,
    },
    domain::id::{CaseId, ItemId, ReaderId},
    seal::Plaintext,
    text::Texts,
};

/// A request, as the page shows it.
pub(super) struct TakingRow {
    pub(super) item: ItemId,
    pub(super) text: String,
    pub(super) reason: String,
    /// This reader can be the second.
    pub(super) confirm: bool,
}

#[derive(Template)]
#[template(path = "desk/take_out.html")]
struct TakeOut {
    t: Texts,
    case: CaseId,
    readers: Vec<Choice>,
    reason: Plaintext,
    error: Option<Wrong>,
}

/// Who was asked to be taken out.
pub(super) fn rows(open: &Unlocked, t: Texts, names: &CaseWords<'_>, case: &CaseView) -> Vec<TakingRow> {
    let items = super::items(open, &case.case);
    let reason = |asked: &ItemId| {
        let item = items.iter().find(|item| item.id == *asked)?;
        let State::Opened(opened) = &item.state else { return None };
        if let Content::TakeOut(asked) = &opened.content { Some(why_out(t, asked)) } else { None }
    };
    let row = |taking: crate::desk::Taking| {
        let id = if taking.done { "desk-take-out-done" } else { "desk-take-out-asked" };
        let (who, by) = (names.person(&taking.who.reader), names.person(&taking.by.reader));
        TakingRow {
            item: taking.asked,
            text: t.with(id, &[("name", who), ("by", by), ("day", t.day(taking.day))]),
            reason: reason(&taking.asked).unwrap_or_default(),
            confirm: taking.waits_for(&open.client),
        }
    };
    names.takings(case).into_iter().map(row).collect()
}

/// Asks, as the first.
pub(super) async fn ask(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<(String, String)>,
    form: MaybeForm,
) -> HttpResponse {
    answer(&desk, &request, &path.0, fields(form), async |open, t, sent| {
        no_guest(open)?;
        let id = case_of(&path.1)?;
        if sent.is_empty() || only_shown(&sent) {
            return page(open, t, &id, &sent, None).await;
        }
        let asked = match chosen(&sent, "who").and_then(ReaderId::parse) {
            None => Err(DeskError::known("desk-error-take-out-who")),
            Some(who) => take_out(&open.client, &id, &who, text_of(&sent, "text")).await,
        };
        match asked {
            Ok(_) => Ok(back(t, &id)),
            Err(error) => page(open, t, &id, &sent, Some(Wrong::of(t, &error))).await,
        }
    })
    .await
}

async fn page(open: &mut Unlocked, t: Texts, id: &CaseId, sent: &Fields, error: Option<Wrong>) -> Answer {
    let case = refresh(open, id).await?;
    let (words, picked) = (open.words(t, id), chosen(sent, "who"));
    let removable = words.removable(&case);
    let others = words.who(&case).into_iter().filter(|who| removable.contains(&who.reader));
    let choice = |who: Who| {
        let value = who.reader.reader.to_string();
        Choice { chosen: picked == Some(value.as_str()), value, text: who.text }
    };
    let page = TakeOut { t, case: *id, readers: others.map(choice).collect(), reason: text_of(sent, "text"), error };
    let status = if page.error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok(shown(open, t, status, "desk-act-take-out", &page))
}

/// Takes them out, as the second.
pub(super) async fn confirm(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<(String, String, String)>,
    form: MaybeForm,
) -> HttpResponse {
    answer(&desk, &request, &path.0, fields(form), async |open, t, sent| {
        as_second(open, t, (&path.1, &path.2), &sent, confirm_take_out).await
    })
    .await
}

/// Takes whoever went from the report out of what went along with it.
pub(super) async fn along(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<(String, String)>,
    form: MaybeForm,
) -> HttpResponse {
    answer(&desk, &request, &path.0, fields(form), async |open, t, sent| {
        let id = case_of(&path.1)?;
        if chosen(&sent, "do").is_some() {
            no_guest(open)?;
            take_out_gone(&open.client, &id).await?;
        }
        Ok(view::see_other(&format!("/{}/case/{id}", t.lang())))
    })
    .await
}
