//! Removing the blobs that nothing names.
use super::{Blobs, Store, StoreError};
use crate::domain::id::ItemId;

/// Puts back what a pass that was killed left on its way, and removes the stranded blobs, their part files included; at start and
/// nightly. Returns how many were stranded.
pub async fn sweep(store: &dyn Store, blobs: &Blobs) -> Result<usize, StoreError> {
    put_back(store, blobs).await?;
    remove(store, blobs).await
}

/// Gives up a blob that was announced, and removes it unless an item has it: a commit whose answer was lost may have taken it over. On an
/// error it is to be tried again: this server lives, and nobody else removes what it announced.
pub async fn abandon(store: &dyn Store, blobs: &Blobs, item: &ItemId) -> Result<(), StoreError> {
    let mine = store.abandon_blob(item).await?;
    // Also what this server announced before it lost its session.
    remove(store, blobs).await?;
    if mine {
        return Ok(());
    }
    // Somebody may have swept it while it was being finished.
    unless_taken(store, blobs, item).await.map(drop)
}

async fn remove(store: &dyn Store, blobs: &Blobs) -> Result<usize, StoreError> {
    let stranded = store.stranded_blobs().await?;
    for item in &stranded {
        blobs.delete(item).await?;
        // Last: a row outlives its blob, never the other way round.
        store.forget_blob(item).await?;
    }
    Ok(stranded.len())
}

/// What was deleted just when it was copied is named by nothing any more, and must not come back.
async fn put_back(store: &dyn Store, blobs: &Blobs) -> Result<(), StoreError> {
    // While another process moves, what is there is on its way.
    let Some(left) = blobs.left().await? else { return Ok(()) };
    for item in &left.items {
        if !unless_taken(store, blobs, item).await? {
            left.put_back(item).await?;
        }
    }
    Ok(())
}

/// Removes a blob that nothing names; `false` when something does.
async fn unless_taken(store: &dyn Store, blobs: &Blobs, item: &ItemId) -> Result<bool, StoreError> {
    // An id can be announced only when no item and no upload has it.
    match store.announce_blob(item).await {
        Err(StoreError::Conflict) => Ok(false),
        Err(error) => Err(error),
        Ok(()) => {
            blobs.delete(item).await?;
            store.forget_blob(item).await?;
            Ok(true)
        }
    }
}
