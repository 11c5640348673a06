//! What every store must do, on both databases; and what is kept in clear.
#![cfg(feature = "server")]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
#[path = "store/base.rs"]
mod base;
#[path = "store/blobs.rs"]
mod blobs;
#[path = "store/cases.rs"]
mod cases;
#[path = "store/columns.rs"]
mod columns;
#[path = "store/days.rs"]
mod days;
#[path = "store/journal.rs"]
mod journal;
#[path = "store/leases.rs"]
mod leases;
#[path = "store/leave.rs"]
mod leave;
#[path = "store/log.rs"]
mod log;
#[cfg(unix)]
#[path = "store/moving.rs"]
mod moving;
#[path = "store/nightly.rs"]
mod nightly;
#[path = "store/opened.rs"]
mod opened;
#[path = "support/postgres.rs"]
#[expect(clippy::expect_used, dead_code, reason = "a test that uses a part")]
mod postgres;
#[path = "store/seen.rs"]
mod seen;
