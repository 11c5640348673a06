//! Inviting a guest: the reader who heard the eight words makes the card.
use actix_multipart::Multipart;
use actix_web::{
    Either, HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Form, Path},
};
use askama::Template;
use futures_util::StreamExt;
use zeroize::Zeroizing;

use super::{card, chosen, no_guest, shown, typed};
use crate::{
    desk::{
        DeskError,
        consent::may_ask_for_guest,
        guest::card as card_in,
        invite,
        page::{
            Desk, Fields,
            answer::{Answer, answer, case_of},
            case::refresh_with_files,
            language::only_shown,
            lock::Unlocked,
            view::Wrong,
        },
    },
    domain::{day::Day, guest::GuestCard, id::CaseId, roster::Text},
    seal::Plaintext,
    text::Texts,
};

/// Bytes of a field: a public half or a card is shorter.
const FIELD: usize = 16 << 10;

/// A form with a file, or what the page of the lock sends again.
type WithFile = Either<Form<Fields>, Multipart>;

#[derive(Template)]
#[template(path = "desk/guest.html")]
struct Guest {
    t: Texts,
    case: CaseId,
    public: String,
    words: String,
    name: String,
    name_en: String,
    until: String,
    error: Option<Wrong>,
}

/// The fields of a form. A file that was chosen stands for the field of its name: so it is kept with what was typed.
async fn received(form: WithFile) -> Result<Fields, DeskError> {
    let mut form = match form {
        Either::Left(form) => return Ok(form.into_inner()),
        Either::Right(form) => form,
    };
    let mut fields = Fields::new();
    while let Some(Ok(mut field)) = form.next().await {
        let name = field.name().unwrap_or_default().to_owned();
        let mut bytes = Zeroizing::new(Vec::new());
        while let Some(Ok(chunk)) = field.next().await {
            if bytes.len() + chunk.len() > FIELD {
                return Err(DeskError::known("desk-error-guest-large"));
            }
            bytes.extend_from_slice(&chunk);
        }
        let name = match name.strip_suffix("-file") {
            Some(_) if bytes.trim_ascii().is_empty() => continue,
            Some(name) => name.to_owned(),
            None => name,
        };
        fields.retain(|(n, _)| *n != name);
        fields.push((name, Plaintext::from(std::mem::take(&mut *bytes))));
    }
    Ok(fields)
}

/// The form, and the card that is made of it; or a card that was made before.
pub(super) async fn invite_one(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<(String, String)>,
    form: WithFile,
) -> HttpResponse {
    let (sent, wrong) = match received(form).await {
        Ok(sent) => (sent, None),
        Err(error) => (Fields::new(), Some(error)),
    };
    answer(&desk, &request, &path.0, sent, async |open, t, sent| {
        no_guest(open)?;
        let id = case_of(&path.1)?;
        if let Some(error) = wrong {
            return page(open, t, &id, &sent, Some(Wrong::of(t, &error))).await;
        }
        let card = match chosen(&sent, "act") {
            _ if only_shown(&sent) => return page(open, t, &id, &sent, None).await,
            Some("make") => made(open, &id, &sent).await,
            Some("use") => used(&id, &sent),
            _ => return page(open, t, &id, &sent, None).await,
        };
        match card {
            Ok(made) => card::page(open, t, &made, &Fields::new(), None).await,
            Err(error) => page(open, t, &id, &sent, Some(Wrong::of(t, &error))).await,
        }
    })
    .await
}

async fn made(open: &Unlocked, id: &CaseId, sent: &Fields) -> Result<GuestCard, DeskError> {
    let nl = typed(sent, "name").trim().to_owned();
    if nl.is_empty() {
        return Err(DeskError::known("desk-error-guest-name"));
    }
    let en = typed(sent, "name-en").trim().to_owned();
    let shown_as = Text { en: if en.is_empty() { nl.clone() } else { en }, nl };
    let until = Day::parse(typed(sent, "until").trim()).ok_or_else(|| DeskError::known("desk-error-until"))?;
    invite(&open.client, id, &typed(sent, "public"), (shown_as, until), &typed(sent, "words")).await
}

fn used(id: &CaseId, sent: &Fields) -> Result<GuestCard, DeskError> {
    let card = typed(sent, "card");
    if card.trim().is_empty() {
        return Err(DeskError::known("desk-error-no-card"));
    }
    let card = card_in(card.as_bytes())?;
    if card.case == *id { Ok(card) } else { Err(DeskError::known("desk-error-card")) }
}

async fn page(open: &mut Unlocked, t: Texts, id: &CaseId, sent: &Fields, error: Option<Wrong>) -> Answer {
    let case = refresh_with_files(open, id).await?;
    if sent.is_empty() {
        may_ask_for_guest(&open.client, &case, super::items(open, id))?;
    }
    let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let field = |name| typed(sent, name);
    let page = Guest {
        t,
        case: *id,
        public: field("public"),
        words: field("words"),
        name: field("name"),
        name_en: field("name-en"),
        until: field("until"),
        error,
    };
    Ok(shown(open, t, status, "desk-act-guest", &page))
}
