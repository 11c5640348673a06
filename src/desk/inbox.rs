//! The inbox: which cases are asked for, what is due first, and what is known of each.
use std::str::FromStr;

use clap::ValueEnum;
use serde::Serialize;

use super::{Client, DeskError, commands::Options, safe_text, summary::Summaries};
use crate::{
    api_types::CaseView,
    domain::{case::duty, day::Day},
};

/// Which cases, by where they stand.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub(super) enum Standing {
    /// Every case.
    #[default]
    All,
    /// Not closed.
    Open,
    /// Closed.
    Closed,
    /// Something is due and its day is over.
    Late,
}

impl FromStr for Standing {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        <Self as ValueEnum>::from_str(text, false)
    }
}

/// What is asked for.
#[derive(clap::Args)]
pub struct Asked {
    /// Only cases that stand like this.
    #[arg(long, value_name = "CODE", value_enum, default_value_t)]
    pub(super) state: Standing,
    /// Only cases in which all of these words stand, as far as they were opened.
    #[arg(long, value_name = "WORDS", default_value = "", hide_default_value = true)]
    pub(super) search: String,
}

/// A case, as `--json` prints it.
#[derive(Serialize)]
struct Known<'a> {
    #[serde(flatten)]
    case: &'a CaseView,
    /// The beginning of its story, where it was opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    /// Whether a reader entered it for somebody.
    oral: bool,
}

/// Keeps what is asked for, the most urgent first. An advice has nothing due.
pub(super) fn chosen(cases: &mut Vec<CaseView>, known: &Summaries, asked: &Asked, today: Day) {
    let advice = |case: &CaseView| known.of(&case.case).is_some_and(|summary| summary.advice);
    let owed = |case: &CaseView| duty(case.state, case.filed, case.due).filter(|_| !advice(case)).is_some();
    cases.retain(|case| {
        let stands = match asked.state {
            Standing::All => true,
            Standing::Open => !case.state.is_closed(),
            Standing::Closed => case.state.is_closed(),
            Standing::Late => owed(case) && case.due < today,
        };
        stands && (asked.search.trim().is_empty() || known.matches(&case.case, &asked.search))
    });
    cases.sort_by_key(|case| (!owed(case), case.due, case.case));
}

/// The inbox, to be printed. What was opened before is opened again where its beginning is not kept; nothing is read that nobody read.
pub(super) async fn inbox(options: &Options, client: &Client, asked: &Asked) -> Result<String, DeskError> {
    let mut cases = client.inbox().await?;
    let mut known = Summaries::load(&options.identity, &client.me);
    known.gather(client, &cases, None).await?;
    known.save(&client.me, &cases)?;
    chosen(&mut cases, &known, asked, client.today());
    let title = |case: &CaseView| known.of(&case.case).map(|s| s.line.as_str()).filter(|line| !line.is_empty());
    let oral = |case: &CaseView| known.of(&case.case).is_some_and(|summary| summary.oral);
    if options.json {
        let all: Vec<Known<'_>> =
            cases.iter().map(|case| Known { case, title: title(case), oral: oral(case) }).collect();
        return serde_json::to_string(&all).map_err(|e| DeskError::new(e.to_string()));
    }
    let line = |c: &CaseView| {
        let items = c.items.len();
        let told = if oral(c) { "  oral" } else { "" };
        let title = title(c).map(|title| format!("\n  {}", safe_text(title))).unwrap_or_default();
        format!("{}  {}  {:?}  filed {}  due {}  {items} item(s){told}{title}", c.case, c.org, c.state, c.filed, c.due)
    };
    let lines: Vec<String> = cases.iter().map(line).collect();
    Ok(if lines.is_empty() { "No cases.".to_owned() } else { lines.join("\n") })
}
