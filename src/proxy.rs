//! The line that Tor writes before everything else on a connection: version 1 of the PROXY protocol, with the circuit in the last 32 bits
//! of the first address (`HiddenServiceExportCircuitID haproxy`).
use std::net::Ipv6Addr;

/// Bytes of the longest header, its CR LF included (PROXY protocol, section 2.1).
pub const LONGEST: usize = 107;
/// What every address of a circuit begins with. Another one is somebody's address, and no business of ours.
const PREFIX: [u16; 4] = [0xfc00, 0xdead, 0xbeef, 0x4dad];

/// The circuit that a whole header names, its CR LF included; `None` for everything but such a line, however its addresses are written.
pub fn circuit(header: &[u8]) -> Option<u32> {
    let line = std::str::from_utf8(header).ok().filter(|line| line.len() <= LONGEST)?.strip_suffix("\r\n")?;
    let words: Vec<&str> = line.split(' ').collect();
    let ["PROXY", "TCP6", from, to, from_port, to_port] = words.as_slice() else { return None };
    let from: Ipv6Addr = from.parse().ok()?;
    to.parse::<Ipv6Addr>().ok()?;
    if !is_port(from_port) || !is_port(to_port) {
        return None;
    }
    match from.segments() {
        [a, b, c, d, 0, 0, high, low] if [a, b, c, d] == PREFIX => Some(u32::from(high) << 16 | u32::from(low)),
        _ => None,
    }
}

fn is_port(word: &str) -> bool {
    // A number of Rust may begin with a plus.
    word.bytes().all(|b| b.is_ascii_digit()) && word.parse::<u16>().is_ok()
}
