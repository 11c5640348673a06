//! Who reads, as the roster has it, and the next roster file: looked at, and signed.
use std::collections::BTreeMap;

use actix_multipart::Multipart;
use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
    web::{Data, Path},
};
use askama::Template;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use futures_util::StreamExt;
use zeroize::Zeroizing;

use super::{
    Desk, Fields,
    answer::{MaybeForm, answer, fields},
    language::only_shown,
    lock::Unlocked,
    view,
};
use crate::{
    desk::{
        DeskError, Review,
        roster::{Mistake, Unreviewed},
        sentence,
    },
    domain::{
        roster::{Function, Reader, Status},
        said::Said,
    },
    seal::Plaintext,
    text::Texts,
};

/// Bytes of everything that is sent: a file, and of the next page what carries it.
const MOST: usize = 2 << 20;

struct Person {
    name: String,
    functions: String,
    reads: String,
    active: bool,
}

#[derive(Template)]
#[template(path = "desk/roster.html")]
struct Page {
    t: Texts,
    people: Vec<Person>,
    expires: String,
    review: Option<Shown>,
    error: Option<String>,
    /// What the reader of the form says of it.
    detail: Option<String>,
}

/// A review, as the page shows it.
struct Shown {
    /// Why it cannot follow the file that counts now.
    stays: Option<String>,
    mistakes: Vec<String>,
    doubts: Vec<String>,
    changes: Vec<String>,
    signed: String,
    /// SHA-256 and last day.
    facts: [String; 2],
    right: bool,
    /// What was chosen, byte for byte: in a field of text a browser ends each line its own way, and another text would be signed.
    file: String,
    sig: String,
}

/// Who reads now.
pub(super) async fn roster(
    desk: Data<Desk>,
    request: HttpRequest,
    lang: Path<String>,
    form: MaybeForm,
) -> HttpResponse {
    answer(&desk, &request, &lang, fields(form), async |open, t, _| {
        if open.client.me.card.is_some() {
            return Err(DeskError::known("desk-error-guest").into());
        }
        Ok(page(open, t, None, None))
    })
    .await
}

/// A file to come: looked at or, with a key, signed.
pub(super) async fn review(
    desk: Data<Desk>,
    request: HttpRequest,
    lang: Path<String>,
    form: Multipart,
) -> HttpResponse {
    let sent = received(form).await;
    let mut pressed = Fields::new();
    pressed.extend(sent.get("in").map(|l| ("in".to_owned(), Plaintext::from(l.to_vec()))));
    if desk.is_locked().await {
        // A key is not kept on a page that asks for a passphrase.
        return view::see_other(&format!("/{}/roster", view::texts(&lang).lang()));
    }
    answer(&desk, &request, &lang, pressed, async |open, t, pressed| {
        let look = only_shown(&pressed);
        let text_of = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
        let full = |name: &str| sent.get(name).filter(|bytes| !bytes.trim_ascii().is_empty());
        // Chosen now, or carried from the page before.
        let chosen = |name: &str, carried: &str| match (full(name), full(carried)) {
            (Some(bytes), _) => Some(text_of(bytes)),
            (None, Some(bytes)) => Some(STANDARD.decode(bytes.as_slice()).ok().and_then(|bytes| text_of(&bytes))),
            (None, None) => None,
        };
        let text = match chosen("file", "carried-file") {
            Some(Some(text)) => text,
            Some(None) => return Ok(page(open, t, None, Some(t.get("roster-no-text")))),
            None => return Ok(page(open, t, None, (!look).then(|| t.get("roster-no-file")))),
        };
        let Some(signatures) = chosen("sig", "carried-sig").unwrap_or_else(|| Some(String::new())) else {
            return Ok(page(open, t, None, Some(t.get("roster-no-text"))));
        };
        let review = match open.client.review(&text, &signatures).await {
            Ok(review) => review,
            Err(Unreviewed::Toml(mistake)) => return Ok(in_form(open, t, &mistake)),
            Err(Unreviewed::Other(other)) => return Ok(page(open, t, None, Some(weighed(t, true, &other)))),
            Err(Unreviewed::Failed(error)) => return Ok(page(open, t, None, Some(error.in_words(t)))),
        };
        let secret = |bytes: &Zeroizing<Vec<u8>>| Zeroizing::new(String::from_utf8_lossy(bytes).into_owned());
        let Some(key) = full("key").map(secret).filter(|_| review.is_right() && !look) else {
            let missing = (sent.contains_key("sign") && !look).then(|| t.get("roster-no-key"));
            return Ok(page(open, t, Some(shown(t, &review, &text, &signatures)), missing));
        };
        let passphrase = sent.get("passphrase").map(secret).unwrap_or_default();
        match review.sign(&text, &signatures, &key, &passphrase) {
            Ok(signed) => Ok(download(&review, signed)),
            Err(error) => {
                let error: DeskError = error;
                Ok(page(open, t, Some(shown(t, &review, &text, &signatures)), Some(error.in_words(t))))
            }
        }
    })
    .await
}

fn download(review: &Review, signed: String) -> HttpResponse {
    let name = format!("attachment; filename=\"org-{}.toml.sig\"", review.org);
    HttpResponse::Ok()
        .content_type("application/octet-stream")
        .insert_header((header::CONTENT_DISPOSITION, name))
        .body(signed)
}

fn shown(t: Texts, review: &Review, text: &str, signatures: &str) -> Shown {
    let of = |mistake: bool| {
        review
            .findings
            .iter()
            .filter(|f| f.mistake == mistake)
            .map(|f| weighed(t, mistake, &f.problem))
            .collect::<Vec<_>>()
    };
    Shown {
        stays: review.follows.as_ref().err().map(|why| t.say(why)),
        mistakes: of(true),
        doubts: of(false),
        changes: review.changes.iter().map(|line| t.say(line)).collect(),
        signed: match &review.signed {
            Ok(people) => t.with("roster-signed", &[("names", people.join(", "))]),
            Err(_) if signatures.is_empty() => t.get("roster-unsigned"),
            Err(problem) => sentence(&t.say(problem)),
        },
        facts: [
            t.with("roster-sha256", &[("hash", review.sha256.clone())]),
            t.with("roster-last-day", &[("day", t.day(review.expires))]),
        ],
        right: review.is_right(),
        file: STANDARD.encode(text),
        sig: STANDARD.encode(signatures),
    }
}

/// A finding with its weight: what it says may begin with a name that is written small.
fn weighed(t: Texts, mistake: bool, problem: &Said) -> String {
    t.with(if mistake { "roster-mistake" } else { "roster-doubt" }, &[("text", t.say(problem))])
}

fn in_form(open: &Unlocked, t: Texts, mistake: &Mistake) -> HttpResponse {
    whole(open, t, None, (Some(t.say(&mistake.place)), Some(mistake.detail.clone())))
}

fn page(open: &Unlocked, t: Texts, review: Option<Shown>, error: Option<String>) -> HttpResponse {
    whole(open, t, review, (error, None))
}

fn whole(
    open: &Unlocked,
    t: Texts,
    review: Option<Shown>,
    (error, detail): (Option<String>, Option<String>),
) -> HttpResponse {
    let own = open.client.watches().and_then(|(org, _)| open.client.roster.organisation(org));
    let file = own.and_then(|o| o.file.as_ref());
    let people = file.into_iter().flat_map(|f| f.readers.iter().map(move |r| (f, r)));
    let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = Page {
        t,
        people: people.map(|(file, reader)| person(t, file, reader)).collect(),
        expires: file.map(|f| t.day(f.head.expires)).unwrap_or_default(),
        review,
        error,
        detail,
    };
    view::page(t, status, &t.get("roster-title"), &open.client, &page.render().unwrap_or_default())
}

fn person(t: Texts, file: &crate::domain::roster::OrgFile, reader: &Reader) -> Person {
    let function = |function: &Function| {
        t.get(match function {
            Function::Adviser => "function-adviser",
            Function::Officer => "function-officer",
            Function::Manager => "function-manager",
        })
    };
    let mut reads = Vec::new();
    for desk in &file.desks {
        let name = t.pick(&desk.name).to_owned();
        if desk.readers.contains(&reader.id) {
            reads.push(name);
        } else if desk.reserve.as_ref() == Some(&reader.id) {
            reads.push(t.with("roster-reserve", &[("name", name)]));
        }
    }
    if file.advisers.iter().any(|a| a.reader == reader.id || a.deputy.as_ref() == Some(&reader.id)) {
        reads.push(t.get("roster-advice"));
    }
    if file.managers.contains(&reader.id) {
        reads.push(t.get("roster-chosen"));
    }
    Person {
        name: format!("{} ({})", t.pick(&reader.shown_as), reader.id),
        functions: reader.functions.iter().map(function).collect::<Vec<_>>().join(", "),
        reads: if reads.is_empty() { t.get("roster-nothing") } else { reads.join(", ") },
        active: reader.status == Status::Active,
    }
}

/// The parts of a form, by name, in memory: a signer's key among them.
async fn received(mut form: Multipart) -> BTreeMap<String, Zeroizing<Vec<u8>>> {
    let (mut parts, mut room) = (BTreeMap::new(), MOST);
    while let Some(Ok(mut field)) = form.next().await {
        let name = field.name().unwrap_or_default().to_owned();
        let mut bytes = Zeroizing::new(Vec::new());
        while let Some(Ok(chunk)) = field.next().await {
            bytes.extend(chunk.iter().take(room));
            room = room.saturating_sub(chunk.len());
        }
        parts.insert(name, bytes);
    }
    parts
}
