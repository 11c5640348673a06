//! The items of a case in words.
use std::collections::BTreeSet;

use super::{
    CaseWords, guest_name,
    told::{agreed_text, words},
};
use crate::{
    desk::{Content, Item, Opened, State, circle::proven, consents, register::worked},
    domain::{
        classification::{Classification, Stage},
        id::{ItemId, KeyedReader},
    },
    seal::{
        Author, Kind, StoryText,
        circle::{DutyRequest, LeftReason, TakeOut},
        consent::{Along, Named},
        protocol::StepDone,
    },
    text::Texts,
};

/// One item, as it is shown.
pub(in crate::desk) struct Entry {
    pub(in crate::desk) item: ItemId,
    pub(in crate::desk) from_reporter: bool,
    pub(in crate::desk) kind: &'static str,
    pub(in crate::desk) heading: String,
    pub(in crate::desk) proven: bool,
    /// The text that says that it was written to the reporter, and they get nothing of it.
    pub(in crate::desk) withheld: Option<&'static str>,
    /// Question and answer; a text has no question.
    pub(in crate::desk) texts: Vec<(String, String)>,
    /// A file's name and length, or what opens a large one; empty for all else.
    pub(in crate::desk) file: String,
    /// What is not known of it yet.
    pub(in crate::desk) unknown: Option<String>,
    pub(in crate::desk) error: Option<String>,
}

/// Whether an item says what the case belongs with: that stands on top of the page.
pub(in crate::desk) fn is_link(item: &Item) -> bool {
    matches!(&item.state, State::Opened(opened) if matches!(opened.content, Content::Link(_)))
}

impl CaseWords<'_> {
    /// One item.
    pub(in crate::desk) fn entry(&self, item: &Item) -> Entry {
        let t = self.t;
        let mut entry = Entry {
            item: item.id,
            from_reporter: false,
            kind: "item",
            heading: t.get("desk-item-closed"),
            proven: true,
            withheld: None,
            texts: Vec::new(),
            file: String::new(),
            unknown: None,
            error: None,
        };
        match &item.state {
            State::Failed(error) => entry.error = Some(error.clone()),
            State::Away => {
                entry.heading = t.get("desk-item-away");
                entry.error = Some(t.get("desk-look-again"));
            }
            State::Large(bytes) => {
                entry.heading = t.get("desk-item-large");
                entry.file = t.with("desk-open-large", &[("size", bound(*bytes))]);
                entry.unknown = Some(t.get("desk-large-unknown"));
            }
            State::Opened(opened) => {
                let head = &opened.manifest.head;
                entry.heading = self.heading(opened);
                entry.proven = opened.proven;
                entry.withheld = opened.why_withheld();
                entry.from_reporter = head.author == Author::Reporter;
                if head.kind == Kind::Note {
                    entry.kind = "note";
                }
                if let Content::File { name, .. } = &opened.content {
                    entry.file = format!("{name} ({})", size(opened.manifest.length));
                }
                entry.texts = self.texts(&opened.content);
            }
        }
        entry
    }

    /// What stands in an item: each text with its question.
    fn texts(&self, content: &Content) -> Vec<(String, String)> {
        let t = self.t;
        let alone = |text: String| vec![(String::new(), text)];
        match content {
            Content::Text(text) => alone(text.to_string()),
            Content::Story(story) => story_texts(t, story),
            Content::Request(asked) => {
                let title = t.with("consent-title", &[("name", self.person(&asked.to.reader))]);
                vec![(title, words(&asked.reason)), (t.get("desk-hand-over-items"), named_items(t, &asked.items))]
            }
            Content::Answer(answer) => {
                let about = consents(self.items).into_iter().find(|consent| consent.request == answer.request);
                let name = about.map(|consent| self.person(&consent.to.reader));
                let about = name.map(|name| t.with("consent-title", &[("name", name)])).unwrap_or_default();
                vec![(about, t.get(if answer.yes { "yes" } else { "no" }))]
            }
            Content::Classification(made) => alone(classified(t, made)),
            Content::Protocol(begun) => alone(t.pick(&begun.protocol.name).to_owned()),
            Content::Step(said) => {
                let note = (t.get("protocol-note-title"), words(&said.note));
                let note = Some(note).filter(|_| !said.note.is_blank());
                alone(self.step(said)).into_iter().chain(note).collect()
            }
            Content::HandOver(done) => alone(self.person(&done.to.reader)),
            Content::ToReport(said) => vec![
                (t.get("desk-to-report-case"), said.report.to_string()),
                (t.get("desk-to-report-what"), along(t, said.along)),
                (t.get("desk-to-report-to"), self.all_named(&said.to)),
            ],
            Content::Account(told) => alone(words(&told.text)),
            Content::Agreed(agreed) => vec![(agreed_text(t, agreed), words(&agreed.text))],
            Content::PassOn(done) => alone(self.all_named(&done.to)),
            Content::Left(left) => alone(t.get(match left.reason {
                LeftReason::Conflict => "desk-left-conflict",
                LeftReason::Leaving => "desk-left",
                LeftReason::Unread => "desk-left-unread",
            })),
            Content::TakeOut(asked) => vec![(self.person(&asked.who.reader), why_out(t, asked))],
            Content::Duty(asked) => {
                let who = (self.person(&asked.to.reader), t.get(asked.ground.text_id()));
                [vec![who], why_duty(t, asked)].concat()
            }
            Content::TakenOut(taken) => {
                let asked =
                    proven(self.items).find(|(item, _)| *item == taken.take_out).map(|(_, opened)| &opened.content);
                let Some(Content::TakeOut(asked)) = asked else { return Vec::new() };
                alone(self.person(&asked.who.reader))
            }
            // What a case belongs with is said on top of it, and only where the other case may be named.
            Content::Link(_) | Content::DutyApproved(_) | Content::File { .. } => Vec::new(),
        }
    }

    fn all_named(&self, readers: &[KeyedReader]) -> String {
        readers.iter().map(|r| self.named(&r.reader)).collect::<Vec<_>>().join("\n")
    }

    fn heading(&self, opened: &Opened) -> String {
        let (head, t) = (&opened.manifest.head, self.t);
        let from = match &head.author {
            Author::Reporter => t.get("desk-from-reporter"),
            Author::Reader(id) => {
                let overseer = self.client.roster.overseer(id).map(|(_, o)| t.pick(&o.shown_as).to_owned());
                let reader = self.client.roster.known(id).map(|r| t.pick(&r.shown_as).to_owned());
                let guest = || self.card(id).map(|card| guest_name(t, &card));
                reader.or_else(guest).or(overseer).unwrap_or_else(|| id.to_string())
            }
        };
        let kind = match &opened.content {
            Content::Classification(made) if made.stage == Stage::Closing => "desk-kind-outcome",
            Content::Step(said) if said.undone => "desk-kind-step-undone",
            _ => head.kind.text_id(),
        };
        format!("{}, {}, {from}", t.get(kind), t.day(head.day))
    }

    /// What a step asks, as the protocol has it that the case keeps.
    fn step(&self, done: &StepDone) -> String {
        let nobody = BTreeSet::new();
        let begun = worked(self.items, &nobody).find(|(begun, _)| *begun == done.begun);
        let step = begun.and_then(|(_, worked)| worked.protocol.steps.iter().find(|s| s.id == done.step));
        step.map_or_else(|| done.step.clone(), |step| self.t.pick(&step.text).to_owned())
    }
}

/// The answers of a story, each with its question; what was left out is left out.
pub(in crate::desk) fn story_texts(t: Texts, story: &StoryText) -> Vec<(String, String)> {
    let all = [
        ("story", &story.story),
        ("who", &story.who),
        ("when", &story.when),
        ("place", &story.place),
        ("known", &story.known),
    ];
    let answered = all.into_iter().filter(|(_, text)| !text.is_empty());
    answered.map(|(name, text)| (t.get(&format!("desk-story-{name}")), text.clone())).collect()
}

/// A classification in words, one line a question.
fn classified(t: Texts, made: &Classification) -> String {
    let word = |list: &str, code: &str| t.get(&format!("{list}-{code}"));
    let words =
        |list: &str, codes: &BTreeSet<String>| codes.iter().map(|code| word(list, code)).collect::<Vec<_>>().join(", ");
    let line = |question: &str, answer: String| {
        if answer.is_empty() { String::new() } else { format!("{}: {answer}\n", t.get(question)) }
    };
    [
        line("class-of", word("type", &made.of)),
        line("class-flags", words("flag", &made.flags)),
        line("class-assessment", word("assessment", &made.assessment)),
        line(
            "class-investigation",
            made.investigation.as_deref().map(|c| word("investigation", c)).unwrap_or_default(),
        ),
        line("class-finding", made.finding.as_deref().map(|c| word("finding", c)).unwrap_or_default()),
        line("class-measures", words("measure", &made.measures)),
    ]
    .concat()
}

/// Why the law demands to let somebody read, and what: each with its question. A ground may need no reference.
pub(in crate::desk) fn why_duty(t: Texts, asked: &DutyRequest) -> Vec<(String, String)> {
    let mut facts = vec![
        (t.get("desk-duty-reference"), words(&asked.reference)),
        (t.get("desk-duty-reason"), words(&asked.reason)),
        (t.get("desk-hand-over-items"), named_items(t, &asked.items)),
    ];
    facts.retain(|(_, text)| !text.trim().is_empty());
    facts
}

fn named_items(t: Texts, items: &[Named]) -> String {
    let named = items.iter().map(|named| t.named(named));
    named.collect::<Vec<_>>().join("; ")
}

/// Why somebody should be taken out. Where it goes with the same in the report, that is why, and it has no other words.
pub(in crate::desk) fn why_out(t: Texts, asked: &TakeOut) -> String {
    if asked.reason.is_blank() { t.get("desk-take-out-along") } else { words(&asked.reason) }
}

/// What goes along, in words.
fn along(t: Texts, along: Along) -> String {
    let all = [(along.story, "along-story"), (along.messages, "along-messages"), (along.files, "along-files")];
    all.into_iter().filter(|(goes, _)| *goes).map(|(_, id)| t.get(id)).collect::<Vec<_>>().join("\n")
}

/// The most that a file holds of which so many bytes were sealed: they are padded, to a power of two for most.
fn bound(sealed: u64) -> String {
    // What sealing adds is far less than half of what this rounds to.
    let nearest = |unit: u64| (sealed + unit / 2) / unit;
    match sealed {
        s if s >= 1 << 20 => format!("{} MiB", nearest(1 << 20)),
        _ => format!("{} KiB", nearest(64 << 10) * 64),
    }
}

/// Bytes in words.
pub(in crate::desk) fn size(bytes: u64) -> String {
    match bytes {
        b if b >= 10 << 20 => format!("{} MiB", b >> 20),
        b if b >= 10 << 10 => format!("{} KiB", b >> 10),
        b => format!("{b} bytes"),
    }
}
