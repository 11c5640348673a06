//! From settings to a running server: verifies the roster, opens the store, sweeps what a killed process left, serves.
use crate::{
    clock::Clock,
    config::{Config, ConfigError, Secrets},
    domain::{
        day::Day,
        roster::{Roster, RosterError, Signers},
    },
    http::{App, forget_absences},
    journal::Journal,
    notify,
    post::PostKeys,
    roster_files::{Files, Seen, anchor},
    store::{Blobs, Store, StoreError, connect, destroy_again, sweep},
};

/// Why a server does not start. Nothing is served then: it fails closed (promise 8).
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The settings or credentials.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The roster.
    #[error("the roster is not believed: {0}")]
    Roster(#[from] RosterError),
    /// The database or payload store.
    #[error("{}", .0.with_cause())]
    Store(#[from] StoreError),
    /// The data folder.
    #[error("the data folder: {0}")]
    Data(#[from] std::io::Error),
    /// A restore that was broken off.
    #[error("a restore into the data folder did not end: empty it, and the database, and restore again")]
    Restoring,
    /// The clock.
    #[error(
        "the clock says {today}, and the last day that was seen is {last}: set it right, or if it is right now: meldkluis clock --today {today}"
    )]
    Clock {
        /// By the clock.
        today: Day,
        /// The last one that was sure.
        last: Day,
    },
    /// Keys of another deployment, or drawn anew.
    #[error(
        "k1 or k2 is not the one that the stored rows were written with: nobody would find their cases, and mailboxes would say that \
         nobody is left. Put the right ones back from the safe; nothing was changed"
    )]
    OtherKeys,
    /// Somebody says a day that the clock does not.
    #[error("the clock says {0}: set it right first")]
    OtherDay(Day),
}

/// Stands in the data folder from the first byte of a restore until what was destroyed since is destroyed again.
pub(crate) const RESTORING: &str = "restoring";

/// What a server reads from files: credentials, who signs the root file, and the roster, which nobody has believed yet.
pub(crate) fn files_of(config: &Config) -> Result<(Secrets, Signers, Files), StartError> {
    Ok((Secrets::load(&config.secrets)?, anchor(&config.anchor)?, Files::load(&config.roster)?))
}

/// Everything that must hold before a server starts; also what `check` tries.
pub async fn prepare(config: Config, clock: Clock) -> Result<App, StartError> {
    std::fs::create_dir_all(&config.data)?;
    if config.data.join(RESTORING).try_exists()? {
        return Err(StartError::Restoring);
    }
    let (secrets, anchor, files) = files_of(&config)?;
    let journal = Journal::open(&config.journal(), clock)?;
    let store = connect(&config.database(), journal.clone()).await?;
    let mut before = Vec::new();
    for file in names(&files) {
        let seen = store.roster_seen(&file).await?;
        before.extend(seen.map(|(serial, hash)| Seen { file, serial, sha256: hex::encode(hash) }));
    }
    let (roster, now) = files.verify(&anchor, clock.today(), |name| before.iter().find(|s| s.file == name).cloned())?;
    config.allows(roster.mode)?;
    for seen in &now {
        let mut hash = [0; 32];
        hex::decode_to_slice(&seen.sha256, &mut hash).map_err(|_| StoreError::Corrupt { table: "roster_seen" })?;
        store.see_roster(&seen.file, seen.serial, &hash).await?;
    }
    let today = clock.today();
    if let Some(last) = store.last_day().await?.filter(|last| *last > today) {
        return Err(StartError::Clock { today, last });
    }
    store.look(today).await?;
    let post = PostKeys::new(*secrets.k1, *secrets.k2);
    if !keys_fit(&*store, &post, &roster).await? {
        return Err(StartError::OtherKeys);
    }
    let blobs = Blobs::folder(&config.data.join("payloads"))?;
    destroy_again(store.as_ref(), &blobs, &journal.marks()?).await?;
    sweep(store.as_ref(), &blobs).await?;
    let app = App::new(store, blobs, (roster, files), secrets, clock, config);
    notify::forget_leavers(&app).await?;
    forget_absences(&app).await?;
    Ok(app)
}

/// So many items are looked at before the keys count as wrong.
const LOOKED_AT: usize = 200;

/// Whether stored rows have a tag of k2, and a mailbox that k1 makes for a reader of the roster or for filler.
async fn keys_fit(store: &dyn Store, post: &PostKeys, roster: &Roster) -> Result<bool, StoreError> {
    let items = store.all_items().await?;
    let (mut k1, mut k2) = (items.is_empty(), items.is_empty());
    for (item, case) in items.iter().take(LOOKED_AT) {
        let Some(case) = store.case(case).await? else { continue };
        let rows = store.slots(item).await?;
        let mut known = post.filler(&case);
        known.extend([true, false].map(|advice| post.mark(&case, advice)));
        known.extend(roster.readers().map(|reader| post.reader_mailbox(&reader.keyed(), case.filed)));
        k1 |= rows.iter().any(|row| known.contains(&row.mailbox));
        k2 |= rows.iter().any(|row| post.intact(&case, item, row));
        if k1 && k2 {
            break;
        }
    }
    Ok(k1 && k2)
}

/// Makes today the last day that was seen, after the clock was wrong: on the word of somebody who looked at a calendar. The clock must say
/// the same.
pub async fn set_day(config: &Config, clock: Clock, today: Day) -> Result<(), StartError> {
    if clock.today() != today {
        return Err(StartError::OtherDay(clock.today()));
    }
    let store = connect(&config.database(), Journal::open(&config.journal(), clock)?).await?;
    store.set_day(today).await.map_err(StartError::Store)
}

fn names(files: &Files) -> Vec<String> {
    std::iter::once("root".to_owned()).chain(files.organisations.keys().map(|id| format!("org-{id}"))).collect()
}
