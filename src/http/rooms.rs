//! The rooms of a code. Each is a case of its own, with its own readers and its own clock.
use crate::domain::oral;

/// A talk in confidence with an adviser.
pub(crate) const ADVICE: u8 = 0;
/// A report to the organisation.
pub(crate) const REPORT: u8 = oral::REPORT_ROOM;
/// Disadvantage after a report, or after asking advice.
pub(crate) const RETALIATION: u8 = 2;
/// Who the reporter is, for those they told.
pub(crate) const IDENTITY: u8 = 3;
/// A report to the desk outside, because the organisation is late.
pub(crate) const OUTSIDE: u8 = oral::OUTSIDE_ROOM;
/// A code opens at most so many rooms; every try looks all of them up.
pub(crate) const ROOMS: u8 = 5;

/// Whether the law sets terms in a room.
pub(crate) fn has_clock(room: u8) -> bool {
    !matches!(room, ADVICE | IDENTITY)
}

/// The text that names a room.
pub(crate) fn name(room: u8) -> &'static str {
    match room {
        ADVICE => "room-advice",
        REPORT => "room-report",
        RETALIATION => "room-retaliation",
        IDENTITY => "room-identity",
        _ => "room-outside",
    }
}

/// A text of a mailbox as it is in a room: advice is no report, and where somebody says who they are there is no story.
pub(crate) fn words(room: u8, id: &'static str) -> &'static str {
    match (room, id) {
        (IDENTITY, "state-unopened") => "identity-unopened",
        (IDENTITY, "state-left") => "identity-left",
        (IDENTITY, "state-open") => "identity-open",
        (IDENTITY, "state-withdrawn") => "identity-withdrawn",
        (ADVICE, "closed-text") => "advice-closed-text",
        (IDENTITY, "notice-filed") => "identity-filed",
        (IDENTITY, "notice-sent-before") => "identity-sent-before",
        _ => id,
    }
}
