//! Who is away until when: a reader's hash and a day, gone when the day is.
use std::collections::BTreeMap;

use async_trait::async_trait;
use sqlx::{ColumnIndex, Executor, IntoArguments};
use uuid::Uuid;

use super::{SeenKey, StoreError, dialect::Dialect, generic::SqlStore, rows, sql, writing::Kept};
use crate::domain::day::Day;

/// The part of a store that absence needs. Knows days and hashes: see [`crate::post::PostKeys::reader_away`].
#[async_trait]
pub trait AwayStore: Send + Sync {
    /// A reader is away up to and including a day; what they said before is overwritten.
    async fn set_away(&self, reader: &SeenKey, until: Day) -> Result<(), StoreError>;
    /// A reader is back, or is no reader any more.
    async fn back(&self, reader: &SeenKey) -> Result<(), StoreError>;
    /// Everybody who said they were away, with their last day, past ones too.
    async fn away(&self) -> Result<BTreeMap<SeenKey, Day>, StoreError>;
}

#[async_trait]
impl<DB> AwayStore for SqlStore<DB>
where
    DB: Dialect,
    DB::Arguments: IntoArguments<DB>,
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
    usize: ColumnIndex<DB::Row>,
    i64: Kept<DB>,
    i32: Kept<DB>,
    Option<i32>: Kept<DB>,
    i16: Kept<DB>,
    Vec<u8>: Kept<DB>,
    Option<Vec<u8>>: Kept<DB>,
    Uuid: Kept<DB>,
{
    async fn set_away(&self, reader: &SeenKey, until: Day) -> Result<(), StoreError> {
        self.run(sqlx::query(sql::SET_AWAY).bind(reader.to_vec()).bind(until.number())).await.map(drop)
    }

    async fn back(&self, reader: &SeenKey) -> Result<(), StoreError> {
        self.run(sqlx::query(sql::BACK).bind(reader.to_vec())).await.map(drop)
    }

    async fn away(&self) -> Result<BTreeMap<SeenKey, Day>, StoreError> {
        let all: Vec<(Vec<u8>, i32)> = self.all(sqlx::query_as(sql::AWAY)).await?;
        all.into_iter().map(rows::away).collect()
    }
}
