//! The head of an item: the envelope in which it travels, and the signed manifest at the end of what is sealed.
#![no_main]
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use meldkluis::{
    api_types::Adding,
    envelope::{HEAD_BYTES, before_payload, split},
    fuzzing::{bytes, signed, verified},
    seal::Signer,
};
use meldkluis_fuzz::Input;

static SIGNER: LazyLock<Signer> = LazyLock::new(|| Signer::from_seed(&[8; 32]));

fuzz_target!(|data: &[u8]| {
    let mut input = Input::new(data);
    match input.byte() % 4 {
        0 => envelope(input.rest()),
        1 => headed(&mut input),
        2 => manifest(&mut input),
        _ => assert!(verified(input.rest().to_vec()).is_err(), "nobody signed this"),
    }
});

/// A head of any text with its true length, which the fuzzer need not find.
fn headed(input: &mut Input<'_>) {
    let (json, payload) = (input.text(), input.rest());
    let length = u32::try_from(json.len()).expect("its length is of 16 bits");
    envelope(&[&[1], &length.to_be_bytes()[..], json.as_bytes(), payload].concat());
}

fn envelope(envelope: &[u8]) {
    let Ok(Some((head, payload))) = split(envelope) else { return };
    let before = envelope.len() - payload.len();
    assert!(before <= 5 + HEAD_BYTES);
    // While it arrives it is unfinished, never something else.
    assert!(split(&envelope[..before - 1]).is_ok_and(|found| found.is_none()));
    assert!(split(&envelope[..3]).is_ok_and(|found| found.is_none()));
    // What is written anew may be longer: JSON escapes differently.
    let Ok(again) = before_payload(&head) else { return };
    let again = [&again, payload].concat();
    let (same, rest) = split(&again).ok().flatten().expect("what was written is read");
    assert_eq!((json(&same), rest), (json(&head), payload));
}

fn json(head: &Adding) -> serde_json::Value {
    serde_json::to_value(head).expect("it was read from JSON")
}

/// A signed manifest of any text over a body; `@h` is its hash and `@l` its length.
fn manifest(input: &mut Input<'_>) {
    let (body, zeros, place, with) = (input.text(), input.byte(), input.short(), input.byte());
    let text = input.text_rest();
    let text = text.replace("@h", &sha256(body.as_bytes())).replace("@l", &body.len().to_string());
    let foot = signed(text.into_bytes(), &SIGNER).expect("it is short");
    let zeros = vec![0; zeros.into()];
    let whole = [body.as_bytes(), &zeros, &foot].concat();
    let Ok(opened) = verified(whole.clone()) else { return };
    let length = usize::try_from(opened.manifest.length).expect("it opened");
    assert_eq!(bytes(&opened.body), &whole[..length], "the body is what stands first");
    assert_eq!(opened.signed_by, SIGNER.public());
    let again = serde_json::to_string(&opened.manifest).expect("it was read from JSON");
    assert_eq!(serde_json::from_str::<meldkluis::seal::Manifest>(&again).ok(), Some(opened.manifest));
    // Every byte but the padding is signed, or signs.
    let place = place % (length + foot.len());
    let place = if place < length { place } else { whole.len() - foot.len() + place - length };
    if with != 0 {
        let mut altered = whole;
        altered[place] ^= with;
        assert!(verified(altered).is_err(), "byte {place} was altered");
    }
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
