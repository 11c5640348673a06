//! Whoever retired and has a helper in the case signs on: it counts for nobody.
use meldkluis::{
    desk::{Client, Identity},
    seal::{Author, Kind, Plaintext, Recipients},
};
use serde_json::Value;

use crate::{
    Case, READER, SECOND, THIRD,
    evil::{hostile, reporter, send_as},
    today,
};

/// An answer to the reporter in somebody's name, sent by another.
async fn answer(case: &Case, by: (Author, &Identity), through: &Client, text: &str) {
    let view = through.case(&case.id()).await.unwrap();
    let readers = view.readers.iter().filter_map(|r| through.roster.reader(&r.reader));
    let reply = reporter(through, &case.id()).await.reply;
    let to = Recipients::of(readers).unwrap().with_reporter(case.id(), &reply).unwrap();
    let (author, me) = by;
    send_as((author, &me.signer), through, &case.id(), Kind::Reply, Plaintext::from(text.to_owned()), &to).await;
}

#[actix_web::test]
async fn what_somebody_signs_after_they_retired_counts_for_nobody() {
    let mut case = Case::filed(&[]).await;
    case.desk(SECOND, &["read"]).await.unwrap();
    case.retire(READER, today().plus_days(-1));
    let through = hostile(&case.service, SECOND).await;
    let retired = Identity::load(&case.service.path(&format!("readers/{READER}.key")), || unreachable!()).unwrap();
    answer(&case, (Author::Reader(retired.reader.clone()), &retired), &through, "NA-HET-VERTREK").await;
    // Of somebody who still reads it does.
    answer(&case, (Author::Reader(through.me.reader.clone()), &through.me), &through, "VAN-EEN-LEZER").await;
    // A name and a key that do not belong together are nobody's.
    answer(&case, (Author::Reader(through.me.reader.clone()), &retired), &through, "ONDER-EEN-ANDERE-NAAM").await;

    let page = case.mailbox(&[]).await + &case.mailbox(&[("answer", "2")]).await;
    assert!(page.contains("VAN-EEN-LEZER"), "{page}");
    assert!(!page.contains("NA-HET-VERTREK") && !page.contains("ONDER-EEN-ANDERE-NAAM"), "{page}");
    let seen = case.desk(THIRD, &["read"]).await.unwrap();
    let proven = |text: &str| -> Vec<&Value> {
        let items = seen["items"].as_array().unwrap().iter();
        items.filter(|item| item["text"] == text).map(|item| &item["proven"]).collect()
    };
    assert_eq!(proven("VAN-EEN-LEZER"), [&Value::Bool(true)], "{seen}");
    assert_eq!(proven("NA-HET-VERTREK"), [&Value::Bool(false)], "{seen}");
    assert_eq!(proven("ONDER-EEN-ANDERE-NAAM"), [&Value::Bool(false)], "{seen}");
}
