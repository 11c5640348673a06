//! Payloads of files: written whole or not at all, and gone when deleted.
use std::path::{Path, PathBuf};

use futures_util::TryStreamExt;
use meldkluis::{
    domain::id::ItemId,
    store::{Blobs, NewItem, Payload, StoreError, sweep},
};

use crate::base::{case, day, file_item, item, item_id, on_both};

const MIB: usize = 1 << 20;

pub(crate) fn bytes(length: usize) -> Vec<u8> {
    (0..length).map(|n| u8::try_from(n % 251).unwrap()).collect()
}

pub(crate) async fn write(blobs: &Blobs, item: &ItemId, pieces: &[Vec<u8>]) {
    let mut writer = blobs.writer(item).await.unwrap();
    for piece in pieces {
        writer.write(piece.clone()).await.unwrap();
    }
    writer.finish().await.unwrap();
}

pub(crate) async fn read(blobs: &Blobs, item: &ItemId) -> Vec<u8> {
    let stream = blobs.read(item).await.unwrap();
    stream
        .try_fold(Vec::new(), |mut all, chunk| async move {
            all.extend_from_slice(&chunk);
            Ok(all)
        })
        .await
        .unwrap()
}

pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let shards = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    shards.flat_map(|shard| std::fs::read_dir(shard).unwrap()).map(|entry| entry.unwrap().path()).collect()
}

#[tokio::test]
async fn a_blob_comes_back_as_it_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::folder(&folder.path().join("new")).unwrap();
    assert!(blobs.free_bytes().unwrap() > 0);
    for pieces in [
        vec![],
        vec![bytes(0)],
        vec![bytes(1)],
        vec![bytes(4 * MIB - 1), bytes(1), bytes(1)],
        vec![bytes(4 * MIB), bytes(4 * MIB)],
        vec![bytes(9 * MIB), bytes(3), bytes(5 * MIB), bytes(70_000)],
    ] {
        let item = item_id();
        write(&blobs, &item, &pieces).await;
        let whole = pieces.concat();
        assert_eq!(blobs.size(&item).await.unwrap(), u64::try_from(whole.len()).unwrap());
        assert!(read(&blobs, &item).await == whole, "{} bytes", whole.len());
    }
}

#[tokio::test]
async fn a_blob_shows_only_when_it_is_finished() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::folder(&folder.path().join("blobs")).unwrap();
    let (aborted, dropped) = (item_id(), item_id());
    let mut writer = blobs.writer(&aborted).await.unwrap();
    writer.write(bytes(9 * MIB)).await.unwrap();
    assert!(matches!(blobs.size(&aborted).await, Err(StoreError::Corrupt { .. })));
    assert!(blobs.read(&aborted).await.is_err());
    writer.abort().await;
    assert_eq!(files(&folder.path().join("blobs")), Vec::<PathBuf>::new());
    let mut writer = blobs.writer(&dropped).await.unwrap();
    writer.write(bytes(5 * MIB)).await.unwrap();
    drop(writer);
    blobs.delete(&dropped).await.unwrap();
    assert_eq!(files(&folder.path().join("blobs")), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn deleting_takes_part_files_of_that_blob_alone() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::folder(&folder.path().join("blobs")).unwrap();
    let (kept, gone) = (item_id(), item_id());
    write(&blobs, &kept, &[bytes(10)]).await;
    write(&blobs, &gone, &[bytes(10)]).await;
    let of = |id: ItemId| {
        files(&folder.path().join("blobs")).into_iter().find(|file| file.ends_with(id.to_string())).unwrap()
    };
    // As a killed process leaves them.
    for id in [kept, gone] {
        for part in ["#1", "#12"] {
            let mut name = of(id).into_os_string();
            name.push(part);
            std::fs::write(name, b"part").unwrap();
        }
    }
    let kept_file = of(kept);
    blobs.delete(&gone).await.unwrap();
    blobs.delete(&gone).await.unwrap();
    let left = files(&folder.path().join("blobs"));
    assert_eq!(left.len(), 3);
    assert!(left.iter().all(|file| file.to_str().unwrap().starts_with(kept_file.to_str().unwrap())));
    blobs.delete(&item_id()).await.unwrap();
}

on_both! {
    async fn a_sweep_removes_what_nothing_names(base) {
        let store = base.open().await;
        let blobs = Blobs::folder(&base.blob_folder()).unwrap();
        let (mine, kept, destroyed) = (case(), file_item(), case());
        let withdrawn = NewItem { payload: Payload::Blob, ..item() };
        store.file(&mine, &item()).await.unwrap();
        store.file(&destroyed, &item()).await.unwrap();
        for (case, file) in [(&mine, &kept), (&destroyed, &withdrawn)] {
            store.announce_blob(&file.id).await.unwrap();
            write(&blobs, &file.id, &[bytes(100)]).await;
            store.add_item(&case.id, file, None, day("2026-11-24")).await.unwrap();
        }
        store.destroy(&destroyed.id).await.unwrap();
        assert_eq!(sweep(&*store, &blobs).await.unwrap(), 1);
        assert_eq!(sweep(&*store, &blobs).await.unwrap(), 0);
        assert_eq!(files(&base.blob_folder()).len(), 1);
        assert_eq!(read(&blobs, &kept.id).await, bytes(100));
    }
}
