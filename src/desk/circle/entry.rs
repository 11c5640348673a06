//! What a reader believes who came in later: they do not have all that was said before, and take the word of who let them in for it.
use std::collections::BTreeSet;

use super::{
    said::{handed_over, last_answer, proven, roster_author, to_report},
    two::{agreed, on_duty},
};
use crate::{
    desk::{
        Client,
        open::{Content, Item, Opened},
    },
    domain::{
        day::Day,
        id::{ItemId, KeyedReader, ReaderId},
    },
    seal::{
        Author,
        consent::{HandOver, PassOn},
    },
};

/// Who could read before, and whom nobody lets in, as it was told.
pub(super) struct Told {
    pub(super) readers: Vec<KeyedReader>,
    pub(super) struck: BTreeSet<ReaderId>,
    /// Who only reads what went along with a report, as those say who let this reader in: they could see it.
    pub(super) passed: Vec<KeyedReader>,
}

/// What this reader was told when they came in; nothing where they were there from the start.
pub(super) fn told(client: &Client, items: &[Item], first: Option<&Opened>) -> Option<Told> {
    let me = client.me.keyed();
    let from_the_start = first.is_some_and(|first| first.manifest.head.to.contains(&me));
    let mine = to_me(client, items);
    match first {
        Some(_) if from_the_start || mine.is_empty() => None,
        None if mine.is_empty() => {
            let passed: Vec<&PassOn> = passed_to_me(client, items).collect();
            Some(all_say(passed.iter().map(|done| (&*done.readers, &*done.struck))))
        }
        _ => {
            let mut told = all_say(mine.iter().map(|done| (&*done.readers, &*done.struck)));
            told.passed = all_say(mine.iter().map(|done| (&*done.passed, &*done.struck))).readers;
            told.passed.extend(passed_unseen(client, items, &told.readers));
            told.readers.push(me);
            Some(told)
        }
    }
}

/// The hand-overs by which this reader came in: those of the yes that the reporter said last. A yes to one is a yes to one circle; who says
/// it again with other readers in it would change whom a reader believes to be there. Only where there is none of those, the ones on a
/// legal duty.
pub(super) fn to_me<'a>(client: &Client, items: &'a [Item]) -> Vec<&'a HandOver> {
    let me = client.me.keyed();
    let all = proven(items).filter_map(|(_, opened)| Some((handed_over(opened)?, opened.manifest.head.day)));
    let mine: Vec<(&HandOver, Day)> = all.filter(|(done, _)| done.to == me).collect();
    let yes = |done: &HandOver| agreed(items, done).then(|| last_answer(items, &done.request)).flatten();
    let last: Option<ItemId> =
        mine.iter().filter_map(|(done, _)| yes(done)).max_by_key(|(seq, ..)| *seq).map(|(_, item, _)| item);
    let counts = |(done, day): &(&HandOver, Day)| match last {
        Some(last) => done.answer == last && agreed(items, done),
        None => on_duty(client, items, (*done, *day), &|by, _| done.readers.contains(by)),
    };
    mine.into_iter().filter(counts).map(|(done, _)| done).collect()
}

/// What was passed on to this reader, as the reporter said, by somebody who is not one of those who get it.
fn passed_to_me<'a>(client: &'a Client, items: &'a [Item]) -> impl Iterator<Item = &'a PassOn> {
    let me = client.me.keyed();
    proven(items).filter_map(move |(_, opened)| {
        let Content::PassOn(done) = &opened.content else { return None };
        let (_, _, said) = to_report(items).find(|(item, ..)| *item == done.to_report)?;
        let by = roster_author(client, opened).filter(|by| !said.to.contains(by) && done.readers.contains(by));
        (said.to.contains(&me) && by.is_some()).then_some(done)
    })
}

/// Who reads all of it, as those said who passed on a part of it to this reader.
pub(super) fn said_to_read(client: &Client, items: &[Item]) -> Vec<KeyedReader> {
    all_say(passed_to_me(client, items).map(|done| (&*done.readers, &*done.struck))).readers
}

/// To whom a reader of before says that they passed something on, where what the reporter said about it is from before this reader came.
fn passed_unseen(client: &Client, items: &[Item], readers: &[KeyedReader]) -> Vec<KeyedReader> {
    let unseen = |done: &&PassOn| proven(items).all(|(item, _)| item != done.to_report);
    let by_reader = proven(items).filter_map(|(_, opened)| {
        let Content::PassOn(done) = &opened.content else { return None };
        roster_author(client, opened).filter(|by| readers.contains(by)).map(|_| done)
    });
    by_reader.filter(unseen).flat_map(|done| done.to.iter().cloned()).collect()
}

/// Who is named as a reader each time, and who is excluded any time: whoever adds a name adds nobody.
fn all_say<'a>(lists: impl Iterator<Item = (&'a [KeyedReader], &'a [ReaderId])>) -> Told {
    let mut readers: Option<Vec<KeyedReader>> = None;
    let mut struck = BTreeSet::new();
    for (named, excluded) in lists {
        match &mut readers {
            Some(readers) => readers.retain(|r| named.contains(r)),
            None => readers = Some(named.to_vec()),
        }
        struck.extend(excluded.iter().cloned());
    }
    Told { readers: readers.unwrap_or_default(), struck, passed: Vec::new() }
}

/// The reporter's first item, of their own items: a reader can repeat the keys, not sign with them.
pub(super) fn first<'a>(items: &'a [Item], reporter: &crate::seal::ReporterPublic) -> Option<&'a Opened> {
    let own = proven(items).map(|(_, opened)| opened).filter(|o| o.manifest.head.author == Author::Reporter);
    own.into_iter().find(|o| o.manifest.head.reporter.as_ref().is_some_and(|r| r.same_keys(reporter)))
}
