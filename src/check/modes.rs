//! Whom the files of the settings let in, by their modes.
use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use crate::config::Config;

/// Where systemd puts what it hands over (systemd.exec, "Credentials").
const CREDENTIALS: &str = "/run/credentials";
/// Everybody but the owner and the group.
const OTHERS: u32 = 0o007;
/// Everybody but the owner.
const NOT_OWNER: u32 = 0o077;
/// Whoever may make and remove files in a folder.
const WRITERS: u32 = 0o022;

/// What others could read or change and should not, each with what to do.
pub(super) fn doubts(config: &Config) -> Vec<String> {
    // What systemd hands over is opened to its service by an access list, which shows as the group's.
    let handed_over = config.secrets.starts_with(CREDENTIALS);
    let mask = if handed_over { OTHERS } else { NOT_OWNER };
    let keys = ["k1", "k2", "form", "form.previous"].map(|name| config.secrets.join(name));
    let key = |path: &Path| {
        let why = "others than its owner can read this key or change it";
        doubt(
            path,
            mask,
            &format!("{why}: chmod 600 {0}, and if somebody may have, see key-ceremony.md", path.display()),
        )
    };
    let https = config.https.iter().filter_map(|https| {
        let path = &https.key;
        doubt(
            path,
            OTHERS,
            &format!("everybody on this machine can read the certificate's key: chmod o= {}", path.display()),
        )
    });
    let folder = |path: &Path| {
        doubt(path, NOT_OWNER, &format!("others than its owner come into this folder: chmod 700 {}", path.display()))
    };
    let journal = config.journal();
    let sockets = config.socket.iter().chain(config.onion.iter().filter_map(|onion| onion.socket.as_ref()));
    let keys = keys.iter().filter_map(|path| key(path));
    let folders = [config.data.as_path(), &journal].into_iter().filter_map(folder);
    keys.chain(https).chain(folders).chain(sockets.filter_map(|path| socket(path))).collect()
}

fn doubt(path: &Path, mask: u32, what: &str) -> Option<String> {
    let mode = mode(path)?;
    (mode & mask != 0).then(|| format!("Warning: {} has mode {mode:03o}: {what}.", path.display()))
}

/// Who may write in a socket's folder can put another socket in its place, and reads everything.
fn socket(path: &Path) -> Option<String> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if mode(folder).is_none() {
        return Some(format!("Warning: there is no folder {} for the socket: make it.", folder.display()));
    }
    let name = folder.display();
    doubt(folder, WRITERS, &format!("others than its owner could put a socket of theirs in it: chmod go-w {name}"))
}

/// The mode of what is there; a link is followed.
fn mode(path: &Path) -> Option<u32> {
    fs::metadata(path).ok().map(|there| there.permissions().mode() & 0o777)
}
