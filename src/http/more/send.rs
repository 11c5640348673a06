//! The end of a further filing: sealed to the readers who were shown, in a room of its own.
use actix_web::{HttpResponse, http::StatusCode};

use super::{Filing, More, Target, answers::Who};
use crate::{
    domain::roster::Topic,
    http::{
        filing::{First, file_first},
        mailbox::{self, Notice},
        page::problem,
    },
    seal::{Kind, Plaintext, Story},
    store::Filed,
};

/// Seals and files. The same again is the same case; what was to go along is said once.
pub(super) async fn send(filing: &Filing<'_>, more: More, who: &Who) -> HttpResponse {
    let Filing { app, t, opened, .. } = *filing;
    let (target, along) = (more.target, more.along);
    let along = Some(along).filter(|along| filing.along(&more) && along.any());
    let kind = if target == Target::Identity { Kind::Identity } else { Kind::Report };
    let first = First {
        room: target.room(),
        kind,
        org: who.org.clone(),
        now: &who.now,
        reserve: who.reserve.as_ref(),
        language: t.language,
        from: filing.from(target, who),
        body: body(filing, more),
    };
    let mut notice = match file_first(app, &opened.code, first).await {
        Ok(Filed::New) => Notice::Filed,
        Ok(Filed::Already) => Notice::SentBefore,
        Err(_) => return problem(t.language, StatusCode::SERVICE_UNAVAILABLE),
    };
    if let Some(along) = along
        && mailbox::lets_along(app, opened, along).await.is_err()
    {
        notice = Notice::NotAlong;
    }
    mailbox::show_code(app, t, &opened.code, Some(target.room()), notice).await
}

/// The body of the first item. Consumes what was written.
fn body(filing: &Filing<'_>, more: More) -> Plaintext {
    let topic = more.desk_topic().unwrap_or(Topic::Other);
    let More { target, struck, text, .. } = more;
    // Nobody is left with an empty page: its readers are told that the rest comes from the adviser.
    let text = if text.is_blank() { Plaintext::from(filing.t.get("report-words")) } else { text };
    if target == Target::Identity {
        return text;
    }
    let struck = struck.into_iter().collect();
    let (who, when, place, known) = Default::default();
    Story { topic, story: text, who, when, place, known, struck }.into_body()
}
