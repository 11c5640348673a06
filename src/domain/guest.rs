//! A guest: somebody who is not in the roster and reads along in one case, for a limited time. A reader of that case vouches for them with a
//! signed card; the reporter is asked as for anybody.
use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use unicode_security::{GeneralSecurityProfile, MixedScript, confusable_detection::skeleton};

use super::{
    day::Day,
    id::{CaseId, InstanceId, KeyedReader, ReaderId},
    roster::{Reader, Roster, Status, Text},
};

/// The version of a card.
pub const VERSION: u8 = 1;
/// Days ahead that a card ends at most.
pub const MOST_DAYS: i32 = 90;
/// What a card's signature is over begins with this.
const SIGNED: &str = "meldkluis/guest-card/v1";
/// Bytes of a shown name.
const SHOWN_BYTES: usize = 200;

/// Who the guest is.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Guest {
    /// Their name; no reader of the roster has it.
    pub id: ReaderId,
    /// How a reporter sees them.
    pub shown_as: Text,
    /// `age1pq1…` recipient.
    #[cfg_attr(feature = "server", schema(examples("age1pq1...")))]
    pub seal_key: String,
    /// Ed25519 public key, hex of 32 bytes.
    #[cfg_attr(feature = "server", schema(examples("0a1b...")))]
    pub sign_key: String,
}

/// A card: a reader of a case vouches for a guest in it, until a day.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct GuestCard {
    /// Version; 1.
    pub v: u8,
    /// Who reads along.
    pub guest: Guest,
    /// In which case.
    pub case: CaseId,
    /// The last day.
    pub until: Day,
    /// Who vouches: a reader of the roster.
    pub by: ReaderId,
    /// Ed25519 by that reader, over the namespace, the instance and all of the above. 128 hex digits.
    #[cfg_attr(feature = "server", schema(examples("4b1c...")))]
    pub signature: String,
}

impl Guest {
    /// The guest with a hash of their keys.
    pub fn keyed(&self) -> KeyedReader {
        KeyedReader::new(self.id.clone(), &self.seal_key, &self.sign_key)
    }
}

impl GuestCard {
    /// The guest with a hash of their keys.
    pub fn keyed(&self) -> KeyedReader {
        self.guest.keyed()
    }

    /// As a reader that can be sealed to: without any function.
    pub fn reader(&self) -> Reader {
        let Guest { id, shown_as, seal_key, sign_key } = self.guest.clone();
        Reader { id, functions: BTreeSet::new(), shown_as, seal_key, sign_key, status: Status::Active, until: None }
    }

    /// The bytes that the reader who vouches signs.
    pub fn signed_bytes(&self, instance: &InstanceId) -> Vec<u8> {
        let of = (self.v, &self.guest, &self.case, &self.until, &self.by);
        // Numbers, names, texts and days always serialise.
        let of = serde_json::to_string(&of).unwrap_or_default();
        format!("{SIGNED}\n{instance}\n{of}").into_bytes()
    }

    /// Whether it counts on a day.
    pub fn counts_on(&self, today: Day) -> bool {
        today <= self.until && self.until <= today.plus_days(MOST_DAYS)
    }

    /// Whether it can be a card of this case at all: a known version, a name that is nobody's in the roster, however they stand in it, and a
    /// shown name that nobody could take for somebody's there.
    pub fn fits(&self, roster: &Roster, case: &CaseId) -> bool {
        let Text { nl, en } = &self.guest.shown_as;
        self.v == VERSION && self.case == *case && !self.guest.has_namesake(roster) && is_plain(nl) && is_plain(en)
    }
}

impl Guest {
    /// Whether somebody in the roster has this name, or is shown by one that looks like this guest's. A roster that names such a person later
    /// ends the guest.
    pub fn has_namesake(&self, roster: &Roster) -> bool {
        let files = roster.organisations.iter().filter_map(|o| o.file.as_ref());
        let mut people = files.flat_map(|f| {
            let overseers = f.overseers.iter().map(|o| (&o.id, &o.shown_as));
            f.readers.iter().map(|r| (&r.id, &r.shown_as)).chain(overseers)
        });
        let own = [seen(&self.shown_as.nl), seen(&self.shown_as.en)];
        let alike = |shown: &Text| own.contains(&seen(&shown.nl)) || own.contains(&seen(&shown.en));
        people.any(|(other, shown)| *other == self.id || alike(shown))
    }
}

/// Whether a shown name is one that people can compare: short, of one script, in letters and signs of everyday.
pub fn is_plain(name: &str) -> bool {
    let sign = |c: char| c == ' ' || c.is_ascii_punctuation() || "’–".contains(c);
    let short = !name.trim().is_empty() && name.len() <= SHOWN_BYTES;
    short && name.is_single_script() && name.chars().all(|c| sign(c) || c.identifier_allowed())
}

/// A name as people see it: its letters and digits, each as the one that it looks like (Unicode Technical Standard 39, 4), whatever its case.
/// What is between them is not looked at, nor are accents.
fn seen(name: &str) -> String {
    let letters = skeleton(name).filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase);
    // The skeleton has a capital i as an l: so the small one is here.
    letters.map(|c| if c == 'i' { 'l' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_look_alike_are_one() {
        let officer = seen("Functionaris integriteit 1");
        for other in [
            "FUNCTIONARIS-INTEGRITEIT 1",
            "Functionaris lntegriteit l",
            "Functi\u{43e}naris integriteit 1",
            "Funct\u{456}\u{43e}n\u{430}r\u{456}\u{455} \u{456}nt\u{435}gr\u{456}t\u{435}it 1",
            "Functi\u{3bf}n\u{3b1}ris integriteit 1",
            "Fun\u{200b}ctionaris integriteit 1",
            "Functionáris integriteit 1",
        ] {
            assert_eq!(seen(other), officer, "{other}");
        }
        for other in ["Functionaris integriteit 2", "Functionaris integriteit 11", "Onderzoeker"] {
            assert_ne!(seen(other), officer, "{other}");
        }
    }

    #[test]
    fn a_name_is_of_one_script_and_in_everyday_letters() {
        for name in ["Auditdienst, onderzoeker", "Zoë d’Été (ADR) – 2", "Комиссия"] {
            assert!(is_plain(name), "{name}");
        }
        for name in
            ["", "  ", "Audit\u{434}ienst", "\u{ff21}udit", "\u{1d400}udit", "Audit\ndienst", "Audit\u{202e}tsneid"]
        {
            assert!(!is_plain(name), "{name:?}");
        }
    }
}
