//! Padding: never smaller, never much larger, and the same for all that are about as long.
#![no_main]
use libfuzzer_sys::fuzz_target;
use meldkluis::seal::{file_size, message_size};
use meldkluis_fuzz::Input;

const MIB: u64 = 1 << 20;

fuzz_target!(|data: &[u8]| {
    let mut input = Input::new(data);
    // Small and large ones alike: so many bits of the first number count.
    let bits = u32::from(input.byte() % 64);
    let bytes = u64::from_be_bytes(input.array()) >> bits;
    let more = bytes.saturating_add(u64::from_be_bytes(input.array()) >> bits);
    let size = file_size(bytes);
    assert!(size >= bytes, "a file fits");
    assert!(size >= 4096, "small ones are not told apart");
    assert!(bytes <= 4096 || bytes > 64 * MIB || size.is_power_of_two() && size / 2 < bytes);
    assert!(bytes <= 64 * MIB || (size - bytes) <= bytes / 8, "at most an eighth more");
    assert_eq!(file_size(size), size, "what is padded stays as it is");
    assert!(file_size(more) >= size, "a longer file is never padded to less");
    // So few sizes that a size says little: of a number's bits at most the first six or seven may be set.
    let kept = 64 - size.leading_zeros() - size.trailing_zeros();
    assert!(size == u64::MAX || kept <= 7, "{size} has {kept} bits");
    match message_size(bytes) {
        Some(size) => assert!(size >= bytes && [4, 16, 64, 256].contains(&(size >> 10)) && size % 1024 == 0),
        None => assert!(bytes > 256 << 10),
    }
});
