//! Asking the reporter whether somebody else may read, and handing over what they agreed to.
use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use askama::Template;

use super::{
    Desk,
    case::{MaybeForm, failed, fields, kind_text, refresh},
    lock::{Unlocked, take},
    view,
};
use crate::{
    desk::{DeskError, Item, ask_consent, candidates, hand_over, shareable},
    domain::id::{CaseId, ItemId, ReaderId},
    seal::{Plaintext, consent::Named},
    text::Texts,
};

struct Choice {
    value: String,
    text: String,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "desk/hand_over.html")]
struct HandOver<'a> {
    t: Texts,
    case: CaseId,
    readers: Vec<Choice>,
    items: Vec<Choice>,
    reason: &'a Plaintext,
    error: Option<String>,
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
    let t = view::texts(&path.0);
    let mut sent = fields(form);
    let mut open = match desk.unlocked(t, &request, &mut sent).await {
        Ok(open) => open,
        Err(answer) => return answer,
    };
    let Some(id) = CaseId::parse(&path.1) else { return view::plain(StatusCode::NOT_FOUND, "desk-not-found") };
    let chosen = |name: &'static str| sent.iter().filter(move |(n, _)| n == name).filter_map(|(_, v)| v.choice());
    let to = chosen("to").next().and_then(ReaderId::parse);
    let items = chosen("item").filter_map(ItemId::parse).collect();
    let Some(reason) = take(&mut sent, "text") else {
        let none = Sent { to: None, items: Vec::new(), reason: Plaintext::default() };
        return page(&mut open, t, &id, &none, true, None).await.unwrap_or_else(|e| failed(&open, t, &e));
    };
    let kept = Sent { to, items, reason };
    let asked = match (&kept.to, kept.items.is_empty()) {
        (None, _) => Err(DeskError::new(t.get("desk-choose-reader"))),
        (_, true) => Err(DeskError::new(t.get("desk-choose-items"))),
        (Some(to), false) => {
            let reason = Plaintext::from(kept.reason.reveal().to_vec());
            ask_consent(&open.client, &id, to, reason, &kept.items).await
        }
    };
    match asked {
        Ok(_) => view::see_other(&format!("/{}/case/{id}", t.lang())),
        Err(error) => {
            let again = page(&mut open, t, &id, &kept, false, Some(error.in_words(t))).await;
            again.unwrap_or_else(|e| failed(&open, t, &e))
        }
    }
}

/// Hands over what was agreed.
pub(super) async fn carry_out(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<(String, String, String)>,
    form: MaybeForm,
) -> HttpResponse {
    let t = view::texts(&path.0);
    let open = match desk.unlocked(t, &request, &mut fields(form)).await {
        Ok(open) => open,
        Err(answer) => return answer,
    };
    let (Some(id), Some(item)) = (CaseId::parse(&path.1), ItemId::parse(&path.2)) else {
        return view::plain(StatusCode::NOT_FOUND, "desk-not-found");
    };
    match hand_over(&open.client, &id, &item).await {
        Ok(_) => view::see_other(&format!("/{}/case/{id}", t.lang())),
        Err(error) => failed(&open, t, &error),
    }
}

async fn page(
    open: &mut Unlocked,
    t: Texts,
    id: &CaseId,
    sent: &Sent,
    fresh: bool,
    error: Option<String>,
) -> Result<HttpResponse, DeskError> {
    let case = refresh(open, id).await?;
    let items: &[Item] = open.cases.get(id).map(Vec::as_slice).unwrap_or_default();
    let readers = candidates(&open.client, &case, items)?;
    let reader = |r: &&crate::domain::roster::Reader| Choice {
        value: r.id.to_string(),
        text: t.pick(&r.shown_as).to_owned(),
        chosen: sent.to.as_ref() == Some(&r.id),
    };
    let item = |named: &Named| Choice {
        value: named.item.to_string(),
        text: format!("{}, {}", t.get(kind_text(named.kind)), t.day(named.day)),
        chosen: fresh || sent.items.contains(&named.item),
    };
    let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = HandOver {
        t,
        case: *id,
        readers: readers.iter().map(reader).collect(),
        items: shareable(items).iter().map(item).collect(),
        reason: &sent.reason,
        error,
    };
    let title = t.get("desk-act-hand-over");
    Ok(view::page(t, status, &title, Some(open.client.me.reader.as_str()), &page.render().unwrap_or_default()))
}
