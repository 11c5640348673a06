//! One case: everything in it, and what can be done.
use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use askama::Template;

use super::{
    Desk,
    answer::{Answer, Fault, MaybeForm, answer, case_of, fields},
    entry::{Entry, entry, is_link, named},
    guide,
    link::{Choice, Linked, choices, linked},
    lock::{Unlocked, take},
    readers,
    told::{Told, told},
    view,
};
use crate::{
    api_types::CaseView,
    desk::{
        Consent, DeskError, Item, Reach, consents,
        open::{self, advice},
        strangers,
        summary::first_line,
        to_pass_on, write,
    },
    domain::{
        case::{Act, CaseState, Duty, duty},
        id::{CaseId, ItemId, OrgId},
    },
    seal::{Plaintext, consent::Standing},
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
    late: bool,
    org: String,
    readers: Vec<String>,
    entries: Vec<Entry>,
    consents: Vec<Consented>,
    strangers: Vec<String>,
    acts: Vec<&'static str>,
    open: bool,
    advice: bool,
    manager: bool,
    linked: Vec<Linked>,
    choices: Vec<Choice>,
    /// Of an oral report: how it was told and where the account stands.
    oral: Option<Told>,
    /// What waits for this reader on the page about readers.
    waits: Vec<String>,
    to_pass_on: bool,
    /// A guest lets nobody in and closes nothing.
    guest: bool,
}

/// A request, as it stands.
struct Consented {
    request: ItemId,
    text: String,
    /// It can be carried out now.
    agreed: bool,
}

fn consented(open: &Unlocked, t: Texts, case: &CaseId, consent: &Consent) -> Consented {
    let id = match consent.standing {
        Standing::Asked => "desk-consent-asked",
        Standing::No => "desk-consent-no",
        Standing::Yes(_) => "desk-consent-yes",
        Standing::Done => "desk-consent-done",
    };
    let values = [("name", readers::person(open, t, case, &consent.to.reader)), ("day", t.day(consent.day))];
    let agreed = matches!(consent.standing, Standing::Yes(_));
    Consented { request: consent.request, text: t.with(id, &values), agreed }
}

#[derive(Template)]
#[template(path = "desk/act.html")]
struct Writing<'a> {
    t: Texts,
    case: CaseId,
    title: String,
    act: &'static str,
    text: &'a Plaintext,
    error: Option<String>,
}

/// The page of a case.
pub(super) async fn show(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<(String, String)>,
    form: MaybeForm,
) -> HttpResponse {
    answer(&desk, &request, &path.0, fields(form), async |open, t, _| {
        let notice = request.query_string().strip_prefix("done=").and_then(Act::parse);
        let notice = notice.map(|act| t.get(&format!("desk-done-{}", act.name())));
        case_page(open, t, &case_of(&path.1)?, notice).await
    })
    .await
}

/// Fetches and opens what is new in a case.
pub(super) async fn refresh(open: &mut Unlocked, id: &CaseId) -> Result<CaseView, DeskError> {
    let case = open.client.case(id).await?;
    let mut items = open.cases.remove(id).unwrap_or_default();
    items.retain(|item| case.items.contains(&item.id));
    for item in &case.items {
        if items.iter().all(|known| known.id != *item) {
            items.push(open::open_item(&open.client, &case, item, Reach::Small).await?);
        }
    }
    open::prove(&open.client, &mut items);
    open.summaries.learn(&case, &items);
    open.cases.insert(*id, items);
    let items = open.cases.get(id).map(Vec::as_slice).unwrap_or_default();
    open.client.opened(case, items).await
}

async fn case_page(open: &mut Unlocked, t: Texts, id: &CaseId, notice: Option<String>) -> Answer {
    let case = refresh(open, id).await?;
    if guide::comes_first(open, id) {
        return Ok(guide::page(open, t, id));
    }
    let items = open.cases.get(id).map(Vec::as_slice).unwrap_or_default();
    let title = title(t, items, &case);
    let due = due(t, open, &case, advice(items));
    let closed = case.state.is_closed();
    let guest = open.client.me.card.is_some();
    let can = |act: &Act| if closed { *act == Act::Note } else { !guest || *act != Act::Close };
    let acts = Act::ALL.into_iter().filter(can).map(Act::name).collect();
    let page = Case {
        t,
        case: *id,
        title: title.clone(),
        notice,
        state: state(t, case.state),
        filed: t.day(case.filed),
        late: due.1,
        due: due.0,
        org: org(open, t, &case.org),
        readers: readers::who(open, t, &case).into_iter().map(|who| who.text).collect(),
        strangers: strangers(&open.client, &case, items).into_iter().map(|r| named(open, t, r)).collect(),
        consents: consents(items).iter().map(|c| consented(open, t, id, c)).collect(),
        entries: items.iter().filter(|item| !is_link(item)).map(|item| entry(open, t, id, item)).collect(),
        acts,
        open: !closed,
        advice: advice(items),
        manager: guide::is_manager(open),
        linked: linked(open, t, items).await,
        choices: choices(open, id),
        oral: told(open, t, items),
        waits: readers::waits(open, t, id),
        to_pass_on: to_pass_on(&open.client, items),
        guest,
    };
    Ok(view::page(t, StatusCode::OK, &title, &open.client, &page.render().unwrap_or_default()))
}

fn title(t: Texts, items: &[Item], case: &CaseView) -> String {
    first_line(items).unwrap_or_else(|| t.with("desk-case", &[("day", t.day(case.filed))]))
}

/// A state in words.
pub(super) fn state(t: Texts, state: CaseState) -> String {
    t.get(match state {
        CaseState::Unopened => "desk-state-unopened",
        CaseState::Open => "desk-state-open",
        CaseState::Closed => "desk-state-closed",
        CaseState::Held => "desk-state-held",
    })
}

/// What is due when, in words, and whether it is late.
pub(super) fn due(t: Texts, open: &Unlocked, case: &CaseView, advice: bool) -> (String, bool) {
    let id = match duty(case.state, case.filed, case.due).filter(|_| !advice) {
        None => return (t.get("desk-nothing-due"), false),
        Some(Duty::Acknowledge) => "desk-due-acknowledge",
        Some(Duty::Feedback) => "desk-due-feedback",
    };
    let late = case.due < open.client.today();
    let text = t.with(id, &[("day", t.day(case.due))]);
    (if late { format!("{} {text}", t.get("desk-late")) } else { text }, late)
}

/// An organisation's name.
pub(super) fn org(open: &Unlocked, t: Texts, id: &OrgId) -> String {
    open.client.roster.organisation(id).map_or_else(|| id.to_string(), |o| t.pick(&o.entry.name).to_owned())
}

/// The page on which something is written, or what was written there.
pub(super) async fn act(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<(String, String, String)>,
    form: MaybeForm,
) -> HttpResponse {
    answer(&desk, &request, &path.0, fields(form), async |open, t, mut sent| {
        let (id, act) = (case_of(&path.1)?, Act::parse(&path.2).ok_or(Fault::NotFound)?);
        let Some(text) = take(&mut sent, "text") else {
            return Ok(writing(open, t, &id, act, &letter(t, act), None));
        };
        let kept = Plaintext::from(text.reveal().to_vec());
        match write(&open.client, &id, act, text, Vec::new()).await {
            Ok(_) => Ok(view::see_other(&format!("/{}/case/{id}?done={}", t.lang(), act.name()))),
            Err(error) => {
                // What changed meanwhile is fetched: the page behind "cancel" shows it.
                drop(refresh(open, &id).await);
                Ok(writing(open, t, &id, act, &kept, Some(error.in_words(t))))
            }
        }
    })
    .await
}

fn writing(open: &Unlocked, t: Texts, id: &CaseId, act: Act, text: &Plaintext, error: Option<String>) -> HttpResponse {
    let items = open.cases.get(id).map(Vec::as_slice).unwrap_or_default();
    let title = first_line(items).unwrap_or_else(|| t.get("desk-to-case"));
    let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = Writing { t, case: *id, title, act: act.name(), text, error };
    let title = t.get(&format!("desk-act-{}", act.name()));
    view::page(t, status, &title, &open.client, &page.render().unwrap_or_default())
}

/// The text an act begins with; it can be changed.
fn letter(t: Texts, act: Act) -> Plaintext {
    macro_rules! letter {
        ($name:literal) => {
            match t.lang() {
                "en" => include_str!(concat!("../../../web/letters/en/", $name, ".txt")),
                _ => include_str!(concat!("../../../web/letters/nl/", $name, ".txt")),
            }
        };
    }
    let text = match act {
        Act::Acknowledge => letter!("acknowledge"),
        Act::Ask => letter!("ask"),
        Act::Feedback => letter!("feedback"),
        Act::Close => letter!("close"),
        Act::Reply | Act::Note => "",
    };
    Plaintext::from(text.to_owned())
}
