//! The staff log: sealed records in a chain, one for each organisation. Nothing of it can be read here.
use async_trait::async_trait;
use sqlx::{ColumnIndex, Executor, IntoArguments};
use uuid::Uuid;

use super::{StoreError, dialect::Dialect, generic::SqlStore, rows, sql, writing::Kept};
use crate::domain::{
    id::OrgId,
    log::{Head, Writer, record_hash},
};

/// The part of a store that keeps the staff log.
#[async_trait]
pub trait LogStore: Send + Sync {
    /// Where the chain of an organisation stands; `start` before its first record.
    async fn log_head(&self, org: &OrgId, start: Head) -> Result<Head, StoreError>;
    /// Adds sealed records at the end, one behind the other; returns where the chain stands then.
    async fn append(&self, org: &OrgId, start: Head, records: &[(Writer, &[u8])]) -> Result<Head, StoreError>;
    /// The sealed records behind the first `after`, and whose they are, at most so many, in order.
    async fn records(&self, org: &OrgId, after: u64, most: u16) -> Result<Vec<(Writer, Vec<u8>)>, StoreError>;
}

#[async_trait]
impl<DB> LogStore for SqlStore<DB>
where
    DB: Dialect,
    DB::Arguments: IntoArguments<DB>,
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
    usize: ColumnIndex<DB::Row>,
    i64: Kept<DB>,
    i32: Kept<DB>,
    i16: Kept<DB>,
    Option<i32>: Kept<DB>,
    String: Kept<DB>,
    Vec<u8>: Kept<DB>,
    Option<Vec<u8>>: Kept<DB>,
    Uuid: Kept<DB>,
{
    async fn log_head(&self, org: &OrgId, start: Head) -> Result<Head, StoreError> {
        let last = self.one(sqlx::query_as(sql::LAST_RECORD).bind(org.as_str().to_owned())).await?;
        last.map_or(Ok(start), rows::log_head)
    }

    async fn append(&self, org: &OrgId, start: Head, records: &[(Writer, &[u8])]) -> Result<Head, StoreError> {
        let mut w = self.write().await?;
        w.holds(sqlx::query(DB::LOCK_LOG)).await?;
        let last = w.one(sqlx::query_as(sql::LAST_RECORD).bind(org.as_str().to_owned())).await?;
        let mut head = last.map_or(Ok(start), rows::log_head)?;
        for (writer, record) in records {
            head = head.after(&record_hash(*writer, record));
            let seq = i64::try_from(head.length).map_err(|_| StoreError::Corrupt { table: "log" })?;
            let insert = sqlx::query(sql::INSERT_RECORD).bind(org.as_str().to_owned()).bind(seq);
            w.run(insert.bind(head.hash.to_vec()).bind(record.to_vec()).bind(writer.number())).await?;
        }
        w.commit().await?;
        Ok(head)
    }

    async fn records(&self, org: &OrgId, after: u64, most: u16) -> Result<Vec<(Writer, Vec<u8>)>, StoreError> {
        let after = i64::try_from(after).unwrap_or(i64::MAX);
        let ask = sqlx::query_as(sql::RECORDS).bind(org.as_str().to_owned()).bind(after).bind(i64::from(most));
        self.all(ask).await?.into_iter().map(rows::record).collect()
    }
}
