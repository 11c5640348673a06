//! Records of the staff log, sealed to those who watch over an organisation.
//!
//! Before sealing, version 1: `record (JSON) ‖ zeros ‖ signature (64) ‖ signer (32) ‖ length of the JSON (u32 BE) ‖ 1`, of one
//! size whatever was done. What the server writes by itself has no signature: zeros stand in its place, and the chain says that it is the
//! server's ([`crate::domain::log::Writer`]).
use std::io::Write;

use super::{SealError, hybrid::HybridRecipient, sign::Signer};
use crate::domain::{log::Record, roster::Overseer};

pub(super) const VERSION: u8 = 1;
pub(super) const SIGNED: &[u8] = b"meldkluis/record/v1\0";
/// Signature, signer, length of the JSON and version byte.
pub(super) const FOOT: usize = 64 + 32 + 4 + 1;
/// Bytes of every record before sealing.
const SIZE: usize = 4 << 10;
/// Bytes of the largest sealed record: headers of so many overseers.
pub const LONGEST_SEALED: usize = 32 << 10;

/// Seals a record to an organisation's overseers: an age file.
pub fn record<'a>(
    record: &Record,
    signer: Option<&Signer>,
    to: impl IntoIterator<Item = &'a Overseer>,
) -> Result<Vec<u8>, SealError> {
    let mut text = serde_json::to_vec(record).map_err(|_| SealError::Failed)?;
    let length = u32::try_from(text.len()).map_err(|_| SealError::TooLong)?;
    let (signature, by) = match signer {
        Some(signer) => (signer.sign(&[SIGNED, &text].concat()), signer.public()),
        None => ([0; 64], [0; 32]),
    };
    if text.len() + FOOT > SIZE {
        return Err(SealError::TooLong);
    }
    text.resize(SIZE - FOOT, 0);
    for part in [&signature[..], &by, &length.to_be_bytes(), &[VERSION]] {
        text.extend_from_slice(part);
    }
    let keys = to.into_iter().map(|o| HybridRecipient::parse(&o.seal_key).ok_or(SealError::BadKey));
    let keys = keys.collect::<Result<Vec<_>, _>>()?;
    if keys.is_empty() {
        return Err(SealError::NoReader);
    }
    let recipients = keys.iter().map(|key| key as &dyn age::Recipient);
    let encryptor = age::Encryptor::with_recipients(recipients).map_err(|_| SealError::Failed)?;
    let mut sealed = Vec::new();
    let mut writer = encryptor.wrap_output(&mut sealed).map_err(|_| SealError::Failed)?;
    writer.write_all(&text).and_then(|()| writer.finish().map(drop)).map_err(|_| SealError::Failed)?;
    if sealed.len() > LONGEST_SEALED { Err(SealError::TooMany) } else { Ok(sealed) }
}
