//! A slot and its payload: as they were sealed they open, and altered in any way they do not.
#![no_main]
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use meldkluis::{
    api_types::SlotSent,
    domain::id::CaseId,
    fuzzing::bytes,
    seal::{SlotTo, code::RoomKeys, open_reply},
};
use meldkluis_fuzz::{Input, keys};
use uuid::Uuid;

/// Sealed by `tests/corpora.rs`, which also says what is in it.
const SLOT: &[u8] = include_bytes!("../vectors/slot");
const FILLER: &[u8] = include_bytes!("../vectors/filler");
const PAYLOAD: &[u8] = include_bytes!("../vectors/payload");
const BODY: &[u8] = b"Een antwoord";
static KEYS: LazyLock<RoomKeys> = LazyLock::new(keys);

fuzz_target!(|data: &[u8]| {
    let mut input = Input::new(data);
    match input.byte() % 5 {
        0 => opens(&input.altered(SLOT), PAYLOAD),
        1 => opens(SLOT, &input.altered(PAYLOAD)),
        2 => opens(&input.altered(FILLER), PAYLOAD),
        3 => opens(input.rest(), PAYLOAD),
        _ => sent(input.rest()),
    }
});

fn opens(slot: &[u8], payload: &[u8]) {
    match open_reply(&KEYS.reply, slot, payload) {
        Ok(opened) => {
            assert!(slot == SLOT && payload == PAYLOAD, "something that was altered opened");
            assert_eq!(bytes(&opened.body), BODY);
        }
        Err(_) => assert!(slot != SLOT || payload != PAYLOAD, "what was sealed did not open"),
    }
}

/// A slot as a desk sends it, JSON.
fn sent(json: &[u8]) {
    let Ok(sent) = serde_json::from_slice::<SlotSent>(json) else { return };
    let again = serde_json::to_vec(&sent).expect("it was read");
    let again: SlotSent = serde_json::from_slice(&again).expect("it was written");
    assert_eq!((&again.to, &again.header), (&sent.to, &sent.header));
    let case = CaseId::from_uuid(Uuid::from_bytes([3; 16]));
    if let SlotTo::Reporter(whose) = sent.to.in_case(case) {
        assert_eq!(whose, case, "the reporter's slot is in the case it is sent to");
    }
}
