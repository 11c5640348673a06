//! Officers classify and work by a protocol, coordinators watch and sign, auditors check: on pages, in Chromium without script.
#![cfg(all(feature = "server", feature = "desk", unix))]
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]
#[path = "support/page.rs"]
mod served;
#[path = "desk_oversight/signing.rs"]
mod signing;
mod support;
#[path = "support/webdriver.rs"]
mod webdriver;

use std::{path::Path, time::Duration};

use meldkluis::{
    domain::roster::RootFile,
    roster_files::{Signed, signed_by},
};
use served::{absolute, entered, picture};
use support::{Browser, Service};
use thirtyfour::By;
use webdriver::{
    Make, RealBrowser,
    eye::{AXE, Eye, TORN, WHOLE, WIDE, axe},
};

const READER: &str = "bzk-functionaris-1";
const COORDINATOR: &str = "bzk-coordinator";
const STORY: &str = "CANARY-STORY: er verdwijnt geld.";

fn desk(service: &Service, who: &str) -> String {
    served::desk(service, who, None, Duration::from_mins(10))
}

#[actix_web::test]
async fn stories_22_and_23_an_officer_classifies_and_works_by_a_protocol_and_the_coordinator_sees_codes_and_steps() {
    let service = Service::start(None).await;
    Browser::new(&service.base).report(STORY, &[]).await;
    let link = desk(&service, READER);
    let officer = entered(&link).await;
    officer.press("table a").await;
    officer.press(".mk-acts a[href$=classify]").await;
    assert!(
        officer.text().await.contains("De melder koos: Geld, spullen of eigen voordeel"),
        "{}",
        officer.text().await
    );
    // What is missing is named, and what was chosen stays.
    officer.click("#type-fin").await;
    officer.press("main form button").await;
    assert!(officer.text().await.contains("Kies hoe de melding is beoordeeld."));
    officer.click("#assessment-accepted").await;
    picture(&officer, "desk-classify").await;
    officer.press("main form button").await;
    assert!(officer.text().await.contains("Beoordeling: In behandeling"), "{}", officer.text().await);
    officer.press(".mk-acts a[href$=protocol]").await;
    officer.press("button[name=begin]").await;
    assert!(officer.text().await.contains("Versie 3, begonnen op"));
    let steps =
        async |n: usize| officer.page.find_all(By::Css(".mk-steps > li")).await.unwrap()[n].text().await.unwrap();
    // What has a day of the law is done in the case, and not by saying so.
    assert!(officer.page.find(By::Css("button[name=step][value=bevestigen]")).await.is_err());
    assert!(steps(1).await.contains("zodra de ontvangst is bevestigd"), "{}", steps(1).await);
    // The text to begin with goes into the field, under what stands there.
    officer.write("#note-risico-melder", "Wij letten op.").await;
    officer.write("#note-bewijs", "BLIJFT STAAN").await;
    officer.click("details summary").await;
    officer.press("button[name=start][value=risico-melder]").await;
    let note = async |id: &str| officer.page.find(By::Css(id)).await.unwrap().prop("value").await.unwrap().unwrap();
    assert!(note("#note-risico-melder").await.starts_with("Wij letten op.\n\nMogelijk nadeel:"));
    officer.press("button[name=step][value=risico-melder]").await;
    assert!(steps(2).await.contains("Gedaan") && steps(2).await.contains("Wij letten op."), "{}", steps(2).await);
    assert_eq!(note("#note-bewijs").await, "BLIJFT STAAN");
    picture(&officer, "desk-protocol").await;
    // Set by mistake: both stand in the case.
    officer.press("button[name=step][value=bewijs]").await;
    officer.press("button[name=undo][value=bewijs]").await;
    assert!(!steps(4).await.contains("Gedaan"), "{}", steps(4).await);
    officer.press(".mk-progress a").await;
    let text = officer.text().await;
    assert!(text.contains("Stap gedaan, ") && text.contains("Stap toch niet gedaan, "), "{text}");
    assert!(text.contains("Notitie") && text.contains("BLIJFT STAAN"), "{text}");
    officer.press(".mk-acts a[href$=acknowledge]").await;
    officer.press("main form button").await;
    officer.press(".mk-acts a[href$=protocol]").await;
    assert!(steps(1).await.contains("Gedaan") && steps(1).await.contains("Functionaris integriteit 1"));
    officer.press(".mk-progress a").await;
    officer.press(".mk-acts a[href$=outcome]").await;
    for chosen in ["investigation-internal", "finding-partly", "measure-warning", "measure-process-change"] {
        officer.click(&format!("#{chosen}")).await;
    }
    officer.press("main form button").await;
    assert!(
        officer.text().await.contains("Maatregelen: Werkwijze veranderd, Waarschuwing"),
        "{}",
        officer.text().await
    );
    officer.quit().await;

    let link = desk(&service, COORDINATOR);
    let coordinator = entered(&link).await;
    assert_eq!(coordinator.heading().await, "Vandaag");
    let header = coordinator.page.find(By::Css("header nav a")).await.unwrap();
    assert_eq!(header.text().await.unwrap(), "Vandaag", "no cases of theirs");
    let text = coordinator.text().await;
    assert!(text.contains("Geef terugkoppeling voor of op") && text.contains("Integriteit"), "{text}");
    assert!(
        text.contains("Leidinggevende") || text.contains("Directeur"),
        "keys that never showed a sign are named: {text}"
    );
    picture(&coordinator, "desk-overview").await;
    coordinator.press("table a").await;
    let text = coordinator.text().await;
    assert!(text.contains("2 van 8 stappen gedaan") && text.contains("Financiële schending"), "{text}");
    // The reason comes first, and its text follows it.
    coordinator.press("#typed button").await;
    assert!(coordinator.text().await.contains("Kies waarom u schrijft."), "{}", coordinator.text().await);
    coordinator.click("#memo-escalate").await;
    coordinator.press("#typed button").await;
    let text = coordinator.page.find(By::Css("#text")).await.unwrap().prop("value").await.unwrap().unwrap();
    assert!(text.contains("leg ik dit hogerop") && !text.contains("termijn"), "{text}");
    picture(&coordinator, "desk-watch").await;
    coordinator.press("#typed button").await;
    assert!(coordinator.text().await.contains("Het bericht is verstuurd."), "{}", coordinator.text().await);
    for path in ["/nl/register", "/nl/log"] {
        coordinator.page.goto(absolute(&link, path)).await.unwrap();
        let text = coordinator.text().await;
        assert!(!text.contains("CANARY"), "{text}");
    }
    let link = desk(&service, READER);
    let officer = entered(&link).await;
    officer.press("table a").await;
    assert!(officer.text().await.contains("De coördinator legt de zaak hogerop, "), "{}", officer.text().await);
    officer.quit().await;
    assert!(coordinator.text().await.contains("deelde de zaak in"));
    assert!(coordinator.text().await.contains("Alles is ondertekend en de keten is heel."));
    coordinator.quit().await;
}

/// Who ticks it stands there with the day; a second reader makes it count.
#[actix_web::test]
async fn a_step_that_two_decide_counts_after_the_second() {
    let service = Service::start(None).await;
    Browser::new(&service.base).report(STORY, &[]).await;
    let case = service.desk(READER, &["inbox"]).await.unwrap()[0]["case"].as_str().unwrap().to_owned();
    service.desk(READER, &["protocol", &case, "vooronderzoek"]).await.unwrap();
    let link = desk(&service, READER);
    let first = entered(&link).await;
    let page = format!("/nl/case/{case}/protocol");
    first.page.goto(absolute(&link, &page)).await.unwrap();
    first.press("button[name=step][value=beoordelen]").await;
    let steps = |browser: &RealBrowser| {
        let page = browser.page.clone();
        async move { page.find_all(By::Css(".mk-steps > li")).await.unwrap()[3].text().await.unwrap() }
    };
    let step = steps(&first).await;
    assert!(step.contains("Hierover beslissen twee lezers.") && !step.contains("Gedaan"), "{step}");
    assert!(step.contains("Functionaris integriteit 1 zei dit op"), "{step}");
    assert!(first.page.find(By::Css("button[name=step][value=beoordelen]")).await.is_err(), "one reader decides once");
    picture(&first, "desk-protocol-two").await;
    let again = service.desk(READER, &["step", &case, "beoordelen"]).await.unwrap_err();
    assert!(again.contains("another reader has to say it too"), "{again}");
    let done = async || service.desk(COORDINATOR, &["register"]).await.unwrap().to_string().contains("\"done\":1");
    let file = service.path("note.txt");
    std::fs::write(&file, "Een besloot.").unwrap();
    service.desk(READER, &["note", &case, "--file", file.to_str().unwrap()]).await.unwrap();
    assert!(!done().await, "the register does not count it either");
    let link = desk(&service, "bzk-functionaris-2");
    let second = entered(&link).await;
    second.page.goto(absolute(&link, &page)).await.unwrap();
    second.press("button[name=step][value=beoordelen]").await;
    let step = steps(&second).await;
    assert!(step.contains("Gedaan") && step.contains("Functionaris integriteit 2 zei dit op"), "{step}");
    assert!(done().await);
    first.quit().await;
    second.quit().await;
}

/// One signs, a second approves; the file with both signatures is one that servers and desks believe.
#[actix_web::test]
async fn a_coordinator_sees_who_can_newly_read_and_signs_and_a_second_approves() {
    let service = Service::start(None).await;
    let old = std::fs::read_to_string(service.path("roster/org-bzk.toml")).unwrap();
    let new = old.replacen("serial = 1", "serial = 2", 1);
    let hash = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(old.as_bytes()));
    let new = new.replacen("previous = \"\"", &format!("previous = \"{hash}\""), 1);
    let new = new.replacen("retention_days = 365", "retention_days = 730", 1);
    assert_ne!(old, new);
    let file = service.path("org-bzk.toml");
    std::fs::write(&file, &new).unwrap();
    let link = desk(&service, COORDINATOR);
    let coordinator = entered(&link).await;
    coordinator.page.goto(absolute(&link, "/nl/roster")).await.unwrap();
    assert!(coordinator.text().await.contains("Functionaris integriteit 1 (bzk-functionaris-1)"));
    // What is no TOML is said in Dutch, with the place; the file in use and its serial are not signed again.
    let bad = service.path("bad.toml");
    let not_next = old.replacen("retention_days = 365", "retention_days = 730", 1);
    for (text, said) in [
        (old.replacen("serial = 1", "serial = = 1", 1), "Kijk in regel "),
        (old.clone(), "Dit is precies het bestand dat nu geldt."),
        (not_next, "Zet serial op 2."),
        (new.replacen("serial = 2", "serial = 3", 1), "Zet serial op 2."),
        (new.replacen(&hash, &"0".repeat(64), 1), "Zet bij previous: "),
        (new.replacen("retention_days = 730", "retention_days = 0", 1), "Fout: retention_days moet 1 of meer zijn"),
        (new.replacen("\"bzk\"", "\"fin\"", 1), "Fout: org-bzk.toml: dit bestand is van fin."),
    ] {
        std::fs::write(&bad, text).unwrap();
        coordinator.page.goto(absolute(&link, "/nl/roster")).await.unwrap();
        coordinator.write("#file", bad.to_str().unwrap()).await;
        coordinator.press("form[enctype] button").await;
        let text = coordinator.text().await;
        assert!(text.contains(said), "{said}: {text}");
        assert!(coordinator.page.find(By::Css("#key")).await.is_err(), "nothing is offered to sign");
        if said.starts_with("Kijk") {
            let line = old.lines().position(|line| line == "serial = 1").unwrap() + 1;
            assert!(text.contains(&format!("regel {line}, bij teken 10")) && text.contains("serial = = 1"), "{text}");
            picture(&coordinator, "desk-roster-toml").await;
        }
    }
    coordinator.page.goto(absolute(&link, "/nl/roster")).await.unwrap();
    coordinator.write("#file", file.to_str().unwrap()).await;
    coordinator.press("form[enctype] button").await;
    let text = coordinator.text().await;
    assert!(text.contains("bzk: afgesloten zaken bleven 365 dagen, en nu 730"), "{text}");
    assert!(text.contains("Nog door niemand getekend"), "{text}");
    assert!(
        text.contains(&hex::encode(<sha2::Sha256 as sha2::Digest>::digest(new.as_bytes()))),
        "for the minutes: {text}"
    );
    picture(&coordinator, "desk-roster").await;
    coordinator.quit().await;

    // With a key that is no signer's nothing is saved: it would look signed until a server refuses it.
    let signatures = service.path("org-bzk.toml.sig");
    let stranger = ssh_key::PrivateKey::from(ssh_key::private::Ed25519Keypair::from_seed(&[1; 32]));
    let key = service.path("vreemd");
    std::fs::write(&key, stranger.to_openssh(ssh_key::LineEnding::LF).unwrap().as_bytes()).unwrap();
    let with = |key: &Path| ["roster", file.to_str().unwrap(), "--key", key.to_str().unwrap()].map(str::to_owned);
    let words = with(&key);
    let refused = service.desk(COORDINATOR, &words.each_ref().map(String::as_str)).await.unwrap_err();
    assert!(refused.to_string().contains("not of a signer") && !signatures.exists(), "{refused}");
    let words = with(&service.path("signers/bzk"));
    let said = service.desk(COORDINATOR, &words.each_ref().map(String::as_str)).await.unwrap();
    assert_eq!(said["sha256"], serde_json::json!(hex::encode(<sha2::Sha256 as sha2::Digest>::digest(new.as_bytes()))));

    // The second looks at the same file with the first's signature, and adds their own.
    let signed = Signed { text: new, signatures: std::fs::read_to_string(&signatures).unwrap() };
    let root: RootFile = toml::from_str(&std::fs::read_to_string(service.path("roster/root.toml")).unwrap()).unwrap();
    let signers = root.organisations.iter().find(|o| o.id.to_string() == "bzk").unwrap().signers.clone().unwrap();
    assert_eq!(signed_by("org-bzk", &signed, &signers).unwrap().len(), 1);
    let words = [
        &with(&service.path("signers/bzk"))[..],
        &["--signatures".to_owned(), signatures.to_str().unwrap().to_owned()],
    ]
    .concat();
    service.desk(COORDINATOR, &words.iter().map(String::as_str).collect::<Vec<_>>()).await.unwrap();
    let both = std::fs::read_to_string(&signatures).unwrap();
    assert!(both.starts_with(signed.signatures.trim_end()) && both.matches("BEGIN SSH").count() == 2, "{both}");
}

async fn looked_at(make: Make, library: String, script: &str) {
    let service = Service::start(None).await;
    Browser::new(&service.base).report(&format!("{STORY} {}", "Lang".repeat(60)), &[]).await;
    let mut eye = Eye::open(make, library, script.to_owned()).await;
    let link = desk(&service, READER);
    eye.browser.page.goto(&link).await.unwrap();
    eye.browser.press("main a[href='/nl/inbox']").await;
    eye.browser.press("main form button").await;
    let case = eye.browser.page.find(By::Css("table a")).await.unwrap().attr("href").await.unwrap().unwrap();
    for lang in ["nl", "en"] {
        let case = absolute(&link, &case).replace("/nl/", &format!("/{lang}/"));
        for page in ["classify", "outcome", "protocol"] {
            eye.go(&format!("{case}/{page}"), &format!("{lang} desk {page}")).await;
            if page != "protocol" {
                eye.press("main form button", &format!("{lang} desk {page} wrong")).await;
            }
        }
        if lang == "nl" {
            eye.press("button[name=begin]", "nl desk protocol begun").await;
        }
    }
    let link = desk(&service, COORDINATOR);
    eye.browser.page.goto(&link).await.unwrap();
    eye.browser.press("main a[href='/nl/inbox']").await;
    eye.browser.press("main form button").await;
    for lang in ["nl", "en"] {
        for page in ["overview", "register", "log", "roster"] {
            eye.go(&absolute(&link, &format!("/{lang}/{page}")), &format!("{lang} desk {page}")).await;
        }
        eye.press("form[enctype] button", &format!("{lang} desk roster wrong")).await;
        eye.browser.page.goto(absolute(&link, &format!("/{lang}/overview"))).await.unwrap();
        eye.press("table a", &format!("{lang} desk watch")).await;
    }
    assert!(eye.pages >= 20, "{} pages were looked at", eye.pages);
    assert!(eye.found.is_empty(), "{}", eye.found.join("\n"));
    eye.browser.quit().await;
}

#[actix_web::test]
async fn axe_finds_nothing_on_the_pages_of_oversight() {
    looked_at(Make::Looking, axe(), AXE).await;
}

#[actix_web::test]
async fn at_400_percent_no_page_of_oversight_scrolls_sideways() {
    looked_at(Make::Zoomed, String::new(), WIDE).await;
}

#[actix_web::test]
async fn between_narrow_and_wide_no_word_of_oversight_is_torn() {
    looked_at(Make::Looking, TORN.to_owned(), WHOLE).await;
}
