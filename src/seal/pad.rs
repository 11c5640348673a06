//! Sizes that say little: a few for messages, powers of two for files, Padmé above 64 MiB.

/// Bytes of a sealed message before encryption; the smallest that fits is taken.
const MESSAGES: [u64; 4] = [4 << 10, 16 << 10, 64 << 10, 256 << 10];
/// The smallest file.
const SMALLEST_FILE: u64 = 4 << 10;
/// Up to here files are padded to a power of two (at most twice the size), above by Padmé (at most 12 %).
const POWERS_UP_TO: u64 = 64 << 20;

/// The padded size of a message of so many bytes; `None` when it fits none.
pub fn message_size(bytes: u64) -> Option<u64> {
    MESSAGES.into_iter().find(|size| *size >= bytes)
}

/// The padded size of a file of so many bytes, never smaller.
pub fn file_size(bytes: u64) -> u64 {
    if bytes <= SMALLEST_FILE {
        SMALLEST_FILE
    } else if bytes <= POWERS_UP_TO {
        bytes.next_power_of_two()
    } else {
        padme(bytes)
    }
}

/// Padmé: keeps as many leading bits of a length as its exponent has bits (Nikitin et al., PETS 2019).
fn padme(bytes: u64) -> u64 {
    let exponent = bytes.ilog2();
    let kept = exponent.ilog2() + 1;
    let mask = (1_u64 << (exponent - kept)) - 1;
    // The longest there could be have nothing larger to grow to.
    bytes.checked_add(mask).map_or(u64::MAX, |larger| larger & !mask)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_file_never_shrinks_and_never_grows_more_than_promised(bytes in 0_u64..(1 << 45)) {
            let size = file_size(bytes);
            prop_assert!(size >= bytes);
            prop_assert!(bytes <= SMALLEST_FILE || size <= bytes * 2);
            prop_assert!(bytes <= POWERS_UP_TO || size - bytes <= bytes / 100 * 12);
            prop_assert_eq!(file_size(size), size);
        }
    }

    #[test]
    fn the_longest_file_there_could_be_has_a_size() {
        assert_eq!(file_size(u64::MAX), u64::MAX);
        assert_eq!(file_size(1 << 63), 1 << 63);
    }
}
