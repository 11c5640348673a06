//! Opening the items of a case: every one verified, damage marked. Texts are opened in memory and stay there.
use std::{
    collections::HashSet,
    io::{Seek, Write},
    path::Path,
    sync::Arc,
    time::Instant,
};

use futures_util::StreamExt;
use tempfile::{NamedTempFile, SpooledTempFile};
use zeroize::Zeroizing;

use super::{
    Client, DeskError,
    account::unheard,
    circle::{cards, proven, to_report},
    consent::begun,
    transfer::{Pace, bar},
    unseal::{Kept, unseal_beside},
};
use crate::{
    api_types::CaseView,
    domain::{
        case::{Act, counted},
        classification::Classification,
        id::{CaseId, ItemId, OrgId, ReaderId},
        order::sorted,
    },
    envelope::MESSAGE_BYTES,
    seal::{
        Author, ItemHead, Kind, Manifest, ReporterPublic, StoryText,
        account::{Account, Agreed},
        circle::{DutyApproval, DutyRequest, Left, TakeOut, TakenOut},
        consent::{Answer, HandOver, PassOn, Request, ToReport},
        guest::wrote,
        link::Link,
        protocol::{Begun, StepDone},
    },
};

/// Sealed bytes up to which an item is opened in memory: every message, and most files.
pub(super) const IN_MEMORY: u64 = 4 << 20;

/// How much of a case is fetched.
#[derive(Clone, Copy)]
pub enum Reach<'a> {
    /// Messages: to write, the files of a case are not needed.
    Messages,
    /// All that is opened in memory.
    Small,
    /// Everything, and of files no more than what was signed with them.
    Heads,
    /// Everything; what is large is opened into this folder.
    All(&'a Path),
}

impl Reach<'_> {
    fn limit(self) -> u64 {
        match self {
            Self::Messages => MESSAGE_BYTES,
            Self::Small => IN_MEMORY,
            Self::Heads | Self::All(_) => u64::MAX,
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
    /// It could not be fetched just now.
    Away,
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
    /// Whether the reporter has a slot of it, as the server says; nothing where it was not asked.
    pub told: Option<bool>,
    /// Whether the reporter said, in what they sent later, that it did not open for them.
    pub unread: bool,
    /// Whether the server's clock or state moved with it, where it is of an act that moves them.
    pub moved: bool,
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
    /// Not here: fetched when somebody looks at it.
    Left,
}

impl Opened {
    /// Who it says it is from, for a person.
    pub fn from(&self) -> String {
        match &self.manifest.head.author {
            Author::Reporter => "the reporter".to_owned(),
            Author::Reader(id) => id.to_string(),
        }
    }

    /// Whether a reader wrote it to the reporter, and they get nothing of it.
    pub fn withheld(&self) -> bool {
        (self.unread || self.told == Some(false)) && self.is_for_reporter()
    }

    /// The text that says so.
    pub(super) fn why_withheld(&self) -> Option<&'static str> {
        let why = if self.unread { "desk-unread" } else { "desk-withheld" };
        self.withheld().then_some(why)
    }

    /// Whether it was done, as far as this desk can know: it goes to the reporter if it is for them, and the server counted it.
    pub(super) fn counts(&self) -> bool {
        self.moved && !self.withheld()
    }

    fn is_for_reporter(&self) -> bool {
        let head = &self.manifest.head;
        let theirs = match (&self.content, head.kind) {
            (Content::Duty(asked), _) => asked.notice,
            (Content::DutyApproved(approval), _) => approval.told.is_some(),
            (_, Kind::Acknowledgement | Kind::Question | Kind::Reply | Kind::Feedback | Kind::Closing) => true,
            (_, Kind::ConsentRequest | Kind::Account | Kind::PassOn) => true,
            _ => false,
        };
        theirs && head.author != Author::Reporter
    }
}

/// Whether a case is one for which the law sets no term: a request for advice, a part of one, or who the reporter is.
pub(super) fn advice(items: &[Item]) -> bool {
    begun(items, |kind| matches!(kind, Kind::Advice | Kind::Identity)) || to_report(items).next().is_some()
}

impl Item {
    /// Lets go of the bytes of a file: what it is stays known.
    pub(super) fn leave_body(&mut self) {
        if let State::Opened(opened) = &mut self.state
            && let Content::File { body, .. } = &mut opened.content
        {
            *body = Body::Left;
        }
    }

    /// Whether there is something to fetch before its file can be looked at.
    pub(super) fn is_left(&self) -> bool {
        let left = |o: &Opened| matches!(o.content, Content::File { body: Body::Left, .. });
        match &self.state {
            State::Large(_) => true,
            State::Opened(opened) => left(opened),
            State::Failed(_) | State::Away => false,
        }
    }
}

/// Opens the items of a case.
pub async fn open_case(client: &Client, case: &CaseView, reach: Reach<'_>) -> Result<Vec<Item>, DeskError> {
    let mut items = Vec::new();
    for id in &case.items {
        items.push(open_item(client, case, id, reach).await?);
    }
    prove(client, case, &mut items);
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
    let (mut chunks, mut pace) = (response.bytes_stream(), Pace::new(Instant::now()));
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk?;
        pace.arrived(chunk.len(), Instant::now())?;
        bar.inc(chunk.len() as u64);
        sealed.write_all(&chunk)?;
    }
    bar.finish_and_clear();
    sealed.rewind()?;
    let kept = match reach {
        // A message is needed whole, and so is every item that is no larger.
        Reach::Heads if length > MESSAGE_BYTES => Kept::Head,
        Reach::All(folder) if length > IN_MEMORY => Kept::Disk(folder.to_owned()),
        _ => Kept::Memory,
    };
    let here = (client.roster.instance, case.case, *id);
    let state = match unseal_beside(Arc::clone(&client.me), here, sealed, kept).await? {
        // A page shows it to no reporter: whatever it calls itself, it was not said to them.
        Ok(opened) if length > MESSAGE_BYTES && opened.manifest.head.kind != Kind::File => {
            State::Failed("larger than any message: the reporter cannot read it".to_owned())
        }
        Ok(opened) => State::Opened(Box::new(opened)),
        Err(error) => State::Failed(error),
    };
    Ok(Item { id: *id, state })
}

/// Whether the roster proves who an item of an organisation's case is from. Only its coordinator speaks as one, and they write nothing else.
fn in_roster(client: &Client, org: &OrgId, id: &ReaderId, opened: &Opened) -> bool {
    let head = &opened.manifest.head;
    if head.kind.is_memo() {
        return client.roster.coordinator_signed(org, (id, &opened.by), head.day);
    }
    client.roster.signer(id, &opened.by, head.day).is_some()
}

/// Whether the server's clock or state moved with an item, by its kind.
fn moved(case: &CaseView, head: &ItemHead) -> bool {
    let act = match head.kind {
        Kind::Acknowledgement => Act::Acknowledge,
        Kind::Feedback => Act::Feedback,
        Kind::Closing => Act::Close,
        _ => return true,
    };
    counted((act, head.day), case.state, (case.filed, case.due))
}

/// Puts the items of a case in order and marks those whose author is proven: by the roster, or by the first item's own key. Of each it marks
/// what the server says: whether it goes to the reporter, and whether it moved anything.
pub(super) fn prove(client: &Client, case: &CaseView, items: &mut Vec<Item>) {
    let (reporter, org) = (reporter(client, items), &case.org);
    for item in items.iter_mut() {
        let State::Opened(opened) = &mut item.state else { continue };
        opened.told = case.told.as_ref().map(|told| told.contains(&item.id));
        opened.moved = moved(case, &opened.manifest.head);
        opened.proven = match &opened.manifest.head.author {
            Author::Reporter => {
                let signed = reporter.as_ref().is_some_and(|r| r.sign == hex::encode(opened.by));
                signed && !opened.manifest.head.kind.is_memo()
            }
            Author::Reader(id) => in_roster(client, org, id, opened),
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
    mark_unread(items);
    in_order(items);
}

/// Marks what the reporter says did not open for them. That there is a slot of theirs, which is all that a server sees, does not say that it does.
fn mark_unread(items: &mut [Item]) {
    let said = proven(items).filter(|(_, opened)| opened.manifest.head.author == Author::Reporter);
    let unread: HashSet<ItemId> = said.flat_map(|(_, opened)| &opened.manifest.head.unread).copied().collect();
    for item in items {
        if let State::Opened(opened) = &mut item.state {
            opened.unread = unread.contains(&item.id);
        }
    }
}

/// First items first, and nothing before what its author had seen; what did not open stands last.
fn in_order(items: &mut Vec<Item>) {
    let opened = |item: &Item| matches!(item.state, State::Opened(_));
    let (known, mut closed): (Vec<_>, Vec<_>) = std::mem::take(items).into_iter().partition(opened);
    closed.sort_by_key(|item| matches!(item.state, State::Failed(_)));
    let opened = known.into_iter().filter_map(|item| match item.state {
        State::Opened(opened) => Some((item.id, opened)),
        State::Large(_) | State::Away | State::Failed(_) => None,
    });
    let ordered =
        sorted(opened.collect(), |(_, o)| o.manifest.head.place(o.manifest.head.reporter.is_some(), o.proven));
    items.extend(ordered.into_iter().map(|(id, opened)| Item { id, state: State::Opened(opened) }));
    items.append(&mut closed);
}

/// Fetches, of the files of a case that were too large to be opened with its messages, what is signed: of these, or of all when none is named.
pub(super) async fn fetch_heads(
    client: &Client,
    case: &CaseView,
    items: &mut Vec<Item>,
    which: &[ItemId],
) -> Result<(), DeskError> {
    for item in items.iter_mut() {
        if matches!(item.state, State::Large(_)) && (which.is_empty() || which.contains(&item.id)) {
            *item = open_item(client, case, &item.id, Reach::Heads).await?;
        }
    }
    prove(client, case, items);
    Ok(())
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
