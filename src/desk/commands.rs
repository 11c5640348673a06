//! The commands of `meldkluis-desk`: one code path for text and JSON.
use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde_json::json;

use super::{
    CanaryReport, Client, DeskError, Identity, Place,
    account::write_account,
    casework::{begin, classify},
    classifying::Classifying,
    consent::{ask_consent, ask_consent_for_guest, hand_over},
    draw,
    duty::answered,
    guest::{card, with_card_of},
    inbox,
    link::{Linking, link},
    numbers::{case_id, item_id, item_ids, reader_id},
    page,
    pass_on::pass_on,
    passphrase::{new_passphrase, passphrase},
    proof::{check_proof, fits},
    read::read,
    reader_commands::{self, ReaderCommand},
    roster_news::{self, with_news},
    tell::{Entry, tell},
    watch::{Audit, Watch, verify, watch},
    working,
    writing::{Closing, Letter, Writing, asks, close, readable, send, sent, shown_first, text},
};
use crate::{
    clock::Clock,
    domain::case::Act,
    seal::code::{Language, print_words},
    text::Texts,
};

/// What every command takes; it stands before the command.
#[derive(clap::Args)]
pub struct Options {
    /// Where the service is, for example https://meldkluis.example.org
    #[arg(long, value_name = "ADDRESS", default_value = "http://127.0.0.1:8080")]
    pub server: String,
    /// The file with your keys. Only `audit verify` does without.
    #[arg(long, value_name = "FILE")]
    pub identity: Option<PathBuf>,
    /// The file anchor.toml that the coordinator gave you: whose signatures count. Beside your keys when not named.
    #[arg(long, value_name = "FILE")]
    pub root: Option<PathBuf>,
    /// The folder in which your desk remembers what it has seen. That of your keys when not named.
    #[arg(long, value_name = "FOLDER")]
    pub state: Option<PathBuf>,
    /// A proxy to go through, for example socks5h://127.0.0.1:9050 for Tor. That of this machine when not named.
    #[arg(long, value_name = "ADDRESS")]
    pub proxy: Option<String>,
    /// A file that holds the passphrase of your keys; you are asked for it when not named.
    #[arg(long, value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
    /// For a guest: the file with the card that a reader gave you.
    #[arg(long, value_name = "FILE")]
    pub card: Option<PathBuf>,
    /// For programs: prints one JSON document instead of words.
    #[arg(long)]
    pub json: bool,
    /// Tells the day.
    #[arg(skip)]
    pub clock: Clock,
}

/// A command.
#[derive(Subcommand)]
pub enum Command {
    /// Opens the desk as a page in your browser: everything that readers do can be done there.
    Open(Opening),
    /// Makes your keys, in the file that --identity names.
    Keygen {
        /// Your name in the roster, as the coordinator gave it to you; a guest chooses one (a-z, 0-9 and -).
        reader: String,
        /// Leaves the file without a passphrase: whoever has the file then reads what you read.
        #[arg(long)]
        no_passphrase: bool,
    },
    /// Shows your public keys, for the roster, and eight words of them to compare with the coordinator.
    Whoami,
    /// Lists your cases, the most urgent first.
    Inbox(inbox::Asked),
    /// Says what changed in who reads, since you last said that you read it.
    RosterChanges {
        /// You have read it: from now on only later changes are told.
        #[arg(long)]
        read: bool,
    },
    /// Shows everything in a case, and who reads it.
    Read {
        /// The case, by its number in `inbox`.
        case: String,
        /// Saves the files into this folder too.
        #[arg(long, value_name = "FOLDER")]
        save: Option<PathBuf>,
    },
    /// Confirms to the reporter that you received the report.
    Acknowledge(Letter),
    /// Asks the reporter something.
    Ask(Letter),
    /// Answers the reporter.
    Reply(Letter),
    /// Tells the reporter how the report was assessed and what follows.
    Feedback(Letter),
    /// Writes a note that only the readers of the case read.
    Note(Letter),
    /// Closes a case for good, with a last text for the reporter.
    Close(Closing),
    /// Enters a report for somebody who called or came.
    Oral(Box<Entry>),
    /// Writes down anew what was told in an oral report, for the reporter to read and agree to.
    Account(Writing),
    /// Asks the reporter whether somebody else may read.
    AskConsent {
        /// The case, and the file with the reason.
        #[command(flatten)]
        writing: Writing,
        /// Who would read, by their name in the roster.
        #[arg(long, value_name = "NAME", required_unless_present = "guest", conflicts_with = "guest")]
        to: Option<String>,
        /// Or a guest, who is not in the roster: the file with their card.
        #[arg(long, value_name = "FILE")]
        guest: Option<PathBuf>,
        /// An item they would read, by its number in `read`; may be given more than once. All that the reporter wrote and added
        /// when not named.
        #[arg(long, value_name = "NUMBER")]
        item: Vec<String>,
    },
    /// Lets somebody read: the reporter agreed, or two readers said that the law demands it.
    HandOver {
        /// The case, by its number in `inbox`.
        case: String,
        /// The item in which it was asked, by its number in `read`.
        request: String,
        /// Of a legal duty: you have read what the reporter wrote since they were told, and are not asked once more.
        #[arg(long)]
        yes: bool,
    },
    /// Passes on, from advice to the readers of a report, what the reporter let go along.
    PassOn {
        /// The case of the advice, by its number in `inbox`.
        case: String,
    },
    /// Says what kind of report it is and how it was assessed, or at the end what came of it.
    Classify(Classifying),
    /// Begins to work by a protocol of your organisation, or lists them.
    Protocol {
        /// The case, by its number in `inbox`.
        case: String,
        /// The protocol's short name; lists those there are when not named.
        protocol: Option<String>,
    },
    /// Says that a step of the protocol was done, takes that back, or lists the steps.
    Step(working::Stepping),
    /// Checks whether somebody's proof of filing fits a case.
    CheckProof {
        /// The case, by its number in `inbox`.
        case: String,
        /// The proof: sixteen groups of four letters and digits.
        #[arg(required = true)]
        proof: Vec<String>,
    },
    /// Says that a case belongs with another of yours; only who reads both is told.
    Link {
        /// The case, by its number in `inbox`.
        case: String,
        /// The other case, by its number.
        other: String,
        /// They say the same.
        #[arg(long, conflicts_with = "undo")]
        duplicate: bool,
        /// They do not belong together, or no longer.
        #[arg(long)]
        undo: bool,
    },
    /// What readers do with who reads.
    #[command(flatten)]
    Readers(ReaderCommand),
    /// For overseers.
    #[command(flatten)]
    Watch(Watch),
    /// For monitoring: sends in a test report, opens, answers and destroys it, with how long each step took.
    ///
    /// For the one reader of a canary organisation, from any machine. Its text says that it is a test. It counts towards the
    /// limits as any visitor. The program ends with 1 and names the step when one fails.
    Canary,
    /// Draws the picture, or a page of the PDF, on standard input: the desk starts this by itself.
    #[command(hide = true)]
    DrawPage {
        /// Which, from 1.
        page: usize,
    },
}

/// How the desk is opened.
#[derive(clap::Args)]
pub struct Opening {
    /// The port on this machine; any free one when it is 0.
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    port: u16,
    /// Locks after so many minutes in which nothing was done, from 1 to 60.
    #[arg(long, value_name = "MINUTES", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=60))]
    idle_minutes: u64,
    /// Only prints the link.
    #[arg(long)]
    pub no_browser: bool,
}

/// Makes the desk's page ready, to be told about and run.
pub fn opening(options: &Options, opening: &Opening) -> Result<page::Ready, DeskError> {
    page::ready(page::Settings {
        identity: options.identity()?.to_owned(),
        card: options.card.clone(),
        place: options.place(),
        idle: std::time::Duration::from_mins(opening.idle_minutes),
        port: opening.port,
        program: std::env::current_exe()?,
    })
}

/// Walks the whole way of a synthetic report.
pub async fn canary(options: &Options) -> CanaryReport {
    // On the heap, as below.
    Box::pin(super::canary::canary(options, || Identity::load(options.identity()?, || passphrase(options)))).await
}

/// Runs a command; returns what to print.
pub async fn run(options: &Options, command: &Command) -> Result<String, DeskError> {
    if let Command::Keygen { reader, no_passphrase } = command {
        let reader = reader_id("your name", reader)?;
        // Before a passphrase is asked for.
        Identity::absent(options.identity()?)?;
        let passphrase = if *no_passphrase { None } else { Some(new_passphrase(options)?) };
        let me = Identity::create(options.identity()?, reader, passphrase)?;
        return Ok(public(options, &me));
    }
    if matches!(command, Command::Canary) {
        let report = canary(options).await;
        let text = report.text(options.json);
        return if report.is_ok() { Ok(text) } else { Err(DeskError::new(text)) };
    }
    if let Command::DrawPage { page } = command {
        draw::draw_here(*page)?;
        return Ok(String::new());
    }
    let load = || Identity::load(options.identity()?, || passphrase(options));
    if let Command::Watch(Watch::Audit(Audit::Verify { file })) = command {
        let me = options.identity.is_some().then(load).transpose()?;
        return verify(options, me.as_ref(), file);
    }
    let me = load()?;
    if matches!(command, Command::Whoami) {
        return Ok(public(options, &me));
    }
    // On the heap: it is as large as the largest of all commands, and would lie in everything that waits for one.
    Box::pin(signed_in(options, command, with_card_of(me, options.card.as_deref())?)).await
}

/// Signs in and runs a command.
async fn signed_in(options: &Options, command: &Command, me: Identity) -> Result<String, DeskError> {
    let client = Client::sign_in(&options.place(), me).await?;
    client.keys_work().await?;
    if command.is_of_readers() {
        client.reads()?;
    }
    match command {
        Command::Keygen { .. } | Command::Whoami | Command::Open(_) | Command::DrawPage { .. } | Command::Canary => {
            Ok(String::new())
        }
        Command::Inbox(asked) => Ok(with_news(options, &client, inbox::inbox(options, &client, asked).await?)),
        Command::RosterChanges { read } => roster_news::told(options, &client, *read),
        Command::Read { case, save } => read(options, &client, case, save.as_deref()).await,
        Command::Acknowledge(w) => send(options, &client, w, Act::Acknowledge).await,
        Command::Ask(w) => send(options, &client, w, Act::Ask).await,
        Command::Feedback(w) => send(options, &client, w, Act::Feedback).await,
        Command::Reply(w) => send(options, &client, w, Act::Reply).await,
        Command::Note(w) => send(options, &client, w, Act::Note).await,
        Command::Oral(entry) => tell(options, &client, entry).await,
        Command::Account(w) => {
            sent(options, &write_account(&client, &case_id(&client, &w.case).await?, text(w)?).await?, "")
        }
        Command::AskConsent { writing, to, guest, item } => {
            let id = case_id(&client, &writing.case).await?;
            let items = item_ids(&client, &id, item).await?;
            let done = if let Some(path) = guest {
                ask_consent_for_guest(&client, &id, card(&readable(path)?)?, text(writing)?, &items).await?
            } else {
                let to = reader_id("--to", to.as_deref().unwrap_or_default())?;
                ask_consent(&client, &id, &to, text(writing)?, &items).await?
            };
            sent(options, &done, "")
        }
        Command::Classify(c) => {
            c.consistent()?;
            sent(options, &classify(&client, &case_id(&client, &c.case).await?, |before| c.made(before)).await?, "")
        }
        Command::Protocol { case, protocol: None } => {
            working::protocols(options, &client, &case_id(&client, case).await?).await
        }
        Command::Protocol { case, protocol: Some(protocol) } => {
            sent(options, &begin(&client, &case_id(&client, case).await?, protocol).await?, "")
        }
        Command::Step(said) => working::step(options, &client, said).await,
        Command::Watch(command) => watch(options, &client, command).await,
        Command::Readers(command) => reader_commands::run(options, &client, command).await,
        Command::HandOver { case, request, yes } => {
            let id = case_id(&client, case).await?;
            let request = item_id(&client, &id, request).await?;
            let answers = answered(&client, Texts::of(Language::En), &id, &request).await?;
            if !answers.is_empty() && asks(*yes, "desk-error-answered-sure")? {
                shown_first(&answers)?;
            }
            sent(options, &hand_over(&client, &id, &request, answers.len()).await?, "")
        }
        Command::PassOn { case } => {
            let done = pass_on(&client, &case_id(&client, case).await?).await?;
            let nothing = done.already && !options.json;
            if nothing { Ok("There was nothing more to pass on.".to_owned()) } else { sent(options, &done, "") }
        }
        Command::CheckProof { case, proof } => {
            let case = case_id(&client, case).await?;
            Ok(fits((options, &client), &case, &check_proof(&client, &case, &proof.concat()).await?))
        }
        Command::Link { case, other, duplicate, undo } => {
            let how = match (undo, duplicate) {
                (true, _) => Linking::Over,
                (_, true) => Linking::Duplicate,
                _ => Linking::Linked,
            };
            link(&client, &case_id(&client, case).await?, &case_id(&client, other).await?, how).await?;
            Ok(if options.json { json!({}).to_string() } else { "Said in both cases.".to_owned() })
        }
        Command::Close(closing) => close(options, &client, closing).await,
    }
}

impl Command {
    /// Whether it does its work without the file that `--identity` names.
    pub fn needs_no_keys(&self) -> bool {
        matches!(self, Self::Watch(Watch::Audit(Audit::Verify { .. })) | Self::DrawPage { .. })
    }

    /// Whether it is about cases that somebody reads.
    fn is_of_readers(&self) -> bool {
        let anybody_s = matches!(self, Self::Readers(ReaderCommand::AfterRestore));
        !anybody_s
            && !matches!(
                self,
                Self::Keygen { .. }
                    | Self::Whoami
                    | Self::Open(_)
                    | Self::Canary
                    | Self::Watch(_)
                    | Self::RosterChanges { .. }
            )
    }
}

impl Options {
    /// The file with the keys.
    pub(super) fn identity(&self) -> Result<&Path, DeskError> {
        self.identity.as_deref().ok_or_else(|| DeskError::known("desk-error-no-identity"))
    }

    /// The same, to name what is kept beside it; of nobody's keys in the folder where the program runs.
    fn own(&self) -> &Path {
        self.identity.as_deref().unwrap_or(Path::new("meldkluis"))
    }

    /// Beside what is remembered what was seen: the identity, or a file of its name in another folder.
    fn remembered(&self) -> PathBuf {
        let name = self.own().file_name().unwrap_or_default();
        self.state.as_ref().map_or_else(|| self.own().to_owned(), |folder| folder.join(name))
    }

    /// Where to sign in.
    pub(super) fn place(&self) -> Place {
        Place {
            server: self.server.clone(),
            proxy: self.proxy.clone(),
            anchor: self.root.clone().unwrap_or_else(|| self.own().with_file_name("anchor.toml")),
            state: self.remembered().with_extension("seen"),
            clock: self.clock,
        }
    }
}

fn public(options: &Options, me: &Identity) -> String {
    let words = print_words(&me.keyed()).join(" ");
    if options.json {
        return json!({ "reader": me.reader, "public": me.public(), "words": words }).to_string();
    }
    format!("{}# {words}", me.public())
}
