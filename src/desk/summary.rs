//! What the inbox shows and searches: the beginning of every case that this reader opened. Kept only sealed to the reader.
use std::{
    collections::{BTreeSet, HashMap, HashSet},
    future::ready,
    path::{Path, PathBuf},
    pin::pin,
    time::Instant,
};

use futures_util::{StreamExt, stream};
use serde::{Deserialize, Serialize};

use super::{
    Client, Content, DeskError, Identity, Item, State,
    circle::{origin, story},
    consent::identity,
    kept, links, many,
    news::{News, Waits, news, waits},
    numbers::SHOWN,
    oral,
    owed::Asks,
};
use crate::{
    api_types::CaseView,
    domain::{
        day::Day,
        id::{CaseId, ItemId},
    },
    show::visible_line,
    text::Texts,
};

#[cfg(test)]
pub(super) mod tests;

/// Characters of the line that names a case.
const LINE: usize = 90;
/// Characters of a case that are searched.
const SEARCHED: usize = 3_000;
/// The file's format.
const VERSION: u8 = 9;

/// The summaries of a reader.
pub(super) struct Summaries {
    file: PathBuf,
    known: HashMap<CaseId, Summary>,
    /// What was summarised here and is not in the file yet.
    learned: HashSet<CaseId>,
    /// What is to go from the file.
    gone: HashSet<CaseId>,
}

/// The beginning of a case.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(super) struct Summary {
    /// Names it in the inbox.
    pub(super) line: String,
    /// Whether it is a request for advice, or a part of one.
    pub(super) advice: bool,
    /// What it asks.
    pub(super) asks: Asks,
    /// Whether an officer entered it for somebody.
    pub(super) oral: bool,
    /// The items it was made of.
    pub(super) items: Vec<ItemId>,
    /// What others did in it, by item.
    said: Vec<(ItemId, News)>,
    /// What waits for this reader in it, each with the first day on which it can be done.
    waits: Vec<(Waits, Option<Day>)>,
    /// The cases it belongs with, and of which it is a duplicate.
    pub(super) links: Vec<(CaseId, bool)>,
    /// The case it was filed from.
    from: Option<CaseId>,
    /// Whether it says who a reporter is.
    identity: bool,
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

/// What stands in the file. One of another form is as one that is not there: its cases are opened afresh.
fn read(file: &Path, me: &Identity) -> Option<HashMap<CaseId, Summary>> {
    kept::load(file, me).filter(|stored: &Stored| stored.version == VERSION).map(|stored| stored.cases)
}

/// The first line of a case's story.
pub(super) fn first_line(items: &[Item]) -> Option<String> {
    let line: String = visible_line(&story(items)?.story)?.chars().take(LINE + 1).collect();
    let short: String = line.chars().take(LINE).collect();
    Some(if short.len() < line.len() { format!("{short}…") } else { short })
}

impl Summaries {
    /// Reads the file beside the identity. One that cannot be opened is made anew: it holds nothing that is nowhere else.
    pub(super) fn load(identity: &Path, me: &Identity) -> Self {
        let file = identity.with_extension("summaries");
        let known = read(&file, me).unwrap_or_default();
        Self { file, known, learned: HashSet::new(), gone: HashSet::new() }
    }

    /// Remembers what was opened of a case, and what waits for this reader in it.
    pub(super) fn learn(&mut self, client: &Client, case: &CaseView, items: &[Item]) {
        self.remember(case, items, || waits(client, case, items));
    }

    fn remember(&mut self, case: &CaseView, items: &[Item], waits: impl FnOnce() -> Vec<(Waits, Option<Day>)>) {
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
                Content::Story(story) => {
                    // What is short stands first: of a long text the beginning is searched.
                    for part in [&story.who, &story.when, &story.place, &story.known, &story.story] {
                        text.push_str(part);
                        text.push('\n');
                    }
                }
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
        let asks = Asks::of(items);
        let summary = Summary {
            line,
            advice: asks.without_term && !identity(items),
            asks,
            oral: oral(items).is_some(),
            items: case.items.clone(),
            said: news(case, items),
            waits: waits(),
            links: links(items),
            from: origin(items).and_then(|origin| origin.from),
            identity: identity(items),
            text,
        };
        self.known.insert(case.case, summary);
        self.learned.insert(case.case);
    }

    /// Opens what this reader has opened before and is not summarised, until then at most. What they have not opened stays so, whoever else
    /// did: looking at the inbox is not reading, and the log says who read. Returns how many are left.
    pub(super) async fn gather(
        &mut self,
        client: &Client,
        cases: &[CaseView],
        until: Option<Instant>,
    ) -> Result<usize, DeskError> {
        self.forget(|case| !client.has_opened(case));
        let opened = cases.iter().filter(|case| client.has_opened(&case.case));
        let new: Vec<&CaseView> = opened.filter(|case| !self.knows(case)).collect();
        let parts = stream::iter(many::parts(&new));
        let parts = parts.take_while(|_| ready(until.is_none_or(|until| Instant::now() < until)));
        let mut opening = pin!(parts.map(|part| many::open_messages(client, part)).buffered(many::at_once()));
        let mut left = new.len();
        while let Some(part) = opening.next().await {
            for (case, items) in part? {
                self.learn(client, case, &items);
                left -= 1;
            }
        }
        Ok(left)
    }

    /// Whether a case that this reader opened before is not summarised here at all.
    pub(super) fn lacks(&self, client: &Client) -> bool {
        client.opened_before().iter().any(|case| !self.known.contains_key(case))
    }

    /// Whether everything in a case is in its summary.
    pub(super) fn knows(&self, case: &CaseView) -> bool {
        self.known.get(&case.case).is_some_and(|summary| case.items.iter().all(|item| summary.items.contains(item)))
    }

    /// What others did in a case since this reader opened it last.
    pub(super) fn news(&self, client: &Client, case: &CaseId) -> BTreeSet<News> {
        let said = self.known.get(case).into_iter().flat_map(|summary| &summary.said);
        said.filter(|(item, _)| client.is_new(case, item)).map(|(_, news)| *news).collect()
    }

    /// What waits in a case today.
    pub(super) fn waits(&self, case: &CaseId, today: Day) -> BTreeSet<Waits> {
        let all = self.known.get(case).into_iter().flat_map(|summary| &summary.waits);
        all.filter(|(_, first)| first.is_none_or(|first| first <= today)).map(|(waits, _)| *waits).collect()
    }

    /// The summary of a case.
    pub(super) fn of(&self, case: &CaseId) -> Option<&Summary> {
        self.known.get(case)
    }

    /// How a case is called that was opened: its first line, or whose name it holds; nothing of a part that has neither.
    pub(super) fn title(&self, t: Texts, case: &CaseId) -> Option<String> {
        let known = self.known.get(case)?;
        let line = |known: &Summary| Some(known.line.clone()).filter(|line| !line.is_empty());
        if !known.identity {
            return line(known);
        }
        let from = known.from.and_then(|from| line(self.known.get(&from)?));
        Some(from.map_or_else(|| t.get("desk-identity"), |title| t.with("desk-identity-of", &[("title", title)])))
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

    /// Whether every word stands in a case, or is the beginning of its number.
    pub(super) fn matches(&self, case: &CaseId, words: &str) -> bool {
        let (words, number) = (words.to_lowercase(), case.to_string());
        let text = self.known.get(case).map_or("", |summary| summary.text.as_str());
        words.split_whitespace().all(|word| text.contains(word) || (word.len() >= SHOWN && number.starts_with(word)))
    }

    fn forget(&mut self, gone: impl Fn(&CaseId) -> bool) {
        self.gone.extend(self.known.keys().filter(|case| gone(case)).copied());
        self.known.retain(|case, _| !self.gone.contains(case));
        self.learned.retain(|case| !self.gone.contains(case));
    }

    /// Forgets cases that are gone, and writes the file if anything changed: sealed to the reader, whole or not at all, with what another
    /// program learned meanwhile.
    pub(super) fn save(&mut self, me: &Identity, there: &[CaseView]) -> Result<(), DeskError> {
        let there: HashSet<CaseId> = there.iter().map(|case| case.case).collect();
        self.forget(|case| !there.contains(case));
        if self.learned.is_empty() && self.gone.is_empty() {
            return Ok(());
        }
        let _alone = kept::alone(&self.file)?;
        self.merge(read(&self.file, me).unwrap_or_default());
        kept::save(&self.file, me, &Storing { version: VERSION, cases: &self.known })?;
        (self.learned, self.gone) = (HashSet::new(), HashSet::new());
        Ok(())
    }

    /// Takes in what stands in the file. Of a case of which both know something, the one that was made of more items is the newer.
    fn merge(&mut self, others: HashMap<CaseId, Summary>) {
        for (case, theirs) in others {
            let mine = self.known.get(&case).filter(|_| self.learned.contains(&case));
            let newer = mine.is_none_or(|mine| mine.items.len() < theirs.items.len());
            if newer && !self.gone.contains(&case) {
                self.known.insert(case, theirs);
            }
        }
    }
}
