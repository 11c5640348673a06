//! The canary as its systemd unit runs it.
use std::{fs, path::Path, process::Command};

use crate::support::Service;

/// The unit's command, with what systemd fills in.
fn command(service: &Service, credentials: &Path, state: &Path) -> Command {
    let unit = fs::read_to_string("deploy/systemd/meldkluis-canary.service").unwrap();
    let line = unit.lines().find_map(|line| line.strip_prefix("ExecStart=")).unwrap();
    let mut words = line.split(' ');
    assert_eq!(words.next(), Some("/usr/bin/meldkluis-desk"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_meldkluis-desk"));
    for word in words {
        if word == "$ARGUMENTS" {
            command.args(["--server", &service.base, "--root"]).arg(service.path("anchor.toml"));
            continue;
        }
        let word = word.replace("${CREDENTIALS_DIRECTORY}", credentials.to_str().unwrap());
        command.arg(word.replace("${STATE_DIRECTORY}", state.to_str().unwrap()));
    }
    command
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// systemd hands credentials over in a folder that cannot be written.
#[tokio::test(flavor = "multi_thread")]
async fn it_writes_nothing_beside_its_key_and_remembers_the_roster() {
    let service = Service::start(None).await;
    let (credentials, state) = (service.path("credentials"), service.path("state"));
    for folder in [&credentials, &state] {
        fs::create_dir(folder).unwrap();
    }
    fs::copy(service.path("readers/kanarie-lezer.key"), credentials.join("canary.key")).unwrap();
    for _ in 0..2 {
        let mut command = command(&service, &credentials, &state);
        let done = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        let said = String::from_utf8(done.stdout).unwrap();
        assert!(done.status.success(), "{said}{}", String::from_utf8_lossy(&done.stderr));
        assert_eq!(said.lines().filter(|line| line.ends_with(" ms")).count(), 12, "eleven steps and their sum: {said}");
    }
    assert_eq!(names(&credentials), ["canary.key"]);
    assert!(names(&state).contains(&"canary.seen".to_owned()), "{:?}", names(&state));
}
