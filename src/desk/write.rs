//! Writing into a case: signed, sealed to the readers the reporter chose, and sent.
use std::{
    fs::File,
    io::{IsTerminal, Read, Write},
    path::Path,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use futures_util::StreamExt;
use serde_json::json;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{
    Client, DeskError, Identity,
    commands::{Options, Writing, bar, case_id},
    read::{Read1, open_all, reporter},
};
use crate::{
    api_types::{Adding, CaseView, SentTo, SlotSent},
    domain::{
        case::Act,
        id::{ItemId, ReaderId},
    },
    envelope,
    seal::{Author, FileSealer, ItemHead, Kind, Plaintext, Recipients, Slot, item},
};

/// Sealed messages are no larger: to write, the files of a case need not be fetched.
const TEXT_BYTES: u64 = 310 << 10;

/// Seals a text, and the files that go along, to the readers of a case, and sends them.
pub(super) async fn write(
    options: &Options,
    client: &Client,
    me: &Identity,
    w: &Writing,
    act: Act,
) -> Result<String, DeskError> {
    let case = client.case(&case_id(&w.case)?).await?;
    let text = text(w)?;
    if text.is_blank() {
        return Err(DeskError::new("the text is empty; nothing was sent"));
    }
    let private = tempfile::tempdir()?;
    let read = open_all(client, me, &case, private.path(), Some(TEXT_BYTES)).await?;
    // Reading has opened the case: its state and readers now are what counts.
    let case = client.case(&case.case).await?;
    let to = recipients(client, me, &case, &read, act != Act::Note)?;
    let mut seq = u32::try_from(case.items.len()).unwrap_or(u32::MAX);
    for path in &w.attach {
        attach(client, me, &case, &to, path, seq).await?;
        seq = seq.saturating_add(1);
    }
    let kind = match act {
        Act::Acknowledge => Kind::Acknowledgement,
        Act::Reply => Kind::Reply,
        Act::Note => Kind::Note,
        Act::Close => Kind::Closing,
    };
    let head = head(client, me, &case, &to, kind, seq, None);
    let id = head.item;
    let sealed = item(head, text, &me.signer, &to).map_err(|e| DeskError::new(e.to_string()))?;
    let (slots, payload) = sealed.into_parts();
    let mut body = framed(id, Some(act), &case, &slots)?;
    body.extend_from_slice(&payload);
    let added = client.add(&case.case, body).await?;
    let already = added.already;
    Ok(if options.json { json!({ "item": id, "already": already }).to_string() } else { "Sent.".to_owned() })
}

/// Everyone a new item is sealed to. The server names the readers; a reader is believed only if the verified roster has
/// them and the first item was sealed to them.
fn recipients(
    client: &Client,
    me: &Identity,
    case: &CaseView,
    read: &[Read1],
    to_reporter: bool,
) -> Result<Recipients, DeskError> {
    let public = reporter(read).ok_or_else(|| DeskError::new("the first item does not prove who the reporter is"))?;
    let firsts = read.iter().filter_map(|r| r.opened.as_ref().ok()).filter(|(m, _, _)| m.head.reporter.is_some());
    let named: Vec<&ReaderId> = firsts.flat_map(|(m, _, _)| &m.head.to).collect();
    let stranger = case.readers.iter().find(|r| !named.contains(r));
    if let Some(stranger) = stranger {
        return Err(DeskError::new(format!(
            "{stranger} was not among the readers the reporter chose; nothing was sent"
        )));
    }
    let readers = case.readers.iter().filter_map(|r| client.roster.reader(r));
    let to = Recipients::of(readers).map_err(|e| DeskError::new(e.to_string()))?;
    if !to.reader_ids().contains(&me.reader) {
        return Err(DeskError::new("you are not an active reader of this case"));
    }
    if to_reporter {
        return to.with_reporter(case.case, &public.reply).map_err(|e| DeskError::new(e.to_string()));
    }
    Ok(to)
}

fn head(
    client: &Client,
    me: &Identity,
    case: &CaseView,
    to: &Recipients,
    kind: Kind,
    seq: u32,
    name: Option<String>,
) -> ItemHead {
    let mut seen = case.items.clone();
    seen.sort();
    let seen = seen.iter().fold(Sha256::new(), |hash, item| hash.chain_update(item.as_bytes()));
    ItemHead {
        instance: client.roster.instance,
        case: case.case,
        item: ItemId::from_uuid(Uuid::new_v4()),
        kind,
        author: Author::Reader(me.reader.clone()),
        seq,
        seen: seen.finalize().into(),
        day: client.clock.today(),
        name,
        to: to.reader_ids(),
        reporter: None,
    }
}

/// What stands before a payload on its way to the server.
fn framed(item: ItemId, act: Option<Act>, case: &CaseView, slots: &[Slot]) -> Result<Vec<u8>, DeskError> {
    let sent = |s: &Slot| SlotSent { to: SentTo::of(&s.to), header: BASE64_STANDARD.encode(&s.header) };
    let adding = Adding { item, act, expected: case.state, slots: slots.iter().map(sent).collect() };
    envelope::before_payload(&adding).map_err(|e| DeskError::new(e.to_string()))
}

/// Seals a file into a private temporary file, then sends it.
async fn attach(
    client: &Client,
    me: &Identity,
    case: &CaseView,
    to: &Recipients,
    path: &Path,
    seq: u32,
) -> Result<(), DeskError> {
    let failed = |e: crate::seal::SealError| DeskError::new(e.to_string());
    let file = File::open(path).map_err(|e| DeskError::new(format!("cannot read {}: {e}", path.display())))?;
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned());
    let head = head(client, me, case, to, Kind::File, seq, name);
    let id = head.item;
    let mut sealed = tempfile::tempfile()?;
    let bar = bar(file.metadata()?.len(), "sealing");
    let mut sealer = FileSealer::new(to).map_err(failed)?;
    let mut chunk = vec![0; 1 << 20];
    let mut file = file;
    loop {
        let n = file.read(&mut chunk)?;
        if n == 0 {
            break;
        }
        sealer.write(chunk.get(..n).unwrap_or_default()).map_err(failed)?;
        sealed.write_all(&sealer.take())?;
        bar.inc(n as u64);
    }
    sealed.write_all(&sealer.take())?;
    let mut ending = sealer.ending(head, &me.signer).map_err(failed)?;
    while let Some(piece) = ending.next_piece().map_err(failed)? {
        sealed.write_all(&piece)?;
    }
    bar.finish_and_clear();
    let framed = framed(id, None, case, &ending.into_slots())?;
    client.add(&case.case, stream(framed, sealed)?).await?;
    Ok(())
}

/// A body of a head and a file, read in pieces.
fn stream(head: Vec<u8>, mut file: File) -> Result<reqwest::Body, DeskError> {
    use std::io::Seek;
    file.rewind()?;
    let bar = bar(file.metadata()?.len(), "sending");
    let pieces = futures_util::stream::unfold((file, bar), |(mut file, bar)| async move {
        let mut piece = vec![0; 256 << 10];
        match file.read(&mut piece) {
            Ok(0) => {
                bar.finish_and_clear();
                None
            }
            Ok(n) => {
                piece.truncate(n);
                bar.inc(n as u64);
                Some((Ok(bytes::Bytes::from(piece)), (file, bar)))
            }
            Err(error) => Some((Err(error), (file, bar))),
        }
    });
    let first = futures_util::stream::once(async { Ok::<_, std::io::Error>(bytes::Bytes::from(head)) });
    Ok(reqwest::Body::wrap_stream(first.chain(pieces)))
}

/// The text of a writing: a file, the editor on a terminal, or standard input.
fn text(w: &Writing) -> Result<Plaintext, DeskError> {
    if let Some(path) = &w.file {
        return Ok(Plaintext::from(std::fs::read(path)?));
    }
    let editor = std::env::var_os("EDITOR").filter(|_| std::io::stdin().is_terminal());
    if let Some(editor) = editor {
        let draft = tempfile::NamedTempFile::new()?;
        let status = std::process::Command::new(editor).arg(draft.path()).status()?;
        if !status.success() {
            return Err(DeskError::new("the editor ended with an error; nothing was sent"));
        }
        return Ok(Plaintext::from(std::fs::read(draft.path())?));
    }
    let mut text = Vec::new();
    std::io::stdin().read_to_end(&mut text)?;
    Ok(Plaintext::from(text))
}
