//! The PROXY header: what is accepted says one circuit, and is what Tor writes.
#![no_main]
use std::net::Ipv6Addr;

use libfuzzer_sys::fuzz_target;
use meldkluis::proxy::{LONGEST, circuit};

fuzz_target!(|header: &[u8]| {
    let Some(found) = circuit(header) else { return };
    assert!(header.len() <= LONGEST && header.is_ascii(), "nothing but a short line of ASCII");
    assert!(header.starts_with(b"PROXY TCP6 ") && header.ends_with(b"\r\n"));
    assert_eq!(header.iter().filter(|b| b.is_ascii_control()).count(), 2, "one line, which the end ends");
    let line = String::from_utf8_lossy(header);
    let from: Option<Ipv6Addr> = line.split(' ').nth(2).and_then(|word| word.parse().ok());
    let address = Ipv6Addr::from_bits(0xfc00_dead_beef_4dad << 64 | u128::from(found));
    assert_eq!(from, Some(address), "the address is the circuit's and nobody's else");
    let again = format!("PROXY TCP6 {address} ::1 35 80\r\n");
    assert_eq!(circuit(again.as_bytes()), Some(found));
    // What follows the header belongs to HTTP and is no part of it.
    assert_eq!(circuit(&[header, b"GET"].concat()), None);
    assert_eq!(circuit(&header[..header.len() - 1]), None);
});
