//! What overseers do: read the log and the register, watch the clocks, write to the readers of a case, hold it. They open no case.
use std::collections::{BTreeMap, BTreeSet};

use base64::{Engine, prelude::BASE64_STANDARD};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    Client, DeskError, Registered, Sent,
    case_words::guest_name,
    client::json,
    ledger::{register, released},
    write::{failed, framed, may_send},
};
use crate::{
    api_types::oversight::{Group, Hold, LogView, Logged, Overview, OverviewCase},
    domain::{
        case::CaseState,
        id::{CaseId, InstanceId, ItemId, OrgId, ReaderId},
        log::{Deed, Head, Record, Sender, Writer, record_hash},
        order::Before,
        roster::{Organisation, Overseer, Reader, Role, Roster},
    },
    seal::{
        Author, ItemHead, Kind, Origin, Plaintext, Recipients,
        desk::{OpenedRecord, ReaderIdentity, open_record},
        item, verify,
    },
    text::Texts,
};

/// The number of a coordinator's first message; a case has not so many items.
const FIRST_MEMO: u32 = 1 << 31;

/// A message of a coordinator to the readers of a case.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Memo {
    /// Something is due.
    Remind,
    /// Others should take it over.
    Transfer,
    /// It goes higher up.
    Escalate,
    /// The closed case is kept.
    Hold,
    /// It is kept no longer.
    Release,
}

impl Memo {
    /// All, in the order shown.
    pub const ALL: [Self; 5] = [Self::Remind, Self::Transfer, Self::Escalate, Self::Hold, Self::Release];

    /// Its name on pages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Remind => "remind",
            Self::Transfer => "transfer",
            Self::Escalate => "escalate",
            Self::Hold => "hold",
            Self::Release => "release",
        }
    }

    /// The one of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|memo| memo.name() == name)
    }

    /// Those that are so in a case of this state, which was kept before or not.
    pub fn in_state(state: CaseState, released: bool) -> impl Iterator<Item = Self> {
        let all = Self::ALL.into_iter().filter(move |memo| released || *memo != Self::Release);
        all.filter(move |memo| may_send(memo.kind(), state).is_ok())
    }

    fn kind(self) -> Kind {
        match self {
            Self::Remind => Kind::Reminder,
            Self::Transfer => Kind::TransferAsked,
            Self::Escalate => Kind::Escalation,
            Self::Hold => Kind::HoldTold,
            Self::Release => Kind::ReleaseTold,
        }
    }

    fn deed(self) -> Deed {
        match self {
            Self::Remind => Deed::Reminded,
            Self::Transfer => Deed::AskedTransfer,
            Self::Escalate => Deed::Escalated,
            Self::Hold => Deed::ToldHold,
            Self::Release => Deed::ToldRelease,
        }
    }
}

/// A whole log as it was fetched: to be checked and read without a server.
#[derive(Deserialize, Serialize)]
pub struct Export {
    /// Format version; [`Self::VERSION`].
    pub version: u8,
    /// Whose log.
    pub org: OrgId,
    /// Where the server said that the chain stands.
    pub head: Head,
    /// In order.
    pub records: Vec<Logged>,
}

/// An opened record, or why it is not believed.
pub struct Entry {
    /// Its place, from 1.
    pub number: u64,
    /// The record.
    pub record: Option<Record>,
    /// What is wrong with it.
    pub problem: Option<&'static str>,
    /// Who sent it, as the server knew them when they signed in: it says so of every record since it began to.
    pub sent_by: Option<ReaderId>,
}

impl Client {
    /// Whom the signed-in person watches over; `None` for a reader.
    pub fn watches(&self) -> Option<(&OrgId, &Overseer)> {
        self.roster.overseer(&self.me.reader).filter(|(_, o)| o.keyed() == self.me.keyed())
    }

    fn watching(&self, role: Option<Role>) -> Result<(&OrgId, &Overseer), DeskError> {
        let mine = self.watches().ok_or_else(|| DeskError::known("desk-error-not-overseer"))?;
        if role.is_some_and(|role| mine.1.role != role) {
            return Err(DeskError::known("desk-error-not-coordinator"));
        }
        Ok(mine)
    }

    /// Refuses whoever oversees, saying what they have instead of cases.
    pub(super) fn reads(&self) -> Result<(), DeskError> {
        match self.watches().map(|(_, o)| o.role) {
            None => Ok(()),
            Some(Role::Coordinator) => Err(DeskError::known("desk-error-coordinator-reads")),
            Some(Role::Auditor) => Err(DeskError::known("desk-error-auditor-reads")),
        }
    }

    /// The clocks of the coordinator's organisation.
    pub async fn overview(&self) -> Result<Overview, DeskError> {
        self.watching(Some(Role::Coordinator))?;
        json(self.get("overview").await?).await
    }

    /// The whole log of the overseer's organisation.
    pub async fn fetch_log(&self) -> Result<Export, DeskError> {
        let org = self.watching(None)?.0.clone();
        let head = self.log_head(&org).await?;
        let mut records = Vec::new();
        loop {
            let view: LogView = json(self.get(&format!("log/{org}?after={}", records.len())).await?).await?;
            if view.records.is_empty() {
                return Ok(Export { version: Export::VERSION, org, head, records });
            }
            records.extend(view.records);
        }
    }

    /// The register of the overseer's organisation; for a coordinator with what is gone.
    pub async fn register(&self) -> Result<BTreeMap<CaseId, Registered>, DeskError> {
        let (_, me) = self.watching(None)?;
        // The log first: what is filed after it is no row of it.
        let mut rows = register(&self.fetch_log().await?.entries(&self.roster, &self.me.seal));
        if me.role == Role::Coordinator {
            let there: BTreeSet<CaseId> = self.overview().await?.cases.into_iter().map(|case| case.case).collect();
            for (case, known) in &mut rows {
                known.gone = !there.contains(case) && known.destroyed.is_none() && known.row.closed.is_none();
            }
        }
        Ok(rows)
    }

    /// Keeps a closed case from destruction, or no longer.
    pub async fn hold(&self, case: &CaseId, hold: bool) -> Result<(), DeskError> {
        let (org, _) = self.watching(Some(Role::Coordinator))?;
        let there = self.overview().await?.cases.into_iter().find(|c| c.case == *case);
        match (there.map(|c| c.state), hold) {
            (None, _) => return Err(DeskError::known("desk-error-nothing")),
            (Some(CaseState::Unopened | CaseState::Open), _) => return Err(DeskError::known("desk-error-hold-open")),
            (Some(CaseState::Held), true) => return Err(DeskError::known("desk-error-held")),
            (Some(CaseState::Closed), false) => return Err(DeskError::known("desk-error-not-kept")),
            (Some(CaseState::Closed), true) | (Some(CaseState::Held), false) => {}
        }
        let deed = if hold { Deed::Held } else { Deed::Released };
        let record = self.sealed_record(org, deed, (Some(*case), None)).await?;
        let hold = Hold { hold, record: record.unwrap_or_default() };
        self.post(&format!("cases/{case}/hold"), &hold).await?;
        self.logged(org, Some(&hold.record)).await
    }

    /// Writes to the readers of a case: sealed to everybody of its groups, of whom the server keeps those who read it.
    pub async fn memo(&self, case: &CaseId, memo: Memo, text: Plaintext) -> Result<Sent, DeskError> {
        let (org, _) = self.watching(Some(Role::Coordinator))?;
        if text.is_blank() {
            return Err(DeskError::known("desk-error-empty"));
        }
        let view = self.overview().await?.cases.into_iter().find(|c| c.case == *case);
        let view = view.ok_or_else(|| DeskError::known("desk-error-nothing"))?;
        may_send(memo.kind(), view.state)?;
        if memo == Memo::Release && !released(&self.fetch_log().await?.entries(&self.roster, &self.me.seal), case) {
            return Err(DeskError::known("desk-error-not-released"));
        }
        let written = u32::try_from(self.log_head(org).await?.length).unwrap_or(u32::MAX);
        let to = Recipients::of(of_groups(&self.roster, org, &view)).map_err(failed)?;
        let head = ItemHead {
            instance: self.roster.instance,
            case: *case,
            item: ItemId::from_uuid(Uuid::new_v4()),
            kind: memo.kind(),
            author: Author::Reader(self.me.reader.clone()),
            // After all that readers wrote on the day, and in the order of the log: what stands in the case a coordinator does not know.
            seq: FIRST_MEMO.saturating_add(written),
            seen: [0; 32],
            before: Before::default(),
            day: self.today(),
            name: None,
            // Who of them reads it is not for the coordinator to know.
            to: Vec::new(),
            reporter: None,
            proof: None,
            origin: Origin::default(),
            unread: Vec::new(),
        };
        let id = head.item;
        let (slots, payload) = item(head, text, &self.me.signer, &to).map_err(failed)?.into_parts();
        let log = self.sealed_record(org, memo.deed(), (Some(*case), None)).await?;
        let mut body = framed(id, None, view.state, (&slots, None), log.clone())?;
        body.extend_from_slice(&payload);
        let added = self.put(&format!("cases/{case}/memos"), body).await?;
        self.logged(org, log.as_deref()).await?;
        Ok(Sent { item: id, already: added.already })
    }
}

/// Everybody in the groups of a case, each once.
fn of_groups<'a>(roster: &'a Roster, org: &OrgId, case: &OverviewCase) -> Vec<&'a Reader> {
    let mut found: BTreeMap<&ReaderId, &Reader> = BTreeMap::new();
    for group in &case.groups {
        let organisation = match group {
            Group::Outside(_) => roster.outside(),
            _ => roster.organisation(org),
        };
        for reader in organisation.into_iter().flat_map(|o| members(o, group)) {
            found.insert(&reader.id, reader);
        }
    }
    found.into_values().collect()
}

fn members<'a>(of: &'a Organisation, group: &Group) -> Vec<&'a Reader> {
    let Some(file) = &of.file else { return Vec::new() };
    let ids: Vec<&ReaderId> = match group {
        Group::Desk(name) | Group::Outside(name) => {
            let desks = file.desks.iter().filter(|d| d.name == *name);
            desks.flat_map(|d| d.readers.iter().chain(&d.reserve)).collect()
        }
        Group::Advisers => file.advisers.iter().flat_map(|a| std::iter::once(&a.reader).chain(&a.deputy)).collect(),
        Group::Managers => file.managers.iter().collect(),
    };
    ids.into_iter().filter_map(|id| of.reader(id)).collect()
}

impl Export {
    /// The format version: with it came whose each record is.
    pub const VERSION: u8 = 2;

    /// Whether the records are a chain that ends where the server said. That takes no key.
    pub fn is_chain(&self, instance: &InstanceId) -> bool {
        let ends = |head: &Head| (head.length, head.hash) == (self.head.length, self.head.hash);
        let mut head = Head::start(instance, &self.org);
        // The chain may have grown between the head and the last records.
        let mut ended = ends(&head);
        for Logged { writer, record } in &self.records {
            head = head.after(&record_hash(*writer, &BASE64_STANDARD.decode(record).unwrap_or_default()));
            ended |= ends(&head);
        }
        ended
    }

    /// Opens and checks every record: its signature, its place, and that what each writer had seen was a part of this chain. The
    /// last entry says whether the chain ends where the server said.
    pub fn entries(&self, roster: &Roster, me: &ReaderIdentity) -> Vec<Entry> {
        let mut head = Head::start(&roster.instance, &self.org);
        let mut heads = BTreeSet::from([(head.length, head.hash)]);
        let mut entries = Vec::new();
        let mut told_apart = false;
        let mut sender: Option<Sender> = None;
        for Logged { writer, record } in &self.records {
            let sealed = BASE64_STANDARD.decode(record).unwrap_or_default();
            head = head.after(&record_hash(*writer, &sealed));
            // The server tells writers apart from some record on, and for good.
            told_apart |= *writer != Writer::Earlier;
            let writer = if told_apart && *writer == Writer::Earlier { Writer::Person } else { *writer };
            let (record, problem) = match open_record(me, &sealed) {
                Ok(opened) => {
                    let problem = doubt(roster, &self.org, &heads, (writer, &opened));
                    (Some(opened.record), problem)
                }
                Err(_) => (None, Some("audit-unreadable")),
            };
            heads.insert((head.length, head.hash));
            // The server's word stands right before the record that it is of; it is no line of its own.
            let said = sender.take().filter(|said| said.record == record_hash(writer, &sealed));
            let sent_by = said.map(|said| said.by.reader);
            match record {
                Some(received) if received.deed == Deed::Received && problem.is_none() => sender = received.sent,
                record => entries.push(Entry { number: head.length, record, problem, sent_by }),
            }
        }
        // The chain may have grown between the head and the last records.
        if !heads.contains(&(self.head.length, self.head.hash)) {
            let problem = Some("audit-chain");
            entries.push(Entry { number: self.head.length, record: None, problem, sent_by: None });
        }
        entries
    }
}

impl Entry {
    /// Who did it; nobody is the server. A guest is no reader of the roster: their card says how everybody sees them, and is believed
    /// where the record is.
    pub(super) fn by(&self, t: Texts, named: impl Fn(&ReaderId) -> Option<String>) -> String {
        let record = self.record.as_ref();
        let Some(by) = record.and_then(|record| record.by.as_ref()) else { return t.get("watch-server") };
        let card = record.and_then(|record| record.card.as_ref()).filter(|card| card.guest.id == *by);
        let guest = |card| t.with("log-guest", &[("name", guest_name(t, card))]);
        let card = card.filter(|_| self.problem.is_none()).map(guest);
        named(by).or(card).unwrap_or_else(|| by.to_string())
    }

    /// What is wrong, in words, and who sent it.
    pub(super) fn doubt(&self, t: Texts, problem: &str) -> String {
        match &self.sent_by {
            Some(by) => format!("{}; {}", t.get(problem), t.with("audit-sent-by", &[("name", by.to_string())])),
            None => t.get(problem),
        }
    }
}

/// What is wrong with a record that opened.
fn doubt(
    roster: &Roster,
    org: &OrgId,
    heads: &BTreeSet<(u64, [u8; 32])>,
    (writer, opened): (Writer, &OpenedRecord),
) -> Option<&'static str> {
    let OpenedRecord { record, signed_by } = opened;
    if record.instance != roster.instance || record.org != *org {
        return Some("audit-elsewhere");
    }
    // Who left since has signed what they did: their key stands in the file as long as the organisation keeps them there.
    let files = roster.organisations.iter().filter_map(|o| o.file.as_ref());
    let known = |id: &ReaderId| {
        let readers = files.clone().flat_map(|f| &f.readers).find(|r| r.id == *id).map(|r| r.sign_key.to_lowercase());
        let overseers = files.clone().flat_map(|f| &f.overseers).find(|o| o.id == *id);
        readers.or(overseers.map(|o| o.sign_key.to_lowercase()))
    };
    let known = |id: &ReaderId| known(id).or_else(|| guest_key(record, id, &known));
    let server_s = record.deed.is_server_s();
    match (&record.by, signed_by) {
        (None, None) if !server_s || writer == Writer::Person => return Some("audit-unsigned"),
        (None, None) => return None,
        // Nobody destroys but the server, or says who sent what.
        (Some(_), _) if server_s || writer == Writer::Server => return Some("audit-not-server"),
        (Some(id), Some(key)) if known(id) != Some(hex::encode(key)) => return Some("audit-stranger"),
        _ => {}
    }
    let seen = record.seen.is_some_and(|seen| heads.contains(&(seen.length, seen.hash)));
    (!seen).then_some("audit-set-back")
}

/// The key of a guest, if somebody whose key is known vouches for them in this case and on this day.
fn guest_key(record: &Record, id: &ReaderId, known: &dyn Fn(&ReaderId) -> Option<String>) -> Option<String> {
    let card = record.card.as_ref().filter(|card| card.guest.id == *id && record.case == Some(card.case))?;
    let (mut key, mut signature) = ([0; 32], [0; 64]);
    hex::decode_to_slice(known(&card.by)?, &mut key).ok()?;
    hex::decode_to_slice(&card.signature, &mut signature).ok()?;
    let vouched = record.day <= card.until && verify(&key, &card.signed_bytes(&record.instance), &signature);
    vouched.then(|| card.guest.sign_key.to_lowercase())
}
