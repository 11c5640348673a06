//! Letting somebody read because the law demands it: one reader asks, another approves, either hands over.
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
        Content, DeskError, Duty, DutyClaim, Sent, State, approve_duty, ask_duty,
        case_words::{CaseWords, why_duty},
        circle::Circle,
        consent::may_let_in,
        page::{
            Desk, Fields,
            answer::{Answer, MaybeForm, answer, case_of, fields},
            case::refresh_with_files,
            hand_over::{Choice, chosen_items, item_choices, reader_choices, unfetched},
            language::only_shown,
            lock::Unlocked,
            view::Wrong,
        },
        write::may_send,
    },
    domain::{
        ground::Ground,
        id::{CaseId, ItemId, ReaderId},
    },
    seal::{Kind, Plaintext},
    text::Texts,
};

/// A duty, as the page shows it.
pub(super) struct DutyRow {
    pub(super) item: ItemId,
    pub(super) text: String,
    /// Ground, reference, reason, items and notice.
    pub(super) facts: Vec<(String, String)>,
    /// This reader can be the second.
    pub(super) approve: bool,
    /// What the reporter wrote since they were told.
    pub(super) answers: Vec<String>,
    /// It can be handed over now.
    pub(super) carry_out: bool,
}

#[derive(Template)]
#[template(path = "desk/duty.html")]
struct DutyPage {
    t: Texts,
    case: CaseId,
    readers: Vec<Choice>,
    grounds: Vec<Choice>,
    items: Vec<Choice>,
    unfetched: Option<String>,
    reference: Plaintext,
    reason: Plaintext,
    notice: bool,
    error: Option<Wrong>,
}

/// The legal duties of a case.
pub(super) fn rows(open: &Unlocked, t: Texts, names: &CaseWords<'_>, case: &CaseView) -> Vec<DutyRow> {
    names.duties().iter().map(|duty| row(open, t, names, case, duty)).collect()
}

fn row(open: &Unlocked, t: Texts, names: &CaseWords<'_>, case: &CaseView, duty: &Duty) -> DutyRow {
    let item = super::items(open, &case.case).iter().find(|item| item.id == duty.request);
    let opened = item.and_then(|item| if let State::Opened(opened) = &item.state { Some(opened) } else { None });
    let asked = opened.and_then(|o| if let Content::Duty(asked) = &o.content { Some(asked) } else { None });
    let mut facts = vec![(t.get("desk-duty-ground"), t.get(duty.ground.text_id()))];
    facts.extend(asked.into_iter().flat_map(|asked| why_duty(t, asked)));
    let notice = if duty.not_before.is_some() { "desk-duty-notice-yes" } else { "desk-duty-notice-no" };
    facts.push((t.get("desk-duty-notice"), t.get(notice)));
    facts.retain(|(_, text)| !text.trim().is_empty());
    let acts = !super::is_guest(open) && may_send(Kind::HandOver, case.state).is_ok();
    DutyRow {
        item: duty.request,
        text: names.duty(duty, case.state),
        facts,
        approve: acts && duty.waits_for(&open.client),
        answers: if duty.done { Vec::new() } else { names.answers(duty) },
        carry_out: acts && duty.is_ready(open.client.today()),
    }
}

/// Says, as the first, that the law demands it.
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
        match claim(open, &id, &sent).await {
            Ok(_) => Ok(back(t, &id)),
            Err(error) => page(open, t, &id, &sent, Some(Wrong::of(t, &error))).await,
        }
    })
    .await
}

/// The ground by the id of its text: names in commands have signs that a choice on a form has not.
fn ground(sent: &Fields) -> Option<Ground> {
    let id = chosen(sent, "ground")?;
    Ground::ALL.into_iter().find(|ground| ground.text_id() == id)
}

fn notice(sent: &Fields) -> bool {
    chosen(sent, "notice") != Some("no")
}

async fn claim(open: &Unlocked, id: &CaseId, sent: &Fields) -> Result<Sent, DeskError> {
    let to = chosen(sent, "to").and_then(ReaderId::parse);
    let items = chosen_items(sent);
    if items.is_empty() {
        return Err(DeskError::known("desk-choose-items"));
    }
    let claim = DutyClaim {
        to: to.ok_or_else(|| DeskError::known("desk-choose-reader"))?,
        ground: ground(sent).ok_or_else(|| DeskError::known("desk-error-duty-ground"))?,
        reference: text_of(sent, "reference"),
        reason: text_of(sent, "text"),
        notice: notice(sent),
    };
    ask_duty(&open.client, id, claim, &items).await
}

async fn page(open: &mut Unlocked, t: Texts, id: &CaseId, sent: &Fields, error: Option<Wrong>) -> Answer {
    let case = refresh_with_files(open, id).await?;
    if sent.is_empty() {
        may_let_in(super::items(open, id))?;
        Circle::of(&open.client, super::items(open, id))?.may_ask(&open.client)?;
        may_send(Kind::DutyRequest, case.state)?;
    }
    let to = reader_choices(open, t, &case, chosen(sent, "to").and_then(ReaderId::parse).as_ref())?;
    if sent.is_empty() && to.is_empty() {
        return Err(DeskError::known("desk-error-nobody").into());
    }
    let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let (picked, items) = (ground(sent), chosen_items(sent));
    let choice = |ground: Ground| Choice {
        value: ground.text_id().to_owned(),
        text: t.get(ground.text_id()),
        chosen: picked == Some(ground),
    };
    let page = DutyPage {
        t,
        case: *id,
        readers: to,
        grounds: Ground::ALL.into_iter().map(choice).collect(),
        items: item_choices(open, t, id, (!sent.is_empty()).then_some(&items)),
        unfetched: unfetched(open, t, id),
        reference: text_of(sent, "reference"),
        reason: text_of(sent, "text"),
        notice: notice(sent),
        error,
    };
    Ok(shown(open, t, status, "desk-act-duty", &page))
}

/// Agrees, as the second.
pub(super) async fn approve(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<(String, String, String)>,
    form: MaybeForm,
) -> HttpResponse {
    answer(&desk, &request, &path.0, fields(form), async |open, t, sent| {
        as_second(open, t, (&path.1, &path.2), &sent, approve_duty).await
    })
    .await
}
