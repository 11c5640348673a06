//! What the log of an organisation comes to: the register, whose keys work, where readers changed. What is in doubt counts for nothing.
use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::Entry;
use crate::{
    api_types::oversight::OverviewCase,
    domain::{
        case::{Act, CaseState, counted, dates},
        day::Day,
        id::{CaseId, ReaderId},
        log::{Deed, Record},
        register::{CaseKind, Row},
    },
};

/// What is believed of a log: records without doubt, and of those with a row only the ones of readers of the roster.
fn believed(entries: &[Entry]) -> impl Iterator<Item = (&Record, Option<&Row>)> {
    let records = entries.iter().filter(|entry| entry.problem.is_none()).filter_map(|entry| entry.record.as_ref());
    records.map(|record| (record, record.row.as_ref().filter(|row| record.card.is_none() && row.is_known())))
}

/// What is believed of a log, by case: an overview asks it of each.
pub(super) struct ByCase<'a>(BTreeMap<CaseId, Vec<(&'a Record, Option<&'a Row>)>>);

impl<'a> ByCase<'a> {
    pub(super) fn of(entries: &'a [Entry]) -> Self {
        let mut cases: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (record, row) in believed(entries) {
            cases.entry(record.case).or_default().push((record, row));
        }
        Self(cases.into_iter().filter_map(|(case, said)| Some((case?, said))).collect())
    }

    /// What readers and overseers say of a case; what the server says of it is not theirs.
    fn signed(&self, case: &CaseId) -> impl Iterator<Item = &(&'a Record, Option<&'a Row>)> {
        self.0.get(case).into_iter().flatten().filter(|(record, _)| record.by.is_some())
    }
}

/// A report of the register.
#[derive(Clone, Debug)]
pub struct Registered {
    /// What its readers say of it.
    pub row: Row,
    /// The day it was destroyed, when its term was over.
    pub destroyed: Option<Day>,
    /// It ended without either: the server does not have it any more, and nobody closed it. Its reporter withdrew it while nobody had it
    /// open, or it was lost. No record tells of it, for none tells what a reporter does; only a coordinator sees that it is not there.
    pub gone: bool,
}

/// The register: the last row of each case. What was done stays done: who was let in later writes a row too, and does not see all that came
/// before.
pub fn register(entries: &[Entry]) -> BTreeMap<CaseId, Registered> {
    let mut rows: BTreeMap<CaseId, Registered> = BTreeMap::new();
    for (record, row) in believed(entries) {
        let Some(case) = record.case else { continue };
        if let Some(row) = row.filter(|row| row.kind != CaseKind::Identity) {
            let new = || Registered { row: row.clone(), destroyed: None, gone: false };
            rows.entry(case).and_modify(|known| known.row.follow(row.clone())).or_insert_with(new);
        }
        if let Some(known) = rows.get_mut(&case).filter(|_| record.deed == Deed::Destroyed) {
            known.destroyed = Some(record.day);
        }
    }
    rows
}

/// The cases that are said to be no reports, and who says so: in them a reporter says who they are, if they chose to. No clock runs on them. A
/// case of which anybody says that it is a report is one.
pub fn without_clock(entries: &[Entry]) -> BTreeMap<CaseId, BTreeSet<ReaderId>> {
    let rows =
        || believed(entries).filter_map(|(record, row)| Some((record.case?, row?.kind == CaseKind::Identity, record)));
    let reports: BTreeSet<CaseId> = rows().filter(|(_, identity, _)| !identity).map(|(case, ..)| case).collect();
    let mut said: BTreeMap<CaseId, BTreeSet<ReaderId>> = BTreeMap::new();
    for (case, _, record) in rows().filter(|(case, ..)| !reports.contains(case)) {
        said.entry(case).or_default().extend(record.by.clone());
    }
    said
}

/// What the server says was done in a case, and no record of a reader says. Whoever writes into the log what nobody can open moves a clock,
/// or ends a case, without a word that is theirs.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Ahead {
    /// Receipt was confirmed, or feedback given.
    Answered,
    /// Feedback was given.
    FedBack,
    /// It was closed.
    Closed,
}

impl Ahead {
    /// The id of its text.
    pub(super) fn text_id(self) -> &'static str {
        match self {
            Self::Answered => "watch-ahead-answered",
            Self::FedBack => "watch-ahead-fed-back",
            Self::Closed => "watch-ahead-closed",
        }
    }
}

/// What the register says was done in a case, and the server did not count: an altered desk wrote it, or the act failed after its record.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Behind {
    /// Receipt was confirmed.
    Acknowledged,
    /// Feedback was given.
    FedBack,
    /// It was closed.
    Closed,
}

impl Behind {
    /// The id of its text.
    pub(super) fn text_id(self) -> &'static str {
        match self {
            Self::Acknowledged => "watch-behind-acknowledged",
            Self::FedBack => "watch-behind-fed-back",
            Self::Closed => "watch-behind-closed",
        }
    }
}

/// Whether the server is behind a case's row of the register: what ends most first.
pub(super) fn behind(case: &OverviewCase, row: Option<&Row>) -> Option<Behind> {
    let row = row.filter(|row| row.kind != CaseKind::Identity)?;
    let says = [
        (Behind::Closed, Act::Close, row.closed),
        (Behind::FedBack, Act::Feedback, row.feedback),
        (Behind::Acknowledged, Act::Acknowledge, row.acknowledged),
    ];
    let missing = |act, day: Option<Day>| day.is_some() && !counts(case, act, day);
    says.into_iter().find(|(_, act, day)| missing(*act, *day)).map(|(behind, ..)| behind)
}

/// Whether an act of which a row names the day was counted by the server: see [`counted`].
pub(super) fn counts(case: &OverviewCase, act: Act, day: Option<Day>) -> bool {
    day.is_some_and(|day| counted((act, day), case.state, (case.filed, case.due)))
}

/// What is wrong in a case, between the server and the register or with its end: the ids of its texts.
pub(super) fn apart(case: &OverviewCase, log: &ByCase<'_>, row: Option<&Row>) -> impl Iterator<Item = &'static str> {
    let ids = [
        ahead(case, log).map(Ahead::text_id),
        behind(case, row).map(Behind::text_id),
        closed_without(case, log, row).map(Without::text_id),
    ];
    ids.into_iter().flatten()
}

/// What the law asks of a report, and no record says was done before it was closed. That its reporter withdrew, and is owed none of it, no
/// record tells.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Without {
    /// Neither.
    Both,
    /// The confirmation of receipt.
    Acknowledgement,
    /// Feedback.
    Feedback,
}

impl Without {
    /// The id of its text.
    pub(super) fn text_id(self) -> &'static str {
        match self {
            Self::Both => "watch-without-both",
            Self::Acknowledgement => "watch-without-acknowledgement",
            Self::Feedback => "watch-without-feedback",
        }
    }
}

/// What is missing in a closed report, by its row of the register and the records of whom writes none.
pub(super) fn closed_without(case: &OverviewCase, log: &ByCase<'_>, row: Option<&Row>) -> Option<Without> {
    let row = row.filter(|row| case.state.is_closed() && row.kind != CaseKind::Identity)?;
    let did = |deed: Deed| log.signed(&case.case).any(|(record, _)| record.deed == deed);
    let acknowledged = row.acknowledged.is_some() || did(Deed::Acknowledged);
    match (acknowledged, row.feedback.is_some() || did(Deed::GaveFeedback)) {
        (true, true) => None,
        (true, false) => Some(Without::Feedback),
        (false, true) => Some(Without::Acknowledgement),
        (false, false) => Some(Without::Both),
    }
}

/// The text that says where a case stands. Who had opened one that nobody has opened now wrote its row of the register.
pub(super) fn state(case: &OverviewCase, row: Option<&Row>) -> &'static str {
    match case.state {
        CaseState::Unopened if row.is_some() => "desk-state-left",
        state => state.text_id(),
    }
}

/// Whether the server is ahead of what is believed of the log, in one case.
pub(super) fn ahead(case: &OverviewCase, log: &ByCase<'_>) -> Option<Ahead> {
    // Who reads only a part writes no row: then what they did stands in the record.
    let said = |deed: Deed, day: fn(&Row) -> Option<Day>| {
        log.signed(&case.case).any(|(record, row)| record.deed == deed || row.and_then(day).is_some())
    };
    let fed_back = || said(Deed::GaveFeedback, |row| row.feedback);
    let terms = dates(case.filed, None);
    if case.state.is_closed() && !said(Deed::Closed, |row| row.closed) {
        Some(Ahead::Closed)
    } else if case.due > terms.feedback && !fed_back() {
        Some(Ahead::FedBack)
    } else if case.due != terms.acknowledge && !fed_back() && !said(Deed::Acknowledged, |row| row.acknowledged) {
        Some(Ahead::Answered)
    } else {
        None
    }
}

/// Takes the cases out of an overview on which no clock runs, as somebody says. One that nobody has opened stays there too: whoever knows what
/// it is has opened it.
pub(super) fn take_without_clock(
    cases: &mut Vec<OverviewCase>,
    entries: &[Entry],
) -> Vec<(OverviewCase, BTreeSet<ReaderId>)> {
    let said = without_clock(entries);
    let taken = cases.iter().filter_map(|case| Some((case.clone(), said.get(&case.case)?.clone()))).collect();
    cases.retain(|case| case.state == CaseState::Unopened || !said.contains_key(&case.case));
    taken
}

/// The last day on which each person of the log showed that their keys work: everything they sign does.
pub fn last_seen(entries: &[Entry]) -> BTreeMap<ReaderId, Day> {
    let mut days = BTreeMap::new();
    for (record, _) in believed(entries) {
        if let Some(by) = &record.by {
            days.insert(by.clone(), record.day);
        }
    }
    days
}

/// What a coordinator did about a case, in the order they did it.
pub(super) fn coordinated<'a>(entries: &'a [Entry], case: &CaseId) -> impl Iterator<Item = &'a Record> {
    let case = *case;
    believed(entries).map(|(record, _)| record).filter(move |r| r.case == Some(case) && r.deed.is_coordinator_s())
}

/// Whether a case was kept, and is no longer.
pub(super) fn released(entries: &[Entry], case: &CaseId) -> bool {
    let kept = coordinated(entries, case).map(|record| record.deed);
    kept.filter(|deed| matches!(deed, Deed::Held | Deed::Released)).last() == Some(Deed::Released)
}

/// How often who reads was changed since a day: somebody left, was taken out or let in. By case; where the log names none, together.
pub fn reader_changes(entries: &[Entry], since: Day) -> BTreeMap<Option<CaseId>, usize> {
    let mut changes = BTreeMap::new();
    let changes_readers = |deed: Deed| {
        matches!(deed, Deed::LeftCase | Deed::TookOut | Deed::HandedOver | Deed::PassedOn | Deed::ChangedReaders)
    };
    for (record, _) in believed(entries).filter(|(r, _)| changes_readers(r.deed) && r.day >= since) {
        *changes.entry(record.case).or_default() += 1;
    }
    changes
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::{
        domain::{
            classification::{Classification, Stage},
            guest::{Guest, GuestCard, VERSION},
            id::{InstanceId, OrgId},
            register::Channel,
            roster::Text,
        },
        seal::code::Language,
        text::Texts,
    };

    fn entry(deed: Deed, row: Option<(CaseKind, &str)>, problem: Option<&'static str>) -> Option<Entry> {
        let day = Day::parse("2026-11-24")?;
        let named = |(kind, of): (CaseKind, &str)| Row {
            received: day,
            channel: Channel::Web,
            kind,
            topic: None,
            acknowledged: None,
            feedback: None,
            assessment: Some(Classification {
                list: 1,
                stage: Stage::Assessment,
                of: of.to_owned(),
                flags: BTreeSet::new(),
                assessment: "accepted".to_owned(),
                investigation: None,
                finding: None,
                measures: BTreeSet::new(),
            }),
            closing: None,
            closed: None,
            progress: None,
        };
        let record = Record {
            v: 1,
            instance: InstanceId::from_uuid(Uuid::from_u128(1)),
            org: OrgId::parse("bzk")?,
            by: ReaderId::parse("bzk-functionaris-1"),
            day,
            deed,
            case: Some(CaseId::from_uuid(Uuid::from_u128(2))),
            row: row.map(named),
            seen: None,
            card: None,
            sent: None,
        };
        Some(Entry { number: 1, record: Some(record), problem, sent_by: None })
    }

    #[test]
    fn a_report_stays_one_whoever_says_something_else_of_it() {
        let report = || entry(Deed::Noted, Some((CaseKind::Report, "theft")), None);
        let identity = |problem| entry(Deed::Noted, Some((CaseKind::Identity, "theft")), problem);
        let hidden =
            |entries: [Option<Entry>; 2]| without_clock(&entries.into_iter().flatten().collect::<Vec<_>>()).len();
        assert_eq!(hidden([identity(None), None]), 1);
        assert_eq!(hidden([identity(Some("audit-unsigned")), None]), 0);
        assert_eq!(hidden([report(), identity(None)]), 0);
        assert_eq!(hidden([identity(None), report()]), 0);
    }

    #[test]
    fn what_is_said_to_be_no_report_is_shown_with_who_says_so_and_what_nobody_opened_keeps_its_clock() {
        let Some(day) = Day::parse("2026-11-24") else { unreachable!("a day") };
        let case = |n, state| OverviewCase {
            case: CaseId::from_uuid(Uuid::from_u128(n)),
            state,
            filed: day,
            due: day,
            destroy_after: None,
            groups: Vec::new(),
            reserve: false,
        };
        let entries: Vec<Entry> = entry(Deed::Noted, Some((CaseKind::Identity, "theft")), None).into_iter().collect();
        let taken = |state| {
            let mut cases = vec![case(2, state), case(3, state)];
            let taken = take_without_clock(&mut cases, &entries);
            let by = taken.iter().flat_map(|(_, by)| by).map(ToString::to_string).collect::<Vec<_>>();
            (cases.len(), taken.len(), by)
        };
        let by = vec!["bzk-functionaris-1".to_owned()];
        assert_eq!(taken(CaseState::Open), (1, 1, by.clone()));
        assert_eq!(taken(CaseState::Closed), (1, 1, by.clone()));
        assert_eq!(taken(CaseState::Unopened), (2, 1, by));
    }

    #[test]
    fn the_register_takes_codes_alone_and_what_was_destroyed_stays_so() {
        let rows = |entries: Vec<Option<Entry>>| register(&entries.into_iter().flatten().collect::<Vec<_>>());
        let formula = |of| rows(vec![entry(Deed::Noted, Some((CaseKind::Report, of)), None)]);
        assert!(formula("=1+1").is_empty() && formula("a,b").is_empty() && formula("\u{1b}[2J").is_empty());
        assert_eq!(formula("theft").len(), 1);
        let again = rows(vec![
            entry(Deed::Closed, Some((CaseKind::Report, "theft")), None),
            entry(Deed::Destroyed, None, None),
            entry(Deed::Noted, Some((CaseKind::Report, "theft")), None),
        ]);
        assert!(again.values().all(|known| known.destroyed.is_some()) && again.len() == 1);
    }

    /// A guest stands in no roster: their card, where the record is believed, says who they are.
    #[test]
    fn the_log_says_of_a_guest_that_they_are_one() {
        let made = entry(Deed::Opened, None, None).zip(Day::parse("2026-12-24")).zip(ReaderId::parse("ad-onderzoeker"));
        let Some(((mut entry, until), id)) = made else { unreachable!("an entry") };
        let name = |text: &str| Text { nl: text.to_owned(), en: text.to_owned() };
        let guest = Guest { id: id.clone(), shown_as: name("Audit"), seal_key: String::new(), sign_key: String::new() };
        let Some(record) = &mut entry.record else { unreachable!("a record") };
        let case = CaseId::from_uuid(Uuid::from_u128(2));
        let by = ReaderId::parse("bzk-functionaris-1").unwrap_or_else(|| unreachable!("a name"));
        record.card = Some(GuestCard { v: VERSION, case, guest, until, by, signature: String::new() });
        let t = Texts::of(Language::En);
        assert_eq!(entry.by(t, |_| None), "bzk-functionaris-1", "a card speaks for nobody else");
        if let Some(record) = &mut entry.record {
            record.by = Some(id);
        }
        assert_eq!(entry.by(t, |_| None), "Guest reader: Audit, guest until 24 December 2026");
        entry.problem = Some("audit-stranger");
        assert_eq!(entry.by(t, |_| None), "ad-onderzoeker");
    }
}
