//! A reader at their desk without a browser: several requests at once, each with its time.
use std::time::Duration;

use futures_util::stream;
use reqwest::{Body, Client};

use crate::served;

/// Came in by the link.
#[derive(Clone)]
pub(crate) struct Visitor {
    http: Client,
    origin: String,
}

impl Visitor {
    pub(crate) async fn enter(link: &str) -> Self {
        let entered = served::client(link).build().unwrap().get(link).send().await.unwrap();
        let cookie = entered.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
        let cookie = [(reqwest::header::COOKIE, cookie.parse().unwrap())].into_iter().collect();
        let origin = link.split("/open/").next().unwrap().to_owned();
        Self { http: served::client(link).default_headers(cookie).build().unwrap(), origin }
    }

    /// The inbox, with the keys of a demo reader, which have no passphrase.
    pub(crate) async fn unlock(&self) -> String {
        self.post("/nl/inbox", &[("passphrase", "")]).await
    }

    pub(crate) async fn get(&self, path: &str) -> String {
        let answer = self.http.get(format!("{}{path}", self.origin)).send().await.unwrap();
        answer.text().await.unwrap()
    }

    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> String {
        let request = self.http.post(format!("{}{path}", self.origin)).header("origin", &self.origin);
        request.form(fields).send().await.unwrap().text().await.unwrap()
    }

    /// Sends the beginning of a file, then nothing, or a byte now and then: without end.
    pub(crate) async fn post_slowly(&self, path: &str, pause: Option<Duration>) {
        let head = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.bin\"\r\n\r\n";
        let pieces = stream::unfold(head, move |piece: &'static str| async move {
            match pause {
                _ if piece.len() > 1 => {}
                Some(pause) => tokio::time::sleep(pause).await,
                None => std::future::pending().await,
            }
            Some((Ok::<_, std::convert::Infallible>(piece), "x"))
        });
        let request = self.http.post(format!("{}{path}", self.origin)).header("origin", &self.origin);
        let request = request.header("content-type", "multipart/form-data; boundary=b");
        drop(request.body(Body::wrap_stream(pieces)).send().await);
    }

    /// The path of the first case of the inbox.
    pub(crate) async fn case(&self) -> String {
        path_after(&self.get("/nl/inbox").await, "<table")
    }

    /// The path of a file of that case.
    pub(crate) async fn link_of(&self, name: &str) -> String {
        let page = self.get(&self.case().await).await;
        let (before, _) = page.split_once(name).unwrap_or_else(|| panic!("{page}"));
        let (_, link) = before.rsplit_once("href=\"").unwrap();
        link.split('"').next().unwrap().to_owned()
    }
}

/// The first link after something.
fn path_after(page: &str, what: &str) -> String {
    let (_, rest) = page.split_once(what).unwrap_or_else(|| panic!("{page}"));
    rest.split("href=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}
