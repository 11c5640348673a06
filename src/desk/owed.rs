//! What is owed in a case, as far as this reader knows it: one answer for the page, the command line and the order of the inbox.
use super::{
    Item, Opened,
    circle::{proven, withdrawn},
    open::advice,
};
use crate::{
    api_types::CaseView,
    domain::{
        case::{Duty, duty},
        day::Day,
    },
    seal::{Author, Kind},
};

/// What a reader who opened a case knows of what it asks.
#[derive(Clone, Copy)]
pub(super) struct Asks {
    /// The law sets no term: see [`advice`].
    pub(super) without_term: bool,
    /// Feedback was given: what the law asks was done.
    pub(super) fed_back: bool,
    /// The reporter withdrew: what the law asks is owed to them, and they want no more contact. It stands again when they write again.
    pub(super) withdrawn: bool,
}

impl Asks {
    /// From what a case holds.
    pub(super) fn of(items: &[Item]) -> Self {
        let by_reader =
            |o: &Opened| o.manifest.head.kind == Kind::Feedback && o.manifest.head.author != Author::Reporter;
        let fed_back = proven(items).any(|(_, opened)| by_reader(opened));
        Self { without_term: advice(items), fed_back, withdrawn: withdrawn(items).is_some() }
    }
}

/// What is owed by the day the case names.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Owed {
    /// Nothing: it is closed, or the law sets no term.
    Nothing,
    /// An acknowledgement, if it is a report: this reader has not opened it.
    IfReport,
    /// What the law asks next.
    Duty(Duty),
    /// Nothing more: feedback was given. The server's day is not of the law any more.
    FedBack,
    /// Nothing more: the reporter withdrew.
    Withdrawn,
}

impl Owed {
    /// In a case; of one that this reader did not open nothing more is known.
    pub(super) fn of(case: &CaseView, asks: Option<Asks>) -> Self {
        match (duty(case.state, case.filed, case.due), asks) {
            (None, _) => Self::Nothing,
            (_, Some(asks)) if asks.withdrawn => Self::Withdrawn,
            (_, Some(asks)) if asks.without_term => Self::Nothing,
            (_, Some(asks)) if asks.fed_back => Self::FedBack,
            (Some(Duty::Acknowledge), None) => Self::IfReport,
            (Some(duty), _) => Self::Duty(duty),
        }
    }

    /// Whether something is to be done by the day that the case names.
    pub(super) fn has_term(self) -> bool {
        matches!(self, Self::IfReport | Self::Duty(_))
    }

    /// As `--json` names it; nothing when nothing is owed.
    pub(super) fn name(self) -> Option<&'static str> {
        match self {
            Self::Nothing => None,
            Self::IfReport => Some("acknowledge_if_report"),
            Self::Duty(Duty::Acknowledge) => Some("acknowledge"),
            Self::Duty(Duty::Feedback) => Some("feedback"),
            Self::FedBack => Some("fed_back"),
            Self::Withdrawn => Some("withdrawn"),
        }
    }

    /// In words, for the command line.
    pub(super) fn in_words(self, due: Day) -> String {
        match self {
            Self::Nothing => "no term".to_owned(),
            Self::IfReport => format!("if it is a report, acknowledge by {due}"),
            Self::Duty(Duty::Acknowledge) => format!("acknowledge by {due}"),
            Self::Duty(Duty::Feedback) => format!("feedback by {due}"),
            Self::FedBack => "feedback was given".to_owned(),
            Self::Withdrawn => "nothing: the reporter withdrew".to_owned(),
        }
    }
}
