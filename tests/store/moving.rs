//! The day's files are moved: after it nothing of the folder tells in which order they came, and nothing is lost on the way.
use std::{
    collections::BTreeSet,
    fs::{self, File, Metadata},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, SystemTime},
};

use futures_util::TryStreamExt;
use meldkluis::{
    domain::id::ItemId,
    store::{Blobs, Store, StoreError, sweep},
};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::{
    base::{case, day, file_item, item, item_id, on_both},
    blobs::{bytes, files, read, write},
};

/// Files that come one after the other, in one folder of the 256 and in all of them.
const FILES: usize = 12;
const ROUNDS: u8 = 12;
/// The mean number of pairs of [`FILES`] that stand the wrong way round in a random order, and how far that of [`ROUNDS`] orders may be
/// from it: five times its standard deviation, which is 7.3 for one order.
const RANDOM: f64 = 33.0;
const FAR: f64 = 11.0;

/// A random id; `Some`, one that lies in that shard.
fn id(shard: Option<u8>) -> ItemId {
    let mut bytes = Uuid::new_v4().into_bytes();
    bytes[0] = shard.unwrap_or(bytes[0]);
    ItemId::from_uuid(Uuid::from_bytes(bytes))
}

/// Pairs of values that come later and are less; the same value counts half.
fn turned<T: PartialOrd>(values: &[T]) -> f64 {
    let pairs = values.iter().enumerate().flat_map(|(n, one)| values[n + 1..].iter().map(move |two| (one, two)));
    pairs
        .map(|(one, two)| {
            if one > two {
                1.0
            } else if one == two {
                0.5
            } else {
                0.0
            }
        })
        .sum()
}

fn file(folder: &Path, item: &ItemId) -> PathBuf {
    let name = item.to_string();
    folder.join(name.chars().take(2).collect::<String>()).join(name)
}

fn moving(folder: &Path, item: &ItemId) -> PathBuf {
    folder.join("moving").join(item.to_string())
}

/// Where in a listing of all folders, unsorted as `ls -U` has it, a file stands.
fn listed(folder: &Path, items: &[ItemId]) -> Vec<usize> {
    let all = files(folder);
    items.iter().map(|item| all.iter().position(|path| *path == file(folder, item)).unwrap()).collect()
}

/// What a file tells of when it came.
fn marks(file: &Metadata) -> [i128; 3] {
    let born = file.created().map_or(0, |time| time.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_nanos());
    let changed = i128::from(file.ctime()) * 1_000_000_000 + i128::from(file.ctime_nsec());
    [i128::from(file.ino()), changed, i128::try_from(born).unwrap()]
}

/// Every mark of the order, as the mean of pairs turned round in some rounds; before the pass and after it.
async fn orders(base: &Path, shard: Option<u8>) -> [Vec<f64>; 2] {
    let (mut before, mut after) = (vec![0.0; 4], vec![0.0; 4]);
    for _ in 0..ROUNDS {
        let folder = tempfile::tempdir_in(base).unwrap();
        let folder = folder.path().join("blobs");
        let blobs = Blobs::folder(&folder).unwrap();
        let items: Vec<ItemId> = (0..FILES).map(|_| id(shard)).collect();
        for item in &items {
            write(&blobs, item, &[bytes(3000)]).await;
            // The clock of a file system may tick in hundredths of a second.
            tokio::time::sleep(Duration::from_millis(11)).await;
        }
        let note = |sums: &mut Vec<f64>| {
            let all: Vec<[i128; 3]> = items.iter().map(|i| marks(&file(&folder, i).metadata().unwrap())).collect();
            let columns = (0..3).map(|n| turned(&all.iter().map(|marks| marks[n]).collect::<Vec<_>>()));
            let found = columns.chain([turned(&listed(&folder, &items))]);
            sums.iter_mut().zip(found).for_each(|(sum, pairs)| *sum += pairs / f64::from(ROUNDS));
        };
        note(&mut before);
        blobs.renew(0).await.unwrap();
        note(&mut after);
        for item in &items {
            assert!(read(&blobs, item).await == bytes(3000));
            let times = file(&folder, item).metadata().unwrap();
            assert_eq!((times.mtime(), times.mtime_nsec()), (946_684_800, 0), "1 January 2000");
        }
        assert_eq!(fs::read_dir(folder.join("moving")).unwrap().count(), 0);
    }
    [before, after]
}

/// On a disk and in memory, where a folder is listed in the order in which its files were made.
#[tokio::test]
async fn neither_numbers_nor_times_nor_places_tell_which_file_came_first() {
    let memory = Path::new("/dev/shm");
    let disk = std::env::temp_dir();
    for base in [disk.as_path(), memory].into_iter().filter(|base| base.is_dir()) {
        for shard in [Some(7), None] {
            let [before, after] = orders(base, shard).await;
            assert!(before[1] < 1.0, "before it, the time of the last change gives the order: {before:?}");
            let off = |mean: &f64| (mean - RANDOM).abs() > FAR;
            assert!(!after.iter().any(off), "{}, {shard:?}: {before:?} became {after:?}", base.display());
        }
    }
}

#[tokio::test]
async fn the_folders_do_not_tell_it_either() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("blobs");
    let blobs = Blobs::folder(&folder).unwrap();
    let names =
        |folder: &Path| -> BTreeSet<_> { fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name()).collect() };
    let made = names(&folder);
    assert_eq!(made.len(), 257);
    for _ in 0..FILES {
        write(&blobs, &item_id(), &[bytes(10)]).await;
    }
    assert_eq!(names(&folder), made, "a folder that came with a file would tell");
    blobs.renew(0).await.unwrap();
    for name in made {
        assert_eq!(folder.join(&name).metadata().unwrap().mtime(), 946_684_800, "{}", name.display());
    }
}

#[tokio::test]
async fn a_file_is_moved_once_and_only_where_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("blobs");
    let blobs = Blobs::folder(&folder).unwrap();
    let (first, second) = (id(Some(1)), id(Some(1)));
    write(&blobs, &first, &[bytes(10)]).await;
    let number = |item| file(&folder, &item).metadata().unwrap().ino();
    let came = number(first);
    assert!(blobs.renew(u64::MAX).await.is_err(), "text needs what is left");
    assert_eq!(number(first), came);
    blobs.renew(0).await.unwrap();
    let (moved, changed) = (number(first), file(&folder, &first).metadata().unwrap().ctime_nsec());
    assert_ne!(moved, came);
    write(&blobs, &second, &[bytes(10)]).await;
    // A part of one that is still coming is no file yet.
    let part = file(&folder, &id(Some(1))).with_extension("x#1");
    fs::write(&part, b"part").unwrap();
    blobs.renew(0).await.unwrap();
    assert_eq!((number(first), file(&folder, &first).metadata().unwrap().ctime_nsec()), (moved, changed));
    assert_eq!(fs::read(part).unwrap(), b"part");
}

#[tokio::test]
async fn a_file_on_its_way_is_read_and_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("blobs");
    let blobs = Blobs::folder(&folder).unwrap();
    let item = item_id();
    write(&blobs, &item, &[bytes(100)]).await;
    fs::rename(file(&folder, &item), moving(&folder, &item)).unwrap();
    assert_eq!(blobs.size(&item).await.unwrap(), 100);
    assert!(read(&blobs, &item).await == bytes(100));
    fs::write(file(&folder, &item), b"both").unwrap();
    blobs.delete(&item).await.unwrap();
    assert_eq!(files(&folder), Vec::<PathBuf>::new());
    assert!(matches!(blobs.size(&item).await, Err(StoreError::Corrupt { .. })));
}

on_both! {
    /// Each state in which a killed pass can leave a file.
    async fn what_a_killed_pass_left_is_put_back(base) {
        let (store, folder) = (base.open().await, base.blob_folder());
        let blobs = Blobs::folder(&folder).unwrap();
        let (mine, half, whole, away, nobodys) = (case(), file_item(), file_item(), file_item(), item_id());
        store.file(&mine, &item()).await.unwrap();
        for file in [&half, &whole, &away] {
            keep(&*store, &blobs, &mine.id, file).await;
        }
        write(&blobs, &nobodys, &[bytes(100)]).await;
        fs::write(moving(&folder, &half.id), &bytes(100)[..50]).unwrap();
        fs::copy(file(&folder, &whole.id), moving(&folder, &whole.id)).unwrap();
        for id in [&away.id, &nobodys] {
            fs::rename(file(&folder, id), moving(&folder, id)).unwrap();
        }
        drop(blobs);
        let blobs = Blobs::folder(&folder).unwrap();
        assert_eq!(sweep(&*store, &blobs).await.unwrap(), 0);
        for kept in [half, whole, away] {
            assert!(fs::read(file(&folder, &kept.id)).unwrap() == bytes(100));
        }
        assert_eq!(files(&folder).len(), 3, "what nobody names does not come back, and nothing is left on its way");
        assert_eq!(base.count("select count(*) from pending").await, 0);
    }
}

async fn keep(
    store: &dyn Store,
    blobs: &Blobs,
    case: &meldkluis::domain::id::CaseId,
    file: &meldkluis::store::NewItem,
) {
    store.announce_blob(&file.id).await.unwrap();
    write(blobs, &file.id, &[bytes(100)]).await;
    store.add_item(case, file, None, day("2026-11-24")).await.unwrap();
}

/// Whoever reads never misses a file that is moved, and what is deleted meanwhile stays so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reading_and_deleting_go_on_while_files_move() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("blobs");
    let blobs = Blobs::folder(&folder).unwrap();
    let kept: Vec<ItemId> = (0..6).map(|_| id(Some(9))).collect();
    for item in &kept {
        write(&blobs, item, &[bytes(70_000)]).await;
    }
    let done = Arc::new(AtomicBool::new(false));
    let mut readers = JoinSet::new();
    for item in kept.clone() {
        let (blobs, done) = (blobs.clone(), done.clone());
        readers.spawn(async move {
            let mut times = 0;
            while !done.load(Ordering::Relaxed) {
                let all: Vec<_> = blobs.read(&item).await.unwrap().try_collect().await.unwrap();
                assert!(all.concat() == bytes(70_000) && blobs.size(&item).await.unwrap() == 70_000);
                times += 1;
            }
            times
        });
    }
    for _ in 0..60 {
        for item in &kept {
            // As if it had come just now.
            File::open(file(&folder, item)).unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap();
        }
        let gone = id(Some(9));
        write(&blobs, &gone, &[bytes(70_000)]).await;
        let (moved, deleted) = tokio::join!(blobs.renew(0), blobs.delete(&gone));
        moved.unwrap();
        deleted.unwrap();
        assert_eq!(files(&folder).len(), kept.len());
    }
    done.store(true, Ordering::Relaxed);
    assert!(readers.join_all().await.into_iter().all(|times: usize| times > 10));
}
