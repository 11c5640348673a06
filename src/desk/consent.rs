//! Widening the circle: a request to the reporter, and the hand-over once they agreed. Every desk checks both by itself.
use std::collections::BTreeSet;

use base64::{Engine, prelude::BASE64_STANDARD};
use futures_util::StreamExt;

use super::{
    Client, DeskError,
    open::{Content, Item, Opened, Reach, State, open_case, reporter},
    write::{Sent, failed, recipients, send},
};
use crate::{
    api_types::{CaseView, SentTo, SlotSent},
    domain::{
        day::Day,
        id::{CaseId, ItemId, KeyedReader, ReaderId},
        roster::Reader,
    },
    seal::{
        Author, Kind, Plaintext, Recipients, ReporterPublic,
        consent::{Answer, HandOver, Named, Request, Standing, ToReport, standing},
        desk::share,
    },
};

/// Escaped bytes of a reason that a page shows whole.
const REASON_BYTES: usize = 4 << 10;
/// Requests for one reader: a second one needs a new reason, a third is pressing.
const MOST_REQUESTS: usize = 2;
/// An age header of one reader is shorter.
const HEADER: usize = 4 << 10;

/// A request, and where it stands.
pub struct Consent {
    /// Its item.
    pub request: ItemId,
    /// Who would read.
    pub to: KeyedReader,
    /// The day it was asked.
    pub day: Day,
    /// What they would read.
    pub items: Vec<ItemId>,
    /// Where it stands.
    pub standing: Standing,
}

/// The requests of a case, from what is proven.
pub fn consents(items: &[Item]) -> Vec<Consent> {
    let answers: Vec<(ItemId, &Answer)> = proven(items).filter_map(answer).collect();
    let done: Vec<&HandOver> = proven(items).filter_map(|(_, opened)| handed_over(opened)).collect();
    let one = |(item, opened): (ItemId, &Opened)| {
        let Content::Request(asked) = &opened.content else { return None };
        let standing = standing(&item, answers.iter().copied(), done.iter().copied());
        let items = asked.items.iter().map(|named| named.item).collect();
        Some(Consent { request: item, to: asked.to.clone(), day: opened.manifest.head.day, items, standing })
    };
    proven(items).filter_map(one).collect()
}

pub(super) fn proven(items: &[Item]) -> impl Iterator<Item = (ItemId, &Opened)> {
    items.iter().filter_map(|item| match &item.state {
        State::Opened(opened) if opened.proven => Some((item.id, &**opened)),
        _ => None,
    })
}

fn answer((item, opened): (ItemId, &Opened)) -> Option<(ItemId, &Answer)> {
    let by_reporter = opened.manifest.head.author == Author::Reporter;
    if let Content::Answer(answer) = &opened.content { by_reporter.then_some((item, answer)) } else { None }
}

/// Who could read before, and whom the reporter excluded, as the reader tells who shared a part of the case.
fn told(opened: &Opened) -> Option<(&[KeyedReader], &[ReaderId])> {
    match &opened.content {
        Content::HandOver(done) => Some((&done.readers, &done.struck)),
        Content::PassOn(done) => Some((&done.readers, &done.struck)),
        _ => None,
    }
}

/// What the reporter let go with a report: item, its place among theirs, and what it says.
pub(super) fn to_report(items: &[Item]) -> impl Iterator<Item = (ItemId, u32, &ToReport)> {
    proven(items).filter_map(|(item, opened)| match &opened.content {
        Content::ToReport(said) if opened.manifest.head.author == Author::Reporter => {
            Some((item, opened.manifest.head.seq, said))
        }
        _ => None,
    })
}

fn handed_over(opened: &Opened) -> Option<&HandOver> {
    if let Content::HandOver(done) = &opened.content { Some(done) } else { None }
}

/// Whoever may read a case, by what the reporter signed.
pub(super) struct Circle {
    /// The reporter's public halves.
    pub(super) reporter: ReporterPublic,
    /// The readers they chose, and those they agreed to: all that is written from now on is for them.
    pub(super) readers: Vec<KeyedReader>,
    /// The readers of a report that advice became: they read what the reporter let go along, and nothing that comes after it.
    passed: Vec<KeyedReader>,
    /// Whom they excluded.
    pub(super) struck: BTreeSet<ReaderId>,
}

impl Circle {
    pub(super) fn of(client: &Client, items: &[Item]) -> Result<Self, DeskError> {
        let reporter = reporter(client, items).ok_or_else(|| DeskError::known("desk-error-no-reporter"))?;
        // Of the reporter's own items: a reader can repeat the keys, not sign with them.
        let own = proven(items).filter(|(_, o)| o.manifest.head.author == Author::Reporter);
        let keys = |o: &Opened| o.manifest.head.reporter.as_ref().is_some_and(|r| r.same_keys(&reporter));
        let first = own.into_iter().find(|(_, o)| keys(o));
        let struck: BTreeSet<ReaderId> = match first.map(|(_, opened)| &opened.content) {
            Some(Content::Story(story)) => story.struck.iter().cloned().collect(),
            _ => proven(items).filter_map(|(_, o)| told(o)).flat_map(|(_, struck)| struck.to_vec()).collect(),
        };
        let mut readers = match first {
            Some((_, opened)) => opened.manifest.head.to.clone(),
            // Whoever was handed a part without the first item believes the reader who signed that.
            None => proven(items).filter_map(|(_, o)| told(o)).flat_map(|(readers, _)| readers.to_vec()).collect(),
        };
        let agreed = proven(items).filter_map(|(_, o)| handed_over(o)).filter(|done| agreed(items, done));
        readers.extend(agreed.map(|done| done.to.clone()).filter(|to| !struck.contains(&to.reader)));
        let passed = to_report(items).flat_map(|(_, _, said)| said.to.iter()).filter(|to| !struck.contains(&to.reader));
        let passed = passed.cloned().collect();
        Ok(Self { reporter, readers, passed, struck })
    }

    /// Those of a case's readers who are in the circle and have the keys they had, with one more; and the reporter.
    pub(super) fn recipients(
        &self,
        client: &Client,
        case: &CaseView,
        more: Option<&Reader>,
        to_reporter: bool,
    ) -> Result<Recipients, DeskError> {
        let now = |r: &KeyedReader| client.roster.reader(&r.reader).filter(|now| now.keyed() == *r);
        let there = case.readers.iter().filter(|r| self.readers.contains(r)).filter_map(now);
        let to = Recipients::of(there.chain(more)).map_err(failed)?;
        if to_reporter { to.with_reporter(case.case, &self.reporter.reply).map_err(failed) } else { Ok(to) }
    }
}

/// Readers the server names who were neither chosen by the reporter nor agreed to, nor named in what goes with a report: somebody
/// let them in. Nothing is sealed to them.
pub fn strangers<'a>(client: &Client, case: &'a CaseView, items: &[Item]) -> Vec<&'a KeyedReader> {
    let circle = Circle::of(client, items);
    let known =
        |r: &KeyedReader| circle.as_ref().is_ok_and(|circle| circle.readers.contains(r) || circle.passed.contains(r));
    case.readers.iter().filter(|r| !known(r)).collect()
}

/// Whether the reporter said yes to exactly this.
fn agreed(items: &[Item], done: &HandOver) -> bool {
    let said_yes =
        proven(items).filter_map(answer).any(|(id, a)| id == done.answer && a.request == done.request && a.yes);
    let asked = proven(items).any(|(id, opened)| {
        id == done.request && matches!(&opened.content, Content::Request(asked) if asked.to == done.to)
    });
    said_yes && asked
}

/// Who can be asked for: active, not in the case, and not excluded by the reporter.
pub fn candidates<'a>(client: &'a Client, case: &CaseView, items: &[Item]) -> Result<Vec<&'a Reader>, DeskError> {
    let circle = Circle::of(client, items)?;
    let new = |r: &&Reader| !circle.struck.contains(&r.id) && case.readers.iter().all(|there| there.reader != r.id);
    let org = client.roster.organisation(&case.org).into_iter().chain(client.roster.outside());
    let files = org.filter_map(|o| o.file.as_ref()).flat_map(|file| &file.readers);
    Ok(files.filter_map(|r| client.roster.reader(&r.id)).filter(new).collect())
}

/// Whether a case holds who the reporter is. It is never a part of a hand-over, whoever asks.
pub(super) fn identity(items: &[Item]) -> bool {
    let opened =
        items.iter().filter_map(|item| if let State::Opened(opened) = &item.state { Some(opened) } else { None });
    opened.into_iter().any(|opened| opened.manifest.head.kind == Kind::Identity)
}

/// What of a case can be shared: what the reporter wrote and added; nothing of a case that says who they are.
pub fn shareable(items: &[Item]) -> Vec<Named> {
    if identity(items) {
        return Vec::new();
    }
    let own = proven(items).filter(|(_, o)| o.manifest.head.author == Author::Reporter);
    let named = |(item, o): (ItemId, &Opened)| Named { item, kind: o.manifest.head.kind, day: o.manifest.head.day };
    let said = |kind| matches!(kind, Kind::ConsentAnswer | Kind::ToReport);
    own.filter(|(_, o)| !said(o.manifest.head.kind)).map(named).collect()
}

/// Asks the reporter whether a reader of the roster may read these items; all that is [`shareable`] when none is named.
pub async fn ask_consent(
    client: &Client,
    id: &CaseId,
    to: &ReaderId,
    reason: Plaintext,
    which: &[ItemId],
) -> Result<Sent, DeskError> {
    if reason.is_blank() || reason.escaped_len() > REASON_BYTES {
        return Err(DeskError::known("desk-error-reason"));
    }
    let private = tempfile::tempdir()?;
    let case = client.case(id).await?;
    let items = open_case(client, &case, Reach::All(private.path())).await?;
    if identity(&items) {
        return Err(DeskError::known("desk-error-identity-case"));
    }
    let case = client.opened(case, &items).await?;
    let reader = candidates(client, &case, &items)?.into_iter().find(|r| r.id == *to);
    let reader = reader.ok_or_else(|| {
        DeskError::new(format!(
            "{to} is not a reader who can be added: unknown, here already, or excluded by the reporter"
        ))
    })?;
    let before = proven(&items).filter_map(|(_, o)| if let Content::Request(r) = &o.content { Some(r) } else { None });
    let before: Vec<&Request> = before.filter(|asked| asked.to.reader == *to).collect();
    if before.len() >= MOST_REQUESTS {
        return Err(DeskError::known("desk-error-twice"));
    }
    if before.iter().any(|asked| asked.reason.reveal().trim_ascii() == reason.reveal().trim_ascii()) {
        return Err(DeskError::known("desk-error-same-reason"));
    }
    let all = shareable(&items);
    let wanted: Vec<Named> =
        all.iter().filter(|named| which.is_empty() || which.contains(&named.item)).cloned().collect();
    if wanted.is_empty() || (!which.is_empty() && wanted.len() != which.len()) {
        return Err(DeskError::known("desk-error-items"));
    }
    let request = Request::new(reader.keyed(), reason, wanted);
    let recipients = recipients(client, &case, &items, true)?;
    send(client, (&case, &items), (Kind::ConsentRequest, None), request.into_body(), &recipients).await
}

/// Shares what the reporter agreed to, with the request and the answer, and says so to everyone. Doing it again changes nothing.
pub async fn hand_over(client: &Client, id: &CaseId, request: &ItemId) -> Result<Sent, DeskError> {
    let case = client.case(id).await?;
    let items = open_case(client, &case, Reach::Messages).await?;
    if identity(&items) {
        return Err(DeskError::known("desk-error-identity-case"));
    }
    let consent = consents(&items).into_iter().find(|c| c.request == *request);
    let consent = consent.ok_or_else(|| DeskError::known("desk-error-no-request"))?;
    let Standing::Yes(answer) = consent.standing else {
        return Err(DeskError::known(match consent.standing {
            Standing::Done => "desk-error-handed-over",
            _ => "desk-error-not-agreed",
        }));
    };
    let circle = Circle::of(client, &items)?;
    let reader = client.roster.reader(&consent.to.reader).filter(|r| r.keyed() == consent.to);
    let reader = reader.filter(|r| !circle.struck.contains(&r.id));
    let reader = reader.ok_or_else(|| DeskError::known("desk-error-reader-gone"))?;
    for item in consent.items.iter().chain([request, &answer]) {
        share_with(client, item, &[reader]).await?;
    }
    let struck = circle.struck.iter().cloned().collect();
    let done = HandOver::new(
        (*request, answer),
        consent.to.clone(),
        circle.reporter.clone(),
        (circle.readers.clone(), struck),
    );
    let to = circle.recipients(client, &case, Some(reader), true)?;
    send(client, (&client.case(id).await?, &items), (Kind::HandOver, None), done.into_body(), &to).await
}

/// Makes a slot of an item for each of these readers. One who has it keeps it.
pub(super) async fn share_with(client: &Client, item: &ItemId, readers: &[&Reader]) -> Result<(), DeskError> {
    let own = own_slot(client, item).await?;
    for reader in readers {
        let slot = share(&client.me.seal, &own, reader).map_err(failed)?;
        let sent = SlotSent { to: SentTo::of(&slot.to), header: BASE64_STANDARD.encode(&slot.header) };
        client.share(item, &sent).await?;
    }
    Ok(())
}

/// One's own slot of an item: what stands before its payload.
async fn own_slot(client: &Client, item: &ItemId) -> Result<Vec<u8>, DeskError> {
    let mut chunks = client.item(item).await?.bytes_stream();
    let mut bytes = Vec::new();
    while let Some(chunk) = chunks.next().await {
        bytes.extend_from_slice(&chunk?);
        // The header ends with the line of its MAC.
        let mac = bytes.windows(5).position(|w| w == b"\n--- ");
        let end = mac.and_then(|at| Some(at + 5 + bytes.get(at + 5..)?.iter().position(|b| *b == b'\n')? + 1));
        if let Some(end) = end {
            bytes.truncate(end);
            return Ok(bytes);
        }
        if bytes.len() > HEADER {
            break;
        }
    }
    Err(DeskError::new("an item has no slot of yours"))
}
