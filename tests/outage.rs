//! Knocked over while it works: a full disk, a database that is locked or killed, a payload folder that cannot be written, a second server
//! that is killed. It is the real program on both databases, and each test ends with the same look: [`support::whole::Struck::is_whole`].
#![cfg(all(target_os = "linux", feature = "server", feature = "desk"))]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]
mod support;

#[path = "outage/database.rs"]
mod database;
#[path = "outage/desk.rs"]
mod desk;
#[path = "outage/disk.rs"]
mod disk;
#[path = "outage/papers.rs"]
mod papers;
#[path = "outage/two.rs"]
mod two;
