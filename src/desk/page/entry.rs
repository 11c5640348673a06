//! The items of a case, as its page shows them.
use super::{
    lock::Unlocked,
    readers,
    told::{agreed_text, words},
};
use crate::{
    desk::{Content, Item, Opened, State, consents, takings, worked},
    domain::{
        classification::Classification,
        id::{CaseId, KeyedReader},
    },
    seal::{Author, Kind, StoryText, circle::LeftReason, consent::Along, protocol::StepDone},
    text::Texts,
};

/// One item, as it is shown.
pub(super) struct Entry {
    pub(super) from_reporter: bool,
    pub(super) kind: &'static str,
    pub(super) heading: String,
    pub(super) proven: bool,
    /// Question and answer; a text has no question.
    pub(super) texts: Vec<(String, String)>,
    pub(super) link: Option<String>,
    pub(super) file: String,
    pub(super) error: Option<String>,
}

/// Whether an item says what the case belongs with: that stands on top of the page.
pub(super) fn is_link(item: &Item) -> bool {
    matches!(&item.state, State::Opened(opened) if matches!(opened.content, Content::Link(_)))
}

/// A reader, as the roster shows them.
pub(super) fn named(open: &Unlocked, t: Texts, reader: &KeyedReader) -> String {
    let known = open.client.roster.reader(&reader.reader);
    known.map_or_else(|| reader.reader.to_string(), |r| t.pick(&r.shown_as).to_owned())
}

fn all_named(open: &Unlocked, t: Texts, readers: &[KeyedReader]) -> String {
    readers.iter().map(|r| named(open, t, r)).collect::<Vec<_>>().join("\n")
}

/// One item.
pub(super) fn entry(open: &Unlocked, t: Texts, case: &CaseId, item: &Item) -> Entry {
    let link = Some(format!("/{}/file/{case}/{}", t.lang(), item.id));
    let items = open.cases.get(case).map(Vec::as_slice).unwrap_or_default();
    let mut entry = Entry {
        from_reporter: false,
        kind: "item",
        heading: t.get("desk-item-closed"),
        proven: true,
        texts: Vec::new(),
        link: None,
        file: String::new(),
        error: None,
    };
    match &item.state {
        State::Failed(error) => entry.error = Some(error.clone()),
        State::Large(bytes) => {
            entry.heading = t.get("desk-item-large");
            (entry.link, entry.file) = (link, t.with("desk-open-large", &[("size", size(*bytes))]));
        }
        State::Opened(opened) => {
            entry.heading = heading(open, t, opened);
            entry.proven = opened.proven;
            entry.from_reporter = opened.manifest.head.author == Author::Reporter;
            match &opened.content {
                Content::Text(text) => {
                    entry.kind = if opened.manifest.head.kind == Kind::Note { "note" } else { "item" };
                    entry.texts.push((String::new(), text.to_string()));
                }
                Content::Story(story) => {
                    entry.texts.extend(story_texts(t, story));
                }
                Content::Request(asked) => {
                    let to = readers::person(open, t, case, &asked.to.reader);
                    let reason = String::from_utf8_lossy(asked.reason.reveal()).into_owned();
                    entry.texts.push((t.with("consent-title", &[("name", to)]), reason));
                }
                Content::Answer(answer) => {
                    let about = consents(items).into_iter().find(|consent| consent.request == answer.request);
                    let name = about.map(|consent| readers::person(open, t, case, &consent.to.reader));
                    let about = name.map(|name| t.with("consent-title", &[("name", name)])).unwrap_or_default();
                    entry.texts.push((about, t.get(if answer.yes { "yes" } else { "no" })));
                }
                // Said on top of the page, and only where the other case may be named.
                Content::Link(_) => {}
                Content::Classification(made) => entry.texts.push((String::new(), classified(t, made))),
                Content::Protocol(begun) => entry.texts.push((String::new(), t.pick(&begun.protocol.name).to_owned())),
                Content::Step(done) => entry.texts.push((String::new(), step(t, items, done))),
                Content::HandOver(done) => {
                    entry.texts.push((String::new(), readers::person(open, t, case, &done.to.reader)))
                }
                Content::ToReport(said) => {
                    entry.texts.push((t.get("desk-to-report-case"), said.report.to_string()));
                    entry.texts.push((t.get("desk-to-report-what"), along(t, said.along)));
                    entry.texts.push((t.get("desk-to-report-to"), all_named(open, t, &said.to)));
                }
                Content::Account(told) => entry.texts.push((String::new(), words(&told.text))),
                Content::Agreed(agreed) => entry.texts.push((agreed_text(t, agreed), words(&agreed.text))),
                Content::PassOn(done) => entry.texts.push((String::new(), all_named(open, t, &done.to))),
                Content::Left(left) => {
                    let id = match left.reason {
                        LeftReason::Conflict => "desk-left-conflict",
                        LeftReason::Leaving => "desk-left",
                        LeftReason::Unread => "desk-left-unread",
                    };
                    entry.texts.push((String::new(), t.get(id)));
                }
                Content::TakeOut(asked) => {
                    let reason = String::from_utf8_lossy(asked.reason.reveal()).into_owned();
                    entry.texts.push((readers::person(open, t, case, &asked.who.reader), reason));
                }
                Content::Duty(asked) => {
                    let reason = String::from_utf8_lossy(asked.reason.reveal()).into_owned();
                    entry.texts.push((readers::person(open, t, case, &asked.to.reader), t.get(asked.ground.text_id())));
                    entry.texts.push((String::new(), reason));
                }
                Content::TakenOut(taken) => {
                    let asked = takings(&open.client, items).into_iter().find(|t| t.asked == taken.take_out);
                    let name = asked.map(|asked| readers::person(open, t, case, &asked.who.reader));
                    entry.texts.push((String::new(), name.unwrap_or_default()));
                }
                Content::DutyApproved(_) => {}
                Content::File { name, .. } => {
                    entry.file = format!("{name} ({})", size(opened.manifest.length));
                    entry.link = link;
                }
            }
        }
    }
    entry
}

/// The answers of a story, each with its question; what was left out is left out.
pub(super) fn story_texts(t: Texts, story: &StoryText) -> Vec<(String, String)> {
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
    let words = |list: &str, codes: &std::collections::BTreeSet<String>| {
        codes.iter().map(|code| word(list, code)).collect::<Vec<_>>().join(", ")
    };
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

fn heading(open: &Unlocked, t: Texts, opened: &Opened) -> String {
    let head = &opened.manifest.head;
    let from = match &head.author {
        Author::Reporter => t.get("desk-from-reporter"),
        Author::Reader(id) => {
            let known = open.client.roster.reader(id).map(|r| &r.shown_as);
            let card = readers::card(open, &opened.manifest.head.case, id);
            let known = known.or_else(|| card.as_ref().map(|card| &card.guest.shown_as));
            let known = known.or_else(|| open.client.roster.overseer(id).map(|(_, o)| &o.shown_as));
            known.map_or_else(|| id.to_string(), |shown| t.pick(shown).to_owned())
        }
    };
    format!("{}, {}, {from}", t.get(kind_text(head.kind)), t.day(head.day))
}

/// What a step asks, as the protocol has it that the case keeps.
fn step(t: Texts, items: &[Item], done: &StepDone) -> String {
    let begun = worked(items).find(|(begun, _)| *begun == done.begun);
    let step = begun.and_then(|(_, worked)| worked.protocol.steps.iter().find(|s| s.id == done.step));
    step.map_or_else(|| done.step.clone(), |step| t.pick(&step.text).to_owned())
}

/// What goes along, in words.
fn along(t: Texts, along: Along) -> String {
    let all = [(along.story, "along-story"), (along.messages, "along-messages"), (along.files, "along-files")];
    all.into_iter().filter(|(goes, _)| *goes).map(|(_, id)| t.get(id)).collect::<Vec<_>>().join("\n")
}

/// The text that names a kind.
pub(super) fn kind_text(kind: Kind) -> &'static str {
    match kind {
        Kind::Report => "desk-kind-report",
        Kind::Advice => "desk-kind-advice",
        Kind::Message => "desk-kind-message",
        Kind::File => "desk-kind-file",
        Kind::Acknowledgement => "kind-acknowledgement",
        Kind::Question => "kind-question",
        Kind::Reply => "kind-reply",
        Kind::Feedback => "kind-feedback",
        Kind::Note => "desk-kind-note",
        Kind::Closing => "kind-closing",
        Kind::ConsentRequest => "kind-consent",
        Kind::ConsentAnswer => "desk-kind-consent-answer",
        Kind::HandOver => "kind-hand-over",
        Kind::Reminder => "desk-kind-reminder",
        Kind::HoldTold => "desk-kind-hold",
        Kind::TransferAsked => "desk-kind-transfer",
        Kind::Escalation => "desk-kind-escalation",
        Kind::Classification => "desk-kind-classification",
        Kind::Protocol => "desk-kind-protocol",
        Kind::Step => "desk-kind-step",
        Kind::ToReport => "desk-kind-to-report",
        Kind::PassOn => "desk-kind-pass-on",
        Kind::Identity => "desk-kind-identity",
        Kind::Talk => "desk-kind-talk",
        Kind::Account => "desk-kind-account",
        Kind::Agreed => "desk-kind-agreed",
        Kind::Left => "desk-kind-left",
        Kind::TakeOut => "desk-kind-take-out",
        Kind::TakenOut => "desk-kind-taken-out",
        Kind::DutyRequest => "desk-kind-duty",
        Kind::DutyApproval => "desk-kind-duty-approval",
        Kind::Link => "desk-link-title",
    }
}

/// Bytes in words.
pub(super) fn size(bytes: u64) -> String {
    match bytes {
        b if b >= 10 << 20 => format!("{} MiB", b >> 20),
        b if b >= 10 << 10 => format!("{} KiB", b >> 10),
        b => format!("{b} bytes"),
    }
}
