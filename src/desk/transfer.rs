//! What takes long: progress on a terminal.
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Bytes below which nothing is drawn.
const SHORT: u64 = 4 << 20;

/// A progress bar on standard error, for what takes long, on a terminal only.
pub(super) fn bar(length: u64, what: &'static str) -> ProgressBar {
    let target = if length < SHORT { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
    let bar = ProgressBar::with_draw_target(Some(length), target);
    if let Ok(style) = ProgressStyle::with_template("{msg} {bar:30} {bytes}/{total_bytes} {eta}") {
        bar.set_style(style);
    }
    bar.set_message(what);
    bar
}
