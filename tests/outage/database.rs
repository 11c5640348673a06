//! A database that is locked by another process, or killed while it works.
use std::{
    cell::Cell,
    time::{Duration, Instant},
};

use sqlx::{Connection, Executor, PgConnection, SqliteConnection};

use crate::support::{
    postgres::Postgres,
    whole::{ARRIVED, Half, Struck, bytes, tell},
};

/// How often PostgreSQL is killed, and as often stopped in the midst of its work.
const KILLS: usize = 4;
const SOON: Duration = Duration::from_secs(4);
/// More than two writers wait, the one after the other.
const LATE: Duration = Duration::from_secs(24);

#[actix_web::test]
async fn while_another_process_locks_sqlite_it_waits_and_then_refuses() {
    let mut struck = Struck::start(None).await;
    let code = struck.report("Voor het slot").await;
    assert!(struck.upload(&code).await);
    for (held, arrives) in [(SOON, true), (LATE, false)] {
        let story = format!("Onder het slot {}", held.as_secs());
        let (other, fields) = struck.browser().prepared(&story, &[]).await;
        let number = struck.number();
        let half = Half::begin(&struck.service.base, &code, number).await;
        let mut lock = SqliteConnection::connect(&struck.service.database).await.unwrap();
        lock.execute("begin exclusive").await.unwrap();
        let waits = async {
            tokio::time::sleep(held).await;
            lock.execute("rollback").await.unwrap();
        };
        let reads = struck.browser();
        let (first, answer, seen, ()) = tokio::join!(
            async { reads.post("/nl/report", &fields).await },
            half.end(),
            async { reads.post("/nl/mailbox", &[("code".into(), code.clone())]).await },
            waits
        );
        assert_eq!(seen.status, 200, "reading goes on");
        assert_eq!((first.status, first.html.contains(ARRIVED)), (if arrives { 200 } else { 503 }, arrives));
        assert_eq!(struck.sent(&code, number, Some(&answer.unwrap())), arrives);
        assert!(struck.send(&other, &story, &fields).await, "sent again, it is there once");
        struck.clears_up().await;
    }
    assert!(struck.upload(&code).await);
    struck.is_whole().await;
}

#[actix_web::test]
async fn while_another_session_locks_postgresql_it_waits_and_then_confirms() {
    let postgres = Postgres::start();
    let mut struck = Struck::start(Some(&postgres.database("locked"))).await;
    let code = struck.report("Voor het slot").await;
    let story = "Onder het slot";
    let (other, fields) = struck.browser().prepared(story, &[]).await;
    let number = struck.number();
    let half = Half::begin(&struck.service.base, &code, number).await;
    let mut session = PgConnection::connect(&struck.service.database).await.unwrap();
    session.execute(r#"begin; lock table "case", item, slot, pending in access exclusive mode"#).await.unwrap();
    let waits = async {
        tokio::time::sleep(SOON).await;
        session.execute("rollback").await.unwrap();
    };
    let since = Instant::now();
    let browser = struck.browser();
    let (first, answer, ()) = tokio::join!(browser.post("/nl/report", &fields), half.end(), waits);
    assert!(since.elapsed() >= SOON && first.html.contains(ARRIVED), "{}", first.title());
    assert!(struck.sent(&code, number, Some(&answer.unwrap())));
    assert!(struck.send(&other, story, &fields).await, "sent again, it is there once");
    struck.clears_up().await;
    struck.is_whole().await;
}

#[actix_web::test]
async fn postgresql_killed_in_the_middle_of_requests_loses_nothing() {
    let postgres = Postgres::start();
    let mut struck = Struck::start(Some(&postgres.database("killed"))).await;
    let code = struck.report("Voor de uitval").await;
    assert!(struck.upload(&code).await);
    let (mut confirmed, mut unsure) = (0, 0);
    for kill in 0..2 * KILLS {
        let number = struck.number();
        let half = Half::begin(&struck.service.base, &code, number).await;
        let [(taken, left), files] = filed_until_killed(&mut struck, &postgres, &code, kill).await;
        // Of this one the file is under way and its announcement's session is gone.
        let answer = half.end().await;
        assert!(!struck.sent(&code, number, answer.as_deref()), "its place went with the session");
        let said = answer.unwrap_or_default();
        assert!(said.contains("er ging bij ons iets mis"), "it does not say that the case is full: {}", shown(&said));
        confirmed += taken + files.0;
        unsure += left + files.1;
        struck.clears_up().await;
        assert!(struck.upload(&code).await, "it goes on by itself");
    }
    tell(&format!("{KILLS} kills and {KILLS} stops of PostgreSQL: {confirmed} confirmed meanwhile, {unsure} were not"));
    struck.is_whole().await;
}

/// Files and uploads until PostgreSQL is killed, starts it again, and sends what got no receipt once more. Reports and files: how many were
/// confirmed at once, and how many not.
async fn filed_until_killed(struck: &mut Struck, postgres: &Postgres, code: &str, kill: usize) -> [(usize, usize); 2] {
    let browser = struck.browser();
    let stories: Vec<String> = (0..12).map(|n| format!("Uitval {kill}-{n}")).collect();
    let mut forms = Vec::new();
    for story in &stories {
        forms.push(browser.prepared(story, &[]).await);
    }
    let numbers: Vec<u64> = (0..6).map(|_| struck.number()).collect();
    let sent = Cell::new(0);
    let filing = async {
        let mut arrived = Vec::new();
        for (_, fields) in &forms {
            let page = browser.post("/nl/report", fields).await;
            assert!(page.status == 200 || page.status == 503, "{} {}", page.status, page.title());
            arrived.push(page.html.contains(ARRIVED));
            sent.set(sent.get() + 1);
        }
        arrived
    };
    let uploading = async {
        let mut answers = Vec::new();
        for number in &numbers {
            answers.push(browser.upload(code, &format!("{number}.bin"), bytes(*number)).await.html);
        }
        answers
    };
    let killing = async {
        while sent.get() < 3 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        tokio::time::sleep(Duration::from_millis(17 * kill as u64)).await;
        if kill.is_multiple_of(2) {
            postgres.kill()
        } else {
            postgres.stop()
        }
        tokio::time::sleep(Duration::from_millis(700)).await;
        postgres.start_again();
    };
    let (arrived, answers, ()) = tokio::join!(filing, uploading, killing);
    let mut files = (0, 0);
    for (number, answer) in numbers.into_iter().zip(answers) {
        // Where the commit's own answer was lost nobody can say, so the page's word counts only when it is yes.
        let confirmed = answer.contains(crate::support::whole::ADDED);
        struck.sent(code, number, confirmed.then_some(answer.as_str()));
        *(if confirmed { &mut files.0 } else { &mut files.1 }) += 1;
    }
    for ((other, fields), story) in forms.iter().zip(&stories) {
        assert!(struck.send(other, story, fields).await, "sent again, it is there once");
    }
    let taken = arrived.iter().filter(|arrived| **arrived).count();
    [(taken, arrived.len() - taken), files]
}

/// What a page says first.
fn shown(html: &str) -> String {
    html.split("<main").nth(1).unwrap_or(html).chars().take(700).collect()
}
