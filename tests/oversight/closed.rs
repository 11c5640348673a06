//! After the end of a case nothing is set down in it any more, for the page, the command line and the server; and a coordinator says only what is so.
use meldkluis::{
    api_types::{Adding, SentTo, SlotSent},
    domain::case::{Act, CaseState},
};

use crate::{
    COORDINATOR, OTHER, READER,
    bare::{Bare, RECORD, new_item},
    deeds, filed, say,
    support::Service,
};

/// Runs a command with a text; returns what went wrong.
async fn refused(service: &Service, who: &str, words: &[&str]) -> String {
    let file = service.path("text.txt");
    std::fs::write(&file, "Een tekst").unwrap();
    let words: Vec<&str> = words.iter().copied().chain(["--file", file.to_str().unwrap()]).collect();
    service.desk(who, &words).await.unwrap_err()
}

#[actix_web::test]
async fn nothing_is_set_down_in_a_closed_case() {
    let service = Service::start(None).await;
    let (_, case) = filed(&service).await;
    service.desk(READER, &["protocol", &case, "vooronderzoek"]).await.unwrap();
    service.desk(READER, &["step", &case, "beoordelen"]).await.unwrap();
    say(&service, READER, "close", &case, "Klaar").await;
    let log = service.desk(COORDINATOR, &["log"]).await.unwrap();
    let before = deeds(&log, &case).len();
    let classify = ["classify", &case, "--type", "fin", "--assessment", "accepted"];
    let closing = ["--closing", "--investigation", "internal", "--finding", "partly", "--measure", "warning"];
    for words in [&classify[..], &[&classify[..], &closing].concat(), &["protocol", &case, "vooronderzoek"]] {
        let error = service.desk(OTHER, words).await.unwrap_err();
        assert!(error.contains("this case is closed; you can still write a note"), "{words:?}: {error}");
    }
    // The second of two is too late: nobody counts them.
    let error = service.desk(OTHER, &["step", &case, "beoordelen"]).await.unwrap_err();
    assert!(error.contains("this case is closed; you can still write a note"), "{error}");
    let error = refused(&service, READER, &["ask-consent", &case, "--to", "bzk-leidinggevende-1"]).await;
    assert!(error.contains("this case is closed; you can still write a note"), "{error}");
    let register = service.desk(COORDINATOR, &["register"]).await.unwrap();
    assert_eq!(register[0]["row"]["progress"]["done"], 0, "{register}");
    // What was refused was not begun: the only new record is the other's first look.
    let log = service.desk(COORDINATOR, &["log"]).await.unwrap();
    assert_eq!(deeds(&log, &case)[before..], ["opened"]);
    say(&service, OTHER, "note", &case, "Voor later").await;
}

#[actix_web::test]
async fn a_step_is_in_the_register_as_soon_as_it_is_done() {
    let service = Service::start(None).await;
    let (_, case) = filed(&service).await;
    service.desk(READER, &["protocol", &case, "vooronderzoek"]).await.unwrap();
    let done = async || {
        let register = service.desk(COORDINATOR, &["register"]).await.unwrap();
        let progress = &register[0]["row"]["progress"];
        (progress["steps"].as_u64(), progress["done"].as_u64())
    };
    assert_eq!(done().await, (Some(8), Some(0)), "begun");
    for (who, now) in [(READER, 0), (OTHER, 1)] {
        service.desk(who, &["step", &case, "beoordelen"]).await.unwrap();
        assert_eq!(done().await.1, Some(now), "{who}");
    }
}

#[actix_web::test]
async fn a_coordinator_tells_only_of_a_hold_that_is_and_urges_only_while_a_case_is_open() {
    let service = Service::start(None).await;
    let (_, case) = filed(&service).await;
    let urged = ["escalate", "remind", "ask-transfer"];
    for memo in urged {
        say(&service, COORDINATOR, memo, &case, "Denkt u aan de termijn?").await;
    }
    let error = refused(&service, COORDINATOR, &["tell-hold", &case]).await;
    assert!(error.contains("not kept"), "{error}");
    say(&service, READER, "close", &case, "Klaar").await;
    for command in ["remind", "ask-transfer", "escalate"] {
        let error = refused(&service, COORDINATOR, &[command, &case]).await;
        assert!(error.contains("closed"), "{command}: {error}");
    }
    let error = refused(&service, COORDINATOR, &["tell-hold", &case]).await;
    assert!(error.contains("not kept"), "{error}");
    service.desk(COORDINATOR, &["hold", &case]).await.unwrap();
    say(&service, COORDINATOR, "tell-hold", &case, "Ik bewaar deze zaak").await;
    let error = refused(&service, COORDINATOR, &["tell-release", &case]).await;
    assert!(error.contains("was not released"), "{error}");
    service.desk(COORDINATOR, &["release", &case]).await.unwrap();
    say(&service, COORDINATOR, "tell-release", &case, "Ik bewaar deze zaak niet langer").await;
    let log = service.desk(COORDINATOR, &["log"]).await.unwrap();
    let done = ["escalated", "reminded", "asked_transfer", "held", "told_hold", "released", "told_release"];
    let told = deeds(&log, &case).into_iter().filter(|deed| done.contains(&deed.as_str()));
    assert_eq!(told.collect::<Vec<_>>(), done);
    // The readers have them in the order in which they were written, all of one day.
    let memos = ["escalation", "reminder", "transfer_asked", "hold_told", "release_told"];
    let read = service.desk(READER, &["read", &case]).await.unwrap();
    let kinds = read["items"].as_array().unwrap().iter().map(|item| item["kind"].as_str().unwrap());
    assert_eq!(kinds.filter(|kind| memos.contains(kind)).collect::<Vec<_>>(), memos);
}

/// What kind of item it is stands inside the seal: the server holds whoever sends it to the state they say they saw.
#[actix_web::test]
async fn what_was_made_for_another_state_of_the_case_is_refused() {
    let service = Service::start(None).await;
    let (_, case) = filed(&service).await;
    say(&service, READER, "close", &case, "Klaar").await;
    let (coordinator, reader) = (Bare::new(&service, COORDINATOR).await, Bare::new(&service, READER).await);
    let to = || vec![SentTo::Reader(coordinator.keyed(READER))];
    assert_eq!(coordinator.memo(&case, new_item(), to(), Some(RECORD)).await.0, 409, "as if it were open");
    let adding = |expected| Adding {
        item: new_item(),
        act: None,
        expected,
        slots: vec![SlotSent { to: SentTo::Nobody(1), header: "AAAA".to_owned() }],
        log: Some(RECORD.to_owned()),
    };
    for (expected, status) in [(CaseState::Open, 409), (CaseState::Held, 409), (CaseState::Closed, 200)] {
        let adding = adding(expected);
        let path = format!("{case}/items");
        assert_eq!(reader.put_with(&path, &adding, vec![0; 100]).await.0, status, "{expected:?}");
        if status == 200 {
            assert_eq!(reader.put_with(&path, &adding, vec![0; 100]).await.0, 200, "sent again");
        }
    }
    assert_eq!(reader.add(&case, (new_item(), Act::Note, CaseState::Open), "AAAA").await, 409);
}

/// A manager who reads, and who left, are not waited for; who reads the case now is.
#[actix_web::test]
async fn a_step_for_each_officer_waits_for_all_who_read_now() {
    let service = Service::start(None).await;
    let browser = crate::Browser::new(&service.base);
    browser.report_to("Een verhaal", &[("manager", "bzk-leidinggevende-1")]).await;
    let case = crate::cases(&service).await.pop_first().unwrap();
    let third = "bzk-functionaris-3";
    service.desk(READER, &["protocol", &case, "vooronderzoek"]).await.unwrap();
    let done = async || {
        let register = service.desk(COORDINATOR, &["register"]).await.unwrap();
        register[0]["row"]["progress"]["done"].as_u64()
    };
    let step = ["step", &case, "onafhankelijk"];
    service.desk(READER, &step).await.unwrap();
    assert_eq!(done().await, Some(0));
    let steps = service.desk(READER, &["step", &case]).await.unwrap();
    let waits = |steps: &serde_json::Value| steps[0]["waits_for"].clone();
    assert_eq!(waits(&steps), serde_json::json!([OTHER, third]), "{steps}");
    let said = service.desk_words(READER, &["step", &case]).await.unwrap();
    assert!(said.contains("It still waits for: Integrity officer 2, Integrity officer 3."), "{said}");
    let again = service.desk(READER, &step).await.unwrap_err();
    assert!(again.contains("You have said this"), "{again}");
    let manager = service.desk("bzk-leidinggevende-1", &step).await.unwrap_err();
    assert!(manager.contains("You are none of them"), "{manager}");
    service.desk(OTHER, &["read", &case]).await.unwrap();
    service.desk(OTHER, &["leave", &case, "--conflict"]).await.unwrap();
    assert_eq!(waits(&service.desk(READER, &["step", &case]).await.unwrap()), serde_json::json!([third]));
    service.desk(third, &step).await.unwrap();
    assert_eq!(done().await, Some(1));
    let late = service.desk(third, &step).await.unwrap_err();
    assert!(late.contains("done already"), "{late}");
}

/// What the law gives a day is done by doing it; what was said by mistake is taken back, by whoever said it alone.
#[actix_web::test]
async fn a_step_is_taken_back_and_one_of_the_law_is_done_by_its_act() {
    let service = Service::start(None).await;
    crate::Browser::new(&service.base).report("Een verhaal", &[]).await;
    let case = crate::cases(&service).await.pop_first().unwrap();
    service.desk(READER, &["protocol", &case, "vooronderzoek"]).await.unwrap();
    let done = async || {
        let register = service.desk(COORDINATOR, &["register"]).await.unwrap();
        register[0]["row"]["progress"]["done"].as_u64()
    };
    for step in ["bevestigen", "terugkoppelen"] {
        let refused = service.desk(READER, &["step", &case, step]).await.unwrap_err();
        assert!(refused.contains("done once the receipt was acknowledged"), "{refused}");
    }
    crate::say(&service, READER, "acknowledge", &case, "Wij lezen het.").await;
    assert_eq!(done().await, Some(1), "the record of the act says it already");
    let file = service.path("stap.txt");
    std::fs::write(&file, "CANARY-STEP").unwrap();
    service.desk(READER, &["step", &case, "risico-melder", "--file", file.to_str().unwrap()]).await.unwrap();
    assert_eq!(done().await, Some(2));
    for (who, step) in [(OTHER, "risico-melder"), (READER, "bevestigen")] {
        let refused = service.desk(who, &["step", &case, step, "--undo"]).await.unwrap_err();
        assert!(refused.contains("You did not say that this step was done"), "{refused}");
    }
    service.desk(READER, &["step", &case, "risico-melder", "--undo"]).await.unwrap();
    assert_eq!(done().await, Some(1));
    let read = service.desk(OTHER, &["read", &case]).await.unwrap();
    let steps: Vec<_> = read["items"].as_array().unwrap().iter().filter(|item| item["step"].is_string()).collect();
    assert_eq!(steps.len(), 2, "{read}");
    assert_eq!((&steps[0]["note"], &steps[1]["undone"]), (&"CANARY-STEP".into(), &true.into()));
    let log = service.desk(COORDINATOR, &["log"]).await.unwrap().to_string();
    assert!(!log.contains("CANARY"), "{log}");
}
