//! The readers' client. All opening for readers happens here, on their own machine.
mod account;
mod along;
mod attach;
mod browser;
mod canary;
mod case_words;
mod casework;
mod circle;
mod classifying;
mod client;
mod closing;
mod codes;
mod commands;
mod consent;
mod csv;
mod draw;
mod duty;
mod guest;
mod guide;
mod identity;
mod inbox;
mod kept;
mod leave;
mod ledger;
mod link;
mod log;
mod many;
mod news;
mod numbers;
mod open;
mod opened;
mod oral;
mod oversee;
mod owed;
pub mod page;
mod pass_on;
mod passphrase;
mod pdf;
mod picture;
mod proof;
mod read;
mod reader_commands;
mod register;
mod roster;
mod roster_news;
mod sharing;
mod status;
mod summary;
mod tell;
mod training;
mod transfer;
mod unseal;
mod watch;
mod went_along;
mod working;
mod write;
mod writing;

pub use account::{OralReport, oral, write_account};
pub use attach::Attachment;
pub use browser::Browser;
pub use canary::Report as CanaryReport;
pub use casework::{begin, classified, classify, protocols, step_done, step_undone};
pub use client::{Client, Place};
pub use commands::{Command, Opening, Options, canary, opening, run};
pub use consent::{Consent, ask_consent, ask_consent_for_guest, candidates, consents, hand_over, shareable};
pub(crate) use csv::in_csv;
pub use duty::{Duty, DutyClaim, approve_duty, ask_duty};
pub use guest::invite;
pub use identity::Identity;
pub use leave::{Taking, confirm_take_out, leave, take_out};
pub use ledger::{Registered, last_seen, reader_changes, register, without_clock};
pub use link::{Linking, link, links};
pub use open::{Body, Content, Item, Opened, Reach, State, open_case, open_item};
pub use oral::{Entered, Telling, enter, who_reads};
pub use oversee::{Entry, Export, Memo};
pub use pass_on::pass_on;
pub use proof::{Filing, check_proof};
pub use reader_commands::ReaderCommand;
pub use roster::Review;
pub use write::{Sent, attach_file, write};

use actix_web::http::StatusCode;

use crate::{domain::day::Day, seal::code::Language, text::Texts};

pub use crate::show::{safe_json, safe_name, safe_text};

/// What went wrong, in one line that says what to do.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
pub struct DeskError {
    text: String,
    /// The text's id, for those that are said in the reader's language too.
    id: Option<&'static str>,
    /// The days that the text names.
    days: Vec<(&'static str, Day)>,
    /// With which the desk's page says it.
    status: StatusCode,
}

impl DeskError {
    fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), id: None, days: Vec::new(), status: StatusCode::INTERNAL_SERVER_ERROR }
    }

    /// What the server says or leaves out.
    fn of_server(text: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_GATEWAY, ..Self::new(text) }
    }

    /// One of the texts of `web/i18n`; English on the command line.
    fn known(id: &'static str) -> Self {
        Self { text: Texts::of(Language::En).get(id), id: Some(id), days: Vec::new(), status: status::of(id) }
    }

    /// One of those texts that names days.
    fn with_days(id: &'static str, days: &[(&'static str, Day)]) -> Self {
        let (t, known) = (Texts::of(Language::En), Self { days: days.to_vec(), ..Self::known(id) });
        Self { text: known.filled(t, id), ..known }
    }

    fn filled(&self, t: Texts, id: &str) -> String {
        let days: Vec<_> = self.days.iter().map(|(name, day)| (*name, t.day(*day))).collect();
        t.with(id, &days)
    }

    /// Whether the server would not take it just now.
    fn can_wait(&self) -> bool {
        matches!(self.id, Some("desk-error-busy" | "desk-error-much"))
    }

    /// Whether the server has nothing there for this reader.
    fn is_nothing(&self) -> bool {
        self.id == Some("desk-error-nothing")
    }

    /// As a page says it: a whole sentence, which on the command line follows the program's name.
    fn in_words(&self, t: Texts) -> String {
        sentence(&self.id.map_or_else(|| self.text.clone(), |id| self.filled(t, id)))
    }
}

/// A whole sentence of what on the command line follows a name.
fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    let first: String = characters.next().into_iter().flat_map(char::to_uppercase).collect();
    let end = if text.ends_with(char::is_alphanumeric) { "." } else { "" };
    format!("{first}{}{end}", characters.as_str())
}

impl From<crate::domain::roster::RosterError> for DeskError {
    fn from(error: crate::domain::roster::RosterError) -> Self {
        Self::of_server(format!("the roster is not believed: {error}"))
    }
}

impl From<std::io::Error> for DeskError {
    fn from(error: std::io::Error) -> Self {
        Self::new(error.to_string())
    }
}

impl From<reqwest::Error> for DeskError {
    fn from(error: reqwest::Error) -> Self {
        match error.status().map(|s| s.as_u16()) {
            _ if error.is_redirect() => Self::known("desk-error-elsewhere"),
            Some(401) => Self::known("desk-error-sign-in"),
            Some(403) => Self::known("desk-error-refused"),
            Some(404) => Self::known("desk-error-nothing"),
            Some(409) => Self::known("desk-error-conflict"),
            Some(429) => Self::known("desk-error-much"),
            Some(503) => Self::known("desk-error-busy"),
            Some(status) => Self::of_server(format!("the server answered {status}")),
            None => Self { text: format!("the server cannot be reached: {error}"), ..Self::known("desk-error-away") },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_blames_the_server_only_for_what_the_server_did() {
        let of = |id: &'static str| DeskError::known(id).status.as_u16();
        for (id, status) in [
            ("desk-error-away", 502),
            ("desk-error-answer", 502),
            ("desk-error-busy", 503),
            ("desk-error-much", 429),
            ("desk-error-refused", 403),
            ("desk-error-conflict", 409),
            ("desk-error-closed", 409),
            ("desk-error-unopened", 409),
            ("desk-error-nothing", 404),
            ("desk-error-reason", 422),
        ] {
            assert_eq!(of(id), status, "{id}");
        }
        assert_eq!(DeskError::from(std::io::Error::other("a full disk")).status.as_u16(), 500);
        assert_eq!(DeskError::of_server("the server answered 500").status.as_u16(), 502);
    }

    #[test]
    fn a_page_says_an_error_in_a_whole_sentence() {
        let words = |error: &DeskError, language| error.in_words(Texts::of(language));
        let proof = DeskError::known("desk-error-proof");
        assert_eq!(words(&proof, Language::En), "This proof does not fit this case.");
        assert_eq!(words(&proof, Language::Nl), "Dit bewijs past niet bij deze zaak.");
        assert_eq!(words(&DeskError::new("élan?"), Language::Nl), "Élan?");
        assert_eq!(proof.to_string(), "this proof does not fit this case");
    }
}
