//! Removing the blobs that nothing names.
use super::{Blobs, Store, StoreError};

/// Removes the stranded blobs, their part files included; at start and nightly. Returns how many there were.
pub async fn sweep(store: &dyn Store, blobs: &Blobs) -> Result<usize, StoreError> {
    let stranded = store.stranded_blobs().await?;
    for item in &stranded {
        blobs.delete(item).await?;
        // Last: a row outlives its blob, never the other way round.
        store.forget_blob(item).await?;
    }
    Ok(stranded.len())
}
