//! Doors for the fuzz targets to what has no other. Compiled for `cargo fuzz` alone; no program has it.
use age::{Identity, secrecy::ExposeSecret};
use age_core::format::{FileKey, Stanza};
use zeroize::Zeroizing;

use super::{
    OpenError, OpenedText, Plaintext, SealError, Signer,
    hybrid::{HybridIdentity, HybridRecipient},
    item, open,
};

/// The message in bytes that were decrypted.
pub fn verified(decrypted: Vec<u8>) -> Result<OpenedText, OpenError> {
    open::verified(Zeroizing::new(decrypted))
}

/// A manifest's text, signed, as it stands at the end of an item.
pub fn signed(manifest: Vec<u8>, signer: &Signer) -> Result<Vec<u8>, SealError> {
    item::signed(manifest, signer)
}

/// What a person wrote.
pub fn bytes(text: &Plaintext) -> &[u8] {
    text.bytes()
}

/// A recipient's text, read and written again.
pub fn recipient(text: &str) -> Option<String> {
    HybridRecipient::parse(text).map(|recipient| recipient.text())
}

/// A key pair for stanzas.
pub struct Hybrid(HybridIdentity);

/// What becomes of a stanza.
#[derive(Debug, Eq, PartialEq)]
pub enum Unwrapped {
    /// It is of another kind, or for another key.
    NotOurs,
    /// It is not of the form.
    Refused,
    /// It held this file key.
    Key([u8; 16]),
}

impl Hybrid {
    /// Of a seed.
    pub fn new(seed: [u8; 32]) -> Self {
        Self(HybridIdentity::from_seed(Zeroizing::new(seed)))
    }

    /// `age1pq1…`.
    pub fn recipient(&self) -> Option<String> {
        self.0.recipient().map(|recipient| recipient.text())
    }

    /// Tag, arguments and body of a stanza that wraps a file key.
    pub fn wrap(&self, file_key: [u8; 16]) -> Option<(String, Vec<String>, Vec<u8>)> {
        let stanza = self.0.recipient()?.wrap(&FileKey::new(Box::new(file_key)))?;
        Some((stanza.tag, stanza.args, stanza.body))
    }

    /// Opens a stanza.
    pub fn unwrap(&self, (tag, args, body): (String, Vec<String>, Vec<u8>)) -> Unwrapped {
        match self.0.unwrap_stanza(&Stanza { tag, args, body }) {
            None => Unwrapped::NotOurs,
            Some(Err(_)) => Unwrapped::Refused,
            Some(Ok(key)) => Unwrapped::Key(*key.expose_secret()),
        }
    }
}
