//! What overseers ask: the log, the clocks, and what a coordinator may do.
use serde::{Deserialize, Serialize};

use crate::domain::{
    case::CaseState,
    day::Day,
    id::CaseId,
    log::{Head, Writer},
    roster::Text,
};

/// A sealed record on its way to the log.
#[derive(Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewRecord {
    /// The age file, base64; at most 32 KiB.
    #[cfg_attr(feature = "server", schema(examples("YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IC4uLg==")))]
    pub record: String,
}

/// A part of a log, in order.
#[derive(Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct LogView {
    /// Where the whole chain stands.
    pub head: Head,
    /// Empty when there are no more.
    pub records: Vec<Logged>,
}

/// A sealed record of a log.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Logged {
    /// Whose it is; the chain covers it.
    pub writer: Writer,
    /// The age file, base64.
    #[cfg_attr(feature = "server", schema(examples("YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IC4uLg==")))]
    pub record: String,
}

/// A part of a chain, in order, for whoever may not open it.
#[derive(Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct ChainView {
    /// Where the whole chain stands.
    pub head: Head,
    /// The hash of each record, hex: SHA-256 of `meldkluis/log/person/v1` or `meldkluis/log/server/v1`, a line feed, and the ciphertext
    /// (of the ciphertext alone, for an earlier one). Empty when there are no more.
    pub hashes: Vec<String>,
}

/// A group of readers, by its name: who is in it is not said.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// A desk of the organisation.
    Desk(Text),
    /// The outside desk.
    Outside(Text),
    /// Confidential advisers.
    Advisers,
    /// Managers.
    Managers,
}

/// A case as a coordinator sees it: clocks and groups, and nothing that somebody wrote.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct OverviewCase {
    /// Which; a random number to the coordinator.
    pub case: CaseId,
    /// Where it stands.
    pub state: CaseState,
    /// The day it was filed.
    pub filed: Day,
    /// The next deadline.
    pub due: Day,
    /// The day it is destroyed, once it was closed.
    pub destroy_after: Option<Day>,
    /// The groups whose readers can read it.
    pub groups: Vec<Group>,
    /// Nobody opened it by day 4, and the reserve reader, if there is one, reads too.
    pub reserve: bool,
}

/// The cases of an organisation.
#[derive(Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Overview {
    /// Those that advisers do not read alone.
    pub cases: Vec<OverviewCase>,
    /// How many requests for advice there are; no clock runs on them.
    pub advice: usize,
}

/// Keeps a closed case from destruction, or no longer.
#[derive(Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Hold {
    /// Whether it is kept.
    pub hold: bool,
    /// The sealed record of this act, base64.
    #[cfg_attr(feature = "server", schema(examples("YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IC4uLg==")))]
    pub record: String,
}
