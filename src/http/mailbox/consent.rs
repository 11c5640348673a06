//! A reader asks whether somebody else may read; the reporter answers behind the code, and may change their mind until it is done.
use actix_web::{HttpResponse, http::StatusCode};

use super::{
    Notice, Opened, add,
    duty::{Approved, Asked, untold},
    gone::had,
    guests::guest_name,
    letters::letters,
    parts::parted,
    readers::CaseReader,
    show,
};
use crate::{
    domain::{
        case::Case,
        day::Day,
        guest::GuestCard,
        id::{ItemId, KeyedReader},
        roster::Reader,
    },
    http::{App, page::problem},
    seal::{
        Author, Kind, OpenedText, Plaintext,
        circle::{DutyApproval, DutyRequest},
        consent::{Answer, HandOver, Named, Request, Standing, consent, standing},
        guest::vouched,
    },
    store::StoreError,
    text::Texts,
};

/// Escaped bytes of a reason that are shown.
pub(super) const REASON_BYTES: usize = 4 << 10;
/// Requests that are shown, and notices of a legal duty, of those to come and of those that were carried out.
pub(super) const SHOWN: usize = 3;
/// And those besides to which a yes was said that can be taken back: as many as fit beside the rest, however long all of it is.
const SHOWN_YES: usize = 6;
/// Lines of a list that are shown, and of one that must be short: how many more there are is said.
pub(super) const LINES: usize = 20;
pub(super) const FEW_LINES: usize = 3;
/// Escaped bytes of a reason where space is short.
const SHORT_REASON: usize = 400;

/// The requests of a case, and what became of them.
#[derive(Default)]
pub(super) struct Consents {
    requests: Vec<Requested>,
    duties: Vec<Asked>,
    /// What a second reader approved, and on which day.
    approved: Vec<Approved>,
    answers: Vec<(ItemId, Answer)>,
    done: Vec<(Day, HandOver)>,
    /// The requests that were not carried out, though somebody says so.
    claimed: Vec<ItemId>,
}

/// A request, as a reader wrote it.
struct Requested {
    item: ItemId,
    day: Day,
    by: Author,
    request: Request,
}

/// A request, as its page shows it.
pub(super) struct Shown {
    pub(super) request: ItemId,
    pub(super) name: String,
    pub(super) day: String,
    pub(super) reason: Plaintext,
    pub(super) items: Vec<String>,
    /// A guest, who can write to the reporter as every reader can.
    pub(super) guest: bool,
    /// Says where it stands.
    pub(super) standing: &'static str,
    pub(super) may_agree: bool,
    pub(super) may_refuse: bool,
}

impl Shown {
    /// With less of it, where not all fits a page.
    pub(super) fn shorten(&mut self, t: Texts) {
        shorten_reason(&mut self.reason);
        shorten(t, &mut self.items, FEW_LINES);
    }
}

/// In order of the first of each: of what stands there one of each author before a second of any. With a program of their own one author writes
/// as many as they like.
pub(super) fn in_turn<K: Copy + Ord, T>(all: Vec<(K, Author, T)>) -> Vec<(K, Author, T)> {
    let mut seen: Vec<(K, Author)> = Vec::new();
    let turn = |(key, by, one): (K, Author, T)| {
        let before = seen.iter().filter(|(other, author)| *other == key && *author == by).count();
        seen.push((key, by.clone()));
        (before, (key, by, one))
    };
    let mut all: Vec<_> = all.into_iter().map(turn).collect();
    all.sort_by_key(|(before, (key, ..))| (*key, *before));
    all.into_iter().map(|(_, one)| one).collect()
}

/// The beginning of a list, and how many more there are.
pub(super) fn shorten(t: Texts, lines: &mut Vec<String>, most: usize) {
    let more = lines.len().saturating_sub(most);
    if more > 0 {
        lines.truncate(most);
        lines.push(t.with("and-more", &[("count", more.to_string())]));
    }
}

pub(super) fn shorten_reason(reason: &mut Plaintext) {
    *reason = std::mem::take(reason).cut_to(SHORT_REASON);
}

impl Consents {
    /// Takes in what somebody said of it; an answer only from the reporter.
    pub(super) fn said(&mut self, text: &OpenedText) {
        let head = &text.manifest.head;
        match head.kind {
            Kind::ConsentRequest => self.requests.extend(consent(&text.body).map(|request| Requested {
                item: head.item,
                day: head.day,
                by: head.author.clone(),
                request,
            })),
            Kind::DutyRequest => self.duties.extend(consent(&text.body).map(|duty: DutyRequest| Asked {
                item: head.item,
                day: head.day,
                by: head.author.clone(),
                untold: false,
                says: duty.hash(),
                duty,
            })),
            Kind::DutyApproval => self.approved.extend(consent(&text.body).map(|approval: DutyApproval| Approved {
                item: head.item,
                request: approval.request,
                day: head.day,
                by: head.author.clone(),
                says: approval.told.as_ref().map(DutyRequest::hash),
                told: approval.told,
            })),
            Kind::HandOver => self.done.extend(consent::<HandOver>(&text.body).map(|done| (head.day, done))),
            Kind::ConsentAnswer if head.author == Author::Reporter => {
                self.answers.extend(consent(&text.body).map(|a| (head.item, a)));
            }
            _ => {}
        }
    }

    fn standing(&self, asked: &Requested) -> Standing {
        let done = self.done.iter().map(|(_, done)| done);
        if self.claimed.contains(&asked.item) { self.after(asked, []) } else { self.after(asked, done) }
    }

    /// Where a request stands after these hand-overs.
    fn after<'a>(&'a self, asked: &Requested, done: impl IntoIterator<Item = &'a HandOver>) -> Standing {
        let answers = self.answers.iter().map(|(item, answer)| (*item, answer));
        standing((&asked.item, &asked.request.to), answers, done)
    }

    /// Looks which of what is said to be done was: who was agreed to has a slot of something that was named, or had one before they went. Until
    /// then a yes can be taken back, whatever one reader says.
    pub(super) async fn look(&mut self, app: &App, case: &Case) -> Result<(), StoreError> {
        let mut claimed = Vec::new();
        // Only of what the reporter said yes to: no reader makes it many.
        for asked in self.requests.iter().filter(|asked| self.standing(asked) == Standing::Done) {
            let items: Vec<ItemId> = asked.request.items.iter().map(|named| named.item).collect();
            if !had(app, case, &asked.request.to, &items).await? {
                claimed.push(asked.item);
            }
        }
        self.claimed = claimed;
        Ok(())
    }

    /// Whether a request waits for the reporter's answer, or they were told of a legal duty that was not carried out yet: they can say something to it
    /// in time.
    pub(super) fn waits(&self, app: &App, case: &Case) -> bool {
        let carried_out = |told: &ItemId| self.done.iter().any(|(_, done)| done.request == *told);
        let approved = self.approved.iter().any(|told| told.told.is_some() && !carried_out(&told.request));
        let told = approved || self.duties.iter().any(|told| !carried_out(&told.item));
        let waits = |asked: &Requested| self.standing(asked) == Standing::Asked && counts(app, case, &asked.request);
        told || self.requests.iter().any(waits)
    }

    /// What was agreed to and done.
    fn done(&self) -> impl Iterator<Item = &Request> {
        self.requests.iter().filter(|asked| self.standing(asked) == Standing::Done).map(|asked| &asked.request)
    }

    /// Whether the reporter agreed that somebody reads along, and it was done.
    pub(super) fn agreed(&self, reader: &KeyedReader) -> bool {
        self.done().any(|asked| asked.to == *reader)
    }

    /// The cards of the guests whom the reporter agreed to, and who were let in then.
    pub(super) fn guests(&self) -> impl Iterator<Item = &GuestCard> {
        self.done().filter_map(|asked| asked.card.as_ref().filter(|card| card.keyed() == asked.to))
    }

    /// The notices of a legal duty.
    pub(super) fn duties(
        &mut self,
        app: &App,
        (t, filed): (Texts, Day),
        readers: &[CaseReader<'_>],
    ) -> Vec<super::duty::Shown> {
        let mut asked = std::mem::take(&mut self.duties);
        asked.extend(untold(app, &asked, &mut self.approved));
        super::duty::shown(app, (t, filed), asked, (&self.approved, &self.done), readers)
    }

    /// What can be taken back, then what can be answered, each the newest first.
    pub(super) fn shown(self, app: &App, t: Texts, opened: &Opened) -> Vec<Shown> {
        let standings: Vec<Standing> = self.requests.iter().map(|asked| self.standing(asked)).collect();
        let newest = self.requests.into_iter().zip(standings).rev();
        let keyed = newest.map(|(asked, now)| {
            let (by, shown) = (asked.by.clone(), one(app, t, opened, asked, now));
            let place = match now {
                Standing::Yes(_) if shown.may_refuse => Place::Yes,
                Standing::Asked if shown.may_agree => Place::Open,
                _ if shown.may_agree => Place::No,
                _ => Place::Over,
            };
            (place, by, shown)
        });
        let (yes, others): (Vec<_>, Vec<_>) =
            in_turn(keyed.collect()).into_iter().partition(|(place, ..)| *place == Place::Yes);
        yes.into_iter().take(SHOWN_YES).chain(others.into_iter().take(SHOWN)).map(|(.., shown)| shown).collect()
    }
}

/// Which requests come first.
#[derive(Clone, Copy, Eq, Ord, PartialEq, PartialOrd)]
enum Place {
    Yes,
    Open,
    No,
    Over,
}

/// Who would read, as they are now: a reader of the roster, or a guest. Somebody who left it, or has other keys since, is neither.
fn meant<'a>(app: &'a App, case: &Case, asked: &'a Request) -> (Option<&'a Reader>, Option<&'a GuestCard>) {
    let card = asked.card.as_ref().filter(|card| card.keyed() == asked.to);
    (app.roster.keyed(&asked.to), card.filter(|card| vouched(card, &app.roster, &case.id)))
}

/// Whether there is somebody to agree to.
fn counts(app: &App, case: &Case, asked: &Request) -> bool {
    let (reader, card) = meant(app, case, asked);
    reader.is_some() || card.is_some_and(|card| card.counts_on(app.clock.today()))
}

fn one(app: &App, t: Texts, opened: &Opened, asked: Requested, now: Standing) -> Shown {
    let Requested { item, day, request: asked, .. } = asked;
    let (reader, card) = meant(app, &opened.case, &asked);
    let guest = card.is_some();
    let open = !opened.case.state.is_closed() && counts(app, &opened.case, &asked);
    let named = reader.or_else(|| app.roster.known(&asked.to.reader).filter(|r| r.keyed() == asked.to));
    let named = named.map(|r| t.pick(&r.shown_as).to_owned()).or_else(|| card.map(|card| guest_name(t, card)));
    Shown {
        request: item,
        name: named.unwrap_or_else(|| asked.to.reader.to_string()),
        day: t.day(day),
        reason: asked.reason.cut_to(REASON_BYTES),
        items: in_words(t, &asked.items),
        guest,
        standing: match (now, open) {
            (Standing::Asked, true) => "consent-asked",
            (Standing::Asked, false) => "consent-asked-over",
            (Standing::No, true) => "consent-no",
            (Standing::No, false) => "consent-no-over",
            (Standing::Yes(_), true) => "consent-yes",
            (Standing::Yes(_), false) => "consent-yes-over",
            (Standing::Done, _) => "consent-done",
        },
        may_agree: open && matches!(now, Standing::Asked | Standing::No),
        may_refuse: open && matches!(now, Standing::Asked | Standing::Yes(_)),
    }
}

/// What somebody would read, as the reporter knows it again.
pub(super) fn in_words(t: Texts, items: &[Named]) -> Vec<String> {
    let mut lines = items.iter().map(|named| t.named(named)).collect();
    shorten(t, &mut lines, LINES);
    lines
}

/// The reporter agrees, refuses, or takes back what they said. Only an open request is answered.
pub(super) async fn answer(app: &App, t: Texts, opened: &Opened, request: &ItemId, yes: bool) -> HttpResponse {
    let Ok(all) = letters(app, opened).await else { return problem(t.language, StatusCode::SERVICE_UNAVAILABLE) };
    let mut consents = parted(all).consents;
    if consents.look(app, &opened.case).await.is_err() {
        return problem(t.language, StatusCode::SERVICE_UNAVAILABLE);
    }
    let asked = consents.requests.iter().find(|asked| asked.item == *request);
    let open = asked.is_some_and(|asked| consents.standing(asked) != Standing::Done);
    if !open || opened.case.state.is_closed() {
        return show(app, t, opened, Notice::ConsentOver, 0, None).await;
    }
    match add(app, opened, Kind::ConsentAnswer, Answer::new(*request, yes).into_body()).await {
        Ok(()) => show(app, t, opened, if yes { Notice::Agreed } else { Notice::NotAgreed }, 0, None).await,
        Err(StoreError::Conflict) => show(app, t, opened, Notice::Full, 0, None).await,
        Err(_) => problem(t.language, StatusCode::SERVICE_UNAVAILABLE),
    }
}
