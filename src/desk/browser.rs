//! A browser of the reader's own machine, with a profile that is thrown away: no extensions, no history, no restored session.
use std::{
    path::Path,
    process::{Child, Command, Stdio},
};

use tempfile::TempDir;

/// Browsers that can be told to use a fresh profile.
const FIREFOX: [&str; 3] = ["firefox", "firefox-esr", "/Applications/Firefox.app/Contents/MacOS/firefox"];
const CHROMIUM: [&str; 6] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "msedge",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe",
];

/// A started browser. Its profile is gone when this is dropped.
pub struct Browser {
    process: Child,
    _profile: TempDir,
}

impl Browser {
    /// Starts the first browser that is found; `None` when there is none.
    pub fn start(link: &str) -> Option<Self> {
        let profile = tempfile::tempdir().ok()?;
        // No history, no saved forms, no session to restore, no translation or spelling service.
        let settings = "user_pref(\"browser.privatebrowsing.autostart\", true);\n\
                        user_pref(\"browser.sessionstore.resume_from_crash\", false);\n\
                        user_pref(\"browser.translations.enable\", false);\n\
                        user_pref(\"browser.sessionhistory.max_total_viewers\", 0);\n\
                        user_pref(\"layout.spellcheckDefault\", 0);\n\
                        user_pref(\"browser.shell.checkDefaultBrowser\", false);\n\
                        user_pref(\"datareporting.policy.dataSubmissionEnabled\", false);\n";
        std::fs::write(profile.path().join("user.js"), settings).ok()?;
        // Others on this machine see a command line, and not what is in this folder.
        let page = profile.path().join("open.html");
        std::fs::write(&page, format!("<!doctype html><meta http-equiv=\"refresh\" content=\"0;url={link}\">")).ok()?;
        let link = reqwest::Url::from_file_path(&page).ok()?.to_string();
        let firefox = FIREFOX.iter().map(|program| firefox(program, profile.path(), &link));
        let chromium = CHROMIUM.iter().map(|program| chromium(program, profile.path(), &link));
        let process = firefox.chain(chromium).find_map(|mut command| {
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok()
        })?;
        Some(Self { process, _profile: profile })
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Ended before, it cannot be ended again; its profile must not stay.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

fn firefox(program: &str, profile: &Path, link: &str) -> Command {
    let mut command = Command::new(program);
    command.arg("--no-remote").arg("--profile").arg(profile).arg(link);
    command
}

fn chromium(program: &str, profile: &Path, link: &str) -> Command {
    let mut command = Command::new(program);
    command.arg(format!("--user-data-dir={}", profile.display()));
    command.args(["--incognito", "--no-first-run", "--disable-extensions", "--disable-sync", "--disable-translate"]);
    // Back shows no page from memory after the lock.
    command.arg("--disable-features=BackForwardCache");
    command.arg(link);
    command
}
