//! One code, several rooms: advice that becomes a report, disadvantage, who the reporter is, the desk outside, a talk, a proof.
#![cfg(all(feature = "server", feature = "desk"))]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]
mod support;

use serde_json::{Value, json};
use support::{Browser, PAGE, Page, Service, postgres::Postgres, stands_in};

const MORE: &str = "/nl/mailbox/more";
const ADVISER: &str = "bzk-vertrouwenspersoon-1";
const OFFICER: &str = "bzk-functionaris-1";
const STRUCK: &str = "bzk-functionaris-2";
const COLLEAGUE: &str = "bzk-functionaris-3";
const RESERVE: &str = "bzk-functionaris-4";
const OUTSIDE: &str = "buiten-functionaris-1";

const ADVICE: Option<u8> = Some(0);
const REPORT: Option<u8> = Some(1);

async fn cases(service: &Service, reader: &str) -> Vec<String> {
    let inbox = service.desk(reader, &["inbox"]).await.unwrap();
    inbox.as_array().unwrap().iter().map(|case| case["case"].as_str().unwrap().to_owned()).collect()
}

async fn read(service: &Service, reader: &str, case: &str) -> Value {
    service.desk(reader, &["read", case]).await.unwrap()
}

/// A letter of a reader.
async fn letter(service: &Service, reader: &str, act: &str, case: &str, text: &str) -> Result<Value, String> {
    let file = service.path("letter.txt");
    std::fs::write(&file, text).unwrap();
    service.desk(reader, &[act, case, "--file", file.to_str().unwrap()]).await
}

/// Presses a button of a mailbox that leads to a further filing.
async fn begin(browser: &Browser, code: &str, room: Option<u8>, to: &str) -> Page {
    whole(browser.with_code(MORE, code, room, &[("to", to)]).await)
}

/// Answers a page of a further filing.
async fn next(browser: &Browser, page: &Page, answers: &[(&str, &str)]) -> Page {
    whole(browser.answer(MORE, page, &[answers, &[("go", "next")]].concat()).await)
}

fn whole(page: Page) -> Page {
    assert_eq!(page.html.len(), PAGE, "{}", page.title());
    assert!(page.headers.get("set-cookie").is_none());
    page
}

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
    assert!(refused.contains("not an active reader of this case"), "{refused}");
    let refused = service.desk(OFFICER, &["pass-on", &advice]).await.unwrap_err();
    assert!(refused.contains("not an active reader of this case"), "{refused}");
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
    let settings = support::child::settings(folder.path(), None);
    let mut program = support::child::Program::start(folder.path(), &settings);
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

#[actix_web::test]
async fn disadvantage_is_a_case_of_its_own_that_goes_outside_too() {
    let service = Service::start(None).await;
    let browser = Browser::new(&service.base);
    let (code, page) = browser.report("Een verhaal", &[]).await;
    assert!(page.html.contains("Ik word slecht behandeld door mijn melding"));
    let report = cases(&service, OFFICER).await;
    let ask = begin(&browser, &code, REPORT, "retaliation").await;
    let none = next(&browser, &ask, &[]).await;
    assert!(none.status == 422 && none.html.contains("Schrijf eerst een tekst"));
    let check = next(&browser, &ask, &[("strike", STRUCK), ("text", "OVERGEPLAATST")]).await;
    assert!(check.html.contains("Extern meldpunt, functionaris 1"));
    let sent = next(&browser, &check, &[]).await;
    assert!(sent.html.contains("veilig aangekomen") && sent.html.contains("U hoort iets van ons voor of op"));
    assert!(!sent.html.contains("Ik word slecht behandeld"), "once with each code");
    let added = browser.upload_to(&code, 2, "brief.bin", vec![6; 5000]).await;
    assert!(added.html.contains("Uw bestand is toegevoegd"));

    let theirs = cases(&service, OUTSIDE).await;
    assert_eq!(theirs.len(), 1);
    assert_ne!(theirs, report);
    let read_outside = read(&service, OUTSIDE, &theirs[0]).await.to_string();
    assert!(read_outside.contains("OVERGEPLAATST") && read_outside.contains("brief.bin"));
    assert!(!read(&service, OFFICER, &report[0]).await.to_string().contains("brief.bin"));
    assert_eq!(cases(&service, STRUCK).await, report, "struck here, a reader there");
    // An answer in one room does not show in the other.
    letter(&service, OUTSIDE, "reply", &theirs[0], "VAN-BUITEN").await.unwrap();
    assert!(browser.mailbox(&code, Some(2), &[]).await.html.contains("VAN-BUITEN"));
    assert!(!browser.mailbox(&code, REPORT, &[]).await.html.contains("VAN-BUITEN"));
}

#[actix_web::test]
async fn withdrawing_one_case_leaves_the_others() {
    let service = Service::start(None).await;
    let browser = Browser::new(&service.base);
    let (code, _) = browser.report("Een verhaal", &[]).await;
    let ask = begin(&browser, &code, REPORT, "retaliation").await;
    let check = next(&browser, &ask, &[("text", "Iets")]).await;
    next(&browser, &check, &[]).await;
    let sure = browser.mailbox(&code, Some(2), &[("act", "sure")]).await;
    assert!(sure.html.contains("Uw andere zaken blijven"));
    let gone = browser.mailbox(&code, Some(2), &[("act", "withdraw")]).await;
    assert!(gone.html.contains("werkt nog voor uw andere zaken"));
    assert_eq!(cases(&service, OFFICER).await.len(), 1);
    let page = browser.mailbox(&code, None, &[]).await;
    assert!(page.status == 200 && !page.html.contains("Onder uw code staat meer dan een zaak"));
}

#[actix_web::test]
async fn who_the_reporter_is_is_known_to_those_they_ticked_and_never_handed_over() {
    let service = Service::start(None).await;
    let browser = Browser::new(&service.base);
    let (code, _) = browser.report("Een verhaal", &[]).await;
    let report = cases(&service, OFFICER).await;
    let ask = begin(&browser, &code, REPORT, "identity").await;
    assert!(!ask.html.contains(" checked"), "nobody is ticked beforehand");
    assert!(!ask.html.contains("tell-bzk-functionaris-4"), "the reserve reader is not a reader yet");
    let none = next(&browser, &ask, &[("text", "IK-BEN-JANSEN")]).await;
    assert!(none.status == 422 && none.html.contains("Kruis aan wie het mag weten"));
    assert!(none.html.contains("IK-BEN-JANSEN"));
    let check = next(&browser, &ask, &[("tell", OFFICER), ("text", "IK-BEN-JANSEN")]).await;
    let sent = next(&browser, &check, &[]).await;
    assert!(sent.html.contains("veilig aangekomen") && !sent.html.contains("U hoort iets van ons voor of op"));

    assert_eq!(cases(&service, COLLEAGUE).await, report, "who was not ticked does not even see that there is more");
    let mine = cases(&service, OFFICER).await;
    let identity = mine.iter().find(|case| **case != report[0]).unwrap();
    let opened = read(&service, OFFICER, identity).await;
    assert!(opened["items"][0]["kind"] == "identity" && opened["items"][0]["text"] == "IK-BEN-JANSEN", "{opened}");
    let reason = service.path("reason.txt");
    std::fs::write(&reason, "Handig").unwrap();
    let words = ["ask-consent", identity, "--to", COLLEAGUE, "--file", reason.to_str().unwrap()];
    let refused = service.desk(OFFICER, &words).await.unwrap_err();
    assert!(refused.contains("never shared"), "{refused}");
    let made_up = "0c7e2f4a-7d0e-4b53-9f3c-6f1e6f0d6a11";
    let refused = service.desk(OFFICER, &["hand-over", identity, made_up]).await.unwrap_err();
    assert!(refused.contains("never shared"), "{refused}");
    assert!(!stands_in(&service.path("data"), b"IK-BEN-JANSEN"));
}

#[actix_web::test]
async fn a_reporter_lets_the_reserve_reader_read_before_their_day() {
    let postgres = Postgres::start();
    for database in [None, Some(postgres.database("release"))] {
        let service = Service::start(database).await;
        let browser = Browser::new(&service.base);
        let (code, page) = browser.report("Een verhaal", &[]).await;
        browser.upload(&code, "bijlage.bin", vec![1; 5000]).await;
        assert!(page.html.contains("Laat Functionaris integriteit 4 het nu al lezen"));
        assert!(cases(&service, RESERVE).await.is_empty());
        let released = whole(browser.mailbox(&code, REPORT, &[("act", "release")]).await);
        assert!(released.html.contains("deze persoon kan het nu lezen"), "{}", released.html.trim_end());
        assert!(released.html.contains("U hebt gezegd dat Functionaris integriteit 4 het nu al kan lezen"));
        let again = browser.mailbox(&code, REPORT, &[("act", "release")]).await;
        assert!(again.html.contains("Er is niets veranderd"));
        browser.mailbox(&code, REPORT, &[("act", "write"), ("text", "LATER")]).await;
        let case = cases(&service, RESERVE).await.remove(0);
        let text = read(&service, RESERVE, &case).await.to_string();
        assert!(text.contains("Een verhaal") && text.contains("bijlage.bin") && text.contains("LATER"));
    }
}

#[cfg(unix)]
#[actix_web::test]
async fn who_waits_too_long_can_turn_to_the_desk_outside() {
    let folder = tempfile::tempdir().unwrap();
    let settings = support::child::settings(folder.path(), None);
    let mut program = support::child::Program::start(folder.path(), &settings);
    let (code, page) = Browser::new(&program.base).report("Een verhaal", &[]).await;
    assert!(!page.html.contains("Meld het bij het externe meldpunt"), "nobody is late yet");
    program.kill();
    let today = meldkluis::clock::Clock::System.today();
    let service = Service::found(folder, None, today.plus_days(8)).await;
    let browser = Browser::new(&service.base);
    assert!(browser.mailbox(&code, None, &[]).await.html.contains("Meld het bij het externe meldpunt"));
    let ask = begin(&browser, &code, REPORT, "outside").await;
    assert!(!ask.html.contains("Functionaris integriteit 1"), "nobody of the organisation reads it");
    let check = next(&browser, &ask, &[("strike", "buiten-functionaris-3"), ("text", "NIEMAND-ANTWOORDT")]).await;
    assert!(next(&browser, &check, &[]).await.html.contains("veilig aangekomen"));
    let case = cases(&service, OUTSIDE).await.remove(0);
    let opened = read(&service, OUTSIDE, &case).await;
    assert!(opened.to_string().contains("NIEMAND-ANTWOORDT") && opened["case"]["org"] == "buiten");
    assert!(cases(&service, "buiten-functionaris-3").await.is_empty());
    assert!(!cases(&service, OFFICER).await.contains(&case));
    let late = browser.mailbox(&code, REPORT, &[]).await;
    assert!(late.html.contains("Dit is te laat") && !late.html.contains("Meld het bij het externe meldpunt"));
}

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
    let check = |reader: &'static str, proof: String| {
        let (service, case) = (&service, &case);
        async move { service.desk(reader, &["check-proof", case, &proof]).await }
    };
    let fits = check(OFFICER, proof.clone()).await.unwrap();
    assert_eq!((&fits["fits"], &fits["acknowledged"]), (&json!(true), &json!([])));
    letter(&service, OFFICER, "acknowledge", &case, "Ontvangen").await.unwrap();
    let page = browser.mailbox(&code, REPORT, &[("act", "proof")]).await;
    assert!(page.html.contains("Ja, met de bevestiging van") && shown(&page, "Uw bewijs") == proof);
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

#[cfg(unix)]
#[actix_web::test]
async fn when_no_reader_is_left_the_mailbox_says_so_and_keeps_what_was_typed() {
    let folder = tempfile::tempdir().unwrap();
    let settings = support::child::settings(folder.path(), None);
    let mut program = support::child::Program::start(folder.path(), &settings);
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
