//! Opening the items of a case: every one verified, damage marked. Texts are opened in memory and stay there.
use std::{
    io::{Cursor, Read, Seek, Write},
    path::Path,
};

use futures_util::StreamExt;
use serde::de::DeserializeOwned;
use tempfile::{NamedTempFile, SpooledTempFile};
use zeroize::Zeroizing;

use super::{
    Client, DeskError,
    account::unheard,
    circle::{cards, to_report},
    consent::begun,
    safe_name,
    transfer::bar,
};
use crate::{
    api_types::CaseView,
    domain::{
        classification::Classification,
        id::{CaseId, InstanceId, ItemId},
        order::sorted,
    },
    seal::{
        Author, Kind, Manifest, Plaintext, ReporterPublic, StoryText,
        account::{Account, Agreed},
        circle::{DutyApproval, DutyRequest, Left, TakeOut, TakenOut},
        consent::{Answer, ConsentBody, HandOver, PassOn, Request, ToReport, consent},
        desk::{ReaderIdentity, open_to},
        guest::wrote,
        link::Link,
        protocol::{Begun, StepDone},
    },
};

/// Sealed bytes up to which an item is opened in memory: every message, and most files.
pub(super) const IN_MEMORY: u64 = 4 << 20;

/// Sealed messages are no larger.
const MESSAGE: u64 = 310 << 10;

/// How much of a case is fetched.
#[derive(Clone, Copy)]
pub enum Reach<'a> {
    /// Messages: to write, the files of a case are not needed.
    Messages,
    /// All that is opened in memory.
    Small,
    /// Everything; what is large is opened into this folder.
    All(&'a Path),
}

impl Reach<'_> {
    fn limit(self) -> u64 {
        match self {
            Self::Messages => MESSAGE,
            Self::Small => IN_MEMORY,
            Self::All(_) => u64::MAX,
        }
    }
}

/// An item of a case.
pub struct Item {
    /// Which.
    pub id: ItemId,
    /// What became of it.
    pub state: State,
}

/// What became of an item.
pub enum State {
    /// It opened, and what it says of itself holds.
    Opened(Box<Opened>),
    /// It is damaged, foreign or in the wrong place.
    Failed(String),
    /// It was not fetched: so many sealed bytes are more than was asked for.
    Large(u64),
}

/// An item that opened.
pub struct Opened {
    /// What was signed.
    pub manifest: Manifest,
    /// Who signed it.
    pub by: [u8; 32],
    /// Whether that is who the item says it is from.
    pub proven: bool,
    /// Whether a guest wrote it.
    pub guest: bool,
    /// What it holds.
    pub content: Content,
}

/// What an item holds.
pub enum Content {
    /// The answers of the first form.
    Story(StoryText),
    /// A text.
    Text(Zeroizing<String>),
    /// A request for consent.
    Request(Request),
    /// The reporter's answer to one.
    Answer(Answer),
    /// That something was handed over.
    HandOver(HandOver),
    /// What the report is and what came of it.
    Classification(Classification),
    /// The protocol it is worked by.
    Protocol(Begun),
    /// A step of that.
    Step(StepDone),
    /// What goes with the report that advice became.
    ToReport(ToReport),
    /// That it was passed on.
    PassOn(PassOn),
    /// That its author leaves.
    Left(Left),
    /// That somebody be taken out.
    TakeOut(TakeOut),
    /// That they were.
    TakenOut(TakenOut),
    /// That a legal duty asks to let somebody read.
    Duty(DutyRequest),
    /// That it does.
    DutyApproved(DutyApproval),
    /// How the case belongs with another.
    Link(Link),
    /// What was told, as a reader wrote it down.
    Account(Account),
    /// That the reporter agrees with it.
    Agreed(Agreed),
    /// A file.
    File {
        /// A name that cannot leave a folder.
        name: String,
        /// Its bytes.
        body: Body,
    },
}

/// The bytes of a file.
pub enum Body {
    /// In memory.
    Memory(Zeroizing<Vec<u8>>),
    /// In a private file that is gone when this is dropped.
    Disk(NamedTempFile),
}

impl Opened {
    /// Who it says it is from, for a person.
    pub fn from(&self) -> String {
        match &self.manifest.head.author {
            Author::Reporter => "the reporter".to_owned(),
            Author::Reader(id) => id.to_string(),
        }
    }
}

/// Whether a case is one for which the law sets no term: a request for advice, a part of one, or who the reporter is.
pub(super) fn advice(items: &[Item]) -> bool {
    begun(items, |kind| matches!(kind, Kind::Advice | Kind::Identity)) || to_report(items).next().is_some()
}

/// Opens the items of a case.
pub async fn open_case(client: &Client, case: &CaseView, reach: Reach<'_>) -> Result<Vec<Item>, DeskError> {
    let mut items = Vec::new();
    for id in &case.items {
        items.push(open_item(client, case, id, reach).await?);
    }
    prove(client, &mut items);
    Ok(items)
}

/// Opens one item; who it is from is not proven yet.
pub async fn open_item(client: &Client, case: &CaseView, id: &ItemId, reach: Reach<'_>) -> Result<Item, DeskError> {
    let response = client.item(id).await?;
    let Some(length) = response.content_length() else {
        return Err(DeskError::known("desk-error-length"));
    };
    if length > reach.limit() {
        return Ok(Item { id: *id, state: State::Large(length) });
    }
    let mut sealed = SpooledTempFile::new(usize::try_from(IN_MEMORY).unwrap_or(usize::MAX));
    let bar = bar(length, "fetching");
    let mut chunks = response.bytes_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk?;
        bar.inc(chunk.len() as u64);
        sealed.write_all(&chunk)?;
    }
    bar.finish_and_clear();
    sealed.rewind()?;
    let folder = if let Reach::All(folder) = reach { Some(folder) } else { None };
    let here = (&client.roster.instance, &case.case, id);
    let state = match unseal(&client.me.seal, here, sealed, folder.filter(|_| length > IN_MEMORY))? {
        Ok(opened) => State::Opened(Box::new(opened)),
        Err(error) => State::Failed(error),
    };
    Ok(Item { id: *id, state })
}

/// Opens what is an item of this case here, if it is what it says.
pub(super) fn unseal(
    me: &ReaderIdentity,
    here: (&InstanceId, &CaseId, &ItemId),
    sealed: impl Read,
    folder: Option<&Path>,
) -> Result<Result<Opened, String>, DeskError> {
    let (manifest, by, body) = if let Some(folder) = folder {
        let mut out = NamedTempFile::new_in(folder)?;
        match open_to(me, sealed, out.as_file_mut()) {
            Ok((manifest, by)) => {
                out.as_file().set_len(manifest.length)?;
                (manifest, by, Body::Disk(out))
            }
            Err(error) => return Ok(Err(error.to_string())),
        }
    } else {
        let mut out = Cursor::new(Vec::new());
        let opened = open_to(me, sealed, &mut out);
        let mut bytes = Zeroizing::new(out.into_inner());
        match opened {
            Ok((manifest, by)) => {
                bytes.truncate(usize::try_from(manifest.length).unwrap_or(usize::MAX));
                (manifest, by, Body::Memory(bytes))
            }
            Err(error) => return Ok(Err(error.to_string())),
        }
    };
    let head = &manifest.head;
    if (&head.instance, &head.case, &head.item) != here {
        return Ok(Err("this item was moved here from another place".to_owned()));
    }
    Ok(content(&manifest, body)?.map(|content| Opened { manifest, by, proven: false, guest: false, content }))
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

/// Puts the items in order and marks those whose author is proven: by the roster, or by the first item's own key.
pub(super) fn prove(client: &Client, items: &mut Vec<Item>) {
    let reporter = reporter(client, items);
    for item in items.iter_mut() {
        let State::Opened(opened) = &mut item.state else { continue };
        opened.proven = match &opened.manifest.head.author {
            Author::Reporter => reporter.as_ref().is_some_and(|r| r.sign == hex::encode(opened.by)),
            Author::Reader(id) => {
                let reader = client.roster.reader(id).map(|r| &r.sign_key);
                // A coordinator writes to the readers, and nothing but that.
                let memo = opened.manifest.head.kind.is_memo();
                let overseer = client.roster.overseer(id).filter(|_| memo).map(|(_, o)| &o.sign_key);
                reader.or(overseer).map(|key| key.to_lowercase()) == Some(hex::encode(opened.by))
            }
        };
    }
    // Who vouches for a guest is in the roster: their requests are proven by now.
    let cards = cards(client, items);
    for item in items.iter_mut() {
        if let State::Opened(opened) = &mut item.state {
            opened.guest = cards.iter().any(|card| wrote(card, &opened.manifest.head, &opened.by));
            opened.proven |= opened.guest;
        }
    }
    // An account is what its author heard: of anybody else it proves nothing.
    let unheard = unheard(items);
    for item in items.iter_mut().filter(|item| unheard.contains(&item.id)) {
        if let State::Opened(opened) = &mut item.state {
            opened.proven = false;
        }
    }
    in_order(items);
}

/// First items first, and nothing before what its author had seen; what did not open stands last.
fn in_order(items: &mut Vec<Item>) {
    let opened = |item: &Item| matches!(item.state, State::Opened(_));
    let (known, mut closed): (Vec<_>, Vec<_>) = std::mem::take(items).into_iter().partition(opened);
    closed.sort_by_key(|item| matches!(item.state, State::Failed(_)));
    let opened = known.into_iter().filter_map(|item| match item.state {
        State::Opened(opened) => Some((item.id, opened)),
        State::Large(_) | State::Failed(_) => None,
    });
    let ordered =
        sorted(opened.collect(), |(_, o)| o.manifest.head.place(o.manifest.head.reporter.is_some(), o.proven));
    items.extend(ordered.into_iter().map(|(id, opened)| Item { id, state: State::Opened(opened) }));
    items.append(&mut closed);
}

/// A case that something is written into, with what it holds.
pub(super) async fn entered(client: &Client, id: &CaseId) -> Result<(CaseView, Vec<Item>), DeskError> {
    let case = client.case(id).await?;
    let items = open_case(client, &case, Reach::Messages).await?;
    Ok((client.opened(case, &items).await?, items))
}

/// The reporter's public halves: of the first item, which was signed with the key it names, or of a hand-over or passing on to a
/// reader who does not have that. The case is a hash of those keys, so no others can pass for them.
pub(super) fn reporter(client: &Client, items: &[Item]) -> Option<ReporterPublic> {
    items.iter().find_map(|item| {
        let State::Opened(opened) = &item.state else { return None };
        let head = &opened.manifest.head;
        let (public, signed) = match &opened.content {
            Content::HandOver(done) => (done.reporter.clone(), true),
            Content::PassOn(done) => (done.reporter.clone(), true),
            _ => (head.reporter.clone()?, head.reporter.as_ref().is_some_and(|r| r.sign == hex::encode(opened.by))),
        };
        (signed && public.case(&client.roster.instance) == head.case).then_some(public)
    })
}
