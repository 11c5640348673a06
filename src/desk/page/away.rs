//! A reader says until when they are away, or that they are back.
use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use askama::Template;

use super::{
    Desk,
    answer::{Answer, MaybeForm, answer, fields},
    language::only_shown,
    lock::Unlocked,
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
    /// What the field holds.
    until: String,
    /// The present absence, in words.
    now: Option<String>,
    /// The last day that can be chosen, in words and as a form has it.
    last: (String, Day),
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
        open.client.reads()?;
        if sent.is_empty() {
            return page(open, t, None, None).await;
        }
        let until = typed(&sent, "until");
        let said = match chosen(&sent, "act") {
            _ if only_shown(&sent) => return page(open, t, Some(until), None).await,
            None | Some("away") => say(&open.client, Day::parse(until.trim())).await,
            Some("back") => open.client.away(None).await.map(|()| "back".to_owned()),
            _ => return page(open, t, Some(until), None).await,
        };
        match said {
            Ok(done) => Ok(view::see_other(&format!("/{}/inbox?done={done}", t.lang()))),
            Err(error) => page(open, t, Some(until), Some(error.in_words(t))).await,
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

async fn page(open: &Unlocked, t: Texts, typed: Option<String>, error: Option<String>) -> Answer {
    let away = open.client.away_until().await?;
    let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let until = typed.or_else(|| away.map(|day| day.to_string())).unwrap_or_default();
    let last = open.client.today().plus_days(AWAY_DAYS);
    let now = away.map(|day| t.with("desk-away-is", &[("day", t.day(day))]));
    let page = Away { t, until, now, last: (t.day(last), last), error };
    Ok(view::page(t, status, &t.get("desk-away-title"), &open.client, &page.render().unwrap_or_default()))
}
