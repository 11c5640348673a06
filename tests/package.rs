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

/// Each program is named with every crate in it and the licence of each; the server's has nothing of the desk.
#[test]
fn the_bill_of_materials_names_what_is_in_a_program() {
    let folder = tempfile::tempdir().unwrap();
    let made = Command::new("deploy/bom").arg(folder.path()).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let names = |program: &str| {
        let text = fs::read_to_string(folder.path().join(format!("{program}.cdx.json"))).unwrap();
        let bom: serde_json::Value = serde_json::from_str(&text).unwrap();
        let components = bom.get("components").and_then(|c| c.as_array()).unwrap().clone();
        assert!(components.iter().all(|c| c.get("licenses").is_some() && c.get("version").is_some()));
        components.iter().filter_map(|c| Some(c.get("name")?.as_str()?.to_owned())).collect::<Vec<String>>()
    };
    let (server, desk) = (names("meldkluis"), names("meldkluis-desk"));
    let has = |all: &[String], name: &str| all.iter().any(|n| n == name);
    assert!(has(&server, "sqlx") && has(&server, "age") && !has(&server, "hayro") && !has(&server, "rpassword"));
    assert!(has(&desk, "hayro") && has(&desk, "age") && !has(&desk, "sqlx"));
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
