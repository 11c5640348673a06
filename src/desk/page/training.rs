//! The exercise at first use: a made-up case, opened with one's own key, with a word on each of its parts.
use std::{collections::BTreeSet, sync::Arc};

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    rt::task::spawn_blocking,
    web::{Data, Path},
};
use age::secrecy::SecretString;
use askama::Template;

use super::{
    Desk,
    answer::{MaybeForm, fields},
    language,
    lock::take,
    view,
};
use crate::{
    desk::{Client, Content, DeskError, Identity, Opened, case_words::story_texts, training::exercise},
    domain::{
        case::{ACKNOWLEDGE_DAYS, FEEDBACK_MONTHS},
        day::Day,
        roster::{Function, Topic},
    },
    seal::{Kind, Plaintext, Story},
    text::Texts,
};

#[derive(Template)]
#[template(path = "desk/training.html")]
struct Training {
    t: Texts,
    practice: Practice,
    /// The keys are not in memory: it takes the passphrase.
    locked: bool,
    shown: Option<Shown>,
    error: Option<String>,
}

/// What is practised. Who gives advice alone has other work than who reads reports.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Practice {
    Report,
    Advice,
}

impl Practice {
    const ALL: [Self; 2] = [Self::Report, Self::Advice];

    /// Its name in forms, addresses and texts.
    fn name(self) -> &'static str {
        match self {
            Self::Report => "report",
            Self::Advice => "advice",
        }
    }

    fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|practice| practice.name() == name)
    }

    fn other(self) -> Self {
        if self == Self::Report { Self::Advice } else { Self::Report }
    }

    /// What this reader does, as the roster has them.
    fn of(client: &Client) -> Self {
        let reader = client.roster.reader(&client.me.reader);
        let advises = reader.is_some_and(|r| r.functions == BTreeSet::from([Function::Adviser]));
        if advises { Self::Advice } else { Self::Report }
    }

    fn kind(self) -> Kind {
        match self {
            Self::Report => Kind::Report,
            Self::Advice => Kind::Advice,
        }
    }
}

/// The case of the exercise.
struct Shown {
    filed: String,
    kind: String,
    due: String,
    reader: String,
    /// What its reader would do now.
    next: Vec<String>,
    proven: bool,
    texts: Vec<(String, String)>,
}

/// Asks for the passphrase where the desk is locked; then does the exercise.
pub(super) async fn training(
    desk: Data<Desk>,
    request: HttpRequest,
    lang: Path<String>,
    form: MaybeForm,
) -> HttpResponse {
    let mut sent = fields(form);
    let t = language::asked(&desk, &lang, &mut sent);
    if !desk.identity.exists() {
        return view::see_other(&format!("/{}/first", t.lang()));
    }
    let own = desk.open.lock().await.as_ref().map(|open| Practice::of(&open.client));
    let unlocked = desk.mine().await;
    let asked = take(&mut sent, "of").and_then(|of| of.choice().and_then(Practice::parse));
    let asked = asked.or_else(|| request.query_string().strip_prefix("of=").and_then(Practice::parse));
    let practice = asked.or(own).unwrap_or(Practice::Report);
    let passphrase = take(&mut sent, "passphrase");
    // Who has not said what they do chooses first.
    let chooses = own.is_none() && (asked.is_none() || language::only_shown(&sent));
    if passphrase.is_none() && (unlocked.is_none() || chooses) {
        return page(&desk, t, (practice, unlocked.is_none()), None, None);
    }
    let (path, typed) = (desk.identity.clone(), passphrase.unwrap_or_default());
    let (story, day) = (made_up(t, practice), desk.place.clock.today());
    let done = spawn_blocking(move || {
        let typed = String::from_utf8_lossy(typed.reveal()).into_owned();
        let me = match unlocked {
            Some(me) => me,
            None => Arc::new(Identity::load(&path, || Ok(SecretString::from(typed)))?),
        };
        Ok::<_, DeskError>((me.reader.to_string(), exercise(&me, (practice.kind(), story), day)?))
    });
    match done.await.map_err(|e| DeskError::new(e.to_string())).and_then(|done| done) {
        Ok((reader, opened)) => page(&desk, t, (practice, false), shown((t, practice), reader, day, opened), None),
        Err(error) => page(&desk, t, (practice, true), None, Some(error.in_words(t))),
    }
}

fn page(
    desk: &Desk,
    t: Texts,
    (practice, locked): (Practice, bool),
    shown: Option<Shown>,
    error: Option<String>,
) -> HttpResponse {
    let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = Training { t, practice, locked, shown, error };
    view::page(t, status, &t.get("desk-training-title"), desk.mode(), &page.render().unwrap_or_default())
}

fn made_up(t: Texts, practice: Practice) -> Story {
    let text = |name: &str| Plaintext::from(t.get(&format!("desk-training-{name}")));
    let (who, when, place, known) = Default::default();
    let asked = Story { topic: Topic::Power, story: text("question"), who, when, place, known, struck: Vec::new() };
    match practice {
        Practice::Advice => asked,
        Practice::Report => Story {
            topic: Topic::Money,
            story: text("story"),
            who: text("who"),
            when: text("when"),
            place: text("place"),
            ..asked
        },
    }
}

fn shown((t, practice): (Texts, Practice), reader: String, day: Day, opened: Opened) -> Option<Shown> {
    let Content::Story(story) = opened.content else { return None };
    let [acknowledge, feedback] = [day.plus_days(ACKNOWLEDGE_DAYS), day.plus_months(FEEDBACK_MONTHS)].map(|d| t.day(d));
    let (due, next) = match practice {
        Practice::Report => (
            t.with("desk-due-acknowledge", &[("day", acknowledge.clone())]),
            vec![
                t.with("desk-training-acknowledge", &[("day", acknowledge)]),
                t.get("desk-training-ask"),
                t.with("desk-training-feedback", &[("day", feedback)]),
            ],
        ),
        Practice::Advice => (
            t.get("desk-training-no-term"),
            ["desk-training-answer", "desk-training-ask", "desk-training-to-report"].map(|id| t.get(id)).into(),
        ),
    };
    Some(Shown {
        filed: t.day(day),
        kind: t.get(practice.kind().text_id()),
        due,
        reader,
        next,
        proven: opened.proven,
        texts: story_texts(t, &story),
    })
}
