//! `protocol` and `step` without a name: which there are, and what was done.
use std::path::PathBuf;

use serde_json::json;

use super::{
    Client, DeskError,
    case_words::CaseWords,
    casework,
    commands::Options,
    numbers::case_id,
    open::entered,
    register::{officers, worked},
    safe_text,
    writing::{readable, sent},
};
use crate::{
    domain::id::CaseId,
    seal::{Plaintext, code::Language},
    text::Texts,
};

/// A step that was done.
#[derive(clap::Args)]
pub struct Stepping {
    /// The case, by its number in `inbox`.
    case: String,
    /// The step's short name; lists the steps when not named.
    step: Option<String>,
    /// A file with what you write down with it, for the readers of the case.
    #[arg(long, value_name = "FILE", requires = "step")]
    file: Option<PathBuf>,
    /// Takes back that you said so.
    #[arg(long, requires = "step", conflicts_with = "file")]
    undo: bool,
}

/// `step`: what was done, or the steps there are.
pub(super) async fn step(options: &Options, client: &Client, said: &Stepping) -> Result<String, DeskError> {
    let id = case_id(client, &said.case).await?;
    let Some(step) = &said.step else { return steps(options, client, &id).await };
    if said.undo {
        return sent(options, &casework::step_undone(client, &id, step).await?, "");
    }
    let note = said.file.as_deref().map(readable).transpose()?.unwrap_or_default();
    sent(options, &casework::step_done(client, &id, step, Plaintext::from(note)).await?, "")
}

/// The protocols that can be begun in a case.
pub(super) async fn protocols(options: &Options, client: &Client, id: &CaseId) -> Result<String, DeskError> {
    let (case, t) = (client.case(id).await?, Texts::of(Language::En));
    let all: Vec<_> = casework::protocols(client, &case).map(|p| (p.id.clone(), t.pick(&p.name).to_owned())).collect();
    if options.json {
        return Ok(
            json!(all.iter().map(|(id, name)| json!({ "protocol": id, "name": name })).collect::<Vec<_>>()).to_string()
        );
    }
    let lines: Vec<String> = all.iter().map(|(id, name)| safe_text(&format!("{id}  {name}"))).collect();
    Ok(if lines.is_empty() { "Your organisation has no protocols.".to_owned() } else { lines.join("\n") })
}

/// The steps of the protocol that was begun last, with who said that they were done.
async fn steps(options: &Options, client: &Client, id: &CaseId) -> Result<String, DeskError> {
    let (case, items) = entered(client, id).await?;
    let t = Texts::of(Language::En);
    let words = CaseWords::of(client, t, &items);
    let officers = officers(client, &case, &items);
    let (_, worked) = worked(&items, &officers).last().ok_or_else(|| DeskError::known("desk-error-no-protocol"))?;
    let steps = worked.protocol.steps.iter();
    if options.json {
        let waits = |s| worked.waits_for(s).collect::<Vec<_>>();
        let one = |s| json!({ "step": s, "until": worked.until(s), "done": worked.done(s), "waits_for": waits(s) });
        return Ok(json!(steps.map(one).collect::<Vec<_>>()).to_string());
    }
    let line = |s| {
        let said = worked
            .ticks(s)
            .iter()
            .map(|tick| t.with("protocol-by", &[("name", words.person(tick.by)), ("day", t.day(tick.day))]));
        let said: Vec<String> = said.collect();
        let (done, over) = (worked.done(s), case.state.is_closed());
        let stands = match (done, over) {
            (true, _) => "done".to_owned(),
            (false, true) => "not done".to_owned(),
            (false, false) => format!("by {}", t.day(worked.until(s))),
        };
        let more = words.step_waits(s, &worked).filter(|_| !over).unwrap_or_default();
        let rest = [t.pick(&s.text).to_owned(), more, said.join(" ")].into_iter().filter(|text| !text.is_empty());
        let rest: Vec<String> = rest.map(|text| format!("\n  {}", safe_text(&text).replace('\n', " "))).collect();
        format!("{}  {stands}  {}{}", s.id, safe_text(t.pick(&s.owner)), rest.concat())
    };
    Ok(steps.map(line).collect::<Vec<_>>().join("\n"))
}
