//! From rows to what they stand for; a row that we would not have written is refused.
use uuid::Uuid;

use super::{Payload, SeenKey, SlotRow, StoreError};
use crate::domain::{
    case::{Case, CaseState},
    day::Day,
    id::{CaseId, ItemId, OrgId},
    log::{Head, Writer},
};

pub(super) type CaseColumns = (Uuid, Vec<u8>, String, i32, i32, Option<i32>, i16);
pub(super) type SlotColumns = (Vec<u8>, Vec<u8>, Option<i32>, Vec<u8>);
/// A case's columns, an item's id, a slot's columns.
#[rustfmt::skip]
pub(super) type InboxColumns =
    (Uuid, Vec<u8>, String, i32, i32, Option<i32>, i16, Uuid, Vec<u8>, Vec<u8>, Option<i32>, Vec<u8>);
/// An item's id, a slot's columns.
pub(super) type ItemSlotColumns = (Uuid, Vec<u8>, Vec<u8>, Option<i32>, Vec<u8>);
/// A case's columns, an item's payload.
pub(super) type CaseItemColumns = (Uuid, Vec<u8>, String, i32, i32, Option<i32>, i16, Option<Vec<u8>>);

pub(super) fn case((id, lookup, org, filed, due, destroy_after, state): CaseColumns) -> Result<Case, StoreError> {
    let table = "case";
    Ok(Case {
        id: CaseId::from_uuid(id),
        lookup: hash(&lookup, table)?,
        org: OrgId::parse(&org).ok_or(StoreError::Corrupt { table })?,
        filed: day(filed, table)?,
        due: day(due, table)?,
        destroy_after: destroy_after.map(|number| day(number, table)).transpose()?,
        state: CaseState::from_number(state).ok_or(StoreError::Corrupt { table })?,
    })
}

pub(super) fn slot((mailbox, tag, release, header): SlotColumns) -> Result<SlotRow, StoreError> {
    let table = "slot";
    Ok(SlotRow {
        mailbox: hash(&mailbox, table)?,
        tag: hash(&tag, table)?,
        release: release.map(|number| day(number, table)).transpose()?,
        header,
    })
}

pub(super) fn inbox(columns: InboxColumns) -> Result<(Case, ItemId, SlotRow), StoreError> {
    let (id, lookup, org, filed, due, destroy_after, state, item, mailbox, tag, release, header) = columns;
    let case = case((id, lookup, org, filed, due, destroy_after, state))?;
    Ok((case, ItemId::from_uuid(item), slot((mailbox, tag, release, header))?))
}

pub(super) fn item_slot(columns: ItemSlotColumns) -> Result<(ItemId, SlotRow), StoreError> {
    let (item, mailbox, tag, release, header) = columns;
    Ok((ItemId::from_uuid(item), slot((mailbox, tag, release, header))?))
}

pub(super) fn case_item(columns: CaseItemColumns) -> Result<(Case, Payload), StoreError> {
    let (id, lookup, org, filed, due, destroy_after, state, payload) = columns;
    let case = case((id, lookup, org, filed, due, destroy_after, state))?;
    Ok((case, payload.map_or(Payload::Blob, Payload::Inline)))
}

pub(super) fn seen((serial, sha256): (i64, Vec<u8>)) -> Result<(u64, [u8; 32]), StoreError> {
    let table = "roster_seen";
    let serial = u64::try_from(serial).map_err(|_| StoreError::Corrupt { table })?;
    Ok((serial, hash(&sha256, table)?))
}

pub(super) fn reader_seen((reader, number): (Vec<u8>, i32)) -> Result<(SeenKey, Day), StoreError> {
    let table = "reader_seen";
    Ok((hash(&reader, table)?, day(number, table)?))
}

pub(super) fn log_head((length, hash_bytes): (i64, Vec<u8>)) -> Result<Head, StoreError> {
    let table = "log";
    let length = u64::try_from(length).map_err(|_| StoreError::Corrupt { table })?;
    Ok(Head { length, hash: hash(&hash_bytes, table)? })
}

pub(super) fn record((writer, sealed): (i16, Vec<u8>)) -> Result<(Writer, Vec<u8>), StoreError> {
    Ok((Writer::from_number(writer).ok_or(StoreError::Corrupt { table: "log" })?, sealed))
}

pub(super) fn away((reader, number): (Vec<u8>, i32)) -> Result<(SeenKey, Day), StoreError> {
    let table = "away";
    Ok((hash(&reader, table)?, day(number, table)?))
}

pub(super) fn mailbox((mailbox,): (Vec<u8>,)) -> Result<[u8; 32], StoreError> {
    hash(&mailbox, "slot")
}

pub(super) fn day(number: i32, table: &'static str) -> Result<Day, StoreError> {
    Day::from_number(number).ok_or(StoreError::Corrupt { table })
}

/// The sure day, from the one row that has it.
pub(super) fn last_day(found: Vec<(Option<i32>,)>) -> Result<Option<Day>, StoreError> {
    found.into_iter().find_map(|(number,)| number).map(|number| day(number, "meta")).transpose()
}

fn hash(bytes: &[u8], table: &'static str) -> Result<[u8; 32], StoreError> {
    bytes.try_into().map_err(|_| StoreError::Corrupt { table })
}

pub(super) fn items(ids: Vec<(Uuid,)>) -> Vec<ItemId> {
    ids.into_iter().map(|(id,)| ItemId::from_uuid(id)).collect()
}
