//! Opening for readers. Compiled into the readers' program only; a server build has none of this.
use std::{
    io::{BufReader, Read, Seek, Write},
    sync::Mutex,
};

use age::secrecy::ExposeSecret;
use age_core::format::{FileKey, Stanza};
use zeroize::Zeroizing;

use super::{
    Manifest, OpenError, OpenedText, SealError, Slot, hybrid::HybridIdentity, open, record, sign::verify,
    slot::one_more,
};
use crate::domain::{log::Record, roster::Reader};

/// A reader's age identity. Zeroed when dropped.
pub struct ReaderIdentity(HybridIdentity);

impl ReaderIdentity {
    /// Draws a new one.
    pub fn generate() -> Result<Self, SealError> {
        let mut seed = Zeroizing::new([0; 32]);
        getrandom::fill(seed.as_mut()).map_err(|_| SealError::Failed)?;
        Ok(Self(HybridIdentity::from_seed(seed)))
    }

    /// Reads `AGE-SECRET-KEY-PQ-1…`; `None` for anything else.
    pub fn from_text(text: &str) -> Option<Self> {
        HybridIdentity::parse(text).map(Self)
    }

    /// As [`Self::from_text`] reads it.
    pub fn to_text(&self) -> Zeroizing<String> {
        self.0.text()
    }

    /// Its public half, `age1pq1…`.
    pub fn recipient(&self) -> String {
        self.0.recipient().map(|r| r.text()).unwrap_or_default()
    }
}

impl ReaderIdentity {
    /// Seals bytes to this reader alone: an ordinary age file.
    pub fn seal_own(&self, bytes: &[u8]) -> Result<Vec<u8>, SealError> {
        let to = self.0.recipient().ok_or(SealError::BadKey)?;
        let encryptor = age::Encryptor::with_recipients(std::iter::once(&to as &dyn age::Recipient));
        let mut sealed = Vec::new();
        let mut writer =
            encryptor.map_err(|_| SealError::Failed)?.wrap_output(&mut sealed).map_err(|_| SealError::Failed)?;
        writer.write_all(bytes).and_then(|()| writer.finish().map(drop)).map_err(|_| SealError::Failed)?;
        Ok(sealed)
    }

    /// Opens what [`Self::seal_own`] sealed.
    pub fn open_own(&self, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let decryptor = age::Decryptor::new_buffered(sealed).map_err(|_| SealError::Failed)?;
        let mut opened = Zeroizing::new(Vec::new());
        let mut reader =
            decryptor.decrypt(std::iter::once(&self.0 as &dyn age::Identity)).map_err(|_| SealError::Failed)?;
        reader.read_to_end(&mut opened).map_err(|_| SealError::Failed)?;
        Ok(opened)
    }
}

/// A slot for one more reader of an item, from one's own slot: sharing needs neither the payload nor a new key.
pub fn share(identity: &ReaderIdentity, own_slot: &[u8], reader: &Reader) -> Result<Slot, SealError> {
    let kept = KeepsKey { identity: &identity.0, key: Mutex::new(None) };
    // The library reads a nonce after the header; nothing is decrypted with it.
    let with_nonce = [own_slot, &[0; 16]].concat();
    let decryptor = age::Decryptor::new_buffered(&with_nonce[..]).map_err(|_| SealError::Failed)?;
    decryptor.decrypt(std::iter::once(&kept as &dyn age::Identity)).map_err(|_| SealError::Failed)?;
    let key = kept.key.into_inner().map_err(|_| SealError::Failed)?.ok_or(SealError::Failed)?;
    one_more(&key, reader).ok_or(SealError::BadKey)
}

/// Unwraps as the reader would, and keeps the file key for the one slot that is made of it.
struct KeepsKey<'a> {
    identity: &'a HybridIdentity,
    key: Mutex<Option<FileKey>>,
}

impl age::Identity for KeepsKey<'_> {
    fn unwrap_stanza(&self, stanza: &Stanza) -> Option<Result<FileKey, age::DecryptError>> {
        let key = self.identity.unwrap_stanza(stanza)?;
        if let (Ok(key), Ok(mut kept)) = (&key, self.key.lock()) {
            *kept = Some(FileKey::new(Box::new(*key.expose_secret())));
        }
        Some(key)
    }
}

/// Opens a message: `sealed` is a slot followed by its payload, an ordinary age file.
pub fn open_text(identity: &ReaderIdentity, sealed: impl Read) -> Result<OpenedText, OpenError> {
    open::text(&identity.0, BufReader::new(sealed))
}

/// Opens an item of any size into `out`. Everything is verified when this returns; `out` holds the body followed by
/// padding, so cut it to `length` of the manifest, and throw it away on an error.
pub fn open_to(
    identity: &ReaderIdentity,
    sealed: impl Read,
    out: &mut (impl Read + Write + Seek),
) -> Result<(Manifest, [u8; 32]), OpenError> {
    open::to(&identity.0, BufReader::new(sealed), out)
}

/// What is signed in an item of any size, and by whom. Nothing of its body is kept; nor is it believed, which is for whoever opens the item.
pub fn open_head(identity: &ReaderIdentity, sealed: impl Read) -> Result<(Manifest, [u8; 32]), OpenError> {
    open::head(&identity.0, BufReader::new(sealed))
}

/// A record of the log, and who signed it; nobody for what the server wrote by itself.
pub struct OpenedRecord {
    /// What it says.
    pub record: Record,
    /// Whose Ed25519 key signed it; that it does was checked.
    pub signed_by: Option<[u8; 32]>,
}

/// Opens a record of the log with an overseer's identity.
pub fn open_record(identity: &ReaderIdentity, sealed: &[u8]) -> Result<OpenedRecord, OpenError> {
    let bytes = identity.open_own(sealed).map_err(|_| OpenError::NotForYou)?;
    let (text, foot) = bytes.split_last_chunk::<{ record::FOOT }>().ok_or(OpenError::Damaged)?;
    let (signature, rest) = foot.split_first_chunk::<64>().ok_or(OpenError::Damaged)?;
    let (signed_by, rest) = rest.split_first_chunk::<32>().ok_or(OpenError::Damaged)?;
    let (length, version) = rest.split_first_chunk::<4>().ok_or(OpenError::Damaged)?;
    if version != [record::VERSION] {
        return Err(OpenError::UnknownFormat);
    }
    let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| OpenError::Damaged)?;
    let text = text.get(..length).ok_or(OpenError::Damaged)?;
    let read: Record = serde_json::from_slice(text).map_err(|_| OpenError::UnknownFormat)?;
    let signed_by = (*signed_by != [0; 32]).then_some(*signed_by);
    match (&read.by, signed_by) {
        (Some(_), Some(key)) if verify(&key, &[record::SIGNED, text].concat(), signature) => {}
        (None, None) => {}
        _ => return Err(OpenError::NotSigned),
    }
    Ok(OpenedRecord { record: read, signed_by })
}
