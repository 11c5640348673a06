//! The program itself: what it sends by itself, what its commands say, and the settings it refuses.
use std::{
    process::Command,
    time::{Duration, Instant},
};

use meldkluis::config::Config;

use crate::{
    PATIENCE, READER, file_and_answer,
    support::{
        child::{Program, config_file},
        smtp::{Smtp, certify},
        stands_in,
    },
    world::{ADDRESS, World},
};

/// Waits until something holds.
fn wait(what: &str, holds: impl Fn() -> bool) {
    let since = Instant::now();
    while !holds() {
        assert!(since.elapsed() < PATIENCE, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn command(world: &World, name: &str) -> String {
    let file = config_file(world.service.folder.path(), &world.settings, "127.0.0.1:1".parse().unwrap());
    let said = Command::new(env!("CARGO_BIN_EXE_meldkluis")).arg(name).arg("--config").arg(file).output().unwrap();
    String::from_utf8([said.stdout, said.stderr].concat()).unwrap()
}

const EVERY_DAY: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

#[actix_web::test]
async fn the_program_sends_by_itself_and_by_command_and_once_a_day() {
    let smtp_folder = tempfile::tempdir().unwrap();
    certify(smtp_folder.path(), "ca", "IP:127.0.0.1");
    let smtp = Smtp::start(smtp_folder.path(), 0, "none");
    let build = |w: &mut World| {
        w.weekdays = EVERY_DAY.to_vec();
        w.notices(smtp.port, "none", None);
    };
    let world = World::new(None, build);
    let count = world.addresses().len();
    let program = Program::start(world.service.folder.path(), &world.settings);
    let mails = || std::fs::read_dir(smtp_folder.path().join("mails")).unwrap().count();
    wait("the mails of the day", || mails() == count);
    drop(program);
    assert!(command(&world, "notify").starts_with("No notices are due"), "they went out before");
    assert_eq!(smtp.take().len(), count);

    let fresh = World::new(None, build);
    assert_eq!(command(&fresh, "notify"), format!("{count} notice(s) sent, 0 failed.\n"));
    assert!(command(&fresh, "notify").starts_with("No notices are due"));
    drop(Program::start(fresh.service.folder.path(), &fresh.settings));
    assert_eq!(smtp.take().len(), count);
}

#[actix_web::test]
async fn a_mail_server_that_is_away_costs_one_line_and_no_service() {
    let mut world = World::new(None, |w| {
        w.weekdays = EVERY_DAY.to_vec();
        w.notices(1, "none", None);
    });
    let count = world.addresses().len();
    let program = Program::start(world.service.folder.path(), &world.settings);
    let log = world.service.path("log");
    let said = || std::fs::read_to_string(&log).unwrap();
    wait("a line in the log", || said().contains("notices"));
    world.service.base.clone_from(&program.base);
    file_and_answer(&world).await;
    let said = said();
    assert!(said.contains(&format!("{count} of {count} notices were not sent")), "{said}");
    assert!(!said.contains('\u{1b}'), "no colours in a file: {said:?}");
    assert!(said.lines().count() == 1 && !said.contains('@') && !said.contains("127.0.0.1"), "{said}");
    drop(program);
    assert_eq!(world.days_kept().await, 1, "the day of the one reader who signed in");
    assert!(world.service.path("data").exists() && !stands_in(&world.service.path("data"), ADDRESS.as_bytes()));

    // Without notices, nobody's day is kept.
    let (settings, _) = world.settings.split_once("[notices]").unwrap();
    world.settings = settings.to_owned();
    let program = Program::start(world.service.folder.path(), &world.settings);
    world.service.base.clone_from(&program.base);
    world.service.desk(READER, &["inbox"]).await.unwrap();
    drop(program);
    assert_eq!(world.days_kept().await, 0);
}

#[actix_web::test]
async fn check_names_readers_without_an_address_and_addresses_without_a_reader() {
    let world = World::new(None, |w| w.notices(25, "none", None));
    let good = "Settings, credentials, roster and store are in order.\n";
    assert_eq!(command(&world, "check"), good);
    let addresses = world.service.path("addresses.toml");
    let text = std::fs::read_to_string(&addresses).unwrap();
    std::fs::write(&addresses, text.replace(READER, "nobody-at-all")).unwrap();
    let said = command(&world, "check");
    let lines: Vec<&str> = said.lines().collect();
    assert!(lines.len() == 3 && lines[0].contains("nobody-at-all") && lines[1].contains(READER), "{said}");
    assert!(said.ends_with(good) && !said.contains('@'));
    std::fs::write(&addresses, "a").unwrap();
    assert!(command(&world, "check").contains("addresses.toml, line 1"));
}

#[test]
fn settings_that_show_addresses_or_never_send_are_refused() {
    let world = World::new(None, |w| w.notices(25, "none", None));
    let file = config_file(world.service.folder.path(), &world.settings, "127.0.0.1:1".parse().unwrap());
    Config::load(&file).unwrap();
    let data = world.service.path("data/addresses.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    for (from, to, why) in [
        ("server = \"127.0.0.1\"", "server = \"mail.example.org\"", "tls = \"none\" is for a server on this machine"),
        ("server = \"127.0.0.1\"", "server = \"192.0.2.1\"", "tls = \"none\" is for a server on this machine"),
        ("tls = \"none\"", "tls = \"maybe\"", "unknown variant"),
        ("weekdays = [\"mon\", \"thu\"]", "weekdays = []", "weekdays names no day"),
        ("weekdays = [\"mon\", \"thu\"]", "weekdays = [\"monday\"]", "unknown variant"),
        ("after_working_days = 3", "after_working_days = 0", "after_working_days must be 1 to 30"),
        ("after_working_days = 3", "after_working_days = 31", "after_working_days must be 1 to 30"),
        ("password_file =", "# password_file =", "both user and password_file"),
        ("no-reply@example.org", "no-reply", "is not a mail address"),
        (world.service.path("addresses.toml").to_str().unwrap(), data.to_str().unwrap(), "must not be inside data"),
        ("after_working_days = 3", "after_working_days = 3\nretries = 5", "unknown field"),
    ] {
        assert!(text.contains(from), "{from}");
        std::fs::write(&file, text.replace(from, to)).unwrap();
        let error = Config::load(&file).unwrap_err().to_string();
        assert!(error.contains(why), "{to}: {error}");
    }
}
