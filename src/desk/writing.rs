//! The commands that write into a case: a text from a file, the editor or standard input.
use std::{
    fs::File,
    io::{IsTerminal, Read, Write},
    path::{Path, PathBuf},
};

use serde_json::json;

use super::{
    Attachment, Client, DeskError,
    closing::means,
    commands::Options,
    numbers::case_id,
    open::entered,
    read::quoted,
    write::{Sent, in_step, possible, write},
};
use crate::{
    domain::case::Act,
    seal::{Plaintext, code::Language},
    text::Texts,
};

/// A case and a text.
#[derive(clap::Args)]
pub struct Writing {
    /// The case, by its number in `inbox`.
    pub(super) case: String,
    /// A file with the text. When not named you type it, in the editor that $EDITOR names if there is one.
    #[arg(long, value_name = "FILE")]
    pub(super) file: Option<PathBuf>,
}

/// A case, a text, and files that go along.
#[derive(clap::Args)]
pub struct Letter {
    /// The case and the text.
    #[command(flatten)]
    writing: Writing,
    /// A file that goes along for the readers of the case; may be given more than once. The reporter does not get it.
    #[arg(long, value_name = "FILE")]
    attach: Vec<PathBuf>,
}

/// The last text of a case.
#[derive(clap::Args)]
pub struct Closing {
    /// The case, the text and the files.
    #[command(flatten)]
    letter: Letter,
    /// Closes it without asking once more.
    #[arg(long)]
    yes: bool,
}

pub(super) async fn send(options: &Options, client: &Client, w: &Letter, act: Act) -> Result<String, DeskError> {
    let id = case_id(client, &w.writing.case).await?;
    if w.writing.file.is_none() {
        // Nobody types what cannot be sent.
        let (case, items) = entered(client, &id).await?;
        possible(client, (&case, &items), act)?;
        in_step(client, (&case, &items), act)?;
    }
    let mut along = Vec::new();
    for path in &w.attach {
        let file = File::open(path).map_err(|e| DeskError::new(format!("cannot read {}: {e}", path.display())))?;
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        along.push(Attachment { name, file });
    }
    let done = write(client, &id, act, text(&w.writing)?, along).await?;
    let files = if w.attach.is_empty() {
        ""
    } else {
        " The files are for the readers of the case; the reporter gets the text."
    };
    sent(options, &done, files)
}

pub(super) fn sent(options: &Options, sent: &Sent, more: &str) -> Result<String, DeskError> {
    let json = || json!({ "item": sent.item, "already": sent.already }).to_string();
    Ok(match (options.json, sent.already) {
        (true, _) => json(),
        (false, true) => "This was there already; nothing was sent again.".to_owned(),
        (false, false) => format!("Sent.{more}"),
    })
}

/// Whether somebody at a terminal is asked once more. Without a terminal only `--yes` will do; the text says so.
pub(super) fn asks(yes: bool, without: &'static str) -> Result<bool, DeskError> {
    if yes || std::io::stdin().is_terminal() { Ok(!yes) } else { Err(DeskError::known(without)) }
}

/// Says what an act means, and asks for its name; anything else leaves it undone, as the text then says. Without a terminal it is said what
/// it means, and then that only `--yes` will do.
pub(super) fn once_more(act: &str, means: &[String], [without, undone]: [&'static str; 2]) -> Result<(), DeskError> {
    let lines: String = means.iter().map(|line| format!("- {line}\n")).collect();
    if !std::io::stdin().is_terminal() {
        let refused = DeskError::known(without);
        return Err(DeskError { text: format!("to {act} this case means:\n{lines}{}", refused.text), ..refused });
    }
    typed(act, &format!("{lines}Type {act} to {act} this case; anything else leaves it as it is."), undone)
}

/// Shows what the reporter wrote since they were told of a legal duty, and asks for the word that hands over.
pub(super) fn shown_first(answers: &[String]) -> Result<(), DeskError> {
    let lines: String = answers.iter().map(|answer| quoted(answer) + "\n").collect();
    let asked = "The reporter wrote this since they were told. Type hand-over to hand it over; anything else leaves it as it is.";
    typed("hand-over", &(lines + asked), "desk-error-handed-not")
}

fn typed(word: &str, asked: &str, undone: &'static str) -> Result<(), DeskError> {
    writeln!(std::io::stderr(), "{asked}")?;
    let mut typed = String::new();
    std::io::stdin().read_line(&mut typed)?;
    if typed.trim() == word { Ok(()) } else { Err(DeskError::known(undone)) }
}

/// Closes a case: says first what that means, and asks for the word.
pub(super) async fn close(options: &Options, client: &Client, closing: &Closing) -> Result<String, DeskError> {
    if !closing.yes {
        let (case, items) = entered(client, &case_id(client, &closing.letter.writing.case).await?).await?;
        possible(client, (&case, &items), Act::Close)?;
        let means = means(client, Texts::of(Language::En), &case, &items);
        once_more("close", &means, ["desk-error-close-sure", "desk-error-close-not"])?;
    }
    send(options, client, &closing.letter, Act::Close).await
}

/// The text of a writing: a file, the editor on a terminal, or standard input.
pub(super) fn text(w: &Writing) -> Result<Plaintext, DeskError> {
    if let Some(path) = &w.file {
        return Ok(Plaintext::from(readable(path)?));
    }
    let editor = std::env::var_os("EDITOR").filter(|_| std::io::stdin().is_terminal());
    if let Some(editor) = editor {
        let draft = tempfile::NamedTempFile::new()?;
        let started = std::process::Command::new(&editor).arg(draft.path()).status();
        let status = started.map_err(|e| {
            DeskError::new(format!("the editor {} does not start ({e}); set EDITOR", editor.to_string_lossy()))
        })?;
        if !status.success() {
            return Err(DeskError::new("the editor ended with an error; nothing was sent"));
        }
        return Ok(Plaintext::from(std::fs::read(draft.path())?));
    }
    if std::io::stdin().is_terminal() {
        // Nothing is lost when this cannot be said.
        drop(writeln!(std::io::stderr(), "Type the text. It ends with Ctrl-D on a line of its own."));
    }
    let mut text = Vec::new();
    std::io::stdin().read_to_end(&mut text)?;
    Ok(Plaintext::from(text))
}

/// The bytes of a file that was named.
pub(super) fn readable(path: &Path) -> Result<Vec<u8>, DeskError> {
    std::fs::read(path).map_err(|e| DeskError::new(format!("cannot read {}: {e}", path.display())))
}
