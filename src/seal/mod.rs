//! The one door: the only module that sees what a person wrote.
//!
//! Invariants, each held by a type or a test:
//! - [`Plaintext`] cannot be printed, cloned, compared, serialised or stored; sealing consumes it.
//! - An item is one age payload under a fresh file key, and one age header (slot) per reader. The file key never
//!   leaves the recipient that wraps it.
//! - Slots are real hybrid wraps, filled up to [`slot::FILL`] or [`slot::FILL_MORE`] with wraps to throw-away keys, and shuffled.
//! - Everything sealed ends in a signed [`Manifest`]; nothing opens without its hash and signature holding.
//! - A server build can open with a [`code::ReplyKey`] only, and that comes from a reporter's code only.
//!
//! ```compile_fail,E0277
//! let text = meldkluis::seal::Plaintext::from(String::from("x"));
//! println!("{text:?}"); // plaintext cannot be printed
//! ```
//! ```compile_fail,E0599
//! let text = meldkluis::seal::Plaintext::from(String::from("x"));
//! let twice = text.clone(); // nor cloned
//! ```
//! ```compile_fail,E0382
//! # use meldkluis::seal::*;
//! # fn f(head: ItemHead, text: Plaintext, signer: &Signer, to: &Recipients) {
//! let sealed = item(head, text, signer, to);
//! drop(text.len()); // sealing consumed it
//! # }
//! ```
//! ```compile_fail,E0451
//! let forged = meldkluis::seal::Sealed { slots: vec![], payload: vec![] }; // sealed bytes come from sealing only
//! ```
//! ```compile_fail,E0308
//! # fn f(text: meldkluis::seal::Plaintext) {
//! let stored = meldkluis::store::Payload::Inline(text); // and plaintext cannot be stored
//! # }
//! ```
pub mod account;
pub mod circle;
pub mod code;
#[cfg(all(test, feature = "desk"))]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod conformance;
pub mod consent;
#[cfg(feature = "desk")]
pub mod desk;
#[cfg(fuzzing)]
pub(crate) mod fuzzing;
pub mod guest;
mod hybrid;
mod item;
mod kind;
#[cfg(feature = "desk")]
pub mod link;
mod open;
mod pad;
mod plaintext;
pub mod proof;
pub mod protocol;
pub mod record;
mod sign;
pub mod slot;
mod story;

pub use item::{
    Author, Ending, FileSealer, ItemHead, MOST_UNREAD, Manifest, Origin, ReporterPublic, Sealed, item, seen,
};
pub use kind::Kind;
pub use open::{OpenError, OpenedText, open_reply};
pub use pad::{file_size, message_size};
pub use plaintext::{Echo, LONGEST_ESCAPE, Plaintext};
pub use sign::{Signer, is_sign_key, verify};
pub use slot::{Recipients, Slot, SlotTo};
pub use story::Story;
#[cfg(feature = "desk")]
pub use story::StoryText;

/// Whether this text is an `age1pq1…` recipient that can be sealed to.
pub fn is_recipient(text: &str) -> bool {
    hybrid::HybridRecipient::parse(text).is_some()
}

/// Why something was not sealed. Carries no bytes.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// There is nobody to seal to.
    #[error("there is no reader to seal to")]
    NoReader,
    /// A reader's key is not an `age1pq1…` recipient.
    #[error("a reader's key cannot be used")]
    BadKey,
    /// More readers than slots.
    #[error("there are more readers than an item can have")]
    TooMany,
    /// The text does not fit the largest message.
    #[error("the text is too long to seal")]
    TooLong,
    /// The sealing itself failed.
    #[error("sealing failed")]
    Failed,
}
