//! What is owed in a case, as far as this reader knows it: one answer for the page, the command line and the order of the inbox.
use super::{Item, open::advice};
use crate::{
    api_types::CaseView,
    domain::case::{Duty, duty},
};

/// What a reader who opened a case knows of what it asks.
#[derive(Clone, Copy)]
pub(super) struct Asks {
    /// The law sets no term.
    pub(super) advice: bool,
}

impl Asks {
    /// From what a case holds.
    pub(super) fn of(items: &[Item]) -> Self {
        Self { advice: advice(items) }
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
}

impl Owed {
    /// In a case; of one that this reader did not open nothing more is known.
    pub(super) fn of(case: &CaseView, asks: Option<Asks>) -> Self {
        match (duty(case.state, case.filed, case.due), asks) {
            (None, _) => Self::Nothing,
            (_, Some(asks)) if asks.advice => Self::Nothing,
            (Some(Duty::Acknowledge), None) => Self::IfReport,
            (Some(duty), _) => Self::Duty(duty),
        }
    }
}
