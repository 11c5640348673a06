//! After this nothing in the database tells in which order rows came: each is written anew, in the order of the keys, which are random.
use async_trait::async_trait;
use sqlx::{ColumnIndex, Executor, IntoArguments};
use uuid::Uuid;

use super::{StoreError, dialect::Dialect, generic::SqlStore, sql, writing::Kept};
use crate::domain::day::Day;

/// The part of a store that the nightly pass needs.
#[async_trait]
pub trait NightlyStore: Send + Sync {
    /// Writes all rows anew, once a day: whichever server asks first does it. Writers wait meanwhile; readers too for a part of it, on
    /// PostgreSQL. After an error it is right to ask again: nothing is lost, and the day does not count as done.
    async fn rewrite(&self, today: Day) -> Result<(), StoreError>;
}

/// A clock that is a little ahead may be another server's around midnight. One that was far ahead must not put the pass off for years.
fn done_by(last: i32, today: Day) -> bool {
    last == today.number() || last == today.number() + 1
}

#[async_trait]
impl<DB> NightlyStore for SqlStore<DB>
where
    DB: Dialect,
    DB::Arguments: IntoArguments<DB>,
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
    usize: ColumnIndex<DB::Row>,
    i64: Kept<DB>,
    i32: Kept<DB>,
    i16: Kept<DB>,
    Option<i32>: Kept<DB>,
    Vec<u8>: Kept<DB>,
    Option<Vec<u8>>: Kept<DB>,
    Uuid: Kept<DB>,
{
    async fn rewrite(&self, today: Day) -> Result<(), StoreError> {
        let last: Option<(Option<i32>,)> = self.one(sqlx::query_as(sql::REWRITTEN)).await?;
        let done = last.and_then(|(last,)| last).is_some_and(|last| done_by(last, today));
        if done {
            // It may have been marked just before the process was killed.
            return self.scrub().await;
        }
        // SQLite's index of its log keeps which page was written after which, also when the log is empty. Each part of it is cleared when
        // a new log reaches it: so a new one begins before the pass, and again with the mark.
        self.scrub().await?;
        if DB::rewrite(&self.pool, &self.writers).await? {
            self.scrub().await?;
            self.run(sqlx::query(sql::SET_REWRITTEN).bind(today.number())).await?;
        }
        self.scrub().await
    }
}
