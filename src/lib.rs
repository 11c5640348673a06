//! Meldkluis: anonymous integrity reporting, sealed to the readers the reporter was shown.
//!
//! The map of the crate, in the order data flows:
//!
//! 1. [`domain`]: pure rules. Days, ids, roster, routing, case states. No I/O, clock or randomness.
//! 2. [`seal`]: the one door. The only module that sees what a person wrote.
//! 3. `post` and `store`: sealed items, slots and the few columns in clear, on SQLite or PostgreSQL.
//! 4. `http`: reporter pages and the readers' API; [`proxy`] reads what Tor says of a connection, `form` and `upload` what a reporter sends.
//! 5. `retention` and `nightly`: once a day, what is destroyed, and what is written anew so that nothing tells its order.
//! 6. `notify`: mail by calendar to readers who stayed away; it knows of no report.
//! 7. `desk`: the readers' client; opening for readers happens there and nowhere else.
//!
//! A report runs straight: form, [`domain::routing`], [`seal`], `store`, receipt. Nothing goes back.
pub mod api_types;
#[cfg(feature = "server")]
pub mod backup;
pub mod bundle;
#[cfg(feature = "server")]
pub mod check;
pub mod clock;
#[cfg(feature = "server")]
pub mod config;
#[cfg(feature = "server")]
pub mod confine;
#[cfg(all(feature = "server", feature = "desk"))]
pub mod demo;
#[cfg(feature = "desk")]
pub mod desk;
pub mod domain;
#[cfg(feature = "server")]
mod each_day;
pub mod envelope;
#[cfg(any(feature = "server", fuzzing))]
#[cfg_attr(not(feature = "server"), expect(dead_code, reason = "the targets use a part of it"))]
mod form;
#[cfg(fuzzing)]
pub mod fuzzing;
#[cfg(feature = "server")]
pub mod http;
#[cfg(feature = "server")]
pub mod journal;
#[cfg(feature = "server")]
pub mod log;
#[cfg(feature = "server")]
pub mod nightly;
#[cfg(feature = "server")]
pub mod notify;
#[cfg(feature = "server")]
pub mod post;
#[cfg(any(feature = "server", feature = "desk"))]
mod private;
pub mod proxy;
#[cfg(any(feature = "server", feature = "desk"))]
mod replace;
#[cfg(feature = "server")]
pub mod retention;
#[cfg(feature = "server")]
pub mod roster_cli;
pub mod roster_files;
pub mod seal;
#[cfg(feature = "server")]
pub mod server;
#[cfg(all(feature = "server", unix))]
pub mod setup;
pub mod show;
#[cfg(feature = "server")]
pub mod store;
#[cfg(any(feature = "server", feature = "desk"))]
mod text;
#[cfg(feature = "upload")]
pub mod upload;
#[cfg(any(feature = "server", feature = "desk"))]
mod web;
