//! Lines that are put into words where they are shown, in the language of who reads them. Pure.
use std::fmt::Display;

use super::{id::KeyedReader, roster::Text};

/// A line: the id of its text in `web/i18n`, and the values in it.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Said {
    /// The text; empty for an empty line.
    pub id: &'static str,
    /// By name.
    pub values: Vec<(&'static str, Part)>,
}

/// A value of a line.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Part {
    /// The same in all languages.
    Plain(String),
    /// A text of the roster.
    Named {
        /// In Dutch.
        nl: String,
        /// In English.
        en: String,
    },
    /// The words of somebody's keys, the same in all languages.
    Keys(KeyedReader),
    /// A line within a line.
    Said(Said),
    /// Several, with commas between them.
    Row(Vec<Said>),
    /// Several, with semicolons between them.
    All(Vec<Said>),
}

impl Part {
    /// A text of the roster.
    pub fn named(text: &Text) -> Self {
        Self::Named { nl: text.nl.clone(), en: text.en.clone() }
    }
}

impl From<Said> for Part {
    fn from(said: Said) -> Self {
        Self::Said(said)
    }
}

impl Said {
    /// A text without values so far.
    pub fn new(id: &'static str) -> Self {
        Self { id, values: Vec::new() }
    }

    /// What is said in one language alone, as an error of a library is.
    pub fn plain(text: impl Display) -> Self {
        Self::new("plain").with("text", text)
    }

    /// An empty line.
    pub fn blank() -> Self {
        Self::new("")
    }

    /// With a value that is the same in all languages.
    pub fn with(self, name: &'static str, value: impl Display) -> Self {
        self.part(name, Part::Plain(value.to_string()))
    }

    /// With a line as a value.
    pub fn said(self, name: &'static str, value: Self) -> Self {
        self.part(name, Part::Said(value))
    }

    /// With a value.
    pub fn part(mut self, name: &'static str, value: Part) -> Self {
        self.values.push((name, value));
        self
    }
}
