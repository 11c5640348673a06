//! The log of an organisation: shown, kept in a file, and checked without a server.
use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    desk::{Client, DeskError, Entry, Export, Identity, commands::Options, csv::word, last_seen},
    domain::day::Day,
    replace::replace,
    roster_files::{self, Files},
    seal::code::Language,
    text::Texts,
};

/// What an auditor does with a log.
#[derive(Subcommand)]
pub enum Audit {
    /// Fetches the log into a file, with the roster that it is checked against.
    Export {
        /// The file to write.
        file: PathBuf,
    },
    /// Opens and checks a file of a log, without a server.
    ///
    /// With --identity before the command it opens and checks every record; without, only their chain. The root signers to trust
    /// are those of --root, before the command too; of `anchor.toml` beside your keys when not named.
    Verify {
        /// The file that `audit export` wrote.
        file: PathBuf,
    },
}

/// A log with the roster of the day it was fetched.
#[derive(Deserialize, Serialize)]
pub(in crate::desk) struct Archive {
    version: u8,
    day: Day,
    roster: Files,
    log: Export,
}

impl Archive {
    /// The file: the records as they are kept, sealed.
    pub(in crate::desk) fn to_bytes(&self) -> Result<Vec<u8>, DeskError> {
        serde_json::to_vec(self).map_err(|e| DeskError::new(e.to_string()))
    }
}

impl Client {
    /// The log of now, to be checked without a server.
    pub(in crate::desk) async fn archive(&self) -> Result<Archive, DeskError> {
        let (day, log) = (self.today(), self.fetch_log().await?);
        Ok(Archive { version: 1, day, roster: self.roster_files().await?, log })
    }
}

/// Keeps the log of now in a file.
pub(super) async fn export(options: &Options, client: &Client, file: &Path) -> Result<String, DeskError> {
    let archive = client.archive().await?;
    replace(file, &archive.to_bytes()?)?;
    let records = archive.log.records.len();
    let entries = archive.log.entries(&client.roster, &client.me.seal);
    Ok(if options.json {
        json!({ "written": file, "records": records, "deeds": entries.len() }).to_string()
    } else {
        format!("{records} records of the log are in {}: {}.", file.display(), parts(records, &entries))
    })
}

/// Checks a file of a log; everything it needs is in the file, but the anchor and the identity. Without an identity nothing is opened, and
/// only the chain is checked.
pub(in crate::desk) fn verify(options: &Options, me: Option<&Identity>, file: &Path) -> Result<String, DeskError> {
    let cannot = |what: String| DeskError::new(format!("{}: {what}", file.display()));
    let bytes = std::fs::read(file).map_err(|e| cannot(e.to_string()))?;
    let archive: Archive = serde_json::from_slice(&bytes).map_err(|e| cannot(format!("this is no log: {e}")))?;
    if archive.version != 1 || archive.log.version != Export::VERSION {
        return Err(cannot("its version is not known; use the program that made it".to_owned()));
    }
    let anchor = options.place().anchor;
    if !anchor.exists() {
        return Err(DeskError::known("desk-error-anchor"));
    }
    let (roster, _) = archive.roster.verify(&roster_files::anchor(&anchor)?, archive.day, |_| None)?;
    let records = archive.log.records.len();
    let Some(me) = me else {
        return match archive.log.is_chain(&roster.instance) {
            false => Err(DeskError::known("audit-chain")),
            true if options.json => Ok(json!({ "records": records, "chain": true }).to_string()),
            true => Ok(format!(
                "The chain of all {records} records holds. What stands in them and who signed it was not checked: that takes the keys \
                 of an overseer, with --identity."
            )),
        };
    };
    let entries = archive.log.entries(&roster, &me.seal);
    let bad = entries.iter().filter(|e| e.problem.is_some()).count();
    let text = listed(options, &entries);
    if bad > 0 {
        return Err(DeskError::new(format!("{text}\n{bad} of {} records are not believed", entries.len())));
    }
    Ok(if options.json {
        text
    } else {
        format!("{text}\nAll {records} records hold, and so does their chain: {}.", parts(records, &entries))
    })
}

/// What the records are of which a log shows those alone that are of a deed.
fn parts(records: usize, entries: &[Entry]) -> String {
    let deeds = entries.len();
    let sent = records.saturating_sub(deeds);
    format!("{deeds} of something that was done, and {sent} in which the server says who sent the one after it")
}

/// The entries of a log, a line each or as JSON.
pub(super) fn listed(options: &Options, entries: &[Entry]) -> String {
    if options.json {
        let one =
            |e: &Entry| json!({ "number": e.number, "record": e.record, "problem": e.problem, "sent_by": e.sent_by });
        let seen = last_seen(entries);
        return json!({ "entries": entries.iter().map(one).collect::<Vec<_>>(), "seen": seen }).to_string();
    }
    let t = Texts::of(Language::En);
    let line = |e: &Entry| match (&e.record, e.problem) {
        (Some(r), problem) => {
            let by = e.by(t, |_| None);
            let case = r.case.map(|c| c.to_string()).unwrap_or_default();
            let doubt = problem.map(|p| format!("  CAREFUL: {}", e.doubt(t, p))).unwrap_or_default();
            format!("{}  {}  {by}  {}  {case}{doubt}", e.number, r.day, t.get(&format!("deed-{}", word(r.deed))))
        }
        (None, problem) => format!("{}  CAREFUL: {}", e.number, e.doubt(t, problem.unwrap_or("audit-unreadable"))),
    };
    let mut lines: Vec<String> = entries.iter().map(line).collect();
    if entries.last().is_some_and(|last| last.number > entries.len() as u64) {
        lines.push("The numbers between are of records in which the server says who sent the one after it.".to_owned());
    }
    lines.join("\n")
}
