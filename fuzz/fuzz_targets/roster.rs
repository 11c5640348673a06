//! Roster files: what is believed was signed as it stands, counts today, follows what was seen, and routes nothing to whoever was struck.
#![no_main]
use std::{collections::BTreeMap, sync::LazyLock};

use libfuzzer_sys::fuzz_target;
use meldkluis::{
    domain::{
        day::Day,
        id::ReaderId,
        roster::{OrgFile, RootFile, Roster, Topic},
        roster_check::findings,
        roster_words::{Parsed, changes, show},
        routing::{INDEPENDENT, Wish, independent, readers},
    },
    roster_files::{Seen, Signed, signed_by},
};
use meldkluis_fuzz::{
    Input,
    roster::{ANCHOR, BELIEVED, ORG, ROOT, files, filled, signed, today},
};

/// A good signature, over something else.
static ELSEWHERE: LazyLock<String> = LazyLock::new(|| signed("something else").signatures);
static GOOD: LazyLock<Signed> = LazyLock::new(|| signed("organisation = \"bzk\"\n"));
static PARSED: LazyLock<Parsed> = LazyLock::new(|| parsed(&filled(ROOT), &filled(ORG)).expect("it is in order"));

fuzz_target!(|data: &[u8]| {
    let mut input = Input::new(data);
    match input.byte() % 6 {
        0 => read(&mut input, |text| (text, ORG.to_owned())),
        1 => read(&mut input, |text| (ROOT.to_owned(), text)),
        2 => read(&mut input, |_| (ROOT.to_owned(), ORG.to_owned())),
        3 => forged(input.text_rest()),
        4 => forged(String::from_utf8_lossy(&input.altered(ELSEWHERE.as_bytes())).into_owned()),
        _ => altered(&mut input),
    }
});

/// Files of any text, signed as they stand.
fn read(input: &mut Input<'_>, texts: impl Fn(String) -> (String, String)) {
    let day = i32::try_from(input.short()).expect("16 bits");
    // Every other time on a day of its own.
    let day = if day % 2 == 0 { today() } else { Day::from_number(day).expect("a day") };
    let strike = usize::from(input.byte());
    let (root, org) = texts(input.text_rest());
    let (root, org) = (filled(&root), filled(&org));
    let parsed = parsed(&root, &org);
    if let Some(parsed) = &parsed {
        let lines = show(parsed);
        assert!(lines.len() >= parsed.root.organisations.len());
        assert!(changes(parsed, parsed).is_empty(), "nothing changed");
        drop(changes(&PARSED, parsed));
        drop(findings(&parsed.root, &parsed.files));
    }
    let files = files(&root, &org);
    let Ok((roster, seen)) = files.verify(&ANCHOR, day, |_| None) else { return };
    let root: RootFile = toml::from_str(&root).expect("it was believed");
    assert!(root.head.valid_from <= day && day <= root.head.expires && roster.expires <= root.head.expires);
    assert!(root.head.expires.number() - root.head.valid_from.number() <= 180);
    // Seen again it stands; an older or another file with its serial does not.
    let with = |alter: fn(&mut Seen)| {
        let mut seen: BTreeMap<String, Seen> = seen.iter().map(|s| (s.file.clone(), s.clone())).collect();
        seen.values_mut().for_each(alter);
        files.verify(&ANCHOR, day, |name| seen.get(name).cloned()).is_ok()
    };
    match strike % 3 {
        0 => assert!(with(|_| ())),
        1 => assert!(!with(|seen| seen.serial += 1), "an older one"),
        _ => assert!(!with(|seen| seen.sha256 = String::from("00")), "a forked one"),
    }
    routed(&roster, strike);
}

fn parsed(root: &str, org: &str) -> Option<Parsed> {
    let root: RootFile = toml::from_str(root).ok()?;
    let file: OrgFile = toml::from_str(org).ok()?;
    let (root_again, file_again) = (toml::to_string(&root), toml::to_string(&file));
    assert_eq!(root_again.ok().and_then(|text| toml::from_str(&text).ok()).as_ref(), Some(&root));
    assert_eq!(file_again.ok().and_then(|text| toml::from_str(&text).ok()).as_ref(), Some(&file));
    Some(Parsed { root, files: [(file.organisation.clone(), file)].into() })
}

/// Promise 3: whoever is struck reads nothing.
fn routed(roster: &Roster, strike: usize) {
    let everyone: Vec<ReaderId> = roster.readers().map(|reader| reader.id.clone()).collect();
    let struck: std::collections::BTreeSet<ReaderId> =
        everyone.iter().enumerate().filter(|(n, _)| strike >> (n % 8) & 1 == 1).map(|(_, id)| id.clone()).collect();
    for organisation in &roster.organisations {
        for topic in Topic::ALL {
            let manager = everyone.last().cloned();
            let wish = Wish::Report { topic, struck: struck.clone(), manager };
            let Ok(found) = readers(roster, &organisation.entry.id, &wish) else { continue };
            let all: Vec<_> = found.all().map(|reader| &reader.id).collect();
            assert!(all.iter().all(|id| !struck.contains(id)), "somebody who was struck reads");
            assert!(all.iter().enumerate().all(|(n, id)| !all[..n].contains(id)), "somebody reads twice");
            assert!(found.now().iter().filter(|reader| independent(reader)).count() >= INDEPENDENT);
        }
    }
}

/// Signatures by anybody over a text that its signer did not sign.
fn forged(signatures: String) {
    let text = GOOD.text.clone();
    assert!(signed_by("forged", &Signed { text, signatures }, &ANCHOR).is_err());
}

/// A text that was altered after it was signed, or signatures that were.
fn altered(input: &mut Input<'_>) {
    assert!(BELIEVED.organisations.len() == 3);
    let Signed { text, signatures } = GOOD.clone();
    let other = String::from_utf8_lossy(&input.altered(text.as_bytes())).into_owned();
    let same = other == text;
    let believed = signed_by("altered", &Signed { text: other, signatures: signatures.clone() }, &ANCHOR);
    assert_eq!(believed.is_ok(), same);
    let signatures = String::from_utf8_lossy(&input.altered(signatures.as_bytes())).into_owned();
    if let Ok(people) = signed_by("altered", &Signed { text, signatures }, &ANCHOR) {
        assert!(people.len() == 1 && people.contains("anna"));
    }
}
