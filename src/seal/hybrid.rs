//! The hybrid age recipient, ML-KEM-768 with X25519 (C2SP age, "The hybrid recipient type"), over HPKE X-Wing.
use std::{collections::HashSet, sync::OnceLock};

use age::{DecryptError, EncryptError, secrecy::ExposeSecret};
use age_core::format::{FileKey, Stanza};
use base64::{Engine, prelude::BASE64_STANDARD_NO_PAD};
use bech32::{Checksum, Hrp, primitives::decode::CheckedHrpstring};
use hpke::{Deserializable, Kem, OpModeR, OpModeS, Serializable, aead::ChaCha20Poly1305, kdf::HkdfSha256, kem::XWing};
use zeroize::Zeroizing;

const TAG: &str = "mlkem768x25519";
const INFO: &[u8] = b"age-encryption.org/mlkem768x25519";
/// Marks a file as post-quantum: such stanzas are never mixed with classic ones.
const LABEL: &str = "postquantum";
const ENCAPSULATED: usize = 1120;
const X25519_SHARE: usize = 32;
const WRAPPED_KEY: usize = 32;

type PublicKey = <XWing as Kem>::PublicKey;
type PrivateKey = <XWing as Kem>::PrivateKey;
type Encapsulated = <XWing as Kem>::EncappedKey;

/// Bech32 (BIP 173) without its length limit: a hybrid recipient has 1,959 characters.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum LongBech32 {}

impl Checksum for LongBech32 {
    type MidstateRepr = u32;
    const CHECKSUM_LENGTH: usize = 6;
    const CODE_LENGTH: usize = usize::MAX;
    const GENERATOR_SH: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
    const TARGET_RESIDUE: u32 = 1;
}

/// The public half, `age1pq1…`.
#[derive(Clone)]
pub(super) struct HybridRecipient(PublicKey);

impl HybridRecipient {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let checked = CheckedHrpstring::new::<LongBech32>(text).ok()?;
        let lower = !text.bytes().any(|b| b.is_ascii_uppercase());
        let bytes: Vec<u8> = checked.byte_iter().collect();
        let ours = lower && checked.hrp() == Hrp::parse("age1pq").ok()?;
        ours.then(|| PublicKey::from_bytes(&bytes).ok().map(Self)).flatten()
    }

    pub(super) fn text(&self) -> String {
        let hrp = Hrp::parse_unchecked("age1pq");
        bech32::encode_lower::<LongBech32>(hrp, &self.0.to_bytes()).unwrap_or_default()
    }

    /// The stanza that wraps a file key for this recipient.
    pub(super) fn wrap(&self, file_key: &FileKey) -> Option<Stanza> {
        let key = file_key.expose_secret();
        let sealed =
            hpke::single_shot_seal::<ChaCha20Poly1305, HkdfSha256, XWing>(&OpModeS::Base, &self.0, INFO, key, &[]);
        let (share, body) = sealed.ok()?;
        Some(Stanza { tag: TAG.to_owned(), args: vec![BASE64_STANDARD_NO_PAD.encode(share.to_bytes())], body })
    }
}

impl age::Recipient for HybridRecipient {
    fn wrap_file_key(&self, file_key: &FileKey) -> Result<(Vec<Stanza>, HashSet<String>), EncryptError> {
        let failed = || EncryptError::Io(std::io::Error::other("hybrid wrap failed"));
        Ok((vec![self.wrap(file_key).ok_or_else(failed)?], labels()))
    }
}

/// The labels that keep hybrid and classic recipients apart.
pub(super) fn labels() -> HashSet<String> {
    HashSet::from([LABEL.to_owned()])
}

/// The secret half: a 32-byte X-Wing seed, `AGE-SECRET-KEY-PQ-1…`. Zeroed when dropped.
pub(super) struct HybridIdentity {
    seed: Zeroizing<[u8; 32]>,
    /// Made of the seed when it is first needed, and kept: it costs as much as opening an item. Zeroed when dropped.
    key: OnceLock<Option<PrivateKey>>,
}

impl HybridIdentity {
    pub(super) fn from_seed(seed: Zeroizing<[u8; 32]>) -> Self {
        Self { seed, key: OnceLock::new() }
    }

    #[cfg(feature = "desk")]
    pub(super) fn parse(text: &str) -> Option<Self> {
        let checked = CheckedHrpstring::new::<LongBech32>(text).ok()?;
        let upper = !text.bytes().any(|b| b.is_ascii_lowercase());
        let bytes: Zeroizing<Vec<u8>> = Zeroizing::new(checked.byte_iter().collect());
        let ours = upper && checked.hrp() == Hrp::parse("age-secret-key-pq-").ok()?;
        let seed: [u8; 32] = bytes.as_slice().try_into().ok()?;
        ours.then(|| Self::from_seed(Zeroizing::new(seed)))
    }

    #[cfg(feature = "desk")]
    pub(super) fn text(&self) -> Zeroizing<String> {
        let hrp = Hrp::parse_unchecked("age-secret-key-pq-");
        Zeroizing::new(bech32::encode_upper::<LongBech32>(hrp, self.seed.as_slice()).unwrap_or_default())
    }

    pub(super) fn recipient(&self) -> Option<HybridRecipient> {
        self.key().map(|key| HybridRecipient(XWing::sk_to_pk(key)))
    }

    fn key(&self) -> Option<&PrivateKey> {
        self.key.get_or_init(|| PrivateKey::from_bytes(self.seed.as_slice()).ok()).as_ref()
    }

    fn open(&self, share: &[u8], body: &[u8]) -> Option<FileKey> {
        let share = Encapsulated::from_bytes(share).ok()?;
        let opened = hpke::single_shot_open::<ChaCha20Poly1305, HkdfSha256, XWing>(
            &OpModeR::Base,
            self.key()?,
            &share,
            INFO,
            body,
            &[],
        );
        let opened = Zeroizing::new(opened.ok()?);
        let key: [u8; 16] = opened.as_slice().try_into().ok()?;
        Some(FileKey::new(Box::new(key)))
    }
}

impl age::Identity for HybridIdentity {
    fn unwrap_stanza(&self, stanza: &Stanza) -> Option<Result<FileKey, DecryptError>> {
        if stanza.tag != TAG {
            return None;
        }
        // The shape is checked before anything is decrypted, as the specification asks.
        let share = match stanza.args.as_slice() {
            [share] => BASE64_STANDARD_NO_PAD.decode(share).ok(),
            _ => None,
        };
        match share.filter(|s| s.len() == ENCAPSULATED && stanza.body.len() == WRAPPED_KEY && !low_order(s)) {
            None => Some(Err(DecryptError::InvalidHeader)),
            Some(share) => self.open(&share, &stanza.body).map(Ok),
        }
    }
}

/// Whether the X25519 share, the last 32 bytes, is of low order: the shared secret would be all zeros.
fn low_order(share: &[u8]) -> bool {
    let Some((_, x25519)) = share.split_last_chunk::<X25519_SHARE>() else { return true };
    // Clamped scalars are multiples of eight, which sends every low-order point to zero.
    curve25519_dalek::MontgomeryPoint(*x25519).mul_clamped([1; 32]).0 == [0; 32]
}
