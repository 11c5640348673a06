//! The server. Arguments and a match; everything else is in the library.
use std::{alloc::System, error::Error, path::PathBuf, process::ExitCode};

use clap::Parser;
use meldkluis::{
    backup,
    check::{UNCONFINED, check},
    clock::Clock,
    config::Config,
    confine::{confine, confine_with},
    domain::day::Day,
    http, log, nightly, notify, retention, roster_cli, server, show,
};
use zeroizing_alloc::ZeroAlloc;

/// Whatever is freed is overwritten: connections, forms and pages hold what a person wrote.
#[global_allocator]
static MEMORY: ZeroAlloc<System> = ZeroAlloc(System);

/// Anonymous integrity reporting.
#[derive(Parser)]
#[command(version)]
enum Arguments {
    /// Serves the intake and the readers' API.
    Serve(Settings),
    /// Asks what it needs and makes settings, keys, torrc, units and a first roster. Run again when the roster is signed, it tries all of it.
    #[cfg(unix)]
    Setup(meldkluis::setup::Places),
    /// Checks settings, credentials, roster and store, and serves nothing.
    Check(Settings),
    /// Destroys closed cases whose retention has ended.
    Purge(Settings),
    /// Says which day it is, after the machine's clock was wrong: then the service starts again, and destroys what is due.
    Clock {
        #[command(flatten)]
        settings: Settings,
        /// The day by a calendar: 2026-12-31. The machine's clock must say the same.
        #[arg(long, value_parser = day)]
        today: Day,
    },
    /// Writes rows and files of the day anew, so that the disk does not tell in which order they came. `serve` does so by itself; this is
    /// for a timer, beside a PostgreSQL database.
    Nightly(Settings),
    /// Copies everything but the keys, while the server serves. Nothing in it can be read without a reader's key.
    Backup {
        #[command(flatten)]
        settings: Settings,
        /// The folder of the backups: each is a folder of its own there, and goes when it is older than `backup_days`.
        #[arg(long)]
        to: PathBuf,
    },
    /// Puts a backup into an empty data folder, and destroys again what was destroyed since.
    Restore {
        #[command(flatten)]
        settings: Settings,
        #[command(flatten)]
        what: backup::From,
    },
    /// Sends the notices that are due today. `serve` does so by itself; this is for a timer, beside a PostgreSQL database.
    Notify(Settings),
    /// Explains, verifies and compares roster files.
    #[command(subcommand)]
    Roster(roster_cli::Command),
    /// Makes or finds an example deployment and serves it on loopback.
    #[cfg(feature = "desk")]
    Demo {
        /// The folder of the example.
        #[arg(long, default_value = "./demo")]
        data: PathBuf,
        /// The address to serve on; loopback only.
        #[arg(long, default_value = "127.0.0.1:8080")]
        listen: std::net::SocketAddr,
    },
}

#[derive(clap::Args)]
struct Settings {
    /// The settings file.
    #[arg(long, default_value = "/etc/meldkluis/meldkluis.toml")]
    config: PathBuf,
}

fn day(text: &str) -> Result<Day, String> {
    Day::parse(text).ok_or_else(|| "write a day like this: 2026-12-31".to_owned())
}

type Done = Result<String, Box<dyn Error>>;

fn main() -> ExitCode {
    log::start();
    show::ended("meldkluis", run(Arguments::parse()))
}

fn run(arguments: Arguments) -> Done {
    let load = |settings: &Settings| Config::load(&settings.config);
    match arguments {
        Arguments::Serve(s) => confined(load(&s)?, async |app, missing| {
            warn(&missing);
            http::serve(app).await?;
            Ok("Stopped.".to_owned())
        }),
        #[cfg(unix)]
        Arguments::Setup(places) => {
            let (input, output) = (std::io::stdin().lock(), std::io::stdout());
            meldkluis::setup::run(&places, Clock::System.today(), input, output).map_err(Into::into)
        }
        Arguments::Check(s) => {
            let config = load(&s)?;
            let missing = confine(&config);
            on_its_own(check(config, Clock::System, &missing))
        }
        Arguments::Purge(s) => confined(load(&s)?, async |app, _| {
            let done = retention::purge(&app).await?;
            Ok(format!("{} case(s) destroyed, with {} item(s), {} of them files.", done.cases, done.items, done.files))
        }),
        Arguments::Clock { settings, today } => {
            let config = load(&settings)?;
            confine(&config);
            on_its_own(server::set_day(&config, Clock::System, today))?;
            Ok(format!("{today} is the last day that was seen."))
        }
        Arguments::Nightly(s) => confined(load(&s)?, async |app, _| {
            nightly::pass(&app).await.map_err(|error| error.with_cause())?;
            Ok("The nightly pass is done.".to_owned())
        }),
        Arguments::Backup { settings, to } => {
            let config = Config::without_keys(&settings.config)?;
            std::fs::create_dir_all(&to).map_err(|e| format!("{}: {e}", to.display()))?;
            confine_with(&config, &[], std::slice::from_ref(&to));
            let made = on_its_own(backup::make(&config, &to, Clock::System))?;
            let unmarked = made.unmarked.map(|error| {
                format!(
                    " The journal {} has no mark of it ({error}): a restore cannot tell a journal of before this backup from one that went \
                     on. Let this program write there, and make another.",
                    config.journal().display()
                )
            });
            Ok(format!(
                "{}: {} payload(s), {} bytes; {} older backup(s) removed. Not in it: the keys k1, k2 and form, settings and roster.{}",
                made.folder.display(),
                made.payloads,
                made.bytes,
                made.removed,
                unmarked.unwrap_or_default()
            ))
        }
        Arguments::Restore { settings, what } => {
            let config = load(&settings)?;
            let read: Vec<PathBuf> = what.journal.iter().chain([&what.from]).cloned().collect();
            confine_with(&config, &read, &[]);
            let done = on_its_own(backup::restore(&config, &what, Clock::System))?;
            let told =
                done.told_until.map_or("of no destruction".to_owned(), |day| format!("of destructions until {day}"));
            Ok(format!(
                "The backup of {} is restored: {} case(s). Destroyed again: {}; readers taken out again: {}. The journals tell {told}. \
                 What came after the backup is lost.",
                done.day, done.cases, done.destroyed, done.left
            ))
        }
        Arguments::Notify(s) => confined(load(&s)?, async |app, _| {
            Ok(match notify::send_due(&app).await? {
                Some(outcome) => format!("{} notice(s) sent, {} failed.", outcome.sent, outcome.failed),
                None => "No notices are due: none are set, this is no fixed day, or they went out before.".to_owned(),
            })
        }),
        Arguments::Roster(command) => roster_cli::run(&command, Clock::System.today()).map_err(Into::into),
        #[cfg(feature = "desk")]
        Arguments::Demo { data, listen } => {
            let config = meldkluis::demo::make_or_find(&data, listen)?;
            let guide = meldkluis::demo::guide(&data, &config)?;
            confined(config, async |app, missing| {
                warn(&missing);
                let server = http::bound(app)?;
                show::print(&guide)?;
                server.run().await?;
                Ok("Stopped.".to_owned())
            })
        }
    }
}

/// Does something with the prepared server, in a process that confined itself before it had a second thread.
fn confined(config: Config, act: impl AsyncFnOnce(http::App, Vec<String>) -> Done) -> Done {
    let missing = confine(&config);
    actix_web::rt::System::new().block_on(async { act(server::prepare(config, Clock::System).await?, missing).await })
}

fn on_its_own<T, E>(act: impl Future<Output = Result<T, E>>) -> Result<T, E> {
    actix_web::rt::System::new().block_on(act)
}

fn warn(missing: &[String]) {
    if !missing.is_empty() {
        tracing::warn!("{UNCONFINED}: {}", missing.join(", "));
    }
}
