//! Slots: for each reader a complete age header of its own. Slot followed by payload is an ordinary age file.
use std::{collections::HashSet, sync::Mutex};

use age::{EncryptError, secrecy::ExposeSecret};
use age_core::{
    format::{FileKey, Stanza},
    primitives::hkdf,
};
use base64::{Engine, prelude::BASE64_STANDARD_NO_PAD};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{
    SealError,
    hybrid::{HybridIdentity, HybridRecipient, labels},
};
use crate::domain::{
    id::{CaseId, KeyedReader},
    roster::Reader,
};

/// Slots of an item, real ones and filler together.
pub const FILL: usize = 8;
/// Slots of an item with [`FILL`] readers or more, so that it has filler too: by one of them the server knows a case's first item. More than
/// this is refused.
pub const FILL_MORE: usize = 16;
/// Filler is drawn from so many numbers: like readers, some come again in other cases of the day.
pub const FILLERS: u8 = 32;
const VERSION_LINE: &str = "age-encryption.org/v1\n";
const COLUMNS: usize = 64;

/// Whose slot it is. The server turns it into a mailbox; it is not stored.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum SlotTo {
    /// A reader of the roster, with the keys they had.
    Reader(KeyedReader),
    /// The reporter of this case.
    Reporter(CaseId),
    /// Nobody: filler, by number. The key was thrown away.
    Nobody(u8),
}

/// One slot.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Slot {
    /// Whose.
    pub to: SlotTo,
    /// A complete age header, up to and including the line with its MAC.
    pub header: Vec<u8>,
}

/// Everyone an item is sealed to: never empty, hybrid keys only.
pub struct Recipients(Vec<(SlotTo, HybridRecipient)>);

impl Recipients {
    /// These readers, each once.
    pub fn of<'a>(readers: impl IntoIterator<Item = &'a Reader>) -> Result<Self, SealError> {
        let mut list: Vec<(SlotTo, HybridRecipient)> = Vec::new();
        for reader in readers {
            let to = SlotTo::Reader(reader.keyed());
            if list.iter().all(|(t, _)| *t != to) {
                list.push((to, HybridRecipient::parse(&reader.seal_key).ok_or(SealError::BadKey)?));
            }
        }
        Self::checked(list)
    }

    /// The reporter of a case alone, by the reply recipient of their first item.
    pub fn reporter(case: CaseId, reply: &str) -> Result<Self, SealError> {
        Self(Vec::new()).with_reporter(case, reply)
    }

    /// And the reporter of the case, by the reply recipient of their first item.
    pub fn with_reporter(mut self, case: CaseId, reply: &str) -> Result<Self, SealError> {
        self.0.push((SlotTo::Reporter(case), HybridRecipient::parse(reply).ok_or(SealError::BadKey)?));
        Self::checked(self.0)
    }

    /// The readers among them.
    pub fn readers(&self) -> Vec<KeyedReader> {
        let reader = |to: &SlotTo| if let SlotTo::Reader(keyed) = to { Some(keyed.clone()) } else { None };
        self.0.iter().filter_map(|(to, _)| reader(to)).collect()
    }

    fn checked(list: Vec<(SlotTo, HybridRecipient)>) -> Result<Self, SealError> {
        match list.len() {
            0 => Err(SealError::NoReader),
            n if n > FILL_MORE => Err(SealError::TooMany),
            _ => Ok(Self(list)),
        }
    }

    /// Everyone, filled up with throw-away keys and shuffled.
    fn filled(&self) -> Result<Vec<(SlotTo, HybridRecipient)>, SealError> {
        let size = if self.0.len() < FILL { FILL } else { FILL_MORE };
        let mut all = self.0.clone();
        let mut numbers: Vec<u8> = (0..FILLERS).collect();
        shuffle(&mut numbers)?;
        for n in numbers.into_iter().take(size - all.len()) {
            all.push((SlotTo::Nobody(n), thrown_away()?));
        }
        shuffle(&mut all)?;
        Ok(all)
    }
}

/// Takes the file key that age drew, writes every slot, and returns no stanza: the header that age writes is dropped.
pub(super) struct SlotWriter {
    to: Vec<(SlotTo, HybridRecipient)>,
    slots: Mutex<Vec<Slot>>,
}

impl SlotWriter {
    pub(super) fn new(to: &Recipients) -> Result<Self, SealError> {
        Ok(Self { to: to.filled()?, slots: Mutex::new(Vec::new()) })
    }

    pub(super) fn slots(self) -> Result<Vec<Slot>, SealError> {
        self.slots.into_inner().map_err(|_| SealError::Failed)
    }
}

impl age::Recipient for SlotWriter {
    fn wrap_file_key(&self, file_key: &FileKey) -> Result<(Vec<Stanza>, HashSet<String>), EncryptError> {
        let failed = || EncryptError::Io(std::io::Error::other("a slot could not be written"));
        let write = |(to, key): &(SlotTo, HybridRecipient)| {
            Some(Slot { to: to.clone(), header: header(&key.wrap(file_key)?, file_key)? })
        };
        let slots: Option<Vec<Slot>> = self.to.iter().map(write).collect();
        *self.slots.lock().map_err(|_| failed())? = slots.ok_or_else(failed)?;
        Ok((Vec::new(), labels()))
    }
}

/// One slot more of filler, with a number for which `free` holds: a real wrap of a key that nobody had, to a key that was thrown away.
/// It is told apart from a reader's slot by nobody who cannot open that.
pub fn filler(free: impl Fn(u8) -> bool) -> Result<Slot, SealError> {
    let mut numbers: Vec<u8> = (0..FILLERS).collect();
    shuffle(&mut numbers)?;
    let number = numbers.into_iter().find(|n| free(*n)).ok_or(SealError::TooMany)?;
    let mut key = Zeroizing::new([0; 16]);
    getrandom::fill(key.as_mut()).map_err(|_| SealError::Failed)?;
    let file_key = FileKey::new(Box::new(*key));
    let stanza = thrown_away()?.wrap(&file_key).ok_or(SealError::Failed)?;
    Ok(Slot { to: SlotTo::Nobody(number), header: header(&stanza, &file_key).ok_or(SealError::Failed)? })
}

/// The public half of a key that is forgotten at once.
fn thrown_away() -> Result<HybridRecipient, SealError> {
    let mut seed = Zeroizing::new([0; 32]);
    getrandom::fill(seed.as_mut()).map_err(|_| SealError::Failed)?;
    HybridIdentity::from_seed(seed).recipient().ok_or(SealError::Failed)
}

/// One more slot of an item whose file key is known.
#[cfg(feature = "desk")]
pub(super) fn one_more(file_key: &FileKey, reader: &Reader) -> Option<Slot> {
    let key = HybridRecipient::parse(&reader.seal_key)?;
    Some(Slot { to: SlotTo::Reader(reader.keyed()), header: header(&key.wrap(file_key)?, file_key)? })
}

/// An age header with one stanza and its MAC (C2SP age, "Header MAC").
fn header(stanza: &Stanza, file_key: &FileKey) -> Option<Vec<u8>> {
    let mut text = format!("{VERSION_LINE}-> {} {}\n", stanza.tag, stanza.args.join(" ")).into_bytes();
    let body = BASE64_STANDARD_NO_PAD.encode(&stanza.body).into_bytes();
    for line in body.chunks(COLUMNS) {
        text.extend_from_slice(line);
        text.push(b'\n');
    }
    if body.len().is_multiple_of(COLUMNS) {
        text.push(b'\n'); // a body ends with a line that is not full
    }
    text.extend_from_slice(b"---");
    let key = Zeroizing::new(hkdf(&[], b"header", file_key.expose_secret()));
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_slice()).ok()?;
    mac.update(&text);
    text.push(b' ');
    text.extend_from_slice(BASE64_STANDARD_NO_PAD.encode(mac.finalize().into_bytes()).as_bytes());
    text.push(b'\n');
    Some(text)
}

/// Fisher and Yates with system randomness; the bias of 64 bits over at most 16 places is below 2^-59.
fn shuffle<T>(list: &mut [T]) -> Result<(), SealError> {
    for i in (1..list.len()).rev() {
        let draw = getrandom::u64().map_err(|_| SealError::Failed)?;
        let places = u64::try_from(i).map_err(|_| SealError::Failed)? + 1;
        list.swap(i, usize::try_from(draw % places).map_err(|_| SealError::Failed)?);
    }
    Ok(())
}
