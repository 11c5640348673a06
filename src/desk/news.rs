//! What others did in a case that this reader opened before, and what waits for this reader in it: so much the inbox says of it.
use serde::{Deserialize, Serialize};

use super::{
    Client, Content, Item, State,
    case_words::CaseWords,
    circle::proven,
    register::{officers, worked},
    write::may_send,
};
use crate::{
    api_types::CaseView,
    domain::{day::Day, id::ItemId},
    seal::{Author, ItemHead, Kind, code::Language},
    text::Texts,
};

/// Something that happened, in the order it is named: what ends or changes most comes first.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum News {
    /// The reporter withdrew.
    Withdrawal,
    /// A coordinator took it higher up.
    Escalation,
    /// A coordinator asks that it is handed over.
    TransferAsked,
    /// A coordinator reminds its readers.
    Reminder,
    /// The reporter wrote.
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
    /// A coordinator keeps it from destruction.
    HoldTold,
    /// A coordinator keeps it no longer.
    ReleaseTold,
    /// Something large came, a file of whoever: it is not fetched for the inbox.
    Large,
}

impl News {
    /// The text that names it.
    pub(super) fn text_id(self) -> &'static str {
        match self {
            Self::Withdrawal => "news-withdrawal",
            Self::Escalation => "news-escalation",
            Self::TransferAsked => "news-transfer",
            Self::Reminder => "news-reminder",
            Self::Message => "news-message",
            Self::Talk => "news-talk",
            Self::ConsentAnswer => "news-consent",
            Self::Correction => "news-correction",
            Self::Agreed => "news-agreed",
            Self::ToReport => "news-to-report",
            Self::File => "news-file",
            Self::HoldTold => "news-hold",
            Self::ReleaseTold => "news-release",
            Self::Large => "news-large",
        }
    }

    /// What whoever wrote an item did by it.
    fn of(author: &Author, kind: Kind, content: &Content) -> Option<Self> {
        match (kind, content) {
            (Kind::Escalation, _) => Some(Self::Escalation),
            (Kind::TransferAsked, _) => Some(Self::TransferAsked),
            (Kind::Reminder, _) => Some(Self::Reminder),
            (Kind::HoldTold, _) => Some(Self::HoldTold),
            (Kind::ReleaseTold, _) => Some(Self::ReleaseTold),
            _ if *author != Author::Reporter => None,
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

/// What others did in a case, by item; and what of it is too large to be opened for this.
pub(super) fn news(case: &CaseView, items: &[Item]) -> Vec<(ItemId, News)> {
    let of = |head: &ItemHead, content| News::of(&head.author, head.kind, content);
    let done = proven(items).filter_map(|(item, o)| Some((item, of(&o.manifest.head, &o.content)?)));
    let fetched =
        |id: &ItemId| items.iter().any(|item| item.id == *id && !matches!(item.state, State::Large(_) | State::Away));
    let large = case.items.iter().filter(|id| !fetched(id)).map(|id| (*id, News::Large));
    done.chain(large).collect()
}

/// What another reader or the reporter began and this one can end. It is said until it is done, whatever this reader looked at meanwhile.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Waits {
    /// To take somebody out.
    TakeOut,
    /// To approve that the law demands to let somebody read.
    Duty,
    /// To let them read, which was approved.
    HandOver,
    /// To let somebody read, to which the reporter agreed.
    Consent,
    /// To pass on what the reporter lets go along with a report.
    PassOn,
    /// To say of a step for two that it was done.
    Step,
    /// To answer the reporter, who asked for a talk.
    Talk,
}

impl Waits {
    /// The text that names it.
    pub(super) fn text_id(self) -> &'static str {
        match self {
            Self::TakeOut => "waits-take-out",
            Self::Duty => "waits-duty",
            Self::HandOver => "waits-hand-over",
            Self::Consent => "waits-consent",
            Self::PassOn => "waits-pass-on",
            Self::Step => "waits-step",
            Self::Talk => "waits-talk",
        }
    }
}

/// What waits for this reader in a case, each with the first day on which it can be done, where it has one.
pub(super) fn waits(client: &Client, case: &CaseView, items: &[Item]) -> Vec<(Waits, Option<Day>)> {
    let words = CaseWords::of(client, Texts::of(Language::En), items);
    let takings =
        words.takings(case).into_iter().filter(|taking| taking.waits_for(client)).map(|_| (Waits::TakeOut, None));
    let may = |kind| may_send(kind, case.state).is_ok();
    let duties = words.duties().into_iter().filter_map(|duty| {
        if duty.waits_for(client) {
            return may(Kind::DutyApproval).then_some((Waits::Duty, None));
        }
        (duty.is_approved() && client.me.card.is_none() && may(Kind::HandOver))
            .then_some((Waits::HandOver, duty.not_before))
    });
    let once = [
        (Waits::Consent, words.to_hand_over(case).next().is_some()),
        (Waits::PassOn, words.to_pass_on(case.state)),
        (Waits::Step, step_waits(client, case, items) && may(Kind::Step)),
        (Waits::Talk, words.talk(case).is_some()),
    ];
    takings.chain(duties).chain(once.into_iter().filter(|(_, is)| *is).map(|(waits, _)| (waits, None))).collect()
}

/// Whether one of two readers said that a step of the protocol was done, and this one can be the other.
fn step_waits(client: &Client, case: &CaseView, items: &[Item]) -> bool {
    let (me, officers) = (&client.me, officers(client, case, items));
    let waits = worked(items, &officers).last().is_some_and(|(_, worked)| {
        let mut two = worked.protocol.steps.iter().filter(|step| step.two && !worked.ticks(step).is_empty());
        two.any(|step| worked.can_tick(step, &me.reader))
    });
    waits && me.card.is_none()
}
