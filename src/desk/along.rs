//! What went along with a report from advice. Its readers alone know that the two cases belong together; so whoever goes from the report goes
//! from that by what the desks of its readers do, and the server needs not know why.
use futures_util::{StreamExt, TryStreamExt, stream};

use super::{
    Client, DeskError,
    circle::{Circle, author, origin, proven, to_report},
    leave::remove,
    many,
    open::{Content, Item, entered},
    summary::Summaries,
    write::send,
};
use crate::{
    api_types::{CaseView, TakingOut},
    domain::{
        case::CaseState,
        id::{CaseId, ItemId, KeyedReader},
        roster::Function,
    },
    seal::{
        Kind, Plaintext,
        circle::{FirstOut, OutOf, TakeOut, TakenOut, take_out_bytes},
    },
};

/// Cases at most that are looked at to see whether they belong to the one that is shown.
const UNKNOWN: usize = 50;

/// A case, with what of it was opened.
type Advice = (CaseView, Vec<Item>);

/// What a first reader signed: their item in the report, who they are, and for what went along.
pub(super) type Signed<'a> = (ItemId, KeyedReader, &'a [OutOf]);

/// Somebody who went from a report, and still reads what went along with it.
pub(super) struct Still {
    /// The advice.
    pub(super) advice: CaseId,
    /// Who.
    pub(super) who: KeyedReader,
    /// This reader asked there already: another must confirm it.
    pub(super) asked: bool,
}

/// What a case goes together with because advice became a report, or one was filed from the other, as far as this reader reads both.
#[derive(Default)]
pub(super) struct Beside {
    /// The reports that were made of this advice.
    pub(super) reports: Vec<CaseView>,
    /// The advice of which something went along with this report.
    pub(super) advice: Vec<CaseView>,
    /// Who went from this report, and still reads that.
    pub(super) still: Vec<Still>,
    /// The case from which this one was filed with the same code.
    pub(super) from: Option<CaseView>,
    /// What was filed from this one.
    pub(super) filed: Vec<CaseView>,
}

impl Beside {
    /// Of a case that was opened.
    pub(super) async fn of(
        client: &Client,
        summaries: &Summaries,
        case: &CaseId,
        items: &[Item],
    ) -> Result<Self, DeskError> {
        let mut beside = Self::default();
        for (_, _, said) in to_report(items) {
            // Who does not read the report, as an adviser, gets no answer.
            beside.reports.extend(there(client, &said.report).await?);
        }
        if let Some(from) = origin(items).and_then(|origin| origin.from) {
            beside.from = there(client, &from).await?;
        }
        for filed in summaries.filed_from(case) {
            beside.filed.extend(there(client, &filed).await?);
        }
        let along = known(client, summaries, case).await?;
        if let Ok(circle) = Circle::of(client, items) {
            beside.still = still(client, &circle, &along);
        }
        beside.advice = along.into_iter().map(|(case, _)| case).collect();
        Ok(beside)
    }
}

/// The advice of which something went along with a report, among all that this reader has.
pub(super) async fn all(client: &Client, report: &CaseId) -> Result<Vec<Advice>, DeskError> {
    let (mut known, unknown) = before(client, report).await?;
    known.extend(of_advisers(client, unknown).await?);
    among(client, report, &known).await
}

/// The same, of what the summaries say, and of the latest that this reader did not open yet.
pub(super) async fn known(client: &Client, summaries: &Summaries, report: &CaseId) -> Result<Vec<Advice>, DeskError> {
    let (mut known, mut unknown) = before(client, report).await?;
    let may_be = |case: &CaseView| {
        let summary = summaries.of(&case.case).filter(|_| summaries.knows(case));
        summary.is_none_or(|summary| summary.reports.contains(report))
    };
    known.retain(may_be);
    unknown.sort_by_key(|case| std::cmp::Reverse(case.filed));
    unknown.truncate(UNKNOWN);
    known.extend(of_advisers(client, unknown).await?);
    among(client, report, &known).await
}

/// The cases of this reader that are no newer than a report, as the advice it was made of: those that this reader opened, and others that
/// somebody opened.
async fn before(client: &Client, report: &CaseId) -> Result<(Vec<CaseView>, Vec<CaseView>), DeskError> {
    let mut cases = client.inbox().await?;
    let filed = cases.iter().find(|case| case.case == *report).map(|case| case.filed);
    let before = |case: &CaseView| filed.is_some_and(|filed| case.filed <= filed);
    cases.retain(|case| case.case != *report && before(case) && case.state != CaseState::Unopened);
    Ok(cases.into_iter().partition(|case| client.has_opened(&case.case)))
}

/// Of these cases, those that an adviser reads. A report is not opened to see what it is: that would count as if this reader knew it.
async fn of_advisers(client: &Client, cases: Vec<CaseView>) -> Result<Vec<CaseView>, DeskError> {
    let adviser = |r: &KeyedReader| client.roster.keyed(r).is_some_and(|r| r.functions.contains(&Function::Adviser));
    let views = stream::iter(&cases).map(|case| there(client, &case.case)).buffered(many::at_once());
    let views: Vec<Option<CaseView>> = views.try_collect().await?;
    Ok(views.into_iter().flatten().filter(|case| case.readers.iter().any(adviser)).collect())
}

/// A case of the inbox, with its readers; nothing when it was destroyed meanwhile, or this reader went from it.
async fn there(client: &Client, id: &CaseId) -> Result<Option<CaseView>, DeskError> {
    match client.case(id).await {
        Err(error) if error.is_nothing() => Ok(None),
        case => case.map(Some),
    }
}

async fn among(client: &Client, report: &CaseId, cases: &[CaseView]) -> Result<Vec<Advice>, DeskError> {
    let cases: Vec<&CaseView> = cases.iter().collect();
    let parts = stream::iter(many::parts(&cases)).map(|part| many::open_messages(client, part));
    let opened: Vec<Vec<(&CaseView, Vec<Item>)>> = parts.buffered(many::at_once()).try_collect().await?;
    let mut found = Vec::new();
    for (case, items) in opened.into_iter().flatten() {
        if to_report(&items).any(|(_, _, said)| said.report == *report) {
            // The inbox names no readers.
            found.extend(there(client, &case.case).await?.map(|case| (case, items)));
        }
    }
    Ok(found)
}

/// What a first reader signs besides, for a second one to use: out of what went along too.
pub(super) async fn signed(client: &Client, report: &CaseId, who: &KeyedReader) -> Result<Vec<OutOf>, DeskError> {
    let sign = |(case, _): &Advice| {
        let bytes = take_out_bytes(&client.roster.instance, &case.case, who);
        OutOf { case: case.case, signature: hex::encode(client.me.signer.sign(&bytes)) }
    };
    Ok(all(client, report).await?.iter().filter(|advice| reads(client, advice, who)).map(sign).collect())
}

/// Whether somebody only reads what went along, and this reader may take them out of it with another.
fn reads(client: &Client, (case, items): &Advice, who: &KeyedReader) -> bool {
    let may = || Circle::of(client, items).is_ok_and(|circle| circle.may_take_out(&client.me.keyed(), who));
    case.readers.contains(who) && may()
}

/// Who went from a report and still reads what went along with it.
pub(super) fn still(client: &Client, report: &Circle, along: &[Advice]) -> Vec<Still> {
    let of = |advice: &Advice| {
        let went = advice.0.readers.iter().filter(|who| report.went(who) && reads(client, advice, who));
        let one = |who: &KeyedReader| {
            let asked = asked(client, &advice.1, who).iter().any(|(_, by, _)| *by == client.me.keyed());
            Still { advice: advice.0.case, who: who.clone(), asked }
        };
        went.map(one).collect::<Vec<_>>()
    };
    along.iter().flat_map(of).collect()
}

/// Takes everybody who went from a report out of what went along with it, as far as this reader can.
pub(super) async fn take_out_gone(client: &Client, report: &CaseId) -> Result<Vec<Still>, DeskError> {
    let (_, items) = entered(client, report).await?;
    let circle = Circle::of(client, &items)?;
    for Still { who, .. } in still(client, &circle, &all(client, report).await?) {
        let signed = items_out(client, &items, &who);
        take_out(client, report, &who, signed).await?;
    }
    Ok(still(client, &circle, &all(client, report).await?))
}

/// What somebody signed in the report to take this reader out of it and of what went along.
fn items_out<'a>(client: &Client, items: &'a [Item], who: &KeyedReader) -> Option<Signed<'a>> {
    let by_another = |(item, opened): (ItemId, &'a super::Opened)| {
        let Content::TakeOut(asked) = &opened.content else { return None };
        let by = author(client, items, opened).filter(|by| *by != client.me.keyed() && asked.who == *who)?;
        (!asked.along.is_empty()).then_some((item, by, &*asked.along))
    };
    proven(items).find_map(by_another)
}

/// Takes somebody who went from a report out of what went along with it: as the second of two, where a first one signed for it in the
/// report or asks for it there; as the first otherwise, and another who reads it confirms.
pub(super) async fn take_out(
    client: &Client,
    report: &CaseId,
    who: &KeyedReader,
    signed: Option<Signed<'_>>,
) -> Result<(), DeskError> {
    for advice in all(client, report).await? {
        if reads(client, &advice, who) {
            out(client, &advice, who, signed.as_ref()).await?;
        }
    }
    Ok(())
}

async fn out(
    client: &Client,
    (case, items): &Advice,
    who: &KeyedReader,
    signed: Option<&Signed<'_>>,
) -> Result<(), DeskError> {
    let circle = Circle::of(client, items)?;
    let me = client.me.keyed();
    let to = circle.all_but(client, case, who)?;
    let there = |by: &KeyedReader| *by != me && case.readers.contains(by) && circle.may_take_out(by, who);
    let from_report = signed.filter(|(_, by, _)| there(by)).and_then(|(item, by, along)| {
        let along = along.iter().find(|out| out.case == case.case)?;
        Some((*item, by.clone(), along.signature.clone()))
    });
    let asked = asked(client, items, who);
    let here = asked.iter().find(|(_, by, _)| there(by)).cloned();
    let taken_out = match (&from_report, &here) {
        (_, Some((item, ..))) => TakenOut::new(*item, Vec::new()),
        (Some((item, by, signature)), None) => {
            TakenOut::along(*item, FirstOut { who: who.clone(), by: by.clone(), signature: signature.clone() })
        }
        (None, None) if asked.iter().any(|(_, by, _)| *by == me) => return Ok(()),
        (None, None) => {
            let asks =
                TakeOut::new(&client.roster.instance, &case.case, who.clone(), Plaintext::default(), &client.me.signer);
            return send(client, (case, items), (Kind::TakeOut, None), asks.into_body(), &to).await.map(drop);
        }
    };
    if let Some((_, by, signature)) = here.or(from_report) {
        remove(client, case, items, TakingOut { who: who.clone(), by, signature, log: None }).await?;
    }
    send(client, (case, items), (Kind::TakenOut, None), taken_out.into_body(), &to).await.map(drop)
}

/// What was asked in the advice itself: item, by whom, and their signature.
fn asked(client: &Client, items: &[Item], who: &KeyedReader) -> Vec<(ItemId, KeyedReader, String)> {
    let one = |(item, opened): (ItemId, &super::Opened)| {
        let Content::TakeOut(asked) = &opened.content else { return None };
        let by = author(client, items, opened).filter(|_| asked.who == *who)?;
        Some((item, by, asked.signature.clone()))
    };
    proven(items).filter_map(one).collect()
}
