//! A reader asks whether somebody else may read; the reporter answers behind the code, and may change their mind until it is done.
use actix_web::{HttpResponse, http::StatusCode};

use super::{Notice, Opened, add, guests::guest_name, letters::letters, parts::parted, show};
use crate::{
    domain::{
        day::Day,
        id::{ItemId, KeyedReader},
    },
    http::{App, page::problem},
    seal::{
        Kind, Plaintext,
        circle::DutyRequest,
        consent::{Answer, HandOver, Named, Request, Standing, standing},
        guest::vouched,
    },
    store::StoreError,
    text::Texts,
};

/// Escaped bytes of a reason that are shown.
pub(super) const REASON_BYTES: usize = 4 << 10;
/// Requests that are shown.
pub(super) const SHOWN: usize = 3;

/// The requests of a case, and what became of them.
#[derive(Default)]
pub(super) struct Consents {
    pub(super) requests: Vec<(ItemId, Day, Request)>,
    pub(super) duties: Vec<(ItemId, Day, DutyRequest)>,
    pub(super) answers: Vec<(ItemId, Answer)>,
    pub(super) done: Vec<HandOver>,
}

/// A request, as its page shows it.
pub(super) struct Shown {
    pub(super) request: ItemId,
    pub(super) name: String,
    pub(super) day: String,
    pub(super) reason: Plaintext,
    pub(super) items: Vec<String>,
    /// Says where it stands.
    pub(super) standing: &'static str,
    pub(super) may_agree: bool,
    pub(super) may_refuse: bool,
}

impl Consents {
    fn standing(&self, request: &ItemId) -> Standing {
        standing(request, self.answers.iter().map(|(item, answer)| (*item, answer)), &self.done)
    }

    /// Whether the reporter agreed that somebody reads along, and it was done.
    pub(super) fn agreed(&self, reader: &KeyedReader) -> bool {
        let yes = |done: &&HandOver| {
            self.answers.iter().any(|(item, a)| *item == done.answer && a.request == done.request && a.yes)
        };
        self.done.iter().filter(yes).any(|done| done.to == *reader)
    }

    /// The notices of a legal duty.
    pub(super) fn duties(&mut self, app: &App, t: Texts) -> Vec<super::duty::Shown> {
        super::duty::shown(app, t, std::mem::take(&mut self.duties), &self.done)
    }

    /// The newest requests, the newest first.
    pub(super) fn shown(self, app: &App, t: Texts, opened: &Opened) -> Vec<Shown> {
        let standings: Vec<Standing> = self.requests.iter().map(|(item, _, _)| self.standing(item)).collect();
        let newest = self.requests.into_iter().zip(standings).rev().take(SHOWN);
        newest.map(|((item, day, request), standing)| one(app, t, opened, (item, day, request), standing)).collect()
    }
}

fn one(app: &App, t: Texts, opened: &Opened, (item, day, asked): (ItemId, Day, Request), now: Standing) -> Shown {
    // Somebody who left the roster, or has other keys since, is nobody to agree to.
    let reader = app.roster.keyed(&asked.to);
    let card = asked.card.as_ref().filter(|card| card.keyed() == asked.to);
    let card = card.filter(|card| vouched(card, &app.roster, &opened.case.id));
    let counts = reader.is_some() || card.is_some_and(|card| card.counts_on(app.clock.today()));
    let open = !opened.case.state.is_closed() && counts;
    let named = reader.map(|r| t.pick(&r.shown_as).to_owned()).or_else(|| card.map(|card| guest_name(t, card)));
    Shown {
        request: item,
        name: named.unwrap_or_else(|| asked.to.reader.to_string()),
        day: t.day(day),
        reason: asked.reason.cut_to(REASON_BYTES),
        items: asked.items.iter().map(|named| in_words(t, named)).collect(),
        standing: match now {
            Standing::Asked => "consent-asked",
            Standing::No => "consent-no",
            Standing::Yes(_) => "consent-yes",
            Standing::Done => "consent-done",
        },
        may_agree: open && matches!(now, Standing::Asked | Standing::No),
        may_refuse: open && matches!(now, Standing::Asked | Standing::Yes(_)),
    }
}

pub(super) fn in_words(t: Texts, named: &Named) -> String {
    let id = match named.kind {
        Kind::Report | Kind::Advice => "consent-item-story",
        Kind::Message | Kind::ConsentAnswer | Kind::Agreed => "consent-item-message",
        Kind::File => "consent-item-file",
        _ => "consent-item-letter",
    };
    t.with(id, &[("day", t.day(named.day))])
}

/// The reporter agrees, refuses, or takes back what they said. Only an open request is answered.
pub(super) async fn answer(app: &App, t: Texts, opened: &Opened, request: &ItemId, yes: bool) -> HttpResponse {
    let Ok(all) = letters(app, opened).await else { return problem(t.language, StatusCode::SERVICE_UNAVAILABLE) };
    let consents = parted(all).consents;
    let asked = consents.requests.iter().any(|(item, _, _)| item == request);
    if !asked || consents.standing(request) == Standing::Done || opened.case.state.is_closed() {
        return show(app, t, opened, Notice::ConsentOver, 0, None).await;
    }
    match add(app, opened, Kind::ConsentAnswer, Answer::new(*request, yes).into_body()).await {
        Ok(()) => show(app, t, opened, if yes { Notice::Agreed } else { Notice::NotAgreed }, 0, None).await,
        Err(StoreError::Conflict) => show(app, t, opened, Notice::Full, 0, None).await,
        Err(_) => problem(t.language, StatusCode::SERVICE_UNAVAILABLE),
    }
}
