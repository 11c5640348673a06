//! Notices by calendar, never by arrival: on fixed days one constant text goes to each reader who has not signed in for some working
//! days, whether or not anything waits for them. There is no outbox: what fails is due again on the next fixed day.
//!
//! The one thing kept for it is a day for each reader's hash; see [`crate::store::NoticeStore`].
mod addresses;
mod letter;
mod settings;

use std::{collections::BTreeSet, time::Duration};

use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor, transport::smtp::response::Category};
use tokio::time::timeout;

use crate::{
    config::Config,
    domain::{
        id::{KeyedReader, ReaderId},
        notice::{Weekday, is_due},
        roster::Roster,
    },
    http::App,
    store::StoreError,
};

use addresses::Addresses;
pub use settings::{Notices, Sender, Tls};

/// How long one mail may take, from the connection to the server's last answer. The library bounds the connection alone.
const PATIENCE: Duration = Duration::from_secs(20);
/// After so many mails in a row for which the server is not there, not believed or does not let us in, the rest is not tried.
const AWAY: usize = 3;

/// Why no notice was tried. Names files and lines, never an address.
#[derive(Debug, thiserror::Error)]
pub enum NoticeError {
    /// A file that the settings name.
    #[error("{0}")]
    Files(String),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How a day's notices went.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Outcome {
    /// Mails the SMTP server took.
    pub sent: usize,
    /// Mails it did not take; they are not tried again before the next fixed day.
    pub failed: usize,
}

/// Keeps the day on which a reader signed in, where notices are set.
pub(crate) async fn looked_in(app: &App, reader: &KeyedReader) {
    if app.config.notices.is_some() && !app.roster.is_canary_reader(&reader.reader) {
        // A day that was not kept costs one mail too many, never a sign-in.
        drop(app.store.see_reader(&app.post.reader_seen(reader), app.clock.today()).await);
    }
}

/// Who gets notices: every reader but the canary's, which is a program.
fn readers(app: &App) -> impl Iterator<Item = &KeyedReader> {
    app.keyed.iter().filter(|keyed| !app.roster.is_canary_reader(&keyed.reader))
}

/// Forgets the days of all who are not readers any more; everybody's where no notices are set.
pub(crate) async fn forget_leavers(app: &App) -> Result<(), StoreError> {
    let readers = readers(app).filter(|_| app.config.notices.is_some());
    let keep: BTreeSet<_> = readers.map(|reader| app.post.reader_seen(reader)).collect();
    for gone in app.store.readers_seen().await?.keys().filter(|seen| !keep.contains(*seen)) {
        app.store.forget_reader(gone).await?;
    }
    Ok(())
}

/// What is doubtful about the addresses, a line each, for `check`. An error if a file of the settings cannot be used.
pub fn doubts(config: &Config, roster: &Roster) -> Result<Vec<String>, NoticeError> {
    let Some(notices) = &config.notices else { return Ok(Vec::new()) };
    let addresses = prepared(notices)?.1;
    let known: BTreeSet<&ReaderId> = roster.readers().map(|reader| &reader.id).collect();
    let unknown = addresses.keys().filter(|id| !known.contains(id));
    let gets = roster.readers().map(|reader| &reader.id).filter(|id| !roster.is_canary_reader(id));
    let without = gets.filter(|id| !addresses.contains_key(*id));
    Ok(unknown
        .map(|id| format!("Warning: the addresses name {id}, who is no active reader of the roster."))
        .chain(without.map(|id| format!("Warning: the reader {id} has no address and gets no notices.")))
        .collect())
}

/// Sends what is due today; `None` when nothing can be: notices are not set, it is no fixed day, or they went out before. The day is
/// marked first: whatever happens then, nobody gets two.
pub async fn send_due(app: &App) -> Result<Option<Outcome>, NoticeError> {
    let Some(notices) = &app.config.notices else { return Ok(None) };
    let today = app.clock.today();
    if !notices.weekdays.contains(&Weekday::of(today)) {
        return Ok(None);
    }
    let (transport, addresses) = prepared(notices)?;
    let seen = app.store.readers_seen().await?;
    let last = |reader: &KeyedReader| seen.get(&app.post.reader_seen(reader)).copied();
    let due = readers(app).filter(|r| is_due(&notices.weekdays, today, last(r), notices.after_working_days));
    let letters: Vec<Message> =
        due.filter_map(|reader| letter::to(&notices.from, addresses.get(&reader.reader)?, today)).collect();
    if !app.store.take_notices(today).await? {
        return Ok(None);
    }
    let outcome = send(&transport, letters).await;
    if outcome.failed > 0 {
        let Outcome { sent, failed } = outcome;
        tracing::warn!("{failed} of {} notices were not sent; the next fixed day tries again", sent + failed);
    }
    Ok(Some(outcome))
}

type Transport = AsyncSmtpTransport<Tokio1Executor>;

/// Everything the settings name, read now: a change counts without a restart.
fn prepared(notices: &Notices) -> Result<(Transport, Addresses), NoticeError> {
    let addresses = addresses::read(&notices.addresses).map_err(NoticeError::Files)?;
    Ok((notices.transport().map_err(NoticeError::Files)?, addresses))
}

/// What the server answers may hold an address: of it, only the code is looked at.
async fn send(transport: &Transport, letters: Vec<Message>) -> Outcome {
    let (all, mut sent, mut unanswered) = (letters.len(), 0, 0);
    for letter in letters {
        match timeout(PATIENCE, transport.send(letter)).await {
            Ok(Ok(_)) => (sent, unanswered) = (sent + 1, 0),
            Ok(Err(error)) if error.status().is_some_and(|c| c.category == Category::MailSystem) => unanswered = 0,
            Ok(Err(_)) => unanswered += 1,
            // It may have taken the mail: what is silent is not asked again.
            Err(_) => unanswered = AWAY,
        }
        if unanswered == AWAY {
            break;
        }
    }
    Outcome { sent, failed: all - sent }
}
