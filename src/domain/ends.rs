//! When a case is destroyed.
use super::{case::CaseState, day::Day, id::OrgId, roster::Roster};

/// When a case is destroyed. One rule for everybody who is told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ends {
    /// So many days after it is closed: it is not closed yet.
    AfterClosing(i32),
    /// On this day, or in the first night after it in which the server can.
    On(Day),
    /// Not while a coordinator keeps it; then on this day, or at once when it is over.
    Kept(Day),
}

/// When a case of an organisation is destroyed, with the day that was set when it was closed. `None` where no term is known: nothing is
/// destroyed then.
pub fn ends(roster: &Roster, org: &OrgId, state: CaseState, destroy_after: Option<Day>) -> Option<Ends> {
    let file = roster.organisation(org).and_then(|o| o.file.as_ref());
    match state {
        CaseState::Unopened | CaseState::Open => file.map(|file| Ends::AfterClosing(file.retention_days)),
        CaseState::Closed => destroy_after.map(Ends::On),
        CaseState::Held => destroy_after.map(Ends::Kept),
    }
}
