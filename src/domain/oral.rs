//! Oral reports: what an officer may enter for somebody who called or came, and who then reads it. Pure.
use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{
    id::{KeyedReader, OrgId, ReaderId},
    roster::{Organisation, Reader, Roster, Scope, Topic},
    routing::{self, NobodyLeft, Readers, Wish, desk, independent},
};

/// The room of a code in which a report to an organisation stands.
pub const REPORT_ROOM: u8 = 1;
/// The room of a code in which a report to the desk outside stands.
pub const OUTSIDE_ROOM: u8 = 4;

/// How a report was told.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// By telephone.
    Phone,
    /// In a talk on the spot.
    InPerson,
}

impl How {
    /// Both, in the order shown.
    pub const ALL: [Self; 2] = [Self::Phone, Self::InPerson];

    /// Its name in commands, forms and texts.
    pub fn name(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::InPerson => "in-person",
        }
    }

    /// The one with this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|how| how.name() == name)
    }
}

/// The organisation for which an officer enters reports, with the topics whose desk they sit in: a report is entered only by one of
/// its readers. A manager, an adviser or a reserve reader enters none.
pub fn topics<'a>(roster: &'a Roster, me: &KeyedReader) -> Option<(&'a Organisation, Vec<Topic>)> {
    let mine = |o: &&Organisation| o.reader(&me.reader).is_some_and(|r| independent(r) && r.keyed() == *me);
    let org = roster.organisations.iter().find(mine)?;
    let sits = |topic: &Topic| desk(org, *topic).is_some_and(|d| d.readers.contains(&me.reader));
    let topics: Vec<Topic> = Topic::ALL.into_iter().filter(sits).collect();
    let takes = matches!(org.entry.scope, Scope::In | Scope::Outside) && !topics.is_empty();
    takes.then_some((org, topics))
}

/// Who reads a report that is entered, without the struck: what [`routing`] says for one that is filed.
pub fn readers(
    roster: &Roster,
    org: &Organisation,
    topic: Topic,
    struck: &BTreeSet<ReaderId>,
) -> Result<Readers, NobodyLeft> {
    if org.entry.scope == Scope::Outside {
        return routing::outside(roster, struck).map(|(_, readers)| readers);
    }
    routing::readers(roster, &org.entry.id, &Wish::Report { topic, struck: struck.clone(), manager: None })
}

/// The room of the code that such a report stands in.
pub fn room(org: &Organisation) -> u8 {
    if org.entry.scope == Scope::Outside { OUTSIDE_ROOM } else { REPORT_ROOM }
}

/// Whether these can be the readers of a report that this officer enters: for one of their topics the routing gives exactly them, once
/// everybody else is struck.
pub fn may_enter(
    roster: &Roster,
    org: &OrgId,
    me: &KeyedReader,
    to: &[KeyedReader],
    reserve: Option<&KeyedReader>,
) -> bool {
    let Some((organisation, topics)) = topics(roster, me).filter(|(o, _)| o.entry.id == *org) else { return false };
    let named: BTreeSet<&KeyedReader> = to.iter().collect();
    let others = roster.readers().filter(|r| to.iter().all(|t| t.reader != r.id)).map(|r| r.id.clone());
    let struck: BTreeSet<ReaderId> = others.collect();
    let gives = |topic: Topic| {
        let Ok(readers) = readers(roster, organisation, topic, &struck) else { return false };
        let all: Vec<KeyedReader> = readers.all().map(Reader::keyed).collect();
        all.iter().collect::<BTreeSet<_>>() == named
            && readers.reserve().map(Reader::keyed).as_ref() == reserve
            && readers.now().iter().any(|r| r.keyed() == *me)
    };
    named.len() == to.len() && topics.into_iter().any(gives)
}
