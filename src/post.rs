//! From sealed items to rows and back: whose slot is whose, for the one who holds k1 and k2.
//!
//! A mailbox is HMAC(k1, whose ‖ day filed). Filler has mailboxes too, the same few for all cases of a day, so that in a stolen
//! database a mailbox that recurs is not told apart from filler.
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::{
    domain::{
        day::Day,
        id::{ItemId, ReaderId},
        roster::{Reader, Roster},
    },
    seal::{Slot, SlotTo},
    store::SlotRow,
};

/// The two keys that live outside the data folder.
pub struct PostKeys {
    k1: Zeroizing<[u8; 32]>,
    k2: Zeroizing<[u8; 32]>,
}

impl PostKeys {
    /// From the deployment's credentials.
    pub fn new(k1: [u8; 32], k2: [u8; 32]) -> Self {
        Self { k1: Zeroizing::new(k1), k2: Zeroizing::new(k2) }
    }

    /// Where a slot of a case filed on that day is found.
    pub fn mailbox(&self, to: &SlotTo, filed: Day) -> [u8; 32] {
        let (role, name) = match to {
            SlotTo::Reader(id) => (1, id.as_str().as_bytes().to_vec()),
            SlotTo::Reporter(case) => (2, case.as_bytes().to_vec()),
            SlotTo::Nobody(n) => (3, vec![*n]),
        };
        mac(&self.k1, &[b"meldkluis/mailbox/v1", &filed.number().to_be_bytes(), &[role], &name])
    }

    /// An item's slots as rows; the reserve reader's are released on their day.
    pub fn rows(&self, item: &ItemId, filed: Day, slots: Vec<Slot>, reserve: Option<(&ReaderId, Day)>) -> Vec<SlotRow> {
        let row = |slot: Slot| {
            let mailbox = self.mailbox(&slot.to, filed);
            let release = reserve.filter(|(id, _)| slot.to == SlotTo::Reader((*id).clone())).map(|(_, day)| day);
            let tag = self.tag(item, &mailbox, release, &slot.header);
            SlotRow { mailbox, tag, release, header: slot.header }
        };
        let mut rows: Vec<SlotRow> = slots.into_iter().map(row).collect();
        // A second filler of the same number would clash: the key of a row is its mailbox.
        rows.sort_by_key(|row| row.mailbox);
        rows.dedup_by_key(|row| row.mailbox);
        rows
    }

    /// Whether a row is one we wrote for this item.
    pub fn intact(&self, item: &ItemId, row: &SlotRow) -> bool {
        self.tag(item, &row.mailbox, row.release, &row.header).ct_eq(&row.tag).into()
    }

    /// The active readers who have a slot among these rows.
    pub fn readers<'a>(&self, roster: &'a Roster, filed: Day, rows: &[SlotRow]) -> Vec<&'a Reader> {
        let has = |reader: &&Reader| {
            let mailbox = self.mailbox(&SlotTo::Reader(reader.id.clone()), filed);
            rows.iter().any(|row| row.mailbox == mailbox)
        };
        roster.readers().filter(has).collect()
    }

    fn tag(&self, item: &ItemId, mailbox: &[u8; 32], release: Option<Day>, header: &[u8]) -> [u8; 32] {
        let release = release.map_or([0; 5], |day| {
            let [a, b, c, d] = day.number().to_be_bytes();
            [1, a, b, c, d]
        });
        mac(&self.k2, &[b"meldkluis/slot/v1", item.as_bytes(), mailbox, &release, &Sha256::digest(header)])
    }
}

fn mac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    // HMAC takes a key of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { unreachable!("HMAC takes any key") };
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}
