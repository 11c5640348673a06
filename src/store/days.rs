//! The day that is sure: it follows the clock, and a clock that jumps drags it along by a few days at most.
use async_trait::async_trait;
use sqlx::{ColumnIndex, Executor, IntoArguments};
use uuid::Uuid;

use super::{StoreError, dialect::Dialect, generic::SqlStore, rows, sql, writing::Kept};
use crate::domain::day::Day;

/// How many days the sure day moves on in one day of the clock. More than one, so that it catches up after a server stood still.
pub const STEP_DAYS: i32 = 2;

/// The part of a store that knows which day it was.
#[async_trait]
pub trait DayStore: Send + Sync {
    /// The sure day; `None` before the first look. A clock behind it is wrong, or was wrong.
    async fn last_day(&self) -> Result<Option<Day>, StoreError>;
    /// Moves the sure day towards today, once on each day of the clock and by [`STEP_DAYS`] at most; never back. Returns it. The first
    /// look believes the clock.
    async fn look(&self, today: Day) -> Result<Day, StoreError>;
    /// Makes a day the sure one, back too: somebody looked at a calendar.
    async fn set_day(&self, day: Day) -> Result<(), StoreError>;
}

#[async_trait]
impl<DB> DayStore for SqlStore<DB>
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
    async fn last_day(&self) -> Result<Option<Day>, StoreError> {
        rows::last_day(self.all(sqlx::query_as(sql::LAST_DAY)).await?)
    }

    async fn look(&self, today: Day) -> Result<Day, StoreError> {
        let most = today.plus_days(-STEP_DAYS);
        self.run(sqlx::query(sql::LOOK).bind(today.number()).bind(most.number()).bind(STEP_DAYS)).await?;
        self.last_day().await?.ok_or(StoreError::Corrupt { table: "meta" })
    }

    async fn set_day(&self, day: Day) -> Result<(), StoreError> {
        self.run(sqlx::query(sql::SET_DAY).bind(day.number())).await.map(drop)
    }
}
