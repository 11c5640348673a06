//! Opening: decrypt, check version, hash and signature, and only then believe a byte.
use std::io::{self, BufRead, BufReader, Cursor, Read, Seek, SeekFrom};

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::{
    Plaintext,
    code::ReplyKey,
    hybrid::HybridIdentity,
    item::{Manifest, SIGNED, VERSION},
    sign::verify,
};

/// Signature, signer, manifest length and version byte.
const FOOT: usize = 64 + 32 + 4 + 1;
/// No manifest is longer: sixteen readers, two long names.
const LONGEST_MANIFEST: usize = 64 << 10;
/// What is signed stands within so many bytes of the end.
#[cfg(feature = "desk")]
const LONGEST_END: usize = LONGEST_MANIFEST + FOOT;
/// No message is longer.
const LONGEST_TEXT: u64 = 256 << 10;

/// Why an item did not open. Carries no bytes.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The slot is for another key.
    #[error("this item is sealed to another key")]
    NotForYou,
    /// Some byte was changed, cut off or added.
    #[error("this item is damaged")]
    Damaged,
    /// It was made by a version of the format that this program does not know.
    #[error("this item has a format this program does not know; use a newer version")]
    UnknownFormat,
    /// The signature does not hold.
    #[error("this item is not signed by the key it names")]
    NotSigned,
    /// Reading or writing failed.
    #[error("reading or writing failed: {0}")]
    Io(#[from] io::Error),
}

/// An opened message, its hash and signature verified. Whose key `signed_by` is, is for the caller to know.
pub struct OpenedText {
    /// What was signed.
    pub manifest: Manifest,
    /// The Ed25519 key that signed it.
    pub signed_by: [u8; 32],
    /// The text.
    pub body: Plaintext,
}

/// Opens an answer with a key from a reporter's code: the one thing a server can open.
pub fn open_reply(key: &ReplyKey, slot_header: &[u8], payload: &[u8]) -> Result<OpenedText, OpenError> {
    text(key.identity(), Cursor::new(slot_header).chain(payload))
}

pub(super) fn text(identity: &HybridIdentity, sealed: impl BufRead) -> Result<OpenedText, OpenError> {
    let mut bytes = Zeroizing::new(Vec::new());
    decrypt(identity, sealed)?.take(LONGEST_TEXT + 1).read_to_end(&mut bytes).map_err(broken)?;
    verified(bytes)
}

/// The message in decrypted bytes.
pub(super) fn verified(mut bytes: Zeroizing<Vec<u8>>) -> Result<OpenedText, OpenError> {
    let mut cursor = Cursor::new(bytes.as_mut_slice());
    let (manifest, signed_by) = foot(&mut cursor)?;
    let length = usize::try_from(manifest.length).map_err(|_| OpenError::Damaged)?;
    let body = bytes.get(..length).ok_or(OpenError::Damaged)?;
    if <[u8; 32]>::from(Sha256::digest(body)) != manifest.sha256 {
        return Err(OpenError::Damaged);
    }
    Ok(OpenedText { manifest, signed_by, body: Plaintext::from(body.to_vec()) })
}

/// Opens an item of any size into `out`, which then holds the body followed by padding: the caller cuts it to the length.
#[cfg(feature = "desk")]
pub(super) fn to(
    identity: &HybridIdentity,
    sealed: impl BufRead,
    out: &mut (impl Read + io::Write + Seek),
) -> Result<(Manifest, [u8; 32]), OpenError> {
    let mut opened = decrypt(identity, sealed)?;
    let mut chunk = Zeroizing::new(vec![0; 64 << 10]);
    loop {
        let n = opened.read(&mut chunk).map_err(broken)?;
        if n == 0 {
            break;
        }
        out.write_all(chunk.get(..n).unwrap_or_default())?;
    }
    let (manifest, signed_by) = foot(out)?;
    out.seek(SeekFrom::Start(0))?;
    let mut hash = Sha256::new();
    let hashed = io::copy(&mut out.take(manifest.length), &mut hash)?;
    if hashed != manifest.length || <[u8; 32]>::from(hash.finalize()) != manifest.sha256 {
        return Err(OpenError::Damaged);
    }
    Ok((manifest, signed_by))
}

/// Reads an item of any size to its end, for what is signed there. The body is neither kept nor compared with its hash: who opens the item
/// does that.
#[cfg(feature = "desk")]
pub(super) fn head(identity: &HybridIdentity, sealed: impl BufRead) -> Result<(Manifest, [u8; 32]), OpenError> {
    let mut opened = decrypt(identity, sealed)?;
    let mut chunk = Zeroizing::new(vec![0; 64 << 10]);
    let mut end = Zeroizing::new(Vec::with_capacity(LONGEST_END + chunk.len()));
    let mut before = 0;
    loop {
        let n = opened.read(&mut chunk).map_err(broken)?;
        if n == 0 {
            break;
        }
        end.extend_from_slice(chunk.get(..n).unwrap_or_default());
        let over = end.len().saturating_sub(LONGEST_END);
        end.drain(..over);
        before += over as u64;
    }
    foot_after(&mut Cursor::new(end.as_mut_slice()), before)
}

fn decrypt(identity: &HybridIdentity, sealed: impl BufRead) -> Result<impl Read, OpenError> {
    let decryptor = age::Decryptor::new_buffered(BufReader::new(sealed)).map_err(|_| OpenError::Damaged)?;
    decryptor.decrypt(std::iter::once(identity as &dyn age::Identity)).map_err(|error| match error {
        age::DecryptError::NoMatchingKeys => OpenError::NotForYou,
        _ => OpenError::Damaged,
    })
}

/// A failed authentication reaches us as an I/O error of the decrypting reader.
fn broken(_: io::Error) -> OpenError {
    OpenError::Damaged
}

/// Reads and verifies what stands at the end.
fn foot(opened: &mut (impl Read + Seek)) -> Result<(Manifest, [u8; 32]), OpenError> {
    foot_after(opened, 0)
}

/// The same, where so many bytes that stood before are left out.
fn foot_after(opened: &mut (impl Read + Seek), before: u64) -> Result<(Manifest, [u8; 32]), OpenError> {
    let total = opened.seek(SeekFrom::End(0))?;
    let start = total.checked_sub(FOOT as u64).ok_or(OpenError::Damaged)?;
    opened.seek(SeekFrom::Start(start))?;
    let (mut signature, mut signed_by, mut length, mut version) = ([0; 64], [0; 32], [0; 4], [0; 1]);
    for part in [&mut signature[..], &mut signed_by, &mut length, &mut version] {
        opened.read_exact(part)?;
    }
    if version != [VERSION] {
        return Err(OpenError::UnknownFormat);
    }
    let length = u32::from_be_bytes(length);
    if length as usize > LONGEST_MANIFEST {
        return Err(OpenError::Damaged);
    }
    let at = start.checked_sub(u64::from(length)).ok_or(OpenError::Damaged)?;
    opened.seek(SeekFrom::Start(at))?;
    let mut manifest = vec![0; length as usize];
    opened.read_exact(&mut manifest)?;
    if !verify(&signed_by, &[SIGNED, &manifest].concat(), &signature) {
        return Err(OpenError::NotSigned);
    }
    let manifest: Manifest = serde_json::from_slice(&manifest).map_err(|_| OpenError::UnknownFormat)?;
    if manifest.length > before + at {
        return Err(OpenError::Damaged);
    }
    Ok((manifest, signed_by))
}
