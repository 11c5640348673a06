//! What the desk keeps on this machine between two unlockings: JSON beside the identity, sealed to the reader.
//!
//! A reader may run several programs, the page and a command beside it: whoever writes a file reads it first, while [`alone`] with it.
use std::{
    fs::File,
    path::{Path, PathBuf},
};

use serde::{Serialize, de::DeserializeOwned};
use zeroize::Zeroizing;

use super::{DeskError, Identity};
use crate::replace::replace;

/// Waits until no other program changes a file; none does until what this returns is dropped.
pub(super) fn alone(file: &Path) -> Result<File, DeskError> {
    let mut lock = file.as_os_str().to_owned();
    lock.push(".lock");
    let lock = File::create(PathBuf::from(lock))?;
    lock.lock()?;
    Ok(lock)
}

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
