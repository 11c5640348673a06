//! What a coordinator signs on their page is the file they chose, byte for byte.
use std::fs;

use meldkluis::roster_cli::{Command, run};

use crate::{COORDINATOR, absolute, desk, entered, support::Service};

/// The next file of the demo's organisation, saved under its name with lines that end so.
fn next_file(service: &Service, ending: &str) -> String {
    let old = fs::read_to_string(service.path("roster/org-bzk.toml")).unwrap();
    let hash = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(old.as_bytes()));
    let new = old.replacen("serial = 1", "serial = 2", 1);
    let new = new.replacen("previous = \"\"", &format!("previous = \"{hash}\""), 1).replace('\n', ending);
    fs::write(service.path("org-bzk.toml"), &new).unwrap();
    new
}

/// Looked at, one key that does not fit, signed, saved by the browser, and believed by `roster verify` beside the files of the server.
async fn signed_on_the_page(ending: &str) {
    let service = Service::start(None).await;
    let new = next_file(&service, ending);
    let hash = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(new.as_bytes()));
    let link = desk(&service, COORDINATOR);
    let coordinator = entered(&link).await;
    coordinator.page.goto(absolute(&link, "/nl/roster")).await.unwrap();
    coordinator.write("#file", service.path("org-bzk.toml").to_str().unwrap()).await;
    coordinator.press("form[enctype] button").await;
    assert!(coordinator.text().await.contains(&hash), "{}", coordinator.text().await);
    // What is no key: the file is still the one that was chosen.
    coordinator.write("#key", service.path("anchor.toml").to_str().unwrap()).await;
    coordinator.press("#typed button").await;
    assert!(coordinator.text().await.contains(&hash), "{}", coordinator.text().await);
    coordinator.write("#key", service.path("signers/bzk").to_str().unwrap()).await;
    coordinator.click("#typed button").await;
    let saved = coordinator.saved("org-bzk.toml.sig").await;
    coordinator.quit().await;

    let roster = service.path("roster");
    fs::write(roster.join("org-bzk.toml"), new).unwrap();
    fs::write(roster.join("org-bzk.toml.sig"), saved).unwrap();
    let verify = Command::Verify { folder: roster, anchor: service.path("anchor.toml"), after: None };
    run(&verify, service.clock.today()).unwrap();
}

#[actix_web::test]
async fn a_file_that_was_signed_on_the_page_is_believed() {
    signed_on_the_page("\n").await;
}

#[actix_web::test]
async fn so_is_one_of_an_editor_that_ends_lines_otherwise() {
    signed_on_the_page("\r\n").await;
}

/// What is no text would be signed as another text than what stands in the file.
#[actix_web::test]
async fn what_is_no_text_is_not_signed_as_another() {
    let service = Service::start(None).await;
    let mut bytes = next_file(&service, "\n").into_bytes();
    bytes.extend(b"# \xe9\xe9n\n");
    fs::write(service.path("org-bzk.toml"), bytes).unwrap();
    let link = desk(&service, COORDINATOR);
    let coordinator = entered(&link).await;
    coordinator.page.goto(absolute(&link, "/nl/roster")).await.unwrap();
    coordinator.write("#file", service.path("org-bzk.toml").to_str().unwrap()).await;
    coordinator.press("form[enctype] button").await;
    assert!(coordinator.text().await.contains("UTF-8"), "{}", coordinator.text().await);
    coordinator.quit().await;
}
