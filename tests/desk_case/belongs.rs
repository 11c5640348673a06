//! What was filed from another case of the same code says so to whoever reads both, and to nobody else.
use serde_json::Value;

use crate::{
    COLLEAGUE, OTHER, READER, cases, entered, next, page,
    support::{Browser, Service, stands_in},
    unlocked,
};

async fn read(service: &Service, reader: &str, case: &str) -> Value {
    service.desk(reader, &["read", case]).await.unwrap()
}

/// Says who one is to a reader, from the report; returns report and identity.
async fn told(service: &Service, browser: &Browser, code: &str) -> (String, String) {
    let report = cases(service, READER).await.remove(0);
    let ask = browser.with_code("/nl/mailbox/more", code, Some(1), &[("to", "identity")]).await;
    let check = next(browser, &ask, &[("tell", READER), ("text", "Ik ben Jansen")]).await;
    next(browser, &check, &[]).await;
    let mut mine = cases(service, READER).await;
    mine.retain(|case| *case != report);
    (report, mine.remove(0))
}

#[actix_web::test]
async fn who_the_reporter_is_leads_to_their_report_and_back_for_who_reads_both() {
    let service = Service::start(None).await;
    let browser = Browser::new(&service.base);
    let (code, _) = browser.report("Over de inkoop", &[]).await;
    let (report, identity) = told(&service, &browser, &code).await;
    read(&service, READER, &report).await;
    assert_eq!(read(&service, READER, &identity).await["along"]["from"], report.as_str());
    let said = service.desk_words(READER, &["read", &identity]).await.unwrap();
    assert!(said.contains(&format!("This belongs to: {report}")), "{said}");
    let desk = unlocked(&service, READER).await;
    let shown = page(&desk, "nl", &identity, "").await;
    assert!(shown.html.contains(&format!("/nl/case/{report}\">Dit hoort bij: Over de inkoop")), "{}", shown.html);
    let back = page(&desk, "en", &report, "").await;
    assert!(back.html.contains(&format!("/en/case/{identity}\">The reporter also sent something")), "{}", back.html);
    assert!(!read(&service, OTHER, &report).await.to_string().contains(&identity), "who was not told learns nothing");
    // Whoever has the identity alone gets no number of a case that is not theirs.
    service.desk(READER, &["leave", &report]).await.unwrap();
    let alone = read(&service, READER, &identity).await;
    assert!(alone["along"]["from"].is_null() && !alone.to_string().contains(&report), "{alone}");
    let shown = page(&unlocked(&service, READER).await, "nl", &identity, "").await;
    assert!(!shown.html.contains("Dit hoort bij") && !shown.html.contains(&report), "{}", shown.html);
    assert!(!stands_in(&service.path("data"), format!("\"from\":\"{report}\"").as_bytes()));
}

#[actix_web::test]
async fn the_way_from_a_report_to_the_name_of_its_reporter_needs_no_inbox_and_has_a_name() {
    let service = Service::start(None).await;
    let browser = Browser::new(&service.base);
    let (code, _) = browser.report("Over de inkoop", &[]).await;
    let (report, identity) = told(&service, &browser, &code).await;
    let alone = service.desk_words(READER, &["read", &identity]).await.unwrap();
    assert!(alone.contains("Name of a reporter"), "the report was not opened yet: {alone}");
    let seen = read(&service, READER, &report).await;
    assert_eq!(seen["along"]["filed"], serde_json::json!([identity]), "{seen}");
    let name = "Name of the reporter of “Over de inkoop”";
    let said = service.desk_words(READER, &["read", &identity]).await.unwrap();
    assert!(said.contains(name), "{said}");
    let inbox = service.desk(READER, &["inbox"]).await.unwrap();
    let row = inbox.as_array().unwrap().iter().find(|row| row["case"] == identity.as_str()).unwrap();
    assert_eq!(row["title"], name);
    // A desk that knows nothing any more goes straight to the report.
    std::fs::remove_file(service.path(&format!("readers/{READER}.summaries"))).unwrap();
    let seen = read(&service, READER, &report).await;
    assert_eq!(seen["along"]["filed"], serde_json::json!([identity]), "{seen}");
    std::fs::remove_file(service.path(&format!("readers/{READER}.summaries"))).unwrap();
    let desk = entered(&service, READER).await;
    let page_of = format!("/nl/case/{report}");
    desk.post(&page_of, &[("passphrase".to_owned(), String::new())]).await;
    let name = "Naam van de melder van “Over de inkoop”";
    let shown = desk.get(&page_of).await.html;
    let (_, link) = shown.split_once(&format!("/nl/case/{identity}\">")).unwrap();
    assert!(link.split('<').next().unwrap().ends_with(name), "{shown}");
    let shown = page(&desk, "nl", &identity, "").await.html;
    assert!(shown.contains(&format!("<h1>{name}</h1>")), "{shown}");
    let shown = desk.get("/nl/inbox").await.html;
    assert!(shown.contains(&format!("{name}</a>")), "{shown}");
}

/// The desk outside reads disadvantage too, and not the report: nothing leads there.
#[actix_web::test]
async fn what_goes_to_others_too_names_no_case() {
    let service = Service::start(None).await;
    let browser = Browser::new(&service.base);
    let (code, _) = browser.report("Over de inkoop", &[]).await;
    let report = cases(&service, READER).await.remove(0);
    let ask = browser.with_code("/nl/mailbox/more", &code, Some(1), &[("to", "retaliation")]).await;
    let check = next(&browser, &ask, &[("text", "Overgeplaatst")]).await;
    next(&browser, &check, &[]).await;
    let mut mine = cases(&service, READER).await;
    mine.retain(|case| *case != report);
    for reader in [READER, "buiten-functionaris-1"] {
        let read = read(&service, reader, &mine[0]).await;
        assert!(read["along"]["from"].is_null() && !read.to_string().contains(&report), "{read}");
    }
}

#[actix_web::test]
async fn nobody_is_let_into_a_case_that_says_who_the_reporter_is_and_nothing_offers_it() {
    let service = Service::start(None).await;
    let browser = Browser::new(&service.base);
    let (code, _) = browser.report("Over de inkoop", &[]).await;
    let (report, identity) = told(&service, &browser, &code).await;
    let desk = unlocked(&service, READER).await;
    for (case, offered) in [(&report, true), (&identity, false)] {
        let shown = [page(&desk, "nl", case, "").await.html, page(&desk, "nl", case, "/readers").await.html].concat();
        for path in ["/hand-over\"", "/readers/duty\"", "/readers/guest\""] {
            assert_eq!(shown.contains(&format!("/case/{case}{path}")), offered, "{path}");
        }
    }
    for path in ["/hand-over", "/readers/duty", "/readers/guest"] {
        let refused = page(&desk, "nl", &identity, path).await;
        assert!(refused.status == 409 && refused.html.contains("Deze zaak zegt wie de melder is."), "{path}");
        let refused = page(&desk, "en", &identity, path).await;
        assert!(refused.html.contains("That cannot be done in this case"), "{}", refused.html);
    }
    let file = service.path("text.txt");
    std::fs::write(&file, "De wet vraagt dit").unwrap();
    let file = file.to_str().unwrap();
    let duty =
        ["ask-duty", &identity, "--to", COLLEAGUE, "--ground", "court_order", "--reference", "1", "--file", file];
    let until = service.clock.today().plus_days(10).to_string();
    let guest = ["invite", &identity, "--public", file, "--shown-as", "Iemand", "--until", &until, "--words", "a b"];
    for words in [&duty[..], &guest] {
        let refused = service.desk(READER, words).await.unwrap_err();
        assert!(refused.contains("it is never shared"), "{refused}");
    }
}

#[actix_web::test]
async fn a_no_is_not_said_any_more_once_the_reporter_said_yes_and_asking_says_that_it_was_sent() {
    let service = Service::start(None).await;
    let browser = Browser::new(&service.base);
    let (code, _) = browser.report("Over de inkoop", &[COLLEAGUE]).await;
    let case = cases(&service, READER).await.remove(0);
    let desk = unlocked(&service, READER).await;
    for (reason, answer) in [("Zij weet ervan", "consent-no"), ("Zij is er weer", "consent-yes")] {
        let form = page(&desk, "nl", &case, "/hand-over").await;
        let item = form.html.split("name=\"item\" id=\"item-").nth(1).unwrap().split('"').next().unwrap();
        let form = [("to", "buiten-functionaris-1"), ("item", item), ("text", reason)];
        let form = form.map(|(n, v)| (n.to_owned(), v.to_owned()));
        let asked = desk.post(&format!("/nl/case/{case}/hand-over"), &form).await;
        assert!(asked.html.contains("De vraag aan de melder is verstuurd."), "{}", asked.html);
        let mailbox = browser.mailbox(&code, None, &[]).await;
        let request = mailbox.html.split("name=\"request\" value=\"").nth(1).unwrap().split('"').next().unwrap();
        browser.mailbox(&code, None, &[("act", answer), ("request", request)]).await;
    }
    let shown = page(&desk, "nl", &case, "").await.html;
    assert!(!shown.contains("wil niet dat"), "{shown}");
    let read = service.desk_words(READER, &["read", &case]).await.unwrap();
    assert!(read.contains("agrees that") && !read.contains("does not want"), "{read}");
}
