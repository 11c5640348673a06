//! The hybrid stanza and recipient: only what was wrapped opens, only for whom it was wrapped, and only as it was written.
#![no_main]
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use meldkluis::{
    fuzzing::{Hybrid, Unwrapped, recipient},
    seal::is_recipient,
};
use meldkluis_fuzz::Input;

type Stanza = (String, Vec<String>, Vec<u8>);

const FILE_KEY: [u8; 16] = [5; 16];
static MINE: LazyLock<Hybrid> = LazyLock::new(|| Hybrid::new([6; 32]));
static OTHER: LazyLock<Hybrid> = LazyLock::new(|| Hybrid::new([7; 32]));
static TEXT: LazyLock<String> = LazyLock::new(|| MINE.recipient().expect("a recipient"));
/// Wrapped once: a stanza is random, what becomes of it when it is altered is not.
static STANZA: LazyLock<Stanza> = LazyLock::new(|| MINE.wrap(FILE_KEY).expect("a stanza"));

fuzz_target!(|data: &[u8]| {
    let mut input = Input::new(data);
    match input.byte() % 4 {
        0 => altered(&mut input),
        1 => any(&mut input),
        2 => text(&input.text_rest()),
        _ => {
            let altered = input.altered(TEXT.as_bytes());
            text(&String::from_utf8_lossy(&altered));
        }
    }
});

fn altered(input: &mut Input<'_>) {
    let (mut tag, mut args, mut body) = STANZA.clone();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    match input.byte() % 4 {
        0 => tag = text(input.altered(tag.as_bytes())),
        1 => args = args.iter().map(|arg| text(input.altered(arg.as_bytes()))).collect(),
        2 => body = input.altered(&body),
        _ => args.push(input.text_rest()),
    }
    let stanza = (tag, args, body);
    let same = stanza == *STANZA;
    assert_eq!(OTHER.unwrap(stanza.clone()) == Unwrapped::Refused, MINE.unwrap(stanza.clone()) == Unwrapped::Refused);
    assert!(!matches!(OTHER.unwrap(stanza.clone()), Unwrapped::Key(_)));
    match MINE.unwrap(stanza) {
        Unwrapped::Key(key) => assert!(same && key == FILE_KEY, "something else than what was wrapped opened"),
        _ => assert!(!same, "what was wrapped did not open"),
    }
}

/// Nobody can make a stanza without an encapsulation, and the fuzzer makes none.
fn any(input: &mut Input<'_>) {
    let tag = if input.byte() % 2 == 0 { String::from("mlkem768x25519") } else { input.text() };
    let args = (0..input.byte() % 4).map(|_| input.text()).collect();
    let stanza = (tag.clone(), args, input.rest().to_vec());
    let ours = tag == "mlkem768x25519";
    match MINE.unwrap(stanza) {
        Unwrapped::Key(_) => panic!("a stanza of nobody opened"),
        Unwrapped::Refused => assert!(ours),
        Unwrapped::NotOurs => {}
    }
}

fn text(text: &str) {
    let read = recipient(text);
    assert_eq!(read.is_some(), is_recipient(text));
    if let Some(again) = read {
        assert_eq!(again, text, "a recipient has one way to be written");
    }
}
