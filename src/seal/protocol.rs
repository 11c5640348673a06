//! What the items of a protocol hold, as JSON version 1: the protocol as it was when it was begun, and a step that was done.
use serde::{Deserialize, Serialize};

use crate::domain::{id::ItemId, protocol::Protocol};

const VERSION: u8 = 1;

/// Begins to work by a protocol. The case keeps this version, whatever the roster says later.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Begun {
    v: u8,
    /// The protocol.
    pub protocol: Protocol,
}

impl Begun {
    /// With this protocol.
    pub fn new(protocol: Protocol) -> Self {
        Self { v: VERSION, protocol }
    }

    /// Whether this program knows its form.
    pub fn is_known(&self) -> bool {
        self.v == VERSION
    }
}

/// A step was done.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct StepDone {
    v: u8,
    /// The item that began the protocol.
    pub begun: ItemId,
    /// The step's id.
    pub step: String,
}

impl StepDone {
    /// Of the protocol that an item began.
    pub fn new(begun: ItemId, step: String) -> Self {
        Self { v: VERSION, begun, step }
    }

    /// Whether this program knows its form.
    pub fn is_known(&self) -> bool {
        self.v == VERSION
    }
}
