//! An exercise: a made-up report is really sealed to a reader's key and really opened with it, and goes nowhere.
use std::collections::BTreeSet;

use uuid::Uuid;
use zeroize::Zeroizing;

use super::{
    DeskError, Identity,
    open::Opened,
    unseal::{Kept, unseal},
    write::failed,
};
use crate::{
    domain::{
        day::Day,
        id::{InstanceId, ItemId},
        order::Before,
        roster::{Reader, Status, Text},
    },
    seal::{Author, ItemHead, Kind, Origin, Recipients, SlotTo, Story, code::Code, item},
};

/// Seals a story to a reader as a report or a request for advice is sealed, by a reporter whose keys are thrown away, and opens it as one is
/// opened.
pub(super) fn exercise(me: &Identity, (kind, story): (Kind, Story), day: Day) -> Result<Opened, DeskError> {
    let broken = || DeskError::known("desk-training-broken");
    let instance = InstanceId::from_uuid(Uuid::new_v4());
    let mut bits = Zeroizing::new([0; 16]);
    getrandom::fill(bits.as_mut()).map_err(|_| broken())?;
    let keys = Code::from_bits(*bits).keys(&instance, 1);
    let reporter = keys.public();
    let (case, id) = (reporter.case(&instance), ItemId::from_uuid(Uuid::new_v4()));
    let to = Recipients::of([&as_reader(me)]).map_err(failed)?;
    let head = ItemHead {
        instance,
        case,
        item: id,
        kind,
        author: Author::Reporter,
        seq: 0,
        seen: [0; 32],
        before: Before::default(),
        day,
        name: None,
        to: to.readers(),
        reporter: Some(reporter.clone()),
        proof: None,
        origin: Origin::default(),
        unread: Vec::new(),
    };
    let (slots, payload) = item(head, story.into_body(), &keys.signer, &to).map_err(failed)?.into_parts();
    let mine = slots.into_iter().find(|slot| slot.to == SlotTo::Reader(me.keyed())).ok_or_else(broken)?;
    let sealed = [mine.header, payload].concat();
    let mut opened =
        unseal(&me.seal, (&instance, &case, &id), sealed.as_slice(), Kept::Memory)?.map_err(|_| broken())?;
    opened.proven = reporter.sign == hex::encode(opened.by);
    Ok(opened)
}

/// Oneself, as a roster would have it.
fn as_reader(me: &Identity) -> Reader {
    Reader {
        id: me.reader.clone(),
        functions: BTreeSet::new(),
        shown_as: Text { nl: String::new(), en: String::new() },
        seal_key: me.seal.recipient(),
        sign_key: hex::encode(me.signer.public()),
        status: Status::Active,
        until: None,
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;
    use crate::{
        desk::Content,
        domain::{id::ReaderId, roster::Topic},
        seal::Plaintext,
    };

    fn story() -> Story {
        let text = |text: &str| Plaintext::from(text.to_owned());
        let [who, when, place, known] = ["", "", "", ""].map(text);
        Story { topic: Topic::Money, story: text("Een verzonnen verhaal"), who, when, place, known, struck: Vec::new() }
    }

    #[test]
    fn an_exercise_proves_that_the_key_opens_what_is_sealed_to_it() {
        let folder = tempfile::tempdir().unwrap();
        let me = Identity::create(&folder.path().join("ik"), ReaderId::parse("ik").unwrap(), None).unwrap();
        let day = Day::parse("2026-11-24").unwrap();
        let opened = exercise(&me, (Kind::Report, story()), day).unwrap();
        assert!(opened.proven);
        assert!(matches!(opened.content, Content::Story(story) if story.story == "Een verzonnen verhaal"));
    }
}
