//! `oral`: an officer enters a report for somebody who called or came. The code is shown, said back, and then the report is sent.
use std::{
    collections::BTreeSet,
    io::{IsTerminal, Write},
    path::PathBuf,
};

use serde_json::json;

use super::{
    Client, DeskError,
    codes::{hows, languages, topics},
    commands::Options,
    numbers::reader_id,
    oral::{Entered, Telling, draw, enter, said_back, who_reads},
    safe_text,
    writing::readable,
};
use crate::{
    domain::{
        oral::How,
        roster::{Reader, Topic},
        routing::Readers,
    },
    seal::{
        Plaintext,
        code::{Code, Language},
    },
    text::Texts,
};

/// A report that was told.
#[derive(clap::Args)]
pub struct Entry {
    /// How it was told.
    #[arg(long, value_name = "CODE", value_parser = hows())]
    how: How,
    /// What it is about. Its reports must be yours to read.
    #[arg(long, value_name = "CODE", value_parser = topics())]
    topic: Topic,
    /// A reader who must not read it, by their name in the roster; may be given more than once.
    #[arg(long, value_name = "NAME")]
    strike: Vec<String>,
    /// A file with what was told.
    #[arg(long, value_name = "FILE")]
    file: PathBuf,
    /// A file that says who is involved.
    #[arg(long, value_name = "FILE")]
    who: Option<PathBuf>,
    /// A file that says when it happened.
    #[arg(long, value_name = "FILE")]
    when: Option<PathBuf>,
    /// A file that says where it happened.
    #[arg(long, value_name = "FILE")]
    place: Option<PathBuf>,
    /// A file that says who else knows.
    #[arg(long, value_name = "FILE")]
    known: Option<PathBuf>,
    /// The language of the code, and of what the reporter reads.
    #[arg(long, value_name = "CODE", default_value = "nl", value_parser = languages())]
    language: Language,
    /// Without a terminal, the first of two runs: only shows who would read it, and a code. Nothing is sent.
    #[arg(long, conflicts_with = "code")]
    draw: bool,
    /// Without a terminal, the second of two runs, and to send again: a file with the code that was drawn.
    #[arg(long, value_name = "FILE", requires = "said")]
    code: Option<PathBuf>,
    /// With --code: a file with what was said back.
    #[arg(long, value_name = "FILE", requires = "code")]
    said: Option<PathBuf>,
}

impl Entry {
    fn telling(&self) -> Result<Telling, DeskError> {
        let file = |path: &Option<PathBuf>| match path {
            Some(path) => readable(path).map(Plaintext::from),
            None => Ok(Plaintext::default()),
        };
        let struck = self.strike.iter().map(|name| reader_id("--strike", name));
        Ok(Telling {
            how: self.how,
            topic: self.topic,
            struck: struck.collect::<Result<BTreeSet<_>, _>>()?,
            story: Plaintext::from(readable(&self.file)?),
            who: file(&self.who)?,
            when: file(&self.when)?,
            place: file(&self.place)?,
            known: file(&self.known)?,
        })
    }
}

/// Shows who will read and a code, and sends once it was said back. Without a terminal it takes two runs: the first draws. The screen is in
/// English, as it is everywhere here; the code and the account are in the reporter's language.
pub(super) async fn tell(options: &Options, client: &Client, entry: &Entry) -> Result<String, DeskError> {
    let language = entry.language;
    let telling = entry.telling()?;
    telling.checked(Texts::of(language))?;
    let (_, readers) = who_reads(client, telling.topic, &telling.struck)?;
    if let (Some(code), Some(said)) = (&entry.code, &entry.said) {
        let drawn = Code::typed(&Plaintext::from(readable(code)?), &client.roster.instance);
        let drawn = drawn.map_err(|e| DeskError::new(e.to_string()))?;
        said_back(Texts::of(Language::En), &drawn, &Plaintext::from(readable(said)?), &client.roster.instance)
            .map_err(DeskError::new)?;
        return Ok(entered(options, &enter(client, language, telling, &drawn).await?));
    }
    let code = draw()?;
    if entry.draw {
        return Ok(drawn(options, client, language, &code, &readers));
    }
    if options.json || !std::io::stdin().is_terminal() {
        return Err(DeskError::new(
            "nothing was sent: the code has to be said back, which takes a terminal or two runs. Run it with --draw first, \
             then again with --code and --said",
        ));
    }
    in_person(options, client, (language, entry), &code, &readers).await
}

/// What the first of two runs shows.
fn drawn(options: &Options, client: &Client, language: Language, code: &Code, readers: &Readers) -> String {
    let words = code.words(&client.roster.instance, language);
    if options.json {
        let names = |r: &Reader| r.id.to_string();
        let now: Vec<String> = readers.now().iter().map(names).collect();
        return json!({ "sent": false, "readers": now, "reserve": readers.reserve().map(names), "code": words })
            .to_string();
    }
    let shown = [shown(readers), numbered(&words)].concat().join("\n");
    format!(
        "Nothing was sent yet. Who would read it, and the code:\n{shown}\nOnce it was said back, run the same again with --code \
         (a file with these words) and --said (a file with what was said back) instead of --draw."
    )
}

/// Who would read it, a line each; who only reads later is said to.
fn shown(readers: &Readers) -> Vec<String> {
    let t = Texts::of(Language::En);
    let name = |r: &Reader| format!("{} ({})", t.pick(&r.shown_as), r.id);
    let now = readers.now().iter().map(|r| safe_text(&name(r)));
    let later = readers.reserve().map(|r| safe_text(&format!("{}. {}", name(r), t.get("oral-reads-reserve"))));
    now.chain(later).collect()
}

fn numbered(words: &[&str]) -> Vec<String> {
    words.iter().enumerate().map(|(n, word)| format!("{:>2}. {word}", n + 1)).collect()
}

/// On a terminal, until it is sent or given up: what did not arrive is sent again with the same code.
async fn in_person(
    options: &Options,
    client: &Client,
    (language, entry): (Language, &Entry),
    code: &Code,
    readers: &Readers,
) -> Result<String, DeskError> {
    let (mut out, t) = (std::io::stderr(), Texts::of(Language::En));
    let words = numbered(&code.words(&client.roster.instance, language)).join("\n");
    writeln!(out, "{}\n\n{}\n\n{words}", shown(readers).join("\n"), t.get("oral-advice"))?;
    loop {
        write!(out, "\n{}: ", t.get("oral-said"))?;
        let mut line = zeroize::Zeroizing::new(String::new());
        if std::io::stdin().read_line(&mut line)? == 0 {
            return Err(DeskError::new("nothing was sent"));
        }
        if let Err(wrong) = said_back(t, code, &Plaintext::from(line.to_string()), &client.roster.instance) {
            writeln!(out, "{wrong}")?;
            continue;
        }
        match enter(client, language, entry.telling()?, code).await {
            Ok(done) => return Ok(entered(options, &done)),
            Err(error) => writeln!(out, "{error}")?,
        }
    }
}

fn entered(options: &Options, done: &Entered) -> String {
    if options.json {
        return json!({ "sent": true, "case": done.case, "already": done.already }).to_string();
    }
    format!("Sent: case {}. The reporter reads it with the code and says whether it is right.", done.case)
}
