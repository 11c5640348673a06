//! The desk's page, served for a test, and a browser that came in by its link.
#[path = "local.rs"]
mod local;

pub(crate) use local::{client, desk};

use crate::webdriver::{Make, RealBrowser};

/// A browser that came in by the link and unlocked the desk of a demo reader, whose keys have no passphrase.
pub(crate) async fn entered(link: &str) -> RealBrowser {
    let browser = RealBrowser::start(Make::Chromium).await;
    browser.page.goto(link).await.unwrap();
    browser.press("main a[href='/nl/inbox']").await;
    assert_eq!(browser.heading().await, "Uw werkplek is vergrendeld");
    browser.press("main form button").await;
    browser
}

/// Saves what is seen, for the pictures of the documentation.
pub(crate) async fn picture(browser: &RealBrowser, name: &str) {
    if let Ok(folder) = std::env::var("MELDKLUIS_PICTURES") {
        browser.page.screenshot(&std::path::Path::new(&folder).join(format!("{name}.png"))).await.unwrap();
    }
}

/// A path of the desk as an address.
pub(crate) fn absolute(link: &str, path: &str) -> String {
    if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", link.split("/open/").next().unwrap()) }
}
