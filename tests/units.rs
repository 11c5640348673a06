//! What the units leave the programs, by systemd's own measure.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test")]
use std::{fs, process::Command};

const UNITS: [&str; 5] =
    ["meldkluis-serve", "meldkluis-purge", "meldkluis-nightly", "meldkluis-backup", "meldkluis-canary"];

/// A root with our units in it, where the drop-in for all of them counts as well.
fn root() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    let units = root.path().join("usr/lib/systemd/system");
    fs::create_dir_all(&units).unwrap();
    let copied = Command::new("cp").args(["-r", "deploy/systemd/."]).arg(&units).status().unwrap();
    assert!(copied.success());
    root
}

/// `→ Overall exposure level for UNIT: 1.0 OK`.
fn exposure(root: &tempfile::TempDir, unit: &str) -> f32 {
    let mut analyze = Command::new("systemd-analyze");
    analyze.args(["security", "--offline=true", "--no-pager"]).arg(format!("--root={}", root.path().display()));
    let rated = analyze.arg(format!("{unit}.service")).output().unwrap();
    let said = String::from_utf8_lossy(&rated.stdout);
    let level = said.rsplit_once("level for ").and_then(|(_, rest)| rest.split_whitespace().nth(1));
    level.and_then(|l| l.parse().ok()).unwrap_or_else(|| panic!("{said}{}", String::from_utf8_lossy(&rated.stderr)))
}

#[test]
fn every_unit_is_rated_1_5_or_better() {
    let root = root();
    for unit in UNITS {
        let level = exposure(&root, unit);
        assert!(level <= 1.5, "{unit}: {level}");
    }
}

#[test]
fn without_what_they_share_the_rating_is_worse() {
    let root = root();
    fs::remove_dir_all(root.path().join("usr/lib/systemd/system/meldkluis-.service.d")).unwrap();
    assert!(exposure(&root, "meldkluis-serve") > 5.0, "the measure sees nothing");
}

/// Also a backup: it leaves its mark there.
#[test]
fn whatever_opens_the_database_may_write_the_journal() {
    for unit in ["meldkluis-serve", "meldkluis-purge", "meldkluis-nightly", "meldkluis-backup"] {
        let unit = fs::read_to_string(format!("deploy/systemd/{unit}.service")).unwrap();
        let folders = unit.lines().find_map(|line| line.strip_prefix("StateDirectory=")).unwrap();
        assert!(folders.split(' ').any(|folder| folder == "meldkluis-journal"), "{folders}");
    }
}

#[test]
fn a_timer_runs_what_is_there_and_the_calendar_is_understood() {
    for unit in ["meldkluis-purge", "meldkluis-nightly", "meldkluis-backup", "meldkluis-canary"] {
        let timer = fs::read_to_string(format!("deploy/systemd/{unit}.timer")).unwrap();
        assert!(fs::exists(format!("deploy/systemd/{unit}.service")).unwrap());
        let when = timer.lines().find_map(|l| l.strip_prefix("OnCalendar=")).unwrap();
        assert!(Command::new("systemd-analyze").args(["calendar", when]).output().unwrap().status.success(), "{when}");
    }
}
