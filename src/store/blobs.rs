//! The payloads of files: one blob each, under the random id of its item. They are sealed before they come here.
use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use object_store::{
    GetOptions, GetResult, MultipartUpload, ObjectStore, ObjectStoreExt, local::LocalFileSystem, path::Path as BlobPath,
};
use tokio::task::{JoinHandle, spawn_blocking};

use super::{
    StoreError,
    moving::{self, MOVING},
    unavailable,
};
use crate::{
    domain::id::ItemId,
    replace::{level, sync},
};

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
        moving::make(folder).map_err(unavailable)?;
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
        let blob = self.look(item, false).await?;
        Ok(blob.into_stream().map(|chunk| match chunk {
            // A file cut short would go on for ever like this.
            Ok(bytes) if bytes.is_empty() => Err(StoreError::Corrupt { table: "item" }),
            Ok(bytes) => Ok(bytes),
            Err(error) => Err(unavailable(error)),
        }))
    }

    /// The length of a blob.
    pub async fn size(&self, item: &ItemId) -> Result<u64, StoreError> {
        self.look(item, true).await.map(|blob| blob.meta.size)
    }

    /// Looks where a blob is, where it is while it is moved, and again where it is.
    async fn look(&self, item: &ItemId, head: bool) -> Result<GetResult, StoreError> {
        for path in [place(item), on_its_way(item)] {
            match self.store.get_opts(&path, GetOptions::new().with_head(head)).await {
                Err(object_store::Error::NotFound { .. }) => {}
                outcome => return outcome.map_err(unavailable),
            }
        }
        self.store.get_opts(&place(item), GetOptions::new().with_head(head)).await.map_err(absent)
    }

    /// Removes a blob and what a broken-off writer left of it; it may be gone already. Forget it only when this succeeds.
    pub async fn delete(&self, item: &ItemId) -> Result<(), StoreError> {
        // A pass that moves it just now has it in the one place, then in the other, then in the one.
        for path in [place(item), on_its_way(item), place(item)] {
            match self.store.delete(&path).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(unavailable(error)),
            }
        }
        let (shard, name) = names(item);
        blocking(&self.folder, move |folder| {
            clear_parts(&folder.join(shard), &name)?;
            sync(&folder.join(MOVING))
        })
        .await
    }

    /// Gives every blob that came since the last time another file, in random order. Needs room for one shard of them, beside the bytes
    /// to `keep`. What another process is moving is left to it.
    pub async fn renew(&self, keep: u64) -> Result<(), StoreError> {
        let Some(alone) = moving::alone(&self.folder).map_err(unavailable)? else { return Ok(()) };
        let alone = Arc::new(alone);
        let mut shards = moving::shards();
        moving::shuffle(&mut shards);
        for shard in shards {
            let alone = alone.clone();
            blocking(&self.folder, move |folder| {
                // Kept until this shard is done, also when nobody waits for it any more.
                let _alone = alone;
                moving::renew(folder, &shard, keep)
            })
            .await?;
        }
        blocking(&self.folder, |folder| {
            level(&folder.join(MOVING))?;
            level(folder)
        })
        .await
    }

    /// What a pass that was killed left on its way; `None` while another process moves.
    pub(super) async fn left(&self) -> Result<Option<Left>, StoreError> {
        let Some(alone) = moving::alone(&self.folder).map_err(unavailable)? else { return Ok(None) };
        let items = blocking(&self.folder, moving::left).await?;
        Ok(Some(Left { items, folder: self.folder.clone(), _alone: alone }))
    }

    /// Whether the folder can be written, as far as the system says without writing.
    pub fn is_writable(&self) -> bool {
        #[cfg(unix)]
        let writable = rustix::fs::access(&self.folder, rustix::fs::Access::WRITE_OK).is_ok();
        #[cfg(not(unix))]
        let writable = fs::metadata(&self.folder).is_ok_and(|folder| !folder.permissions().readonly());
        writable
    }

    /// Puts a blob back from a file, as one that came before the last pass.
    pub async fn put_back(&self, item: &ItemId, from: &Path) -> Result<(), StoreError> {
        let ((shard, name), from) = (names(item), from.to_owned());
        blocking(&self.folder, move |folder| moving::copy(&from, &folder.join(shard).join(name))).await
    }

    /// Makes what was put back last, and the folders tell nothing of it.
    pub async fn sync(&self) -> Result<(), StoreError> {
        blocking(&self.folder, |folder| {
            moving::shards().iter().map(|shard| folder.join(shard)).try_for_each(|shard| {
                sync(&shard)?;
                level(&shard)
            })
        })
        .await
    }

    /// How many bytes are free where the blobs are; `None` if the system does not say.
    pub fn free_bytes(&self) -> Option<u64> {
        fs4::available_space(&self.folder).ok()
    }
}

/// Blobs that were on their way when a process was killed. While this is kept nobody else moves.
pub(super) struct Left {
    pub(super) items: Vec<ItemId>,
    folder: PathBuf,
    _alone: File,
}

impl Left {
    /// Moves a blob to where it belongs.
    pub(super) async fn put_back(&self, item: &ItemId) -> Result<(), StoreError> {
        let item = *item;
        blocking(&self.folder, move |folder| moving::put_back(folder, &item)).await
    }
}

/// Does something with the folder where waiting for the disk holds nobody up.
async fn blocking<T: Send + 'static>(
    folder: &Path,
    act: impl FnOnce(&Path) -> io::Result<T> + Send + 'static,
) -> Result<T, StoreError> {
    let folder = folder.to_owned();
    spawn_blocking(move || act(&folder)).await.map_err(unavailable)?.map_err(unavailable)
}

/// A row names a blob that is not there.
fn absent(error: object_store::Error) -> StoreError {
    match error {
        object_store::Error::NotFound { .. } => StoreError::Corrupt { table: "item" },
        other => unavailable(other),
    }
}

/// Folder and file. 256 folders keep each small enough to be looked through.
pub(super) fn names(item: &ItemId) -> (String, String) {
    let name = item.to_string();
    (name.chars().take(2).collect(), name)
}

fn place(item: &ItemId) -> BlobPath {
    let (shard, name) = names(item);
    BlobPath::from_iter([shard, name])
}

fn on_its_way(item: &ItemId) -> BlobPath {
    BlobPath::from_iter([MOVING, &names(item).1])
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
    // The library does not do this for deletions.
    sync(shard)
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
