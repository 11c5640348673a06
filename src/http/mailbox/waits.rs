//! What a reporter sent, by day, and what waits for them: questions without an answer, requests, and the same in the other rooms of a code.
//!
//! What a reporter writes is sealed to the readers alone: whoever finds the code reads nothing of it. That something was sent is an item
//! of its own, of the same kind and without a word, sealed to the reporter.
use std::collections::BTreeSet;

use super::{
    Opened,
    letters::{letters, letters_of},
    parts::{Parts, parted},
    was_read,
    write::head,
};
use crate::{
    domain::{
        case::CaseState,
        day::Day,
        id::ItemId,
        order::Before,
        withdrawal::{self, Withdrawal},
    },
    http::{Adds, App},
    seal::{Author, Kind, OpenedText, Plaintext, Recipients, item},
    store::{NewItem, Payload, StoreError},
    text::Texts,
};

/// Questions that are announced, at most.
const QUESTIONS: usize = 3;

/// Something that the reporter sent.
pub(super) struct Sent {
    item: ItemId,
    day: Day,
    kind: Kind,
    before: Before,
}

impl Sent {
    /// Of an item of the reporter; `None` for one that says more than that.
    pub(super) fn of(text: &OpenedText) -> Option<Self> {
        let head = &text.manifest.head;
        let sent = head.kind.seeks_contact() || head.kind == Kind::Withdrawal;
        let sent = sent && head.author == Author::Reporter;
        sent.then(|| Self { item: head.item, day: head.day, kind: head.kind, before: head.before.clone() })
    }

    fn in_words(&self, t: Texts) -> String {
        let id = match self.kind {
            Kind::File => "sent-file",
            Kind::Talk => "sent-talk",
            Kind::Withdrawal => "sent-withdrawal",
            _ => "sent-message",
        };
        t.with(id, &[("day", t.day(self.day))])
    }
}

/// A question that waits for an answer, as the page announces it.
pub(super) struct Question {
    pub(super) day: String,
    /// Its place among the answers, the newest first.
    pub(super) at: usize,
}

impl Parts {
    /// Whether a letter is a question, and nothing was sent since it stood there.
    fn is_open(&self, letter: &OpenedText) -> bool {
        let head = &letter.manifest.head;
        head.kind == Kind::Question && !self.sent.iter().any(|sent| sent.before.has(&head.item))
    }

    /// Where the withdrawal stands.
    pub(super) fn withdrawal(&self) -> Withdrawal {
        Withdrawal::of(self.sent.iter().map(|sent| withdrawal::Sent {
            item: sent.item,
            day: sent.day,
            withdraws: sent.kind == Kind::Withdrawal,
            seeks_contact: sent.kind.seeks_contact(),
            before: &sent.before,
        }))
    }

    /// The day on which the reporter withdrew, as long as that stands.
    pub(super) fn withdrawn(&self) -> Option<Day> {
        self.withdrawal().stands()
    }

    /// What was sent, a line for each kind and day, the newest first. Each proposal for a talk has its own.
    pub(super) fn sent_in_words(&self, t: Texts) -> Vec<String> {
        let lines = self.sent.iter().rev().map(|sent| (sent.kind, sent.in_words(t)));
        let mut said = BTreeSet::new();
        lines.filter(|(kind, line)| *kind == Kind::Talk || said.insert(line.clone())).map(|(_, line)| line).collect()
    }

    /// The questions that wait for an answer, the newest first.
    pub(super) fn questions(&self, t: Texts) -> Vec<Question> {
        let newest = self.letters.iter().rev().enumerate().filter(|(_, letter)| self.is_open(letter));
        newest.take(QUESTIONS).map(|(at, letter)| Question { day: t.day(letter.manifest.head.day), at }).collect()
    }
}

/// What the page says of the other rooms of a code.
#[derive(Default)]
pub(super) struct Elsewhere {
    /// Something waits for the reporter there.
    pub(super) waits: Vec<u8>,
    /// They withdrew there.
    pub(super) withdrawn: Vec<u8>,
    /// Somebody opened it there, and nobody who can read it now.
    pub(super) left: Vec<u8>,
}

/// The rooms of a code besides the one that is open, of which there is something to say. In a closed one nothing waits.
pub(super) async fn elsewhere(app: &App, opened: &Opened) -> Result<Elsewhere, StoreError> {
    let mut found = Elsewhere::default();
    for (room, state) in &opened.rooms {
        if *room == opened.room || state.is_closed() {
            continue;
        }
        let keys = opened.code.keys(&app.roster.instance, *room);
        let Some(case) = app.store.case_by_lookup(&keys.lookup).await? else { continue };
        let parts = parted(letters_of(app, &keys, &case).await?);
        if case.state == CaseState::Unopened && was_read(app, &case).await? {
            found.left.push(*room);
        }
        let question = parts.letters.iter().any(|letter| parts.is_open(letter));
        if parts.withdrawn().is_some() {
            found.withdrawn.push(*room);
        } else if question || parts.consents.waits(app, &case) || parts.accounts.waits() {
            found.waits.push(*room);
        }
    }
    Ok(found)
}

/// Says to the reporter that they sent something, after what stood in the case then: once a day, or with what answers a question or proposes
/// a talk. What was
/// sent is there whatever comes of this; the last hundred items of a case are for what is sent.
pub(crate) async fn say_sent(app: &App, opened: &Opened, kind: Kind, stands: &[ItemId]) {
    let today = app.clock.today();
    let known = letters(app, opened).await.is_ok_and(|all| {
        let parts = parted(all);
        // An answer, and what is written after a withdrawal, is said each time: it changes what the page says.
        let changes = parts.withdrawn().is_some() || parts.letters.iter().any(|letter| parts.is_open(letter));
        !changes && kind != Kind::Talk && parts.sent.iter().any(|sent| sent.kind == kind && sent.day == today)
    });
    if known {
        return;
    }
    let Some(item) = sent_item(app, opened, kind, stands) else { return };
    drop(app.store.add_item(&opened.case.id, &item, None, today).await);
}

fn sent_item(app: &App, opened: &Opened, kind: Kind, stands: &[ItemId]) -> Option<NewItem> {
    let to = Recipients::reporter(opened.case.id, &opened.keys.public().reply).ok()?;
    let head = head(app, opened, kind, &to, stands, None);
    let id = head.item;
    let (slots, payload) = item(head, Plaintext::default(), &opened.keys.signer, &to).ok()?.into_parts();
    let slots = app.post.rows(&opened.case, &id, slots, None);
    let (payload, most) = (Payload::Inline(payload), Adds::Reader.most());
    Some(NewItem { id, slots, aside: None, readers: Vec::new(), payload, most })
}
