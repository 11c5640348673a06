//! Who may read: the root file and each organisation's file joined into one proven [`Roster`].
//!
//! Pure: what contradicts itself is found by [`super::roster_check`]; signatures, serials and hashes are checked by
//! [`crate::roster_files`] before a roster is believed.
pub use super::roster_file::{
    AdviserEntry, Desk, Function, Head, MAX_DAYS, Mode, OrgEntry, OrgFile, Overseer, Reader, Role, RootFile, Scope,
    Signers, Status, Text, Topic, WARN_DAYS,
};
use super::{
    day::Day,
    id::{InstanceId, KeyedReader, OrgId, ReaderId},
    said::Said,
};

/// An organisation with its proven file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Organisation {
    /// From the root file.
    pub entry: OrgEntry,
    /// Its own file; none for a referral.
    pub file: Option<OrgFile>,
}

impl Organisation {
    /// The reader with this id, if they are of this organisation and active.
    pub fn reader(&self, id: &ReaderId) -> Option<&Reader> {
        self.file.as_ref()?.readers.iter().find(|r| r.id == *id && r.status == Status::Active)
    }

    /// Its active overseers.
    pub fn overseers(&self) -> impl Iterator<Item = &Overseer> {
        self.file.iter().flat_map(|f| &f.overseers).filter(|o| o.status == Status::Active)
    }

    /// The desk for a topic: the one that names it, else the one that takes all others.
    pub fn desk(&self, topic: Topic) -> Option<&Desk> {
        let desks = &self.file.as_ref()?.desks;
        desks.iter().find(|d| d.topics.contains(&topic)).or_else(|| desks.iter().find(|d| d.topics.is_empty()))
    }
}

/// Everything that is believed about who may read.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Roster {
    /// The deployment's id.
    pub instance: InstanceId,
    /// Live, training or demo.
    pub mode: Mode,
    /// SHA-256 over the files' hashes: changes when anything in the roster does.
    pub digest: [u8; 32],
    /// The last day on which all of its files count; nothing is sealed after it.
    pub expires: Day,
    /// In the order shown.
    pub organisations: Vec<Organisation>,
}

/// What is wrong with a roster, in one line that says where.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RosterError {
    /// Which file.
    pub file: String,
    /// What is wrong and what to do.
    pub problem: Said,
}

impl Roster {
    /// The organisation with this id.
    pub fn organisation(&self, id: &OrgId) -> Option<&Organisation> {
        self.organisations.iter().find(|o| o.entry.id == *id)
    }

    /// The desk outside all departments.
    pub fn outside(&self) -> Option<&Organisation> {
        self.organisations.iter().find(|o| o.entry.scope == Scope::Outside)
    }

    /// An active reader of any organisation.
    pub fn reader(&self, id: &ReaderId) -> Option<&Reader> {
        self.organisations.iter().find_map(|o| o.reader(id))
    }

    /// A reader of any organisation, active or retired: who they are, for what they did before.
    pub fn known(&self, id: &ReaderId) -> Option<&Reader> {
        let files = self.organisations.iter().filter_map(|o| o.file.as_ref());
        files.flat_map(|f| &f.readers).find(|r| r.id == *id && r.status != Status::Revoked)
    }

    /// The reader of this name, if a signature with a key (Ed25519, public) under something of that day is theirs and counts. What somebody
    /// signed before they retired stays; of who was revoked nothing counts.
    pub fn signer(&self, id: &ReaderId, key: &[u8; 32], day: Day) -> Option<KeyedReader> {
        self.known(id).filter(|r| r.signed(key, day)).map(Reader::keyed)
    }

    /// Whether a coordinator of an organisation signed something of a day, as [`Self::signer`] has it.
    pub fn coordinator_signed(&self, org: &OrgId, (id, key): (&ReaderId, &[u8; 32]), day: Day) -> bool {
        let overseers = self.organisation(org).and_then(|o| o.file.as_ref()).into_iter().flat_map(|f| &f.overseers);
        overseers.filter(|o| o.role == Role::Coordinator && o.id == *id).any(|o| o.signed(key, day))
    }

    /// An active reader who still has the keys they had.
    pub fn keyed(&self, keyed: &KeyedReader) -> Option<&Reader> {
        self.reader(&keyed.reader).filter(|now| now.keyed() == *keyed)
    }

    /// The active overseers of an organisation.
    pub fn overseers(&self, org: &OrgId) -> impl Iterator<Item = &Overseer> {
        self.organisation(org).into_iter().flat_map(Organisation::overseers)
    }

    /// An active overseer, and whom they watch over.
    pub fn overseer(&self, id: &ReaderId) -> Option<(&OrgId, &Overseer)> {
        self.organisations.iter().find_map(|o| Some((&o.entry.id, o.overseers().find(|w| w.id == *id)?)))
    }

    /// All active readers.
    pub fn readers(&self) -> impl Iterator<Item = &Reader> {
        let files = self.organisations.iter().filter_map(|o| o.file.as_ref());
        files.flat_map(|f| &f.readers).filter(|r| r.status == Status::Active)
    }
}
