//! What the journal says is gone, and is there: a folder or database that was set back to an earlier day has it.
use std::collections::BTreeSet;

use async_trait::async_trait;
use sqlx::{ColumnIndex, Executor, IntoArguments};
use uuid::Uuid;

use super::{Blobs, Store, StoreError, dialect::Dialect, generic::SqlStore, rows, sql, writing::Kept};
use crate::{
    domain::id::{CaseId, ItemId},
    journal::{Mark, Marks},
};

/// The part of a store that goes through everything there is.
#[async_trait]
pub trait AllStore: Send + Sync {
    /// Every item and its case, by item.
    async fn all_items(&self) -> Result<Vec<(ItemId, CaseId)>, StoreError>;
    /// Every mailbox of every case, by case.
    async fn all_mailboxes(&self) -> Result<Vec<(CaseId, [u8; 32])>, StoreError>;
    /// Forgets that the nightly pass was done: the next one writes all rows anew.
    async fn pass_again(&self) -> Result<(), StoreError>;
}

#[async_trait]
impl<DB> AllStore for SqlStore<DB>
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
    async fn all_items(&self) -> Result<Vec<(ItemId, CaseId)>, StoreError> {
        let all: Vec<(Uuid, Uuid)> = self.all(sqlx::query_as(sql::ALL_ITEMS)).await?;
        Ok(all.into_iter().map(|(item, case)| (ItemId::from_uuid(item), CaseId::from_uuid(case))).collect())
    }

    async fn all_mailboxes(&self) -> Result<Vec<(CaseId, [u8; 32])>, StoreError> {
        let all: Vec<(Uuid, Vec<u8>)> = self.all(sqlx::query_as(sql::ALL_MAILBOXES)).await?;
        all.into_iter().map(|(case, mailbox)| Ok((CaseId::from_uuid(case), rows::mailbox((mailbox,))?))).collect()
    }

    async fn pass_again(&self) -> Result<(), StoreError> {
        self.run(sqlx::query(sql::NOT_REWRITTEN)).await.map(drop)
    }
}

/// Destroys the cases that the journal says were destroyed, of which it names every item; returns how many there were. An id that somebody
/// chose from a destroyed case, and added to another, destroys nothing: what is destroyed goes whole. At each start: whoever put a data folder or a
/// database back by other means than `restore` is served nothing of them either, and what a kill interrupted is done.
pub async fn destroy_again(store: &dyn Store, blobs: &Blobs, marks: &Marks) -> Result<usize, StoreError> {
    if marks.values().all(BTreeSet::is_empty) {
        return Ok(0);
    }
    let gone = |item: &ItemId| marks.values().any(|day| day.contains(&Mark::item(item)));
    let (mut cases, mut living) = (BTreeSet::new(), BTreeSet::new());
    for (item, case) in store.all_items().await? {
        if gone(&item) {
            cases.insert(case)
        } else {
            living.insert(case)
        };
    }
    cases.retain(|case: &CaseId| !living.contains(case));
    for case in &cases {
        for blob in store.destroy(case).await? {
            blobs.delete(&blob).await?;
            store.forget_blob(&blob).await?;
        }
    }
    Ok(cases.len())
}
