//! The desk's pages as a browser without script has them, unlocked.
use std::time::Duration;

use meldkluis::desk::{Place, page};
use reqwest::{Client, header::HeaderMap};

use crate::support::Service;

/// Serves the desk of somebody of the demo: the link that opens it.
pub(crate) fn link(service: &Service, who: &str) -> String {
    let identity = service.path(&format!("readers/{who}.key"));
    let place = Place {
        server: service.base.clone(),
        proxy: None,
        anchor: service.path("anchor.toml"),
        state: identity.with_extension("seen"),
        clock: service.clock,
    };
    let program = env!("CARGO_BIN_EXE_meldkluis-desk").into();
    let idle = Duration::from_mins(10);
    let ready = page::ready(page::Settings { identity, card: None, place, idle, port: 0, program }).unwrap();
    tokio::spawn(ready.running);
    ready.link
}

/// A served desk.
pub(crate) struct Local {
    http: Client,
    origin: String,
    headers: HeaderMap,
}

impl Local {
    /// Of somebody of the demo.
    pub(crate) async fn desk(service: &Service, who: &str) -> Self {
        let link = link(service, who);
        let origin = link.split("/open/").next().unwrap().to_owned();
        let link = reqwest::Url::parse(&link).unwrap();
        let here = std::net::SocketAddr::from(([127, 0, 0, 1], link.port().unwrap()));
        let http = Client::builder().no_proxy().resolve(link.host_str().unwrap(), here).build().unwrap();
        let entered = http.get(link).send().await.unwrap();
        let cookie = entered.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
        let headers = [("cookie", cookie), ("origin", origin.clone())];
        let headers = headers.into_iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        let local = Self { http, headers: headers.collect(), origin };
        local.post("/nl/inbox", &[("passphrase", "")]).await;
        local
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, String) {
        let answer =
            self.http.get(format!("{}{path}", self.origin)).headers(self.headers.clone()).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> (u16, String) {
        let sent = self.http.post(format!("{}{path}", self.origin)).headers(self.headers.clone()).form(fields);
        let answer = sent.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }
}
