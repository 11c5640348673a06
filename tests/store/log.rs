//! The staff log: a chain that says whose each record is.
use meldkluis::domain::{
    id::{InstanceId, OrgId},
    log::{Head, Writer, record_hash},
};
use uuid::Uuid;

use crate::base::on_both;

fn org() -> OrgId {
    OrgId::parse("bzk").unwrap()
}

fn start() -> Head {
    Head::start(&InstanceId::from_uuid(Uuid::nil()), &org())
}

on_both! {
    async fn whose_a_record_is_is_kept_and_chained(base) {
        let store = base.open().await;
        let mut expected = start();
        let writers = [Writer::Person, Writer::Server, Writer::Person];
        for writer in writers {
            expected = expected.after(&record_hash(writer, b"sealed"));
            assert_eq!(store.append(&org(), start(), &[(writer, b"sealed")]).await.unwrap(), expected);
        }
        drop(store);
        let store = base.open().await;
        assert_eq!(store.log_head(&org(), start()).await.unwrap(), expected);
        let kept = store.records(&org(), 0, 10).await.unwrap();
        assert_eq!(kept, writers.map(|writer| (writer, b"sealed".to_vec())));
        assert_eq!(store.records(&org(), 1, 1).await.unwrap(), kept[1..2]);
        drop(store);
        base.tamper("update log set head = head, writer = 1 where seq = 2").await;
        let altered = base.open().await.records(&org(), 0, 10).await.unwrap();
        let head = altered.iter().fold(start(), |head, (writer, sealed)| head.after(&record_hash(*writer, sealed)));
        assert_ne!(head, expected, "the chain shows it");
    }

    /// A log of schema 4 goes on, and its chain holds.
    async fn a_log_from_before_is_carried_over(base) {
        drop(base.open().await);
        base.tamper("alter table log drop column writer").await;
        base.tamper("alter table meta drop column rewritten").await;
        base.tamper("alter table meta drop column looked").await;
        base.tamper("update meta set schema = 4").await;
        let before = start().after(&record_hash(Writer::Earlier, b"old"));
        let head = hex::encode(before.hash);
        let (bytes, old) = if base.is_sqlite() { (format!("x'{head}'"), "x'6f6c64'") } else { (format!("'\\x{head}'"), "'\\x6f6c64'") };
        let insert = format!("insert into log (org, seq, head, record) values ('bzk', 1, {bytes}, {old})");
        base.tamper(insert.leak()).await;
        let store = base.open().await;
        assert_eq!(store.log_head(&org(), start()).await.unwrap(), before);
        let after = before.after(&record_hash(Writer::Server, b"new"));
        assert_eq!(store.append(&org(), start(), &[(Writer::Server, b"new")]).await.unwrap(), after);
        let kept = store.records(&org(), 0, 10).await.unwrap();
        assert_eq!(kept, [(Writer::Earlier, b"old".to_vec()), (Writer::Server, b"new".to_vec())]);
    }
}
