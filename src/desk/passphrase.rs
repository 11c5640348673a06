//! The passphrase that protects a reader's keys: asked for, and chosen.
use age::secrecy::{ExposeSecret, SecretString};

use super::{DeskError, commands::Options, writing::readable};

/// Characters of a passphrase at least. Five words have more; length is what counts, so nothing else is asked of it.
const LEAST: usize = 16;

/// The passphrase of the keys, from its file or as it is typed.
pub(super) fn passphrase(options: &Options) -> Result<SecretString, DeskError> {
    match &options.passphrase_file {
        Some(path) => {
            let text = String::from_utf8_lossy(&readable(path)?).trim_end().to_owned();
            if text.is_empty() {
                return Err(DeskError::new(format!("{} holds no passphrase", path.display())));
            }
            Ok(SecretString::from(text))
        }
        None => Ok(SecretString::from(rpassword::prompt_password("Passphrase: ")?)),
    }
}

/// A new passphrase, from its file or typed twice.
pub(super) fn new_passphrase(options: &Options) -> Result<SecretString, DeskError> {
    if options.passphrase_file.is_some() {
        let passphrase = passphrase(options)?;
        return passphrase_of(passphrase.expose_secret(), passphrase.expose_secret());
    }
    let first = rpassword::prompt_password("New passphrase, 16 characters or more; five words will do: ")?;
    passphrase_of(&first, &rpassword::prompt_password("Once more: ")?)
}

/// A new passphrase, typed twice; refused when it is too short or the two differ.
pub(super) fn passphrase_of(first: &str, again: &str) -> Result<SecretString, DeskError> {
    if first.trim().chars().count() < LEAST {
        return Err(DeskError::known("desk-error-short"));
    }
    if first != again {
        return Err(DeskError::known("desk-error-differ"));
    }
    Ok(SecretString::from(first.to_owned()))
}
