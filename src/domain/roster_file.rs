//! What stands in the root file and in each organisation's file. [`super::roster`] joins them.
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{
    day::Day,
    id::{InstanceId, KeyedReader, OrgId, ReaderId},
    protocol::Protocol,
};

/// Days a roster file may be valid at most.
pub const MAX_DAYS: i32 = 180;
/// Days before expiry at which `check` warns.
pub const WARN_DAYS: i32 = 60;

/// A text in both languages.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// Dutch, B1.
    pub nl: String,
    /// English.
    pub en: String,
}

/// What the deployment is for.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Real reports.
    Live,
    /// Synthetic cases, own keys.
    Training,
    /// An example on loopback.
    Demo,
}

/// What every roster file begins with.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// Format version; 1.
    pub version: u8,
    /// Rises by one with each file.
    pub serial: u64,
    /// SHA-256 (hex) of the file before; empty for serial 1.
    pub previous: String,
    /// First day on which the file counts.
    pub valid_from: Day,
    /// Last day on which the file counts; at most [`MAX_DAYS`] after `valid_from`.
    pub expires: Day,
}

impl Head {
    /// Of the first file, which has none before it, valid from a day on as long as a file can be.
    pub fn first(from: Day) -> Self {
        Self { version: 1, serial: 1, previous: String::new(), valid_from: from, expires: from.plus_days(MAX_DAYS) }
    }
}

/// The signers of a file: SSH public keys of distinct people, and how many must sign.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Signers {
    /// How many distinct people must sign.
    pub threshold: usize,
    /// Person (free name, distinct) to OpenSSH public key line.
    pub keys: BTreeMap<String, String>,
}

/// What a reporter may choose an organisation for.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Takes reports here.
    In,
    /// Has its own channel; the form stops before any text field.
    Referral,
    /// Takes what an organisation cannot read itself.
    Outside,
    /// Takes synthetic reports alone, for one reader of its own: proof that a report can still be opened. No page shows it.
    Canary,
}

/// An organisation as the root file names it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct OrgEntry {
    /// Name in the roster and the file name `org-<id>.toml`.
    pub id: OrgId,
    /// Name shown.
    pub name: Text,
    /// Whether it takes reports here.
    pub scope: Scope,
    /// First day it exists.
    pub from: Day,
    /// Last day, if it has ended.
    pub until: Option<Day>,
    /// Organisations it took over from.
    #[serde(default)]
    pub predecessors: Vec<OrgId>,
    /// Organisations that took over from it.
    #[serde(default)]
    pub successors: Vec<OrgId>,
    /// Who signs its file; none for a referral.
    pub signers: Option<Signers>,
    /// Where a referral sends people; none otherwise.
    pub referral: Option<Text>,
}

impl OrgEntry {
    /// Whether it exists on that day. An organisation that ended takes nothing new; its cases can still be read.
    pub fn exists_on(&self, day: Day) -> bool {
        self.from <= day && self.until.is_none_or(|until| day <= until)
    }
}

/// The root file.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RootFile {
    /// Serial, chain and validity.
    pub head: Head,
    /// The deployment's immutable id.
    pub instance: InstanceId,
    /// Live, training or demo.
    pub mode: Mode,
    /// Who signs the next root file.
    pub signers: Signers,
    /// All organisations, in the order shown.
    pub organisations: Vec<OrgEntry>,
}

/// What a reader is. Decides where a reporter meets them.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Function {
    /// Vertrouwenspersoon: advises, does not investigate.
    Adviser,
    /// Functionaris: takes reports, independent.
    Officer,
    /// Leidinggevende: reads only when chosen.
    Manager,
}

/// Whether a reader's keys count.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// May read.
    #[default]
    Active,
    /// Gets no further slots. What they signed until their last day counts.
    Retired,
    /// Keys are not to be believed.
    Revoked,
}

impl Status {
    /// Whether what was signed on a day counts: of who retired, until their last day. A file without that is refused.
    fn counts(self, until: Option<Day>, day: Day) -> bool {
        match self {
            Self::Active => true,
            Self::Retired => until.is_some_and(|until| day <= until),
            Self::Revoked => false,
        }
    }
}

/// A person who may read; each person stands once, with all functions.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Reader {
    /// Name in the roster.
    pub id: ReaderId,
    /// Everything the person is.
    pub functions: BTreeSet<Function>,
    /// How a reporter sees them: function and, if published, name.
    pub shown_as: Text,
    /// `age1pq1…` recipient.
    pub seal_key: String,
    /// Ed25519 public key, hex of 32 bytes.
    pub sign_key: String,
    /// Whether they may read.
    #[serde(default)]
    pub status: Status,
    /// Of who retired, the last day of which what they signed counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Day>,
}

impl Reader {
    /// The reader with a hash of their keys.
    pub fn keyed(&self) -> KeyedReader {
        KeyedReader::new(self.id.clone(), &self.seal_key, &self.sign_key)
    }

    /// Whether a signature with a key, under something of a day, is theirs and counts.
    pub fn signed(&self, key: &[u8; 32], day: Day) -> bool {
        self.status.counts(self.until, day) && self.sign_key.to_lowercase() == hex::encode(key)
    }
}

/// What somebody watches over an organisation for.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Integriteitscoördinator: sees the clocks and the register, reminds, holds, asks for a transfer.
    Coordinator,
    /// Reads the log and the register.
    Auditor,
}

/// Somebody who watches over an organisation and reads no report: no slot can be made for this type, only for a [`Reader`].
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Overseer {
    /// Name in the roster; no reader has it.
    pub id: ReaderId,
    /// What they watch for.
    pub role: Role,
    /// How readers see them.
    pub shown_as: Text,
    /// `age1pq1…` recipient, for the log and the register.
    pub seal_key: String,
    /// Ed25519 public key, hex of 32 bytes.
    pub sign_key: String,
    /// Whether they watch.
    #[serde(default)]
    pub status: Status,
    /// Of who retired, the last day of which what they signed counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Day>,
}

impl Overseer {
    /// Whether a signature with a key, under something of a day, is theirs and counts.
    pub fn signed(&self, key: &[u8; 32], day: Day) -> bool {
        self.status.counts(self.until, day) && self.sign_key.to_lowercase() == hex::encode(key)
    }

    /// The overseer with a hash of their keys.
    pub fn keyed(&self) -> KeyedReader {
        KeyedReader::new(self.id.clone(), &self.seal_key, &self.sign_key)
    }
}

/// The six topics of the form. A topic chooses the desk and is not stored in clear.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    /// Unwanted conduct.
    Conduct,
    /// Money, goods or own gain.
    Money,
    /// Power or information.
    Power,
    /// Danger to people, environment or good government.
    Danger,
    /// Disadvantage after a report.
    Retaliation,
    /// Something else, or unsure.
    Other,
}

impl Topic {
    /// All, in the order shown.
    pub const ALL: [Self; 6] = [Self::Conduct, Self::Money, Self::Power, Self::Danger, Self::Retaliation, Self::Other];

    /// The text that names it.
    pub fn text_id(self) -> &'static str {
        match self {
            Self::Conduct => "topic-conduct",
            Self::Money => "topic-money",
            Self::Power => "topic-power",
            Self::Danger => "topic-danger",
            Self::Retaliation => "topic-retaliation",
            Self::Other => "topic-other",
        }
    }

    /// Its name in forms and commands.
    pub fn name(self) -> &'static str {
        self.text_id().trim_start_matches("topic-")
    }

    /// The one of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|topic| topic.name() == name)
    }
}

/// A group of readers that takes reports on some topics.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Desk {
    /// Name shown.
    pub name: Text,
    /// Topics it takes; the desk without any takes all others.
    #[serde(default)]
    pub topics: BTreeSet<Topic>,
    /// Officers who read at once.
    pub readers: Vec<ReaderId>,
    /// Who may read if nobody opened by day 4.
    pub reserve: Option<ReaderId>,
}

/// An organisation's file.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct OrgFile {
    /// Serial, chain and validity.
    pub head: Head,
    /// Which organisation.
    pub organisation: OrgId,
    /// Days a closed case is kept. No default: the organisation must say it.
    pub retention_days: i32,
    /// Advisers, in the order shown; each may name a deputy.
    pub advisers: Vec<AdviserEntry>,
    /// Report desks.
    pub desks: Vec<Desk>,
    /// Managers a reporter may choose to let read.
    #[serde(default)]
    pub managers: Vec<ReaderId>,
    /// Everyone named above.
    pub readers: Vec<Reader>,
    /// Who watches the clocks, the register and the log; none of them reads a report.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overseers: Vec<Overseer>,
    /// How reports are looked into.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub protocols: Vec<Protocol>,
}

/// An adviser a reporter may pick.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct AdviserEntry {
    /// Who.
    pub reader: ReaderId,
    /// Who reads along if the reporter ticks it.
    pub deputy: Option<ReaderId>,
}
