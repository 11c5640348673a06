//! What several fuzz targets share: fixed keys, and inputs as one byte says what the next are for. `tests/corpora.rs` writes the corpora
//! in this form.
use meldkluis::{
    domain::id::InstanceId,
    seal::code::{Code, RoomKeys},
};
use uuid::Uuid;

/// The deployment of the corpora.
pub fn instance() -> InstanceId {
    InstanceId::from_uuid(Uuid::from_bytes([1; 16]))
}

/// The keys to which the corpora's item is sealed.
pub fn keys() -> RoomKeys {
    Code::from_bits([9; 16]).keys(&instance(), 1)
}

/// Bytes of the fuzzer, read from the front. At their end everything is zero.
pub struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    /// All of them.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The next byte.
    pub fn byte(&mut self) -> u8 {
        self.array::<1>()[0]
    }

    /// Two bytes, big-endian.
    pub fn short(&mut self) -> usize {
        u16::from_be_bytes(self.array()).into()
    }

    /// The next `N` bytes.
    pub fn array<const N: usize>(&mut self) -> [u8; N] {
        let mut array = [0; N];
        let bytes = self.take(N);
        array[..bytes.len()].copy_from_slice(bytes);
        array
    }

    /// The next bytes, as many as there are.
    pub fn take(&mut self, count: usize) -> &'a [u8] {
        let (bytes, rest) = self.0.split_at(count.min(self.0.len()));
        self.0 = rest;
        bytes
    }

    /// A text with its length before it.
    pub fn text(&mut self) -> String {
        let length = self.short();
        String::from_utf8_lossy(self.take(length)).into_owned()
    }

    /// What is left.
    pub fn rest(&mut self) -> &'a [u8] {
        self.take(usize::MAX)
    }

    /// What is left, as a text.
    pub fn text_rest(&mut self) -> String {
        String::from_utf8_lossy(self.rest()).into_owned()
    }

    /// These bytes with up to four alterations: a kind, a place and a byte for each.
    pub fn altered(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut altered = bytes.to_vec();
        for _ in 0..=self.byte() % 4 {
            let (kind, at, with) = (self.byte(), self.short() % (altered.len() + 1), self.byte());
            let end = (at + 1 + usize::from(with)).min(altered.len());
            match kind % 5 {
                0 => altered.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= with),
                1 => altered.insert(at, with),
                2 => drop(altered.drain(at..end)),
                3 => altered.extend_from_within(at..end),
                _ => altered.truncate(at),
            }
        }
        altered
    }
}

/// A small roster, with `@k1` to `@k9` for recipients, `@s1` to `@s9` for signing keys and `@p` for its signer's: so it stays short
/// enough for the fuzzer to alter in places that mean something.
pub mod roster {
    use std::sync::LazyLock;

    use meldkluis::{
        domain::{
            day::Day,
            id::OrgId,
            roster::{Roster, Signers},
        },
        fuzzing::Hybrid,
        roster_files::{Files, Signed, sign},
        seal::Signer,
    };
    use ssh_key::{PrivateKey, private::Ed25519Keypair};

    /// The root file.
    pub const ROOT: &str = include_str!("../vectors/root.toml");
    /// The file of an organisation.
    pub const ORG: &str = include_str!("../vectors/org-bzk.toml");
    /// The file of the outside desk.
    pub const OUTSIDE: &str = include_str!("../vectors/org-buiten.toml");

    static SIGNER: LazyLock<PrivateKey> = LazyLock::new(|| Ed25519Keypair::from_seed(&[2; 32]).into());
    static KEYS: LazyLock<Vec<(String, String)>> = LazyLock::new(|| {
        let keys = (1..=9_u8).flat_map(|n| {
            let recipient = Hybrid::new([n; 32]).recipient().expect("a recipient");
            let sign: String = Signer::from_seed(&[n; 32]).public().iter().map(|b| format!("{b:02x}")).collect();
            [(format!("@k{n}"), recipient), (format!("@s{n}"), sign)]
        });
        keys.chain([(String::from("@p"), SIGNER.public_key().to_openssh().expect("a key"))]).collect()
    });
    /// Who must have signed the root file.
    pub static ANCHOR: LazyLock<Signers> = LazyLock::new(|| {
        let key = SIGNER.public_key().to_openssh().expect("a key");
        Signers { threshold: 1, keys: [(String::from("anna"), key)].into() }
    });
    /// What is believed of the files above on [`today`].
    pub static BELIEVED: LazyLock<Roster> = LazyLock::new(|| {
        let files = files(&filled(ROOT), &filled(ORG));
        files.verify(&ANCHOR, today(), |_| None).expect("the roster is in order").0
    });

    /// A day on which it counts.
    pub fn today() -> Day {
        Day::parse("2026-12-01").expect("a day")
    }

    /// A text with keys for their marks.
    pub fn filled(text: &str) -> String {
        if text.contains('@') {
            KEYS.iter().fold(text.to_owned(), |text, (mark, key)| text.replace(mark, key))
        } else {
            text.to_owned()
        }
    }

    /// A text with its signer's signature.
    pub fn signed(text: &str) -> Signed {
        Signed { text: text.to_owned(), signatures: sign(text, &SIGNER).expect("the key signs") }
    }

    static OUTSIDE_SIGNED: LazyLock<Signed> = LazyLock::new(|| signed(&filled(OUTSIDE)));

    /// A root file and an organisation's, with that of the outside desk, all signed.
    pub fn files(root: &str, org: &str) -> Files {
        let id = |id| OrgId::parse(id).expect("a name");
        let organisations = [(id("bzk"), signed(org)), (id("buiten"), OUTSIDE_SIGNED.clone())];
        Files { root: signed(root), organisations: organisations.into() }
    }
}
