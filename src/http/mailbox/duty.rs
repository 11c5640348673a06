//! A legal duty to let somebody read: the reporter is told before, with reasons, unless that endangers the inquiry. There is nothing to
//! agree to.
use super::consent::{FEW_LINES, REASON_BYTES, SHOWN, in_words, shorten, shorten_reason};
use crate::{
    domain::{day::Day, ground::not_before, id::ItemId},
    http::App,
    seal::{Author, Plaintext, circle::DutyRequest, consent::HandOver},
    text::Texts,
};

/// A notice, as a reader wrote it.
pub(super) struct Asked {
    pub(super) item: ItemId,
    pub(super) day: Day,
    pub(super) by: Author,
    pub(super) duty: DutyRequest,
}

/// That a second reader approved what a notice says.
pub(super) struct Approved {
    pub(super) request: ItemId,
    pub(super) day: Day,
    pub(super) by: Author,
}

/// A notice, as its page shows it.
pub(super) struct Shown {
    pub(super) name: String,
    pub(super) day: String,
    pub(super) ground: String,
    pub(super) reference: Plaintext,
    pub(super) reason: Plaintext,
    pub(super) items: Vec<String>,
    /// The first day on which it is carried out.
    pub(super) not_before: String,
    /// It was carried out.
    pub(super) done: bool,
}

impl Shown {
    /// With less of it, where not all fits a page.
    pub(super) fn shorten(&mut self, t: Texts) {
        shorten_reason(&mut self.reference);
        shorten_reason(&mut self.reason);
        shorten(t, &mut self.items, FEW_LINES);
    }
}

/// The newest notices, the newest first.
pub(super) fn shown(
    app: &App,
    t: Texts,
    asked: Vec<Asked>,
    (approved, done): (&[Approved], &[HandOver]),
) -> Vec<Shown> {
    let today = app.clock.today();
    let one = |Asked { item, day, by, duty }: Asked| {
        let reader = app.roster.keyed(&duty.to);
        let by_another = |a: &&Approved| a.request == item && a.by != by && a.day <= today;
        let second = approved.iter().filter(by_another).map(|a| a.day).min();
        Shown {
            name: reader.map_or_else(|| duty.to.reader.to_string(), |r| t.pick(&r.shown_as).to_owned()),
            day: t.day(day),
            ground: t.get(duty.ground.text_id()),
            reference: duty.reference.cut_to(REASON_BYTES),
            reason: duty.reason.cut_to(REASON_BYTES),
            items: in_words(t, &duty.items),
            not_before: t.day(not_before(day, second)),
            done: done.iter().any(|done| done.request == item && done.to == duty.to),
        }
    };
    asked.into_iter().rev().take(SHOWN).map(one).collect()
}
