//! The commands of `meldkluis-desk`: one code path for text and JSON.
use std::path::PathBuf;

use age::secrecy::SecretString;
use clap::Subcommand;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::{Client, DeskError, Identity, read::read, write::write};
use crate::{
    api_types::CaseView,
    clock::Clock,
    domain::{
        case::Act,
        id::{CaseId, ReaderId},
    },
};

/// What every command takes.
#[derive(clap::Args)]
pub struct Options {
    /// Where the service is, for example https://meldkluis.example.org
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    pub server: String,
    /// Your identity file.
    #[arg(long)]
    pub identity: PathBuf,
    /// The root signers you trust (TOML).
    #[arg(long, default_value = "anchor.toml")]
    pub root: PathBuf,
    /// A proxy, for example socks5h://127.0.0.1:9050 for Tor. The system's HTTP proxy is used otherwise.
    #[arg(long)]
    pub proxy: Option<String>,
    /// Reads the passphrase from this file instead of asking.
    #[arg(long)]
    pub passphrase_file: Option<PathBuf>,
    /// Prints one JSON document.
    #[arg(long)]
    pub json: bool,
    /// Tells the day.
    #[arg(skip)]
    pub clock: Clock,
}

/// A command.
#[derive(Subcommand)]
pub enum Command {
    /// Makes your keys.
    Keygen {
        /// Your name in the roster.
        reader: String,
        /// Leaves the file without a passphrase.
        #[arg(long)]
        no_passphrase: bool,
    },
    /// Shows your public half and its fingerprint.
    Whoami,
    /// Lists your cases, the most urgent first.
    Inbox,
    /// Opens everything in a case.
    Read {
        /// The case.
        case: String,
        /// Saves the files into this folder.
        #[arg(long)]
        save: Option<PathBuf>,
    },
    /// Confirms to the reporter that the report was read.
    Acknowledge(Writing),
    /// Answers the reporter.
    Reply(Writing),
    /// Writes for the readers of the case only.
    Note(Writing),
    /// Ends the case.
    Close(Writing),
}

/// A case and a text.
#[derive(clap::Args)]
pub struct Writing {
    /// The case.
    pub(super) case: String,
    /// The text's file; standard input, or $EDITOR on a terminal, when absent.
    #[arg(long)]
    pub(super) file: Option<PathBuf>,
    /// Files that go along.
    #[arg(long)]
    pub(super) attach: Vec<PathBuf>,
}

/// Runs a command; returns what to print.
pub async fn run(options: &Options, command: &Command) -> Result<String, DeskError> {
    if let Command::Keygen { reader, no_passphrase } = command {
        let reader = ReaderId::try_from(reader.clone()).map_err(DeskError::new)?;
        let passphrase = if *no_passphrase { None } else { Some(new_passphrase(options)?) };
        let me = Identity::create(&options.identity, reader, passphrase)?;
        return Ok(public(options, &me));
    }
    let me = Identity::load(&options.identity, || passphrase(options))?;
    if matches!(command, Command::Whoami) {
        return Ok(public(options, &me));
    }
    let state = options.identity.with_extension("seen");
    let proxy = options.proxy.as_deref();
    let client = Client::sign_in(&options.server, proxy, &me, &options.root, state, options.clock).await?;
    match command {
        Command::Keygen { .. } | Command::Whoami => Ok(String::new()),
        Command::Inbox => inbox(options, &client).await,
        Command::Read { case, save } => read(options, &client, &me, case, save.as_deref()).await,
        Command::Acknowledge(w) => write(options, &client, &me, w, Act::Acknowledge).await,
        Command::Reply(w) => write(options, &client, &me, w, Act::Reply).await,
        Command::Note(w) => write(options, &client, &me, w, Act::Note).await,
        Command::Close(w) => write(options, &client, &me, w, Act::Close).await,
    }
}

fn passphrase(options: &Options) -> Result<SecretString, DeskError> {
    match &options.passphrase_file {
        Some(path) => Ok(SecretString::from(std::fs::read_to_string(path)?.trim_end().to_owned())),
        None => Ok(SecretString::from(rpassword::prompt_password("Passphrase: ")?)),
    }
}

fn new_passphrase(options: &Options) -> Result<SecretString, DeskError> {
    if options.passphrase_file.is_some() {
        return passphrase(options);
    }
    let first = rpassword::prompt_password("New passphrase: ")?;
    if first.chars().count() < 10 {
        return Err(DeskError::new("choose a passphrase of 10 characters or more; four or five words are good"));
    }
    if first != rpassword::prompt_password("Once more: ")? {
        return Err(DeskError::new("the two passphrases differ; nothing was made"));
    }
    Ok(SecretString::from(first))
}

fn public(options: &Options, me: &Identity) -> String {
    let fingerprint = hex::encode(Sha256::digest(me.public().as_bytes()));
    let (head, _) = fingerprint.split_at(32);
    if options.json {
        return json!({ "reader": me.reader, "public": me.public(), "fingerprint": head }).to_string();
    }
    format!("{}# fingerprint {head}", me.public())
}

async fn inbox(options: &Options, client: &Client) -> Result<String, DeskError> {
    let cases = client.inbox().await?;
    if options.json {
        return serde_json::to_string(&cases).map_err(|e| DeskError::new(e.to_string()));
    }
    let line = |c: &CaseView| {
        format!("{}  {}  {:?}  filed {}  due {}  {} item(s)", c.case, c.org, c.state, c.filed, c.due, c.items.len())
    };
    let lines: Vec<String> = cases.iter().map(line).collect();
    Ok(if lines.is_empty() { "No cases.".to_owned() } else { lines.join("\n") })
}

pub(super) fn case_id(text: &str) -> Result<CaseId, DeskError> {
    CaseId::parse(text).ok_or_else(|| DeskError::new("a case is named by its id, as `inbox` shows it"))
}

/// A progress bar on standard error, for what takes long, on a terminal only.
pub(super) fn bar(length: u64, what: &'static str) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("{msg} {bar:30} {bytes}/{total_bytes} {eta}") {
        bar.set_style(style);
    }
    bar.set_message(what);
    if length < 4 << 20 {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    bar
}
