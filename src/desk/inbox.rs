//! The inbox: which cases are asked for, what is due first, and what is known of each.
use std::{collections::BTreeSet, str::FromStr};

use clap::ValueEnum;
use serde::Serialize;
use serde_json::Value;

use super::{
    Client, DeskError,
    along::look,
    commands::Options,
    news::{News, Waits},
    owed::{Asks, Owed},
    safe_text,
    summary::Summaries,
};
use crate::{
    api_types::CaseView,
    domain::{case::CaseState, id::CaseId},
    seal::code::Language,
    text::Texts,
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
    /// Somebody did something since this reader opened it last, or something waits for this reader.
    New,
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
    /// Whether this reader opened it, from this desk; if not, nothing of it is known here.
    opened: bool,
    /// The beginning of its story, or whose name it holds, where it was opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    /// What is owed by the day that is due: `acknowledge`, `feedback`; `acknowledge_if_report` and `feedback_unless_given`
    /// where this reader does not know; or `fed_back`, by no day.
    owed: Option<&'static str>,
    /// Whether receipt was confirmed, where it was opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    acknowledged: Option<bool>,
    /// Whether it is a request for advice, where it was opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<bool>,
    /// Whether a reader entered it for somebody.
    oral: bool,
    /// What the reporter or a coordinator did since this reader opened it last, from this desk.
    new: BTreeSet<News>,
    /// What another reader or the reporter began and this one can end.
    waits: BTreeSet<Waits>,
}

fn owed(case: &CaseView, known: &Summaries) -> Owed {
    Owed::of(case, known.of(&case.case).map(|summary| summary.asks))
}

/// Where a case stands, in words, as far as this reader knows it.
pub(super) fn state(t: Texts, case: &CaseView, asks: Option<Asks>) -> String {
    let acknowledged = asks.is_some_and(|asks| asks.done.acknowledged);
    t.get(match case.state {
        CaseState::Unopened if case.left => "desk-state-left",
        CaseState::Open if acknowledged => "desk-state-acknowledged",
        state => state.text_id(),
    })
}

/// Keeps what is asked for, the most urgent first; of what is due on the same day, and of what has no day, first where somebody did
/// something new or something waits for this reader.
pub(super) fn chosen(cases: &mut Vec<CaseView>, known: &Summaries, client: &Client, asked: &Asked) {
    let today = client.today();
    let quiet =
        |case: &CaseView| known.news(client, &case.case).is_empty() && known.waits(&case.case, today).is_empty();
    let owed = |case: &CaseView| owed(case, known).has_term();
    cases.retain(|case| {
        let stands = match asked.state {
            Standing::All => true,
            Standing::Open => !case.state.is_closed(),
            Standing::Closed => case.state.is_closed(),
            Standing::Late => owed(case) && case.due < today,
            Standing::New => !quiet(case),
        };
        stands && (asked.search.trim().is_empty() || known.matches(&case.case, &asked.search))
    });
    cases.sort_by_cached_key(|case| {
        let due = owed(case).then_some(case.due);
        (due.is_none(), due, quiet(case), case.due, case.case)
    });
}

/// What waits for this reader in a case, and what is new in it, in a line each.
pub(super) fn in_words(t: Texts, client: &Client, known: &Summaries, case: &CaseId) -> Vec<String> {
    let line = |id, words: Vec<String>| (!words.is_empty()).then(|| t.with(id, &[("what", words.join(", "))]));
    let waits = known.waits(case, client.today()).iter().map(|waits| t.get(waits.text_id())).collect();
    let news = known.news(client, case).iter().map(|news| t.get(news.text_id())).collect();
    [line("desk-waits", waits), line("desk-news", news)].into_iter().flatten().collect()
}

/// Who reads a case is not a part of the inbox: an empty list would say that nobody does.
fn without_readers(mut case: Value) -> Value {
    if let Some(fields) = case.as_object_mut() {
        fields.retain(|name, list| {
            !(matches!(name.as_str(), "readers" | "away") && list.as_array().is_some_and(Vec::is_empty))
        });
    }
    case
}

/// The inbox, to be printed. What this reader opened before is opened again where its beginning is not kept; of other cases nothing is read.
pub(super) async fn inbox(options: &Options, client: &Client, asked: &Asked) -> Result<String, DeskError> {
    let mut cases = client.inbox().await?;
    let mut known = Summaries::load(options.identity()?, &client.me);
    known.gather(client, &cases, None).await?;
    look(client, &cases, None).await;
    known.save(&client.me, &cases)?;
    chosen(&mut cases, &known, client, asked);
    let t = Texts::of(Language::En);
    let title = |case: &CaseView| known.title(t, &case.case);
    let asks = |case: &CaseView| known.of(&case.case).map(|summary| summary.asks);
    let oral = |case: &CaseView| known.of(&case.case).is_some_and(|summary| summary.oral);
    let opened = |case: &CaseView| client.has_opened(&case.case);
    if options.json {
        let one = |case| Known {
            case,
            opened: opened(case),
            title: title(case),
            owed: owed(case, &known).name(),
            acknowledged: asks(case).map(|asks| asks.done.acknowledged),
            advice: known.of(&case.case).map(|summary| summary.advice),
            oral: oral(case),
            new: known.news(client, &case.case),
            waits: known.waits(&case.case, client.today()),
        };
        let all: Result<Vec<Value>, _> =
            cases.iter().map(|case| serde_json::to_value(one(case)).map(without_readers)).collect();
        let all = all.map_err(|e| DeskError::new(e.to_string()))?;
        return Ok(Value::from(all).to_string());
    }
    let line = |c: &CaseView| {
        let items = c.items.len();
        let advice = known.of(&c.case).is_some_and(|summary| summary.advice);
        let told = [(advice, "  advice"), (oral(c), "  oral")].map(|(is, word)| if is { word } else { "" }).concat();
        let due = owed(c, &known).told(client, t, c.due.to_string(), c.due < client.today());
        let title = title(c).map(|title| format!("\n  {}", safe_text(&title)));
        let unread = || match (opened(c), c.left) {
            (true, _) => String::new(),
            (false, true) => format!("\n  {}", t.get("desk-left-case")),
            (false, false) => "\n  not opened by you yet".to_owned(),
        };
        let title = title.unwrap_or_else(unread);
        let news = in_words(t, client, &known, &c.case);
        let news = news.iter().map(|news| ["\n  ", news].concat()).collect::<String>();
        let state = state(t, c, asks(c));
        format!("{}  {}  {state}  filed {}  {due}  {items} item(s){told}{title}{news}", c.case, c.org, c.filed)
    };
    let away = client.away_until().await?;
    let away = away.map(|day| t.with("desk-away-is", &[("day", day.to_string())]));
    let lines: Vec<String> = away.into_iter().chain(cases.iter().map(line)).collect();
    Ok(if lines.is_empty() { "No cases.".to_owned() } else { lines.join("\n") })
}
