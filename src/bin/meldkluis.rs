//! The server. Arguments and a match; everything else is in the library.
#[cfg(feature = "desk")]
use std::io::Write;
use std::{alloc::System, error::Error, path::PathBuf, process::ExitCode};

use clap::Parser;
use meldkluis::{clock::Clock, config::Config, http, log, notify, retention, roster_cli, server};
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
    /// Checks settings, credentials, roster and store, and serves nothing.
    Check(Settings),
    /// Destroys closed cases whose retention has ended.
    Purge(Settings),
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

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a program speaks to its operator")]
#[actix_web::main]
async fn main() -> ExitCode {
    log::start();
    match run(Arguments::parse()).await {
        Ok(text) => {
            println!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("meldkluis: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<String, Box<dyn Error>> {
    let load = |settings: &Settings| Config::load(&settings.config);
    Ok(match arguments {
        Arguments::Serve(s) => {
            http::serve(server::prepare(load(&s)?, Clock::System).await?).await?;
            "Stopped.".to_owned()
        }
        Arguments::Check(s) => {
            let app = server::prepare(load(&s)?, Clock::System).await?;
            let mut lines = notify::doubts(&app)?;
            lines.push("Settings, credentials, roster and store are in order.".to_owned());
            lines.join("\n")
        }
        Arguments::Purge(s) => {
            let app = server::prepare(load(&s)?, Clock::System).await?;
            let done = retention::purge(&app).await?;
            format!("{} case(s) destroyed, with {} item(s), {} of them files.", done.cases, done.items, done.files)
        }
        Arguments::Notify(s) => {
            let app = server::prepare(load(&s)?, Clock::System).await?;
            match notify::send_due(&app).await? {
                Some(outcome) => format!("{} notice(s) sent, {} failed.", outcome.sent, outcome.failed),
                None => "No notices are due: none are set, this is no fixed day, or they went out before.".to_owned(),
            }
        }
        Arguments::Roster(command) => roster_cli::run(&command, Clock::System.today())?,
        #[cfg(feature = "desk")]
        Arguments::Demo { data, listen } => {
            let config = meldkluis::demo::make_or_find(&data, listen)?;
            let app = server::prepare(config.clone(), Clock::System).await?;
            let server = http::bound(app)?;
            tell(&meldkluis::demo::guide(&data, &config)?);
            server.run().await?;
            "Stopped.".to_owned()
        }
    })
}

#[cfg(feature = "desk")]
fn tell(text: &str) {
    // Whoever stops reading has read enough: the server goes on.
    drop(writeln!(std::io::stdout(), "{text}"));
}
