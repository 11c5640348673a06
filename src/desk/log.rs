//! The staff log, from a desk: adding to it, and making sure that nothing was taken out of it since this desk looked last.
use std::collections::BTreeMap;

use base64::{Engine, prelude::BASE64_STANDARD};
use serde::{Deserialize, Serialize};

use super::{Client, DeskError, client::json, kept};
use crate::{
    api_types::oversight::{ChainView, NewRecord},
    domain::{
        day::Day,
        id::{CaseId, OrgId},
        log::{Deed, Head, Record, Writer, record_hash},
        register::Row,
        roster::Organisation,
    },
    seal::record::record,
};

/// The format version of a record.
const VERSION: u8 = 1;

/// Which case a record is about, and its row; neither for advice.
pub(super) type About = (Option<CaseId>, Option<Row>);

/// What is done, as the log names it, and about which case.
pub(super) type Line = (Deed, About);

/// An act of which the log says no more than that there was one: an act in advice that goes with one in a report.
pub(super) const UNNAMED: Line = (Deed::Other, (None, None));

/// Days after which a desk shows again that its keys work.
const SHOW_AGAIN: i32 = 7;

/// What a desk remembers of the logs; it holds nothing that somebody wrote.
#[derive(Default, Deserialize, Serialize)]
struct Remembered {
    /// Where each stood.
    heads: BTreeMap<OrgId, Head>,
    /// The day this desk last wrote into each.
    wrote: BTreeMap<OrgId, Day>,
}

impl Client {
    /// Where the log of an organisation stands; an error if the log this desk saw last is not its beginning.
    pub async fn log_head(&self, org: &OrgId) -> Result<Head, DeskError> {
        self.follow(org).await.map(|(head, _)| head)
    }

    /// Makes sure that a record which was sent is in the log now.
    pub(super) async fn logged(&self, org: &OrgId, record: Option<&str>) -> Result<(), DeskError> {
        let Some(record) = record else { return Ok(()) };
        let hash = record_hash(Writer::Person, &BASE64_STANDARD.decode(record).unwrap_or_default());
        let (_, new) = self.follow(org).await?;
        if new.contains(&hash) { Ok(()) } else { Err(DeskError::known("desk-error-log")) }
    }

    /// Follows the chain from where this desk left it; returns its end and what is new.
    async fn follow(&self, org: &OrgId) -> Result<(Head, Vec<[u8; 32]>), DeskError> {
        let mut new = Vec::new();
        let mut remembered = self.remembered()?;
        let before = remembered.heads.get(org).copied();
        let before = before.unwrap_or_else(|| Head::start(&self.roster.instance, org));
        let mut now = before;
        loop {
            let path = format!("log/{org}/chain?after={}", now.length);
            let view: ChainView = json(self.get(&path).await?).await?;
            if view.hashes.is_empty() {
                if view.head != now {
                    return Err(DeskError::known("desk-error-log"));
                }
                break;
            }
            for hash in view.hashes {
                let mut record = [0; 32];
                hex::decode_to_slice(hash, &mut record).map_err(|_| DeskError::known("desk-error-log"))?;
                now = now.after(&record);
                new.push(record);
            }
        }
        if now != before {
            remembered.heads.insert(org.clone(), now);
            self.remember(&remembered)?;
        }
        Ok((now, new))
    }

    /// Forgets how the logs stood: they were set back to the day of a backup, which somebody whom this reader knows has told them.
    pub(super) fn after_restore(&self) -> Result<(), DeskError> {
        let remembered = self.remembered()?;
        self.remember(&Remembered { heads: BTreeMap::new(), ..remembered })
    }

    fn remembered(&self) -> Result<Remembered, DeskError> {
        match std::fs::read(&self.logs) {
            Ok(bytes) => {
                // An earlier desk kept it in clear, and so whose cases its reader has.
                let opened = self.me.seal.open_own(&bytes).unwrap_or_else(|_| bytes.into());
                serde_json::from_slice(&opened).map_err(|_| DeskError::known("desk-error-remembered"))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Remembered::default()),
            Err(error) => Err(error.into()),
        }
    }

    fn remember(&self, remembered: &Remembered) -> Result<(), DeskError> {
        kept::save(&self.logs, &self.me, remembered)
    }

    /// The organisation that has this reader in its file.
    fn my_organisation(&self) -> Option<&OrgId> {
        let mine = |o: &&Organisation| o.reader(&self.me.reader).is_some_and(|r| r.keyed() == self.me.keyed());
        self.roster.organisations.iter().find(mine).map(|o| &o.entry.id)
    }

    /// That this reader is away, or back.
    pub(super) async fn log_absence(&self, away: bool) -> Result<(), DeskError> {
        let Some(org) = self.my_organisation() else { return Ok(()) };
        match self.log(org, if away { Deed::Away } else { Deed::Back }, (None, None)).await {
            // A disk that is nearly full keeps nobody's reserve from reading.
            Err(error) if error.can_wait() => Ok(()),
            logged => logged,
        }
    }

    /// Shows the coordinator, once a week, that these keys open and sign.
    pub async fn keys_work(&self) -> Result<(), DeskError> {
        let Some(org) = self.my_organisation() else { return Ok(()) };
        let wrote = self.remembered()?.wrote.get(org).copied();
        if wrote.is_some_and(|day| self.today() < day.plus_days(SHOW_AGAIN)) {
            return Ok(());
        }
        let tried = self.me.seal.seal_own(b"meldkluis").and_then(|sealed| self.me.seal.open_own(&sealed));
        tried.map_err(|_| DeskError::known("desk-error-keys"))?;
        match self.log(org, Deed::KeysWork, (None, None)).await {
            // A sign that can wait keeps nobody from their cases.
            Err(error) if error.can_wait() => Ok(()),
            logged => logged,
        }
    }

    /// A record of what is about to be done, sealed to the organisation's overseers; `None` when it has none.
    pub(super) async fn sealed_record(
        &self,
        org: &OrgId,
        deed: Deed,
        (case, row): About,
    ) -> Result<Option<String>, DeskError> {
        if self.roster.overseers(org).next().is_none() {
            return Ok(None);
        }
        let text = Record {
            v: VERSION,
            instance: self.roster.instance,
            org: org.clone(),
            by: Some(self.me.reader.clone()),
            day: self.today(),
            deed,
            case,
            // A card leaves no room for the row, and a guest changes nothing in it.
            row: row.filter(|_| self.me.card.is_none()),
            seen: Some(self.log_head(org).await?),
            card: self.me.card.clone(),
            sent: None,
        };
        let sealed = record(&text, Some(&self.me.signer), self.roster.overseers(org));
        Ok(Some(BASE64_STANDARD.encode(sealed.map_err(|e| DeskError::new(e.to_string()))?)))
    }

    /// Adds a record that goes with no item.
    pub(super) async fn log(&self, org: &OrgId, deed: Deed, about: About) -> Result<(), DeskError> {
        if let Some(record) = self.sealed_record(org, deed, about).await? {
            let sent = NewRecord { record };
            self.post(&format!("log/{org}"), &sent).await?;
            self.logged(org, Some(&sent.record)).await?;
            let mut remembered = self.remembered()?;
            remembered.wrote.insert(org.clone(), self.today());
            self.remember(&remembered)?;
        }
        Ok(())
    }
}
