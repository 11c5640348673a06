//! What travels between desk and server, as JSON. Base path `/api/v1`.
pub mod filing;
pub mod oversight;

#[cfg(any(feature = "server", feature = "desk"))]
use base64::{Engine, prelude::BASE64_STANDARD};
use serde::{Deserialize, Serialize};

#[cfg(feature = "server")]
use crate::seal::Slot;
use crate::{
    domain::{
        case::{Act, CaseState},
        day::Day,
        guest::GuestCard,
        id::{CaseId, InstanceId, ItemId, KeyedReader, OrgId, ReaderId},
    },
    seal::SlotTo,
};

/// What a sign-in signs begins with this.
pub const SIGN_IN: &str = "meldkluis/signin/v1";

/// Asks for a nonce. Unknown readers get one too.
#[derive(Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Challenge {
    /// Who wants to sign in.
    pub reader: ReaderId,
}

/// A nonce, valid for 60 seconds and once.
#[derive(Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Nonce {
    /// Opaque text.
    #[cfg_attr(feature = "server", schema(examples("9f0d...1795572060.c2a1...")))]
    pub nonce: String,
    /// The deployment.
    pub instance: InstanceId,
}

/// A signed nonce.
#[derive(Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// Who.
    pub reader: ReaderId,
    /// From the challenge.
    #[cfg_attr(feature = "server", schema(examples("9f0d...1795572060.c2a1...")))]
    pub nonce: String,
    /// The origin the desk dialled, one of the server's own.
    #[cfg_attr(feature = "server", schema(examples("https://meldkluis.example.org")))]
    pub origin: String,
    /// Ed25519 over `meldkluis/signin/v1`, instance, origin, nonce and reader, joined by line feeds. 128 hex digits.
    #[cfg_attr(feature = "server", schema(examples("4b1c...")))]
    pub signature: String,
    /// A guest's card.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card: Option<GuestCard>,
}

/// The bytes a sign-in signs.
pub fn signed_bytes(instance: &InstanceId, origin: &str, nonce: &str, reader: &ReaderId) -> Vec<u8> {
    format!("{SIGN_IN}\n{instance}\n{origin}\n{nonce}\n{reader}").into_bytes()
}

/// A session's bearer token, valid for eight hours.
#[derive(Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Session {
    /// Opaque text.
    #[cfg_attr(feature = "server", schema(examples("bzk-functionaris-1#0f1e...1795600800.77ab...")))]
    pub token: String,
}

/// A case as a reader of it sees it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct CaseView {
    /// Which.
    pub case: CaseId,
    /// Whose.
    pub org: OrgId,
    /// Where it stands.
    pub state: CaseState,
    /// The day it was filed.
    pub filed: Day,
    /// The next deadline.
    pub due: Day,
    /// The day it is destroyed, once it was closed.
    #[serde(default)]
    pub destroy_after: Option<Day>,
    /// The items this reader has a slot of.
    pub items: Vec<ItemId>,
    /// The readers with a slot in the case; empty in the inbox.
    pub readers: Vec<KeyedReader>,
    /// Those of them who are away; empty in the inbox.
    #[serde(default)]
    pub away: Vec<KeyedReader>,
    /// Whether this reader reads no more of it than what went along with a report: it is advice.
    #[serde(default)]
    pub passed: bool,
    /// Those of them who are held back until their day, as a reserve reader is; empty in the inbox.
    #[serde(default)]
    pub held: Vec<KeyedReader>,
    /// Those of them who have no slot of its story, as who was let in for a part; empty in the inbox.
    #[serde(default)]
    pub parts: Vec<KeyedReader>,
    /// Whether this reader fetched something of it, which for who reads a part or what went along is not kept; nothing in the inbox.
    #[serde(default)]
    pub fetched: bool,
    /// The reserve reader of an open case, whose slots are set aside until everybody goes who opened it; nothing in the inbox.
    #[serde(default)]
    pub aside: Option<KeyedReader>,
    /// Whether it is unopened again: who had opened it left, and nobody who is there has.
    #[serde(default)]
    pub left: bool,
    /// Those of the items of which the reporter has a slot; none in the inbox.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told: Option<Vec<ItemId>>,
    /// The server's day, by which an act counts; none in the inbox.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub today: Option<Day>,
}

/// Asks for several items at once.
#[derive(Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Several {
    /// Which, at most 100.
    #[cfg_attr(feature = "server", schema(max_items = 100))]
    pub items: Vec<ItemId>,
}

/// What a reader adds: the head of an envelope, before the age payload.
#[derive(Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Adding {
    /// A new random id; sending it twice adds one item.
    pub item: ItemId,
    /// What it does to the case; nothing for a file that goes along.
    pub act: Option<Act>,
    /// The state the reader saw.
    pub expected: CaseState,
    /// All slots, filler too: 1 to 16.
    pub slots: Vec<SlotSent>,
    /// The sealed record of this act for the staff log, base64; wanted where the organisation has overseers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "server", schema(examples("YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IC4uLg==")))]
    pub log: Option<String>,
}

/// A slot on its way to the server.
#[derive(Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SlotSent {
    /// Whose.
    pub to: SentTo,
    /// The age header, base64.
    #[cfg_attr(feature = "server", schema(examples("YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IC4uLg==")))]
    pub header: String,
}

impl SlotSent {
    /// The slot, in the case it is sent to; `None` when the header is not base64.
    #[cfg(feature = "server")]
    pub(crate) fn slot(&self, case: CaseId) -> Option<Slot> {
        Some(Slot { to: self.to.clone().in_case(case), header: BASE64_STANDARD.decode(&self.header).ok()? })
    }

    /// A slot for somebody, as it is sent.
    #[cfg(feature = "desk")]
    pub(crate) fn of(to: SentTo, header: &[u8]) -> Self {
        Self { to, header: BASE64_STANDARD.encode(header) }
    }
}

/// Whose slot it is; the reporter's case is the one it is sent to.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum SentTo {
    /// A reader.
    Reader(KeyedReader),
    /// The reporter.
    Reporter,
    /// Filler, of a number up to 255.
    Nobody(u8),
    /// A guest, with their card.
    Guest(Box<GuestCard>),
    /// A reader with whom no more is shared than what went along with a report from advice: they read it, and leave.
    Passed(KeyedReader),
    /// The reserve reader whose slots are set aside: this is kept as those are, and not at all when they went.
    Aside(KeyedReader),
}

impl SentTo {
    /// As sealing names it.
    pub fn of(to: &SlotTo) -> Self {
        match to {
            SlotTo::Reader(id) => Self::Reader(id.clone()),
            SlotTo::Reporter(_) => Self::Reporter,
            SlotTo::Nobody(n) => Self::Nobody(*n),
        }
    }

    /// As it is in a case.
    pub fn in_case(self, case: CaseId) -> SlotTo {
        match self {
            Self::Reader(id) | Self::Passed(id) | Self::Aside(id) => SlotTo::Reader(id),
            Self::Reporter => SlotTo::Reporter(case),
            Self::Nobody(n) => SlotTo::Nobody(n),
            Self::Guest(card) => SlotTo::Reader(card.keyed()),
        }
    }
}

/// Whether an item was added now or had been before.
#[derive(Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct AddedView {
    /// It was there.
    pub already: bool,
}

/// Shares items of a case with more readers.
#[derive(Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Sharing {
    /// Which with whom: 1 to 64 slots.
    #[cfg_attr(feature = "server", schema(min_items = 1, max_items = 64))]
    pub slots: Vec<SharedItem>,
    /// The sealed record of this act for the staff log, base64; wanted where the organisation has overseers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "server", schema(examples("YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IC4uLg==")))]
    pub log: Option<String>,
    /// The first day on which it may be done, for what the reporter is told some days before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Day>,
}

/// One more slot of an item.
#[derive(Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SharedItem {
    /// Which.
    pub item: ItemId,
    /// The slot of a reader, or of a guest.
    pub slot: SlotSent,
}

/// Leaves a case.
#[derive(Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Going {
    /// The sealed record of this act for the staff log, base64; wanted where the organisation has overseers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "server", schema(examples("YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IC4uLg==")))]
    pub log: Option<String>,
}

/// Takes a reader out of a case: two others want it.
#[derive(Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct TakingOut {
    /// Who goes.
    pub who: KeyedReader,
    /// The first who wants it; the second sends this.
    pub by: KeyedReader,
    /// Ed25519 of the first over `meldkluis/take-out/v1`, instance, case and who, joined by line feeds. 128 hex digits.
    #[cfg_attr(feature = "server", schema(examples("4b1c...")))]
    pub signature: String,
    /// The sealed record of this act for the staff log, base64; wanted where the organisation has overseers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "server", schema(examples("YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IC4uLg==")))]
    pub log: Option<String>,
}

/// Until when a reader is away.
#[derive(Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Absence {
    /// The last day, at most 60 days ahead; none when they are back.
    pub until: Option<Day>,
}
