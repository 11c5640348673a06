//! The corpora of the fuzz targets are made here, in the form that `fuzz/src/lib.rs` reads, and still are what was made.
//!
//! `MELDKLUIS_WRITE_VECTORS=1 cargo test --test corpora` writes them, and seals the item in `fuzz/vectors` anew.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test")]
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use meldkluis::{
    domain::{
        day::Day,
        id::{CaseId, InstanceId, ItemId, ReaderId},
        order::Before,
        roster::{Function, Reader, Status, Text},
    },
    roster_files::sign,
    seal::{
        Author, ItemHead, Kind, Manifest, Origin, Plaintext, Recipients, Signer, SlotTo,
        code::{Code, Language, RoomKeys},
        item, open_reply,
    },
};
use ssh_key::{PrivateKey, private::Ed25519Keypair};
use uuid::Uuid;

type Seeds = Vec<(&'static str, Vec<u8>)>;

/// Alterations: how many more than one, of which kind, where, and with what.
const NONE: [u8; 5] = [0, 0, 0, 9, 0];
const FLIPPED: [u8; 5] = [0, 0, 0, 200, 1];
const CUT: [u8; 5] = [0, 4, 0, 100, 0];

fn instance() -> InstanceId {
    InstanceId::from_uuid(Uuid::from_bytes([1; 16]))
}

fn code() -> Code {
    Code::from_bits([9; 16])
}

fn keys() -> RoomKeys {
    code().keys(&instance(), 1)
}

fn case() -> CaseId {
    CaseId::from_uuid(Uuid::from_bytes([3; 16]))
}

fn head() -> ItemHead {
    ItemHead {
        instance: instance(),
        case: case(),
        item: ItemId::from_uuid(Uuid::from_bytes([4; 16])),
        kind: Kind::Reply,
        author: Author::Reader(ReaderId::parse("anna").unwrap()),
        seq: 1,
        seen: [0; 32],
        before: Before::default(),
        day: Day::parse("2026-11-24").unwrap(),
        name: None,
        to: Vec::new(),
        reporter: None,
        proof: None,
        origin: Origin::default(),
        unread: Vec::new(),
    }
}

fn read(path: impl AsRef<Path>) -> Vec<u8> {
    fs::read(path.as_ref()).unwrap_or_else(|e| panic!("{}: {e}", path.as_ref().display()))
}

/// A text with its length before it.
fn text(text: &str) -> Vec<u8> {
    [&u16::try_from(text.len()).unwrap().to_be_bytes()[..], text.as_bytes()].concat()
}

fn of(kind: &[u8], rest: impl AsRef<[u8]>) -> Vec<u8> {
    [kind, rest.as_ref()].concat()
}

fn proxy() -> Seeds {
    let nobody = "0000:0000:0000:0000:0000:0000:0000:0001";
    vec![
        ("tor", of(b"PROXY TCP6 ", "fc00:dead:beef:4dad::0:23 ::1 35 80\r\n")),
        ("long", of(b"PROXY TCP6 ", format!("fc00:dead:beef:4dad:0000:0000:ffff:ffff {nobody} 65535 65535\r\n"))),
        ("an-address", of(b"PROXY TCP6 ", "2001:db8::7 ::1 35 80\r\n")),
        ("ipv4", of(b"PROXY TCP4 ", "192.0.2.7 192.0.2.1 35 80\r\n")),
        ("unknown", of(b"PROXY ", "UNKNOWN\r\n")),
    ]
}

fn codes() -> Seeds {
    let words = |language| code().words(&instance(), language);
    let mistyped = words(Language::Nl).join(" ").replacen('e', "", 1);
    let numbered = words(Language::Nl).map(|word| format!("1. {},", word.to_uppercase()));
    let drawn = [[9; 16], [1, 4, 128, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7], [5; 16], [1; 16]];
    vec![
        ("dutch", of(&[0], words(Language::Nl).join(" "))),
        ("english", of(&[0], words(Language::En).join("\r\n"))),
        ("numbered", of(&[0], numbered.join(" "))),
        ("mistyped", of(&[0], mistyped)),
        ("drawn", of(&[1], [9; 16])),
        ("another-word", of(&[1], drawn.concat())),
    ]
}

fn padding() -> Seeds {
    let sizes = |bytes: u64, more: u64| of(&[0], [bytes.to_be_bytes(), more.to_be_bytes()].concat());
    vec![
        ("nothing", sizes(0, 0)),
        ("messages", sizes(5000, 300_000)),
        ("files", sizes(3 << 20, 64 << 20)),
        ("large-files", sizes((10 << 30) + 1, 1 << 20)),
        ("the-largest", sizes(u64::MAX, 1)),
    ]
}

fn hybrid() -> Seeds {
    let low_order = [text(&"A".repeat(1494)), vec![7; 32]].concat();
    let classic = [text("X25519"), vec![1], text("AAAA"), vec![0; 32]].concat();
    vec![
        ("as-it-was", of(&[0, 2], NONE)),
        ("another-kind", of(&[0, 0], FLIPPED)),
        ("another-share", of(&[0, 1], FLIPPED)),
        ("another-body", of(&[0, 2], CUT)),
        ("one-argument-more", of(&[0, 3], "AAAA")),
        ("low-order", of(&[1, 0, 1], low_order)),
        ("classic", of(&[1, 1], classic)),
        ("recipient", of(&[2], keys().reply.recipient())),
        ("another-recipient", of(&[3], FLIPPED)),
    ]
}

fn slots() -> Seeds {
    let reader = r#"{"to":{"reader":"anna#000102030405060708090a0b0c0d0e0f"},"header":"YWdl"}"#;
    vec![
        ("as-it-was", of(&[0], NONE)),
        ("another-slot", of(&[0], FLIPPED)),
        ("another-payload", of(&[1], FLIPPED)),
        ("cut-payload", of(&[1], CUT)),
        ("filler", of(&[2], NONE)),
        ("classic", of(&[3], "age-encryption.org/v1\n-> X25519 AAAA\nAAAA\n--- AAAA\n")),
        ("sent-to-a-reader", of(&[4], reader)),
        ("sent-to-the-reporter", of(&[4], r#"{"to":"reporter","header":""}"#)),
        ("sent-to-nobody", of(&[4], r#"{"to":{"nobody":7},"header":"YWdl"}"#)),
    ]
}

fn items() -> Seeds {
    let adding = read("tests/vectors/envelope.bin");
    let length = usize::from(u16::from_be_bytes([adding[3], adding[4]]));
    let json = String::from_utf8(adding[5..5 + length].to_vec()).unwrap();
    let manifest = serde_json::to_string(&Manifest { head: head(), length: 77, sha256: [7; 32] }).unwrap();
    let marked = manifest.replace("\"length\":77", "\"length\":@l").replace(&"07".repeat(32), "@h");
    assert!(marked.contains("@l") && marked.contains("@h"));
    let before = [text("Een antwoord"), vec![100, 0, 60, 1]].concat();
    vec![
        ("envelope", of(&[0], &adding)),
        ("head", of(&[1], [text(&json), b"payload".to_vec()].concat())),
        ("manifest", of(&[2], of(&before, marked))),
        ("another-hash", of(&[2], of(&before, manifest))),
        ("unsigned", of(&[3], of(&[0; 100], [1]))),
    ]
}

fn rosters() -> Seeds {
    let file = |name: &str| read(format!("fuzz/vectors/{name}.toml"));
    let key: PrivateKey = Ed25519Keypair::from_seed(&[2; 32]).into();
    vec![
        ("root", of(&[0, 0, 0, 0], file("root"))),
        ("organisation", of(&[1, 0, 0, 0], file("org-bzk"))),
        ("two-struck", vec![2, 0, 0, 12]),
        ("an-earlier-day", vec![2, 0x25, 0x81, 0]),
        ("signature", of(&[3], sign("something else", &key).unwrap())),
        ("another-signature", of(&[4], FLIPPED)),
        ("another-text", of(&[5], [0, 0, 0, 3, 1])),
    ]
}

fn tokens() -> Seeds {
    // Page less one, alteration, where, with what, and how many fields.
    let form = |before: [u8; 4], fields: &[(u8, &str)]| {
        let count = u8::try_from(fields.len()).unwrap();
        let fields = fields.iter().flat_map(|(name, value)| of(&[*name], text(value)));
        before.into_iter().chain([count]).chain(fields).collect::<Vec<u8>>()
    };
    let (story, seed) = ("Regel <1>\r\n& \"2\"", "03".repeat(32));
    let report = [(0, "report"), (1, "bzk"), (2, "money"), (5, "f1"), (7, "me"), (8, story), (9, "wie"), (13, &seed)];
    let advice = [(0, "advice"), (1, "bzk"), (2, "other"), (3, "v1"), (4, "yes"), (8, "Een vraag")];
    vec![
        ("another-page", form([4, 0, 0, 0], &report)),
        ("another-key", form([6, 1, 0, 0], &report)),
        ("another-token", form([7, 2, 40, 1], &report)),
        ("another-roster", form([7, 3, 0, 0], &report)),
        ("another-text", form([6, 4, 0, 1], &report)),
        ("one-struck-more", form([7, 5, 0, 1], &report)),
        ("another-topic", form([7, 6, 2, 0], &report)),
        ("advice", form([5, 6, 3, 0], &advice)),
        ("nothing", form([0, 0, 0, 0], &[])),
    ]
}

fn forms() -> Seeds {
    let part = |head: &str, value: &str| format!("--b\r\nContent-Disposition: form-data; {head}\r\n\r\n{value}\r\n");
    let (code, room) = (part("name=\"code\"", "woord woord"), part("name=\"room\"", "1"));
    let typed = part("name=\"text\"", "Nog iets\r\nop een regel");
    let (file, end) = (part("name=\"file\"; filename=\"a.txt\"", "inhoud\r\n--c\r\nmeer"), String::from("--b--\r\n"));
    let cut = String::from("--b\r\nContent-Disposition: form-data; name=\"fi");
    let sent =
        [text("woord woord"), vec![1], text("brief é.pdf"), text("Nog iets"), b"inhoud\r\n--\r\n".to_vec()].concat();
    vec![
        ("browser", of(&[0, 6], [&code, &room, &typed, &file, &end].map(String::as_str).concat())),
        ("cut", of(&[0, 0], [&code, &room, &cut].map(String::as_str).concat())),
        ("no-code", of(&[0, 90], [&file, &end].map(String::as_str).concat())),
        ("two-codes", of(&[0, 3], [&code, &code, &file, &end].map(String::as_str).concat())),
        ("many-parts", of(&[0, 200], part("name=\"x\"", "").repeat(12))),
        ("sent", of(&[1, 0], &sent)),
        ("sent-in-pieces", of(&[1, 6], &sent)),
    ]
}

fn corpora() -> BTreeMap<PathBuf, Vec<u8>> {
    let all = [
        ("proxy", proxy()),
        ("code", codes()),
        ("padding", padding()),
        ("hybrid", hybrid()),
        ("slot", slots()),
        ("item", items()),
        ("roster", rosters()),
        ("token", tokens()),
        ("multipart", forms()),
    ];
    let path = |target: &str, name: &str| Path::new("fuzz/corpus").join(target).join(name);
    let named = |(target, seeds): (&'static str, Seeds)| {
        seeds.into_iter().map(move |(name, bytes)| (path(target, name), bytes)).collect::<Vec<_>>()
    };
    all.into_iter().flat_map(named).collect()
}

/// Seals the item of the target `slot`: an answer to the reporter.
fn seal() {
    let reader = Reader {
        id: ReaderId::parse("anna").unwrap(),
        functions: [Function::Officer].into(),
        shown_as: Text { nl: "Anna".into(), en: "Anna".into() },
        seal_key: Code::from_bits([8; 16]).keys(&instance(), 1).reply.recipient(),
        sign_key: hex::encode(Signer::from_seed(&[7; 32]).public()),
        status: Status::Active,
        until: None,
    };
    let to = Recipients::of([&reader]).unwrap().with_reporter(case(), &keys().reply.recipient()).unwrap();
    let body = Plaintext::from(String::from("Een antwoord"));
    let (slots, payload) = item(head(), body, &Signer::from_seed(&[7; 32]), &to).unwrap().into_parts();
    let header = |mine: fn(&SlotTo) -> bool| &slots.iter().find(|s| mine(&s.to)).unwrap().header;
    fs::write("fuzz/vectors/slot", header(|to| matches!(to, SlotTo::Reporter(_)))).unwrap();
    fs::write("fuzz/vectors/filler", header(|to| matches!(to, SlotTo::Nobody(_)))).unwrap();
    fs::write("fuzz/vectors/payload", payload).unwrap();
}

#[test]
fn the_corpora_of_the_fuzz_targets_are_what_this_makes() {
    let write = std::env::var_os("MELDKLUIS_WRITE_VECTORS").is_some();
    let corpora = corpora();
    for (path, bytes) in &corpora {
        if write {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        assert!(read(path) == *bytes, "{} is not what is made here", path.display());
    }
    let files = fs::read_dir("fuzz/corpus").unwrap().flat_map(|folder| fs::read_dir(folder.unwrap().path()).unwrap());
    assert_eq!(files.count(), corpora.len(), "nothing else stands there");
}

#[test]
fn the_item_of_the_fuzz_targets_opens() {
    if std::env::var_os("MELDKLUIS_WRITE_VECTORS").is_some() {
        seal();
    }
    let vector = |name: &str| read(format!("fuzz/vectors/{name}"));
    let opened = open_reply(&keys().reply, &vector("slot"), &vector("payload")).unwrap();
    assert_eq!((opened.body.echo().to_string(), opened.manifest.head), (String::from("Een antwoord"), head()));
    assert!(open_reply(&keys().reply, &vector("filler"), &vector("payload")).is_err());
}
