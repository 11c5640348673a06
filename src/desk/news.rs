//! What a reporter did in a case that this reader opened before: so much the inbox says of it.
use serde::{Deserialize, Serialize};

use super::{Content, Item, State, circle::proven};
use crate::{
    api_types::CaseView,
    domain::id::ItemId,
    seal::{Author, Kind},
};

/// Something that happened, in the order it is named: what ends or changes most comes first.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum News {
    /// They withdrew.
    Withdrawal,
    /// They wrote.
    Message,
    /// They asked for a talk.
    Talk,
    /// They answered whether somebody may read along.
    ConsentAnswer,
    /// They corrected what was written down of what they told.
    Correction,
    /// They agreed with it.
    Agreed,
    /// They made a report of their request for advice.
    ToReport,
    /// They added a file.
    File,
    /// Something large came, a file of whoever: it is not fetched for the inbox.
    Large,
}

impl News {
    /// The text that names it.
    pub(super) fn text_id(self) -> &'static str {
        match self {
            Self::Withdrawal => "news-withdrawal",
            Self::Message => "news-message",
            Self::Talk => "news-talk",
            Self::ConsentAnswer => "news-consent",
            Self::Correction => "news-correction",
            Self::Agreed => "news-agreed",
            Self::ToReport => "news-to-report",
            Self::File => "news-file",
            Self::Large => "news-large",
        }
    }

    fn of(kind: Kind, content: &Content) -> Option<Self> {
        match (kind, content) {
            (Kind::Withdrawal, _) => Some(Self::Withdrawal),
            (Kind::Message, _) => Some(Self::Message),
            (Kind::Talk, _) => Some(Self::Talk),
            (Kind::ConsentAnswer, _) => Some(Self::ConsentAnswer),
            (_, Content::Agreed(agreed)) => Some(if agreed.changed { Self::Correction } else { Self::Agreed }),
            (Kind::ToReport, _) => Some(Self::ToReport),
            (Kind::File, _) => Some(Self::File),
            _ => None,
        }
    }
}

/// What the reporter did in a case, by item; and what of it is too large to be opened for this.
pub(super) fn news(case: &CaseView, items: &[Item]) -> Vec<(ItemId, News)> {
    let by_reporter = proven(items).filter(|(_, opened)| opened.manifest.head.author == Author::Reporter);
    let done = by_reporter.filter_map(|(item, o)| Some((item, News::of(o.manifest.head.kind, &o.content)?)));
    let fetched =
        |id: &ItemId| items.iter().any(|item| item.id == *id && !matches!(item.state, State::Large(_) | State::Away));
    let large = case.items.iter().filter(|id| !fetched(id)).map(|id| (*id, News::Large));
    done.chain(large).collect()
}
