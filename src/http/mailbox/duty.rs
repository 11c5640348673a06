//! A legal duty to let somebody read: the reporter is told before, with reasons, unless that endangers the inquiry. There is nothing to
//! agree to.
use super::{
    consent::{FEW_LINES, REASON_BYTES, SHOWN, in_turn, in_words, shorten, shorten_reason},
    readers::CaseReader,
};
use crate::{
    domain::{
        day::Day,
        ground::{in_time, not_before},
        id::ItemId,
        routing::may_approve_duty,
    },
    http::App,
    seal::{Author, Plaintext, circle::DutyRequest, consent::HandOver},
    text::Texts,
};

/// A notice, as a reader wrote it.
pub(super) struct Asked {
    pub(super) item: ItemId,
    pub(super) day: Day,
    /// Who says it: who wrote it, or who approved it where it did not arrive itself.
    pub(super) by: Author,
    /// Whether it did not arrive itself.
    pub(super) untold: bool,
    pub(super) duty: DutyRequest,
    /// What it says, as a hash.
    pub(super) says: [u8; 32],
}

/// That a second reader approved what a notice says.
pub(super) struct Approved {
    pub(super) item: ItemId,
    pub(super) request: ItemId,
    pub(super) day: Day,
    pub(super) by: Author,
    /// What it says of what was approved.
    pub(super) told: Option<DutyRequest>,
    /// The same, as a hash.
    pub(super) says: Option<[u8; 32]>,
}

impl Approved {
    /// Whether it is by somebody who can approve a duty to let this one read, and its day has come.
    fn counts(&self, app: &App, duty: &DutyRequest) -> bool {
        let may = match &self.by {
            Author::Reader(id) => *id != duty.to.reader && app.roster.known(id).is_some_and(may_approve_duty),
            Author::Reporter => false,
        };
        may && self.day <= app.clock.today()
    }
}

/// What did not arrive itself, as who approved it tells it, the oldest first: each that says something else is a notice of its own, whatever it
/// is said to be of. Their days count from the approval.
pub(super) fn untold(app: &App, asked: &[Asked], approved: &mut [Approved]) -> Vec<Asked> {
    let mut untold: Vec<Asked> = Vec::new();
    for approval in approved.iter_mut() {
        let (item, Some(says)) = (approval.request, approval.says) else { continue };
        let counts = approval.told.as_ref().is_some_and(|duty| duty.notice && approval.counts(app, duty));
        if counts && asked.iter().chain(&untold).all(|known| (known.item, known.says) != (item, says)) {
            let (day, by) = (approval.day, approval.by.clone());
            let duty = approval.told.take();
            untold.extend(duty.map(|duty| Asked { item, day, by, untold: true, duty, says }));
        }
    }
    untold
}

/// A notice, as its page shows it.
pub(super) struct Shown {
    pub(super) name: String,
    pub(super) day: String,
    pub(super) ground: String,
    pub(super) reference: Plaintext,
    pub(super) reason: Plaintext,
    pub(super) items: Vec<String>,
    /// The first day on which it is carried out; nothing before a second reader has approved.
    pub(super) not_before: Option<String>,
    /// Where it stands.
    pub(super) standing: Standing,
    /// Whether one reader alone says so: their approval of what the reporter never got.
    pub(super) alone: bool,
}

/// Where a hand-over on a legal duty stands. Done is what desks count as done, and can be seen: no reader alone says so.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Standing {
    Waiting,
    /// It was carried out as it must be, and they can read.
    Done,
    /// The same, and they cannot read any more.
    Went,
}

impl Shown {
    pub(super) fn is_done(&self) -> bool {
        self.standing != Standing::Waiting
    }

    /// Who says so, in words.
    pub(super) fn day_id(&self) -> &'static str {
        if self.alone { "duty-day-alone" } else { "duty-day" }
    }

    pub(super) fn text_id(&self) -> &'static str {
        match self.standing {
            // Whether it was done is not seen either: one reader's word is not taken for that.
            Standing::Waiting if self.alone => "duty-alone",
            Standing::Waiting => "duty-before",
            Standing::Done => "consent-done",
            Standing::Went => "duty-went",
        }
    }

    /// With less of it, where not all fits a page.
    pub(super) fn shorten(&mut self, t: Texts) {
        shorten_reason(&mut self.reference);
        shorten_reason(&mut self.reason);
        shorten(t, &mut self.items, FEW_LINES);
    }
}

/// The newest notices of what is to come, and of what was done, each the newest first.
pub(super) fn shown(
    app: &App,
    (t, filed): (Texts, Day),
    asked: Vec<Asked>,
    (approved, done): (&[Approved], &[(Day, HandOver)]),
    readers: &[CaseReader<'_>],
) -> Vec<Shown> {
    let today = app.clock.today();
    let one = |Asked { item, day, by, untold, duty, says }: Asked| {
        // Nothing was said before there was a case. Where the notice itself came, the later of two readers' days counts anyhow.
        let since = |day: Day| if untold { day.max(filed) } else { day };
        let day = since(day);
        let reader = app.roster.known(&duty.to.reader).filter(|r| r.keyed() == duty.to);
        // Of what did not arrive itself a second is who says the same. What arrived all readers have as it is: there the item says what is
        // approved.
        let same = |a: &Approved| !untold || a.says == Some(says);
        let by_another = |a: &&Approved| a.request == item && a.by != by && same(a) && a.counts(app, &duty);
        let approved: Vec<&Approved> = approved.iter().filter(by_another).collect();
        let alone = untold && approved.is_empty();
        let second = if alone { Some(day) } else { approved.iter().map(|a| since(a.day)).min() };
        let carried_out = approved.iter().any(|a| {
            let first = not_before(day, Some(since(a.day)));
            let as_it_must = |(on, done): &(Day, HandOver)| {
                in_time(Some(first), *on, today) && done.follows((&item, &a.item), &duty.to)
            };
            done.iter().any(as_it_must)
        });
        let there = readers.iter().any(|r| *r.keyed == duty.to);
        let two = !approved.is_empty();
        let shown = Shown {
            name: reader.map_or_else(|| duty.to.reader.to_string(), |r| t.pick(&r.shown_as).to_owned()),
            day: t.day(day),
            ground: t.get(duty.ground.text_id()),
            reference: duty.reference.cut_to(REASON_BYTES),
            reason: duty.reason.cut_to(REASON_BYTES),
            items: in_words(t, &duty.items),
            not_before: second.map(|second| t.day(not_before(day, Some(second)))),
            standing: match (carried_out, there) {
                (false, _) => Standing::Waiting,
                (true, true) => Standing::Done,
                (true, false) => Standing::Went,
            },
            alone,
        };
        (!two, by, shown)
    };
    // What one reader says takes nothing of what two agreed on off the page, nor of what another says.
    let all = in_turn(asked.into_iter().rev().map(one).collect()).into_iter().map(|(.., shown)| shown);
    let (done, to_come): (Vec<Shown>, Vec<Shown>) = all.partition(Shown::is_done);
    to_come.into_iter().take(SHOWN).chain(done.into_iter().take(SHOWN)).collect()
}
