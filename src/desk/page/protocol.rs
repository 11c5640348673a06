//! Working by a protocol: which there are, which the case keeps, what was done and what is late.
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
    lock::{Unlocked, take},
    view,
};
use crate::{
    api_types::CaseView,
    desk::{
        begin, guest, protocols,
        register::{officers, worked},
        step_done,
        write::may_report,
    },
    domain::{
        id::CaseId,
        protocol::{self, Tick, Worked},
    },
    seal::Kind,
    text::Texts,
};

struct Choice {
    id: String,
    name: String,
    /// Says that somebody should have looked at it again.
    review: Option<String>,
}

struct Step {
    id: String,
    text: String,
    owner: String,
    until: String,
    template: Option<String>,
    done: bool,
    late: bool,
    /// Who said that it was done, and when.
    ticks: Vec<String>,
    /// Says whom it waits for, where two decide it or each officer does it.
    waits: Option<String>,
    /// The words of the button, where this reader can say it.
    button: Option<String>,
}

struct Work {
    name: String,
    version: String,
    review: Option<String>,
    steps: Vec<Step>,
    /// Only in the one begun last a step can be done.
    current: bool,
}

#[derive(Template)]
#[template(path = "desk/protocol.html")]
struct Page {
    t: Texts,
    case: CaseId,
    choices: Vec<Choice>,
    works: Vec<Work>,
    open: bool,
}

/// The protocols of a case; with `begin` or `step`, after that.
pub(super) async fn protocol(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<(String, String)>,
    form: MaybeForm,
) -> HttpResponse {
    answer(&desk, &request, &path.0, fields(form), async |open, t, mut sent| {
        let id = case_of(&path.1)?;
        guest::may(&open.client, Kind::Protocol)?;
        let chosen = |value: Option<crate::seal::Plaintext>| value.and_then(|v| v.choice().map(str::to_owned));
        if let Some(protocol) = chosen(take(&mut sent, "begin")) {
            begin(&open.client, &id, &protocol).await?;
        }
        if let Some(step) = chosen(take(&mut sent, "step")) {
            step_done(&open.client, &id, &step).await?;
        }
        let case = refresh(open, &id).await?;
        page(open, t, &case)
    })
    .await
}

fn page(open: &Unlocked, t: Texts, case: &CaseView) -> Answer {
    let items = open.cases.get(&case.case).map(Vec::as_slice).unwrap_or_default();
    let today = open.client.today();
    let review = |p: &protocol::Protocol| {
        p.needs_review(today).then(|| t.with("protocol-review", &[("day", t.day(p.review_by))]))
    };
    let officers = officers(&open.client, case, items);
    let begun: Vec<Worked<'_>> = worked(items, &officers).map(|(_, worked)| worked).collect();
    let new = protocols(&open.client, case)
        .filter(|p| !begun.iter().any(|w| w.protocol.id == p.id && w.protocol.version == p.version));
    let choices =
        new.map(|p| Choice { id: p.id.clone(), name: t.pick(&p.name).to_owned(), review: review(p) }).collect();
    let open_for_work = match may_report(&open.client, Kind::Step, (case, items)) {
        // There is nothing to look at either.
        Err(error) if begun.is_empty() => return Err(error.into()),
        may => may.is_ok(),
    };
    let count = begun.len();
    let work = |(n, worked): (usize, &Worked<'_>)| Work {
        name: t.pick(&worked.protocol.name).to_owned(),
        version: t.with(
            "protocol-version",
            &[("version", worked.protocol.version.to_string()), ("day", t.day(worked.since))],
        ),
        review: review(worked.protocol),
        steps: worked.protocol.steps.iter().enumerate().map(|(n, s)| step(open, t, case, worked, (n + 1, s))).collect(),
        current: n + 1 == count,
    };
    let works = begun.iter().enumerate().map(work).collect();
    let page = Page { t, case: case.case, choices, works, open: open_for_work };
    Ok(view::page(t, StatusCode::OK, &t.get("protocol-title"), &open.client, &page.render().unwrap_or_default()))
}

/// A step with its number on the page.
fn step(open: &Unlocked, t: Texts, case: &CaseView, worked: &Worked<'_>, (n, step): (usize, &protocol::Step)) -> Step {
    let names = open.words(t, &case.case);
    let ticked = |tick: &Tick<'_>| t.with("protocol-by", &[("name", names.person(tick.by)), ("day", t.day(tick.day))]);
    let can = worked.can_tick(step, &open.client.me.reader) && !(step.two && open.client.me.card.is_some());
    let words = if worked.ticks(step).is_empty() { "protocol-do" } else { "protocol-do-too" };
    Step {
        id: step.id.clone(),
        text: t.pick(&step.text).to_owned(),
        owner: t.pick(&step.owner).to_owned(),
        until: t.day(worked.until(step)),
        template: step.template.as_ref().map(|text| t.pick(text).to_owned()),
        done: worked.done(step),
        late: worked.late(step, open.client.today()),
        ticks: worked.ticks(step).iter().map(ticked).collect(),
        waits: names.step_waits(step, worked),
        button: can.then(|| t.with(words, &[("step", n.to_string())])),
    }
}
