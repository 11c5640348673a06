//! Several sealed items in one answer: for each its id (16 bytes) ‖ length (4 bytes, big-endian) ‖ an ordinary age file.
use uuid::Uuid;

use crate::domain::id::ItemId;

/// Items asked for at once, at most. With [`LARGEST`] it bounds an answer.
pub const MOST: usize = 100;
/// Bytes of the largest item that travels so: every message is smaller, larger files are fetched alone.
pub const LARGEST: usize = 310 << 10;
const HEAD: usize = 16 + 4;

/// What stands before an item of so many bytes; `None` for one that does not travel so.
pub fn before_item(item: &ItemId, bytes: usize) -> Option<Vec<u8>> {
    let length = u32::try_from(bytes).ok().filter(|_| bytes <= LARGEST)?;
    Some([&item.as_bytes()[..], &length.to_be_bytes()].concat())
}

/// The items of an answer, in its order; `None` when it ends early or names more than there can be.
pub fn parted(mut bytes: &[u8]) -> Option<Vec<(ItemId, &[u8])>> {
    let mut items = Vec::new();
    while !bytes.is_empty() {
        let (head, rest) = bytes.split_first_chunk::<HEAD>()?;
        let (id, length) = head.split_first_chunk::<16>()?;
        let length = usize::try_from(u32::from_be_bytes(*length.first_chunk()?)).ok()?;
        let (sealed, rest) = rest.split_at_checked(length)?;
        items.push((ItemId::from_uuid(Uuid::from_bytes(*id)), sealed));
        bytes = rest;
        if items.len() > MOST {
            return None;
        }
    }
    Some(items)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// What was put together comes apart again; cut anywhere but between two items, it does not.
        #[test]
        fn a_bundle_comes_apart_as_it_was_put_together(all in prop::collection::vec((any::<u128>(), prop::collection::vec(any::<u8>(), 0..40)), 0..5), cut in 1..20_usize) {
            let items: Vec<(ItemId, Vec<u8>)> = all.into_iter().map(|(id, b)| (ItemId::from_uuid(Uuid::from_u128(id)), b)).collect();
            let bytes: Vec<u8> = items.iter().flat_map(|(id, b)| [before_item(id, b.len()).unwrap_or_default(), b.clone()].concat()).collect();
            let read = parted(&bytes).unwrap_or_default();
            prop_assert_eq!(read.iter().map(|(id, b)| (*id, b.to_vec())).collect::<Vec<_>>(), items.clone());
            let last = items.last().map_or(0, |(_, b)| b.len() + HEAD);
            if cut < last {
                prop_assert!(parted(bytes.get(..bytes.len() - cut).unwrap_or_default()).is_none());
            }
        }
    }
}
