//! What takes long: progress on a terminal, and how slow a server may be.
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::DeskError;

/// Bytes below which nothing is drawn.
const SHORT: u64 = 4 << 20;
/// A server gives so many bytes in such a time, as long as it has something to give; the slowest Tor circuit does.
const LEAST: usize = 64 << 10;
const WHILE: Duration = Duration::from_mins(1);

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

/// How fast something arrives: a server that gives a byte now and then keeps nobody waiting for good.
pub(super) struct Pace {
    since: Instant,
    bytes: usize,
}

impl Pace {
    pub(super) fn new(now: Instant) -> Self {
        Self { since: now, bytes: 0 }
    }

    /// Takes note of what arrived. An error when that was too little for too long.
    pub(super) fn arrived(&mut self, bytes: usize, now: Instant) -> Result<(), DeskError> {
        self.bytes += bytes;
        if now.duration_since(self.since) < WHILE {
            return Ok(());
        }
        if self.bytes < LEAST {
            return Err(DeskError::known("desk-error-slow"));
        }
        *self = Self::new(now);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_arrives_slowly_is_waited_for_and_what_hardly_does_is_not() {
        let began = Instant::now();
        let after = |seconds| began + Duration::from_secs(seconds);
        let mut pace = Pace::new(began);
        assert!((1..600).all(|n| pace.arrived(2 << 10, after(n)).is_ok()), "2 KiB a second");
        let mut pace = Pace::new(began);
        assert!(pace.arrived(60 << 10, after(5)).is_ok() && pace.arrived(1, after(59)).is_ok());
        assert!(pace.arrived(1, after(61)).is_err(), "less than 64 KiB in a minute");
    }
}
