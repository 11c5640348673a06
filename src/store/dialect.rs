//! Where SQLite and PostgreSQL differ: connecting, migrating, leases, and what follows a deletion.
use std::{fs::File, path::Path, str::FromStr, time::Duration};

use async_trait::async_trait;
use sqlx::{
    ConnectOptions, Database, Pool, Postgres, SqlStr, Sqlite,
    migrate::{Migration, MigrationType, Migrator},
    pool::PoolOptions,
    postgres::{PgConnectOptions, PgQueryResult},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteQueryResult, SqliteSynchronous},
};

use super::{StoreError, unavailable};

const BUSY: Duration = Duration::from_secs(20);
const ACQUIRE: Duration = Duration::from_secs(10);
/// SQLite writes one at a time; a few connections are for reading.
const SQLITE_CONNECTIONS: u32 = 6;
const POSTGRES_CONNECTIONS: u32 = 16;
/// Keeps our advisory locks apart from those of other programs in one database.
const LOCK_CLASS: i32 = 0x6d6b;

/// What holds this server's lease for as long as it runs.
pub(super) enum Lease {
    /// The lock file beside the database.
    #[expect(dead_code, reason = "held, not read: dropping it frees the lock")]
    File(File),
    /// A connection with an advisory lock.
    #[expect(dead_code, reason = "held, not read: dropping it frees the lock")]
    Session(Box<sqlx::pool::PoolConnection<Postgres>>),
}

#[async_trait]
pub(super) trait Dialect: Database + Sized {
    /// All migrations, the same numbers in both databases.
    fn migrations() -> Migrator;
    /// Begins a transaction that writes.
    const BEGIN: &'static str;

    async fn open(url: &str) -> Result<Pool<Self>, StoreError>;
    fn changed(result: &<Self as Database>::QueryResult) -> u64;
    /// Takes this server's lease under a number.
    async fn lease(url: &str, pool: &Pool<Self>, number: i32) -> Result<Lease, StoreError>;
    /// Whether the server of another lease is gone.
    async fn lease_is_dead(pool: &Pool<Self>, number: i32) -> Result<bool, StoreError>;
    /// Lets no deleted byte stay behind, as far as this database can.
    async fn after_delete(pool: &Pool<Self>) -> Result<(), StoreError>;
}

fn migrator(first: &'static str) -> Migrator {
    let sql = SqlStr::from_static(first);
    Migrator::with_migrations(vec![Migration::new(1, "init".into(), MigrationType::Simple, sql, false)])
}

fn sqlite_path(url: &str) -> &str {
    url.trim_start_matches("sqlite:").trim_start_matches("//")
}

#[async_trait]
impl Dialect for Sqlite {
    fn migrations() -> Migrator {
        migrator(include_str!("../../migrations/sqlite/0001_init.sql"))
    }

    const BEGIN: &'static str = "begin immediate";

    async fn open(url: &str) -> Result<Pool<Self>, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(sqlite_path(url))
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY)
            .pragma("secure_delete", "on")
            .pragma("temp_store", "memory")
            .disable_statement_logging();
        let pool = PoolOptions::new().max_connections(SQLITE_CONNECTIONS).acquire_timeout(ACQUIRE);
        pool.connect_with(options).await.map_err(unavailable)
    }

    fn changed(result: &SqliteQueryResult) -> u64 {
        result.rows_affected()
    }

    async fn lease(url: &str, _: &Pool<Self>, _: i32) -> Result<Lease, StoreError> {
        let path = Path::new(sqlite_path(url)).with_extension("lock");
        let file = File::create(path).map_err(unavailable)?;
        file.try_lock().map_err(unavailable)?;
        Ok(Lease::File(file))
    }

    /// One server holds the lock, so every other lease is of an earlier process.
    async fn lease_is_dead(_: &Pool<Self>, _: i32) -> Result<bool, StoreError> {
        Ok(true)
    }

    async fn after_delete(pool: &Pool<Self>) -> Result<(), StoreError> {
        sqlx::query("pragma wal_checkpoint(truncate)").execute(pool).await.map(|_| ()).map_err(unavailable)
    }
}

#[async_trait]
impl Dialect for Postgres {
    fn migrations() -> Migrator {
        migrator(include_str!("../../migrations/postgres/0001_init.sql"))
    }

    const BEGIN: &'static str = "begin";

    async fn open(url: &str) -> Result<Pool<Self>, StoreError> {
        let options = PgConnectOptions::from_str(url).map_err(unavailable)?.disable_statement_logging();
        let pool = PoolOptions::new().max_connections(POSTGRES_CONNECTIONS).acquire_timeout(ACQUIRE);
        pool.connect_with(options).await.map_err(unavailable)
    }

    fn changed(result: &PgQueryResult) -> u64 {
        result.rows_affected()
    }

    async fn lease(_: &str, pool: &Pool<Self>, number: i32) -> Result<Lease, StoreError> {
        let mut session = pool.acquire().await.map_err(unavailable)?;
        let lock = sqlx::query("select pg_advisory_lock($1, $2)").bind(LOCK_CLASS).bind(number);
        lock.execute(&mut *session).await.map_err(unavailable)?;
        Ok(Lease::Session(Box::new(session)))
    }

    async fn lease_is_dead(pool: &Pool<Self>, number: i32) -> Result<bool, StoreError> {
        // One transaction: the lock is taken and given back on the same session.
        let mut tx = pool.begin().await.map_err(unavailable)?;
        let free = sqlx::query_scalar("select pg_try_advisory_xact_lock($1, $2)").bind(LOCK_CLASS).bind(number);
        let free: bool = free.fetch_one(&mut *tx).await.map_err(unavailable)?;
        tx.rollback().await.map_err(unavailable)?;
        Ok(free)
    }

    async fn after_delete(_: &Pool<Self>) -> Result<(), StoreError> {
        Ok(())
    }
}
