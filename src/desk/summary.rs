//! What the inbox shows and searches: the beginning of every case that this reader opened. Kept only sealed to the reader.
use std::{
    collections::{BTreeSet, HashMap},
    future::ready,
    path::{Path, PathBuf},
    pin::pin,
    time::Instant,
};

use futures_util::{StreamExt, stream};
use serde::{Deserialize, Serialize};

use super::{
    Client, Content, DeskError, Identity, Item, State,
    circle::{origin, story, to_report},
    consent::identity,
    kept, links, many,
    news::{News, news},
    oral,
    owed::Asks,
};
use crate::{
    api_types::CaseView,
    domain::{
        case::Done,
        id::{CaseId, ItemId},
    },
};

/// Characters of the line that names a case.
const LINE: usize = 90;
/// Characters of a case that are searched.
const SEARCHED: usize = 2_000;
/// The file's format.
const VERSION: u8 = 3;

/// The summaries of a reader.
pub(super) struct Summaries {
    file: PathBuf,
    changed: bool,
    known: HashMap<CaseId, Summary>,
}

/// The beginning of a case.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Summary {
    /// Names it in the inbox.
    pub(super) line: String,
    /// Whether it is a request for advice, or a part of one.
    pub(super) advice: bool,
    /// Whether the law sets it no term.
    without_term: bool,
    /// Whether it is known to be a report.
    report: bool,
    /// Whether receipt was confirmed, and feedback given.
    acknowledged: bool,
    fed_back: bool,
    /// Whether the reporter withdrew.
    withdrawn: bool,
    /// Whether an officer entered it for somebody.
    #[serde(default)]
    pub(super) oral: bool,
    /// The items it was made of.
    pub(super) items: Vec<ItemId>,
    /// What the reporter did in it, by item.
    said: Vec<(ItemId, News)>,
    /// The cases it belongs with, and of which it is a duplicate.
    #[serde(default)]
    pub(super) links: Vec<(CaseId, bool)>,
    /// The reports with which something of it went along.
    #[serde(default)]
    pub(super) reports: Vec<CaseId>,
    /// The case it was filed from.
    #[serde(default)]
    from: Option<CaseId>,
    text: String,
}

#[derive(Deserialize)]
struct Stored {
    version: u8,
    cases: HashMap<CaseId, Summary>,
}

#[derive(Serialize)]
struct Storing<'a> {
    version: u8,
    cases: &'a HashMap<CaseId, Summary>,
}

/// The first line of a case's story.
pub(super) fn first_line(items: &[Item]) -> Option<String> {
    let story = &story(items)?.story;
    let line: String = story.trim_start().lines().next()?.chars().take(LINE + 1).collect();
    let short: String = line.chars().take(LINE).collect();
    Some(if short.len() < line.len() { format!("{short}…") } else { short })
}

impl Summary {
    /// What the case asks.
    pub(super) fn asks(&self) -> Asks {
        let done = Done { acknowledged: self.acknowledged, fed_back: self.fed_back };
        Asks { without_term: self.without_term, report: self.report, done, withdrawn: self.withdrawn }
    }
}

impl Summaries {
    /// Reads the file beside the identity. One that cannot be opened is made anew: it holds nothing that is nowhere else.
    pub(super) fn load(identity: &Path, me: &Identity) -> Self {
        let file = identity.with_extension("summaries");
        let stored = kept::load(&file, me);
        let known = stored.filter(|s: &Stored| s.version == VERSION).map(|s| s.cases).unwrap_or_default();
        Self { file, changed: false, known }
    }

    /// Remembers what was opened of a case.
    pub(super) fn learn(&mut self, case: &CaseView, items: &[Item]) {
        let line = first_line(items).unwrap_or_default();
        // Who a reporter is, and a part without the story, have no line; an opened item says that there is no more to wait for.
        let opened = items.iter().any(|item| matches!(item.state, State::Opened(_)));
        let named = self.known.get(&case.case).is_some_and(|known| !known.line.is_empty());
        if !opened || (self.knows(case) && (named || line.is_empty())) {
            return;
        }
        let mut text = String::new();
        for item in items {
            let State::Opened(opened) = &item.state else { continue };
            match &opened.content {
                Content::Story(story) => text.push_str(&story.story),
                Content::Text(written) => text.push_str(written),
                Content::Request(_)
                | Content::Answer(_)
                | Content::HandOver(_)
                | Content::Classification(_)
                | Content::Protocol(_)
                | Content::Step(_)
                | Content::ToReport(_)
                | Content::PassOn(_)
                | Content::Left(_)
                | Content::TakeOut(_)
                | Content::TakenOut(_)
                | Content::Duty(_)
                | Content::DutyApproved(_)
                | Content::Link(_) => {}
                Content::Account(told) => text.push_str(&String::from_utf8_lossy(told.text.reveal())),
                Content::Agreed(agreed) => text.push_str(&String::from_utf8_lossy(agreed.text.reveal())),
                Content::File { name, .. } => text.push_str(name),
            }
            text.push('\n');
        }
        let text = text.to_lowercase().chars().take(SEARCHED).collect();
        let Asks { without_term, report, done: Done { acknowledged, fed_back }, withdrawn } = Asks::of(items);
        let summary = Summary {
            line,
            advice: without_term && !identity(items),
            without_term,
            report,
            acknowledged,
            fed_back,
            withdrawn,
            oral: oral(items).is_some(),
            items: case.items.clone(),
            said: news(case, items),
            links: links(items),
            reports: to_report(items).map(|(_, _, said)| said.report).collect(),
            from: origin(items).and_then(|origin| origin.from),
            text,
        };
        self.known.insert(case.case, summary);
        self.changed = true;
    }

    /// Opens what this reader has opened before and is not summarised, until then at most. What they have not opened stays so, whoever else
    /// did: looking at the inbox is not reading, and the log says who read. Returns how many are left.
    pub(super) async fn gather(
        &mut self,
        client: &Client,
        cases: &[CaseView],
        until: Option<Instant>,
    ) -> Result<usize, DeskError> {
        let before = self.known.len();
        self.known.retain(|case, _| client.has_opened(case));
        self.changed |= self.known.len() != before;
        let opened = cases.iter().filter(|case| client.has_opened(&case.case));
        let new: Vec<&CaseView> = opened.filter(|case| !self.knows(case)).collect();
        let parts = stream::iter(many::parts(&new));
        let parts = parts.take_while(|_| ready(until.is_none_or(|until| Instant::now() < until)));
        let mut opening = pin!(parts.map(|part| many::open_messages(client, part)).buffered(many::at_once()));
        let mut left = new.len();
        while let Some(part) = opening.next().await {
            for (case, items) in part? {
                self.learn(case, &items);
                left -= 1;
            }
        }
        Ok(left)
    }

    /// Whether everything in a case is in its summary.
    pub(super) fn knows(&self, case: &CaseView) -> bool {
        self.known.get(&case.case).is_some_and(|summary| case.items.iter().all(|item| summary.items.contains(item)))
    }

    /// What the reporter did in a case since this reader opened it last.
    pub(super) fn news(&self, client: &Client, case: &CaseId) -> BTreeSet<News> {
        let said = self.known.get(case).into_iter().flat_map(|summary| &summary.said);
        said.filter(|(item, _)| client.is_new(case, item)).map(|(_, news)| *news).collect()
    }

    /// The summary of a case.
    pub(super) fn of(&self, case: &CaseId) -> Option<&Summary> {
        self.known.get(case)
    }

    /// The cases that were filed from one.
    pub(super) fn filed_from(&self, case: &CaseId) -> Vec<CaseId> {
        let mut all: Vec<CaseId> =
            self.known.iter().filter(|(_, s)| s.from == Some(*case)).map(|(id, _)| *id).collect();
        all.sort();
        all
    }

    /// All cases that have a line, by line.
    pub(super) fn titles(&self) -> Vec<(CaseId, String)> {
        let mut all: Vec<_> =
            self.known.iter().filter(|(_, s)| !s.line.is_empty()).map(|(case, s)| (*case, s.line.clone())).collect();
        all.sort_by(|(a, one), (b, two)| (one, a).cmp(&(two, b)));
        all
    }

    /// Whether every word stands in a case.
    pub(super) fn matches(&self, case: &CaseId, words: &str) -> bool {
        let words = words.to_lowercase();
        let Some(summary) = self.known.get(case) else { return words.trim().is_empty() };
        words.split_whitespace().all(|word| summary.text.contains(word))
    }

    /// Forgets cases that are gone, and writes the file if anything changed: sealed to the reader, whole or not at all.
    pub(super) fn save(&mut self, me: &Identity, there: &[CaseView]) -> Result<(), DeskError> {
        let before = self.known.len();
        let there: std::collections::HashSet<CaseId> = there.iter().map(|case| case.case).collect();
        self.known.retain(|case, _| there.contains(case));
        if !self.changed && self.known.len() == before {
            return Ok(());
        }
        kept::save(&self.file, me, &Storing { version: VERSION, cases: &self.known })?;
        self.changed = false;
        Ok(())
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test")]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::{
        desk::Opened,
        domain::{
            case::CaseState,
            day::Day,
            id::{InstanceId, OrgId, ReaderId},
            order::Before,
        },
        seal::{Author, ItemHead, Kind, Manifest, Origin},
    };

    fn case(n: u128) -> CaseView {
        let day = Day::parse("2026-11-24").unwrap();
        CaseView {
            case: CaseId::from_uuid(Uuid::from_u128(n)),
            org: OrgId::parse("bzk").unwrap(),
            state: CaseState::Open,
            filed: day,
            due: day,
            destroy_after: None,
            items: vec![ItemId::from_uuid(Uuid::from_u128(n))],
            readers: Vec::new(),
            away: Vec::new(),
        }
    }

    /// Who the reporter is, and what was passed on without the story, have nothing to show: they are not opened for that each time.
    #[test]
    fn a_case_without_a_story_is_opened_once() {
        let folder = tempfile::tempdir().unwrap();
        let key = folder.path().join("me.key");
        let me = Identity::create(&key, ReaderId::parse("lezer").unwrap(), None).unwrap();
        let there = case(1);
        let item = *there.items.first().unwrap();
        let head = ItemHead {
            instance: InstanceId::from_uuid(Uuid::from_u128(2)),
            case: there.case,
            item,
            kind: Kind::Identity,
            author: Author::Reporter,
            seq: 0,
            seen: [0; 32],
            before: Before::default(),
            day: there.filed,
            name: None,
            to: Vec::new(),
            reporter: None,
            proof: None,
            origin: Origin::default(),
        };
        let manifest = Manifest { head, length: 0, sha256: [0; 32] };
        let content = Content::Text(zeroize::Zeroizing::new("Dit ben ik".to_owned()));
        let opened = Opened { manifest, by: [0; 32], proven: true, guest: false, content };
        let mut summaries = Summaries::load(&key, &me);
        let failed = Item { id: item, state: State::Failed("damaged".to_owned()) };
        summaries.learn(&there, &[failed]);
        assert!(!summaries.knows(&there), "what did not open may open the next time");
        summaries.learn(&there, &[Item { id: item, state: State::Opened(Box::new(opened)) }]);
        assert!(summaries.knows(&there));
        summaries.save(&me, std::slice::from_ref(&there)).unwrap();
        assert!(Summaries::load(&key, &me).knows(&there));
    }

    #[test]
    fn ten_thousand_summaries_come_back_and_are_not_written_again_when_nothing_changed() {
        let folder = tempfile::tempdir().unwrap();
        let key = folder.path().join("me.key");
        let me = Identity::create(&key, ReaderId::parse("lezer").unwrap(), None).unwrap();
        let there: Vec<CaseView> = (0..10_000).map(case).collect();
        let mut made = Summaries::load(&key, &me);
        for case in &there {
            let text = format!("kas {} leeg ", case.case).repeat(8);
            let summary = Summary {
                line: "Kas".to_owned(),
                advice: false,
                without_term: false,
                report: true,
                acknowledged: false,
                fed_back: false,
                withdrawn: false,
                oral: false,
                items: case.items.clone(),
                said: Vec::new(),
                links: Vec::new(),
                reports: Vec::new(),
                from: None,
                text,
            };
            made.known.insert(case.case, summary);
        }
        made.changed = true;
        made.save(&me, &there).unwrap();
        let file = key.with_extension("summaries");
        assert!(!std::fs::read(&file).unwrap().windows(4).any(|w| w == b"kas "), "sealed");
        let mut again = Summaries::load(&key, &me);
        assert!(there.iter().all(|case| again.knows(case)));
        std::fs::remove_file(&file).unwrap();
        again.save(&me, &there).unwrap();
        assert!(!file.exists(), "nothing had changed");
        again.save(&me, there.get(1..).unwrap()).unwrap();
        assert!(!Summaries::load(&key, &me).knows(there.first().unwrap()), "a case that is gone is forgotten");
    }
}
