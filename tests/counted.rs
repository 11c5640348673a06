//! What readers did towards the reporter counts when it goes to them and when the server's clock moved with it: nobody else's act signs it into
//! the register.
#![cfg(all(feature = "server", feature = "desk"))]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]
#[expect(dead_code, reason = "other tests use the rest")]
#[path = "oversight/bare.rs"]
mod bare;
#[path = "counted/clock.rs"]
mod clock;
#[expect(dead_code, reason = "other tests use the rest")]
#[path = "support/hostile.rs"]
mod evil;
#[expect(dead_code, reason = "other tests use the rest")]
#[path = "support/filed.rs"]
mod filed;
#[path = "after/local.rs"]
mod local;
#[path = "support/local.rs"]
mod page;
mod support;

use bare::Bare;
use base64::{Engine, prelude::BASE64_STANDARD};
use evil::{hostile, reporter, send};
use filed::{COORDINATOR, Filed, READER, SECOND};
use local::Local;
use meldkluis::{
    domain::id::CaseId,
    seal::{Kind, Plaintext, Recipients},
};
use serde_json::{Value, json};
use support::Service;

const OWED: [Kind; 3] = [Kind::Acknowledgement, Kind::Feedback, Kind::Closing];

/// A report that is worked by a protocol.
async fn worked() -> Filed {
    let filed = Filed::new().await;
    filed.service.desk(READER, &["protocol", &filed.case, "vooronderzoek"]).await.unwrap();
    filed
}

impl Filed {
    /// An altered desk sends what it says it did, with no act of which the server knows.
    async fn pretend(&self, kind: Kind, told: bool) {
        let (me, id) = (hostile(&self.service, READER).await, CaseId::parse(&self.case).unwrap());
        let view = me.case(&id).await.unwrap();
        let to = Recipients::of(view.readers.iter().filter_map(|r| me.roster.reader(&r.reader))).unwrap();
        let to = if told { to.with_reporter(id, &reporter(&me, &id).await.reply).unwrap() } else { to };
        send(&me, &id, kind, Plaintext::from("Gedaan".to_owned()), &to).await;
    }

    async fn does(&self, act: &str) {
        self.acts(SECOND, act, "Tekst").await.unwrap();
    }

    /// What is owed, by the inbox of a colleague; the steps that are done; and the days of the register.
    async fn stands(&self) -> (Value, Vec<String>, [bool; 3]) {
        let inbox = self.service.desk(SECOND, &["inbox"]).await.unwrap();
        let steps = self.service.desk(SECOND, &["step", &self.case]).await.unwrap();
        let done = steps.as_array().unwrap().iter().filter(|step| step["done"] == true);
        let steps = done.map(|step| step["step"]["id"].as_str().unwrap().to_owned()).collect();
        let row = self.service.desk(COORDINATOR, &["register"]).await.unwrap()[0]["row"].clone();
        (inbox[0]["owed"].clone(), steps, ["acknowledged", "feedback", "closed"].map(|name| !row[name].is_null()))
    }
}

/// Everything a colleague pretends to have done leaves a case as it was, whatever is done after it.
async fn pretended(told: bool) -> Filed {
    let filed = worked().await;
    filed.service.desk(SECOND, &["read", &filed.case]).await.unwrap();
    let before = filed.stands().await;
    assert_eq!(before, (json!("acknowledge"), Vec::new(), [false; 3]));
    for kind in OWED {
        filed.pretend(kind, told).await;
    }
    filed.service.desk(SECOND, &["read", &filed.case]).await.unwrap();
    // An honest act after it says in its row what was done in the case.
    filed.does("note").await;
    assert_eq!(filed.stands().await, before);
    let words = filed.service.desk_words(SECOND, &["read", &filed.case]).await.unwrap();
    assert!(words.contains("Acknowledge on or before"), "{words}");
    let close = ["close", &filed.case, "--file", &filed.text("Tekst")];
    let means = filed.service.desk_says(SECOND, &close).await.unwrap_err();
    assert!(means.contains("Receipt has not been confirmed yet"), "{means}");
    filed
}

#[actix_web::test]
async fn what_does_not_go_to_the_reporter_is_not_done() {
    let filed = pretended(false).await;
    // What is truly done counts, each in its turn.
    filed.does("acknowledge").await;
    assert_eq!(filed.stands().await, (json!("feedback"), vec!["bevestigen".to_owned()], [true, false, false]));
    filed.does("feedback").await;
    let steps = ["bevestigen", "terugkoppelen"].map(str::to_owned).to_vec();
    assert_eq!(filed.stands().await, (json!("fed_back"), steps.clone(), [true, true, false]));
    filed.does("close").await;
    assert_eq!(filed.stands().await, (Value::Null, steps, [true; 3]));
}

#[actix_web::test]
async fn what_the_server_did_not_count_is_not_done() {
    pretended(true).await;
}

#[actix_web::test]
async fn a_row_of_which_the_server_counted_nothing_is_marked_for_the_coordinator() {
    let filed = Filed::new().await;
    let overview = async || filed.service.desk(COORDINATOR, &["overview"]).await.unwrap();
    let by = Bare::new(&filed.service, READER).await;
    assert_eq!(overview().await["behind"], json!([]));
    assert_eq!(by.log("bzk", &BASE64_STANDARD.encode(by.all_done(&filed.case).await)).await, 200);
    let mut seen = Vec::new();
    for act in ["acknowledge", "feedback", "close"] {
        let overview = overview().await;
        seen.push((overview["behind"].clone(), overview["owed"][0]["owed"].clone()));
        if act == "acknowledge" {
            marked(&filed).await;
        }
        filed.does(act).await;
    }
    let closed = json!([{ "case": filed.case, "register_says": "closed" }]);
    // On one day the clock cannot tell feedback from an acknowledgement.
    let owed = ["acknowledge", "fed_back", "fed_back"].map(|owed| (closed.clone(), json!(owed)));
    assert_eq!(seen, owed);
    let overview = overview().await;
    assert_eq!((&overview["behind"], &overview["ahead"]), (&json!([]), &json!([])));
}

/// What the law asks of a report and was not done before its end, the coordinator reads: the officer alone was warned.
#[actix_web::test]
async fn the_coordinator_is_told_of_a_report_that_ended_without_what_the_law_asks() {
    for (acts, without, said) in [
        (&[][..], json!("both"), Some("zonder ontvangstbevestiging en zonder terugkoppeling")),
        (&["acknowledge"], json!("feedback"), Some("zonder terugkoppeling")),
        (&["feedback"], json!("acknowledgement"), Some("zonder ontvangstbevestiging")),
        (&["acknowledge", "feedback"], Value::Null, None),
    ] {
        let filed = Filed::new().await;
        for act in acts {
            filed.does(act).await;
        }
        let told = async || filed.service.desk(COORDINATOR, &["overview"]).await.unwrap()["closed_without"].clone();
        assert_eq!(told().await, json!([]), "it is not closed");
        filed.does("close").await;
        assert_eq!(told().await[0]["without"], without, "{acts:?}");
        let words = filed.service.desk_words(COORDINATOR, &["overview"]).await.unwrap();
        assert_eq!(words.contains("It was closed without"), said.is_some(), "{words}");
        let desk = Local::desk(&filed.service, COORDINATOR).await;
        for path in ["/nl/overview".to_owned(), format!("/nl/watch/{}", filed.case)] {
            let (_, page) = desk.get(&path).await;
            let said = said.map(|said| page.matches(said).count());
            // On the first page in the list and among what is to be looked at.
            let times = if path == "/nl/overview" { 2 } else { 1 };
            assert_eq!(said.unwrap_or(times), times, "{path} {acts:?}: {page}");
            assert_eq!(page.contains("De zaak is gesloten zonder"), said.is_some(), "{path} {acts:?}: {page}");
        }
    }
}

/// The coordinator reads that the server did not count an end.
async fn marked(filed: &Filed) {
    let words = filed.service.desk_words(COORDINATOR, &["overview"]).await.unwrap();
    assert!(words.contains("The register says that it is closed, and the server says that it is not"), "{words}");
    let desk = Local::desk(&filed.service, COORDINATOR).await;
    for path in ["/nl/overview".to_owned(), format!("/nl/watch/{}", filed.case)] {
        let (status, page) = desk.get(&path).await;
        assert!(status == 200 && page.contains("In het register staat dat de zaak gesloten is"), "{path}: {page}");
    }
}
