//! The texts that acts begin with. They can be changed; where the reason has to be said in one, it is not sent as it stands.
use crate::{
    domain::case::Act,
    seal::{Plaintext, code::Language},
    text::Texts,
};

/// The text that an act begins with, in each language; nothing for an act without one.
#[derive(Clone, Copy)]
pub(super) struct Letter {
    nl: &'static str,
    en: &'static str,
}

macro_rules! letter {
    ($name:literal) => {
        Letter {
            nl: include_str!(concat!("../../../web/letters/nl/", $name, ".txt")),
            en: include_str!(concat!("../../../web/letters/en/", $name, ".txt")),
        }
    };
}

impl Letter {
    /// Of an act, in advice or in a report.
    pub(super) fn of(act: Act, advice: bool) -> Self {
        match act {
            Act::Acknowledge => letter!("acknowledge"),
            Act::Ask => letter!("ask"),
            Act::Feedback => letter!("feedback"),
            Act::Close if advice => letter!("close_advice"),
            Act::Close => letter!("close"),
            Act::Reply | Act::Note => Self { nl: "", en: "" },
        }
    }

    /// The languages in which there is one.
    pub(super) fn languages(self) -> &'static [Language] {
        if self.nl.is_empty() { &[] } else { &[Language::Nl, Language::En] }
    }

    /// In a language.
    pub(super) fn text(self, t: Texts) -> Plaintext {
        Plaintext::from(if t.language == Language::En { self.en } else { self.nl }.to_owned())
    }

    /// In a language, in place of the one in another; under what was written already.
    pub(super) fn put_in(self, t: Texts, text: Plaintext) -> Plaintext {
        if text.is_blank() || self.is(&text) {
            return self.text(t);
        }
        Plaintext::from([text.reveal().trim_ascii_end(), b"\n\n", self.text(t).reveal()].concat())
    }

    /// Whether a text is this one in either language, and nothing more: what has to be said in it is missing.
    pub(super) fn is(self, text: &Plaintext) -> bool {
        [self.nl, self.en].iter().any(|letter| words(letter.as_bytes()).eq(words(text.reveal())))
    }
}

/// Without the ends of lines: browsers change them.
pub(super) fn words(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty())
}
