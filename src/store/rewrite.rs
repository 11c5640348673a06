//! How each database writes its rows anew, in the order of their keys.
use std::{io, path::Path, time::Duration};

use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection, PgPool, SqlitePool};
use tokio::{sync::Semaphore, time::sleep};

use super::{StoreError, dialect::PATIENCE, unavailable, writing::failed};

/// A vacuum puts each table into new pages in the order of its keys, so that the file depends on the contents alone.
pub(super) async fn sqlite(pool: &SqlitePool, writers: &Semaphore) -> Result<(), StoreError> {
    let options = pool.connect_options();
    let folder = options.get_filename().parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new(".")).to_str().map(|folder| folder.replace('\'', "''"));
    let folder = folder.ok_or_else(|| unavailable(io::Error::other("the path of the database is not UTF-8")))?;
    // A connection of its own: in memory the copy would take as much of it as the whole database. Sealed rows may stand in a file
    // without a name, but in no folder that is not ours.
    let options = (*options).clone().pragma("temp_store", "file").pragma("temp_store_directory", format!("'{folder}'"));
    // Whoever writes waits for this, and not for SQLite's lock, for which patience ends.
    let _turn = writers.acquire().await.map_err(unavailable)?;
    let mut own = options.connect().await.map_err(unavailable)?;
    let done = own.execute("vacuum").await.map_err(unavailable);
    own.close().await.map_err(unavailable)?;
    done.map(drop)
}

/// Each table with its key, those that are referred to first. The index of a key is `TABLE_pkey`.
pub(super) const KEYS: [(&str, &str); 9] = [
    ("case", "id"),
    ("item", "id"),
    ("slot", "item, mailbox"),
    ("pending", "item"),
    ("reader_seen", "reader"),
    ("away", "reader"),
    ("roster_seen", "file"),
    ("log", "org, seq"),
    ("meta", "one"),
];
/// How long a lock is waited for, before those who wait behind go first. Less than PostgreSQL's `deadlock_timeout` of 1 s, after which
/// one of those who wait for each other fails: it must be the pass.
const LOCK: &str = "300ms";
const PAUSE: Duration = Duration::from_millis(200);
/// As the numbers in `dialect.rs`: no lease is this one.
const ALONE: &str = "select pg_try_advisory_lock(-3)";
/// Gives a row while somebody still sees rows that the pass deleted, which would be kept for them: a session here, this one too where
/// a transaction of another database is older, or a replica. The row of `meta` has the number of the pass's transaction, or a later one.
const BEHIND: &str = "select 1 from meta, (select backend_xmin as x from pg_stat_activity
    where datname = current_database() or datname is null union all select xmin from pg_replication_slots) sees
    where age(sees.x) >= age(meta.xmin) limit 1";

/// Three things tell the order: the number of the transaction in each row, the place of the row, and the number of a long value that
/// stands apart. `CLUSTER` changes the place alone. So all rows are first deleted and inserted by one transaction, in the order of their
/// keys; and then each table is written to a new file, without what is dead. Whoever began before, a backup say, reads the old rows.
pub(super) async fn postgres(pool: &PgPool) -> Result<bool, StoreError> {
    let options = (*pool.connect_options()).clone().options([("lock_timeout", LOCK)]);
    let mut own = options.connect().await.map_err(unavailable)?;
    let alone: bool = sqlx::query_scalar(ALONE).fetch_one(&mut own).await.map_err(failed)?;
    let done = if alone { anew(&mut own).await.map(|()| true) } else { Ok(false) };
    own.close().await.map_err(unavailable)?;
    done
}

async fn anew(own: &mut PgConnection) -> Result<(), StoreError> {
    patiently(own, &one_transaction()).await?;
    patiently(own, BEHIND).await?;
    for (table, _) in KEYS {
        patiently(own, &format!(r#"cluster "{table}" using {table}_pkey"#)).await?;
    }
    Ok(())
}

/// Readers go on, and writers wait: for whoever waits to change a row that is then deleted and inserted, it would be gone.
fn one_transaction() -> String {
    let tables = KEYS.map(|(table, _)| format!(r#""{table}""#)).join(", ");
    let moves = KEYS.map(|(table, key)| {
        let gone = format!(r#"with gone as (delete from "{table}" returning *)"#);
        format!(r#"; {gone} insert into "{table}" select * from gone order by {key}"#)
    });
    // Sent at once, they are one transaction.
    format!("lock table {tables} in exclusive mode{}", moves.concat())
}

/// Tries again while somebody is in the way: what locks, or what gives a row.
async fn patiently(own: &mut PgConnection, sql: &str) -> Result<(), StoreError> {
    let mut tries = PATIENCE.as_millis() / PAUSE.as_millis();
    loop {
        let outcome = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).fetch_optional(&mut *own).await;
        let error = match outcome {
            Ok(None) => return Ok(()),
            Ok(Some(_)) => unavailable(io::Error::other("somebody still sees the old rows")),
            Err(error) => failed(error),
        };
        if tries == 0 {
            return Err(error);
        }
        tries -= 1;
        sleep(PAUSE).await;
    }
}
