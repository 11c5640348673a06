//! Codes on the command line, each with what it means: `--help` shows both.
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use crate::{
    domain::{ground::Ground, oral::How, roster::Topic},
    seal::code::Language,
    text::Texts,
};

/// Said of a code that is offered and yet is none; the list itself keeps others out.
const UNKNOWN: &str = "this code is not known";

/// The codes of a list; the text of each is `<list>-<code>`.
pub(super) fn codes(list: &str, codes: impl IntoIterator<Item = &'static str>) -> PossibleValuesParser {
    worded(codes.into_iter().map(|code| (code, format!("{list}-{code}"))))
}

/// How something was told.
pub(super) fn hows() -> impl TypedValueParser<Value = How> {
    codes("oral-how", How::ALL.map(How::name)).try_map(|code| How::parse(&code).ok_or(UNKNOWN))
}

/// What a report can be about.
pub(super) fn topics() -> impl TypedValueParser<Value = Topic> {
    codes("topic", Topic::ALL.map(Topic::name)).try_map(|code| Topic::parse(&code).ok_or(UNKNOWN))
}

/// Legal duties.
pub(super) fn grounds() -> impl TypedValueParser<Value = Ground> {
    let named = |ground: Ground| (ground.name(), ground.text_id().to_owned());
    worded(Ground::ALL.map(named)).try_map(|code| Ground::parse(&code).ok_or(UNKNOWN))
}

/// Languages of the code and of what the reporter reads.
pub(super) fn languages() -> impl TypedValueParser<Value = Language> {
    let both = [PossibleValue::new("nl").help("Dutch"), PossibleValue::new("en").help("English")];
    PossibleValuesParser::new(both).try_map(|code| Language::parse(&code).ok_or(UNKNOWN))
}

fn worded(codes: impl IntoIterator<Item = (&'static str, String)>) -> PossibleValuesParser {
    let t = Texts::of(Language::En);
    PossibleValuesParser::new(codes.into_iter().map(|(code, id)| PossibleValue::new(code).help(t.get(&id))))
}
