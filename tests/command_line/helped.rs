//! The help says what a person needs, and what is not in it is not taken.
use clap::{CommandFactory, Parser};
use meldkluis::desk;

use super::{MANAGER, OFFICER, file, filed, says};
use crate::support::Service;

#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    _options: desk::Options,
    #[command(subcommand)]
    _command: desk::Command,
}

fn all(command: &clap::Command, named: &str) -> Vec<(String, clap::Arg)> {
    let own = command.get_arguments().map(|arg| (named.to_owned(), arg.clone()));
    let below = command.get_subcommands().filter(|c| !c.is_hide_set()).flat_map(|c| all(c, c.get_name()));
    own.chain(below).collect()
}

#[test]
fn whatever_is_asked_for_is_explained_and_named_as_what_it_is() {
    let program = Arguments::command();
    let args = all(&program, "meldkluis-desk");
    assert!(args.len() > 100, "{}", args.len());
    for (command, arg) in args {
        let what = format!("{command} {}", arg.get_id());
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
        assert!(help.len() > 8, "{what}: {help}");
        if !arg.get_action().takes_values() {
            continue;
        }
        let own = |name: &str| name != "FILE" && arg.get_long() == Some(name.to_lowercase().as_str());
        let names = arg.get_value_names().unwrap_or_default();
        assert!(!names.iter().any(|name| own(name)) && !names.is_empty(), "{what} takes {names:?}");
        for value in arg.get_possible_values() {
            assert!(value.get_help().is_some(), "{what}: {} is a code without a meaning", value.get_name());
        }
    }
    // A coordinator has an overview and no inbox.
    for name in ["remind", "ask-transfer", "escalate", "tell-hold", "tell-release", "hold", "release"] {
        let case = program.find_subcommand(name).and_then(|c| c.get_arguments().find(|arg| arg.get_id() == "case"));
        let help = case.and_then(clap::Arg::get_help).map(ToString::to_string).unwrap_or_default();
        assert!(help.contains("`overview`") && !help.contains("inbox"), "{name}: {help}");
    }
    // The anchor stands beside the keys; who checks without keys names it.
    let verify = program.find_subcommand("audit").and_then(|audit| audit.find_subcommand("verify")).unwrap();
    let help = verify.get_long_about().map(ToString::to_string).unwrap_or_default();
    assert!(help.contains("--root"), "{help}");
    for command in program.get_subcommands().filter(|c| !c.is_hide_set()) {
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        assert!(about.len() > 8 && about.len() < 120, "{}: {about}", command.get_name());
    }
}

/// A file that would stay behind without a word is refused.
#[actix_web::test]
async fn files_go_along_only_where_they_are_sent() {
    let service = Service::start(None).await;
    let (_, _, case) = filed(&service).await;
    let text = file(&service, "Een tekst");
    let along = ["--file", &text, "--attach", &text];
    for words in [
        &["ask-consent", &case, "--to", MANAGER][..],
        &["account", &case],
        &["remind", &case],
        &["ask-duty", &case, "--to", MANAGER, "--ground", "court_order"],
    ] {
        let refused = service.desk(OFFICER, &[words, &along].concat()).await.unwrap_err();
        assert!(refused.contains("unexpected argument '--attach'"), "{words:?}: {refused}");
    }
    service.desk(OFFICER, &[&["note", &case][..], &along].concat()).await.unwrap();
}

#[actix_web::test]
async fn what_a_command_takes_another_shows() {
    let service = Service::start(None).await;
    let (_, _, case) = filed(&service).await;
    assert!(says(&service, OFFICER, &["protocol", &case]).await.contains("vooronderzoek  Preliminary inquiry"));
    says(&service, OFFICER, &["protocol", &case, "vooronderzoek"]).await;
    says(&service, OFFICER, &["step", &case, "risico-melder"]).await;
    let steps = says(&service, OFFICER, &["step", &case]).await;
    let line = |id: &str| steps.lines().find(|l| l.starts_with(id)).unwrap_or_default().to_owned();
    assert!(line("risico-melder").contains("done"), "{steps}");
    assert!(line("bevestigen").contains("by ") && steps.contains("Acknowledge receipt"), "{steps}");
    // The items that may be named in a request.
    let read = says(&service, OFFICER, &["read", &case]).await;
    let item = read.lines().find_map(|l| l.strip_prefix("item ")).unwrap();
    let reason = file(&service, "Zij leidt het onderzoek");
    says(&service, OFFICER, &["ask-consent", &case, "--to", MANAGER, "--item", item, "--file", &reason]).await;
    // And the case itself.
    let inbox = says(&service, OFFICER, &["inbox"]).await;
    assert!(inbox.contains(&case) && inbox.contains("  Opened  filed"), "{inbox}");
    assert!(read.starts_with(&format!("Case {case} (Opened), filed ")), "as the page says it: {read}");
    let overview = says(&service, "bzk-coordinator", &["overview"]).await;
    assert!(overview.contains("  Opened  filed"), "{overview}");
}
