//! `meldkluis setup`: a few questions make settings, keys, torrc, units and a first roster; a second run, when the roster is signed,
//! tries all of it.
//!
//! Questions -> [`Answers`] -> files (pure) -> written, none over another -> people sign -> tried as the server's own user.
mod ask;
mod dry_run;
mod files;
mod roster;

use std::{
    fs::{self, OpenOptions},
    io::{BufRead, Write},
    net::SocketAddr,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use crate::{
    config::{ConfigError, Secrets, beside},
    domain::{
        day::Day,
        roster::{OrgFile, RootFile, Signers},
    },
    roster_files::{NAMESPACE, Signed, anchor, signed_by},
};

pub use ask::{Answers, Person, Post};
pub use files::NewFile;

/// Where things go.
#[derive(Clone, Debug, clap::Args)]
pub struct Places {
    /// The folder of settings, keys and roster.
    #[arg(long, default_value = "/etc/meldkluis")]
    pub folder: PathBuf,
    /// The folder of the database and the payloads. Its owner is the user that the server runs as.
    #[arg(long, default_value = "/var/lib/meldkluis")]
    pub data: PathBuf,
    /// The folder of the destruction journal; `-journal` after the folder of the data when absent.
    #[arg(long)]
    pub journal: Option<PathBuf>,
    /// The folder of the sockets.
    #[arg(long, default_value = "/run/meldkluis")]
    pub sockets: PathBuf,
    /// Where systemd looks for units that an administrator made.
    #[arg(long, default_value = "/etc/systemd/system")]
    pub units: PathBuf,
    /// Where a proxy on this machine, and the canary, find the server.
    #[arg(long, default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// Where this machine asks whether the server is ready.
    #[arg(long, default_value = "127.0.0.1:9090")]
    pub status: SocketAddr,
    /// The key file of the canary's reader: the second run then files a synthetic report, opens and destroys it. Keep it on another machine afterwards.
    #[arg(long)]
    pub canary_key: Option<PathBuf>,
}

impl Places {
    fn settings(&self) -> PathBuf {
        self.folder.join("meldkluis.toml")
    }

    fn roster(&self) -> PathBuf {
        self.folder.join("roster")
    }

    fn journal(&self) -> PathBuf {
        self.journal.clone().unwrap_or_else(|| beside(&self.data))
    }

    fn anchor(&self) -> PathBuf {
        self.folder.join("anchor.toml")
    }

    fn credentials(&self) -> PathBuf {
        self.folder.join("credentials")
    }
}

/// Why a deployment could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// A file.
    #[error("{0}: {1}")]
    File(PathBuf, std::io::Error),
    /// The questions ended before the last answer.
    #[error("the answers ended before the last question; nothing was written")]
    Unanswered,
    /// What was answered contradicts itself.
    #[error("{0}\nNothing was written; run setup again.")]
    Answers(String),
    /// Keys, settings or the trial.
    #[error("{0}")]
    Failed(String),
}

impl From<ConfigError> for SetupError {
    fn from(error: ConfigError) -> Self {
        Self::Failed(error.to_string())
    }
}

/// Asks and writes at the first run; tries what is there at the next. Returns what to do now.
pub fn run(places: &Places, today: Day, input: impl BufRead, output: impl Write) -> Result<String, SetupError> {
    if places.settings().exists() {
        return second(places);
    }
    let answers = ask::ask(input, output)?;
    let root = roster::files(&answers, today).map_err(SetupError::Answers)?;
    let files = files::files(places, &answers, &root)?;
    // The settings are the last: a deployment that has them is whole.
    Secrets::create(&places.credentials())?;
    restrict(&places.credentials())?;
    for file in files {
        write(&file)?;
    }
    Ok(to_sign(places, &root.signers()))
}

/// Writes a file that is not there yet; units and settings may be read by all, who reads is no secret.
fn write(file: &NewFile) -> Result<(), SetupError> {
    let wrong = |e| SetupError::File(file.path.clone(), e);
    if let Some(folder) = file.path.parent() {
        fs::create_dir_all(folder).map_err(wrong)?;
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o644);
    let written =
        options.open(&file.path).and_then(|mut f| f.write_all(file.text.as_bytes()).and_then(|()| f.sync_all()));
    written.map_err(wrong)
}

/// Only their owner looks into the folder of the keys.
fn restrict(folder: &Path) -> Result<(), SetupError> {
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    fs::set_permissions(folder, mode).map_err(|e| SetupError::File(folder.to_owned(), e))
}

/// What each signer does, on their own machine, with a key that never leaves it.
fn to_sign(places: &Places, signers: &Signers) -> String {
    let folder = places.roster();
    let mut lines = vec![
        format!("Written to {}. Next:", places.folder.display()),
        String::new(),
        format!(
            "1. Read the roster (`meldkluis roster show {}`), and compare each reader's eight words",
            folder.display()
        ),
        format!("   with them by voice (`meldkluis roster keys {}`).", folder.display()),
        format!("2. {} of these people sign every file, each with their own key:", signers.threshold),
        format!("   {}", signers.keys.keys().cloned().collect::<Vec<String>>().join(", ")),
        String::new(),
    ];
    lines.extend(names(&folder).iter().map(|name| {
        let file = folder.join(name);
        let file = file.display();
        format!("   ssh-keygen -Y sign -n {NAMESPACE} -f KEY < {file} >> {file}.sig")
    }));
    lines.push(String::new());
    lines.push("3. Run `meldkluis setup` again: it checks the signatures and tries the whole.".to_owned());
    lines.join("\n")
}

/// The roster files of a folder, the root file first.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.filter_map(|e| e.file_name().into_string().ok()).collect();
    names.retain(|name| name.ends_with(".toml"));
    names.sort_by_key(|name| (name != "root.toml", name.clone()));
    names
}

fn second(places: &Places) -> Result<String, SetupError> {
    let unsigned = unsigned(places)?;
    if !unsigned.is_empty() {
        let signers = anchor(&places.anchor()).map_err(|e| SetupError::Failed(e.to_string()))?;
        let text = format!("Not signed yet:\n  {}\n\n{}", unsigned.join("\n  "), to_sign(places, &signers));
        return Err(SetupError::Failed(text));
    }
    dry_run::dry_run(places)
}

/// What still lacks signatures, a line each.
fn unsigned(places: &Places) -> Result<Vec<String>, SetupError> {
    let failed = |e: String| SetupError::Failed(e);
    let folder = places.roster();
    let read = |name: &str| fs::read_to_string(folder.join(name));
    let root: RootFile = read("root.toml")
        .map_err(|e| e.to_string())
        .and_then(|t| toml::from_str(&t).map_err(|e| e.to_string()))
        .map_err(failed)?;
    let mut lines = Vec::new();
    for name in names(&folder) {
        let text = read(&name).map_err(|e| SetupError::File(folder.join(&name), e))?;
        let signers = match toml::from_str::<OrgFile>(&text) {
            Ok(file) => root.organisations.iter().find(|o| o.id == file.organisation).and_then(|o| o.signers.clone()),
            Err(_) => Some(root.signers.clone()),
        };
        let signatures = read(&format!("{name}.sig")).unwrap_or_default();
        let signed = Signed { text, signatures };
        if let Some(Err(error)) = signers.map(|signers| signed_by(&name, &signed, &signers)) {
            lines.push(error.to_string());
        }
    }
    Ok(lines)
}
