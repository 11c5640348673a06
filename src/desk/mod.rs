//! The readers' client. All opening for readers happens here, on their own machine.
mod browser;
mod client;
mod commands;
mod consent;
mod identity;
mod open;
pub mod page;
mod read;
mod transfer;
mod write;

pub use browser::Browser;
pub use client::{Client, Place};
pub use commands::{Command, Opening, Options, opening, run};
pub use consent::{Consent, ask_consent, candidates, consents, hand_over, shareable, strangers};
pub use identity::Identity;
pub use open::{Body, Content, Item, Opened, Reach, State, open_case, open_item};
pub use write::{Attachment, Sent, attach_file, write};

pub use crate::show::{safe_json, safe_name, safe_text};

/// What went wrong, in one line that says what to do.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct DeskError(String);

impl DeskError {
    fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl From<crate::domain::roster::RosterError> for DeskError {
    fn from(error: crate::domain::roster::RosterError) -> Self {
        Self(format!("the roster is not believed: {error}"))
    }
}

impl From<std::io::Error> for DeskError {
    fn from(error: std::io::Error) -> Self {
        Self(error.to_string())
    }
}

impl From<reqwest::Error> for DeskError {
    fn from(error: reqwest::Error) -> Self {
        Self(match error.status().map(|s| s.as_u16()) {
            Some(401) => {
                "the server did not accept this sign-in; is this identity in the roster, with these keys, and \
                 is this address one of the server's origins?"
                    .to_owned()
            }
            Some(403) => "the server refused: a reader named here has no part in this case".to_owned(),
            Some(404) => "there is no such case or item for you".to_owned(),
            Some(409) => {
                "the case changed meanwhile, is closed, or this was done before; look again with `read`".to_owned()
            }
            Some(503) => "the server cannot take or give this now; nothing changed, try again later".to_owned(),
            Some(status) => format!("the server answered {status}"),
            None => format!("the server cannot be reached: {error}"),
        })
    }
}
