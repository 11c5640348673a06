//! A talk, a proof, a case without readers, and how the pages answer.
use serde_json::json;

use crate::{
    ADVICE, ADVISER, COLLEAGUE, MORE, OFFICER, REPORT, begin, cases, letter, next, read,
    support::{Browser, Page, Service, stands_in},
    whole,
};

#[actix_web::test]
async fn a_long_answer_and_a_long_message_both_fit_with_all_rooms() {
    let service = Service::start(None).await;
    let browser = Browser::new(&service.base);
    let code = browser.advice("Een vraag", ADVISER).await;
    let page = begin(&browser, &code, ADVICE, "report").await;
    let page = next(&browser, &page, &[("topic", "money")]).await;
    let page = next(&browser, &page, &[("along", "story")]).await;
    next(&browser, &page, &[]).await;
    let page = begin(&browser, &code, ADVICE, "retaliation").await;
    let page = next(&browser, &page, &[("text", "Iets")]).await;
    next(&browser, &page, &[]).await;
    let advice = cases(&service, ADVISER).await.remove(0);
    letter(&service, ADVISER, "reply", &advice, &"a".repeat(20_480)).await.unwrap();
    let full = whole(browser.mailbox(&code, ADVICE, &[]).await);
    assert!(full.status == 200 && full.html.contains(&"a".repeat(20_480)));
    let typed = "\"".repeat(9_000);
    let long = whole(browser.mailbox(&code, ADVICE, &[("act", "write"), ("text", &typed)]).await);
    assert!(long.status == 422 && long.html.contains(&"&#34;".repeat(9_000)), "{}", long.title());
}

#[actix_web::test]
async fn a_talk_is_asked_for_without_a_name() {
    let service = Service::start(None).await;
    let browser = Browser::new(&service.base);
    let (code, _) = browser.report("Een verhaal", &[]).await;
    let page = whole(browser.mailbox(&code, REPORT, &[("act", "talk")]).await);
    assert!(page.html.contains("Uw naam of telefoonnummer is niet nodig"));
    let empty = whole(browser.answer("/nl/mailbox", &page, &[("text", " "), ("act", "talk-send")]).await);
    assert!(empty.status == 422 && empty.html.contains("Schrijf eerst waar en wanneer u kunt"));
    let long = "x".repeat(21_000);
    let long = browser.answer("/nl/mailbox", &page, &[("text", &long), ("act", "talk-send")]).await;
    assert!(long.status == 422 && long.html.contains(&"x".repeat(21_000)));
    let sent = browser.answer("/nl/mailbox", &page, &[("text", "Dinsdag, Delft"), ("act", "talk-send")]).await;
    assert!(sent.html.contains("Uw voorstel is verstuurd"));
    let again = browser.answer("/nl/mailbox", &page, &[("text", "Of woensdag"), ("act", "talk-send")]).await;
    assert_eq!(again.html.matches("vroeg u om een gesprek").count(), 2, "two proposals are two lines");
    let case = cases(&service, OFFICER).await.remove(0);
    let opened = read(&service, OFFICER, &case).await;
    assert!(opened["items"][1]["kind"] == "talk" && opened["items"][1]["text"] == "Dinsdag, Delft", "{opened}");
    letter(&service, OFFICER, "reply", &case, "DINSDAG-IS-GOED").await.unwrap();
    assert!(browser.mailbox(&code, REPORT, &[]).await.html.contains("DINSDAG-IS-GOED"));
}

#[actix_web::test]
async fn a_reporter_proves_later_that_they_filed_and_a_reader_checks_it() {
    let service = Service::start(None).await;
    let browser = Browser::new(&service.base);
    let (code, _) = browser.report("Een verhaal", &[]).await;
    let case = cases(&service, OFFICER).await.remove(0);
    let shown = |page: &Page, what: &str| {
        let value = page.html.split(&format!("<dt>{what}</dt><dd translate=\"no\">")).nth(1).unwrap();
        value.split("</dd>").next().unwrap().to_owned()
    };
    let page = whole(browser.mailbox(&code, REPORT, &[("act", "proof")]).await);
    assert_eq!(shown(&page, "Nummer van de zaak"), case);
    assert!(page.html.contains("Nee, nog niet"));
    let proof = shown(&page, "Uw bewijs");
    assert_eq!(proof.split(' ').count(), 16);
    // Nobody opens a case by trying a proof on it, whether it fits or not.
    for tried in [proof.as_str(), &"0000 ".repeat(16)] {
        let refused = service.desk(OFFICER, &["check-proof", &case, tried]).await.unwrap_err();
        assert!(refused.contains("read it first"), "{refused}");
    }
    assert_eq!(service.desk(OFFICER, &["inbox"]).await.unwrap()[0]["state"], "unopened");
    read(&service, OFFICER, &case).await;
    let check = |reader: &'static str, proof: String| {
        let (service, case) = (&service, &case);
        async move { service.desk(reader, &["check-proof", case, &proof]).await }
    };
    let fits = check(OFFICER, proof.clone()).await.unwrap();
    assert_eq!((&fits["fits"], &fits["acknowledged"]), (&json!(true), &json!([])));
    letter(&service, OFFICER, "acknowledge", &case, "Ontvangen").await.unwrap();
    let page = browser.mailbox(&code, REPORT, &[("act", "proof")]).await;
    assert!(page.html.contains("Ja, met de bevestiging van") && shown(&page, "Uw bewijs") == proof);
    read(&service, COLLEAGUE, &case).await;
    let fits = check(COLLEAGUE, proof.clone()).await.unwrap();
    assert_eq!(fits["acknowledged"], json!([{ "day": service.clock.today(), "by": OFFICER }]));
    assert_eq!(fits["filed"], json!(service.clock.today()));
    // Another's proof, or another room's, does not fit; nor does the proof open anything.
    let (other, _) = browser.report("Een ander verhaal", &[]).await;
    let others = shown(&browser.mailbox(&other, REPORT, &[("act", "proof")]).await, "Uw bewijs");
    assert!(check(OFFICER, others).await.unwrap_err().contains("does not fit"));
    assert!(check(OFFICER, "0011".to_owned()).await.unwrap_err().contains("64 digits"));
    assert_eq!(browser.mailbox(&proof, None, &[]).await.status, 422);
    assert!(!stands_in(&service.path("data"), proof.as_bytes()));
    assert!(!stands_in(&service.path("data"), proof.replace(' ', "").as_bytes()));
}

#[actix_web::test]
async fn what_nobody_confirmed_before_the_end_nobody_confirms_any_more() {
    let service = Service::start(None).await;
    let browser = Browser::new(&service.base);
    let (code, _) = browser.report("Een verhaal", &[]).await;
    let case = cases(&service, OFFICER).await.remove(0);
    letter(&service, OFFICER, "close", &case, "Klaar").await.unwrap();
    let page = whole(browser.mailbox(&code, REPORT, &[("act", "proof")]).await);
    assert!(page.html.contains("Nee. Zonder bevestiging") && !page.html.contains("nog niet"), "{}", page.html);
}

#[cfg(unix)]
#[actix_web::test]
async fn when_no_reader_is_left_the_mailbox_says_so_and_keeps_what_was_typed() {
    let folder = tempfile::tempdir().unwrap();
    let settings = crate::support::child::settings(folder.path(), None);
    let mut program = crate::support::child::Program::start(folder.path(), &settings);
    let (code, _) = Browser::new(&program.base).report("Een verhaal", &[]).await;
    program.kill();
    let service = Service::changed(folder, |app| {
        for org in &mut app.roster.organisations {
            if let Some(file) = &mut org.file {
                file.readers.retain(|r| !r.id.as_str().starts_with("bzk-functionaris"));
            }
        }
        app.keyed = app.roster.readers().map(meldkluis::domain::roster::Reader::keyed).collect();
    })
    .await;
    let browser = Browser::new(&service.base);
    let page = whole(browser.mailbox(&code, None, &[]).await);
    assert!(page.html.contains("Alle mensen die dit konden lezen zijn weg"));
    assert!(page.html.contains("href=\"/nl/report\">Doe een nieuwe melding") && !page.html.contains("id=\"file\""));
    let write = browser.mailbox(&code, None, &[("act", "write"), ("text", "GETYPT")]).await;
    assert!(write.status == 422 && write.html.contains("GETYPT"), "{}", write.title());
    let late = browser.upload(&code, "a.txt", vec![1; 10]).await;
    assert!(late.html.contains("Alle mensen die dit konden lezen zijn weg"));
}

#[actix_web::test]
async fn nothing_of_a_code_travels_but_in_a_post_and_a_wrong_room_is_the_first() {
    let service = Service::start(None).await;
    let browser = Browser::new(&service.base);
    let (code, _) = browser.report("Een verhaal", &[]).await;
    assert_eq!(browser.get(MORE).await.status, 405);
    for room in [Some(0), Some(3), Some(200), None] {
        assert!(browser.mailbox(&code, room, &[]).await.html.contains("Uw verhaal is aangekomen"));
    }
    let unknown = whole(browser.with_code(MORE, "een twee", None, &[("to", "identity")]).await);
    assert!(unknown.status == 422 && unknown.html.contains("Een code heeft 12 woorden"));
    let nothing = whole(browser.with_code(MORE, &code, None, &[("to", "report")]).await);
    assert!(nothing.html.contains("Uw verhaal is aangekomen"), "a report is not made of a report");
}

#[actix_web::test]
async fn who_helps_and_who_was_told_something_read_what_to_do() {
    let service = Service::start(None).await;
    let browser = Browser::new(&service.base);
    for (path, says) in [
        ("/nl/info/together", "Wat u als helper niet doet"),
        ("/en/info/together", "What a helper does not do"),
        ("/nl/info/told", "Zoek niet uit wie het heeft gemeld"),
        ("/en/info/told", "Do not find out who reported"),
    ] {
        let page = whole(browser.get(path).await);
        assert!(page.status == 200 && page.html.contains(says), "{path}");
    }
}
