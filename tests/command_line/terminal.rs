//! What asks once more asks it on a terminal, and is refused without one.
use std::{
    io::{BufRead, BufReader, Read, Write},
    process::{Command, Stdio},
};

use super::{COLLEAGUE, OFFICER, desk, file, filed, refuses};
use crate::support::{Browser, Service};

/// The program on a terminal of its own, which `script` makes; what it shows there comes back on standard output.
fn on_terminal(command: &Command) -> Command {
    let quoted = |word: &std::ffi::OsStr| format!("'{}'", word.to_str().unwrap());
    let words: Vec<String> = std::iter::once(command.get_program()).chain(command.get_args()).map(quoted).collect();
    let mut script = Command::new("script");
    script.args(["--quiet", "--return", "--command", &words.join(" "), "/dev/null"]).env_remove("EDITOR");
    script.stdin(Stdio::piped()).stdout(Stdio::piped());
    script
}

/// Runs a command on a terminal and types this there: what it showed, and its end.
async fn typed(service: &Service, reader: &str, words: &[&str], text: &str) -> (String, Option<i32>) {
    let mut command = desk(service, reader);
    command.args(words);
    let (mut script, text) = (on_terminal(&command), text.to_owned());
    tokio::task::spawn_blocking(move || {
        let mut running = script.spawn().unwrap();
        running.stdin.as_mut().unwrap().write_all(text.as_bytes()).unwrap();
        let done = running.wait_with_output().unwrap();
        (String::from_utf8(done.stdout).unwrap(), done.status.code())
    })
    .await
    .unwrap()
}

async fn state(service: &Service, reader: &str) -> String {
    let inbox = service.desk(reader, &["inbox"]).await.unwrap();
    inbox[0]["state"].as_str().unwrap_or("gone").to_owned()
}

#[actix_web::test]
async fn a_case_is_closed_on_a_terminal_by_the_word_alone() {
    let service = Service::start(None).await;
    let (browser, code, case) = filed(&service).await;
    service.desk(OFFICER, &["read", &case]).await.unwrap();
    let text = file(&service, "Wij zijn klaar.");
    let words = ["close", &case, "--file", &text];
    // Without a terminal it says what ends and for whom, and only then how.
    let refused = refuses(&service, OFFICER, &words).await;
    let (means, how) = refused.split_once("closing a case cannot be undone; add --yes").unwrap();
    for said in [
        "not been confirmed",
        "The reporter can still read",
        "the other readers can still write a note",
        "open the case again",
    ] {
        assert!(means.contains(said) && !how.contains(said), "{said}: {refused}");
    }
    assert_eq!(state(&service, OFFICER).await, "open");
    for other in ["yes\n", "\n", "no close\n"] {
        let (shown, end) = typed(&service, OFFICER, &words, other).await;
        assert_eq!(end, Some(1), "{shown}");
        assert!(shown.contains("not been confirmed") && shown.contains("the case was not closed"), "{shown}");
        assert_eq!(state(&service, OFFICER).await, "open");
    }
    let (shown, end) = typed(&service, OFFICER, &words, "close\n").await;
    assert_eq!(end, Some(0), "{shown}");
    assert_eq!(state(&service, OFFICER).await, "closed");
    assert!(browser.mailbox(&code, None, &[]).await.html.contains("Wij zijn klaar."));
}

#[actix_web::test]
async fn a_case_is_left_once_it_was_said_what_that_means() {
    let service = Service::start(None).await;
    let (_, _, case) = filed(&service).await;
    let refused = refuses(&service, COLLEAGUE, &["leave", &case]).await;
    assert!(refused.contains("--yes"), "{refused}");
    let (means, _) = refused.split_once("add --yes").unwrap();
    assert!(means.contains("You then read nothing more of this case"), "{refused}");
    // Nobody has opened it: it is not said why they go.
    let (shown, end) = typed(&service, COLLEAGUE, &["leave", &case], "no\n").await;
    assert!(end == Some(1) && shown.contains("Nobody who can read this case now has opened it"), "{shown}");
    service.desk(OFFICER, &["read", &case]).await.unwrap();
    let (shown, end) = typed(&service, COLLEAGUE, &["leave", &case], "close\n").await;
    assert!(end == Some(1) && shown.contains("you did not leave the case"), "{shown}");
    assert!(
        shown.contains("You then read nothing more of this case") && shown.contains("ask for you again"),
        "{shown}"
    );
    let (shown, _) = typed(&service, COLLEAGUE, &["leave", &case, "--conflict"], "no\n").await;
    assert!(shown.contains("nobody can ask for you in this case any more"), "{shown}");
    assert_eq!(state(&service, COLLEAGUE).await, "open");
    let (shown, end) = typed(&service, COLLEAGUE, &["leave", &case, "--conflict"], "leave\n").await;
    assert_eq!(end, Some(0), "{shown}");
    assert_eq!(state(&service, COLLEAGUE).await, "gone");
}

/// The lines of what a program shows, up to the one that this holds for.
fn shown_until(out: &mut impl BufRead, last: impl Fn(&str) -> bool) -> Vec<String> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        assert_ne!(out.read_line(&mut line).unwrap(), 0, "it ended: {lines:?}");
        let end = last(&line);
        lines.push(line);
        if end {
            return lines;
        }
    }
}

#[actix_web::test]
async fn an_oral_report_is_entered_on_a_terminal_in_english_with_a_code_in_the_reporter_s_language() {
    let service = Service::start(None).await;
    let told = file(&service, "De kas is leeg.");
    let mut command = desk(&service, OFFICER);
    command.args(["oral", "--how", "phone", "--topic", "money", "--file", &told]);
    let mut script = on_terminal(&command);
    let (lines, code, rest) = tokio::task::spawn_blocking(move || {
        let mut running = script.spawn().unwrap();
        let mut out = BufReader::new(running.stdout.take().unwrap());
        let lines = shown_until(&mut out, |line| line.starts_with("12. "));
        let word = |line: &String| Some(line.trim().split_once(". ")?.1.to_owned());
        let words: Vec<String> = lines.iter().skip_while(|l| !l.starts_with(" 1. ")).filter_map(word).collect();
        let input = running.stdin.as_mut().unwrap();
        input.write_all(format!("{}\n{}\n", words[..11].join(" "), words.join(" ")).as_bytes()).unwrap();
        let mut rest = String::new();
        out.read_to_string(&mut rest).unwrap();
        assert_eq!(running.wait().unwrap().code(), Some(0), "{rest}");
        (lines.concat(), words.join(" "), rest)
    })
    .await
    .unwrap();
    assert!(lines.contains("Integrity officer 1") && lines.contains("Is the reporter with you?"), "{lines}");
    assert!(rest.contains("You typed 11") && rest.contains("Sent: case"), "{rest}");
    let page = Browser::new(&service.base).mailbox(&code, None, &[]).await;
    assert!(page.html.contains("Lees uw verhaal na"), "{}", page.title());
}

#[actix_web::test]
async fn without_a_terminal_an_oral_report_is_not_said_to_be_entered() {
    let service = Service::start(None).await;
    let told = file(&service, "De kas is leeg.");
    let words = ["oral", "--how", "phone", "--topic", "money", "--file", &told];
    let refused = refuses(&service, OFFICER, &words).await;
    assert!(refused.contains("nothing was sent") && refused.contains("--draw"), "{refused}");
    assert!(service.desk(OFFICER, &words).await.is_err(), "for a program neither");
    let drawn = super::says(&service, OFFICER, &[&words[..], &["--draw"]].concat()).await;
    assert!(drawn.contains("Nothing was sent") && drawn.contains("12. ") && !drawn.contains('{'), "{drawn}");
    let later: Vec<&str> = drawn.lines().filter(|line| line.contains("Does not read along")).collect();
    assert!(
        later.len() == 1 && later[0].contains("(bzk-functionaris-4)"),
        "the reserve reader, and nobody else: {drawn}"
    );
    assert_eq!(service.desk(OFFICER, &["inbox"]).await.unwrap(), serde_json::json!([]));
}

#[actix_web::test]
async fn nobody_types_what_cannot_be_sent() {
    let service = Service::start(None).await;
    let (_, _, case) = filed(&service).await;
    let text = file(&service, "Ontvangen.");
    service.desk(OFFICER, &["acknowledge", &case, "--file", &text]).await.unwrap();
    let (shown, end) = typed(&service, COLLEAGUE, &["acknowledge", &case], "Ontvangen.\n\u{4}").await;
    assert_eq!(end, Some(1), "{shown}");
    assert!(shown.contains("acknowledged before") && !shown.contains("Type the text"), "{shown}");
    let (shown, end) = typed(&service, COLLEAGUE, &["ask", &case], "Wanneer?\n\u{4}").await;
    assert!(end == Some(0) && shown.contains("Type the text"), "{shown}");
}
