//! Tries a deployment before it is started for good: `check`, and a server with a canary, both as the server's own user.
use std::{
    fs, io,
    net::{SocketAddr, TcpStream},
    os::unix::{
        fs::{MetadataExt, chown},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use super::{Places, SetupError};
use crate::config::{CREDENTIALS, Config};

/// How long a server may take to be there.
const START: Duration = Duration::from_secs(30);

/// Says that everything is in order and what to start, or what is not.
pub(super) fn dry_run(places: &Places) -> Result<String, SetupError> {
    let keys = Keys::hand_over(places)?;
    let config = Config::with_secrets(&places.settings(), &keys.folder)?;
    let checked = said(&keys.server(places, "check").output().map_err(failed)?).map_err(|e| keys.by_name(places, e))?;
    let canary = match &places.canary_key {
        None => "The canary was not tried: name its key with --canary-key, or run `meldkluis-desk canary` from another machine.".to_owned(),
        Some(key) => canary(places, &keys, &config, key)?,
    };
    Ok(format!("{checked}\n{canary}\n\n{}", next(places)))
}

/// Copies of the deployment's keys for the server's user, gone with this value. Root's own copies stay root's.
struct Keys {
    folder: PathBuf,
    owner: (u32, u32),
}

impl Keys {
    fn hand_over(places: &Places) -> Result<Self, SetupError> {
        let file = |path: &Path, e| SetupError::File(path.to_owned(), e);
        fs::create_dir_all(&places.data).map_err(|e| file(&places.data, e))?;
        let data = fs::metadata(&places.data).map_err(|e| file(&places.data, e))?;
        // In memory where there is such a place: as systemd does.
        let run = Path::new("/run");
        let memory = if fs::metadata(run).is_ok_and(|m| m.uid() == fs_uid()) { run } else { &places.folder };
        let folder = memory.join(format!("meldkluis-setup-{}", std::process::id()));
        fs::create_dir(&folder).map_err(|e| file(&folder, e))?;
        let keys = Self { folder, owner: (data.uid(), data.gid()) };
        // The server's user could not make it: the folder around it is root's.
        let journal = places.journal();
        fs::create_dir_all(&journal).map_err(|e| file(&journal, e))?;
        keys.restrict(&journal, 0o700)?;
        let private = std::os::unix::fs::PermissionsExt::from_mode(0o700);
        fs::set_permissions(&keys.folder, private).map_err(|e| file(&keys.folder, e))?;
        for name in ["k1", "k2", "form"] {
            let (own, copy) = (places.credentials().join(name), keys.folder.join(name));
            if !own.exists() {
                return Err(SetupError::Failed(format!(
                    "the key {} is not there: put it back from the safe. If nobody ever reported here, remove {} and begin setup anew",
                    own.display(),
                    places.folder.display()
                )));
            }
            fs::copy(&own, &copy).map_err(|e| file(&own, e))?;
            keys.restrict(&copy, 0o400)?;
        }
        // Last: nobody else could put a link where a key is written.
        keys.restrict(&keys.folder, 0o700)?;
        Ok(keys)
    }

    /// A failure that names the keys where they stay, not the copies that are gone when it is read.
    fn by_name(&self, places: &Places, error: SetupError) -> SetupError {
        let (copies, own) = (self.folder.display().to_string(), places.credentials().display().to_string());
        SetupError::Failed(error.to_string().replace(&copies, &own))
    }

    fn restrict(&self, path: &Path, mode: u32) -> Result<(), SetupError> {
        let (uid, gid) = self.owner;
        let mode = std::os::unix::fs::PermissionsExt::from_mode(mode);
        let done = fs::set_permissions(path, mode).and_then(|()| chown(path, Some(uid), Some(gid)));
        done.map_err(|e| SetupError::File(path.to_owned(), e))
    }

    /// This program with another command, as the server's user.
    fn server(&self, places: &Places, command: &str) -> Command {
        let exe = std::env::current_exe().unwrap_or_else(|_| PathBuf::from("meldkluis"));
        let mut child = Command::new(exe);
        child.args([command, "--config"]).arg(places.settings()).env(CREDENTIALS, &self.folder).current_dir("/");
        if fs_uid() == 0 {
            child.gid(self.owner.1).uid(self.owner.0);
        }
        child
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        // What cannot be removed stays readable to the server's user alone.
        drop(fs::remove_dir_all(&self.folder));
    }
}

fn fs_uid() -> u32 {
    rustix::process::geteuid().as_raw()
}

fn canary(places: &Places, keys: &Keys, config: &Config, key: &Path) -> Result<String, SetupError> {
    let running = answers(config.listen);
    let mut server = if running {
        None
    } else {
        let server = keys.server(places, "serve").stdout(Stdio::null()).spawn().map_err(failed)?;
        Some(Server(server))
    };
    let since = Instant::now();
    while !answers(config.listen) {
        let ended = server.as_mut().is_none_or(|s| !matches!(s.0.try_wait(), Ok(None)));
        if ended || since.elapsed() > START {
            return Err(SetupError::Failed(format!(
                "the server does not answer on {}; it says why above",
                config.listen
            )));
        }
        sleep(Duration::from_millis(100));
    }
    let mut desk = Command::new(desk());
    desk.arg("--server").arg(format!("http://{}", config.listen)).arg("--root").arg(places.anchor());
    let done = desk.arg("--identity").arg(key).arg("canary").output();
    let done = done.map_err(|e| {
        SetupError::Failed(format!("meldkluis-desk does not start ({e}); install it to try the canary"))
    })?;
    said(&done).map_err(|e| SetupError::Failed(format!("the canary did not come through: {e}")))
}

/// The readers' program beside this one, or wherever programs are.
fn desk() -> PathBuf {
    let beside = std::env::current_exe().ok().and_then(|exe| Some(exe.parent()?.join("meldkluis-desk")));
    beside.filter(|path| path.exists()).unwrap_or_else(|| PathBuf::from("meldkluis-desk"))
}

/// A server for the time of the trial.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn answers(address: SocketAddr) -> bool {
    TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_ok()
}

fn failed(error: io::Error) -> SetupError {
    SetupError::Failed(error.to_string())
}

/// What a program said, or that it failed.
fn said(output: &Output) -> Result<String, SetupError> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
    let all = [text(&output.stderr), text(&output.stdout)].join("\n");
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(SetupError::Failed(all.trim().to_owned())) }
}

fn next(places: &Places) -> String {
    let mut lines = vec![
        "Start it:  systemctl daemon-reload && systemctl enable --now meldkluis-serve".to_owned(),
        "Backups:   systemctl enable --now meldkluis-backup.timer".to_owned(),
        "PostgreSQL: systemctl enable --now meldkluis-purge.timer meldkluis-nightly.timer".to_owned(),
    ];
    let torrc = places.folder.join("torrc");
    if torrc.exists() {
        lines.push(format!(
            "Tor:       adduser debian-tor meldkluis-onion && cp {} /etc/tor/torrc && systemctl restart tor",
            torrc.display()
        ));
        lines.push("           then add http://(what /var/lib/tor/meldkluis/hostname says) to origins and to location in [onion]".to_owned());
    }
    lines.push("Keep the keys of the folder credentials in a safe place, apart from backups.".to_owned());
    lines.join("\n")
}
