//! How slowly a body may arrive, and how much of all forms together is held. Whoever trickles is cut off, and nobody else waits for them.
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use actix_web::{
    dev::Payload,
    error::PayloadError,
    web::{Bytes, BytesMut},
};
use futures_util::{Stream, StreamExt, stream};
use tokio::time::{Instant, timeout_at};

use crate::config::Pace;

/// Bytes of forms on their way that are held at once, before longer ones are ended.
const FORMS: usize = 256 << 20;
/// A form of so many bytes is never ended for that: ten thousand characters of text, and all that was answered before.
const SHORT: usize = 32 << 10;

/// The bytes of all forms on their way. A form is held whole until it is there; a file is not.
#[derive(Clone, Debug, Default)]
pub(crate) struct Forms(Arc<AtomicUsize>);

/// The bytes of one.
pub(crate) struct Held {
    all: Forms,
    mine: usize,
}

impl Forms {
    /// Of one that begins.
    pub(crate) fn one(&self) -> Held {
        Held { all: self.clone(), mine: 0 }
    }
}

impl Held {
    /// So many bytes more; false when the form has to end.
    fn more(&mut self, bytes: usize) -> bool {
        self.mine += bytes;
        let all = self.all.0.fetch_add(bytes, Ordering::Relaxed) + bytes;
        self.mine <= SHORT || all <= FORMS
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.all.0.fetch_sub(self.mine, Ordering::Relaxed);
    }
}

/// The same body, ending in an error where its sender falls behind: silent for too long, below the lowest average rate after
/// the first grace, or past the total time. A form that is held ends as well when it is long and all of them together are too much.
pub(crate) fn paced(body: Payload, pace: Pace, held: Option<Held>) -> Payload {
    let start = Instant::now();
    let chunks = stream::unfold(Some((body, 0_u64, held)), move |state| async move {
        let (mut body, before, mut held) = state?;
        match timeout_at(deadline(&pace, start, before), body.next()).await {
            Ok(None) => None,
            Ok(Some(Ok(chunk))) if held.as_mut().is_none_or(|held| held.more(chunk.len())) => {
                let so_far = before.saturating_add(chunk.len() as u64);
                Some((Ok(copied(&chunk)), Some((body, so_far, held))))
            }
            Ok(Some(Ok(_))) => Some((Err(PayloadError::Io(std::io::ErrorKind::QuotaExceeded.into())), None)),
            Ok(Some(Err(error))) => Some((Err(error), None)),
            Err(_) => Some((Err(PayloadError::Io(std::io::ErrorKind::TimedOut.into())), None)),
        }
    });
    Payload::Stream { payload: boxed(chunks.fuse()) } // multipart asks again after the end
}

fn boxed(
    chunks: impl Stream<Item = Result<Bytes, PayloadError>> + 'static,
) -> std::pin::Pin<Box<dyn Stream<Item = Result<Bytes, PayloadError>>>> {
    Box::pin(chunks)
}

/// A chunk is a slice of the connection's buffer, which would stay in memory with it.
fn copied(chunk: &Bytes) -> Bytes {
    BytesMut::from(chunk.as_ref()).freeze()
}

/// When the next byte must have come.
fn deadline(pace: &Pace, start: Instant, so_far: u64) -> Instant {
    let owed = Duration::from_secs(pace.grace_seconds.saturating_add(so_far / pace.bytes_per_second.max(1)));
    let total = Duration::from_secs(pace.total_seconds);
    let silence = Instant::now() + Duration::from_secs(pace.silence_seconds);
    silence.min(start + owed.min(total))
}
