//! The answers of an oral report, and what is wrong with them.
use std::collections::BTreeSet;

use hmac::{Hmac, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::{ASK, CODE, Doing, SAY, TELL};
use crate::{
    desk::{
        DeskError, Telling,
        oral::said_back,
        page::{Fields, oversee::code as word},
        who_reads,
    },
    domain::{id::ReaderId, oral::How, roster::Topic, routing::Readers},
    seal::{
        Plaintext,
        code::{Code, Language},
    },
    text::Texts,
};

/// Every answer so far.
#[derive(Default)]
pub(super) struct Answers {
    pub(super) how: Option<How>,
    pub(super) topic: Option<Topic>,
    pub(super) language: Option<Language>,
    pub(super) struck: BTreeSet<ReaderId>,
    pub(super) story: Plaintext,
    pub(super) who: Plaintext,
    pub(super) when: Plaintext,
    pub(super) place: Plaintext,
    pub(super) known: Plaintext,
    pub(super) seed: Option<[u8; 32]>,
    /// What was said back.
    pub(super) said: Plaintext,
}

impl Answers {
    pub(super) fn read(t: Texts, sent: Fields) -> Self {
        let mut answers = Self { language: Some(t.language), ..Self::default() };
        for (name, value) in sent {
            match name.as_str() {
                "story" => answers.story = value,
                "who" => answers.who = value,
                "when" => answers.when = value,
                "place" => answers.place = value,
                "known" => answers.known = value,
                "code" => answers.said = value,
                other => answers.choose(other, value.choice().unwrap_or_default()),
            }
        }
        answers
    }

    fn choose(&mut self, name: &str, value: &str) {
        match name {
            "how" => self.how = How::parse(value),
            "topic" => self.topic = Topic::parse(value),
            "language" => self.language = Language::parse(value),
            "strike" => self.struck.extend(ReaderId::parse(value)),
            "seed" => self.seed = hex::decode(value).ok().and_then(|seed| seed.try_into().ok()),
            _ => {}
        }
    }

    /// With a seed, unless there is one.
    pub(super) fn drawn(&mut self) -> Result<(), DeskError> {
        if self.seed.is_none() {
            let mut seed = [0; 32];
            getrandom::fill(&mut seed).map_err(|_| DeskError::new("the system gives no randomness"))?;
            self.seed = Some(seed);
        }
        Ok(())
    }

    /// The texts in which the reporter reads the account.
    pub(super) fn texts(&self, t: Texts) -> Texts {
        self.language.map_or(t, Texts::of)
    }

    /// A copy of what was told: the page keeps its own, for when it does not arrive.
    pub(super) fn telling(&self) -> Option<Telling> {
        let copy = |text: &Plaintext| Plaintext::from(text.reveal().to_vec());
        Some(Telling {
            how: self.how?,
            topic: self.topic?,
            struck: self.struck.clone(),
            story: copy(&self.story),
            who: copy(&self.who),
            when: copy(&self.when),
            place: copy(&self.place),
            known: copy(&self.known),
        })
    }

    pub(super) fn readers(&self, doing: &Doing<'_>) -> Option<Readers> {
        who_reads(&doing.open.client, self.topic?, &self.struck).ok().map(|(_, readers)| readers)
    }

    /// The code of these answers; `None` before there is a seed.
    pub(super) fn code(&self, key: &[u8; 32]) -> Option<Code> {
        let mac = Zeroizing::new(keyed(key, |mac| {
            mac.update(b"meldkluis/desk/code/v1");
            mac.update(&self.seed.unwrap_or_default());
        })?);
        let mut bits = Zeroizing::new([0; 16]);
        bits.iter_mut().zip(mac.iter()).for_each(|(bit, byte)| *bit = *byte);
        self.seed.map(|_| Code::from_bits(*bits))
    }

    /// The answers that were picked.
    fn picked(&self) -> Vec<(&'static str, String)> {
        let mut all = Vec::new();
        all.extend(self.how.map(|how| ("how", how.name().to_owned())));
        all.extend(self.topic.map(|topic| ("topic", word(topic))));
        all.extend(self.language.map(|language| ("language", language.as_str().to_owned())));
        all.extend(self.struck.iter().map(|id| ("strike", id.to_string())));
        all.extend(self.seed.map(|seed| ("seed", hex::encode(seed))));
        all
    }

    fn written(&self) -> [(&'static str, &Plaintext); 5] {
        let Self { story, who, when, place, known, .. } = self;
        [("story", story), ("who", who), ("when", when), ("place", place), ("known", known)]
    }

    /// Over everything the officer saw when the code was shown, the readers too.
    fn token(&self, doing: &Doing<'_>) -> String {
        let readers = self.readers(doing);
        let mac = keyed(doing.key, |mac| {
            mac.update(b"meldkluis/desk/oral/v1");
            for (name, value) in self.picked() {
                mac.update(format!("{name} {value}\n").as_bytes());
            }
            for (_, text) in self.written() {
                text.hash_into(mac);
            }
            for reader in readers.iter().flat_map(Readers::all) {
                mac.update(&reader.keyed().to_bytes());
            }
        });
        hex::encode(mac.unwrap_or_default())
    }

    pub(super) fn believed(&self, doing: &Doing<'_>, token: &str) -> bool {
        self.seed.is_some() && bool::from(self.token(doing).as_bytes().ct_eq(token.as_bytes()))
    }

    /// What is missing or wrong on a page, with its field.
    pub(super) fn wrong(&self, doing: &Doing<'_>, step: u8) -> Option<(&'static str, String)> {
        let (t, client) = (doing.t, &doing.open.client);
        let failed = |field, error: &DeskError| (field, error.in_words(t));
        match step {
            ASK if self.how.is_none() => Some(("how", t.get("error-oral-how"))),
            ASK => {
                let Some(topic) = self.topic else { return Some(("topic", t.get("error-oral-topic"))) };
                let nobody = BTreeSet::new();
                who_reads(client, topic, &nobody).err().map(|error| failed("topic", &error))
            }
            TELL => {
                let text = self.telling()?.checked(self.texts(t)).err().map(|error| failed("story", &error));
                let struck = who_reads(client, self.topic?, &self.struck).err().map(|error| failed("strike", &error));
                struck.or(text)
            }
            SAY => {
                let code = self.code(doing.key)?;
                let wrong = said_back(t, &code, &self.said, &client.roster.instance).err()?;
                Some(("code", wrong))
            }
            _ => None,
        }
    }

    /// The hidden inputs of a page: all answers it does not ask for. The lock keeps them too.
    pub(super) fn hidden(&self, doing: &Doing<'_>, step: u8) -> String {
        let mut html = format!("<input type=\"hidden\" name=\"step\" value=\"{step}\">");
        let mut add = |name: &str, value: &dyn std::fmt::Display| {
            html.push_str(&format!("<input type=\"hidden\" name=\"{name}\" value=\"{value}\">"));
        };
        let asked = |name: &str| match name {
            "how" | "topic" | "language" => step == ASK,
            "strike" => step == TELL,
            _ => false,
        };
        self.picked().iter().filter(|(name, _)| !asked(name)).for_each(|(name, value)| add(name, value));
        for (name, text) in self.written().into_iter().filter(|(_, text)| step != TELL && !text.is_empty()) {
            add(name, &text.echo());
        }
        if step >= CODE {
            add("token", &self.token(doing));
        }
        html
    }
}

fn keyed(key: &[u8; 32], update: impl FnOnce(&mut Hmac<Sha256>)) -> Option<[u8; 32]> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    update(&mut mac);
    Some(mac.finalize().into_bytes().into())
}
