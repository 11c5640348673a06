//! The page for who is too fast, or comes when too many do. It holds everything that was sent, and a button that sends it again.
use actix_web::{HttpResponse, http::StatusCode};
use askama::Template;

use super::{
    App,
    limits::{Visitor, Wait},
    page::page,
};
use crate::{
    form::Fields,
    seal::{Plaintext, code::Code},
    text::Texts,
};

#[derive(Template)]
#[template(path = "busy.html")]
struct Busy<'a> {
    t: Texts,
    /// What follows the language in the form's address.
    path: &'a str,
    fields: Vec<(&'a str, &'a Plaintext)>,
    seconds: u64,
    /// A file cannot stay on a page.
    file: bool,
}

/// Says when to try again. `path` is where the fields go then.
pub(super) fn busy(t: Texts, path: &str, fields: &Fields, wait: Wait) -> HttpResponse {
    // Names stand in the page as they came; ours have nothing else in them.
    let ours = |name: &str| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
    let fields = fields.iter().filter(|(name, _)| ours(name)).map(|(name, value)| (name.as_str(), value)).collect();
    answer(t, path, fields, wait, false)
}

/// The same for a file, which has to be chosen again: the way back to the mailbox, and to what was typed beside it.
pub(super) fn busy_file(
    t: Texts,
    (code, room): (&Plaintext, Option<u8>),
    text: &Plaintext,
    wait: Wait,
) -> HttpResponse {
    let room = room.map(|room| Plaintext::from(room.to_string()));
    let fields = [("code", Some(code)), ("room", room.as_ref()), ("text", Some(text))];
    let fields = fields.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
    answer(t, "mailbox", fields, wait, true)
}

fn answer(t: Texts, path: &str, fields: Vec<(&str, &Plaintext)>, wait: Wait, file: bool) -> HttpResponse {
    let body = Busy { t, path, fields, seconds: wait.seconds(), file };
    page(t, StatusCode::TOO_MANY_REQUESTS, &t.get("too-many-title"), &[], &body.render().unwrap_or_default())
}

/// What somebody does with a code.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Act {
    /// Looks, or sends a file, which has limits of its own.
    Look,
    /// Adds something.
    Send,
}

/// Counts an act with a code, whether or not it opens anything: the answer is the same for every code.
pub(super) fn allowed(app: &App, visitor: Visitor, typed: Option<&Plaintext>, act: Act) -> Result<(), Wait> {
    let code = typed.and_then(|typed| Code::typed(typed, &app.roster.instance).ok());
    let key = code.map(|code| app.limits.key(code.hidden(&app.roster.instance).as_str()));
    app.limits.tries.take(visitor, key)?;
    if act == Act::Send { app.limits.texts.take(visitor, key) } else { Ok(()) }
}

/// The first field of a name.
pub(super) fn field<'a>(fields: &'a Fields, name: &str) -> Option<&'a Plaintext> {
    fields.iter().find(|(other, _)| other == name).map(|(_, value)| value)
}
