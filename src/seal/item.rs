//! Sealing an item: body, padding, signed manifest, under one fresh file key.
//!
//! Inside the seal, version 1: `body ‖ zeros ‖ manifest (JSON) ‖ signature (64) ‖ signer (32) ‖ manifest length (u32 BE) ‖ 1`.
//! The manifest stands last, so that a file can be sealed while it streams in, its hash known only at the end.
use std::{
    io::Write,
    sync::{Arc, Mutex},
};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{
    Kind, Plaintext, SealError,
    code::Language,
    pad,
    sign::Signer,
    slot::{Recipients, Slot, SlotWriter},
};
use crate::domain::{
    day::Day,
    id::{CaseId, InstanceId, ItemId, KeyedReader, OrgId, ReaderId},
    order::{Before, Place},
};

pub(super) const VERSION: u8 = 1;
pub(super) const SIGNED: &[u8] = b"meldkluis/item/v1\0";
/// Items that a reporter names as not opened, at most: no case holds more.
pub const MOST_UNREAD: usize = 512;
/// Sealed padding that is handed on at once.
const PIECE: usize = 1 << 20;
const MAC_LINE: &[u8] = b"\n--- ";
static ZEROS: [u8; 64 << 10] = [0; 64 << 10];

/// Who says they wrote it; the signature proves it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Author {
    /// Whoever has the code.
    Reporter,
    /// A reader of the roster.
    Reader(ReaderId),
}

/// The reporter's public halves. They stand in the first item only.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct ReporterPublic {
    /// Ed25519, hex of 32 bytes.
    pub sign: String,
    /// Reply recipient, `age1pq1…`.
    pub reply: String,
    /// Binds the case to the reporter's proof of filing, see [`super::proof`]. It has no part in the case's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commitment: Option<String>,
}

impl ReporterPublic {
    /// The case that is these keys' own.
    pub fn case(&self, instance: &InstanceId) -> CaseId {
        CaseId::of(instance, &self.sign, &self.reply)
    }

    /// Whether both are the same keys. What else they say is a matter of who says it.
    pub fn same_keys(&self, other: &Self) -> bool {
        self.sign == other.sign && self.reply == other.reply
    }
}

/// How a case came to be, in its first item: the server reads none of it, as nothing in a seal.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Origin {
    /// The language of the pages it was filed on. What was filed before it was said has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lang: Option<Language>,
    /// The case of the same code it was filed from. Only where each of its first readers reads that too: to anybody else the number says
    /// nothing, and a desk shows it to nobody who does not have that case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<CaseId>,
    /// Whose case it is: to the overseers of that organisation its readers say what they do, so the server may not choose them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub org: Option<OrgId>,
}

impl Origin {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What an item says of itself before its body is known.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct ItemHead {
    /// The deployment.
    pub instance: InstanceId,
    /// The case.
    pub case: CaseId,
    /// The item.
    pub item: ItemId,
    /// What it is.
    pub kind: Kind,
    /// Who wrote it.
    pub author: Author,
    /// Rises with each item of this author in this case.
    pub seq: u32,
    /// SHA-256 over the sorted ids of the items the author had seen: see [`seen`].
    #[serde(with = "hex::serde")]
    pub seen: [u8; 32],
    /// The same items, to be put in order by.
    #[serde(default, skip_serializing_if = "Before::is_empty")]
    pub before: Before,
    /// The day it was written.
    pub day: Day,
    /// A file's name as its sender gave it; never trusted.
    pub name: Option<String>,
    /// The readers it was sealed to.
    pub to: Vec<KeyedReader>,
    /// The reporter's public halves, in the first item.
    pub reporter: Option<ReporterPublic>,
    /// In an acknowledgement, the commitment of the first item: a reader confirms it with their own signature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<String>,
    /// In the first item: how the case came to be.
    #[serde(default, skip_serializing_if = "Origin::is_empty")]
    pub origin: Origin,
    /// In what a reporter sends: items of the case that were for them and did not open, [`MOST_UNREAD`] at most. Nobody else can know it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unread: Vec<ItemId>,
}

impl ItemHead {
    /// What it says of its place in the case; of an author who is not proven, only its day.
    pub fn place(&self, first: bool, proven: bool) -> Place<'_> {
        let author = match &self.author {
            Author::Reporter => "",
            Author::Reader(id) => id.as_str(),
        };
        let author = proven.then_some(author);
        Place { item: self.item, first, day: self.day, seq: self.seq, author, before: &self.before }
    }
}

/// The hash of what an author had seen of a case when they wrote.
pub fn seen(items: &[ItemId]) -> [u8; 32] {
    let mut items = items.to_vec();
    items.sort();
    items.iter().fold(Sha256::new(), |hash, item| hash.chain_update(item.as_bytes())).finalize().into()
}

/// What is signed: the head, and the body's true length and hash.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Manifest {
    /// What the item says of itself.
    #[serde(flatten)]
    pub head: ItemHead,
    /// Bytes of the body without padding.
    pub length: u64,
    /// SHA-256 of the body.
    #[serde(with = "hex::serde")]
    pub sha256: [u8; 32],
}

/// A sealed message: an age payload and its slots. Only sealing makes one.
#[derive(Debug)]
pub struct Sealed {
    slots: Vec<Slot>,
    payload: Vec<u8>,
}

impl Sealed {
    /// Takes it apart, for storing.
    pub fn into_parts(self) -> (Vec<Slot>, Vec<u8>) {
        (self.slots, self.payload)
    }
}

/// Seals a message. Consumes what was written.
pub fn item(head: ItemHead, body: Plaintext, signer: &Signer, to: &Recipients) -> Result<Sealed, SealError> {
    let mut sealer = FileSealer::new(to)?;
    sealer.write(body.bytes())?;
    drop(body);
    let mut payload = sealer.take();
    let mut ending = sealer.end(head, signer, |bytes| pad::message_size(bytes).ok_or(SealError::TooLong))?;
    while let Some(piece) = ending.next_piece()? {
        payload.extend_from_slice(&piece);
    }
    Ok(Sealed { slots: ending.into_slots(), payload })
}

/// Seals a file while it streams in. Memory does not grow with the file as long as [`FileSealer::take`] is called.
pub struct FileSealer {
    writer: age::stream::StreamWriter<Buffer>,
    buffer: Buffer,
    slots: Vec<Slot>,
    hash: Sha256,
    length: u64,
}

impl FileSealer {
    /// Draws a file key and writes the slots.
    pub fn new(to: &Recipients) -> Result<Self, SealError> {
        let slots = SlotWriter::new(to)?;
        let encryptor = age::Encryptor::with_recipients(std::iter::once(&slots as &dyn age::Recipient));
        let buffer = Buffer::default();
        let writer =
            encryptor.map_err(|_| SealError::Failed)?.wrap_output(buffer.clone()).map_err(|_| SealError::Failed)?;
        buffer.drop_header()?;
        Ok(Self { writer, buffer, slots: slots.slots()?, hash: Sha256::new(), length: 0 })
    }

    /// Seals the next bytes of the body.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), SealError> {
        self.hash.update(bytes);
        self.length += bytes.len() as u64;
        self.writer.write_all(bytes).map_err(|_| SealError::Failed)
    }

    /// Sealed bytes waiting to be taken.
    pub fn ready(&self) -> usize {
        self.buffer.len()
    }

    /// Bytes of the body so far.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Takes the sealed bytes that are ready.
    pub fn take(&mut self) -> Vec<u8> {
        self.buffer.take()
    }

    /// Signs, and gives what is still to be written in pieces: the padding of a large file is large too.
    pub fn ending(self, head: ItemHead, signer: &Signer) -> Result<Ending, SealError> {
        self.end(head, signer, |bytes| Ok(pad::file_size(bytes)))
    }

    fn end(
        self,
        head: ItemHead,
        signer: &Signer,
        size: impl Fn(u64) -> Result<u64, SealError>,
    ) -> Result<Ending, SealError> {
        let manifest = Manifest { head, length: self.length, sha256: self.hash.finalize().into() };
        let foot = foot(&manifest, signer)?;
        let used = self.length + foot.len() as u64;
        let zeros = size(used)? - used;
        Ok(Ending { writer: Some(self.writer), buffer: self.buffer, slots: self.slots, zeros, foot })
    }
}

/// What is still to be written of an item: padding, manifest, signature.
pub struct Ending {
    writer: Option<age::stream::StreamWriter<Buffer>>,
    buffer: Buffer,
    slots: Vec<Slot>,
    zeros: u64,
    foot: Vec<u8>,
}

impl Ending {
    /// The next sealed bytes, at most about 1 MiB; `None` when all are written.
    pub fn next_piece(&mut self) -> Result<Option<Vec<u8>>, SealError> {
        let Some(mut writer) = self.writer.take() else { return Ok(None) };
        while self.zeros > 0 {
            let n = self.zeros.min(ZEROS.len() as u64);
            let piece = usize::try_from(n).ok().and_then(|n| ZEROS.get(..n)).unwrap_or_default();
            writer.write_all(piece).map_err(|_| SealError::Failed)?;
            self.zeros -= n;
            if self.buffer.len() >= PIECE {
                self.writer = Some(writer);
                return Ok(Some(self.buffer.take()));
            }
        }
        writer.write_all(&self.foot).map_err(|_| SealError::Failed)?;
        writer.finish().map_err(|_| SealError::Failed)?;
        Ok(Some(self.buffer.take()))
    }

    /// The slots, once everything is written.
    pub fn into_slots(self) -> Vec<Slot> {
        self.slots
    }
}

fn foot(manifest: &Manifest, signer: &Signer) -> Result<Vec<u8>, SealError> {
    signed(serde_json::to_vec(manifest).map_err(|_| SealError::Failed)?, signer)
}

/// A manifest's text with what stands behind it.
pub(super) fn signed(mut foot: Vec<u8>, signer: &Signer) -> Result<Vec<u8>, SealError> {
    let length = u32::try_from(foot.len()).map_err(|_| SealError::Failed)?;
    let signature = signer.sign(&[SIGNED, &foot].concat());
    foot.extend_from_slice(&signature);
    foot.extend_from_slice(&signer.public());
    foot.extend_from_slice(&length.to_be_bytes());
    foot.push(VERSION);
    Ok(foot)
}

/// Sealed bytes between the age writer and whoever stores them.
#[derive(Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Buffer {
    fn len(&self) -> usize {
        self.0.lock().map_or(0, |b| b.len())
    }

    fn take(&self) -> Vec<u8> {
        let Ok(mut bytes) = self.0.lock() else { return Vec::new() };
        // Room for as much again, and somewhat more: growing step by step copies everything several times.
        let next = Vec::with_capacity(bytes.len() + bytes.len() / 8);
        std::mem::replace(&mut *bytes, next)
    }

    /// Drops the header that age wrote: all lines up to the one with the MAC. No stanza was returned, but age adds a random one
    /// to keep readers tolerant.
    fn drop_header(&self) -> Result<(), SealError> {
        let mut bytes = self.0.lock().map_err(|_| SealError::Failed)?;
        let mac = bytes.windows(MAC_LINE.len()).position(|w| w == MAC_LINE).ok_or(SealError::Failed)?;
        let rest = bytes.get(mac + 1..).ok_or(SealError::Failed)?;
        let end = rest.iter().position(|b| *b == b'\n').ok_or(SealError::Failed)?;
        bytes.drain(..=mac + 1 + end);
        Ok(())
    }
}

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().map_err(|_| std::io::Error::other("poisoned"))?.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
