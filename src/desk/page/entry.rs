//! The items of a case, as its page shows them.
use super::lock::Unlocked;
use crate::{
    desk::{Content, Item, Opened, State},
    domain::id::{CaseId, KeyedReader},
    seal::{Author, Kind, StoryText},
    text::Texts,
};

/// One item, as it is shown.
pub(super) struct Entry {
    pub(super) kind: &'static str,
    pub(super) heading: String,
    pub(super) proven: bool,
    /// Question and answer; a text has no question.
    pub(super) texts: Vec<(String, String)>,
    pub(super) link: Option<String>,
    pub(super) file: String,
    pub(super) error: Option<String>,
}

/// Whether a case is a request for advice.
pub(super) fn advice(items: &[Item]) -> bool {
    items.iter().any(|item| matches!(&item.state, State::Opened(o) if o.manifest.head.kind == Kind::Advice))
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

/// One item.
pub(super) fn entry(open: &Unlocked, t: Texts, case: &CaseId, item: &Item) -> Entry {
    let link = Some(format!("/{}/file/{case}/{}", t.lang(), item.id));
    let mut entry = Entry {
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
            match &opened.content {
                Content::Text(text) => {
                    entry.kind = if opened.manifest.head.kind == Kind::Note { "note" } else { "item" };
                    entry.texts.push((String::new(), text.to_string()));
                }
                Content::Story(story) => {
                    entry.texts.extend(story_texts(t, story));
                }
                Content::Request(asked) => {
                    let to = named(open, t, &asked.to);
                    let reason = String::from_utf8_lossy(asked.reason.reveal()).into_owned();
                    entry.texts.push((t.with("consent-title", &[("name", to)]), reason));
                }
                Content::Answer(answer) => {
                    entry.texts.push((String::new(), t.get(if answer.yes { "yes" } else { "no" })));
                }
                // Said on top of the page, and only where the other case may be named.
                Content::Link(_) => {}
                Content::HandOver(done) => entry.texts.push((String::new(), named(open, t, &done.to))),
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

fn heading(open: &Unlocked, t: Texts, opened: &Opened) -> String {
    let head = &opened.manifest.head;
    let from = match &head.author {
        Author::Reporter => t.get("desk-from-reporter"),
        Author::Reader(id) => {
            let known = open.client.roster.reader(id);
            known.map_or_else(|| id.to_string(), |r| t.pick(&r.shown_as).to_owned())
        }
    };
    format!("{}, {}, {from}", t.get(kind_text(head.kind)), t.day(head.day))
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
