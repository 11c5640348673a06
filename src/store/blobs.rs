//! Payloads of files. Each is a blob named by its item's random id; all are sealed before they come here.
use std::path::{Path, PathBuf};

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use object_store::{MultipartUpload, ObjectStoreExt, PutPayload, local::LocalFileSystem, path::Path as BlobPath};
use tokio::task::JoinHandle;

use super::{StoreError, unavailable};
use crate::domain::id::ItemId;

/// Bytes that are handed over at once; S3 takes no smaller part.
const PART: usize = 5 << 20;

/// Where payloads of files are.
#[derive(Clone)]
pub struct Blobs {
    store: std::sync::Arc<LocalFileSystem>,
    folder: PathBuf,
}

impl Blobs {
    /// A local folder, made if it is missing. Writes are on the disk before they are confirmed.
    pub fn folder(folder: &Path) -> Result<Self, StoreError> {
        std::fs::create_dir_all(folder).map_err(unavailable)?;
        let store = LocalFileSystem::new_with_prefix(folder).map_err(unavailable)?.with_fsync(true);
        Ok(Self { store: std::sync::Arc::new(store), folder: folder.to_owned() })
    }

    /// Begins a blob. Announce it first.
    pub async fn writer(&self, item: &ItemId) -> Result<BlobWriter, StoreError> {
        let upload = self.store.put_multipart(&path(item)).await.map_err(unavailable)?;
        Ok(BlobWriter { upload, buffer: Vec::new(), part: None })
    }

    /// A blob's bytes.
    pub async fn read(
        &self,
        item: &ItemId,
    ) -> Result<impl Stream<Item = Result<Bytes, StoreError>> + use<>, StoreError> {
        let blob = self.store.get(&path(item)).await.map_err(unavailable)?;
        Ok(blob.into_stream().map(|chunk| chunk.map_err(unavailable)))
    }

    /// A blob's length in bytes.
    pub async fn size(&self, item: &ItemId) -> Result<u64, StoreError> {
        Ok(self.store.head(&path(item)).await.map_err(unavailable)?.size)
    }

    /// Removes a blob; one that is not there is removed already.
    pub async fn delete(&self, item: &ItemId) -> Result<(), StoreError> {
        match self.store.delete(&path(item)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(unavailable(error)),
        }
    }

    /// Removes the parts (`name#1`) that a killed process left. Only at start, before anything is written.
    pub async fn sweep_parts(&self) -> Result<(), StoreError> {
        let mut folder = tokio::fs::read_dir(&self.folder).await.map_err(unavailable)?;
        while let Some(entry) = folder.next_entry().await.map_err(unavailable)? {
            if entry.file_name().to_string_lossy().contains('#') {
                tokio::fs::remove_file(entry.path()).await.map_err(unavailable)?;
            }
        }
        Ok(())
    }

    /// Bytes free where blobs are kept; `None` if the system does not say.
    pub fn free_bytes(&self) -> Option<u64> {
        fs4::available_space(&self.folder).ok()
    }
}

fn path(item: &ItemId) -> BlobPath {
    BlobPath::from(item.to_string())
}

/// A blob being written: at most two parts are in memory, one filling and one on its way.
pub struct BlobWriter {
    upload: Box<dyn MultipartUpload>,
    buffer: Vec<u8>,
    part: Option<JoinHandle<object_store::Result<()>>>,
}

impl BlobWriter {
    /// Takes the next bytes; waits when the part before is still on its way.
    pub async fn write(&mut self, bytes: Vec<u8>) -> Result<(), StoreError> {
        if self.buffer.is_empty() {
            self.buffer = bytes;
        } else {
            self.buffer.extend_from_slice(&bytes);
        }
        if self.buffer.len() >= PART { self.send().await } else { Ok(()) }
    }

    /// Writes the rest; afterwards the blob is on the disk.
    pub async fn finish(mut self) -> Result<(), StoreError> {
        self.send().await?;
        self.wait().await?;
        self.upload.complete().await.map(|_| ()).map_err(unavailable)
    }

    /// Leaves nothing behind.
    pub async fn abort(mut self) {
        // A part that fails now is as good as one that is removed.
        drop(self.wait().await);
        drop(self.upload.abort().await);
    }

    async fn send(&mut self) -> Result<(), StoreError> {
        self.wait().await?;
        let part = self.upload.put_part(PutPayload::from(std::mem::take(&mut self.buffer)));
        // A part is only written while somebody waits for it.
        self.part = Some(tokio::spawn(part));
        Ok(())
    }

    async fn wait(&mut self) -> Result<(), StoreError> {
        match self.part.take() {
            None => Ok(()),
            Some(part) => part.await.map_err(unavailable)?.map_err(unavailable),
        }
    }
}
