//! What stands in a mailbox, by what it is for: letters, requests for consent, and what went along with a report.
use super::{account::Accounts, consent::Consents, waits::Sent};
use crate::{
    domain::{
        day::Day,
        id::{CaseId, ItemId, KeyedReader},
    },
    http::App,
    seal::{
        Author, Kind, OpenedText,
        consent::{Along, PassOn, ToReport, consent},
    },
    text::Texts,
};

/// A mailbox in parts.
#[derive(Default)]
pub(super) struct Parts {
    /// What readers wrote.
    pub(super) letters: Vec<OpenedText>,
    pub(super) consents: Consents,
    pub(super) accounts: Accounts,
    /// That the reporter sent something, oldest first.
    pub(super) sent: Vec<Sent>,
    /// Whom readers sealed to, as they say.
    pub(super) sealed_to: Vec<KeyedReader>,
    said: Vec<(ItemId, Day, ToReport)>,
    passed: Vec<PassOn>,
}

/// What went along with a report, as the page shows it.
pub(super) struct WentAlong {
    pub(super) day: String,
    pub(super) what: Vec<&'static str>,
    pub(super) to: Vec<String>,
    /// The adviser has passed it on.
    pub(super) done: bool,
}

/// Parts what was opened. What only a reporter says counts only from the reporter.
pub(super) fn parted(all: Vec<OpenedText>) -> Parts {
    let mut parts = Parts::default();
    for text in all {
        let head = &text.manifest.head;
        let (item, day, own) = (head.item, head.day, head.author == Author::Reporter);
        // What was told is written down before the case is opened: the reserve reader, who is out of it then, is named in that.
        if !own && head.kind != Kind::Account {
            let new = head.to.iter().filter(|who| !parts.sealed_to.contains(who)).cloned().collect::<Vec<_>>();
            parts.sealed_to.extend(new);
        }
        match head.kind {
            Kind::ConsentRequest | Kind::DutyRequest | Kind::DutyApproval | Kind::ConsentAnswer | Kind::HandOver => {
                parts.consents.said(&text)
            }
            Kind::ToReport if own => parts.said.extend(consent(&text.body).map(|said| (item, day, said))),
            Kind::PassOn => parts.passed.extend(consent::<PassOn>(&text.body)),
            Kind::Account if !own => parts.accounts.told(&text),
            Kind::Agreed if own => parts.accounts.agreed(&text),
            Kind::ToReport | Kind::Account | Kind::Agreed => {}
            _ if own => parts.sent.extend(Sent::of(&text)),
            _ => parts.letters.push(text),
        }
    }
    parts
}

impl Parts {
    /// Whether somebody reads only what went along with a report: the reporter named them for that, and for nothing else.
    pub(super) fn only_passed(&self, reader: &KeyedReader) -> bool {
        self.said.iter().any(|(_, _, said)| said.to.contains(reader)) && !self.consents.agreed(reader)
    }

    /// Whether the reporter said what goes along with this report.
    pub(super) fn said(&self, report: &CaseId) -> bool {
        self.said.iter().any(|(_, _, said)| said.report == *report)
    }

    /// What went along with a report.
    pub(super) fn went_along(&self, app: &App, t: Texts) -> Vec<WentAlong> {
        let name = |to: &KeyedReader| {
            let reader = app.roster.known(&to.reader);
            reader.map_or_else(|| to.reader.to_string(), |r| t.pick(&r.shown_as).to_owned())
        };
        let one = |(item, day, said): &(ItemId, Day, ToReport)| WentAlong {
            day: t.day(*day),
            what: words(said.along),
            to: said.to.iter().map(name).collect(),
            done: self.passed.iter().any(|done| done.to_report == *item),
        };
        self.said.iter().map(one).collect()
    }
}

/// The texts that name what goes along.
pub(crate) fn words(along: Along) -> Vec<&'static str> {
    let all = [(along.story, "along-story"), (along.messages, "along-messages"), (along.files, "along-files")];
    all.into_iter().filter(|(goes, _)| *goes).map(|(_, id)| id).collect()
}
