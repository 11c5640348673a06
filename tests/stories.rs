//! What readers are promised, story by story, on the command line. Stories 22, 23 and 27 stand in `desk_oversight` and `oversight`.
#![cfg(all(feature = "server", feature = "desk"))]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]
mod support;

use std::path::Path;

use jiff::ToSpan;
use meldkluis::{
    clock::Clock,
    config::Config,
    desk::{Client, Identity, Place},
    domain::{day::Day, id::CaseId},
    retention,
    seal::desk::open_text,
    server,
};
use serde_json::{Value, json};
use support::{Browser, Page, Service, postgres::Postgres, stands_in};

const OFFICER: &str = "bzk-functionaris-1";
const COLLEAGUE: &str = "bzk-functionaris-2";
const MANAGER: &str = "bzk-leidinggevende-1";
const COORDINATOR: &str = "bzk-coordinator";
const AUDITOR: &str = "bzk-auditor";
const STORY: &str = "CANARY-STORY over de inkoop";
const MONTHS: [&str; 12] = [
    "januari",
    "februari",
    "maart",
    "april",
    "mei",
    "juni",
    "juli",
    "augustus",
    "september",
    "oktober",
    "november",
    "december",
];

async fn filed(service: &Service) -> (Browser, String, String) {
    let browser = Browser::new(&service.base);
    let (code, _) = browser.report(STORY, &[]).await;
    let inbox = service.desk(OFFICER, &["inbox"]).await.unwrap();
    (browser, code, inbox[0]["case"].as_str().unwrap().to_owned())
}

async fn say(service: &Service, act: &[&str], text: &str) -> String {
    let file = service.path("text.txt");
    std::fs::write(&file, text).unwrap();
    let sent = service.desk(OFFICER, &[act, &["--file", file.to_str().unwrap()]].concat()).await.unwrap();
    sent["item"].as_str().unwrap().to_owned()
}

async fn mailbox(browser: &Browser, code: &str, more: &[(&str, &str)]) -> Page {
    browser.mailbox(code, None, more).await
}

/// The row of a case in the register.
async fn row(service: &Service, case: &str) -> Value {
    let register = service.desk(AUDITOR, &["register"]).await.unwrap();
    register.as_array().unwrap().iter().find(|row| row["case"] == case).unwrap().clone()
}

/// What the log says was done in a case.
async fn deeds(service: &Service, case: &str) -> Vec<String> {
    let log = service.desk(AUDITOR, &["log"]).await.unwrap();
    let of_case = log["entries"].as_array().unwrap().iter().filter(|entry| entry["record"]["case"] == case);
    of_case.map(|entry| entry["record"]["deed"].as_str().unwrap().to_owned()).collect()
}

fn copied(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let (path, to) = (entry.as_ref().unwrap().path(), to.join(entry.unwrap().file_name()));
        if path.is_dir() {
            std::fs::create_dir_all(&to).unwrap();
            copied(&path, &to);
        } else {
            std::fs::copy(&path, &to).unwrap();
        }
    }
}

#[actix_web::test]
async fn story_18_only_my_own_device_opens_what_a_thief_of_the_whole_server_has() {
    let service = Service::start(None).await;
    let (_, _, case) = filed(&service).await;
    // The thief takes the data, the settings, the roster and the credentials: everything but the readers' own machines.
    let stolen = tempfile::tempdir().unwrap();
    copied(service.folder.path(), stolen.path());
    std::fs::remove_dir_all(stolen.path().join("readers")).unwrap();
    assert!(!stands_in(stolen.path(), b"CANARY-STORY"));
    assert!(!stands_in(stolen.path(), b"AGE-SECRET-KEY-"), "the server keeps no key that opens anything");
    // On the officer's own machine it opens, with the officer's key alone.
    assert!(service.desk(OFFICER, &["read", &case]).await.unwrap().to_string().contains(STORY));
    let officer = signed_in(&service, OFFICER).await;
    let item = officer.case(&CaseId::parse(&case).unwrap()).await.unwrap().items[0];
    let sealed = officer.item(&item).await.unwrap().bytes().await.unwrap();
    assert!(open_text(&officer.me.seal, &sealed[..]).is_ok());
    let stranger = Identity::load(&service.path(&format!("readers/{MANAGER}.key")), || unreachable!()).unwrap();
    assert!(open_text(&stranger.seal, &sealed[..]).is_err());
}

async fn signed_in(service: &Service, who: &str) -> Client {
    let key = service.path(&format!("readers/{who}.key"));
    let place = Place {
        server: service.base.clone(),
        proxy: None,
        anchor: service.path("anchor.toml"),
        state: key.with_extension("seen"),
        clock: service.clock,
    };
    Client::sign_in(&place, Identity::load(&key, || unreachable!()).unwrap()).await.unwrap()
}

#[actix_web::test]
async fn story_19_a_report_is_acknowledged_in_one_act_and_both_sides_see_the_same_dates() {
    let folder = tempfile::tempdir().unwrap();
    meldkluis::demo::make_or_find(folder.path(), "127.0.0.1:0".parse().unwrap()).unwrap();
    // The last day of a month: three months later may have no such day.
    let day = Day::from_date(Clock::System.today().date().last_of_month());
    let service = Service::found(folder, None, day).await;
    let (browser, code, case) = filed(&service).await;
    let before = service.desk(OFFICER, &["inbox"]).await.unwrap();
    assert_eq!(before[0]["due"], json!(day.plus_days(7).to_string()));

    say(&service, &["acknowledge", &case], "Wij hebben uw melding ontvangen.").await;
    let month = day.date().first_of_month().checked_add(3.months()).unwrap();
    let due = Day::from_date(month.with().day(day.date().day().min(month.days_in_month())).build().unwrap());
    let page = mailbox(&browser, &code, &[]).await;
    assert!(page.html.contains("Wij hebben uw melding ontvangen."), "{}", page.title());
    let month = MONTHS[usize::try_from(due.date().month()).unwrap() - 1];
    let in_words = format!("{} {month} {}", due.date().day(), due.date().year());
    assert!(page.html.contains(&in_words), "the reporter reads {in_words}");
    assert_eq!(service.desk(OFFICER, &["inbox"]).await.unwrap()[0]["due"], json!(due.to_string()));
    assert_eq!(service.desk(COORDINATOR, &["overview"]).await.unwrap()["cases"][0]["due"], json!(due.to_string()));
    assert_eq!(row(&service, &case).await["row"]["acknowledged"], json!(day.to_string()));
    // Once is once.
    let file = service.path("text.txt");
    let again = service.desk(OFFICER, &["acknowledge", &case, "--file", file.to_str().unwrap()]).await.unwrap_err();
    assert!(again.contains("acknowledged"), "{again}");
}

#[actix_web::test]
async fn story_20_a_hand_over_asks_the_reporter_keeps_the_protocol_and_leaves_a_log_without_content() {
    let service = Service::start(None).await;
    let (browser, code, case) = filed(&service).await;
    service.desk(OFFICER, &["protocol", &case, "vooronderzoek"]).await.unwrap();
    let request = say(&service, &["ask-consent", &case, "--to", MANAGER], "Zij leidt het onderzoek").await;
    assert!(service.desk(OFFICER, &["hand-over", &case, &request]).await.is_err(), "silence is no");
    mailbox(&browser, &code, &[("act", "consent-yes"), ("request", &request)]).await;
    service.desk(OFFICER, &["hand-over", &case, &request]).await.unwrap();
    assert!(service.desk(MANAGER, &["read", &case]).await.unwrap().to_string().contains(STORY));
    assert_eq!(row(&service, &case).await["row"]["progress"]["version"], json!(3));
    let done = deeds(&service, &case).await;
    assert!(
        ["protocol", "asked_consent", "handed_over"].iter().all(|deed| done.contains(&(*deed).to_owned())),
        "{done:?}"
    );
    let log = service.desk(AUDITOR, &["log"]).await.unwrap().to_string();
    assert!(!log.contains("CANARY") && !log.contains("leidt het onderzoek"), "no word of the case is in the log");
}

#[actix_web::test]
async fn story_21_a_conflict_takes_me_out_in_one_act_and_the_coordinator_sees_that_a_reader_changed() {
    let service = Service::start(None).await;
    let (browser, code, case) = filed(&service).await;
    service.desk(COLLEAGUE, &["leave", &case, "--conflict"]).await.unwrap();
    assert_eq!(service.desk(COLLEAGUE, &["inbox"]).await.unwrap(), json!([]));
    // What comes later has no slot for them either.
    mailbox(&browser, &code, &[("act", "write"), ("text", "En nog iets")]).await;
    assert_eq!(service.desk(COLLEAGUE, &["inbox"]).await.unwrap(), json!([]));
    assert!(service.desk(OFFICER, &["read", &case]).await.unwrap().to_string().contains("En nog iets"));
    let log = service.desk(COORDINATOR, &["log"]).await.unwrap();
    let changed = log["entries"].as_array().unwrap().iter().any(|e| e["record"]["deed"] == "left_case");
    assert!(changed, "{log}");
}

#[actix_web::test]
async fn story_24_feedback_made_available_counts_as_given_and_the_reporter_reads_it_in_words() {
    let service = Service::start(None).await;
    let (browser, code, case) = filed(&service).await;
    say(&service, &["acknowledge", &case], "Ontvangen").await;
    say(&service, &["feedback", &case], "Wij hebben uw melding gegrond bevonden en de inkoop stilgelegd.").await;
    // The reporter has not come back: it counts from the day it could be read.
    let today = Clock::System.today().to_string();
    assert_eq!(row(&service, &case).await["row"]["feedback"], json!(today));
    let page = mailbox(&browser, &code, &[]).await;
    assert!(page.html.contains("Wij hebben uw melding gegrond bevonden en de inkoop stilgelegd."), "{}", page.title());
    // Nobody learns that they did: nothing in the register or the log is other than before.
    let log = service.desk(AUDITOR, &["log"]).await.unwrap();
    mailbox(&browser, &code, &[]).await;
    assert_eq!(service.desk(AUDITOR, &["log"]).await.unwrap(), log);
}

#[actix_web::test]
async fn story_25_a_closed_case_is_destroyed_after_its_term_and_only_numbers_stay() {
    let postgres = Postgres::start();
    let service = Service::start(Some(postgres.database("closed"))).await;
    let (browser, code, case) = filed(&service).await;
    assert_eq!(browser.upload(&code, "bijlage.bin", vec![7; 300_000]).await.status, 200);
    service.desk(OFFICER, &["read", &case]).await.unwrap();
    say(&service, &["close", &case], "Wij zijn klaar.").await;
    let page = mailbox(&browser, &code, &[]).await;
    assert!(
        page.html.contains("Bent u het niet eens") && page.html.contains("/nl/info/external"),
        "closing says where else to go: {}",
        page.title()
    );

    // A second server purges, as a timer would: on the eve of the day, and on the day.
    let mut purger = server::prepare(config(&service), Clock::System).await.unwrap();
    let kept = purger.roster.organisations.iter().find_map(|o| o.file.as_ref()).unwrap().retention_days;
    // By then another roster counts.
    purger.roster.expires = Clock::System.today().plus_days(kept);
    purger.clock = Clock::Fixed(Clock::System.today().plus_days(kept - 1));
    assert_eq!(retention::purge(&purger).await.unwrap().cases, 0, "not a day before");
    purger.clock = Clock::Fixed(Clock::System.today().plus_days(kept));
    purger.store.set_day(purger.clock.today()).await.unwrap();
    let declared = retention::purge(&purger).await.unwrap();
    assert_eq!((declared.cases, declared.files), (1, 1));
    assert_eq!(mailbox(&browser, &code, &[]).await.status, 422, "the code opens what an unknown one does");
    assert_eq!(support::files_in(&service.path("data/payloads")), 0);
}

fn config(service: &Service) -> Config {
    let config = meldkluis::demo::make_or_find(service.folder.path(), "127.0.0.1:0".parse().unwrap()).unwrap();
    Config { database: Some(service.database.clone()), reserve_bytes: 0, ..config }
}
