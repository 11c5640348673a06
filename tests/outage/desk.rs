//! A desk that is killed while it sends.
use std::{
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use crate::support::{
    postgres::Postgres,
    whole::{READER, Struck},
};

/// Bytes of the file that it sends: long enough to be met on its way.
const LARGE: usize = 200 << 20;

async fn a_desk_that_is_killed_while_it_sends(database: Option<&str>) {
    let mut struck = Struck::start(database).await;
    let code = struck.report("Voor een kapot antwoord").await;
    assert!(struck.upload(&code).await);
    let case = struck.rows.ids(r#"select id from "case""#, None).await.first().unwrap().to_string();
    let (text, large) = (struck.service.path("text.txt"), struck.service.path("large.bin"));
    std::fs::write(&text, "Antwoord").unwrap();
    std::fs::write(&large, vec![7; LARGE]).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_meldkluis-desk"));
    command.args(["--server", &struck.service.base]);
    command.arg("--identity").arg(struck.service.path(&format!("readers/{READER}.key")));
    command.arg("--root").arg(struck.service.path("anchor.toml"));
    command.args(["reply", &case, "--file"]).arg(&text).arg("--attach").arg(&large);
    let mut desk = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    while !has_part(&struck.payloads()) {
        assert!(desk.try_wait().unwrap().is_none(), "it still sends");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    desk.kill().unwrap();
    desk.wait().unwrap();
    struck.clears_up().await;
    let words = ["reply", &case, "--file", text.to_str().unwrap()];
    struck.service.desk(READER, &words).await.unwrap();
    struck.is_whole().await;
}

/// Whether a file is on its way: the library writes `name#1` first.
fn has_part(payloads: &Path) -> bool {
    let shards = std::fs::read_dir(payloads).unwrap();
    let mut files = shards.flat_map(|shard| std::fs::read_dir(shard.unwrap().path()).unwrap());
    files.any(|file| file.unwrap().file_name().to_string_lossy().contains('#'))
}

#[actix_web::test]
async fn a_desk_that_is_killed_while_it_sends_leaves_nothing_on_sqlite() {
    a_desk_that_is_killed_while_it_sends(None).await;
}

#[actix_web::test]
async fn a_desk_that_is_killed_while_it_sends_leaves_nothing_on_postgresql() {
    let postgres = Postgres::start();
    a_desk_that_is_killed_while_it_sends(Some(&postgres.database("desk"))).await;
}
