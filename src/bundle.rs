//! Several sealed items in one answer: for each its id (16 bytes) ‖ whether the reporter has a slot of it (1 byte: 1 or 0) ‖ length
//! (4 bytes, big-endian) ‖ an ordinary age file.
use uuid::Uuid;

use crate::domain::id::ItemId;

/// Items asked for at once, at most. With [`LARGEST`] it bounds an answer.
pub const MOST: usize = 100;
/// Bytes of the largest item that travels so: every message is smaller, larger files are fetched alone.
pub const LARGEST: usize = 310 << 10;
const HEAD: usize = 16 + 1 + 4;

/// An item of an answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Piece<'a> {
    /// Which.
    pub item: ItemId,
    /// Whether the reporter has a slot of it, as the server says.
    pub told: bool,
    /// An ordinary age file.
    pub sealed: &'a [u8],
}

/// What stands before an item of so many bytes; `None` for one that does not travel so.
pub fn before_item(item: &ItemId, told: bool, bytes: usize) -> Option<Vec<u8>> {
    let length = u32::try_from(bytes).ok().filter(|_| bytes <= LARGEST)?;
    Some([&item.as_bytes()[..], &[u8::from(told)], &length.to_be_bytes()].concat())
}

/// The items of an answer, in its order; `None` when it ends early, names more than there can be, or is not written as above.
pub fn parted(mut bytes: &[u8]) -> Option<Vec<Piece<'_>>> {
    let mut items = Vec::new();
    while !bytes.is_empty() {
        let (head, rest) = bytes.split_first_chunk::<HEAD>()?;
        let (id, head) = head.split_first_chunk::<16>()?;
        let (told, length) = head.split_first()?;
        let told = [false, true].into_iter().find(|t| u8::from(*t) == *told)?;
        let length = usize::try_from(u32::from_be_bytes(*length.first_chunk()?)).ok()?;
        let (sealed, rest) = rest.split_at_checked(length)?;
        items.push(Piece { item: ItemId::from_uuid(Uuid::from_bytes(*id)), told, sealed });
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
        /// What was put together comes apart again; cut anywhere but between two items, it does not, nor with another byte for yes and no.
        #[test]
        fn a_bundle_comes_apart_as_it_was_put_together(
            all in prop::collection::vec((any::<u128>(), any::<bool>(), prop::collection::vec(any::<u8>(), 0..40)), 0..5),
            cut in 1..20_usize,
            other in 2..=u8::MAX,
        ) {
            let pieces = all.iter().map(|(id, told, sealed)| Piece { item: ItemId::from_uuid(Uuid::from_u128(*id)), told: *told, sealed });
            let pieces: Vec<Piece<'_>> = pieces.collect();
            let head = |p: &Piece<'_>| before_item(&p.item, p.told, p.sealed.len()).unwrap_or_default();
            let mut bytes: Vec<u8> = pieces.iter().flat_map(|p| [&head(p), p.sealed].concat()).collect();
            prop_assert_eq!(parted(&bytes).unwrap_or_default(), pieces.clone());
            let last = pieces.last().map_or(0, |piece| piece.sealed.len() + HEAD);
            if cut < last {
                prop_assert!(parted(bytes.get(..bytes.len() - cut).unwrap_or_default()).is_none());
            }
            if let Some(told) = bytes.get_mut(16) {
                *told = other;
                prop_assert!(parted(&bytes).is_none());
            }
        }
    }
}
