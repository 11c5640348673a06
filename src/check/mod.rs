//! `check`: tries all that a start needs, and what no start looks at: how long the certificate holds, and whom the files let in.
#[cfg(unix)]
mod modes;

use std::error::Error;

use crate::{
    clock::Clock,
    config::{Config, ConfigError, Https},
    domain::{day::Day, roster::Roster},
    http::certificate,
    notify,
    server::{StartError, files_of, prepare},
    store::StoreError,
};

/// From so many days before its end the roster is warned of.
const ROSTER_DAYS: i32 = 60;
/// And the certificate.
const CERTIFICATE_DAYS: i32 = 14;

/// What cannot be had of the kernel is said so.
pub const UNCONFINED: &str = "the process is confined, but not by";

/// Looks at everything that the settings name; returns what it says, doubts first. `missing` is what the process could not give up.
///
/// A server that runs on SQLite holds its database: beside it the rows are not looked at, and that is said. Fails where no server would
/// start, or nobody could reach it.
pub async fn check(config: Config, clock: Clock, missing: &[String]) -> Result<String, Box<dyn Error>> {
    let today = clock.today();
    let mut lines: Vec<String> = Vec::new();
    #[cfg(unix)]
    lines.extend(modes::doubts(&config));
    if let Some(https) = &config.https {
        lines.extend(holds(https, today)?);
    }
    let (security, copy) = (config.security.clone(), config.clone());
    let end = match prepare(config, clock).await {
        Ok(app) => {
            lines.extend(said(&app.config, &app.roster, today)?);
            "Settings, credentials, roster and store are in order."
        }
        Err(StartError::Store(StoreError::InUse)) => {
            lines.extend(said(&copy, &without_store(&copy, today)?, today)?);
            "Settings, credentials and roster are in order. A server is running and holds the store. Not looked at: whether the rows fit \
             the keys k1 and k2, the last day that was seen, and whether the roster follows the one that was served last. The server \
             looked at these when it started."
        }
        Err(error) => return Err(error.into()),
    };
    lines.extend(security.and_then(|security| security.doubt(today)));
    lines.extend(missing.iter().map(|what| format!("{UNCONFINED}: {what}")));
    lines.push(end.to_owned());
    Ok(lines.join("\n"))
}

/// Credentials and roster by themselves.
fn without_store(config: &Config, today: Day) -> Result<Roster, StartError> {
    let (_, anchor, files) = files_of(config)?;
    let (roster, _) = files.verify(&anchor, today, |_| None)?;
    config.allows(roster.mode)?;
    Ok(roster)
}

fn said(config: &Config, roster: &Roster, today: Day) -> Result<Vec<String>, notify::NoticeError> {
    let mut lines = notify::doubts(config, roster)?;
    let left = roster.expires.number() - today.number();
    if left <= ROSTER_DAYS {
        lines.push(format!(
            "Warning: the roster counts for {left} more days, until {}: sign the next serial.",
            roster.expires
        ));
    }
    Ok(lines)
}

/// Whether the certificate holds today, and its key belongs to it.
fn holds(https: &Https, today: Day) -> Result<Option<String>, ConfigError> {
    let wrong = |text: String| ConfigError::new(format!("[https]: {text}"));
    let Some((first, last)) = certificate(https).map_err(|error| wrong(error.to_string()))? else {
        return Err(wrong(format!(
            "no days can be read from {}: ask for a new certificate",
            https.certificate.display()
        )));
    };
    let file = https.certificate.display();
    if today < first {
        return Err(wrong(format!(
            "the certificate {file} counts from {first} on: use one that counts today, or set the clock right"
        )));
    }
    if last < today {
        return Err(wrong(format!("the certificate {file} ended on {last}: renew it")));
    }
    let left = last.number() - today.number();
    Ok((left <= CERTIFICATE_DAYS).then(|| format!("Warning: the certificate {file} ends on {last}: renew it.")))
}
