//! The nightly pass: rows and files of the day are written anew, so that a later thief of the disk sees when the pass was, and not in which
//! order reports came (promise 5).
use crate::{
    http::App,
    store::{StoreError, sweep},
};

/// Does the pass. The database is rewritten once a day, whichever server asks first; files that came since the last pass, each time.
pub async fn pass(app: &App) -> Result<(), StoreError> {
    let today = app.clock.today();
    sweep(app.store.as_ref(), &app.blobs).await?;
    let moved = app.blobs.renew(app.config.reserve_bytes).await;
    // Also where the files could not be moved: the one does not wait for the other.
    app.store.rewrite(today).await?;
    moved?;
    app.passed.on(today);
    Ok(())
}
