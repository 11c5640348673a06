//! Classifying a report, at assessment and at closing, with what the reporter chose beside it.
use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use askama::Template;

use super::{
    Desk, Fields,
    answer::{Answer, MaybeForm, answer, case_of, fields},
    case::refresh,
    language::only_shown,
    lock::Unlocked,
    view,
};
use crate::{
    desk::{
        DeskError, casework::may_classify, circle::story, classified, classify, classifying::wrong_text, guest,
        write::may_report,
    },
    domain::{
        classification::{
            ASSESSMENTS, Classification, ClassificationError, FINDINGS, FLAGS, INVESTIGATIONS, MEASURES, Stage, TYPES,
            VERSION,
        },
        id::CaseId,
    },
    seal::Kind,
    text::Texts,
};

/// A question with its answers: one of them, or several.
struct Question {
    name: &'static str,
    several: bool,
    optional: bool,
    wrong: bool,
    answers: Vec<(&'static str, String, bool)>,
}

#[derive(Template)]
#[template(path = "desk/classify.html")]
struct Page {
    t: Texts,
    case: CaseId,
    path: &'static str,
    title: &'static str,
    button: &'static str,
    chosen: Option<String>,
    questions: Vec<Question>,
    error: Option<String>,
    /// The error is of one of the questions.
    named: bool,
}

/// At assessment.
pub(super) async fn assess(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<(String, String)>,
    form: MaybeForm,
) -> HttpResponse {
    answer(&desk, &request, &path.0, fields(form), async |open, t, sent| {
        page(open, t, &case_of(&path.1)?, Stage::Assessment, &sent).await
    })
    .await
}

/// At closing.
pub(super) async fn conclude(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<(String, String)>,
    form: MaybeForm,
) -> HttpResponse {
    answer(&desk, &request, &path.0, fields(form), async |open, t, sent| {
        page(open, t, &case_of(&path.1)?, Stage::Closing, &sent).await
    })
    .await
}

async fn page(open: &mut Unlocked, t: Texts, id: &CaseId, stage: Stage, sent: &Fields) -> Answer {
    guest::may(&open.client, Kind::Classification)?;
    let case = refresh(open, id).await?;
    let items = open.cases.get(id).map(Vec::as_slice).unwrap_or_default();
    let may = may_report(&open.client, Kind::Classification, (&case, items)).and_then(|()| may_classify(items, stage));
    if sent.is_empty() {
        may?;
        let known = classified(items).map(|c| Classification { stage, ..c.clone() });
        let empty = Classification {
            list: VERSION,
            stage,
            of: String::new(),
            flags: Default::default(),
            assessment: String::new(),
            investigation: None,
            finding: None,
            measures: Default::default(),
        };
        return Ok(show(open, t, id, &known.unwrap_or(empty), None));
    }
    let made = read(stage, sent);
    if only_shown(sent) {
        return Ok(show(open, t, id, &made, None));
    }
    if let Err(error) = may {
        return Ok(show(open, t, id, &made, Some((None, error.in_words(t)))));
    }
    match made.clone().checked() {
        Err(wrong) => Ok(show(open, t, id, &made, Some((Some(wrong), wrong_text(t, wrong))))),
        // The flags of before were ticked already: which are not any more, somebody took back.
        Ok(checked) => match classify(&open.client, id, |_| checked.clone()).await {
            Ok(_) => Ok(view::see_other(&format!("/{}/case/{id}?done={}", t.lang(), words(stage).0))),
            Err(error) => Ok(show(open, t, id, &made, Some((None, DeskError::in_words(&error, t))))),
        },
    }
}

fn read(stage: Stage, sent: &Fields) -> Classification {
    let all = |name: &str| {
        sent.iter().filter(|(n, _)| n == name).filter_map(|(_, v)| v.choice().map(str::to_owned)).collect()
    };
    let one = |name: &str| sent.iter().find(|(n, _)| n == name).and_then(|(_, v)| v.choice().map(str::to_owned));
    let closing = stage == Stage::Closing;
    Classification {
        list: VERSION,
        stage,
        of: one("type").unwrap_or_default(),
        flags: all("flag"),
        assessment: one("assessment").unwrap_or_default(),
        investigation: one("investigation").filter(|_| closing),
        finding: one("finding").filter(|_| closing),
        measures: if closing { all("measure") } else { Default::default() },
    }
}

fn show(
    open: &Unlocked,
    t: Texts,
    id: &CaseId,
    made: &Classification,
    wrong: Option<(Option<ClassificationError>, String)>,
) -> HttpResponse {
    let items = open.cases.get(id).map(Vec::as_slice).unwrap_or_default();
    let chosen = story(items).map(|story| t.with("desk-class-chosen", &[("topic", t.get(story.topic.text_id()))]));
    let (kind, error) = wrong.map_or((None, None), |(kind, text)| (kind, Some(text)));
    let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let (path, title) = words(made.stage);
    let questions = questions(t, made, kind);
    let named = questions.iter().any(|question| question.wrong);
    let button = if made.stage == Stage::Closing { "desk-class-end" } else { "desk-class-do" };
    let page = Page { t, case: *id, path, title, button, chosen, questions, error, named };
    view::page(t, status, &t.get(title), &open.client, &page.render().unwrap_or_default())
}

/// The end of the page's path, and its title.
fn words(stage: Stage) -> (&'static str, &'static str) {
    match stage {
        Stage::Assessment => ("classify", "desk-act-classify"),
        Stage::Closing => ("outcome", "desk-act-outcome"),
    }
}

fn questions(t: Texts, made: &Classification, wrong: Option<ClassificationError>) -> Vec<Question> {
    let types: Vec<&'static str> = TYPES.iter().map(|of| of.code).collect();
    let of = |name: &'static str, list: &[&'static str], is: &dyn Fn(&str) -> bool| Question {
        name,
        several: false,
        optional: false,
        wrong: wrong.is_some_and(|wrong| wrong.is_about(name)),
        answers: list.iter().map(|code| (*code, t.get(&format!("{name}-{code}")), is(code))).collect(),
    };
    let mut all = vec![
        of("type", &types, &|code| made.of == code),
        Question { several: true, optional: true, ..of("flag", &FLAGS, &|code| made.flags.contains(code)) },
        of("assessment", &ASSESSMENTS, &|code| made.assessment == code),
    ];
    if made.stage == Stage::Closing {
        let is = |given: &Option<String>, code: &str| given.as_deref() == Some(code);
        all.push(of("investigation", &INVESTIGATIONS, &|code| is(&made.investigation, code)));
        all.push(of("finding", &FINDINGS, &|code| is(&made.finding, code)));
        let measures = of("measure", &MEASURES, &|code| made.measures.contains(code));
        all.push(Question { several: true, ..measures });
    }
    all
}
