//! Advice that becomes a report; and the page that shows who reads before anything is sealed.
use serde_json::json;

use crate::{
    ADVICE, ADVISER, COLLEAGUE, MORE, OFFICER, OUTSIDE, REPORT, RESERVE, STRUCK, begin, cases, letter, next, read,
    support::{Browser, Service, postgres::Postgres, stands_in},
    whole,
};

async fn advice_becomes_a_report(database: Option<String>) {
    let service = Service::start(database).await;
    let browser = Browser::new(&service.base);
    let code = browser.advice("EERSTE-VERHAAL", ADVISER).await;
    assert_eq!(browser.upload_to(&code, 0, "ervoor.bin", vec![3; 100_000]).await.status, 200);
    browser.mailbox(&code, ADVICE, &[("act", "write"), ("text", "LATER-BERICHT")]).await;
    let advice = cases(&service, ADVISER).await.remove(0);
    letter(&service, ADVISER, "reply", &advice, "IN-VERTROUWEN").await.unwrap();
    let early = service.desk(ADVISER, &["pass-on", &advice]).await.unwrap_err();
    assert!(early.contains("has not made a report"), "{early}");

    // The reporter chooses the topic, who reads, and what goes along.
    let page = begin(&browser, &code, ADVICE, "report").await;
    let page = next(&browser, &page, &[("topic", "money")]).await;
    assert!(page.html.contains("Mag niet lezen: Functionaris integriteit 2"));
    let page =
        next(&browser, &page, &[("strike", STRUCK), ("along", "story"), ("along", "files"), ("text", "KORT")]).await;
    let shown = page.html.split("Wie het kan lezen").nth(1).unwrap().split("Wie niet mag lezen").next().unwrap();
    assert!(shown.contains("Functionaris integriteit 1") && !shown.contains("Functionaris integriteit 2"));
    assert!(page.html.contains("Mijn eerste verhaal") && !page.html.contains("Mijn latere berichten"));
    assert!(cases(&service, OFFICER).await.is_empty(), "nothing was sealed yet");
    let sent = next(&browser, &page, &[]).await;
    assert!(sent.html.contains("veilig aangekomen"), "{}", sent.title());
    assert!(sent.html.contains("U hoort iets van ons voor of op"), "a report has a clock of its own");
    assert!(sent.html.contains("Onder uw code staat meer dan een zaak"));
    // Sent again, it is one report, and said once.
    assert!(next(&browser, &page, &[]).await.html.contains("was al veilig aangekomen"));

    // What is written in the advice room afterwards is between the two.
    browser.mailbox(&code, ADVICE, &[("act", "write"), ("text", "ERNA-GESCHREVEN")]).await;
    assert_eq!(browser.upload_to(&code, 0, "erna.bin", vec![4; 1000]).await.status, 200);
    let report = cases(&service, OFFICER).await;
    assert_eq!(report.len(), 1);
    let waits = browser.mailbox(&code, ADVICE, &[]).await;
    assert!(waits.html.contains("nog niet doorgegeven") && !waits.html.contains("Maak hier een melding van"));

    let passed = service.desk(ADVISER, &["pass-on", &advice]).await.unwrap();
    assert_eq!(passed["already"], false);
    for reader in [OFFICER, COLLEAGUE] {
        assert_eq!(cases(&service, reader).await.len(), 2);
        let theirs = read(&service, reader, &advice).await;
        assert!(theirs["items"].as_array().unwrap().iter().all(|i| i["proven"] == true), "{theirs}");
        assert_eq!(theirs["strangers"], json!([]));
        let text = theirs.to_string();
        assert!(text.contains("EERSTE-VERHAAL") && text.contains("ervoor.bin") && text.contains(&report[0]));
        for other in ["LATER-BERICHT", "IN-VERTROUWEN", "ERNA-GESCHREVEN", "erna.bin"] {
            assert!(!text.contains(other), "{other} did not go along: {text}");
        }
    }
    assert_eq!(read(&service, ADVISER, &advice).await["strangers"], json!([]), "the adviser's desk accepts them");
    assert!(cases(&service, STRUCK).await.is_empty() && cases(&service, RESERVE).await.is_empty());
    let before = read(&service, OFFICER, &advice).await["items"].as_array().unwrap().len();
    assert_eq!(service.desk(ADVISER, &["pass-on", &advice]).await.unwrap()["already"], true);

    // And what comes later is never for the officers, whoever writes it.
    letter(&service, ADVISER, "reply", &advice, "NOG-IN-VERTROUWEN").await.unwrap();
    browser.mailbox(&code, ADVICE, &[("act", "write"), ("text", "NOG-MEER")]).await;
    browser.upload_to(&code, 0, "nog.bin", vec![5; 1000]).await;
    browser.mailbox(&code, ADVICE, &[("act", "talk-send"), ("text", "Dinsdag")]).await;
    let after = read(&service, OFFICER, &advice).await["items"].as_array().unwrap().len();
    assert_eq!(before, after, "doing it again changed nothing, and nothing new is theirs");
    assert!(read(&service, ADVISER, &advice).await.to_string().contains("NOG-MEER"));
    let refused = letter(&service, OFFICER, "reply", &advice, "Inmenging").await.unwrap_err();
    assert!(refused.contains("Here you read what the reporter let go along"), "{refused}");
    let refused = service.desk(OFFICER, &["pass-on", &advice]).await.unwrap_err();
    assert!(refused.contains("Here you read what the reporter let go along"), "{refused}");
    let page = browser.mailbox(&code, ADVICE, &[]).await;
    assert!(page.html.contains("heeft het doorgegeven") && page.html.contains("NOG-IN-VERTROUWEN"));
    assert!(page.html.contains("Functionaris integriteit 1 (Leest alleen wat u liet meegaan"));
    assert!(!page.html.contains("U hoort iets van ons voor of op"), "advice has no clock");

    // The report's readers answer in their own room.
    letter(&service, OFFICER, "acknowledge", &report[0], "OVER-DE-MELDING").await.unwrap();
    assert!(browser.mailbox(&code, REPORT, &[]).await.html.contains("OVER-DE-MELDING"));
    assert!(!browser.mailbox(&code, ADVICE, &[]).await.html.contains("OVER-DE-MELDING"));
    assert!(!cases(&service, ADVISER).await.contains(&report[0]), "the adviser does not read the report");
    for canary in ["EERSTE-VERHAAL", "KORT", "ERNA-GESCHREVEN", "ervoor.bin"] {
        assert!(!stands_in(&service.path("data"), canary.as_bytes()), "{canary} is on the disk");
    }
}

#[actix_web::test]
async fn advice_becomes_a_report_and_only_what_was_ticked_goes_along_on_sqlite() {
    advice_becomes_a_report(None).await;
}

#[actix_web::test]
async fn advice_becomes_a_report_and_only_what_was_ticked_goes_along_on_postgresql() {
    let postgres = Postgres::start();
    advice_becomes_a_report(Some(postgres.database("rooms"))).await;
}

#[actix_web::test]
async fn a_report_of_advice_needs_a_text_or_something_that_goes_along_and_loses_nothing_typed() {
    let service = Service::start(None).await;
    let browser = Browser::new(&service.base);
    let code = browser.advice("Een vraag", ADVISER).await;
    let topic = begin(&browser, &code, ADVICE, "report").await;
    let none = next(&browser, &topic, &[]).await;
    assert!(none.status == 422 && none.title().starts_with("Fout:") && none.html.contains("href=\"#topic\""));
    let ask = next(&browser, &topic, &[("topic", "conduct")]).await;
    let empty = next(&browser, &ask, &[("text", " ")]).await;
    assert!(empty.status == 422 && empty.html.contains("Schrijf een tekst, of kruis aan wat meegaat"));
    let long = next(&browser, &ask, &[("text", &"x".repeat(45_000))]).await;
    assert!(long.status == 422 && long.html.contains("er passen er 40960 in"));
    let everybody = ["bzk-omgangsvormen-1", "bzk-omgangsvormen-2", OUTSIDE]
        .into_iter()
        .chain(["buiten-functionaris-2", "buiten-functionaris-3"])
        .map(|who| ("strike", who));
    let nobody: Vec<(&str, &str)> = everybody.chain([("text", "GETYPT")]).collect();
    let nobody = next(&browser, &ask, &nobody).await;
    assert!(nobody.status == 422 && nobody.html.contains("GETYPT") && nobody.html.contains("zo veel mensen"));
    // Back keeps what was typed too; a whole story without a text is told in one line of ours.
    let check = next(&browser, &ask, &[("along", "story")]).await;
    let back = whole(browser.answer(MORE, &check, &[("go", "back")]).await);
    assert!(back.html.contains("value=\"story\" checked"));
    let check = next(&browser, &back, &[]).await;
    assert!(next(&browser, &check, &[]).await.html.contains("veilig aangekomen"));
    let case = cases(&service, "bzk-omgangsvormen-1").await.remove(0);
    assert!(read(&service, "bzk-omgangsvormen-1", &case).await.to_string().contains("De melder vroeg eerst advies"));
}

#[actix_web::test]
async fn a_page_with_other_readers_than_it_showed_seals_nothing() {
    let service = Service::start(None).await;
    let browser = Browser::new(&service.base);
    let (code, _) = browser.report("Een verhaal", &[]).await;
    let ask = begin(&browser, &code, REPORT, "retaliation").await;
    let check = next(&browser, &ask, &[("strike", STRUCK), ("text", "GETYPT")]).await;
    let mut fields = check.fields();
    fields.retain(|(name, _)| name != "strike");
    fields.push(("go".to_owned(), "next".to_owned()));
    let altered = whole(browser.post(MORE, &fields).await);
    assert!(altered.status == 422 && altered.html.contains("GETYPT") && altered.html.contains("niet meer geldig"));
    // Nor is a page of one code good for another.
    let (other, _) = browser.report("Een ander verhaal", &[]).await;
    let moved = browser.answer(MORE, &check, &[("code", &other), ("go", "next")]).await;
    assert!(moved.status == 422 && moved.html.contains("GETYPT"));
    assert_eq!(cases(&service, OFFICER).await.len(), 2, "two reports and nothing else");
}

#[cfg(unix)]
#[actix_web::test]
async fn a_roster_that_changed_meanwhile_seals_nothing_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let settings = crate::support::child::settings(folder.path(), None);
    let mut program = crate::support::child::Program::start(folder.path(), &settings);
    let browser = Browser::new(&program.base);
    let (code, _) = browser.report("Een verhaal", &[]).await;
    let ask = begin(&browser, &code, REPORT, "retaliation").await;
    let check = next(&browser, &ask, &[("text", "GETYPT")]).await;
    program.kill();
    let service = Service::changed(folder, |app| app.roster.digest = [7; 32]).await;
    let page = next(&Browser::new(&service.base), &check, &[]).await;
    assert!(page.status == 422 && page.html.contains("De lijst met lezers is intussen veranderd"));
    assert!(page.html.contains("GETYPT"));
    assert_eq!(cases(&service, OFFICER).await.len(), 1);
}
