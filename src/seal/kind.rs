//! What an item is.
use serde::{Deserialize, Serialize};

/// What an item is.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The first item of a report.
    Report,
    /// The first item of a request for advice.
    Advice,
    /// What the reporter wrote later.
    Message,
    /// A file, from either side.
    File,
    /// The reader confirms receipt.
    Acknowledgement,
    /// The reader asks.
    Question,
    /// The reader answers.
    Reply,
    /// The reader tells how the report was assessed and what follows.
    Feedback,
    /// Among readers.
    Note,
    /// The reader ends the case.
    Closing,
    /// A reader asks whether somebody else may read; see [`super::consent`].
    ConsentRequest,
    /// The reporter answers that.
    ConsentAnswer,
    /// A reader shared what was agreed.
    HandOver,
    /// A coordinator reminds the readers. In items of earlier versions, any message of a coordinator.
    #[serde(alias = "memo")]
    Reminder,
    /// A coordinator says that a closed case is kept.
    HoldTold,
    /// A coordinator tells the readers that the case is kept no longer.
    ReleaseTold,
    /// A coordinator asks the readers to hand the case to others.
    TransferAsked,
    /// A coordinator says that it goes higher up.
    Escalation,
    /// What the report is and what came of it, in codes.
    Classification,
    /// A protocol is begun; see [`super::protocol`].
    Protocol,
    /// A step of it was done.
    Step,
    /// The reporter says what of a request for advice goes with their report; see [`super::consent`].
    ToReport,
    /// The adviser passed that on.
    PassOn,
    /// The first item of a case in which the reporter says who they are.
    Identity,
    /// The reporter proposes places and times for a talk.
    Talk,
    /// A reader leaves the case; see [`super::circle`].
    Left,
    /// A reader asks that another is taken out.
    TakeOut,
    /// A second reader did so.
    TakenOut,
    /// A reader says that a legal duty asks to let somebody read.
    DutyRequest,
    /// A second reader agrees.
    DutyApproval,
    /// A reader says how this case belongs with another; see [`super::link`].
    Link,
    /// What a reporter told was written down, to be read and agreed to; see [`super::account`].
    Account,
    /// The reporter agrees with that, or says how it was.
    Agreed,
    /// The reporter withdraws, and wants no more contact.
    Withdrawal,
}

impl Kind {
    /// Whether it is a coordinator's message to the readers.
    pub fn is_memo(self) -> bool {
        matches!(self, Self::Reminder | Self::HoldTold | Self::ReleaseTold | Self::TransferAsked | Self::Escalation)
    }

    /// Whether whoever sends it as a reporter wants to hear of it.
    pub fn seeks_contact(self) -> bool {
        matches!(self, Self::Message | Self::Talk | Self::File)
    }

    /// The text that names it: the same on every page and for everybody.
    pub fn text_id(self) -> &'static str {
        match self {
            Self::Report => "desk-kind-report",
            Self::Advice => "desk-kind-advice",
            Self::Message => "desk-kind-message",
            Self::File => "desk-kind-file",
            Self::Acknowledgement => "kind-acknowledgement",
            Self::Question => "kind-question",
            Self::Reply => "kind-reply",
            Self::Feedback => "kind-feedback",
            Self::Note => "desk-kind-note",
            Self::Closing => "kind-closing",
            Self::ConsentRequest => "kind-consent",
            Self::ConsentAnswer => "desk-kind-consent-answer",
            Self::HandOver => "kind-hand-over",
            Self::Reminder => "desk-kind-reminder",
            Self::HoldTold => "desk-kind-hold",
            Self::ReleaseTold => "desk-kind-release",
            Self::TransferAsked => "desk-kind-transfer",
            Self::Escalation => "desk-kind-escalation",
            Self::Classification => "desk-kind-classification",
            Self::Protocol => "desk-kind-protocol",
            Self::Step => "desk-kind-step",
            Self::ToReport => "desk-kind-to-report",
            Self::PassOn => "desk-kind-pass-on",
            Self::Identity => "desk-kind-identity",
            Self::Talk => "desk-kind-talk",
            Self::Account => "desk-kind-account",
            Self::Agreed => "desk-kind-agreed",
            Self::Left => "desk-kind-left",
            Self::TakeOut => "desk-kind-take-out",
            Self::TakenOut => "desk-kind-taken-out",
            Self::DutyRequest => "desk-kind-duty",
            Self::DutyApproval => "desk-kind-duty-approval",
            Self::Link => "desk-link-title",
            Self::Withdrawal => "kind-withdrawal",
        }
    }
}
