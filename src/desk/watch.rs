//! The commands of overseers.
mod audit;

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    path::{Path, PathBuf},
};

use clap::Subcommand;
use serde_json::json;

pub(super) use self::audit::{Audit, verify};
use self::audit::{export, listed};
use super::{
    Client, DeskError, Memo, Registered,
    commands::Options,
    csv::in_csv,
    ledger::{ByCase, ahead, apart, behind, closed_without, state, take_without_clock},
    numbers::case_id,
    owed::Owed,
    page::{CHANGED, changed},
    reader_changes, register,
    roster_news::with_news,
    safe_text,
    writing::{Writing, sent, text},
};
use crate::{
    api_types::oversight::{Group, OverviewCase},
    domain::{ends::ends, id::CaseId},
    replace::replace,
    seal::code::Language,
    text::Texts,
};

/// A command of an overseer.
#[derive(Subcommand)]
pub enum Watch {
    /// Coordinator: the clocks of all cases of your organisation.
    Overview,
    /// Coordinator or auditor: the register, one row for each report that somebody has opened, without content.
    Register {
        /// Comma-separated, for a spreadsheet, with a line of names first.
        #[arg(long)]
        csv: bool,
    },
    /// Coordinator or auditor: what readers and overseers did, by day.
    Log,
    /// Coordinator: keeps a closed case from destruction.
    Hold {
        /// The case, by its number in `overview`.
        case: String,
    },
    /// Coordinator: lets a held case be destroyed when its term is over.
    Release {
        /// The case, by its number in `overview`.
        case: String,
    },
    /// Coordinator: reminds the readers of a case.
    #[command(mut_arg("case", of_overview))]
    Remind(Writing),
    /// Coordinator: asks the readers of a case to hand it to others.
    #[command(mut_arg("case", of_overview))]
    AskTransfer(Writing),
    /// Coordinator: tells the readers of a case that it goes higher up.
    #[command(mut_arg("case", of_overview))]
    Escalate(Writing),
    /// Coordinator: tells the readers of a closed case that it is kept.
    #[command(mut_arg("case", of_overview))]
    TellHold(Writing),
    /// Coordinator: tells the readers of a case that it is kept no longer.
    #[command(mut_arg("case", of_overview))]
    TellRelease(Writing),
    /// Coordinator: looks at the organisation's next roster file, and signs it with --key.
    Roster {
        /// The roster file to come, org-….toml.
        file: PathBuf,
        /// A file with the signatures there are; the new one is added to them.
        #[arg(long, value_name = "FILE")]
        signatures: Option<PathBuf>,
        /// A file with your OpenSSH private key without a passphrase. A protected key is for the page, a hardware key for ssh-keygen.
        #[arg(long, value_name = "FILE")]
        key: Option<PathBuf>,
    },
    /// Coordinator or auditor: keeps the log in a file, or checks one that was kept.
    #[command(subcommand)]
    Audit(Audit),
}

/// A coordinator has no inbox.
fn of_overview(case: clap::Arg) -> clap::Arg {
    case.help("The case, by its number in `overview`")
}

/// Runs a command of a signed-in overseer.
pub(super) async fn watch(options: &Options, client: &Client, command: &Watch) -> Result<String, DeskError> {
    match command {
        Watch::Overview => Ok(with_news(options, client, overview(options, client).await?)),
        Watch::Register { csv } => rows(options, &client.register().await?, *csv),
        Watch::Log => Ok(listed(options, &client.fetch_log().await?.entries(&client.roster, &client.me.seal))),
        Watch::Hold { case } => hold(options, client, case, true).await,
        Watch::Release { case } => hold(options, client, case, false).await,
        Watch::Remind(w) => memo(options, client, w, Memo::Remind).await,
        Watch::AskTransfer(w) => memo(options, client, w, Memo::Transfer).await,
        Watch::Escalate(w) => memo(options, client, w, Memo::Escalate).await,
        Watch::TellHold(w) => memo(options, client, w, Memo::Hold).await,
        Watch::TellRelease(w) => memo(options, client, w, Memo::Release).await,
        Watch::Roster { file, signatures, key } => {
            roster(options, client, file, signatures.as_deref(), key.as_deref()).await
        }
        Watch::Audit(Audit::Export { file }) => export(options, client, file).await,
        Watch::Audit(Audit::Verify { file }) => verify(options, Some(&client.me), file),
    }
}

async fn roster(
    options: &Options,
    client: &Client,
    file: &Path,
    signatures: Option<&Path>,
    key: Option<&Path>,
) -> Result<String, DeskError> {
    let read = |path: &Path| {
        std::fs::read_to_string(path).map_err(|e| DeskError::new(format!("cannot read {}: {e}", path.display())))
    };
    let text = read(file)?;
    let before = signatures.map(read).transpose()?.unwrap_or_default();
    let review = client.review(&text, &before).await?;
    let t = Texts::of(Language::En);
    let changes: Vec<String> = review.changes.iter().map(|line| t.say(line)).collect();
    let stays = review.follows.as_ref().err().map(|why| t.say(why));
    let findings: Vec<String> = review.findings.iter().map(|finding| t.say(&finding.problem)).collect();
    let facts = [format!("SHA-256 {}", review.sha256), format!("counts until {}", review.expires)];
    let lines = stays.iter().chain(&findings).chain(&changes).chain(&facts);
    let mut said = lines.map(|line| safe_text(line)).collect::<Vec<_>>().join("\n");
    if !review.is_right() {
        return Err(DeskError::new(said));
    }
    if let Some(key) = key {
        let signed = review.sign(&text, &before, &zeroize::Zeroizing::new(read(key)?), "")?;
        let mut path = file.as_os_str().to_owned();
        path.push(".sig");
        replace(Path::new(&path), signed.as_bytes())?;
        let _ = write!(said, "\nSigned: {}", Path::new(&path).display());
    }
    let (sha256, expires) = (&review.sha256, review.expires);
    let all = json!({ "changes": changes, "sha256": sha256, "expires": expires });
    Ok(if options.json { all.to_string() } else { said })
}

async fn memo(options: &Options, client: &Client, w: &Writing, memo: Memo) -> Result<String, DeskError> {
    sent(options, &client.memo(&case_id(client, &w.case).await?, memo, text(w)?).await?, "")
}

async fn hold(options: &Options, client: &Client, case: &str, hold: bool) -> Result<String, DeskError> {
    client.hold(&case_id(client, case).await?, hold).await?;
    let words = if hold {
        "The case is kept: it is not destroyed until you release it."
    } else {
        "The case is destroyed when its term is over."
    };
    Ok(if options.json { json!({ "held": hold }).to_string() } else { words.to_owned() })
}

async fn overview(options: &Options, client: &Client) -> Result<String, DeskError> {
    let mut overview = client.overview().await?;
    let entries = client.fetch_log().await?.entries(&client.roster, &client.me.seal);
    let changes = reader_changes(&entries, client.today().plus_days(-CHANGED));
    let said = take_without_clock(&mut overview.cases, &entries);
    let (rows, log) = (register(&entries), ByCase::of(&entries));
    let row = |case: &OverviewCase| rows.get(&case.case).map(|known| &known.row);
    let owed = |case: &OverviewCase| Owed::watched(case, row(case));
    if options.json {
        let owed: Vec<_> =
            overview.cases.iter().map(|case| json!({ "case": case.case, "owed": owed(case).name() })).collect();
        let changes: Vec<_> = changes.iter().map(|(case, count)| json!({ "case": case, "count": count })).collect();
        let mut all = serde_json::to_value(&overview).map_err(|e| DeskError::new(e.to_string()))?;
        if let Some(all) = all.as_object_mut() {
            let said = said.iter().map(|(case, by)| json!({ "case": case, "by": by }));
            let ahead = |c: &OverviewCase| Some(json!({ "case": c.case, "server_says": ahead(c, &log)? }));
            let behind = |c: &OverviewCase| Some(json!({ "case": c.case, "register_says": behind(c, row(c))? }));
            let without =
                |c: &OverviewCase| Some(json!({ "case": c.case, "without": closed_without(c, &log, row(c))? }));
            all.insert("closed_without".to_owned(), overview.cases.iter().filter_map(without).collect());
            all.insert("behind".to_owned(), overview.cases.iter().filter_map(behind).collect());
            all.insert("owed".to_owned(), json!(owed));
            all.insert("ahead".to_owned(), overview.cases.iter().filter_map(ahead).collect());
            all.insert("said_no_report".to_owned(), said.collect());
            all.insert("reader_changes".to_owned(), json!({ "days": CHANGED, "changes": changes }));
        }
        return Ok(all.to_string());
    }
    let mut text = format!("{} report(s), {} request(s) for advice\n", overview.cases.len(), overview.advice);
    let t = Texts::of(Language::En);
    for (case, count) in changes {
        let _ = writeln!(text, "{}", changed(t, case.map(|case| case.to_string()), count));
    }
    for (case, by) in &said {
        let by = by.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let said = t.with("watch-said-by", &[("case", case.case.to_string()), ("names", by)]);
        let _ = writeln!(text, "{}", safe_text(&said));
    }
    for c in &overview.cases {
        let due = owed(c).in_words(t, c.due.to_string(), c.due < client.today());
        let (case, state, groups) =
            (c.case, t.get(state(c, rows.get(&c.case).map(|known| &known.row))), groups(t, &c.groups));
        let ends = will_end(client, t, c);
        let _ =
            writeln!(text, "{case}  {state}  filed {}  {due}  {groups}\n  {}: {ends}", c.filed, t.get("ends-title"));
        for id in apart(c, &log, row(c)) {
            let _ = writeln!(text, "  CAREFUL: {}", t.get(id));
        }
    }
    Ok(text)
}

/// When a case of the organisation that is watched is destroyed; empty where no term is known.
pub(super) fn will_end(client: &Client, t: Texts, case: &OverviewCase) -> String {
    let org = client.watches().map(|(org, _)| org);
    let ends = org.and_then(|org| ends(&client.roster, org, case.state, case.destroy_after));
    ends.map(|ends| t.ends(ends)).unwrap_or_default()
}

/// Groups of readers by name.
pub(super) fn groups(t: Texts, groups: &[Group]) -> String {
    let group = |group: &Group| match group {
        Group::Desk(name) => t.pick(name).to_owned(),
        Group::Outside(name) => t.with("group-outside", &[("name", t.pick(name).to_owned())]),
        Group::Advisers => t.get("group-advisers"),
        Group::Managers => t.get("group-managers"),
    };
    groups.iter().map(group).collect::<Vec<_>>().join(", ")
}

fn rows(options: &Options, rows: &BTreeMap<CaseId, Registered>, csv: bool) -> Result<String, DeskError> {
    if csv || !options.json {
        return Ok(in_csv(rows));
    }
    let one = |(case, known): (&CaseId, &Registered)| json!({ "case": case, "row": known.row, "destroyed": known.destroyed, "gone": known.gone });
    serde_json::to_string(&rows.iter().map(one).collect::<Vec<_>>()).map_err(|e| DeskError::new(e.to_string()))
}
