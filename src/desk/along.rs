//! What went along with a report from advice. Its readers alone know that the two cases belong together; so whoever goes from the report goes
//! from that by what the desks of its readers do, and the server needs not know why.
use std::time::Instant;

use super::{
    Client, DeskError,
    circle::{Circle, author, origin, proven, to_report},
    leave::remove,
    log::UNNAMED,
    many,
    open::{Content, Item, entered},
    summary::Summaries,
    write::send_as,
};
use crate::{
    api_types::{CaseView, TakingOut},
    domain::id::{CaseId, ItemId, KeyedReader},
    seal::{
        Kind, Plaintext,
        circle::{TakeOut, TakenOut},
    },
};

/// A case, with what of it was opened.
pub(super) type Advice = (CaseView, Vec<Item>);

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
    /// Of so many cases it is not known just now.
    pub(super) failed: usize,
    /// The case from which this one was filed with the same code.
    pub(super) from: Option<CaseView>,
    /// What was filed from this one.
    pub(super) filed: Vec<CaseView>,
}

impl Beside {
    /// Of a case that was opened, by what this desk saw before: see [`look`].
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
        let circle = Circle::of(client, items).ok();
        let (along, failed) = each(client, &client.along.with(case), async |advice| Ok(advice)).await;
        for advice in along {
            beside.still.extend(circle.iter().flat_map(|circle| still(client, circle, &advice)));
            beside.advice.push(advice.0);
        }
        Ok(Self { failed, ..beside })
    }
}

/// Remembers with which reports something of a case went along, as its reporter said.
pub(super) fn learn(client: &Client, case: &CaseView, items: &[Item]) -> Result<(), DeskError> {
    let reports = to_report(items).map(|(_, _, said)| said.report).collect();
    client.along.learn(&client.me, (&case.case, &case.items), reports)
}

/// Looks into what went along and was not looked into yet, until then at most, to see with which report; returns how many are left, whatever
/// the reason. Nothing of it is shown: it is not read by that, and nobody has opened the case.
pub(super) async fn look(client: &Client, cases: &[CaseView], until: Option<Instant>) -> usize {
    let left = |case: &&CaseView| case.passed && !client.along.knows(case);
    let new: Vec<&CaseView> = cases.iter().filter(left).collect();
    for part in many::parts(&new) {
        if until.is_some_and(|until| Instant::now() >= until) {
            break;
        }
        if look_into(client, part.clone()).await.is_err() {
            // One of them that fails keeps nobody from the others.
            for case in part {
                drop(look_into(client, vec![case]).await);
            }
        }
    }
    new.into_iter().filter(left).count()
}

async fn look_into(client: &Client, cases: Vec<&CaseView>) -> Result<(), DeskError> {
    let opened = many::open_messages(client, cases).await?;
    opened.into_iter().try_for_each(|(case, items)| learn(client, case, &items))
}

/// The advice of which something went along with a report, when all that this reader has was looked into; and how many cases were not.
pub(super) async fn found(client: &Client, report: &CaseId) -> Result<(Vec<CaseId>, usize), DeskError> {
    let left = look(client, &client.inbox().await?, None).await;
    Ok((client.along.with(report), left))
}

/// Does something with all advice of which something went along with a report; returns of how many cases it failed, or is not known whether they
/// did.
pub(super) async fn with_all(
    client: &Client,
    report: &CaseId,
    act: impl AsyncFn(Advice) -> Result<(), DeskError>,
) -> usize {
    let Ok((advice, left)) = found(client, report).await else { return 1 };
    let (_, failed) = each(client, &advice, act).await;
    left + failed
}

/// The same with some of it; what comes of each, and how many failed.
async fn each<T>(
    client: &Client,
    advice: &[CaseId],
    act: impl AsyncFn(Advice) -> Result<T, DeskError>,
) -> (Vec<T>, usize) {
    let (mut done, mut failed) = (Vec::new(), 0);
    for case in advice {
        let one = async {
            // It was destroyed meanwhile, or this reader went from it.
            let Some(advice) = opened(client, case).await? else { return Ok(None) };
            act(advice).await.map(Some)
        };
        match one.await {
            Ok(one) => done.extend(one),
            Err(_) => failed += 1,
        }
    }
    (done, failed)
}

async fn opened(client: &Client, id: &CaseId) -> Result<Option<Advice>, DeskError> {
    let Some(case) = there(client, id).await? else { return Ok(None) };
    let items = many::open_messages(client, vec![&case]).await?.pop().map(|(_, items)| items);
    Ok(items.map(|items| (case, items)))
}

/// A case of the inbox, with its readers; nothing when it was destroyed meanwhile, or this reader went from it.
async fn there(client: &Client, id: &CaseId) -> Result<Option<CaseView>, DeskError> {
    match client.case(id).await {
        Err(error) if error.is_nothing() => Ok(None),
        case => case.map(Some),
    }
}

/// Asks, as the first of two, that somebody is out of what went along, too. It stands in the advice, for its readers alone: nothing in the
/// report says which that is.
pub(super) async fn ask(client: &Client, report: &CaseId, who: &KeyedReader) -> Result<(), DeskError> {
    let one =
        async |advice: Advice| if reads(client, &advice, who) { ask_in(client, &advice, who).await } else { Ok(()) };
    if with_all(client, report, one).await == 0 { Ok(()) } else { Err(DeskError::known("desk-error-along-ask")) }
}

/// Whether somebody only reads what went along, and this reader may take them out of it with another.
fn reads(client: &Client, (case, items): &Advice, who: &KeyedReader) -> bool {
    let may = || Circle::of(client, items).is_ok_and(|circle| circle.may_take_out(&client.me.keyed(), who));
    case.readers.contains(who) && may()
}

/// Who went from a report and still reads what went along with it.
fn still(client: &Client, report: &Circle, advice: &Advice) -> Vec<Still> {
    let went = advice.0.readers.iter().filter(|who| report.went(who) && reads(client, advice, who));
    let one = |who: &KeyedReader| {
        let asked = asked(client, &advice.1, who).iter().any(|(_, by, _)| *by == client.me.keyed());
        Still { advice: advice.0.case, who: who.clone(), asked }
    };
    went.map(one).collect()
}

/// Takes everybody who went from a report out of what went along with it, as far as this reader can; returns who is left.
pub(super) async fn take_out_gone(client: &Client, report: &CaseId) -> Result<Vec<Still>, DeskError> {
    let (_, items) = entered(client, report).await?;
    let circle = Circle::of(client, &items)?;
    let (along, left) = found(client, report).await?;
    let (_, failed) = each(client, &along, async |advice| all_out(client, &circle, advice).await).await;
    let (still, unknown) = each(client, &along, async |advice| Ok(still(client, &circle, &advice))).await;
    if left + failed + unknown > 0 {
        return Err(DeskError::known("desk-error-along-out"));
    }
    Ok(still.into_iter().flatten().collect())
}

async fn all_out(client: &Client, report: &Circle, mut advice: Advice) -> Result<(), DeskError> {
    for Still { who, advice: id, .. } in still(client, report, &advice) {
        out(client, &advice, &who).await?;
        // What was said of one stands before what is said of the next.
        let Some(now) = opened(client, &id).await? else { break };
        advice = now;
    }
    Ok(())
}

/// Takes somebody who went from a report out of what went along with it: as the second of two, where a first one asked for it there; as the
/// first otherwise, and another who reads it confirms.
pub(super) async fn take_out(client: &Client, report: &CaseId, who: &KeyedReader) -> Result<(), DeskError> {
    let one = async |advice: Advice| if reads(client, &advice, who) { out(client, &advice, who).await } else { Ok(()) };
    if with_all(client, report, one).await == 0 { Ok(()) } else { Err(DeskError::known("desk-error-along")) }
}

async fn out(client: &Client, advice: &Advice, who: &KeyedReader) -> Result<(), DeskError> {
    let (case, items) = advice;
    let circle = Circle::of(client, items)?;
    let me = client.me.keyed();
    let counts = |by: &KeyedReader| *by != me && case.readers.contains(by) && circle.may_take_out(by, who);
    let Some((item, by, signature)) = asked(client, items, who).into_iter().find(|(_, by, _)| counts(by)) else {
        return ask_in(client, advice, who).await;
    };
    remove(client, case, UNNAMED, TakingOut { who: who.clone(), by, signature, log: None }).await?;
    say(client, advice, who, Kind::TakenOut, TakenOut::new(item, Vec::new()).into_body()).await
}

/// Asks as the first, once.
async fn ask_in(client: &Client, advice: &Advice, who: &KeyedReader) -> Result<(), DeskError> {
    let (case, items) = advice;
    if asked(client, items, who).iter().any(|(_, by, _)| *by == client.me.keyed()) {
        return Ok(());
    }
    let asks = TakeOut::new(&client.roster.instance, &case.case, who.clone(), Plaintext::default(), &client.me.signer);
    say(client, advice, who, Kind::TakeOut, asks.into_body()).await
}

/// Says something in the advice to everybody who reads it, but the one whom it is about.
async fn say(
    client: &Client,
    (case, items): &Advice,
    who: &KeyedReader,
    kind: Kind,
    body: Plaintext,
) -> Result<(), DeskError> {
    let to = Circle::of(client, items)?.all_but(client, case, who)?;
    send_as(client, case, (kind, None, None), body, &to, UNNAMED).await.map(drop)
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
