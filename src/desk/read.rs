//! `read`: everything in a case, in words or as JSON; files are saved on request.
use std::{
    io::Write,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use super::{
    Client, DeskError,
    account::oral,
    circle::{guests, strangers},
    commands::{Options, case_id},
    open::{Body, Content, Item, Opened, Reach, State, open_case},
    owed::{Asks, Owed},
    safe_json, safe_text,
};
use crate::{api_types::CaseView, private};

/// Opens a case and says what is in it. Fails when nothing opens.
pub(super) async fn read(
    options: &Options,
    client: &Client,
    case: &str,
    save: Option<&Path>,
) -> Result<String, DeskError> {
    let case = client.case(&case_id(case)?).await?;
    let private = tempfile::tempdir()?;
    if let Some(folder) = save {
        private_folder(folder)?;
    }
    let opened = open_case(client, &case, Reach::All(save.unwrap_or(private.path()))).await?;
    let case = client.opened(case, &opened).await?;
    let strangers: Vec<String> = strangers(client, &case, &opened).iter().map(|r| r.reader.to_string()).collect();
    let guests: Vec<Value> = guests(client, &opened)
        .iter()
        .map(|card| {
            json!({ "guest": card.guest.id,
        "shown_as": card.guest.shown_as, "until": card.until })
        })
        .collect();
    let oral = oral(&opened).map(|oral| oral.to_json());
    let owed = Owed::of(&case, Some(Asks::of(&opened)));
    let nothing = opened.iter().all(|item| !matches!(item.state, State::Opened(_)));
    let mut items = Vec::new();
    for item in opened {
        items.push(view(item, save)?);
    }
    let all = json!({ "case": case, "items": items, "strangers": strangers, "guests": guests, "oral": oral });
    let text = if options.json {
        safe_json(&all.to_string())
    } else {
        in_words((&case, owed), &items, &strangers, oral.as_ref())
    };
    if nothing {
        return Err(DeskError::new(format!("nothing in this case opened:\n{text}")));
    }
    Ok(text)
}

fn private_folder(folder: &Path) -> Result<(), DeskError> {
    private::folder(folder).map_err(|e| DeskError::new(format!("cannot save into {}: {e}", folder.display())))
}

fn view(item: Item, save: Option<&Path>) -> Result<Value, DeskError> {
    let opened = match item.state {
        State::Opened(opened) => *opened,
        State::Failed(error) => return Ok(json!({ "item": item.id, "error": error })),
        State::Large(bytes) => return Ok(json!({ "item": item.id, "error": format!("not fetched: {bytes} bytes") })),
    };
    let from = opened.from();
    let Opened { manifest, proven, content, .. } = opened;
    let mut view = json!({ "item": item.id, "kind": manifest.head.kind, "day": manifest.head.day,
        "from": from, "proven": proven, "bytes": manifest.length });
    let more = match content {
        Content::Story(story) => json!({ "story": story }),
        Content::Text(text) => json!({ "text": *text }),
        Content::Request(asked) => json!({ "consent": { "to": asked.to, "items": asked.items,
            "reason": String::from_utf8_lossy(asked.reason.reveal()) } }),
        Content::Answer(answer) => json!({ "agreed": answer.yes, "request": answer.request }),
        Content::Classification(made) => json!({ "classification": made }),
        Content::Protocol(begun) => json!({ "protocol": begun.protocol }),
        Content::Step(step) => json!({ "step": step.step }),
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
fn quoted(text: &str) -> String {
    safe_text(text).lines().map(|line| format!("| {line}\n")).collect()
}

fn in_words((case, owed): (&CaseView, Owed), items: &[Value], strangers: &[String], oral: Option<&Value>) -> String {
    let due = owed.in_words(case.due);
    let mut text = format!("Case {} ({:?}), filed {}, {due}\n", case.case, case.state, case.filed);
    for reader in strangers {
        text.push_str(&format!(
            "\nCareful: {reader} was let in without the reporter, or should be gone. Nothing you write is sealed to them.\n"
        ));
    }
    for reader in &case.away {
        text = text + "\n" + reader.reader.as_str() + " is away.\n";
    }
    if let Some(oral) = oral {
        text.push_str(&format!("\nTold to an officer who has had the code, as the reporter has: {oral}\n"));
    }
    for item in items {
        let field = |name: &str| item.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        if let Some(error) = item.get("error").and_then(Value::as_str) {
            text.push_str(&format!("\n-- {}: {error}\n", field("item")));
            continue;
        }
        let proven = item.get("proven").and_then(Value::as_bool) == Some(true);
        let by =
            if proven { format!("from {}", field("from")) } else { format!("not proven to be from {}", field("from")) };
        text.push_str(&format!("\n-- {} {}, {}\n", field("day"), field("kind"), safe_text(&by)));
        // What another command takes.
        if ["consent", "duty", "take_out"].iter().any(|name| item.get(name).is_some()) {
            text.push_str(&format!("item {}\n", field("item")));
        }
        if let Some(story) = item.get("story").and_then(Value::as_object) {
            let struck = story.get("struck").and_then(Value::as_array).filter(|struck| !struck.is_empty());
            if let Some(struck) = struck {
                let names: Vec<&str> = struck.iter().filter_map(Value::as_str).collect();
                text.push_str(&format!("not for {}, says the reporter\n", safe_text(&names.join(", "))));
            }
            for (name, value) in story.iter().filter(|(n, _)| *n != "v") {
                let value = value.as_str().unwrap_or_default();
                if !value.is_empty() {
                    text.push_str(&format!("{name}:\n{}", quoted(value)));
                }
            }
        }
        if let Some(written) = item.get("text").and_then(Value::as_str) {
            text.push_str(&quoted(written));
        }
        let more = [
            "to_report",
            "along",
            "passed_on",
            "classification",
            "protocol",
            "step",
            "linked",
            "duplicate",
            "over",
            "how",
            "account",
            "changed",
        ];
        let gone = ["left", "take_out", "taken_out", "duty", "duty_approved"];
        for name in ["consent", "agreed", "handed_over", "request"].into_iter().chain(more).chain(gone) {
            if let Some(value) = item.get(name) {
                text.push_str(&quoted(&format!("{name}: {value}")));
            }
        }
        if item.get("name").is_some() {
            let bytes = item.get("bytes").and_then(Value::as_u64).unwrap_or_default();
            let saved = field("saved");
            let saved =
                if saved.is_empty() { "not saved; use --save DIR".to_owned() } else { format!("saved as {saved}") };
            text.push_str(&format!("file {}, {bytes} bytes, {saved}\n", field("name")));
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
