//! The whole database as files, and back: while a server runs, as it was at one moment, in the order of the keys.
//!
//! SQLite makes a database of it (`vacuum into`), PostgreSQL a file for each table (`copy`, binary). Not `pg_dump`: it keeps the order in
//! which rows lie, and is a program of its own that must fit the server's version.
use std::{
    fs::File,
    io::{self, Write},
    path::Path,
    str::FromStr,
};

use futures_util::TryStreamExt;
use sqlx::{
    ConnectOptions, Connection, Executor, PgConnection, Postgres, Sqlite, SqliteConnection, postgres::PgConnectOptions,
    sqlite::SqliteConnectOptions,
};
use uuid::Uuid;

use super::{
    StoreError,
    dialect::{Dialect, PATIENCE, sqlite_file},
    rewrite::KEYS,
    rows, sql, unavailable,
    writing::failed,
};
use crate::{domain::id::ItemId, private, replace::sync};

/// The copy of an SQLite database.
const SQLITE: &str = "meldkluis.db";
/// What is handed to PostgreSQL at once.
const PIECE: usize = 1 << 20;

/// What was copied.
#[derive(Clone, Debug)]
pub struct Copied {
    /// The version of the schema.
    pub schema: i64,
    /// The names of the files in the folder.
    pub files: Vec<String>,
    /// The items whose payloads are blobs.
    pub blobs: Vec<ItemId>,
}

/// Copies a database into a folder, in which it makes files that only their owner can read.
pub async fn copy_out(url: &str, folder: &Path) -> Result<Copied, StoreError> {
    let copied = match sqlite_file(url) {
        Some(path) => from_sqlite(path, folder).await?,
        None => from_postgres(url, folder).await?,
    };
    sync(folder).map_err(unavailable)?;
    Ok(copied)
}

/// Fills an empty database from a folder, and leaves it at the schema it was copied from. [`StoreError::Conflict`] when it is not empty.
pub async fn copy_in(url: &str, folder: &Path, schema: i64) -> Result<(), StoreError> {
    match sqlite_file(url) {
        Some(path) => {
            migrations::<Sqlite>(schema)?;
            into_sqlite(path, folder).map_err(|e| match e.kind() {
                io::ErrorKind::AlreadyExists => StoreError::Conflict,
                _ => unavailable(e),
            })?;
            if keeps_rows_alone(path, schema).await? { Ok(()) } else { Err(strange()) }
        }
        None => into_postgres(url, folder, schema).await,
    }
}

/// Whether an item is there, in a database that a server may have open.
pub async fn is_there(url: &str, item: &ItemId) -> Result<bool, StoreError> {
    if let Some(path) = sqlite_file(url) {
        let mut own = sqlite(path).await?;
        let row =
            sqlx::query::<Sqlite>(sql::CASE_OF).bind(item.uuid()).fetch_optional(&mut own).await.map_err(failed)?;
        own.close().await.map_err(unavailable)?;
        return Ok(row.is_some());
    }
    let mut own = postgres(url).await?;
    let row = sqlx::query::<Postgres>(sql::CASE_OF).bind(item.uuid()).fetch_optional(&mut own).await.map_err(failed)?;
    own.close().await.map_err(unavailable)?;
    Ok(row.is_some())
}

/// The migrations that lead to a schema.
fn migrations<DB: Dialect>(schema: i64) -> Result<&'static [&'static str], StoreError> {
    let known = usize::try_from(schema).ok().filter(|schema| *schema > 0);
    known.and_then(|schema| DB::MIGRATIONS.get(..schema)).ok_or(StoreError::UnknownSchema(schema))
}

async fn sqlite(path: &Path) -> Result<SqliteConnection, StoreError> {
    let options = SqliteConnectOptions::new().filename(path).busy_timeout(PATIENCE).pragma("temp_store", "memory");
    options.disable_statement_logging().connect().await.map_err(unavailable)
}

async fn postgres(url: &str) -> Result<PgConnection, StoreError> {
    let options = PgConnectOptions::from_str(url).map_err(unavailable)?.disable_statement_logging();
    options.connect().await.map_err(unavailable)
}

async fn from_sqlite(path: &Path, folder: &Path) -> Result<Copied, StoreError> {
    let copy = folder.join(SQLITE);
    let name = copy.to_str().ok_or_else(|| unavailable(io::Error::other("the path of the copy is not UTF-8")))?;
    let mut own = sqlite(path).await?;
    sqlx::query("vacuum into $1").bind(name).execute(&mut own).await.map_err(failed)?;
    // What was destroyed meanwhile was kept in the log for this.
    drop(own.execute("pragma wal_checkpoint(truncate)").await);
    own.close().await.map_err(unavailable)?;
    File::open(&copy).and_then(|file| file.sync_all()).map_err(unavailable)?;
    let options = SqliteConnectOptions::new().filename(&copy).read_only(true).immutable(true);
    let mut own = options.connect().await.map_err(unavailable)?;
    let (schema,) = sqlx::query_as(sql::SCHEMA).fetch_one(&mut own).await.map_err(failed)?;
    let blobs = sqlx::query_as::<_, (Uuid,)>(sql::ALL_BLOBS).fetch_all(&mut own).await.map_err(failed)?;
    own.close().await.map_err(unavailable)?;
    Ok(Copied { schema, files: vec![SQLITE.to_owned()], blobs: rows::items(blobs) })
}

async fn from_postgres(url: &str, folder: &Path) -> Result<Copied, StoreError> {
    let mut own = postgres(url).await?;
    own.execute("begin isolation level repeatable read, read only").await.map_err(failed)?;
    let (schema,) = sqlx::query_as(sql::SCHEMA).fetch_one(&mut own).await.map_err(failed)?;
    let blobs = sqlx::query_as::<_, (Uuid,)>(sql::ALL_BLOBS).fetch_all(&mut own).await.map_err(failed)?;
    let mut files = Vec::new();
    for (table, key) in KEYS {
        if !has_table(&mut own, table).await? {
            continue;
        }
        let name = table_file(table);
        let mut file = private::new_file(&folder.join(&name)).map_err(unavailable)?;
        let ask = format!(r#"copy (select * from "{table}" order by {key}) to stdout (format binary)"#);
        let mut rows = own.copy_out_raw(&ask).await.map_err(failed)?;
        while let Some(bytes) = rows.try_next().await.map_err(failed)? {
            file.write_all(&bytes).map_err(unavailable)?;
        }
        file.sync_all().map_err(unavailable)?;
        files.push(name);
    }
    own.close().await.map_err(unavailable)?;
    Ok(Copied { schema, files, blobs: rows::items(blobs) })
}

/// A table of a later version is not there yet.
async fn has_table(own: &mut PgConnection, table: &str) -> Result<bool, StoreError> {
    let ask = "select tablename::text from pg_tables where schemaname = current_schema() and tablename = $1";
    let found: Option<(String,)> = sqlx::query_as(ask).bind(table).fetch_optional(own).await.map_err(failed)?;
    Ok(found.is_some())
}

fn table_file(table: &str) -> String {
    format!("{table}.copy")
}

fn into_sqlite(path: &Path, folder: &Path) -> io::Result<()> {
    let mut file = private::new_file(path)?;
    io::copy(&mut File::open(folder.join(SQLITE))?, &mut file)?;
    file.sync_all()
}

/// Whoever could write to a backup may have put something into the file that does more than keep rows: a trigger, a view, a table.
async fn keeps_rows_alone(path: &Path, schema: i64) -> Result<bool, StoreError> {
    const OBJECTS: &str = "select type || ' ' || name || ' ' || coalesce(sql, '') from sqlite_schema order by 1";
    let mut found = open_sqlite(&SqliteConnectOptions::new().filename(path)).await?;
    let mut fresh = open_sqlite(&SqliteConnectOptions::new().in_memory(true)).await?;
    for migration in migrations::<Sqlite>(schema)? {
        fresh.execute(sqlx::raw_sql(*migration)).await.map_err(failed)?;
    }
    let all: Vec<(String,)> = sqlx::query_as(OBJECTS).fetch_all(&mut found).await.map_err(failed)?;
    let own: Vec<(String,)> = sqlx::query_as(OBJECTS).fetch_all(&mut fresh).await.map_err(failed)?;
    found.close().await.map_err(unavailable)?;
    Ok(all == own)
}

fn strange() -> StoreError {
    let text = "the backup's database has tables, views or triggers that are not Meldkluis's: somebody changed it. It was copied and is not used: empty the data folder, and restore another backup";
    unavailable(io::Error::other(text))
}

async fn open_sqlite(options: &SqliteConnectOptions) -> Result<SqliteConnection, StoreError> {
    SqliteConnection::connect_with(options).await.map_err(failed)
}

/// In one transaction: after a fault the database is as empty as before.
async fn into_postgres(url: &str, folder: &Path, schema: i64) -> Result<(), StoreError> {
    let migrations = migrations::<Postgres>(schema)?;
    let mut own = postgres(url).await?;
    let mut tx = own.begin().await.map_err(failed)?;
    tx.execute(<Postgres as Dialect>::MIGRATE_ALONE).await.map_err(failed)?;
    if has_table(&mut tx, "meta").await? {
        return Err(StoreError::Conflict);
    }
    for migration in migrations {
        tx.execute(sqlx::raw_sql(*migration)).await.map_err(failed)?;
    }
    for (table, _) in KEYS {
        let path = folder.join(table_file(table));
        if path.try_exists().map_err(unavailable)? {
            fill(&mut tx, table, &path).await?;
        }
    }
    tx.commit().await.map_err(failed)?;
    own.close().await.map_err(unavailable)
}

async fn fill(own: &mut PgConnection, table: &str, path: &Path) -> Result<(), StoreError> {
    let mut file = File::open(path).map_err(unavailable)?;
    let mut rows = own.copy_in_raw(&format!(r#"copy "{table}" from stdin (format binary)"#)).await.map_err(failed)?;
    loop {
        let mut piece = Vec::with_capacity(PIECE);
        io::Read::read_to_end(&mut io::Read::take(&mut file, PIECE as u64), &mut piece).map_err(unavailable)?;
        if piece.is_empty() {
            break;
        }
        rows.send(piece).await.map_err(failed)?;
    }
    rows.finish().await.map(drop).map_err(failed)
}
