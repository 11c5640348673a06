//! What passes for a coordinator's: nobody else's word.
use meldkluis::{
    desk::Identity,
    seal::{Author, Kind, Plaintext, Recipients},
};
use serde_json::{Value, json};

use crate::{
    Case, READER, SECOND,
    evil::{hostile, send_as},
    today, with_status,
};

const COORDINATOR: &str = "bzk-coordinator";
const KINDS: [Kind; 5] = [Kind::Reminder, Kind::Escalation, Kind::TransferAsked, Kind::HoldTold, Kind::ReleaseTold];

/// What a desk shows of the items that somebody wrote: whether each is proven.
async fn proven(case: &Case, from: &str) -> Vec<bool> {
    let seen = case.desk(READER, &["read"]).await.unwrap();
    let items = seen["items"].as_array().unwrap().iter();
    items.filter(|item| item["from"] == from).map(|item| item["proven"].as_bool().unwrap()).collect()
}

async fn news(case: &Case) -> Value {
    case.service.desk(READER, &["inbox"]).await.unwrap()[0]["new"].clone()
}

#[actix_web::test]
async fn nobody_but_the_coordinator_of_the_organisation_speaks_as_one() {
    let mut case = Case::filed(&[]).await;
    case.says(READER, &["acknowledge"], "Ontvangen").await.unwrap();
    let through = hostile(&case.service, SECOND).await;
    let view = through.case(&case.id()).await.unwrap();
    let to = Recipients::of(view.readers.iter().filter_map(|r| through.roster.reader(&r.reader))).unwrap();
    let others = [SECOND, "bzk-auditor", "buiten-coordinator"];
    for name in others {
        let me = Identity::load(&case.service.path(&format!("readers/{name}.key")), || unreachable!()).unwrap();
        for kind in KINDS {
            let by = (Author::Reader(me.reader.clone()), &me.signer);
            send_as(by, &through, &case.id(), kind, Plaintext::from("Draag over".to_owned()), &to).await;
        }
    }
    assert_eq!(news(&case).await, json!([]));
    for name in others {
        assert_eq!(proven(&case, name).await, [false; 5], "{name}");
    }
    // Nor does a coordinator speak as a reader.
    let me = Identity::load(&case.service.path(&format!("readers/{COORDINATOR}.key")), || unreachable!()).unwrap();
    let by = (Author::Reader(me.reader.clone()), &me.signer);
    send_as(by, &through, &case.id(), Kind::Note, Plaintext::from("Notitie".to_owned()), &to).await;
    assert_eq!(proven(&case, COORDINATOR).await, [false]);

    let text = case.service.path("memo.txt");
    std::fs::write(&text, "Denk aan de termijn").unwrap();
    let escalate = ["escalate", &case.id, "--file", text.to_str().unwrap()];
    case.service.desk(COORDINATOR, &escalate).await.unwrap();
    assert_eq!(news(&case).await, json!(["escalation"]));
    assert_eq!(proven(&case, COORDINATOR).await, [false, true]);
    // What they wrote stays when they retire, and goes when they are revoked.
    case.retire(COORDINATOR, today());
    assert_eq!(proven(&case, COORDINATOR).await, [false, true]);
    case.change(|file| {
        let line = format!("status = \"retired\"\nuntil = \"{}\"", today());
        with_status(&file.replacen(&line, "status = \"active\"", 1), COORDINATOR, "status = \"revoked\"")
    });
    assert_eq!(proven(&case, COORDINATOR).await, [false, false]);
}
