//! Cases that belong together, on the page of each: shown to readers of both alone.
use std::time::Instant;

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path},
};

use super::{
    Desk, Fields,
    answer::{MaybeForm, answer, case_of, fields},
    case::case_page,
    inbox::BUDGET,
    language::only_shown,
    lock::Unlocked,
    readers::{chosen, typed},
    view,
};
use crate::{
    api_types::CaseView,
    desk::{DeskError, Item, Linking, along::Beside, guest, link, links, numbers::case_id},
    domain::id::CaseId,
    seal::Kind,
    text::Texts,
};

/// A case that this one belongs with.
pub(super) struct Linked {
    /// Which.
    pub(super) other: CaseId,
    /// How it is called here.
    pub(super) title: String,
    /// Whether the two say the same.
    pub(super) duplicate: bool,
}

/// Another case of this reader, to choose.
pub(super) struct Choice {
    /// Which.
    pub(super) case: CaseId,
    /// How it is called here.
    pub(super) title: String,
}

/// What a case belongs with, as far as this reader reads that too.
pub(super) async fn linked(open: &Unlocked, t: Texts, items: &[Item]) -> Vec<Linked> {
    let mut all = Vec::new();
    for (other, duplicate) in links(items) {
        // Whoever no longer reads the other learns nothing of it.
        let Ok(case) = open.client.case(&other).await else { continue };
        all.push(Linked { other, title: title(open, t, &case), duplicate });
    }
    all
}

/// What a case goes together with because advice became a report.
pub(super) struct Along {
    /// The cases, each with what is said of it.
    pub(super) cases: Vec<(CaseId, String)>,
    /// Who went from the report and still reads the advice, and whether this reader asked already that they do not.
    pub(super) still: Vec<(String, bool)>,
    /// Not all of it is known just now.
    pub(super) failed: bool,
}

/// Opens what this reader opened before and is not summarised here, as the inbox does: which cases were filed from another is known by that.
/// What is left then is known with the next page.
pub(super) async fn gather(open: &mut Unlocked) {
    let Unlocked { client, summaries, .. } = open;
    if !summaries.lacks(client) {
        return;
    }
    if let Ok(cases) = client.inbox().await {
        drop(summaries.gather(client, &cases, Some(Instant::now() + BUDGET)).await);
    }
}

/// What goes together because advice became a report, as far as this reader reads both.
pub(super) async fn along(open: &Unlocked, t: Texts, id: &CaseId, items: &[Item]) -> Result<Along, DeskError> {
    let beside = Beside::of(&open.client, &open.summaries, id, items).await?;
    let words = open.words(t, id);
    let one = |text: &'static str| move |case: &CaseView| (case.case, t.with(text, &[("title", title(open, t, case))]));
    let reports = beside.reports.iter().map(one("desk-along-report"));
    let along = reports.chain(beside.advice.iter().map(one("desk-along-advice")));
    let from = beside.from.iter().map(one("desk-along-from"));
    let cases = along.chain(from).chain(beside.filed.iter().map(one("desk-along-filed"))).collect();
    let still = beside.still.iter().map(|still| {
        let name = [("name", words.named(&still.who.reader))];
        (t.with("desk-along-still", &name), still.asked)
    });
    Ok(Along { cases, still: still.collect(), failed: beside.failed > 0 })
}

/// How a case is called here.
pub(super) fn title(open: &Unlocked, t: Texts, case: &CaseView) -> String {
    open.summaries.title(t, &case.case).unwrap_or_else(|| t.with("desk-case", &[("day", t.day(case.filed))]))
}

/// The reader's other cases, the first by title.
pub(super) fn choices(open: &Unlocked, case: &CaseId) -> Vec<Choice> {
    let others = open.summaries.titles().into_iter().filter(|(other, _)| other != case);
    others.take(CHOICES).map(|(case, title)| Choice { case, title }).collect()
}

/// What was filled in to link a case, and not sent yet.
#[derive(Default, Eq, PartialEq)]
pub(super) struct Filled {
    pub(super) id: String,
    pub(super) other: Option<CaseId>,
    pub(super) duplicate: bool,
}

impl Filled {
    fn read(sent: &Fields) -> Self {
        let other = chosen(sent, "other").and_then(CaseId::parse);
        Self { id: typed(sent, "id"), other, duplicate: chosen(sent, "how") == Some("duplicate") }
    }
}

/// Cases to choose from, at most; others are named by their id.
const CHOICES: usize = 50;

/// Says how two cases belong together.
pub(super) async fn carry_out(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<(String, String)>,
    form: MaybeForm,
) -> HttpResponse {
    answer(&desk, &request, &path.0, fields(form), async |open, t, sent| {
        let case = case_of(&path.1)?;
        guest::may(&open.client, Kind::Link)?;
        if only_shown(&sent) {
            let filled = Filled::read(&sent);
            // As the case's page has it: no address of a form then, which a browser would ask to send again.
            if filled == Filled::default() {
                return Ok(view::see_other(&format!("/{}/case/{case}", t.lang())));
            }
            return case_page(open, t, &case, (None, filled)).await;
        }
        let how = match chosen(&sent, "how") {
            Some("duplicate") => Linking::Duplicate,
            Some("over") => Linking::Over,
            _ => Linking::Linked,
        };
        let Some(other) = other(open, &sent).await else {
            let none = DeskError::known("desk-error-link-none").in_words(t);
            return case_page(open, t, &case, (Some(none), Filled::read(&sent))).await;
        };
        if let Err(error) = link(&open.client, &case, &other, how).await {
            if error.id != Some("desk-error-linked") {
                return Err(error.into());
            }
            let said = error.in_words(t);
            return case_page(open, t, &case, (Some(said), Filled::read(&sent))).await;
        }
        Ok(view::see_other(&format!("/{}/case/{case}", t.lang())))
    })
    .await
}

/// The other case: what was typed, whole or its beginning, goes before what was chosen.
async fn other(open: &Unlocked, sent: &Fields) -> Option<CaseId> {
    match typed(sent, "id").trim() {
        "" => chosen(sent, "other").and_then(CaseId::parse),
        text => case_id(&open.client, text).await.ok(),
    }
}
