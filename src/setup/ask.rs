//! The questions. Each says what it is for; an answer that does not fit is asked again.
use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, Write},
    net::SocketAddr,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use ssh_key::PublicKey;

use super::SetupError;
use crate::domain::{
    id::{OrgId, ReaderId},
    roster::{Signers, Text},
};

/// Everything that was answered.
#[derive(Clone, Debug)]
pub struct Answers {
    /// The organisation that takes reports.
    pub org: OrgId,
    /// Its name.
    pub name: Text,
    /// Days a closed case is kept.
    pub retention_days: i32,
    /// Its readers and overseers.
    pub people: Vec<Person>,
    /// The reader of the canary.
    pub canary: Keys,
    /// Who signs the roster.
    pub signers: Signers,
    /// Whether there is an onion service.
    pub onion: bool,
    /// The HTTPS listener.
    pub https: Option<HttpsAnswers>,
    /// The URL of a PostgreSQL database.
    pub postgres: Option<String>,
    /// Where weaknesses are reported, an address of mail or https.
    pub contact: Option<String>,
}

/// How HTTPS is served.
#[derive(Clone, Debug)]
pub struct HttpsAnswers {
    /// The origin that people type.
    pub origin: String,
    /// Where it listens.
    pub listen: SocketAddr,
    /// Certificate chain.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

/// A public half, as `meldkluis-desk keygen` and `whoami` print it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keys {
    /// Name in the roster.
    pub id: ReaderId,
    /// `age1pq1…`.
    pub seal_key: String,
    /// Ed25519, hex.
    pub sign_key: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Half {
    readers: Vec<Keys>,
}

/// What somebody does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Post {
    /// Takes reports.
    Officer,
    /// Reads when nobody opened by day 4.
    Reserve,
    /// Advises.
    Adviser,
    /// Reads when chosen.
    Manager,
    /// Watches the clocks.
    Coordinator,
    /// Reads the log.
    Auditor,
    /// Takes reports at the desk outside all departments.
    Outside,
}

const POSTS: [(&str, Post); 7] = [
    ("officer", Post::Officer),
    ("reserve", Post::Reserve),
    ("adviser", Post::Adviser),
    ("manager", Post::Manager),
    ("coordinator", Post::Coordinator),
    ("auditor", Post::Auditor),
    ("outside", Post::Outside),
];

/// Somebody of the roster.
#[derive(Clone, Debug)]
pub struct Person {
    /// Their public half.
    pub keys: Keys,
    /// What they do.
    pub post: Post,
    /// How a reporter sees them.
    pub shown_as: Text,
}

/// Asks everything.
pub(super) fn ask(input: impl BufRead, output: impl Write) -> Result<Answers, SetupError> {
    let mut talk = Talk { input, output };
    talk.say("Meldkluis asks what it needs, and writes nothing before the last answer. What stands in [brackets] counts when you type nothing.\n")?;
    let org = talk.answer("Short name of the organisation, a-z 0-9 and -, such as bzk", None, |t| {
        OrgId::try_from(t.to_owned())
    })?;
    let name = talk.text("Its name as reporters see it")?;
    let retention_days =
        talk.answer("Days a closed case is kept, by your selection list; there is no default", None, days)?;
    talk.say("\nReaders make their keys on their own machine (`meldkluis-desk keygen NAME`) and give you the public half, one file each.")?;
    let halves = talk.answer("Folder with these files (*.toml)", None, |t| folder(t, "toml", half))?;
    let mut people = Vec::new();
    for (_, keys) in halves {
        people.push(talk.person(keys)?);
    }
    talk.say("\nThe canary is a reader of its own that opens synthetic reports only, to prove that reports can still be opened.")?;
    let canary = talk.answer("File with the public half of the canary's reader", None, |t| {
        read(Path::new(t)).and_then(|t| half(&t))
    })?;
    talk.say("\nThe roster says who reads. It counts when people sign it, each with an SSH key of their own.")?;
    let keys = talk.answer("Folder with the signers' public keys (*.pub, named after the person)", None, |t| {
        folder(t, "pub", ssh)
    })?;
    let keys: BTreeMap<String, String> = keys.into_iter().collect();
    let many = keys.len();
    let safe = many.min(2).to_string();
    let threshold = talk.answer("How many of them must sign", Some(&safe), |t| at_most(t, many))?;
    talk.say("")?;
    let onion = talk.answer("An onion service, for Tor Browser (yes, no)", Some("yes"), yes)?;
    let https = talk.https()?;
    let postgres = talk.answer("URL of a PostgreSQL database; nothing for SQLite", Some(""), postgres)?;
    let contact =
        talk.answer("Where weaknesses are reported (mailto:… or https:…); nothing for nowhere", Some(""), contact)?;
    Ok(Answers {
        org,
        name,
        retention_days,
        people,
        canary,
        signers: Signers { threshold, keys },
        onion,
        https,
        postgres,
        contact,
    })
}

struct Talk<I, O> {
    input: I,
    output: O,
}

impl<I: BufRead, O: Write> Talk<I, O> {
    fn say(&mut self, text: &str) -> Result<(), SetupError> {
        writeln!(self.output, "{text}").map_err(|e| SetupError::Failed(e.to_string()))
    }

    /// Asks until an answer fits. Where nobody answers any more it ends.
    fn answer<T>(
        &mut self,
        question: &str,
        otherwise: Option<&str>,
        fits: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T, SetupError> {
        loop {
            let hint = otherwise.filter(|o| !o.is_empty()).map(|o| format!(" [{o}]")).unwrap_or_default();
            write!(self.output, "{question}{hint}: ")
                .and_then(|()| self.output.flush())
                .map_err(|e| SetupError::Failed(e.to_string()))?;
            let mut line = String::new();
            if self.input.read_line(&mut line).map_err(|e| SetupError::Failed(e.to_string()))? == 0 {
                return Err(SetupError::Unanswered);
            }
            let typed = line.trim();
            match fits(if typed.is_empty() { otherwise.unwrap_or_default() } else { typed }) {
                Ok(answer) => return Ok(answer),
                Err(problem) => self.say(&format!("  {problem}"))?,
            }
        }
    }

    fn text(&mut self, what: &str) -> Result<Text, SetupError> {
        let some = |t: &str| if t.is_empty() { Err("type something".to_owned()) } else { Ok(t.to_owned()) };
        Ok(Text {
            nl: self.answer(&format!("{what}, in Dutch"), None, some)?,
            en: self.answer(&format!("{what}, in English"), None, some)?,
        })
    }

    fn person(&mut self, keys: Keys) -> Result<Person, SetupError> {
        let posts = POSTS.map(|(name, _)| name).join(", ");
        let post = |t: &str| {
            POSTS.iter().find(|(name, _)| *name == t).map(|(_, post)| *post).ok_or_else(|| format!("one of: {posts}"))
        };
        let post = self.answer(&format!("\n{} is ({posts})", keys.id), None, post)?;
        let shown_as = self.text("Shown as, by function and, if you publish it, name")?;
        Ok(Person { keys, post, shown_as })
    }

    fn https(&mut self) -> Result<Option<HttpsAnswers>, SetupError> {
        let origin = self.answer("HTTPS address, such as https://meldkluis.example.org; nothing when a proxy does it, or for the onion service alone", Some(""), origin)?;
        let Some(origin) = origin else { return Ok(None) };
        let listen = self.answer("It listens on", Some("[::]:443"), |t| {
            t.parse().map_err(|_| "an address and a port, such as [::]:443".to_owned())
        })?;
        let file = |t: &str| {
            if Path::new(t).is_file() { Ok(PathBuf::from(t)) } else { Err("there is no such file".to_owned()) }
        };
        let certificate = self.answer("File of the certificate chain (PEM)", None, file)?;
        let key = self.answer("File of its key (PEM)", None, file)?;
        Ok(Some(HttpsAnswers { origin, listen, certificate, key }))
    }
}

fn days(text: &str) -> Result<i32, String> {
    text.parse().ok().filter(|days| (1..=36_525).contains(days)).ok_or_else(|| "a number of days, 1 or more".to_owned())
}

fn at_most(text: &str, many: usize) -> Result<usize, String> {
    text.parse().ok().filter(|n| (1..=many).contains(n)).ok_or_else(|| format!("a number from 1 to {many}"))
}

fn yes(text: &str) -> Result<bool, String> {
    match text {
        "yes" | "y" | "ja" => Ok(true),
        "no" | "n" | "nee" => Ok(false),
        _ => Err("yes or no".to_owned()),
    }
}

fn origin(text: &str) -> Result<Option<String>, String> {
    let text = text.trim_end_matches('/');
    let host = text.strip_prefix("https://");
    match host {
        _ if text.is_empty() => Ok(None),
        Some(host) if !host.is_empty() && !host.contains(['/', ' ', '@']) => Ok(Some(text.to_owned())),
        _ => Err("https:// and a host name, and nothing more".to_owned()),
    }
}

fn postgres(text: &str) -> Result<Option<String>, String> {
    match text {
        "" => Ok(None),
        // The settings may be read by all.
        _ if text
            .split_once("://")
            .and_then(|(_, rest)| rest.split_once('@'))
            .is_some_and(|(user, _)| user.contains(':')) =>
        {
            Err("leave the password out: PostgreSQL's password file (PGPASSFILE) or a socket needs none here"
                .to_owned())
        }
        _ if text.starts_with("postgres://") || text.starts_with("postgresql://") => Ok(Some(text.to_owned())),
        _ => Err("postgres://user@host/database".to_owned()),
    }
}

fn contact(text: &str) -> Result<Option<String>, String> {
    match text {
        "" => Ok(None),
        _ if text.starts_with("mailto:") || text.starts_with("https://") => Ok(Some(text.to_owned())),
        _ => Err("mailto: and an address, or https:// and a page".to_owned()),
    }
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))
}

fn half(text: &str) -> Result<Keys, String> {
    let half: Half = toml::from_str(text).map_err(|e| format!("not a public half: {}", e.message()))?;
    match <[Keys; 1]>::try_from(half.readers) {
        Ok([keys]) => Ok(keys),
        Err(_) => Err("a file holds one public half".to_owned()),
    }
}

fn ssh(text: &str) -> Result<String, String> {
    let key = PublicKey::from_openssh(text).map_err(|_| "not an SSH public key".to_owned())?;
    key.to_openssh().map_err(|e| e.to_string())
}

/// Everything of one ending in a folder, by the name of its file, in the order of the names.
fn folder<T>(path: &str, ending: &str, fits: impl Fn(&str) -> Result<T, String>) -> Result<Vec<(String, T)>, String> {
    let entries = fs::read_dir(path).map_err(|e| format!("{path}: {e}"))?;
    let mut files: Vec<PathBuf> =
        entries.flatten().map(|e| e.path()).filter(|p| p.extension().is_some_and(|e| e == ending)).collect();
    files.sort();
    if files.is_empty() {
        return Err(format!("there is no file *.{ending} in {path}"));
    }
    let one = |file: &PathBuf| {
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Ok((name, read(file).and_then(|t| fits(&t)).map_err(|e| format!("{}: {e}", file.display()))?))
    };
    files.iter().map(one).collect()
}
