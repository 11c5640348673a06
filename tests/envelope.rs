//! The envelope of a reader's item: what was written once is read for ever, and nothing else is.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]
use meldkluis::{
    api_types::SentTo,
    domain::case::{Act, CaseState},
    envelope::{EnvelopeError, HEAD_BYTES, before_payload, split},
};
use proptest::prelude::*;

/// Version 1, made byte by byte by another program.
const VECTOR: &[u8] = include_bytes!("vectors/envelope.bin");

#[test]
fn the_checked_in_envelope_is_read_and_written() {
    let (adding, payload) = split(VECTOR).unwrap().unwrap();
    assert_eq!(payload, b"the age payload");
    assert_eq!(adding.item.to_string(), "0c7e2f4a-7d0e-4b53-9f3c-6f1e6f0d6a11");
    assert_eq!((adding.act, adding.expected), (Some(Act::Reply), CaseState::Open));
    let to: Vec<&SentTo> = adding.slots.iter().map(|s| &s.to).collect();
    assert!(matches!(to[..], [SentTo::Reader(_), SentTo::Reporter, SentTo::Nobody(3)]));
    assert_eq!([&before_payload(&adding).unwrap(), payload].concat(), VECTOR);
}

#[test]
fn what_is_not_an_envelope_says_why() {
    let version = [&[2], &VECTOR[1..]].concat();
    assert_eq!(split(&version).unwrap_err(), EnvelopeError::Version);
    let large = u32::try_from(HEAD_BYTES + 1).unwrap().to_be_bytes();
    assert_eq!(split(&[&[1], &large[..]].concat()).unwrap_err(), EnvelopeError::TooLarge);
    assert_eq!(split(&[1, 0, 0, 0, 2, b'{', b'{']).unwrap_err(), EnvelopeError::Head);
}

proptest! {
    /// It arrives in pieces: nothing is made of a part, and a part is never called wrong.
    #[test]
    fn a_part_of_the_head_waits_for_the_rest(part in 0..VECTOR.len() - "the age payload".len()) {
        prop_assert!(split(&VECTOR[..part]).unwrap().is_none());
    }

    #[test]
    fn any_bytes_are_read_without_a_fault(bytes: Vec<u8>) {
        drop(split(&bytes));
        drop(split(&[&[1, 0, 0, 0], &bytes[..]].concat()));
    }
}
