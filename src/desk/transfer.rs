//! What takes long: progress on a terminal, and how slow a server or a browser may be.
use std::{
    io::ErrorKind,
    time::{Duration, Instant},
};

use actix_web::{dev::Payload, error::PayloadError};
use futures_util::{StreamExt, stream};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use tokio::time::timeout;

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

/// The same body of a request, which ends in an error where its browser sends too little for too long. The desk is whoever's whose file it is until
/// that was read.
pub(super) fn paced(body: Payload) -> Payload {
    let chunks = stream::unfold(Some((body, None)), async |state: Option<(Payload, Option<Pace>)>| {
        let (mut body, pace) = state?;
        // Of the first that somebody waits for.
        let mut pace = pace.unwrap_or_else(|| Pace::new(Instant::now()));
        match timeout(WHILE, body.next()).await {
            Ok(None) => None,
            Ok(Some(Ok(chunk))) if pace.arrived(chunk.len(), Instant::now()).is_ok() => {
                Some((Ok(chunk), Some((body, Some(pace)))))
            }
            Ok(Some(Err(error))) => Some((Err(error), None)),
            Ok(Some(Ok(_))) | Err(_) => Some((Err(PayloadError::Io(ErrorKind::TimedOut.into())), None)),
        }
    });
    // A form asks again after the end.
    Payload::Stream { payload: Box::pin(chunks.fuse()) }
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
