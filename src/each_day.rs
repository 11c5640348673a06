//! What a running server does once a day.
use std::{fmt::Display, sync::Mutex, time::Duration};

use crate::{clock::Clock, domain::day::Day};

/// How often the server asks which day it is, and tries again what failed.
const LOOK: Duration = Duration::from_hours(1);

/// The day on which this process last did a job, for whoever watches the machine.
#[derive(Debug, Default)]
pub(crate) struct LastDone(Mutex<Option<Day>>);

impl LastDone {
    /// It was done on a day.
    pub(crate) fn on(&self, day: Day) {
        if let Ok(mut last) = self.0.lock() {
            *last = Some(day);
        }
    }

    /// `None` since the start.
    pub(crate) fn day(&self) -> Option<Day> {
        self.0.lock().ok().and_then(|last| *last)
    }
}

/// Does a job once on each day, for as long as the server runs. A fault is logged as `failed` says, and tried again an hour later.
pub(crate) async fn each_day<E: Display>(clock: Clock, failed: &'static str, job: impl AsyncFn() -> Result<(), E>) {
    let mut done: Option<Day> = None;
    loop {
        let today = clock.today();
        if done != Some(today) {
            match job().await {
                Ok(()) => done = Some(today),
                Err(error) => tracing::warn!("{failed}: {error}"),
            }
        }
        tokio::time::sleep(LOOK).await;
    }
}
