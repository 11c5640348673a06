//! The commands of `meldkluis-desk`: one code path for text and JSON.
use std::{
    fs::File,
    io::{IsTerminal, Read, Write},
    path::{Path, PathBuf},
};

use age::secrecy::SecretString;
use base64::{Engine, prelude::BASE64_STANDARD};
use clap::Subcommand;
use futures_util::StreamExt;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{Client, DeskError, Identity, safe_name, safe_text};
use crate::{
    api_types::{Adding, CaseView, SentTo, SlotSent},
    clock::Clock,
    domain::{
        case::Act,
        id::{CaseId, ItemId, ReaderId},
    },
    seal::{
        Author, FileSealer, ItemHead, Kind, Manifest, Plaintext, Recipients, ReporterPublic, Slot, StoryText,
        desk::open_to, item,
    },
};

/// What every command takes.
#[derive(clap::Args)]
pub struct Options {
    /// Where the service is, for example https://meldkluis.example.org
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    pub server: String,
    /// Your identity file.
    #[arg(long)]
    pub identity: PathBuf,
    /// The root signers you trust (TOML).
    #[arg(long, default_value = "anchor.toml")]
    pub root: PathBuf,
    /// A proxy, for example socks5h://127.0.0.1:9050 for Tor. The system's HTTP proxy is used otherwise.
    #[arg(long)]
    pub proxy: Option<String>,
    /// Reads the passphrase from this file instead of asking.
    #[arg(long)]
    pub passphrase_file: Option<PathBuf>,
    /// Prints one JSON document.
    #[arg(long)]
    pub json: bool,
}

/// A command.
#[derive(Subcommand)]
pub enum Command {
    /// Makes your keys.
    Keygen {
        /// Your name in the roster.
        reader: String,
        /// Leaves the file without a passphrase.
        #[arg(long)]
        no_passphrase: bool,
    },
    /// Shows your public half and its fingerprint.
    Whoami,
    /// Lists your cases, the most urgent first.
    Inbox,
    /// Opens everything in a case.
    Read {
        /// The case.
        case: String,
        /// Saves the files into this folder.
        #[arg(long)]
        save: Option<PathBuf>,
    },
    /// Confirms to the reporter that the report was read.
    Acknowledge(Writing),
    /// Answers the reporter.
    Reply(Writing),
    /// Writes for the readers of the case only.
    Note(Writing),
    /// Ends the case.
    Close(Writing),
}

/// A case and a text.
#[derive(clap::Args)]
pub struct Writing {
    /// The case.
    case: String,
    /// The text's file; standard input, or $EDITOR on a terminal, when absent.
    #[arg(long)]
    file: Option<PathBuf>,
    /// Files that go along.
    #[arg(long)]
    attach: Vec<PathBuf>,
}

/// Runs a command; returns what to print.
pub async fn run(options: &Options, command: &Command) -> Result<String, DeskError> {
    if let Command::Keygen { reader, no_passphrase } = command {
        let reader = ReaderId::try_from(reader.clone()).map_err(DeskError::new)?;
        let passphrase = if *no_passphrase { None } else { Some(new_passphrase(options)?) };
        let me = Identity::create(&options.identity, reader, passphrase)?;
        return Ok(public(options, &me));
    }
    let me = Identity::load(&options.identity, || passphrase(options))?;
    if matches!(command, Command::Whoami) {
        return Ok(public(options, &me));
    }
    let state = options.identity.with_extension("seen");
    let client = Client::sign_in(&options.server, options.proxy.as_deref(), &me, &options.root, state).await?;
    match command {
        Command::Keygen { .. } | Command::Whoami => Ok(String::new()),
        Command::Inbox => inbox(options, &client).await,
        Command::Read { case, save } => read(options, &client, &me, case, save.as_deref()).await,
        Command::Acknowledge(w) => write(options, &client, &me, w, Act::Acknowledge).await,
        Command::Reply(w) => write(options, &client, &me, w, Act::Reply).await,
        Command::Note(w) => write(options, &client, &me, w, Act::Note).await,
        Command::Close(w) => write(options, &client, &me, w, Act::Close).await,
    }
}

fn passphrase(options: &Options) -> Result<SecretString, DeskError> {
    match &options.passphrase_file {
        Some(path) => Ok(SecretString::from(std::fs::read_to_string(path)?.trim_end().to_owned())),
        None => Ok(SecretString::from(rpassword::prompt_password("Passphrase: ")?)),
    }
}

fn new_passphrase(options: &Options) -> Result<SecretString, DeskError> {
    if options.passphrase_file.is_some() {
        return passphrase(options);
    }
    let first = rpassword::prompt_password("New passphrase: ")?;
    if first.chars().count() < 10 {
        return Err(DeskError::new("choose a passphrase of 10 characters or more; four or five words are good"));
    }
    if first != rpassword::prompt_password("Once more: ")? {
        return Err(DeskError::new("the two passphrases differ; nothing was made"));
    }
    Ok(SecretString::from(first))
}

fn public(options: &Options, me: &Identity) -> String {
    let fingerprint = hex::encode(Sha256::digest(me.public().as_bytes()));
    let (head, _) = fingerprint.split_at(32);
    if options.json {
        return json!({ "reader": me.reader, "public": me.public(), "fingerprint": head }).to_string();
    }
    format!("{}# fingerprint {head}", me.public())
}

async fn inbox(options: &Options, client: &Client) -> Result<String, DeskError> {
    let cases = client.inbox().await?;
    if options.json {
        return serde_json::to_string(&cases).map_err(|e| DeskError::new(e.to_string()));
    }
    let line = |c: &CaseView| {
        format!("{}  {}  {:?}  filed {}  due {}  {} item(s)", c.case, c.org, c.state, c.filed, c.due, c.items.len())
    };
    let lines: Vec<String> = cases.iter().map(line).collect();
    Ok(if lines.is_empty() { "No cases.".to_owned() } else { lines.join("\n") })
}

fn case_id(text: &str) -> Result<CaseId, DeskError> {
    CaseId::parse(text).ok_or_else(|| DeskError::new("a case is named by its id, as `inbox` shows it"))
}

/// An item that opened, or why it did not.
struct Read1 {
    id: ItemId,
    opened: Result<(Manifest, [u8; 32], tempfile::NamedTempFile), String>,
}

/// Opens every item of a case into private temporary files.
async fn open_all(client: &Client, me: &Identity, case: &CaseView, folder: &Path) -> Result<Vec<Read1>, DeskError> {
    let mut read = Vec::new();
    for id in &case.items {
        let mut sealed = tempfile::NamedTempFile::new_in(folder)?;
        let response = client.item(id).await?;
        let bar = bar(response.content_length().unwrap_or(0), "fetching");
        let mut chunks = response.bytes_stream();
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk?;
            bar.inc(chunk.len() as u64);
            sealed.write_all(&chunk)?;
        }
        bar.finish_and_clear();
        let mut out = tempfile::NamedTempFile::new_in(folder)?;
        let opened = open_to(&me.seal, sealed.reopen()?, out.as_file_mut()).map_err(|e| e.to_string());
        let opened = opened.and_then(|(manifest, by)| check_place(client, case, id, manifest).map(|m| (m, by)));
        let opened = match opened {
            Ok((manifest, by)) => {
                out.as_file().set_len(manifest.length)?;
                Ok((manifest, by, out))
            }
            Err(error) => Err(error),
        };
        read.push(Read1 { id: *id, opened });
    }
    // First items first, then by day; what did not open stands last.
    read.sort_by_key(|r| match &r.opened {
        Ok((m, _, _)) => (m.head.reporter.is_none(), Some((m.head.day, m.head.seq))),
        Err(_) => (true, None),
    });
    Ok(read)
}

fn check_place(client: &Client, case: &CaseView, id: &ItemId, manifest: Manifest) -> Result<Manifest, String> {
    let head = &manifest.head;
    let placed = head.instance == client.roster.instance && head.case == case.case && head.item == *id;
    if placed { Ok(manifest) } else { Err("this item was moved here from another place".to_owned()) }
}

/// The reporter's public halves: of the one first item that was signed with the key it names.
fn reporter(read: &[Read1]) -> Option<ReporterPublic> {
    let first = |r: &Read1| {
        let (manifest, by, _) = r.opened.as_ref().ok()?;
        let public = manifest.head.reporter.clone()?;
        let first = matches!(manifest.head.kind, Kind::Report | Kind::Advice);
        (first && public.sign == hex::encode(by)).then_some(public)
    };
    let mut found: Vec<ReporterPublic> = read.iter().filter_map(first).collect();
    found.dedup();
    // Two first items would let one of them speak for the other.
    if found.len() == 1 { found.pop() } else { None }
}

/// Who an item is from, and whether that is proven.
fn from(client: &Client, reporter: Option<&ReporterPublic>, manifest: &Manifest, by: &[u8; 32]) -> (String, bool) {
    match &manifest.head.author {
        Author::Reporter => ("the reporter".to_owned(), reporter.is_some_and(|r| r.sign == hex::encode(by))),
        Author::Reader(id) => {
            let key = client.roster.reader(id).map(|r| r.sign_key.to_lowercase());
            (id.to_string(), key == Some(hex::encode(by)))
        }
    }
}

async fn read(
    options: &Options,
    client: &Client,
    me: &Identity,
    case: &str,
    save: Option<&Path>,
) -> Result<String, DeskError> {
    let case = client.case(&case_id(case)?).await?;
    let private = tempfile::tempdir()?;
    if let Some(folder) = save {
        std::fs::create_dir_all(folder)?;
    }
    let read = open_all(client, me, &case, save.unwrap_or(private.path())).await?;
    let reporter = reporter(&read);
    let mut items = Vec::new();
    let mut damaged = 0;
    for Read1 { id, opened } in read {
        let shown = match opened {
            Err(error) => {
                damaged += 1;
                json!({ "item": id, "error": error })
            }
            Ok((manifest, by, file)) => {
                let (author, proven) = from(client, reporter.as_ref(), &manifest, &by);
                let mut shown = json!({ "item": id, "kind": manifest.head.kind, "day": manifest.head.day,
                    "from": author, "proven": proven, "bytes": manifest.length });
                let more = content(&manifest, file, save)?;
                if let (Value::Object(all), Value::Object(more)) = (&mut shown, more) {
                    all.extend(more);
                }
                shown
            }
        };
        items.push(shown);
    }
    let all = json!({ "case": case, "items": items });
    let text = if options.json { all.to_string() } else { in_words(&case, &items) };
    if damaged == items.len() {
        return Err(DeskError::new(format!("nothing in this case opened:\n{text}")));
    }
    Ok(text)
}

/// A file's name and where it was saved, or a text.
fn content(manifest: &Manifest, file: tempfile::NamedTempFile, save: Option<&Path>) -> Result<Value, DeskError> {
    if manifest.head.kind == Kind::File {
        let name = safe_name(manifest.head.name.as_deref().unwrap_or_default());
        let Some(folder) = save else { return Ok(json!({ "name": name })) };
        let path = unused(folder, &name);
        file.persist_noclobber(&path).map_err(|e| DeskError::new(e.to_string()))?;
        return Ok(json!({ "name": name, "saved": path }));
    }
    let mut body = Vec::new();
    file.reopen()?.read_to_end(&mut body)?;
    if matches!(manifest.head.kind, Kind::Report | Kind::Advice) {
        let story = StoryText::from_body(&body);
        return Ok(story.map_or_else(|| json!({ "error": "a story of an unknown form" }), |s| json!({ "story": s })));
    }
    Ok(json!({ "text": String::from_utf8_lossy(&body) }))
}

fn unused(folder: &Path, name: &str) -> PathBuf {
    let mut path = folder.join(name);
    let mut n = 1;
    while path.exists() {
        n += 1;
        path = folder.join(format!("{n}-{name}"));
    }
    path
}

fn in_words(case: &CaseView, items: &[Value]) -> String {
    let mut text = format!("Case {} ({:?}), filed {}, due {}\n", case.case, case.state, case.filed, case.due);
    for item in items {
        let field = |name: &str| item.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        if let Some(error) = item.get("error").and_then(Value::as_str) {
            text.push_str(&format!("\n-- {}: {error}\n", field("item")));
            continue;
        }
        let proven = item.get("proven").and_then(Value::as_bool) == Some(true);
        let by =
            if proven { format!("from {}", field("from")) } else { format!("not proven to be from {}", field("from")) };
        text.push_str(&format!("\n-- {} {}, {}\n", field("day"), field("kind"), safe_text(&by)));
        if let Some(story) = item.get("story").and_then(Value::as_object) {
            for (name, value) in story.iter().filter(|(n, _)| *n != "v") {
                let value = value.as_str().unwrap_or_default();
                if !value.is_empty() {
                    text.push_str(&format!("{name}: {}\n", safe_text(value)));
                }
            }
        }
        if let Some(written) = item.get("text").and_then(Value::as_str) {
            text.push_str(&safe_text(written));
            text.push('\n');
        }
        if item.get("name").is_some() {
            let bytes = item.get("bytes").and_then(Value::as_u64).unwrap_or_default();
            let saved = field("saved");
            let saved =
                if saved.is_empty() { "not saved; use --save DIR".to_owned() } else { format!("saved as {saved}") };
            text.push_str(&format!("file {}, {bytes} bytes, {saved}\n", field("name")));
        }
    }
    text
}

async fn write(options: &Options, client: &Client, me: &Identity, w: &Writing, act: Act) -> Result<String, DeskError> {
    let case = client.case(&case_id(&w.case)?).await?;
    let text = text(w)?;
    if text.is_blank() {
        return Err(DeskError::new("the text is empty; nothing was sent"));
    }
    let private = tempfile::tempdir()?;
    let read = open_all(client, me, &case, private.path()).await?;
    // Reading has opened the case: its state and readers now are what counts.
    let case = client.case(&case.case).await?;
    let to = recipients(client, me, &case, &read, act != Act::Note)?;
    let mut seq = u32::try_from(case.items.len()).unwrap_or(u32::MAX);
    for path in &w.attach {
        attach(client, me, &case, &to, path, seq).await?;
        seq = seq.saturating_add(1);
    }
    let kind = match act {
        Act::Acknowledge => Kind::Acknowledgement,
        Act::Reply => Kind::Reply,
        Act::Note => Kind::Note,
        Act::Close => Kind::Closing,
    };
    let head = head(client, me, &case, &to, kind, seq, None);
    let id = head.item;
    let sealed = item(head, text, &me.signer, &to).map_err(|e| DeskError::new(e.to_string()))?;
    let (slots, payload) = sealed.into_parts();
    let mut body = framed(id, Some(act), &case, &slots)?;
    body.extend_from_slice(&payload);
    let added = client.add(&case.case, body).await?;
    let already = added.already;
    Ok(if options.json { json!({ "item": id, "already": already }).to_string() } else { "Sent.".to_owned() })
}

/// Everyone a new item is sealed to. The server names the readers; a reader is believed only if the verified roster has
/// them and the first item was sealed to them.
fn recipients(
    client: &Client,
    me: &Identity,
    case: &CaseView,
    read: &[Read1],
    to_reporter: bool,
) -> Result<Recipients, DeskError> {
    let public = reporter(read).ok_or_else(|| DeskError::new("the first item does not prove who the reporter is"))?;
    let firsts = read.iter().filter_map(|r| r.opened.as_ref().ok()).filter(|(m, _, _)| m.head.reporter.is_some());
    let named: Vec<&ReaderId> = firsts.flat_map(|(m, _, _)| &m.head.to).collect();
    let stranger = case.readers.iter().find(|r| !named.contains(r));
    if let Some(stranger) = stranger {
        return Err(DeskError::new(format!(
            "{stranger} was not among the readers the reporter chose; nothing was sent"
        )));
    }
    let readers = case.readers.iter().filter_map(|r| client.roster.reader(r));
    let to = Recipients::of(readers).map_err(|e| DeskError::new(e.to_string()))?;
    if !to.reader_ids().contains(&me.reader) {
        return Err(DeskError::new("you are not an active reader of this case"));
    }
    if to_reporter {
        return to.with_reporter(case.case, &public.reply).map_err(|e| DeskError::new(e.to_string()));
    }
    Ok(to)
}

fn head(
    client: &Client,
    me: &Identity,
    case: &CaseView,
    to: &Recipients,
    kind: Kind,
    seq: u32,
    name: Option<String>,
) -> ItemHead {
    let mut seen = case.items.clone();
    seen.sort();
    let seen = seen.iter().fold(Sha256::new(), |hash, item| hash.chain_update(item.as_bytes()));
    ItemHead {
        instance: client.roster.instance,
        case: case.case,
        item: ItemId::from_uuid(Uuid::new_v4()),
        kind,
        author: Author::Reader(me.reader.clone()),
        seq,
        seen: seen.finalize().into(),
        day: Clock::System.today(),
        name,
        to: to.reader_ids(),
        reporter: None,
    }
}

/// What stands before a payload on its way to the server.
fn framed(item: ItemId, act: Option<Act>, case: &CaseView, slots: &[Slot]) -> Result<Vec<u8>, DeskError> {
    let sent = |s: &Slot| SlotSent { to: SentTo::of(&s.to), header: BASE64_STANDARD.encode(&s.header) };
    let adding = Adding { item, act, expected: case.state, slots: slots.iter().map(sent).collect() };
    let json = serde_json::to_vec(&adding).map_err(|e| DeskError::new(e.to_string()))?;
    let length = u32::try_from(json.len()).map_err(|e| DeskError::new(e.to_string()))?;
    Ok([&length.to_be_bytes()[..], &json].concat())
}

/// Seals a file into a private temporary file, then sends it.
async fn attach(
    client: &Client,
    me: &Identity,
    case: &CaseView,
    to: &Recipients,
    path: &Path,
    seq: u32,
) -> Result<(), DeskError> {
    let failed = |e: crate::seal::SealError| DeskError::new(e.to_string());
    let file = File::open(path).map_err(|e| DeskError::new(format!("cannot read {}: {e}", path.display())))?;
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned());
    let head = head(client, me, case, to, Kind::File, seq, name);
    let id = head.item;
    let mut sealed = tempfile::tempfile()?;
    let bar = bar(file.metadata()?.len(), "sealing");
    let mut sealer = FileSealer::new(to).map_err(failed)?;
    let mut chunk = vec![0; 1 << 20];
    let mut file = file;
    loop {
        let n = file.read(&mut chunk)?;
        if n == 0 {
            break;
        }
        sealer.write(chunk.get(..n).unwrap_or_default()).map_err(failed)?;
        sealed.write_all(&sealer.take())?;
        bar.inc(n as u64);
    }
    sealed.write_all(&sealer.take())?;
    let mut ending = sealer.ending(head, &me.signer).map_err(failed)?;
    while let Some(piece) = ending.next_piece().map_err(failed)? {
        sealed.write_all(&piece)?;
    }
    bar.finish_and_clear();
    let framed = framed(id, None, case, &ending.into_slots())?;
    client.add(&case.case, stream(framed, sealed)?).await?;
    Ok(())
}

/// A body of a head and a file, read in pieces.
fn stream(head: Vec<u8>, mut file: File) -> Result<reqwest::Body, DeskError> {
    use std::io::Seek;
    file.rewind()?;
    let bar = bar(file.metadata()?.len(), "sending");
    let pieces = futures_util::stream::unfold((file, bar), |(mut file, bar)| async move {
        let mut piece = vec![0; 256 << 10];
        match file.read(&mut piece) {
            Ok(0) => {
                bar.finish_and_clear();
                None
            }
            Ok(n) => {
                piece.truncate(n);
                bar.inc(n as u64);
                Some((Ok(bytes::Bytes::from(piece)), (file, bar)))
            }
            Err(error) => Some((Err(error), (file, bar))),
        }
    });
    let first = futures_util::stream::once(async { Ok::<_, std::io::Error>(bytes::Bytes::from(head)) });
    Ok(reqwest::Body::wrap_stream(first.chain(pieces)))
}

/// A progress bar on standard error, for what takes long, on a terminal only.
fn bar(length: u64, what: &'static str) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("{msg} {bar:30} {bytes}/{total_bytes} {eta}") {
        bar.set_style(style);
    }
    bar.set_message(what);
    if length < 4 << 20 {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    bar
}

/// The text of a writing: a file, the editor on a terminal, or standard input.
fn text(w: &Writing) -> Result<Plaintext, DeskError> {
    if let Some(path) = &w.file {
        return Ok(Plaintext::from(std::fs::read(path)?));
    }
    let editor = std::env::var_os("EDITOR").filter(|_| std::io::stdin().is_terminal());
    if let Some(editor) = editor {
        let draft = tempfile::NamedTempFile::new()?;
        let status = std::process::Command::new(editor).arg(draft.path()).status()?;
        if !status.success() {
            return Err(DeskError::new("the editor ended with an error; nothing was sent"));
        }
        return Ok(Plaintext::from(std::fs::read(draft.path())?));
    }
    let mut text = Vec::new();
    std::io::stdin().read_to_end(&mut text)?;
    Ok(Plaintext::from(text))
}
