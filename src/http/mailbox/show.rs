//! The page of a mailbox: where a case stands, what was answered, and what can be done.
use actix_web::{HttpResponse, http::StatusCode};
use askama::Template;

use super::{
    ANSWER_BYTES, Notice, Opened, account, consent, duty,
    gone::gone,
    guests::{guest_name, guests, present},
    letters::read as read_letters,
    named::{absent, held, name, reserve_joined},
    parts::{WentAlong, parted},
    readers::all as all_readers,
    waits::{Elsewhere, Question, elsewhere},
    was_read,
};
use crate::{
    domain::{
        case::{Act, Case, CaseState, Done, Next, counted, next},
        ends::ends,
        guest::GuestCard,
        routing,
    },
    http::{
        App,
        absence::served_by,
        more::Target,
        page::{FieldError, fitting, page, problem},
        rooms::{self, ADVICE, IDENTITY, REPORT},
    },
    seal::{Author, ItemHead, Kind, OpenedText, Plaintext},
    text::Texts,
};

/// Escaped bytes of an answer where space is short.
const SHORT_ANSWER: usize = 8 << 10;

/// One of the rooms of a code.
struct Room {
    room: u8,
    name: &'static str,
    state: &'static str,
    here: bool,
    /// Something in it waits for the reporter.
    waits: bool,
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
    /// Not all of it fits a page.
    short: bool,
    notice: Option<&'static str>,
    hidden: String,
    /// The code alone: the buttons name the room.
    code: String,
    /// The name of this one.
    room: &'static str,
    state: &'static str,
    opened: bool,
    /// Somebody opened it, and nobody who can read it now.
    left: bool,
    closed: bool,
    /// What its end means.
    closed_text: &'static str,
    /// The day on which the reporter withdrew.
    withdrawn: Option<String>,
    /// The day of a withdrawal that does not stand any more.
    undone: Option<String>,
    /// It can be withdrawn.
    withdraws: bool,
    /// The reporter hears something by a day of the law.
    waits: bool,
    /// It is a request for advice, for which nothing sets a term.
    advice: bool,
    rooms: Vec<Room>,
    /// It can be proven as what it is; who somebody is proves no filing.
    proof: Option<&'static str>,
    /// Everybody who could read it has left.
    nobody: bool,
    /// Who can be let in now, instead of waiting for their day.
    held: Option<String>,
    /// The desk outside can be asked, because this is late.
    outside: bool,
    went_along: Vec<WentAlong>,
    /// What else can be filed with this code, with what its texts are called by.
    more: Vec<(&'static str, &'static str)>,
    talk: bool,
    filed: String,
    due: String,
    /// The day on which feedback was given last.
    fed_back: Option<String>,
    /// The day has passed on which something should have been heard.
    late: bool,
    /// Nobody opened it, and the reserve reader may now.
    reserve_joined: Option<String>,
    readers: Vec<String>,
    /// Who reads it when everybody goes who opened it.
    aside: Option<String>,
    /// Who could read it before, and cannot now.
    gone: Vec<String>,
    /// When it is destroyed.
    ends: Option<String>,
    /// Who is away, until when, and who reads in their place.
    away: Vec<String>,
    duties: Vec<duty::Shown>,
    consents: Vec<consent::Shown>,
    /// Of an oral report: how it was told, and where the account stands.
    account: Option<account::Shown>,
    questions: Vec<Question>,
    answer: Option<Answer>,
    /// How many letters were sent that cannot be opened.
    unread: usize,
    at: usize,
    count: usize,
    /// What the reporter sent, the newest first.
    sent: Vec<String>,
    limit: String,
    arriving: Vec<String>,
    draft: Plaintext,
    error: Option<String>,
    /// What was typed stands with no answers and requests beside it: with all the rest it would not always fit the page.
    alone: bool,
}

impl Mailbox {
    /// Whether something can be added; what was typed is shown again in any case.
    fn writable(&self) -> bool {
        !self.closed && !self.nobody
    }

    /// Whether the code opens a report in which something can be added.
    fn report_is_open(&self) -> bool {
        self.rooms.iter().any(|room| room.room == REPORT && room.state != state(CaseState::Closed, false))
    }

    /// Whether something was typed that was not sent.
    fn has_draft(&self) -> bool {
        self.error.is_some() || !self.draft.is_empty()
    }

    /// With less of what readers wrote: however much that is, a mailbox opens, and can be written in.
    fn shorten(&mut self) {
        self.short = true;
        consent::shorten(self.t, &mut self.sent, consent::FEW_LINES);
        self.duties.iter_mut().for_each(|duty| duty.shorten(self.t));
        self.consents.iter_mut().for_each(|consent| consent.shorten(self.t));
        if let Some(answer) = &mut self.answer {
            answer.long |= answer.text.escaped_len() > SHORT_ANSWER;
            answer.text = std::mem::take(&mut answer.text).cut_to(SHORT_ANSWER);
        }
    }
}

/// The mailbox page, with one answer on it, and what was typed but not sent, with what is wrong with it.
pub(crate) async fn show(
    app: &App,
    t: Texts,
    opened: &Opened,
    notice: Notice,
    at: usize,
    draft: Option<(Plaintext, Option<String>)>,
) -> HttpResponse {
    let read = read_letters(app, &opened.keys, &opened.case).await;
    let ((readers, aside), all, unread) = match (all_readers(app, &opened.case).await, read) {
        (Ok(readers), Ok((all, unread))) => (readers, all, unread),
        _ => return problem(t.language, StatusCode::SERVICE_UNAVAILABLE),
    };
    let guests = guests(app, &opened.case, &all);
    let Ok(present) = present(app, &opened.case, &guests).await else {
        return problem(t.language, StatusCode::SERVICE_UNAVAILABLE);
    };
    let parts = parted(all);
    let served = served_by(app, &readers);
    let named = readers.iter().map(|r| name(t, r, (served, parts.only_passed(r.keyed))));
    let mut named: Vec<String> = named.chain(present.iter().map(|card| guest_name(t, card))).collect();
    consent::shorten(t, &mut named, consent::LINES);
    let Ok(gone) = gone(app, t, (&opened.case, &parts), (&readers, &guests, &present)).await else {
        return problem(t.language, StatusCode::SERVICE_UNAVAILABLE);
    };
    let went_along = parts.went_along(app, t);
    let questions = if opened.case.state.is_closed() { Vec::new() } else { parts.questions(t) };
    let mut sent = parts.sent_in_words(t);
    consent::shorten(t, &mut sent, consent::LINES);
    let Ok(elsewhere) = elsewhere(app, opened).await else {
        return problem(t.language, StatusCode::SERVICE_UNAVAILABLE);
    };
    let Ok(read) = was_read(app, &opened.case).await else {
        return problem(t.language, StatusCode::SERVICE_UNAVAILABLE);
    };
    let left = read && opened.case.state == CaseState::Unopened;
    let withdrawal = parts.withdrawal();
    let withdrawn = withdrawal.stands();
    let (mut answers, mut consents) = (parts.letters, parts.consents);
    if consents.look(app, &opened.case).await.is_err() {
        return problem(t.language, StatusCode::SERVICE_UNAVAILABLE);
    }
    let count = answers.len();
    // With feedback the law was met: the day that the server counts on to is nobody's promise.
    let feedback = answers.iter().rfind(|text| fed_back(app, &opened.case, text));
    let acknowledged = answers.iter().any(|text| text.manifest.head.kind == Kind::Acknowledgement);
    let given = feedback.map(|text| text.manifest.head.day);
    // The newest first: that is what somebody comes for.
    answers.reverse();
    let shown = answers.into_iter().nth(at).map(|text| answer(app, t, (&opened.case, &guests), text));
    let (draft, error) = draft.unwrap_or_default();
    let errors: Vec<FieldError> = error.iter().map(|text| FieldError { field: "text", text: text.clone() }).collect();
    let case = &opened.case;
    let (today, closed) = (app.clock.today(), case.state.is_closed());
    let clock = rooms::has_clock(opened.room);
    let done = Done { acknowledged, fed_back: given.is_some() };
    // What the law asks is owed to the reporter: see the withdrawal on desks.
    let stands = clock && withdrawn.is_none();
    let waits = stands && !matches!(next(case.state, case.filed, case.due, done), Next::Nothing | Next::FedBack);
    let late = waits && case.due < today;
    let mut mailbox = Mailbox {
        t,
        short: false,
        notice: notice.text_id().map(|id| rooms::words(opened.room, id)),
        hidden: hidden(app, opened),
        code: code(app, opened),
        room: rooms::name(opened.room),
        state: match withdrawn {
            _ if readers.is_empty() && !closed => "state-nobody",
            Some(_) if !closed => rooms::words(opened.room, "state-withdrawn"),
            _ => rooms::words(opened.room, state(case.state, left)),
        },
        opened: case.state != CaseState::Unopened,
        left,
        closed,
        closed_text: rooms::words(opened.room, "closed-text"),
        withdrawn: withdrawn.map(|day| t.day(day)),
        undone: withdrawal.undone().map(|day| t.day(day)),
        withdraws: !read || app.roster.is_canary(&case.org) || !(closed || withdrawn.is_some() || readers.is_empty()),
        waits,
        advice: opened.room == ADVICE,
        fed_back: given.filter(|_| clock).map(|day| t.day(day)),
        rooms: all_rooms(opened, &elsewhere),
        proof: match opened.room {
            ADVICE => Some("proof-button-advice"),
            IDENTITY => None,
            _ => Some("proof-button"),
        },
        nobody: readers.is_empty(),
        held: held(t, case, &readers, served),
        outside: late && Target::Outside.can(app, opened) && routing::outside(&app.roster, &Default::default()).is_ok(),
        went_along,
        more: more(app, opened, readers.is_empty()),
        talk: !closed && opened.room != IDENTITY && !readers.is_empty(),
        filed: t.day(case.filed),
        due: t.day(case.due),
        late,
        reserve_joined: reserve_joined(app, t, case, (&readers, left)),
        readers: named,
        aside: aside.map(|(reader, _)| t.pick(&reader.shown_as).to_owned()),
        gone,
        ends: ends(&app.roster, &case.org, case.state, case.destroy_after).map(|ends| t.ends(ends)),
        away: absent(app, t, &readers),
        duties: consents.duties(app, (t, case.filed), &readers),
        consents: consents.shown(app, t, opened),
        account: parts.accounts.shown(app, t, opened),
        questions,
        answer: shown,
        unread: unread.count,
        at,
        count,
        sent,
        limit: size(app.config.max_file_bytes),
        arriving: app.uploads.of(case.id).into_iter().map(size).collect(),
        draft,
        alone: error.is_some(),
        error,
    };
    let status = match notice {
        Notice::FilesBusy | Notice::FilesToday => StatusCode::TOO_MANY_REQUESTS,
        Notice::FileFailed => StatusCode::SERVICE_UNAVAILABLE,
        Notice::FileTooLarge | Notice::FileRefused | Notice::Full | Notice::NoFile => StatusCode::UNPROCESSABLE_ENTITY,
        _ if !errors.is_empty() => StatusCode::UNPROCESSABLE_ENTITY,
        _ => StatusCode::OK,
    };
    let title = t.get("mailbox-open-title");
    let fits = |mailbox: &Mailbox| fitting(t, status, &title, &errors, &mailbox.render().unwrap_or_default());
    if let Some(whole) = fits(&mailbox) {
        return whole;
    }
    mailbox.shorten();
    if let Some(short) = fits(&mailbox) {
        return short;
    }
    mailbox.alone = true;
    page(t, status, &title, &errors, &mailbox.render().unwrap_or_default())
}

/// Whether feedback was given with a letter, for all that the server's clock shows: the word of one reader that it moved is none.
fn fed_back(app: &App, case: &Case, text: &OpenedText) -> bool {
    let ItemHead { kind, day, .. } = text.manifest.head;
    let given = counted((Act::Feedback, day), case.state, (case.filed, case.due));
    kind == Kind::Feedback && given && day <= app.clock.today()
}

fn answer(app: &App, t: Texts, (case, guests): (&Case, &[GuestCard]), text: OpenedText) -> Answer {
    let from = match &text.manifest.head.author {
        Author::Reader(id) => {
            let guest = || guests.iter().find(|g| g.guest.id == *id).map(|g| guest_name(t, g));
            let shown = app.roster.known(id).map(|r| t.pick(&r.shown_as).to_owned());
            shown.or_else(guest).unwrap_or_default()
        }
        Author::Reporter => String::new(),
    };
    // What is called feedback and moved nothing is a letter like others.
    let kind = match text.manifest.head.kind {
        Kind::Feedback if !fed_back(app, case, &text) => Kind::Reply,
        kind => kind,
    };
    let kind = kind.text_id();
    let (text, cut) = (text.body, text.manifest.head.day);
    let long = text.escaped_len() > ANSWER_BYTES;
    Answer { day: t.day(cut), from, kind, long, text: text.cut_to(ANSWER_BYTES) }
}

fn state(state: CaseState, left: bool) -> &'static str {
    match state {
        CaseState::Unopened if left => "state-left",
        CaseState::Unopened => "state-unopened",
        CaseState::Open => "state-open",
        CaseState::Closed | CaseState::Held => "state-closed",
    }
}

/// The rooms to choose from; none where there is but one.
fn all_rooms(opened: &Opened, elsewhere: &Elsewhere) -> Vec<Room> {
    if opened.rooms.len() < 2 {
        return Vec::new();
    }
    let room = |(room, now): &(u8, CaseState)| Room {
        room: *room,
        name: rooms::name(*room),
        state: if elsewhere.withdrawn.contains(room) {
            "room-withdrawn"
        } else {
            rooms::words(*room, state(*now, elsewhere.left.contains(room)))
        },
        here: *room == opened.room,
        waits: elsewhere.waits.contains(room),
    };
    opened.rooms.iter().map(room).collect()
}

/// What else can be filed from a room. Late is late in one place: the desk outside has a button of its own.
fn more(app: &App, opened: &Opened, nobody: bool) -> Vec<(&'static str, &'static str)> {
    let all = [Target::Report, Target::Retaliation, Target::Identity];
    let can = |target: &Target| target.can(app, opened) && !(nobody && *target == Target::Identity);
    all.into_iter().filter(can).map(|target| (target.name(), target.words(opened))).collect()
}

/// Bytes in words, for the limit beside the file field.
fn size(bytes: u64) -> String {
    match bytes {
        b if b >= 1 << 30 => format!("{} GiB", b >> 30),
        b if b >= 1 << 20 => format!("{} MiB", b >> 20),
        b => format!("{} KiB", b >> 10),
    }
}

/// What every form of a mailbox page carries: the code, and the room it is of.
pub(crate) fn hidden(app: &App, opened: &Opened) -> String {
    format!("{}<input type=\"hidden\" name=\"room\" value=\"{}\">", code(app, opened), opened.room)
}

fn code(app: &App, opened: &Opened) -> String {
    format!("<input type=\"hidden\" name=\"code\" value=\"{}\">", opened.code.hidden(&app.roster.instance).as_str())
}
