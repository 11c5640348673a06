//! What is kept: cases, sealed items, slots. One trait, one implementation for SQLite and PostgreSQL.
//!
//! Nothing here can be read: the store only ever meets sealed bytes and the columns of [`Case`].
mod again;
mod away;
mod blobs;
mod copy;
mod days;
mod dialect;
mod generic;
mod leave;
mod log;
mod moving;
mod nightly;
mod opening;
mod removing;
mod rewrite;
mod rows;
mod seen;
mod sql;
mod sweep;
mod writing;

use async_trait::async_trait;

pub use again::{AllStore, destroy_again};
pub use away::AwayStore;
pub use blobs::{BlobWriter, Blobs};
pub use copy::{Copied, copy_in, copy_out, is_there};
pub use days::{DayStore, STEP_DAYS};
pub(crate) use dialect::sqlite_file;
pub use generic::connect;
pub use leave::{LeaveStore, Leaving, MakeFiller};
pub use log::LogStore;
pub use nightly::NightlyStore;
pub use opening::{ASIDE, IsOpened, Opening, Released};
pub use seen::{NoticeStore, SeenKey};
pub use sweep::{abandon, sweep};

use crate::domain::{
    case::{Case, CaseState},
    day::Day,
    id::{CaseId, ItemId, OrgId},
};

/// One reader's slot of an item, as stored.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SlotRow {
    /// HMAC(k1, reader ‖ day filed): which reader, to whoever holds k1.
    pub mailbox: [u8; 32],
    /// HMAC(k2, item ‖ mailbox ‖ SHA-256(header)), checked on use.
    pub tag: [u8; 32],
    /// The day from which the slot is served; `None` is at once.
    pub release: Option<Day>,
    /// A complete age header for that reader alone.
    pub header: Vec<u8>,
}

/// How many people a case takes: what is written in it goes to all of them and to its reporter, so that they must fit one item.
#[derive(Clone, Copy, Debug)]
pub struct Room<'a> {
    /// The mailboxes of a case that are nobody's, and give their place.
    pub filler: &'a [[u8; 32]],
    /// Others that are no reader's, and stay. Of its reporter the place is kept.
    pub kept: &'a [[u8; 32]],
    /// Slots of an item.
    pub slots: usize,
}

/// An item to store.
#[derive(Clone, Debug)]
pub struct NewItem {
    /// Random id.
    pub id: ItemId,
    /// All slots, real and filler, shuffled.
    pub slots: Vec<SlotRow>,
    /// The reserve reader's slot among them, as it is when set aside: it comes in that one's place while what was held back for them in the
    /// case is set aside. Without meaning in a case that is filed.
    pub aside: Option<SlotRow>,
    /// The mailboxes of readers among them. Whoever has no slot in the case any more when an item is added to it has left meanwhile: that
    /// slot is left out. Without meaning in a case that is filed.
    pub readers: Vec<[u8; 32]>,
    /// Its age payload.
    pub payload: Payload,
    /// Items that the case has at most with this one; more is [`StoreError::Conflict`]. Without meaning in a case that is filed.
    pub most: usize,
}

/// Where an item's age payload (all that follows the header) is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Payload {
    /// In the row: messages, at most 256 KiB.
    Inline(Vec<u8>),
    /// In the blob store under the item's id, announced with [`Store::announce_blob`] and written: files.
    Blob,
}

/// Whether filing made a case or found the one that an earlier try had made.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Filed {
    /// Made now.
    New,
    /// Was there: the same code was sent before.
    Already,
}

/// Whether an item was added, or its idempotency key had been used for the same item before.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Added {
    /// Added now.
    New,
    /// Was there.
    Already,
}

/// Why the store did not do it. Carries no bytes of any row.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database or payload store is away; nothing was half-saved.
    #[error("the store is unavailable")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Another process has it: a server that runs, or another command.
    #[error("the store is unavailable: another process is using the data folder; stop it first")]
    InUse,
    /// The case was not in the expected state, or is gone.
    #[error("the case changed meanwhile")]
    Conflict,
    /// A row that we would not have written.
    #[error("table {table} holds a row that cannot be")]
    Corrupt {
        /// Which table.
        table: &'static str,
    },
    /// The schema was made by a version this one does not know.
    #[error(
        "the database has schema version {0}, which this program does not know; use the version that made it, or a newer one"
    )]
    UnknownSchema(i64),
}

impl StoreError {
    /// Whether the disk, or this user's share of it, is full.
    pub fn is_full(&self) -> bool {
        let beneath = std::iter::successors(Some(self as &dyn std::error::Error), |error| error.source());
        beneath
            .filter_map(|error| error.downcast_ref::<std::io::Error>())
            .any(|error| matches!(error.kind(), std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded))
    }

    /// With what lies beneath, for the operator at a start or a command; never for a page or the log of a running server.
    pub fn with_cause(&self) -> String {
        match std::error::Error::source(self) {
            Some(cause) => format!("{self}: {cause}"),
            None => self.to_string(),
        }
    }
}

/// A change to the case that goes with an item, in the same transaction.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Move {
    /// The state the writer saw; another state is [`StoreError::Conflict`].
    pub expected: CaseState,
    /// The deadline the writer saw; another one is [`StoreError::Conflict`] too.
    pub expected_due: Day,
    /// The state afterwards.
    pub state: CaseState,
    /// The deadline afterwards.
    pub due: Day,
    /// When a closed case is to be destroyed.
    pub destroy_after: Option<Day>,
}

/// What the server keeps. Implemented once, for both databases; all methods are atomic.
#[async_trait]
pub trait Store:
    DayStore + NoticeStore + LogStore + LeaveStore + AwayStore + NightlyStore + AllStore + Send + Sync
{
    /// Files a case with its first item (payload inline), in one transaction. The same lookup again is [`Filed::Already`].
    async fn file(&self, case: &Case, item: &NewItem) -> Result<Filed, StoreError>;
    /// The case behind a lookup id.
    async fn case_by_lookup(&self, lookup: &[u8; 32]) -> Result<Option<Case>, StoreError>;
    /// A case by id.
    async fn case(&self, id: &CaseId) -> Result<Option<Case>, StoreError>;
    /// Adds an item; with a [`Move`], changes the case in the same transaction. The item id is the idempotency key. Consumes the
    /// announcement of a blob. After [`StoreError::Unavailable`] the item may be there: ask for its payload before removing a blob.
    /// Slots that would be released after `today` are left out of a case that was opened, but for what is set aside: see
    /// [`Store::mark_opened`].
    async fn add_item(
        &self,
        case: &CaseId,
        item: &NewItem,
        change: Option<Move>,
        today: Day,
    ) -> Result<Added, StoreError>;
    /// Adds a slot to an item, in the place of filler so that the number of slots says nothing. An item without filler gets one more,
    /// while there is room. [`StoreError::Conflict`] when there is none, in the item or in the case.
    async fn add_slot(&self, item: &ItemId, slot: &SlotRow, room: &Room<'_>) -> Result<Added, StoreError>;
    /// Keeps that whose slot of an item this is has opened it: the slot gets its tag, if it is still the one that was read. An unopened
    /// case is opened by that, and the slots that were still held back are set aside, released on [`ASIDE`]: a reserve reader is for a case
    /// that nobody opened. They go when a second reader opens theirs, or when the case is closed; see [`LeaveStore::leave`].
    async fn mark_opened(
        &self,
        case: &CaseId,
        slot: (&ItemId, &SlotRow),
        opening: &Opening<'_>,
    ) -> Result<(), StoreError>;
    /// Gives slots of an unopened case that are held back another release day, with their new tags. [`StoreError::Conflict`] when
    /// somebody has opened it, or none of them is held back: nothing changed then.
    async fn release(&self, case: &CaseId, slots: &[(ItemId, SlotRow)]) -> Result<(), StoreError>;
    /// The ids of a case's items, in no order that means anything.
    async fn items(&self, case: &CaseId) -> Result<Vec<ItemId>, StoreError>;
    /// The case an item belongs to.
    async fn case_of(&self, item: &ItemId) -> Result<Option<CaseId>, StoreError>;
    /// An item's slots.
    async fn slots(&self, item: &ItemId) -> Result<Vec<SlotRow>, StoreError>;
    /// An item's payload; `None` when there is no such item.
    async fn payload(&self, item: &ItemId) -> Result<Option<Payload>, StoreError>;
    /// Bytes of an item's payload that is in its row, which is not read for it; `None` for one in the blob store, and when there is no such
    /// item.
    async fn payload_bytes(&self, item: &ItemId) -> Result<Option<u64>, StoreError>;
    /// All slots released by `today` in any of these mailboxes, with the case and item they are of, by case.
    async fn inbox(&self, mailboxes: &[[u8; 32]], today: Day) -> Result<Vec<(Case, ItemId, SlotRow)>, StoreError>;
    /// The slots of one case that are released by `today` in a mailbox.
    async fn slots_of_case(
        &self,
        case: &CaseId,
        mailbox: &[u8; 32],
        today: Day,
    ) -> Result<Vec<(ItemId, SlotRow)>, StoreError>;
    /// The slot of one item that is released by `today` in a mailbox.
    async fn slot(&self, item: &ItemId, mailbox: &[u8; 32], today: Day) -> Result<Option<SlotRow>, StoreError>;
    /// An item's case and payload; `None` when there is no such item.
    async fn item_with_case(&self, item: &ItemId) -> Result<Option<(Case, Payload)>, StoreError>;
    /// The distinct days on which present cases were filed.
    async fn filed_days(&self) -> Result<Vec<Day>, StoreError>;
    /// Writes a pending row before a blob is written, so that a crash leaves nothing unnamed. [`StoreError::Conflict`] when the
    /// id is taken by an item or another upload: its blob must not be touched.
    async fn announce_blob(&self, item: &ItemId) -> Result<(), StoreError>;
    /// Gives up a blob that this server announced and no item took over: from now on it is stranded, and nobody can add it. Whether there
    /// was such a blob.
    async fn abandon_blob(&self, item: &ItemId) -> Result<bool, StoreError>;
    /// Takes the announcement back after the blob was removed.
    async fn forget_blob(&self, item: &ItemId) -> Result<(), StoreError>;
    /// The announced blobs whose server is gone (dead leases) and those of destroyed cases. From now on they are this server's to
    /// remove, and nobody can add them as items.
    async fn stranded_blobs(&self) -> Result<Vec<ItemId>, StoreError>;
    /// Destroys a case: slots, items and case row. Returns the ids of its blobs, which are pending until forgotten.
    async fn destroy(&self, case: &CaseId) -> Result<Vec<ItemId>, StoreError>;
    /// Destroys a case in which nobody did anything, as its reporter asked; [`StoreError::Conflict`] when somebody has opened it, or met a
    /// deadline in it and left (see [`Case::is_untouched`]), or opened it and left: filler in the place of an opened slot counts as opened.
    async fn withdraw(&self, case: &CaseId, opened: IsOpened<'_>) -> Result<Vec<ItemId>, StoreError>;
    /// Closed cases whose destroy-after day has come.
    async fn to_destroy(&self, today: Day) -> Result<Vec<CaseId>, StoreError>;
    /// All cases of an organisation, in no order that means anything.
    async fn cases_of(&self, org: &OrgId) -> Result<Vec<Case>, StoreError>;
    /// Changes the state of a case; [`StoreError::Conflict`] when it is in another than `from`.
    async fn set_state(&self, case: &CaseId, from: CaseState, to: CaseState) -> Result<(), StoreError>;
    /// The highest serial and SHA-256 seen of a roster file.
    async fn roster_seen(&self, file: &str) -> Result<Option<(u64, [u8; 32])>, StoreError>;
    /// Remembers a roster file's serial and SHA-256; never lowers the serial.
    async fn see_roster(&self, file: &str, serial: u64, sha256: &[u8; 32]) -> Result<(), StoreError>;
    /// Whether the database answers: with the version of its schema.
    async fn ping(&self) -> Result<i64, StoreError>;
}

fn unavailable(error: impl std::error::Error + Send + Sync + 'static) -> StoreError {
    StoreError::Unavailable(Box::new(error))
}
