//! The pages of a further filing.
use actix_web::{HttpResponse, http::StatusCode};
use askama::Template;

use super::{
    Filing, More, Target,
    answers::{ASK, CHECK, TOPIC},
};
use crate::{
    domain::roster::{Reader, Topic},
    http::{
        absence::served_by,
        mailbox::{self, words},
        page::{FieldError, page},
        report::{Choice, strikable, topics},
    },
    seal::consent::Along,
    text::Texts,
};

#[derive(Template)]
#[template(path = "more.html")]
struct Page<'a> {
    t: Texts,
    target: &'static str,
    /// What its texts are called by.
    words: &'static str,
    step: u8,
    /// The fields of the form, and those that lead back to the mailbox.
    hidden: String,
    mailbox: String,
    more: &'a More,
    errors: &'a [FieldError],
    topics: Vec<Choice>,
    strike: Vec<Choice>,
    tell: Vec<Choice>,
    along: Vec<Choice>,
    goes: Vec<&'static str>,
    readers: Vec<String>,
    reserve: Option<String>,
    struck: Vec<String>,
    outside: bool,
}

impl Page<'_> {
    fn wrong(&self, field: &str) -> Option<&str> {
        self.errors.iter().find(|e| e.field == field).map(|e| e.text.as_str())
    }

    /// A text of what is filed.
    fn about(&self, part: &str) -> String {
        self.t.get(&format!("{}-{part}", self.words))
    }
}

/// A page of a further filing.
pub(super) fn show(filing: &Filing<'_>, more: &More, step: u8, errors: Vec<FieldError>) -> HttpResponse {
    let Filing { app, t, opened, .. } = *filing;
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let who = filing.who(more).filter(|_| step == CHECK);
    let name = |r: &Reader| t.pick(&r.shown_as).to_owned();
    let asked = |wanted: bool| wanted && step == ASK;
    let along = filing.along(more);
    let content = Page {
        t,
        target: more.target.name(),
        words: more.target.words(opened),
        step,
        mailbox: mailbox::hidden(app, opened),
        hidden: [mailbox::hidden(app, opened), more.hidden(app, opened, step, who.as_ref())].concat(),
        more,
        errors: &errors,
        topics: if step == TOPIC { topics(t, more.topic) } else { Vec::new() },
        strike: if asked(more.target != Target::Identity) { strike(filing, more) } else { Vec::new() },
        tell: if asked(more.target == Target::Identity) { tell(filing, more) } else { Vec::new() },
        along: if asked(along) { goes_along(t, more.along) } else { Vec::new() },
        goes: if along { words(more.along) } else { Vec::new() },
        readers: who.iter().flat_map(|who| &who.now).map(name).collect(),
        reserve: who.as_ref().and_then(|who| who.reserve.as_ref()).map(name),
        struck: more.struck.iter().filter_map(|s| app.roster.reader(s)).map(name).collect(),
        outside: who.is_some_and(|who| who.outside),
    };
    let title = t.get(&format!("{}-title", more.target.words(opened)));
    page(t, status, &title, &errors, &content.render().unwrap_or_default())
}

/// Everyone who would read, to be struck.
fn strike(filing: &Filing<'_>, more: &More) -> Vec<Choice> {
    let Filing { app, t, opened, .. } = *filing;
    let org = match more.target {
        Target::Outside => app.roster.outside(),
        _ => app.roster.organisation(&opened.case.org),
    };
    let topic = more.desk_topic().unwrap_or(Topic::Other);
    org.map(|org| strikable(app, t, (org, topic), &more.struck)).unwrap_or_default()
}

/// The present readers of the case; nobody is ticked beforehand.
fn tell(filing: &Filing<'_>, more: &More) -> Vec<Choice> {
    let there = filing.present.iter().filter(|r| !r.waits(served_by(filing.app, filing.present)));
    let choice = |reader: &Reader| Choice {
        value: reader.id.to_string(),
        text: filing.t.pick(&reader.shown_as).to_owned(),
        hint: String::new(),
        chosen: more.told.contains(&reader.id),
    };
    there.map(|r| choice(r.reader)).collect()
}

fn goes_along(t: Texts, along: Along) -> Vec<Choice> {
    let all = [
        ("story", "along-story", along.story),
        ("messages", "along-messages", along.messages),
        ("files", "along-files", along.files),
    ];
    let choice = |(value, id, chosen): (&str, &str, bool)| Choice {
        value: value.to_owned(),
        text: t.get(id),
        hint: String::new(),
        chosen,
    };
    all.map(choice).into()
}
