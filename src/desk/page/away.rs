//! A reader says until when they are away, or that they are back.
use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use askama::Template;

use super::{
    Desk,
    answer::{MaybeForm, answer, fields},
    language::only_shown,
    readers::{chosen, typed},
    view,
};
use crate::{
    desk::{Client, DeskError},
    domain::{case::AWAY_DAYS, day::Day},
    text::Texts,
};

#[derive(Template)]
#[template(path = "desk/away.html")]
struct Away {
    t: Texts,
    until: String,
    error: Option<String>,
}

/// What the inbox says of what was done just now.
pub(super) fn notice(t: Texts, done: &str) -> Option<String> {
    match done {
        "left" => Some(t.get("desk-left-done")),
        "back" => Some(t.get("desk-away-is-back")),
        _ => None,
    }
}

/// The page, and what was sent from it or from the inbox.
pub(super) async fn away(desk: Data<Desk>, request: HttpRequest, lang: Path<String>, form: MaybeForm) -> HttpResponse {
    answer(&desk, &request, &lang, fields(form), async |open, t, sent| {
        if open.client.me.card.is_some() {
            return Err(DeskError::known("desk-error-guest").into());
        }
        let until = typed(&sent, "until");
        let said = match chosen(&sent, "act") {
            _ if only_shown(&sent) || sent.is_empty() => return Ok(page(open, t, until, None)),
            None | Some("away") => say(&open.client, Day::parse(until.trim())).await,
            Some("back") => open.client.away(None).await.map(|()| "back".to_owned()),
            _ => return Ok(page(open, t, until, None)),
        };
        match said {
            Ok(done) => Ok(view::see_other(&format!("/{}/inbox?done={done}", t.lang()))),
            Err(error) => Ok(page(open, t, until, Some(error.in_words(t)))),
        }
    })
    .await
}

async fn say(client: &Client, until: Option<Day>) -> Result<String, DeskError> {
    let today = client.today();
    let day = until.filter(|day| *day >= today && *day <= today.plus_days(AWAY_DAYS));
    let day = day.ok_or_else(|| DeskError::known("desk-error-until"))?;
    client.away(Some(day)).await?;
    Ok("away".to_owned())
}

fn page(open: &super::lock::Unlocked, t: Texts, until: String, error: Option<String>) -> HttpResponse {
    let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = Away { t, until, error };
    view::page(t, status, &t.get("desk-away-title"), &open.client, &page.render().unwrap_or_default())
}
