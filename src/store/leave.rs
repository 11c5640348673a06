//! A reader goes from a case: filler comes in the place of every slot they had in it, so that the number of slots says nothing.
use async_trait::async_trait;
use sqlx::{ColumnIndex, Executor, IntoArguments};
use uuid::Uuid;

use super::{
    IsOpened, Released, SlotRow, StoreError,
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

/// Makes the filler for an item: it has these mailboxes, and comes in the place of this slot.
pub type MakeFiller<'a> = &'a (dyn Fn(&ItemId, &[[u8; 32]], &SlotRow) -> Option<SlotRow> + Send + Sync);

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
    /// Gives a slot another day.
    pub released: Released<'a>,
    /// Until when the reserve reader's slots are held back when nobody of those who stay has opened the case.
    pub reserve: Day,
}

/// The part of a store in which a reader goes from a case.
#[async_trait]
pub trait LeaveStore: Send + Sync {
    /// Replaces every slot of a reader in a case by filler, in one transaction; returns how many there were. An open case that they alone had
    /// opened is unopened again, and its reserve reader is there again. [`StoreError::Conflict`] when nobody of those who must stay is there.
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
        let theirs: Vec<(Uuid,)> = w.all(ask).await?;
        if theirs.is_empty() {
            return Ok(0);
        }
        // Asked with the case locked: of two who go at once, the second sees that the first has gone.
        if !w.somebody_stays(case, leaving).await? {
            return Err(StoreError::Conflict);
        }
        if w.nobody_else_opened(case, leaving).await? {
            let (from, to) = (CaseState::Open.number(), CaseState::Unopened.number());
            if w.run(sqlx::query(sql::SET_STATE).bind(to).bind(case.uuid()).bind(from)).await? == 1 {
                w.back_from_aside(case, (leaving.released, leaving.reserve)).await?;
            }
        }
        for (item,) in &theirs {
            w.swap(&ItemId::from_uuid(*item), leaving).await?;
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
        let by = |mailbox: &[u8; 32]| *mailbox == leaving.mailbox;
        Ok(self.anybody_opened(case, &by, leaving.opened).await?
            && !self.anybody_opened(case, &|mailbox| !by(mailbox), leaving.opened).await?)
    }

    /// Filler in the place of the leaver's slot of an item.
    async fn swap(&mut self, item: &ItemId, leaving: &Leaving<'_>) -> Result<(), StoreError> {
        let slots = self.slots_of_item(item).await?;
        let taken: Vec<[u8; 32]> = slots.iter().map(|slot| slot.mailbox).collect();
        let Some(theirs) = slots.iter().find(|slot| slot.mailbox == leaving.mailbox) else { return Ok(()) };
        let no_filler = || super::unavailable(std::io::Error::other("no filler could be made"));
        let filler = (leaving.filler)(item, &taken, theirs).ok_or_else(no_filler)?;
        self.run(sqlx::query(sql::DELETE_SLOT).bind(item.uuid()).bind(leaving.mailbox.to_vec())).await?;
        self.put_slot(item, &filler).await
    }
}
