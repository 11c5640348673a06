//! What a first item holds: the answers of the form, as JSON version 1.
use serde::Serialize;
use zeroize::Zeroizing;

use super::{Plaintext, account::Oral};
use crate::domain::{id::ReaderId, roster::Topic};

/// The reporter's answers. Only the story is required.
pub struct Story {
    /// What it is about, in the reporter's choice.
    pub topic: Topic,
    /// The story.
    pub story: Plaintext,
    /// Who is involved.
    pub who: Plaintext,
    /// When it happened.
    pub when: Plaintext,
    /// Where it happened.
    pub place: Plaintext,
    /// Who else knows.
    pub known: Plaintext,
    /// Who must never read, in no function: the readers keep to it when they hand over.
    pub struck: Vec<ReaderId>,
}

#[derive(Serialize)]
struct Body<'a> {
    v: u8,
    topic: Topic,
    story: &'a str,
    who: &'a str,
    when: &'a str,
    place: &'a str,
    known: &'a str,
    struck: &'a [ReaderId],
    #[serde(skip_serializing_if = "Option::is_none")]
    oral: Option<&'a Oral>,
}

impl Story {
    /// The body of a first item. Text that is not UTF-8 loses the bytes that are not.
    pub fn into_body(self) -> Plaintext {
        self.body(None)
    }

    /// The body of a first item that somebody told and an officer wrote down.
    pub fn into_oral_body(self, oral: &Oral) -> Plaintext {
        self.body(Some(oral))
    }

    fn body(self, oral: Option<&Oral>) -> Plaintext {
        let texts = [&self.story, &self.who, &self.when, &self.place, &self.known]
            .map(|p| Zeroizing::new(String::from_utf8_lossy(p.bytes()).into_owned()));
        let [story, who, when, place, known] = &texts;
        let body = Body { v: 1, topic: self.topic, story, who, when, place, known, struck: &self.struck, oral };
        // Strings, names and a number always serialise.
        Plaintext::from(serde_json::to_vec(&body).unwrap_or_default())
    }
}

/// The answers, opened on a reader's machine.
#[cfg(feature = "desk")]
#[derive(serde::Deserialize, Serialize)]
pub struct StoryText {
    /// Format version; 1.
    pub v: u8,
    /// The reporter's choice.
    pub topic: Topic,
    /// The story.
    pub story: String,
    /// Who is involved.
    pub who: String,
    /// When it happened.
    pub when: String,
    /// Where it happened.
    pub place: String,
    /// Who else knows.
    pub known: String,
    /// Who must never read, in no function.
    #[serde(default)]
    pub struck: Vec<ReaderId>,
    /// That it was told, and who wrote it down: they have had the code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oral: Option<Oral>,
}

#[cfg(feature = "desk")]
impl StoryText {
    /// Reads a first item's body; `None` when it is of another version.
    pub fn from_body(body: &[u8]) -> Option<Self> {
        serde_json::from_slice(body).ok().filter(|s: &Self| s.v == 1)
    }
}
