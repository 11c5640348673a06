//! A coordinator who alters their program learns from no answer whether a person reads a case.
use std::num::NonZeroU32;

use meldkluis::{api_types::SentTo, domain::id::KeyedReader, http::InCase};
use sqlx::SqlitePool;

use crate::{
    COORDINATOR, READER,
    bare::{Bare, RECORD, new_item},
    filed, say,
    support::Service,
};

/// Every answer to what a coordinator may try with the name of one person, a second one and a third.
async fn answers(own: &Bare, case: &str, [one, two, three]: [&KeyedReader; 3]) -> Vec<(u16, String)> {
    let of = |who: &KeyedReader| SentTo::Reader(who.clone());
    let filler = |numbers: std::ops::Range<u8>| numbers.map(SentTo::Nobody).collect::<Vec<_>>();
    let mut all = Vec::new();
    let again = new_item();
    for (item, slots, log) in [
        (new_item(), vec![of(one)], None),
        (new_item(), vec![of(one)], Some("AAAA")),
        (new_item(), vec![], Some(RECORD)),
        (again, vec![of(one)], Some(RECORD)),
        (again, vec![of(one)], Some(RECORD)),
        (new_item(), vec![of(one), of(one)], Some(RECORD)),
        (new_item(), vec![of(one), of(two), of(three), SentTo::Reporter], Some(RECORD)),
        (new_item(), [vec![of(one)], filler(0..15)].concat(), Some(RECORD)),
        (new_item(), [vec![of(one)], filler(17..32)].concat(), Some(RECORD)),
        (new_item(), [vec![of(one)], filler(241..255)].concat(), Some(RECORD)),
        (new_item(), [vec![of(one)], filler(0..16)].concat(), Some(RECORD)),
        (new_item(), vec![of(one), SentTo::Nobody(3), SentTo::Nobody(3)], Some(RECORD)),
    ] {
        all.push(own.memo(case, item, slots, log).await);
    }
    all
}

#[actix_web::test]
async fn the_answer_to_a_message_says_nothing_of_who_reads() {
    let service = Service::at(|app| app.memos = InCase::a_day(NonZeroU32::new(99).unwrap())).await;
    let (_, case) = filed(&service).await;
    say(&service, READER, "acknowledge", &case, "Ontvangen").await;
    let own = Bare::new(&service, COORDINATOR).await;
    let before = own.get("overview").await;
    let read = ["bzk-functionaris-1", "bzk-functionaris-2", "bzk-functionaris-3"].map(|who| own.keyed(who));
    let others = ["bzk-omgangsvormen-1", "bzk-leidinggevende-1", "buiten-functionaris-1"].map(|who| own.keyed(who));
    let pool = SqlitePool::connect(&service.database).await.unwrap();
    let counts = async || {
        let count = "select (select count(*) from item), (select count(*) from slot), (select count(*) from log)";
        let (items, slots, records): (i64, i64, i64) = sqlx::query_as(count).fetch_one(&pool).await.unwrap();
        [items, slots, records]
    };
    let start = counts().await;
    let of_readers = answers(&own, &case, read.each_ref()).await;
    let middle = counts().await;
    let of_others = answers(&own, &case, others.each_ref()).await;
    let end = counts().await;
    assert_eq!(of_readers, of_others);
    let statuses: Vec<u16> = of_readers.iter().map(|(status, _)| *status).collect();
    assert_eq!(statuses, [400, 400, 400, 200, 200, 400, 200, 200, 200, 200, 400, 400]);
    assert!(of_readers[3].1.contains("false") && of_readers[4].1.contains("true"), "{of_readers:?}");
    // Nor is anything there later that would: the same is stored for both, and the overview stays.
    let more = |from: [i64; 3], to: [i64; 3]| [0, 1, 2].map(|i: usize| to[i] - from[i]);
    assert_eq!(more(start, middle), more(middle, end));
    assert_eq!(more(start, middle)[0], 5);
    assert_eq!(own.get("overview").await, before);
    // What is no reader's slot is nobody's: the other one's inbox stays empty.
    let inbox = service.desk("bzk-omgangsvormen-1", &["inbox"]).await.unwrap();
    assert_eq!(inbox, serde_json::json!([]));
}
