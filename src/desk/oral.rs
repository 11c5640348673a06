//! Entering a report for somebody who called or came: sealed here, with a code drawn here, to the readers that the routing gives.
//!
//! The code is drawn on this machine and is nowhere but in the memory of the program; the officer has heard or read it all the same, and
//! every desk says so in the case.
use std::collections::BTreeSet;

use zeroize::Zeroizing;

use super::{
    Client, DeskError, account,
    open::entered,
    register::deed,
    write::{failed, framed, head},
};
use crate::{
    api_types::{CaseView, SentTo, SlotSent, filing::NewCase},
    domain::{
        day::Day,
        id::{CaseId, InstanceId, ItemId, ReaderId},
        log::Deed,
        oral::{How, readers, room, topics},
        order::Before,
        register::{CaseKind, Channel, Row},
        roster::{Organisation, Reader, Topic},
        routing::Readers,
    },
    envelope,
    seal::{
        Author, ItemHead, Kind, Origin, Plaintext, Recipients, Slot, Story,
        account::{Account, Oral, item_id},
        code::{Code, Language, RoomKeys, Slip},
        item,
    },
    text::Texts,
};

/// What somebody told, as an officer wrote it down. Consumed when it is entered.
pub struct Telling {
    /// How.
    pub how: How,
    /// What it is about; chooses the desk.
    pub topic: Topic,
    /// Who must get no key.
    pub struck: BTreeSet<ReaderId>,
    /// The account.
    pub story: Plaintext,
    /// Who is involved, if they said so.
    pub who: Plaintext,
    /// When it happened.
    pub when: Plaintext,
    /// Where.
    pub place: Plaintext,
    /// Who else knows.
    pub known: Plaintext,
}

impl Telling {
    /// All of it in one text, as the reporter reads it.
    fn account(&self, t: Texts) -> Plaintext {
        let more = [("who", &self.who), ("when", &self.when), ("place", &self.place), ("known", &self.known)];
        let mut text = self.story.reveal().to_vec();
        for (name, said) in more.into_iter().filter(|(_, said)| !said.is_blank()) {
            text.extend_from_slice(format!("\n\n{}\n", t.get(&format!("desk-story-{name}"))).as_bytes());
            text.extend_from_slice(said.reveal());
        }
        Plaintext::from(text)
    }

    /// What is missing or too long.
    pub(super) fn checked(&self, t: Texts) -> Result<(), DeskError> {
        if self.story.is_blank() {
            return Err(DeskError::known("desk-error-empty"));
        }
        account::fits(&self.account(t))
    }
}

/// That a report was entered.
pub struct Entered {
    /// Its case.
    pub case: CaseId,
    /// Whether the server had it.
    pub already: bool,
}

/// Whose case it would be and who would read it: the signed-in officer among them, or there is no entering it.
pub fn who_reads<'a>(
    client: &'a Client,
    topic: Topic,
    struck: &BTreeSet<ReaderId>,
) -> Result<(&'a Organisation, Readers), DeskError> {
    let (org, mine) =
        topics(&client.roster, &client.me.keyed()).ok_or_else(|| DeskError::known("desk-error-oral-officer"))?;
    if !mine.contains(&topic) {
        return Err(DeskError::known("desk-error-oral-topic"));
    }
    if struck.contains(&client.me.reader) {
        return Err(DeskError::known("desk-error-oral-self"));
    }
    let readers = readers(&client.roster, org, topic, struck);
    Ok((org, readers.map_err(|_| DeskError::known("desk-error-oral-nobody"))?))
}

/// Enters it: the report, signed with the code, then the account for the reporter. Sent again with the same code and text it is the same
/// case, whatever arrived before. The account asks its questions in the reporter's language. Whoever wrote it knows it: for them, and so for
/// everybody, it is opened then.
pub async fn enter(client: &Client, language: Language, telling: Telling, code: &Code) -> Result<Entered, DeskError> {
    let t = Texts::of(language);
    telling.checked(t)?;
    let (org, readers) = who_reads(client, telling.topic, &telling.struck)?;
    let keys = code.keys(&client.roster.instance, room(org));
    let row = row(telling.topic, client.today());
    let account = Account::new(telling.how, telling.account(t)).into_body();
    let entering = Entering { client, org, readers: &readers, keys: &keys, row, language };
    let report = entering.report(telling).await?;
    entering.account(&report.case, account).await?;
    let (_, items) = entered(client, &report.case).await?;
    client.shown(&report.case, &items)?;
    Ok(report)
}

/// The row of a report that begins today.
fn row(topic: Topic, today: Day) -> Row {
    Row {
        received: today,
        channel: Channel::Oral,
        kind: if topic == Topic::Retaliation { CaseKind::Retaliation } else { CaseKind::Report },
        topic: Some(topic),
        acknowledged: None,
        feedback: None,
        assessment: None,
        closing: None,
        closed: None,
        progress: None,
    }
}

/// What both items are made with.
struct Entering<'a> {
    client: &'a Client,
    org: &'a Organisation,
    readers: &'a Readers,
    keys: &'a RoomKeys,
    row: Row,
    /// The reporter's.
    language: Language,
}

impl Entering<'_> {
    async fn report(&self, telling: Telling) -> Result<Entered, DeskError> {
        let (client, keys) = (self.client, self.keys);
        let instance = client.roster.instance;
        let (public, how, topic) = (keys.filed(&instance), telling.how, telling.topic);
        let case = public.case(&instance);
        let Telling { story, who, when, place, known, struck, .. } = telling;
        let struck = struck.into_iter().collect();
        let oral = Oral { by: client.me.reader.clone(), how };
        let body = Story { topic, story, who, when, place, known, struck }.into_oral_body(&oral);
        let to = Recipients::of(self.readers.all()).map_err(failed)?;
        let head = ItemHead {
            instance,
            case,
            item: item_id(keys, &case, Kind::Report, &body),
            kind: Kind::Report,
            author: Author::Reporter,
            seq: 0,
            seen: [0; 32],
            before: Before::default(),
            day: client.today(),
            name: None,
            to: to.readers(),
            reporter: Some(public),
            proof: None,
            unread: Vec::new(),
            origin: Origin { lang: Some(self.language), from: None, org: Some(self.org.entry.id.clone()) },
        };
        let id = head.item;
        let (slots, payload) = item(head, body, &keys.signer, &to).map_err(failed)?.into_parts();
        let already = self.file(case, id, &slots, payload).await?;
        Ok(Entered { case, already })
    }

    async fn file(&self, case: CaseId, item: ItemId, slots: &[Slot], payload: Vec<u8>) -> Result<bool, DeskError> {
        let (client, org) = (self.client, &self.org.entry.id);
        let about = (Some(case), Some(self.row.clone()));
        let log = client.sealed_record(org, Deed::EnteredOral, about).await?;
        let sent = |s: &Slot| SlotSent::of(SentTo::of(&s.to), &s.header);
        let new = NewCase {
            case,
            lookup: self.keys.lookup,
            org: org.clone(),
            item,
            slots: slots.iter().map(sent).collect(),
            reserve: self.readers.reserve().map(Reader::keyed),
            log: log.clone(),
        };
        let before = envelope::before(&new).map_err(|e| DeskError::new(e.to_string()))?;
        let added = client.put("cases", [before, payload].concat()).await.map_err(in_oral_words)?;
        if !added.already {
            client.logged(org, log.as_deref()).await?;
        }
        Ok(added.already)
    }

    /// The account goes to everybody who reads the report, and to the reporter.
    async fn account(&self, case: &CaseId, body: Plaintext) -> Result<(), DeskError> {
        let (client, keys) = (self.client, self.keys);
        let case: CaseView = client.case(case).await?;
        // A reserve reader is out of it as soon as somebody opened the case.
        let there = self.readers.all().filter(|r| case.readers.contains(&r.keyed()));
        let to = Recipients::of(there).map_err(failed)?;
        let to = to.with_reporter(case.case, &keys.public().reply).map_err(failed)?;
        let id = item_id(keys, &case.case, Kind::Account, &body);
        if case.items.contains(&id) {
            return Ok(());
        }
        let head = ItemHead { item: id, ..head(client, &case, &to, Kind::Account, 1, None) };
        let (slots, payload) = item(head, body, &client.me.signer, &to).map_err(failed)?.into_parts();
        let about = (Some(case.case), Some(self.row.clone()));
        let log = client.sealed_record(&case.org, deed(Kind::Account), about).await?;
        let before = framed(id, None, case.state, (&slots, None), log.clone())?;
        let added = client.add(&case.case, [before, payload].concat()).await?;
        if !added.already {
            client.logged(&case.org, log.as_deref()).await?;
        }
        Ok(())
    }
}

/// What the server's answer means here.
fn in_oral_words(error: DeskError) -> DeskError {
    match error.id {
        Some("desk-error-conflict") => DeskError::known("desk-error-oral-other"),
        Some("desk-error-refused") => DeskError::known("desk-error-oral-refused"),
        _ => error,
    }
}

/// A code of the system's randomness.
pub(super) fn draw() -> Result<Code, DeskError> {
    let mut bits = Zeroizing::new([0; 16]);
    getrandom::fill(bits.as_mut()).map_err(|_| DeskError::new("the system gives no randomness"))?;
    Ok(Code::from_bits(*bits))
}

/// What is wrong with a code that was said back, in words that say which word; nothing when it is this one.
pub(super) fn said_back(t: Texts, code: &Code, said: &Plaintext, instance: &InstanceId) -> Result<(), String> {
    code.typed_back(said, instance).map_err(|slip| match slip {
        Slip::Word(word) => t.with("error-oral-word", &[("word", word.to_string())]),
        Slip::Count(count) => t.with("error-oral-count", &[("count", count.to_string())]),
        Slip::Nothing => t.get("error-oral-said"),
    })
}
