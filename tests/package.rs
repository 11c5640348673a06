//! The packages install, start, upgrade and go again, in a Debian that was booted for it: systemd, units and users are the real ones.
#![cfg(all(feature = "server", feature = "desk", target_os = "linux"))]
#![expect(clippy::unwrap_used, reason = "a test")]
use std::{fs, path::PathBuf, process::Command};

/// Where `tests/run` leaves a Debian as debootstrap made it.
fn debian() -> PathBuf {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.unwrap_or_else(|| std::env::home_dir().unwrap().join(".cache"));
    cache.join("meldkluis-tools/debian-1.tar")
}

#[test]
fn the_packages_install_start_upgrade_and_go() {
    let folder = tempfile::tempdir().unwrap();
    for revision in ["1", "2"] {
        let made = Command::new("deploy/package").arg(folder.path()).args(["dev", revision]).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    }
    fs::copy("tests/package/trial.sh", folder.path().join("trial.sh")).unwrap();
    let tried = Command::new("tests/package/boot").arg(debian()).arg(folder.path()).output().unwrap();
    let said = String::from_utf8_lossy(&tried.stdout);
    let errors = String::from_utf8_lossy(&tried.stderr);
    assert!(said.trim_end().ends_with("TRIAL-PASSED"), "{said}\n{errors}");
}
