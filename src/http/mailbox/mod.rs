//! The mailbox: everything a code opens. The code travels in the body of a POST and is kept nowhere.
mod consent;
mod duty;
mod guests;
mod letters;
mod write;

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Form, Path},
};
use askama::Template;

use self::{
    consent::parted,
    guests::{guest_name, guests, present},
    letters::letters,
    write::{add, destroy, sure, write},
};
pub(crate) use self::{guests::guests_now, write::head};
use super::{
    App,
    absence::{self, served_by},
    filing::ADVICE,
    form::Fields,
    page::{FieldError, page, problem},
};
use crate::{
    domain::{
        case::{Case, CaseState},
        day::Day,
        id::{ItemId, KeyedReader},
        roster::Reader,
    },
    seal::{
        Author, Kind, Plaintext,
        code::{Code, CodeError, Language, RoomKeys},
    },
    store::StoreError,
    text::Texts,
};

/// A code opens at most so many rooms; every try looks all of them up.
const ROOMS: u8 = 4;
/// Escaped bytes of an answer that is written, and of one that is shown: both fit a page.
const ANSWER_BYTES: usize = 20 << 10;

/// What just happened, said on top of the page.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Notice {
    None,
    Filed,
    Written,
    FileAdded,
    NoFile,
    FileTooLarge,
    FileRefused,
    Full,
    Closed,
    Agreed,
    NotAgreed,
    ConsentOver,
    Withdrawn,
    SentBefore,
}

impl Notice {
    fn text_id(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Filed => Some("notice-filed"),
            Self::Written => Some("notice-written"),
            Self::FileAdded => Some("notice-file"),
            Self::NoFile => Some("error-no-file"),
            Self::FileTooLarge => Some("notice-file-large"),
            Self::FileRefused => Some("notice-file-refused"),
            Self::Full => Some("notice-full"),
            Self::Closed => Some("closed-text"),
            Self::Agreed => Some("notice-agreed"),
            Self::NotAgreed => Some("notice-not-agreed"),
            Self::ConsentOver => Some("notice-consent-over"),
            Self::Withdrawn => Some("notice-withdrawn"),
            Self::SentBefore => Some("notice-sent-before"),
        }
    }
}

#[derive(Template)]
#[template(path = "door.html")]
struct Door<'a> {
    t: Texts,
    error: Option<&'a str>,
}

/// Where a code is typed.
pub(crate) async fn door(lang: Path<String>) -> HttpResponse {
    match Language::parse(&lang) {
        Some(language) => show_door(Texts::of(language), None),
        None => problem(Language::Nl, StatusCode::NOT_FOUND),
    }
}

fn show_door(t: Texts, error: Option<String>) -> HttpResponse {
    let errors: Vec<FieldError> = error.iter().map(|text| FieldError { field: "code", text: text.clone() }).collect();
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let door = Door { t, error: error.as_deref() };
    page(t, status, &t.get("mailbox-title"), &errors, &door.render().unwrap_or_default())
}

/// A code was typed, or a button of a mailbox page pressed.
pub(crate) async fn act(app: Data<App>, lang: Path<String>, form: Form<Fields>) -> HttpResponse {
    let Some(language) = Language::parse(&lang) else { return problem(Language::Nl, StatusCode::NOT_FOUND) };
    let t = Texts::of(language);
    let (mut typed, mut act, mut at, mut text) = Default::default();
    let mut request = None;
    for (name, value) in form.into_inner() {
        match name.as_str() {
            "code" => typed = value,
            "text" => text = value,
            "act" => act = value.choice().unwrap_or_default().to_owned(),
            "request" => request = value.choice().and_then(ItemId::parse),
            "at" => at = value.choice().and_then(|n| n.parse().ok()).unwrap_or(0),
            _ => {}
        }
    }
    let opened = match open(&app, t, &typed).await {
        Ok(opened) => opened,
        Err(answer) => return answer,
    };
    let done = match act.as_str() {
        "write" => return write(&app, t, &opened, text).await,
        "withdraw" if opened.case.state != CaseState::Unopened => t.get("withdraw-words"),
        "withdraw" => return destroy(&app, t, &opened).await,
        "consent-yes" | "consent-no" => match request {
            Some(request) => return consent::answer(&app, t, &opened, &request, act == "consent-yes").await,
            None => return show(&app, t, &opened, Notice::ConsentOver, 0, None).await,
        },
        "sure" => return sure(&app, t, &opened),
        _ => return show(&app, t, &opened, Notice::None, at, None).await,
    };
    match add(&app, &opened, Kind::Message, Plaintext::from(done)).await {
        Ok(()) => show(&app, t, &opened, Notice::Withdrawn, 0, None).await,
        Err(_) => problem(t.language, StatusCode::SERVICE_UNAVAILABLE),
    }
}

/// A case with the keys of its room.
pub(crate) struct Opened {
    pub(crate) code: Code,
    /// Which of the code's rooms it is.
    pub(crate) room: u8,
    pub(crate) keys: RoomKeys,
    pub(crate) case: Case,
}

/// Finds the case of a code. Unknown, withdrawn and destroyed codes are one answer, after the same look-ups.
pub(crate) async fn open(app: &App, t: Texts, typed: &Plaintext) -> Result<Opened, HttpResponse> {
    let malformed = |error| {
        let text = match error {
            CodeError::WrongCount(n) => t.with("code-count", &[("count", n.to_string())]),
            CodeError::UnknownWord(n) => t.with("code-word", &[("word", n.to_string())]),
            CodeError::Checksum => t.get("code-checksum"),
        };
        show_door(t, Some(text))
    };
    let code = Code::typed(typed, &app.roster.instance).map_err(malformed)?;
    if app.tries.check().is_err() {
        return Err(problem(t.language, StatusCode::TOO_MANY_REQUESTS));
    }
    let mut found = None;
    for room in 0..ROOMS {
        let keys = code.keys(&app.roster.instance, room);
        let case = app.store.case_by_lookup(&keys.lookup).await;
        let case = case.map_err(|_| problem(t.language, StatusCode::SERVICE_UNAVAILABLE))?;
        // A row that was moved to this look-up id is not the case of this code.
        let case = case.filter(|case| case.id == keys.public().case(&app.roster.instance));
        found = found.or(case.map(|case| (room, keys, case)));
    }
    match found {
        Some((room, keys, case)) => Ok(Opened { code, room, keys, case }),
        None => Err(show_door(t, Some(t.get("code-unknown")))),
    }
}

/// The page after filing.
pub(crate) async fn show_code(app: &App, t: Texts, code: &Code, notice: Notice) -> HttpResponse {
    let typed = Plaintext::from(code.hidden(&app.roster.instance).as_str().to_owned());
    match open(app, t, &typed).await {
        Ok(opened) => show(app, t, &opened, notice, 0, None).await,
        Err(answer) => answer,
    }
}

/// The readers who have a slot in the case's items now, with the day on which a reserve reader's are released.
pub(crate) async fn readers<'a>(app: &'a App, case: &Case) -> Result<Vec<CaseReader<'a>>, StoreError> {
    let named = app.roster.readers().zip(&app.keyed);
    let mut absent: Vec<_> = named.map(|(r, keyed)| (app.post.reader_mailbox(keyed, case.filed), r, keyed)).collect();
    let away = absence::away(app).await?;
    let mut found = Vec::new();
    for item in app.store.items(&case.id).await? {
        let rows = app.store.slots(&item).await?;
        absent.retain(|(mailbox, reader, keyed)| {
            let row = rows.iter().find(|row| row.mailbox == *mailbox && app.post.intact(case, &item, row));
            // Few of the roster are in the case: only of those the hash is made.
            let until = || away.get(&app.post.reader_away(keyed)).copied();
            found.extend(row.map(|row| CaseReader { reader, keyed, release: row.release, away: until() }));
            row.is_none()
        });
    }
    Ok(found)
}

/// A reader with a slot in a case.
#[derive(Clone, Copy)]
pub(crate) struct CaseReader<'a> {
    /// As the roster has them now.
    pub(crate) reader: &'a Reader,
    /// With a hash of their keys.
    pub(crate) keyed: &'a KeyedReader,
    /// The day from which a reserve reader may read.
    pub(crate) release: Option<Day>,
    /// The day until which they are away.
    pub(crate) away: Option<Day>,
}

/// The reserve reader among them: what is added later is held back as long as what was there.
pub(crate) fn reserve<'a>(readers: &[CaseReader<'a>]) -> Option<(&'a KeyedReader, Day)> {
    readers.iter().find_map(|r| Some((r.keyed, r.release?)))
}

struct Answer {
    day: String,
    from: String,
    kind: &'static str,
    /// Only its beginning is shown.
    long: bool,
    text: Plaintext,
}

#[derive(Template)]
#[template(path = "mailbox.html")]
struct Mailbox {
    t: Texts,
    notice: Option<&'static str>,
    hidden: String,
    state: &'static str,
    opened: bool,
    closed: bool,
    /// Advice has no legal term.
    advice: bool,
    filed: String,
    due: String,
    /// The day has passed on which something should have been heard.
    late: bool,
    /// Nobody opened it, and the reserve reader may now.
    reserve_joined: Option<String>,
    readers: Vec<String>,
    /// Who is away, until when, and who reads in their place.
    away: Vec<String>,
    consents: Vec<consent::Shown>,
    duties: Vec<duty::Shown>,
    answer: Option<Answer>,
    at: usize,
    count: usize,
    limit: String,
    arriving: Vec<String>,
    draft: Plaintext,
    error: Option<String>,
}

/// The mailbox page, with one answer on it.
pub(crate) async fn show(
    app: &App,
    t: Texts,
    opened: &Opened,
    notice: Notice,
    at: usize,
    draft: Option<(Plaintext, String)>,
) -> HttpResponse {
    let (readers, all) = match (readers(app, &opened.case).await, letters(app, opened).await) {
        (Ok(readers), Ok(all)) => (readers, all),
        _ => return problem(t.language, StatusCode::SERVICE_UNAVAILABLE),
    };
    let guests = guests(app, &opened.case, &all);
    let (mut answers, mut consents) = parted(all);
    let count = answers.len();
    // The newest first: that is what somebody comes for.
    answers.reverse();
    let shown = answers.into_iter().nth(at).map(|text| {
        let from = match &text.manifest.head.author {
            Author::Reader(id) => {
                let guest = || guests.iter().find(|g| g.guest.id == *id).map(|g| &g.guest.shown_as);
                let shown = app.roster.reader(id).map(|r| &r.shown_as).or_else(guest);
                shown.map(|text| t.pick(text).to_owned()).unwrap_or_default()
            }
            Author::Reporter => String::new(),
        };
        let kind = match text.manifest.head.kind {
            Kind::Acknowledgement => "kind-acknowledgement",
            Kind::Question => "kind-question",
            Kind::Feedback => "kind-feedback",
            Kind::Closing => "kind-closing",
            _ => "kind-reply",
        };
        let (text, cut) = (text.body, text.manifest.head.day);
        let long = text.escaped_len() > ANSWER_BYTES;
        Answer { day: t.day(cut), from, kind, long, text: text.cut_to(ANSWER_BYTES) }
    });
    let Ok(present) = present(app, &opened.case, &guests).await else {
        return problem(t.language, StatusCode::SERVICE_UNAVAILABLE);
    };
    let (draft, error) = draft.map_or_else(Default::default, |(text, error)| (text, Some(error)));
    let errors: Vec<FieldError> = error.iter().map(|text| FieldError { field: "text", text: text.clone() }).collect();
    let case = &opened.case;
    let mailbox = Mailbox {
        t,
        notice: notice.text_id(),
        hidden: hidden(app, opened),
        state: match case.state {
            CaseState::Unopened => "state-unopened",
            CaseState::Open => "state-open",
            CaseState::Closed => "state-closed",
        },
        opened: case.state != CaseState::Unopened,
        closed: case.state == CaseState::Closed,
        advice: opened.room == ADVICE,
        filed: t.day(case.filed),
        due: t.day(case.due),
        late: case.due < app.clock.today(),
        reserve_joined: reserve_joined(app, t, case, &readers),
        readers: readers
            .iter()
            .map(|r| name(t, r, served_by(app, &readers)))
            .chain(present.iter().map(|card| guest_name(t, card)))
            .collect(),
        away: absent(app, t, &readers),
        duties: consents.duties(app, t),
        consents: consents.shown(app, t, opened),
        answer: shown,
        at,
        count,
        limit: size(app.config.max_file_bytes),
        arriving: app.uploads.of(case.id).into_iter().map(size).collect(),
        draft,
        error,
    };
    let refused = matches!(notice, Notice::FileTooLarge | Notice::FileRefused | Notice::Full | Notice::NoFile)
        || !errors.is_empty();
    let status = if refused { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    page(t, status, &t.get("mailbox-open-title"), &errors, &mailbox.render().unwrap_or_default())
}

/// The reserve reader's name, once their day has come in a case that nobody opened (domain: day 4).
fn reserve_joined(app: &App, t: Texts, case: &Case, readers: &[CaseReader<'_>]) -> Option<String> {
    let today = app.clock.today();
    let joined = readers.iter().find(|r| r.release.is_some_and(|day| day <= today));
    joined.filter(|_| case.state == CaseState::Unopened).map(|r| t.pick(&r.reader.shown_as).to_owned())
}

/// A reader as the reporter sees them; who cannot read yet is named so.
fn name(t: Texts, reader: &CaseReader<'_>, served: Day) -> String {
    let name = t.pick(&reader.reader.shown_as).to_owned();
    let waits = reader.release.is_some_and(|day| day > served);
    if waits { format!("{name} ({})", t.get("reads-reserve")) } else { name }
}

/// Who is away, and who reads in their place.
fn absent(app: &App, t: Texts, readers: &[CaseReader<'_>]) -> Vec<String> {
    let today = app.clock.today();
    let held = readers.iter().find(|r| r.release.is_some_and(|day| day > today));
    let stand_in = held.map(|r| t.pick(&r.reader.shown_as).to_owned());
    let one = |r: &CaseReader<'_>| {
        let values = [("name", t.pick(&r.reader.shown_as).to_owned()), ("day", t.day(r.away?))];
        Some(match stand_in.as_ref().filter(|_| r.release.is_none()) {
            Some(other) => t.with("away-stand-in", &[values.as_slice(), &[("other", other.clone())]].concat()),
            None => t.with("away", &values),
        })
    };
    readers.iter().filter_map(one).collect()
}

/// Bytes in words, for the limit beside the file field.
fn size(bytes: u64) -> String {
    match bytes {
        b if b >= 1 << 30 => format!("{} GiB", b >> 30),
        b if b >= 1 << 20 => format!("{} MiB", b >> 20),
        b => format!("{} KiB", b >> 10),
    }
}

fn hidden(app: &App, opened: &Opened) -> String {
    format!("<input type=\"hidden\" name=\"code\" value=\"{}\">", opened.code.hidden(&app.roster.instance).as_str())
}
