//! From sealed items to rows and back: whose slot is whose, for the one who holds k1 and k2.
//!
//! A mailbox is HMAC(k1, whose ‖ day filed). Filler has mailboxes too, from the same few for the cases of an organisation on a
//! day, so that in a stolen database a mailbox that recurs is not told apart from filler.
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::{
    domain::{
        case::Case,
        day::Day,
        id::{ItemId, KeyedReader},
    },
    seal::{Slot, SlotTo, slot::filler},
    store::{SeenKey, SlotRow},
};

/// What a tag says of a row, besides that it is ours: nothing, that whose it is has fetched it, or that whose it was has.
const SLOT: &[u8] = b"meldkluis/slot/v1";
const OPENED: &[u8] = b"meldkluis/slot-opened/v1";
const READ: &[u8] = b"meldkluis/slot-read/v1";

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

    /// Where a reader's slots of cases filed on that day are found.
    pub fn reader_mailbox(&self, reader: &KeyedReader, filed: Day) -> [u8; 32] {
        self.hashed(filed, 1, &reader.to_bytes())
    }

    /// Where a slot of a case is found.
    pub fn mailbox(&self, to: &SlotTo, case: &Case) -> [u8; 32] {
        match to {
            SlotTo::Reader(reader) => self.reader_mailbox(reader, case.filed),
            SlotTo::Reporter(id) => self.hashed(case.filed, 2, id.as_bytes()),
            SlotTo::Nobody(n) => self.hashed(case.filed, 3, &[&[*n], case.org.as_str().as_bytes()].concat()),
        }
    }

    /// Under which the last day is kept that a reader signed in; the same on all days, and no mailbox.
    pub fn reader_seen(&self, reader: &KeyedReader) -> SeenKey {
        mac(&self.k1, &[b"meldkluis/reader-seen/v1", &reader.to_bytes()])
    }

    /// Under which the day is kept until which a reader is away.
    pub fn reader_away(&self, reader: &KeyedReader) -> SeenKey {
        mac(&self.k1, &[b"meldkluis/reader-away/v1", &reader.to_bytes()])
    }

    fn hashed(&self, filed: Day, role: u8, whose: &[u8]) -> [u8; 32] {
        mac(&self.k1, &[b"meldkluis/mailbox/v1", &filed.number().to_be_bytes(), &[role], whose])
    }

    /// The mailboxes of a case that are filler, of the numbers that another program may draw too.
    pub fn filler(&self, case: &Case) -> Vec<[u8; 32]> {
        (0..=u8::MAX).map(|n| self.mailbox(&SlotTo::Nobody(n), case)).collect()
    }

    /// An item's slots as rows; the reserve reader's are released on their day.
    pub fn rows(
        &self,
        case: &Case,
        item: &ItemId,
        slots: Vec<Slot>,
        reserve: Option<(&KeyedReader, Day)>,
    ) -> Vec<SlotRow> {
        let row = |slot: Slot| {
            let mailbox = self.mailbox(&slot.to, case);
            let release = reserve.filter(|(id, _)| slot.to == SlotTo::Reader((*id).clone())).map(|(_, day)| day);
            let tag = self.tag(case, item, &mailbox, release, &slot.header);
            SlotRow { mailbox, tag, release, header: slot.header }
        };
        let mut rows: Vec<SlotRow> = slots.into_iter().map(row).collect();
        // A second filler of the same number would clash: the key of a row is its mailbox.
        rows.sort_by_key(|row| row.mailbox);
        rows.dedup_by_key(|row| row.mailbox);
        rows
    }

    /// The slots of a case's first item as rows. One of its fillers says to whoever holds k1 what the case is; it is of this case alone in
    /// every case, so that to others it says nothing. Without filler more people read it than advice ever has.
    pub fn first_rows(
        &self,
        case: &Case,
        item: &ItemId,
        slots: Vec<Slot>,
        reserve: Option<(&KeyedReader, Day)>,
        advice: bool,
    ) -> Vec<SlotRow> {
        let (filler, mut slots): (Vec<Slot>, Vec<Slot>) =
            slots.into_iter().partition(|slot| matches!(slot.to, SlotTo::Nobody(_)));
        let mut filler = filler.into_iter();
        let mark = filler.next().map(|slot| {
            let mailbox = self.mark(case, advice);
            let tag = self.tag(case, item, &mailbox, None, &slot.header);
            SlotRow { mailbox, tag, release: None, header: slot.header }
        });
        slots.extend(filler);
        let mut rows: Vec<SlotRow> = self.rows(case, item, slots, reserve).into_iter().chain(mark).collect();
        rows.sort_by_key(|row| row.mailbox);
        rows
    }

    /// The mailbox that says that a case is advice, or that it is not.
    pub fn mark(&self, case: &Case, advice: bool) -> [u8; 32] {
        self.hashed(case.filed, 4, &[case.id.as_bytes(), [u8::from(advice)].as_slice()].concat())
    }

    /// A row that is released on another day: its tag covers the day.
    pub fn released(&self, case: &Case, item: &ItemId, row: SlotRow, day: Day) -> SlotRow {
        let release = Some(day);
        let tag = self.tag(case, item, &row.mailbox, release, &row.header);
        SlotRow { tag, release, ..row }
    }

    /// The mailboxes of the readers among slots.
    pub fn of_readers(&self, case: &Case, slots: &[Slot]) -> Vec<[u8; 32]> {
        let readers = slots.iter().filter(|slot| matches!(slot.to, SlotTo::Reader(_)));
        readers.map(|slot| self.mailbox(&slot.to, case)).collect()
    }

    /// A row of filler for an item, in a mailbox it does not have, released on that day.
    pub fn filler_row(&self, case: &Case, item: &ItemId, taken: &[[u8; 32]], release: Option<Day>) -> Option<SlotRow> {
        let slot = filler(|n| !taken.contains(&self.mailbox(&SlotTo::Nobody(n), case))).ok()?;
        let mailbox = self.mailbox(&slot.to, case);
        let tag = self.tag(case, item, &mailbox, release, &slot.header);
        Some(SlotRow { mailbox, tag, release, header: slot.header })
    }

    /// Filler that comes in the place of a slot of who goes. What they opened stays opened, by somebody who is gone. Where they could read it,
    /// being released by `served`, its mailbox says whose it was to whoever holds k1, and is of this item alone; to others it says nothing.
    pub fn row_after(
        &self,
        case: &Case,
        item: &ItemId,
        (taken, served): (&[[u8; 32]], Day),
        gone: &SlotRow,
    ) -> Option<SlotRow> {
        let mut row = self.filler_row(case, item, taken, gone.release)?;
        let left = self.left(case, item, &gone.mailbox);
        // Who goes twice is named once.
        if gone.release.is_none_or(|day| day <= served) && !taken.contains(&left) {
            row.mailbox = left;
        }
        let opened = self.is_opened(case, item, gone);
        let whole = (&row.mailbox, row.release, &*row.header);
        row.tag = self.labelled(if opened { READ } else { SLOT }, case, item, whole);
        Some(row)
    }

    /// The mailbox of filler in an item, in the place of the slot of somebody with this mailbox who went.
    pub fn left(&self, case: &Case, item: &ItemId, mailbox: &[u8; 32]) -> [u8; 32] {
        mac(&self.k1, &[b"meldkluis/left/v1", case.id.as_bytes(), item.as_bytes(), mailbox])
    }

    /// Whether a row is one we wrote for this item in this case.
    pub fn intact(&self, case: &Case, item: &ItemId, row: &SlotRow) -> bool {
        let tag = self.tag(case, item, &row.mailbox, row.release, &row.header);
        let ours = bool::from(tag.ct_eq(&row.tag));
        ours || self.was_opened(case, item, row) || self.is_passed(case, item, row)
    }

    /// A row of somebody who reads no more of a case than what went along with a report from it. It stays so when they fetch it.
    pub fn passed(&self, case: &Case, item: &ItemId, row: SlotRow) -> SlotRow {
        SlotRow { tag: self.passed_tag(case, item, &row), ..row }
    }

    /// Whether a row says that whose it is reads no more than that.
    pub fn is_passed(&self, case: &Case, item: &ItemId, row: &SlotRow) -> bool {
        self.passed_tag(case, item, row).ct_eq(&row.tag).into()
    }

    fn passed_tag(&self, case: &Case, item: &ItemId, row: &SlotRow) -> [u8; 32] {
        self.labelled(b"meldkluis/slot-passed/v1", case, item, (&row.mailbox, row.release, &row.header))
    }

    /// Whether a row says that it was fetched, by whose it is or by whose it was.
    pub fn was_opened(&self, case: &Case, item: &ItemId, row: &SlotRow) -> bool {
        let read = self.labelled(READ, case, item, (&row.mailbox, row.release, &row.header));
        self.is_opened(case, item, row) || bool::from(read.ct_eq(&row.tag))
    }

    /// Whether a row says that whose it is has fetched it. To whoever does not hold k2 one tag says as little as the other.
    pub fn is_opened(&self, case: &Case, item: &ItemId, row: &SlotRow) -> bool {
        self.opened_tag(case, item, row).ct_eq(&row.tag).into()
    }

    /// The tag of a row that says so.
    pub fn opened_tag(&self, case: &Case, item: &ItemId, row: &SlotRow) -> [u8; 32] {
        self.labelled(OPENED, case, item, (&row.mailbox, row.release, &row.header))
    }

    fn tag(&self, case: &Case, item: &ItemId, mailbox: &[u8; 32], release: Option<Day>, header: &[u8]) -> [u8; 32] {
        self.labelled(SLOT, case, item, (mailbox, release, header))
    }

    fn labelled(
        &self,
        label: &[u8],
        case: &Case,
        item: &ItemId,
        (mailbox, release, header): (&[u8; 32], Option<Day>, &[u8]),
    ) -> [u8; 32] {
        let release = release.map_or([0; 5], |day| {
            let [a, b, c, d] = day.number().to_be_bytes();
            [1, a, b, c, d]
        });
        let (id, filed) = (case.id.as_bytes(), case.filed.number().to_be_bytes());
        let header = Sha256::digest(header);
        mac(&self.k2, &[label, id, &filed, item.as_bytes(), mailbox, &release, &header])
    }
}

fn mac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    // HMAC takes a key of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { unreachable!("HMAC takes any key") };
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}
