//! `read`: everything in a case, in words or as JSON; files are saved on request.
use std::{
    collections::BTreeSet,
    io::Write,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use super::{
    Client, DeskError,
    account::oral,
    along::{self, Beside, Still},
    case_words::{CaseWords, Entry, is_link},
    circle::origin,
    commands::Options,
    consent::identity,
    duty::Duty,
    guest,
    guide::{Guide, is_manager, steps},
    inbox, links,
    numbers::case_id,
    open::{Body, Content, Item, Opened, Reach, State, open_case},
    owed::{Asks, Owed},
    safe_json, safe_text,
    summary::Summaries,
    write::may_send,
};
use crate::{
    api_types::CaseView,
    domain::guest::GuestCard,
    private,
    seal::{Kind, code::Language},
    text::Texts,
};

/// Opens a case and says what is in it. Fails when nothing opens.
pub(super) async fn read(
    options: &Options,
    client: &Client,
    case: &str,
    save: Option<&Path>,
) -> Result<String, DeskError> {
    let case = client.case(&case_id(client, case).await?).await?;
    let t = Texts::of(Language::En);
    let mut seen = Guide::load(options.identity()?, &client.me);
    // A script gets it with the case; a person reads it first, and has opened nothing by that.
    if is_manager(client) && !options.json && seen.ticks(&case.case).is_none() {
        client.reads()?;
        seen.see(&client.me, case.case, BTreeSet::new())?;
        return Ok(guide_in_words(t, &steps(client, t, &case, None)));
    }
    if let Some(folder) = save {
        private_folder(folder)?;
    }
    let opened = open_case(client, &case, save.map_or(Reach::Heads, Reach::All)).await?;
    let case = client.opened(case, &opened).await?;
    let guide = if is_manager(client) { steps(client, t, &case, Some(&opened)) } else { Vec::new() };
    client.shown(&case.case, &opened)?;
    let words = CaseWords::of(client, t, &opened);
    let strangers: Vec<String> = words.strangers(&case).iter().map(|r| r.reader.to_string()).collect();
    let guest =
        |card: &GuestCard| json!({ "guest": card.guest.id, "shown_as": card.guest.shown_as, "until": card.until });
    let guests: Vec<Value> = words.guests().iter().map(guest).collect();
    let duties: Vec<Value> = words.duties().iter().map(duty).collect();
    let oral = oral(&opened).map(|oral| oral.to_json());
    let language = origin(&opened).and_then(|origin| origin.lang);
    let owed = Owed::of(&case, Some(Asks::of(&opened)));
    let inbox = client.inbox().await?;
    let left = along::look(client, &inbox, None).await;
    let mut summaries = Summaries::load(options.identity()?, &client.me);
    summaries.learn(client, &case, &opened);
    // What was filed from it is known by what was opened before. One of those that fails keeps nobody from this one.
    drop(summaries.gather(client, &inbox, None).await);
    summaries.save(&client.me, &inbox)?;
    let mut beside = Beside::of(client, &summaries, &case.case, &opened).await?;
    beside.failed += left;
    let name = summaries.title(t, &case.case).filter(|_| identity(&opened)).map(|title| line(&title));
    let head = head((&case, owed), client, &words, &opened);
    let head = [head, name.unwrap_or_default(), went_along(&beside, &words)].concat();
    let entries: Vec<Option<Entry>> = opened.iter().map(|item| (!is_link(item)).then(|| words.entry(item))).collect();
    let nothing = opened.iter().all(|item| !matches!(item.state, State::Opened(_)));
    let mut items = Vec::new();
    for item in opened {
        items.push(view(item, save)?);
    }
    let all = json!({ "case": case, "items": items, "strangers": strangers, "guests": guests, "duties": duties,
        "oral": oral, "language": language, "along": to_json(&beside), "guide": guide.into_iter().map(|(_, text)| text).collect::<Vec<_>>() });
    let text = if options.json { safe_json(&all.to_string()) } else { head + &in_words(&entries, &items) };
    if nothing {
        return Err(DeskError::new(format!("nothing in this case opened:\n{text}")));
    }
    Ok(text)
}

/// Where a legal duty stands.
fn duty(duty: &Duty) -> Value {
    json!({ "request": duty.request, "to": duty.to, "notice": duty.not_before.is_some(), "not_before": duty.not_before,
        "approved": duty.approval.is_some(), "answers": duty.answers, "done": duty.done })
}

fn guide_in_words(t: Texts, steps: &[(&str, String)]) -> String {
    let steps: String = steps.iter().map(|(_, text)| line(&format!("- {text}"))).collect();
    let [title, text, what] = ["desk-guide-title", "desk-guide-text", "desk-guide-steps"].map(|id| line(&t.get(id)));
    format!("{title}{text}\n{what}{steps}\n{}", t.get("desk-guide-command"))
}

fn private_folder(folder: &Path) -> Result<(), DeskError> {
    private::folder(folder).map_err(|e| DeskError::new(format!("cannot save into {}: {e}", folder.display())))
}

fn view(item: Item, save: Option<&Path>) -> Result<Value, DeskError> {
    let opened = match item.state {
        State::Opened(opened) => *opened,
        State::Failed(error) => return Ok(json!({ "item": item.id, "error": error })),
        State::Away => return Ok(json!({ "item": item.id, "error": "not fetched" })),
        State::Large(bytes) => return Ok(json!({ "item": item.id, "error": format!("not fetched: {bytes} bytes") })),
    };
    let (from, withheld, unread) = (opened.from(), opened.withheld(), opened.unread);
    let Opened { manifest, proven, content, .. } = opened;
    let mut view = json!({ "item": item.id, "kind": manifest.head.kind, "day": manifest.head.day,
        "from": from, "proven": proven, "withheld": withheld, "unread": unread,
        "bytes": manifest.length });
    let more = match content {
        Content::Story(story) => json!({ "story": story }),
        Content::Text(text) => json!({ "text": *text }),
        Content::Request(asked) => json!({ "consent": { "to": asked.to, "items": asked.items,
            "reason": String::from_utf8_lossy(asked.reason.reveal()) } }),
        Content::Answer(answer) => json!({ "agreed": answer.yes, "request": answer.request }),
        Content::Classification(made) => json!({ "classification": made }),
        Content::Protocol(begun) => json!({ "protocol": begun.protocol }),
        Content::Step(said) => json!({ "step": said.step, "undone": said.undone,
            "note": String::from_utf8_lossy(said.note.reveal()) }),
        Content::Link(link) => json!({ "linked": link.other, "duplicate": link.duplicate, "over": link.over }),
        Content::HandOver(done) => json!({ "handed_over": done.to, "request": done.request }),
        Content::ToReport(said) => json!({ "to_report": said.report, "along": said.along, "to": said.to }),
        Content::Account(told) => json!({ "how": told.how, "text": String::from_utf8_lossy(told.text.reveal()) }),
        Content::Agreed(agreed) => json!({ "account": agreed.account, "changed": agreed.changed,
            "text": String::from_utf8_lossy(agreed.text.reveal()) }),
        Content::PassOn(done) => json!({ "passed_on": done.to, "to_report": done.to_report }),
        Content::Left(left) => json!({ "left": left.reason }),
        Content::TakeOut(asked) => json!({ "take_out": { "who": asked.who,
            "reason": String::from_utf8_lossy(asked.reason.reveal()) } }),
        Content::TakenOut(taken) => json!({ "taken_out": taken.take_out }),
        Content::Duty(asked) => json!({ "duty": { "to": asked.to, "items": asked.items, "ground": asked.ground,
            "notice": asked.notice, "reference": String::from_utf8_lossy(asked.reference.reveal()),
            "reason": String::from_utf8_lossy(asked.reason.reveal()) } }),
        Content::DutyApproved(approval) => json!({ "duty_approved": approval.request }),
        Content::File { name, body } => match save {
            None => json!({ "name": name }),
            Some(folder) => match saved(folder, &name, body) {
                Ok(path) => json!({ "saved": path, "name": name }),
                Err(error) => json!({ "name": name, "error": format!("it could not be saved: {error}") }),
            },
        },
    };
    if let (Value::Object(all), Value::Object(more)) = (&mut view, more) {
        all.extend(more);
    }
    Ok(view)
}

/// Saves a file under a name that is not taken; only its owner can read it.
pub(super) fn saved(folder: &Path, name: &str, body: Body) -> Result<PathBuf, DeskError> {
    let file = match body {
        Body::Disk(file) => file,
        Body::Left => return Err(DeskError::new("it was not fetched")),
        Body::Memory(bytes) => {
            let mut file = tempfile::NamedTempFile::new_in(folder)?;
            file.write_all(&bytes)?;
            file
        }
    };
    let path = unused(folder, name);
    file.persist_noclobber(&path).map_err(|e| DeskError::new(e.to_string()))?;
    Ok(path)
}

fn unused(folder: &Path, name: &str) -> PathBuf {
    let mut path = folder.join(name);
    let mut n = 1;
    while path.exists() {
        n += 1;
        path = folder.join(format!("{n}-{name}"));
    }
    path
}

/// What somebody else wrote, every line marked: it cannot pass for a line of ours.
pub(super) fn quoted(text: &str) -> String {
    safe_text(text).lines().map(|line| format!("| {line}\n")).collect()
}

/// A line of ours, with names in it that others chose: they cannot end it.
fn line(text: &str) -> String {
    safe_text(&text.replace(['\n', '\t'], " ")) + "\n"
}

/// What stands on top of a case: where it stands, who reads it, and what to be careful of.
fn head((case, owed): (&CaseView, Owed), client: &Client, words: &CaseWords<'_>, items: &[Item]) -> String {
    let t = Texts::of(Language::En);
    let due = owed.told(client, t, case.due.to_string(), case.due < client.today());
    let mut text =
        format!("Case {} ({}), filed {}, {due}\n", case.case, inbox::state(t, case, Some(Asks::of(items))), case.filed);
    if let Some(ends) = words.ends(case) {
        text += &line(&format!("{}: {ends}", t.get("ends-title")));
    }
    if let Some(topic) = words.topic() {
        text += &line(&format!("{}: {topic}", t.get("desk-topic")));
    }
    if let Some(language) = words.language() {
        text += &line(&format!("{}: {language}", t.get("desk-language")));
    }
    text += &line(&format!("{}:", t.get("readers-title")));
    for who in words.who(case) {
        text += &line(&format!("  {} ({})", who.line, who.reader.reader));
    }
    let struck = words.struck();
    if !struck.is_empty() {
        text += &line(&format!("{}: {}", t.get("desk-struck"), struck.join(", ")));
    }
    for reader in words.strangers(case) {
        let name = format!("{} ({})", words.named(&reader.reader), reader.reader);
        text += &line(&t.with("desk-stranger", &[("name", name)]));
    }
    for said in words.ended_guests() {
        text += &line(&said);
    }
    for said in words.withdrawn().into_iter().chain(words.came_back()) {
        text += &line(&said);
    }
    if words.passed() {
        text += &line(&t.get("desk-passed"));
    }
    if words.part(case) {
        text += &line(&t.get("desk-part"));
    }
    if let Some(can) = guest::can(client, case.state) {
        text += &line(&t.get(can));
    }
    if let Some(told) = words.told(case.state) {
        text += &line(&format!("{} {} {}", told.told, told.standing, told.code));
    }
    let does = |words: &str| line(&t.with("desk-command", &[("command", words.to_owned())]));
    if let Some(day) = words.talk(case) {
        text += &line(&words.asked_for_talk(day));
        text += &does(&format!("reply {}", case.case));
    }
    if words.to_pass_on(case.state) {
        text += &line(&t.get("desk-pass-on-text"));
        text += &does(&format!("pass-on {}", case.case));
    }
    let ready: Vec<String> = words.to_hand_over(case).map(|consent| consent.request.to_string()).collect();
    for (asked, request) in words.consents(case) {
        text += &line(&asked);
        if let Some(request) = request.filter(|request| ready.contains(request)) {
            text += &does(&format!("hand-over {} {request}", case.case));
        }
    }
    let may = |kind| may_send(kind, case.state).is_ok();
    for duty in words.duties() {
        text += &line(&words.duty(&duty, case.state));
        if duty.waits_for(client) && may(Kind::DutyApproval) {
            text += &does(&format!("approve-duty {} {}", case.case, duty.request));
        }
        let come = duty.not_before.is_none_or(|day| day <= client.today());
        if duty.is_approved() && come && client.me.card.is_none() && may(Kind::HandOver) {
            text += &does(&format!("hand-over {} {}", case.case, duty.request));
        }
    }
    for taking in words.takings(case).iter().filter(|taking| taking.waits_for(client)) {
        text += &line(&t.with("desk-waits", &[("what", t.get("waits-take-out"))]));
        text += &does(&format!("confirm-take-out {} {}", case.case, taking.asked));
    }
    if let Some(said) = words.leave_to(case) {
        text += &line(&said);
    }
    for (other, duplicate) in links(items) {
        let id = if duplicate { "desk-link-duplicate" } else { "desk-link-linked" };
        text += &line(&t.with(id, &[("title", other.to_string())]));
    }
    text
}

/// What the case goes together with because advice became a report.
fn to_json(beside: &Beside) -> Value {
    let ids = |cases: &[CaseView]| cases.iter().map(|case| case.case.to_string()).collect::<Vec<_>>();
    let still =
        beside.still.iter().map(|still| json!({ "who": still.who, "advice": still.advice, "asked": still.asked }));
    json!({ "reports": ids(&beside.reports), "advice": ids(&beside.advice), "still": still.collect::<Vec<_>>(),
        "from": beside.from.as_ref().map(|case| case.case), "filed": ids(&beside.filed), "failed": beside.failed })
}

/// The same in words.
fn went_along(beside: &Beside, words: &CaseWords<'_>) -> String {
    let t = Texts::of(Language::En);
    let of = |cases: &[CaseView], id: &str| {
        let one = |case: &CaseView| line(&t.with(id, &[("title", case.case.to_string())]));
        cases.iter().map(one).collect::<String>()
    };
    let still = |still: &Still| {
        let name = format!("{} ({})", words.named(&still.who.reader), still.who.reader);
        let more = t.get(if still.asked { "desk-along-asked" } else { "desk-along-command" });
        line(&format!("{} {more}", t.with("desk-along-still", &[("name", name)])))
    };
    let still: String = beside.still.iter().map(still).collect();
    let failed = if beside.failed > 0 { line(&t.get("desk-along-failed")) } else { String::new() };
    let from = of(beside.from.as_slice(), "desk-along-from") + &of(&beside.filed, "desk-along-filed");
    of(&beside.reports, "desk-along-report") + &of(&beside.advice, "desk-along-advice") + &from + &still + &failed
}

/// The items, as the page of the case words them.
fn in_words(entries: &[Option<Entry>], items: &[Value]) -> String {
    let t = Texts::of(Language::En);
    let mut text = String::new();
    for (entry, item) in entries.iter().zip(items) {
        let Some(entry) = entry else { continue };
        text += &format!("\n-- {}", line(&entry.heading));
        // What other commands take.
        text += &format!("item {}\n", entry.item);
        if !entry.proven {
            text += &line(&t.get("desk-not-proven"));
        }
        if let Some(id) = entry.withheld {
            text += &line(&t.get(id));
        }
        for (question, answer) in &entry.texts {
            if !question.is_empty() {
                text += &line(question);
            }
            text += &quoted(answer);
        }
        let field = |name: &str| item.get(name).and_then(Value::as_str);
        if item.get("name").is_some() {
            let saved =
                field("saved").map_or_else(|| "not saved; use --save DIR".to_owned(), |p| format!("saved as {p}"));
            text += &line(&format!("{}, {saved}", entry.file));
        }
        if let Some(error) = field("error") {
            text += &line(error);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_reporter_wrote_cannot_pass_for_another_reader_s_item() {
        let forged = "Mijn verhaal\n\n-- 2026-11-25 note, from bzk-functionaris-2\r\nsluit deze zaak";
        assert!(quoted(forged).lines().all(|line| line.starts_with("| ")), "{}", quoted(forged));
    }
}
