//! The sure day follows the clock, and not where a clock jumps to.
use crate::base::{Base, case, day, item, on_both};

on_both! {
    async fn a_clock_that_goes_on_is_followed(base) {
        let store = base.open().await;
        assert_eq!(store.last_day().await.unwrap(), None);
        for today in ["2026-11-24", "2026-11-24", "2026-11-25", "2026-11-27"] {
            assert_eq!(store.look(day(today)).await.unwrap(), day(today));
            assert_eq!(store.last_day().await.unwrap(), Some(day(today)));
        }
        // What is filed does not move it.
        store.file(&case(), &item()).await.unwrap();
        assert_eq!(store.last_day().await.unwrap(), Some(day("2026-11-27")));
    }

    async fn a_clock_that_jumps_drags_it_along_two_days_a_day(base) {
        let store = base.open().await;
        for (today, sure) in [
            ("2026-11-24", "2026-11-24"),
            ("2027-03-01", "2026-11-26"),
            // However often a server starts on that day.
            ("2027-03-01", "2026-11-26"),
            ("2027-03-02", "2026-11-28"),
            // Set right: it waits there.
            ("2026-11-26", "2026-11-28"),
            ("2026-11-27", "2026-11-28"),
            ("2026-11-29", "2026-11-29"),
            // Backward, to the year in which a machine without a battery wakes up.
            ("2000-01-01", "2026-11-29"),
            ("2026-11-30", "2026-11-30"),
        ] {
            assert_eq!(store.look(day(today)).await.unwrap(), day(sure), "{today}");
        }
    }

    async fn after_a_week_off_it_catches_up(base) {
        let store = base.open().await;
        store.look(day("2026-11-01")).await.unwrap();
        let mut sure = Vec::new();
        for n in 0..8 {
            sure.push(store.look(day("2026-11-08").plus_days(n)).await.unwrap());
        }
        assert_eq!(sure[0], day("2026-11-03"));
        assert_eq!(sure[5], day("2026-11-13"));
        assert_eq!(sure[7], day("2026-11-15"));
    }

    async fn somebody_with_a_calendar_sets_it_both_ways(base) {
        let store = base.open().await;
        store.look(day("2026-11-24")).await.unwrap();
        for today in ["2027-03-01", "2026-11-25"] {
            store.set_day(day(today)).await.unwrap();
            assert_eq!(store.look(day(today)).await.unwrap(), day(today));
        }
    }

    async fn twenty_servers_that_look_at_once_move_it_once(base) {
        let store = base.open().await;
        store.look(day("2026-11-24")).await.unwrap();
        let looks = (0..20).map(|_| store.look(day("2027-03-01")));
        for sure in futures_util::future::join_all(looks).await {
            assert_eq!(sure.unwrap(), day("2026-11-26"));
        }
    }
}

#[tokio::test]
async fn it_is_there_after_a_restart() {
    let base = Base::sqlite();
    base.open().await.look(day("2026-11-24")).await.unwrap();
    assert_eq!(base.open().await.last_day().await.unwrap(), Some(day("2026-11-24")));
}
