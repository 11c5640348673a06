//! Whoever may read a case, by what the reporter signed and what readers signed two by two. What a server says is none of it.
mod entry;
mod said;
mod two;

use std::collections::BTreeSet;

use self::{
    said::passed,
    two::{Gone, Joined},
};
pub(super) use self::{
    said::{
        answer, author, cards, done, handed_over, namesakes, origin, proven, story, to_report, withdrawal, withdrawn,
    },
    two::acts,
};
use super::{
    Client, DeskError,
    open::{Content, Item, Opened, reporter},
    write::failed,
};
use crate::{
    api_types::CaseView,
    domain::{
        day::Day,
        guest::GuestCard,
        id::{ItemId, KeyedReader, ReaderId},
        roster::Reader,
    },
    seal::{Kind, Recipients, ReporterPublic},
};

/// Whoever may read a case.
pub(super) struct Circle {
    /// The reporter's public halves.
    pub(super) reporter: ReporterPublic,
    /// The readers the reporter chose and those who were let in since, without who left or was taken out.
    pub(super) readers: Vec<KeyedReader>,
    /// Those of the start whom the reporter's first item names: who came in later is told of others without the day.
    named: Vec<KeyedReader>,
    /// The readers of a report that advice became: they read what the reporter let go along, and nothing that comes after it.
    passed: Vec<KeyedReader>,
    /// Who reads only what went along, and who reads all, as others say to whom it is not shown that the reporter let them.
    said: Said,
    /// Everybody who could ever read, and who of them went: whose word counts.
    there: Joined,
    gone: Gone,
    /// Whom the reporter excluded, who left because of a conflict, and who was taken out: nobody hands over to them.
    pub(super) struck: BTreeSet<ReaderId>,
    /// The cards of the guests among them that count today.
    pub(super) guests: Vec<GuestCard>,
}

/// What others say of readers, of whom this reader cannot see that they were let in.
struct Said {
    passed: Vec<KeyedReader>,
    readers: Vec<KeyedReader>,
}

/// Somebody who is let in, for all that this reader can see: nothing that is written is sealed to them because of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Unproven {
    /// They only read what went along with a report, says whoever let this reader in.
    Passed,
    /// They read all of it, says whoever passed a part of it on to this reader.
    Reads,
    /// How they were let in is not for this reader, who only reads what went along.
    Unseen,
}

/// Whom something is sealed to, with the cards of the guests among them.
pub(super) struct Addressed {
    pub(super) to: Recipients,
    pub(super) cards: Vec<GuestCard>,
    /// The reserve reader among them, whose slots are set aside.
    pub(super) aside: Option<KeyedReader>,
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

/// Each guest once, with the card that lasts longest: one may have been prolonged, and a guest's own is in the case as well.
fn each_once(mut cards: Vec<GuestCard>) -> Vec<GuestCard> {
    cards.sort_by_key(|card| std::cmp::Reverse(card.until));
    let mut seen = BTreeSet::new();
    cards.retain(|card| seen.insert(card.keyed()));
    cards
}

impl Circle {
    pub(super) fn of(client: &Client, items: &[Item]) -> Result<Self, DeskError> {
        let reporter = reporter(client, items).ok_or_else(|| DeskError::known("desk-error-no-reporter"))?;
        let first = entry::first(items, &reporter);
        let mut struck: BTreeSet<ReaderId> = match first.map(|opened| &opened.content) {
            Some(Content::Story(story)) => story.struck.iter().cloned().collect(),
            _ => BTreeSet::new(),
        };
        let told = entry::told(client, items, first);
        struck.extend(told.iter().flat_map(|told| told.struck.iter().cloned()));
        let named = first.map(|opened| opened.manifest.head.to.clone()).unwrap_or_default();
        // Nothing goes along from a report.
        let may_pass = first.is_none_or(|opened| opened.manifest.head.kind == Kind::Advice);
        let told_passed = told.iter().filter(|_| may_pass).flat_map(|told| told.passed.clone()).collect();
        let start = told.map_or_else(|| named.clone(), |told| told.readers);
        // Who went is none of the two who let somebody in: so first who could have gone, then who did come in.
        let there = Joined::of(client, items, &start, &struck, &Gone::default());
        let there = Joined::of(client, items, &start, &struck, &Gone::of(client, items, &there));
        let mut gone = Gone::of(client, items, &there);
        struck.append(&mut gone.struck);
        let stays = |r: &&KeyedReader| !struck.contains(&r.reader) && !gone.left.contains(*r);
        let readers: Vec<KeyedReader> = there.ever.iter().filter(stays).cloned().collect();
        let today = client.today();
        let cards = cards(client, items).into_iter();
        let counts = cards.filter(|card| card.counts_on(today) && readers.contains(&card.keyed()));
        let guests = each_once(counts.collect());
        let mut passed = passed(client, items);
        passed.retain(|r| !struck.contains(&r.reader));
        let said = Said { passed: told_passed, readers: entry::said_to_read(client, items) };
        Ok(Self { reporter, readers, named, there, gone, passed, said, struck, guests })
    }

    /// Who did something that counts: somebody of the circle, or who was and did it before they went.
    pub(super) fn did(&self, client: &Client, items: &[Item], (act, opened): (ItemId, &Opened)) -> Option<KeyedReader> {
        author(client, items, opened).filter(|by| self.there.ever.contains(by) && self.gone.counts(by, &act))
    }

    /// Those of a case's readers who are in the circle and have the keys they had, and the guests whose card counts.
    pub(super) fn recipients(&self, client: &Client, case: &CaseView, also: &Also<'_>) -> Result<Addressed, DeskError> {
        let now = |r: &KeyedReader| client.roster.keyed(r).cloned();
        let gets = |r: &&KeyedReader| also.except != Some(*r);
        let aside = case.aside.as_ref().filter(|aside| also.more.is_none_or(|(more, _)| more.keyed() != **aside));
        let all = case.readers.iter().chain(aside);
        let there = all.filter(|r| self.readers.contains(r)).filter(gets).filter_map(now);
        let guests = self.guests.iter().filter(|card| also.except != Some(&card.keyed())).map(GuestCard::reader);
        let more = also.more.map(|(reader, _)| reader.clone());
        let all: Vec<Reader> = there.chain(guests).chain(more).collect();
        let to = Recipients::of(&all).map_err(failed)?;
        let reply = &self.reporter.reply;
        let to = if also.reporter { to.with_reporter(case.case, reply).map_err(failed)? } else { to };
        let cards = self.guests.iter().chain(also.more.and_then(|(_, card)| card)).cloned().collect();
        Ok(Addressed { to, cards, aside: aside.cloned() })
    }

    /// Since when somebody of the circle reads a case that was filed on a day; nothing where that is not known.
    pub(super) fn since(&self, reader: &KeyedReader, filed: Day) -> Option<Day> {
        let let_in = self.there.joined.iter().filter(|let_in| let_in.who == *reader).map(|let_in| let_in.day).max();
        let_in.or_else(|| self.named.contains(reader).then_some(filed)).filter(|_| self.readers.contains(reader))
    }

    /// Whether somebody was let in after the start.
    pub(super) fn was_let_in(&self, reader: &KeyedReader) -> bool {
        self.there.joined.iter().any(|let_in| let_in.who == *reader)
    }

    /// Whether somebody only reads what the reporter let go along: nothing that is written here is for them, and they write nothing.
    pub(super) fn only_passed(&self, reader: &KeyedReader) -> bool {
        self.passed.contains(reader) && !self.readers.contains(reader)
    }

    /// Who of those who only read what went along could be taken out of it by somebody: another of them, or a reader of the case.
    pub(super) fn may_take_out(&self, by: &KeyedReader, who: &KeyedReader) -> bool {
        by != who && self.only_passed(who) && (self.only_passed(by) || self.readers.contains(by))
    }

    /// Whether somebody was a reader and is none any more: by their own word, or that of two others.
    pub(super) fn went(&self, reader: &KeyedReader) -> bool {
        !self.readers.contains(reader) && (self.gone.left.contains(reader) || self.struck.contains(&reader.reader))
    }

    /// Everybody who reads something here, but this one: those who only read what went along learn who no longer does.
    pub(super) fn all_but(&self, client: &Client, case: &CaseView, who: &KeyedReader) -> Result<Addressed, DeskError> {
        let reads = |r: &&KeyedReader| *r != who && (self.readers.contains(r) || self.passed.contains(r));
        let to = case.readers.iter().filter(reads).filter_map(|r| client.roster.keyed(r));
        Ok(Addressed { to: Recipients::of(to).map_err(failed)?, cards: Vec::new(), aside: None })
    }

    /// Refuses whoever only reads what went along: what they ask for here would count for nobody.
    pub(super) fn may_ask(&self, client: &Client) -> Result<(), DeskError> {
        if self.only_passed(&client.me.keyed()) { Err(DeskError::known("desk-error-passed")) } else { Ok(()) }
    }

    /// Readers the server names whom neither the reporter nor two readers on a legal duty let in, who are not named in what goes with a
    /// report, or who should be gone: somebody let them in. Nothing is sealed to them.
    pub(super) fn strangers<'a>(&self, client: &Client, case: &'a CaseView) -> Vec<&'a KeyedReader> {
        let known = |r: &KeyedReader| self.readers.contains(r) || self.passed.contains(r);
        case.readers.iter().filter(|r| !known(r) && self.unproven(client, r).is_none()).collect()
    }

    /// What is said of somebody who is not known to be let in; nothing of who should be gone, or whom this reader would know.
    pub(super) fn unproven(&self, client: &Client, reader: &KeyedReader) -> Option<Unproven> {
        let known = self.readers.contains(reader) || self.passed.contains(reader);
        if known || self.struck.contains(&reader.reader) || self.gone.left.contains(reader) {
            return None;
        }
        if self.said.passed.contains(reader) {
            return Some(Unproven::Passed);
        }
        // Who writes nothing here has nothing to be careful with.
        let unseen = if self.said.readers.contains(reader) { Unproven::Reads } else { Unproven::Unseen };
        self.only_passed(&client.me.keyed()).then_some(unseen)
    }
}
