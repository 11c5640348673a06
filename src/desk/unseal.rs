//! From sealed bytes to what an item says: opened, in its place, and of a form that is known.
use std::{
    io::{self, Cursor, Read},
    path::PathBuf,
    sync::{Arc, Weak},
};

use serde::de::DeserializeOwned;
use tempfile::NamedTempFile;
use tokio::task::spawn_blocking;
use zeroize::Zeroizing;

use super::{
    DeskError, Identity,
    open::{Body, Content, IN_MEMORY, Opened},
    safe_name,
};
use crate::{
    domain::{
        classification::Classification,
        id::{CaseId, InstanceId, ItemId},
    },
    seal::{
        Kind, Manifest, OpenError, Plaintext, StoryText,
        consent::{ConsentBody, consent},
        desk::{ReaderIdentity, open_head, open_to},
        link::Link,
        protocol::{Begun, StepDone},
    },
};

/// Where the bytes of an item go that is opened.
pub(super) enum Kept {
    /// Into memory.
    Memory,
    /// Into a private file in this folder.
    Disk(PathBuf),
    /// Nowhere: what is signed is kept.
    Head,
}

/// Ends with an error once nobody waits for what is read.
struct Awaited<R> {
    inner: R,
    waiting: Weak<()>,
}

impl<R: Read> Read for Awaited<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        if self.waiting.strong_count() == 0 {
            return Err(io::Error::other("nobody waits for it"));
        }
        self.inner.read(bytes)
    }
}

/// As [`unseal`], beside what else is done: a large file takes a while, and ends early when this is dropped, with the key that opens it.
pub(super) async fn unseal_beside(
    me: Arc<Identity>,
    (instance, case, item): (InstanceId, CaseId, ItemId),
    sealed: impl Read + Send + 'static,
    kept: Kept,
) -> Result<Result<Opened, String>, DeskError> {
    let waits = Arc::new(());
    let sealed = Awaited { inner: sealed, waiting: Arc::downgrade(&waits) };
    let opening = spawn_blocking(move || unseal(&me.seal, (&instance, &case, &item), sealed, kept));
    let opened = opening.await.map_err(|e| DeskError::new(e.to_string()))?;
    drop(waits);
    opened
}

/// Opens what is an item of this case here, if it is what it says.
pub(super) fn unseal(
    me: &ReaderIdentity,
    here: (&InstanceId, &CaseId, &ItemId),
    sealed: impl Read,
    kept: Kept,
) -> Result<Result<Opened, String>, DeskError> {
    let opened = match kept {
        Kept::Memory => in_memory(me, sealed),
        Kept::Head => open_head(me, sealed).map(|(manifest, by)| (manifest, by, Body::Left)),
        Kept::Disk(folder) => {
            let mut out = NamedTempFile::new_in(folder)?;
            let opened = open_to(me, sealed, out.as_file_mut());
            if let Ok((manifest, _)) = &opened {
                out.as_file().set_len(manifest.length)?;
            }
            opened.map(|(manifest, by)| (manifest, by, Body::Disk(out)))
        }
    };
    let (manifest, by, body) = match opened {
        Ok(opened) => opened,
        Err(error) => return Ok(Err(error.to_string())),
    };
    let head = &manifest.head;
    if (&head.instance, &head.case, &head.item) != here {
        return Ok(Err("this item was moved here from another place".to_owned()));
    }
    Ok(content(&manifest, body)?.map(|content| Opened {
        manifest,
        by,
        proven: false,
        guest: false,
        told: None,
        unread: false,
        moved: true,
        content,
    }))
}

fn in_memory(me: &ReaderIdentity, sealed: impl Read) -> Result<(Manifest, [u8; 32], Body), OpenError> {
    let mut out = Cursor::new(Vec::new());
    let opened = open_to(me, sealed, &mut out);
    let mut bytes = Zeroizing::new(out.into_inner());
    let (manifest, by) = opened?;
    bytes.truncate(usize::try_from(manifest.length).unwrap_or(usize::MAX));
    Ok((manifest, by, Body::Memory(bytes)))
}

fn content(manifest: &Manifest, body: Body) -> Result<Result<Content, String>, DeskError> {
    if manifest.head.kind == Kind::File {
        let name = safe_name(manifest.head.name.as_deref().unwrap_or_default());
        return Ok(Ok(Content::File { name, body }));
    }
    let bytes = match body {
        Body::Memory(bytes) => bytes,
        Body::Disk(file) => {
            let mut bytes = Zeroizing::new(Vec::new());
            file.reopen()?.take(IN_MEMORY).read_to_end(&mut bytes)?;
            bytes
        }
        Body::Left => return Ok(Err("this is larger than a message".to_owned())),
    };
    Ok(match manifest.head.kind {
        Kind::Report | Kind::Advice => StoryText::from_body(&bytes)
            .map(Content::Story)
            .ok_or_else(|| "its story is of a form this version does not know".to_owned()),
        Kind::ConsentRequest => of_consent(bytes, Content::Request),
        Kind::ConsentAnswer => of_consent(bytes, Content::Answer),
        Kind::HandOver => of_consent(bytes, Content::HandOver),
        Kind::Classification => of_json(&bytes, |c: Classification| c.listed().ok().map(Content::Classification)),
        Kind::Protocol => of_json(&bytes, |b: Begun| b.is_known().then_some(Content::Protocol(b))),
        Kind::Step => of_json(&bytes, |s: StepDone| s.is_known().then_some(Content::Step(s))),
        Kind::ToReport => of_consent(bytes, Content::ToReport),
        Kind::PassOn => of_consent(bytes, Content::PassOn),
        Kind::Left => of_consent(bytes, Content::Left),
        Kind::TakeOut => of_consent(bytes, Content::TakeOut),
        Kind::TakenOut => of_consent(bytes, Content::TakenOut),
        Kind::DutyRequest => of_consent(bytes, Content::Duty),
        Kind::DutyApproval => of_consent(bytes, Content::DutyApproved),
        Kind::Link => Link::from_body(&bytes)
            .map(Content::Link)
            .ok_or_else(|| "this is of a form this version does not know".to_owned()),
        Kind::Account => of_consent(bytes, Content::Account),
        Kind::Agreed => of_consent(bytes, Content::Agreed),
        Kind::Message
        | Kind::File
        | Kind::Acknowledgement
        | Kind::Question
        | Kind::Reply
        | Kind::Feedback
        | Kind::Note
        | Kind::Closing
        | Kind::Identity
        | Kind::Reminder
        | Kind::HoldTold
        | Kind::ReleaseTold
        | Kind::TransferAsked
        | Kind::Escalation
        | Kind::Talk
        | Kind::Withdrawal => Ok(Content::Text(Zeroizing::new(String::from_utf8_lossy(&bytes).into_owned()))),
    })
}

fn of_json<T: DeserializeOwned>(bytes: &[u8], content: impl Fn(T) -> Option<Content>) -> Result<Content, String> {
    let read = serde_json::from_slice(bytes).ok().and_then(content);
    read.ok_or_else(|| "this is of a form this version does not know".to_owned())
}

fn of_consent<T: ConsentBody>(bytes: Zeroizing<Vec<u8>>, content: fn(T) -> Content) -> Result<Content, String> {
    let read = consent(&Plaintext::from(bytes.to_vec())).map(content);
    read.ok_or_else(|| "this is of a form this version does not know".to_owned())
}
