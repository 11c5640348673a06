//! What changed in the roster since its reader last said that they had read it: with enough signers' keys, somebody could add false readers, and
//! who reads beside them is who notices.
use std::{
    path::{Path, PathBuf},
    sync::Mutex,
};

use serde_json::json;

use super::{Client, DeskError, Identity, commands::Options, kept, roster::parsed, safe_text};
use crate::{
    domain::{roster_words::changes, said::Said},
    roster_files::Files,
    seal::code::Language,
    text::Texts,
};

/// The verified roster of now, against the one that was read last on this machine.
pub(super) struct RosterNews {
    file: PathBuf,
    now: Files,
    lines: Mutex<Vec<Said>>,
}

impl RosterNews {
    /// Compares; the first roster that a desk sees changes nothing for it.
    pub(super) fn of(state: &Path, me: &Identity, now: Files) -> Result<Self, DeskError> {
        let file = state.with_extension("roster");
        let read: Option<Files> = kept::load(&file, me);
        let lines = match &read {
            Some(read) if *read != now => match parsed(read) {
                Ok(read) => changes(&read, &parsed(&now)?),
                // What an earlier program kept keeps nobody from their cases.
                Err(_) => vec![Said::new("roster-news-unread")],
            },
            _ => Vec::new(),
        };
        let news = Self { file, now, lines: Mutex::new(lines) };
        // Serial and dates alone are nothing to read.
        if read.as_ref() != Some(&news.now) && news.lines().is_empty() {
            news.read(me)?;
        }
        Ok(news)
    }

    /// The files of now.
    pub(super) fn files(&self) -> &Files {
        &self.now
    }

    /// SHA-256 of the verified files of now.
    pub(super) fn sha256(&self) -> String {
        self.now.sha256()
    }

    /// A line each; empty when nothing changed but serials and dates.
    pub(super) fn lines(&self) -> Vec<Said> {
        self.lines.lock().map(|lines| lines.clone()).unwrap_or_default()
    }

    /// Remembers that they were read.
    pub(super) fn read(&self, me: &Identity) -> Result<(), DeskError> {
        kept::save(&self.file, me, &self.now)?;
        if let Ok(mut lines) = self.lines.lock() {
            lines.clear();
        }
        Ok(())
    }
}

/// `roster-changes`: what changed, a line each; and that its reader knows.
pub(super) fn told(options: &Options, client: &Client, read: bool) -> Result<String, DeskError> {
    let t = Texts::of(Language::En);
    let lines: Vec<String> = client.roster_changes().iter().map(|line| safe_text(&t.say(line))).collect();
    if read {
        client.roster_read()?;
    }
    Ok(match lines.as_slice() {
        _ if options.json => json!(lines).to_string(),
        [] => t.get("roster-news-none"),
        lines => lines.join("\n"),
    })
}

/// Words that are printed, after a line that the roster changed.
pub(super) fn with_news(options: &Options, client: &Client, text: String) -> String {
    let news = !options.json && !client.roster_changes().is_empty();
    let line = || Texts::of(Language::En).get("roster-news");
    if news {
        format!("{} `roster-changes` says how, and `roster-changes --read` that you know.\n{text}", line())
    } else {
        text
    }
}
