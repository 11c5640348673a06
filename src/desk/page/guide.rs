//! The page of a manager's guide, before the first look at a case.
use std::collections::BTreeSet;

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use askama::Template;

use super::{
    Desk,
    answer::{Answer, MaybeForm, answer, case_of, fields},
    case::refresh,
    language::only_shown,
    lock::Unlocked,
    view,
};
use crate::{
    api_types::CaseView,
    desk::guide::{STEPS, is_manager, steps},
    domain::id::CaseId,
    text::Texts,
};

struct Step {
    name: &'static str,
    text: String,
    ticked: bool,
}

#[derive(Template)]
#[template(path = "desk/guide.html")]
struct Page {
    t: Texts,
    case: CaseId,
    /// This reader has not opened it: going on does.
    unread: bool,
    steps: Vec<Step>,
}

/// Whether the guide comes before the case.
pub(super) fn comes_first(open: &Unlocked, case: &CaseId) -> bool {
    is_manager(&open.client) && open.guide.ticks(case).is_none()
}

/// The guide of a case.
pub(super) fn page(open: &Unlocked, t: Texts, case: &CaseView) -> HttpResponse {
    ticked(open, t, case, open.guide.ticks(&case.case).unwrap_or(&BTreeSet::new()))
}

fn ticked(open: &Unlocked, t: Texts, case: &CaseView, ticks: &BTreeSet<String>) -> HttpResponse {
    let unread = !open.client.has_opened(&case.case);
    let items = open.cases.get(&case.case).map(Vec::as_slice).filter(|items| !unread && !items.is_empty());
    let step = |(name, text): (&'static str, String)| Step { name, text, ticked: ticks.contains(name) };
    let steps = steps(&open.client, t, case, items).into_iter().map(step).collect();
    let page = Page { t, case: case.case, unread, steps };
    let title = t.get("desk-guide-title");
    view::page(t, StatusCode::OK, &title, &open.client, &page.render().unwrap_or_default())
}

/// The guide again; or what was ticked, and on to the case.
pub(super) async fn guide(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<(String, String)>,
    form: MaybeForm,
) -> HttpResponse {
    answer(&desk, &request, &path.0, fields(form), async |open, t, sent| {
        let case = case_of(&path.1)?;
        // Only cases of this reader have a guide. What they did not open, its page does not open for them.
        open.client.reads()?;
        let view = match open.client.has_opened(&case) {
            true => refresh(open, &case).await?,
            false => open.client.case(&case).await?,
        };
        if sent.iter().all(|(name, _)| name != "read") {
            return Ok(page(open, t, &view));
        }
        let shown = only_shown(&sent);
        let chosen = sent.iter().filter(|(name, _)| name == "step").filter_map(|(_, value)| value.choice());
        let ticks: BTreeSet<String> = chosen.filter(|name| STEPS.contains(name)).map(str::to_owned).collect();
        if shown {
            return Ok(ticked(open, t, &view, &ticks));
        }
        open.guide.see(&open.client.me, case, ticks)?;
        Ok(view::see_other(&format!("/{}/case/{case}", t.lang()))) as Answer
    })
    .await
}
