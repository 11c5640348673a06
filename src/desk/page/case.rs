//! One case: everything in it, and what can be done.
use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use askama::Template;

use super::{
    Desk,
    answer::{Answer, MaybeForm, answer, case_of, fields},
    guide,
    link::{Along, Choice, Filled, Linked, along, choices, gather, linked, title},
    lock::Unlocked,
    readers, view,
};
use crate::{
    api_types::CaseView,
    desk::{
        DeskError, Item, Reach, State,
        case_words::{Entry, Told},
        casework::may_classify,
        consent::{identity, may_ask},
        guest,
        guide::is_manager,
        inbox, open,
        owed::{Asks, Owed},
        write::{may_report, possible},
    },
    domain::{
        case::Act,
        classification::Stage,
        day::Day,
        id::{CaseId, ItemId, OrgId},
    },
    seal::Kind,
    text::Texts,
};

#[derive(Template)]
#[template(path = "desk/case.html")]
struct Case {
    t: Texts,
    case: CaseId,
    title: String,
    notice: Option<String>,
    state: String,
    filed: String,
    due: String,
    /// When it is destroyed.
    ends: Option<String>,
    late: bool,
    org: String,
    readers: Vec<String>,
    topic: Option<String>,
    /// The reporter's language.
    language: Option<String>,
    /// Whom the reporter excluded.
    struck: Vec<String>,
    /// This reader reads what went along with a report, and no more.
    passed: bool,
    entries: Vec<Entry>,
    /// What the reporter was asked, with the item of what can be carried out now.
    consents: Vec<(String, Option<String>)>,
    /// That the reporter withdrew, and what that means.
    withdrawn: Vec<String>,
    /// They withdrew, and that does not stand any more.
    came_back: Option<String>,
    strangers: Vec<String>,
    /// Guests whom the roster ended.
    ended: Vec<String>,
    acts: Vec<&'static str>,
    open: bool,
    /// Consent can be asked for.
    asks: bool,
    /// It proves a filing: who somebody is does not.
    proves: bool,
    /// What can be set down: a classification until there is an outcome, an outcome and a protocol.
    sets_down: &'static [&'static str],
    manager: bool,
    /// Of a manager: to whom they leave what can be done.
    leave_to: Option<String>,
    /// That the reporter asked for a talk, and nobody answered.
    talk: Option<String>,
    linked: Vec<Linked>,
    along: Along,
    choices: Vec<Choice>,
    linking: Filled,
    /// Of an oral report: how it was told and where the account stands.
    oral: Option<Told>,
    /// What waits for this reader on the page about readers.
    waits: Vec<String>,
    to_pass_on: bool,
    /// A guest lets nobody in and closes nothing.
    guest: bool,
    /// What a guest can do, or who reads a part of the case.
    can: Option<&'static str>,
}

/// The page of a case.
pub(super) async fn show(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<(String, String)>,
    form: MaybeForm,
) -> HttpResponse {
    answer(&desk, &request, &path.0, fields(form), async |open, t, _| {
        let done = request.query_string().strip_prefix("done=");
        let done =
            done.filter(|done| matches!(*done, "consent" | "classify" | "outcome") || Act::parse(done).is_some());
        let notice = done.map(|done| t.get(&format!("desk-done-{done}")));
        case_page(open, t, &case_of(&path.1)?, (notice, Filled::default())).await
    })
    .await
}

/// Items that may fail before the rest is left for another look.
const MOST_FAILED: usize = 3;

/// Fetches and opens what is new in a case: messages, and what small files are. What was fetched stays, whatever becomes of the rest.
pub(super) async fn refresh(open: &mut Unlocked, id: &CaseId) -> Result<CaseView, DeskError> {
    open.client.reads()?;
    let case = open.client.case(id).await?;
    let items = open.cases.entry(*id).or_default();
    items.retain(|item| case.items.contains(&item.id) && !matches!(item.state, State::Away));
    let mut failed = 0;
    for item in &case.items {
        if items.iter().any(|known| known.id == *item) {
            continue;
        }
        let away = Item { id: *item, state: State::Away };
        let mut fetched = match failed {
            MOST_FAILED.. => away,
            _ => open::open_item(&open.client, &case, item, Reach::Messages).await.unwrap_or_else(|_| {
                failed += 1;
                away
            }),
        };
        // A file is fetched when it is looked at.
        fetched.leave_body();
        items.push(fetched);
    }
    open::prove(&open.client, &case, items);
    let case = open.client.opened(case, items).await?;
    open.summaries.learn(&open.client, &case, items);
    Ok(case)
}

/// The same, with what was signed with the files that one can choose from.
pub(super) async fn refresh_with_files(open: &mut Unlocked, id: &CaseId) -> Result<CaseView, DeskError> {
    let case = refresh(open, id).await?;
    let items = open.cases.entry(*id).or_default();
    let small = |item: &&Item| matches!(item.state, State::Large(bytes) if bytes <= open::IN_MEMORY);
    let small: Vec<ItemId> = items.iter().filter(small).map(|item| item.id).collect();
    // None named would be all of them.
    if !small.is_empty() {
        open::fetch_heads(&open.client, &case, items, &small).await?;
    }
    Ok(case)
}

/// The page, with what was done just now and what is filled in to link it.
pub(super) async fn case_page(
    open: &mut Unlocked,
    t: Texts,
    id: &CaseId,
    (notice, linking): (Option<String>, Filled),
) -> Answer {
    if guide::comes_first(open, id) {
        // Nothing is fetched for it: who reads how to respond has opened nothing.
        return Ok(guide::page(open, t, &open.client.case(id).await?));
    }
    let case = refresh(open, id).await?;
    gather(open).await;
    let items = open.cases.get(id).map(Vec::as_slice).unwrap_or_default();
    open.client.shown(id, items)?;
    let title = title(open, t, &case);
    let asks = Asks::of(items);
    let owed = Owed::of(&case, Some(asks));
    let due = due_of(t, open, owed, case.due);
    let closed = case.state.is_closed();
    let is_guest = open.client.me.card.is_some();
    let words = open.words(t, id);
    let passed = words.passed();
    let whole = !words.part(&case);
    // Who got a part of a case may not know whether there is something to confirm.
    let can = |act: &Act| {
        let known = *act != Act::Acknowledge || owed == Owed::Acknowledge;
        known && !passed && (whole || act.is_for_guests()) && possible(&open.client, (&case, items), *act).is_ok()
    };
    let acts = Act::ALL.into_iter().filter(can).map(Act::name).collect();
    let page = Case {
        t,
        case: *id,
        title: title.clone(),
        notice,
        state: inbox::state(t, &case, Some(asks)),
        filed: t.day(case.filed),
        late: due.1,
        due: due.0,
        ends: words.ends(&case),
        org: org(open, t, &case.org),
        readers: words.who(&case).into_iter().map(|who| who.text).collect(),
        strangers: words.strangers(&case).into_iter().map(|r| words.named(&r.reader)).collect(),
        ended: words.ended_guests(),
        consents: words.consents(&case),
        withdrawn: words.withdrawn(),
        came_back: words.came_back(),
        topic: words.topic(),
        language: words.language(),
        struck: words.struck(),
        passed,
        entries: words.entries(),
        acts,
        open: !closed && !passed,
        asks: may_ask(&open.client, &case, items).is_ok(),
        proves: !identity(items),
        sets_down: match may_report(&open.client, Kind::Classification, (&case, items)) {
            Ok(()) if !passed && !is_guest && whole => sets_down(items),
            _ => &[],
        },
        manager: is_manager(&open.client),
        leave_to: words.leave_to(&case),
        talk: words.talk(&case).map(|day| words.asked_for_talk(day)),
        linked: linked(open, t, items).await,
        along: along(open, t, id, items).await?,
        choices: choices(open, id),
        linking,
        oral: words.told(case.state),
        waits: readers::waits(open, t, &words, &case),
        to_pass_on: words.to_pass_on(case.state),
        guest: is_guest,
        can: guest::can(&open.client, case.state).or((!whole).then_some("desk-part")),
    };
    Ok(view::page(t, StatusCode::OK, &title, &open.client, &page.render().unwrap_or_default()))
}

/// What can be set down in a report that is worked on.
fn sets_down(items: &[Item]) -> &'static [&'static str] {
    if may_classify(items, Stage::Assessment).is_ok() {
        &["classify", "outcome", "protocol"]
    } else {
        &["outcome", "protocol"]
    }
}

/// What is due when, in words, and whether its day is over.
pub(super) fn due(t: Texts, open: &Unlocked, case: &CaseView, asks: Option<Asks>) -> (String, bool) {
    due_of(t, open, Owed::of(case, asks), case.due)
}

fn due_of(t: Texts, open: &Unlocked, owed: Owed, due: Day) -> (String, bool) {
    let over = owed.has_term() && due < open.client.today();
    (owed.told(&open.client, t, t.day(due), over), over)
}

/// An organisation's name.
pub(super) fn org(open: &Unlocked, t: Texts, id: &OrgId) -> String {
    open.client.roster.organisation(id).map_or_else(|| id.to_string(), |o| t.pick(&o.entry.name).to_owned())
}
