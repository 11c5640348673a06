//! `meldkluis backup`: everything that a server needs to go on elsewhere, but for its keys, while it serves.
//!
//! The database as it is at one moment, then each payload that it names, the declarations, and the journal last: what is destroyed
//! meanwhile stands in it. A mark of this backup is written into the journal before: by that a restore knows a journal that went on. A manifest with a hash of every file is written when all of them are on the disk.
mod restore;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use futures_util::{StreamExt, pin_mut};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use restore::{From, Restored, restore};

use crate::{
    clock::Clock,
    config::{Config, ConfigError},
    domain::{day::Day, id::ItemId},
    journal::{self, Journal, Mark},
    private,
    replace::{replace, sync},
    retention,
    store::{Blobs, StoreError, copy_out, is_there, sqlite_file},
};

const VERSION: u8 = 1;
const MANIFEST: &str = "manifest.json";
const DATABASE: &str = "database";
const PAYLOADS: &str = "payloads";
const JOURNAL: &str = "journal";
const LOCK: &str = "lock";
const PIECE: usize = 1 << 20;

/// Why there is no backup, or nothing was restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// A file or folder.
    #[error("{0}: {1}")]
    File(PathBuf, io::Error),
    /// The database or a payload.
    #[error("{}", .0.with_cause())]
    Store(#[from] StoreError),
    /// The settings or keys.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// What is asked would lose something, or bring it back.
    #[error("{0}")]
    Refused(String),
}

fn at(path: &Path) -> impl Fn(io::Error) -> BackupError {
    move |error| BackupError::File(path.to_owned(), error)
}

/// What a backup consists of. `manifest.json`.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    version: u8,
    day: Day,
    database: Kind,
    schema: i64,
    /// Files by their path in the backup.
    files: BTreeMap<String, Sum>,
}

/// Which database it is of: they are not exchanged.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Sqlite,
    Postgresql,
}

impl Kind {
    fn of(config: &Config) -> Self {
        if sqlite_file(&config.database()).is_some() { Self::Sqlite } else { Self::Postgresql }
    }
}

#[derive(Debug, Deserialize, Eq, PartialEq, Serialize)]
struct Sum {
    bytes: u64,
    sha256: String,
}

impl Sum {
    /// Of a file, as it is read from the disk.
    fn of(path: &Path) -> io::Result<Self> {
        let (mut file, mut hash, mut bytes) = (File::open(path)?, Sha256::new(), 0);
        let mut piece = vec![0; PIECE];
        loop {
            let length = file.read(&mut piece)?;
            let Some(read) = piece.get(..length).filter(|read| !read.is_empty()) else { break };
            hash.update(read);
            bytes += length as u64;
        }
        Ok(Self { bytes, sha256: hex::encode(hash.finalize()) })
    }
}

/// A backup that was made.
#[derive(Debug)]
pub struct Made {
    /// Its folder.
    pub folder: PathBuf,
    /// Payloads in it.
    pub payloads: usize,
    /// Bytes of all its files.
    pub bytes: u64,
    /// Older ones that were removed, since their term is over.
    pub removed: usize,
    /// Why the journal has no mark of it: then a restore takes a journal of before this backup for one that went on.
    pub unmarked: Option<io::Error>,
}

/// Makes a backup in a folder of backups, and removes those past their term there.
pub async fn make(config: &Config, to: &Path, clock: Clock) -> Result<Made, BackupError> {
    if [&config.data, &config.journal(), &config.secrets]
        .iter()
        .any(|own| !own.as_os_str().is_empty() && to.starts_with(own))
    {
        return Err(BackupError::Refused(
            "a backup must not be inside data, the journal or the keys: it would go with them".into(),
        ));
    }
    private::folder(to).map_err(at(to))?;
    let lock = File::create(to.join(LOCK)).map_err(at(to))?;
    lock.try_lock().map_err(|_| BackupError::Refused("another backup is being made here; wait for it".into()))?;
    unfinished(to).map_err(at(to))?;
    let today = clock.today();
    let folder = free_name(to, today);
    private::folder(&folder).map_err(at(&folder))?;
    let mut files = BTreeMap::new();
    let tables = folder.join(DATABASE);
    private::folder(&tables).map_err(at(&tables))?;
    let copied = copy_out(&config.database(), &tables).await?;
    for name in copied.files {
        add(&folder, &mut files, format!("{DATABASE}/{name}"))?;
    }
    let gone = payloads(config, &folder, &copied.blobs, &mut files).await?;
    declarations(config, &folder, &mut files)?;
    // Last: whatever was destroyed before this stands in it.
    let unmarked = journal_of(config, &folder, (today, gone), &mut files)?;
    sync(&folder).map_err(at(&folder))?;
    let bytes = files.values().map(|sum| sum.bytes).sum();
    let payloads = files.keys().filter(|name| name.starts_with(PAYLOADS)).count();
    let manifest = Manifest { version: VERSION, day: today, database: Kind::of(config), schema: copied.schema, files };
    let text = serde_json::to_vec_pretty(&manifest).map_err(|e| at(&folder)(io::Error::other(e)))?;
    replace(&folder.join(MANIFEST), &text).and_then(|()| sync(&folder)).and_then(|()| sync(to)).map_err(at(&folder))?;
    let removed = expire(to, today.plus_days(-i32::from(config.backup_days))).map_err(at(to))?;
    Ok(Made { folder, payloads, bytes, removed, unmarked })
}

/// `2026-11-24`, or `2026-11-24-2` when that day has one.
fn free_name(to: &Path, day: Day) -> PathBuf {
    let names = std::iter::once(day.to_string()).chain((2..).map(|n: u32| format!("{day}-{n}")));
    names.map(|name| to.join(name)).find(|folder| !folder.exists()).unwrap_or_default()
}

/// The backups of a folder, with their days, whole or not. What others put there, under whatever name, is none.
fn backups(to: &Path) -> io::Result<Vec<(Day, PathBuf)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(to)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let ours = path.join(DATABASE).is_dir() || fs::read_dir(&path).is_ok_and(|mut inside| inside.next().is_none());
        found.extend(day_of(name).filter(|_| ours).map(|day| (day, path.clone())));
    }
    Ok(found)
}

/// The day in a name that [`free_name`] gives.
fn day_of(name: &str) -> Option<Day> {
    let (day, number) = name.split_at_checked(10)?;
    let numbered = || number.strip_prefix('-').is_some_and(|n| n.parse::<u32>().is_ok());
    Day::parse(day).filter(|_| number.is_empty() || numbered())
}

/// Removes what a killed backup left: without a manifest it is none.
fn unfinished(to: &Path) -> io::Result<()> {
    for (_, folder) in backups(to)? {
        if !folder.join(MANIFEST).try_exists()? {
            fs::remove_dir_all(folder)?;
        }
    }
    Ok(())
}

/// Removes the backups of days before `first`: what was destroyed since must not be kept in them.
fn expire(to: &Path, first: Day) -> io::Result<usize> {
    let mut removed = 0;
    for (_, folder) in backups(to)?.into_iter().filter(|(day, _)| *day < first) {
        fs::remove_dir_all(folder)?;
        removed += 1;
    }
    sync(to)?;
    Ok(removed)
}

/// Takes a file up into the manifest.
fn add(folder: &Path, files: &mut BTreeMap<String, Sum>, name: String) -> Result<(), BackupError> {
    let path = folder.join(&name);
    let sum = Sum::of(&path).map_err(at(&path))?;
    files.insert(name, sum);
    Ok(())
}

/// Copies the payloads, and returns those of cases that were destroyed meanwhile.
async fn payloads(
    config: &Config,
    folder: &Path,
    items: &[ItemId],
    files: &mut BTreeMap<String, Sum>,
) -> Result<Vec<ItemId>, BackupError> {
    let blobs = Blobs::folder(&config.data.join(PAYLOADS))?;
    private::folder(&folder.join(PAYLOADS)).map_err(at(folder))?;
    let mut gone = Vec::new();
    for item in items {
        let name = format!("{PAYLOADS}/{item}");
        match payload(&blobs, item, &folder.join(&name)).await {
            Ok(sum) => drop(files.insert(name, sum)),
            // A blob goes after its row.
            Err(_) if !is_there(&config.database(), item).await? => gone.push(*item),
            Err(error) => return Err(error),
        }
    }
    sync(&folder.join(PAYLOADS)).map_err(at(folder))?;
    for item in &gone {
        // What was begun of it.
        drop(fs::remove_file(folder.join(PAYLOADS).join(item.to_string())));
    }
    Ok(gone)
}

async fn payload(blobs: &Blobs, item: &ItemId, to: &Path) -> Result<Sum, BackupError> {
    let bytes = blobs.read(item).await?;
    pin_mut!(bytes);
    let mut file = private::new_file(to).map_err(at(to))?;
    let (mut hash, mut length) = (Sha256::new(), 0);
    while let Some(chunk) = bytes.next().await {
        let chunk = chunk?;
        file.write_all(&chunk).map_err(at(to))?;
        hash.update(&chunk);
        length += chunk.len() as u64;
    }
    file.sync_all().map_err(at(to))?;
    Ok(Sum { bytes: length, sha256: hex::encode(hash.finalize()) })
}

fn declarations(config: &Config, folder: &Path, files: &mut BTreeMap<String, Sum>) -> Result<(), BackupError> {
    let (from, to) = (config.data.join(retention::FOLDER), folder.join(retention::FOLDER));
    private::folder(&to).map_err(at(&to))?;
    for name in declared(&from).map_err(at(&from))? {
        let path = to.join(&name);
        fs::read(from.join(&name)).and_then(|bytes| replace(&path, &bytes)).map_err(at(&path))?;
        add(folder, files, format!("{}/{name}", retention::FOLDER))?;
    }
    sync(&to).map_err(at(&to))
}

/// The names of the declarations in a folder.
fn declared(folder: &Path) -> io::Result<Vec<String>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let names = entries.map(|entry| Ok(entry?.file_name().into_string().unwrap_or_default()));
    let names = names.collect::<io::Result<Vec<String>>>()?;
    Ok(names.into_iter().filter(|name| Path::new(name).extension().is_some_and(|end| end == "json")).collect())
}

/// Marks the backup in the journal and copies that, with what was found to be destroyed meanwhile: on PostgreSQL by another server, which has
/// a journal of its own. Returns why there is no mark, if there is none: such a backup is better than none.
fn journal_of(
    config: &Config,
    folder: &Path,
    (today, gone): (Day, Vec<ItemId>),
    files: &mut BTreeMap<String, Sum>,
) -> Result<Option<io::Error>, BackupError> {
    let (from, to) = (config.journal(), folder.join(JOURNAL));
    let own = Journal::open(&from, Clock::Fixed(today)).map_err(at(&from))?;
    let unmarked = Mark::backup().and_then(|mark| own.add(&[mark], None)).err();
    let mut marks = own.marks().map_err(at(&from))?;
    if !gone.is_empty() {
        marks.entry(today).or_default().extend(gone.iter().map(Mark::item).collect::<BTreeSet<Mark>>());
    }
    Journal::open(&to, Clock::Fixed(today)).and_then(|copy| copy.take_in(&marks)).map_err(at(&to))?;
    for day in marks.keys().filter(|day| to.join(day.to_string()).exists()) {
        add(folder, files, format!("{JOURNAL}/{day}"))?;
    }
    Ok(unmarked)
}

/// The journal of a folder, which must be there.
fn read_journal(folder: &Path) -> Result<journal::Marks, BackupError> {
    journal::read(folder).map_err(at(folder))
}
