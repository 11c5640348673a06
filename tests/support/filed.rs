//! A report that a reader has opened, with its reporter.
use serde_json::Value;

use crate::support::{Browser, Page, Service};

pub(crate) const READER: &str = "bzk-functionaris-1";
pub(crate) const SECOND: &str = "bzk-functionaris-2";
pub(crate) const COORDINATOR: &str = "bzk-coordinator";

pub(crate) struct Filed {
    pub(crate) service: Service,
    pub(crate) browser: Browser,
    pub(crate) code: String,
    pub(crate) case: String,
}

impl Filed {
    pub(crate) async fn new() -> Self {
        Self::on(Service::start(None).await).await
    }

    /// On this server, where nothing else was filed.
    pub(crate) async fn on(service: Service) -> Self {
        let browser = Browser::new(&service.base);
        let (code, _) = browser.report("Het verhaal", &[]).await;
        let inbox = service.desk(READER, &["inbox"]).await.unwrap();
        let case = inbox[0]["case"].as_str().unwrap().to_owned();
        service.desk(READER, &["read", &case]).await.unwrap();
        Self { service, browser, code, case }
    }

    pub(crate) async fn mailbox(&self) -> Page {
        self.browser.mailbox(&self.code, None, &[]).await
    }

    pub(crate) async fn read(&self, who: &str) -> Value {
        self.service.desk(who, &["read", &self.case]).await.unwrap()
    }

    /// A file with a text to send.
    pub(crate) fn text(&self, text: &str) -> String {
        let file = self.service.path("text.txt");
        std::fs::write(&file, text).unwrap();
        file.to_str().unwrap().to_owned()
    }

    /// A reader does something with a text.
    pub(crate) async fn acts(&self, who: &str, act: &str, text: &str) -> Result<Value, String> {
        self.service.desk(who, &[act, &self.case, "--file", &self.text(text)]).await
    }
}
