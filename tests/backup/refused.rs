//! What is not restored, and what a server does not start on.
use std::{fs, path::Path};

use meldkluis::{
    backup::{self, From},
    clock::Clock,
    config::Config,
    demo,
};

use crate::{World, said, support::Browser};

async fn made() -> (World, std::path::PathBuf, String) {
    let world = World::start(None);
    let browser = Browser::new(&world.service.base);
    let (code, _) = browser.report("Verhaal", &[]).await;
    assert_eq!(browser.upload(&code, "a.bin", vec![7; 300_000]).await.status, 200);
    let from = world.backup();
    let journal = format!("journal = '{}'\n", world.path("data-journal").display());
    let settings = journal + &world.elsewhere("restored", None);
    (world, from, settings)
}

fn refused(world: &World, settings: &str, from: &Path, why: &str) {
    let done = world.restore(settings, from, &[]);
    assert!(!done.status.success() && said(&done).contains(why), "{why}: {}", said(&done));
    assert!(!world.path("restored").join("meldkluis.db").exists(), "{why}");
}

#[actix_web::test]
async fn a_damaged_or_incomplete_backup_is_refused_and_nothing_is_written() {
    let (world, from, settings) = made().await;
    let all: Vec<std::path::PathBuf> = ["database", "payloads", "journal"]
        .iter()
        .flat_map(|folder| fs::read_dir(from.join(folder)).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| !path.ends_with("lock"))
        .collect();
    assert!(all.len() >= 2, "{all:?}");
    for path in &all {
        let whole = fs::read(path).unwrap();
        let mut bent = whole.clone();
        let last = bent.len() - 1;
        bent[last] ^= 1;
        fs::write(path, bent).unwrap();
        refused(&world, &settings, &from, "is damaged");
        fs::write(path, &whole[..last]).unwrap();
        refused(&world, &settings, &from, "is damaged");
        fs::remove_file(path).unwrap();
        refused(&world, &settings, &from, "No such file");
        fs::write(path, whole).unwrap();
    }
    let manifest = fs::read(from.join("manifest.json")).unwrap();
    fs::remove_file(from.join("manifest.json")).unwrap();
    refused(&world, &settings, &from, "is no whole backup");
    fs::write(from.join("manifest.json"), &manifest[..manifest.len() / 2]).unwrap();
    refused(&world, &settings, &from, "manifest.json");
    let text = String::from_utf8(manifest.clone()).unwrap();
    fs::write(from.join("manifest.json"), text.replacen("database/", "../database/", 1)).unwrap();
    refused(&world, &settings, &from, "outside the backup");
    fs::write(from.join("manifest.json"), manifest).unwrap();
    assert_eq!(fs::read_dir(world.path("restored")).unwrap().count(), 0, "nothing was written");
    let done = world.restore(&settings, &from, &[]);
    assert!(done.status.success(), "{}", said(&done));
}

#[actix_web::test]
async fn a_journal_that_did_not_go_on_after_the_backup_brings_nothing_back_unsaid() {
    let world = World::start(None);
    let browser = Browser::new(&world.service.base);
    let (withdrawn, _) = browser.report("Ingetrokken", &[]).await;
    let gone = browser.mailbox(&withdrawn, None, &[("act", "withdraw")]).await;
    assert_eq!(gone.status, 200, "{}", gone.title());
    let from = world.backup();
    let settings = world.elsewhere("restored", None);
    refused(&world, &settings, &from, "--journal-lost restores all the same");

    let journal = world.path("data-journal");
    let done = world.restore(&settings, &from, &["--journal", journal.to_str().unwrap()]);
    let today = Clock::System.today();
    assert!(done.status.success(), "{}", said(&done));
    assert!(said(&done).contains(&format!("The journals tell of destructions until {today}")), "{}", said(&done));
    let settings = world.elsewhere("lost", None);
    let done = world.restore(&settings, &from, &["--journal-lost"]);
    assert!(done.status.success() && said(&done).contains("tell of no destruction"), "{}", said(&done));
}

fn copy_journal(world: &World, name: &str) -> String {
    let (from, to) = (world.path("data-journal"), world.path(name));
    fs::create_dir(&to).unwrap();
    for file in fs::read_dir(from).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file()) {
        fs::copy(&file, to.join(file.file_name().unwrap())).unwrap();
    }
    to.to_str().unwrap().to_owned()
}

#[actix_web::test]
async fn a_journal_of_before_the_backup_is_refused_also_when_nothing_had_been_destroyed_yet() {
    let world = World::start(None);
    let browser = Browser::new(&world.service.base);
    let (withdrawn, _) = browser.report("Ingetrokken", &[]).await;
    let stale = copy_journal(&world, "stale");
    let from = world.backup();
    let fresh = copy_journal(&world, "fresh");
    let gone = browser.mailbox(&withdrawn, None, &[("act", "withdraw")]).await;
    assert_eq!(gone.status, 200, "{}", gone.title());
    let settings = world.elsewhere("restored", None);
    refused(&world, &settings, &from, "--journal-lost restores all the same");
    let done = world.restore(&settings, &from, &["--journal", &stale]);
    assert!(!done.status.success() && said(&done).contains("--journal-lost"), "{}", said(&done));
    assert!(!world.path("restored").join("meldkluis.db").exists());

    let done = world.restore(&world.elsewhere("copied", None), &from, &["--journal", &fresh]);
    assert!(done.status.success() && said(&done).contains("again: 0; readers"), "{}", said(&done));
    let journal = world.path("data-journal");
    let done = world.restore(&settings, &from, &["--journal", journal.to_str().unwrap()]);
    assert!(done.status.success() && said(&done).contains("again: 1; readers"), "{}", said(&done));
    let done = world.restore(&world.elsewhere("lost", None), &from, &["--journal", &stale, "--journal-lost"]);
    assert!(done.status.success(), "{}", said(&done));
}

/// Such a backup is better than none, and is restored as those of before there were marks.
#[actix_web::test]
async fn a_backup_beside_a_journal_that_cannot_be_written_says_so() {
    let world = World::start(None);
    Browser::new(&world.service.base).report("Verhaal", &[]).await;
    let lock = world.path("data-journal/lock");
    fs::remove_file(&lock).unwrap();
    fs::create_dir(&lock).unwrap();
    let to = world.path("backups");
    let done = world.run(&world.settings, &["backup", "--to", to.to_str().unwrap()]);
    assert!(done.status.success() && said(&done).contains("no mark"), "{}", said(&done));
    fs::remove_dir(&lock).unwrap();
    let from = to.join(Clock::System.today().to_string());
    let done = world.restore(&world.elsewhere("restored", None), &from, &[]);
    assert!(done.status.success(), "{}", said(&done));
    let done = world.run(&world.settings, &["backup", "--to", to.to_str().unwrap()]);
    assert!(done.status.success() && !said(&done).contains("no mark"), "{}", said(&done));
}

#[actix_web::test]
async fn a_folder_with_anything_in_it_is_refused() {
    let (world, from, settings) = made().await;
    fs::create_dir(world.path("restored")).unwrap();
    fs::write(world.path("restored/something"), "of somebody").unwrap();
    refused(&world, &settings, &from, "is not empty");
    assert_eq!(fs::read_dir(world.path("restored")).unwrap().count(), 1);
}

#[actix_web::test]
async fn a_restore_that_was_broken_off_is_not_served() {
    let (world, from, settings) = made().await;
    assert!(world.restore(&settings, &from, &[]).status.success());
    assert!(world.run(&settings, &["check"]).status.success());
    fs::write(world.path("restored/restoring"), "").unwrap();
    let check = world.run(&settings, &["check"]);
    assert!(!check.status.success() && said(&check).contains("did not end"), "{}", said(&check));
}

#[actix_web::test]
async fn other_keys_are_noticed_and_not_served() {
    let (world, from, settings) = made().await;
    fs::write(world.path("secrets/k2"), "07".repeat(32)).unwrap();
    let done = world.restore(&settings, &from, &[]);
    assert!(!done.status.success() && said(&done).contains("k1 and k2"), "{}", said(&done));
    let check = world.run(&settings, &["check"]);
    assert!(said(&check).contains("did not end"), "{}", said(&check));
}

#[actix_web::test]
async fn a_server_does_not_start_with_keys_that_are_not_those_of_its_rows() {
    let (mut world, ..) = made().await;
    world.stop();
    for name in ["k1", "k2"] {
        let path = world.path("secrets").join(name);
        let right = fs::read(&path).unwrap();
        fs::write(&path, "07".repeat(32)).unwrap();
        let check = world.run(&world.settings, &["check"]);
        assert!(!check.status.success() && said(&check).contains("nothing was changed"), "{name}: {}", said(&check));
        fs::write(&path, right).unwrap();
    }
    fs::copy(world.path("secrets/k1"), world.path("secrets/form")).unwrap();
    let check = world.run(&world.settings, &["check"]);
    assert!(!check.status.success() && said(&check).contains("three keys"), "{}", said(&check));
}

#[actix_web::test]
async fn a_backup_whose_database_does_more_than_keep_rows_is_refused() {
    let (world, from, settings) = made().await;
    let file = from.join("database/meldkluis.db");
    let pool = sqlx::SqlitePool::connect(&format!("sqlite:{}", file.display())).await.unwrap();
    let spy = "create trigger spy after insert on item begin update meta set notices = 1; end";
    sqlx::query(spy).execute(&pool).await.unwrap();
    pool.close().await;
    let bytes = fs::read(&file).unwrap();
    let manifest = from.join("manifest.json");
    let mut all: serde_json::Value = serde_json::from_slice(&fs::read(&manifest).unwrap()).unwrap();
    let sum = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(&bytes));
    all["files"]["database/meldkluis.db"] = serde_json::json!({ "bytes": bytes.len(), "sha256": sum });
    fs::write(&manifest, all.to_string()).unwrap();
    let done = world.restore(&settings, &from, &[]);
    assert!(!done.status.success() && said(&done).contains("not Meldkluis's"), "{}", said(&done));
    let check = world.run(&settings, &["check"]);
    assert!(said(&check).contains("did not end"), "{}", said(&check));
}

#[actix_web::test]
async fn what_others_put_beside_backups_stays() {
    let (world, from, _) = made().await;
    let beside = from.parent().unwrap();
    for folder in ["2026-01-01-mail", "2026-01-02"] {
        fs::create_dir(beside.join(folder)).unwrap();
        fs::write(beside.join(folder).join("letter"), "of somebody").unwrap();
    }
    fs::write(beside.join("2026-01-03.tar"), "a copy").unwrap();
    world.backup();
    for name in ["2026-01-01-mail/letter", "2026-01-02/letter", "2026-01-03.tar"] {
        assert!(beside.join(name).exists(), "{name}");
    }
}

#[actix_web::test]
async fn backups_past_their_term_are_refused_and_removed() {
    let (world, from, _) = made().await;
    let today = Clock::System.today();
    let config = demo::make_or_find(world.service.folder.path(), "127.0.0.1:0".parse().unwrap()).unwrap();
    let config = Config { data: world.path("restored"), ..config };
    let on = |days: i32| Clock::Fixed(today.plus_days(days));
    let what = |older| From { from: from.clone(), journal: Vec::new(), older, journal_lost: false };
    let error = backup::restore(&config, &what(false), on(31)).await.unwrap_err();
    assert!(error.to_string().contains("more than 30 days ago"), "{error}");
    let error = backup::restore(&config, &what(false), on(-1)).await.unwrap_err();
    assert!(error.to_string().contains("not come yet"), "{error}");
    assert_eq!(backup::restore(&config, &what(true), on(31)).await.unwrap().cases, 1);

    let to = world.path("backups");
    let config = Config { data: world.path("data"), ..config };
    fs::create_dir(to.join(today.plus_days(-3).to_string())).unwrap();
    fs::create_dir(to.join("notes")).unwrap();
    let second = backup::make(&config, &to, on(0)).await.unwrap();
    assert_eq!((second.removed, second.folder), (0, to.join(format!("{today}-2"))), "a day may have several");
    let names = fs::read_dir(&to).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut there: Vec<String> = names.collect();
    there.sort();
    assert_eq!(
        there,
        [today.to_string(), format!("{today}-2"), "lock".into(), "notes".into()],
        "an unfinished one goes"
    );
    assert_eq!(backup::make(&config, &to, on(30)).await.unwrap().removed, 0);
    assert_eq!(backup::make(&config, &to, on(31)).await.unwrap().removed, 2);
    assert!(to.join("notes").exists());
}
