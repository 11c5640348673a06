//! The passphrase that protects a reader's keys: asked for, and chosen.
use std::collections::BTreeSet;

use age::secrecy::{ExposeSecret, SecretString};

use super::{DeskError, commands::Options, writing::readable};

/// Characters of a passphrase at least. Five words have more; length is what counts, as long as it is no repetition.
const LEAST: usize = 16;
/// Different characters at least.
const DIFFERENT: usize = 6;

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
    let (weak, differ) = faults(first, again);
    weak.or(differ).map_or_else(|| Ok(SecretString::from(first.to_owned())), Err)
}

/// What is wrong with a new passphrase, and that it was typed otherwise the second time.
pub(super) fn faults(first: &str, again: &str) -> (Option<DeskError>, Option<DeskError>) {
    let weak = if first.trim().chars().count() < LEAST {
        Some("desk-error-short")
    } else {
        trivial(first.trim()).then_some("desk-error-trivial")
    };
    (weak.map(DeskError::known), (first != again).then(|| DeskError::known("desk-error-differ")))
}

/// Whether a text is long and yet guessed at once: of few characters, its own beginning over again, or a row as 1234.
fn trivial(text: &str) -> bool {
    let text: Vec<char> = text.to_lowercase().chars().filter(|c| !c.is_whitespace()).collect();
    let different: BTreeSet<&char> = text.iter().collect();
    let again = |period: usize| text.iter().zip(text.iter().skip(period)).all(|(a, b)| a == b);
    let steps = text.iter().zip(text.iter().skip(1)).filter(|(a, b)| u32::from(**a).abs_diff(u32::from(**b)) == 1);
    let row = steps.count() * 2 > text.len();
    different.len() < DIFFERENT || (1..=text.len() / 2).any(again) || row
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_guessed_at_once_is_refused_and_five_words_are_taken() {
        let refused = |text: &str| passphrase_of(text, text).err().and_then(|error| error.id);
        for text in [
            "aaaaaaaaaaaaaaaaaaaa",
            "ababababababababab",
            "a a a a a a a a a a a a a a a a",
            "wachtwoordwachtwoord",
            "geheim Geheim geheim",
            "12345678901234567890",
            "abcdefghijklmnopqrst",
        ] {
            assert_eq!(refused(text), Some("desk-error-trivial"), "{text}");
        }
        assert_eq!(refused("kort en goed"), Some("desk-error-short"));
        for text in ["vier losse woorden hier", "gieter stoep lamp vijver kat", "de kat zit op de mat en slaapt"] {
            assert_eq!(refused(text), None, "{text}");
        }
    }
}
