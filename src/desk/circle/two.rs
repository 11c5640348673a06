//! What changes a circle: a yes of the reporter, the word of two readers, or that of who goes.
use std::collections::{BTreeSet, HashMap, HashSet};

use super::said::{author, handed_over, last_answer, proven, roster_author, to_report};
use crate::{
    desk::{
        Client,
        duty::too_long,
        open::{Content, Item, Opened},
    },
    domain::{
        day::Day,
        ground::{in_time, not_before},
        id::{ItemId, KeyedReader, ReaderId},
        order::Before,
        routing::may_approve_duty,
    },
    seal::{
        ItemHead, Kind,
        circle::{LeftReason, TakenOut},
        consent::{HandOver, ToReport},
    },
};

/// Everybody who was let in.
pub(super) struct Joined {
    /// Those who could read from the start, and these.
    pub(super) ever: Vec<KeyedReader>,
    /// Who was let in, as often as they were.
    pub(super) joined: Vec<LetIn>,
}

/// That somebody was let in.
pub(super) struct LetIn {
    pub(super) who: KeyedReader,
    pub(super) day: Day,
    /// The item that says so.
    item: ItemId,
    /// What those had before them who decided it: the reporter with their answer, or two readers on a legal duty.
    decided: Vec<Before>,
    /// What everybody had before them who says that it was carried out: one reader alone can say so again.
    carried_out: Vec<Before>,
}

impl Joined {
    /// Whom the reporter, or two readers on a legal duty, let in besides those of the start. Who went before is none of two.
    pub(super) fn of(
        client: &Client,
        items: &[Item],
        start: &[KeyedReader],
        struck: &BTreeSet<ReaderId>,
        gone: &Gone,
    ) -> Self {
        let all = proven(items).filter_map(|(_, opened)| Some((&opened.manifest.head, handed_over(opened)?)));
        let mut left: Vec<(&ItemHead, &HandOver)> = all.filter(|(_, done)| !struck.contains(&done.to.reader)).collect();
        let (mut ever, mut joined) = (start.to_vec(), Vec::new());
        // A request is carried out once, however often somebody says so.
        let mut carried_out: HashSet<ItemId> = HashSet::new();
        // Somebody let in may be one of the two who let in the next.
        loop {
            let counts = |by: &KeyedReader, act: &ItemId| ever.contains(by) && gone.counts(by, act);
            let lets_in = |head: &ItemHead, done: &HandOver| {
                agreed(items, done) || on_duty(client, items, (done, head.day), &counts)
            };
            let (now, later): (Vec<_>, Vec<_>) = left.into_iter().partition(|(head, done)| lets_in(head, done));
            if now.is_empty() {
                return Self { ever, joined };
            }
            let new = now.into_iter().filter(|(_, done)| carried_out.insert(done.request));
            joined.extend(new.map(|(head, done)| LetIn {
                who: done.to.clone(),
                day: head.day,
                item: head.item,
                decided: before(items, |head, _| head.item == done.answer || is_duty(head, done)),
                carried_out: before(items, |_, again| again.is_some_and(|again| again.request == done.request)),
            }));
            ever = start.iter().chain(joined.iter().map(|let_in: &LetIn| &let_in.who)).cloned().collect();
            left = later;
        }
    }

    /// Whether somebody could read from the start.
    fn chosen(&self, who: &KeyedReader) -> bool {
        self.ever.iter().filter(|r| *r == who).count() > self.came(who).count()
    }

    /// How somebody came in.
    fn came(&self, who: &KeyedReader) -> impl Iterator<Item = &LetIn> {
        self.joined.iter().filter(move |let_in| let_in.who == *who)
    }

    /// Whether this was said of somebody who could read: from the start, or let in by those who had not seen it yet. What was said of a
    /// stranger binds nobody whom the reporter lets in later.
    fn was_in(&self, who: &KeyedReader, said: &ItemId) -> bool {
        let all = |before: &[Before]| !before.is_empty() && before.iter().all(|before| before.has(said));
        let knew = |let_in: &LetIn| all(&let_in.decided) || all(&let_in.carried_out);
        self.chosen(who) || self.came(who).any(|let_in| !knew(let_in))
    }
}

/// What the authors of some items had before them.
fn before(items: &[Item], which: impl Fn(&ItemHead, Option<&HandOver>) -> bool) -> Vec<Before> {
    let all = proven(items).map(|(_, opened)| (&opened.manifest.head, handed_over(opened)));
    all.filter(|(head, done)| which(head, *done)).map(|(head, _)| head.before.clone()).collect()
}

/// Whether this is what a first reader asked on a legal duty; a request to the reporter decides nothing.
fn is_duty(head: &ItemHead, done: &HandOver) -> bool {
    head.kind == Kind::DutyRequest && head.item == done.request
}

/// Whether the reporter said yes to exactly this, and did not take it back.
pub(super) fn agreed(items: &[Item], done: &HandOver) -> bool {
    let said_yes = last_answer(items, &done.request).is_some_and(|(_, item, a)| item == done.answer && a.yes);
    let asked = proven(items).any(|(id, opened)| {
        id == done.request && matches!(&opened.content, Content::Request(asked) if asked.to == done.to)
    });
    said_yes && asked
}

/// Whether two different readers whose acts count said that a legal duty asks for exactly this, and it was done on a day on which it could be.
pub(super) fn on_duty(
    client: &Client,
    items: &[Item],
    (done, day): (&HandOver, Day),
    counts: &dyn Fn(&KeyedReader, &ItemId) -> bool,
) -> bool {
    let by = |wanted: ItemId, holds: &dyn Fn(&Content) -> bool| {
        let found = proven(items).find(|(id, opened)| *id == wanted && holds(&opened.content));
        found.and_then(|(_, opened)| roster_author(client, opened)).filter(|by| counts(by, &wanted))
    };
    let asked =
        by(done.request, &|content| matches!(content, Content::Duty(asked) if asked.to == done.to && !too_long(asked)));
    let approved = by(done.answer, &|content| matches!(content, Content::DutyApproved(a) if a.request == done.request));
    let approved = approved.filter(|by| client.roster.known(&by.reader).is_some_and(may_approve_duty));
    let two =
        asked.zip(approved).is_some_and(|(first, second)| first != second && first != done.to && second != done.to);
    two && on_its_day(client, items, done, day)
}

/// Whether what a legal duty asks was done on a day on which it could be.
fn on_its_day(client: &Client, items: &[Item], done: &HandOver, day: Day) -> bool {
    let opened = |wanted: &ItemId| proven(items).find(|(id, _)| id == wanted).map(|(_, opened)| opened);
    let (Some(asked), Some(approved)) = (opened(&done.request), opened(&done.answer)) else { return false };
    let Content::Duty(duty) = &asked.content else { return false };
    let first = || not_before(asked.manifest.head.day, Some(approved.manifest.head.day));
    in_time(duty.notice.then(first), day, client.today())
}

/// What somebody did as one of two readers: whoever says that they go, or that they were taken out, names these, and nobody is let in by
/// anything else of theirs from then on.
pub(in crate::desk) fn acts(client: &Client, items: &[Item], who: &KeyedReader) -> Vec<ItemId> {
    let of_two = |content: &Content| {
        matches!(content, Content::Duty(_) | Content::DutyApproved(_) | Content::TakeOut(_) | Content::TakenOut(_))
    };
    let theirs = proven(items).filter(|(_, o)| of_two(&o.content) && roster_author(client, o).as_ref() == Some(who));
    theirs.map(|(item, _)| item).collect()
}

/// Who is not a reader any more.
#[derive(Default)]
pub(super) struct Gone {
    /// By their own word, and not let in again.
    pub(super) left: HashSet<KeyedReader>,
    out: HashSet<KeyedReader>,
    /// Whom nobody lets in again.
    pub(super) struck: BTreeSet<ReaderId>,
    /// What they did as one of two before they went, as everybody says who says that they went.
    before: HashMap<KeyedReader, BTreeSet<ItemId>>,
}

impl Gone {
    /// Who left, by their own word, or was taken out, by that of two others. Who take each other out both go.
    pub(super) fn of(client: &Client, items: &[Item], there: &Joined) -> Self {
        let mut gone = Self::default();
        // Each time by how they had come in, so far as they saw: who says it twice, as when a first try failed, goes once.
        let mut went: HashSet<(KeyedReader, Vec<ItemId>)> = HashSet::new();
        for (_, opened) in proven(items) {
            let Content::Left(left) = &opened.content else { continue };
            let Some(by) = author(client, items, opened) else { continue };
            // Also who only read what went along: it binds nobody but themselves.
            if left.reason != LeftReason::Leaving {
                gone.struck.insert(by.reader.clone());
            }
            if !there.was_in(&by, &opened.manifest.head.item) {
                continue;
            }
            gone.only(&by, left.acts.iter().copied().collect());
            let came = there.came(&by).map(|let_in| let_in.item);
            let seen = came.filter(|item| opened.manifest.head.before.has(item)).collect();
            went.insert((by, seen));
        }
        // Who left and was let in again is a reader: they came in as often as they went, and once more.
        for reader in &there.ever {
            let came = there.came(reader).count() + usize::from(there.chosen(reader));
            if went.iter().filter(|(r, _)| r == reader).count() >= came {
                gone.left.insert(reader.clone());
            }
        }
        for (_, opened) in proven(items) {
            let Content::TakenOut(taken) = &opened.content else { continue };
            let Some(who) = Self::taken_out(client, items, there, (opened, taken)) else { continue };
            gone.only(&who, counting(client, items, &who, taken));
            gone.struck.insert(who.reader.clone());
            gone.out.insert(who);
        }
        gone
    }

    /// Whether something that a reader did as one of two lets somebody in. That somebody was taken out counts always: whoever was one of
    /// those two does not undo it by going.
    pub(super) fn counts(&self, by: &KeyedReader, act: &ItemId) -> bool {
        let here = !self.left.contains(by) && !self.out.contains(by);
        here || self.before.get(by).is_some_and(|acts| acts.contains(act))
    }

    fn only(&mut self, who: &KeyedReader, acts: BTreeSet<ItemId>) {
        self.before.entry(who.clone()).and_modify(|before| before.retain(|act| acts.contains(act))).or_insert(acts);
    }

    /// Whom a second reader took out, if a first one asked for it and both are others of the circle, or were. Of those who read what
    /// went along with a report, two who read it too are enough.
    fn taken_out(
        client: &Client,
        items: &[Item],
        there: &Joined,
        (second, taken): (&Opened, &TakenOut),
    ) -> Option<KeyedReader> {
        let (who, first) = first_out(client, items, taken)?;
        let second = roster_author(client, second)?;
        let may = |by: &KeyedReader, among: &[KeyedReader]| there.ever.contains(by) || among.contains(by);
        let two = |among: &[KeyedReader]| may(&first, among) && may(&second, among);
        let with = |said: &ToReport| said.to.contains(&who) && two(&said.to);
        let may = if there.was_in(&who, &taken.take_out) {
            two(&[])
        } else {
            to_report(items).any(|(_, _, said)| with(said))
        };
        (may && first != second && first != who && second != who).then_some(who)
    }
}

/// What somebody who is taken out had done as one of two: what the second names, and what the first had before them.
fn counting(client: &Client, items: &[Item], who: &KeyedReader, taken: &TakenOut) -> BTreeSet<ItemId> {
    let first = proven(items).find(|(id, _)| *id == taken.take_out).map(|(_, opened)| &opened.manifest.head.before);
    let seen = |act: &ItemId| first.is_some_and(|before| before.has(act));
    acts(client, items, who).into_iter().filter(|act| taken.acts.contains(act) || seen(act)).collect()
}

/// Who was asked to be taken out, and by whom.
fn first_out(client: &Client, items: &[Item], taken: &TakenOut) -> Option<(KeyedReader, KeyedReader)> {
    let (_, first) = proven(items).find(|(id, _)| *id == taken.take_out)?;
    let Content::TakeOut(wanted) = &first.content else { return None };
    Some((wanted.who.clone(), roster_author(client, first)?))
}
