//! Who reads a case, in the reporter's words: now, from a day on, or in the place of who is away.
use super::{consent, readers::CaseReader};
use crate::{
    domain::{
        case::{Case, CaseState, RESERVE_DAYS},
        day::Day,
    },
    http::App,
    text::Texts,
};

/// The reserve reader who is still held back in a case that nobody opened: the reporter chose them too, and need not wait.
pub(super) fn held(t: Texts, case: &Case, readers: &[CaseReader<'_>], served: Day) -> Option<String> {
    let held = readers.iter().find(|r| r.waits(served));
    held.filter(|_| case.state == CaseState::Unopened).map(|r| t.pick(&r.reader.shown_as).to_owned())
}

/// That the reserve reader can read a case nobody opened: their day came (domain: day 4), or the reporter let them.
pub(super) fn reserve_joined(
    app: &App,
    t: Texts,
    case: &Case,
    (readers, left): (&[CaseReader<'_>], bool),
) -> Option<String> {
    let joined = readers.iter().find(|r| r.release.is_some() && !r.waits(app.clock.today()));
    let (reader, day) =
        joined.filter(|_| case.state == CaseState::Unopened).and_then(|r| Some((r.reader, r.release?)))?;
    let id = if day < case.filed.plus_days(RESERVE_DAYS) { "reserve-let" } else { "reserve-joined" };
    let id = if left && id == "reserve-joined" { "reserve-left" } else { id };
    Some(t.with(id, &[("name", t.pick(&reader.shown_as).to_owned())]))
}

/// A reader as the reporter sees them; who cannot read yet, or not all, is named so.
pub(super) fn name(t: Texts, reader: &CaseReader<'_>, (served, passed): (Day, bool)) -> String {
    let name = t.pick(&reader.reader.shown_as).to_owned();
    let waits = reader.waits(served).then(|| t.get("reads-reserve"));
    match waits.or(passed.then(|| t.get("reads-passed"))) {
        Some(how) => format!("{name} ({how})"),
        None => name,
    }
}

/// Who is away, and who reads in their place.
pub(super) fn absent(app: &App, t: Texts, readers: &[CaseReader<'_>]) -> Vec<String> {
    let held = readers.iter().find(|r| r.waits(app.clock.today()));
    let stand_in = held.map(|r| t.pick(&r.reader.shown_as).to_owned());
    let one = |r: &CaseReader<'_>| {
        let values = [("name", t.pick(&r.reader.shown_as).to_owned()), ("day", t.day(r.away?))];
        Some(match stand_in.as_ref().filter(|_| r.release.is_none()) {
            Some(other) => t.with("away-stand-in", &[values.as_slice(), &[("other", other.clone())]].concat()),
            None => t.with("away", &values),
        })
    };
    let mut absent = readers.iter().filter_map(one).collect();
    consent::shorten(t, &mut absent, consent::LINES);
    absent
}
