//! The staff log of an organisation: what readers and overseers did, by day. No act of a reporter is in it.
//!
//! Records are sealed; what chains them is a hash over their ciphertexts and over whose they are, so that anybody can check the chain
//! and nobody without a key can read it.
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{
    day::Day,
    guest::GuestCard,
    id::{CaseId, InstanceId, KeyedReader, OrgId, ReaderId},
    register::Row,
};

/// Something that was done.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Deed {
    /// Read a case for the first time.
    Opened,
    /// Confirmed receipt.
    Acknowledged,
    /// Asked the reporter something.
    Asked,
    /// Answered the reporter.
    Answered,
    /// Gave feedback.
    GaveFeedback,
    /// Wrote for the other readers.
    Noted,
    /// Ended a case.
    Closed,
    /// Added a file.
    AddedFile,
    /// Asked the reporter whether somebody else may read.
    AskedConsent,
    /// Let somebody else read what was agreed.
    HandedOver,
    /// Said that a legal duty asks to let somebody read.
    ClaimedDuty,
    /// Agreed, as a second reader, that it does.
    ApprovedDuty,
    /// Set down what a case is and what came of it.
    Classified,
    /// Worked by a protocol.
    Protocol,
    /// Entered a report for somebody who called or came.
    EnteredOral,
    /// Wrote down for the reporter what they told.
    WroteAccount,
    /// Made items readable for somebody else: what is said of it follows.
    Shared,
    /// Passed on to the readers of a report what its reporter let go along from advice.
    PassedOn,
    /// Wrote to the readers who stay that they leave.
    ToldLeaving,
    /// Left a case.
    LeftCase,
    /// Asked, as the first of two, that a reader is taken out.
    AskedTakeOut,
    /// Took a reader out, as the second.
    TookOut,
    /// Wrote to the readers who stay that somebody was taken out.
    ToldTakenOut,
    /// Said how two cases belong together. Which they are is for the readers of both alone.
    Linked,
    /// Left a case or took another out, as earlier programs said.
    ChangedReaders,
    /// Something else in a case.
    Other,
    /// Showed that their keys work.
    KeysWork,
    /// Said that they are away. Until when is for the readers of their cases.
    Away,
    /// Said that they are back.
    Back,
    /// Kept a case from destruction.
    Held,
    /// Let a case be destroyed when its term is over.
    Released,
    /// Reminded the readers of a case.
    Reminded,
    /// Asked the readers of a case to hand it to others.
    AskedTransfer,
    /// Told the readers of a case that it goes higher up.
    Escalated,
    /// Coordinator: told the readers that the case is kept.
    ToldHold,
    /// Coordinator: told the readers that the case is kept no longer.
    ToldRelease,
    /// The server destroyed a case whose term was over.
    Destroyed,
    /// The server took a record from somebody who had signed in.
    Received,
}

impl Deed {
    /// Whether it is something that a coordinator does about one case.
    pub fn is_coordinator_s(self) -> bool {
        use Deed::{AskedTransfer, Escalated, Held, Released, Reminded, ToldHold, ToldRelease};
        matches!(self, Held | Released | Reminded | AskedTransfer | Escalated | ToldHold | ToldRelease)
    }

    /// Whether only the server does it, and nobody signs it.
    pub fn is_server_s(self) -> bool {
        matches!(self, Self::Destroyed | Self::Received)
    }
}

/// Who sent a record, as the server knew them when they signed in. It stands before that record in the chain: what nobody can open still
/// says whose it is.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Sender {
    /// A person of the roster or a guest, with a hash of their keys.
    pub by: KeyedReader,
    /// The [`record_hash`] of what they sent.
    #[serde(with = "hex::serde")]
    pub record: [u8; 32],
}

/// Whose a record is. The server says so, and the chain covers it: what somebody sends can never pass for the server's own.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Writer {
    /// Not told apart: from before the chain covered it.
    Earlier,
    /// Somebody who had signed in.
    Person,
    /// The server, by itself.
    Server,
}

impl Writer {
    /// As the databases keep it.
    pub fn number(self) -> i16 {
        match self {
            Self::Earlier => 0,
            Self::Person => 1,
            Self::Server => 2,
        }
    }

    /// From [`Self::number`]; `None` for any other.
    pub fn from_number(number: i16) -> Option<Self> {
        [Self::Earlier, Self::Person, Self::Server].into_iter().find(|writer| writer.number() == number)
    }
}

/// Where a chain stands: so many records, and a hash over all of them.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Head {
    /// Records in the chain.
    pub length: u64,
    /// The hash after the last, hex in JSON.
    #[serde(with = "hex::serde")]
    #[cfg_attr(feature = "server", schema(value_type = String, pattern = "^[0-9a-f]{64}$"))]
    pub hash: [u8; 32],
}

impl Head {
    /// The chain of an organisation before its first record.
    pub fn start(instance: &InstanceId, org: &OrgId) -> Self {
        let hash = Sha256::new()
            .chain_update(b"meldkluis/log/v1\n")
            .chain_update(instance.as_bytes())
            .chain_update(org.as_str())
            .finalize();
        Self { length: 0, hash: hash.into() }
    }

    /// The chain after one more record, of which only its [`record_hash`] is needed.
    pub fn after(self, record: &[u8; 32]) -> Self {
        let hash = Sha256::new().chain_update(self.hash).chain_update(record).finalize();
        Self { length: self.length + 1, hash: hash.into() }
    }
}

/// The hash of a sealed record: SHA-256 of `meldkluis/log/person/v1` or `meldkluis/log/server/v1`, a line feed, and the ciphertext; of
/// the ciphertext alone for an earlier one. Every ciphertext begins as age files do, so that none of these passes for another.
pub fn record_hash(writer: Writer, sealed: &[u8]) -> [u8; 32] {
    let label: &[u8] = match writer {
        Writer::Earlier => b"",
        Writer::Person => b"meldkluis/log/person/v1\n",
        Writer::Server => b"meldkluis/log/server/v1\n",
    };
    Sha256::new().chain_update(label).chain_update(sealed).finalize().into()
}

/// One record of the log, as it is sealed to the overseers.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Record {
    /// Format version; 1.
    pub v: u8,
    /// The deployment.
    pub instance: InstanceId,
    /// Whose log.
    pub org: OrgId,
    /// Who did it; nobody for what the server does by itself.
    pub by: Option<ReaderId>,
    /// The day.
    pub day: Day,
    /// What.
    pub deed: Deed,
    /// In which case; none for advice, of which only the number counts.
    pub case: Option<CaseId>,
    /// The case's row of the register, as it is now.
    pub row: Option<Row>,
    /// The head of the chain that whoever wrote this had seen last: their signature keeps it from being set back.
    pub seen: Option<Head>,
    /// The card of a guest, who is not in the roster: it shows who vouches for the key that signs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card: Option<GuestCard>,
    /// Of [`Deed::Received`]: of whom, and which.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent: Option<Sender>,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// A record left out, altered, added, moved or given to another writer leads to another head.
        #[test]
        fn every_record_counts(records in prop::collection::vec(any::<[u8; 8]>(), 1..20), at in any::<prop::sample::Index>()) {
            let instance = InstanceId::from_uuid(uuid::Uuid::nil());
            let Some(org) = OrgId::parse("bzk") else { unreachable!("a name") };
            let head = |records: &[[u8; 8]]| {
                let hash = |r: &[u8; 8]| record_hash(Writer::Person, r);
                records.iter().fold(Head::start(&instance, &org), |head, r| head.after(&hash(r)))
            };
            let whole = head(&records);
            let at = at.index(records.len());
            let mut fewer = records.clone();
            fewer.remove(at);
            prop_assert_ne!(head(&fewer), whole);
            let mut altered = records.clone();
            if let Some(record) = altered.get_mut(at) {
                record[0] ^= 1;
            }
            prop_assert_ne!(head(&altered), whole);
            let sealed = records.get(at).copied().unwrap_or_default();
            let hash = |writer| record_hash(writer, &sealed);
            prop_assert_ne!(hash(Writer::Earlier), hash(Writer::Person));
            prop_assert_ne!(hash(Writer::Earlier), hash(Writer::Server));
            prop_assert_ne!(hash(Writer::Person), hash(Writer::Server));
            let mut moved = records.clone();
            moved.reverse();
            prop_assert!(head(&moved) != whole || moved == records);
        }
    }
}
