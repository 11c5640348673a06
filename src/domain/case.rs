//! What the server knows of a case, and which acts its state allows.
use serde::{Deserialize, Serialize};

use super::{
    day::Day,
    id::{CaseId, OrgId},
};

/// Where a case stands.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CaseState {
    /// Filed; nobody who reads it has fetched it. Again so when the last who had goes from it.
    Unopened,
    /// A reader has fetched it.
    Open,
    /// Ended by a reader.
    Closed,
    /// Ended, and kept from destruction by a coordinator.
    Held,
}

impl CaseState {
    /// The number the databases keep.
    pub fn number(self) -> i16 {
        match self {
            Self::Unopened => 0,
            Self::Open => 1,
            Self::Closed => 2,
            Self::Held => 3,
        }
    }
    /// The id of its text.
    pub fn text_id(self) -> &'static str {
        match self {
            Self::Unopened => "desk-state-unopened",
            Self::Open => "desk-state-open",
            Self::Closed => "desk-state-closed",
            Self::Held => "desk-state-held",
        }
    }
    /// Whether it was ended.
    pub fn is_closed(self) -> bool {
        matches!(self, Self::Closed | Self::Held)
    }
    /// The state with this number; `None` for a number we never wrote.
    pub fn from_number(n: i16) -> Option<Self> {
        [Self::Unopened, Self::Open, Self::Closed, Self::Held].into_iter().find(|s| s.number() == n)
    }
}

/// Everything a case shows in clear. Nothing else may be added (a schema test counts the columns).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Case {
    /// Random id.
    pub id: CaseId,
    /// Derived from the code and the room; says nothing without the code.
    pub lookup: [u8; 32],
    /// Whose case it is.
    pub org: OrgId,
    /// The day it was filed.
    pub filed: Day,
    /// The next legal deadline (acknowledge, then feedback).
    pub due: Day,
    /// When it is to be destroyed, once closed.
    pub destroy_after: Option<Day>,
    /// Where it stands.
    pub state: CaseState,
}

impl Case {
    /// As it begins on the day it is filed.
    pub fn filed(id: CaseId, lookup: [u8; 32], org: OrgId, today: Day) -> Self {
        let due = today.plus_days(ACKNOWLEDGE_DAYS);
        Self { id, lookup, org, filed: today, due, destroy_after: None, state: CaseState::Unopened }
    }

    /// Whether nobody has opened it, and nobody who left since met a deadline in it: what was done in a case stays until its term is over.
    pub fn is_untouched(&self) -> bool {
        self.state == CaseState::Unopened && self.due == self.filed.plus_days(ACKNOWLEDGE_DAYS)
    }
}

/// Days within which a report is acknowledged (Wbk art. 2(2); Directive 2019/1937 art. 9(1)(b)).
pub const ACKNOWLEDGE_DAYS: i32 = 7;
/// Calendar months within which feedback is given (Directive art. 9(1)(f)).
pub const FEEDBACK_MONTHS: i32 = 3;
/// The two dates of the law for a report.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Dates {
    /// Until when receipt is acknowledged.
    pub acknowledge: Day,
    /// Until when feedback is given, counted from the acknowledgement or, without one, from the end of its term.
    pub feedback: Day,
}

/// The legal dates of a report (Wbk art. 2(2); Directive 2019/1937 art. 9(1)(b) and (f)).
pub fn dates(received: Day, acknowledged: Option<Day>) -> Dates {
    let acknowledge = received.plus_days(ACKNOWLEDGE_DAYS);
    // An acknowledgement that came late does not win time.
    let from = acknowledged.map_or(acknowledge, |day| day.min(acknowledge));
    Dates { acknowledge, feedback: from.plus_months(FEEDBACK_MONTHS) }
}

/// Days unopened after which the reserve reader's slots are released.
pub const RESERVE_DAYS: i32 = 4;
/// Days ahead until which a reader says at most that they are away.
pub const AWAY_DAYS: i32 = 60;

/// What a reader does to a case by adding an item.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Confirms receipt.
    Acknowledge,
    /// Asks the reporter something.
    Ask,
    /// Answers the reporter.
    Reply,
    /// Tells the reporter how the report was assessed and what follows.
    Feedback,
    /// Writes for the readers only.
    Note,
    /// Ends the case.
    Close,
}

impl Act {
    /// All, in the order shown.
    pub const ALL: [Self; 6] = [Self::Acknowledge, Self::Ask, Self::Reply, Self::Feedback, Self::Note, Self::Close];

    /// Whether a guest may do it: they read along, ask and answer. What the law asks of a reader, they do not do in their place.
    pub fn is_for_guests(self) -> bool {
        matches!(self, Self::Ask | Self::Reply | Self::Note)
    }

    /// Whether it is done towards the reporter: without a word to them it is not done.
    pub fn is_for_reporter(self) -> bool {
        self != Self::Note
    }

    /// Its name in commands, paths and templates.
    pub fn name(self) -> &'static str {
        match self {
            Self::Acknowledge => "acknowledge",
            Self::Ask => "ask",
            Self::Reply => "reply",
            Self::Feedback => "feedback",
            Self::Note => "note",
            Self::Close => "close",
        }
    }

    /// The act of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|act| act.name() == name)
    }
}

/// What the law asks next of the readers of a report, as far as somebody can see. Advice has no legal term.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Next {
    /// Nothing: it is closed.
    Nothing,
    /// Confirm receipt, within [`ACKNOWLEDGE_DAYS`] of filing (Wbk art. 2(2)).
    Acknowledge,
    /// Give feedback, within [`FEEDBACK_MONTHS`] (Directive art. 9(1)(f)).
    Feedback,
    /// The same, unless it was given: whoever asks does not see all that was written before, and the day is that of the one or the other.
    FeedbackUnlessGiven,
    /// Nothing more: feedback was given. The day that is counted on to is nobody's promise.
    FedBack,
}

/// What somebody sees that was done in a report.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Done {
    /// Receipt was confirmed: they see all that came after it.
    pub acknowledged: bool,
    /// Feedback was given.
    pub fed_back: bool,
}

/// What is due by `due` in a case filed on `filed`, for somebody who sees that this was done: the one answer for readers, coordinator and
/// reporter. Before an acknowledgement the deadline is that of the acknowledgement, and every act moves it further; what an
/// acknowledgement cannot reach is moved by feedback alone.
pub fn next(state: CaseState, filed: Day, due: Day, done: Done) -> Next {
    match done {
        _ if state.is_closed() => Next::Nothing,
        Done { fed_back: true, .. } => Next::FedBack,
        _ if due == filed.plus_days(ACKNOWLEDGE_DAYS) => Next::Acknowledge,
        _ if due > dates(filed, None).feedback => Next::FedBack,
        Done { acknowledged: true, .. } => Next::Feedback,
        Done { .. } => Next::FeedbackUnlessGiven,
    }
}

/// Whether the law sets terms for a case.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Terms {
    /// It is a report, as far as whoever asks can tell.
    Legal,
    /// None: advice, or who a reporter is. Nothing is confirmed by a day in it, and it has no place in the register.
    None,
}

/// An act that makes no sense in a case.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum InvalidAct {
    /// Not in its state.
    #[error("this cannot be done in the state of the case")]
    State,
    /// It belongs to a report, and this is none.
    #[error("the law sets no term for this case")]
    NoTerm,
}

/// The state and deadline after an act on `day`, in a case filed on `filed`. A case is opened before anything is done in it;
/// closed, it takes notes only. It is acknowledged once; that starts the term for feedback, at the end of its own term at the latest.
/// Feedback meets its term, acknowledged or not, and the next is due so many months later: a reporter is not left waiting.
/// Where the law sets no term neither is done.
pub fn after(
    act: Act,
    (state, terms): (CaseState, Terms),
    (filed, due): (Day, Day),
    day: Day,
) -> Result<(CaseState, Day), InvalidAct> {
    let first = due == filed.plus_days(ACKNOWLEDGE_DAYS);
    match (act, state) {
        (Act::Note, CaseState::Closed | CaseState::Held) => Ok((state, due)),
        (_, CaseState::Closed | CaseState::Held | CaseState::Unopened) => Err(InvalidAct::State),
        (Act::Acknowledge | Act::Feedback, _) if terms == Terms::None => Err(InvalidAct::NoTerm),
        (Act::Close, _) => Ok((CaseState::Closed, due)),
        (Act::Acknowledge, _) if !first => Err(InvalidAct::State),
        (Act::Acknowledge, _) => Ok((CaseState::Open, dates(filed, Some(day)).feedback)),
        (Act::Feedback, _) => Ok((CaseState::Open, day.plus_months(FEEDBACK_MONTHS))),
        (Act::Ask | Act::Reply | Act::Note, _) => Ok((CaseState::Open, due)),
    }
}

/// Whether an act that is said to be of a day can have been done, by where the server says that a case stands: its clock moves with an
/// acknowledgement and with feedback, its state with the end. Around midnight a desk may be a day ahead of the server.
/// Feedback on the day of an acknowledgement moves the clock no further: there it cannot be told from one.
pub fn counted((act, day): (Act, Day), state: CaseState, (filed, due): (Day, Day)) -> bool {
    let moved = due != filed.plus_days(ACKNOWLEDGE_DAYS);
    match act {
        Act::Acknowledge => moved,
        Act::Feedback => moved && day >= filed.plus_days(-1) && due >= day.plus_days(-1).plus_months(FEEDBACK_MONTHS),
        Act::Close => state.is_closed(),
        Act::Ask | Act::Reply | Act::Note => true,
    }
}

/// Whether an act will count, that a desk does on its own day and the server on its: where both are days apart, feedback may be of a day that
/// the server's clock does not reach, or before the filing.
pub fn will_count((act, day): (Act, Day), stands: (CaseState, Terms), (filed, due): (Day, Day), server: Day) -> bool {
    after(act, stands, (filed, due), server).is_ok_and(|(state, due)| counted((act, day), state, (filed, due)))
}

/// What is added to a case besides an [`Act`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Addition {
    /// Goes on with it: lets somebody in, adds a file.
    Work,
    /// Goes on with it as a report: sets down what it is, works by a protocol.
    Report,
    /// Says who reads it no longer, or with what it belongs.
    Readers,
    /// A coordinator reminds its readers, asks them to hand it over, or takes it higher up.
    Urge,
    /// A coordinator says that it is kept.
    Held,
    /// A coordinator says that it is kept no longer.
    Released,
}

/// Whether something may be added to a case. What it is stands inside the seal: a server holds whoever sends it to the state for which it
/// was made, and desks ask this.
pub fn may_add(what: Addition, (state, terms): (CaseState, Terms)) -> Result<(), InvalidAct> {
    let may = match what {
        Addition::Work | Addition::Report => state == CaseState::Open,
        Addition::Readers => true,
        Addition::Urge => !state.is_closed(),
        Addition::Held => state == CaseState::Held,
        Addition::Released => state == CaseState::Closed,
    };
    match what {
        _ if !may => Err(InvalidAct::State),
        Addition::Report if terms == Terms::None => Err(InvalidAct::NoTerm),
        _ => Ok(()),
    }
}

/// The state after a coordinator keeps a closed case from destruction, or no longer does. An open case is not destroyed.
pub fn held(state: CaseState, hold: bool) -> Result<CaseState, InvalidAct> {
    match (state, hold) {
        (CaseState::Closed | CaseState::Held, true) => Ok(CaseState::Held),
        (CaseState::Closed | CaseState::Held, false) => Ok(CaseState::Closed),
        (CaseState::Unopened | CaseState::Open, _) => Err(InvalidAct::State),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_is_acknowledged_once_and_that_starts_the_term_for_feedback() {
        let days = ["2026-11-20", "2026-11-23", "2026-11-27", "2027-01-10"].map(Day::parse);
        let [Some(filed), Some(first), Some(week), Some(later)] = days else { unreachable!("days") };
        assert_eq!(filed.plus_days(ACKNOWLEDGE_DAYS), week);
        let [open, unopened] = [CaseState::Open, CaseState::Unopened].map(|state| (state, Terms::Legal));
        let acknowledged = after(Act::Acknowledge, open, (filed, week), first);
        assert_eq!(acknowledged.map(|(_, due)| due.to_string()), Ok("2027-02-23".to_owned()));
        let due = acknowledged.map_or(week, |(_, due)| due);
        assert_eq!(after(Act::Acknowledge, open, (filed, due), later), Err(InvalidAct::State));
        assert_eq!(after(Act::Acknowledge, unopened, (filed, week), first), Err(InvalidAct::State));
    }

    #[test]
    fn an_act_that_moved_nothing_was_not_counted() {
        let days = ["2026-11-20", "2026-11-23", "2026-12-30"].map(Day::parse);
        let [Some(filed), Some(first), Some(later)] = days else { unreachable!("days") };
        let at = |due, state| {
            let says = [(Act::Acknowledge, first), (Act::Feedback, later), (Act::Close, later), (Act::Note, later)];
            says.map(|said| counted(said, state, (filed, due)))
        };
        let acknowledged = dates(filed, Some(first)).feedback;
        assert_eq!(at(filed.plus_days(ACKNOWLEDGE_DAYS), CaseState::Open), [false, false, false, true]);
        assert_eq!(at(acknowledged, CaseState::Open), [true, false, false, true]);
        let fed_back = later.plus_months(FEEDBACK_MONTHS);
        assert_eq!(at(fed_back, CaseState::Open), [true, true, false, true]);
        // A server a day behind.
        assert_eq!(at(later.plus_days(-1).plus_months(FEEDBACK_MONTHS), CaseState::Held), [true; 4]);
        assert_eq!(at(later.plus_days(-2).plus_months(FEEDBACK_MONTHS), CaseState::Closed), [true, false, true, true]);
    }

    #[test]
    fn feedback_at_a_desk_that_is_days_from_the_server_will_not_count() {
        let days = ["2026-11-20", "2026-12-10"].map(Day::parse);
        let [Some(filed), Some(server)] = days else { unreachable!("days") };
        let due = dates(filed, Some(filed)).feedback;
        let will = |act, server: Day, ahead| {
            will_count((act, server.plus_days(ahead)), (CaseState::Open, Terms::Legal), (filed, due), server)
        };
        assert_eq!(
            [-20, -1, 0, 1, 2, 90].map(|ahead| will(Act::Feedback, server, ahead)),
            [true, true, true, true, false, false]
        );
        // Before the filing.
        assert_eq!([-2, -1, 0].map(|ahead| will(Act::Feedback, filed, ahead)), [false, true, true]);
        for act in [Act::Ask, Act::Reply, Act::Close] {
            assert!([-90, 90].iter().all(|ahead| will(act, server, *ahead)), "{act:?}");
        }
    }
}
