//! What is proven of a case's items, and by whom.
use super::entry::to_me;
use crate::{
    desk::{
        Client,
        open::{Content, Item, Opened, State},
    },
    domain::{
        day::Day,
        guest::GuestCard,
        id::{CaseId, ItemId, KeyedReader},
        withdrawal::{Sent, Withdrawal},
    },
    seal::{
        Author, ItemHead, Kind, Origin, StoryText,
        consent::{Answer, HandOver, ToReport},
        guest::{vouched, wrote},
    },
};

/// What is proven of a case's items.
pub(in crate::desk) fn proven(items: &[Item]) -> impl Iterator<Item = (ItemId, &Opened)> {
    items.iter().filter_map(|item| match &item.state {
        State::Opened(opened) if opened.proven => Some((item.id, &**opened)),
        _ => None,
    })
}

/// What readers did, as far as it counts: what was written to the reporter and does not go to them was not done, nor what the
/// server did not count.
pub(in crate::desk) fn done(items: &[Item]) -> impl Iterator<Item = (ItemId, &Opened)> {
    proven(items).filter(|(_, opened)| opened.manifest.head.author != Author::Reporter && opened.counts())
}

/// The first form, as the reporter filled it in. A reader's is none.
pub(in crate::desk) fn story(items: &[Item]) -> Option<&StoryText> {
    proven(items).find_map(|(_, opened)| match &opened.content {
        Content::Story(story) if opened.manifest.head.author == Author::Reporter => Some(story),
        _ => None,
    })
}

/// How the case came to be, as the reporter's first item says it.
pub(in crate::desk) fn origin(items: &[Item]) -> Option<&Origin> {
    let mut heads = proven(items).map(|(_, opened)| &opened.manifest.head);
    heads.find(|head| head.author == Author::Reporter && head.reporter.is_some()).map(|head| &head.origin)
}

/// The reporter's answer to a request.
pub(in crate::desk) fn answer((item, opened): (ItemId, &Opened)) -> Option<(ItemId, &Answer)> {
    let by_reporter = opened.manifest.head.author == Author::Reporter;
    if let Content::Answer(answer) = &opened.content { by_reporter.then_some((item, answer)) } else { None }
}

/// What the reporter said last to a request, and its place among all they said.
pub(super) fn last_answer<'a>(items: &'a [Item], request: &ItemId) -> Option<(u32, ItemId, &'a Answer)> {
    let said = proven(items).filter_map(|(item, opened)| {
        let (item, answer) = answer((item, opened))?;
        (answer.request == *request).then_some((opened.manifest.head.seq, item, answer))
    });
    said.max_by_key(|(seq, ..)| *seq)
}

/// Whether somebody handed over what the reporter agreed to for this person.
fn carried_out(items: &[Item], request: &ItemId, to: &KeyedReader) -> bool {
    let yes = last_answer(items, request).filter(|(.., answer)| answer.yes);
    let done = |answer| proven(items).filter_map(|(_, o)| handed_over(o)).any(|d| d.follows((request, &answer), to));
    yes.is_some_and(|(_, answer, _)| done(answer))
}

/// What the reporter let go with a report: item, its place among theirs, and what it says.
pub(in crate::desk) fn to_report(items: &[Item]) -> impl Iterator<Item = (ItemId, u32, &ToReport)> {
    proven(items).filter_map(|(item, opened)| match &opened.content {
        Content::ToReport(said) if opened.manifest.head.author == Author::Reporter => {
            Some((item, opened.manifest.head.seq, said))
        }
        _ => None,
    })
}

/// Those who read what went along with a report, and no more, by what the reporter said; and who says it of themselves that they went, as
/// often, did.
pub(super) fn passed(client: &Client, items: &[Item]) -> Vec<KeyedReader> {
    let said = |r: &KeyedReader| to_report(items).filter(|(_, _, said)| said.to.contains(r)).count();
    let left = |r: &KeyedReader| {
        let left = proven(items).filter(|(_, opened)| matches!(opened.content, Content::Left(_)));
        left.filter(|(_, opened)| author(client, items, opened).as_ref() == Some(r)).count()
    };
    let all = to_report(items).flat_map(|(_, _, said)| &said.to);
    all.filter(|r| said(r) > left(r)).cloned().collect()
}

/// What says that something was shared.
pub(in crate::desk) fn handed_over(opened: &Opened) -> Option<&HandOver> {
    if let Content::HandOver(done) = &opened.content { Some(done) } else { None }
}

/// Where the reporter's withdrawal stands.
pub(in crate::desk) fn withdrawal(items: &[Item]) -> Withdrawal {
    let by_reporter = proven(items).filter(|(_, opened)| opened.manifest.head.author == Author::Reporter);
    Withdrawal::of(by_reporter.map(|(item, opened)| {
        let ItemHead { kind, day, before, .. } = &opened.manifest.head;
        let withdraws = *kind == Kind::Withdrawal;
        Sent { item, day: *day, withdraws, seeks_contact: kind.seeks_contact(), before }
    }))
}

/// The day on which the reporter withdrew, as long as that stands.
pub(in crate::desk) fn withdrawn(items: &[Item]) -> Option<Day> {
    withdrawal(items).stands()
}

/// The reader of the roster who wrote something that is proven, with their keys.
pub(super) fn roster_author(client: &Client, opened: &Opened) -> Option<KeyedReader> {
    let head = &opened.manifest.head;
    let Author::Reader(id) = &head.author else { return None };
    client.roster.signer(id, &opened.by, head.day)
}

/// The reader or guest who wrote something that is proven, with their keys.
pub(in crate::desk) fn author(client: &Client, items: &[Item], opened: &Opened) -> Option<KeyedReader> {
    let by = |card: &&GuestCard| wrote(card, &opened.manifest.head, &opened.by);
    let guest = || cards(client, items).iter().find(by).map(GuestCard::keyed);
    roster_author(client, opened).or_else(guest)
}

/// The cards of the guests whom the reporter agreed to and who were let in then, those in the hand-over to this reader, and one's own. What a
/// reader only asks for makes nobody a guest.
pub(in crate::desk) fn cards(client: &Client, items: &[Item]) -> Vec<GuestCard> {
    let case = case(items);
    let believed = |card: &&GuestCard| case.is_some_and(|case| vouched(card, &client.roster, &case));
    let_in(client, items).filter(believed).chain(&client.me.card).cloned().collect()
}

/// The cards of guests who were let in and read no more because somebody of the roster has such a name since.
pub(in crate::desk) fn namesakes(client: &Client, items: &[Item]) -> Vec<GuestCard> {
    let now = cards(client, items);
    let ended = |card: &&GuestCard| {
        let named_anew = now.iter().any(|other| other.keyed() == card.keyed());
        card.guest.has_namesake(&client.roster) && card.counts_on(client.today()) && !named_anew
    };
    let mut ended: Vec<GuestCard> = let_in(client, items).filter(ended).cloned().collect();
    ended.dedup_by_key(|card| card.keyed());
    ended
}

fn case(items: &[Item]) -> Option<CaseId> {
    proven(items).map(|(_, opened)| opened.manifest.head.case).next()
}

/// The cards that a reporter agreed to and that were carried out, whether they count or not.
fn let_in<'a>(client: &'a Client, items: &'a [Item]) -> impl Iterator<Item = &'a GuestCard> {
    let asked = proven(items).filter_map(|(item, opened)| match &opened.content {
        Content::Request(asked) if carried_out(items, &item, &asked.to) => {
            asked.card.as_ref().filter(|card| card.keyed() == asked.to)
        }
        _ => None,
    });
    asked.chain(to_me(client, items).into_iter().flat_map(|done| &done.cards))
}
