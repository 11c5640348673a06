//! A reader is away: meanwhile the reserve reader reads in their place.
use meldkluis::clock::Clock;
use serde_json::json;

use crate::{
    READER, RESERVE, SECOND, filed, mailbox, read, says,
    support::{Service, postgres::Postgres},
    with_text,
};

async fn in_absence(database: Option<String>) {
    let service = Service::start(database).await;
    let (browser, code, case) = filed(&service, &[]).await;
    let today = Clock::System.today();
    assert_eq!(service.desk(RESERVE, &["inbox"]).await.unwrap(), json!([]));
    for wrong in [today.plus_days(-1), today.plus_days(61)] {
        assert!(service.desk(SECOND, &["away", "--until", &wrong.to_string()]).await.is_err());
    }
    service.desk(SECOND, &["away", "--until", &today.plus_days(10).to_string()]).await.unwrap();

    // The reserve reader reads in their place, and the reporter is told.
    let page = mailbox(&browser, &code, &[]).await;
    assert!(page.html.contains("Functionaris integriteit 2 is er niet tot en met"), "{}", page.html);
    assert!(page.html.contains("Functionaris integriteit 4 leest zolang mee"));
    assert!(!page.html.contains("Functionaris integriteit 4 ("));
    assert_eq!(service.desk(RESERVE, &["inbox"]).await.unwrap().as_array().unwrap().len(), 1);
    let seen = read(&service, READER, &case).await;
    assert!(seen["case"]["away"][0].as_str().unwrap().starts_with(SECOND), "{seen}");

    // What comes meanwhile is for them too, also after somebody opened the case.
    says(&browser, &code, "Nog iets").await;
    let theirs = read(&service, RESERVE, &case).await;
    assert!(theirs.to_string().contains("Nog iets") && theirs["strangers"] == json!([]), "{theirs}");
    with_text(&service, RESERVE, &["acknowledge", &case], "Ontvangen").await.unwrap();

    // Back again, they wait for their day.
    service.desk(SECOND, &["back"]).await.unwrap();
    assert_eq!(service.desk(RESERVE, &["inbox"]).await.unwrap(), json!([]));
    assert!(!mailbox(&browser, &code, &[]).await.html.contains("is er niet tot en met"));
    assert_eq!(read(&service, READER, &case).await["case"]["away"], json!([]));
}

#[actix_web::test]
async fn the_reserve_reader_reads_in_the_place_of_who_is_away_on_sqlite() {
    in_absence(None).await;
}

#[actix_web::test]
async fn the_reserve_reader_reads_in_the_place_of_who_is_away_on_postgresql() {
    let postgres = Postgres::start();
    in_absence(Some(postgres.database("absence"))).await;
}

#[actix_web::test]
async fn somebody_away_from_other_cases_releases_nothing_here() {
    let service = Service::start(None).await;
    filed(&service, &[]).await;
    let until = Clock::System.today().plus_days(3).to_string();
    service.desk("bzk-omgangsvormen-1", &["away", "--until", &until]).await.unwrap();
    service.desk(RESERVE, &["away", "--until", &until]).await.unwrap();
    assert_eq!(service.desk(RESERVE, &["inbox"]).await.unwrap(), json!([]));
}

#[actix_web::test]
async fn an_absence_that_is_over_or_of_no_reader_is_forgotten() {
    let service = Service::start(None).await;
    let until = Clock::System.today().plus_days(5);
    for (reader, days) in [(READER, 0), (SECOND, 3)] {
        service.desk(reader, &["away", "--until", &until.plus_days(days).to_string()]).await.unwrap();
    }
    let app = |day| {
        let config = meldkluis::demo::make_or_find(service.folder.path(), "127.0.0.1:0".parse().unwrap()).unwrap();
        // The database of a server that runs is its own.
        let data = service.path("copy");
        std::fs::create_dir_all(&data).unwrap();
        std::fs::copy(service.path("data/meldkluis.db"), data.join("meldkluis.db")).unwrap();
        meldkluis::server::prepare(meldkluis::config::Config { data, ..config }, Clock::Fixed(day))
    };
    let pool = sqlx::SqlitePool::connect(&service.database).await.unwrap();
    let stranger = "insert into away (reader, until) values (zeroblob(32), 99999)";
    sqlx::query(stranger).execute(&pool).await.unwrap();
    sqlx::query("pragma wal_checkpoint(truncate)").execute(&pool).await.unwrap();
    pool.close().await;
    for (days, left) in [(0, 2), (1, 1), (4, 0)] {
        let app = app(until.plus_days(days)).await.unwrap();
        assert_eq!(app.store.away().await.unwrap().len(), left, "{days} days later");
    }
}
