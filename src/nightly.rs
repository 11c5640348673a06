//! The nightly pass: rows and files of the day are written anew, so that a later thief of the disk sees when the pass was, and not in which
//! order reports came (promise 5).
use crate::{
    http::App,
    journal::Journal,
    store::{StoreError, sweep},
};

/// The journal goes back so many days more than the oldest backup that is restored.
const MORE_DAYS: i32 = 7;

fn lost(error: std::io::Error) -> StoreError {
    StoreError::Unavailable(Box::new(error))
}

/// Does the pass. The database is rewritten once a day, whichever server asks first; files that came since the last pass, each time.
pub async fn pass(app: &App) -> Result<(), StoreError> {
    let today = app.clock.today();
    sweep(app.store.as_ref(), &app.blobs).await?;
    let config = &app.config;
    let journal = Journal::open(&config.journal(), app.clock).map_err(lost)?;
    let kept = i32::from(config.backup_days) + MORE_DAYS;
    // A clock that jumped ahead makes no mark old: it is needed when a backup of yesterday is restored.
    let sure = app.look().await?.min(today);
    journal.renew(sure.plus_days(-kept)).map_err(lost)?;
    let moved = app.blobs.renew(config.reserve_bytes).await;
    // Also where the files could not be moved: the one does not wait for the other.
    app.store.rewrite(today).await?;
    moved?;
    app.passed.on(today);
    Ok(())
}
