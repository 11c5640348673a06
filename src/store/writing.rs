//! A transaction that writes, and what is done in several of them.
use std::io;

use sqlx::{
    ColumnIndex, Decode, Encode, Executor, FromRow, IntoArguments, Pool, Transaction, Type,
    query::{Query, QueryAs},
};
use tokio::sync::{Semaphore, SemaphorePermit};
use uuid::Uuid;

use super::{NewItem, Payload, Room, SlotRow, StoreError, dialect::Dialect, rows, sql, unavailable};
use crate::domain::{
    case::CaseState,
    day::Day,
    id::{CaseId, ItemId},
};

/// What a column can be, in a database.
pub(super) trait Kept<DB: Dialect>: for<'q> Encode<'q, DB> + for<'r> Decode<'r, DB> + Type<DB> {}
impl<DB: Dialect, T: for<'q> Encode<'q, DB> + for<'r> Decode<'r, DB> + Type<DB>> Kept<DB> for T {}

pub(super) type Ask<'q, DB> = Query<'q, DB, <DB as sqlx::Database>::Arguments>;
pub(super) type AskFor<'q, DB, T> = QueryAs<'q, DB, T, <DB as sqlx::Database>::Arguments>;

/// What breaks a rule of the schema is a conflict with somebody else's rows.
pub(super) fn failed(error: sqlx::Error) -> StoreError {
    match &error {
        sqlx::Error::Database(rule) if rule.is_unique_violation() || rule.is_foreign_key_violation() => {
            StoreError::Conflict
        }
        _ => unavailable(error),
    }
}

/// A transaction that writes, and its place among those that may.
pub(super) struct Writing<'a, DB: Dialect> {
    tx: Transaction<'static, DB>,
    _turn: SemaphorePermit<'a>,
}

impl<DB> Writing<'_, DB>
where
    DB: Dialect,
    DB::Arguments: IntoArguments<DB>,
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
    usize: ColumnIndex<DB::Row>,
    i64: Kept<DB>,
    Option<i32>: Kept<DB>,
    Vec<u8>: Kept<DB>,
    Option<Vec<u8>>: Kept<DB>,
    Uuid: Kept<DB>,
{
    /// Waits for its turn, then begins.
    pub(super) async fn begin<'a>(pool: &Pool<DB>, writers: &'a Semaphore) -> Result<Writing<'a, DB>, StoreError> {
        let turn = writers.acquire().await.map_err(unavailable)?;
        let tx = pool.begin_with(DB::BEGIN).await.map_err(failed)?;
        Ok(Writing { tx, _turn: turn })
    }

    /// Runs the statements of a migration.
    pub(super) async fn define(&mut self, migration: &'static str) -> Result<(), StoreError> {
        (&mut *self.tx).execute(sqlx::raw_sql(migration)).await.map(drop).map_err(failed)
    }

    pub(super) async fn run(&mut self, ask: Ask<'_, DB>) -> Result<u64, StoreError> {
        ask.execute(&mut *self.tx).await.map(|done| DB::changed(&done)).map_err(failed)
    }

    pub(super) async fn one<T>(&mut self, ask: AskFor<'_, DB, T>) -> Result<Option<T>, StoreError>
    where
        T: for<'r> FromRow<'r, DB::Row> + Send + Unpin,
    {
        ask.fetch_optional(&mut *self.tx).await.map_err(failed)
    }

    pub(super) async fn all<T>(&mut self, ask: AskFor<'_, DB, T>) -> Result<Vec<T>, StoreError>
    where
        T: for<'r> FromRow<'r, DB::Row> + Send + Unpin,
    {
        ask.fetch_all(&mut *self.tx).await.map_err(failed)
    }

    pub(super) async fn commit(self) -> Result<(), StoreError> {
        self.tx.commit().await.map_err(failed)
    }

    pub(super) async fn schema(&mut self) -> Result<i64, StoreError> {
        let found: Option<(i64,)> = self.one(sqlx::query_as(sql::SCHEMA)).await?;
        match found.ok_or(StoreError::Corrupt { table: "meta" })? {
            (0,) => Err(StoreError::UnknownSchema(0)),
            (schema,) => Ok(schema),
        }
    }

    /// Whether a statement that only looks gives a row.
    pub(super) async fn holds(&mut self, ask: Ask<'_, DB>) -> Result<bool, StoreError> {
        ask.fetch_optional(&mut *self.tx).await.map(|row| row.is_some()).map_err(failed)
    }

    /// Whether a case was opened.
    pub(super) async fn opened(&mut self, case: &CaseId) -> Result<bool, StoreError>
    where
        i16: Kept<DB>,
    {
        let state: Option<(i16,)> = self.one(sqlx::query_as(sql::STATE).bind(case.uuid())).await?;
        Ok(state.is_some_and(|(state,)| state != CaseState::Unopened.number()))
    }

    /// Those of some mailboxes that a case does not have any more.
    pub(super) async fn gone(&mut self, case: &CaseId, mailboxes: &[[u8; 32]]) -> Result<Vec<[u8; 32]>, StoreError> {
        let mut gone = Vec::new();
        for mailbox in mailboxes {
            if !self.holds(sqlx::query(sql::MAILBOX_OF).bind(case.uuid()).bind(mailbox.to_vec())).await? {
                gone.push(*mailbox);
            }
        }
        Ok(gone)
    }

    /// The mailboxes of an item.
    pub(super) async fn mailboxes(&mut self, item: &ItemId) -> Result<Vec<[u8; 32]>, StoreError> {
        let all: Vec<(Vec<u8>,)> = self.all(sqlx::query_as(sql::MAILBOXES).bind(item.uuid())).await?;
        all.into_iter().map(rows::mailbox).collect()
    }

    /// Whether a case has room for the one whose slot it is: they are there already, or all people and the reporter still fit an item.
    pub(super) async fn fits(&mut self, case: &CaseId, slot: &SlotRow, room: &Room<'_>) -> Result<bool, StoreError> {
        let all: Vec<(Vec<u8>,)> = self.all(sqlx::query_as(sql::MAILBOXES_OF_CASE).bind(case.uuid())).await?;
        let all = all.into_iter().map(rows::mailbox).collect::<Result<Vec<_>, _>>()?;
        let people = all.iter().filter(|one| !room.kept.contains(one) && !room.filler.contains(one)).count();
        Ok(all.contains(&slot.mailbox) || people + 1 < room.slots)
    }

    /// Inserts a slot of an item.
    pub(super) async fn put_slot(&mut self, item: &ItemId, slot: &SlotRow) -> Result<(), StoreError> {
        let insert = sqlx::query(sql::INSERT_SLOT).bind(item.uuid()).bind(slot.mailbox.to_vec());
        let insert = insert.bind(slot.tag.to_vec()).bind(slot.release.map(Day::number)).bind(slot.header.clone());
        self.run(insert).await.map(drop)
    }

    /// Inserts an item with these slots; `lease` is the one under which its blob was announced.
    pub(super) async fn put(
        &mut self,
        case: &CaseId,
        item: &NewItem,
        lease: i64,
        slots: &[&SlotRow],
    ) -> Result<(), StoreError> {
        let payload = match &item.payload {
            Payload::Inline(bytes) => Some(bytes.clone()),
            Payload::Blob => None,
        };
        let blob = payload.is_none();
        self.run(sqlx::query(sql::INSERT_ITEM).bind(item.id.uuid()).bind(case.uuid()).bind(payload)).await?;
        for slot in slots {
            self.put_slot(&item.id, slot).await?;
        }
        let take_over = sqlx::query(sql::TAKE_OVER).bind(item.id.uuid()).bind(lease);
        if blob && self.run(take_over).await? == 0 {
            // Never announced, or the lease was lost and whoever sweeps removes the blob. Nothing is wrong with the case.
            return Err(unavailable(io::Error::other("a blob is not announced any more")));
        }
        Ok(())
    }
}
