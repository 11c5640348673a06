//! How slowly a body may come, and how much may be done at once.
use std::num::NonZeroU32;

use serde::Deserialize;

use super::ConfigError;

/// The slowest sender that is waited for.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Pace {
    /// Seconds without a byte.
    pub silence_seconds: u64,
    /// Seconds at the start in which no rate is asked.
    pub grace_seconds: u64,
    /// Bytes a second, on average, after the grace. Tor is rarely below 20,000.
    pub bytes_per_second: u64,
    /// Seconds for the whole body.
    pub total_seconds: u64,
}

impl Default for Pace {
    fn default() -> Self {
        Self { silence_seconds: 60, grace_seconds: 60, bytes_per_second: 4096, total_seconds: 12 * 3600 }
    }
}

/// How much may be done at once. A limit on text is the last to be met: reading and writing go on where files are refused.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Codes tried a minute; every page of a mailbox is one.
    pub tries: Limit,
    /// Texts sent a minute: reports, requests for advice, and what is added to a case.
    pub texts: Limit,
    /// Reporters' files on their way at once.
    pub files: Limit,
    /// MiB of reporters' files a day.
    pub mebibytes: Limit,
}

/// One limit. All four are met at once, and come back evenly over the minute or the day.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// For one Tor circuit.
    pub circuit: NonZeroU32,
    /// For one code or case.
    pub case: NonZeroU32,
    /// For everybody together who comes by another listener than the onion one, where nobody is told apart.
    pub clear: NonZeroU32,
    /// For the whole service.
    pub service: NonZeroU32,
}

impl Limit {
    const fn of([circuit, case, clear, service]: [u32; 4]) -> Self {
        const fn some(number: u32) -> NonZeroU32 {
            match NonZeroU32::new(number) {
                Some(number) => number,
                None => NonZeroU32::MIN,
            }
        }
        Self { circuit: some(circuit), case: some(case), clear: some(clear), service: some(service) }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            tries: Limit::of([60, 120, 1200, 2400]),
            texts: Limit::of([10, 20, 600, 1200]),
            files: Limit::of([3, 3, 16, 24]),
            mebibytes: Limit::of([8 << 10, 8 << 10, 64 << 10, 128 << 10]),
        }
    }
}

impl Limits {
    /// What is one visitor's, or everybody's by one door, must leave something to others; and the largest file must fit in a day.
    pub(super) fn check(&self, max_file_bytes: u64) -> Result<(), ConfigError> {
        let day = self.mebibytes;
        if u64::from(day.circuit.min(day.case).min(day.clear).get()) <= max_file_bytes >> 20 {
            let text = "a file of max_file_bytes could never be sent: let circuit, case and clear be more than its MiB";
            return Err(ConfigError(format!("[limits.mebibytes]: {text}")));
        }
        let all = [("tries", self.tries), ("texts", self.texts), ("files", self.files), ("mebibytes", self.mebibytes)];
        for (name, limit) in all {
            if limit.circuit >= limit.service || limit.clear > limit.service {
                let text =
                    "circuit must be less than service, and clear no more: one visitor must not close it for all";
                return Err(ConfigError(format!("[limits.{name}]: {text}")));
            }
        }
        Ok(())
    }
}
