//! What the summaries keep, beside another program of the same reader too.
#![expect(clippy::unwrap_used, reason = "a test")]
use uuid::Uuid;

use super::*;
use crate::{
    desk::Opened,
    domain::{
        case::{CaseState, Done},
        day::Day,
        id::{InstanceId, OrgId, ReaderId},
        order::Before,
    },
    seal::{Author, ItemHead, Kind, Manifest, Origin, StoryText},
};

fn case(n: u128) -> CaseView {
    view(CaseId::from_uuid(Uuid::from_u128(n)))
}

/// A case as the inbox has it, with one item.
pub(in crate::desk) fn view(case: CaseId) -> CaseView {
    let day = Day::parse("2026-11-24").unwrap();
    CaseView {
        case,
        org: OrgId::parse("bzk").unwrap(),
        state: CaseState::Open,
        filed: day,
        due: day,
        destroy_after: None,
        items: vec![ItemId::from_uuid(Uuid::from_bytes(*case.as_bytes()))],
        readers: Vec::new(),
        away: Vec::new(),
        held: Vec::new(),
        passed: false,
        aside: None,
        left: false,
        parts: Vec::new(),
        fetched: false,
        told: None,
        today: None,
    }
}

fn summary(line: &str, items: &[ItemId]) -> Summary {
    let done = Done { acknowledged: true, fed_back: false };
    Summary {
        line: line.to_owned(),
        advice: false,
        asks: Asks { without_term: false, report: true, done, withdrawn: false },
        oral: false,
        items: items.to_vec(),
        said: Vec::new(),
        waits: Vec::new(),
        links: Vec::new(),
        from: None,
        identity: false,
        text: String::new(),
    }
}

/// The only item of a case, opened.
fn opened(there: &CaseView, kind: Kind, content: Content) -> Item {
    let item = *there.items.first().unwrap();
    let head = ItemHead {
        instance: InstanceId::from_uuid(Uuid::from_u128(2)),
        case: there.case,
        item,
        kind,
        author: Author::Reporter,
        seq: 0,
        seen: [0; 32],
        before: Before::default(),
        day: there.filed,
        name: None,
        to: Vec::new(),
        reporter: None,
        proof: None,
        origin: Origin::default(),
        unread: Vec::new(),
    };
    let manifest = Manifest { head, length: 0, sha256: [0; 32] };
    let opened =
        Opened { manifest, by: [0; 32], proven: true, guest: false, told: None, unread: false, moved: true, content };
    Item { id: item, state: State::Opened(Box::new(opened)) }
}

#[test]
fn each_answer_of_the_form_is_searched_and_the_beginning_of_the_number() {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("me.key");
    let me = Identity::create(&key, ReaderId::parse("lezer").unwrap(), None).unwrap();
    let there = case(0x1234_abcd_5678 << 80);
    let body = serde_json::json!({ "v": 1, "topic": "money", "story": "Er is geld weg. ".repeat(400), "who": "Facilitair beheer",
        "when": "In maart", "place": "Den Haag", "known": "De portier" });
    let story = StoryText::from_body(&serde_json::to_vec(&body).unwrap()).unwrap();
    let mut summaries = Summaries::load(&key, &me);
    summaries.remember(&there, &[opened(&there, Kind::Report, Content::Story(story))], Vec::new);
    let number = there.case.to_string();
    for words in ["facilitair", "MAART haag", "portier geld", &number, number.get(..8).unwrap()] {
        assert!(summaries.matches(&there.case, words), "{words}");
    }
    assert!(!summaries.matches(&there.case, "portier brand"));
    assert!(!summaries.matches(&there.case, number.get(..7).unwrap()), "a short one may be any case's");
}

/// Who the reporter is, and what was passed on without the story, have nothing to show: they are not opened for that each time.
#[test]
fn a_case_without_a_story_is_opened_once() {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("me.key");
    let me = Identity::create(&key, ReaderId::parse("lezer").unwrap(), None).unwrap();
    let there = case(1);
    let item = *there.items.first().unwrap();
    let opened = opened(&there, Kind::Identity, Content::Text(zeroize::Zeroizing::new("Dit ben ik".to_owned())));

    let mut summaries = Summaries::load(&key, &me);
    let failed = Item { id: item, state: State::Failed("damaged".to_owned()) };
    summaries.remember(&there, &[failed], Vec::new);
    assert!(!summaries.knows(&there), "what did not open may open the next time");
    summaries.remember(&there, &[opened], Vec::new);
    assert!(summaries.knows(&there));
    summaries.save(&me, std::slice::from_ref(&there)).unwrap();
    assert!(Summaries::load(&key, &me).knows(&there));
}

#[test]
fn ten_thousand_summaries_come_back_and_are_not_written_again_when_nothing_changed() {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("me.key");
    let me = Identity::create(&key, ReaderId::parse("lezer").unwrap(), None).unwrap();
    let there: Vec<CaseView> = (0..10_000).map(case).collect();
    let mut made = Summaries::load(&key, &me);
    for case in &there {
        let text = format!("kas {} leeg ", case.case).repeat(8);
        let summary = Summary { text, ..summary("Kas", &case.items) };
        made.known.insert(case.case, summary);
        made.learned.insert(case.case);
    }
    made.save(&me, &there).unwrap();
    let file = key.with_extension("summaries");
    assert!(!std::fs::read(&file).unwrap().windows(4).any(|w| w == b"kas "), "sealed");
    let mut again = Summaries::load(&key, &me);
    assert!(there.iter().all(|case| again.knows(case)));
    std::fs::remove_file(&file).unwrap();
    again.save(&me, &there).unwrap();
    assert!(!file.exists(), "nothing had changed");
    again.save(&me, there.get(1..).unwrap()).unwrap();
    assert!(!Summaries::load(&key, &me).knows(there.first().unwrap()), "a case that is gone is forgotten");
}

fn learn(summaries: &mut Summaries, case: &CaseView, line: &str, items: &[ItemId]) {
    summaries.known.insert(case.case, summary(line, items));
    summaries.learned.insert(case.case);
}

#[test]
fn two_programs_keep_what_the_other_learned() {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("me.key");
    let me = Identity::create(&key, ReaderId::parse("lezer").unwrap(), None).unwrap();
    let [first, second, third] = [1, 2, 3].map(case);
    let there = [first.clone(), second.clone()];
    let [old, new] = [7, 8].map(|n| ItemId::from_uuid(Uuid::from_u128(n)));
    let [mut page, mut command] = [(); 2].map(|()| Summaries::load(&key, &me));
    learn(&mut page, &first, "page", &[old, new]);
    page.save(&me, &there).unwrap();
    learn(&mut command, &first, "command", &[old]);
    learn(&mut command, &second, "command", &[old]);
    command.save(&me, &there).unwrap();
    assert_eq!(command.of(&first.case).unwrap().line, "page", "it was made of more");
    // The page does not know of the third: it was told what is there before.
    learn(&mut command, &third, "command", &[old]);
    command.save(&me, &[first.clone(), second.clone(), third.clone()]).unwrap();
    learn(&mut page, &second, "page", &[old]);
    page.save(&me, &there).unwrap();
    let lines = |summaries: &Summaries| [&first, &second, &third].map(|c| summaries.of(&c.case).unwrap().line.clone());
    assert_eq!(lines(&page), ["page", "page", "command"]);
    assert_eq!(lines(&Summaries::load(&key, &me)), ["page", "page", "command"]);
    page.save(&me, &there).unwrap();
    assert!(Summaries::load(&key, &me).of(&third.case).is_none(), "what is gone goes");
}

/// An earlier version kept what a case asks under other names: a case is then opened afresh, and nothing is misread.
#[test]
fn summaries_of_an_earlier_form_are_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("me.key");
    let me = Identity::create(&key, ReaderId::parse("lezer").unwrap(), None).unwrap();
    let there = case(1);
    let file = key.with_extension("summaries");
    let old = serde_json::json!({ "version": 3, "cases": { there.case.to_string(): { "line": "Kas", "advice": false,
        "without_term": false, "report": true, "acknowledged": true, "fed_back": false, "withdrawn": false,
        "items": there.items, "said": [], "text": "kas" } } });
    kept::save(&file, &me, &old).unwrap();
    let mut summaries = Summaries::load(&key, &me);
    assert!(!summaries.knows(&there));
    learn(&mut summaries, &there, "Kas", &there.items);
    summaries.save(&me, std::slice::from_ref(&there)).unwrap();
    let again = Summaries::load(&key, &me);
    assert_eq!(again.of(&there.case), summaries.of(&there.case), "what it asks comes back too");
    assert!(again.of(&there.case).unwrap().asks.done.acknowledged);
}
