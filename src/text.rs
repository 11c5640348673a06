//! Texts of the pages, from Fluent files. Both languages have the same ids; a test compares them.
use std::{error::Error, fmt, sync::OnceLock};

use fluent_bundle::{FluentArgs, FluentResource, concurrent::FluentBundle};

use crate::{
    domain::{
        day::Day,
        ends::Ends,
        roster::RosterError,
        said::{Part, Said},
    },
    seal::{
        code::{Language, print_words},
        consent::Named,
    },
    show::safe_text,
};

/// The files of a language: the reporter's pages and what all pages share, then the desk's.
const NL_FILES: [&str; 2] = [include_str!("../web/i18n/nl/main.ftl"), include_str!("../web/i18n/nl/desk.ftl")];
const EN_FILES: [&str; 2] = [include_str!("../web/i18n/en/main.ftl"), include_str!("../web/i18n/en/desk.ftl")];

/// Characters of a file's name in a line.
const NAME: usize = 60;

type Bundle = FluentBundle<FluentResource>;

/// The texts of one language.
#[derive(Clone, Copy)]
pub(crate) struct Texts {
    /// Which.
    pub(crate) language: Language,
    bundle: &'static Bundle,
}

impl Texts {
    /// An item of a request, as a reporter and its readers know it again. A file's name is its sender's: its beginning is shown.
    pub(crate) fn named(self, named: &Named) -> String {
        let day = self.day(named.day);
        match &named.name {
            Some(name) => {
                let mut name: String = safe_text(name).replace(['\n', '\t'], " ").chars().take(NAME + 1).collect();
                if name.chars().count() > NAME {
                    name = name.chars().take(NAME).chain(['…']).collect();
                }
                self.with("named-file", &[("name", name), ("day", day)])
            }
            None => format!("{}, {day}", self.get(named.kind.text_id())),
        }
    }

    pub(crate) fn of(language: Language) -> Self {
        static NL: OnceLock<Bundle> = OnceLock::new();
        static EN: OnceLock<Bundle> = OnceLock::new();
        let bundle = match language {
            Language::Nl => NL.get_or_init(|| load("nl", NL_FILES)),
            Language::En => EN.get_or_init(|| load("en", EN_FILES)),
        };
        Self { language, bundle }
    }

    /// The text with this id; the id itself if it is missing, which a test makes impossible.
    pub(crate) fn get(&self, id: &str) -> String {
        self.with(id, &[])
    }

    /// The text with this id and these values.
    pub(crate) fn with(&self, id: &str, values: &[(&str, String)]) -> String {
        let mut args = FluentArgs::new();
        for (name, value) in values {
            // A number picks its plural form. What would be written otherwise, as 007, is none.
            match value.parse::<u32>().ok().filter(|number| number.to_string() == *value) {
                Some(number) => args.set((*name).to_owned(), number),
                None => args.set((*name).to_owned(), value.clone()),
            }
        }
        let pattern = self.bundle.get_message(id).and_then(|m| m.value());
        let format = |p| self.bundle.format_pattern(p, Some(&args), &mut Vec::new()).into_owned();
        pattern.map_or_else(|| id.to_owned(), format)
    }

    /// A line in words.
    pub(crate) fn say(&self, said: &Said) -> String {
        let all = |lines: &[Said], between: &str| lines.iter().map(|s| self.say(s)).collect::<Vec<_>>().join(between);
        let value = |part: &Part| match part {
            Part::Plain(text) => text.clone(),
            Part::Named { nl, en } => if self.language == Language::Nl { nl } else { en }.clone(),
            Part::Keys(keyed) => print_words(keyed).join(" "),
            Part::Said(said) => self.say(said),
            Part::Row(lines) => all(lines, ", "),
            Part::All(lines) => all(lines, "; "),
        };
        let values: Vec<(&str, String)> = said.values.iter().map(|(name, part)| (*name, value(part))).collect();
        self.with(said.id, &values)
    }

    /// A day in words: 24 november 2026.
    pub(crate) fn day(&self, day: Day) -> String {
        let date = day.date();
        format!("{} {} {}", date.day(), self.get(&format!("month-{}", date.month())), date.year())
    }

    /// When a case is destroyed.
    pub(crate) fn ends(&self, ends: Ends) -> String {
        match ends {
            Ends::AfterClosing(days) => self.with("ends-after-closing", &[("days", days.to_string())]),
            Ends::On(day) => self.with("ends-on", &[("day", self.day(day))]),
            Ends::Kept(day) => self.with("ends-kept", &[("day", self.day(day))]),
        }
    }

    /// `nl` or `en`.
    pub(crate) fn lang(&self) -> &'static str {
        self.language.as_str()
    }

    /// One of two texts of the roster.
    pub(crate) fn pick<'a>(&self, text: &'a crate::domain::roster::Text) -> &'a str {
        match self.language {
            Language::Nl => &text.nl,
            Language::En => &text.en,
        }
    }
}

/// In English: for a command line and a log. A page says it in the language of who reads it.
impl fmt::Display for RosterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file, Texts::of(Language::En).say(&self.problem))
    }
}

impl Error for RosterError {}

fn load(language: &str, files: [&str; 2]) -> Bundle {
    let mut bundle = Bundle::new_concurrent(language.parse().into_iter().collect());
    bundle.set_use_isolating(false);
    for source in files {
        // A mistake in a file loses only that message, and the test that compares ids finds it.
        let resource = FluentResource::try_new(source.to_owned()).unwrap_or_else(|(resource, _)| resource);
        bundle.add_resource_overriding(resource);
    }
    bundle
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use crate::seal::code::Language;

    fn ids(source: &str) -> BTreeSet<(String, BTreeSet<String>)> {
        let message = |line: &str| {
            let (id, text) = line.split_once(" = ")?;
            let values = text.split("{ $").skip(1).filter_map(|t| Some(t.split_once(' ')?.0.to_owned()));
            Some((id.to_owned(), values.collect()))
        };
        source.lines().filter_map(message).collect()
    }

    /// Somebody on the telephone hears what they would have read, and readers know a question again.
    #[test]
    fn a_question_of_the_form_is_the_same_on_the_desk() {
        for (language, optional) in [(Language::Nl, " (niet verplicht)"), (Language::En, " (optional)")] {
            let t = super::Texts::of(language);
            for name in ["who", "when", "place", "known"] {
                let asked = t.get(&format!("ask-{name}"));
                assert_eq!(asked.strip_suffix(optional), Some(t.get(&format!("desk-story-{name}")).as_str()));
            }
        }
    }

    #[test]
    fn both_languages_have_the_same_texts_with_the_same_values() {
        let nl = ids(&super::NL_FILES.join("\n"));
        let en = ids(&super::EN_FILES.join("\n"));
        assert_eq!(nl.symmetric_difference(&en).collect::<Vec<_>>(), Vec::<&(String, BTreeSet<String>)>::new());
        assert!(nl.len() > 100);
    }

    #[test]
    fn a_number_picks_its_plural_form_and_stays_as_it_was_written() {
        let say = |language, count: &str| {
            super::Texts::of(language).with("watch-changed-case", &[("case", "00123".into()), ("count", count.into())])
        };
        assert_eq!(say(Language::En, "1"), "00123: who reads it was changed once");
        assert_eq!(say(Language::En, "12345"), "00123: who reads it was changed 12345 times");
        assert_eq!(say(Language::Nl, "1"), "00123: één keer veranderde wie de zaak leest");
        let all = [super::NL_FILES, super::EN_FILES].concat().join("\n");
        for form in ["(s)", "(en)", "(pen)"] {
            assert!(!all.contains(form), "{form}");
        }
    }

    /// Whether a finding of a roster's check has a text is known only when it is found.
    #[test]
    fn every_finding_of_a_check_has_its_text() {
        let sources = [
            include_str!("domain/roster_check.rs"),
            include_str!("domain/protocol.rs"),
            include_str!("roster_files.rs"),
            include_str!("desk/roster.rs"),
        ]
        .concat();
        let named: BTreeSet<&str> = sources.split('"').filter(|text| text.starts_with("fault-")).collect();
        let texts = ids(&super::NL_FILES.join("\n"));
        let known: BTreeSet<&str> =
            texts.iter().map(|(id, _)| id.as_str()).filter(|id| id.starts_with("fault-")).collect();
        assert_eq!(named.symmetric_difference(&known).collect::<Vec<_>>(), Vec::<&&str>::new());
        assert!(known.len() > 60);
    }

    #[test]
    fn an_error_on_the_forms_is_a_whole_sentence() {
        let lines = [super::NL_FILES, super::EN_FILES].into_iter().flatten().flat_map(str::lines);
        let wrong = |line: &&str| {
            line.split_once(" = ").is_some_and(|(id, text)| {
                id.starts_with("error-") && id != "error-prefix" && !text.ends_with(['.', '?'])
            })
        };
        assert_eq!(lines.filter(wrong).collect::<Vec<_>>(), Vec::<&str>::new());
    }

    #[test]
    fn what_stands_alone_on_a_page_begins_with_a_capital() {
        // Parts of a sentence or a list, values for templates, and errors, which a page makes a sentence of.
        let parts = [
            "audit-",
            "fault-",
            "deed-",
            "function-",
            "month-",
            "news-",
            "roster-",
            "other-",
            "waits-",
            "words-",
            "desk-error-",
            "desk-from-reporter",
            "plain",
        ];
        let part = |id: &str| ["and-more", "room-here"].contains(&id) || parts.iter().any(|part| id.starts_with(part));
        let lines = [super::NL_FILES, super::EN_FILES].into_iter().flatten().flat_map(str::lines);
        let wrong = |line: &&str| {
            line.split_once(" = ").is_some_and(|(id, text)| text.starts_with(char::is_lowercase) && !part(id))
        };
        assert_eq!(lines.filter(wrong).collect::<Vec<_>>(), Vec::<&str>::new());
    }
}
