//! Filing further with the same code, from a mailbox: a report of what was advice, disadvantage, who the reporter is, or the desk outside.
//! Each is a case of its own, in a room of its own.
mod answers;
mod send;
mod show;

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Form, Path},
};

use self::{
    answers::{ASK, CHECK, More, TOPIC, Who},
    send::send,
    show::show,
};
use super::{
    App,
    absence::served_by,
    busy::{Act, allowed, busy, field},
    limits::Visitor,
    mailbox::{self, CaseReader, Notice, Opened},
    page::{FieldError, problem},
    rooms::{ADVICE, IDENTITY, OUTSIDE, REPORT, RETALIATION, has_clock},
};
use crate::{
    domain::{id::CaseId, roster::Reader},
    form::{Fields, NotBelieved, STORY_BYTES},
    seal::{Plaintext, code::Language},
    text::Texts,
};

/// What can be filed with a code that is there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Target {
    /// A report of what was advice.
    Report,
    /// Disadvantage after a report or advice.
    Retaliation,
    /// Who the reporter is.
    Identity,
    /// A report to the desk outside.
    Outside,
}

impl Target {
    const ALL: [Self; 4] = [Self::Report, Self::Retaliation, Self::Identity, Self::Outside];

    /// Its name in forms and texts.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Report => "report",
            Self::Retaliation => "retaliation",
            Self::Identity => "identity",
            Self::Outside => "outside",
        }
    }

    /// What its texts are called by: whoever only asked for advice made no report.
    pub(crate) fn words(self, opened: &Opened) -> &'static str {
        match self {
            Self::Retaliation if !opened.has(REPORT) => "retaliation-advice",
            _ => self.name(),
        }
    }

    fn room(self) -> u8 {
        match self {
            Self::Report => REPORT,
            Self::Retaliation => RETALIATION,
            Self::Identity => IDENTITY,
            Self::Outside => OUTSIDE,
        }
    }

    fn first_step(self) -> u8 {
        if self == Self::Report { TOPIC } else { ASK }
    }

    /// Whether it can be filed from a room: once with each code, and never from the canary's.
    pub(crate) fn can(self, app: &App, opened: &Opened) -> bool {
        let from = match self {
            Self::Report => opened.room == ADVICE,
            Self::Retaliation => matches!(opened.room, ADVICE | REPORT),
            Self::Identity => opened.room != IDENTITY,
            Self::Outside => has_clock(opened.room),
        };
        from && !opened.has(self.room()) && !app.roster.is_canary(&opened.case.org)
    }
}

/// A button of a mailbox was pressed, or a page of a further filing answered.
pub(crate) async fn step(app: Data<App>, visitor: Visitor, lang: Path<String>, form: Form<Fields>) -> HttpResponse {
    let Some(language) = Language::parse(&lang) else { return problem(Language::Nl, StatusCode::NOT_FOUND) };
    let t = Texts::of(language);
    let mut fields = form.into_inner();
    let choice = |name| field(&fields, name).and_then(Plaintext::choice);
    let sends = choice("step") == Some(&CHECK.to_string()) && choice("go") != Some("back");
    let act = if sends { Act::Send } else { Act::Look };
    if let Err(wait) = allowed(&app, visitor, field(&fields, "code"), act) {
        return busy(t, "mailbox/more", &fields, wait);
    }
    let code = fields.iter_mut().find(|(name, _)| name == "code").map(|(_, value)| std::mem::take(value));
    let short = |name: &str| {
        fields.iter().find(|(n, _)| n == name).and_then(|(_, v)| v.choice()).unwrap_or_default().to_owned()
    };
    let (room, step, go, token) = (short("room").parse().ok(), short("step"), short("go"), short("token"));
    let target = Target::ALL.into_iter().find(|target| target.name() == short("to"));
    let opened = match mailbox::open(&app, t, &code.unwrap_or_default(), room).await {
        Ok(opened) => opened,
        Err(answer) => return answer,
    };
    let Some(target) = target else { return mailbox::show(&app, t, &opened, Notice::None, 0, None).await };
    // Sent before, or from a page that is no longer true: what is there is shown. A last page sent again is for `send` to tell.
    let again = opened.has(target.room()) && step == CHECK.to_string();
    if !target.can(&app, &opened) && !again {
        return mailbox::show_code(&app, t, &opened.code, Some(target.room()), Notice::None).await;
    }
    let Ok(present) = mailbox::readers(&app, &opened.case).await else {
        return problem(language, StatusCode::SERVICE_UNAVAILABLE);
    };
    let more = More::read(target, fields);
    let filing = Filing { app: &app, t, opened: &opened, present: &present };
    match step.parse().ok().filter(|step| (target.first_step()..=CHECK).contains(step)) {
        None => show(&filing, &more, target.first_step(), Vec::new()),
        Some(step) => answered(&filing, more, step, &go, &token).await,
    }
}

/// What a page of a further filing is made with.
struct Filing<'a> {
    app: &'a App,
    t: Texts,
    opened: &'a Opened,
    /// The readers of the case it is filed from.
    present: &'a [CaseReader<'a>],
}

impl Filing<'_> {
    fn who(&self, more: &More) -> Option<Who> {
        more.who(self.app, self.opened, self.present).ok()
    }

    /// The case it is filed from, for its readers to know what it belongs to: where each of them reads that too, and not of what goes to other
    /// readers by its nature.
    fn from(&self, target: Target, who: &Who) -> Option<CaseId> {
        let day = served_by(self.app, self.present);
        let reads = |reader: &Reader| self.present.iter().any(|r| *r.reader == *reader && !r.waits(day));
        let belongs = matches!(target, Target::Identity | Target::Retaliation);
        (belongs && who.now.iter().chain(&who.reserve).all(reads)).then_some(self.opened.case.id)
    }

    /// Whether something of the case can go along: a closed one takes nothing any more, and nothing of it is shared.
    fn along(&self, more: &More) -> bool {
        more.target == Target::Report && !self.opened.case.state.is_closed() && !self.present.is_empty()
    }
}

async fn answered(filing: &Filing<'_>, more: More, step: u8, go: &str, token: &str) -> HttpResponse {
    let t = filing.t;
    let who = filing.who(&more);
    if let Err(why) = more.believe(filing.app, filing.opened, (step, token), who.as_ref()) {
        let text = match why {
            NotBelieved::Tampered => "error-tampered",
            NotBelieved::RosterChanged => "error-roster-changed",
        };
        return show(filing, &more, step.min(ASK), vec![error("main", t.get(text))]);
    }
    // In the other language.
    if go == "here" {
        return show(filing, &more, step, Vec::new());
    }
    if go == "back" {
        return show(filing, &more, step.saturating_sub(1).max(more.target.first_step()), Vec::new());
    }
    // Everything that went before is checked again.
    let wrong = (more.target.first_step()..=step).map(|step| (step, check(filing, &more, step)));
    if let Some((earlier, errors)) = wrong.into_iter().find(|(_, errors)| !errors.is_empty()) {
        return show(filing, &more, earlier, errors);
    }
    match who.filter(|_| step == CHECK) {
        Some(who) => send(filing, more, &who).await,
        None => show(filing, &more, step + 1, Vec::new()),
    }
}

fn error(field: &'static str, text: String) -> FieldError {
    FieldError { field, text }
}

/// What is missing or wrong on a page, in words that say what to do.
fn check(filing: &Filing<'_>, more: &More, step: u8) -> Vec<FieldError> {
    let t = filing.t;
    let mut wrong = Vec::new();
    if step == TOPIC && more.topic.is_none() {
        wrong.push(error("topic", t.get("error-topic")));
    }
    if step != ASK {
        return wrong;
    }
    if more.target == Target::Identity && more.told.is_empty() {
        wrong.push(error("tell", t.get("error-tell")));
    } else if filing.who(more).is_none() {
        wrong.push(error(if more.target == Target::Identity { "tell" } else { "strike" }, t.get("nobody-text")));
    }
    wrong.extend(text_wrong(t, more, filing.along(more)).map(|text| error("text", text)));
    wrong
}

fn text_wrong(t: Texts, more: &More, along: bool) -> Option<String> {
    let long = more.text.escaped_len();
    if long > STORY_BYTES {
        return Some(t.with("error-long", &[("bytes", long.to_string())]));
    }
    let may_be_empty = along && more.along.any();
    (more.text.is_blank() && !may_be_empty)
        .then(|| t.get(if along { "error-text-or-along" } else { "error-more-text" }))
}
