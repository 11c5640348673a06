//! The inbox: what is due first, searched and filtered here, on the reader's own machine.
use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path, Query},
};
use askama::Template;
use serde::Deserialize;

use super::{
    Desk,
    answer::{Answer, MaybeForm, answer, fields},
    away,
    case::{due, org},
    language,
    lock::Unlocked,
    oversee,
    today::short,
    view,
};
use crate::{
    api_types::CaseView,
    desk::{along::look, inbox, summary::Summary},
    domain::{case::CaseState, id::CaseId, oral::topics as oral_topics},
    seal::code::Language,
    text::Texts,
};

/// Cases on a page.
const ROWS: usize = 50;
/// How long a page may take to open what is not summarised yet.
pub(super) const BUDGET: Duration = Duration::from_millis(1500);

/// What is asked for.
#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    q: String,
    #[serde(default = "open")]
    state: String,
    #[serde(default)]
    from: usize,
    /// The other language, by its button.
    #[serde(rename = "in")]
    language: Option<String>,
    /// What was done just now.
    #[serde(default)]
    done: String,
}

fn open() -> String {
    "open".to_owned()
}

struct Row {
    case: CaseId,
    title: String,
    /// The beginning of its number: what nobody opened is told apart by it.
    number: String,
    org: String,
    filed: String,
    due: String,
    late: bool,
    state: String,
    links: Vec<(CaseId, String)>,
    oral: bool,
    advice: bool,
    /// What waits for this reader, and what others did since this reader opened it last.
    news: Vec<String>,
    /// Nobody has opened it: whoever is too near to it can leave it so.
    unread: bool,
}

#[derive(Template)]
#[template(path = "desk/inbox.html")]
struct Inbox<'a> {
    t: Texts,
    query: &'a Asked,
    rows: Vec<Row>,
    found: usize,
    /// Opened by somebody, but not yet summarised here.
    waiting: usize,
    /// The reader enters what is told to them.
    enters: bool,
    before: Option<String>,
    after: Option<String>,
    notice: Option<String>,
    /// That they said to be away.
    away: Option<String>,
    /// A guest has no place to be away from.
    guest: bool,
}

/// `/` leads to the inbox, in the language that was chosen last; in Dutch first.
pub(super) async fn front(desk: Data<Desk>) -> HttpResponse {
    let language = desk.language.lock().map_or(Language::Nl, |language| *language);
    view::see_other(&format!("/{}/inbox", language.as_str()))
}

/// The inbox.
pub(super) async fn list(
    desk: Data<Desk>,
    request: HttpRequest,
    lang: Path<String>,
    query: Query<Asked>,
    form: MaybeForm,
) -> HttpResponse {
    if let Some(other) = query.language.as_deref().and_then(Language::parse) {
        language::keep(&desk, other);
        return view::see_other(&link(Texts::of(other), &query, query.from));
    }
    answer(&desk, &request, &lang, fields(form), async |open, t, _| {
        open.client.follow_roster().await?;
        match oversee::front(open, t) {
            Some(overseer) => Ok(overseer),
            None => show(open, t, &query).await,
        }
    })
    .await
}

async fn show(open: &mut Unlocked, t: Texts, query: &Asked) -> Answer {
    let (mut cases, away) = tokio::try_join!(open.client.inbox(), open.client.away_until())?;
    let Unlocked { client, summaries, .. } = &mut *open;
    let until = Some(Instant::now() + BUDGET);
    let waiting = summaries.gather(client, &cases, until).await?;
    // What is left is looked into the next time.
    look(client, &cases, until).await;
    open.summaries.save(&open.client.me, &cases)?;
    open.guide.keep(&open.client.me, &cases)?;
    let there: HashSet<CaseId> = cases.iter().map(|case| case.case).collect();
    let wanted = inbox::Asked { state: query.state.parse().unwrap_or_default(), search: query.q.clone() };
    inbox::chosen(&mut cases, &open.summaries, &open.client, &wanted);
    let found = cases.len();
    let from = query.from.min(found.saturating_sub(1) / ROWS * ROWS);
    let rows = cases.iter().skip(from).take(ROWS).map(|case| row(open, t, case, &there)).collect();
    let link = |from: usize| link(t, query, from);
    let before = (from > 0).then(|| link(from.saturating_sub(ROWS)));
    let after = (from + ROWS < found).then(|| link(from + ROWS));
    let enters = oral_topics(&open.client.roster, &open.client.me.keyed()).is_some();
    let page = Inbox {
        t,
        query,
        rows,
        found,
        waiting,
        enters,
        before,
        after,
        notice: away::notice(t, &query.done),
        away: away.map(|day| t.with("desk-away-is", &[("day", t.day(day))])),
        guest: open.client.me.card.is_some(),
    };
    let title = t.get("desk-inbox-title");
    Ok(view::page(t, StatusCode::OK, &title, &open.client, &page.render().unwrap_or_default()))
}

/// The inbox with the same search, from a row on.
fn link(t: Texts, query: &Asked, from: usize) -> String {
    let words = view::percent(&query.q);
    format!("/{}/inbox?q={words}&state={}&from={from}", t.lang(), view::percent(&query.state))
}

fn row(open: &Unlocked, t: Texts, case: &CaseView, there: &HashSet<CaseId>) -> Row {
    let summary = open.summaries.of(&case.case);
    let opened = open.client.has_opened(&case.case);
    let title = match case.state {
        CaseState::Unopened if !opened => t.get(if case.left { "desk-left-case" } else { "desk-new-case" }),
        _ if !opened => t.get("desk-not-opened"),
        _ => open.summaries.title(t, &case.case).unwrap_or_else(|| t.with("desk-case", &[("day", t.day(case.filed))])),
    };
    let (due, late) = due(t, open, case, summary.map(|summary| summary.asks));
    Row {
        case: case.case,
        title,
        org: org(open, t, &case.org),
        filed: t.day(case.filed),
        due,
        late,
        state: inbox::state(t, case, summary.map(|summary| summary.asks)),
        number: short(&case.case),
        unread: case.state == CaseState::Unopened,
        links: summary.map(|summary| linked(open, t, summary, there)).unwrap_or_default(),
        oral: summary.is_some_and(|s| s.oral),
        advice: summary.is_some_and(|s| s.advice),
        news: inbox::in_words(t, &open.client, &open.summaries, &case.case),
    }
}

/// What a case belongs with, among those that are there.
fn linked(open: &Unlocked, t: Texts, summary: &Summary, there: &HashSet<CaseId>) -> Vec<(CaseId, String)> {
    let others = summary.links.iter().filter(|(other, _)| there.contains(other));
    let said = others.filter_map(|(other, duplicate)| {
        let id = if *duplicate { "desk-link-duplicate" } else { "desk-link-linked" };
        let line = Some(&open.summaries.of(other)?.line).filter(|line| !line.is_empty())?;
        Some((*other, t.with(id, &[("title", line.clone())])))
    });
    said.collect()
}
