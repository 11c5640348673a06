//! The canary: an organisation of one reader that nobody sees, and a program that files, opens, answers and destroys.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]
mod support;

#[path = "canary/hidden.rs"]
mod hidden;
#[path = "canary/roster.rs"]
mod roster;
#[path = "canary/unit.rs"]
mod unit;
#[path = "canary/walk.rs"]
mod walk;
