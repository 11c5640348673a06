//! With enough signers' keys somebody could add false readers: every desk says what changed in who reads, until its reader has read it.
#![cfg(all(feature = "server", feature = "desk", unix))]
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]
#[expect(dead_code, reason = "other tests use the rest")]
#[path = "support/hostile.rs"]
mod evil;
#[path = "support/page.rs"]
mod served;
#[path = "support/signed.rs"]
mod signed;
mod support;
#[path = "desk_lock/visitor.rs"]
mod visitor;
#[path = "support/webdriver.rs"]
mod webdriver;

use std::time::Duration;

use evil::hostile;
use meldkluis::clock::Clock;
use serde_json::json;
use signed::change;
use support::{
    Service,
    child::{self, Program},
};
use thirtyfour::By;
use visitor::Visitor;

const WHO: [&str; 3] = ["bzk-functionaris-1", "bzk-coordinator", "bzk-auditor"];

#[actix_web::test]
async fn a_desk_says_what_changed_in_who_reads_until_that_was_read() {
    let folder = tempfile::tempdir().unwrap();
    let settings = child::settings(folder.path(), None);
    let program = Program::start(folder.path(), &settings);
    let mut service = Service { base: program.base.clone(), database: String::new(), clock: Clock::System, folder };
    for who in WHO {
        assert_eq!(service.desk(who, &["roster-changes"]).await.unwrap(), json!([]), "{who} sees the first roster");
    }
    change(service.folder.path(), "retention_days = 365", "retention_days = 730");
    drop(program);
    let program = Program::start(service.folder.path(), &settings);
    service.base.clone_from(&program.base);
    for who in WHO {
        let told = service.desk(who, &["roster-changes"]).await.unwrap();
        assert_eq!(told.as_array().unwrap().len(), 1, "{who}: {told}");
        assert!(
            told.to_string()
                .contains("were kept 365 days, and now 730. This holds for every case that is not closed yet"),
            "{who}: {told}"
        );
    }
    let inbox = service.desk_words(WHO[0], &["inbox"]).await.unwrap();
    assert!(inbox.starts_with("Who may read has changed since you looked."), "{inbox}");

    // On the page it stands on top of everything until it was read there.
    let link = served::desk(&service, WHO[0], None, Duration::from_mins(10));
    let browser = served::entered(&link).await;
    assert!(browser.page.find(By::Css("header a[href$=roster-changes]")).await.is_ok());
    browser.press("header a[href$=roster-changes]").await;
    assert_eq!(browser.heading().await, "Wat er veranderde in wie leest");
    assert!(browser.text().await.contains("en nu 730"), "{}", browser.text().await);
    served::picture(&browser, "desk-roster-changes").await;
    browser.press("main form button").await;
    assert_eq!(browser.heading().await, "Uw zaken");
    assert!(!browser.text().await.contains("is veranderd sinds u keek"));
    browser.quit().await;
    assert_eq!(service.desk(WHO[0], &["roster-changes"]).await.unwrap(), json!([]), "what was read there is read here");

    service.desk(WHO[1], &["roster-changes", "--read"]).await.unwrap();
    assert_eq!(service.desk(WHO[1], &["roster-changes"]).await.unwrap(), json!([]));
    assert_ne!(service.desk(WHO[2], &["roster-changes"]).await.unwrap(), json!([]), "each for themselves");
}

/// A desk that stays open hears of it with its next inbox or overview, and checks what it hears as it did at its first.
#[actix_web::test]
async fn a_desk_that_is_open_hears_of_a_new_roster_and_believes_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let settings = child::settings(folder.path(), None);
    let program = Program::start(folder.path(), &settings);
    let service = Service { base: program.base.clone(), database: String::new(), clock: Clock::System, folder };
    let address = program.base.trim_start_matches("http://").parse().unwrap();
    let mut desks = Vec::new();
    for (who, page) in [(WHO[0], "/nl/inbox"), (WHO[1], "/nl/overview"), (WHO[2], "/nl/register")] {
        let desk = Visitor::enter(&served::desk(&service, who, None, Duration::from_mins(10))).await;
        desk.unlock().await;
        assert!(!desk.get(page).await.contains("/nl/roster-changes"), "{who}");
        desks.push((desk, page));
    }
    let before = service.path("before");
    std::fs::create_dir(&before).unwrap();
    let files = ["org-bzk.toml", "org-bzk.toml.sig"];
    for name in files {
        std::fs::copy(service.path("roster").join(name), before.join(name)).unwrap();
    }
    change(service.folder.path(), "retention_days = 365", "retention_days = 730");
    drop(program);
    let program = Program::start_at(service.folder.path(), &settings, address);
    for (desk, page) in &desks {
        let seen = desk.get(page).await;
        assert!(seen.contains("/nl/roster-changes"), "{page}: {seen}");
        let told = desk.get("/nl/roster-changes").await;
        assert!(told.contains("en nu 730. Dat geldt voor elke zaak die nog niet is afgesloten"), "{told}");
    }
    // The older one is signed as well, and none of them goes back to it.
    for name in files {
        std::fs::copy(before.join(name), service.path("roster").join(name)).unwrap();
    }
    drop(program);
    // A server that remembers nothing of it.
    let forgetful = settings.replace(&format!("data = '{}", service.path("data").display()), "data = '/nowhere");
    assert_ne!(forgetful, settings);
    let other = service.path("other-data");
    let forgetful = forgetful.replace("/nowhere", &other.display().to_string());
    let _program = Program::start_at(service.folder.path(), &forgetful, address);
    for (desk, page) in &desks {
        let seen = desk.get(page).await;
        assert!(
            seen.contains("Dat lukte niet") && seen.contains("serial 1 is older than 2"),
            "{page}: {}",
            seen.split("<main").nth(1).unwrap()
        );
    }
}

/// A server that says nothing of a newer roster keeps no desk on one whose last day is over, nor on one that another desk of theirs left behind.
#[actix_web::test]
async fn a_desk_that_is_open_goes_on_with_no_roster_that_a_sign_in_would_refuse() {
    let service = Service::start(None).await;
    let mut desk = hostile(&service, WHO[0]).await;
    let last = desk.roster.expires;
    for (day, refused) in [(last, None), (last.plus_days(1), Some("and today is"))] {
        desk.clock = Clock::Fixed(day);
        // The server says that it is the one it has.
        for said in [desk.follow_roster().await, desk.roster_of_today().await] {
            let said = said.err().map(|error| error.to_string());
            assert_eq!(said.is_some(), refused.is_some(), "{day}: {said:?}");
            assert!(said.is_none_or(|said| said.contains(refused.unwrap())));
        }
    }
    desk.clock = service.clock;
    desk.follow_roster().await.unwrap();
    let seen = service.path(&format!("hostile-{}.seen", WHO[0]));
    let newer = std::fs::read_to_string(&seen).unwrap().replace("\"serial\":1", "\"serial\":2");
    std::fs::write(&seen, newer).unwrap();
    let said = desk.follow_roster().await.unwrap_err().to_string();
    assert!(said.contains("serial 1 is older than 2"), "{said}");
}
