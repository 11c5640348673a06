//! What a person wrote, in a type that can be measured, shown back to that person, and sealed; nothing else.
use std::fmt;

use serde::{Deserialize, Deserializer};
use zeroize::Zeroizing;

/// Bytes of the longest escape on a page: what was cut with so many more than a limit still shows that it was too long.
pub const LONGEST_ESCAPE: usize = 8;

/// Bytes a person wrote. Zeroed when dropped; no Debug, Display, Clone, `PartialEq` or Serialize.
#[derive(Default)]
pub struct Plaintext(Zeroizing<Vec<u8>>);

impl Plaintext {
    /// JSON, for what is sealed as such.
    pub fn of_json(value: &impl serde::Serialize) -> Self {
        // Texts, ids, days and numbers always serialise.
        Self::from(serde_json::to_vec(value).unwrap_or_default())
    }

    /// Length in bytes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is not one byte.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether there is nothing but white space.
    pub fn is_blank(&self) -> bool {
        self.0.iter().all(u8::is_ascii_whitespace)
    }

    /// Its length on a page, where `&`, `<`, `>` and quotes take more bytes.
    pub fn escaped_len(&self) -> usize {
        self.widths().map(|(_, escaped)| escaped).sum()
    }

    /// Lines it takes where one holds so many characters: how high a field for it must be.
    pub fn lines(&self, width: usize) -> usize {
        // A character's first byte is none that continues one.
        let wide = |line: &[u8]| line.iter().filter(|b| **b & 0xc0 != 0x80).count().div_ceil(width.max(1)).max(1);
        self.0.split(|b| *b == b'\n').map(wide).sum()
    }

    /// Its beginning, so long as its [`Self::escaped_len`] is within a limit. What is cut off takes no memory any more.
    pub fn cut_to(self, escaped: usize) -> Self {
        let (mut fits, mut length) = (0, 0);
        for (bytes, more) in self.widths() {
            length += more;
            if length > escaped {
                return Self::from(self.0.get(..fits).unwrap_or_default().to_vec());
            }
            fits += bytes;
        }
        self
    }

    /// The bytes of each character, and those of its [`Echo`]: what is no text is shown as U+FFFD.
    fn widths(&self) -> impl Iterator<Item = (usize, usize)> {
        let shown = |c: char| u8::try_from(c).ok().and_then(escape).map_or(c.len_utf8(), str::len);
        self.0.utf8_chunks().flat_map(move |part| {
            let broken = part.invalid().len();
            let broken = (broken > 0).then_some((broken, char::REPLACEMENT_CHARACTER.len_utf8()));
            part.valid().chars().map(move |c| (c.len_utf8(), shown(c))).chain(broken)
        })
    }

    /// The one way back to a page: escaped for HTML text and quoted attributes.
    pub fn echo(&self) -> Echo<'_> {
        Echo(self)
    }

    /// A short name chosen on a form, of `a-z`, `0-9` and `-`: such an answer was picked, not written.
    pub fn choice(&self) -> Option<&str> {
        let plain = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-';
        std::str::from_utf8(&self.0).ok().filter(|t| t.len() <= 160 && t.bytes().all(|b| plain(&b)))
    }

    /// Without white space at both ends.
    pub fn trimmed(self) -> Self {
        Self(Zeroizing::new(self.0.trim_ascii().to_vec()))
    }

    /// Its length and bytes into a form's authenticator.
    pub fn hash_into(&self, mac: &mut impl hmac::Mac) {
        mac.update(&(self.0.len() as u64).to_be_bytes());
        mac.update(&self.0);
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes, on a reader's own machine.
    #[cfg(feature = "desk")]
    pub fn reveal(&self) -> &[u8] {
        &self.0
    }
}

impl From<String> for Plaintext {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text.into_bytes()))
    }
}

impl From<Vec<u8>> for Plaintext {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }
}

impl<'de> Deserialize<'de> for Plaintext {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}

/// Typed text on its way back to the person who typed it, HTML-escaped.
pub struct Echo<'a>(&'a Plaintext);

impl fmt::Display for Echo<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in self.0.0.utf8_chunks() {
            let mut rest = part.valid();
            while let Some((at, entity)) = rest.bytes().enumerate().find_map(|(i, b)| Some((i, escape(b)?))) {
                let (before, from) = rest.split_at(at);
                f.write_str(before)?;
                f.write_str(entity)?;
                rest = from.get(1..).unwrap_or_default();
            }
            f.write_str(rest)?;
            if !part.invalid().is_empty() {
                f.write_str("\u{fffd}")?;
            }
        }
        Ok(())
    }
}

fn escape(byte: u8) -> Option<&'static str> {
    match byte {
        b'&' => Some("&amp;"),
        b'<' => Some("&lt;"),
        b'>' => Some("&gt;"),
        b'"' => Some("&#34;"),
        b'\'' => Some("&#39;"),
        // A browser would alter or drop these and the authenticator would no longer hold.
        b'\r' => Some("&#13;"),
        b'\n' => Some("&#10;"),
        0 => Some("&#65533;"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_echo_cannot_leave_its_attribute_and_has_the_length_foretold() {
        let text = Plaintext::from(String::from("a\"><script>'&\r\né"));
        let echo = text.echo().to_string();
        assert!(!echo.contains(['<', '>', '"', '\'']));
        assert_eq!(echo.len(), text.escaped_len());
    }

    #[test]
    fn lines_are_counted_in_characters_and_an_empty_one_is_one() {
        let lines = |text: &str| Plaintext::from(text.to_owned()).lines(4);
        assert_eq!(["", "abcd", "abcde", "éééé", "ab\r\n\r\ncd"].map(lines), [1, 1, 2, 1, 3]);
    }

    #[test]
    fn a_beginning_ends_with_a_whole_character_and_keeps_nothing_of_the_rest() {
        for bytes in ["é<".repeat(50_000).into_bytes(), vec![0xff; 100_000], b"\xf0\x9f\x98a".repeat(30_000)] {
            let text = Plaintext::from(bytes.clone());
            assert_eq!(text.echo().to_string().len(), text.escaped_len());
            let cut = text.cut_to(1000);
            let shown = cut.echo().to_string();
            assert!(bytes.starts_with(cut.bytes()) && (990..=1000).contains(&shown.len()), "{}", shown.len());
            assert!(cut.0.capacity() <= 1000);
        }
    }
}
