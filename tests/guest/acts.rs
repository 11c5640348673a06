//! What a guest writes bears that a guest wrote it, and is none of what the law asks of a reader.
use meldkluis::{
    domain::id::CaseId,
    seal::{Kind, Plaintext, Recipients},
};
use serde_json::json;

use crate::{
    GUEST, READER, SECOND, THIRD, card_file,
    evil::reporter,
    evil::send,
    hostile, in_days, keys, mailbox, read, reading_along,
    support::{Browser, Service},
    with_text,
};

#[actix_web::test]
async fn a_guest_confirms_nothing_gives_no_feedback_and_sets_nothing_down() {
    let service = Service::start(None).await;
    let (browser, code, case, card) = reading_along(&service).await;
    service.desk(READER, &["protocol", &case, "vooronderzoek"]).await.unwrap();
    for act in ["acknowledge", "feedback"] {
        let refused = with_text(&service, GUEST, &["--card", &card, act, &case], "Namens de lezers").await.unwrap_err();
        assert!(refused.contains("a guest cannot do this"), "{act}: {refused}");
    }
    for words in [
        vec!["classify", &case, "--type", "fin", "--assessment", "accepted"],
        vec!["protocol", &case, "vooronderzoek"],
        vec!["step", &case, "beoordelen"],
    ] {
        let words = [vec!["--card", &card], words].concat();
        let refused = service.desk(GUEST, &words).await.unwrap_err();
        assert!(refused.contains("a guest cannot do this"), "{words:?}: {refused}");
    }
    // With a program of their own: the server is not told of an act, and it counts for nobody.
    let (me, id) = (hostile(&service, &card).await, CaseId::parse(&case).unwrap());
    let view = me.case(&id).await.unwrap();
    let reply = reporter(&me, &id).await.reply;
    let readers = view.readers.iter().filter_map(|r| me.roster.reader(&r.reader));
    let all = Recipients::of(readers).unwrap().with_reporter(id, &reply).unwrap();
    for kind in [Kind::Acknowledgement, Kind::Feedback] {
        send(&me, &id, kind, Plaintext::from("VALS-BERICHT".to_owned()), &all).await;
    }
    let seen = read(&service, SECOND, &case).await;
    let forged = seen["items"].as_array().unwrap().iter().filter(|i| i["text"] == "VALS-BERICHT");
    let proven: Vec<_> = forged.map(|item| item["proven"].clone()).collect();
    assert_eq!(proven, [false, false], "{seen}");
    let page = mailbox(&browser, &code, &[]).await;
    assert!(!page.html.contains("VALS-BERICHT"), "{}", page.html);
    with_text(&service, READER, &["acknowledge", &case], "Wij kijken ernaar").await.unwrap();
}

/// The terms are the officers': a guest reads them as theirs, and what a guest can do.
#[actix_web::test]
async fn a_guest_is_told_what_a_guest_can_do_and_whose_the_terms_are() {
    let service = Service::start(None).await;
    let (_, _, case, card) = reading_along(&service).await;
    let inbox = service.desk_words(GUEST, &["--card", &card, "inbox"]).await.unwrap();
    let first = service.desk_words(GUEST, &["--card", &card, "read", &case]).await.unwrap();
    for said in [&inbox, &first] {
        assert!(said.contains("cknowledge on or before") && said.contains("The officers do that, not you"), "{said}");
    }
    assert!(first.contains("As a guest you can ask the reporter something, answer, write a note"), "{first}");
    let theirs = service.desk_words(READER, &["read", &case]).await.unwrap();
    assert!(!theirs.contains("not you") && !theirs.contains("As a guest"), "{theirs}");
}

#[actix_web::test]
async fn what_a_guest_wrote_says_so_to_the_readers_and_to_the_reporter() {
    let service = Service::start(None).await;
    let (browser, code, case, card) = reading_along(&service).await;
    with_text(&service, GUEST, &["--card", &card, "ask", &case], "Wanneer was het?").await.unwrap();
    let words = service.desk_words(READER, &["read", &case]).await.unwrap();
    let heading = words.lines().find(|line| line.starts_with("-- Question")).unwrap();
    assert!(heading.contains("Auditdienst, onderzoeker, guest until"), "{heading}");
    let page = mailbox(&browser, &code, &[]).await.html;
    let (before, _) = page.split_once("Wanneer was het?").unwrap();
    let (_, entry) = before.rsplit_once("<p>").unwrap();
    assert!(entry.contains("Auditdienst, onderzoeker, gast tot en met"), "{entry}");
}

#[actix_web::test]
async fn a_guest_does_not_bear_the_name_of_a_colleague() {
    let service = Service::start(None).await;
    Browser::new(&service.base).report("Het verhaal", &[]).await;
    let inbox = service.desk(READER, &["inbox"]).await.unwrap();
    let case = inbox[0]["case"].as_str().unwrap();
    let (public, words) = keys(&service, GUEST);
    let until = in_days(30);
    let cyrillic = "Funct\u{456}\u{43e}naris integriteit 2";
    let (greek, capital) = ("\u{399}ntegrity \u{3bf}fficer 2", "lntegrity OffIcer 2");
    for name in ["Integrity officer 2", " functionaris  INTEGRITEIT 2", "Integrity-officer2", capital] {
        let all = ["invite", case, "--public", &public, "--shown-as", name, "--until", &until, "--words", &words];
        let refused = service.desk(READER, &all).await.unwrap_err();
        assert!(refused.contains("cannot be a guest"), "{name}: {refused}");
    }
    for name in [cyrillic, greek] {
        let all = ["invite", case, "--public", &public, "--shown-as", name, "--until", &until, "--words", &words];
        let refused = service.desk(READER, &all).await.unwrap_err();
        assert!(refused.contains("ordinary letters of one script"), "{name}: {refused}");
    }
    let all = ["invite", case, "--public", &public, "--shown-as", "Integrity officer 22", "--until", &until];
    card_file(&service, &service.desk(READER, &[&all[..], &["--words", &words]].concat()).await.unwrap());
}

#[actix_web::test]
async fn a_guest_is_taken_out_by_two_readers() {
    let service = Service::start(None).await;
    let (browser, code, case, card) = reading_along(&service).await;
    let asked = with_text(&service, SECOND, &["take-out", &case, GUEST], "Niet meer nodig").await.unwrap();
    service.desk(THIRD, &["confirm-take-out", &case, asked["item"].as_str().unwrap()]).await.unwrap();
    assert_eq!(service.desk(GUEST, &["--card", &card, "inbox"]).await.unwrap(), json!([]));
    mailbox(&browser, &code, &[("act", "write"), ("text", "Zonder gast")]).await;
    with_text(&service, READER, &["note", &case], "Ook zonder gast").await.unwrap();
    assert_eq!(service.desk(GUEST, &["--card", &card, "inbox"]).await.unwrap(), json!([]));
    let page = mailbox(&browser, &code, &[]).await.html;
    let (reads, gone) = page.split_once("Kon dit eerder lezen").unwrap();
    assert!(!reads.contains("<dd>Auditdienst") && gone.contains("<dd>Auditdienst"), "who reads does not name them");
}
