//! What finished calls left on the stack and in registers. The allocator overwrites what is freed; nothing does so for these.
use std::hint::black_box;

use sha2::{Digest, Sha256};

/// Bytes below the guard that are overwritten, a quarter of a worker's stack. Filing reached deeper than 64 KiB in a build without
/// optimisation, and not 128.
const DEPTH: usize = 512 << 10;

/// Bytes of the longest copy: two for each of the widest registers.
const COPY: usize = 1024;

/// Overwrites them when a request is over, also when its sender went away: the bits of a code were there, and keys made of it.
pub(super) struct WipedAfter;

impl Drop for WipedAfter {
    fn drop(&mut self) {
        wipe();
    }
}

#[inline(never)]
#[expect(clippy::large_stack_arrays, reason = "the stack is what it is for")]
fn wipe() {
    black_box(&mut [0_u8; DEPTH]);
    registers();
}

/// A thread that waits keeps what its vector registers held last, and a key is as long as one of them. Copies of every length and a hash, of
/// nothing, take the registers that copies and the cipher took before.
#[inline(never)]
fn registers() {
    let (from, mut to) = (black_box([0_u8; COPY]), [0_u8; COPY]);
    for length in [16, 32, 64, 128, 256, COPY] {
        if let (Some(to), Some(from)) = (to.get_mut(..black_box(length)), from.get(..black_box(length))) {
            to.copy_from_slice(from);
        }
        black_box(&mut to);
    }
    black_box(Sha256::digest(from));
}
