//! What says that two cases belong together, as JSON version 1. It stands in both, for the readers of both alone.
use serde::{Deserialize, Serialize};

use super::Plaintext;
use crate::domain::id::CaseId;

const VERSION: u8 = 1;

/// This case belongs with another.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Link {
    v: u8,
    /// The other case.
    pub other: CaseId,
    /// Whether they say the same. Earlier desks said so in one of the two alone.
    pub duplicate: bool,
    /// Whether they no longer belong together: the last word counts.
    #[serde(default)]
    pub over: bool,
}

impl Link {
    /// To another case.
    pub fn new(other: CaseId, duplicate: bool, over: bool) -> Self {
        Self { v: VERSION, other, duplicate, over }
    }

    /// The body of its item.
    pub fn into_body(self) -> Plaintext {
        // Ids and truths always serialise.
        Plaintext::from(serde_json::to_vec(&self).unwrap_or_default())
    }

    /// Reads a body; `None` when it is of another kind or version.
    pub fn from_body(body: &[u8]) -> Option<Self> {
        serde_json::from_slice(body).ok().filter(|read: &Self| read.v == VERSION)
    }
}
