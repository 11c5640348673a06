//! Entering an oral report: how and what about, who may not read and what was told, the readers with a code, the code said back.
//!
//! What was typed travels in hidden fields from page to page, with a seed that makes the code together with a key of this program: it
//! survives the lock, and nothing of it is kept. A token over all of it and the readers shown stands on every page with a seed.
mod answers;

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use askama::Template;

use self::answers::Answers;
use super::{
    Desk,
    answer::{Answer, MaybeForm, answer, fields},
    language::only_shown,
    lock::Unlocked,
    oversee::code as word,
    view,
};
use crate::{
    desk::{DeskError, Entered, enter},
    domain::{
        id::CaseId,
        oral::{How, topics},
        roster::{Reader, Topic},
        routing::Readers,
        routing::{When, people},
    },
    seal::{Plaintext, code::Language},
    text::Texts,
};

/// Asks how it was told and what it is about.
const ASK: u8 = 1;
/// Asks whom to strike, and takes the account.
const TELL: u8 = 2;
/// Shows who reads, and the code.
const CODE: u8 = 3;
/// Takes the code that is said back, and sends.
const SAY: u8 = 4;

/// A choice on a page.
struct Choice {
    value: String,
    text: String,
    hint: String,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "desk/oral.html")]
struct Page<'a> {
    t: Texts,
    step: u8,
    hidden: String,
    answers: &'a Answers,
    error: Option<(&'static str, String)>,
    hows: Vec<Choice>,
    topics: Vec<Choice>,
    languages: Vec<Choice>,
    strike: Vec<Choice>,
    readers: Vec<String>,
    reserve: Option<String>,
    outside: bool,
    words: Vec<&'static str>,
    /// The same code was sent with something else.
    other: bool,
}

#[derive(Template)]
#[template(path = "desk/oral_sent.html")]
struct SentPage {
    t: Texts,
    case: CaseId,
    already: bool,
}

impl Page<'_> {
    /// The questions that need no answer.
    fn optional(&self) -> [(&'static str, &Plaintext); 4] {
        let Answers { who, when, place, known, .. } = self.answers;
        [("who", who), ("when", when), ("place", place), ("known", known)]
    }

    fn wrong(&self, field: &str) -> Option<&str> {
        self.error.as_ref().filter(|(name, _)| *name == field).map(|(_, text)| text.as_str())
    }
}

/// All pages of it.
pub(super) async fn oral(desk: Data<Desk>, request: HttpRequest, lang: Path<String>, form: MaybeForm) -> HttpResponse {
    answer(&desk, &request, &lang, fields(form), async |open, t, sent| {
        if topics(&open.client.roster, &open.client.me.keyed()).is_none() {
            return Err(DeskError::known("desk-error-oral-officer").into());
        }
        let key = &*desk.code_key;
        let short = |name: &str| sent.iter().find(|(n, _)| n == name).and_then(|(_, v)| v.choice()).unwrap_or_default();
        let (step, go, token) = (short("step").parse().unwrap_or(0), short("go").to_owned(), short("token").to_owned());
        let shown = only_shown(&sent);
        if let Some(case) = CaseId::parse(short("sent")).filter(|_| shown) {
            return Ok(sent_page(open, t, Entered { case, already: short("already") == "true" }));
        }
        let answers = Answers::read(t, sent);
        match step {
            ASK..=SAY => forward(&Doing { open, t, key, shown }, answers, step, (&go, &token)).await,
            _ => Ok(show(&Doing { open, t, key, shown }, &answers, ASK, None)),
        }
    })
    .await
}

/// What every page is made with.
struct Doing<'a> {
    open: &'a Unlocked,
    t: Texts,
    key: &'a [u8; 32],
    /// In another language, and nothing else.
    shown: bool,
}

async fn forward(doing: &Doing<'_>, mut answers: Answers, step: u8, (go, token): (&str, &str)) -> Answer {
    if go == "fresh" {
        // What was sent before stands; this becomes another report, with a code of its own.
        answers.seed = None;
    } else if step >= CODE && !answers.believed(doing, token) {
        answers.seed = None;
        let text = doing.t.get("error-oral-changed");
        return Ok(show(doing, &answers, TELL, Some(("main", text))));
    }
    if doing.shown {
        return Ok(show(doing, &answers, step, None));
    }
    if go == "back" {
        return Ok(show(doing, &answers, step.saturating_sub(1).max(ASK), None));
    }
    if let Some((earlier, wrong)) = (ASK..=step).find_map(|step| Some((step, answers.wrong(doing, step)?))) {
        return Ok(show(doing, &answers, earlier, Some(wrong)));
    }
    if step == SAY && go != "fresh" {
        return send(doing, answers).await;
    }
    if step >= TELL {
        answers.drawn()?;
    }
    Ok(show(doing, &answers, (step + 1).min(if go == "fresh" { CODE } else { SAY }), None))
}

async fn send(doing: &Doing<'_>, answers: Answers) -> Answer {
    let Doing { open, t, .. } = doing;
    let (Some(telling), Some(code)) = (answers.telling(), answers.code(doing.key)) else {
        return Ok(show(doing, &answers, ASK, Some(("main", t.get("error-oral-changed")))));
    };
    match enter(&open.client, answers.texts(*t).language, telling, &code).await {
        Ok(entered) => Ok(sent_page(open, *t, entered)),
        Err(error) => {
            let field = if error.id == Some("desk-error-oral-other") { "other" } else { "main" };
            Ok(show(doing, &answers, SAY, Some((field, error.in_words(*t)))))
        }
    }
}

fn sent_page(open: &Unlocked, t: Texts, Entered { case, already }: Entered) -> HttpResponse {
    let page = SentPage { t, case, already };
    let title = t.get("oral-sent-title");
    view::page(t, StatusCode::OK, &title, &open.client, &page.render().unwrap_or_default())
}

fn show(doing: &Doing<'_>, answers: &Answers, step: u8, error: Option<(&'static str, String)>) -> HttpResponse {
    let Doing { open, t, key, .. } = *doing;
    let client = &open.client;
    let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let readers = answers.readers(doing).filter(|_| step >= CODE);
    let name = |r: &Reader| t.pick(&r.shown_as).to_owned();
    let code = answers.code(key).filter(|_| step == CODE);
    let words = code.map(|code| code.words(&client.roster.instance, answers.texts(t).language).to_vec());
    let page = Page {
        t,
        step,
        hidden: answers.hidden(doing, step),
        answers,
        other: error.as_ref().is_some_and(|(field, _)| *field == "other"),
        error,
        hows: How::ALL.map(|how| picked(t, "oral-how", how.name(), answers.how == Some(how))).into(),
        topics: topic_choices(doing, answers),
        languages: [Language::Nl, Language::En]
            .map(|l| picked(t, "oral-language", l.as_str(), answers.language == Some(l)))
            .into(),
        strike: if step == TELL { strikable(doing, answers) } else { Vec::new() },
        readers: readers.iter().flat_map(Readers::now).map(name).collect(),
        reserve: readers.as_ref().and_then(Readers::reserve).map(name),
        outside: readers.as_ref().is_some_and(Readers::outside_joined),
        words: words.unwrap_or_default(),
    };
    let title = t.get(&format!("oral-step-{step}"));
    view::page(t, status, &title, client, &page.render().unwrap_or_default())
}

fn picked(t: Texts, list: &str, value: &str, chosen: bool) -> Choice {
    Choice { value: value.to_owned(), text: t.get(&format!("{list}-{value}")), hint: String::new(), chosen }
}

/// The topics whose desk this officer sits in.
fn topic_choices(doing: &Doing<'_>, answers: &Answers) -> Vec<Choice> {
    let client = &doing.open.client;
    let mine = topics(&client.roster, &client.me.keyed()).map(|(_, topics)| topics).unwrap_or_default();
    mine.into_iter().map(|topic| topic_choice(doing.t, topic, &word(topic), answers.topic == Some(topic))).collect()
}

/// A topic as the forms name it; the one for whoever does not know is the reporter's word for themselves.
fn topic_choice(t: Texts, topic: Topic, value: &str, chosen: bool) -> Choice {
    let choice = picked(t, "topic", value, chosen);
    if topic == Topic::Other { Choice { text: t.get("oral-topic-other"), ..choice } } else { choice }
}

/// Everybody who can be struck: not the officer, who has heard it.
fn strikable(doing: &Doing<'_>, answers: &Answers) -> Vec<Choice> {
    let (t, client) = (doing.t, &doing.open.client);
    let Some((org, _)) = topics(&client.roster, &client.me.keyed()) else { return Vec::new() };
    let everybody = people(&client.roster, org, answers.topic.unwrap_or(Topic::Other));
    let choice = |(reader, when): (&Reader, When)| Choice {
        value: reader.id.to_string(),
        text: t.pick(&reader.shown_as).to_owned(),
        hint: t.get(match when {
            When::Now => "oral-reads-now",
            When::Reserve => "oral-reads-reserve",
            When::Outside => "oral-reads-outside",
        }),
        chosen: answers.struck.contains(&reader.id),
    };
    everybody.into_iter().filter(|(reader, _)| reader.id != client.me.reader).map(choice).collect()
}
