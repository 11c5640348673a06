//! What may be logged: warnings of our own about certificates and stores. No request, no address, no time of day (promise 5).
use std::io::{IsTerminal, stderr};

use tracing::Level;
use tracing_subscriber::{Layer, filter::filter_fn, layer::SubscriberExt, util::SubscriberInitExt};

/// Writes our own warnings to standard error, without the time, in colour on a terminal alone. Libraries may name what a person did: theirs are left out.
pub fn start() {
    let ours = filter_fn(|line| line.target().starts_with("meldkluis") && *line.level() <= Level::WARN);
    let lines = tracing_subscriber::fmt::layer().without_time().with_target(false).with_writer(stderr);
    let lines = lines.with_ansi(stderr().is_terminal());
    // A second start in one process changes nothing.
    drop(tracing_subscriber::registry().with(lines.with_filter(ours)).try_init());
}
