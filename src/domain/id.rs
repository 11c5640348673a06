//! Ids. Random ones are UUID v4 (they say nothing), a case's is a hash; named ones come from the signed roster.
use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
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
random_id!(/** A case: one room behind a code. A hash of its reporter's public keys, so that no other keys can pass for them. */ CaseId);
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
                Self::parse(&text).ok_or_else(|| format!("“{text}” is not a name of 2 to 40 characters, each a-z, 0-9 or -"))
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

impl CaseId {
    /// The case of a reporter's public keys: UUID v8 over SHA-256, first 16 bytes.
    pub fn of(instance: &InstanceId, sign: &str, reply: &str) -> Self {
        let hash = Sha256::new()
            .chain_update(b"meldkluis/case/v1\n")
            .chain_update(instance.as_bytes())
            .chain_update(format!("{sign}\n{reply}"))
            .finalize();
        let mut bytes = [0; 16];
        bytes.iter_mut().zip(hash).for_each(|(byte, hash)| *byte = hash);
        Self(uuid::Builder::from_custom_bytes(bytes).into_uuid())
    }
}

/// Bytes of a hash of two keys.
const PRINT: usize = 16;

/// A reader with the keys they had: the same name with other keys is somebody else. Written `name#hex`.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct KeyedReader {
    /// The name in the roster.
    pub reader: ReaderId,
    print: [u8; PRINT],
}

impl KeyedReader {
    /// A name with its two public keys, as the roster writes them.
    pub fn new(reader: ReaderId, seal_key: &str, sign_key: &str) -> Self {
        let sign_key = sign_key.to_ascii_lowercase();
        let hash = Sha256::digest(format!("meldkluis/reader/v1\n{seal_key}\n{sign_key}"));
        let mut print = [0; PRINT];
        print.iter_mut().zip(hash).for_each(|(byte, hash)| *byte = hash);
        Self { reader, print }
    }

    /// The hash of the keys.
    pub fn print(&self) -> &[u8; PRINT] {
        &self.print
    }

    /// The bytes that a mailbox is made of.
    pub fn to_bytes(&self) -> Vec<u8> {
        [&self.print[..], self.reader.as_str().as_bytes()].concat()
    }
}

impl fmt::Display for KeyedReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.reader, hex::encode(self.print))
    }
}

impl From<KeyedReader> for String {
    fn from(keyed: KeyedReader) -> Self {
        keyed.to_string()
    }
}

impl TryFrom<String> for KeyedReader {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let wrong = || format!("“{text}” is not a reader's name and key hash");
        let (name, hash) = text.split_once('#').ok_or_else(wrong)?;
        let mut print = [0; PRINT];
        hex::decode_to_slice(hash, &mut print).map_err(|_| wrong())?;
        Ok(Self { reader: ReaderId::parse(name).ok_or_else(wrong)?, print })
    }
}
