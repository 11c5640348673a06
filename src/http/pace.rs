//! How slowly a body may arrive. Whoever trickles is cut off, and nobody else waits for them.
use std::time::Duration;

use actix_web::{
    dev::Payload,
    error::PayloadError,
    web::{Bytes, BytesMut},
};
use futures_util::{Stream, StreamExt, stream};
use tokio::time::{Instant, timeout_at};

use crate::config::Pace;

/// The same body, ending in an error where its sender falls behind: silent for too long, below the lowest average rate after
/// the first grace, or past the total time.
pub(crate) fn paced(body: Payload, pace: Pace) -> Payload {
    let start = Instant::now();
    let chunks = stream::unfold(Some((body, 0_u64)), move |state| async move {
        let (mut body, before) = state?;
        match timeout_at(deadline(&pace, start, before), body.next()).await {
            Ok(None) => None,
            Ok(Some(Ok(chunk))) => {
                let so_far = before.saturating_add(chunk.len() as u64);
                Some((Ok(copied(&chunk)), Some((body, so_far))))
            }
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
