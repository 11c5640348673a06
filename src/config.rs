//! `meldkluis.toml`, strict, and the credentials that live outside the data folder.
mod limits;

use std::{
    fs,
    io::Write,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use zeroize::Zeroizing;

pub use self::limits::{Limit, Limits, Pace};
use crate::{domain::roster::Mode, http::Security, notify::Notices, private};

/// The server's settings.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Folder of the database (SQLite) and the payloads.
    pub data: PathBuf,
    /// Folder of the destruction journal, outside `data`: a restore of `data` must not set it back. `data` with `-journal` after it when absent.
    pub journal: Option<PathBuf>,
    /// Days after which a backup is too old to be restored, and is removed by the next one; the journal goes back a week more.
    #[serde(default = "a_month")]
    pub backup_days: u16,
    /// `sqlite:PATH` or `postgres://…`; a file in `data` when absent.
    pub database: Option<String>,
    /// Folder with the signed roster files.
    pub roster: PathBuf,
    /// The root signers this server trusts.
    pub anchor: PathBuf,
    /// Folder with the keys k1, k2 and form; never inside `data` or its backups. When absent, the one that systemd hands over
    /// (`LoadCredential=`).
    #[serde(default = "handed_over")]
    pub secrets: PathBuf,
    /// Address of the plain listener: loopback, for Tor or a proxy.
    pub listen: SocketAddr,
    /// The origins this server is reached at, for example `https://meldkluis.example.org` and `http://….onion`: a reader's sign-in
    /// names the one it dialled. Loopback ones count when none is set.
    #[serde(default)]
    pub origins: Vec<String>,
    /// A unix socket that is listened on too, for Tor or a proxy on this machine. Who may connect is its folder's matter.
    pub socket: Option<PathBuf>,
    /// The HTTPS listener.
    pub https: Option<Https>,
    /// Where this machine asks whether the server is ready.
    pub status: Option<Status>,
    /// The listener for Tor.
    pub onion: Option<Onion>,
    /// By which doors reports come, and mailboxes are opened. The readers' API is on all of them.
    #[serde(default)]
    pub intake: Intake,
    /// Bytes of the largest file.
    #[serde(default = "two_gib")]
    pub max_file_bytes: u64,
    /// Bytes of disk kept for text: files are refused when less is free.
    #[serde(default = "one_gib")]
    pub reserve_bytes: u64,
    /// How slowly a body may arrive.
    #[serde(default)]
    pub pace: Pace,
    /// How much a visitor, a case and everybody together may do.
    #[serde(default)]
    pub limits: Limits,
    /// What `/.well-known/security.txt` says; there is none when absent.
    pub security: Option<Security>,
    /// Mail on fixed days to readers who stayed away; none when absent.
    pub notices: Option<Notices>,
}

/// Which doors take reports.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum Intake {
    /// Every listener.
    #[default]
    Both,
    /// The onion listener alone: the others explain, and name its address.
    Onion,
}

/// Where readiness and figures are given: `/ready` and `/metrics`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Status {
    /// Loopback address.
    pub listen: SocketAddr,
}

/// Where HTTPS is served.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Https {
    /// Address.
    pub listen: SocketAddr,
    /// Certificate chain, PEM.
    pub certificate: PathBuf,
    /// Private key, PEM.
    pub key: PathBuf,
}

/// Where Tor brings what comes by the onion service, and only Tor: every connection begins with the header of
/// `HiddenServiceExportCircuitID haproxy`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Onion {
    /// Loopback address.
    pub listen: Option<SocketAddr>,
    /// Unix socket. Who may connect is its folder's matter.
    pub socket: Option<PathBuf>,
    /// The onion service's own address, `http://….onion`: pages that come by another listener name it in `Onion-Location`.
    pub location: Option<String>,
}

impl Onion {
    fn check(&self) -> Result<(), ConfigError> {
        let wrong = |text: &str| Err(ConfigError(format!("[onion]: {text}")));
        if self.listen.is_none() && self.socket.is_none() {
            return wrong("set listen or socket, the same as HiddenServicePort in torrc");
        }
        if self.listen.is_some_and(|address| !address.ip().is_loopback()) {
            return wrong("listen must be a loopback address; whoever reaches it can say to be any circuit");
        }
        if self.location.as_deref().is_some_and(|location| !is_onion(location)) {
            return wrong(
                "location must be http:// and the 56 letters and digits of the address and .onion, and nothing more",
            );
        }
        Ok(())
    }
}

/// An origin of a version 3 onion service.
fn is_onion(origin: &str) -> bool {
    let name = origin.strip_prefix("http://").and_then(|rest| rest.strip_suffix(".onion"));
    name.is_some_and(|name| name.len() == 56 && name.bytes().all(|b| matches!(b, b'a'..=b'z' | b'2'..=b'7')))
}

/// Where systemd tells a program which folder its credentials are in (systemd.exec, "Credentials").
pub const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";

fn handed_over() -> PathBuf {
    std::env::var_os(CREDENTIALS).map(PathBuf::from).unwrap_or_default()
}

/// Where the journal is when no setting says so: `-journal` after the data folder's name.
pub(crate) fn beside(data: &Path) -> PathBuf {
    let mut name = data.file_name().unwrap_or_default().to_owned();
    name.push("-journal");
    data.with_file_name(name)
}

fn a_month() -> u16 {
    30
}

fn two_gib() -> u64 {
    2 << 30
}

fn one_gib() -> u64 {
    1 << 30
}

/// What is wrong with the settings or credentials.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(String);

impl ConfigError {
    pub(crate) fn new(text: String) -> Self {
        Self(text)
    }
}

/// A file that could not be read: a setting that is not there is named with the line and what it is for.
fn missing(path: &Path, text: &str, error: &toml::de::Error) -> ConfigError {
    let path = path.display();
    let field = error.message().strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`'));
    let Some(field) = field else { return ConfigError(format!("{path}: {error}")) };
    let start = error.span().map_or(0, |span| span.start);
    let line = text.bytes().take(start).filter(|byte| *byte == b'\n').count() + 1;
    let table = text.lines().nth(line - 1).map(str::trim).filter(|line| line.starts_with('['));
    let top = text.lines().take_while(|line| !line.trim_start().starts_with('['));
    let socket = top.enumerate().find(|(_, line)| line.split('=').next().is_some_and(|name| name.trim() == "socket"));
    ConfigError(match (table, field, socket) {
        (Some(table), ..) => format!("{path}, line {line}: {table} has no {field}: add a line with it"),
        (None, "listen", Some((line, _))) => format!(
            "{path}, line {}: socket is listened on besides listen, which is not set: add an address of this machine for that, as \
             listen = \"127.0.0.1:8080\"",
            line + 1
        ),
        (None, "listen", None) => format!(
            "{path}: listen is not set: add the address of this machine on which a proxy comes, as listen = \"127.0.0.1:8080\""
        ),
        (None, field, _) => {
            format!("{path}: {field} is not set: add a line with it, above the first line that begins with [")
        }
    })
}

impl Config {
    /// Reads a file; the error names the setting and the line.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        Self::read(path)?.checked()
    }

    /// As [`Self::load`], with the keys in another folder.
    pub fn with_secrets(path: &Path, secrets: &Path) -> Result<Self, ConfigError> {
        Self { secrets: secrets.to_owned(), ..Self::read(path)? }.checked()
    }

    /// As [`Self::load`], for what needs no key, and is not let near one.
    pub fn without_keys(path: &Path) -> Result<Self, ConfigError> {
        Ok(Self { secrets: PathBuf::new(), ..Self::read(path)?.sound()? })
    }

    fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = fs::read_to_string(path).map_err(|e| ConfigError(format!("cannot read {}: {e}", path.display())))?;
        toml::from_str(&text).map_err(|e| missing(path, &text, &e))
    }

    /// Refuses what would break a promise.
    pub fn checked(self) -> Result<Self, ConfigError> {
        if self.secrets.as_os_str().is_empty() {
            let text = "secrets is not set, and systemd handed no credentials over: name the folder of k1, k2 and form";
            return Err(ConfigError(text.into()));
        }
        self.sound()
    }

    /// All but that the keys have a place.
    fn sound(self) -> Result<Self, ConfigError> {
        if self.secrets.starts_with(&self.data) {
            return Err(ConfigError("secrets must not be inside data: a thief of one must not have the other".into()));
        }
        if self.journal().starts_with(&self.data) {
            let text = "journal must not be inside data: a restore of the one must not set back the other";
            return Err(ConfigError(text.into()));
        }
        if self.backup_days == 0 {
            return Err(ConfigError("backup_days must be 1 at least".into()));
        }
        if !self.listen.ip().is_loopback() {
            return Err(ConfigError("listen must be a loopback address; use https for the network".into()));
        }
        if self.status.as_ref().is_some_and(|status| !status.listen.ip().is_loopback()) {
            return Err(ConfigError("[status]: listen must be a loopback address".into()));
        }
        self.addresses()?;
        self.limits.check(self.max_file_bytes)?;
        if let Some(onion) = &self.onion {
            onion.check()?;
        }
        if self.intake == Intake::Onion && self.onion.as_ref().is_none_or(|onion| onion.location.is_none()) {
            let text = "intake = \"onion\": nobody could report; set [onion] with its listener, and location, which the pages name";
            return Err(ConfigError(text.into()));
        }
        if let Some(security) = &self.security {
            security.check().map_err(ConfigError)?;
        }
        if let Some(notices) = &self.notices {
            notices.check(&self.data, &self.roster).map_err(ConfigError)?;
        }
        Ok(self)
    }

    /// What a browser calls an origin has no path; and no two listeners have one address.
    fn addresses(&self) -> Result<(), ConfigError> {
        if let Some(wrong) =
            self.origins.iter().find(|origin| origin.split_once("://").is_none_or(|(_, name)| name.contains('/')))
        {
            let text =
                "write it as a browser does, without a path and a slash at the end: https://meldkluis.example.org";
            return Err(ConfigError(format!("origins: {wrong:?}: {text}")));
        }
        let others = [
            ("[https] listen", self.https.as_ref().map(|https| https.listen)),
            ("[onion] listen", self.onion.as_ref().and_then(|onion| onion.listen)),
            ("[status] listen", self.status.as_ref().map(|status| status.listen)),
        ];
        let mut taken = vec![("listen", self.listen)];
        for (name, address) in others.into_iter().filter_map(|(name, address)| Some((name, address?))) {
            if let Some((other, _)) = taken.iter().find(|(_, other)| *other == address && address.port() != 0) {
                return Err(ConfigError(format!("{name} and {other} are one address, {address}: each needs its own")));
            }
            taken.push((name, address));
        }
        Ok(())
    }

    /// Whether an origin is this server's own.
    pub fn answers_to(&self, origin: &str) -> bool {
        let loopback = || {
            let name = origin.strip_prefix("http://").unwrap_or_default();
            name.parse::<SocketAddr>().is_ok_and(|address| address.ip().is_loopback()) || name.starts_with("localhost:")
        };
        if self.origins.is_empty() { loopback() } else { self.origins.iter().any(|own| own == origin) }
    }

    /// The folder of the destruction journal.
    pub fn journal(&self) -> PathBuf {
        self.journal.clone().unwrap_or_else(|| beside(&self.data))
    }

    /// The database's URL.
    pub fn database(&self) -> String {
        self.database.clone().unwrap_or_else(|| format!("sqlite:{}", self.data.join("meldkluis.db").display()))
    }

    /// A demo roster's keys are on the same disk: it is never served to others.
    pub fn allows(&self, mode: Mode) -> Result<(), ConfigError> {
        if mode == Mode::Demo && (self.https.is_some() || self.onion.is_some()) {
            return Err(ConfigError("a demo roster is served on loopback only; remove https and onion".into()));
        }
        Ok(())
    }
}

/// The three keys of a deployment.
pub struct Secrets {
    /// For mailboxes.
    pub k1: Zeroizing<[u8; 32]>,
    /// For slot rows.
    pub k2: Zeroizing<[u8; 32]>,
    /// For hidden fields and sign-in; the first signs, all verify.
    pub form: Vec<Zeroizing<[u8; 32]>>,
}

impl Secrets {
    /// Reads the keys of a folder: `k1`, `k2`, `form` and, after a rotation, `form.previous`; 64 hex digits each.
    pub fn load(folder: &Path) -> Result<Self, ConfigError> {
        let mut form = vec![key(&folder.join("form"))?];
        if folder.join("form.previous").exists() {
            form.push(key(&folder.join("form.previous"))?);
        }
        let (k1, k2) = (key(&folder.join("k1"))?, key(&folder.join("k2"))?);
        if k1 == k2 || form.contains(&k1) || form.contains(&k2) {
            let text = "k1, k2 and form must be three keys: put the right ones back from the safe, or in a new deployment draw them anew";
            return Err(ConfigError(text.into()));
        }
        Ok(Self { k1, k2, form })
    }

    /// Draws keys that are missing, each in a file only its owner can read.
    pub fn create(folder: &Path) -> Result<(), ConfigError> {
        fs::create_dir_all(folder).map_err(|e| ConfigError(format!("cannot make {}: {e}", folder.display())))?;
        for name in ["k1", "k2", "form"].map(|n| folder.join(n)).iter().filter(|p| !p.exists()) {
            let mut bytes = Zeroizing::new([0; 32]);
            getrandom::fill(bytes.as_mut()).map_err(|e| ConfigError(format!("no randomness: {e}")))?;
            write_private(name, &Zeroizing::new(hex::encode(bytes.as_slice())))?;
        }
        Ok(())
    }
}

/// Writes a new file that only its owner can read, from the first byte on.
pub fn write_private(path: &Path, text: &str) -> Result<(), ConfigError> {
    let written = private::new_file(path).and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|e| ConfigError(format!("cannot write {}: {e}", path.display())))
}

fn key(path: &Path) -> Result<Zeroizing<[u8; 32]>, ConfigError> {
    let text = fs::read_to_string(path).map(Zeroizing::new);
    let text = text.map_err(|e| ConfigError(format!("cannot read the key {}: {e}", path.display())))?;
    let mut key = Zeroizing::new([0; 32]);
    let read = hex::decode_to_slice(text.trim(), key.as_mut_slice());
    read.map_err(|_| ConfigError(format!("{} must hold 64 hex digits", path.display())))?;
    Ok(key)
}
