//! What a coordinator has to do today: the clocks, what nobody opened, what is past its review. From clocks and the register alone.
use std::collections::BTreeMap;

use crate::{
    api_types::oversight::{Overview, OverviewCase},
    desk::{
        Client, Entry, last_seen,
        ledger::{ByCase, closed_without},
        owed::Owed,
        reader_changes, register,
    },
    domain::{
        case::{CaseState, RESERVE_DAYS},
        day::Day,
        id::{CaseId, ReaderId},
        roster::WARN_DAYS,
    },
    text::Texts,
};

/// Days before a legal date or a destruction at which it is named.
const SOON: i32 = 7;
/// Days after which a key that showed no sign is named.
const SILENT: i32 = 30;
/// Days for which it is said that who reads was changed.
pub(in crate::desk) const CHANGED: i32 = 30;

/// A line of today's work; `case` is the one it is about.
pub(super) struct Line {
    pub(super) text: String,
    pub(super) case: Option<CaseId>,
}

/// One of the things of today: a heading, what is said when there is nothing, and the lines.
pub(super) struct Section {
    pub(super) heading: &'static str,
    pub(super) none: &'static str,
    pub(super) lines: Vec<Line>,
}

/// A case's first eight digits, to tell cases apart on a page.
pub(super) fn short(case: &CaseId) -> String {
    case.to_string().chars().take(8).collect()
}

/// Three things today, what is destroyed soon, and where who reads was changed.
pub(super) fn sections(client: &Client, t: Texts, overview: &Overview, entries: &[Entry]) -> [Section; 5] {
    let (rows, log, day) = (register(entries), ByCase::of(entries), client.today());
    let row = |case: &CaseId| rows.get(case).map(|known| &known.row);
    let line = |id: &str, case: &OverviewCase, day: Day| Line {
        text: t.with(id, &[("case", short(&case.case)), ("day", t.day(day))]),
        case: Some(case.case),
    };
    let (mut clocks, mut unopened, mut reviews, mut destruction) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for case in &overview.cases {
        let owed = Owed::watched(case, row(&case.case));
        if owed.has_term() && case.due <= day.plus_days(SOON) {
            let text = owed.in_words(t, t.day(case.due), case.due < day);
            let text = t.with("watch-clock", &[("case", short(&case.case)), ("text", text)]);
            clocks.push(Line { text, case: Some(case.case) });
        }
        if case.state == CaseState::Unopened && case.filed.plus_days(RESERVE_DAYS) <= day {
            let id = if case.reserve { "watch-unopened-reserve" } else { "watch-unopened" };
            unopened.push(line(id, case, case.filed));
        }
        let ends = case.destroy_after.filter(|ends| *ends <= day.plus_days(SOON) && case.state == CaseState::Closed);
        destruction.extend(ends.map(|ends| line("watch-destroy", case, ends)));
        let lately = row(&case.case).filter(|row| row.closed.is_none_or(|closed| closed >= day.plus_days(-CHANGED)));
        reviews.extend(closed_without(case, &log, lately).map(|without| Line {
            text: t.with("watch-clock", &[("case", short(&case.case)), ("text", t.get(without.text_id()))]),
            case: Some(case.case),
        }));
        let late = row(&case.case).and_then(|row| row.progress.as_ref()).filter(|p| p.late > 0);
        reviews.extend(late.filter(|_| !case.state.is_closed()).map(|p| Line {
            text: t.with("watch-steps", &[("case", short(&case.case)), ("count", p.late.to_string())]),
            case: Some(case.case),
        }));
    }
    reviews.extend(of_the_roster(client, t, day));
    reviews.extend(silent(client, t, &last_seen(entries), day));
    [
        Section { heading: "watch-clocks", none: "watch-clocks-none", lines: clocks },
        Section { heading: "watch-unopened-title", none: "watch-unopened-none", lines: unopened },
        Section { heading: "watch-reviews", none: "watch-reviews-none", lines: reviews },
        Section { heading: "watch-destruction", none: "watch-destruction-none", lines: destruction },
        Section { heading: "watch-changed", none: "watch-changed-none", lines: changes(t, entries, day) },
    ]
}

/// How often who reads was changed, by case. Who came or went is not for this page.
fn changes(t: Texts, entries: &[Entry], day: Day) -> Vec<Line> {
    let all = reader_changes(entries, day.plus_days(-CHANGED)).into_iter();
    all.map(|(case, count)| Line { text: changed(t, case.as_ref().map(short), count), case }).collect()
}

/// How often who reads was changed in a case, by its number. Where there is none, it was advice, or a case that its reader left unread.
pub(in crate::desk) fn changed(t: Texts, case: Option<String>, count: usize) -> String {
    let count = ("count", count.to_string());
    match case {
        Some(case) => t.with("watch-changed-case", &[("case", case), count]),
        None => t.with("watch-changed-unnamed", &[count]),
    }
}

/// The organisation's own file and protocols.
fn of_the_roster(client: &Client, t: Texts, day: Day) -> Vec<Line> {
    let file = client.watches().and_then(|(org, _)| client.roster.organisation(org)?.file.as_ref());
    let Some(file) = file else { return Vec::new() };
    let old = file
        .protocols
        .iter()
        .filter(|p| p.needs_review(day))
        .map(|p| t.with("watch-protocol", &[("name", t.pick(&p.name).to_owned()), ("day", t.day(p.review_by))]));
    let expires = file.head.expires;
    let ends = (expires <= day.plus_days(WARN_DAYS)).then(|| t.with("watch-roster", &[("day", t.day(expires))]));
    old.chain(ends).map(|text| Line { text, case: None }).collect()
}

/// Readers whose keys showed no sign for long; those that never did, in one line.
fn silent(client: &Client, t: Texts, seen: &BTreeMap<ReaderId, Day>, day: Day) -> Vec<Line> {
    let own = client.watches().and_then(|(org, _)| client.roster.organisation(org));
    let readers = own.into_iter().flat_map(|o| o.file.iter().flat_map(|f| &f.readers).filter_map(|r| o.reader(&r.id)));
    let (mut lines, mut never) = (Vec::new(), Vec::new());
    for reader in readers {
        let name = t.pick(&reader.shown_as).to_owned();
        match seen.get(&reader.id) {
            Some(last) if day < last.plus_days(SILENT) => {}
            Some(last) => lines.push(t.with("watch-silent", &[("name", name), ("day", t.day(*last))])),
            None => never.push(name),
        }
    }
    let names = (!never.is_empty()).then(|| t.with("watch-never", &[("names", never.join(", "))]));
    lines.into_iter().chain(names).map(|text| Line { text, case: None }).collect()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::register::{CaseKind, Channel, Row};

    #[test]
    fn a_case_waits_for_what_the_law_asks_and_after_feedback_for_nothing() {
        let days = ["2026-11-24", "2026-12-01", "2027-02-24", "2027-03-02"].map(Day::parse);
        let [Some(filed), Some(week), Some(term), Some(later)] = days else { unreachable!("days") };
        let case = |state, due| OverviewCase {
            case: CaseId::from_uuid(Uuid::from_u128(1)),
            state,
            filed,
            due,
            destroy_after: None,
            groups: Vec::new(),
            reserve: false,
        };
        let row = |acknowledged, feedback| Row {
            received: filed,
            channel: Channel::Web,
            kind: CaseKind::Report,
            topic: None,
            acknowledged,
            feedback,
            assessment: None,
            closing: None,
            closed: None,
            progress: None,
        };
        let open = |due| case(CaseState::Open, due);
        // Nobody has said yet that it is a report.
        assert_eq!(Owed::watched(&open(week), None), Owed::IfReport);
        assert_eq!(Owed::watched(&open(week), Some(&row(None, None))), Owed::Acknowledge);
        assert_eq!(Owed::watched(&open(term), Some(&row(Some(filed), None))), Owed::Feedback);
        // A guest confirmed it, who writes no row.
        assert_eq!(Owed::watched(&open(term), Some(&row(None, None))), Owed::FeedbackUnlessGiven);
        // The server counts on to a day that nobody promised.
        assert_eq!(Owed::watched(&open(later), Some(&row(Some(filed), Some(week)))), Owed::FedBack);
        // A row that says so, and of which the server counted nothing.
        assert_eq!(Owed::watched(&open(term), Some(&row(Some(filed), Some(week)))), Owed::Feedback);
        assert_eq!(Owed::watched(&open(later), Some(&row(None, None))), Owed::FedBack);
        assert_eq!(Owed::watched(&case(CaseState::Closed, term), None), Owed::Nothing);
        let identity = Row { kind: CaseKind::Identity, ..row(None, None) };
        assert_eq!(Owed::watched(&open(week), Some(&identity)), Owed::Nothing);
    }
}
