//! Filing: one question a page, nine pages, one handler. Which page comes next is decided here and nowhere else.
use std::collections::BTreeSet;

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Form, Path},
};
use askama::Template;

use super::{
    App,
    busy::busy,
    filing::file,
    guard::Returns,
    limits::Visitor,
    mailbox,
    page::{FieldError, page, problem},
};
use crate::{
    domain::{
        id::ReaderId,
        roster::{Organisation, Reader, Scope, Topic},
        routing::{self, Readers, When},
    },
    form::{Answers, Fields, NotBelieved, STORY_BYTES, Want},
    seal::code::{Language, Slip},
    store::Filed,
    text::Texts,
};

/// The last page.
const LAST: u8 = 9;

/// The last page that asks. What comes after it has the seed of a code, and is not stored by browsers.
const QUESTIONS: u8 = 6;

/// Characters on a line of page 7, at least.
const LINE: usize = 60;

/// The first page.
pub(crate) async fn start(app: Data<App>, lang: Path<String>) -> HttpResponse {
    match Language::parse(&lang) {
        Some(language) => show(&app, Texts::of(language), &Answers::default(), 1, Vec::new()),
        None => problem(Language::Nl, StatusCode::NOT_FOUND),
    }
}

/// A page was answered: shows the next, the one before, or the same with what is wrong.
pub(crate) async fn step(app: Data<App>, visitor: Visitor, lang: Path<String>, form: Form<Fields>) -> HttpResponse {
    let Some(language) = Language::parse(&lang) else { return problem(Language::Nl, StatusCode::NOT_FOUND) };
    let t = Texts::of(language);
    let fields = form.into_inner();
    let short = |name: &str| {
        fields.iter().find(|(n, _)| n == name).and_then(|(_, v)| v.choice()).unwrap_or_default().to_owned()
    };
    let (step, go, token) = (short("step").parse().unwrap_or(0_u8), short("go"), short("token"));
    let target = go.strip_prefix("to-").and_then(|n| n.parse().ok()).filter(|n| (1..step).contains(n));
    let earlier = target.or((go == "back").then(|| step.saturating_sub(1).max(1)));
    if step == LAST
        && earlier.is_none()
        && let Err(wait) = app.limits.texts.take(visitor, None)
    {
        return busy(t, "report", &fields, wait);
    }
    let mut answers = Answers::read(fields);
    if !(1..=LAST).contains(&step) {
        return problem(language, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let believed = answers.believe(&app.roster, &app.form, step, &token);
    if let Err(why) = believed {
        // A seed that we may not have drawn makes no code.
        answers.seed = None;
        let (again, text) = match why {
            NotBelieved::Tampered => (step.min(QUESTIONS), "error-tampered"),
            NotBelieved::RosterChanged => (step.min(5), "error-roster-changed"),
        };
        return show(&app, t, &answers, again, vec![error("main", t.get(text))]);
    }
    match earlier {
        Some(earlier) => show(&app, t, &answers, earlier, Vec::new()),
        None => forward(&app, t, answers, step).await,
    }
}

async fn forward(app: &App, t: Texts, answers: Answers, step: u8) -> HttpResponse {
    let errors = check(app, t, &answers, step);
    if !errors.is_empty() {
        return show(app, t, &answers, step, errors);
    }
    if let Some(referral) = referral(app, &answers).filter(|_| step == 3) {
        let hidden = answers.hidden(&app.roster, app.form_key(), 4);
        let body = Referral { t, hidden, org: t.pick(&referral.entry.name), text: referral_text(t, referral) };
        return page(t, StatusCode::OK, &t.get("referral-title"), &[], &body.render().unwrap_or_default());
    }
    // On the later pages too: an answer can be made by hand.
    if step >= 5 && answers.readers(&app.roster).is_err() {
        let body = Nobody { t, hidden: answers.hidden(&app.roster, app.form_key(), 6) };
        return page(t, StatusCode::OK, &t.get("nobody-title"), &[], &body.render().unwrap_or_default());
    }
    if step == LAST {
        return send(app, t, answers).await;
    }
    let answers = if step < QUESTIONS { Some(answers) } else { answers.seeded() };
    match answers {
        Some(answers) => show(app, t, &answers, step + 1, Vec::new()),
        None => problem(t.language, StatusCode::SERVICE_UNAVAILABLE),
    }
}

fn error(field: &'static str, text: String) -> FieldError {
    FieldError { field, text }
}

fn referral<'a>(app: &'a App, answers: &Answers) -> Option<&'a Organisation> {
    app.roster.organisation(answers.org.as_ref()?).filter(|o| o.entry.scope == Scope::Referral)
}

fn referral_text(t: Texts, org: &Organisation) -> String {
    org.entry.referral.as_ref().map(|r| t.pick(r).to_owned()).unwrap_or_default()
}

/// What is missing or wrong on a page, in words that say what to do.
fn check(app: &App, t: Texts, answers: &Answers, step: u8) -> Vec<FieldError> {
    let missing = |missing: bool, field, text: &str| missing.then(|| error(field, t.get(text)));
    let known =
        answers.org.as_ref().and_then(|o| app.roster.organisation(o)).filter(|o| o.entry.scope != Scope::Outside);
    match step {
        2 => missing(answers.want.is_none(), "want", "error-want").into_iter().collect(),
        3 => missing(known.is_none(), "org", "error-org").into_iter().collect(),
        4 => missing(answers.topic.is_none(), "topic", "error-topic").into_iter().collect(),
        5 => {
            let adviser = answers.adviser.as_ref();
            let picked = known.is_some_and(|o| routing::advisers(o).any(|(r, _)| Some(&r.id) == adviser));
            let adviser = missing(!answers.is_report() && !picked, "adviser", "error-adviser");
            let strike = known.is_some_and(|o| answers.is_report() && strikes_nobody(app, answers, o));
            adviser.into_iter().chain(missing(strike, "strike", "error-strike")).collect()
        }
        6 => {
            let long = answers.written() > STORY_BYTES;
            let too_long =
                long.then(|| error("story", t.with("error-long", &[("bytes", answers.written().to_string())])));
            missing(answers.story.is_blank(), "story", "error-story").into_iter().chain(too_long).collect()
        }
        9 => {
            let instance = &app.roster.instance;
            let Some(mine) = answers.code(app.form_key()) else {
                return vec![error("main", t.get("error-tampered"))];
            };
            let Err(slip) = mine.typed_back(&answers.typed, instance) else { return Vec::new() };
            let text = match slip {
                Slip::Word(word) => t.with("error-word", &[("word", word.to_string())]),
                Slip::Count(count) => t.with("code-count", &[("count", count.to_string())]),
                Slip::Nothing => t.get("error-count"),
            };
            vec![error("code", text)]
        }
        _ => Vec::new(),
    }
}

/// Whether somebody is to be struck who would not read: a page that we made names nobody else. What it was meant to say is not guessed at.
fn strikes_nobody(app: &App, answers: &Answers, org: &Organisation) -> bool {
    let people = routing::people(&app.roster, org, answers.topic.unwrap_or(Topic::Other));
    answers.stray || answers.struck.iter().any(|id| people.iter().all(|(reader, _)| reader.id != *id))
}

/// A choice on a page: value, text, hint, whether it is chosen.
pub(super) struct Choice {
    pub(super) value: String,
    pub(super) text: String,
    pub(super) hint: String,
    pub(super) chosen: bool,
}

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    t: Texts,
    step: u8,
    hidden: String,
    answers: &'a Answers,
    errors: &'a [FieldError],
    choices: Vec<Choice>,
    managers: Vec<Choice>,
    readers: Vec<String>,
    reserve: Option<String>,
    struck: Vec<String>,
    outside: bool,
    org: String,
    words: Vec<&'static str>,
    today: String,
    start: &'static str,
}

impl Page<'_> {
    /// The questions that need no answer, with what was answered.
    fn optional(&self) -> [(&'static str, &crate::seal::Plaintext); 4] {
        let Answers { who, when, place, known, .. } = self.answers;
        [("who", who), ("when", when), ("place", place), ("known", known)]
    }

    /// The field that a page with one choice asks for.
    fn name(&self) -> &'static str {
        match self.step {
            2 => "want",
            3 => "org",
            4 => "topic",
            _ => "adviser",
        }
    }

    fn wrong(&self, field: &str) -> Option<&str> {
        self.errors.iter().find(|e| e.field == field).map(|e| e.text.as_str())
    }
}

#[derive(Template)]
#[template(path = "referral.html")]
struct Referral<'a> {
    t: Texts,
    hidden: String,
    org: &'a str,
    text: String,
}

#[derive(Template)]
#[template(path = "nobody.html")]
struct Nobody {
    t: Texts,
    hidden: String,
}

fn show(app: &App, t: Texts, answers: &Answers, step: u8, errors: Vec<FieldError>) -> HttpResponse {
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let org = answers.org.as_ref().and_then(|o| app.roster.organisation(o));
    let readers = answers.readers(&app.roster).ok().filter(|_| step > 5);
    let name = |r: &Reader| t.pick(&r.shown_as).to_owned();
    let words = if step == 8 {
        answers
            .code(app.form_key())
            .map(|code| code.words(&app.roster.instance, t.language).to_vec())
            .unwrap_or_default()
    } else {
        Vec::new()
    };
    let content = Page {
        t,
        step,
        hidden: answers.hidden(&app.roster, app.form_key(), step),
        answers,
        errors: &errors,
        choices: choices(app, t, answers, org, step),
        managers: org.filter(|_| step == 5 && answers.is_report()).map(|o| managers(t, answers, o)).unwrap_or_default(),
        readers: readers.iter().flat_map(|r| r.now()).map(name).collect(),
        reserve: readers.as_ref().and_then(Readers::reserve).map(name),
        struck: answers
            .struck
            .iter()
            .filter(|_| answers.is_report())
            .filter_map(|s| app.roster.reader(s))
            .map(name)
            .collect(),
        outside: readers.as_ref().is_some_and(Readers::outside_joined),
        org: org.map(|o| t.pick(&o.entry.name).to_owned()).unwrap_or_default(),
        words,
        today: t.day(app.clock.today()),
        start: match t.language {
            Language::Nl => include_str!("../../web/templates/info/nl/start.html"),
            Language::En => include_str!("../../web/templates/info/en/start.html"),
        },
    };
    let title = t.get(&format!("step-{step}"));
    let mut response = page(t, status, &title, &errors, &content.render().unwrap_or_default());
    if answers.seed.is_none() {
        response.extensions_mut().insert(Returns);
    }
    response
}

fn choices(app: &App, t: Texts, answers: &Answers, org: Option<&Organisation>, step: u8) -> Vec<Choice> {
    let choice =
        |value: &str, text: String, hint: String, chosen| Choice { value: value.to_owned(), text, hint, chosen };
    match step {
        2 => {
            let want = |w: Want| {
                let text = |part: &str| t.get(&format!("want-{}{part}", w.name()));
                choice(w.name(), text(""), text("-hint"), answers.want == Some(w))
            };
            Want::ALL.map(want).into()
        }
        3 => {
            let orgs = app.roster.organisations.iter().filter(|o| o.entry.is_shown());
            let org = |o: &Organisation| {
                let id = &o.entry.id;
                choice(id.as_str(), t.pick(&o.entry.name).to_owned(), String::new(), answers.org.as_ref() == Some(id))
            };
            orgs.map(org).collect()
        }
        4 => topics(t, answers.topic),
        5 => org.map(|o| people(app, t, answers, o)).unwrap_or_default(),
        _ => Vec::new(),
    }
}

/// The topics to choose from.
pub(super) fn topics(t: Texts, chosen: Option<Topic>) -> Vec<Choice> {
    let topic = |topic: Topic| Choice {
        value: topic.name().to_owned(),
        text: t.get(topic.text_id()),
        hint: String::new(),
        chosen: chosen == Some(topic),
    };
    Topic::ALL.map(topic).into()
}

/// Page 5: the advisers to pick from, or everyone who would read a report and can be struck.
fn people(app: &App, t: Texts, answers: &Answers, org: &Organisation) -> Vec<Choice> {
    if !answers.is_report() {
        let adviser = |(reader, deputy): (&Reader, Option<&Reader>)| Choice {
            value: reader.id.to_string(),
            text: t.pick(&reader.shown_as).to_owned(),
            hint: deputy.map(|d| t.with("deputy-is", &[("name", t.pick(&d.shown_as).to_owned())])).unwrap_or_default(),
            chosen: answers.adviser.as_ref() == Some(&reader.id),
        };
        return routing::advisers(org).map(adviser).collect();
    }
    strikable(app, t, (org, answers.topic.unwrap_or(Topic::Other)), &answers.struck)
}

/// Everyone who would read a report on a topic and can be struck.
pub(super) fn strikable(
    app: &App,
    t: Texts,
    (org, topic): (&Organisation, Topic),
    struck: &BTreeSet<ReaderId>,
) -> Vec<Choice> {
    let person = |(reader, when): (&Reader, When)| Choice {
        value: reader.id.to_string(),
        text: t.pick(&reader.shown_as).to_owned(),
        hint: t.get(match when {
            When::Now => "reads-now",
            When::Reserve => "reads-reserve",
            When::Outside => "reads-outside",
        }),
        chosen: struck.contains(&reader.id),
    };
    routing::people(&app.roster, org, topic).into_iter().map(person).collect()
}

fn managers(t: Texts, answers: &Answers, org: &Organisation) -> Vec<Choice> {
    let manager = |reader: &Reader| Choice {
        value: reader.id.to_string(),
        text: t.pick(&reader.shown_as).to_owned(),
        hint: String::new(),
        chosen: answers.manager.as_ref() == Some(&reader.id),
    };
    routing::managers(org).map(manager).collect()
}

/// Seals and files. The same code and text again is the same case.
async fn send(app: &App, t: Texts, answers: Answers) -> HttpResponse {
    // Everything that went before is checked again: a page 9 can be made without the pages before it.
    let incomplete = (2..=6).find(|page| !check(app, t, &answers, *page).is_empty());
    if let Some(earlier) = incomplete {
        let errors = check(app, t, &answers, earlier);
        return show(app, t, &answers, earlier, errors);
    }
    let Ok(readers) = answers.readers(&app.roster) else {
        return show(app, t, &answers, 5, vec![error("main", t.get("nobody-title"))]);
    };
    let Some(code) = answers.code(app.form_key()) else { return problem(t.language, StatusCode::UNPROCESSABLE_ENTITY) };
    match file(app, (t.language, answers), &readers, &code).await {
        Ok(Filed::New) => mailbox::show_code(app, t, &code, None, mailbox::Notice::Filed).await,
        Ok(Filed::Already) => mailbox::show_code(app, t, &code, None, mailbox::Notice::SentBefore).await,
        Err(_) => problem(t.language, StatusCode::SERVICE_UNAVAILABLE),
    }
}
