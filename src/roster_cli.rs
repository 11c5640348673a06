//! `meldkluis roster`: what is wrong with roster files, whether they are believed, what they mean and what they change.
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use clap::Subcommand;

use crate::{
    domain::{
        day::Day,
        id::OrgId,
        roster::{OrgFile, Overseer, Reader, RootFile, RosterError},
        roster_check::{Finding, ROOT, day_findings, findings, org_name},
        roster_words::{Parsed, changes, show},
        said::Said,
    },
    roster_files::{self, Files, Seen, key_findings, place, seen_now, signed_by},
    seal::code::{Language, print_words},
    show::safe_text,
    text::Texts,
};

/// What can be asked about a folder of roster files.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Names mistakes and doubts by file and line; signatures are not needed yet.
    Check {
        /// The folder with root.toml and the organisations' files.
        folder: PathBuf,
    },
    /// Checks signatures, validity and keys as the server does.
    Verify {
        /// The folder with the files and their .sig files.
        folder: PathBuf,
        /// The root signers to trust.
        #[arg(long, default_value = "/etc/meldkluis/anchor.toml")]
        anchor: PathBuf,
        /// A folder with the roster in use now: the new one must follow it.
        #[arg(long)]
        after: Option<PathBuf>,
    },
    /// Says in words who can newly read, who no longer, and what else changes.
    Diff {
        /// The folder in use now.
        old: PathBuf,
        /// The folder to come.
        new: PathBuf,
    },
    /// Gives eight words for the keys of each reader and overseer, to compare by voice with what their desk shows.
    Keys {
        /// The folder.
        folder: PathBuf,
    },
    /// Says in words who can read what.
    Show {
        /// The folder.
        folder: PathBuf,
    },
}

/// Why there is no answer, or that the answer is no.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// The files hold mistakes; the text names them.
    #[error("{0}")]
    Mistakes(String),
    /// A file is not there, not TOML or not believed.
    #[error(transparent)]
    Roster(#[from] RosterError),
}

/// Runs a command; `Err` also when the roster is not in order, so that a script can tell.
pub fn run(command: &Command, today: Day) -> Result<String, CliError> {
    // A mistake of the TOML library shows the line it is in.
    answer(command, today).map_err(|e| CliError::Mistakes(safe_text(&e.to_string())))
}

fn answer(command: &Command, today: Day) -> Result<String, CliError> {
    match command {
        Command::Check { folder } => check(folder, today),
        Command::Verify { folder, anchor, after } => verify(folder, anchor, after.as_deref(), today),
        Command::Diff { old, new } => {
            let lines = changes(&parsed(old)?, &parsed(new)?);
            Ok(if lines.is_empty() {
                "Nothing changes but serials and dates.".to_owned()
            } else {
                plain(&in_words(&lines))
            })
        }
        Command::Keys { folder } => Ok(plain(&key_lines(&parsed(folder)?))),
        Command::Show { folder } => Ok(plain(&in_words(&show(&parsed(folder)?)))),
    }
}

fn in_words(lines: &[Said]) -> Vec<String> {
    lines.iter().map(|line| Texts::of(Language::En).say(line)).collect()
}

fn key_lines(Parsed { files, .. }: &Parsed) -> Vec<String> {
    let keyed = |file: &OrgFile| {
        let readers = file.readers.iter().map(Reader::keyed);
        readers.chain(file.overseers.iter().map(Overseer::keyed)).collect::<Vec<_>>()
    };
    files.values().flat_map(keyed).map(|k| format!("{}: {}", k.reader, print_words(&k).join(" "))).collect()
}

/// Lines as they may stand on a terminal: what a file holds cannot move the cursor, end a line or turn its direction.
fn plain(lines: &[String]) -> String {
    let safe = |line: &String| safe_text(&line.replace(['\n', '\t'], "\u{fffd}"));
    lines.iter().map(safe).collect::<Vec<String>>().join("\n")
}

/// Texts by file name, of everything in a folder that looks like a roster file.
fn texts(folder: &Path) -> Result<BTreeMap<String, String>, RosterError> {
    let wrong = |name: &str, e: std::io::Error| RosterError {
        file: name.to_owned(),
        problem: Said::plain(format!("cannot be read: {e}")),
    };
    let entries = fs::read_dir(folder).map_err(|e| wrong(&folder.display().to_string(), e))?;
    let names = entries.flatten().filter_map(|e| e.file_name().into_string().ok());
    let ours = names.filter(|n| n == ROOT || (n.starts_with("org-") && n.ends_with(".toml")));
    ours.map(|name| Ok((name.clone(), fs::read_to_string(folder.join(&name)).map_err(|e| wrong(&name, e))?))).collect()
}

/// Parses what can be parsed; what cannot becomes a line with the place.
fn parse_all(texts: &BTreeMap<String, String>) -> (Option<RootFile>, BTreeMap<OrgId, OrgFile>, Vec<String>) {
    let (mut root, mut files, mut bad) = (None, BTreeMap::new(), Vec::new());
    for (name, text) in texts {
        let wrong = |e: &toml::de::Error| {
            let line = place(text, e).map_or(1, |(line, _)| line);
            format!("{name}:{line}: mistake: {}", e.message().replace('\n', " "))
        };
        let id = name.strip_prefix("org-").and_then(|n| n.strip_suffix(".toml"));
        match id.map(OrgId::parse) {
            None => root = toml::from_str(text).map_err(|e| bad.push(wrong(&e))).ok(),
            Some(None) => bad.push(format!("{name}: mistake: the file's name holds no id of an organisation")),
            Some(Some(id)) => match toml::from_str(text) {
                Ok(file) => drop(files.insert(id, file)),
                Err(e) => bad.push(wrong(&e)),
            },
        }
    }
    (root, files, bad)
}

fn parsed(folder: &Path) -> Result<Parsed, CliError> {
    match parse_all(&texts(folder)?) {
        (Some(root), files, bad) if bad.is_empty() => Ok(Parsed { root, files }),
        (None, _, bad) if bad.is_empty() => Err(CliError::Mistakes(no_root(folder))),
        (_, _, bad) => Err(CliError::Mistakes(plain(&bad))),
    }
}

fn no_root(folder: &Path) -> String {
    format!("there is no {ROOT} in {}; name the folder that holds it", folder.display())
}

fn check(folder: &Path, today: Day) -> Result<String, CliError> {
    let texts = texts(folder)?;
    let (root, files, mut lines) = parse_all(&texts);
    let Some(root) = root else {
        lines.extend((!texts.contains_key(ROOT)).then(|| no_root(folder)));
        return Err(CliError::Mistakes(plain(&lines)));
    };
    let mut mistakes = lines.len();
    // A file that is not TOML has its line already; that it is missing would only confuse.
    let mut all = if lines.is_empty() { findings(&root, &files) } else { Vec::new() };
    all.extend(day_findings(ROOT, &root.head, today));
    for (id, file) in &files {
        all.extend(day_findings(&org_name(id), &file.head, today));
        all.extend(key_findings(id, file));
    }
    mistakes += all.iter().filter(|f| f.mistake).count();
    lines.extend(all.iter().map(|f| line(f, texts.get(&f.file))));
    lines.push(format!("{} file(s): {mistakes} mistake(s), {} warning(s).", texts.len(), lines.len() - mistakes));
    let text = plain(&lines);
    if mistakes == 0 { Ok(text) } else { Err(CliError::Mistakes(text)) }
}

fn line(finding: &Finding, text: Option<&String>) -> String {
    let bare = |l: &str| l.replace(' ', "");
    let found = |t: &String| t.lines().position(|l| bare(l).contains(&finding.about)).map(|at| format!(":{}", at + 1));
    let at = text.filter(|_| !finding.about.is_empty()).and_then(found).unwrap_or_default();
    let weight = if finding.mistake { "mistake" } else { "warning" };
    format!("{}{at}: {weight}: {}", finding.file, Texts::of(Language::En).say(&finding.problem))
}

fn verify(folder: &Path, anchor: &Path, after: Option<&Path>, today: Day) -> Result<String, CliError> {
    let anchor = roster_files::anchor(anchor)?;
    let files = Files::load(folder)?;
    let before = after.map(seen_in).transpose()?.unwrap_or_default();
    let (roster, now) = files.verify(&anchor, today, |name| before.iter().find(|s| s.file == name).cloned())?;
    let mut people = vec![signed_by("root", &files.root, &anchor)?];
    for (id, signed) in &files.organisations {
        let signers = roster.organisation(id).and_then(|o| o.entry.signers.as_ref());
        people.extend(signers.map(|s| signed_by(&org_name(id), signed, s)).transpose()?);
    }
    let mut lines: Vec<String> = Vec::new();
    for (file, people) in now.iter().zip(people) {
        let people: Vec<String> = people.into_iter().collect();
        lines.push(format!(
            "{}: serial {}, SHA-256 {}, signed by {}",
            file.file,
            file.serial,
            file.sha256,
            people.join(", ")
        ));
    }
    lines.push(format!("Believed until {}.", roster.expires));
    Ok(plain(&lines))
}

/// What a server that runs on this folder remembers.
fn seen_in(folder: &Path) -> Result<Vec<Seen>, CliError> {
    let (roster, texts) = (parsed(folder)?, texts(folder)?);
    let files = roster.files.iter().map(|(id, f)| (org_name(id), &f.head));
    let heads = files.chain([(ROOT.to_owned(), &roster.root.head)]);
    let one = |(name, head): (String, _)| Some(seen_now(name.trim_end_matches(".toml"), texts.get(&name)?, head));
    Ok(heads.filter_map(one).collect())
}
