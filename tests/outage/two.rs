//! Two servers on one PostgreSQL and one payload folder: one is killed and started again while the other streams.
use std::time::Duration;

use tokio::task::spawn_blocking;
use uuid::Uuid;

use crate::support::{
    Browser, Service,
    child::Program,
    postgres::Postgres,
    whole::{ARRIVED, Half, READER, Struck, bytes},
};

const TURNS: u64 = 4;
/// Files that a download fetches, of 1 to 3 MB each.
const FILES: usize = 8;

#[actix_web::test]
async fn one_that_is_killed_and_started_again_takes_nothing_of_the_others() {
    let postgres = Postgres::start();
    let mut one = Struck::start(Some(&postgres.database("two"))).await;
    let (code, other) = (one.report("Bij de een").await, one.report("Bij de ander").await);
    let mut numbers = Vec::new();
    for _ in 0..FILES {
        numbers.push(one.number());
        let number = *numbers.last().unwrap();
        let page = one.browser().upload(&code, &format!("{number}.bin"), bytes(number)).await;
        assert!(one.sent(&code, number, Some(&page.html)));
    }
    let cases = one.rows.ids(r#"select "case" from item where payload is null"#, None).await;
    let case = *cases.first().unwrap();
    let mut two = Program::start(one.service.folder.path(), &one.settings);
    for turn in 0..TURNS {
        let (mine, lost) = (one.number(), one.number());
        let sending = Half::begin(&one.service.base, &code, mine).await;
        let broken = Half::begin(&two.base, &other, lost).await;
        let (folder, settings) = (one.service.path(""), one.settings.clone());
        // Its start sweeps, and its nightly pass moves files, while the other sends and is read from.
        let again = spawn_blocking(move || {
            std::thread::sleep(Duration::from_millis(40 * turn));
            two.kill();
            Program::start(&folder, &settings)
        });
        let (whole, again) = tokio::join!(download(&one.service, case, &numbers), again);
        two = again.unwrap();
        let base = two.base.clone();
        assert_eq!(whole, FILES, "the download was whole");
        assert!(broken.end().await.is_none(), "its server is gone");
        let answer = sending.end().await.unwrap();
        assert!(one.sent(&code, mine, Some(&answer)), "what the other streamed was not swept away");
        // What one confirmed, the other has.
        let seen = Browser::new(&base).post("/nl/mailbox", &[("code".into(), code.clone())]).await;
        assert_eq!(seen.status, 200);
        let story = format!("Bij de ander, keer {turn}");
        let (fresh, fields) = Browser::new(&base).prepared(&story, &[]).await;
        assert!(Browser::new(&base).post("/nl/report", &fields).await.html.contains(ARRIVED));
        assert!(one.send(&fresh, &story, &fields).await, "sent to the first as well, it is there once");
    }
    drop(two);
    one.is_whole().await;
}

/// Reads a case with all of its files from the first server; how many of these came whole.
async fn download(service: &Service, case: Uuid, numbers: &[u64]) -> usize {
    let saved = tempfile::tempdir().unwrap();
    let words = ["read", &case.to_string(), "--save", saved.path().to_str().unwrap()];
    service.desk(READER, &words).await.unwrap();
    let whole =
        |number: &&u64| std::fs::read(saved.path().join(format!("{number}.bin"))).is_ok_and(|b| b == bytes(**number));
    numbers.iter().filter(whole).count()
}
