//! What is owed in a case, as far as whoever looks knows it: one answer for the reader's page, the coordinator's, the command line and the
//! order of the inbox.
use serde::{Deserialize, Serialize};

use super::{
    Client, Item,
    circle::{done, withdrawn},
    consent::begun,
    ledger::counts,
    open::advice,
};
use crate::{
    api_types::{CaseView, oversight::OverviewCase},
    domain::{
        case::{Act, CaseState, Done, Next, next},
        classification::WITHDRAWN,
        day::Day,
        register::{CaseKind, Row},
    },
    seal::Kind,
    text::Texts,
};

/// What somebody knows of what a case asks.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(super) struct Asks {
    /// The law sets no term: see [`advice`].
    pub(super) without_term: bool,
    /// It is a report: its first item is seen. Who got a part of a case may not know what it is.
    pub(super) report: bool,
    /// What was done in it.
    pub(super) done: Done,
    /// The reporter withdrew: what the law asks is owed to them, and they want no more contact. It stands again when they write again.
    pub(super) withdrawn: bool,
}

impl Asks {
    /// From what a case holds.
    pub(super) fn of(items: &[Item]) -> Self {
        let said = |kind| done(items).any(|(_, opened)| opened.manifest.head.kind == kind);
        let done = Done { acknowledged: said(Kind::Acknowledgement), fed_back: said(Kind::Feedback) };
        let report = begun(items, |kind| kind == Kind::Report);
        Self { without_term: advice(items), report, done, withdrawn: withdrawn(items).is_some() }
    }

    /// From the row that its readers wrote into the register.
    fn of_row(case: &OverviewCase, row: &Row) -> Self {
        // What the server did not count is owed still: see [`super::ledger::behind`].
        let done = Done {
            acknowledged: counts(case, Act::Acknowledge, row.acknowledged),
            fed_back: counts(case, Act::Feedback, row.feedback),
        };
        let withdrawn = row.assessment.as_ref().is_some_and(|made| made.assessment == WITHDRAWN);
        Self { without_term: row.kind == CaseKind::Identity, report: true, done, withdrawn }
    }
}

/// What is owed by the day the case names.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Owed {
    /// Nothing: it is closed, or the law sets no term.
    Nothing,
    /// An acknowledgement, if it is a report: whoever looks does not know that.
    IfReport,
    /// An acknowledgement.
    Acknowledge,
    /// Feedback.
    Feedback,
    /// Feedback, unless it was given before this reader could see it.
    FeedbackUnlessGiven,
    /// Feedback, unless somebody gave it who left: nobody who is there has opened the case.
    FeedbackUnlessLeft,
    /// Nothing more: feedback was given. The server's day is not of the law any more.
    FedBack,
    /// Nothing more: the reporter withdrew.
    Withdrawn,
}

impl Owed {
    /// In a case of a reader; of one that this reader did not open nothing more is known.
    pub(super) fn of(case: &CaseView, asks: Option<Asks>) -> Self {
        match Self::by((case.state, case.filed, case.due), asks) {
            Self::FeedbackUnlessGiven if case.left && asks.is_none() => Self::FeedbackUnlessLeft,
            owed => owed,
        }
    }

    /// In a case that a coordinator watches, with its row of the register.
    pub(super) fn watched(case: &OverviewCase, row: Option<&Row>) -> Self {
        Self::by((case.state, case.filed, case.due), row.map(|row| Asks::of_row(case, row)))
    }

    fn by((state, filed, due): (CaseState, Day, Day), asks: Option<Asks>) -> Self {
        let (report, done) = asks.map_or((false, Done::default()), |asks| (asks.report, asks.done));
        match next(state, filed, due, done) {
            Next::Nothing => Self::Nothing,
            _ if asks.is_some_and(|asks| asks.withdrawn) => Self::Withdrawn,
            _ if asks.is_some_and(|asks| asks.without_term) => Self::Nothing,
            Next::Acknowledge if report => Self::Acknowledge,
            Next::Acknowledge => Self::IfReport,
            Next::Feedback => Self::Feedback,
            Next::FeedbackUnlessGiven => Self::FeedbackUnlessGiven,
            Next::FedBack => Self::FedBack,
        }
    }

    /// Whether something is to be done by the day that the case names.
    pub(super) fn has_term(self) -> bool {
        !matches!(self, Self::Nothing | Self::FedBack | Self::Withdrawn)
    }

    /// As `--json` names it; nothing when nothing is owed.
    pub(super) fn name(self) -> Option<&'static str> {
        match self {
            Self::Nothing => None,
            Self::IfReport => Some("acknowledge_if_report"),
            Self::Acknowledge => Some("acknowledge"),
            Self::Feedback => Some("feedback"),
            Self::FeedbackUnlessGiven | Self::FeedbackUnlessLeft => Some("feedback_unless_given"),
            Self::FedBack => Some("fed_back"),
            Self::Withdrawn => Some("withdrawn"),
        }
    }

    /// In words, with the day that the case names as it is written, and whether that day is over.
    pub(super) fn in_words(self, t: Texts, due: String, over: bool) -> String {
        let id = match self {
            Self::Nothing => "desk-nothing-due",
            Self::IfReport if over => "desk-due-if-report-over",
            Self::IfReport => "desk-due-if-report",
            Self::Acknowledge => "desk-due-acknowledge",
            Self::Feedback => "desk-due-feedback",
            Self::FeedbackUnlessGiven if over => "desk-due-unless-given-over",
            Self::FeedbackUnlessGiven => "desk-due-unless-given",
            Self::FeedbackUnlessLeft if over => "desk-due-unless-left-over",
            Self::FeedbackUnlessLeft => "desk-due-unless-left",
            Self::FedBack => "desk-due-fed-back",
            Self::Withdrawn => "desk-due-withdrawn",
        };
        let text = t.with(id, &[("day", due)]);
        let late = over && matches!(self, Self::Acknowledge | Self::Feedback);
        if late { format!("{} {text}", t.get("desk-late")) } else { text }
    }

    /// The same for who is signed in: a guest is told whose duty it is.
    pub(super) fn told(self, client: &Client, t: Texts, due: String, over: bool) -> String {
        let text = self.in_words(t, due, over);
        if client.me.card.is_some() && self.has_term() { t.with("desk-due-officers", &[("what", text)]) } else { text }
    }
}
