//! The readers' program. Arguments and a match; everything else is in the library.
use std::process::ExitCode;

use clap::{CommandFactory, Parser, error::ErrorKind};
use meldkluis::{
    desk::{Browser, Command, DeskError, Opening, Options, canary, opening, run},
    show::{ended, ended_in_json, print},
};

/// Opens and answers reports on your own machine.
#[derive(Parser)]
#[command(version, after_help = EXAMPLES)]
struct Arguments {
    #[command(flatten)]
    options: Options,
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Begin with the page in your browser, where everything is explained:
  meldkluis-desk --server https://meldkluis.example.org --identity me.key open

The options above stand before the command, as --server and --identity here. What a command takes:
  meldkluis-desk help COMMAND";

#[tokio::main]
async fn main() -> ExitCode {
    let Arguments { options, command } = Arguments::parse();
    if options.identity.is_none() && !command.needs_no_keys() {
        let missing = "the following required arguments were not provided:\n  --identity <FILE>";
        Arguments::command().error(ErrorKind::MissingRequiredArgument, missing).exit();
    }
    if matches!(command, Command::Canary) {
        let report = canary(&options).await;
        // What watches it reads one document, of a fault too.
        let said = print(&report.text(options.json));
        return if report.is_ok() && said.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    let done = match &command {
        Command::Open(how) => open(&options, how).await,
        other => run(&options, other).await,
    };
    if options.json { ended_in_json(done) } else { ended("meldkluis-desk", done) }
}

/// Serves the page until Ctrl-C; the keys are gone with it.
async fn open(options: &Options, how: &Opening) -> Result<String, DeskError> {
    let ready = opening(options, how)?;
    print(&format!("Your desk: {}\nThe link works once. Stop with Ctrl-C.", ready.link))?;
    let _browser = if how.no_browser { None } else { Browser::start(&ready.link) };
    ready.running.await?;
    Ok("Stopped.".to_owned())
}
