//! What finished calls left on the stack. The allocator overwrites what is freed; nothing does so for the stack.
use std::hint::black_box;

/// Bytes below the guard that are overwritten, a quarter of a worker's stack. Filing reached deeper than 64 KiB in a build without
/// optimisation, and not 128.
const DEPTH: usize = 512 << 10;

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
