//! The words of a code: what is believed is a code, the same in both languages, and at most one of its words was mistyped.
#![no_main]
use libfuzzer_sys::fuzz_target;
use meldkluis::{
    domain::id::InstanceId,
    seal::{
        Plaintext,
        code::{Code, Language, WORDS},
    },
};
use meldkluis_fuzz::{Input, instance};
use uuid::Uuid;

const BOTH: [Language; 2] = [Language::Nl, Language::En];

fuzz_target!(|data: &[u8]| {
    let mut input = Input::new(data);
    if input.byte() % 2 == 0 { typed(&input.text_rest()) } else { drawn(&mut input) }
});

/// Whatever somebody types.
fn typed(text: &str) {
    let Ok(code) = Code::parse(text, &instance()) else { return };
    let lower = text.to_lowercase();
    let typed: Vec<&str> = lower.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()).collect();
    assert_eq!(typed.len(), WORDS);
    let lists = BOTH.map(|language| code.words(&instance(), language));
    let repaired = typed.iter().enumerate().filter(|(at, word)| lists.iter().all(|list| list[*at] != **word));
    assert!(repaired.count() <= 1, "one word at most is repaired");
    assert_eq!(code.first_wrong(&Plaintext::from(text.to_owned()), &instance()), None);
    for words in lists {
        assert!(Code::parse(&words.join(" "), &instance()).is_ok_and(|again| again.same(&code)));
    }
}

/// A code that was drawn, typed with other words, in another language, in another way.
fn drawn(input: &mut Input<'_>) {
    let code = Code::from_bits(input.array());
    let (language, at, how) = (BOTH[usize::from(input.byte() % 2)], usize::from(input.byte()) % WORDS, input.byte());
    let read = |words: &[&str], between: &str| Code::parse(&words.join(between), &instance());
    let mut words = code.words(&instance(), language);
    let between = [" ", "\n", ", ", " 7. ", "\u{a0}-"][usize::from(how) % 5];
    assert!(read(&words, between).is_ok_and(|again| again.same(&code)));
    let upper = words.map(str::to_uppercase);
    assert!(read(&upper.each_ref().map(String::as_str), " ").is_ok_and(|again| again.same(&code)));
    // Another word of the list is never taken for this one.
    let other = Code::from_bits(input.array()).words(&instance(), BOTH[usize::from(how) / 128]);
    // Both lists have the same places.
    let place = |word: &str| BOTH.iter().find_map(|l| list(*l).position(|w| w == word));
    let differs = place(words[at]) != place(other[0]);
    words[at] = other[0];
    if differs {
        assert!(read(&words, " ").map_or(true, |again| !again.same(&code)), "{} for another word", other[0]);
    }
    // Rooms and deployments share nothing.
    let elsewhere = InstanceId::from_uuid(Uuid::from_bytes(input.array()));
    let mut found: Vec<[u8; 32]> = (0..5).map(|room| code.keys(&instance(), room).lookup).collect();
    if elsewhere != instance() {
        found.push(code.keys(&elsewhere, 0).lookup);
    }
    found.sort_unstable();
    assert!(found.windows(2).all(|pair| pair[0] != pair[1]));
}

fn list(language: Language) -> impl Iterator<Item = &'static str> {
    match language {
        Language::Nl => include_str!("../../web/words/nl.txt"),
        Language::En => include_str!("../../web/words/en.txt"),
    }
    .split_ascii_whitespace()
}
