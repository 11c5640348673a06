//! Nobody fills a log: it is for those it concerns, each has a number of records a day, and the last of a disk is for text.
use std::num::NonZeroU32;

use meldkluis::{desk::Identity, domain::id::ReaderId, http::Records, seal::code::print_words};
use serde_json::json;

use crate::{
    AUDITOR, COORDINATOR, OTHER, READER,
    bare::{Bare, RECORD},
    filed, say,
    support::{Browser, Service},
};

const OUTSIDE: &str = "buiten-functionaris-1";

#[actix_web::test]
async fn a_person_writes_so_many_records_a_day_and_hinders_nobody() {
    let service = Service::at(|app| app.records = Records::a_day(NonZeroU32::new(9).unwrap())).await;
    let (_, case) = filed(&service).await;
    let (own, other) = (Bare::new(&service, READER).await, Bare::new(&service, OTHER).await);
    let mut answers = Vec::new();
    for _ in 0..12 {
        answers.push(own.log("bzk", RECORD).await);
    }
    // The inbox that found the case showed that the keys work: that was one.
    assert_eq!(answers, [vec![200; 8], vec![429; 4]].concat());
    assert_eq!(other.log("bzk", RECORD).await, 200);
    // Nor by another way; and their desk says it kindly.
    let file = service.path("text.txt");
    std::fs::write(&file, "Tekst").unwrap();
    let refused = service.desk(READER, &["note", &case, "--file", file.to_str().unwrap()]).await.unwrap_err();
    assert!(refused.contains("Nothing is lost"), "{refused}");
    let leaving = own.post(&format!("cases/{case}/leave"), &json!({ "log": RECORD })).await;
    assert_eq!(leaving.status(), 429);
    say(&service, OTHER, "note", &case, "Gaat door").await;
}

#[actix_web::test]
async fn a_person_writes_into_the_logs_that_concern_them() {
    let service = Service::start(None).await;
    let (reader, outside) = (Bare::new(&service, READER).await, Bare::new(&service, OUTSIDE).await);
    for who in [READER, COORDINATOR, AUDITOR] {
        let own = Bare::new(&service, who).await;
        let answers = [own.log("bzk", RECORD).await, own.log("buiten", RECORD).await, own.log("nergens", RECORD).await];
        assert_eq!(answers, [200, 403, 404], "{who}");
    }
    assert_eq!([outside.log("buiten", RECORD).await, outside.log("bzk", RECORD).await], [200, 403]);
    // Once the desk outside reads a case of the ministry, its log concerns them.
    let (code, case) = filed(&service).await;
    let file = service.path("text.txt");
    std::fs::write(&file, "Kijkt mee").unwrap();
    let words = ["ask-consent", &case, "--to", OUTSIDE, "--file", file.to_str().unwrap()];
    let asked = service.desk(READER, &words).await.unwrap()["item"].as_str().unwrap().to_owned();
    Browser::new(&service.base).mailbox(&code, None, &[("act", "consent-yes"), ("request", &asked)]).await;
    service.desk(READER, &["hand-over", &case, &asked]).await.unwrap();
    assert_eq!([outside.log("buiten", RECORD).await, outside.log("bzk", RECORD).await], [200, 200]);
    assert_eq!(reader.log("buiten", RECORD).await, 403, "that works one way only");
}

#[actix_web::test]
async fn a_guest_writes_into_the_log_of_their_one_case() {
    let service = Service::start(None).await;
    let (code, case) = filed(&service).await;
    let text = service.path("text.txt");
    std::fs::write(&text, "Zoekt het uit").unwrap();
    let text = text.to_str().unwrap();
    let guest = Identity::create(&service.path("readers/gast.key"), ReaderId::parse("gast").unwrap(), None).unwrap();
    let public = service.path("gast.toml");
    std::fs::write(&public, guest.public()).unwrap();
    let words = print_words(&guest.keyed()).join(" ");
    let until = service.clock.today().plus_days(5).to_string();
    let invite = ["invite", &case, "--public", public.to_str().unwrap(), "--shown-as", "Onderzoeker"];
    let card = service.desk(READER, &[&invite[..], &["--until", &until, "--words", &words]].concat()).await.unwrap();
    let file = service.path("card.json");
    std::fs::write(&file, card.to_string()).unwrap();
    let file = file.to_str().unwrap();
    let own = Bare::with_card(&service, "gast", Some(file)).await;
    assert_eq!(own.log("bzk", RECORD).await, 403, "invited, and not let in yet");
    let ask = ["ask-consent", &case, "--guest", file, "--file", text];
    let asked = service.desk(READER, &ask).await.unwrap()["item"].as_str().unwrap().to_owned();
    Browser::new(&service.base).mailbox(&code, None, &[("act", "consent-yes"), ("request", &asked)]).await;
    service.desk(READER, &["hand-over", &case, &asked]).await.unwrap();
    assert_eq!([own.log("bzk", RECORD).await, own.log("buiten", RECORD).await], [200, 403]);
}

#[actix_web::test]
async fn the_last_of_a_disk_is_not_for_records_that_go_with_nothing() {
    let service = Service::with(None, |config| config.reserve_bytes = u64::MAX).await;
    let own = Bare::new(&service, READER).await;
    assert_eq!(own.log("bzk", RECORD).await, 503);
    Browser::new(&service.base).report("Een verhaal", &[]).await;
    let inbox = own.get("inbox").await;
    assert_eq!(inbox.as_array().unwrap().len(), 1, "text is taken");
    assert!(service.desk(READER, &["inbox"]).await.is_ok(), "and a desk is not kept out by a sign that can wait");
}
