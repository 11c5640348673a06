//! The exercise at first use: a made-up case, opened with one's own key, with a word on each of its parts.
use std::sync::Arc;

use actix_web::{
    HttpResponse,
    http::StatusCode,
    rt::task::spawn_blocking,
    web::{Data, Path},
};
use age::secrecy::SecretString;
use askama::Template;

use super::{
    Desk,
    answer::{MaybeForm, fields},
    lock::take,
    view,
};
use crate::{
    desk::{Content, DeskError, Identity, Opened, case_words::story_texts, training::exercise},
    domain::{
        case::{ACKNOWLEDGE_DAYS, FEEDBACK_MONTHS},
        day::Day,
        roster::Topic,
    },
    seal::{Plaintext, Story},
    text::Texts,
};

#[derive(Template)]
#[template(path = "desk/training.html")]
struct Training {
    t: Texts,
    shown: Option<Shown>,
    error: Option<String>,
}

/// The case of the exercise.
struct Shown {
    filed: String,
    acknowledge: String,
    feedback: String,
    reader: String,
    proven: bool,
    texts: Vec<(String, String)>,
}

/// Asks for the passphrase where the desk is locked; then does the exercise.
pub(super) async fn training(desk: Data<Desk>, lang: Path<String>, form: MaybeForm) -> HttpResponse {
    let t = view::texts(&lang);
    let mut sent = fields(form);
    if !desk.identity.exists() {
        return view::see_other(&format!("/{}/first", t.lang()));
    }
    let unlocked = desk.open.lock().await.as_ref().map(|open| Arc::clone(&open.client.me));
    let passphrase = take(&mut sent, "passphrase");
    if unlocked.is_none() && passphrase.is_none() {
        return page(&desk, t, None, None);
    }
    let (path, typed) = (desk.identity.clone(), passphrase.unwrap_or_default());
    let (story, day) = (made_up(t), desk.place.clock.today());
    let done = spawn_blocking(move || {
        let typed = String::from_utf8_lossy(typed.reveal()).into_owned();
        let me = match unlocked {
            Some(me) => me,
            None => Arc::new(Identity::load(&path, || Ok(SecretString::from(typed)))?),
        };
        Ok::<_, DeskError>((me.reader.to_string(), exercise(&me, story, day)?))
    });
    match done.await.map_err(|e| DeskError::new(e.to_string())).and_then(|done| done) {
        Ok((reader, opened)) => page(&desk, t, shown(t, reader, day, opened), None),
        Err(error) => page(&desk, t, None, Some(error.in_words(t))),
    }
}

fn page(desk: &Desk, t: Texts, shown: Option<Shown>, error: Option<String>) -> HttpResponse {
    let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = Training { t, shown, error };
    view::page(t, status, &t.get("desk-training-title"), desk.mode(), &page.render().unwrap_or_default())
}

fn made_up(t: Texts) -> Story {
    let text = |name: &str| Plaintext::from(t.get(&format!("desk-training-{name}")));
    Story {
        topic: Topic::Money,
        story: text("story"),
        who: text("who"),
        when: text("when"),
        place: text("place"),
        known: Plaintext::default(),
        struck: Vec::new(),
    }
}

fn shown(t: Texts, reader: String, day: Day, opened: Opened) -> Option<Shown> {
    let Content::Story(story) = opened.content else { return None };
    Some(Shown {
        filed: t.day(day),
        acknowledge: t.day(day.plus_days(ACKNOWLEDGE_DAYS)),
        feedback: t.day(day.plus_months(FEEDBACK_MONTHS)),
        reader,
        proven: opened.proven,
        texts: story_texts(t, &story),
    })
}
