//! A manager's guide: what a good first answer is, before the first look at a case. What is ticked stays on this desk, without content.
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path as FilePath, PathBuf},
};

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use askama::Template;
use serde::{Deserialize, Serialize};

use super::{
    Desk,
    answer::{Answer, MaybeForm, answer, case_of, fields},
    language::only_shown,
    lock::Unlocked,
    view,
};
use crate::{
    api_types::CaseView,
    desk::{DeskError, Identity, kept},
    domain::{id::CaseId, roster::Function},
    text::Texts,
};

/// The steps, in order; each has a text.
const STEPS: [&str; 12] = [
    "thank",
    "listen",
    "judge",
    "who",
    "investigate",
    "promise",
    "write",
    "pass-on",
    "evidence",
    "return",
    "watch",
    "support",
];
/// The file's format.
const VERSION: u8 = 1;

/// Which guides were seen, and what was ticked in them.
pub(super) struct Guide {
    file: PathBuf,
    seen: BTreeMap<CaseId, BTreeSet<String>>,
}

#[derive(Deserialize, Serialize)]
struct Stored {
    version: u8,
    seen: BTreeMap<CaseId, BTreeSet<String>>,
}

impl Guide {
    /// Reads the file beside the identity.
    pub(super) fn load(identity: &FilePath, me: &Identity) -> Self {
        let file = identity.with_extension("guide");
        let stored = kept::load(&file, me).filter(|s: &Stored| s.version == VERSION);
        Self { file, seen: stored.map(|s| s.seen).unwrap_or_default() }
    }

    /// Forgets cases that are gone.
    pub(super) fn keep(&mut self, me: &Identity, there: &[CaseView]) -> Result<(), DeskError> {
        let before = self.seen.len();
        if before > 0 {
            let there: BTreeSet<CaseId> = there.iter().map(|case| case.case).collect();
            self.seen.retain(|case, _| there.contains(case));
        }
        if self.seen.len() == before { Ok(()) } else { self.save(me) }
    }

    fn save(&self, me: &Identity) -> Result<(), DeskError> {
        kept::save(&self.file, me, &Stored { version: VERSION, seen: self.seen.clone() })
    }
}

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
    steps: Vec<Step>,
}

/// Whether the guide is for this reader.
pub(super) fn is_manager(open: &Unlocked) -> bool {
    let me = open.client.roster.reader(&open.client.me.reader);
    me.is_some_and(|me| me.functions.contains(&Function::Manager))
}

/// Whether the guide comes before the case.
pub(super) fn comes_first(open: &Unlocked, case: &CaseId) -> bool {
    is_manager(open) && !open.guide.seen.contains_key(case)
}

/// The guide of a case.
pub(super) fn page(open: &Unlocked, t: Texts, case: &CaseId) -> HttpResponse {
    ticked(open, t, case, open.guide.seen.get(case).unwrap_or(&BTreeSet::new()))
}

fn ticked(open: &Unlocked, t: Texts, case: &CaseId, ticks: &BTreeSet<String>) -> HttpResponse {
    let step = |name| Step { name, text: t.get(&format!("desk-guide-{name}")), ticked: ticks.contains(name) };
    let page = Page { t, case: *case, steps: STEPS.into_iter().map(step).collect() };
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
        // Only cases of this reader have a guide.
        open.client.case(&case).await?;
        if sent.iter().all(|(name, _)| name != "read") {
            return Ok(page(open, t, &case));
        }
        let shown = only_shown(&sent);
        let chosen = sent.iter().filter(|(name, _)| name == "step").filter_map(|(_, value)| value.choice());
        let ticks: BTreeSet<String> = chosen.filter(|name| STEPS.contains(name)).map(str::to_owned).collect();
        if shown {
            return Ok(ticked(open, t, &case, &ticks));
        }
        open.guide.seen.insert(case, ticks);
        open.guide.save(&open.client.me)?;
        Ok(view::see_other(&format!("/{}/case/{case}", t.lang()))) as Answer
    })
    .await
}
