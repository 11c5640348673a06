//! What cannot be done is refused in words that say what can.
use super::{OFFICER, SECOND, file, filed, refuses, says};
use crate::support::{Browser, Service};

const COORDINATOR: &str = "bzk-coordinator";
const AUDITOR: &str = "bzk-auditor";

#[actix_web::test]
async fn who_oversees_is_told_what_they_have_instead() {
    let service = Service::start(None).await;
    let (_, _, case) = filed(&service).await;
    for words in [&["inbox"][..], &["read", &case], &["step", &case, "x"], &["leave", &case, "--yes"]] {
        let refused = refuses(&service, COORDINATOR, words).await;
        assert!(refused.contains("reads no reports") && refused.contains("overview"), "{words:?}: {refused}");
        let refused = refuses(&service, AUDITOR, words).await;
        assert!(refused.contains("reads no reports") && !refused.contains("overview"), "{words:?}: {refused}");
    }
    // The clocks are the coordinator's.
    let refused = refuses(&service, AUDITOR, &["overview"]).await;
    assert!(refused.contains("Only a coordinator") && refused.contains("register"), "{refused}");
    let refused = refuses(&service, OFFICER, &["overview"]).await;
    assert!(refused.contains("Only a coordinator or auditor"), "{refused}");
    says(&service, AUDITOR, &["register"]).await;
}

#[actix_web::test]
async fn only_a_closed_case_is_kept_and_only_a_kept_one_released() {
    let service = Service::start(None).await;
    let (_, _, case) = filed(&service).await;
    service.desk(OFFICER, &["read", &case]).await.unwrap();
    let refused = refuses(&service, COORDINATOR, &["hold", &case]).await;
    assert!(refused.contains("only a closed case"), "{refused}");
    let text = file(&service, "Wij zijn klaar.");
    service.desk(OFFICER, &["close", &case, "--file", &text]).await.unwrap();
    let refused = refuses(&service, COORDINATOR, &["release", &case]).await;
    assert!(refused.contains("not kept"), "{refused}");
    says(&service, COORDINATOR, &["hold", &case]).await;
    let refused = refuses(&service, COORDINATOR, &["hold", &case]).await;
    assert!(refused.contains("kept already"), "{refused}");
    says(&service, COORDINATOR, &["release", &case]).await;
}

#[actix_web::test]
async fn an_absence_out_of_range_is_refused_with_the_range() {
    let service = Service::start(None).await;
    let today = service.clock.today();
    let last = today.plus_days(60);
    for until in [today.plus_days(-1), last.plus_days(1)] {
        let refused = refuses(&service, OFFICER, &["away", "--until", &until.to_string()]).await;
        assert!(refused.contains(&today.to_string()) && refused.contains(&last.to_string()), "{refused}");
    }
    let refused = refuses(&service, OFFICER, &["away", "--until", "next week"]).await;
    assert!(refused.contains("YYYY-MM-DD"), "{refused}");
    says(&service, OFFICER, &["away", "--until", &last.to_string()]).await;
}

#[actix_web::test]
async fn what_belongs_to_the_end_of_a_case_asks_for_closing() {
    let service = Service::start(None).await;
    let (_, _, case) = filed(&service).await;
    let words = ["classify", &case, "--type", "fin", "--assessment", "accepted"];
    for (option, value) in [("--finding", "established"), ("--investigation", "internal"), ("--measure", "warning")] {
        let refused = service.desk(OFFICER, &[&words[..], &[option, value]].concat()).await.unwrap_err();
        assert!(refused.contains("--closing"), "{option}: {refused}");
    }
    let refused = service.desk(OFFICER, &[&words[..], &["--closing"]].concat()).await.unwrap_err();
    assert!(["--finding", "--investigation", "--measure"].iter().all(|o| refused.contains(o)), "{refused}");
}

/// Away from any terminal, as a script or a service is.
#[actix_web::test]
async fn without_a_terminal_keygen_says_how_to_give_the_passphrase() {
    let service = Service::start(None).await;
    let mut own = std::process::Command::new("setsid");
    let key = service.path("new.key");
    own.arg("--wait").arg(env!("CARGO_BIN_EXE_meldkluis-desk")).arg("--identity").arg(&key).args(["keygen", "nieuw"]);
    let done = own.stdin(std::process::Stdio::null()).output().unwrap();
    let said = String::from_utf8(done.stderr).unwrap();
    assert_eq!(done.status.code(), Some(1), "{said}");
    assert!(
        said.contains("--passphrase-file") && said.contains("--no-passphrase") && !said.contains("os error"),
        "{said}"
    );
    assert!(!key.exists());
}

#[actix_web::test]
async fn who_is_taken_out_is_named_as_they_were_when_it_was_asked() {
    let service = Service::start(None).await;
    let (_, _, case) = filed(&service).await;
    let third = "bzk-functionaris-3";
    let refused = refuses(&service, SECOND, &["confirm-take-out", &case, third]).await;
    assert!(refused.contains("nobody asked"), "{refused}");
    let reason = file(&service, "Te dichtbij");
    says(&service, OFFICER, &["take-out", &case, third, "--file", &reason]).await;
    let refused = refuses(&service, SECOND, &["confirm-take-out", &case, OFFICER]).await;
    assert!(refused.contains("nobody asked"), "{refused}");
    says(&service, SECOND, &["confirm-take-out", &case, third]).await;
    assert_eq!(service.desk(third, &["inbox"]).await.unwrap(), serde_json::json!([]));
}

#[actix_web::test]
async fn what_was_done_before_is_not_said_to_be_sent() {
    let service = Service::start(None).await;
    let (_, _, case) = filed(&service).await;
    says(&service, OFFICER, &["protocol", &case, "vooronderzoek"]).await;
    says(&service, OFFICER, &["step", &case, "risico-melder"]).await;
    let refused = refuses(&service, OFFICER, &["step", &case, "risico-melder"]).await;
    assert!(refused.contains("done already") && !refused.contains("no such step"), "{refused}");
    let refused = refuses(&service, OFFICER, &["step", &case, "niets"]).await;
    assert!(refused.contains("no such step"), "{refused}");
}

#[actix_web::test]
async fn what_was_passed_on_before_is_not_said_to_be_sent() {
    let service = Service::start(None).await;
    let (adviser, browser) = ("bzk-vertrouwenspersoon-1", Browser::new(&service.base));
    let code = browser.advice("Een vraag", adviser).await;
    let advice = service.desk(adviser, &["inbox"]).await.unwrap()[0]["case"].as_str().unwrap().to_owned();
    let more = "/nl/mailbox/more";
    let mut page = browser.with_code(more, &code, Some(0), &[("to", "report")]).await;
    for answers in [&[("topic", "money")][..], &[("along", "story"), ("text", "Kort")], &[]] {
        page = browser.answer(more, &page, &[answers, &[("go", "next")]].concat()).await;
    }
    assert!(page.html.contains("veilig aangekomen"), "{}", page.title());
    assert_eq!(says(&service, adviser, &["pass-on", &advice]).await, "Sent.\n");
    assert_eq!(says(&service, adviser, &["pass-on", &advice]).await, "There was nothing more to pass on.\n");
}
