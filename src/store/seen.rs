//! What notices need: the last day each reader signed in, and the last day notices went out.
use std::collections::BTreeMap;

use async_trait::async_trait;
use sqlx::{ColumnIndex, Executor, IntoArguments};
use uuid::Uuid;

use super::{StoreError, dialect::Dialect, generic::SqlStore, rows, sql, writing::Kept};
use crate::domain::day::Day;

/// A reader, to whoever holds k1: see [`crate::post::PostKeys::reader_seen`].
pub type SeenKey = [u8; 32];

/// The part of a store that notices by mail need. Knows days and hashes; never a name or an address.
#[async_trait]
pub trait NoticeStore: Send + Sync {
    /// Keeps the day on which a reader signed in; the day before the one that is kept is not written. A kept day further ahead was of a wrong clock.
    async fn see_reader(&self, reader: &SeenKey, day: Day) -> Result<(), StoreError>;
    /// The last day of every reader who ever signed in.
    async fn readers_seen(&self) -> Result<BTreeMap<SeenKey, Day>, StoreError>;
    /// Forgets a reader's day.
    async fn forget_reader(&self, reader: &SeenKey) -> Result<(), StoreError>;
    /// Takes the notices of a day upon the caller: `true` once, whichever server asks first; `false` from then on, for earlier days too.
    async fn take_notices(&self, day: Day) -> Result<bool, StoreError>;
}

#[async_trait]
impl<DB> NoticeStore for SqlStore<DB>
where
    DB: Dialect,
    DB::Arguments: IntoArguments<DB>,
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
    usize: ColumnIndex<DB::Row>,
    i64: Kept<DB>,
    i32: Kept<DB>,
    Option<i32>: Kept<DB>,
    Vec<u8>: Kept<DB>,
    Option<Vec<u8>>: Kept<DB>,
    Uuid: Kept<DB>,
{
    async fn see_reader(&self, reader: &SeenKey, day: Day) -> Result<(), StoreError> {
        // Asked first: PostgreSQL would mark the row even if nothing in it changed.
        let kept: Option<(i32,)> = self.one(sqlx::query_as(sql::READER_SEEN).bind(reader.to_vec())).await?;
        if kept.is_some_and(|(kept,)| kept == day.number() || kept == day.number() + 1) {
            return Ok(());
        }
        self.run(sqlx::query(sql::SEE_READER).bind(reader.to_vec()).bind(day.number())).await.map(drop)
    }

    async fn readers_seen(&self) -> Result<BTreeMap<SeenKey, Day>, StoreError> {
        let all: Vec<(Vec<u8>, i32)> = self.all(sqlx::query_as(sql::READERS_SEEN)).await?;
        all.into_iter().map(rows::reader_seen).collect()
    }

    async fn forget_reader(&self, reader: &SeenKey) -> Result<(), StoreError> {
        self.run(sqlx::query(sql::FORGET_READER).bind(reader.to_vec())).await.map(drop)
    }

    async fn take_notices(&self, day: Day) -> Result<bool, StoreError> {
        Ok(self.run(sqlx::query(sql::TAKE_NOTICES).bind(day.number())).await? == 1)
    }
}
