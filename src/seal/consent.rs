//! What the items of a consent hold, as JSON version 1: a reader's request, the reporter's answer, the hand-over that followed;
//! and what a reporter lets go along when advice becomes a report, and that it was passed on.
//!
//! A request names who would read, why, and exactly which items. An answer is signed with the reporter's key. A hand-over names
//! both, so that every desk checks it by itself: what a server says is not consent.
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use zeroize::Zeroizing;

use super::{Kind, Plaintext, ReporterPublic};
use crate::domain::{
    day::Day,
    guest::GuestCard,
    id::{CaseId, ItemId, KeyedReader, ReaderId},
};

const VERSION: u8 = 1;

/// Asks the reporter whether somebody else may read.
#[derive(Deserialize)]
pub struct Request {
    v: u8,
    /// Who would read.
    pub to: KeyedReader,
    /// Why.
    pub reason: Plaintext,
    /// Exactly what they would read.
    pub items: Vec<Named>,
    /// The card of a guest: they are not in the roster.
    pub card: Option<GuestCard>,
}

/// An item, as a reporter knows it again.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Named {
    /// Which.
    pub item: ItemId,
    /// What it is.
    pub kind: Kind,
    /// The day it was written.
    pub day: Day,
    /// A file's name, as the reporter gave it; an earlier program named none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

#[derive(Serialize)]
struct RequestBody<'a> {
    v: u8,
    to: &'a KeyedReader,
    reason: &'a str,
    items: &'a [Named],
    #[serde(skip_serializing_if = "Option::is_none")]
    card: Option<&'a GuestCard>,
}

impl Request {
    /// A request for these items.
    pub fn new(to: KeyedReader, reason: Plaintext, items: Vec<Named>) -> Self {
        Self { v: VERSION, to, reason, items, card: None }
    }

    /// A request for a guest, with their card.
    pub fn for_guest(card: GuestCard, reason: Plaintext, items: Vec<Named>) -> Self {
        Self { v: VERSION, to: card.keyed(), reason, items, card: Some(card) }
    }

    /// The body of its item. A reason that is not UTF-8 loses the bytes that are not.
    pub fn into_body(self) -> Plaintext {
        let reason = Zeroizing::new(String::from_utf8_lossy(self.reason.bytes()).into_owned());
        body(&RequestBody { v: self.v, to: &self.to, reason: &reason, items: &self.items, card: self.card.as_ref() })
    }
}

/// The reporter's answer to a request. A later one counts before an earlier one, until the hand-over.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Answer {
    v: u8,
    /// The item of the request.
    pub request: ItemId,
    /// Whether they agree.
    pub yes: bool,
}

impl Answer {
    /// An answer to a request.
    pub fn new(request: ItemId, yes: bool) -> Self {
        Self { v: VERSION, request, yes }
    }

    /// The body of its item.
    pub fn into_body(self) -> Plaintext {
        body(&self)
    }
}

/// Says that the items of a request were shared.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct HandOver {
    v: u8,
    /// The item of the request.
    pub request: ItemId,
    /// The item of the answer that said yes.
    pub answer: ItemId,
    /// Who can read now.
    pub to: KeyedReader,
    /// The reporter's public halves: a new reader may not have the first item. The case is a hash of them.
    pub reporter: ReporterPublic,
    /// Everyone who could read before.
    pub readers: Vec<KeyedReader>,
    /// Whom the reporter excluded, who left because of a conflict, and who was taken out: the new reader keeps to it too.
    pub struck: Vec<ReaderId>,
    /// The cards of the guests who read along: the new reader knows them by these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cards: Vec<GuestCard>,
    /// Those who only read what went along with a report: the new reader did not see that the reporter let them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub passed: Vec<KeyedReader>,
}

impl HandOver {
    /// After an answer to a request.
    pub fn new(
        (request, answer): (ItemId, ItemId),
        to: KeyedReader,
        reporter: ReporterPublic,
        (readers, struck): (Vec<KeyedReader>, Vec<ReaderId>),
    ) -> Self {
        Self { v: VERSION, request, answer, to, reporter, readers, struck, cards: Vec::new(), passed: Vec::new() }
    }

    /// Whether it carries out this request for somebody, after this answer.
    pub fn follows(&self, (request, answer): (&ItemId, &ItemId), to: &KeyedReader) -> bool {
        self.request == *request && self.answer == *answer && self.to == *to
    }

    /// With the cards of the guests.
    #[must_use]
    pub fn with_cards(self, cards: Vec<GuestCard>) -> Self {
        Self { cards, ..self }
    }

    /// With those who only read what went along with a report.
    #[must_use]
    pub fn with_passed(self, passed: Vec<KeyedReader>) -> Self {
        Self { passed, ..self }
    }

    /// The body of its item.
    pub fn into_body(self) -> Plaintext {
        body(&self)
    }
}

/// Which of what a reporter wrote to an adviser goes with their report. By kind: the server, which makes the page, cannot open
/// the items, and the reporter has no copy.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Along {
    /// The first account.
    pub story: bool,
    /// The messages after it.
    pub messages: bool,
    /// The files.
    pub files: bool,
}

impl Along {
    /// Whether anything goes along.
    pub fn any(self) -> bool {
        self.story || self.messages || self.files
    }

    /// Whether an item of this kind goes along.
    pub fn takes(self, kind: Kind) -> bool {
        match kind {
            Kind::Advice => self.story,
            Kind::Message => self.messages,
            Kind::File => self.files,
            _ => false,
        }
    }
}

/// The reporter made a report of a request for advice, and says what of theirs the readers of the report may read: what was there
/// before this item, and nothing of what the adviser wrote.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct ToReport {
    v: u8,
    /// The case of the report: its readers know by it what this belongs to.
    pub report: CaseId,
    /// Who may read it. Nothing that is written here later is for them.
    pub to: Vec<KeyedReader>,
    /// What goes along.
    #[serde(flatten)]
    pub along: Along,
}

impl ToReport {
    /// Lets these readers of a report read that.
    pub fn new(report: CaseId, to: Vec<KeyedReader>, along: Along) -> Self {
        Self { v: VERSION, report, to, along }
    }

    /// The body of its item.
    pub fn into_body(self) -> Plaintext {
        body(&self)
    }
}

/// Says that what a [`ToReport`] names was shared.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct PassOn {
    v: u8,
    /// The item in which the reporter said so.
    pub to_report: ItemId,
    /// Who got it: those named there who are still in the roster.
    pub to: Vec<KeyedReader>,
    /// The reporter's public halves, as in a [`HandOver`].
    pub reporter: ReporterPublic,
    /// Everyone who reads all of the case.
    pub readers: Vec<KeyedReader>,
    /// Whom the reporter excluded.
    pub struck: Vec<ReaderId>,
}

impl PassOn {
    /// After what the reporter said in an item.
    pub fn new(
        to_report: ItemId,
        to: Vec<KeyedReader>,
        reporter: ReporterPublic,
        (readers, struck): (Vec<KeyedReader>, Vec<ReaderId>),
    ) -> Self {
        Self { v: VERSION, to_report, to, reporter, readers, struck }
    }

    /// The body of its item.
    pub fn into_body(self) -> Plaintext {
        body(&self)
    }
}

pub(super) fn body(value: &impl Serialize) -> Plaintext {
    // Ids, texts and days always serialise.
    Plaintext::from(serde_json::to_vec(value).unwrap_or_default())
}

/// What a consent's item can hold.
pub trait ConsentBody: DeserializeOwned {
    #[doc(hidden)]
    fn version(&self) -> u8;
}

macro_rules! consent_body {
    ($($name:ty),*) => { $(impl $crate::seal::consent::ConsentBody for $name { fn version(&self) -> u8 { self.v } })* };
}
pub(super) use consent_body;
consent_body!(Request, Answer, HandOver, ToReport, PassOn);

/// Reads a body; `None` when it is of another kind or version.
pub fn consent<T: ConsentBody>(body: &Plaintext) -> Option<T> {
    serde_json::from_slice(body.bytes()).ok().filter(|read: &T| read.version() == VERSION)
}

/// Where a request stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Standing {
    /// Not answered: as long as it is not, it means no.
    Asked,
    /// Refused; it can still become a yes.
    No,
    /// Agreed, in this item; it can be taken back until the hand-over.
    Yes(ItemId),
    /// Handed over.
    Done,
}

/// Where a request to let somebody read stands, from the answers of the reporter, the oldest first, and the hand-overs. One that nobody
/// agreed to, or that names somebody else, is none.
pub fn standing<'a>(
    (request, to): (&ItemId, &KeyedReader),
    answers: impl IntoIterator<Item = (ItemId, &'a Answer)>,
    handed_over: impl IntoIterator<Item = &'a HandOver>,
) -> Standing {
    match answers.into_iter().filter(|(_, answer)| answer.request == *request).last() {
        None => Standing::Asked,
        Some((_, answer)) if !answer.yes => Standing::No,
        Some((item, _)) if handed_over.into_iter().any(|done| done.follows((request, &item), to)) => Standing::Done,
        Some((item, _)) => Standing::Yes(item),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn id(n: u128) -> ItemId {
        ItemId::from_uuid(Uuid::from_u128(n))
    }

    fn reader(name: &str) -> KeyedReader {
        let reader = KeyedReader::try_from(format!("{name}#000102030405060708090a0b0c0d0e0f"));
        reader.unwrap_or_else(|_| unreachable!("a reader"))
    }

    proptest! {
        /// The last answer counts, whatever was said before and whatever was asked besides.
        #[test]
        fn the_last_answer_counts(said in prop::collection::vec((0..3_u128, any::<bool>()), 0..20)) {
            let answers: Vec<Answer> = said.iter().map(|(request, yes)| Answer::new(id(*request), *yes)).collect();
            let numbered = || answers.iter().enumerate().map(|(n, answer)| (id(100 + n as u128), answer));
            let last = said.iter().enumerate().rfind(|(_, (request, _))| *request == 1);
            let expected = match last {
                None => Standing::Asked,
                Some((n, (_, true))) => Standing::Yes(id(100 + n as u128)),
                Some((_, (_, false))) => Standing::No,
            };
            let to = reader("bzk-directeur");
            prop_assert_eq!(standing((&id(1), &to), numbered(), []), expected);
            // It is done when somebody says so of that answer, for the one who was asked for, and of nothing else.
            let done = |answer, to: &KeyedReader| {
                let reporter = ReporterPublic { sign: String::new(), reply: String::new(), commitment: None };
                HandOver::new((id(1), answer), to.clone(), reporter, (Vec::new(), Vec::new()))
            };
            let forged = done(id(99), &to);
            prop_assert_eq!(standing((&id(1), &to), numbered(), [&forged]), expected);
            if let Standing::Yes(answer) = expected {
                let (other, right) = (done(answer, &reader("bzk-iemand")), done(answer, &to));
                prop_assert_eq!(standing((&id(1), &to), numbered(), [&other]), expected);
                prop_assert_eq!(standing((&id(1), &to), numbered(), [&right]), Standing::Done);
            }
        }
    }

    #[test]
    fn a_request_comes_back_from_its_body() {
        let to = reader("bzk-directeur");
        let day = Day::from_number(9_000);
        let items = day.map(|day| Named { item: id(1), kind: Kind::Report, day, name: None }).into_iter().collect();
        let request = Request::new(to.clone(), Plaintext::from("Omdat \"zij\" gaat".to_owned()), items);
        let body = request.into_body();
        let read: Option<Request> = consent(&body);
        assert!(read.is_some_and(|r| r.to == to && r.items.len() == 1 && r.reason.bytes() == b"Omdat \"zij\" gaat"));
        assert!(consent::<Answer>(&body).is_none());
    }
}
