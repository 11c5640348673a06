//! A case is opened: the reserve reader's slots are set aside, come back when the last goes who had opened it, and go when a second reader
//! opens what they had or it is closed. Nobody but the server has to do anything for that: it has the slots, and opens none of them.
use sqlx::{ColumnIndex, Executor, IntoArguments};
use uuid::Uuid;

use super::{
    NewItem, SlotRow, StoreError,
    dialect::Dialect,
    rows, sql,
    writing::{Kept, Writing},
};
use crate::domain::{
    case::CaseState,
    day::Day,
    id::{CaseId, ItemId},
};

/// The release day of a slot that was set aside.
pub const ASIDE: Day = Day::LAST;

/// Whether the slot of an item was opened.
pub type IsOpened<'a> = &'a (dyn Fn(&ItemId, &SlotRow) -> bool + Send + Sync);

/// The slot of an item, released on another day: its tag covers the day.
pub type Released<'a> = &'a (dyn Fn(&ItemId, SlotRow, Day) -> SlotRow + Send + Sync);

/// Somebody opened their slot.
pub struct Opening<'a> {
    /// The tag that says so.
    pub tag: [u8; 32],
    /// The day by which a slot that is served is released.
    pub served: Day,
    /// Gives a slot another day.
    pub released: Released<'a>,
    /// Whether a slot was opened.
    pub opened: IsOpened<'a>,
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
    /// An unopened case is opened: what is held back is set aside. In an open one it goes when a second reader opens what a first has.
    pub(super) async fn opened_by(
        &mut self,
        case: &CaseId,
        (item, slot): (&ItemId, &SlotRow),
        opening: &Opening<'_>,
    ) -> Result<(), StoreError> {
        let (from, to) = (CaseState::Unopened.number(), CaseState::Open.number());
        if self.run(sqlx::query(sql::SET_STATE).bind(to).bind(case.uuid()).bind(from)).await? == 1 {
            let held = |row: &SlotRow| row.release.is_some_and(|day| day > opening.served);
            return self.release_again(case, &held, (opening.released, ASIDE)).await;
        }
        if !self.has_aside(case).await? {
            return Ok(());
        }
        let others = self.slots_of_item(item).await?;
        let first = |other: &SlotRow| other.mailbox != slot.mailbox && (opening.opened)(item, other);
        if others.iter().any(first) { self.no_reserve(case).await } else { Ok(()) }
    }

    /// The slots of an item that is added, as they are kept: without who went, and for a reserve reader as what they had is kept.
    pub(super) async fn kept_of<'i>(
        &mut self,
        case: &CaseId,
        item: &'i NewItem,
        served: Day,
    ) -> Result<Vec<&'i SlotRow>, StoreError> {
        let opened = self.opened(case).await?;
        let gone = self.gone(case, &item.readers).await?;
        let aside = match &item.aside {
            Some(slot) if self.has_aside(case).await? => Some(slot),
            _ => None,
        };
        let late = |slot: &&SlotRow| opened && slot.release.is_some_and(|day| day > served);
        let kept = |slot: &'i SlotRow| match aside.filter(|aside| aside.mailbox == slot.mailbox) {
            None => Some(slot).filter(|slot| !late(slot)),
            aside => aside,
        };
        Ok(item.slots.iter().filter(|slot| !gone.contains(&slot.mailbox)).filter_map(kept).collect())
    }

    /// What was set aside is held back again, until a day.
    pub(super) async fn back_from_aside(
        &mut self,
        case: &CaseId,
        again: (Released<'_>, Day),
    ) -> Result<(), StoreError> {
        self.release_again(case, &|row| row.release == Some(ASIDE), again).await
    }

    /// Whether something of a case is set aside.
    async fn has_aside(&mut self, case: &CaseId) -> Result<bool, StoreError> {
        self.holds(sqlx::query(sql::ASIDE_OF).bind(case.uuid()).bind(ASIDE.number())).await
    }

    /// What was set aside goes.
    pub(super) async fn no_reserve(&mut self, case: &CaseId) -> Result<(), StoreError> {
        self.run(sqlx::query(sql::DROP_ASIDE).bind(case.uuid()).bind(ASIDE.number())).await.map(drop)
    }

    /// Whether a slot in one of some mailboxes was opened.
    pub(super) async fn anybody_opened(
        &mut self,
        case: &CaseId,
        counts: &(dyn Fn(&[u8; 32]) -> bool + Send + Sync),
        opened: IsOpened<'_>,
    ) -> Result<bool, StoreError> {
        let all = self.slots_of(case).await?;
        Ok(all.iter().any(|(item, slot)| counts(&slot.mailbox) && opened(item, slot)))
    }

    async fn release_again(
        &mut self,
        case: &CaseId,
        which: &(dyn Fn(&SlotRow) -> bool + Send + Sync),
        (released, day): (Released<'_>, Day),
    ) -> Result<(), StoreError> {
        for (item, slot) in self.slots_of(case).await?.into_iter().filter(|(_, slot)| which(slot)) {
            let slot = released(&item, slot, day);
            let update = sqlx::query(sql::RELEASE_AGAIN).bind(slot.release.map(Day::number)).bind(slot.tag.to_vec());
            self.run(update.bind(item.uuid()).bind(slot.mailbox.to_vec())).await?;
        }
        Ok(())
    }

    async fn slots_of(&mut self, case: &CaseId) -> Result<Vec<(ItemId, SlotRow)>, StoreError> {
        let mut found = Vec::new();
        let items: Vec<(Uuid,)> = self.all(sqlx::query_as(sql::ITEMS).bind(case.uuid())).await?;
        for item in rows::items(items) {
            found.extend(self.slots_of_item(&item).await?.into_iter().map(|slot| (item, slot)));
        }
        Ok(found)
    }

    /// An item's slots.
    pub(super) async fn slots_of_item(&mut self, item: &ItemId) -> Result<Vec<SlotRow>, StoreError> {
        let slots = self.all(sqlx::query_as(sql::SLOTS).bind(item.uuid())).await?;
        slots.into_iter().map(rows::slot).collect()
    }
}
