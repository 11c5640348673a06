//! What finished calls left on the stack. The allocator overwrites what is freed; nothing does so for the stack.
use std::hint::black_box;

/// Bytes below the guard that are overwritten. Deriving a code's keys and sealing to eight readers stay within a quarter of it.
const DEPTH: usize = 256 << 10;

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
}
