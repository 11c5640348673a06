//! A fresh database, and rows to put in it.
use std::{
    path::PathBuf,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
};

use meldkluis::{
    clock::Clock,
    domain::{
        case::{Case, CaseState},
        day::Day,
        id::{CaseId, ItemId, OrgId},
    },
    journal::Journal,
    store::{NewItem, Opening, Payload, SlotRow, Store, connect},
};
use sqlx::{Connection, PgConnection, SqliteConnection};
use uuid::Uuid;

use crate::postgres::Postgres;

/// Stamps each test for both databases.
macro_rules! on_both {
    ($($(#[$doc:meta])* async fn $name:ident($base:ident) $body:block)*) => { $(
        $(#[$doc])*
        mod $name {
            use super::*;
            async fn run($base: crate::base::Base) $body
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() { run(crate::base::Base::sqlite()).await }
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() { run(crate::base::Base::postgres()).await }
        }
    )* };
}
pub(crate) use on_both;

/// One cluster for all tests here; a static is never dropped, and the watchdog knows that.
fn fresh_postgres() -> String {
    static CLUSTER: OnceLock<Postgres> = OnceLock::new();
    static DATABASES: AtomicU64 = AtomicU64::new(0);
    let name = format!("test{}", DATABASES.fetch_add(1, Ordering::Relaxed));
    CLUSTER.get_or_init(Postgres::start).database(&name)
}

/// One empty database.
pub(crate) struct Base {
    pub(crate) url: String,
    pub(crate) folder: tempfile::TempDir,
    pub(crate) journal: tempfile::TempDir,
}

impl Base {
    pub(crate) fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            url: format!("sqlite:{}", folder.path().join("store.db").display()),
            folder,
            journal: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn postgres() -> Self {
        Self { url: fresh_postgres(), folder: tempfile::tempdir().unwrap(), journal: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn is_sqlite(&self) -> bool {
        self.url.starts_with("sqlite:")
    }

    pub(crate) async fn open(&self) -> Arc<dyn Store> {
        connect(&self.url, self.journal()).await.unwrap()
    }

    pub(crate) fn journal(&self) -> Journal {
        Journal::open(self.journal.path(), Clock::System).unwrap()
    }

    pub(crate) async fn raw_sqlite(&self) -> SqliteConnection {
        SqliteConnection::connect(&self.url).await.unwrap()
    }

    pub(crate) async fn raw_postgres(&self) -> PgConnection {
        PgConnection::connect(&self.url).await.unwrap()
    }

    /// Runs a statement behind the store's back.
    pub(crate) async fn tamper(&self, statement: &'static str) {
        if self.is_sqlite() {
            sqlx::query(statement).execute(&mut self.raw_sqlite().await).await.unwrap();
        } else {
            sqlx::query(statement).execute(&mut self.raw_postgres().await).await.unwrap();
        }
    }

    pub(crate) async fn count(&self, query: &'static str) -> i64 {
        if self.is_sqlite() {
            sqlx::query_scalar(query).fetch_one(&mut self.raw_sqlite().await).await.unwrap()
        } else {
            sqlx::query_scalar(query).fetch_one(&mut self.raw_postgres().await).await.unwrap()
        }
    }

    /// Rows in all tables that hold anything of a case.
    pub(crate) async fn rows(&self) -> i64 {
        self.count(
            r#"select (select count(*) from "case") + (select count(*) from item) + (select count(*) from slot)
               + (select count(*) from pending)"#,
        )
        .await
    }

    pub(crate) fn blob_folder(&self) -> PathBuf {
        self.folder.path().join("blobs")
    }
}

pub(crate) fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

/// A slot with another day, and another tag.
pub(crate) fn released(_: &ItemId, slot: SlotRow, day: Day) -> SlotRow {
    SlotRow { release: Some(day), tag: hash(), ..slot }
}

/// Somebody opened a slot, and nobody before.
pub(crate) fn opening(tag: [u8; 32], served: Day) -> Opening<'static> {
    Opening { tag, served, released: &released, opened: &|_, _| false }
}

/// 32 bytes that were not there before.
pub(crate) fn hash() -> [u8; 32] {
    static LAST: AtomicU64 = AtomicU64::new(0);
    let mut bytes = [7; 32];
    bytes[..8].copy_from_slice(&LAST.fetch_add(1, Ordering::Relaxed).to_be_bytes());
    bytes
}

pub(crate) fn item_id() -> ItemId {
    ItemId::from_uuid(Uuid::new_v4())
}

pub(crate) fn case() -> Case {
    Case {
        id: CaseId::from_uuid(Uuid::new_v4()),
        lookup: hash(),
        org: OrgId::parse("bzk").unwrap(),
        filed: day("2026-11-24"),
        due: day("2026-12-01"),
        destroy_after: None,
        state: CaseState::Unopened,
    }
}

pub(crate) fn slot() -> SlotRow {
    SlotRow { mailbox: hash(), tag: hash(), release: None, header: b"age-encryption.org/v1 a slot".to_vec() }
}

pub(crate) fn item() -> NewItem {
    NewItem {
        id: item_id(),
        slots: vec![slot(), slot()],
        aside: None,
        readers: Vec::new(),
        payload: Payload::Inline(b"sealed".to_vec()),
        most: 1000,
    }
}

pub(crate) fn file_item() -> NewItem {
    NewItem { payload: Payload::Blob, ..item() }
}

/// Slots as they come back: in the order of their mailboxes.
pub(crate) fn sorted(mut slots: Vec<SlotRow>) -> Vec<SlotRow> {
    slots.sort_by_key(|slot| slot.mailbox);
    slots
}
