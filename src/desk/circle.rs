//! Whoever may read a case, by what the reporter signed and what readers signed two by two. What a server says is none of it.
use std::collections::{BTreeSet, HashSet};

use super::{
    Client, DeskError,
    open::{Content, Item, Opened, State, reporter},
    write::failed,
};
use crate::{
    api_types::CaseView,
    domain::{
        guest::GuestCard,
        id::{ItemId, KeyedReader, ReaderId},
        roster::Reader,
    },
    seal::{
        Author, Recipients, ReporterPublic,
        circle::LeftReason,
        consent::{Answer, HandOver, ToReport},
        guest::vouched,
    },
};

/// Whoever may read a case.
pub(super) struct Circle {
    /// The reporter's public halves.
    pub(super) reporter: ReporterPublic,
    /// The readers the reporter chose and those who were let in since, without who left or was taken out.
    pub(super) readers: Vec<KeyedReader>,
    /// Those, and who was one before.
    pub(super) ever: Vec<KeyedReader>,
    /// The readers of a report that advice became: they read what the reporter let go along, and nothing that comes after it.
    passed: Vec<KeyedReader>,
    /// Whom the reporter excluded, who left because of a conflict, and who was taken out: nobody hands over to them.
    pub(super) struck: BTreeSet<ReaderId>,
    /// The cards of the guests among them that count today.
    pub(super) guests: Vec<GuestCard>,
}

/// Whom something is sealed to, with the cards of the guests among them.
pub(super) struct Addressed {
    pub(super) to: Recipients,
    pub(super) cards: Vec<GuestCard>,
}

/// Who gets what is written, besides the readers of the case.
#[derive(Default)]
pub(super) struct Also<'a> {
    /// One more, who is let in now.
    pub(super) more: Option<(&'a Reader, Option<&'a GuestCard>)>,
    /// One who does not get it.
    pub(super) except: Option<&'a KeyedReader>,
    /// The reporter.
    pub(super) reporter: bool,
}

impl Circle {
    pub(super) fn of(client: &Client, items: &[Item]) -> Result<Self, DeskError> {
        let reporter = reporter(client, items).ok_or_else(|| DeskError::known("desk-error-no-reporter"))?;
        // Of the reporter's own items: a reader can repeat the keys, not sign with them.
        let mut own = proven(items).filter(|(_, o)| o.manifest.head.author == Author::Reporter);
        let first = own.find(|(_, o)| o.manifest.head.reporter.as_ref().is_some_and(|r| r.same_keys(&reporter)));
        let mut struck: BTreeSet<ReaderId> = match first.map(|(_, opened)| &opened.content) {
            Some(Content::Story(story)) => story.struck.iter().cloned().collect(),
            _ => BTreeSet::new(),
        };
        // Whoever was let in later believes the reader who signed the hand-over to them: they do not have what was said before.
        let believed: Vec<Told<'_>> = match (to_me(client, items), first) {
            (Some(mine), _) => vec![Told::of(mine)],
            (None, Some(_)) => Vec::new(),
            (None, None) => proven(items).filter_map(|(_, o)| told(o)).collect(),
        };
        struck.extend(believed.iter().flat_map(|done| done.struck.to_vec()));
        let mut ever: Vec<KeyedReader> = match first.filter(|_| believed.is_empty()) {
            Some((_, opened)) => opened.manifest.head.to.clone(),
            None => believed.iter().flat_map(|done| done.readers.iter().chain(done.to)).cloned().collect(),
        };
        let joined = let_in(client, items, &mut ever, &struck);
        let mut gone = gone(client, items, &ever, &joined);
        struck.append(&mut gone.struck);
        let stays = |r: &&KeyedReader| !struck.contains(&r.reader) && !gone.left.contains(*r);
        let readers: Vec<KeyedReader> = ever.iter().filter(stays).cloned().collect();
        let today = client.today();
        let cards = cards(client, items).into_iter();
        let guests = cards.filter(|card| card.counts_on(today) && readers.contains(&card.keyed())).collect();
        let passed = to_report(items).flat_map(|(_, _, said)| said.to.iter()).filter(|to| !struck.contains(&to.reader));
        let passed = passed.cloned().collect();
        Ok(Self { reporter, readers, ever, passed, struck, guests })
    }

    /// Those of a case's readers who are in the circle and have the keys they had, and the guests whose card counts.
    pub(super) fn recipients(&self, client: &Client, case: &CaseView, also: &Also<'_>) -> Result<Addressed, DeskError> {
        let now = |r: &KeyedReader| client.roster.keyed(r).cloned();
        let gets = |r: &&KeyedReader| also.except != Some(*r);
        let there = case.readers.iter().filter(|r| self.readers.contains(r)).filter(gets).filter_map(now);
        let guests = self.guests.iter().filter(|card| also.except != Some(&card.keyed())).map(GuestCard::reader);
        let more = also.more.map(|(reader, _)| reader.clone());
        let all: Vec<Reader> = there.chain(guests).chain(more).collect();
        let to = Recipients::of(&all).map_err(failed)?;
        let reply = &self.reporter.reply;
        let to = if also.reporter { to.with_reporter(case.case, reply).map_err(failed)? } else { to };
        let cards = self.guests.iter().chain(also.more.and_then(|(_, card)| card)).cloned().collect();
        Ok(Addressed { to, cards })
    }
}

/// What is proven of a case's items.
pub(super) fn proven(items: &[Item]) -> impl Iterator<Item = (ItemId, &Opened)> {
    items.iter().filter_map(|item| match &item.state {
        State::Opened(opened) if opened.proven => Some((item.id, &**opened)),
        _ => None,
    })
}

/// The reporter's answer to a request.
pub(super) fn answer((item, opened): (ItemId, &Opened)) -> Option<(ItemId, &Answer)> {
    let by_reporter = opened.manifest.head.author == Author::Reporter;
    if let Content::Answer(answer) = &opened.content { by_reporter.then_some((item, answer)) } else { None }
}

/// Who could read before, and whom the reporter excluded, as the reader tells who shared a part of the case.
struct Told<'a> {
    readers: &'a [KeyedReader],
    struck: &'a [ReaderId],
    /// Who was let in to all that is written from then on.
    to: Option<&'a KeyedReader>,
}

impl<'a> Told<'a> {
    fn of(done: &'a HandOver) -> Self {
        Self { readers: &done.readers, struck: &done.struck, to: Some(&done.to) }
    }
}

fn told(opened: &Opened) -> Option<Told<'_>> {
    match &opened.content {
        Content::HandOver(done) => Some(Told::of(done)),
        Content::PassOn(done) => Some(Told { readers: &done.readers, struck: &done.struck, to: None }),
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

/// What says that something was shared.
pub(super) fn handed_over(opened: &Opened) -> Option<&HandOver> {
    if let Content::HandOver(done) = &opened.content { Some(done) } else { None }
}

/// The reader of the roster who wrote something that is proven, with their keys.
fn roster_author(client: &Client, opened: &Opened) -> Option<KeyedReader> {
    let Author::Reader(id) = &opened.manifest.head.author else { return None };
    client.roster.reader(id).map(Reader::keyed)
}

/// The reader or guest who wrote something that is proven, with their keys.
pub(super) fn author(client: &Client, items: &[Item], opened: &Opened) -> Option<KeyedReader> {
    let Author::Reader(id) = &opened.manifest.head.author else { return None };
    let guest = || cards(client, items).iter().map(GuestCard::keyed).find(|keyed| keyed.reader == *id);
    client.roster.reader(id).map(Reader::keyed).or_else(guest)
}

/// The cards in the requests of readers and in the hand-over to this one, and one's own.
pub(super) fn cards(client: &Client, items: &[Item]) -> Vec<GuestCard> {
    let asked = proven(items).filter_map(|(_, opened)| match &opened.content {
        Content::Request(asked) => asked.card.as_ref().filter(|card| card.keyed() == asked.to),
        _ => None,
    });
    let before = to_me(client, items).into_iter().flat_map(|done| &done.cards);
    let case = proven(items).map(|(_, opened)| opened.manifest.head.case).next();
    let believed = |card: &&GuestCard| case.is_some_and(|case| vouched(card, &client.roster, &case));
    asked.chain(before).filter(believed).chain(&client.me.card).cloned().collect()
}

/// The hand-over by which this reader came in, the last of them. One that neither the reporter nor two readers wanted is nobody's way in: it
/// would change whom a reader who was there believes to be in the circle.
fn to_me<'a>(client: &Client, items: &'a [Item]) -> Option<&'a HandOver> {
    let me = client.me.keyed();
    let mine = proven(items).filter_map(|(_, opened)| handed_over(opened)).filter(|done| done.to == me);
    mine.filter(|done| agreed(items, done) || on_duty(client, items, done, &done.readers)).last()
}

/// Adds everybody whom the reporter, or two readers on a legal duty, let in; returns each who was, as often as they were.
fn let_in(
    client: &Client,
    items: &[Item],
    ever: &mut Vec<KeyedReader>,
    struck: &BTreeSet<ReaderId>,
) -> Vec<KeyedReader> {
    let mut left: Vec<&HandOver> = proven(items).filter_map(|(_, opened)| handed_over(opened)).collect();
    left.retain(|done| !struck.contains(&done.to.reader));
    let mut joined = Vec::new();
    // Somebody let in may be one of the two who let in the next.
    loop {
        let (now, later): (Vec<_>, Vec<_>) =
            left.into_iter().partition(|done| agreed(items, done) || on_duty(client, items, done, ever));
        if now.is_empty() {
            return joined;
        }
        joined.extend(now.iter().map(|done| done.to.clone()));
        ever.extend(now.iter().map(|done| done.to.clone()));
        left = later;
    }
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

/// Whether two different readers of the circle said that a legal duty asks for exactly this.
fn on_duty(client: &Client, items: &[Item], done: &HandOver, ever: &[KeyedReader]) -> bool {
    let by = |wanted: ItemId, holds: &dyn Fn(&Content) -> bool| {
        let found = proven(items).find(|(id, opened)| *id == wanted && holds(&opened.content));
        found.and_then(|(_, opened)| roster_author(client, opened)).filter(|by| ever.contains(by))
    };
    let asked = by(done.request, &|content| matches!(content, Content::Duty(asked) if asked.to == done.to));
    let approved = by(done.answer, &|content| matches!(content, Content::DutyApproved(a) if a.request == done.request));
    asked.zip(approved).is_some_and(|(first, second)| first != second && first != done.to && second != done.to)
}

/// Who is not a reader any more.
struct Gone {
    left: HashSet<KeyedReader>,
    struck: BTreeSet<ReaderId>,
}

/// Who left, by their own word, or was taken out, by that of two others.
fn gone(client: &Client, items: &[Item], ever: &[KeyedReader], joined: &[KeyedReader]) -> Gone {
    let mut gone = Gone { left: HashSet::new(), struck: BTreeSet::new() };
    let mut went: HashSet<(KeyedReader, crate::domain::day::Day)> = HashSet::new();
    for (_, opened) in proven(items) {
        match &opened.content {
            Content::Left(left) => {
                let Some(by) = author(client, items, opened).filter(|by| ever.contains(by)) else { continue };
                if left.reason == LeftReason::Conflict {
                    gone.struck.insert(by.reader.clone());
                }
                went.insert((by, opened.manifest.head.day));
            }
            Content::TakenOut(taken) => {
                let who = taken_out(client, items, ever, (opened, taken.take_out));
                gone.struck.extend(who.map(|who| who.reader));
            }
            _ => {}
        }
    }
    // Who left and was let in again is a reader: they came in as often as they went, and once more.
    for reader in ever {
        let came = joined.iter().filter(|r| *r == reader).count();
        let chosen = usize::from(ever.iter().filter(|r| *r == reader).count() > came);
        if went.iter().filter(|(r, _)| r == reader).count() >= came + chosen {
            gone.left.insert(reader.clone());
        }
    }
    gone
}

/// Whom a second reader took out, if a first one asked for it and both are others of the circle.
fn taken_out(
    client: &Client,
    items: &[Item],
    ever: &[KeyedReader],
    (second, asked): (&Opened, ItemId),
) -> Option<KeyedReader> {
    let (_, first) = proven(items).find(|(id, _)| *id == asked)?;
    let Content::TakeOut(wanted) = &first.content else { return None };
    let by = [first, second].map(|opened| roster_author(client, opened).filter(|by| ever.contains(by)));
    let [Some(first), Some(second)] = by else { return None };
    let others = first != second && first != wanted.who && second != wanted.who;
    (others && ever.contains(&wanted.who)).then(|| wanted.who.clone())
}

/// The cards of the guests who read along today.
pub fn guests(client: &Client, items: &[Item]) -> Vec<GuestCard> {
    Circle::of(client, items).map(|circle| circle.guests).unwrap_or_default()
}

/// Readers the server names whom neither the reporter nor two readers on a legal duty let in, who are not named in what goes with a
/// report, or who should be gone: somebody let them in. Nothing is sealed to them.
pub fn strangers<'a>(client: &Client, case: &'a CaseView, items: &[Item]) -> Vec<&'a KeyedReader> {
    let circle = Circle::of(client, items);
    let known =
        |r: &KeyedReader| circle.as_ref().is_ok_and(|circle| circle.readers.contains(r) || circle.passed.contains(r));
    case.readers.iter().filter(|r| !known(r)).collect()
}
