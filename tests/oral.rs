//! Oral reports: an officer enters one, its reporter reads the account behind the code, corrects it and agrees (Directive art. 18).
#![cfg(all(feature = "server", feature = "desk"))]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]
#[path = "oral/forged.rs"]
mod forged;
#[path = "oral/server.rs"]
mod server;
mod support;

use serde_json::{Value, json};
use support::{Browser, Page, Service, postgres::Postgres, stands_in};

const OFFICER: &str = "bzk-functionaris-1";
const STRUCK: &str = "bzk-functionaris-2";
const COLLEAGUE: &str = "bzk-functionaris-3";
const RESERVE: &str = "bzk-functionaris-4";
const ADVISER: &str = "bzk-vertrouwenspersoon-1";
const MANAGER: &str = "bzk-leidinggevende-1";
const COORDINATOR: &str = "bzk-coordinator";
const OUTSIDE: &str = "buiten-functionaris-1";

const STORY: &str = "CANARY-TOLD: de kas klopt niet.\nAl twee jaar.";

/// What was told, in files, as the command takes it.
fn words(service: &Service, story: &str, more: &[&str]) -> Vec<String> {
    let (told, who) = (service.path("told.txt"), service.path("who.txt"));
    std::fs::write(&told, story).unwrap();
    std::fs::write(&who, "CANARY-WHO de kassier").unwrap();
    let fixed = ["oral", "--how", "phone", "--file", told.to_str().unwrap(), "--who", who.to_str().unwrap()];
    fixed.iter().chain(more).map(|word| (*word).to_owned()).collect()
}

async fn run(service: &Service, who: &str, words: &[String]) -> Result<Value, String> {
    let words = words.iter().map(String::as_str);
    let draw = (!words.clone().any(|word| word == "--code")).then_some("--draw");
    service.desk(who, &words.chain(draw).collect::<Vec<_>>()).await
}

/// Draws a code: nothing is sent.
async fn drawn(service: &Service, words: &[String]) -> (String, Value) {
    let drawn = run(service, OFFICER, words).await.unwrap();
    assert_eq!(drawn["sent"], false);
    let code: Vec<&str> = drawn["code"].as_array().unwrap().iter().map(|w| w.as_str().unwrap()).collect();
    assert_eq!(code.len(), 12);
    (code.join(" "), drawn)
}

/// Sends it with what was said back.
async fn said(service: &Service, words: &[String], code: &str, said: &str) -> Result<Value, String> {
    let (drawn, back) = (service.path("code.txt"), service.path("said.txt"));
    std::fs::write(&drawn, code).unwrap();
    std::fs::write(&back, said).unwrap();
    let more = ["--code", drawn.to_str().unwrap(), "--said", back.to_str().unwrap()].map(str::to_owned);
    let sent = run(service, OFFICER, &[words, &more].concat()).await;
    std::fs::remove_file(drawn).unwrap();
    std::fs::remove_file(back).unwrap();
    sent
}

/// Enters a report about money; returns its case and code.
async fn entered(service: &Service, more: &[&str]) -> (String, String) {
    let words = words(service, STORY, &[&["--topic", "money"], more].concat());
    let (code, _) = drawn(service, &words).await;
    let sent = said(service, &words, &code, &code).await.unwrap();
    assert_eq!((&sent["sent"], &sent["already"]), (&json!(true), &json!(false)));
    (sent["case"].as_str().unwrap().to_owned(), code)
}

async fn cases(service: &Service, reader: &str) -> Vec<String> {
    let inbox = service.desk(reader, &["inbox"]).await.unwrap();
    for case in inbox.as_array().unwrap() {
        assert_eq!(case["oral"], case["opened"], "{case}");
    }
    inbox.as_array().unwrap().iter().map(|case| case["case"].as_str().unwrap().to_owned()).collect()
}

async fn read(service: &Service, reader: &str, case: &str) -> Value {
    service.desk(reader, &["read", case]).await.unwrap()
}

/// Reads the account in the mailbox.
async fn account(browser: &Browser, code: &str) -> Page {
    let page = browser.mailbox(code, None, &[("act", "account")]).await;
    assert_eq!(page.html.len(), support::PAGE);
    page
}

async fn told_read_corrected_and_agreed(postgres: Option<&Postgres>) {
    let service = Service::start(postgres.map(|p| p.database("oral"))).await;
    let (case, code) = entered(&service, &["--strike", STRUCK]).await;
    let browser = Browser::new(&service.base);

    // Read by the readers who were shown, as a report that was told; the struck has nothing, the reserve reader nothing yet.
    assert_eq!(cases(&service, COLLEAGUE).await, std::slice::from_ref(&case));
    assert!(cases(&service, STRUCK).await.is_empty() && cases(&service, RESERVE).await.is_empty());
    let page = browser.mailbox(&code, None, &[]).await;
    assert!(!page.html.contains("Het is nog niet geopend"), "whoever wrote it knows it");
    let reserve = "<dt>Leest pas als iedereen weggaat die het opende</dt><dd>Functionaris integriteit 4</dd>";
    assert!(page.html.contains(reserve), "so there is nothing for the reserve reader");
    let mine = &service.desk(OFFICER, &["inbox"]).await.unwrap()[0];
    assert_eq!((&mine["opened"], &mine["oral"], &mine["new"]), (&json!(true), &json!(true), &json!([])), "{mine}");
    let theirs = &service.desk(COLLEAGUE, &["inbox"]).await.unwrap()[0];
    assert_eq!(theirs["opened"], false, "their colleagues still look for themselves: {theirs}");
    let overview = service.desk("bzk-coordinator", &["overview"]).await.unwrap();
    assert_eq!(overview["cases"][0]["state"], "open", "{overview}");
    let theirs = read(&service, COLLEAGUE, &case).await;
    let items = theirs["items"].as_array().unwrap();
    assert!(items.len() == 2 && items.iter().all(|i| i["proven"] == true), "{theirs}");
    assert_eq!((&items[0]["kind"], &items[0]["from"]), (&json!("report"), &json!("the reporter")));
    assert_eq!(items[0]["story"]["oral"], json!({ "by": OFFICER, "how": "phone" }));
    assert_eq!((&items[0]["story"]["struck"], &items[0]["story"]["story"]), (&json!([STRUCK]), &json!(STORY)));
    assert_eq!((&items[1]["kind"], &items[1]["from"]), (&json!("account"), &json!(OFFICER)));
    assert_eq!((&theirs["oral"]["standing"], &theirs["strangers"]), (&json!("waiting"), &json!([])));

    // Behind the code: who wrote it, that they had the code, and all of it to correct.
    let page = browser.mailbox(&code, None, &[]).await;
    for says in ["U vertelde dit door de telefoon. Functionaris integriteit 1 schreef het op", "nog niet gezegd"] {
        assert!(page.html.contains(says), "{says}");
    }
    assert!(page.html.contains("heeft uw code gehoord of gezien") && !page.html.contains("CANARY-TOLD"));
    let page = account(&browser, &code).await;
    assert!(
        page.html.contains("CANARY-TOLD: de kas klopt niet.&#10;Al twee jaar.") && page.html.contains("CANARY-WHO")
    );
    let empty = browser.answer("/nl/mailbox", &page, &[("text", " "), ("act", "account-right")]).await;
    assert!(empty.status == 422 && empty.html.contains("Er staat niets meer"), "{}", empty.title());
    let agreed = browser.answer("/nl/mailbox", &page, &[("act", "account-right")]).await;
    assert!(agreed.html.contains("U hebt gezegd dat het zo klopt. Dat is verstuurd."), "{}", agreed.title());
    assert_eq!(read(&service, OFFICER, &case).await["oral"]["standing"], "agreed");
    let page = account(&browser, &code).await;
    let right = "CANARY-RIGHT: de kas klopt al drie jaar niet.";
    browser.answer("/nl/mailbox", &page, &[("text", right), ("act", "account-right")]).await;
    let opened = read(&service, COLLEAGUE, &case).await;
    assert_eq!((&opened["oral"]["standing"], &opened["oral"]["text"]), (&json!("changed"), &json!(right)));
    assert_eq!(opened["oral"]["agreed_on"], json!(service.clock.today()));
    let page = account(&browser, &code).await;
    assert!(page.html.contains(right) && page.html.contains("verbeterd en gezegd dat het zo klopt"));

    // Written anew, it is to be agreed to anew; what is agreed from a page of before is kept and asked again.
    let anew = service.path("anew.txt");
    std::fs::write(&anew, "CANARY-ANEW: en er is een brief.").unwrap();
    service.desk(OFFICER, &["account", &case, "--file", anew.to_str().unwrap()]).await.unwrap();
    let late = browser.answer("/nl/mailbox", &page, &[("text", "NOG-GETYPT"), ("act", "account-right")]).await;
    assert!(late.status == 422 && late.html.contains("NOG-GETYPT") && late.html.contains("opnieuw opgeschreven"));
    assert_eq!(read(&service, OFFICER, &case).await["oral"]["standing"], "waiting");
    let page = account(&browser, &code).await;
    assert!(page.html.contains("CANARY-ANEW") && page.html.contains("Functionaris integriteit 1"));
    // Both sides read that they agreed with the text of before.
    assert!(page.html.contains("zei u dat de tekst van toen klopte"), "{}", page.html);
    let desk = service.desk_words(OFFICER, &["read", &case]).await.unwrap();
    assert!(desk.contains("said that the text of then was right"), "{desk}");
    browser.answer("/nl/mailbox", &page, &[("act", "account-right")]).await;
    assert_eq!(read(&service, OFFICER, &case).await["oral"]["standing"], "agreed");

    // It goes on as any report, and the register and the log know how it came.
    std::fs::write(&anew, "Dank u wel").unwrap();
    service.desk(OFFICER, &["acknowledge", &case, "--file", anew.to_str().unwrap()]).await.unwrap();
    assert!(browser.mailbox(&code, None, &[]).await.html.contains("Dank u wel"));
    let register = service.desk(COORDINATOR, &["register"]).await.unwrap();
    assert_eq!((&register[0]["row"]["channel"], &register[0]["row"]["topic"]), (&json!("oral"), &json!("money")));
    let log = service.desk("bzk-auditor", &["log"]).await.unwrap();
    let deeds: Vec<&Value> = log["entries"].as_array().unwrap().iter().map(|e| &e["record"]["deed"]).collect();
    assert!(log["entries"].as_array().unwrap().iter().all(|e| e["problem"].is_null()), "{log}");
    let count = |deed: &str| deeds.iter().filter(|d| **d == deed).count();
    assert_eq!((count("entered_oral"), count("wrote_account"), count("other")), (1, 2, 0), "{deeds:?}");

    // A thief of the disk reads nothing, and the code is nowhere.
    let dump = postgres.map(|p| p.dump("oral")).unwrap_or_default();
    for canary in ["CANARY-TOLD", "CANARY-WHO", "CANARY-RIGHT", "CANARY-ANEW", &code, "in-person"] {
        assert!(!stands_in(&service.path("data"), canary.as_bytes()) && !dump.contains(canary), "{canary}");
    }
    assert!(!stands_in(&service.path("readers"), code.as_bytes()), "nor beside the officer's keys");
    for seen in [&log, &register] {
        assert!(!seen.to_string().contains("CANARY"), "{seen}");
    }
}

#[actix_web::test]
async fn an_oral_report_is_read_corrected_and_agreed_to_behind_the_code_on_sqlite() {
    told_read_corrected_and_agreed(None).await;
}

#[actix_web::test]
async fn an_oral_report_is_read_corrected_and_agreed_to_behind_the_code_on_postgresql() {
    told_read_corrected_and_agreed(Some(&Postgres::start())).await;
}

/// Whoever heard the code can show the same proof as the reporter.
#[actix_web::test]
async fn a_proof_of_an_oral_report_says_who_else_can_hold_it() {
    let service = Service::start(None).await;
    let (case, code) = entered(&service, &[]).await;
    let page = Browser::new(&service.base).mailbox(&code, None, &[("act", "proof")]).await;
    let proof = page.html.split("<dt>Uw bewijs</dt><dd translate=\"no\">").nth(1).unwrap().split('<').next().unwrap();
    let check = ["check-proof", &case, proof];
    let said = service.desk_words(OFFICER, &check).await.unwrap();
    assert!(said.contains("Integrity officer 1 (bzk-functionaris-1) has heard or seen the code too"), "{said}");
    assert_eq!(service.desk(OFFICER, &check).await.unwrap()["heard_by"], OFFICER);
}

#[actix_web::test]
async fn nothing_is_sent_before_the_code_was_said_back() {
    let service = Service::start(None).await;
    let words = words(&service, STORY, &["--topic", "money", "--language", "en"]);
    let (code, shown) = drawn(&service, &words).await;
    assert_eq!(shown["readers"], json!([OFFICER, STRUCK, COLLEAGUE]));
    assert_eq!(shown["reserve"], json!(RESERVE));
    let mut wrong: Vec<&str> = code.split(' ').collect();
    wrong.swap(3, 4);
    let refused = said(&service, &words, &code, &wrong.join(" ")).await.unwrap_err();
    assert!(refused.contains('4'), "{refused}");
    let refused = said(&service, &words, &code, "one two").await.unwrap_err();
    assert!(refused.contains("12"), "{refused}");
    assert!(cases(&service, COLLEAGUE).await.is_empty());
    said(&service, &words, &code, &code.to_uppercase()).await.unwrap();
    let page = Browser::new(&service.base).post("/en/mailbox", &[("code".to_owned(), code)]).await;
    assert!(page.html.contains("You told this by telephone"), "{}", page.title());
}

#[actix_web::test]
async fn sent_again_it_is_one_case_and_another_text_with_the_code_is_refused() {
    let service = Service::start(None).await;
    let words = words(&service, STORY, &["--topic", "money"]);
    let (code, _) = drawn(&service, &words).await;
    let first = said(&service, &words, &code, &code).await.unwrap();
    let again = said(&service, &words, &code, &code).await.unwrap();
    assert_eq!((&again["case"], &again["already"]), (&first["case"], &json!(true)));
    let case = first["case"].as_str().unwrap();
    assert_eq!(cases(&service, COLLEAGUE).await, [case]);
    assert_eq!(read(&service, OFFICER, case).await["items"].as_array().unwrap().len(), 2, "one account too");
    let other = self::words(&service, "Iets heel anders", &["--topic", "money"]);
    let refused = said(&service, &other, &code, &code).await.unwrap_err();
    assert!(refused.contains("another text was sent with this code"), "{refused}");
    let log = service.desk("bzk-auditor", &["log"]).await.unwrap();
    let entered = log["entries"].as_array().unwrap().iter().filter(|e| e["record"]["deed"] == "entered_oral");
    assert_eq!(entered.count(), 1, "what was there before is not entered again");
}

/// The report arrived, and then the line broke: sent again, the account follows, and nothing stands there twice.
#[actix_web::test]
async fn an_account_that_did_not_arrive_follows_when_it_is_sent_again() {
    let service = Service::start(None).await;
    let words = words(&service, STORY, &["--topic", "money"]);
    let (code, _) = drawn(&service, &words).await;
    let case = said(&service, &words, &code, &code).await.unwrap()["case"].as_str().unwrap().to_owned();
    let items = read(&service, OFFICER, &case).await["items"].as_array().unwrap().clone();
    let account = uuid::Uuid::parse_str(items[1]["item"].as_str().unwrap()).unwrap();
    let raw = sqlx::SqlitePool::connect(&service.database).await.unwrap();
    for delete in ["delete from slot where item = $1", "delete from item where id = $1"] {
        sqlx::query(delete).bind(account).execute(&raw).await.unwrap();
    }
    assert_eq!(read(&service, COLLEAGUE, &case).await["oral"]["standing"], Value::Null);
    // Somebody has opened it meanwhile: the reserve reader is out of it.
    assert_eq!(said(&service, &words, &code, &code).await.unwrap()["already"], true);
    let items = read(&service, OFFICER, &case).await["items"].as_array().unwrap().clone();
    assert_eq!((items.len(), &items[1]["item"]), (2, &json!(account.to_string())));
    assert!(self::account(&Browser::new(&service.base), &code).await.html.contains("CANARY-TOLD"));
}

#[actix_web::test]
async fn only_an_officer_enters_a_report_and_only_one_they_read() {
    let service = Service::start(None).await;
    let money = words(&service, STORY, &["--topic", "money"]);
    for who in [ADVISER, MANAGER, COORDINATOR, RESERVE] {
        let refused = run(&service, who, &money).await.unwrap_err();
        assert!(
            ["only an officer", "you read no reports", "reads no reports"].iter().any(|why| refused.contains(why)),
            "{who}: {refused}"
        );
    }
    let conduct = words(&service, STORY, &["--topic", "conduct"]);
    assert!(run(&service, OFFICER, &conduct).await.unwrap_err().contains("no reports on this topic"));
    assert!(run(&service, "bzk-omgangsvormen-1", &conduct).await.is_ok());
    let themselves = words(&service, STORY, &["--topic", "money", "--strike", OFFICER]);
    assert!(run(&service, OFFICER, &themselves).await.unwrap_err().contains("you may not read"));
    let empty = words(&service, " ", &["--topic", "money"]);
    assert!(run(&service, OFFICER, &empty).await.unwrap_err().contains("empty"));
    let long = words(&service, &"x".repeat(41_000), &["--topic", "money"]);
    assert!(run(&service, OFFICER, &long).await.unwrap_err().contains("too long"));
}

#[actix_web::test]
async fn the_longest_account_fits_its_page_and_comes_back_whole() {
    let service = Service::start(None).await;
    // What the questions take: three line ends, one question, and its answer.
    let room = 40_960 - 3 * 5 - "Wie zijn erbij betrokken?".len() - "CANARY-WHO de kassier".len();
    for (story, fits) in [("\"".repeat(room / 5), true), ("x".repeat(room), true), ("x".repeat(room + 1), false)] {
        let words = words(&service, &story, &["--topic", "money"]);
        let drawn = run(&service, OFFICER, &words).await;
        assert_eq!(drawn.is_ok(), fits, "{}", story.len());
        let Ok(drawn) = drawn else { continue };
        let code: Vec<&str> = drawn["code"].as_array().unwrap().iter().map(|w| w.as_str().unwrap()).collect();
        let code = code.join(" ");
        let sent = said(&service, &words, &code, &code).await.unwrap();
        let browser = Browser::new(&service.base);
        let page = account(&browser, &code).await;
        assert_eq!(page.status, 200);
        let agreed = browser.answer("/nl/mailbox", &page, &[("act", "account-right")]).await;
        assert!(agreed.html.contains("Dat is verstuurd"), "{}", agreed.title());
        let opened = read(&service, COLLEAGUE, sent["case"].as_str().unwrap()).await;
        assert_eq!(opened["oral"]["standing"], "agreed");
    }
}

#[actix_web::test]
async fn too_few_inside_and_the_desk_outside_reads_along_and_enters_reports_of_its_own() {
    let service = Service::start(None).await;
    let (case, _) = entered(&service, &["--strike", STRUCK, "--strike", COLLEAGUE]).await;
    assert_eq!(cases(&service, OUTSIDE).await, [case]);
    let told = words(&service, STORY, &["--topic", "power"]);
    let drawn = run(&service, OUTSIDE, &told).await.unwrap();
    let code: Vec<&str> = drawn["code"].as_array().unwrap().iter().map(|w| w.as_str().unwrap()).collect();
    let file = service.path("code.txt");
    std::fs::write(&file, code.join(" ")).unwrap();
    let more = ["--code", file.to_str().unwrap(), "--said", file.to_str().unwrap()].map(str::to_owned);
    let sent = run(&service, OUTSIDE, &[&told[..], &more].concat()).await.unwrap();
    let opened = read(&service, "buiten-functionaris-2", sent["case"].as_str().unwrap()).await;
    assert_eq!((&opened["case"]["org"], &opened["oral"]["by"]), (&json!("buiten"), &json!(OUTSIDE)));
    let browser = Browser::new(&service.base);
    let page = browser.mailbox(&code.join(" "), None, &[]).await;
    assert!(page.html.contains("Extern meldpunt, functionaris 1") && !page.html.contains("Functionaris integriteit"));
}

#[actix_web::test]
async fn a_closed_case_takes_no_account_and_no_agreement() {
    let service = Service::start(None).await;
    let (case, code) = entered(&service, &[]).await;
    let browser = Browser::new(&service.base);
    let page = account(&browser, &code).await;
    let file = service.path("close.txt");
    std::fs::write(&file, "Klaar").unwrap();
    read(&service, OFFICER, &case).await;
    service.desk(OFFICER, &["close", &case, "--file", file.to_str().unwrap()]).await.unwrap();
    let refused = service.desk(OFFICER, &["account", &case, "--file", file.to_str().unwrap()]).await.unwrap_err();
    assert!(refused.contains("closed"), "{refused}");
    browser.answer("/nl/mailbox", &page, &[("act", "account-right")]).await;
    assert_eq!(read(&service, OFFICER, &case).await["oral"]["standing"], "waiting");
    // It can be read, and not corrected any more.
    let mailbox = browser.mailbox(&code, None, &[]).await.html;
    assert!(mailbox.contains("Lees uw verhaal na") && !mailbox.contains("nog niet gezegd"), "{mailbox}");
    assert!(mailbox.contains("U hebt niet gezegd of het klopt. De zaak is gesloten"), "{mailbox}");
    let page = account(&browser, &code).await;
    assert!(page.html.contains("CANARY-TOLD") && page.html.contains("niet meer verbeteren"), "{}", page.html);
    assert!(!page.html.contains("account-right") && !page.html.contains("<textarea"), "{}", page.html);
    // A report of the form has no account at all.
    let (written, _) = browser.report("Een verhaal", &[]).await;
    assert!(browser.mailbox(&written, None, &[("act", "account")]).await.html.contains("niets opgeschreven"));
    let other = cases(&service, OFFICER).await.into_iter().find(|c| *c != case).unwrap();
    let refused = service.desk(OFFICER, &["account", &other, "--file", file.to_str().unwrap()]).await.unwrap_err();
    assert!(refused.contains("no oral report"), "{refused}");
    assert_eq!(read(&service, OFFICER, &other).await["oral"], Value::Null);
}
