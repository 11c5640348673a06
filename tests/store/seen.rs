//! What is kept for notices: a day for each reader's hash, and the last day notices went out.
use std::collections::BTreeMap;

use meldkluis::domain::day::Day;

use crate::base::{day, hash, on_both};

on_both! {
    async fn a_readers_day_only_rises(base) {
        let store = base.open().await;
        let (one, two) = (hash(), hash());
        for text in ["2026-11-24", "2026-11-26", "2026-11-25"] {
            store.see_reader(&one, day(text)).await.unwrap();
        }
        store.see_reader(&two, day("2026-11-20")).await.unwrap();
        let kept = BTreeMap::from([(one, day("2026-11-26")), (two, day("2026-11-20"))]);
        assert_eq!(store.readers_seen().await.unwrap(), kept);
        store.forget_reader(&one).await.unwrap();
        store.forget_reader(&one).await.unwrap();
        assert_eq!(store.readers_seen().await.unwrap(), BTreeMap::from([(two, day("2026-11-20"))]));
    }

    async fn many_sign_ins_at_once_are_one_row(base) {
        let (store, reader) = (base.open().await, hash());
        let days: Vec<Day> = (0..20).map(|n| day("2026-11-01").plus_days(n)).collect();
        let all = days.iter().map(|day| store.see_reader(&reader, *day));
        assert!(futures_util::future::join_all(all).await.iter().all(Result::is_ok));
        assert_eq!(store.readers_seen().await.unwrap(), BTreeMap::from([(reader, day("2026-11-20"))]));
    }

    async fn the_notices_of_a_day_are_taken_once(base) {
        let store = base.open().await;
        let all = (0..8).map(|_| store.take_notices(day("2026-11-26")));
        let taken = futures_util::future::join_all(all).await;
        assert_eq!(taken.into_iter().filter(|taken| *taken.as_ref().unwrap()).count(), 1);
        drop(store);
        let store = base.open().await;
        assert!(!store.take_notices(day("2026-11-26")).await.unwrap(), "a restart changes nothing");
        assert!(!store.take_notices(day("2026-11-25")).await.unwrap(), "nor does a clock set back");
        assert!(store.take_notices(day("2026-11-30")).await.unwrap());
    }

    /// PostgreSQL marks a row that is updated to what it was.
    async fn a_second_sign_in_of_a_day_writes_nothing(base) {
        let (store, reader) = (base.open().await, hash());
        store.see_reader(&reader, day("2026-11-26")).await.unwrap();
        if base.is_sqlite() {
            let version = "select data_version from pragma_data_version";
            let mut raw = base.raw_sqlite().await;
            let mut asked = Vec::new();
            for _ in 0..2 {
                asked.push(sqlx::query_scalar::<_, i64>(version).fetch_one(&mut raw).await.unwrap());
                store.see_reader(&reader, day("2026-11-26")).await.unwrap();
            }
            assert_eq!(asked[0], asked[1]);
        } else {
            let row = "select xmin::text::bigint + xmax::text::bigint * 4294967296 from reader_seen";
            let before = base.count(row).await;
            store.see_reader(&reader, day("2026-11-26")).await.unwrap();
            assert_eq!(base.count(row).await, before);
        }
    }
}
