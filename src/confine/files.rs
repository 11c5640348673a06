//! Landlock: the files and ports that the settings name, and no others.
use std::{
    path::{Path, PathBuf},
    str::FromStr,
};

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, LandlockStatus, NetPort, Ruleset, RulesetAttr, RulesetCreatedAttr,
    RulesetError, RulesetStatus, Scope, make_bitflags, path_beneath_rules,
};
use sqlx::postgres::PgConnectOptions;

use crate::{clock::Clock, config::Config, journal::Journal, store::sqlite_file};

/// What is asked for; of an older kernel, as much as it has. Linux 6.12.
const VERSION: ABI = ABI::V6;
const DNS: u16 = 53;
/// Randomness, and the rules of time zones.
const ALWAYS: [&str; 3] = ["/dev/urandom", "/dev/random", "/usr/share/zoneinfo"];
/// What the C library looks at to find the address of a name.
const NAMES: [&str; 14] = [
    "/etc/resolv.conf",
    "/etc/hosts",
    "/etc/host.conf",
    "/etc/nsswitch.conf",
    "/etc/gai.conf",
    "/etc/services",
    "/etc/ld.so.cache",
    "/run/systemd/resolve",
    "/run/NetworkManager",
    "/run/resolvconf",
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
];

/// Everything of the outside that a server uses.
#[derive(Default)]
struct Needs {
    read: Vec<PathBuf>,
    write: Vec<PathBuf>,
    /// Folders in which sockets are made.
    sockets: Vec<PathBuf>,
    listen: Vec<u16>,
    connect: Vec<u16>,
}

impl Needs {
    fn of(config: &Config) -> Self {
        let mut needs = Self::default();
        needs.read.extend(ALWAYS.map(PathBuf::from));
        needs.read.extend([&config.roster, &config.anchor, &config.secrets].map(PathBuf::clone));
        needs.write.extend([config.data.clone(), config.journal()]);
        needs.listen.push(config.listen.port());
        for files in config.https.iter() {
            needs.listen.push(files.listen.port());
            needs.read.extend([&files.certificate, &files.key].into_iter().flat_map(|file| around(file)));
        }
        needs.listen.extend(config.status.iter().map(|status| status.listen.port()));
        let onion = config.onion.as_ref();
        needs.listen.extend(onion.and_then(|onion| onion.listen).map(|address| address.port()));
        for socket in config.socket.iter().chain(onion.and_then(|onion| onion.socket.as_ref())) {
            needs.sockets.push(parent(socket));
        }
        needs.database(&config.database());
        if let Some(notices) = &config.notices {
            let files = [Some(&notices.addresses), notices.ca.as_ref(), notices.password_file.as_ref()];
            needs.read.extend(files.into_iter().flatten().flat_map(|file| around(file)));
            needs.connects(notices.port);
        }
        needs
    }

    fn database(&mut self, url: &str) {
        let Some(path) = sqlite_file(url) else {
            // A URL that cannot be read is refused when the store is opened.
            if let Ok(options) = PgConnectOptions::from_str(url) {
                let passwords = std::env::var_os("PGPASSFILE").map(PathBuf::from);
                self.read.extend(passwords.or_else(|| Some(std::env::home_dir()?.join(".pgpass"))));
                self.connects(options.get_port());
            }
            return;
        };
        self.write.push(parent(path));
    }

    /// To a port of a machine that may be given by its name.
    fn connects(&mut self, port: u16) {
        self.read.extend(NAMES.map(PathBuf::from));
        self.connect.extend([port, DNS]);
    }
}

/// The folders of a file that is read again when it was replaced, and of what it may be a link to.
fn around(file: &Path) -> Vec<PathBuf> {
    let mut folders = vec![parent(file)];
    folders.extend(file.canonicalize().ok().map(|file| parent(&file)));
    folders
}

fn parent(file: &Path) -> PathBuf {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned()
}

/// Takes away every other file, port and process.
pub(super) fn restrict(config: &Config, read: &[PathBuf], write: &[PathBuf]) -> Result<(), String> {
    // A rule is of a folder that exists. If it cannot be made, the start says so.
    drop(std::fs::create_dir_all(&config.data));
    drop(Journal::open(&config.journal(), Clock::System));
    let mut needs = Needs::of(config);
    needs.read.extend_from_slice(read);
    needs.write.extend_from_slice(write);
    let status = rules(&needs).map_err(|e| format!("Landlock ({e})"))?;
    match (status.ruleset, status.landlock) {
        (RulesetStatus::FullyEnforced, _) => Ok(()),
        (RulesetStatus::PartiallyEnforced, LandlockStatus::Available { effective_abi, .. }) => {
            Err(format!("a part of Landlock (the kernel has version {} of {})", effective_abi as i32, VERSION as i32))
        }
        (_, LandlockStatus::NotEnabled) => Err("Landlock (not enabled when the kernel started)".to_owned()),
        _ => Err("Landlock (not in this kernel)".to_owned()),
    }
}

fn rules(needs: &Needs) -> Result<landlock::RestrictionStatus, RulesetError> {
    let read: BitFlags<AccessFs> = make_bitflags!(AccessFs::{ReadFile | ReadDir});
    let write =
        read | make_bitflags!(AccessFs::{WriteFile | Truncate | MakeReg | MakeDir | RemoveFile | RemoveDir | Refer});
    let sockets = make_bitflags!(AccessFs::{MakeSock | RemoveFile});
    let ports = needs.listen.iter().map(|port| NetPort::new(*port, AccessNet::BindTcp));
    let ports = ports.chain(needs.connect.iter().map(|port| NetPort::new(*port, AccessNet::ConnectTcp)));
    Ruleset::default()
        .handle_access(AccessFs::from_all(VERSION))?
        .handle_access(AccessNet::from_all(VERSION))?
        .scope(Scope::from_all(VERSION))?
        .create()?
        .add_rules(path_beneath_rules(&needs.read, read))?
        .add_rules(path_beneath_rules(&needs.write, write))?
        .add_rules(path_beneath_rules(&needs.sockets, sockets))?
        .add_rules(ports.map(Ok::<_, RulesetError>))?
        .restrict_self()
}
