//! The one implementation of [`Store`], for both databases.
use std::{io, sync::Arc};

use async_trait::async_trait;
use sqlx::{ColumnIndex, Executor, FromRow, IntoArguments, Pool, Postgres, Sqlite};
use tokio::sync::Semaphore;
use uuid::Uuid;

use super::{
    ASIDE, Added, Filed, IsOpened, Move, NewItem, Opening, Payload, Room, SlotRow, Store, StoreError,
    dialect::Dialect,
    rows, sql, unavailable,
    writing::{Ask, AskFor, Kept, Writing, failed},
};
use crate::{
    domain::{
        case::{Case, CaseState},
        day::Day,
        id::{CaseId, ItemId, OrgId},
    },
    journal::Journal,
};

/// Opens `sqlite:PATH` or `postgres://…`, brings the schema up to date, and refuses one it does not know.
/// What it destroys it writes into the journal first.
pub async fn connect(url: &str, journal: Journal) -> Result<Arc<dyn Store>, StoreError> {
    match url.split_once(':') {
        Some(("sqlite", _)) => Ok(Arc::new(SqlStore::<Sqlite>::open(url, journal).await?)),
        Some(("postgres" | "postgresql", _)) => Ok(Arc::new(SqlStore::<Postgres>::open(url, journal).await?)),
        _ => Err(unavailable(io::Error::other("a database is sqlite:PATH or postgres://…"))),
    }
}

/// One database, and the lease of this server.
pub(super) struct SqlStore<DB: Dialect> {
    pub(super) pool: Pool<DB>,
    pub(super) lease: DB::Lease,
    pub(super) writers: Semaphore,
    pub(super) journal: Journal,
}

impl<DB> SqlStore<DB>
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
    async fn open(url: &str, journal: Journal) -> Result<Self, StoreError> {
        let (pool, lease) = DB::open(url).await?;
        let store = Self { pool, lease, writers: Semaphore::new(DB::WRITERS), journal };
        store.migrate().await?;
        Ok(store)
    }

    /// Not with sqlx's own table: it keeps the time of day.
    async fn migrate(&self) -> Result<(), StoreError> {
        let mut w = self.write().await?;
        w.run(sqlx::query(DB::MIGRATE_ALONE)).await?;
        let there: Option<(i64,)> = w.one(sqlx::query_as(DB::COUNT_META)).await?;
        let schema = if there == Some((0,)) { 0 } else { w.schema().await? };
        let known = usize::try_from(schema).ok().and_then(|done| DB::MIGRATIONS.get(done..));
        let missing = known.ok_or(StoreError::UnknownSchema(schema))?;
        for migration in missing {
            w.define(migration).await?;
        }
        if schema == 0 {
            w.run(sqlx::query(sql::NEW_META)).await?;
        }
        let newest = i64::try_from(DB::MIGRATIONS.len()).unwrap_or(i64::MAX);
        w.run(sqlx::query(sql::SET_SCHEMA).bind(newest)).await?;
        w.commit().await
    }

    /// The lease that an item's blob was announced under; inline, it needs none.
    async fn lease_for(&self, item: &NewItem) -> Result<i64, StoreError> {
        match item.payload {
            Payload::Inline(_) => Ok(0),
            Payload::Blob => DB::lease(&self.lease).await,
        }
    }

    /// Begins to write; dropped without [`Writing::commit`], nothing was written.
    pub(super) async fn write(&self) -> Result<Writing<'_, DB>, StoreError> {
        Writing::begin(&self.pool, &self.writers).await
    }

    /// One statement that writes.
    pub(super) async fn run(&self, ask: Ask<'_, DB>) -> Result<u64, StoreError> {
        let mut w = self.write().await?;
        let changed = w.run(ask).await?;
        w.commit().await?;
        Ok(changed)
    }

    pub(super) async fn one<T>(&self, ask: AskFor<'_, DB, T>) -> Result<Option<T>, StoreError>
    where
        T: for<'r> FromRow<'r, DB::Row> + Send + Unpin,
    {
        ask.fetch_optional(&self.pool).await.map_err(failed)
    }

    pub(super) async fn all<T>(&self, ask: AskFor<'_, DB, T>) -> Result<Vec<T>, StoreError>
    where
        T: for<'r> FromRow<'r, DB::Row> + Send + Unpin,
    {
        ask.fetch_all(&self.pool).await.map_err(failed)
    }
}

#[async_trait]
impl<DB> Store for SqlStore<DB>
where
    DB: Dialect,
    DB::Arguments: IntoArguments<DB>,
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
    usize: ColumnIndex<DB::Row>,
    i64: Kept<DB>,
    i32: Kept<DB>,
    Option<i32>: Kept<DB>,
    i16: Kept<DB>,
    String: Kept<DB>,
    Vec<u8>: Kept<DB>,
    Option<Vec<u8>>: Kept<DB>,
    Uuid: Kept<DB>,
{
    async fn file(&self, case: &Case, item: &NewItem) -> Result<Filed, StoreError> {
        let lease = self.lease_for(item).await?;
        let mut w = self.write().await?;
        let insert = sqlx::query(sql::INSERT_CASE)
            .bind(case.id.uuid())
            .bind(case.lookup.to_vec())
            .bind(case.org.as_str().to_owned())
            .bind(case.filed.number())
            .bind(case.due.number())
            .bind(case.destroy_after.map(Day::number))
            .bind(case.state.number());
        if w.run(insert).await? == 0 {
            return Ok(Filed::Already);
        }
        w.put(&case.id, item, lease, &item.slots.iter().collect::<Vec<_>>()).await?;
        w.commit().await?;
        Ok(Filed::New)
    }

    async fn case_by_lookup(&self, lookup: &[u8; 32]) -> Result<Option<Case>, StoreError> {
        let ask = sqlx::query_as(sql::CASE_BY_LOOKUP).bind(lookup.to_vec());
        self.one(ask).await?.map(rows::case).transpose()
    }

    async fn case(&self, id: &CaseId) -> Result<Option<Case>, StoreError> {
        self.one(sqlx::query_as(sql::CASE_BY_ID).bind(id.uuid())).await?.map(rows::case).transpose()
    }

    async fn add_item(
        &self,
        case: &CaseId,
        item: &NewItem,
        change: Option<Move>,
        today: Day,
    ) -> Result<Added, StoreError> {
        let lease = self.lease_for(item).await?;
        let mut w = self.write().await?;
        let there = w.holds(sqlx::query(DB::LOCK_CASE).bind(case.uuid())).await?;
        // Asked before the state is: sending again finds the case already moved.
        let owner: Option<(Uuid,)> = w.one(sqlx::query_as(sql::CASE_OF).bind(item.id.uuid())).await?;
        match owner {
            Some((owner,)) if owner == case.uuid() => return Ok(Added::Already),
            None if there => {}
            _ => return Err(StoreError::Conflict),
        }
        let (count,): (i64,) = w.one(sqlx::query_as(sql::COUNT_ITEMS).bind(case.uuid())).await?.unwrap_or_default();
        if usize::try_from(count).is_ok_and(|count| count >= item.most) {
            return Err(StoreError::Conflict);
        }
        let slots = w.kept_of(case, item, today).await?;
        w.put(case, item, lease, &slots).await?;
        if let Some(change) = change {
            let update = sqlx::query(sql::MOVE_CASE)
                .bind(change.state.number())
                .bind(change.due.number())
                .bind(change.destroy_after.map(Day::number))
                .bind(case.uuid())
                .bind(change.expected.number())
                .bind(change.expected_due.number());
            if w.run(update).await? == 0 {
                return Err(StoreError::Conflict);
            }
            if change.state.is_closed() {
                w.no_reserve(case).await?;
            }
        }
        w.commit().await?;
        Ok(Added::New)
    }

    async fn add_slot(&self, item: &ItemId, slot: &SlotRow, room: &Room<'_>) -> Result<Added, StoreError> {
        let mut w = self.write().await?;
        let owner: Option<(Uuid,)> = w.one(sqlx::query_as(sql::CASE_OF).bind(item.uuid())).await?;
        let (case,) = owner.ok_or(StoreError::Conflict)?;
        w.holds(sqlx::query(DB::LOCK_CASE).bind(case)).await?;
        // A reserve reader who is let in while the case is open has a slot that was set aside: this comes in its place.
        let aside = sqlx::query(sql::DELETE_ASIDE).bind(item.uuid()).bind(slot.mailbox.to_vec()).bind(ASIDE.number());
        if w.run(aside).await? == 1 {
            w.put_slot(item, slot).await?;
            w.commit().await?;
            return Ok(Added::New);
        }
        let same = sqlx::query(sql::HAS_SLOT).bind(item.uuid()).bind(slot.mailbox.to_vec());
        if w.holds(same).await? {
            return Ok(Added::Already);
        }
        if !w.fits(&CaseId::from_uuid(case), slot, room).await? {
            return Err(StoreError::Conflict);
        }
        let there = w.mailboxes(item).await?;
        if let Some(filler) = there.iter().find(|mailbox| room.filler.contains(mailbox)) {
            w.run(sqlx::query(sql::DELETE_SLOT).bind(item.uuid()).bind(filler.to_vec())).await?;
        } else if there.len() >= room.slots {
            return Err(StoreError::Conflict);
        }
        w.put_slot(item, slot).await?;
        w.commit().await?;
        Ok(Added::New)
    }

    async fn mark_opened(
        &self,
        case: &CaseId,
        (item, slot): (&ItemId, &SlotRow),
        opening: &Opening<'_>,
    ) -> Result<(), StoreError> {
        let mut w = self.write().await?;
        // Whoever goes meanwhile looks who else opened it.
        w.holds(sqlx::query(DB::LOCK_CASE).bind(case.uuid())).await?;
        let mark = sqlx::query(sql::MARK_SLOT).bind(opening.tag.to_vec()).bind(item.uuid());
        w.run(mark.bind(slot.mailbox.to_vec()).bind(slot.tag.to_vec())).await?;
        w.opened_by(case, (item, slot), opening).await?;
        w.commit().await
    }

    async fn release(&self, case: &CaseId, slots: &[(ItemId, SlotRow)]) -> Result<(), StoreError> {
        let mut w = self.write().await?;
        if !w.holds(sqlx::query(DB::LOCK_CASE).bind(case.uuid())).await? || w.opened(case).await? {
            return Err(StoreError::Conflict);
        }
        let mut released = 0;
        for (item, slot) in slots {
            let update = sqlx::query(sql::RELEASE).bind(slot.release.map(Day::number)).bind(slot.tag.to_vec());
            let update = update.bind(item.uuid()).bind(slot.mailbox.to_vec()).bind(case.uuid());
            released += w.run(update).await?;
        }
        if released > 0 { w.commit().await } else { Err(StoreError::Conflict) }
    }

    async fn items(&self, case: &CaseId) -> Result<Vec<ItemId>, StoreError> {
        self.all(sqlx::query_as(sql::ITEMS).bind(case.uuid())).await.map(rows::items)
    }

    async fn case_of(&self, item: &ItemId) -> Result<Option<CaseId>, StoreError> {
        let found: Option<(Uuid,)> = self.one(sqlx::query_as(sql::CASE_OF).bind(item.uuid())).await?;
        Ok(found.map(|(id,)| CaseId::from_uuid(id)))
    }

    async fn slots(&self, item: &ItemId) -> Result<Vec<SlotRow>, StoreError> {
        self.all(sqlx::query_as(sql::SLOTS).bind(item.uuid())).await?.into_iter().map(rows::slot).collect()
    }

    async fn payload(&self, item: &ItemId) -> Result<Option<Payload>, StoreError> {
        let found: Option<(Option<Vec<u8>>,)> = self.one(sqlx::query_as(sql::PAYLOAD).bind(item.uuid())).await?;
        Ok(found.map(|(payload,)| payload.map_or(Payload::Blob, Payload::Inline)))
    }

    async fn payload_bytes(&self, item: &ItemId) -> Result<Option<u64>, StoreError> {
        let found: Option<(Option<i64>,)> = self.one(sqlx::query_as(sql::PAYLOAD_BYTES).bind(item.uuid())).await?;
        Ok(found.and_then(|(bytes,)| u64::try_from(bytes?).ok()))
    }

    async fn inbox(&self, mailboxes: &[[u8; 32]], today: Day) -> Result<Vec<(Case, ItemId, SlotRow)>, StoreError> {
        let mut found = Vec::new();
        for some in mailboxes.chunks(sql::INBOX_WIDTH) {
            // The last mailbox again fills what is left of the statement's width.
            let padded = some.iter().chain(some.last().into_iter().cycle()).take(sql::INBOX_WIDTH);
            let ask = sqlx::query_as(sql::INBOX).bind(today.number());
            let ask = padded.fold(ask, |ask, mailbox| ask.bind(mailbox.to_vec()));
            for columns in self.all(ask).await? {
                found.push(rows::inbox(columns)?);
            }
        }
        found.sort_by_key(|(case, item, _)| (case.id, *item));
        Ok(found)
    }

    async fn slots_of_case(
        &self,
        case: &CaseId,
        mailbox: &[u8; 32],
        today: Day,
    ) -> Result<Vec<(ItemId, SlotRow)>, StoreError> {
        let ask = sqlx::query_as(sql::SLOTS_OF_CASE).bind(case.uuid()).bind(mailbox.to_vec()).bind(today.number());
        self.all(ask).await?.into_iter().map(rows::item_slot).collect()
    }

    async fn slot(&self, item: &ItemId, mailbox: &[u8; 32], today: Day) -> Result<Option<SlotRow>, StoreError> {
        let ask = sqlx::query_as(sql::SLOT).bind(item.uuid()).bind(mailbox.to_vec()).bind(today.number());
        self.one(ask).await?.map(rows::slot).transpose()
    }

    async fn item_with_case(&self, item: &ItemId) -> Result<Option<(Case, Payload)>, StoreError> {
        self.one(sqlx::query_as(sql::ITEM_WITH_CASE).bind(item.uuid())).await?.map(rows::case_item).transpose()
    }

    async fn filed_days(&self) -> Result<Vec<Day>, StoreError> {
        let days: Vec<(i32,)> = self.all(sqlx::query_as(sql::FILED_DAYS)).await?;
        days.into_iter().map(|(number,)| rows::day(number, "case")).collect()
    }

    async fn announce_blob(&self, item: &ItemId) -> Result<(), StoreError> {
        let lease = DB::lease(&self.lease).await?;
        let mut w = self.write().await?;
        w.run(sqlx::query(sql::ANNOUNCE).bind(item.uuid()).bind(lease)).await?;
        // Only now: an item added while the insert waited for its row is seen by this statement.
        let taken: Option<(Uuid,)> = w.one(sqlx::query_as(sql::CASE_OF).bind(item.uuid())).await?;
        if taken.is_some() {
            return Err(StoreError::Conflict);
        }
        w.commit().await
    }

    async fn abandon_blob(&self, item: &ItemId) -> Result<bool, StoreError> {
        let mine = DB::lease(&self.lease).await?;
        self.run(sqlx::query(sql::ABANDON).bind(-mine).bind(item.uuid()).bind(mine)).await.map(|changed| changed == 1)
    }

    async fn forget_blob(&self, item: &ItemId) -> Result<(), StoreError> {
        self.run(sqlx::query(sql::FORGET).bind(item.uuid())).await.map(drop)
    }

    async fn stranded_blobs(&self) -> Result<Vec<ItemId>, StoreError> {
        let mine = DB::lease(&self.lease).await?;
        let mut w = self.write().await?;
        let others: Vec<(i64,)> = w.all(sqlx::query_as(sql::OTHER_LEASES).bind(mine)).await?;
        for (other,) in others {
            if w.holds(sqlx::query(DB::LEASE_IS_DEAD).bind(other)).await? {
                w.run(sqlx::query(sql::CLAIM).bind(-mine).bind(other).bind(-other)).await?;
            }
        }
        let claimed = w.all(sqlx::query_as(sql::CLAIMED).bind(-mine)).await?;
        w.commit().await?;
        Ok(rows::items(claimed))
    }

    async fn destroy(&self, case: &CaseId) -> Result<Vec<ItemId>, StoreError> {
        self.remove(case, None).await
    }

    async fn withdraw(&self, case: &CaseId, opened: IsOpened<'_>) -> Result<Vec<ItemId>, StoreError> {
        self.remove(case, Some(opened)).await
    }
    async fn to_destroy(&self, today: Day) -> Result<Vec<CaseId>, StoreError> {
        let ask = sqlx::query_as(sql::TO_DESTROY).bind(CaseState::Closed.number()).bind(today.number());
        let due: Vec<(Uuid,)> = self.all(ask).await?;
        Ok(due.into_iter().map(|(id,)| CaseId::from_uuid(id)).collect())
    }

    async fn cases_of(&self, org: &OrgId) -> Result<Vec<Case>, StoreError> {
        self.all(sqlx::query_as(sql::CASES_OF).bind(org.as_str().to_owned()))
            .await?
            .into_iter()
            .map(rows::case)
            .collect()
    }

    async fn set_state(&self, case: &CaseId, from: CaseState, to: CaseState) -> Result<(), StoreError> {
        let change = sqlx::query(sql::SET_STATE).bind(to.number()).bind(case.uuid()).bind(from.number());
        if self.run(change).await? == 1 { Ok(()) } else { Err(StoreError::Conflict) }
    }

    async fn roster_seen(&self, file: &str) -> Result<Option<(u64, [u8; 32])>, StoreError> {
        self.one(sqlx::query_as(sql::ROSTER_SEEN).bind(file.to_owned())).await?.map(rows::seen).transpose()
    }

    async fn see_roster(&self, file: &str, serial: u64, sha256: &[u8; 32]) -> Result<(), StoreError> {
        let serial = i64::try_from(serial).map_err(|_| StoreError::Corrupt { table: "roster_seen" })?;
        self.run(sqlx::query(sql::SEE_ROSTER).bind(file.to_owned()).bind(serial).bind(sha256.to_vec())).await.map(drop)
    }

    async fn ping(&self) -> Result<i64, StoreError> {
        let found: Option<(i64,)> = self.one(sqlx::query_as(sql::SCHEMA)).await?;
        found.map(|(schema,)| schema).ok_or(StoreError::Corrupt { table: "meta" })
    }
}
