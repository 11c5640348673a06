//! Disadvantage, who the reporter is, the reserve reader and the desk outside.
use crate::{
    COLLEAGUE, OFFICER, OUTSIDE, REPORT, RESERVE, STRUCK, begin, cases, letter, next, read,
    support::{Browser, Service, postgres::Postgres, stands_in},
    whole,
};

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
    // It is no story that can be proven to be filed.
    let (_, here) = sent.html.split_once("<h2>Wie u bent</h2>").unwrap();
    let here = here.split("<!--").next().unwrap();
    assert!(!here.contains("verhaal") && !here.contains("Bewijs dat ik"), "{here}");
    assert!(!here.contains("Wat kunt u nog meer"), "no heading above nothing: {here}");
    let proof = browser.mailbox(&code, Some(3), &[("act", "proof")]).await;
    assert!(proof.html.contains("Wie u bent, is aangekomen.") && !proof.html.contains("Uw bewijs"));

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
    let settings = crate::support::child::settings(folder.path(), None);
    let mut program = crate::support::child::Program::start(folder.path(), &settings);
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
