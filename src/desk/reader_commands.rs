//! The commands with which readers leave a case, take somebody out, let somebody in on a legal duty, invite a guest, or are away.
use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::json;

use super::{
    Client, DeskError,
    along::take_out_gone,
    codes::grounds,
    commands::Options,
    consent::may_let_in,
    duty::{DutyClaim, approve_duty, ask_duty},
    guest::invite,
    leave::{asked_out, confirm_take_out, leave, leaving_means, take_out},
    numbers::{case_id, is_number, item_id, item_ids, reader_id},
    open::entered,
    writing::{Writing, once_more, readable, sent, text},
};
use crate::{
    domain::{day::Day, ground::Ground, roster::Text},
    seal::{Plaintext, circle::LeftReason, code::Language},
    text::Texts,
};

/// A command about who reads.
#[derive(Subcommand)]
pub enum ReaderCommand {
    /// Leaves a case; the readers who stay are told.
    Leave {
        /// The case, by its number in `inbox`.
        case: String,
        /// Because you are too near to it: nobody can ask for you in it again.
        #[arg(long)]
        conflict: bool,
        /// Leaves it without asking once more.
        #[arg(long)]
        yes: bool,
    },
    /// Asks, as the first of two readers, that somebody is taken out of a case.
    TakeOut {
        /// The case, by its number in `inbox`.
        case: String,
        /// Who, by the name that `read` shows behind theirs.
        reader: String,
        /// A file with the reason, for the other readers.
        #[arg(long, value_name = "FILE")]
        file: PathBuf,
    },
    /// Confirms, as the second reader, that somebody is taken out of a case.
    ConfirmTakeOut {
        /// The case, by its number in `inbox`.
        case: String,
        /// Who, by the same name; or the item in which it was asked, by its number in `read`.
        reader: String,
    },
    /// Takes whoever is out of a report out of the advice that went along with it; a second reader confirms.
    TakeOutAlong {
        /// The case of the report, by its number in `inbox`.
        case: String,
    },
    /// Says, as the first of two readers, that the law demands to let somebody read without consent.
    AskDuty(Box<AskDuty>),
    /// Agrees, as the second reader, that the law demands it; `hand-over` then does it.
    ApproveDuty {
        /// The case, by its number in `inbox`.
        case: String,
        /// The item in which it was asked, by its number in `read`.
        request: String,
    },
    /// Makes the card of a guest, who reads along in one case until a day.
    Invite(Box<Invite>),
    /// Says until when you are away: the reserve reader reads meanwhile what nobody opened.
    Away {
        /// Your last day, at most 60 days ahead.
        #[arg(long, value_name = "YYYY-MM-DD")]
        until: String,
    },
    /// Says that you are back.
    Back,
    /// After a backup was restored, as the coordinator told you: follows the staff log anew.
    ///
    /// It is followed from where it stands now. The desk then no longer notices what was taken out of it before.
    AfterRestore,
}

/// A legal duty.
#[derive(Args)]
pub struct AskDuty {
    /// The case, and the file with the reason.
    #[command(flatten)]
    writing: Writing,
    /// Who must read, by their name in the roster.
    #[arg(long, value_name = "NAME")]
    to: String,
    /// Which law.
    #[arg(long, value_name = "CODE", value_parser = grounds())]
    ground: Ground,
    /// The article, warrant or number of the case; a criminal investigation, a court order and another law need it.
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    reference: String,
    /// Does not tell the reporter before. The reason then says why that would endanger the inquiry.
    #[arg(long)]
    no_notice: bool,
    /// An item they must read, by its number in `read`; may be given more than once. All that the reporter wrote and added when not
    /// named.
    #[arg(long, value_name = "NUMBER")]
    item: Vec<String>,
}

/// A guest.
#[derive(Args)]
pub struct Invite {
    /// The case, by its number in `inbox`.
    case: String,
    /// A file with the guest's public keys, as their `keygen` printed them.
    #[arg(long, value_name = "FILE")]
    public: PathBuf,
    /// How the reporter sees them, in Dutch.
    #[arg(long, value_name = "TEXT")]
    shown_as: String,
    /// The same in English; as in Dutch when not named.
    #[arg(long, value_name = "TEXT")]
    shown_as_en: Option<String>,
    /// Their last day, at most 90 days ahead.
    #[arg(long, value_name = "YYYY-MM-DD")]
    until: String,
    /// The eight words of their keys, as they said them to you face to face.
    #[arg(long, value_name = "EIGHT WORDS")]
    words: String,
}

pub(super) async fn run(options: &Options, client: &Client, command: &ReaderCommand) -> Result<String, DeskError> {
    match command {
        ReaderCommand::Leave { case, conflict, yes } => {
            let (id, reason) =
                (case_id(client, case).await?, if *conflict { LeftReason::Conflict } else { LeftReason::Leaving });
            if !yes {
                let means = leaving_means(client, Texts::of(Language::En), &id, reason).await?;
                once_more("leave", &means, ["desk-error-leave-sure", "desk-error-leave-not"])?;
            }
            sent(options, &leave(client, &id, reason).await?, " You have left the case.")
        }
        ReaderCommand::TakeOut { case, reader, file } => {
            let reason = Plaintext::from(readable(file)?);
            let done = take_out(client, &case_id(client, case).await?, &reader_id("who", reader)?, reason).await?;
            sent(options, &done, " A second reader confirms it, or nothing happens.")
        }
        ReaderCommand::ConfirmTakeOut { case, reader } => {
            let id = case_id(client, case).await?;
            let item = if is_number(reader) {
                item_id(client, &id, reader).await?
            } else {
                asked_out(client, &id, &reader_id("who", reader)?).await?
            };
            sent(options, &confirm_take_out(client, &id, &item).await?, "")
        }
        ReaderCommand::TakeOutAlong { case } => {
            let still = take_out_gone(client, &case_id(client, case).await?).await?;
            let names: Vec<String> = still.iter().map(|still| still.who.reader.to_string()).collect();
            if options.json {
                return Ok(json!({ "still": names }).to_string());
            }
            let t = Texts::of(Language::En);
            Ok(t.get(if names.is_empty() { "desk-along-nobody" } else { "desk-along-waits" }))
        }
        ReaderCommand::AskDuty(asked) => ask(options, client, asked).await,
        ReaderCommand::ApproveDuty { case, request } => {
            let id = case_id(client, case).await?;
            sent(options, &approve_duty(client, &id, &item_id(client, &id, request).await?).await?, "")
        }
        ReaderCommand::Invite(guest) => card_of(options, client, guest).await,
        ReaderCommand::Away { until } => away(options, client, Some(day(until)?)).await,
        ReaderCommand::Back => away(options, client, None).await,
        ReaderCommand::AfterRestore => {
            client.after_restore()?;
            let text = "The staff log is followed from where it stands now.";
            Ok(if options.json { json!({ "followed": "anew" }).to_string() } else { text.to_owned() })
        }
    }
}

async fn ask(options: &Options, client: &Client, asked: &AskDuty) -> Result<String, DeskError> {
    let claim = DutyClaim {
        to: reader_id("--to", &asked.to)?,
        ground: asked.ground,
        reference: Plaintext::from(asked.reference.clone()),
        reason: text(&asked.writing)?,
        notice: !asked.no_notice,
    };
    let id = case_id(client, &asked.writing.case).await?;
    let items = item_ids(client, &id, &asked.item).await?;
    let done = ask_duty(client, &id, claim, &items).await?;
    sent(options, &done, " A second reader approves it, or nothing happens.")
}

async fn card_of(options: &Options, client: &Client, guest: &Invite) -> Result<String, DeskError> {
    let public = String::from_utf8_lossy(&readable(&guest.public)?).into_owned();
    let en = guest.shown_as_en.clone().unwrap_or_else(|| guest.shown_as.clone());
    let shown_as = Text { nl: guest.shown_as.clone(), en };
    let about = (shown_as, day(&guest.until)?);
    let id = case_id(client, &guest.case).await?;
    may_let_in(&entered(client, &id).await?.1)?;
    let card = invite(client, &id, &public, about, &guest.words).await?;
    let text = if options.json { serde_json::to_string(&card) } else { serde_json::to_string_pretty(&card) };
    text.map_err(|e| DeskError::new(e.to_string()))
}

async fn away(options: &Options, client: &Client, until: Option<Day>) -> Result<String, DeskError> {
    client.away(until).await?;
    if options.json {
        return Ok(json!({ "until": until }).to_string());
    }
    Ok(until.map_or_else(|| "You are back.".to_owned(), |day| format!("You are away until {day}.")))
}

fn day(text: &str) -> Result<Day, DeskError> {
    Day::parse(text).ok_or_else(|| DeskError::new("a day is written YYYY-MM-DD, as 2026-12-31"))
}
