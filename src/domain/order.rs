//! The order of what stands in a case. The finest time is a day, and each author counts for themselves: what somebody had before them when
//! they wrote says what came first.
use std::collections::BTreeSet;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use super::{day::Day, id::ItemId};

/// Items that are named; no case has more.
const MOST: usize = 512;
/// Bytes of an id by which it is known again among those of one case. Ids are random.
const SHORT: usize = 4;

/// The items that stood in a case when something was written, each by the first bytes of its id, so that four hundred take little room.
///
/// In JSON one text: eight hex digits an item.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Before(Vec<[u8; SHORT]>);

impl Before {
    /// These items.
    pub fn of(items: &[ItemId]) -> Self {
        let mut short: Vec<_> = items.iter().map(short).collect();
        short.sort_unstable();
        short.truncate(MOST);
        Self(short)
    }

    /// Whether an item is one of them.
    pub fn has(&self, item: &ItemId) -> bool {
        self.0.binary_search(&short(item)).is_ok()
    }

    /// Whether none is named.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn short(item: &ItemId) -> [u8; SHORT] {
    let [a, b, c, d, ..] = *item.as_bytes();
    [a, b, c, d]
}

impl Serialize for Before {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&hex::encode(self.0.concat()))
    }
}

impl<'de> Deserialize<'de> for Before {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let bytes = hex::decode(String::deserialize(d)?).map_err(D::Error::custom)?;
        let (short, rest) = bytes.as_chunks::<SHORT>();
        if !rest.is_empty() || short.len() > MOST {
            return Err(D::Error::custom("this names no items of a case"));
        }
        let mut short = short.to_vec();
        short.sort_unstable();
        Ok(Self(short))
    }
}

/// What an item says of its place.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// Which.
    pub item: ItemId,
    /// Stands before others between which nothing else decides.
    pub first: bool,
    /// Its day.
    pub day: Day,
    /// Its number among those of its author.
    pub seq: u32,
    /// Its author, where that is proven: nobody else's word puts it anywhere.
    pub author: Option<&'a str>,
    /// What its author had before them.
    pub before: &'a Before,
}

impl Place<'_> {
    /// Whether this one has to stand after another.
    fn follows(&self, other: &Self) -> bool {
        self.author.is_some() && (self.before.has(&other.item) || (self.author == other.author && other.seq < self.seq))
    }

    /// Decides where nothing says what came first.
    fn tie(&self) -> (bool, Day, u32, Option<&str>, ItemId) {
        (!self.first, self.day, self.seq, self.author, self.item)
    }
}

/// The items in order.
pub fn sorted<T>(items: Vec<T>, place: impl Fn(&T) -> Place<'_>) -> Vec<T> {
    let order = order(&items.iter().map(place).collect::<Vec<_>>());
    let mut items: Vec<Option<T>> = items.into_iter().map(Some).collect();
    order.into_iter().filter_map(|n| items.get_mut(n)?.take()).collect()
}

/// In which order the items stand, as indices: what an item's author had before them always stands before it. Whoever says that two came before
/// each other is not heard on it.
fn order(places: &[Place<'_>]) -> Vec<usize> {
    let mut by_tie: Vec<usize> = (0..places.len()).collect();
    by_tie.sort_by_key(|i| places.get(*i).map(Place::tie));
    let sorted: Vec<&Place<'_>> = by_tie.iter().filter_map(|i| places.get(*i)).collect();
    // From here on a place is its rank among ties, so that the lowest is the one that goes first.
    let after = |a: &Place<'_>| -> Vec<usize> {
        sorted.iter().enumerate().filter(|(_, b)| b.follows(a) && !a.follows(b)).map(|(n, _)| n).collect()
    };
    let followers: Vec<Vec<usize>> = sorted.iter().map(|a| after(a)).collect();
    let mut waits = vec![0_usize; sorted.len()];
    for n in followers.iter().flatten() {
        if let Some(count) = waits.get_mut(*n) {
            *count += 1;
        }
    }
    let mut left: BTreeSet<usize> = (0..sorted.len()).collect();
    let mut ready: BTreeSet<usize> = left.iter().copied().filter(|n| waits.get(*n) == Some(&0)).collect();
    let mut ordered = Vec::with_capacity(sorted.len());
    // Where all that is left waits for each other, somebody lied: the tie decides.
    while let Some(next) = ready.pop_first().or_else(|| left.first().copied()) {
        left.remove(&next);
        ordered.extend(by_tie.get(next));
        for n in followers.get(next).into_iter().flatten() {
            let Some(count) = waits.get_mut(*n) else { continue };
            *count = count.saturating_sub(1);
            if *count == 0 && left.contains(n) {
                ready.insert(*n);
            }
        }
    }
    ordered
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "a test")]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    /// One item of a history: who wrote it, what they saw of what was there, and its day.
    struct Written {
        item: ItemId,
        author: String,
        seq: u32,
        saw: Vec<ItemId>,
        before: Before,
        day: Day,
    }

    fn day() -> Day {
        Day::from_number(9_000).unwrap_or_else(|| unreachable!("a day"))
    }

    fn id(n: usize) -> ItemId {
        ItemId::from_uuid(Uuid::from_u128((n as u128 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)))
    }

    /// Some write, each of what they were let see; now and then a day passes.
    fn history(steps: &[(u8, u64, bool)]) -> Vec<Written> {
        let mut all: Vec<Written> = Vec::new();
        let mut days = 0;
        for (n, (author, sees, next_day)) in steps.iter().enumerate() {
            days += i32::from(*next_day);
            let author = format!("a{}", author % 4);
            let mine = |w: &&Written| w.author == author || sees >> (w.item.as_bytes()[5] % 64) & 1 == 1;
            let saw: Vec<ItemId> = all.iter().filter(mine).map(|w| w.item).collect();
            let seq = u32::try_from(all.iter().filter(|w| w.author == author).count()).unwrap_or_default();
            let (before, day) = (Before::of(&saw), day().plus_days(days));
            all.push(Written { item: id(n), author, seq, saw, before, day });
        }
        all
    }

    fn place(w: &Written) -> Place<'_> {
        Place { item: w.item, first: false, day: w.day, seq: w.seq, author: Some(&w.author), before: &w.before }
    }

    proptest! {
        #[test]
        fn what_an_author_had_seen_stands_before_what_they_wrote_whatever_a_reader_has_of_it(
            steps in prop::collection::vec((any::<u8>(), any::<u64>(), any::<bool>()), 0..30),
            has in any::<u64>(), turn in any::<u64>(),
        ) {
            let all = history(&steps);
            let mut mine: Vec<&Written> = all.iter().filter(|w| has >> (w.item.as_bytes()[6] % 64) & 1 == 1).collect();
            let ordered = |mine: &[&Written]| -> Vec<ItemId> {
                let places: Vec<Place<'_>> = mine.iter().map(|w| place(w)).collect();
                order(&places).into_iter().map(|i| places[i].item).collect()
            };
            let once = ordered(&mine);
            prop_assert_eq!(once.len(), mine.len());
            let at = |item: &ItemId| once.iter().position(|i| i == item);
            for w in &mine {
                for seen in w.saw.iter().filter(|seen| at(seen).is_some()) {
                    prop_assert!(at(seen) < at(&w.item), "{} had seen {seen}", w.author);
                }
            }
            let days: Vec<Day> = once.iter().filter_map(|i| mine.iter().find(|w| w.item == *i)).map(|w| w.day).collect();
            prop_assert!(days.is_sorted(), "no item of an earlier day stands after one of a later");
            // In whichever order a server names them.
            mine.sort_by_key(|w| w.item.as_bytes().map(|b| b ^ turn.to_le_bytes()[0]));
            prop_assert_eq!(ordered(&mine), once);
        }

        #[test]
        fn whatever_is_said_every_item_stands_once(lies in prop::collection::vec((any::<u8>(), any::<u64>()), 0..20)) {
            let before: Vec<Before> = lies.iter().map(|(_, lie)| {
                Before::of(&(0..lies.len()).filter(|n| lie >> n & 1 == 1).map(id).collect::<Vec<_>>())
            }).collect();
            let author: Vec<String> = lies.iter().map(|(a, _)| (a % 3).to_string()).collect();
            let places: Vec<Place<'_>> = lies.iter().enumerate().map(|(n, (seq, _))| Place {
                item: id(n), first: false, day: day(), seq: u32::from(*seq),
                author: Some(&author[n]), before: &before[n],
            }).collect();
            let mut once = order(&places);
            once.sort_unstable();
            prop_assert_eq!(once, (0..places.len()).collect::<Vec<_>>());
        }

        #[test]
        fn what_was_seen_is_read_back(n in 0_usize..400) {
            let items: Vec<ItemId> = (0..n).map(id).collect();
            let before = Before::of(&items);
            let text = serde_json::to_string(&before).unwrap_or_default();
            prop_assert_eq!(text.len(), 2 + 8 * n);
            prop_assert_eq!(serde_json::from_str::<Before>(&text).ok(), Some(before.clone()));
            prop_assert!(items.iter().all(|item| before.has(item)) && !before.has(&id(n + 1)));
        }
    }
}
