//! The answers of the filing form. They travel in hidden fields, authenticated; the server keeps nothing in between.
//!
//! Token, version 1: `1 ‖ roster digest (32) ‖ HMAC-SHA256 (32)`, hex. The HMAC is under the form key over the version, the
//! instance, the digest, the page, the exact readers shown, and all answers but those the page asks for, each with its length.
use std::collections::BTreeSet;

use hmac::{Hmac, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::{
    domain::{
        id::{OrgId, ReaderId},
        roster::{Roster, Topic},
        routing::{self, NobodyLeft, Readers, Wish},
    },
    seal::{Plaintext, Story, code::Code},
};

/// Escaped bytes of the story and the optional answers together. Always fits the page.
pub(crate) const STORY_BYTES: usize = 40 << 10;
const VERSION: u8 = 1;

/// A form as it arrives.
pub(crate) type Fields = Vec<(String, Plaintext)>;

/// What the reporter wants.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Want {
    Advice,
    Report,
    Unsure,
}

impl Want {
    pub(crate) const ALL: [Self; 3] = [Self::Advice, Self::Report, Self::Unsure];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Advice => "advice",
            Self::Report => "report",
            Self::Unsure => "unsure",
        }
    }
}

/// Every answer so far.
#[derive(Default)]
pub(crate) struct Answers {
    pub(crate) want: Option<Want>,
    pub(crate) org: Option<OrgId>,
    pub(crate) topic: Option<Topic>,
    pub(crate) adviser: Option<ReaderId>,
    pub(crate) deputy: bool,
    pub(crate) struck: BTreeSet<ReaderId>,
    /// Something that is no reader's name was to be struck: it is in no hidden field, so that only page 5 may have it.
    pub(crate) stray: bool,
    pub(crate) manager: Option<ReaderId>,
    pub(crate) story: Plaintext,
    pub(crate) who: Plaintext,
    pub(crate) when: Plaintext,
    pub(crate) place: Plaintext,
    pub(crate) known: Plaintext,
    /// Random, from page 7 on; with the form key it makes the code, so that reloading shows the same one. No page that a browser
    /// may keep has it.
    pub(crate) seed: Option<[u8; 32]>,
    /// What was typed on page 9; never echoed into another page.
    pub(crate) typed: Plaintext,
}

/// The page on which each hidden answer is asked.
static ASKED: [(&str, u8); 12] = [
    ("want", 2),
    ("org", 3),
    ("topic", 4),
    ("adviser", 5),
    ("deputy", 5),
    ("strike", 5),
    ("manager", 5),
    ("story", 6),
    ("who", 6),
    ("when", 6),
    ("place", 6),
    ("known", 6),
];

/// Why hidden fields are not believed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum NotBelieved {
    /// Altered, of another page, or of an old key.
    Tampered,
    /// The roster changed after the page was made.
    RosterChanged,
}

impl Answers {
    /// With a fresh seed, unless there is one; `None` without randomness.
    pub(crate) fn seeded(mut self) -> Option<Self> {
        if self.seed.is_none() {
            let mut seed = [0; 32];
            getrandom::fill(&mut seed).ok()?;
            self.seed = Some(seed);
        }
        Some(self)
    }

    /// Reads a form: what is of no known form is left out, and missing when the page is checked.
    pub(crate) fn read(fields: Fields) -> Self {
        let mut answers = Self::default();
        for (name, value) in fields {
            match name.as_str() {
                "story" => answers.story = value,
                "who" => answers.who = value,
                "when" => answers.when = value,
                "place" => answers.place = value,
                "known" => answers.known = value,
                "code" => answers.typed = value,
                other => answers.choose(other, value.choice().unwrap_or_default()),
            }
        }
        answers
    }

    fn choose(&mut self, name: &str, value: &str) {
        match name {
            "want" => self.want = Want::ALL.into_iter().find(|w| w.name() == value),
            "org" => self.org = OrgId::parse(value),
            "topic" => self.topic = Topic::parse(value),
            "adviser" => self.adviser = ReaderId::parse(value),
            "deputy" => self.deputy = value == "yes",
            "strike" => match ReaderId::parse(value) {
                Some(id) => drop(self.struck.insert(id)),
                None => self.stray = true,
            },
            "manager" => self.manager = ReaderId::parse(value),
            "seed" => self.seed = hex::decode(value).ok().and_then(|seed| seed.try_into().ok()),
            _ => {}
        }
    }

    /// Whether this is a report; advice otherwise.
    pub(crate) fn is_report(&self) -> bool {
        self.want == Some(Want::Report)
    }

    /// Who would read, as answered so far.
    pub(crate) fn readers(&self, roster: &Roster) -> Result<Readers, NobodyLeft> {
        let org = self.org.as_ref().ok_or(NobodyLeft)?;
        let topic = self.topic.ok_or(NobodyLeft)?;
        let wish = if self.is_report() {
            Wish::Report { topic, struck: self.struck.clone(), manager: self.manager.clone() }
        } else {
            Wish::Advice { adviser: self.adviser.clone().ok_or(NobodyLeft)?, deputy: self.deputy }
        };
        routing::readers(roster, org, &wish)
    }

    /// The code of these answers; `None` before there is a seed.
    pub(crate) fn code(&self, key: &[u8; 32]) -> Option<Code> {
        let mac = keyed(key, &[b"meldkluis/code/v1", &self.seed?]);
        let mut bits = [0; 16];
        bits.iter_mut().zip(mac).for_each(|(bit, byte)| *bit = byte);
        Some(Code::from_bits(bits))
    }

    /// Escaped bytes of what was written.
    pub(crate) fn written(&self) -> usize {
        [&self.story, &self.who, &self.when, &self.place, &self.known].into_iter().map(Plaintext::escaped_len).sum()
    }

    /// The body of the first item. Consumes what was written.
    pub(crate) fn into_story(self) -> Story {
        let Self { topic, story, who, when, place, known, struck, .. } = self;
        let struck = struck.into_iter().collect();
        Story { topic: topic.unwrap_or(Topic::Other), story, who, when, place, known, struck }
    }

    /// Every hidden input of a page: all answers it does not ask for, and the token.
    pub(crate) fn hidden(&self, roster: &Roster, key: &[u8; 32], page: u8) -> String {
        let mut html = String::new();
        let mut add = |name: &str, value: &dyn std::fmt::Display| {
            html.push_str(&format!("<input type=\"hidden\" name=\"{name}\" value=\"{value}\">"));
        };
        let asked = |name: &str| ASKED.contains(&(name, page));
        for (name, value) in self.choices().iter().filter(|(name, _)| !asked(name)) {
            add(name, value);
        }
        // Page 7 shows what was written; it stands there once, in fields that can be read but not changed.
        for (name, text) in
            self.texts().into_iter().filter(|(name, text)| page != 7 && !asked(name) && !text.is_empty())
        {
            add(name, &text.echo());
        }
        if let Some(seed) = self.seed {
            add("seed", &hex::encode(seed));
        }
        add("step", &page);
        add("token", &self.token(roster, key, roster.digest, page));
        html
    }

    /// Whether the hidden fields of a page are as they were sent, under one of these keys.
    pub(crate) fn believe(
        &self,
        roster: &Roster,
        keys: &[Zeroizing<[u8; 32]>],
        page: u8,
        token: &str,
    ) -> Result<(), NotBelieved> {
        if self.stray && !ASKED.contains(&("strike", page)) {
            return Err(NotBelieved::Tampered);
        }
        believed((roster, keys), token, |key, digest| self.token(roster, key, digest, page))
    }

    fn token(&self, roster: &Roster, key: &[u8; 32], digest: [u8; 32], page: u8) -> String {
        // HMAC takes a key of any length.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return String::new() };
        let seed = self.seed.as_ref().map_or(&[][..], |seed| seed);
        for part in [&b"meldkluis/form/v1"[..], &[VERSION], roster.instance.as_bytes(), &digest, &[page], seed] {
            mac.update(part);
        }
        let asked = |name: &str| ASKED.contains(&(name, page));
        for (name, value) in self.choices().iter().filter(|(name, _)| !asked(name)) {
            update(&mut mac, name.as_bytes());
            update(&mut mac, value.as_bytes());
        }
        for (name, text) in self.texts().into_iter().filter(|(name, _)| !asked(name)) {
            update(&mut mac, name.as_bytes());
            text.hash_into(&mut mac);
        }
        // Only once the readers were shown is the set fixed.
        let shown = if page > 5 { self.readers(roster).ok() } else { None };
        for reader in shown.iter().flat_map(Readers::all) {
            update(&mut mac, reader.id.as_str().as_bytes());
        }
        let mac = mac.finalize().into_bytes();
        hex::encode([&[VERSION][..], &digest, &mac].concat())
    }

    fn choices(&self) -> Vec<(&'static str, String)> {
        let mut all = Vec::new();
        all.extend(self.want.map(|w| ("want", w.name().to_owned())));
        all.extend(self.org.as_ref().map(|o| ("org", o.to_string())));
        all.extend(self.topic.map(|t| ("topic", t.name().to_owned())));
        all.extend(self.adviser.as_ref().map(|a| ("adviser", a.to_string())));
        all.extend(self.deputy.then(|| ("deputy", "yes".to_owned())));
        all.extend(self.struck.iter().map(|s| ("strike", s.to_string())));
        all.extend(self.manager.as_ref().map(|m| ("manager", m.to_string())));
        all
    }

    fn texts(&self) -> [(&'static str, &Plaintext); 5] {
        [
            ("story", &self.story),
            ("who", &self.who),
            ("when", &self.when),
            ("place", &self.place),
            ("known", &self.known),
        ]
    }
}

/// Whether a token is one of ours for what came with it: `made` makes it again under a key, for the roster it was of.
pub(crate) fn believed(
    (roster, keys): (&Roster, &[Zeroizing<[u8; 32]>]),
    token: &str,
    made: impl Fn(&[u8; 32], [u8; 32]) -> String,
) -> Result<(), NotBelieved> {
    let digest: Option<[u8; 32]> = hex::decode(token).ok().and_then(|t| t.get(1..33).and_then(|d| d.try_into().ok()));
    let digest = digest.ok_or(NotBelieved::Tampered)?;
    let holds = |key: &[u8; 32]| bool::from(made(key, digest).as_bytes().ct_eq(token.as_bytes()));
    match (keys.iter().any(|key| holds(key)), digest == roster.digest) {
        (true, true) => Ok(()),
        (false, true) => Err(NotBelieved::Tampered),
        (_, false) => Err(NotBelieved::RosterChanged),
    }
}

/// A part of a token's HMAC, with its length.
pub(crate) fn update(mac: &mut Hmac<Sha256>, bytes: &[u8]) {
    mac.update(&(bytes.len() as u64).to_be_bytes());
    mac.update(bytes);
}

/// HMAC-SHA256 over parts of fixed length.
pub(crate) fn keyed(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    // HMAC takes a key of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return [0; 32] };
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::{day::Day, id::InstanceId, roster::Mode};

    /// A roster of nobody, in an instance that is all ones.
    fn roster() -> Option<Roster> {
        Some(Roster {
            instance: InstanceId::from_uuid(Uuid::from_bytes([1; 16])),
            mode: Mode::Training,
            digest: [2; 32],
            expires: Day::parse("2026-12-31")?,
            organisations: Vec::new(),
        })
    }

    fn fields(story: &str) -> Fields {
        let seed = hex::encode([3; 32]);
        let pairs = [("want", "report"), ("org", "bzk"), ("topic", "money"), ("story", story), ("seed", &seed)];
        pairs.map(|(name, value)| (name.to_owned(), Plaintext::from(value.to_owned()))).into()
    }

    #[test]
    fn the_vector_of_a_form_token_holds() {
        let vector = include_str!("../tests/vectors/form_token.txt");
        let token = roster().map(|r| Answers::read(fields("Een verhaal")).token(&r, &[4; 32], r.digest, 7));
        assert_eq!(token.as_deref(), Some(vector.trim()));
        assert!(vector.starts_with(&hex::encode([VERSION])), "the version stands first");
    }

    #[test]
    fn a_token_covers_every_answer_and_the_page() {
        let of = |story: &str, page| roster().map(|r| Answers::read(fields(story)).token(&r, &[4; 32], r.digest, page));
        assert_ne!(of("Een verhaal", 7), of("Een verhaaL", 7));
        assert_ne!(of("Een verhaal", 7), of("Een verhaal", 8));
        assert_eq!(of("Een verhaal", 6), of("Een ander verhaal", 6), "page 6 asks for the story");
    }
}
