//! What an officer's desk sends to file a report that was told to them.
use serde::{Deserialize, Serialize};

use super::SlotSent;
use crate::domain::id::{CaseId, ItemId, KeyedReader, OrgId};

/// A case with its first item: the head of an envelope, before the age payload.
#[derive(Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewCase {
    /// The hash of the reporter's public keys; sending it twice files one case.
    pub case: CaseId,
    /// Finds the case for whoever has the code; says nothing of the code. Hex of 32 bytes.
    #[serde(with = "hex::serde")]
    #[cfg_attr(feature = "server", schema(value_type = String, pattern = "^[0-9a-f]{64}$"))]
    pub lookup: [u8; 32],
    /// Whose case it is.
    pub org: OrgId,
    /// The first item.
    pub item: ItemId,
    /// All slots, filler too: 1 to 16. None is the reporter's.
    pub slots: Vec<SlotSent>,
    /// Which of their readers waits for four days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reserve: Option<KeyedReader>,
    /// The sealed record of this act for the staff log, base64; wanted where the organisation has overseers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<String>,
}
