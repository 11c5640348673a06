//! Destruction when the term for keeping is over: slots, rows and payloads go, and a declaration with numbers stays.
use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::{
    domain::{
        case::Case,
        day::Day,
        id::OrgId,
        log::{Deed, Writer},
    },
    http::{self, App},
    replace::replace,
    store::{STEP_DAYS, StoreError},
};

/// The folder of the declarations, in the data folder.
pub(crate) const FOLDER: &str = "declarations";
const VERSION: u8 = 1;

/// What was destroyed on a day, by organisation: numbers and nothing else. `declarations/YYYY-MM-DD.json`.
#[derive(Debug, Deserialize, Serialize)]
pub struct Declaration {
    version: u8,
    /// The day.
    pub day: Day,
    /// How much of which organisation.
    pub organisations: BTreeMap<OrgId, Counts>,
}

/// How much was destroyed.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Counts {
    /// Cases.
    pub cases: u64,
    /// Items in them, files too.
    pub items: u64,
    /// Items whose payload was a file of its own.
    pub files: u64,
}

/// Why not everything was destroyed and declared. What was, stays so; the next run goes on.
#[derive(Debug, thiserror::Error)]
pub enum RetentionError {
    /// The database or payload store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The clock says a day on which the roster does not count. It may be wrong, and what is destroyed does not come back.
    #[error("the roster does not count on {0}: nothing is destroyed; is the clock right?")]
    Clock(Day),
    /// The declaration.
    #[error("the declaration of what was destroyed could not be written: {0}")]
    Declaration(#[from] io::Error),
}

/// Destroys closed cases whose day has come, and declares each; returns the numbers of this run. A clock that jumps forward destroys nothing
/// once it is past the roster, and before that what is due within [`STEP_DAYS`] days for each day it stays wrong.
pub async fn purge(app: &App) -> Result<Counts, RetentionError> {
    let today = app.clock.today();
    if today > app.roster.expires {
        return Err(RetentionError::Clock(today));
    }
    let sure = app.look().await?;
    if sure.plus_days(STEP_DAYS) < today {
        tracing::warn!(
            "the clock says {today}, far from the last day that was seen: what was due after {sure} is destroyed later; \
             if it is right: meldkluis clock --today {today}"
        );
    }
    let mut total = Counts::default();
    for id in app.store.to_destroy(sure.min(today)).await? {
        let Some(case) = app.store.case(&id).await? else { continue };
        let one = destroy(app, &case).await?;
        // What a program made up is nobody's archive.
        if app.roster.is_canary(&case.org) {
            continue;
        }
        declare(&app.config.data.join(FOLDER), today, &case.org, one)?;
        total = sum(total, one);
    }
    app.purged.on(today);
    Ok(total)
}

async fn destroy(app: &App, case: &Case) -> Result<Counts, StoreError> {
    let items = app.store.items(&case.id).await?.len();
    let advice = http::advice(app, case).await?;
    let blobs = app.store.destroy(&case.id).await?;
    record_it(app, case, advice).await?;
    for blob in &blobs {
        app.blobs.delete(blob).await?;
        app.store.forget_blob(blob).await?;
    }
    Ok(Counts { cases: 1, items: items as u64, files: blobs.len() as u64 })
}

/// Writes into the log that a case is gone: what the register says of it ends there. Of advice only the number counts.
async fn record_it(app: &App, case: &Case, advice: bool) -> Result<(), StoreError> {
    let org = &case.org;
    if app.roster.overseers(org).next().is_none() {
        return Ok(());
    }
    let sealed = app.own_record(org, Deed::Destroyed, ((!advice).then_some(case.id), None)).await?;
    app.log(org, &[(Writer::Server, &sealed)]).await.map(drop)
}

fn sum(a: Counts, b: Counts) -> Counts {
    Counts { cases: a.cases + b.cases, items: a.items + b.items, files: a.files + b.files }
}

/// Adds to the day's declaration: written beside it, on the disk, then renamed.
fn declare(folder: &Path, day: Day, org: &OrgId, one: Counts) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let path = file(folder, day);
    let mut declaration = match fs::read(&path) {
        Ok(bytes) => serde_json::from_slice(&bytes).map_err(io::Error::other)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Declaration { version: VERSION, day, organisations: BTreeMap::new() }
        }
        Err(error) => return Err(error),
    };
    let counts = declaration.organisations.entry(org.clone()).or_default();
    *counts = sum(*counts, one);
    replace(&path, &serde_json::to_vec_pretty(&declaration).map_err(io::Error::other)?)
}

fn file(folder: &Path, day: Day) -> PathBuf {
    folder.join(format!("{day}.json"))
}
