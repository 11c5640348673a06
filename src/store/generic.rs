//! The one implementation of [`Store`], generic over the database.
use std::sync::Arc;

use async_trait::async_trait;
use sqlx::{
    ColumnIndex, Decode, Encode, Executor, IntoArguments, Pool, Postgres, Sqlite, Transaction, Type,
    migrate::{Migrate, MigrateError},
};
use uuid::Uuid;

use super::{
    Added, Filed, Move, NewItem, Payload, SlotRow, Store, StoreError,
    dialect::{Dialect, Lease},
    sql, unavailable,
};
use crate::domain::{
    case::{Case, CaseState},
    day::Day,
    id::{CaseId, ItemId, OrgId},
};

/// The schema this program writes.
const SCHEMA: i64 = 1;

/// A store on one database; holds its server's lease until dropped.
struct SqlStore<DB: Dialect> {
    pool: Pool<DB>,
    lease: i32,
    _held: Lease,
}

/// Opens `sqlite:PATH` or `postgres://…`, brings an older schema up to date and refuses a newer one.
pub async fn connect(url: &str) -> Result<Arc<dyn Store>, StoreError> {
    if url.starts_with("postgres") {
        Ok(Arc::new(SqlStore::<Postgres>::open(url).await?))
    } else {
        Ok(Arc::new(SqlStore::<Sqlite>::open(url).await?))
    }
}

type CaseTuple = (Uuid, Vec<u8>, String, i32, i32, Option<i32>, i16);
type SlotTuple = (Vec<u8>, Vec<u8>, Option<i32>, Vec<u8>);
type InboxTuple = (Uuid, Uuid, Vec<u8>, Vec<u8>, Option<i32>, Vec<u8>);

impl<DB> SqlStore<DB>
where
    DB: Dialect,
    DB::Connection: Migrate,
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
    DB::Arguments: IntoArguments<DB>,
    for<'q> i64: Encode<'q, DB> + Decode<'q, DB> + Type<DB>,
    usize: ColumnIndex<DB::Row>,
{
    async fn open(url: &str) -> Result<Self, StoreError> {
        let pool = DB::open(url).await?;
        DB::migrations().run(&pool).await.map_err(|error| match error {
            MigrateError::VersionMissing(version) | MigrateError::VersionMismatch(version) => {
                StoreError::UnknownSchema(version)
            }
            other => unavailable(other),
        })?;
        let schema: i64 = sqlx::query_scalar(sql::SCHEMA).fetch_one(&pool).await.map_err(unavailable)?;
        if schema != SCHEMA {
            return Err(StoreError::UnknownSchema(schema));
        }
        let mut number = [0; 4];
        getrandom::fill(&mut number).map_err(|e| unavailable(std::io::Error::other(e.to_string())))?;
        let lease = i32::from_be_bytes(number);
        let held = DB::lease(url, &pool, lease).await?;
        Ok(Self { pool, lease, _held: held })
    }
}

impl<DB: Dialect> SqlStore<DB> {
    async fn begin(&self) -> Result<Transaction<'static, DB>, StoreError> {
        self.pool.begin_with(DB::BEGIN).await.map_err(unavailable)
    }
}

fn bytes32(bytes: &[u8], table: &'static str) -> Result<[u8; 32], StoreError> {
    bytes.try_into().map_err(|_| StoreError::Corrupt { table })
}

fn day(number: i32, table: &'static str) -> Result<Day, StoreError> {
    Day::from_number(number).ok_or(StoreError::Corrupt { table })
}

fn case((id, lookup, org, filed, due, destroy_after, state): CaseTuple) -> Result<Case, StoreError> {
    let table = "case_";
    Ok(Case {
        id: CaseId::from_uuid(id),
        lookup: bytes32(&lookup, table)?,
        org: OrgId::parse(&org).ok_or(StoreError::Corrupt { table })?,
        filed: day(filed, table)?,
        due: day(due, table)?,
        destroy_after: destroy_after.map(|n| day(n, table)).transpose()?,
        state: CaseState::from_number(state).ok_or(StoreError::Corrupt { table })?,
    })
}

fn slot((mailbox, tag, release, header): SlotTuple) -> Result<SlotRow, StoreError> {
    let table = "slot";
    let release = release.map(|n| day(n, table)).transpose()?;
    Ok(SlotRow { mailbox: bytes32(&mailbox, table)?, tag: bytes32(&tag, table)?, release, header })
}

fn items(ids: Vec<(Uuid,)>) -> Vec<ItemId> {
    ids.into_iter().map(|(id,)| ItemId::from_uuid(id)).collect()
}

/// Inserts an item and its slots; `false` when the item was there.
async fn insert_item<DB>(tx: &mut Transaction<'static, DB>, case: &CaseId, item: &NewItem) -> Result<bool, StoreError>
where
    DB: Dialect,
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
    DB::Arguments: IntoArguments<DB>,
    for<'q> Uuid: Encode<'q, DB> + Type<DB>,
    for<'q> Vec<u8>: Encode<'q, DB> + Type<DB>,
    for<'q> i32: Encode<'q, DB> + Type<DB>,
    for<'q> Option<Vec<u8>>: Encode<'q, DB>,
    for<'q> Option<i32>: Encode<'q, DB>,
{
    let payload = if let Payload::Inline(bytes) = &item.payload { Some(bytes.clone()) } else { None };
    let insert = sqlx::query(sql::INSERT_ITEM).bind(item.id.uuid()).bind(case.uuid()).bind(payload);
    if DB::changed(&insert.execute(&mut **tx).await.map_err(unavailable)?) == 0 {
        return Ok(false);
    }
    for slot in &item.slots {
        let insert = sqlx::query(sql::INSERT_SLOT)
            .bind(slot.mailbox.to_vec())
            .bind(item.id.uuid())
            .bind(slot.tag.to_vec())
            .bind(slot.release.map(Day::number))
            .bind(slot.header.clone());
        insert.execute(&mut **tx).await.map_err(unavailable)?;
    }
    let announced = sqlx::query(sql::FORGET).bind(item.id.uuid()).execute(&mut **tx).await.map_err(unavailable)?;
    if item.payload == Payload::Blob && DB::changed(&announced) == 0 {
        return Err(StoreError::Conflict); // swept meanwhile: the blob may be gone
    }
    Ok(true)
}

#[async_trait]
impl<DB> Store for SqlStore<DB>
where
    DB: Dialect,
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
    DB::Arguments: IntoArguments<DB>,
    for<'q> Uuid: Encode<'q, DB> + Decode<'q, DB> + Type<DB>,
    for<'q> Vec<u8>: Encode<'q, DB> + Decode<'q, DB> + Type<DB>,
    for<'q> String: Encode<'q, DB> + Decode<'q, DB> + Type<DB>,
    for<'q> i16: Encode<'q, DB> + Decode<'q, DB> + Type<DB>,
    for<'q> i32: Encode<'q, DB> + Decode<'q, DB> + Type<DB>,
    for<'q> i64: Encode<'q, DB> + Decode<'q, DB> + Type<DB>,
    for<'q> Option<Vec<u8>>: Encode<'q, DB>,
    for<'q> Option<i32>: Encode<'q, DB>,
    usize: ColumnIndex<DB::Row>,
{
    async fn file(&self, case: &Case, item: &NewItem) -> Result<Filed, StoreError> {
        let mut tx = self.begin().await?;
        let insert = sqlx::query(sql::INSERT_CASE)
            .bind(case.id.uuid())
            .bind(case.lookup.to_vec())
            .bind(case.org.as_str().to_owned())
            .bind(case.filed.number())
            .bind(case.due.number())
            .bind(case.destroy_after.map(Day::number))
            .bind(case.state.number());
        if DB::changed(&insert.execute(&mut *tx).await.map_err(unavailable)?) == 0 {
            return Ok(Filed::Already);
        }
        if !insert_item(&mut tx, &case.id, item).await? {
            return Err(StoreError::Conflict);
        }
        let raise = sqlx::query(sql::RAISE_LAST_DAY).bind(case.filed.number());
        raise.execute(&mut *tx).await.map_err(unavailable)?;
        tx.commit().await.map_err(unavailable)?;
        Ok(Filed::New)
    }

    async fn case_by_lookup(&self, lookup: &[u8; 32]) -> Result<Option<Case>, StoreError> {
        let query = sqlx::query_as(sql::CASE_BY_LOOKUP).bind(lookup.to_vec());
        query.fetch_optional(&self.pool).await.map_err(unavailable)?.map(case).transpose()
    }

    async fn case(&self, id: &CaseId) -> Result<Option<Case>, StoreError> {
        let query = sqlx::query_as(sql::CASE_BY_ID).bind(id.uuid());
        query.fetch_optional(&self.pool).await.map_err(unavailable)?.map(case).transpose()
    }

    async fn add_item(&self, case: &CaseId, item: &NewItem, change: Option<Move>) -> Result<Added, StoreError> {
        let mut tx = self.begin().await?;
        let exists: Option<(Uuid,)> =
            sqlx::query_as(sql::CASE_OF).bind(item.id.uuid()).fetch_optional(&mut *tx).await.map_err(unavailable)?;
        if let Some((owner,)) = exists {
            return if owner == case.uuid() { Ok(Added::Already) } else { Err(StoreError::Conflict) };
        }
        let there: Option<CaseTuple> =
            sqlx::query_as(sql::CASE_BY_ID).bind(case.uuid()).fetch_optional(&mut *tx).await.map_err(unavailable)?;
        if there.is_none() || !insert_item(&mut tx, case, item).await? {
            return Err(StoreError::Conflict);
        }
        if let Some(change) = change {
            let update = sqlx::query(sql::MOVE_CASE)
                .bind(change.state.number())
                .bind(change.due.number())
                .bind(change.destroy_after.map(Day::number))
                .bind(case.uuid())
                .bind(change.expected.number());
            if DB::changed(&update.execute(&mut *tx).await.map_err(unavailable)?) == 0 {
                return Err(StoreError::Conflict);
            }
        }
        tx.commit().await.map_err(unavailable)?;
        Ok(Added::New)
    }

    async fn mark_opened(&self, case: &CaseId) -> Result<(), StoreError> {
        sqlx::query(sql::MARK_OPENED).bind(case.uuid()).execute(&self.pool).await.map_err(unavailable)?;
        Ok(())
    }

    async fn items(&self, case: &CaseId) -> Result<Vec<ItemId>, StoreError> {
        sqlx::query_as(sql::ITEMS).bind(case.uuid()).fetch_all(&self.pool).await.map(items).map_err(unavailable)
    }

    async fn case_of(&self, item: &ItemId) -> Result<Option<CaseId>, StoreError> {
        let query = sqlx::query_as(sql::CASE_OF).bind(item.uuid());
        let found: Option<(Uuid,)> = query.fetch_optional(&self.pool).await.map_err(unavailable)?;
        Ok(found.map(|(id,)| CaseId::from_uuid(id)))
    }

    async fn slots(&self, item: &ItemId) -> Result<Vec<SlotRow>, StoreError> {
        let query = sqlx::query_as(sql::SLOTS).bind(item.uuid());
        query.fetch_all(&self.pool).await.map_err(unavailable)?.into_iter().map(slot).collect()
    }

    async fn payload(&self, item: &ItemId) -> Result<Option<Payload>, StoreError> {
        let query = sqlx::query_as(sql::PAYLOAD).bind(item.uuid());
        let found: Option<(Option<Vec<u8>>,)> = query.fetch_optional(&self.pool).await.map_err(unavailable)?;
        Ok(found.map(|(payload,)| payload.map_or(Payload::Blob, Payload::Inline)))
    }

    async fn inbox(&self, mailboxes: &[[u8; 32]], today: Day) -> Result<Vec<(CaseId, ItemId, SlotRow)>, StoreError> {
        let mut found = Vec::new();
        for mailbox in mailboxes {
            let query = sqlx::query_as(sql::INBOX).bind(mailbox.to_vec()).bind(today.number());
            let rows: Vec<InboxTuple> = query.fetch_all(&self.pool).await.map_err(unavailable)?;
            for (case, item, mailbox, tag, release, header) in rows {
                let row = slot((mailbox, tag, release, header))?;
                found.push((CaseId::from_uuid(case), ItemId::from_uuid(item), row));
            }
        }
        Ok(found)
    }

    async fn filed_days(&self) -> Result<Vec<Day>, StoreError> {
        let days: Vec<(i32,)> = sqlx::query_as(sql::FILED_DAYS).fetch_all(&self.pool).await.map_err(unavailable)?;
        days.into_iter().map(|(number,)| day(number, "case_")).collect()
    }

    async fn announce_blob(&self, item: &ItemId) -> Result<(), StoreError> {
        let query = sqlx::query(sql::ANNOUNCE).bind(item.uuid()).bind(self.lease);
        query.execute(&self.pool).await.map(|_| ()).map_err(unavailable)
    }

    async fn forget_blob(&self, item: &ItemId) -> Result<(), StoreError> {
        sqlx::query(sql::FORGET).bind(item.uuid()).execute(&self.pool).await.map(|_| ()).map_err(unavailable)
    }

    async fn stranded_blobs(&self) -> Result<Vec<ItemId>, StoreError> {
        let rows: Vec<(Uuid, i32)> = sqlx::query_as(sql::STRANDED).fetch_all(&self.pool).await.map_err(unavailable)?;
        let mut stranded = Vec::new();
        for (item, lease) in rows {
            if lease != self.lease && DB::lease_is_dead(&self.pool, lease).await? {
                stranded.push(ItemId::from_uuid(item));
            }
        }
        Ok(stranded)
    }

    async fn destroy(&self, case: &CaseId) -> Result<Vec<ItemId>, StoreError> {
        let mut tx = self.begin().await?;
        let blobs: Vec<(Uuid,)> =
            sqlx::query_as(sql::BLOB_ITEMS).bind(case.uuid()).fetch_all(&mut *tx).await.map_err(unavailable)?;
        for (item,) in &blobs {
            let announce = sqlx::query(sql::ANNOUNCE).bind(*item).bind(self.lease);
            announce.execute(&mut *tx).await.map_err(unavailable)?;
        }
        for delete in [sql::DELETE_SLOTS, sql::DELETE_ITEMS, sql::DELETE_CASE] {
            sqlx::query(delete).bind(case.uuid()).execute(&mut *tx).await.map_err(unavailable)?;
        }
        tx.commit().await.map_err(unavailable)?;
        DB::after_delete(&self.pool).await?;
        Ok(items(blobs))
    }

    async fn to_destroy(&self, today: Day) -> Result<Vec<CaseId>, StoreError> {
        let query = sqlx::query_as(sql::TO_DESTROY).bind(today.number());
        let ids: Vec<(Uuid,)> = query.fetch_all(&self.pool).await.map_err(unavailable)?;
        Ok(ids.into_iter().map(|(id,)| CaseId::from_uuid(id)).collect())
    }

    async fn roster_seen(&self, file: &str) -> Result<Option<(u64, [u8; 32])>, StoreError> {
        let query = sqlx::query_as(sql::ROSTER_SEEN).bind(file.to_owned());
        let found: Option<(i64, Vec<u8>)> = query.fetch_optional(&self.pool).await.map_err(unavailable)?;
        let table = "roster_seen";
        let seen = |(serial, hash): (i64, Vec<u8>)| {
            Ok((u64::try_from(serial).map_err(|_| StoreError::Corrupt { table })?, bytes32(&hash, table)?))
        };
        found.map(seen).transpose()
    }

    async fn see_roster(&self, file: &str, serial: u64, sha256: &[u8; 32]) -> Result<(), StoreError> {
        let serial = i64::try_from(serial).map_err(|_| StoreError::Corrupt { table: "roster_seen" })?;
        let query = sqlx::query(sql::SEE_ROSTER).bind(file.to_owned()).bind(serial).bind(sha256.to_vec());
        query.execute(&self.pool).await.map(|_| ()).map_err(unavailable)
    }

    async fn last_day(&self) -> Result<Option<Day>, StoreError> {
        let found: (Option<i32>,) = sqlx::query_as(sql::LAST_DAY).fetch_one(&self.pool).await.map_err(unavailable)?;
        found.0.map(|number| day(number, "meta")).transpose()
    }

    async fn ping(&self) -> Result<(), StoreError> {
        sqlx::query_as::<DB, (i64,)>(sql::SCHEMA).fetch_one(&self.pool).await.map(|_| ()).map_err(unavailable)
    }
}
