//! Codes on the command line, each with what it means: `--help` shows both.
use clap::builder::{PossibleValue, PossibleValuesParser};

use crate::{domain::ground::Ground, domain::oral::How, domain::roster::Topic, seal::code::Language, text::Texts};

/// The codes of a list; the text of each is `<list>-<code>`.
pub(super) fn codes(list: &str, codes: impl IntoIterator<Item = &'static str>) -> PossibleValuesParser {
    worded(codes.into_iter().map(|code| (code, format!("{list}-{code}"))))
}

/// How something was told.
pub(super) fn hows() -> PossibleValuesParser {
    codes("oral-how", How::ALL.map(How::name))
}

/// What a report can be about.
pub(super) fn topics() -> PossibleValuesParser {
    worded(Topic::ALL.map(|topic| (topic.text_id().trim_start_matches("topic-"), topic.text_id().to_owned())))
}

/// Legal duties.
pub(super) fn grounds() -> PossibleValuesParser {
    worded(Ground::ALL.map(|ground| (ground.name(), ground.text_id().to_owned())))
}

/// Languages of the code and of what the reporter reads.
pub(super) fn languages() -> PossibleValuesParser {
    PossibleValuesParser::new([PossibleValue::new("nl").help("Dutch"), PossibleValue::new("en").help("English")])
}

fn worded(codes: impl IntoIterator<Item = (&'static str, String)>) -> PossibleValuesParser {
    let t = Texts::of(Language::En);
    PossibleValuesParser::new(codes.into_iter().map(|(code, id)| PossibleValue::new(code).help(t.get(&id))))
}
