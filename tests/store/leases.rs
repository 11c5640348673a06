//! Blobs that no item names: announced, taken over, stranded, claimed.
use meldkluis::store::{Added, StoreError, connect};
use sqlx::Connection as _;

use crate::base::{Base, case, day, file_item, item, item_id, on_both};

on_both! {
    async fn an_item_takes_its_announced_blob_over(base) {
        let store = base.open().await;
        let (mine, photo) = (case(), file_item());
        store.file(&mine, &item()).await.unwrap();
        let unannounced = store.add_item(&mine.id, &photo, None, day("2026-11-24")).await;
        assert!(matches!(unannounced, Err(StoreError::Unavailable(_))), "its blob may not be there");
        store.announce_blob(&photo.id).await.unwrap();
        assert_eq!(base.count("select count(*) from pending").await, 1);
        assert_eq!(store.add_item(&mine.id, &photo, None, day("2026-11-24")).await.unwrap(), Added::New);
        assert_eq!(base.count("select count(*) from pending").await, 0);
        assert_eq!(store.payload(&photo.id).await.unwrap(), Some(photo.payload.clone()));
        assert_eq!(store.add_item(&mine.id, &photo, None, day("2026-11-24")).await.unwrap(), Added::Already);
    }

    async fn a_taken_id_is_not_announced(base) {
        let store = base.open().await;
        let (mine, first, uploading) = (case(), item(), item_id());
        store.file(&mine, &first).await.unwrap();
        assert!(matches!(store.announce_blob(&first.id).await, Err(StoreError::Conflict)));
        store.announce_blob(&uploading).await.unwrap();
        assert!(matches!(store.announce_blob(&uploading).await, Err(StoreError::Conflict)));
        store.forget_blob(&uploading).await.unwrap();
        store.announce_blob(&uploading).await.unwrap();
    }

    async fn a_blob_is_stranded_when_its_server_is_gone(base) {
        let before = base.open().await;
        let left = item_id();
        before.announce_blob(&left).await.unwrap();
        assert_eq!(before.stranded_blobs().await.unwrap(), [], "its server runs");
        drop(before);
        let store = base.reopen().await;
        let now = item_id();
        store.announce_blob(&now).await.unwrap();
        assert_eq!(store.stranded_blobs().await.unwrap(), [left]);
        assert_eq!(store.stranded_blobs().await.unwrap(), [left], "until it is forgotten");
        store.forget_blob(&left).await.unwrap();
        assert_eq!(store.stranded_blobs().await.unwrap(), []);
    }

    async fn what_a_running_server_gives_up_is_its_own_to_remove_and_an_item_is_not(base) {
        let store = base.open().await;
        let (mine, photo, broken) = (case(), file_item(), file_item());
        store.file(&mine, &item()).await.unwrap();
        for blob in [&photo, &broken] {
            store.announce_blob(&blob.id).await.unwrap();
        }
        store.add_item(&mine.id, &photo, None, day("2026-11-24")).await.unwrap();
        assert!(!store.abandon_blob(&photo.id).await.unwrap(), "it was taken over");
        assert!(store.abandon_blob(&broken.id).await.unwrap());
        let late = store.add_item(&mine.id, &broken, None, day("2026-11-24")).await;
        assert!(matches!(late, Err(StoreError::Unavailable(_))), "it is being removed");
        assert_eq!(store.stranded_blobs().await.unwrap(), [broken.id]);
    }

    async fn what_a_sweeper_left_is_swept_by_the_next(base) {
        let left = item_id();
        base.open().await.announce_blob(&left).await.unwrap();
        let sweeper = base.reopen().await;
        assert_eq!(sweeper.stranded_blobs().await.unwrap(), [left]);
        drop(sweeper);
        assert_eq!(base.reopen().await.stranded_blobs().await.unwrap(), [left]);
    }
}

impl Base {
    /// Opens again; a PostgreSQL session takes a moment to end.
    async fn reopen(&self) -> std::sync::Arc<dyn meldkluis::store::Store> {
        if !self.is_sqlite() {
            let mut session = self.raw_postgres().await;
            for _ in 0..200 {
                let held = "select count(*) from pg_locks where locktype = 'advisory' \
                            and database = (select oid from pg_database where datname = current_database())";
                let held: i64 = sqlx::query_scalar(held).fetch_one(&mut session).await.unwrap();
                if held == 0 {
                    break;
                }
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            }
            session.close().await.unwrap();
        }
        self.open().await
    }
}

#[tokio::test]
async fn a_second_server_on_one_folder_is_refused() {
    let base = Base::sqlite();
    let store = base.open().await;
    let refused = connect(&base.url, base.journal()).await.err().unwrap();
    assert!(matches!(refused, StoreError::InUse));
    drop(store);
    base.open().await.ping().await.unwrap();
}

#[tokio::test]
async fn servers_on_one_postgresql_leave_each_others_uploads_alone() {
    let base = Base::postgres();
    let (one, two) = (base.open().await, base.open().await);
    let uploading = file_item();
    let mine = case();
    one.file(&mine, &item()).await.unwrap();
    one.announce_blob(&uploading.id).await.unwrap();
    assert_eq!(two.stranded_blobs().await.unwrap(), []);
    assert_eq!(one.add_item(&mine.id, &uploading, None, day("2026-11-24")).await.unwrap(), Added::New);
    // What one destroys, one removes.
    one.destroy(&mine.id).await.unwrap();
    assert_eq!(two.stranded_blobs().await.unwrap(), []);
    assert_eq!(one.stranded_blobs().await.unwrap(), [uploading.id]);
}

/// The database was away: the store recovers by itself, and an upload under the lost lease can no longer be added.
#[tokio::test]
async fn a_lost_session_loses_its_uploads_and_nothing_else() {
    let base = Base::postgres();
    let (one, two) = (base.open().await, base.open().await);
    let (mine, uploading) = (case(), file_item());
    one.file(&mine, &item()).await.unwrap();
    one.announce_blob(&uploading.id).await.unwrap();
    let mut session = base.raw_postgres().await;
    let cut = "select count(pg_terminate_backend(pid)) from pg_stat_activity \
               where pid <> pg_backend_pid() and datname = current_database()";
    sqlx::query(cut).execute(&mut session).await.unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    assert_eq!(two.stranded_blobs().await.unwrap(), [uploading.id]);
    let lost = one.add_item(&mine.id, &uploading, None, day("2026-11-24")).await;
    assert!(matches!(lost, Err(StoreError::Unavailable(_))), "nothing is wrong with the case");
    let again = file_item();
    one.announce_blob(&again.id).await.unwrap();
    assert_eq!(two.stranded_blobs().await.unwrap(), [uploading.id]);
    assert_eq!(one.add_item(&mine.id, &again, None, day("2026-11-24")).await.unwrap(), Added::New);
    assert_eq!(one.case(&mine.id).await.unwrap(), Some(mine));
}
