//! The reporter's code: 128 bits as twelve words, and every key derived from them.
//!
//! Twelve words of 2,048 carry 132 bits: the 128 of the code and 4 of a checksum over bits and instance. Keys derive from
//! the bits, never the words, so a code reads the same in both languages.
use std::{collections::HashMap, sync::LazyLock};

use hkdf::Hkdf;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

use super::{Plaintext, ReporterPublic, hybrid::HybridIdentity, proof::Proof, sign::Signer};
use crate::domain::id::{InstanceId, KeyedReader};

/// Words in a code.
pub const WORDS: usize = 12;
const BITS_A_WORD: u32 = 11;
const CHECK_BITS: u32 = 4;
const LIST: [&str; 2] = [include_str!("../../web/words/nl.txt"), include_str!("../../web/words/en.txt")];
/// A mistyped word is repaired when it is at most so many letters off.
const REPAIR: usize = 2;

/// A language of the pages and the word lists.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// Dutch.
    Nl,
    /// English.
    En,
}

impl Language {
    /// Reads `nl` or `en`.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "nl" => Some(Self::Nl),
            "en" => Some(Self::En),
            _ => None,
        }
    }

    /// `nl` or `en`, as in a path and in `lang`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Nl => "nl",
            Self::En => "en",
        }
    }

    fn words(self) -> impl Iterator<Item = &'static str> {
        let [nl, en] = LIST;
        match self {
            Self::Nl => nl,
            Self::En => en,
        }
        .split_ascii_whitespace()
    }
}

/// Eight words for a reader with their keys, to compare by voice when the keys go into the roster: 88 bits of the hash. From the Dutch list
/// in every language: who compares must see one answer for one key.
pub fn print_words(keyed: &KeyedReader) -> Vec<&'static str> {
    let list: Vec<&str> = Language::Nl.words().collect();
    let bits = keyed.print().iter().fold(0_u128, |bits, byte| bits << 8 | u128::from(*byte));
    let place = |n: u32| usize::try_from(bits >> (128 - 11 * (n + 1)) & 0x7ff).unwrap_or_default();
    (0..8).map(|n| list.get(place(n)).copied().unwrap_or_default()).collect()
}

/// Why what was typed is not a code. Names a place, never a word.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum CodeError {
    /// It has so many words instead of twelve.
    #[error("a code has 12 words; this has {0}")]
    WrongCount(usize),
    /// The word at this place (from 1) is in neither list, and no single word is near enough.
    #[error("word {0} is not in the list")]
    UnknownWord(usize),
    /// All words exist, but together they are not a code of this deployment.
    #[error("the words are not a code of this service; check their order")]
    Checksum,
}

/// What is wrong with a code that was typed back.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Slip {
    /// The word at this place, from 1.
    Word(usize),
    /// It has so many words instead of twelve.
    Count(usize),
    /// No word was typed.
    Nothing,
}

/// A reporter's code. Zeroed when dropped; no Debug, Display, Clone or Serialize. In a place of its own, so that moving it leaves no copy of it behind.
pub struct Code(Box<Zeroizing<[u8; 16]>>);

impl Code {
    /// The code with these 128 bits.
    pub fn from_bits(bits: [u8; 16]) -> Self {
        Self(Box::new(Zeroizing::new(bits)))
    }

    /// Its twelve words, in order.
    pub fn words(&self, instance: &InstanceId, language: Language) -> [&'static str; WORDS] {
        let list: Vec<&str> = language.words().collect();
        self.indices(instance).map(|i| list.get(i).copied().unwrap_or_default())
    }

    /// Reads what a person typed: any case, any white space or punctuation between words, numbers ignored, either language. One
    /// mistyped word is repaired if exactly one word is nearest and the checksum then holds.
    pub fn parse(text: &str, instance: &InstanceId) -> Result<Self, CodeError> {
        let text = Zeroizing::new(text.to_lowercase());
        let typed: Vec<&str> = text.split(|c: char| !c.is_alphabetic()).filter(|w| !w.is_empty()).collect();
        if typed.len() != WORDS {
            return Err(CodeError::WrongCount(typed.len()));
        }
        let mut places: Vec<Option<usize>> = typed.iter().map(|w| place(w)).collect();
        let mut unknown = places.iter().enumerate().filter(|(_, p)| p.is_none()).map(|(i, _)| i);
        if let Some(at) = unknown.next() {
            let wrong = CodeError::UnknownWord(at + 1);
            let word = typed.get(at).filter(|_| unknown.next().is_none()).ok_or(wrong)?;
            drop(unknown);
            *places.get_mut(at).ok_or(wrong)? = Some(nearest(word).ok_or(wrong)?);
            return Self::from_places(&places, instance).ok_or(wrong);
        }
        Self::from_places(&places, instance).ok_or(CodeError::Checksum)
    }

    /// Reads a code from a form, as [`Self::parse`] does.
    pub fn typed(typed: &Plaintext, instance: &InstanceId) -> Result<Self, CodeError> {
        Self::parse(std::str::from_utf8(typed.bytes()).unwrap_or_default(), instance)
    }

    /// Whether both are the same code, in the same time for all.
    pub fn same(&self, other: &Self) -> bool {
        self.0.as_slice().ct_eq(other.0.as_slice()).into()
    }

    /// Its words with a space between, for the hidden field of a mailbox page.
    pub fn hidden(&self, instance: &InstanceId) -> Zeroizing<String> {
        Zeroizing::new(self.words(instance, Language::Nl).join(" "))
    }

    /// Whether what was typed back is this code; if not, what is wrong with it.
    pub fn typed_back(&self, typed: &Plaintext, instance: &InstanceId) -> Result<(), Slip> {
        let read = Self::typed(typed, instance);
        if read.as_ref().is_ok_and(|read| read.same(self)) {
            return Ok(());
        }
        Err(match (self.first_wrong(typed, instance), read) {
            (Some(word), _) => Slip::Word(word),
            (None, Err(CodeError::WrongCount(count))) if count > 0 => Slip::Count(count),
            (None, _) => Slip::Nothing,
        })
    }

    /// Whether the word at each place of what was typed is this code's; `None` unless there are twelve. For "word 7 is wrong".
    pub fn first_wrong(&self, typed: &Plaintext, instance: &InstanceId) -> Option<usize> {
        let text = Zeroizing::new(std::str::from_utf8(typed.bytes()).unwrap_or_default().to_lowercase());
        let typed: Vec<&str> = text.split(|c: char| !c.is_alphabetic()).filter(|w| !w.is_empty()).collect();
        let mine = self.indices(instance);
        if typed.len() != WORDS {
            return None;
        }
        typed
            .iter()
            .zip(mine)
            .position(|(word, index)| place(word).or_else(|| nearest(word)) != Some(index))
            .map(|i| i + 1)
    }

    /// The keys of a room: 0 advice, 1 report, 2 retaliation, 3 identity, 4 outside. Rooms cannot be linked without the code.
    pub fn keys(&self, instance: &InstanceId, room: u8) -> RoomKeys {
        let derive = |label: &str| {
            let mut key = Zeroizing::new([0; 32]);
            let info = [b"meldkluis/code/v1/", label.as_bytes(), &[0, room]].concat();
            // 32 bytes are far below the limit of HKDF (RFC 5869), the only way this fails.
            let filled = Hkdf::<Sha256>::new(Some(instance.as_bytes()), self.0.as_slice()).expand(&info, key.as_mut());
            debug_assert!(filled.is_ok());
            key
        };
        RoomKeys {
            lookup: *derive("lookup"),
            proof: Proof::from_bytes(*derive("proof")),
            signer: Signer::from_seed(&derive("sign")),
            reply: ReplyKey(HybridIdentity::from_seed(derive("reply"))),
        }
    }

    fn from_places(places: &[Option<usize>], instance: &InstanceId) -> Option<Self> {
        // The first 128 of 132 bits are the code: eleven words and seven bits of the last.
        let all: Option<Vec<usize>> = places.iter().copied().collect();
        let (last, first) = all.as_deref()?.split_last()?;
        let mut bits = first.iter().fold(0_u128, |bits, place| bits << BITS_A_WORD | *place as u128);
        bits = bits << (BITS_A_WORD - CHECK_BITS) | (*last >> CHECK_BITS) as u128;
        let code = Self::from_bits(bits.to_be_bytes());
        bits.zeroize();
        (code.check(instance) == last & 0xf).then_some(code)
    }

    fn indices(&self, instance: &InstanceId) -> [usize; WORDS] {
        let bits = u128::from_be_bytes(**self.0);
        let mut places = [0; WORDS];
        let (mut shift, mask) = (128, (1_u128 << BITS_A_WORD) - 1);
        for place in &mut places {
            *place = if shift >= BITS_A_WORD {
                shift -= BITS_A_WORD;
                usize::try_from(bits >> shift & mask).unwrap_or_default()
            } else {
                usize::try_from(bits << CHECK_BITS & mask).unwrap_or_default() | self.check(instance)
            };
        }
        places
    }

    /// Four bits over the code and the deployment: a code of elsewhere is noticed before any look-up.
    fn check(&self, instance: &InstanceId) -> usize {
        let hash = Sha256::new()
            .chain_update(b"meldkluis/code-check/v1")
            .chain_update(instance.as_bytes())
            .chain_update(self.0.as_slice())
            .finalize();
        usize::from(hash.first().copied().unwrap_or_default() >> 4)
    }
}

/// Everything a code opens in one room.
pub struct RoomKeys {
    /// Finds the case. One-way: says nothing of the code.
    pub lookup: [u8; 32],
    /// Lets the reporter prove later that they filed it.
    pub proof: Proof,
    /// Signs what the reporter writes.
    pub signer: Signer,
    /// Opens the answers.
    pub reply: ReplyKey,
}

impl RoomKeys {
    /// The public halves.
    pub fn public(&self) -> ReporterPublic {
        ReporterPublic { sign: hex::encode(self.signer.public()), reply: self.reply.recipient(), commitment: None }
    }

    /// The public halves as the first item has them: with the commitment to the proof of filing.
    pub fn filed(&self, instance: &InstanceId) -> ReporterPublic {
        let public = self.public();
        let commitment = self.proof.commitment(instance, &public.case(instance));
        ReporterPublic { commitment: Some(commitment), ..public }
    }
}

/// Opens answers to a reporter. Comes from a code and from nowhere else.
pub struct ReplyKey(HybridIdentity);

impl ReplyKey {
    /// Its public half, `age1pq1…`.
    pub fn recipient(&self) -> String {
        self.0.recipient().map(|r| r.text()).unwrap_or_default()
    }

    pub(super) fn identity(&self) -> &HybridIdentity {
        &self.0
    }
}

/// A word's place in either list; a word in both stands at the same place.
fn place(word: &str) -> Option<usize> {
    static PLACES: LazyLock<HashMap<&str, usize>> = LazyLock::new(|| {
        // Dutch last: it is asked first.
        [Language::En, Language::Nl].into_iter().flat_map(|l| l.words().enumerate()).map(|(i, w)| (w, i)).collect()
    });
    PLACES.get(word).copied()
}

/// The place of the one word that is nearest, if it is near.
fn nearest(word: &str) -> Option<usize> {
    if word.len() > 32 {
        return None;
    }
    let words = [Language::Nl, Language::En].into_iter().flat_map(|l| l.words().enumerate());
    let mut near: Vec<(usize, usize)> =
        words.map(|(i, w)| (distance(w, word), i)).filter(|(d, _)| *d <= REPAIR).collect();
    near.sort_unstable();
    near.dedup();
    match near.as_slice() {
        [(_, place)] => Some(*place),
        [(best, place), (second, _), ..] if best < second => Some(*place),
        _ => None,
    }
}

/// Letters to insert, delete or change (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut next = vec![i + 1];
        for (j, (y, pair)) in b.iter().zip(row.windows(2)).enumerate() {
            let [diagonal, above] = pair else { continue };
            let left = next.get(j).copied().unwrap_or_default();
            next.push((diagonal + usize::from(x != *y)).min(above + 1).min(left + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}
