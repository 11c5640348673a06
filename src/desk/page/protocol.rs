//! Working by a protocol: which there are, which the case keeps, what was done and what is late.
use std::collections::{BTreeMap, BTreeSet};

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use askama::Template;

use super::{
    Desk, Fields,
    answer::{Answer, MaybeForm, answer, case_of, fields},
    case::refresh,
    language::only_shown,
    lock::Unlocked,
    readers::chosen,
    view,
};
use crate::{
    api_types::CaseView,
    desk::{
        Client, Content, DeskError, Item, begin,
        case_words::words,
        circle::proven,
        guest, protocols,
        register::{officers, worked},
        step_done, step_undone,
        write::{may_report, possible},
    },
    domain::{
        case::Act,
        id::{CaseId, ItemId, ReaderId},
        protocol::{self, Tick, Worked},
    },
    seal::{Author, Kind, Plaintext},
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
    /// What stands in its field, where this reader can say that it was done.
    note: Plaintext,
    /// Where the act is done that it waits for, with the words of the link.
    act: Option<(String, String)>,
    done: bool,
    late: bool,
    /// Who said that it was done, and when, with what they wrote.
    ticks: Vec<(String, String)>,
    /// Says whom it waits for, where two decide it or each officer does it.
    waits: Option<String>,
    /// The words of the button and of the field, where this reader can say it.
    button: Option<(String, String)>,
    /// The words of the button that takes it back, where this reader said it.
    undo: Option<String>,
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
    error: Option<String>,
}

/// What is typed with the steps, by the step's id.
type Notes = BTreeMap<String, Plaintext>;

/// How the field of a step begins.
const NOTE: &str = "note-";

fn notes(sent: &mut Fields) -> Notes {
    let all = std::mem::take(sent).into_iter().map(|(name, text)| match name.strip_prefix(NOTE) {
        Some(step) => Ok((step.to_owned(), text)),
        None => Err((name, text)),
    });
    let (notes, rest): (Vec<_>, Vec<_>) = all.partition(Result::is_ok);
    sent.extend(rest.into_iter().filter_map(Result::err));
    notes.into_iter().filter_map(Result::ok).collect()
}

/// The protocols of a case; with what one of the buttons of its form stands for, after that.
pub(super) async fn protocol(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<(String, String)>,
    form: MaybeForm,
) -> HttpResponse {
    answer(&desk, &request, &path.0, fields(form), async |open, t, mut sent| {
        let id = case_of(&path.1)?;
        guest::may(&open.client, Kind::Protocol)?;
        let mut notes = notes(&mut sent);
        let done = if only_shown(&sent) { Ok(()) } else { carry_out(&open.client, &id, &sent, &mut notes).await };
        let case = refresh(open, &id).await?;
        if let Some(step) = chosen(&sent, "start") {
            let items = open.cases.get(&id).map(Vec::as_slice).unwrap_or_default();
            begin_text(t, items, step, &mut notes);
        }
        page(open, t, &case, (&notes, done.err()))
    })
    .await
}

/// Begins a protocol, or says of a step what its button stands for. What was written with that is no longer in its field.
async fn carry_out(client: &Client, id: &CaseId, sent: &Fields, notes: &mut Notes) -> Result<(), DeskError> {
    if let Some(protocol) = chosen(sent, "begin") {
        begin(client, id, protocol).await?;
    }
    if let Some(step) = chosen(sent, "undo") {
        step_undone(client, id, step).await?;
    }
    if let Some(step) = chosen(sent, "step") {
        let note = notes.get(step).map(|note| Plaintext::from(note.reveal().to_vec())).unwrap_or_default();
        step_done(client, id, step, note).await?;
        notes.remove(step);
    }
    Ok(())
}

/// Puts the text of a step into its field, under what stands there.
fn begin_text(t: Texts, items: &[Item], step: &str, notes: &mut Notes) {
    let nobody = BTreeSet::new();
    let Some((_, worked)) = worked(items, &nobody).last() else { return };
    let Some(template) = worked.protocol.steps.iter().find(|s| s.id == step).and_then(|s| s.template.as_ref()) else {
        return;
    };
    let (typed, template) = (notes.remove(step).unwrap_or_default(), t.pick(template).as_bytes());
    let above = typed.reveal().trim_ascii_end();
    let text = if above.is_empty() { template.to_vec() } else { [above, b"\n\n", template].concat() };
    notes.insert(step.to_owned(), Plaintext::from(text));
}

fn page(open: &Unlocked, t: Texts, case: &CaseView, (notes, error): (&Notes, Option<DeskError>)) -> Answer {
    let items = open.cases.get(&case.case).map(Vec::as_slice).unwrap_or_default();
    let today = open.client.today();
    let review = |p: &protocol::Protocol| {
        p.needs_review(today).then(|| t.with("protocol-review", &[("day", t.day(p.review_by))]))
    };
    let officers = officers(&open.client, case, items);
    let begun: Vec<(ItemId, Worked<'_>)> = worked(items, &officers).collect();
    let new = protocols(&open.client, case)
        .filter(|p| !begun.iter().any(|(_, w)| w.protocol.id == p.id && w.protocol.version == p.version));
    let choices =
        new.map(|p| Choice { id: p.id.clone(), name: t.pick(&p.name).to_owned(), review: review(p) }).collect();
    let open_for_work = match may_report(&open.client, Kind::Step, (case, items)) {
        // There is nothing to look at either.
        Err(error) if begun.is_empty() => return Err(error.into()),
        may => may.is_ok(),
    };
    let count = begun.len();
    let work = |(n, (id, worked)): (usize, &(ItemId, Worked<'_>))| Work {
        name: t.pick(&worked.protocol.name).to_owned(),
        version: t.with(
            "protocol-version",
            &[("version", worked.protocol.version.to_string()), ("day", t.day(worked.since))],
        ),
        review: review(worked.protocol),
        steps: steps(open, t, case, (*id, worked), notes),
        current: n + 1 == count,
    };
    let works = begun.iter().enumerate().map(work).collect();
    let status = error.as_ref().map_or(StatusCode::OK, |error| error.status);
    let error = error.map(|error| error.in_words(t));
    let page = Page { t, case: case.case, choices, works, open: open_for_work, error };
    Ok(view::page(t, status, &t.get("protocol-title"), &open.client, &page.render().unwrap_or_default()))
}

/// The steps of a protocol that an item began.
fn steps(open: &Unlocked, t: Texts, case: &CaseView, (id, worked): (ItemId, &Worked<'_>), notes: &Notes) -> Vec<Step> {
    let items = open.cases.get(&case.case).map(Vec::as_slice).unwrap_or_default();
    let one = |(n, s): (usize, &protocol::Step)| {
        let said = |tick: &Tick<'_>| written(items, id, s, tick.by);
        step(open, t, case, worked, ((n + 1, s), worked.ticks(s).iter().map(said).collect()), notes)
    };
    worked.protocol.steps.iter().enumerate().map(one).collect()
}

/// What a reader wrote when they said last that a step was done.
fn written(items: &[Item], begun: ItemId, step: &protocol::Step, by: &ReaderId) -> String {
    let said = proven(items).filter_map(|(_, opened)| match (&opened.content, &opened.manifest.head.author) {
        (Content::Step(said), Author::Reader(author)) if author == by && !said.undone => Some(said),
        _ => None,
    });
    let last = said.filter(|said| said.begun == begun && said.step == step.id).last();
    last.map(|said| words(&said.note)).unwrap_or_default()
}

/// A step with its number on the page.
fn step(
    open: &Unlocked,
    t: Texts,
    case: &CaseView,
    worked: &Worked<'_>,
    ((n, step), written): ((usize, &protocol::Step), Vec<String>),
    notes: &Notes,
) -> Step {
    let (names, me) = (open.words(t, &case.case), &open.client.me);
    let items = open.cases.get(&case.case).map(Vec::as_slice).unwrap_or_default();
    let ticked = |tick: &Tick<'_>| {
        let by = if step.act.is_some() { "protocol-act-by" } else { "protocol-by" };
        t.with(by, &[("name", names.person(tick.by)), ("day", t.day(tick.day))])
    };
    let number = |words: &str| t.with(words, &[("step", n.to_string())]);
    let can = worked.can_tick(step, &me.reader) && !(step.two && me.card.is_some());
    let words = if worked.ticks(step).is_empty() { "protocol-do" } else { "protocol-do-too" };
    let act = step.act.filter(|act| !worked.done(step) && possible(&open.client, (case, items), *act).is_ok());
    let link = |act: Act| {
        let path = format!("/{}/case/{}/{}", t.lang(), case.case, act.name());
        (path, t.get(&format!("desk-act-{}", act.name())))
    };
    let typed = |note: &Plaintext| Plaintext::from(note.reveal().to_vec());
    Step {
        id: step.id.clone(),
        text: t.pick(&step.text).to_owned(),
        owner: t.pick(&step.owner).to_owned(),
        until: t.day(worked.until(step)),
        template: step.template.as_ref().map(|text| t.pick(text).to_owned()),
        note: notes.get(&step.id).map(typed).unwrap_or_default(),
        act: act.map(link),
        done: worked.done(step),
        late: worked.late(step, open.client.today()),
        ticks: worked.ticks(step).iter().map(ticked).zip(written).collect(),
        waits: names.step_waits(step, worked),
        button: can.then(|| (number(words), number("protocol-note"))),
        undo: worked.can_untick(step, &me.reader).then(|| number("protocol-undo")),
    }
}
