//! A reader goes from a case: filler comes in the place of every slot they had in it, so that the number of slots says nothing.
use async_trait::async_trait;
use sqlx::{ColumnIndex, Executor, IntoArguments};
use uuid::Uuid;

use super::{
    SlotRow, StoreError,
    dialect::Dialect,
    generic::SqlStore,
    rows, sql,
    writing::{Kept, Writing},
};
use crate::{
    domain::{
        case::CaseState,
        day::Day,
        id::{CaseId, ItemId},
    },
    journal::Mark,
};

/// Makes the filler for an item: it has these mailboxes, and the slot in whose place it comes was released on that day.
pub type MakeFiller<'a> = &'a (dyn Fn(&ItemId, &[[u8; 32]], Option<Day>) -> Option<SlotRow> + Send + Sync);

/// Whether the slot of an item was opened.
pub type IsOpened<'a> = &'a (dyn Fn(&ItemId, &SlotRow) -> bool + Send + Sync);

/// Whose slots of a case go, and who must stay.
pub struct Leaving<'a> {
    /// Their mailbox.
    pub mailbox: [u8; 32],
    /// Of these mailboxes, one at least has a slot that is served. `None`: nobody needs to stay.
    pub staying: Option<&'a [[u8; 32]]>,
    /// The day by which such a slot is released.
    pub served: Day,
    /// Makes what comes in their place.
    pub filler: MakeFiller<'a>,
    /// Whether a slot was opened by whose it is, and counts: see [`crate::post::PostKeys::is_opened`].
    pub opened: IsOpened<'a>,
}

/// The part of a store in which a reader goes from a case.
#[async_trait]
pub trait LeaveStore: Send + Sync {
    /// Replaces every slot of a reader in a case by filler, in one transaction; returns how many there were. An open case that they alone had
    /// opened is unopened again. [`StoreError::Conflict`] when nobody of those who must stay is there.
    async fn leave(&self, case: &CaseId, leaving: &Leaving<'_>) -> Result<usize, StoreError>;
}

#[async_trait]
impl<DB> LeaveStore for SqlStore<DB>
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
    async fn leave(&self, case: &CaseId, leaving: &Leaving<'_>) -> Result<usize, StoreError> {
        let mut w = self.write().await?;
        w.holds(sqlx::query(DB::LOCK_CASE).bind(case.uuid())).await?;
        let ask = sqlx::query_as(sql::MAILBOX_OF).bind(case.uuid()).bind(leaving.mailbox.to_vec());
        let theirs: Vec<(Uuid, Option<i32>)> = w.all(ask).await?;
        if theirs.is_empty() {
            return Ok(0);
        }
        // Asked with the case locked: of two who go at once, the second sees that the first has gone.
        if !w.somebody_stays(case, leaving).await? {
            return Err(StoreError::Conflict);
        }
        if w.nobody_else_opened(case, leaving).await? {
            let (from, to) = (CaseState::Open.number(), CaseState::Unopened.number());
            w.run(sqlx::query(sql::SET_STATE).bind(to).bind(case.uuid()).bind(from)).await?;
        }
        for (item, release) in &theirs {
            let release = release.map(|number| rows::day(number, "slot")).transpose()?;
            w.swap(&ItemId::from_uuid(*item), leaving, release).await?;
        }
        let marks = vec![Mark::left(case, &leaving.mailbox)];
        let last = rows::last_day(w.all(sqlx::query_as(sql::LAST_DAY)).await?)?;
        let day = self.note(&marks, last).await?;
        if let Err(error) = w.commit().await {
            // Whether somebody is still there only the database knows, and it may be away: who tries again leaves a mark again.
            self.take_back((day, marks)).await;
            return Err(error);
        }
        self.scrubbed().await?;
        Ok(theirs.len())
    }
}

impl<DB> Writing<'_, DB>
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
    async fn somebody_stays(&mut self, case: &CaseId, leaving: &Leaving<'_>) -> Result<bool, StoreError> {
        let Some(staying) = leaving.staying else { return Ok(true) };
        for mailbox in staying {
            let served = sqlx::query(sql::SERVED_OF).bind(case.uuid()).bind(mailbox.to_vec());
            if self.holds(served.bind(leaving.served.number())).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether who goes opened the case, and none of those who stay.
    async fn nobody_else_opened(&mut self, case: &CaseId, leaving: &Leaving<'_>) -> Result<bool, StoreError> {
        let mut by_leaver = false;
        let items: Vec<(Uuid,)> = self.all(sqlx::query_as(sql::ITEMS).bind(case.uuid())).await?;
        for item in rows::items(items) {
            let slots = self.all(sqlx::query_as(sql::SLOTS).bind(item.uuid())).await?;
            for slot in slots.into_iter().map(rows::slot).collect::<Result<Vec<_>, _>>()? {
                if (leaving.opened)(&item, &slot) {
                    if slot.mailbox != leaving.mailbox {
                        return Ok(false);
                    }
                    by_leaver = true;
                }
            }
        }
        Ok(by_leaver)
    }

    /// Filler in the place of the leaver's slot of an item.
    async fn swap(&mut self, item: &ItemId, leaving: &Leaving<'_>, release: Option<Day>) -> Result<(), StoreError> {
        let taken = self.mailboxes(item).await?;
        let no_filler = || super::unavailable(std::io::Error::other("no filler could be made"));
        let filler = (leaving.filler)(item, &taken, release).ok_or_else(no_filler)?;
        self.run(sqlx::query(sql::DELETE_SLOT).bind(item.uuid()).bind(leaving.mailbox.to_vec())).await?;
        self.put_slot(item, &filler).await
    }
}
