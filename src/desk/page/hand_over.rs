//! Asking the reporter whether somebody else may read, and handing over what they agreed to.
use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use askama::Template;

use super::{
    Desk, Fields,
    answer::{Answer, MaybeForm, answer, case_of, fields, item_of},
    case::{refresh, refresh_with_files},
    language::only_shown,
    lock::{Unlocked, take},
    readers,
    view::{self, Wrong},
};
use crate::{
    api_types::CaseView,
    desk::{DeskError, Item, State, ask_consent, candidates, consent::may_ask, hand_over, shareable, write::may_send},
    domain::{
        case::CaseState,
        id::{CaseId, ItemId, ReaderId},
    },
    seal::{Kind, Plaintext, consent::Named},
    text::Texts,
};

/// Something to choose on a page.
pub(super) struct Choice {
    pub(super) value: String,
    pub(super) text: String,
    pub(super) chosen: bool,
}

/// Who can be let into a case.
pub(super) fn reader_choices(
    open: &Unlocked,
    t: Texts,
    case: &CaseView,
    chosen: Option<&ReaderId>,
) -> Result<Vec<Choice>, DeskError> {
    let items: &[Item] = open.cases.get(&case.case).map(Vec::as_slice).unwrap_or_default();
    let reader = |r: &crate::domain::roster::Reader| Choice {
        value: r.id.to_string(),
        text: t.pick(&r.shown_as).to_owned(),
        chosen: chosen == Some(&r.id),
    };
    Ok(candidates(&open.client, case, items)?.into_iter().map(reader).collect())
}

/// What of a case can be shared; all of it is chosen before anything was sent.
pub(super) fn item_choices(open: &Unlocked, t: Texts, case: &CaseId, chosen: Option<&[ItemId]>) -> Vec<Choice> {
    let items: &[Item] = open.cases.get(case).map(Vec::as_slice).unwrap_or_default();
    let item = |named: &Named| Choice {
        value: named.item.to_string(),
        text: t.named(named),
        chosen: chosen.is_none_or(|chosen| chosen.contains(&named.item)),
    };
    shareable(items).iter().map(item).collect()
}

/// That some files are not among them, where there are such: nobody knows yet whose they are.
pub(super) fn unfetched(open: &Unlocked, t: Texts, case: &CaseId) -> Option<String> {
    let items: &[Item] = open.cases.get(case).map(Vec::as_slice).unwrap_or_default();
    let count = items.iter().filter(|item| matches!(item.state, State::Large(_) | State::Away)).count();
    (count > 0).then(|| t.with("desk-items-unfetched", &[("count", count.to_string())]))
}

/// The items that were chosen.
pub(super) fn chosen_items(sent: &Fields) -> Vec<ItemId> {
    sent.iter().filter(|(n, _)| n == "item").filter_map(|(_, v)| v.choice().and_then(ItemId::parse)).collect()
}

#[derive(Template)]
#[template(path = "desk/hand_over.html")]
struct HandOver<'a> {
    t: Texts,
    case: CaseId,
    readers: Vec<Choice>,
    items: Vec<Choice>,
    unfetched: Option<String>,
    reason: &'a Plaintext,
    error: Option<Wrong>,
    /// Somebody besides the reporter has had the code.
    code: Option<String>,
}

/// What was chosen on the page.
struct Sent {
    to: Option<ReaderId>,
    items: Vec<ItemId>,
    reason: Plaintext,
}

/// The page that asks, and what was sent from it.
pub(super) async fn ask(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<(String, String)>,
    form: MaybeForm,
) -> HttpResponse {
    answer(&desk, &request, &path.0, fields(form), async |open, t, mut sent| {
        let id = case_of(&path.1)?;
        let chosen = |name: &'static str| sent.iter().filter(move |(n, _)| n == name).filter_map(|(_, v)| v.choice());
        let to = chosen("to").next().and_then(ReaderId::parse);
        let items = chosen_items(&sent);
        let Some(reason) = take(&mut sent, "text") else {
            let none = Sent { to: None, items: Vec::new(), reason: Plaintext::default() };
            return page(open, t, &id, &none, true, None).await;
        };
        let kept = Sent { to, items, reason };
        if only_shown(&sent) {
            return page(open, t, &id, &kept, false, None).await;
        }
        let asked = match (&kept.to, kept.items.is_empty()) {
            (None, _) => Err(DeskError::known("desk-choose-reader")),
            (_, true) => Err(DeskError::known("desk-choose-items")),
            (Some(to), false) => {
                let reason = Plaintext::from(kept.reason.reveal().to_vec());
                ask_consent(&open.client, &id, to, reason, &kept.items).await
            }
        };
        match asked {
            Ok(_) => Ok(asked_for(t, &id)),
            Err(error) => page(open, t, &id, &kept, false, Some(Wrong::of(t, &error))).await,
        }
    })
    .await
}

/// Back to the case, which says that the reporter was asked.
pub(super) fn asked_for(t: Texts, id: &CaseId) -> HttpResponse {
    view::see_other(&format!("/{}/case/{id}?done=consent", t.lang()))
}

/// Hands over what was agreed. A page that is only asked for hands over nothing, and says why nothing can be.
pub(super) async fn carry_out(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<(String, String, String)>,
    form: MaybeForm,
) -> HttpResponse {
    answer(&desk, &request, &path.0, fields(form), async |open, t, mut sent| {
        let id = case_of(&path.1)?;
        if take(&mut sent, "do").is_some() {
            let read = take(&mut sent, "read").and_then(|read| read.choice()?.parse().ok()).unwrap_or(0);
            if let Err(error) = hand_over(&open.client, &id, &item_of(&path.2)?, read).await {
                return readers::page(open, t, &id, Some(error)).await;
            }
        } else {
            may_send(Kind::HandOver, refresh(open, &id).await?.state)?;
        }
        Ok(view::see_other(&format!("/{}/case/{id}", t.lang())))
    })
    .await
}

async fn page(open: &mut Unlocked, t: Texts, id: &CaseId, sent: &Sent, fresh: bool, error: Option<Wrong>) -> Answer {
    let case = refresh_with_files(open, id).await?;
    if fresh {
        may_ask(&open.client, &case, open.cases.get(id).map(Vec::as_slice).unwrap_or_default())?;
    }
    let to = reader_choices(open, t, &case, sent.to.as_ref())?;
    if fresh && to.is_empty() {
        return Err(DeskError::known("desk-error-nobody").into());
    }
    let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = HandOver {
        t,
        case: *id,
        readers: to,
        items: item_choices(open, t, id, (!fresh).then_some(&sent.items)),
        unfetched: unfetched(open, t, id),
        reason: &sent.reason,
        error,
        code: open.words(t, id).told(CaseState::Open).map(|told| told.consent),
    };
    let title = t.get("desk-act-hand-over");
    Ok(view::page(t, status, &title, &open.client, &page.render().unwrap_or_default()))
}
