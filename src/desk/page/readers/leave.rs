//! Leaving a case. The page opens nothing: whoever is too near to a case need not read it to say so.
use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use askama::Template;

use super::{chosen, shown};
use crate::{
    desk::{
        leave,
        leave::{can_leave, leaving_hint, may_join},
        page::{
            Desk,
            answer::{Answer, MaybeForm, answer, case_of, fields},
            language::only_shown,
            lock::Unlocked,
            view,
        },
    },
    domain::{case::CaseState, ends::ends, id::CaseId},
    seal::circle::LeftReason,
    text::Texts,
};

#[derive(Template)]
#[template(path = "desk/leave.html")]
struct Leave {
    t: Texts,
    case: CaseId,
    /// Another stays who can do the same.
    can: bool,
    /// Where nobody does: somebody can be asked for.
    may_join: bool,
    /// Where nobody can be asked for: when the case is destroyed.
    ends: Option<String>,
    /// Nobody has opened it: why somebody goes is not said then.
    unread: bool,
    why: Option<LeftReason>,
    /// What leaving without a conflict means.
    hint: &'static str,
    /// Something went along with it from advice, which they leave too.
    along: bool,
    error: Option<String>,
}

/// Asks whether they are sure, and leaves.
pub(super) async fn leave_case(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<(String, String)>,
    form: MaybeForm,
) -> HttpResponse {
    answer(&desk, &request, &path.0, fields(form), async |open, t, sent| {
        let id = case_of(&path.1)?;
        let why = match chosen(&sent, "why") {
            Some("conflict") => Some(LeftReason::Conflict),
            Some("leaving") => Some(LeftReason::Leaving),
            _ => None,
        };
        if sent.is_empty() || only_shown(&sent) {
            return page(open, t, &id, why, None).await;
        }
        match leave(&open.client, &id, why.unwrap_or(LeftReason::Unread)).await {
            Ok(_) => {
                open.cases.remove(&id);
                Ok(view::see_other(&format!("/{}/inbox?done=left", t.lang())))
            }
            Err(error) => page(open, t, &id, why, Some(error.in_words(t))).await,
        }
    })
    .await
}

async fn page(open: &Unlocked, t: Texts, id: &CaseId, why: Option<LeftReason>, error: Option<String>) -> Answer {
    let case = open.client.case(id).await?;
    let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let unread = case.state == CaseState::Unopened;
    let can = can_leave(&open.client, &case).await?;
    let may_join = !can && !super::is_guest(open) && may_join(&open.client, &case).await?;
    let ends = ends(&open.client.roster, &case.org, case.state, case.destroy_after).map(|ends| t.ends(ends));
    let along = !open.client.along.with(id).is_empty();
    let page = Leave { t, case: *id, can, may_join, ends, unread, why, hint: leaving_hint(case.state), along, error };
    Ok(shown(open, t, status, "desk-leave-title", &page))
}
