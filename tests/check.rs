//! `check` says what an operator would otherwise find out from a browser, or from a thief: in words that name the file and what to do.
#![cfg(all(feature = "server", feature = "desk", unix))]
#![expect(clippy::unwrap_used, reason = "a test")]
mod support;

use std::{fs, os::unix::fs::PermissionsExt, path::Path, process::Command};

use support::{
    certificate::{certify, certify_between, certify_for},
    child::{Program, config_file, settings},
    train,
};

/// What `check` says of settings, and whether it is content.
fn check(folder: &Path, settings: &str) -> (bool, String) {
    let file = config_file(folder, settings, "127.0.0.1:1".parse().unwrap());
    says(&file)
}

fn says(file: &Path) -> (bool, String) {
    let done = Command::new(env!("CARGO_BIN_EXE_meldkluis")).arg("check").arg("--config").arg(file).output().unwrap();
    (done.status.success(), String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).into_owned())
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// A training deployment with HTTPS.
fn with_https(folder: &Path) -> String {
    let plain = settings(folder, None);
    train(folder);
    let (certificate, key) = (folder.join("certificate.pem"), folder.join("key.pem"));
    let https = format!("certificate = '{}'\nkey = '{}'", certificate.display(), key.display());
    format!("{plain}[https]\nlisten = \"127.0.0.1:2\"\n{https}\n")
}

#[test]
fn the_certificate_is_looked_at_before_a_browser_does() {
    let folder = tempfile::tempdir().unwrap();
    let settings = with_https(folder.path());
    let (content, said) = check(folder.path(), &settings);
    assert!(!content && said.contains("certificate.pem"), "there is none: {said}");
    certify(folder.path(), "localhost");
    let (content, said) = check(folder.path(), &settings);
    assert!(content && said.contains("ends on") && said.contains("renew it"), "in two days: {said}");
    certify_for(folder.path(), "localhost", 90 * 86_400);
    let (content, said) = check(folder.path(), &settings);
    assert!(content && !said.contains("Warning"), "{said}");
    let right = fs::read(folder.path().join("key.pem")).unwrap();
    certify_for(folder.path(), "localhost", -2 * 86_400);
    let (content, said) = check(folder.path(), &settings);
    assert!(!content && said.contains("certificate.pem ended on") && said.contains("renew it"), "{said}");
    fs::write(folder.path().join("key.pem"), right).unwrap();
    let (content, said) = check(folder.path(), &settings);
    assert!(!content && said.contains("key.pem") && said.contains("not the key of the certificate"), "{said}");
    certify_between(folder.path(), "localhost", "20990101000000Z", "20990201000000Z");
    let (content, said) = check(folder.path(), &settings);
    assert!(!content && said.contains("counts from 2099-01-01 on"), "{said}");
}

#[test]
fn files_that_let_others_in_are_named_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    certify_for(folder.path(), "localhost", 90 * 86_400);
    let sockets = folder.path().join("sockets");
    let socket = format!("socket = '{}'\n{}", sockets.join("web").display(), with_https(folder.path()));
    let (content, said) = check(folder.path(), &socket);
    assert!(content && said.contains(&format!("there is no folder {}", sockets.display())), "{said}");
    fs::create_dir(&sockets).unwrap();
    mode(&sockets, 0o755);
    let (content, said) = check(folder.path(), &socket);
    assert!(content && !said.contains("Warning"), "{said}");
    let opened =
        [("secrets/k1", 0o644), ("secrets/k2", 0o640), ("secrets/form", 0o604), ("key.pem", 0o644), ("data", 0o777)];
    for (name, open) in opened.into_iter().chain([("sockets", 0o777)]) {
        let path = folder.path().join(name);
        let before = fs::metadata(&path).unwrap().permissions().mode();
        mode(&path, open);
        let (content, said) = check(folder.path(), &socket);
        let warnings: Vec<&str> = said.lines().filter(|line| line.starts_with("Warning")).collect();
        assert!(content && warnings.len() == 1, "{name}: {said}");
        let says = format!("{} has mode {open:o}", path.display());
        assert!(warnings.iter().all(|line| line.contains(&says) && line.contains("chmod")), "{name}: {said}");
        mode(&path, before);
    }
}

#[actix_web::test]
async fn beside_a_running_server_it_says_what_it_did_not_look_at() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path(), None);
    let _program = Program::start(folder.path(), &settings);
    let (content, said) = check(folder.path(), &settings);
    assert!(content && said.contains("Settings, credentials and roster are in order"), "{said}");
    assert!(said.contains("A server is running") && said.contains("Not looked at"), "{said}");
    let k1 = folder.path().join("secrets/k1");
    let right = fs::read(&k1).unwrap();
    fs::write(&k1, "short").unwrap();
    let (content, said) = check(folder.path(), &settings);
    assert!(!content && said.contains("64 hex digits"), "{said}");
    fs::write(&k1, right).unwrap();
    fs::write(folder.path().join("roster/root.toml.sig"), "").unwrap();
    assert!(!check(folder.path(), &settings).0, "an unsigned roster");
}

#[test]
fn a_setting_that_is_not_there_is_named_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let (file, plain) = (folder.path().join("meldkluis.toml"), settings(folder.path(), None));
    for (text, why) in [
        (format!("{plain}socket = '/run/meldkluis/web'\n"), "line 6: socket is listened on besides listen"),
        (plain.clone(), "listen is not set: add the address"),
        (format!("listen = \"127.0.0.1:1\"\n{plain}[status]\n"), "line 7: [status] has no listen"),
        ("listen = \"127.0.0.1:1\"\n".to_owned(), "data is not set"),
    ] {
        fs::write(&file, text).unwrap();
        let (content, said) = says(&file);
        assert!(!content && said.contains(why) && !said.contains("missing field"), "{said}");
    }
}
