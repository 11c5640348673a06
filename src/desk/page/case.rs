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
    lock::{Unlocked, take},
    summary::first_line,
    view,
};
use crate::{
    api_types::CaseView,
    desk::{
        Consent, Content, DeskError, Item, Opened, Reach, State, consents,
        open::{self, advice},
        strangers, write,
    },
    domain::{
        case::{Act, CaseState, Duty, duty},
        classification::Classification,
        day::Day,
        id::{CaseId, ItemId, KeyedReader, OrgId},
    },
    seal::{
        Author, Kind, Plaintext,
        circle::LeftReason,
        consent::{Along, Standing},
    },
    text::Texts,
};

/// One item, as it is shown.
struct Entry {
    kind: &'static str,
    heading: String,
    proven: bool,
    /// Question and answer; a text has no question.
    texts: Vec<(String, String)>,
    link: Option<String>,
    file: String,
    error: Option<String>,
}

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
}

/// A request, as it stands.
struct Consented {
    request: ItemId,
    text: String,
    /// It can be carried out now.
    agreed: bool,
}

fn consented(open: &Unlocked, t: Texts, consent: &Consent) -> Consented {
    let id = match consent.standing {
        Standing::Asked => "desk-consent-asked",
        Standing::No => "desk-consent-no",
        Standing::Yes(_) => "desk-consent-yes",
        Standing::Done => "desk-consent-done",
    };
    let values = [("name", named(open, t, &consent.to)), ("day", t.day(consent.day))];
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
    let items = open.cases.get(id).map(Vec::as_slice).unwrap_or_default();
    let title = title(t, items, &case);
    let due = due(t, open, &case, advice(items));
    let closed = case.state.is_closed();
    let acts = Act::ALL.into_iter().filter(|act| !closed || *act == Act::Note).map(Act::name).collect();
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
        readers: case.readers.iter().map(|r| named(open, t, r)).collect(),
        strangers: strangers(&open.client, &case, items).into_iter().map(|r| named(open, t, r)).collect(),
        consents: consents(items).iter().map(|c| consented(open, t, c)).collect(),
        entries: items.iter().map(|item| entry(open, t, id, item)).collect(),
        acts,
        open: !closed,
        advice: advice(items),
    };
    let reader = Some(open.client.me.reader.as_str());
    Ok(view::page(t, StatusCode::OK, &title, reader, &page.render().unwrap_or_default()))
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

fn named(open: &Unlocked, t: Texts, reader: &KeyedReader) -> String {
    let known = open.client.roster.reader(&reader.reader);
    known.map_or_else(|| reader.reader.to_string(), |r| t.pick(&r.shown_as).to_owned())
}

fn all_named(open: &Unlocked, t: Texts, readers: &[KeyedReader]) -> String {
    readers.iter().map(|r| named(open, t, r)).collect::<Vec<_>>().join("\n")
}

fn entry(open: &Unlocked, t: Texts, case: &CaseId, item: &Item) -> Entry {
    let link = Some(format!("/{}/file/{case}/{}", t.lang(), item.id));
    let mut entry = Entry {
        kind: "item",
        heading: t.get("desk-item-closed"),
        proven: true,
        texts: Vec::new(),
        link: None,
        file: String::new(),
        error: None,
    };
    match &item.state {
        State::Failed(error) => entry.error = Some(error.clone()),
        State::Large(bytes) => {
            entry.heading = t.get("desk-item-large");
            (entry.link, entry.file) = (link, t.with("desk-open-large", &[("size", size(*bytes))]));
        }
        State::Opened(opened) => {
            entry.heading = heading(open, t, opened);
            entry.proven = opened.proven;
            match &opened.content {
                Content::Text(text) => {
                    entry.kind = if opened.manifest.head.kind == Kind::Note { "note" } else { "item" };
                    entry.texts.push((String::new(), text.to_string()));
                }
                Content::Story(story) => {
                    let all = [
                        ("story", &story.story),
                        ("who", &story.who),
                        ("when", &story.when),
                        ("place", &story.place),
                        ("known", &story.known),
                    ];
                    let answered = all.into_iter().filter(|(_, text)| !text.is_empty());
                    entry
                        .texts
                        .extend(answered.map(|(name, text)| (t.get(&format!("desk-story-{name}")), text.clone())));
                }
                Content::Request(asked) => {
                    let to = named(open, t, &asked.to);
                    let reason = String::from_utf8_lossy(asked.reason.reveal()).into_owned();
                    entry.texts.push((t.with("consent-title", &[("name", to)]), reason));
                }
                Content::Answer(answer) => {
                    entry.texts.push((String::new(), t.get(if answer.yes { "yes" } else { "no" })));
                }
                Content::Classification(made) => entry.texts.push((String::new(), classified(t, made))),
                Content::Protocol(begun) => entry.texts.push((String::new(), t.pick(&begun.protocol.name).to_owned())),
                Content::Step(step) => entry.texts.push((String::new(), step.step.clone())),
                Content::HandOver(done) => entry.texts.push((String::new(), named(open, t, &done.to))),
                Content::ToReport(said) => {
                    entry.texts.push((t.get("desk-to-report-case"), said.report.to_string()));
                    entry.texts.push((t.get("desk-to-report-what"), along(t, said.along)));
                    entry.texts.push((t.get("desk-to-report-to"), all_named(open, t, &said.to)));
                }
                Content::PassOn(done) => entry.texts.push((String::new(), all_named(open, t, &done.to))),
                Content::Left(left) => {
                    let id = if left.reason == LeftReason::Conflict { "desk-left-conflict" } else { "desk-left" };
                    entry.texts.push((String::new(), t.get(id)));
                }
                Content::TakeOut(asked) => {
                    let reason = String::from_utf8_lossy(asked.reason.reveal()).into_owned();
                    entry.texts.push((named(open, t, &asked.who), reason));
                }
                Content::Duty(asked) => {
                    let reason = String::from_utf8_lossy(asked.reason.reveal()).into_owned();
                    entry.texts.push((named(open, t, &asked.to), t.get(asked.ground.text_id())));
                    entry.texts.push((String::new(), reason));
                }
                Content::TakenOut(_) | Content::DutyApproved(_) => {}
                Content::File { name, .. } => {
                    entry.file = format!("{name} ({})", size(opened.manifest.length));
                    entry.link = link;
                }
            }
        }
    }
    entry
}

/// A classification in words, one line a question.
fn classified(t: Texts, made: &Classification) -> String {
    let word = |list: &str, code: &str| t.get(&format!("{list}-{code}"));
    let words = |list: &str, codes: &std::collections::BTreeSet<String>| {
        codes.iter().map(|code| word(list, code)).collect::<Vec<_>>().join(", ")
    };
    let line = |question: &str, answer: String| {
        if answer.is_empty() { String::new() } else { format!("{}: {answer}\n", t.get(question)) }
    };
    [
        line("class-of", word("type", &made.of)),
        line("class-flags", words("flag", &made.flags)),
        line("class-assessment", word("assessment", &made.assessment)),
        line(
            "class-investigation",
            made.investigation.as_deref().map(|c| word("investigation", c)).unwrap_or_default(),
        ),
        line("class-finding", made.finding.as_deref().map(|c| word("finding", c)).unwrap_or_default()),
        line("class-measures", words("measure", &made.measures)),
    ]
    .concat()
}

fn heading(open: &Unlocked, t: Texts, opened: &Opened) -> String {
    let head = &opened.manifest.head;
    let from = match &head.author {
        Author::Reporter => t.get("desk-from-reporter"),
        Author::Reader(id) => {
            let known = open.client.roster.reader(id).map(|r| &r.shown_as);
            let known = known.or_else(|| open.client.roster.overseer(id).map(|(_, o)| &o.shown_as));
            known.map_or_else(|| id.to_string(), |shown| t.pick(shown).to_owned())
        }
    };
    format!("{}, {}, {from}", t.get(kind_text(head.kind)), t.day(head.day))
}

/// What goes along, in words.
fn along(t: Texts, along: Along) -> String {
    let all = [(along.story, "along-story"), (along.messages, "along-messages"), (along.files, "along-files")];
    all.into_iter().filter(|(goes, _)| *goes).map(|(_, id)| t.get(id)).collect::<Vec<_>>().join("\n")
}

/// The text that names a kind.
pub(super) fn kind_text(kind: Kind) -> &'static str {
    match kind {
        Kind::Report => "desk-kind-report",
        Kind::Advice => "desk-kind-advice",
        Kind::Message => "desk-kind-message",
        Kind::File => "desk-kind-file",
        Kind::Acknowledgement => "kind-acknowledgement",
        Kind::Question => "kind-question",
        Kind::Reply => "kind-reply",
        Kind::Feedback => "kind-feedback",
        Kind::Note => "desk-kind-note",
        Kind::Closing => "kind-closing",
        Kind::ConsentRequest => "kind-consent",
        Kind::ConsentAnswer => "desk-kind-consent-answer",
        Kind::HandOver => "kind-hand-over",
        Kind::Memo => "desk-kind-memo",
        Kind::Classification => "desk-kind-classification",
        Kind::Protocol => "desk-kind-protocol",
        Kind::Step => "desk-kind-step",
        Kind::ToReport => "desk-kind-to-report",
        Kind::PassOn => "desk-kind-pass-on",
        Kind::Identity => "desk-kind-identity",
        Kind::Talk => "desk-kind-talk",
        Kind::Left => "desk-kind-left",
        Kind::TakeOut => "desk-kind-take-out",
        Kind::TakenOut => "desk-kind-taken-out",
        Kind::DutyRequest => "desk-kind-duty",
        Kind::DutyApproval => "desk-kind-duty-approval",
    }
}

/// Bytes in words.
pub(super) fn size(bytes: u64) -> String {
    match bytes {
        b if b >= 10 << 20 => format!("{} MiB", b >> 20),
        b if b >= 10 << 10 => format!("{} KiB", b >> 10),
        b => format!("{b} bytes"),
    }
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
    view::page(t, status, &title, Some(open.client.me.reader.as_str()), &page.render().unwrap_or_default())
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

/// Days in order of urgency: closed cases and advice come last.
pub(super) fn urgency(case: &CaseView, advice: bool) -> (bool, Day) {
    (duty(case.state, case.filed, case.due).is_none() || advice, case.due)
}
