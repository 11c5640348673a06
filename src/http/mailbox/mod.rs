//! The mailbox: everything a code opens. The code travels in the body of a POST and is kept nowhere.
mod account;
mod consent;
mod duty;
mod gone;
mod guests;
mod letters;
mod named;
mod pages;
mod parts;
mod readers;
mod show;
mod talk;
mod waits;
mod write;

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Form, Path},
};
use askama::Template;

pub(crate) use self::{
    gone::left,
    guests::guests_now,
    parts::words,
    readers::{
        Aside, CaseReader, advice, all, has_slot, only_passed, readers, reads_story, reserve, rows, sealed_to,
        was_read, whole, written_to,
    },
    show::{hidden, show},
    waits::say_sent,
    write::{head, lets_along, unread},
};
use self::{
    pages::{proof, release},
    talk::{ask_talk, talk},
    write::{add, destroy, stays, sure, withdraw, write},
};
use super::{
    App,
    busy::{Act, allowed, busy},
    limits::Visitor,
    page::{FieldError, page, problem},
    rooms::{IDENTITY, ROOMS},
};
use crate::{
    domain::{
        case::{Case, CaseState},
        id::ItemId,
    },
    form::Fields,
    seal::{
        Plaintext,
        code::{Code, CodeError, Language, RoomKeys},
    },
    text::Texts,
};

/// Escaped bytes of an answer that is written, and of one that is shown: both fit a page.
const ANSWER_BYTES: usize = 20 << 10;

/// What adds to a case, and counts as a text that is sent.
const SENDING: [&str; 6] = ["write", "withdraw", "consent-yes", "consent-no", "account-right", "talk-send"];

/// What just happened, said on top of the page.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Notice {
    None,
    Filed,
    Written,
    WrittenWithoutFile,
    FileAdded,
    NoFile,
    FileTooLarge,
    FileRefused,
    FileFailed,
    FilesBusy,
    FilesToday,
    Full,
    Closed,
    Agreed,
    NotAgreed,
    ConsentOver,
    Talk,
    Released,
    NotReleased,
    NotAlong,
    Nobody,
    Withdrawn,
    SentBefore,
    AccountAgreed,
    NoAccount,
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
            Self::WrittenWithoutFile => Some("notice-written-no-file"),
            Self::FileFailed => Some("notice-file-failed"),
            Self::FileRefused => Some("notice-file-refused"),
            Self::FilesBusy => Some("notice-files-busy"),
            Self::FilesToday => Some("notice-files-today"),
            Self::Full => Some("notice-full"),
            Self::Closed => Some("closed-text"),
            Self::Agreed => Some("notice-agreed"),
            Self::NotAgreed => Some("notice-not-agreed"),
            Self::ConsentOver => Some("notice-consent-over"),
            Self::Talk => Some("notice-talk"),
            Self::Released => Some("notice-released"),
            Self::NotReleased => Some("notice-not-released"),
            Self::NotAlong => Some("notice-not-along"),
            Self::Nobody => Some("no-readers-text"),
            Self::Withdrawn => Some("notice-withdrawn"),
            Self::SentBefore => Some("notice-sent-before"),
            Self::AccountAgreed => Some("notice-account-agreed"),
            Self::NoAccount => Some("notice-no-account"),
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
pub(crate) async fn act(app: Data<App>, visitor: Visitor, lang: Path<String>, form: Form<Fields>) -> HttpResponse {
    let Some(language) = Language::parse(&lang) else { return problem(Language::Nl, StatusCode::NOT_FOUND) };
    let t = Texts::of(language);
    let (mut typed, mut act, mut at, mut text) = Default::default();
    let (mut request, mut room, mut file) = (None, None, false);
    let fields = form.into_inner();
    // The last of a name counts, as below.
    let last = |name| fields.iter().rev().find(|(other, _)| other == name).map(|(_, value)| value);
    let sends = last("act").and_then(Plaintext::choice).is_some_and(|act| SENDING.contains(&act));
    if let Err(wait) = allowed(&app, visitor, last("code"), if sends { Act::Send } else { Act::Look }) {
        return busy(t, "mailbox", &fields, wait);
    }
    for (name, value) in fields {
        match name.as_str() {
            "code" => typed = value,
            "text" => text = value,
            // Its name alone: of this form, no browser sends more.
            "file" => file = !value.is_empty(),
            "act" => act = value.choice().unwrap_or_default().to_owned(),
            "room" => room = value.choice().and_then(|n| n.parse().ok()),
            "request" => request = value.choice().and_then(ItemId::parse),
            "at" => at = value.choice().and_then(|n| n.parse().ok()).unwrap_or(0),
            _ => {}
        }
    }
    let opened = match open(&app, t, &typed, room).await {
        Ok(opened) => opened,
        Err(answer) => return answer,
    };
    match act.as_str() {
        "write" => write(&app, t, &opened, text, file).await,
        "withdraw" => match stays(&app, &opened).await {
            Ok(true) => withdraw(&app, t, &opened).await,
            Ok(false) => destroy(&app, t, &opened).await,
            Err(_) => problem(language, StatusCode::SERVICE_UNAVAILABLE),
        },
        "consent-yes" | "consent-no" => match request {
            Some(request) => consent::answer(&app, t, &opened, &request, act == "consent-yes").await,
            None => show(&app, t, &opened, Notice::ConsentOver, 0, None).await,
        },
        "account" => account::read(&app, t, &opened, request, text).await,
        "account-right" => account::agree(&app, t, &opened, request, text).await,
        "sure" => sure(&app, t, &opened).await,
        "talk" => ask_talk(&app, t, &opened, text).await,
        "talk-send" => talk(&app, t, &opened, text).await,
        "proof" if opened.room != IDENTITY => proof(&app, t, &opened).await,
        "release" => release(&app, t, &opened).await,
        _ => show(&app, t, &opened, Notice::None, at, Some((text, None))).await,
    }
}

/// A case with the keys of its room.
pub(crate) struct Opened {
    pub(crate) code: Code,
    /// Which of the code's rooms it is.
    pub(crate) room: u8,
    pub(crate) keys: RoomKeys,
    pub(crate) case: Case,
    /// Every room of the code that has a case, with where it stands.
    pub(crate) rooms: Vec<(u8, CaseState)>,
}

impl Opened {
    /// Whether the code has a case in a room.
    pub(crate) fn has(&self, room: u8) -> bool {
        self.rooms.iter().any(|(there, _)| *there == room)
    }
}

/// Finds the cases of a code, and opens the one of a room, or the first. Unknown, withdrawn and destroyed codes are one answer, after
/// the same look-ups.
pub(crate) async fn open(app: &App, t: Texts, typed: &Plaintext, wanted: Option<u8>) -> Result<Opened, HttpResponse> {
    let malformed = |error| {
        let text = match error {
            CodeError::WrongCount(n) => t.with("code-count", &[("count", n.to_string())]),
            CodeError::UnknownWord(n) => t.with("code-word", &[("word", n.to_string())]),
            CodeError::Checksum => t.get("code-checksum"),
        };
        show_door(t, Some(text))
    };
    let code = Code::typed(typed, &app.roster.instance).map_err(malformed)?;
    let mut found = Vec::new();
    for room in 0..ROOMS {
        let keys = code.keys(&app.roster.instance, room);
        // Made for every room: what is there takes no longer than what is not.
        let id = keys.public().case(&app.roster.instance);
        let case = app.store.case_by_lookup(&keys.lookup).await;
        let case = case.map_err(|_| problem(t.language, StatusCode::SERVICE_UNAVAILABLE))?;
        // A row that was moved to this look-up id is not the case of this code.
        found.extend(case.filter(|case| case.id == id).map(|case| (room, keys, case)));
    }
    let rooms = found.iter().map(|(room, _, case)| (*room, case.state)).collect();
    let at = found.iter().position(|(room, _, _)| Some(*room) == wanted).unwrap_or(0);
    match found.into_iter().nth(at) {
        Some((room, keys, case)) => Ok(Opened { code, room, keys, case, rooms }),
        None => Err(show_door(t, Some(t.get("code-unknown")))),
    }
}

/// The page after filing, of a room.
pub(crate) async fn show_code(app: &App, t: Texts, code: &Code, room: Option<u8>, notice: Notice) -> HttpResponse {
    match again(app, t, code, room).await {
        Ok(opened) => show(app, t, &opened, notice, 0, None).await,
        Err(answer) => answer,
    }
}

/// What a code opens now.
async fn again(app: &App, t: Texts, code: &Code, room: Option<u8>) -> Result<Opened, HttpResponse> {
    let typed = Plaintext::from(code.hidden(&app.roster.instance).as_str().to_owned());
    open(app, t, &typed, room).await
}
