//! Real browsers, set as a careful person sets them: no script, nothing kept.
#[path = "eye.rs"]
pub(crate) mod eye;

use std::{
    net::TcpListener,
    process::{Child, Command, Stdio},
    time::Duration,
};

use serde_json::{Value, json};
use thirtyfour::prelude::*;

/// A browser and its driver; both end with it.
pub(crate) struct RealBrowser {
    pub(crate) page: WebDriver,
    _driver: Driver,
    profile: tempfile::TempDir,
}

/// Which browser.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Make {
    /// With scripting off.
    Chromium,
    /// With scripting on, for a test that looks into pages.
    Looking,
    /// The same at 400 % zoom of a window of 1280 pixels: 320 CSS pixels wide.
    Zoomed,
    /// As Tor Browser at its safest: script, SVG and web fonts off, private, fingerprinting resisted.
    Firefox,
}

impl RealBrowser {
    pub(crate) async fn start(make: Make) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let profile = tempfile::tempdir().unwrap();
        let (program, name, options) = match make {
            Make::Chromium | Make::Looking | Make::Zoomed => {
                ("chromedriver", "goog:chromeOptions", chromium(make, profile.path().to_str().unwrap()))
            }
            Make::Firefox => ("geckodriver", "moz:firefoxOptions", firefox()),
        };
        let port_flag = format!("--port={port}");
        let driver = std::os::unix::process::CommandExt::process_group(&mut Command::new(program), 0)
            .arg(port_flag)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let driver =
            driver.map(Driver).unwrap_or_else(|e| panic!("{program} does not start ({e}); tests/run installs it"));
        let mut wanted = Capabilities::new();
        wanted.set(name, options).unwrap();
        wanted.set("unhandledPromptBehavior", "ignore").unwrap();
        let url = format!("http://127.0.0.1:{port}");
        for _ in 0..100 {
            if let Ok(page) = WebDriver::new(&url, wanted.clone()).await {
                return Self { page, _driver: driver, profile };
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        panic!("{make:?} does not start");
    }

    /// Loads the page again, and agrees to send its form again.
    pub(crate) async fn reload(&self) {
        let old = self.page.find(By::Css("main h1")).await.ok();
        // The prompt is answered below; the driver calls it an error.
        drop(self.page.refresh().await);
        drop(self.page.accept_alert().await);
        if let Some(old) = old {
            self.gone(&old).await;
        }
        self.settled().await;
    }

    /// Goes back as the browser's own button does, agreeing where it asks.
    pub(crate) async fn back(&self) {
        drop(self.page.back().await);
        drop(self.page.accept_alert().await);
        if self.page.find(By::Css("main h1")).await.is_err() {
            self.reload().await;
        }
        self.settled().await;
    }

    async fn settled(&self) {
        for _ in 0..100 {
            if self.page.find(By::Css("main h1")).await.is_ok() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("no page of ours: {}", self.page.source().await.unwrap_or_default());
    }

    pub(crate) async fn click(&self, css: &str) {
        self.page.find(By::Css(css)).await.unwrap_or_else(|e| panic!("{css}: {e}")).click().await.unwrap();
        self.settled().await;
    }

    /// Presses a button and waits for the page it leads to.
    pub(crate) async fn press(&self, css: &str) {
        let old = self.page.find(By::Css("main h1")).await.unwrap();
        self.page.find(By::Css(css)).await.unwrap_or_else(|e| panic!("{css}: {e}")).click().await.unwrap();
        self.gone(&old).await;
        self.settled().await;
    }

    /// Waits until the page of an element was left.
    async fn gone(&self, old: &WebElement) {
        for _ in 0..1200 {
            if old.text().await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the page stays");
    }

    /// Goes forward again, agreeing where the browser asks.
    pub(crate) async fn forward(&self) {
        drop(self.page.forward().await);
        drop(self.page.accept_alert().await);
        if self.page.find(By::Css("main h1")).await.is_err() {
            self.reload().await;
        }
        self.settled().await;
    }

    pub(crate) async fn write(&self, css: &str, text: &str) {
        let field = self.page.find(By::Css(css)).await.unwrap_or_else(|e| panic!("{css}: {e}"));
        field.send_keys(text).await.unwrap();
    }

    pub(crate) async fn heading(&self) -> String {
        self.page.find(By::Css("main h1")).await.unwrap().text().await.unwrap()
    }

    pub(crate) async fn text(&self) -> String {
        self.page.find(By::Css("main")).await.unwrap().text().await.unwrap()
    }

    /// A file that the browser saved, when it stands there.
    pub(crate) async fn saved(&self, name: &str) -> Vec<u8> {
        let file = self.profile.path().join(name);
        for _ in 0..200 {
            if let Ok(bytes) = std::fs::read(&file) {
                return bytes;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{name} is not saved: {}", self.text().await);
    }

    pub(crate) async fn quit(self) {
        drop(self.page.clone().quit().await);
    }
}

/// The driver's process, and the browser in its group.
struct Driver(Child);

impl Drop for Driver {
    fn drop(&mut self) {
        // The whole group: a driver that is killed leaves its browser behind.
        let group = format!("-{}", self.0.id());
        drop(Command::new("kill").args(["-KILL", "--", &group]).status());
        drop(self.0.wait());
    }
}

fn chromium(make: Make, profile: &str) -> Value {
    let user_data = format!("--user-data-dir={profile}");
    let mut options = json!({
        "args": ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
            "--disable-component-update", "--disable-sync", "--no-first-run", "--disable-dev-shm-usage",
            "--window-size=1280,1024", user_data],
    });
    match make {
        Make::Zoomed => {
            let metrics = json!({ "width": 320, "height": 256, "pixelRatio": 4, "touch": false, "mobile": false });
            options["mobileEmulation"] = json!({ "deviceMetrics": metrics });
        }
        Make::Chromium => {
            options["prefs"] = json!({ "download.default_directory": profile, "profile.managed_default_content_settings.javascript": 2,
                "profile.default_content_setting_values.javascript": 2 });
        }
        Make::Looking | Make::Firefox => {}
    }
    options
}

fn firefox() -> Value {
    json!({
        "args": ["-headless"],
        "prefs": { "javascript.enabled": false, "svg.disabled": true, "gfx.downloadable_fonts.enabled": false,
            "browser.privatebrowsing.autostart": true, "privacy.resistFingerprinting": true },
    })
}
