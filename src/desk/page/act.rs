//! Writing into a case: the page of an act, with the text it begins with.
use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use askama::Template;
use sha2::{Digest, Sha256};
use uuid::Builder;

use super::{
    Desk, Fields,
    answer::{Fault, MaybeForm, answer, case_of, fields},
    case::refresh,
    close,
    language::only_shown,
    letter::{Letter, words},
    lock::{Unlocked, take},
    random, view,
};
use crate::{
    api_types::CaseView,
    desk::{DeskError, circle::origin, news::Waits, open::advice, summary::first_line, write, write::write_once},
    domain::{
        case::Act,
        id::{CaseId, ItemId},
    },
    seal::{Plaintext, code::Language},
    text::Texts,
};

/// Length of what stands in a form for it alone.
const ONCE: usize = 64;

#[derive(Template)]
#[template(path = "desk/act.html")]
struct Writing<'a> {
    t: Texts,
    case: CaseId,
    title: String,
    act: &'static str,
    /// That the reporter asked for a talk, where this answers it.
    talk: Option<String>,
    text: &'a Plaintext,
    /// Of this form alone: sent again, it is written once.
    once: &'a str,
    /// The languages in which there is a text to begin with.
    letters: &'static [Language],
    error: Option<String>,
}

/// The page on which something is written, or what was written there.
pub(super) async fn act(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<(String, String, String)>,
    form: MaybeForm,
) -> HttpResponse {
    answer(&desk, &request, &path.0, fields(form), async |open, t, mut sent| {
        let (id, act) = (case_of(&path.1)?, Act::parse(&path.2).ok_or(Fault::NotFound)?);
        let Some(text) = take(&mut sent, "text") else {
            can(open, &id, act).await?;
            let text = letter(open, &id, act).text(begins(open, t, &id));
            return Ok(writing(open, t, &id, act, (&text, &random()?), None));
        };
        let letter = letter(open, &id, act);
        let kept = Plaintext::from(text.reveal().to_vec());
        let once = once(&mut sent)?;
        if let Some(language) = take(&mut sent, "letter").and_then(|l| l.choice().and_then(Language::parse)) {
            let text = letter.put_in(Texts::of(language), text);
            return Ok(writing(open, t, &id, act, (&text, &once), None));
        }
        if only_shown(&sent) && take(&mut sent, "asked").is_none() {
            let unknown = language(open, &id).is_none();
            let text = if unknown && letter.is(&text) { letter.text(t) } else { text };
            return Ok(writing(open, t, &id, act, (&text, &once), None));
        }
        let sure = take(&mut sent, "sure").and_then(|sure| sure.choice().map(|sure| sure == "yes"));
        let written = match act {
            Act::Ask | Act::Feedback | Act::Close if letter.is(&text) => Err(DeskError::known("desk-error-unfilled")),
            Act::Close if sure == Some(false) => return Ok(writing(open, t, &id, act, (&kept, &once), None)),
            Act::Close if sure.is_none() => match ask_once_more(open, t, &id, (&kept, &once)).await {
                Ok(asks) => return Ok(asks),
                Err(error) => Err(error),
            },
            _ => {
                let item = (item(&once, &kept), Vec::new());
                write_once(&open.client, &id, act, text, item).await
            }
        };
        match written {
            Ok(_) => Ok(view::see_other(&format!("/{}/case/{id}?done={}", t.lang(), act.name()))),
            Err(error) => {
                // What changed meanwhile is fetched: the page behind "cancel" shows it.
                drop(refresh(open, &id).await);
                Ok(writing(open, t, &id, act, (&kept, &once), Some(error.in_words(t))))
            }
        }
    })
    .await
}

/// What stands in a form for this alone; a form without it gets one.
fn once(sent: &mut Fields) -> Result<String, DeskError> {
    let once = take(sent, "once").and_then(|once| String::from_utf8(once.reveal().to_vec()).ok());
    once.filter(|once| once.len() == ONCE).map_or_else(random, Ok)
}

/// The item of a form: for the same words the same one, so that what was sent and is sent again is there once. To whoever has not seen the
/// form it is random.
fn item(once: &str, text: &Plaintext) -> ItemId {
    let mut hash = Sha256::new_with_prefix(once);
    for word in words(text.reveal()) {
        hash.update(word);
        hash.update(b" ");
    }
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(hash.finalize()).for_each(|(byte, hashed)| *byte = hashed);
    ItemId::from_uuid(Builder::from_random_bytes(bytes).into_uuid())
}

/// Fetches what is new in a case, and says why an act cannot be done in it.
async fn can(open: &mut Unlocked, id: &CaseId, act: Act) -> Result<CaseView, DeskError> {
    let case = refresh(open, id).await?;
    let items = open.cases.get(id).map(Vec::as_slice).unwrap_or_default();
    write::possible(&open.client, (&case, items), act)?;
    write::in_step(&open.client, (&case, items), act).map(|()| case)
}

async fn ask_once_more(
    open: &mut Unlocked,
    t: Texts,
    id: &CaseId,
    (text, once): (&Plaintext, &str),
) -> Result<HttpResponse, DeskError> {
    write::may_write(Act::Close, text)?;
    let case = can(open, id, Act::Close).await?;
    Ok(close::sure(open, t, &case, (text, once)))
}

fn writing(
    open: &Unlocked,
    t: Texts,
    id: &CaseId,
    act: Act,
    (text, once): (&Plaintext, &str),
    error: Option<String>,
) -> HttpResponse {
    let items = open.cases.get(id).map(Vec::as_slice).unwrap_or_default();
    let title = first_line(items).unwrap_or_else(|| t.get("desk-to-case"));
    let asked = open.summaries.waits(id, open.client.today()).contains(&Waits::Talk) && act == Act::Reply;
    let talk = asked.then(|| t.get("desk-talk-answer"));
    let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let letters = letter(open, id, act).languages();
    let page = Writing { t, case: *id, title, act: act.name(), talk, text, once, letters, error };
    let title = t.get(&format!("desk-act-{}", act.name()));
    view::page(t, status, &title, &open.client, &page.render().unwrap_or_default())
}

/// The language in which the reporter of a case filed it.
fn language(open: &Unlocked, id: &CaseId) -> Option<Language> {
    origin(open.cases.get(id).map(Vec::as_slice).unwrap_or_default())?.lang
}

/// The language of the text an act begins with: the reporter's, who is to read it; the reader's where that is not known.
fn begins(open: &Unlocked, t: Texts, id: &CaseId) -> Texts {
    language(open, id).map_or(t, Texts::of)
}

/// The text an act begins with in a case.
fn letter(open: &Unlocked, id: &CaseId, act: Act) -> Letter {
    Letter::of(act, open.cases.get(id).is_some_and(|items| advice(items)))
}
