//! Opening a case: every item verified, damage marked, files under safe names.
use std::{
    io::{Read, Write},
    path::{Path, PathBuf},
};

use futures_util::StreamExt;
use serde_json::{Value, json};

use super::{
    Client, DeskError, Identity,
    commands::{Options, bar, case_id},
    safe_name, safe_text,
};
use crate::{
    api_types::CaseView,
    domain::id::ItemId,
    seal::{Author, Kind, Manifest, ReporterPublic, StoryText, desk::open_to},
};

/// An item that opened, or why it did not.
pub(super) struct Read1 {
    id: ItemId,
    pub(super) opened: Result<(Manifest, [u8; 32], tempfile::NamedTempFile), String>,
}

/// Opens the items of a case into private temporary files; with a limit, only those that are no larger when sealed.
pub(super) async fn open_all(
    client: &Client,
    me: &Identity,
    case: &CaseView,
    folder: &Path,
    limit: Option<u64>,
) -> Result<Vec<Read1>, DeskError> {
    let mut read = Vec::new();
    for id in &case.items {
        let mut sealed = tempfile::NamedTempFile::new_in(folder)?;
        let response = client.item(id).await?;
        if limit.zip(response.content_length()).is_some_and(|(limit, length)| length > limit) {
            continue;
        }
        let bar = bar(response.content_length().unwrap_or(0), "fetching");
        let mut chunks = response.bytes_stream();
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk?;
            bar.inc(chunk.len() as u64);
            sealed.write_all(&chunk)?;
        }
        bar.finish_and_clear();
        let mut out = tempfile::NamedTempFile::new_in(folder)?;
        let opened = open_to(&me.seal, sealed.reopen()?, out.as_file_mut()).map_err(|e| e.to_string());
        let opened = opened.and_then(|(manifest, by)| check_place(client, case, id, manifest).map(|m| (m, by)));
        let opened = match opened {
            Ok((manifest, by)) => {
                out.as_file().set_len(manifest.length)?;
                Ok((manifest, by, out))
            }
            Err(error) => Err(error),
        };
        read.push(Read1 { id: *id, opened });
    }
    // First items first, then by day; what did not open stands last.
    read.sort_by_key(|r| match &r.opened {
        Ok((m, _, _)) => (m.head.reporter.is_none(), Some((m.head.day, m.head.seq))),
        Err(_) => (true, None),
    });
    Ok(read)
}

fn check_place(client: &Client, case: &CaseView, id: &ItemId, manifest: Manifest) -> Result<Manifest, String> {
    let head = &manifest.head;
    let placed = head.instance == client.roster.instance && head.case == case.case && head.item == *id;
    if placed { Ok(manifest) } else { Err("this item was moved here from another place".to_owned()) }
}

/// The reporter's public halves: of the one first item that was signed with the key it names.
pub(super) fn reporter(read: &[Read1]) -> Option<ReporterPublic> {
    let first = |r: &Read1| {
        let (manifest, by, _) = r.opened.as_ref().ok()?;
        let public = manifest.head.reporter.clone()?;
        let first = matches!(manifest.head.kind, Kind::Report | Kind::Advice);
        (first && public.sign == hex::encode(by)).then_some(public)
    };
    let mut found: Vec<ReporterPublic> = read.iter().filter_map(first).collect();
    found.dedup();
    // Two first items would let one of them speak for the other.
    if found.len() == 1 { found.pop() } else { None }
}

/// Who an item is from, and whether that is proven.
fn from(client: &Client, reporter: Option<&ReporterPublic>, manifest: &Manifest, by: &[u8; 32]) -> (String, bool) {
    match &manifest.head.author {
        Author::Reporter => ("the reporter".to_owned(), reporter.is_some_and(|r| r.sign == hex::encode(by))),
        Author::Reader(id) => {
            let key = client.roster.reader(id).map(|r| r.sign_key.to_lowercase());
            (id.to_string(), key == Some(hex::encode(by)))
        }
    }
}

/// Everything in a case, in words or as JSON; files are saved on request.
pub(super) async fn read(
    options: &Options,
    client: &Client,
    me: &Identity,
    case: &str,
    save: Option<&Path>,
) -> Result<String, DeskError> {
    let case = client.case(&case_id(case)?).await?;
    let private = tempfile::tempdir()?;
    if let Some(folder) = save {
        std::fs::create_dir_all(folder)?;
    }
    let read = open_all(client, me, &case, save.unwrap_or(private.path()), None).await?;
    let reporter = reporter(&read);
    let mut items = Vec::new();
    let mut damaged = 0;
    for Read1 { id, opened } in read {
        let shown = match opened {
            Err(error) => {
                damaged += 1;
                json!({ "item": id, "error": error })
            }
            Ok((manifest, by, file)) => {
                let (author, proven) = from(client, reporter.as_ref(), &manifest, &by);
                let mut shown = json!({ "item": id, "kind": manifest.head.kind, "day": manifest.head.day,
                    "from": author, "proven": proven, "bytes": manifest.length });
                let more = content(&manifest, file, save)?;
                if let (Value::Object(all), Value::Object(more)) = (&mut shown, more) {
                    all.extend(more);
                }
                shown
            }
        };
        items.push(shown);
    }
    let all = json!({ "case": case, "items": items });
    let text = if options.json { all.to_string() } else { in_words(&case, &items) };
    if damaged == items.len() {
        return Err(DeskError::new(format!("nothing in this case opened:\n{text}")));
    }
    Ok(text)
}

/// A file's name and where it was saved, or a text.
fn content(manifest: &Manifest, file: tempfile::NamedTempFile, save: Option<&Path>) -> Result<Value, DeskError> {
    if manifest.head.kind == Kind::File {
        let name = safe_name(manifest.head.name.as_deref().unwrap_or_default());
        let Some(folder) = save else { return Ok(json!({ "name": name })) };
        let path = unused(folder, &name);
        file.persist_noclobber(&path).map_err(|e| DeskError::new(e.to_string()))?;
        return Ok(json!({ "name": name, "saved": path }));
    }
    let mut body = Vec::new();
    file.reopen()?.read_to_end(&mut body)?;
    if matches!(manifest.head.kind, Kind::Report | Kind::Advice) {
        let story = StoryText::from_body(&body);
        return Ok(story.map_or_else(|| json!({ "error": "a story of an unknown form" }), |s| json!({ "story": s })));
    }
    Ok(json!({ "text": String::from_utf8_lossy(&body) }))
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

fn in_words(case: &CaseView, items: &[Value]) -> String {
    let mut text = format!("Case {} ({:?}), filed {}, due {}\n", case.case, case.state, case.filed, case.due);
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
        if let Some(story) = item.get("story").and_then(Value::as_object) {
            for (name, value) in story.iter().filter(|(n, _)| *n != "v") {
                let value = value.as_str().unwrap_or_default();
                if !value.is_empty() {
                    text.push_str(&format!("{name}: {}\n", safe_text(value)));
                }
            }
        }
        if let Some(written) = item.get("text").and_then(Value::as_str) {
            text.push_str(&safe_text(written));
            text.push('\n');
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
