//! Where SQLite and PostgreSQL differ: how each is opened, how a server holds its lease, what follows a deletion.
use std::{
    fs::{File, TryLockError},
    io,
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use async_trait::async_trait;
use sqlx::{
    ConnectOptions, Connection, Database, PgConnection, Pool, Postgres, Sqlite,
    pool::PoolOptions,
    postgres::{PgConnectOptions, PgQueryResult},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteQueryResult, SqliteSynchronous},
};
use tokio::{
    sync::{Mutex, Semaphore},
    time::timeout,
};

use super::{StoreError, rewrite, unavailable};

/// How long to wait for a free connection, or for a database that is coming back.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
const SQLITE_CONNECTIONS: u32 = 8;
/// Bytes of the file that are read where the system has them in memory.
const MAPPED: &str = "1073741824";
const POSTGRES_CONNECTIONS: u32 = 16;

/// The differences, and nothing else: all queries that both understand are in `sql.rs`.
#[async_trait]
pub(super) trait Dialect: Database {
    /// What shows the other servers that this one is alive, for as long as it is kept.
    type Lease: Send + Sync;

    /// Brings an empty database to schema 1, 1 to 2, and so on.
    const MIGRATIONS: &'static [&'static str];
    /// Keeps a second server from migrating at the same time, until the transaction ends.
    const MIGRATE_ALONE: &'static str;
    /// How many of our tables there are.
    const COUNT_META: &'static str;
    /// Begins a transaction that writes.
    const BEGIN: &'static str;
    /// How many may write at once. Waiting here is fair; waiting for SQLite's lock is not.
    const WRITERS: usize;
    /// Gives a row if the case `$1` is there, which then nobody changes or destroys until the transaction ends.
    const LOCK_CASE: &'static str;
    /// Keeps others from adding to a log, until the transaction ends.
    const LOCK_LOG: &'static str;
    /// Gives a row if the lease `$1`, not our own, is dead; it stays so until the transaction ends.
    const LEASE_IS_DEAD: &'static str;

    /// Takes a lease, then opens the database.
    async fn open(url: &str) -> Result<(Pool<Self>, Self::Lease), StoreError>;
    /// This server's lease, which is certainly held now; another number once the old one was lost.
    async fn lease(lease: &Self::Lease) -> Result<i64, StoreError>;
    /// How many rows a statement changed.
    fn changed(result: &Self::QueryResult) -> u64;
    /// Lets no deleted byte stay behind, as far as the database can.
    async fn scrub(pool: &Pool<Self>) -> Result<(), StoreError>;
    /// Writes every row anew in the order of the keys; `false` when another server is at it. Who writes takes a permit of `writers`.
    async fn rewrite(pool: &Pool<Self>, writers: &Semaphore) -> Result<bool, StoreError>;
}

/// The file of an SQLite URL.
pub(crate) fn sqlite_file(url: &str) -> Option<&Path> {
    let path = url.strip_prefix("sqlite:")?;
    Some(Path::new(path.strip_prefix("//").unwrap_or(path)))
}

/// Of at most so many connections, none of which is given out again in the middle of a transaction: where a full disk made SQLite
/// roll back by itself, sqlx cannot, and such a connection would refuse every later writer.
fn options_of_pool<DB: Database>(most: u32) -> PoolOptions<DB> {
    PoolOptions::new().max_connections(most).acquire_timeout(PATIENCE).before_acquire(
        |session: &mut DB::Connection, _| {
            let free = !session.is_in_transaction();
            Box::pin(async move { Ok(free) })
        },
    )
}

/// A positive number: the negative one marks what the same server is removing.
fn new_lease() -> Result<i64, StoreError> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(|error| unavailable(io::Error::other(error.to_string())))?;
    Ok((i64::from_be_bytes(bytes) & i64::MAX).max(1))
}

/// An exclusive lock on a file beside the database: every other lease there is of a process that ended.
pub(super) struct FileLease {
    number: i64,
    _lock: File,
}

impl FileLease {
    fn take(database: &Path) -> Result<Self, StoreError> {
        let mut name = database.as_os_str().to_owned();
        name.push(".lock");
        let file = File::create(PathBuf::from(name)).map_err(unavailable)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { number: new_lease()?, _lock: file }),
            Err(TryLockError::WouldBlock) => Err(StoreError::InUse),
            Err(TryLockError::Error(error)) => Err(unavailable(error)),
        }
    }
}

#[async_trait]
impl Dialect for Sqlite {
    type Lease = FileLease;

    const MIGRATIONS: &'static [&'static str] = &[
        include_str!("../../migrations/sqlite/0001_init.sql"),
        include_str!("../../migrations/sqlite/0002_notices.sql"),
        include_str!("../../migrations/sqlite/0003_log.sql"),
        include_str!("../../migrations/sqlite/0004_away.sql"),
        include_str!("../../migrations/sqlite/0005_writer.sql"),
        include_str!("../../migrations/sqlite/0006_nightly.sql"),
        include_str!("../../migrations/sqlite/0007_looked.sql"),
    ];
    const MIGRATE_ALONE: &'static str = "select 1";
    const COUNT_META: &'static str = "select count(*) from sqlite_schema where type = 'table' and name = 'meta'";
    const BEGIN: &'static str = "begin immediate";
    const WRITERS: usize = 1;
    const LOCK_CASE: &'static str = r#"select 1 from "case" where id = $1"#;
    const LOCK_LOG: &'static str = "select 1";
    const LEASE_IS_DEAD: &'static str = "select 1 where $1 is not null";

    async fn open(url: &str) -> Result<(Pool<Self>, FileLease), StoreError> {
        let path = sqlite_file(url).unwrap_or(Path::new(url));
        let lease = FileLease::take(path)?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(PATIENCE)
            .pragma("secure_delete", "on")
            .pragma("temp_store", "memory")
            // An inbox looks at pages all over the file: copying each of them took half of its time.
            .pragma("mmap_size", MAPPED)
            .disable_statement_logging();
        let pool = options_of_pool(SQLITE_CONNECTIONS);
        Ok((pool.connect_with(options).await.map_err(unavailable)?, lease))
    }

    async fn lease(lease: &FileLease) -> Result<i64, StoreError> {
        Ok(lease.number)
    }

    fn changed(result: &SqliteQueryResult) -> u64 {
        result.rows_affected()
    }

    async fn scrub(pool: &Pool<Self>) -> Result<(), StoreError> {
        let checkpoint = sqlx::query_as("pragma wal_checkpoint(truncate)").fetch_one(pool);
        let (busy, _, _): (i64, i64, i64) = checkpoint.await.map_err(unavailable)?;
        if busy == 0 { Ok(()) } else { Err(unavailable(io::Error::other("the write-ahead log is in use"))) }
    }

    async fn rewrite(pool: &Pool<Self>, writers: &Semaphore) -> Result<bool, StoreError> {
        rewrite::sqlite(pool, writers).await.map(|()| true)
    }
}

/// A session of its own that holds an advisory lock on the lease's number.
pub(super) struct SessionLease {
    options: PgConnectOptions,
    held: Mutex<(PgConnection, i64)>,
}

impl SessionLease {
    async fn take(options: &PgConnectOptions) -> Result<(PgConnection, i64), StoreError> {
        let mut session = options.connect().await.map_err(unavailable)?;
        let number = new_lease()?;
        let lock = sqlx::query("select pg_advisory_lock($1)").bind(number);
        lock.execute(&mut session).await.map_err(unavailable)?;
        Ok((session, number))
    }

    async fn number(&self) -> Result<i64, StoreError> {
        let mut held = self.held.lock().await;
        let (session, number) = &mut *held;
        if session.ping().await.is_err() {
            // The lock went with the session: whoever sweeps may take what stood under the old number.
            *held = Self::take(&self.options).await?;
            return Ok(held.1);
        }
        Ok(*number)
    }
}

#[async_trait]
impl Dialect for Postgres {
    type Lease = SessionLease;

    const MIGRATIONS: &'static [&'static str] = &[
        include_str!("../../migrations/postgres/0001_init.sql"),
        include_str!("../../migrations/postgres/0002_notices.sql"),
        include_str!("../../migrations/postgres/0003_log.sql"),
        include_str!("../../migrations/postgres/0004_away.sql"),
        include_str!("../../migrations/postgres/0005_writer.sql"),
        include_str!("../../migrations/postgres/0006_nightly.sql"),
        include_str!("../../migrations/postgres/0007_looked.sql"),
    ];
    // Leases are positive, so no lease is this number.
    const MIGRATE_ALONE: &'static str = "select pg_advisory_xact_lock(-1)";
    const COUNT_META: &'static str =
        "select count(*) from pg_tables where schemaname = current_schema() and tablename = 'meta'";
    const BEGIN: &'static str = "begin";
    const WRITERS: usize = 12;
    const LOCK_CASE: &'static str = r#"select 1 from "case" where id = $1 for update"#;
    const LOCK_LOG: &'static str = "select pg_advisory_xact_lock(-2)";
    const LEASE_IS_DEAD: &'static str = "select 1 where pg_try_advisory_xact_lock($1)";

    async fn open(url: &str) -> Result<(Pool<Self>, SessionLease), StoreError> {
        let options = PgConnectOptions::from_str(url)
            .map_err(unavailable)?
            // A receipt is a promise, whatever the server's default is.
            .options([("synchronous_commit", "on")])
            .disable_statement_logging();
        let held = Mutex::new(SessionLease::take(&options).await?);
        let pool = options_of_pool(POSTGRES_CONNECTIONS);
        let pool = pool.connect_with(options.clone()).await.map_err(unavailable)?;
        Ok((pool, SessionLease { options, held }))
    }

    async fn lease(lease: &SessionLease) -> Result<i64, StoreError> {
        timeout(PATIENCE, lease.number()).await.map_err(unavailable)?
    }

    fn changed(result: &PgQueryResult) -> u64 {
        result.rows_affected()
    }

    async fn scrub(_: &Pool<Self>) -> Result<(), StoreError> {
        // PostgreSQL keeps bytes until its log is recycled; `check` looks at how soon that is.
        Ok(())
    }

    async fn rewrite(pool: &Pool<Self>, _: &Semaphore) -> Result<bool, StoreError> {
        rewrite::postgres(pool).await
    }
}
