//! Every blob that came since the last pass becomes another file, in random order: its number, its place in the folder and its times then
//! say when the pass was, and nothing of when the blob came.
//!
//! A blob is copied into `moving`, and is on the disk there before its old file goes; then it is moved to where that was. So it is always
//! whole in one of the two places, and whoever looks into the one, the other and the one again finds it.
use std::{
    fs::{self, File, FileTimes, OpenOptions},
    io::{self, Read, Write},
    path::Path,
};

use uuid::Uuid;

use super::blobs::names;
use crate::{
    domain::id::ItemId,
    replace::{level, settled, sync},
};

/// The folder of what is being moved, beside the shards.
pub(super) const MOVING: &str = "moving";
/// What is copied at once.
const PIECE: usize = 1 << 20;

/// All shards, whether or not anything is in them: made as blobs come, they would tell in which order.
pub(super) fn shards() -> Vec<String> {
    (0..=u8::MAX).map(|n| format!("{n:02x}")).collect()
}

/// The same things in an order that nobody knows.
pub(super) fn shuffle<T>(list: &mut [T]) {
    list.sort_by_cached_key(|_| Uuid::new_v4());
}

/// Makes the folders that are missing.
pub(super) fn make(folder: &Path) -> io::Result<()> {
    for name in shards().iter().map(String::as_str).chain([MOVING]) {
        fs::create_dir_all(folder.join(name))?;
    }
    sync(folder)
}

/// The right to move, until it is dropped; `None` while another process has it.
pub(super) fn alone(folder: &Path) -> io::Result<Option<File>> {
    let lock = File::create(folder.with_extension("lock"))?;
    match lock.try_lock() {
        Ok(()) => Ok(Some(lock)),
        Err(fs::TryLockError::WouldBlock) => Ok(None),
        Err(fs::TryLockError::Error(error)) => Err(error),
    }
}

/// What a killed pass left: of a blob whose old file is there the copy goes, which may not be whole; the others are returned, which are
/// whole, or of nobody any more.
pub(super) fn left(folder: &Path) -> io::Result<Vec<ItemId>> {
    let mut left = Vec::new();
    for entry in fs::read_dir(folder.join(MOVING))? {
        let entry = entry?;
        let Some(item) = blob(&entry) else { continue };
        let (shard, name) = names(&item);
        if folder.join(shard).join(name).try_exists()? {
            fs::remove_file(entry.path())?;
        } else {
            left.push(item);
        }
    }
    Ok(left)
}

/// Moves a blob to where it belongs.
pub(super) fn put_back(folder: &Path, item: &ItemId) -> io::Result<()> {
    let (shard, name) = names(item);
    fs::rename(folder.join(MOVING).join(&name), folder.join(&shard).join(name))?;
    sync(&folder.join(shard))
}

/// Gives every blob of a shard that came since the last pass another file. Refuses where less than `keep` bytes would be free meanwhile.
pub(super) fn renew(folder: &Path, shard: &str, keep: u64) -> io::Result<()> {
    let (old, moving) = (folder.join(shard), folder.join(MOVING));
    let (mut came, bytes) = came_since(&old)?;
    if came.is_empty() {
        return level(&old);
    }
    if fs4::available_space(folder)? < bytes.saturating_add(keep) {
        return Err(io::Error::other("too little disk is free to move the day's files"));
    }
    shuffle(&mut came);
    if let Err(error) = copy_all(&old, &moving, &mut came) {
        for name in &came {
            drop(fs::remove_file(moving.join(name)));
        }
        return Err(error);
    }
    // All of them first: a folder would give a file the place of the one that went just before.
    for name in &came {
        if !gone(fs::remove_file(old.join(name)))? {
            // It was deleted meanwhile.
            gone(fs::remove_file(moving.join(name)))?;
        }
    }
    shuffle(&mut came);
    for name in &came {
        gone(fs::rename(moving.join(name), old.join(name)))?;
    }
    sync(&old)?;
    level(&old)
}

/// The blobs of a shard that came since the last pass, and how many bytes they have. No part of one that is on its way is among them.
fn came_since(shard: &Path) -> io::Result<(Vec<String>, u64)> {
    let (mut came, mut bytes) = (Vec::new(), 0);
    for entry in fs::read_dir(shard)? {
        let entry = entry?;
        let Some(item) = blob(&entry) else { continue };
        match entry.metadata() {
            Ok(file) if file.modified()? != settled() => {
                came.push(item.to_string());
                bytes += file.len();
            }
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok((came, bytes))
}

fn blob(entry: &fs::DirEntry) -> Option<ItemId> {
    let name = entry.file_name().into_string().ok()?;
    let item = ItemId::parse(&name)?;
    (item.to_string() == name).then_some(item)
}

/// Copies blobs, and leaves those out of the list that were deleted meanwhile. The copies are on the disk.
fn copy_all(old: &Path, moving: &Path, came: &mut Vec<String>) -> io::Result<()> {
    let mut copied = Vec::new();
    for name in came.iter() {
        match copy(&old.join(name), &moving.join(name)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            outcome => outcome.map(|()| copied.push(name.clone()))?,
        }
    }
    *came = copied;
    sync(moving)
}

/// Byte by byte: what the system copies by itself may share its places on the disk with the old file.
pub(super) fn copy(old: &Path, new: &Path) -> io::Result<()> {
    let mut from = File::open(old)?;
    let mut to = OpenOptions::new().write(true).create(true).truncate(true).open(new)?;
    let mut piece = vec![0; PIECE];
    loop {
        let length = from.read(&mut piece)?;
        let Some(bytes) = piece.get(..length).filter(|bytes| !bytes.is_empty()) else { break };
        to.write_all(bytes)?;
    }
    to.set_permissions(from.metadata()?.permissions())?;
    to.set_times(FileTimes::new().set_accessed(settled()).set_modified(settled()))?;
    to.sync_all()
}

/// Whether it was there for this.
fn gone(outcome: io::Result<()>) -> io::Result<bool> {
    match outcome {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        outcome => outcome.map(|()| true),
    }
}
