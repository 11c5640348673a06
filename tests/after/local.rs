//! The desk's pages as a browser without script has them, unlocked.
use std::{path::PathBuf, time::Duration};

use reqwest::{Client, header::HeaderMap};

use crate::{
    page::{client, desk},
    support::Service,
};

/// A served desk.
pub(crate) struct Local {
    http: Client,
    origin: String,
    headers: HeaderMap,
}

impl Local {
    /// Of somebody of the demo.
    pub(crate) async fn desk(service: &Service, who: &str) -> Self {
        Self::with(service, who, None).await
    }

    /// Of a guest, with the card; of a reader without.
    pub(crate) async fn with(service: &Service, who: &str, card: Option<PathBuf>) -> Self {
        let link = desk(service, who, card, Duration::from_mins(10));
        let origin = link.split("/open/").next().unwrap().to_owned();
        let http = client(&link).build().unwrap();
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
