//! A case that somebody had opened is withdrawn: nothing is destroyed, nothing is owed to the reporter, and both sides say so.
use uuid::Uuid;

use super::{Browser, READER, Service, letter, local::Local, opened};

const WITHDREW: &str = "hebt u dit ingetrokken";

async fn withdraw(browser: &Browser, code: &str) -> String {
    browser.mailbox(code, None, &[("act", "withdraw")]).await.html
}

#[actix_web::test]
async fn the_mailbox_remembers_it_and_offers_it_no_more() {
    let (_service, browser, code, _) = opened().await;
    let button = "name=\"act\" value=\"sure\"";
    let before = browser.mailbox(&code, None, &[]).await.html;
    assert!(before.contains(button) && before.contains("U hoort iets van ons voor of op"));
    withdraw(&browser, &code).await;
    let page = browser.mailbox(&code, None, &[]).await.html;
    assert!(page.contains(WITHDREW) && page.contains("Schrijf dan hieronder een bericht"), "{page}");
    assert!(!page.contains(button) && !page.contains("U hoort iets van ons") && !page.contains("wordt behandeld"));
    // By hand it cannot be sent twice either.
    let sent = |html: &str| html.matches("trok u dit in").count();
    assert_eq!(sent(&page), 1);
    withdraw(&browser, &code).await;
    assert!(browser.mailbox(&code, None, &[("act", "sure")]).await.html.contains("Uw brievenbus"));
    // Who writes again wants to hear of it again, on the same day too.
    browser.mailbox(&code, None, &[("act", "write"), ("text", "Toch nog iets")]).await;
    let page = browser.mailbox(&code, None, &[]).await.html;
    assert!(!page.contains(WITHDREW) && page.contains(button) && page.contains("U hoort iets van ons"), "{page}");
}

/// A file, or asking for a talk, undoes it as a message does: that is said before, and afterwards on both sides.
#[actix_web::test]
async fn what_undoes_a_withdrawal_says_so_before_and_after() {
    let (service, browser, code, case) = opened().await;
    let (before, after) = ("Als u nu iets stuurt, geldt dat niet meer", "Daarom geldt het intrekken niet meer");
    let page = async |act: &str| browser.mailbox(&code, None, &[("act", act)]).await.html;
    assert!(!page("open").await.contains(before) && !page("talk").await.contains(before));
    for talk in [false, true] {
        withdraw(&browser, &code).await;
        let told = page("open").await;
        assert!(told.matches(before).count() == 2 && !told.contains(after), "for messages and files: {told}");
        assert!(page("talk").await.contains(before));
        if talk {
            let words = [("act", "talk-send"), ("text", "Dinsdag in de bibliotheek")];
            assert!(browser.mailbox(&code, None, &words).await.html.contains(after));
        } else {
            assert!(browser.upload(&code, "bijlage.txt", b"Een bijlage".to_vec()).await.html.contains(after));
        }
        assert!(!page("open").await.contains(before) && page("open").await.contains(after));
        let (_, case) = Local::desk(&service, READER).await.get(&format!("/nl/case/{case}")).await;
        assert!(case.contains("stuurde daarna weer iets") && case.contains("geldt het intrekken niet meer"), "{case}");
    }
}

#[actix_web::test]
async fn who_wrote_on_that_day_before_can_come_back_on_it_too() {
    let (_service, browser, code, _) = opened().await;
    for (act, text) in [("write", "Eerst"), ("withdraw", ""), ("write", "Daarna")] {
        browser.mailbox(&code, None, &[("act", act), ("text", text)]).await;
    }
    assert!(!browser.mailbox(&code, None, &[]).await.html.contains(WITHDREW));
}

#[actix_web::test]
async fn a_desk_owes_the_reporter_nothing_more_and_writes_nothing_to_them_but_the_end() {
    let (service, browser, code, case) = opened().await;
    let owed = async || service.desk(READER, &["inbox"]).await.unwrap()[0]["owed"].clone();
    assert_eq!(owed().await, "acknowledge");
    withdraw(&browser, &code).await;
    assert_eq!(owed().await, "withdrawn");
    let late = service.desk(READER, &["inbox", "--state", "late"]).await.unwrap();
    assert_eq!(late, serde_json::json!([]));
    let read = service.desk(READER, &["read", &case]).await.unwrap().to_string();
    assert!(read.contains("\"withdrawal\""), "{read}");
    for act in ["acknowledge", "ask", "reply", "feedback"] {
        let refused = letter(&service, act, &case).await.unwrap_err();
        assert!(refused.contains("withdrew and wants no more contact"), "{act}: {refused}");
    }
    letter(&service, "note", &case).await.unwrap();
    // The reporter may come back: what the law asks counts on from where it was.
    browser.mailbox(&code, None, &[("act", "write"), ("text", "Toch nog iets")]).await;
    assert_eq!(owed().await, "acknowledge");
    letter(&service, "acknowledge", &case).await.unwrap();
    withdraw(&browser, &code).await;
    // A second reason leads nowhere: what it says to do instead is refused as well.
    let refused = letter(&service, "acknowledge", &case).await.unwrap_err();
    assert!(refused.contains("withdrew") && !refused.contains("use reply"), "{refused}");
    letter(&service, "close", &case).await.unwrap();
}

#[actix_web::test]
async fn the_page_of_the_case_says_the_day_what_it_means_and_what_makes_sense() {
    let (service, browser, code, case) = opened().await;
    let desk = Local::desk(&service, READER).await;
    withdraw(&browser, &code).await;
    let (_, page) = desk.get(&format!("/nl/case/{case}")).await;
    assert!(page.contains("trok de melder dit in") && page.contains("wettelijke plicht"), "{page}");
    assert!(page.contains("Niets: de melder trok dit in"), "what is due: {page}");
    for act in ["note", "close", "outcome"] {
        assert!(page.contains(&format!("/case/{case}/{act}\"")), "{act}");
    }
    for act in ["acknowledge", "ask", "reply", "feedback", "hand-over"] {
        assert!(!page.contains(&format!("/case/{case}/{act}\"")), "{act}");
        let (status, page) = desk.get(&format!("/nl/case/{case}/{act}")).await;
        assert!(status == 409 && page.contains("wil geen contact meer"), "{act} {status}");
    }
    let (_, sure) = desk.post(&format!("/nl/case/{case}/close"), &[("text", "Wij sluiten dit af")]).await;
    assert!(sure.contains("Weet u zeker") && !sure.contains("De wet vraagt daarom"), "{sure}");
    let (_, inbox) = desk.get("/nl/inbox").await;
    assert!(inbox.contains("Niets: de melder trok dit in"), "{inbox}");
}

#[actix_web::test]
async fn a_coordinator_s_clock_stops_when_readers_set_it_down() {
    let (service, browser, code, case) = opened().await;
    let (coordinator, page) = (Local::desk(&service, "bzk-coordinator").await, format!("/nl/watch/{case}"));
    withdraw(&browser, &code).await;
    assert!(!coordinator.get(&page).await.1.contains("<dd>Niets: de melder trok dit in</dd>"));
    let classify = ["classify", &case, "--type", "fin", "--assessment", "withdrawn"];
    service.desk(READER, &classify).await.unwrap();
    assert!(coordinator.get(&page).await.1.contains("<dd>Niets: de melder trok dit in</dd>"));
}

#[actix_web::test]
async fn an_adviser_is_not_told_of_duties_that_advice_never_had() {
    let service = Service::start(None).await;
    let (adviser, browser) = ("bzk-vertrouwenspersoon-1", Browser::new(&service.base));
    let code = browser.advice("Een vraag", adviser).await;
    let case = service.desk(adviser, &["inbox"]).await.unwrap()[0]["case"].as_str().unwrap().to_owned();
    service.desk(adviser, &["read", &case]).await.unwrap();
    withdraw(&browser, &code).await;
    let (_, page) = Local::desk(&service, adviser).await.get(&format!("/nl/case/{case}")).await;
    assert!(page.contains("trok de melder dit in") && !page.contains("terugkoppeling"), "{page}");
    for refused in [
        super::letter_of(&service, adviser, "feedback", &case).await.unwrap_err(),
        service.desk(adviser, &["classify", &case, "--type", "fin", "--assessment", "accepted"]).await.unwrap_err(),
    ] {
        assert!(refused.contains("withdrew") && !refused.contains("Answer or ask"), "{refused}");
    }
}

#[actix_web::test]
async fn another_room_of_the_code_says_it_too() {
    let (service, browser, code, _) = opened().await;
    let more = "/nl/mailbox/more";
    let ask = browser.with_code(more, &code, Some(1), &[("to", "retaliation")]).await;
    let check = browser.answer(more, &ask, &[("text", "Iets"), ("go", "next")]).await;
    browser.answer(more, &check, &[("go", "next")]).await;
    let second = async || browser.mailbox(&code, Some(2), &[]).await.html;
    assert!(second().await.contains("wordt behandeld") && !second().await.contains("U hebt dit ingetrokken."));
    browser.mailbox(&code, Some(1), &[("act", "withdraw")]).await;
    assert!(second().await.contains("U hebt dit ingetrokken.") && !second().await.contains("wordt behandeld"));
    drop(service);
}

/// What somebody had opened stays when it is withdrawn, also after they left. A server of before destroyed it then, and a disk may lose it:
/// no record says so.
#[actix_web::test]
async fn the_register_s_row_ends_when_a_report_is_gone() {
    let (service, browser, code, case) = opened().await;
    let coordinator = "bzk-coordinator";
    let row = async |who: &str| service.desk(who, &["register"]).await.unwrap()[0].clone();
    service.desk(READER, &["leave", &case]).await.unwrap();
    let other = Browser::new(&service.base);
    other.report("Een ander verhaal", &[]).await;
    assert!(row(coordinator).await["case"] == case && row(coordinator).await["gone"] == false);
    let log = async || service.desk(coordinator, &["log"]).await.unwrap()["entries"].as_array().unwrap().len();
    let records = log().await;
    let gone = withdraw(&browser, &code).await;
    assert!(gone.contains("ingetrokken"), "{gone}");
    assert_eq!(row(coordinator).await["gone"], false, "it is there for who reads it next");
    let pool = sqlx::SqlitePool::connect(&service.database).await.unwrap();
    let mut lost = pool.acquire().await.unwrap();
    sqlx::query("pragma foreign_keys = off").execute(&mut *lost).await.unwrap();
    let delete = sqlx::query("delete from \"case\" where id = ?").bind(Uuid::parse_str(&case).unwrap());
    assert_eq!(delete.execute(&mut *lost).await.unwrap().rows_affected(), 1);
    drop(lost);
    assert_eq!(row(coordinator).await["gone"], true);
    assert_eq!(log().await, records, "the log says nothing of it");
    let csv = service.desk_words(coordinator, &["register", "--csv"]).await.unwrap();
    assert!(csv.lines().next().unwrap().ends_with(",gone") && csv.lines().nth(1).unwrap().ends_with(",yes"), "{csv}");
    let (_, page) = Local::desk(&service, coordinator).await.get("/nl/register").await;
    assert!(page.contains(">Ingetrokken, of verloren</td>"), "{page}");
    // Whoever does not see which cases there are cannot tell.
    assert_eq!(row("bzk-auditor").await["gone"], false);
    // What stands and what was closed has not gone so.
    let second = service.desk(READER, &["inbox"]).await.unwrap()[0]["case"].as_str().unwrap().to_owned();
    service.desk(READER, &["read", &second]).await.unwrap();
    letter(&service, "close", &second).await.unwrap();
    let rows = service.desk(coordinator, &["register"]).await.unwrap();
    let known = rows.as_array().unwrap().iter().find(|known| known["case"] == second).unwrap();
    assert_eq!(known["gone"], false, "{rows}");
}
