//! A disk that is full, and one that cannot be written.
use std::path::Path;

use crate::support::{
    disk::Disk,
    postgres::Postgres,
    whole::{Half, READER, Struck, bytes, tell},
};

const PAGE: u64 = 4096;
/// How many steps of a page are tried at the edge: a report or a file's commit writes fewer.
const STEPS: u64 = 40;
const MEBIBYTES: u32 = 256;

/// SQLite and the payloads on one small disk.
async fn on_sqlite() -> (Disk, Struck) {
    let folder = tempfile::tempdir().unwrap();
    let disk = Disk::mount(&folder.path().join("data"), MEBIBYTES);
    (disk, Struck::over(folder, None).await)
}

/// The payloads on a small disk with PostgreSQL's tables; its log is elsewhere.
async fn on_postgresql(postgres: &Postgres, name: &str) -> (Disk, Struck) {
    let folder = tempfile::tempdir().unwrap();
    let disk = Disk::mount(&folder.path().join("data"), MEBIBYTES);
    // The folder above is the test's alone.
    open_to_all(folder.path());
    let url = postgres.database_in(name, &folder.path().join("data/tables"));
    (disk, Struck::over(folder, Some(&url)).await)
}

fn open_to_all(folder: &Path) {
    std::fs::set_permissions(folder, std::os::unix::fs::PermissionsExt::from_mode(0o711)).unwrap();
}

/// With less and less room: each report and each file is either confirmed or refused by a page, wherever the disk ends.
async fn full_in_the_middle_of_a_commit(disk: &Disk, struck: &mut Struck) {
    let code = struck.report("Voor de volle schijf").await;
    assert!(struck.upload(&code).await);
    let files = files_at_the_edge(disk, struck, &code).await;
    let (mut taken, mut refused) = (0, 0);
    for step in 0..STEPS {
        let story = format!("Verhaal {step}");
        let (other, fields) = struck.browser().prepared(&story, &[]).await;
        disk.leave(step * PAGE);
        let arrived = struck.send(&other, &story, &fields).await;
        taken += u32::from(arrived);
        refused += u32::from(!arrived);
        disk.clear();
        if !arrived {
            assert!(struck.send(&other, &story, &fields).await, "the same form arrives when there is room again");
        }
    }
    let [no_room, broken, kept] = files;
    tell(&format!(
        "reports: {taken} taken, {refused} refused; files: {kept} kept, {no_room} too large, {broken} in their commit"
    ));
    assert!(taken > 0 && refused > 0 && kept > 0 && no_room + broken > 0, "the edge was met");
    struck.clears_up().await;
    assert!(struck.upload(&code).await, "and it takes files again");
}

/// Room for the sealed file and a few pages: in some of the steps it does not fit, in some what its commit writes does not, in some all does.
async fn files_at_the_edge(disk: &Disk, struck: &mut Struck, code: &str) -> [u32; 3] {
    let mut ended = [0; 3];
    for step in 0..STEPS {
        let number = struck.number();
        let half = Half::begin(&struck.service.base, code, number).await;
        // Parts are handed on when the file ends, padded.
        disk.leave(bytes(number).len().next_power_of_two() as u64 + step * PAGE);
        let answer = half.end().await.unwrap();
        let confirmed = struck.sent(code, number, Some(&answer));
        ended[if confirmed { 2 } else { usize::from(answer.contains("er ging bij ons iets mis")) }] += 1;
        disk.clear();
    }
    ended
}

async fn full_in_the_middle_of_an_upload(disk: &Disk, struck: &mut Struck) {
    let code = struck.report("Voor de volle schijf").await;
    assert!(struck.upload(&code).await);
    let number = struck.number();
    let half = Half::begin(&struck.service.base, &code, number).await;
    disk.leave(0);
    let answer = half.end().await.unwrap();
    assert!(!struck.sent(&code, number, Some(&answer)), "there is no room for it");
    assert!(answer.contains("er is nu te weinig ruimte"), "and it says so");
    let seen = struck.browser().post("/nl/mailbox", &[("code".into(), code.clone())]).await;
    assert_eq!(seen.status, 200, "who only looks is served");
    disk.clear();
    struck.clears_up().await;
    assert!(struck.upload(&code).await, "and it takes files again");
}

#[actix_web::test]
async fn a_full_disk_refuses_and_breaks_nothing_on_sqlite() {
    let (disk, mut struck) = on_sqlite().await;
    full_in_the_middle_of_an_upload(&disk, &mut struck).await;
    full_in_the_middle_of_a_commit(&disk, &mut struck).await;
    struck.is_whole().await;
    ends(disk, struck);
}

#[actix_web::test]
async fn a_full_disk_refuses_and_breaks_nothing_on_postgresql() {
    let postgres = Postgres::start();
    let (disk, mut struck) = on_postgresql(&postgres, "small").await;
    full_in_the_middle_of_an_upload(&disk, &mut struck).await;
    full_in_the_middle_of_a_commit(&disk, &mut struck).await;
    struck.is_whole().await;
    drop(postgres);
    ends(disk, struck);
}

/// Unmounted before the folder around it goes.
fn ends(disk: Disk, mut struck: Struck) {
    struck.program = None;
    drop(disk);
}

async fn a_folder_that_cannot_be_written(database: Option<&str>) {
    let folder = tempfile::tempdir().unwrap();
    let disk = Disk::mount(&folder.path().join("data/payloads"), MEBIBYTES);
    let mut struck = Struck::over(folder, database).await;
    let code = struck.report("Voor de vaste schijf").await;
    assert!(struck.upload(&code).await);
    disk.read_only(true);
    assert!(!struck.upload(&code).await, "no file can be kept");
    struck.report("Tekst heeft geen map nodig").await;
    let seen = struck.browser().post("/nl/mailbox", &[("code".into(), code.clone())]).await;
    assert_eq!(seen.status, 200);
    disk.read_only(false);
    struck.clears_up().await;
    assert!(struck.upload(&code).await, "by itself, when it can be written again");
    struck.is_whole().await;
    ends(disk, struck);
}

#[actix_web::test]
async fn a_payload_folder_that_is_read_only_refuses_files_alone_on_sqlite() {
    a_folder_that_cannot_be_written(None).await;
}

#[actix_web::test]
async fn a_payload_folder_that_is_read_only_refuses_files_alone_on_postgresql() {
    let postgres = Postgres::start();
    a_folder_that_cannot_be_written(Some(&postgres.database("fixed"))).await;
}

/// What was opened before needs no room. A first look does, since it is recorded before anybody sees a word.
#[actix_web::test]
async fn on_a_full_disk_an_opened_case_is_read_and_an_unopened_one_waits_unread() {
    let (disk, mut struck) = on_sqlite().await;
    let (opened, unopened) = (struck.report("Al geopend").await, struck.report("Nog niet geopend").await);
    let [opened, unopened] = [&opened, &unopened].map(|code| struck.case_of(code));
    let (opened, unopened) = (opened.await.to_string(), unopened.await.to_string());
    let read = async |case: &str| struck.service.desk(READER, &["read", case]).await.map(|read| read.to_string());
    assert!(read(&opened).await.unwrap().contains("Al geopend"));
    disk.leave(0);
    assert!(read(&opened).await.unwrap().contains("Al geopend"));
    let refused = read(&unopened).await.unwrap_err();
    assert!(refused.contains("nothing changed, try again later"), "{refused}");
    let inbox = struck.service.desk(READER, &["inbox"]).await.unwrap();
    let states: Vec<_> = inbox.as_array().unwrap().iter().filter_map(|case| case["state"].as_str()).collect();
    assert_eq!(states.iter().filter(|state| **state == "unopened").count(), 1, "{states:?}");
    disk.clear();
    assert!(read(&unopened).await.unwrap().contains("Nog niet geopend"), "when there is room again");
    ends(disk, struck);
}
