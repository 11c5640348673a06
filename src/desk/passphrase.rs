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
        None => typed("Passphrase: ", "").map(SecretString::from),
    }
}

/// A new passphrase, from its file or typed twice.
pub(super) fn new_passphrase(options: &Options) -> Result<SecretString, DeskError> {
    if options.passphrase_file.is_some() {
        let passphrase = passphrase(options)?;
        return passphrase_of(passphrase.expose_secret(), passphrase.expose_secret());
    }
    const NONE: &str = ", or leave the keys without one with --no-passphrase";
    let first = typed("New passphrase, 16 characters or more; five words will do: ", NONE)?;
    passphrase_of(&first, &typed("Once more: ", NONE)?)
}

/// What is typed on the terminal, without being shown. Without a terminal: how else it can be given.
fn typed(asks: &str, or: &str) -> Result<String, DeskError> {
    rpassword::prompt_password(asks).map_err(|_| {
        DeskError::new(format!(
            "there is no terminal to type the passphrase on; write it into a file and name that with --passphrase-file{or}"
        ))
    })
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
