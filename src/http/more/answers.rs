//! The answers of a further filing. Like those of the first, they travel in hidden fields, authenticated.
//!
//! Token, version 1, as in [`crate::form`]: `1 ‖ roster digest (32) ‖ HMAC-SHA256 (32)`, hex, under the form key, over the
//! instance, the digest, the step, the case it is filed from, all answers but those the page asks for, and the exact readers shown.
use std::collections::BTreeSet;

use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::Target;
use crate::{
    domain::{
        id::{OrgId, ReaderId},
        roster::{Reader, Topic},
        routing::{self, NobodyLeft, Readers, Wish},
    },
    form::{Fields, NotBelieved, believed, update},
    http::{
        App,
        absence::served_by,
        mailbox::{CaseReader, Opened},
    },
    seal::{Plaintext, consent::Along},
};

/// Asks for the topic; for a report only.
pub(super) const TOPIC: u8 = 1;
/// Asks for everything else.
pub(super) const ASK: u8 = 2;
/// Shows everything, to be sent.
pub(super) const CHECK: u8 = 3;
const VERSION: u8 = 1;

/// Every answer so far.
pub(super) struct More {
    /// What is filed.
    pub(super) target: Target,
    pub(super) topic: Option<Topic>,
    pub(super) struck: BTreeSet<ReaderId>,
    /// Who may know who the reporter is.
    pub(super) told: BTreeSet<ReaderId>,
    /// What of the advice goes along.
    pub(super) along: Along,
    pub(super) text: Plaintext,
}

/// Who would read.
pub(super) struct Who {
    /// Whose case it is.
    pub(super) org: OrgId,
    pub(super) now: Vec<Reader>,
    pub(super) reserve: Option<Reader>,
    pub(super) outside: bool,
}

impl Who {
    fn of(org: OrgId, readers: &Readers) -> Self {
        let (now, reserve) = (readers.now().to_vec(), readers.reserve().cloned());
        Self { org, now, reserve, outside: readers.outside_joined() }
    }
}

impl More {
    /// Reads a form; what is of no known form is left out.
    pub(super) fn read(target: Target, fields: Fields) -> Self {
        let (topic, along, text) = Default::default();
        let mut more = Self { target, topic, struck: BTreeSet::new(), told: BTreeSet::new(), along, text };
        for (name, value) in fields {
            match name.as_str() {
                "text" => more.text = value,
                other => more.choose(other, value.choice().unwrap_or_default()),
            }
        }
        more
    }

    fn choose(&mut self, name: &str, value: &str) {
        match (name, value) {
            ("topic", _) => self.topic = Topic::parse(value),
            ("strike", _) => self.struck.extend(ReaderId::parse(value)),
            ("tell", _) => self.told.extend(ReaderId::parse(value)),
            ("along", "story") => self.along.story = true,
            ("along", "messages") => self.along.messages = true,
            ("along", "files") => self.along.files = true,
            _ => {}
        }
    }

    /// The topic that chooses the desk.
    pub(super) fn desk_topic(&self) -> Option<Topic> {
        match self.target {
            Target::Report => self.topic,
            Target::Retaliation => Some(Topic::Retaliation),
            Target::Identity | Target::Outside => Some(Topic::Other),
        }
    }

    /// Who would read, as answered so far; `present` are the readers of the case it is filed from.
    pub(super) fn who(&self, app: &App, opened: &Opened, present: &[CaseReader<'_>]) -> Result<Who, NobodyLeft> {
        let org = opened.case.org.clone();
        match self.target {
            Target::Report | Target::Retaliation => {
                let topic = self.desk_topic().ok_or(NobodyLeft)?;
                let wish = Wish::Report { topic, struck: self.struck.clone(), manager: None };
                routing::readers(&app.roster, &org, &wish).map(|readers| Who::of(org, &readers))
            }
            Target::Outside => {
                let (outside, readers) = routing::outside(&app.roster, &self.struck)?;
                Ok(Who::of(outside.entry.id.clone(), &readers))
            }
            Target::Identity => {
                let told =
                    present.iter().filter(|r| self.told.contains(&r.reader.id) && !r.waits(served_by(app, present)));
                let now: Vec<Reader> = told.map(|r| r.reader.clone()).collect();
                if now.is_empty() { Err(NobodyLeft) } else { Ok(Who { org, now, reserve: None, outside: false }) }
            }
        }
    }

    /// Every hidden input of a page but the code and the room: all answers it does not ask for, and the token. The last page shows the
    /// text in a field of its own.
    pub(super) fn hidden(&self, app: &App, opened: &Opened, step: u8, who: Option<&Who>) -> String {
        let mut html = String::new();
        let mut add = |name: &str, value: &dyn std::fmt::Display| {
            html.push_str(&format!("<input type=\"hidden\" name=\"{name}\" value=\"{value}\">"));
        };
        for (name, value) in self.kept(step) {
            add(name, &value);
        }
        if step < ASK && !self.text.is_empty() {
            add("text", &self.text.echo());
        }
        add("step", &step);
        add("token", &self.token(app, opened, step, who, app.form_key(), app.roster.digest));
        html
    }

    /// Whether the hidden fields of a page are as they were sent, and the readers those that it showed.
    pub(super) fn believe(
        &self,
        app: &App,
        opened: &Opened,
        (step, token): (u8, &str),
        who: Option<&Who>,
    ) -> Result<(), NotBelieved> {
        believed((&app.roster, &app.form), token, |key, digest| self.token(app, opened, step, who, key, digest))
    }

    fn token(
        &self,
        app: &App,
        opened: &Opened,
        step: u8,
        who: Option<&Who>,
        key: &[u8; 32],
        digest: [u8; 32],
    ) -> String {
        // HMAC takes a key of any length.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return String::new() };
        let (instance, case) = (app.roster.instance.as_bytes(), opened.case.id);
        for part in [&b"meldkluis/more/v1"[..], &[VERSION], instance, &digest, &[step], case.as_bytes()] {
            mac.update(part);
        }
        for (name, value) in self.kept(step) {
            update(&mut mac, name.as_bytes());
            update(&mut mac, value.as_bytes());
        }
        if step != ASK {
            self.text.hash_into(&mut mac);
        }
        // Only the last page has shown who reads.
        let shown = who.filter(|_| step == CHECK);
        for reader in shown.iter().flat_map(|who| who.now.iter().chain(&who.reserve)) {
            update(&mut mac, &reader.keyed().to_bytes());
        }
        let mac = mac.finalize().into_bytes();
        hex::encode([&[VERSION][..], &digest, &mac].concat())
    }

    /// The answers that a page keeps: those it does not ask for.
    fn kept(&self, step: u8) -> Vec<(&'static str, String)> {
        let mut all = vec![("to", self.target.name().to_owned())];
        if step != TOPIC {
            all.extend(self.topic.map(|t| ("topic", t.name().to_owned())));
        }
        if step != ASK {
            all.extend(self.struck.iter().map(|s| ("strike", s.to_string())));
            all.extend(self.told.iter().map(|s| ("tell", s.to_string())));
            let goes = [(self.along.story, "story"), (self.along.messages, "messages"), (self.along.files, "files")];
            all.extend(goes.into_iter().filter(|(goes, _)| *goes).map(|(_, what)| ("along", what.to_owned())));
        }
        all
    }
}
