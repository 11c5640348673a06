//! Readers who are away: meanwhile what is held back for a report's reserve reader is served.
use std::collections::BTreeMap;

use super::{App, mailbox::CaseReader};
use crate::{
    domain::{case::RESERVE_DAYS, day::Day, id::KeyedReader},
    store::{SeenKey, StoreError},
};

/// Who is away today, by hash, with their last day.
pub(crate) async fn away(app: &App) -> Result<BTreeMap<SeenKey, Day>, StoreError> {
    let mut away = app.store.away().await?;
    away.retain(|_, until| *until >= app.clock.today());
    Ok(away)
}

/// The day by which a slot of the case must be released to be served: today; while one of its readers is away, any there is.
pub(crate) fn served_by(app: &App, readers: &[CaseReader<'_>]) -> Day {
    let today = app.clock.today();
    let reads = |r: &&CaseReader<'_>| r.release.is_none_or(|day| day <= today);
    let away = readers.iter().filter(reads).any(|r| r.away.is_some());
    // A case is filed today at the latest, and no slot is held back for longer.
    if away { today.plus_days(RESERVE_DAYS) } else { today }
}

/// Forgets the absences that are over, and those of who is no reader any more.
pub(crate) async fn forget(app: &App) -> Result<(), StoreError> {
    let readers: Vec<SeenKey> = app.keyed.iter().map(|reader: &KeyedReader| app.post.reader_away(reader)).collect();
    let today = app.clock.today();
    for (gone, _) in app.store.away().await?.iter().filter(|(key, until)| **until < today || !readers.contains(*key)) {
        app.store.back(gone).await?;
    }
    Ok(())
}
