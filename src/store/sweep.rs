//! Removing the blobs that nothing names.
use super::{Blobs, Store, StoreError};

/// Puts back what a pass that was killed left on its way, and removes the stranded blobs, their part files included; at start and
/// nightly. Returns how many were stranded.
pub async fn sweep(store: &dyn Store, blobs: &Blobs) -> Result<usize, StoreError> {
    put_back(store, blobs).await?;
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
        // An id can be announced only when no item and no upload has it.
        match store.announce_blob(item).await {
            Err(StoreError::Conflict) => left.put_back(item).await?,
            Err(error) => return Err(error),
            Ok(()) => {
                blobs.delete(item).await?;
                store.forget_blob(item).await?;
            }
        }
    }
    Ok(())
}
