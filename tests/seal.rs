//! What the seal promises, on the formats themselves.
#![cfg(feature = "desk")]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]
use std::io::Cursor;

use meldkluis::{
    domain::{
        day::Day,
        id::{CaseId, InstanceId, ItemId, ReaderId},
        order::Before,
        roster::{Function, Reader, Status, Text, Topic},
    },
    seal::{
        Author, FileSealer, ItemHead, Kind, OpenError, Origin, Plaintext, Recipients, Sealed, Signer, Slot, SlotTo,
        Story, StoryText,
        code::{Code, CodeError, Language},
        desk::{ReaderIdentity, open_head, open_text, open_to},
        item, open_reply,
    },
};
use proptest::prelude::*;
use uuid::Uuid;

fn instance() -> InstanceId {
    InstanceId::parse("7d0e8f6a-3c1b-4f0e-9a55-0b7c2d1e4f60").unwrap()
}

fn reader(name: &str) -> (ReaderIdentity, Reader) {
    let identity = ReaderIdentity::generate().unwrap();
    let reader = Reader {
        id: ReaderId::parse(name).unwrap(),
        functions: [Function::Officer].into(),
        shown_as: Text { nl: name.into(), en: name.into() },
        seal_key: identity.recipient(),
        sign_key: hex::encode(Signer::from_seed(&[7; 32]).public()),
        status: Status::Active,
        until: None,
    };
    (identity, reader)
}

fn head(kind: Kind) -> ItemHead {
    ItemHead {
        instance: instance(),
        case: CaseId::from_uuid(Uuid::new_v4()),
        item: ItemId::from_uuid(Uuid::new_v4()),
        kind,
        author: Author::Reporter,
        seq: 0,
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

fn age_file(slots: &[Slot], payload: &[u8], to: &SlotTo) -> Vec<u8> {
    let slot = slots.iter().find(|s| s.to == *to).unwrap();
    [slot.header.as_slice(), payload].concat()
}

fn sealed(to: &Recipients, text: &str) -> (Vec<Slot>, Vec<u8>) {
    let sealed: Sealed =
        item(head(Kind::Reply), Plaintext::from(text.to_owned()), &Signer::from_seed(&[7; 32]), to).unwrap();
    sealed.into_parts()
}

#[test]
fn every_item_that_takes_one_more_reader_has_filler() {
    let filler = |readers: usize| {
        let all: Vec<Reader> = (0..readers).map(|n| reader(&format!("reader-{n}")).1).collect();
        let (slots, _) = sealed(&Recipients::of(&all).unwrap(), "text");
        (slots.len(), slots.iter().filter(|slot| matches!(slot.to, SlotTo::Nobody(_))).count())
    };
    assert_eq!([7, 8, 9, 15, 16].map(filler), [(8, 1), (16, 8), (16, 7), (16, 1), (16, 0)]);
}

#[test]
fn each_reader_opens_with_their_own_slot_and_with_no_other() {
    let (anna, a) = reader("anna");
    let (ben, b) = reader("ben");
    let (slots, payload) = sealed(&Recipients::of([&a, &b]).unwrap(), "text");
    assert_eq!(slots.len(), 8);
    let for_anna = age_file(&slots, &payload, &SlotTo::Reader(a.keyed()));
    let opened = open_text(&anna, Cursor::new(&for_anna)).unwrap();
    assert_eq!(opened.body.reveal(), b"text");
    assert_eq!(opened.signed_by, Signer::from_seed(&[7; 32]).public());
    assert!(matches!(open_text(&ben, Cursor::new(&for_anna)), Err(OpenError::NotForYou)));
    assert!(open_text(&ben, Cursor::new(age_file(&slots, &payload, &SlotTo::Reader(b.keyed())))).is_ok());
}

#[test]
fn filler_cannot_be_told_from_a_reader_by_its_size() {
    let (_, a) = reader("anna");
    let (slots, _) = sealed(&Recipients::of([&a]).unwrap(), "text");
    let sizes: Vec<usize> = slots.iter().map(|s| s.header.len()).collect();
    assert!(sizes.iter().all(|s| *s == sizes[0]), "{sizes:?}");
}

#[test]
fn texts_of_different_length_have_payloads_of_one_length() {
    let (_, a) = reader("anna");
    let to = Recipients::of([&a]).unwrap();
    assert_eq!(sealed(&to, "short").1.len(), sealed(&to, &"long ".repeat(300)).1.len());
}

#[test]
fn a_changed_byte_anywhere_is_noticed() {
    let (anna, a) = reader("anna");
    let (slots, payload) = sealed(&Recipients::of([&a]).unwrap(), "text");
    let whole = age_file(&slots, &payload, &SlotTo::Reader(a.keyed()));
    for at in (0..whole.len()).step_by(97).chain([whole.len() - 1]) {
        let mut damaged = whole.clone();
        damaged[at] ^= 1;
        assert!(open_text(&anna, Cursor::new(&damaged)).is_err(), "byte {at}");
    }
    assert!(open_text(&anna, Cursor::new(&whole[..whole.len() - 1])).is_err());
}

#[test]
fn a_payload_under_another_items_slot_does_not_open() {
    let (anna, a) = reader("anna");
    let to = Recipients::of([&a]).unwrap();
    let ((slots, _), (_, other)) = (sealed(&to, "one"), sealed(&to, "two"));
    assert!(open_text(&anna, Cursor::new(age_file(&slots, &other, &SlotTo::Reader(a.keyed())))).is_err());
}

#[test]
fn an_answer_opens_with_the_code_that_asked() {
    let code = Code::from_bits([9; 16]);
    let keys = code.keys(&instance(), 1);
    let case = CaseId::from_uuid(Uuid::new_v4());
    let (_, a) = reader("anna");
    let to = Recipients::of([&a]).unwrap().with_reporter(case, &keys.reply.recipient()).unwrap();
    let (slots, payload) = sealed(&to, "answer");
    let slot = slots.iter().find(|s| s.to == SlotTo::Reporter(case)).unwrap();
    assert_eq!(open_reply(&keys.reply, &slot.header, &payload).unwrap().body.reveal(), b"answer");
    let other_room = code.keys(&instance(), 0);
    assert!(open_reply(&other_room.reply, &slot.header, &payload).is_err());
}

#[test]
fn a_story_comes_back_field_by_field() {
    let text = |t: &str| Plaintext::from(t.to_owned());
    let story = Story {
        topic: Topic::Money,
        story: text("é\n\"x\""),
        who: text("w"),
        when: text(""),
        place: text("p"),
        known: text("k"),
        struck: Vec::new(),
    };
    let body = story.into_body();
    let read = StoryText::from_body(body.reveal()).unwrap();
    assert_eq!((read.story.as_str(), read.place.as_str(), read.topic), ("é\n\"x\"", "p", Topic::Money));
}

#[test]
fn a_file_is_sealed_while_it_streams_and_comes_back_whole() {
    let (anna, a) = reader("anna");
    let mut sealer = FileSealer::new(&Recipients::of([&a]).unwrap()).unwrap();
    let body: Vec<u8> = (0..3_000_000_u32).map(|n| n.to_le_bytes()[0]).collect();
    let mut payload = Vec::new();
    for chunk in body.chunks(70_001) {
        sealer.write(chunk).unwrap();
        payload.extend(sealer.take());
    }
    let mut ending = sealer.ending(head(Kind::File), &Signer::from_seed(&[7; 32])).unwrap();
    while let Some(piece) = ending.next_piece().unwrap() {
        payload.extend(piece);
    }
    let slots = ending.into_slots();
    let mut out = Cursor::new(Vec::new());
    let (manifest, _) =
        open_to(&anna, Cursor::new(age_file(&slots, &payload, &SlotTo::Reader(a.keyed()))), &mut out).unwrap();
    assert_eq!(manifest.length, 3_000_000);
    assert!(out.into_inner()[..3_000_000] == body[..]);
    // What is signed is read without the body; a byte that changed or is missing is seen all the same.
    let mut file = age_file(&slots, &payload, &SlotTo::Reader(a.keyed()));
    let (head, by) = open_head(&anna, file.as_slice()).unwrap();
    assert_eq!((head.sha256, head.length, head.head.item), (manifest.sha256, 3_000_000, manifest.head.item));
    assert_eq!(by, Signer::from_seed(&[7; 32]).public());
    assert!(open_head(&anna, &file[..file.len() - 1]).is_err());
    file[1_000_000] ^= 1;
    assert!(open_head(&anna, file.as_slice()).is_err());
}

#[test]
fn the_vector_of_code_and_keys_holds() {
    let code = Code::from_bits(*b"meldkluis-vector");
    let keys = code.keys(&instance(), 1);
    let now = format!(
        "nl {}\nen {}\nlookup {}\nproof {}\nsign {}\nreply {}\n",
        code.words(&instance(), Language::Nl).join(" "),
        code.words(&instance(), Language::En).join(" "),
        hex::encode(keys.lookup),
        keys.proof.groups().replace(' ', ""),
        hex::encode(keys.signer.public()),
        keys.reply.recipient()
    );
    assert_vector("code.txt", &now);
}

#[test]
fn the_vector_of_an_item_opens() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors");
    let identity =
        || std::fs::read_to_string(path.join("item.key")).ok().and_then(|t| ReaderIdentity::from_text(t.trim()));
    if std::env::var_os("MELDKLUIS_WRITE_VECTORS").is_some() {
        let (anna, a) = reader("anna");
        let (slots, payload) = sealed(&Recipients::of([&a]).unwrap(), "An item of format version 1.");
        std::fs::write(path.join("item.key"), format!("{}\n", anna.to_text().as_str())).unwrap();
        std::fs::write(path.join("item.age"), age_file(&slots, &payload, &SlotTo::Reader(a.keyed()))).unwrap();
    }
    let opened = open_text(&identity().unwrap(), std::fs::File::open(path.join("item.age")).unwrap()).unwrap();
    assert_eq!(opened.body.reveal(), b"An item of format version 1.");
    assert_eq!(opened.manifest.head.kind, Kind::Reply);
}

/// Compares with a checked-in vector; `MELDKLUIS_WRITE_VECTORS=1` writes it anew after a change of format on purpose.
fn assert_vector(name: &str, now: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors").join(name);
    if std::env::var_os("MELDKLUIS_WRITE_VECTORS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, now).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), now);
}

proptest! {
    #[test]
    fn every_code_reads_back_from_its_words_in_both_languages(bits: [u8; 16]) {
        for language in [Language::Nl, Language::En] {
            let words = Code::from_bits(bits).words(&instance(), language).join(" ");
            let again = Code::parse(&words, &instance()).map_err(|e| TestCaseError::fail(e.to_string()))?;
            prop_assert_eq!(again.keys(&instance(), 1).lookup, Code::from_bits(bits).keys(&instance(), 1).lookup);
        }
    }

    #[test]
    fn one_mistyped_letter_never_leads_to_another_code(bits: [u8; 16], at in 0_usize..12, letter in 0_usize..8, by in b'a'..=b'z') {
        let mut words = Code::from_bits(bits).words(&instance(), Language::Nl).map(str::to_owned);
        let mut bytes = words[at].clone().into_bytes();
        let place = letter % bytes.len();
        bytes[place] = by;
        words[at] = String::from_utf8(bytes).unwrap();
        if let Ok(code) = Code::parse(&words.join("  "), &instance()) {
            prop_assert_eq!(code.keys(&instance(), 0).lookup, Code::from_bits(bits).keys(&instance(), 0).lookup);
        }
    }
}

#[test]
fn what_is_not_a_code_says_where_it_is_wrong() {
    let mut words = Code::from_bits([3; 16]).words(&instance(), Language::En);
    assert_eq!(Code::parse("one two", &instance()).err(), Some(CodeError::WrongCount(2)));
    words[6] = "zzzzzzzzzz";
    assert_eq!(Code::parse(&words.join(" "), &instance()).err(), Some(CodeError::UnknownWord(7)));
}
