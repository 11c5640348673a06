//! A case is destroyed: first it stands in the journal, then it is gone, and then no byte of it stays.
use std::time::Duration;

use sqlx::{ColumnIndex, Executor, IntoArguments};
use tokio::task::spawn_blocking;
use uuid::Uuid;

use super::{IsOpened, StoreError, dialect::Dialect, generic::SqlStore, rows, sql, unavailable, writing::Kept};
use crate::{
    domain::{
        case::{ACKNOWLEDGE_DAYS, CaseState},
        day::Day,
        id::{CaseId, ItemId},
    },
    journal::Mark,
};

/// How often scrubbing is tried again while somebody reads: a second at most.
const SCRUBS: u32 = 50;

impl<DB> SqlStore<DB>
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
    /// Destroys a case; one that is withdrawn only when nobody did anything in it, and no slot was opened, not of who went since either.
    pub(super) async fn remove(
        &self,
        case: &CaseId,
        withdrawn: Option<IsOpened<'_>>,
    ) -> Result<Vec<ItemId>, StoreError> {
        let mine = DB::lease(&self.lease).await?;
        let mut w = self.write().await?;
        let there = w.holds(sqlx::query(DB::LOCK_CASE).bind(case.uuid())).await?;
        if let Some(opened) = withdrawn.filter(|_| there) {
            let untouched = sqlx::query(sql::UNTOUCHED).bind(case.uuid()).bind(CaseState::Unopened.number());
            let untouched = w.holds(untouched.bind(ACKNOWLEDGE_DAYS)).await?;
            if !untouched || w.anybody_opened(case, &|_| true, opened).await? {
                return Err(StoreError::Conflict);
            }
        }
        let items: Vec<(Uuid,)> = w.all(sqlx::query_as(sql::ITEMS).bind(case.uuid())).await?;
        let blobs: Vec<(Uuid,)> = w.all(sqlx::query_as(sql::BLOBS_OF).bind(case.uuid())).await?;
        for (blob,) in &blobs {
            w.run(sqlx::query(sql::ANNOUNCE).bind(*blob).bind(-mine)).await?;
        }
        for delete in [sql::DELETE_SLOTS, sql::DELETE_ITEMS, sql::DELETE_CASE] {
            w.run(sqlx::query(delete).bind(case.uuid())).await?;
        }
        // Last, when nothing but the commit can fail, and before it.
        let marks: Vec<Mark> = rows::items(items).iter().map(Mark::item).collect();
        let last = rows::last_day(w.all(sqlx::query_as(sql::LAST_DAY)).await?)?;
        let day = self.note(&marks, last).await?;
        if let Err(error) = w.commit().await {
            self.not_destroyed(case, (day, marks)).await;
            return Err(error);
        }
        self.scrubbed().await?;
        Ok(rows::items(blobs))
    }

    /// Takes the marks of a case back that is still there: it would be destroyed at the next start. Where nobody can say, they stay.
    async fn not_destroyed(&self, case: &CaseId, marks: (Day, Vec<Mark>)) {
        let there: Result<Option<(i16,)>, _> = self.one(sqlx::query_as(sql::STATE).bind(case.uuid())).await;
        if !matches!(there, Ok(Some(_))) {
            return;
        }
        self.take_back(marks).await;
    }

    /// Takes out of the journal what was not committed.
    pub(super) async fn take_back(&self, (day, marks): (Day, Vec<Mark>)) {
        let journal = self.journal.clone();
        let taken = spawn_blocking(move || journal.take_back(day, &marks)).await;
        if !matches!(taken, Ok(Ok(()))) {
            tracing::warn!("the destruction journal names what did not happen");
        }
    }

    /// Writes into the journal what is about to be committed; returns the day it stands under.
    /// `last` is asked on the connection that writes: another one that reads just now keeps SQLite's log from being cleared.
    pub(super) async fn note(&self, marks: &[Mark], last: Option<Day>) -> Result<Day, StoreError> {
        let (journal, marks) = (self.journal.clone(), marks.to_vec());
        spawn_blocking(move || journal.add(&marks, last)).await.map_err(unavailable)?.map_err(unavailable)
    }

    /// Lets no byte stay behind of rows that were deleted, as far as the database can.
    pub(super) async fn scrubbed(&self) -> Result<(), StoreError> {
        // The rows are gone whatever comes of this; the next deletion scrubs again.
        if self.scrub().await.is_err() {
            tracing::warn!("destroyed rows are still in the write-ahead log");
        }
        Ok(())
    }

    /// The same, and says whether it could.
    pub(super) async fn scrub(&self) -> Result<(), StoreError> {
        let _turn = self.writers.acquire().await.map_err(unavailable)?;
        let mut scrubbed = DB::scrub(&self.pool).await;
        for _ in 0..SCRUBS {
            if scrubbed.is_ok() {
                break;
            }
            // Somebody who reads keeps the write-ahead log; they are soon done.
            tokio::time::sleep(Duration::from_millis(20)).await;
            scrubbed = DB::scrub(&self.pool).await;
        }
        scrubbed
    }
}
