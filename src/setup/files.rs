//! The files of a deployment, from the answers. Pure: nothing is read or written here.
use std::path::PathBuf;

use crate::domain::day::Day;

use super::{Answers, Places, SetupError, roster::First};

const TORRC: &str = include_str!("../../deploy/tor/torrc");
const TOR_SOCKET: &str = "/run/meldkluis/onion.sock";
/// RFC 9116 advises less than a year.
const CONTACT_DAYS: i32 = 360;
const EXE: &str = "/usr/bin/meldkluis";
const SETTINGS: &str = "/etc/meldkluis";
/// What the package brings; made here when there is no package.
const UNITS: [(&str, &str); 8] = [
    ("meldkluis-.service.d/confined.conf", include_str!("../../deploy/systemd/meldkluis-.service.d/confined.conf")),
    ("meldkluis-serve.service", include_str!("../../deploy/systemd/meldkluis-serve.service")),
    ("meldkluis-nightly.service", include_str!("../../deploy/systemd/meldkluis-nightly.service")),
    ("meldkluis-nightly.timer", include_str!("../../deploy/systemd/meldkluis-nightly.timer")),
    ("meldkluis-backup.service", include_str!("../../deploy/systemd/meldkluis-backup.service")),
    ("meldkluis-backup.timer", include_str!("../../deploy/systemd/meldkluis-backup.timer")),
    ("meldkluis-purge.service", include_str!("../../deploy/systemd/meldkluis-purge.service")),
    ("meldkluis-purge.timer", include_str!("../../deploy/systemd/meldkluis-purge.timer")),
];
const PACKAGED: [&str; 2] =
    ["/usr/lib/systemd/system/meldkluis-serve.service", "/lib/systemd/system/meldkluis-serve.service"];

/// A file to make.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NewFile {
    /// Where.
    pub path: PathBuf,
    /// All of it.
    pub text: String,
}

/// Everything but the keys; the settings last.
pub(super) fn files(places: &Places, answers: &Answers, first: &First) -> Result<Vec<NewFile>, SetupError> {
    let toml = |e: toml::ser::Error| SetupError::Failed(e.to_string());
    let mut files = vec![NewFile { path: places.anchor(), text: toml::to_string(&first.signers()).map_err(toml)? }];
    let roster = |name: &str| places.roster().join(name);
    files.push(NewFile { path: roster("root.toml"), text: toml::to_string(&first.root).map_err(toml)? });
    for file in &first.organisations {
        let text = toml::to_string(file).map_err(toml)?;
        files.push(NewFile { path: roster(&format!("org-{}.toml", file.organisation)), text });
    }
    if answers.onion {
        let socket = places.sockets.join("onion.sock");
        let text = TORRC.replace(TOR_SOCKET, &socket.display().to_string());
        files.push(NewFile { path: places.folder.join("torrc"), text });
    }
    files.extend(units(places, answers));
    let today = first.root.head.valid_from;
    files.push(NewFile { path: places.settings(), text: settings(places, answers, today) });
    Ok(files)
}

fn quoted(text: impl ToString) -> String {
    toml::Value::String(text.to_string()).to_string()
}

/// `meldkluis.toml`, with the reasons that somebody who changes it needs.
fn settings(places: &Places, answers: &Answers, today: Day) -> String {
    let path = |path: PathBuf| quoted(path.display());
    let mut origins = vec![format!("http://{}", places.listen)];
    origins.extend(answers.https.as_ref().map(|https| https.origin.clone()));
    let origins: Vec<String> = origins.iter().map(quoted).collect();
    let mut text = format!(
        "# Made by `meldkluis setup`. `meldkluis check` says what is wrong with it; README.md and docs/ explain every setting.\n\
         data = {}\nroster = {}\nanchor = {}\n\
         # What was destroyed, so that no restored backup brings it back. Never inside data, and never set back with it.\n\
         journal = {}\n\
         # Older backups are removed, and not restored. Keep no copy of one longer.\n\
         backup_days = 30\n\
         # The keys are handed over by systemd. Without systemd, name their folder: secrets = {}\n\
         # For a proxy on this machine, and for the canary.\n\
         listen = {}\n\
         # Every address at which readers reach the server. Add http://….onion when Tor has made it.\n\
         origins = [{}]\n",
        path(places.data.clone()),
        path(places.roster()),
        path(places.anchor()),
        path(places.journal()),
        path(places.credentials()),
        quoted(places.listen),
        origins.join(", ")
    );
    if let Some(url) = &answers.postgres {
        text.push_str(&format!("database = {}\n", quoted(url)));
    }
    let status = quoted(places.status);
    text.push_str(&format!("\n# Readiness and figures, for this machine alone.\n[status]\nlisten = {status}\n"));
    if answers.onion {
        let socket = path(places.sockets.join("onion.sock"));
        text.push_str(&format!(
            "\n# Tor alone connects here (torrc).\n[onion]\nsocket = {socket}\n# location = \"http://….onion\"\n"
        ));
    }
    if let Some(https) = &answers.https {
        let (certificate, key) = (path(https.certificate.clone()), path(https.key.clone()));
        let listen = quoted(https.listen);
        text.push_str(&format!("\n[https]\nlisten = {listen}\ncertificate = {certificate}\nkey = {key}\n"));
    }
    if let Some(contact) = &answers.contact {
        text.push_str(&format!(
            "\n[security]\ncontact = [{}]\nexpires = \"{}\"\n",
            quoted(contact),
            today.plus_days(CONTACT_DAYS)
        ));
    }
    text
}

/// The units, where no package brought them, and what this deployment needs beyond them.
fn units(places: &Places, answers: &Answers) -> Vec<NewFile> {
    let packaged = PACKAGED.iter().any(|unit| std::path::Path::new(unit).exists());
    let exe = std::env::current_exe().map_or_else(|_| EXE.to_owned(), |exe| exe.display().to_string());
    let here = |text: &str| text.replace(EXE, &exe).replace(SETTINGS, &places.folder.display().to_string());
    let own = UNITS.into_iter().filter(|_| !packaged);
    let mut files: Vec<NewFile> =
        own.map(|(name, text)| NewFile { path: places.units.join(name), text: here(text) }).collect();
    let needs = needs(answers);
    if !needs.is_empty() {
        let text =
            format!("# What this deployment needs beyond the unit. Made by `meldkluis setup`.\n[Service]\n{needs}");
        files.push(NewFile { path: places.units.join("meldkluis-serve.service.d/setup.conf"), text });
    }
    files
}

fn needs(answers: &Answers) -> String {
    let mut text = String::new();
    let far = answers.postgres.as_deref().is_some_and(|url| !url.contains("@localhost") && !url.contains("@127.0.0.1"));
    if answers.https.is_some() || far {
        text.push_str("IPAddressAllow=any\n");
    }
    if answers.https.as_ref().is_some_and(|https| https.listen.port() < 1024) {
        text.push_str(
            "AmbientCapabilities=CAP_NET_BIND_SERVICE\nCapabilityBoundingSet=CAP_NET_BIND_SERVICE\nPrivateUsers=no\n",
        );
    }
    text
}
