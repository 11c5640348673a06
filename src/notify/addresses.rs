//! The readers' mail addresses: a file of the operator's, read when it is needed, kept and logged nowhere.
use std::{collections::BTreeMap, fs, path::Path};

use lettre::Address;
use toml::Spanned;

use crate::domain::id::ReaderId;

/// Each reader's address.
pub(super) type Addresses = BTreeMap<ReaderId, Address>;

/// Reads lines of `reader = "address"`. The error names the line and repeats nothing of it.
pub(super) fn read(path: &Path) -> Result<Addresses, String> {
    let text = fs::read_to_string(path).map_err(|e| format!("cannot read {}: {}", path.display(), e.kind()))?;
    let wrong = |offset: usize| {
        let line = text.bytes().take(offset).filter(|b| *b == b'\n').count() + 1;
        format!("{}, line {line}: not of the form reader = \"address\", each reader once", path.display())
    };
    let lines: BTreeMap<String, Spanned<String>> =
        toml::from_str(&text).map_err(|e| wrong(e.span().map_or(0, |span| span.start)))?;
    let parsed = lines.into_iter().map(|(id, address)| {
        let both = ReaderId::parse(&id).zip(address.get_ref().parse().ok());
        both.ok_or_else(|| wrong(address.span().start))
    });
    parsed.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<Addresses, String> {
        let file = tempfile::NamedTempFile::new().unwrap_or_else(|_| unreachable!());
        fs::write(file.path(), text).unwrap_or_else(|_| unreachable!());
        read(file.path())
    }

    #[test]
    fn a_mistake_is_named_by_its_line_and_not_repeated() {
        assert_eq!(of("bzk-one = \"one@example.org\"\n# and\nbzk-two = 'two@example.org'").map(|a| a.len()), Ok(2));
        for (text, line) in [
            ("bzk-one = \"one@example.org\"\nbzk-two = \"secret\"", 2),
            ("bzk-one = \"secret@example.org\"\nbzk-one = \"secret@example.org\"", 2),
            ("\n\n\"secret@example.org\" = \"bzk-one\"", 3),
            ("bzk-one = secret@example.org", 1),
            ("bzk-one = [\"secret@example.org\"]", 1),
            ("[more]\nsecret = \"secret@example.org\"", 1),
            ("bzk-one = \"secret@example.org\\r\\nBcc: secret@example.org\"", 1),
        ] {
            let error = of(text).err().unwrap_or_default();
            assert!(error.contains(&format!("line {line}:")) && !error.contains("secret"), "{text}: {error}");
        }
    }
}
