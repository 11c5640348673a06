//! The envelope in which a reader's item travels to the server:
//! version (1 byte) ‖ length of the head (4 bytes, big-endian) ‖ head (JSON, [`Adding`]) ‖ age payload, to the end.
//! The envelope of a new case is the same with another head.
use serde::{Serialize, de::DeserializeOwned};

use crate::api_types::Adding;

/// The format version this program writes and reads.
pub const VERSION: u8 = 1;
/// Bytes of the largest head: sixteen slots of 2 KiB, base64, with room.
pub const HEAD_BYTES: usize = 64 << 10;
/// Sealed messages are no larger, in bytes: what is larger is a file. The server shows the reporter no file, so a desk takes nothing larger
/// for a message either.
pub const MESSAGE_BYTES: u64 = 300 << 10;

/// Why bytes are not an envelope.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum EnvelopeError {
    /// Another format version.
    #[error("this envelope's version is not known; use a desk of the same version as the server")]
    Version,
    /// A head over [`HEAD_BYTES`].
    #[error("the head of the envelope is too large")]
    TooLarge,
    /// A head that is not what it should be.
    #[error("the head of the envelope cannot be read")]
    Head,
}

/// Everything that stands before the payload.
pub fn before_payload(adding: &Adding) -> Result<Vec<u8>, EnvelopeError> {
    before(adding)
}

/// The same for any head.
pub fn before(head: &impl Serialize) -> Result<Vec<u8>, EnvelopeError> {
    let json = serde_json::to_vec(head).map_err(|_| EnvelopeError::Head)?;
    let fits = u32::try_from(json.len()).ok().filter(|_| json.len() <= HEAD_BYTES);
    let length = fits.ok_or(EnvelopeError::TooLarge)?;
    Ok([&[VERSION], &length.to_be_bytes()[..], &json].concat())
}

/// The head and what there is of the payload; `None` while the head is not whole.
pub fn split(bytes: &[u8]) -> Result<Option<(Adding, &[u8])>, EnvelopeError> {
    split_any(bytes)
}

/// The same for any head.
pub fn split_any<T: DeserializeOwned>(bytes: &[u8]) -> Result<Option<(T, &[u8])>, EnvelopeError> {
    let Some((version, rest)) = bytes.split_first() else { return Ok(None) };
    if *version != VERSION {
        return Err(EnvelopeError::Version);
    }
    let Some((length, rest)) = rest.split_first_chunk::<4>() else { return Ok(None) };
    let length = usize::try_from(u32::from_be_bytes(*length)).ok().filter(|l| *l <= HEAD_BYTES);
    let Some((head, payload)) = rest.split_at_checked(length.ok_or(EnvelopeError::TooLarge)?) else { return Ok(None) };
    Ok(Some((serde_json::from_slice(head).map_err(|_| EnvelopeError::Head)?, payload)))
}
