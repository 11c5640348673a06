//! The readers' program. Arguments and a match; everything else is in the library.
use std::process::ExitCode;

use clap::Parser;
use meldkluis::desk::{Command, Options, run};

/// Opens and answers reports on your own machine.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(flatten)]
    options: Options,
    #[command(subcommand)]
    command: Command,
}

#[tokio::main]
#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a program speaks to its user")]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments.options, &arguments.command).await {
        Ok(text) => {
            println!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("meldkluis-desk: {error}");
            ExitCode::FAILURE
        }
    }
}
