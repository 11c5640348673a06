//! First use: a name, a passphrase, and with them the keys.
use actix_web::{
    HttpResponse,
    http::StatusCode,
    rt::task::spawn_blocking,
    web::{Data, Path},
};
use askama::Template;

use super::{
    Desk,
    answer::{MaybeForm, fields},
    language::{self, only_shown},
    lock::take,
    view,
};
use crate::{
    desk::{
        DeskError, Identity,
        passphrase::{faults, passphrase_of},
    },
    domain::id::ReaderId,
    seal::Plaintext,
    text::Texts,
};

#[derive(Template)]
#[template(path = "desk/first.html")]
struct First {
    t: Texts,
    name: String,
    /// All that is wrong, each with its field.
    errors: Vec<(&'static str, String)>,
}

/// Asks for a name and a passphrase, and makes the keys.
pub(super) async fn first(desk: Data<Desk>, lang: Path<String>, form: MaybeForm) -> HttpResponse {
    let mut sent = fields(form);
    let t = language::asked(&desk, &lang, &mut sent);
    if desk.identity.exists() {
        return view::see_other(&format!("/{}/inbox", t.lang()));
    }
    let Some(name) = take(&mut sent, "name") else { return ask(t, String::new(), Vec::new()) };
    let name = String::from_utf8_lossy(name.reveal()).trim().to_owned();
    if only_shown(&sent) {
        return ask(t, name, Vec::new());
    }
    let typed = |field: Option<Plaintext>| String::from_utf8_lossy(field.unwrap_or_default().reveal()).into_owned();
    let (once, again) = (typed(take(&mut sent, "passphrase")), typed(take(&mut sent, "again")));
    let reader = ReaderId::parse(&name);
    let (weak, differ) = faults(&once, &again);
    let unnamed = reader.is_none().then(|| DeskError::known("desk-error-name"));
    let wrong = [("name", unnamed), ("passphrase", weak), ("again", differ)];
    let wrong: Vec<_> = wrong.into_iter().filter_map(|(field, error)| Some((field, error?.in_words(t)))).collect();
    let (path, Some(reader), true) = (desk.identity.clone(), reader, wrong.is_empty()) else {
        return ask(t, name, wrong);
    };
    let made = spawn_blocking(move || {
        let passphrase = passphrase_of(&once, &again)?;
        Identity::create(&path, reader, Some(passphrase.clone()))?;
        // What was written opens: so a copy of it that is the same does too, and nobody types the passphrase for that.
        Identity::load(&path, || Ok(passphrase))
    });
    match made.await.map_err(|e| DeskError::new(e.to_string())).and_then(|made| made) {
        Ok(me) => {
            desk.keep(me);
            view::see_other(&format!("/{}/keys?made=yes", t.lang()))
        }
        Err(error) => ask(t, name, vec![("name", error.in_words(t))]),
    }
}

fn ask(t: Texts, name: String, errors: Vec<(&'static str, String)>) -> HttpResponse {
    let status = if !errors.is_empty() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    view::page(
        t,
        status,
        &t.get("desk-first-title"),
        view::Frame::default(),
        &First { t, name, errors }.render().unwrap_or_default(),
    )
}
