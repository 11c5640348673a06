//! The payloads of files: one blob each, under the random id of its item. They are sealed before they come here.
use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use object_store::{MultipartUpload, ObjectStoreExt, local::LocalFileSystem, path::Path as BlobPath};
use tokio::task::{JoinHandle, spawn_blocking};

use super::{StoreError, unavailable};
use crate::domain::id::ItemId;

/// How much is handed to the store at once, at least.
const PART: usize = 4 << 20;

/// Where the payloads of files are.
#[derive(Clone)]
pub struct Blobs {
    store: Arc<LocalFileSystem>,
    folder: PathBuf,
}

impl Blobs {
    /// A local folder, made if it is missing. What is confirmed is on the disk.
    pub fn folder(folder: &Path) -> Result<Self, StoreError> {
        fs::create_dir_all(folder).map_err(unavailable)?;
        let store = LocalFileSystem::new_with_prefix(folder).map_err(unavailable)?.with_fsync(true);
        Ok(Self { store: Arc::new(store), folder: folder.to_owned() })
    }

    /// Begins a blob, which must have been announced.
    pub async fn writer(&self, item: &ItemId) -> Result<BlobWriter, StoreError> {
        let upload = self.store.put_multipart(&place(item)).await.map_err(unavailable)?;
        Ok(BlobWriter { upload, waiting: Vec::new(), length: 0, on_its_way: None })
    }

    /// The bytes of a blob, as they come. Deleting the blob meanwhile does not disturb it.
    pub async fn read(
        &self,
        item: &ItemId,
    ) -> Result<impl Stream<Item = Result<Bytes, StoreError>> + use<>, StoreError> {
        let blob = self.store.get(&place(item)).await.map_err(absent)?;
        Ok(blob.into_stream().map(|chunk| match chunk {
            // A file cut short would go on for ever like this.
            Ok(bytes) if bytes.is_empty() => Err(StoreError::Corrupt { table: "item" }),
            Ok(bytes) => Ok(bytes),
            Err(error) => Err(unavailable(error)),
        }))
    }

    /// The length of a blob.
    pub async fn size(&self, item: &ItemId) -> Result<u64, StoreError> {
        self.store.head(&place(item)).await.map(|blob| blob.size).map_err(absent)
    }

    /// Removes a blob and what a broken-off writer left of it; it may be gone already. Forget it only when this succeeds.
    pub async fn delete(&self, item: &ItemId) -> Result<(), StoreError> {
        match self.store.delete(&place(item)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
            Err(error) => return Err(unavailable(error)),
        }
        let (shard, name) = names(item);
        let shard = self.folder.join(shard);
        spawn_blocking(move || clear_parts(&shard, &name)).await.map_err(unavailable)?.map_err(unavailable)
    }

    /// How many bytes are free where the blobs are; `None` if the system does not say.
    pub fn free_bytes(&self) -> Option<u64> {
        fs4::available_space(&self.folder).ok()
    }
}

/// A row names a blob that is not there.
fn absent(error: object_store::Error) -> StoreError {
    match error {
        object_store::Error::NotFound { .. } => StoreError::Corrupt { table: "item" },
        other => unavailable(other),
    }
}

/// Folder and file. 256 folders keep each small enough to be looked through.
fn names(item: &ItemId) -> (String, String) {
    let name = item.to_string();
    (name.chars().take(2).collect(), name)
}

fn place(item: &ItemId) -> BlobPath {
    let (shard, name) = names(item);
    BlobPath::from_iter([shard, name])
}

/// Removes `name#1`, `name#2`, …, which the library writes first and never lists, and makes all removals last.
fn clear_parts(shard: &Path, name: &str) -> io::Result<()> {
    let entries = match fs::read_dir(shard) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let file = entry.file_name();
        if file.to_str().and_then(|file| file.strip_prefix(name)).is_some_and(|rest| rest.starts_with('#')) {
            fs::remove_file(entry.path())?;
        }
    }
    // The library does not do this for deletions. Windows cannot.
    if cfg!(unix) { File::open(shard)?.sync_all() } else { Ok(()) }
}

/// A blob being written. Holds at most two parts: one that fills and one on its way. Dropped, it leaves nothing.
pub struct BlobWriter {
    upload: Box<dyn MultipartUpload>,
    /// Kept as they came: joining them would copy every byte once more.
    waiting: Vec<Bytes>,
    length: usize,
    on_its_way: Option<JoinHandle<object_store::Result<()>>>,
}

impl BlobWriter {
    /// Takes the next bytes, and waits while the part before is still on its way.
    pub async fn write(&mut self, bytes: Vec<u8>) -> Result<(), StoreError> {
        self.length += bytes.len();
        self.waiting.push(Bytes::from(bytes));
        if self.length >= PART { self.send().await } else { Ok(()) }
    }

    /// Writes the rest. Afterwards the whole blob is on the disk under its name.
    pub async fn finish(mut self) -> Result<(), StoreError> {
        self.send().await?;
        self.arrived().await?;
        self.upload.complete().await.map(drop).map_err(unavailable)
    }

    /// Gives up. Delete the blob afterwards, and then forget it.
    pub async fn abort(mut self) {
        // Neither outcome matters: deleting removes what is left, or says that it cannot.
        drop(self.arrived().await);
        drop(self.upload.abort().await);
    }

    async fn send(&mut self) -> Result<(), StoreError> {
        self.arrived().await?;
        self.length = 0;
        let part = self.upload.put_part(self.waiting.drain(..).collect());
        // By itself a part moves only while it is awaited.
        self.on_its_way = Some(tokio::spawn(part));
        Ok(())
    }

    async fn arrived(&mut self) -> Result<(), StoreError> {
        match self.on_its_way.take() {
            Some(part) => part.await.map_err(unavailable)?.map_err(unavailable),
            None => Ok(()),
        }
    }
}
