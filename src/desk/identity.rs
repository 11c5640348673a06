//! A reader's two keys in one file, protected with a passphrase unless asked otherwise.
use std::{
    io::{Read, Write},
    path::Path,
};

use age::secrecy::SecretString;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

use super::DeskError;
use crate::{
    domain::{
        guest::GuestCard,
        id::{KeyedReader, ReaderId},
    },
    private,
    seal::{Signer, desk::ReaderIdentity},
};

/// What a protected file begins with.
const AGE: &[u8] = b"age-encryption.org/";
/// What the second line of a file begins with that a passphrase opens.
const SCRYPT: &[u8] = b"-> scrypt ";
/// No identity file is longer.
const LONGEST: u64 = 64 << 10;

/// Who a reader is.
pub struct Identity {
    /// Their name in the roster.
    pub reader: ReaderId,
    /// Opens what is sealed to them.
    pub seal: ReaderIdentity,
    /// Signs what they write.
    pub signer: Signer,
    /// The card of a guest, who is not in the roster.
    pub card: Option<GuestCard>,
}

/// The file, version 1.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    version: u8,
    reader: ReaderId,
    seal: String,
    sign: String,
}

impl Drop for Stored {
    fn drop(&mut self) {
        self.seal.zeroize();
        self.sign.zeroize();
    }
}

impl Identity {
    /// Reads a file; asks for the passphrase if it is protected.
    pub fn load(path: &Path, ask: impl FnOnce() -> Result<SecretString, DeskError>) -> Result<Self, DeskError> {
        let mut bytes = Zeroizing::new(Vec::new());
        let file = std::fs::File::open(path);
        let file = file.map_err(|e| DeskError::new(format!("cannot read the identity {}: {e}", path.display())))?;
        file.take(LONGEST).read_to_end(&mut bytes)?;
        Self::open(bytes, ask)
    }

    /// Whether a file is protected with a passphrase.
    pub(super) fn is_protected(path: &Path) -> bool {
        let mut begins = [0; AGE.len()];
        let read = std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut begins));
        read.is_ok() && begins == *AGE
    }

    /// Reads the bytes of a file, as [`Self::load`] does.
    pub fn open(
        mut bytes: Zeroizing<Vec<u8>>,
        ask: impl FnOnce() -> Result<SecretString, DeskError>,
    ) -> Result<Self, DeskError> {
        if bytes.starts_with(AGE) {
            let key = age::scrypt::Identity::new(ask()?);
            let opened = age::decrypt(&key, &bytes).map_err(|_| DeskError::known("desk-error-passphrase"))?;
            bytes = Zeroizing::new(opened);
        }
        let text = std::str::from_utf8(&bytes).map_err(|_| DeskError::known("desk-error-identity"))?;
        Self::parse(text)
    }

    fn parse(text: &str) -> Result<Self, DeskError> {
        let wrong = |what: &str| DeskError::new(format!("this is not an identity file: {what}"));
        let stored: Stored = toml::from_str(text).map_err(|_| wrong("it does not have the form of one"))?;
        if stored.version != 1 {
            return Err(wrong("its version is not known; use the program that made it"));
        }
        let seal = ReaderIdentity::from_text(&stored.seal).ok_or_else(|| wrong("the sealing key"))?;
        let mut seed = Zeroizing::new([0; 32]);
        hex::decode_to_slice(&stored.sign, seed.as_mut_slice()).map_err(|_| wrong("the signing key"))?;
        Ok(Self { reader: stored.reader.clone(), seal, signer: Signer::from_seed(&seed), card: None })
    }

    /// Refuses a file that is there: who loses keys opens nothing any more that was sealed to them.
    pub fn absent(path: &Path) -> Result<(), DeskError> {
        if !path.exists() {
            return Ok(());
        }
        let file = path.display();
        Err(DeskError::new(format!(
            "there are keys in {file} already, and they are never overwritten: without them nothing opens that was sealed to them. `whoami` \
             shows them. For other keys, name another file with --identity"
        )))
    }

    /// Draws new keys and writes them to a new file that only its owner can read. Never overwrites.
    pub fn create(path: &Path, reader: ReaderId, passphrase: Option<SecretString>) -> Result<Self, DeskError> {
        Self::absent(path)?;
        let failed = |_| DeskError::new("the system gives no randomness");
        let seal = ReaderIdentity::generate().map_err(failed)?;
        let mut seed = Zeroizing::new([0; 32]);
        getrandom::fill(seed.as_mut()).map_err(|_| DeskError::new("the system gives no randomness"))?;
        let sign = hex::encode(seed.as_slice());
        let stored = Stored { version: 1, reader: reader.clone(), seal: seal.to_text().as_str().to_owned(), sign };
        let text = toml::to_string(&stored).map_err(|_| DeskError::new("the keys cannot be written"))?;
        let text = Zeroizing::new(text.into_bytes());
        let bytes = match passphrase {
            None => text,
            Some(passphrase) => {
                let protected = age::encrypt(&age::scrypt::Recipient::new(passphrase), &text);
                Zeroizing::new(protected.map_err(|_| DeskError::new("the keys cannot be protected"))?)
            }
        };
        let written = private::new_file(path).and_then(|mut file| file.write_all(&bytes));
        written.map_err(|e| DeskError::new(format!("cannot write {}: {e}", path.display())))?;
        Ok(Self { reader, seal, signer: Signer::from_seed(&seed), card: None })
    }

    /// Whether the bytes of a file are keys, as far as can be seen without a passphrase: what the desk itself keeps has none.
    pub(super) fn is_one(bytes: &[u8]) -> bool {
        let protected =
            bytes.starts_with(AGE) && bytes.split(|b| *b == b'\n').nth(1).is_some_and(|l| l.starts_with(SCRYPT));
        protected || std::str::from_utf8(bytes).is_ok_and(|text| Self::parse(text).is_ok())
    }

    /// With a guest's card, if it is for these keys.
    pub fn with_card(mut self, card: GuestCard) -> Result<Self, DeskError> {
        if card.keyed() != self.keyed() {
            return Err(DeskError::known("desk-error-card"));
        }
        self.card = Some(card);
        Ok(self)
    }

    /// The name with a hash of both keys.
    pub fn keyed(&self) -> KeyedReader {
        KeyedReader::new(self.reader.clone(), &self.seal.recipient(), &hex::encode(self.signer.public()))
    }

    /// The public half, as the organisation's roster file takes it.
    pub fn public(&self) -> String {
        let (seal, sign) = (self.seal.recipient(), hex::encode(self.signer.public()));
        format!("[[readers]]\nid = \"{}\"\nseal_key = \"{seal}\"\nsign_key = \"{sign}\"\n", self.reader)
    }
}
