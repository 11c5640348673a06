//! The pages of overseers: today, the register, the log, and what a coordinator does about one case. There is no text of a report in
//! them, and no way to one.
use std::collections::BTreeSet;

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
    web::{Data, Path},
};
use askama::Template;

use super::{
    Desk,
    answer::{Answer, Fault, MaybeForm, answer, case_of, fields},
    language::only_shown,
    lock::{Unlocked, take},
    today::{Section, sections, short},
    view,
};
use crate::{
    api_types::oversight::OverviewCase,
    desk::{
        DeskError, Entry, Memo, Registered, in_csv,
        ledger::{ByCase, apart, coordinated, released, state, take_without_clock},
        owed::Owed,
        register,
        watch::{groups, will_end},
    },
    domain::{
        case::CaseState,
        id::{CaseId, ReaderId},
        log::Record,
        register::Row,
        roster::Role,
    },
    seal::{Plaintext, code::Language},
    text::Texts,
};

/// Entries of the log on its page, the newest first.
const SHOWN: usize = 200;

struct Case {
    case: CaseId,
    short: String,
    filed: String,
    state: String,
    due: String,
    /// When it is destroyed.
    ends: String,
    late: bool,
    groups: String,
    /// What the server says of it and no reader, or the register and not the server.
    apart: Vec<String>,
}

#[derive(Template)]
#[template(path = "desk/overview.html")]
struct Overview {
    t: Texts,
    sections: [Section; 5],
    cases: Vec<Case>,
    /// What is said to be no report, and by whom.
    said: Vec<(CaseId, String)>,
    advice: usize,
}

#[derive(Template)]
#[template(path = "desk/watch.html")]
struct Watch {
    t: Texts,
    case: Case,
    facts: Vec<(String, String)>,
    closed: bool,
    held: bool,
    /// What a coordinator did about it, each with its day, in order.
    done: Vec<(String, String)>,
    /// The reasons to write that can be chosen.
    memos: Vec<&'static str>,
    /// The one that was chosen, and its text.
    memo: Option<(Memo, Plaintext)>,
    picked: Option<&'static str>,
    error: Option<(&'static str, String)>,
    notice: Option<String>,
}

#[derive(Template)]
#[template(path = "desk/register.html")]
struct Register {
    t: Texts,
    coordinator: bool,
    columns: [&'static str; 8],
    rows: Vec<[String; 8]>,
}

#[derive(Template)]
#[template(path = "desk/log.html")]
struct Log {
    t: Texts,
    coordinator: bool,
    /// Everything in it holds.
    whole: bool,
    entries: Vec<(String, String, String, String, Option<String>)>,
}

/// Where an overseer begins; `None` for a reader.
pub(super) fn front(open: &Unlocked, t: Texts) -> Option<HttpResponse> {
    let (_, overseer) = open.client.watches()?;
    let page = if overseer.role == Role::Coordinator { "overview" } else { "register" };
    Some(view::see_other(&format!("/{}/{page}", t.lang())))
}

fn coordinates(open: &Unlocked) -> bool {
    open.client.watches().is_some_and(|(_, o)| o.role == Role::Coordinator)
}

fn shown(open: &Unlocked, t: Texts, title: &str, status: StatusCode, body: &impl Template) -> HttpResponse {
    view::page(t, status, &t.get(title), &open.client, &body.render().unwrap_or_default())
}

/// The log, fetched and checked.
async fn entries(open: &Unlocked) -> Result<Vec<Entry>, DeskError> {
    Ok(open.client.fetch_log().await?.entries(&open.client.roster, &open.client.me.seal))
}

/// Today, and all cases by their clocks.
pub(super) async fn overview(
    desk: Data<Desk>,
    request: HttpRequest,
    lang: Path<String>,
    form: MaybeForm,
) -> HttpResponse {
    answer(&desk, &request, &lang, fields(form), async |open, t, _| {
        open.client.follow_roster().await?;
        let (mut overview, entries) = (open.client.overview().await?, entries(open).await?);
        let said = take_without_clock(&mut overview.cases, &entries);
        let said = said.iter().map(|(case, by)| (case.case, said_by(open, t, &case.case, by))).collect();
        let (rows, log) = (register(&entries), ByCase::of(&entries));
        let cases =
            overview.cases.iter().map(|c| case(open, t, (c, &log), rows.get(&c.case).map(|r| &r.row))).collect();
        let sections = sections(&open.client, t, &overview, &entries);
        Ok(shown(
            open,
            t,
            "watch-title",
            StatusCode::OK,
            &Overview { t, sections, cases, said, advice: overview.advice },
        ))
    })
    .await
}

/// How the roster shows a reader or an overseer.
fn name(open: &Unlocked, t: Texts, id: &ReaderId) -> Option<String> {
    let roster = &open.client.roster;
    let shown = roster.known(id).map(|r| &r.shown_as).or_else(|| roster.overseer(id).map(|(_, o)| &o.shown_as));
    shown.map(|shown| t.pick(shown).to_owned())
}

/// That a case is said to be no report, and by whom.
fn said_by(open: &Unlocked, t: Texts, case: &CaseId, by: &BTreeSet<ReaderId>) -> String {
    let names = by.iter().map(|id| name(open, t, id).unwrap_or_else(|| id.to_string())).collect::<Vec<_>>();
    t.with("watch-said-by", &[("case", short(case)), ("names", names.join(", "))])
}

fn case(open: &Unlocked, t: Texts, (case, log): (&OverviewCase, &ByCase<'_>), row: Option<&Row>) -> Case {
    let (owed, today) = (Owed::watched(case, row), open.client.today());
    let late = owed.has_term() && case.due < today;
    let due = owed.in_words(t, t.day(case.due), late);
    Case {
        case: case.case,
        short: short(&case.case),
        filed: t.day(case.filed),
        state: t.get(state(case, row)),
        due,
        late,
        ends: will_end(&open.client, t, case),
        groups: groups(t, &case.groups),
        apart: apart(case, log, row).map(|id| t.get(id)).collect(),
    }
}

/// What a coordinator does about one case.
pub(super) async fn watch(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<(String, String)>,
    form: MaybeForm,
) -> HttpResponse {
    answer(&desk, &request, &path.0, fields(form), async |open, t, mut sent| {
        let id = case_of(&path.1)?;
        let act = take(&mut sent, "act").and_then(|act| act.choice().map(str::to_owned)).unwrap_or_default();
        let memo = take(&mut sent, "memo").and_then(|m| m.choice().and_then(Memo::parse));
        let picked = memo.map(Memo::name);
        if only_shown(&sent) {
            // A letter that was not changed is read in the other language too.
            let text = take(&mut sent, "text").map(|text| if is_letter(memo, &text) { None } else { Some(text) });
            let memo = memo.filter(|_| act == "send").map(|m| (m, text.flatten().unwrap_or_else(|| letter(t, m))));
            return watched(open, t, &id, Beside { picked, memo, ..Beside::default() }).await;
        }
        let done = match (act.as_str(), memo) {
            ("", _) => return watched(open, t, &id, Beside::default()).await,
            ("hold", _) => open.client.hold(&id, true).await.map(|()| "watch-held"),
            ("release", _) => open.client.hold(&id, false).await.map(|()| "watch-released"),
            ("choose" | "send", None) => {
                let error = Some(("memo-remind", t.get("watch-choose")));
                return watched(open, t, &id, Beside { error, ..Beside::default() }).await;
            }
            ("choose", Some(memo)) => {
                return watched(open, t, &id, Beside { memo: Some((memo, letter(t, memo))), ..Beside::default() })
                    .await;
            }
            ("send", Some(memo)) => {
                let text = take(&mut sent, "text").unwrap_or_default();
                let kept = Plaintext::from(text.reveal().to_vec());
                match open.client.memo(&id, memo, text).await {
                    Ok(_) => Ok("watch-sent"),
                    Err(error) => {
                        let error = Some(("text", error.in_words(t)));
                        return watched(open, t, &id, Beside { memo: Some((memo, kept)), error, ..Beside::default() })
                            .await;
                    }
                }
            }
            _ => return Err(Fault::NotFound),
        };
        let notice = Some(t.get(done?));
        watched(open, t, &id, Beside { notice, ..Beside::default() }).await
    })
    .await
}

/// What the page of a case says besides the case.
#[derive(Default)]
struct Beside {
    /// The reason that was chosen to write, and the text so far.
    memo: Option<(Memo, Plaintext)>,
    /// The reason that is picked and not chosen yet.
    picked: Option<&'static str>,
    /// What is wrong, and the field it is about.
    error: Option<(&'static str, String)>,
    notice: Option<String>,
}

/// The words a message begins with.
fn letter(t: Texts, memo: Memo) -> Plaintext {
    Plaintext::from(t.get(&format!("watch-letter-{}", memo.name())))
}

/// Whether a text is the one it began with.
fn is_letter(memo: Option<Memo>, text: &Plaintext) -> bool {
    let is = |memo| [Language::Nl, Language::En].iter().any(|l| text.reveal() == letter(Texts::of(*l), memo).reveal());
    memo.is_some_and(is)
}

async fn watched(open: &Unlocked, t: Texts, id: &CaseId, Beside { memo, picked, error, notice }: Beside) -> Answer {
    let overview = open.client.overview().await?;
    let found = overview.cases.iter().find(|c| c.case == *id).ok_or(Fault::NotFound)?;
    let entries = entries(open).await?;
    let rows = register(&entries);
    let row = rows.get(id).map(|known| &known.row);
    let deed = |r: &Record| (t.day(r.day), t.get(&format!("deed-{}", code(r.deed))));
    let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let held = found.state == CaseState::Held;
    let page = Watch {
        t,
        case: case(open, t, (found, &ByCase::of(&entries)), row),
        facts: row.map(|row| facts(t, row)).unwrap_or_default(),
        closed: found.state.is_closed(),
        held,
        done: coordinated(&entries, id).map(deed).collect(),
        memos: Memo::in_state(found.state, released(&entries, id)).map(Memo::name).collect(),
        memo,
        picked,
        error,
        notice,
    };
    Ok(shown(open, t, "watch-case-title", status, &page))
}

/// A row of the register in words: question and answer.
fn facts(t: Texts, row: &Row) -> Vec<(String, String)> {
    let day = |id: &str, day: Option<crate::domain::day::Day>| Some((t.get(id), t.day(day?)));
    let last = row.closing.as_ref().or(row.assessment.as_ref());
    let list = [
        Some((t.get("reg-channel"), t.get(&format!("reg-channel-{}", code(row.channel))))),
        row.topic.map(|topic| (t.get("reg-topic"), t.get(topic.text_id()))),
        last.map(|c| (t.get("class-of"), t.get(&format!("type-{}", c.of)))),
        last.map(|c| (t.get("class-assessment"), t.get(&format!("assessment-{}", c.assessment)))),
        day("reg-acknowledged", row.acknowledged),
        day("reg-feedback", row.feedback),
        day("reg-closed", row.closed),
        row.progress.as_ref().map(|p| {
            (
                t.get("reg-steps"),
                t.with("reg-steps-of", &[("done", p.done.to_string()), ("steps", p.steps.to_string())]),
            )
        }),
    ];
    list.into_iter().flatten().collect()
}

/// A choice as its text is named.
pub(super) fn code(value: impl serde::Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}

/// A file for the browser to save.
fn saved(of: &'static str, name: &'static str, bytes: Vec<u8>) -> HttpResponse {
    let disposition = format!("attachment; filename=\"{name}\"");
    HttpResponse::Ok().content_type(of).insert_header((header::CONTENT_DISPOSITION, disposition)).body(bytes)
}

/// The columns of the register.
const COLUMNS: [&str; 8] = [
    "desk-col-case",
    "reg-received",
    "reg-channel",
    "reg-acknowledged",
    "reg-feedback",
    "reg-topic",
    "class-of",
    "reg-end",
];

/// The register: one row a report that somebody has opened.
pub(super) async fn rows(desk: Data<Desk>, request: HttpRequest, lang: Path<String>, form: MaybeForm) -> HttpResponse {
    answer(&desk, &request, &lang, fields(form), async |open, t, mut sent| {
        open.client.follow_roster().await?;
        let rows = open.client.register().await?;
        if take(&mut sent, "save").is_some() {
            return Ok(saved("text/csv; charset=utf-8", "register.csv", in_csv(&rows).into()));
        }
        let day = |day: Option<crate::domain::day::Day>| day.map(|d| t.day(d)).unwrap_or_default();
        let row = |(case, Registered { row, destroyed, gone }): (&CaseId, &Registered)| {
            let last = row.closing.as_ref().or(row.assessment.as_ref());
            let of = last.map(|c| t.get(&format!("type-{}", c.of))).unwrap_or_default();
            let end = if *gone { t.get("reg-gone") } else { day(destroyed.or(row.closed)) };
            let (received, acknowledged) = (t.day(row.received), day(row.acknowledged));
            let topic = row.topic.map(|topic| t.get(topic.text_id())).unwrap_or_default();
            let channel = t.get(&format!("reg-channel-{}", code(row.channel)));
            [short(case), received, channel, acknowledged, day(row.feedback), topic, of, end]
        };
        let rows = rows.iter().map(row).collect();
        let page = Register { t, coordinator: coordinates(open), columns: COLUMNS, rows };
        Ok(shown(open, t, "watch-register", StatusCode::OK, &page))
    })
    .await
}

/// The log, the newest first; or the whole of it, to be kept and checked.
pub(super) async fn log(desk: Data<Desk>, request: HttpRequest, lang: Path<String>, form: MaybeForm) -> HttpResponse {
    answer(&desk, &request, &lang, fields(form), async |open, t, mut sent| {
        if take(&mut sent, "save").is_some() {
            return Ok(saved("application/json", "log.json", open.client.archive().await?.to_bytes()?));
        }
        let all = entries(open).await?;
        let whole = all.iter().all(|entry| entry.problem.is_none());
        let newest = all.iter().rev().take(SHOWN).map(|entry| in_words(open, t, entry)).collect();
        let page = Log { t, coordinator: coordinates(open), whole, entries: newest };
        Ok(shown(open, t, "watch-log", StatusCode::OK, &page))
    })
    .await
}

fn in_words(open: &Unlocked, t: Texts, entry: &Entry) -> (String, String, String, String, Option<String>) {
    let problem = entry.problem.map(|id| entry.doubt(t, id));
    let Some(record) = &entry.record else {
        return (String::new(), String::new(), String::new(), String::new(), problem);
    };
    let by = entry.by(t, |id| name(open, t, id));
    let case = record.case.as_ref().map(short).unwrap_or_default();
    (t.day(record.day), by, t.get(&format!("deed-{}", code(record.deed))), case, problem)
}
