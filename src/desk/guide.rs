//! A manager's guide: what a good first answer is, before the first look at a case, on the page and in `read`. What is ticked stays on this
//! desk, without content.
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use serde::{Deserialize, Serialize};

use super::{Client, DeskError, Identity, Item, candidates, circle::Circle, kept::Kept};
use crate::{
    api_types::CaseView,
    domain::{
        id::CaseId,
        roster::{Function, Reader},
        routing::independent,
    },
    text::Texts,
};

/// The steps, in order; each has a text.
pub(super) const STEPS: [&str; 12] = [
    "thank",
    "listen",
    "judge",
    "who",
    "investigate",
    "promise",
    "write",
    "pass-on",
    "evidence",
    "return",
    "watch",
    "support",
];
/// The file's format.
const VERSION: u8 = 1;

/// Which guides were seen, and what was ticked in them.
pub(super) struct Guide(Kept<Seen>);

#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(from = "Stored", into = "Stored")]
struct Seen(BTreeMap<CaseId, BTreeSet<String>>);

#[derive(Deserialize, Serialize)]
struct Stored {
    version: u8,
    seen: BTreeMap<CaseId, BTreeSet<String>>,
}

impl From<Seen> for Stored {
    fn from(Seen(seen): Seen) -> Self {
        Self { version: VERSION, seen }
    }
}

impl From<Stored> for Seen {
    /// One of another form is as one that is empty.
    fn from(stored: Stored) -> Self {
        Self(if stored.version == VERSION { stored.seen } else { BTreeMap::new() })
    }
}

impl Guide {
    /// Reads the file beside the identity.
    pub(super) fn load(identity: &Path, me: &Identity) -> Self {
        Self(Kept::load(identity, "guide", me))
    }

    /// Forgets cases that are gone.
    pub(super) fn keep(&mut self, me: &Identity, there: &[CaseView]) -> Result<(), DeskError> {
        let there: BTreeSet<CaseId> = there.iter().map(|case| case.case).collect();
        let gone: Vec<CaseId> = self.0.known().0.keys().filter(|case| !there.contains(case)).copied().collect();
        if gone.is_empty() {
            return Ok(());
        }
        self.0.change(me, |Seen(seen)| gone.iter().filter(|case| seen.remove(case).is_some()).count() > 0)
    }

    /// What was ticked; nothing where the guide was not seen.
    pub(super) fn ticks(&self, case: &CaseId) -> Option<&BTreeSet<String>> {
        self.0.known().0.get(case)
    }

    /// Remembers that it was seen, and what was ticked.
    pub(super) fn see(&mut self, me: &Identity, case: CaseId, ticks: BTreeSet<String>) -> Result<(), DeskError> {
        self.0.change(me, |Seen(seen)| {
            seen.insert(case, ticks);
            true
        })
    }
}

/// Whether the guide is for this reader.
pub(super) fn is_manager(client: &Client) -> bool {
    let me = client.roster.reader(&client.me.reader);
    me.is_some_and(|me| me.functions.contains(&Function::Manager))
}

/// The steps in words, each with its name. Of a case that was not opened, nobody is named: whom its reporter excluded stands inside.
pub(super) fn steps(client: &Client, t: Texts, case: &CaseView, items: Option<&[Item]>) -> Vec<(&'static str, String)> {
    let text = |name| match (name, items) {
        ("pass-on", Some(items)) => pass_on(client, t, case, items),
        ("pass-on", None) => t.get("desk-guide-pass-on-unread"),
        _ => t.get(&format!("desk-guide-{name}")),
    };
    STEPS.into_iter().map(|name| (name, text(name))).collect()
}

/// To whom a manager leaves a case: the officers who read it; else those who may be asked for, and of them the organisation's own first.
/// Nobody is named whom the reporter excluded, or who went.
fn pass_on(client: &Client, t: Texts, case: &CaseView, items: &[Item]) -> String {
    let names = |readers: Vec<&Reader>| {
        let names: Vec<String> = readers.iter().map(|r| t.pick(&r.shown_as).to_owned()).collect();
        [("names", names.join(", "))]
    };
    let there: Vec<&Reader> = Circle::of(client, items).map_or_else(
        |_| Vec::new(),
        |circle| {
            case.readers.iter().filter(|r| circle.readers.contains(r)).filter_map(|r| client.roster.keyed(r)).collect()
        },
    );
    let there: Vec<&Reader> = there.into_iter().filter(|r| independent(r)).collect();
    if !there.is_empty() {
        return t.with("desk-guide-pass-on-there", &names(there));
    }
    let mut may = candidates(client, case, items).unwrap_or_default();
    may.retain(|r| independent(r));
    let own = |r: &&Reader| client.roster.organisation(&case.org).is_some_and(|org| org.reader(&r.id).is_some());
    let (own, outside): (Vec<&Reader>, Vec<&Reader>) = may.into_iter().partition(own);
    match (own.is_empty(), outside.is_empty()) {
        (false, _) => t.with("desk-guide-pass-on", &names(own)),
        (true, false) => t.with("desk-guide-pass-on-outside", &names(outside)),
        (true, true) => t.get("desk-guide-pass-on-nobody"),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test")]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::id::ReaderId;

    #[test]
    fn two_programs_keep_which_guides_the_other_showed() {
        let folder = tempfile::tempdir().unwrap();
        let key = folder.path().join("me.key");
        let me = Identity::create(&key, ReaderId::parse("lezer").unwrap(), None).unwrap();
        let [first, second] = [1, 2].map(|n| CaseId::from_uuid(Uuid::from_u128(n)));
        let [mut page, mut command] = [(); 2].map(|()| Guide::load(&key, &me));
        let ticks = BTreeSet::from(["thank".to_owned()]);
        page.see(&me, first, ticks.clone()).unwrap();
        command.see(&me, second, BTreeSet::new()).unwrap();
        let again = Guide::load(&key, &me);
        assert_eq!((again.ticks(&first), again.ticks(&second)), (Some(&ticks), Some(&BTreeSet::new())));
    }
}
