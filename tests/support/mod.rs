//! What several tests need: a server on a fresh deployment, a browser without scripts, a private PostgreSQL.
#![expect(dead_code, clippy::unwrap_used, clippy::panic, reason = "each test uses a part")]
pub(crate) mod certificate;
pub(crate) mod child;
#[cfg(target_os = "linux")]
pub(crate) mod disk;
pub(crate) mod onion;
pub(crate) mod postgres;
pub(crate) mod smtp;
#[cfg(unix)]
pub(crate) mod tor;
pub(crate) mod whole;

use std::path::{Path, PathBuf};

use meldkluis::{clock::Clock, config::Config, demo, desk, domain::day::Day, http, roster_files, server};
use reqwest::{Client, RequestBuilder};

/// Bytes of every page.
pub(crate) const PAGE: usize = 65_536;

/// A running deployment with the demo's roster.
pub(crate) struct Service {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) base: String,
    pub(crate) database: String,
    pub(crate) clock: Clock,
}

impl Service {
    /// On SQLite, or on the database of a URL.
    pub(crate) async fn start(database: Option<String>) -> Self {
        Self::with(database, |_| {}).await
    }

    /// With settings changed before the start.
    pub(crate) async fn with(database: Option<String>, change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = demo::make_or_find(folder.path(), "127.0.0.1:0".parse().unwrap()).unwrap();
        Self::over(folder, Config { database, ..config }, change, |_| {}).await
    }

    /// Over a folder that a demo was made in before, as if it were that day.
    pub(crate) async fn found(folder: tempfile::TempDir, database: Option<String>, day: Day) -> Self {
        let config = demo::make_or_find(folder.path(), "127.0.0.1:0".parse().unwrap()).unwrap();
        let clock = Clock::Fixed(day);
        Self::serve(folder, Config { database, reserve_bytes: 0, ..config }, clock, |_| {}).await
    }

    /// Over a folder that a demo was made in before, with the prepared server changed.
    pub(crate) async fn changed(folder: tempfile::TempDir, change: impl FnOnce(&mut http::App)) -> Self {
        let config = demo::make_or_find(folder.path(), "127.0.0.1:0".parse().unwrap()).unwrap();
        Self::over(folder, config, |_| {}, change).await
    }

    /// With the prepared server changed before it serves: another day, say.
    pub(crate) async fn at(change: impl FnOnce(&mut http::App)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = demo::make_or_find(folder.path(), "127.0.0.1:0".parse().unwrap()).unwrap();
        Self::over(folder, config, |_| {}, change).await
    }

    /// With the demo's root file signed again as a training one: a demo is never served over HTTPS.
    pub(crate) async fn in_training(change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = demo::make_or_find(folder.path(), "127.0.0.1:0".parse().unwrap()).unwrap();
        train(folder.path());
        Self::over(folder, config, change, |_| {}).await
    }

    async fn over(
        folder: tempfile::TempDir,
        mut config: Config,
        change: impl FnOnce(&mut Config),
        change_app: impl FnOnce(&mut http::App),
    ) -> Self {
        config.reserve_bytes = 0;
        change(&mut config);
        Self::serve(folder, config, Clock::System, change_app).await
    }

    async fn serve(
        folder: tempfile::TempDir,
        config: Config,
        clock: Clock,
        change_app: impl FnOnce(&mut http::App),
    ) -> Self {
        let database = config.database();
        let mut app = server::prepare(config, clock).await.unwrap();
        change_app(&mut app);
        let (address, running) = http::serve_anywhere(app).unwrap();
        tokio::spawn(running);
        Self { folder, base: format!("http://{address}"), database, clock }
    }

    /// Runs a desk command as a reader of the demo, who is sure where a case is closed or left.
    pub(crate) async fn desk(&self, reader: &str, words: &[&str]) -> Result<serde_json::Value, String> {
        let asks = ["close", "leave"].iter().any(|act| words.contains(act));
        let sure: &[&str] = if asks { &["--yes"] } else { &[] };
        self.desk_says(reader, &[words, sure].concat()).await
    }

    /// As [`Self::desk`], with these words and no others.
    pub(crate) async fn desk_says(&self, reader: &str, words: &[&str]) -> Result<serde_json::Value, String> {
        let text = self.desk_words(reader, &[&["--json"], words].concat()).await?;
        Ok(serde_json::from_str(&text).unwrap())
    }

    /// As [`Self::desk_says`], in words.
    pub(crate) async fn desk_words(&self, reader: &str, words: &[&str]) -> Result<String, String> {
        use clap::Parser;
        #[derive(Parser)]
        struct Arguments {
            #[command(flatten)]
            options: desk::Options,
            #[command(subcommand)]
            command: desk::Command,
        }
        let key = self.folder.path().join(format!("readers/{reader}.key"));
        let anchor = self.folder.path().join("anchor.toml");
        let paths = [key.to_str().unwrap(), anchor.to_str().unwrap()];
        let fixed = ["desk", "--server", &self.base, "--identity", paths[0], "--root", paths[1]];
        let arguments = Arguments::try_parse_from(fixed.iter().chain(words));
        let mut arguments = arguments.map_err(|e| e.to_string())?;
        arguments.options.clock = self.clock;
        desk::run(&arguments.options, &arguments.command).await.map_err(|e| e.to_string())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// Signs the root file of a demo again as a training one.
pub(crate) fn train(folder: &Path) {
    let root = folder.join("roster/root.toml");
    let text = std::fs::read_to_string(&root).unwrap();
    let training = text.replace("mode = \"demo\"", "mode = \"training\"");
    assert_ne!(text, training);
    let key = ssh_key::PrivateKey::read_openssh_file(&folder.join("signers/root")).unwrap();
    std::fs::write(folder.join("roster/root.toml.sig"), roster_files::sign(&training, &key).unwrap()).unwrap();
    std::fs::write(root, training).unwrap();
}

/// A page as a browser without scripts has it.
pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) html: String,
    pub(crate) headers: reqwest::header::HeaderMap,
}

/// Sends forms as a browser does.
pub(crate) struct Browser {
    http: Client,
    base: String,
}

impl Browser {
    pub(crate) fn new(base: &str) -> Self {
        // A kept connection may be closed by the server just when the next form is sent.
        Self::with(base, Client::builder().pool_max_idle_per_host(0).build().unwrap())
    }

    /// With a client that sends headers of its own.
    pub(crate) fn with(base: &str, http: Client) -> Self {
        Self { http, base: base.to_owned() }
    }

    pub(crate) async fn get(&self, path: &str) -> Page {
        self.try_get(path).await.unwrap()
    }

    /// The whole page, or an error when the server cannot be reached.
    pub(crate) async fn try_get(&self, path: &str) -> reqwest::Result<Page> {
        page(self.http.get(format!("{}{path}", self.base))).await
    }

    pub(crate) async fn post(&self, path: &str, fields: &[(String, String)]) -> Page {
        self.try_post(path, fields).await.unwrap()
    }

    /// The whole page, or an error when the server went away.
    pub(crate) async fn try_post(&self, path: &str, fields: &[(String, String)]) -> reqwest::Result<Page> {
        let body: Vec<String> = fields.iter().map(|(n, v)| format!("{}={}", encode(n), encode(v))).collect();
        let request = self.http.post(format!("{}{path}", self.base)).header("origin", &self.base);
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(body.join("&"));
        page(request).await
    }

    /// Presses a button of the page's first form after answering its fields.
    pub(crate) async fn answer(&self, path: &str, page: &Page, answers: &[(&str, &str)]) -> Page {
        let mut fields = page.fields();
        for (name, value) in answers {
            if !["strike", "tell", "along"].contains(name) {
                fields.retain(|(n, _)| n != name);
            }
            fields.push(((*name).to_owned(), (*value).to_owned()));
        }
        self.post(path, &fields).await
    }

    pub(crate) async fn upload(&self, code: &str, name: &str, bytes: Vec<u8>) -> Page {
        self.try_upload(code, name, bytes).await.unwrap()
    }

    /// Adds a file to a room of a code.
    pub(crate) async fn upload_to(&self, code: &str, room: u8, name: &str, bytes: Vec<u8>) -> Page {
        let room = format!("{code}\r\n--edge\r\ncontent-disposition: form-data; name=\"room\"\r\n\r\n{room}");
        self.try_upload(&room, name, bytes).await.unwrap()
    }

    /// What a button of a mailbox sends, or a page that it leads to.
    pub(crate) async fn mailbox(&self, code: &str, room: Option<u8>, more: &[(&str, &str)]) -> Page {
        self.with_code("/nl/mailbox", code, room, more).await
    }

    /// Posts a code and the room it is for to a path.
    pub(crate) async fn with_code(&self, path: &str, code: &str, room: Option<u8>, more: &[(&str, &str)]) -> Page {
        let mut fields = vec![("code".to_owned(), code.to_owned())];
        fields.extend(room.map(|room| ("room".to_owned(), room.to_string())));
        fields.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        self.post(path, &fields).await
    }

    /// Asks an adviser for advice and returns the code.
    pub(crate) async fn advice(&self, story: &str, adviser: &str) -> String {
        self.advice_with(story, &[("adviser", adviser)]).await
    }

    /// Asks for advice of the people who are chosen.
    pub(crate) async fn advice_with(&self, story: &str, who: &[(&str, &str)]) -> String {
        let path = "/nl/report";
        let mut page = self.get(path).await;
        let answers: [&[(&str, &str)]; 7] =
            [&[], &[("want", "advice")], &[("org", "bzk")], &[("topic", "other")], who, &[("story", story)], &[]];
        for answer in answers {
            page = self.answer(path, &page, &[answer, &[("go", "next")]].concat()).await;
        }
        let code = page.code();
        page = self.answer(path, &page, &[("go", "next")]).await;
        page = self.answer(path, &page, &[("code", &code), ("go", "next")]).await;
        assert!(page.html.contains("veilig aangekomen"), "{}", page.title());
        code
    }

    /// The whole page, or an error when the server went away.
    pub(crate) async fn try_upload(&self, code: &str, name: &str, bytes: Vec<u8>) -> reqwest::Result<Page> {
        let head = format!(
            "--edge\r\ncontent-disposition: form-data; name=\"code\"\r\n\r\n{code}\r\n--edge\r\ncontent-disposition: \
             form-data; name=\"file\"; filename=\"{name}\"\r\ncontent-type: application/octet-stream\r\n\r\n"
        );
        let body = [head.as_bytes(), &bytes, b"\r\n--edge--\r\n"].concat();
        let request = self.http.post(format!("{}/nl/mailbox/file", self.base)).header("origin", &self.base);
        let request = request.header("content-type", "multipart/form-data; boundary=edge").body(body);
        page(request).await
    }

    /// Files a report and returns the code and the mailbox page.
    pub(crate) async fn report(&self, story: &str, strike: &[&str]) -> (String, Page) {
        let (code, fields) = self.prepared(story, strike).await;
        let page = self.post("/nl/report", &fields).await;
        (code, page)
    }

    /// Files a report with these answers to who may read, a manager for example, and returns the code.
    pub(crate) async fn report_to(&self, story: &str, who: &[(&str, &str)]) -> String {
        let (code, fields) = self.prepared_for(story, who).await;
        self.post("/nl/report", &fields).await;
        code
    }

    /// Fills in everything up to page 9, and returns the code and what is still to be sent.
    pub(crate) async fn prepared(&self, story: &str, strike: &[&str]) -> (String, Vec<(String, String)>) {
        let who: Vec<(&str, &str)> = strike.iter().map(|s| ("strike", *s)).collect();
        self.prepared_for(story, &who).await
    }

    async fn prepared_for(&self, story: &str, who: &[(&str, &str)]) -> (String, Vec<(String, String)>) {
        let path = "/nl/report";
        let page = self.get(path).await;
        let page = self.answer(path, &page, &[("go", "next")]).await;
        let page = self.answer(path, &page, &[("want", "report"), ("go", "next")]).await;
        let page = self.answer(path, &page, &[("org", "bzk"), ("go", "next")]).await;
        let page = self.answer(path, &page, &[("topic", "money"), ("go", "next")]).await;
        let who = [who, &[("go", "next")]].concat();
        let page = self.answer(path, &page, &who).await;
        let page = self.answer(path, &page, &[("story", story), ("go", "next")]).await;
        let page = self.answer(path, &page, &[("go", "next")]).await;
        let code = page.code();
        let page = self.answer(path, &page, &[("go", "next")]).await;
        let mut fields = page.fields();
        fields.retain(|(name, _)| name != "code");
        fields.extend([("code".to_owned(), code.clone()), ("go".to_owned(), "next".to_owned())]);
        (code, fields)
    }
}

impl Page {
    /// Names and values a browser would send with the page's first form, buttons left out.
    pub(crate) fn fields(&self) -> Vec<(String, String)> {
        let form = self.html.split("<form").nth(1).and_then(|f| f.split("</form>").next()).unwrap_or_default();
        let attribute = |tag: &str, name: &str| {
            tag.split(&format!(" {name}=\"")).nth(1).and_then(|t| t.split('"').next()).map(unescape)
        };
        let mut fields = Vec::new();
        for piece in form.split('<').skip(1) {
            let (tag, rest) = piece.split_once('>').unwrap_or((piece, ""));
            let Some(name) = attribute(tag, "name") else { continue };
            let chosen =
                !(tag.contains("type=\"radio\"") || tag.contains("type=\"checkbox\"")) || tag.contains(" checked");
            if tag.starts_with("textarea") {
                fields.push((name, unescape(rest)));
            } else if tag.starts_with("input") && chosen {
                fields.push((name, attribute(tag, "value").unwrap_or_default()));
            }
        }
        fields
    }

    /// The twelve words of page 8.
    pub(crate) fn code(&self) -> String {
        let list = self.html.split("mk-code").last().unwrap_or_default().split("</ol>").next().unwrap_or_default();
        let words: Vec<&str> =
            list.split("</span>").skip(1).filter_map(|w| w.split('<').next()).map(str::trim).collect();
        assert_eq!(words.len(), 12, "no code on this page: {}", self.title());
        words.join(" ")
    }

    pub(crate) fn title(&self) -> &str {
        self.html.split("<title>").nth(1).and_then(|t| t.split("</title>").next()).unwrap_or_default()
    }
}

async fn page(request: RequestBuilder) -> reqwest::Result<Page> {
    let response = request.send().await?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Ok(Page { status, html: response.text().await?, headers })
}

fn encode(text: &str) -> String {
    text.bytes()
        .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}

fn unescape(text: &str) -> String {
    [("&#13;", "\r"), ("&#10;", "\n"), ("&#34;", "\""), ("&#39;", "'"), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")]
        .iter()
        .fold(text.to_owned(), |t, (entity, c)| t.replace(entity, c))
}

/// Whether bytes stand anywhere in the files of a folder.
pub(crate) fn stands_in(folder: &Path, needle: &[u8]) -> bool {
    let Ok(entries) = std::fs::read_dir(folder) else { return false };
    entries.flatten().any(|entry| {
        let path = entry.path();
        if path.is_dir() {
            return stands_in(&path, needle);
        }
        std::fs::read(&path).is_ok_and(|b| b.windows(needle.len()).any(|w| w == needle))
    })
}

/// How many files stand below a folder.
pub(crate) fn files_in(folder: &Path) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    entries.flatten().map(|entry| if entry.path().is_dir() { files_in(&entry.path()) } else { 1 }).sum()
}
