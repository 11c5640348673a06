//! What the fuzz targets reach of the inside. Compiled for `cargo fuzz` alone; no program has it.
use zeroize::Zeroizing;

pub use crate::seal::fuzzing::{Hybrid, Unwrapped, bytes, recipient, signed, verified};
use crate::{domain::roster::Roster, form::Answers, seal::Plaintext};

/// The answers of a filing form.
pub struct Form(Answers);

impl Form {
    /// Reads names with what was typed or picked.
    pub fn read(fields: Vec<(String, String)>) -> Self {
        Self(Answers::read(fields.into_iter().map(|(name, value)| (name, Plaintext::from(value))).collect()))
    }

    /// The hidden inputs of a page, HTML.
    pub fn hidden(&self, roster: &Roster, key: &[u8; 32], page: u8) -> String {
        self.0.hidden(roster, key, page)
    }

    /// Whether they are believed, with the token that came with them.
    pub fn believed(&self, roster: &Roster, keys: &[[u8; 32]], page: u8, token: &str) -> bool {
        let keys: Vec<_> = keys.iter().map(|key| Zeroizing::new(*key)).collect();
        self.0.believe(roster, &keys, page, token).is_ok()
    }
}
