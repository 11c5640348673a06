//! Promise 4 and the kindness of it: a code of words that nobody mistakes and nobody minds reading aloud.
#![expect(clippy::unwrap_used, reason = "a test")]
use std::collections::BTreeSet;

const LISTS: [&str; 2] = [include_str!("../web/words/nl.txt"), include_str!("../web/words/en.txt")];
/// Words a person took out: frightening, offensive, or about what reports are about.
const UNFIT: &str = include_str!("vectors/unfit_words.txt");

/// Whether one letter changed, added or left out turns one word into the other.
fn one_slip(a: &str, b: &str) -> bool {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    if long.len() - short.len() > 1 {
        return false;
    }
    let start = short.bytes().zip(long.bytes()).take_while(|(x, y)| x == y).count();
    let rest = |word: &str, from: usize| word.get(from..).unwrap_or_default().to_owned();
    if short.len() == long.len() {
        rest(short, start + 1) == rest(long, start + 1)
    } else {
        rest(short, start) == rest(long, start + 1)
    }
}

#[test]
fn each_list_has_2048_plain_words_told_apart_by_their_first_four_letters() {
    for list in LISTS {
        let words: Vec<&str> = list.lines().collect();
        assert_eq!(words.len(), 2048);
        assert!(words.is_sorted());
        assert!(words.iter().all(|w| w.len() >= 4 && w.len() <= 9 && w.bytes().all(|b| b.is_ascii_lowercase())));
        let four: BTreeSet<&str> = words.iter().map(|w| w.get(..4).unwrap()).collect();
        assert_eq!(four.len(), 2048);
    }
}

#[test]
fn no_slip_of_one_letter_makes_another_word() {
    assert!(one_slip("molen", "melen") && one_slip("molen", "moleen") && !one_slip("molen", "meren"));
    for list in LISTS {
        let words: Vec<&str> = list.lines().collect();
        for (n, a) in words.iter().enumerate() {
            let near = words.iter().skip(n + 1).find(|b| one_slip(a, b));
            assert_eq!(near, None, "{a}");
        }
    }
}

#[test]
fn the_two_lists_share_no_word_and_hold_no_unfit_one() {
    let [nl, en] = LISTS.map(|list| list.lines().collect::<BTreeSet<_>>());
    assert_eq!(nl.intersection(&en).next(), None);
    let unfit: BTreeSet<&str> = UNFIT.lines().collect();
    assert!(unfit.len() > 100);
    assert_eq!(unfit.intersection(&nl).chain(unfit.intersection(&en)).next(), None);
}
