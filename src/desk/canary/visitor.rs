//! What a reporter's browser does, over HTTP and without script: fetch a page, answer its form, send it.
use std::time::Duration;

use reqwest::{
    Client, RequestBuilder,
    header::{CONTENT_TYPE, ORIGIN, SET_COOKIE},
    multipart, redirect,
};

use super::{
    super::{DeskError, Place},
    page::{Form, Page, page},
};

/// How long a connection may take to be made; Tor is slow.
const CONNECT: Duration = Duration::from_mins(1);
/// How long the server may say nothing.
const SILENCE: Duration = Duration::from_mins(2);
/// Bytes of a page at most: every page of ours has one size.
const PAGE: usize = 64 << 10;

/// A browser that keeps nothing.
pub(super) struct Visitor {
    http: Client,
    origin: String,
}

impl Visitor {
    pub(super) fn new(at: &Place) -> Result<Self, DeskError> {
        let mut http = Client::builder()
            .connect_timeout(CONNECT)
            .read_timeout(SILENCE)
            .redirect(redirect::Policy::none())
            // The server closes what is idle just when the next form is sent.
            .pool_max_idle_per_host(0);
        if let Some(proxy) = &at.proxy {
            http = http.proxy(reqwest::Proxy::all(proxy)?);
        }
        Ok(Self { http: http.build()?, origin: at.server.trim_end_matches('/').to_owned() })
    }

    pub(super) async fn get(&self, path: &str) -> Result<Page, DeskError> {
        let page = self.fetch(self.http.get(format!("{}{path}", self.origin))).await?;
        expected(page, 200)
    }

    /// Sends a form, and expects a status.
    pub(super) async fn send(&self, form: Form, status: u16) -> Result<Page, DeskError> {
        let request = self.http.post(self.url(&form)?).header(ORIGIN, &self.origin);
        expected(self.fetch(request.form(&form.into_fields())).await?, status)
    }

    /// Sends a form with a file.
    pub(super) async fn upload(&self, form: Form, name: &str, bytes: Vec<u8>) -> Result<Page, DeskError> {
        let request = self.http.post(self.url(&form)?).header(ORIGIN, &self.origin);
        let fields = form.into_fields().into_iter();
        let body = fields.fold(multipart::Form::new(), |body, (name, value)| body.text(name, value));
        let file = multipart::Part::bytes(bytes).file_name(name.to_owned()).mime_str("application/octet-stream")?;
        expected(self.fetch(request.multipart(body.part("file", file))).await?, 200)
    }

    /// Forms lead to this server and nowhere else.
    fn url(&self, form: &Form) -> Result<String, DeskError> {
        let here = form.action.starts_with('/') && !form.action.starts_with("//");
        if here { Ok(format!("{}{}", self.origin, form.action)) } else { Err(wrong("a form leads elsewhere")) }
    }

    async fn fetch(&self, request: RequestBuilder) -> Result<Page, DeskError> {
        let mut answer = request.send().await?;
        let status = answer.status().as_u16();
        if answer.headers().contains_key(SET_COOKIE) {
            return Err(wrong("a page sets a cookie"));
        }
        let kind = answer.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if !kind.starts_with("text/html") {
            return Err(wrong(&format!("the answer is no page (status {status})")));
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = answer.chunk().await? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > PAGE {
                return Err(wrong("a page is larger than it may be"));
            }
        }
        let page = page(status, &String::from_utf8_lossy(&bytes));
        if page.script { Err(wrong("a page has a script")) } else { Ok(page) }
    }
}

fn expected(page: Page, status: u16) -> Result<Page, DeskError> {
    if page.status == status { Ok(page) } else { Err(wrong(&format!("the server answered {}", page.status))) }
}

/// What a visitor did not expect.
pub(super) fn wrong(text: &str) -> DeskError {
    DeskError::new(text)
}
