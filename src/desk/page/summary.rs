//! What the inbox shows and searches: the beginning of every case that was opened. Kept only sealed to the reader.
use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::{
    api_types::CaseView,
    desk::{Content, DeskError, Identity, Item, State, open::advice},
    domain::id::{CaseId, ItemId},
    replace::replace,
};

/// Characters of the line that names a case.
const LINE: usize = 90;
/// Characters of a case that are searched.
const SEARCHED: usize = 2_000;
/// The file's format.
const VERSION: u8 = 1;

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
    /// Whether it is a request for advice.
    pub(super) advice: bool,
    /// The items it was made of.
    pub(super) items: Vec<ItemId>,
    text: String,
}

#[derive(Deserialize, Serialize)]
struct Stored {
    version: u8,
    cases: HashMap<CaseId, Summary>,
}

/// The first line of a case's story.
pub(super) fn first_line(items: &[Item]) -> Option<String> {
    let story = items.iter().find_map(|item| match &item.state {
        State::Opened(opened) if opened.proven => match &opened.content {
            Content::Story(story) => Some(&story.story),
            _ => None,
        },
        _ => None,
    })?;
    let line: String = story.trim_start().lines().next()?.chars().take(LINE + 1).collect();
    let short: String = line.chars().take(LINE).collect();
    Some(if short.len() < line.len() { format!("{short}…") } else { short })
}

impl Summaries {
    /// Reads the file beside the identity. One that cannot be opened is made anew: it holds nothing that is nowhere else.
    pub(super) fn load(identity: &Path, me: &Identity) -> Self {
        let file = identity.with_extension("summaries");
        let opened = std::fs::read(&file).ok().and_then(|sealed| me.seal.open_own(&sealed).ok());
        let stored = opened.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let known = stored.filter(|s: &Stored| s.version == VERSION).map(|s| s.cases).unwrap_or_default();
        Self { file, changed: false, known }
    }

    /// Remembers what was opened of a case.
    pub(super) fn learn(&mut self, case: &CaseView, items: &[Item]) {
        let Some(line) = first_line(items) else { return };
        if self.knows(case) {
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
                | Content::DutyApproved(_) => {}
                Content::File { name, .. } => text.push_str(name),
            }
            text.push('\n');
        }
        let text = text.to_lowercase().chars().take(SEARCHED).collect();
        let summary = Summary { line, advice: advice(items), items: case.items.clone(), text };
        self.known.insert(case.case, summary);
        self.changed = true;
    }

    /// Whether everything in a case is in its summary.
    pub(super) fn knows(&self, case: &CaseView) -> bool {
        self.known.get(&case.case).is_some_and(|summary| case.items.iter().all(|item| summary.items.contains(item)))
    }

    /// The summary of a case.
    pub(super) fn of(&self, case: &CaseId) -> Option<&Summary> {
        self.known.get(case)
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
        let stored = Stored { version: VERSION, cases: self.known.clone() };
        let bytes = serde_json::to_vec(&stored).map_err(|e| DeskError::new(e.to_string()))?;
        let sealed = me.seal.seal_own(&bytes).map_err(|e| DeskError::new(e.to_string()))?;
        replace(&self.file, &sealed)?;
        self.changed = false;
        Ok(())
    }
}
