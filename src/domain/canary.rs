//! What the canary organisation is kept out of: forms, notices, numbers, other people's cases. Pure.
use super::{
    id::{OrgId, ReaderId},
    roster::{OrgEntry, Roster, Scope},
};

impl OrgEntry {
    /// Whether the form shows it.
    pub fn is_shown(&self) -> bool {
        matches!(self.scope, Scope::In | Scope::Referral)
    }
}

impl Roster {
    /// Whether an organisation is there for the canary alone.
    pub fn is_canary(&self, org: &OrgId) -> bool {
        self.organisation(org).is_some_and(|o| o.entry.scope == Scope::Canary)
    }

    /// Whether a reader opens synthetic reports alone.
    pub fn is_canary_reader(&self, id: &ReaderId) -> bool {
        self.organisations.iter().any(|o| o.entry.scope == Scope::Canary && o.reader(id).is_some())
    }
}
