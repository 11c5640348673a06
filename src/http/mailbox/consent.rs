//! A reader asks whether somebody else may read; the reporter answers behind the code, and may change their mind until it is done.
use actix_web::{HttpResponse, http::StatusCode};

use super::{
    Notice, Opened, add,
    duty::{Approved, Asked, untold},
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
        circle::DutyApproval,
        consent::{Answer, HandOver, Named, Request, Standing, consent, standing},
        guest::vouched,
    },
    store::StoreError,
    text::Texts,
};

/// Escaped bytes of a reason that are shown.
pub(super) const REASON_BYTES: usize = 4 << 10;
/// Requests that are shown.
pub(super) const SHOWN: usize = 3;
/// Lines of a list that are shown, and of one that must be short: how many more there are is said.
pub(super) const LINES: usize = 20;
pub(super) const FEW_LINES: usize = 3;
/// Escaped bytes of a reason where space is short.
const SHORT_REASON: usize = 400;

/// The requests of a case, and what became of them.
#[derive(Default)]
pub(super) struct Consents {
    requests: Vec<(ItemId, Day, Request)>,
    duties: Vec<Asked>,
    /// What a second reader approved, and on which day.
    approved: Vec<Approved>,
    answers: Vec<(ItemId, Answer)>,
    done: Vec<(Day, HandOver)>,
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
            Kind::ConsentRequest => self.requests.extend(consent(&text.body).map(|r| (head.item, head.day, r))),
            Kind::DutyRequest => self.duties.extend(consent(&text.body).map(|duty| Asked {
                item: head.item,
                day: head.day,
                by: head.author.clone(),
                untold: false,
                duty,
            })),
            Kind::DutyApproval => self.approved.extend(consent(&text.body).map(|approval: DutyApproval| Approved {
                item: head.item,
                request: approval.request,
                day: head.day,
                by: head.author.clone(),
                told: approval.told,
            })),
            Kind::HandOver => self.done.extend(consent::<HandOver>(&text.body).map(|done| (head.day, done))),
            Kind::ConsentAnswer if head.author == Author::Reporter => {
                self.answers.extend(consent(&text.body).map(|a| (head.item, a)));
            }
            _ => {}
        }
    }

    fn standing(&self, (request, asked): (&ItemId, &Request)) -> Standing {
        standing(
            (request, &asked.to),
            self.answers.iter().map(|(item, answer)| (*item, answer)),
            self.done.iter().map(|(_, done)| done),
        )
    }

    /// Whether a request waits for the reporter's answer, or they were told of a legal duty that was not carried out yet: they can say something to it
    /// in time.
    pub(super) fn waits(&self, app: &App, case: &Case) -> bool {
        let carried_out = |told: &ItemId| self.done.iter().any(|(_, done)| done.request == *told);
        let approved = self.approved.iter().any(|told| told.told.is_some() && !carried_out(&told.request));
        let told = approved || self.duties.iter().any(|told| !carried_out(&told.item));
        let asked = |(item, asked): (&ItemId, &Request)| self.standing((item, asked)) == Standing::Asked;
        told || self.requests.iter().any(|(item, _, request)| asked((item, request)) && counts(app, case, request))
    }

    /// What was agreed to and done.
    fn done(&self) -> impl Iterator<Item = &Request> {
        let done = |(item, asked): (&ItemId, &Request)| self.standing((item, asked)) == Standing::Done;
        self.requests.iter().map(|(item, _, asked)| (item, asked)).filter(move |r| done(*r)).map(|(_, asked)| asked)
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

    /// The newest requests, the newest first.
    pub(super) fn shown(self, app: &App, t: Texts, opened: &Opened) -> Vec<Shown> {
        let standings: Vec<Standing> =
            self.requests.iter().map(|(item, _, asked)| self.standing((item, asked))).collect();
        let newest = self.requests.into_iter().zip(standings).rev().take(SHOWN);
        newest.map(|((item, day, request), standing)| one(app, t, opened, (item, day, request), standing)).collect()
    }
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

fn one(app: &App, t: Texts, opened: &Opened, (item, day, asked): (ItemId, Day, Request), now: Standing) -> Shown {
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
    let consents = parted(all).consents;
    let asked = consents.requests.iter().find(|(item, _, _)| item == request);
    let open = asked.is_some_and(|(item, _, asked)| consents.standing((item, asked)) != Standing::Done);
    if !open || opened.case.state.is_closed() {
        return show(app, t, opened, Notice::ConsentOver, 0, None).await;
    }
    match add(app, opened, Kind::ConsentAnswer, Answer::new(*request, yes).into_body()).await {
        Ok(()) => show(app, t, opened, if yes { Notice::Agreed } else { Notice::NotAgreed }, 0, None).await,
        Err(StoreError::Conflict) => show(app, t, opened, Notice::Full, 0, None).await,
        Err(_) => problem(t.language, StatusCode::SERVICE_UNAVAILABLE),
    }
}
