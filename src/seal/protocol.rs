//! What the items of a protocol hold, as JSON: the protocol as it was when it was begun, and a step that was done.
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::Plaintext;
use crate::domain::{id::ItemId, protocol::Protocol};

const VERSION: u8 = 1;
/// Of a step with a note, or taken back.
const WITH_NOTE: u8 = 2;

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

/// A reader says that a step was done, or takes that back. Version 2 where it is taken back or something was written with it: who does not
/// know of that must not take it for less.
#[derive(Deserialize)]
pub struct StepDone {
    v: u8,
    /// The item that began the protocol.
    pub begun: ItemId,
    /// The step's id.
    pub step: String,
    /// It is taken back.
    #[serde(default)]
    pub undone: bool,
    /// What was written with it, for the readers of the case.
    #[serde(default)]
    pub note: Plaintext,
}

#[derive(Serialize)]
struct StepBody<'a> {
    v: u8,
    begun: ItemId,
    step: &'a str,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    undone: bool,
    #[serde(skip_serializing_if = "str::is_empty")]
    note: &'a str,
}

impl StepDone {
    /// Of the protocol that an item began, with a note that may be blank.
    pub fn new(begun: ItemId, step: String, note: Plaintext) -> Self {
        let v = if note.is_blank() { VERSION } else { WITH_NOTE };
        Self { v, begun, step, undone: false, note }
    }

    /// It is taken back.
    pub fn undone(begun: ItemId, step: String) -> Self {
        Self { v: WITH_NOTE, begun, step, undone: true, note: Plaintext::default() }
    }

    /// The body of its item. A note that is not UTF-8 loses the bytes that are not.
    pub fn to_body(&self) -> Plaintext {
        let note = Zeroizing::new(String::from_utf8_lossy(self.note.bytes().trim_ascii()).into_owned());
        Plaintext::of_json(&StepBody {
            v: self.v,
            begun: self.begun,
            step: &self.step,
            undone: self.undone,
            note: &note,
        })
    }

    /// Whether this program knows its form.
    pub fn is_known(&self) -> bool {
        matches!(self.v, VERSION | WITH_NOTE)
    }
}
