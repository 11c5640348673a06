//! `meldkluis restore`: a backup becomes a data folder again, without what was destroyed since.
use std::{
    collections::BTreeSet,
    fs::{self, File},
    io,
    path::{Component, Path, PathBuf},
};

use super::{BackupError, DATABASE, JOURNAL, Kind, MANIFEST, Manifest, PAYLOADS, Sum, VERSION, at, read_journal};
use crate::{
    clock::Clock,
    config::{Config, Secrets},
    domain::{case::RESERVE_DAYS, day::Day, id::ItemId},
    journal::{Journal, Mark, Marks},
    post::PostKeys,
    private,
    replace::{replace, sync},
    retention,
    server::RESTORING,
    store::{Blobs, Leaving, SlotRow, Store, StoreError, connect, copy_in, destroy_again, sqlite_file},
};

/// What is restored from.
#[derive(Clone, Debug, clap::Args)]
pub struct From {
    /// The folder of one backup.
    #[arg(long)]
    pub from: PathBuf,
    /// The folder of a journal that goes on after the backup; the one of the settings is read by itself. Repeat it for each server there was.
    #[arg(long)]
    pub journal: Vec<PathBuf>,
    /// Restores a backup that is older than `backup_days`: no journal goes back so far, and what was destroyed in between comes back.
    #[arg(long)]
    pub older: bool,
    /// Restores although the journal that went on after the backup is lost: what was destroyed since the backup comes back.
    #[arg(long)]
    pub journal_lost: bool,
}

/// What a restore did.
#[derive(Debug, Eq, PartialEq)]
pub struct Restored {
    /// The day of the backup.
    pub day: Day,
    /// Cases there are now.
    pub cases: usize,
    /// Cases that were destroyed again.
    pub destroyed: usize,
    /// Times a reader's slots of a case were taken away again.
    pub left: usize,
    /// The last day of which a journal that goes on after the backup tells, if there is any.
    pub told_until: Option<Day>,
}

/// Puts a backup into an empty data folder and an empty database, and destroys again what the journals name. Until all of that is done
/// no server starts on it.
pub async fn restore(config: &Config, what: &From, clock: Clock) -> Result<Restored, BackupError> {
    let secrets = Secrets::load(&config.secrets)?;
    let manifest = whole(config, what, clock.today())?;
    empty(config)?;
    let own = config.journal();
    let journal = Journal::open(&own, clock).map_err(at(&own))?;
    let mut marks = Marks::new();
    for more in what.journal.iter().map(PathBuf::as_path).chain([own.as_path()]) {
        merge(&mut marks, read_journal(more)?);
    }
    let kept = read_journal(&what.from.join(JOURNAL))?;
    goes_on(&marks, &kept, what, clock.today().plus_days(-i32::from(config.backup_days)))?;
    let told_until = marks.keys().next_back().copied();
    merge(&mut marks, kept);
    let marker = config.data.join(RESTORING);
    private::folder(&config.data).and_then(|()| File::create(&marker)?.sync_all()).map_err(at(&marker))?;
    sync(&config.data).map_err(at(&config.data))?;
    // First: a later backup, or a restore of this one again, must know of them too.
    journal.take_in(&marks).map_err(at(&own))?;
    copy_in(&config.database(), &what.from.join(DATABASE), manifest.schema).await.map_err(not_empty)?;
    let blobs = Blobs::folder(&config.data.join(PAYLOADS))?;
    put_files(config, &what.from, &manifest, &blobs).await?;
    let store = connect(&config.database(), journal).await?;
    let post = PostKeys::new(*secrets.k1, *secrets.k2);
    ours(&*store, &post).await?;
    let destroyed = destroy_again(&*store, &blobs, &marks).await?;
    let left = leave_again(&*store, &post, (&marks, manifest.day), clock.today()).await?;
    // Nothing may tell the order any more, of what was destroyed just now neither.
    store.pass_again().await?;
    blobs.renew(0).await?;
    store.rewrite(clock.today()).await?;
    let items = store.all_items().await?;
    let cases: BTreeSet<_> = items.iter().map(|(_, case)| case).collect();
    let cases = cases.len();
    fs::remove_file(&marker).and_then(|()| sync(&config.data)).map_err(at(&marker))?;
    Ok(Restored { day: manifest.day, cases, destroyed, left, told_until })
}

fn merge(marks: &mut Marks, more: Marks) {
    for (day, more) in more {
        marks.entry(day).or_default().extend(more);
    }
}

/// A journal that went on after the backup knows what the backup's own copy knows, the backup's mark before all, but for days it no longer
/// keeps.
fn goes_on(journals: &Marks, kept: &Marks, what: &From, first: Day) -> Result<(), BackupError> {
    let known = |(day, marks): (&Day, &BTreeSet<Mark>)| journals.get(day).is_some_and(|there| marks.is_subset(there));
    if what.journal_lost || kept.range(first..).all(known) {
        return Ok(());
    }
    let text = "what was destroyed since would come back. Name its newest copy with --journal; if there is none left, \
                --journal-lost restores all the same";
    refused(format!("no journal that was read went on after this backup: {text}"))
}

fn refused<T>(text: impl Into<String>) -> Result<T, BackupError> {
    Err(BackupError::Refused(text.into()))
}

/// The manifest of a backup of which every byte is there, and which may be restored here and today.
fn whole(config: &Config, what: &From, today: Day) -> Result<Manifest, BackupError> {
    let path = what.from.join(MANIFEST);
    let text = match fs::read(&path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            return refused(format!(
                "{} is no whole backup: it has no {MANIFEST}, which is written last",
                what.from.display()
            ));
        }
        text => text.map_err(at(&path))?,
    };
    let manifest: Manifest = serde_json::from_slice(&text).map_err(|e| at(&path)(io::Error::other(e)))?;
    if manifest.version != VERSION {
        return refused("a newer version made this backup; restore it with that one");
    }
    if manifest.database != Kind::of(config) {
        return refused("this backup is of the other kind of database; name one of its kind in the settings");
    }
    if manifest.day > today {
        return refused("this backup is of a day that has not come yet; set the clock right");
    }
    let first = today.plus_days(-i32::from(config.backup_days));
    if manifest.day < first && !what.older {
        let text = "the journal does not go back so far, and what was destroyed in between would come back; --older restores it all the same";
        return refused(format!(
            "this backup is of {}, more than {} days ago: {text}",
            manifest.day, config.backup_days
        ));
    }
    for (name, sum) in &manifest.files {
        let path = Path::new(name);
        if !path.components().all(|part| matches!(part, Component::Normal(_))) {
            return refused(format!("the manifest names a file outside the backup: {name}"));
        }
        let path = what.from.join(path);
        if Sum::of(&path).map_err(at(&path))? != *sum {
            return refused(format!("{} is damaged: restore another backup", path.display()));
        }
    }
    Ok(manifest)
}

/// Refuses a data folder with anything in it.
fn empty(config: &Config) -> Result<(), BackupError> {
    let mut entries = match fs::read_dir(&config.data) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(at(&config.data))?,
    };
    let elsewhere = config.database();
    if entries.next().is_some() || sqlite_file(&elsewhere).is_some_and(Path::exists) {
        let text = "a backup is restored into an empty one, and over nothing. Stop the server, move what is there away, and try again";
        return refused(format!("{} is not empty: {text}", config.data.display()));
    }
    Ok(())
}

fn not_empty(error: StoreError) -> BackupError {
    match error {
        StoreError::Conflict => BackupError::Refused(
            "the database is not empty: a backup is restored into a new one. Name it in the settings, empty the data folder, and try again".into(),
        ),
        error => error.into(),
    }
}

/// Payloads and declarations. What was destroyed while the backup was made has no payload in it, and is destroyed again below.
async fn put_files(config: &Config, from: &Path, manifest: &Manifest, blobs: &Blobs) -> Result<(), BackupError> {
    let declarations = config.data.join(retention::FOLDER);
    private::folder(&declarations).map_err(at(&declarations))?;
    for name in manifest.files.keys() {
        let path = from.join(name);
        match name.split_once('/') {
            Some((PAYLOADS, item)) => {
                let Some(item) = ItemId::parse(item) else { return refused(format!("{name} is no payload")) };
                blobs.put_back(&item, &path).await?;
            }
            Some((retention::FOLDER, name)) => {
                let to = declarations.join(name);
                fs::read(&path).and_then(|bytes| replace(&to, &bytes)).map_err(at(&to))?;
            }
            _ => {}
        }
    }
    blobs.sync().await?;
    sync(&declarations).map_err(at(&declarations))
}

/// With other keys readers would find nothing, and nobody would know why.
async fn ours(store: &dyn Store, post: &PostKeys) -> Result<(), BackupError> {
    let Some((item, case)) = store.all_items().await?.into_iter().next() else { return Ok(()) };
    let rows = store.slots(&item).await?;
    match store.case(&case).await? {
        Some(case) if rows.iter().any(|row| post.intact(&case, &item, row)) => Ok(()),
        _ => refused(
            "k1 and k2 are not those this backup was made with: nobody would find their cases. Put the right ones back, empty the data folder and the database, and try again",
        ),
    }
}

/// Puts filler again in the place of the slots of who left, or was taken out, on the day of the backup or later. Whoever was let in again
/// after that was so after the backup, and is let in once more.
async fn leave_again(
    store: &dyn Store,
    post: &PostKeys,
    (marks, since): (&Marks, Day),
    today: Day,
) -> Result<usize, BackupError> {
    let mut left = 0;
    for (id, mailbox) in store.all_mailboxes().await? {
        let mark = Mark::left(&id, &mailbox);
        if !marks.range(since..).any(|(_, day)| day.contains(&mark)) {
            continue;
        }
        let Some(case) = store.case(&id).await? else { continue };
        let filler =
            |item: &ItemId, taken: &[[u8; 32]], gone: &SlotRow| post.row_after(&case, item, (taken, today), gone);
        let opened = |item: &ItemId, row: &SlotRow| post.is_opened(&case, item, row);
        let released = |item: &ItemId, row: SlotRow, day| post.released(&case, item, row, day);
        let leaving = Leaving {
            mailbox,
            staying: None,
            served: today,
            filler: &filler,
            opened: &opened,
            released: &released,
            reserve: case.filed.plus_days(RESERVE_DAYS),
        };
        store.leave(&id, &leaving).await?;
        left += 1;
    }
    Ok(left)
}
