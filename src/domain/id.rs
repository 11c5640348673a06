//! Ids. Random ones are UUID v4 (they say nothing); named ones come from the signed roster.
use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! random_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Wraps an id that was drawn elsewhere: this module has no randomness.
            pub fn from_uuid(id: Uuid) -> Self { Self(id) }
            /// The id as a database binds it.
            pub fn uuid(&self) -> Uuid { self.0 }
            /// Its 16 bytes, as signatures and key derivations take it.
            pub fn as_bytes(&self) -> &[u8; 16] { self.0.as_bytes() }
            /// Reads the hyphenated form; `None` for anything else.
            pub fn parse(text: &str) -> Option<Self> { Uuid::try_parse(text).ok().map(Self) }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { self.0.fmt(f) }
        }
    };
}
random_id!(/** A case: one room behind a code. */ CaseId);
random_id!(/** An item: one sealed thing in a case. */ ItemId);
random_id!(/** This deployment; immutable, named by the root roster file. */ InstanceId);

macro_rules! named_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])* ///
        /// 2 to 40 of `a-z`, `0-9`, `-`.
        #[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Reads a name; `None` when it is not of the form.
            pub fn parse(text: &str) -> Option<Self> {
                let fits = (2..=40).contains(&text.len());
                let plain = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
                (fits && plain).then(|| Self(text.to_owned()))
            }
            /// The name as written.
            pub fn as_str(&self) -> &str { &self.0 }
        }

        impl TryFrom<String> for $name {
            type Error = String;
            fn try_from(text: String) -> Result<Self, String> {
                Self::parse(&text).ok_or_else(|| format!("“{text}” is not a name of 2 to 40 of a-z, 0-9 and -"))
            }
        }
        impl From<$name> for String { fn from(id: $name) -> Self { id.0 } }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { self.0.fmt(f) }
        }
    };
}
named_id!(/** An organisation in the root roster file. */ OrgId);
named_id!(/** A reader: one person, once, in the roster. */ ReaderId);
