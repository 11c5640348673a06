//! `meldkluis.toml`, read strictly and proven before anything starts; and the secrets, which live outside the data folder.
use std::{
    fs,
    io::Write,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use zeroize::Zeroizing;

use crate::domain::roster::Mode;

/// Largest file by default: 2 GiB.
pub const MAX_FILE_BYTES: u64 = 2 << 30;
/// Disk space kept free for text by default: 1 GiB.
pub const RESERVE_BYTES: u64 = 1 << 30;

/// Where and how the server runs. Paths are absolute or relative to the working folder; [`Config::load`] resolved them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Config {
    /// Database (SQLite) and payloads.
    pub data: PathBuf,
    /// `sqlite:PATH` or `postgres://…`.
    pub database: String,
    /// Folder with the roster files.
    pub roster: PathBuf,
    /// The root file's signers, pinned.
    pub anchor: PathBuf,
    /// Folder with `k1`, `k2` and `form`; never inside `data`.
    pub secrets: PathBuf,
    /// Where to listen.
    pub listen: Listen,
    /// Path before all pages; empty or `/like/this`.
    pub base_path: String,
    /// Largest file a reporter may add.
    pub max_file_bytes: u64,
    /// Disk space that files may not use.
    pub reserve_bytes: u64,
    /// Whether reports may be made outside Tor.
    pub clear_net: bool,
}

/// Address and, off loopback, certificate.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Listen {
    /// Where.
    pub addr: SocketAddr,
    /// HTTPS; without it the address must be loopback.
    pub tls: Option<Tls>,
}

/// PEM files, read again when they change.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// Certificate chain.
    pub cert: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

/// What is wrong with the configuration or a secret, where, and what to do.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{file}: {problem}")]
pub struct ConfigError {
    /// Which file.
    pub file: String,
    /// Line and setting, and what to do.
    pub problem: String,
}

/// The file as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    data: PathBuf,
    database: Option<String>,
    roster: PathBuf,
    anchor: PathBuf,
    secrets: PathBuf,
    listen: RawListen,
    #[serde(default)]
    base_path: String,
    max_file_bytes: Option<u64>,
    reserve_bytes: Option<u64>,
    clear_net: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawListen {
    addr: SocketAddr,
    tls: Option<Tls>,
}

impl Config {
    /// Reads a file; paths in it are relative to its folder.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let file = path.display().to_string();
        let text = fs::read_to_string(path).map_err(|e| wrong(&file, format!("cannot be read: {e}")))?;
        Self::parse(&text, path.parent().unwrap_or(Path::new(""))).map_err(|problem| wrong(&file, problem))
    }

    /// Reads a text; paths in it are relative to `base`. The error names line and setting.
    pub fn parse(text: &str, base: &Path) -> Result<Self, String> {
        let raw: Raw = toml::from_str(text).map_err(|e| explain(text, &e))?;
        let at = |path: PathBuf| base.join(path);
        let data = at(raw.data);
        let tls = raw.listen.tls.map(|tls| Tls { cert: at(tls.cert), key: at(tls.key) });
        let sqlite = || format!("sqlite:{}", data.join("meldkluis.db").display());
        let config = Self {
            database: raw.database.unwrap_or_else(sqlite),
            roster: at(raw.roster),
            anchor: at(raw.anchor),
            secrets: at(raw.secrets),
            listen: Listen { addr: raw.listen.addr, tls },
            base_path: raw.base_path,
            max_file_bytes: raw.max_file_bytes.unwrap_or(MAX_FILE_BYTES),
            reserve_bytes: raw.reserve_bytes.unwrap_or(RESERVE_BYTES),
            clear_net: raw.clear_net.unwrap_or(true),
            data,
        };
        config.proven()
    }

    fn proven(self) -> Result<Self, String> {
        let known = ["sqlite:", "postgres://", "postgresql://"];
        if !known.iter().any(|scheme| self.database.starts_with(scheme)) {
            return Err("setting `database`: begins with sqlite: or postgres://".to_owned());
        }
        if self.secrets.starts_with(&self.data) {
            return Err("setting `secrets`: lies inside `data`; a thief of the data must not have them".to_owned());
        }
        if self.listen.tls.is_none() && !self.listen.addr.ip().is_loopback() {
            return Err("setting `listen.addr`: without `listen.tls` only a loopback address is served".to_owned());
        }
        if !is_base_path(&self.base_path) {
            return Err("setting `base_path`: empty, or like /report: a slash, then a-z, 0-9 and -".to_owned());
        }
        if self.max_file_bytes == 0 {
            return Err("setting `max_file_bytes`: must be 1 or more".to_owned());
        }
        Ok(self)
    }
}

/// A demo roster's keys are on disk beside it: it is never served where others can reach it.
pub fn check_mode(mode: Mode, listen: SocketAddr) -> Result<(), ConfigError> {
    if mode == Mode::Demo && !listen.ip().is_loopback() {
        let problem = format!("setting `listen.addr`: a demo roster is served on loopback only, not on {listen}");
        return Err(wrong("meldkluis.toml", problem));
    }
    Ok(())
}

fn is_base_path(path: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    let part = |p: &str| !p.is_empty() && p.bytes().all(plain);
    path.is_empty() || path.strip_prefix('/').is_some_and(|rest| rest.split('/').all(part))
}

/// Line, setting and what the parser says, on one line.
fn explain(text: &str, error: &toml::de::Error) -> String {
    let message = error.message().replace('\n', " ");
    let Some(span) = error.span() else { return message };
    let before = text.bytes().take(span.start).filter(|b| *b == b'\n').count();
    let line = text.lines().nth(before).unwrap_or_default();
    let setting = line.split_once('=').map(|(name, _)| name.trim());
    match setting.filter(|name| !name.is_empty() && !name.starts_with('#')) {
        Some(name) => format!("line {}: setting `{name}`: {message}", before + 1),
        None => format!("line {}: {message}", before + 1),
    }
}

fn wrong(file: &str, problem: impl Into<String>) -> ConfigError {
    ConfigError { file: file.to_owned(), problem: problem.into() }
}

/// The deployment's keys. Zeroed when dropped; cannot be printed.
pub struct Secrets {
    /// Hides in which mailbox a slot lies.
    pub k1: Zeroizing<[u8; 32]>,
    /// Proves that a slot row is ours.
    pub k2: Zeroizing<[u8; 32]>,
    /// Authenticates hidden fields and sign-ins.
    pub form: Zeroizing<[u8; 32]>,
    /// The form key before; still accepted.
    pub form_previous: Option<Zeroizing<[u8; 32]>>,
}

const NAMES: [&str; 3] = ["k1", "k2", "form"];
const FORM_PREVIOUS: &str = "form.previous";

impl Secrets {
    /// Reads the folder; refuses files that others may read.
    pub fn load(folder: &Path) -> Result<Self, ConfigError> {
        let [k1, k2, form] = NAMES.map(|name| read_key(&folder.join(name)));
        let previous = folder.join(FORM_PREVIOUS);
        let form_previous = if previous.exists() { Some(read_key(&previous)?) } else { None };
        Ok(Self { k1: k1?, k2: k2?, form: form?, form_previous })
    }

    /// Draws new ones into the folder, which is made if it is missing; existing ones are never overwritten.
    pub fn create(folder: &Path) -> Result<Self, ConfigError> {
        private_folder(folder).map_err(|e| wrong(&folder.display().to_string(), e.to_string()))?;
        for name in NAMES {
            let mut key = Zeroizing::new([0; 32]);
            getrandom::fill(key.as_mut()).map_err(|_| wrong(name, "the system gives no randomness"))?;
            let path = folder.join(name);
            let text = Zeroizing::new(hex::encode(key.as_slice()));
            write_private(&path, text.as_bytes()).map_err(|e| wrong(&path.display().to_string(), e.to_string()))?;
        }
        Self::load(folder)
    }
}

fn read_key(path: &Path) -> Result<Zeroizing<[u8; 32]>, ConfigError> {
    let name = path.display().to_string();
    let text = fs::read_to_string(path).map(Zeroizing::new);
    let text = text.map_err(|e| wrong(&name, format!("cannot be read: {e}; `meldkluis setup` makes it")))?;
    if !is_private(path) {
        return Err(wrong(&name, "others may read it; run chmod 600 on it, and make new secrets if they could have"));
    }
    let mut key = Zeroizing::new([0; 32]);
    let read = hex::decode_to_slice(text.trim(), key.as_mut());
    read.map_err(|_| wrong(&name, "must hold 64 hex digits"))?;
    Ok(key)
}

/// Whether nobody but the owner may read. A group may: service managers hand credentials over so.
#[cfg(unix)]
fn is_private(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).is_ok_and(|m| m.permissions().mode() & 0o027 == 0)
}

#[cfg(not(unix))]
fn is_private(_: &Path) -> bool {
    true
}

/// Makes a folder for the owner alone; leaves one that exists as it is.
pub fn private_folder(path: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Writes a new file that is the owner's alone from its first moment on; an existing file is an error.
pub fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}
