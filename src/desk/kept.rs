//! What the desk keeps on this machine between two unlockings: JSON beside the identity, sealed to the reader.
use std::path::Path;

use serde::{Serialize, de::DeserializeOwned};
use zeroize::Zeroizing;

use super::{DeskError, Identity};
use crate::replace::replace;

/// Reads a file. One that cannot be opened is as one that is not there: it holds nothing that is nowhere else.
pub(super) fn load<T: DeserializeOwned>(file: &Path, me: &Identity) -> Option<T> {
    let opened = me.seal.open_own(&std::fs::read(file).ok()?).ok()?;
    serde_json::from_slice(&opened).ok()
}

/// Writes a file whole or not at all.
pub(super) fn save(file: &Path, me: &Identity, what: &impl Serialize) -> Result<(), DeskError> {
    let bytes = Zeroizing::new(serde_json::to_vec(what).map_err(|e| DeskError::new(e.to_string()))?);
    let sealed = me.seal.seal_own(&bytes).map_err(|e| DeskError::new(e.to_string()))?;
    Ok(replace(file, &sealed)?)
}
