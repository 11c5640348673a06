//! A picture that is small on the disk and costs a decoder minutes: a grey progressive JPEG whose scans each visit every block.
//! What stands in it: ITU-T T.81, annexes B and G.

/// A segment: marker, length, bytes.
fn segment(marker: u8, bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len() + 2).unwrap().to_be_bytes();
    [&[0xff, marker][..], &length, bytes].concat()
}

/// A table of these symbols, in codes of two bits.
fn table(class: u8, symbols: &[u8]) -> Vec<u8> {
    let count = u8::try_from(symbols.len()).unwrap();
    segment(0xc4, &[&[class << 4, 0, count][..], &[0; 14], symbols].concat())
}

/// The head of a scan over these coefficients.
fn scan(first: u8, last: u8, approximation: u8) -> Vec<u8> {
    segment(0xda, &[1, 1, 0, first, last, approximation])
}

/// Bits as bytes, filled up with ones; a byte of ones is followed by a nought.
fn packed(mut bits: String) -> Vec<u8> {
    while !bits.len().is_multiple_of(8) {
        bits.push('1');
    }
    let bytes = bits.as_bytes().chunks(8).map(|eight| eight.iter().fold(0_u8, |byte, bit| byte << 1 | (bit & 1)));
    bytes.flat_map(|byte| if byte == 0xff { vec![0xff, 0] } else { vec![byte] }).collect()
}

/// A grey picture of this size that is gone over so many times.
pub(crate) fn bomb(width: u16, height: u16, scans: usize) -> Vec<u8> {
    let blocks = usize::from(width.div_ceil(8)) * usize::from(height.div_ceil(8));
    let size = [&[8][..], &height.to_be_bytes(), &width.to_be_bytes(), &[1, 1, 0x11, 0]].concat();
    let quantisation = [&[0][..], &[1; 64]].concat();
    let head = [vec![0xff, 0xd8], segment(0xdb, &quantisation), segment(0xc2, &size)].concat();
    // One symbol ends the band of 32,767 blocks, one is a single coefficient.
    let tables = [table(0, &[0]), table(1, &[0xe0, 1])].concat();
    let base = [scan(0, 0, 0), vec![0; (2 * blocks).div_ceil(8)]].concat();
    let last = [scan(63, 63, 0), packed("011".repeat(blocks))].concat();
    let runs = packed(format!("00{}", "1".repeat(14)).repeat(blocks.div_ceil(32_767)));
    let again = [scan(1, 62, 0x10), runs].concat().repeat(scans);
    [head, tables, base, last, again, vec![0xff, 0xd9]].concat()
}
