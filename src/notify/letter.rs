//! The one text. It names no case, number, organisation or service, and is the same for all: a mail tells that its reader stayed away.
use std::time::SystemTime;

use jiff::tz::TimeZone;
use lettre::{
    Address, Message,
    message::{
        Mailbox,
        header::{ContentType, HeaderName, HeaderValue, MIME_VERSION_1_0},
    },
};
use uuid::Uuid;

use super::Sender;
use crate::domain::day::Day;

/// The subject of every notice.
const SUBJECT: &str = "Open uw werkplek / Please open your desk";
/// The text of every notice: ASCII, in short lines, so that it needs no encoding and reads the same everywhere.
const TEXT: &str = "\
Wilt u uw werkplek openen? Dat is al een tijd niet gebeurd.

Deze mail gaat uit op vaste dagen, of er nu iets voor u
klaarstaat of niet. Er staat geen link in.


Please open your desk. It has not been opened for some time.

This mail goes out on fixed days, whether or not anything
is waiting for you. It holds no link.
";

/// A notice. The date is midnight of the day, the id is random and names only the sender's domain. `None` if it cannot be written.
pub(super) fn to(from: &Sender, address: &Address, day: Day) -> Option<Message> {
    let midnight = day.date().to_zoned(TimeZone::UTC).ok()?.timestamp();
    let domain = from.0.email.domain();
    let no_answer = HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned());
    Message::builder()
        .from(from.0.clone())
        .to(Mailbox::new(None, address.clone()))
        .subject(SUBJECT)
        .date(SystemTime::from(midnight))
        .message_id(Some(format!("<{}@{domain}>", Uuid::new_v4())))
        // Or out-of-office answers come back.
        .raw_header(no_answer)
        .header(MIME_VERSION_1_0)
        .header(ContentType::TEXT_PLAIN)
        .body(TEXT.to_owned())
        .ok()
}
