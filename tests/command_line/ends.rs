//! How the programs end: quietly when nobody reads on, with an error when what they say could not be written.
use std::process::{Command, ExitStatus, Stdio};

use super::{OFFICER, desk};
use crate::support::Service;

/// A pipe of which nobody reads the other end.
fn closed() -> Stdio {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer.into()
}

async fn ended(mut command: Command, out: Stdio, err: Stdio) -> ExitStatus {
    command.stdin(Stdio::null()).stdout(out).stderr(err);
    tokio::task::spawn_blocking(move || command.status()).await.unwrap().unwrap()
}

fn server(service: &Service, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_meldkluis"));
    command.args(words).arg(service.path("roster"));
    command
}

#[actix_web::test]
async fn whoever_stops_reading_ends_no_command_with_a_panic() {
    let service = Service::start(None).await;
    for words in [["roster", "keys"], ["roster", "show"], ["roster", "check"]] {
        assert_eq!(ended(server(&service, &words), closed(), Stdio::null()).await.code(), Some(0), "{words:?}");
    }
    // What is wrong goes to the other pipe.
    let mut wrong = server(&service, &["roster", "keys"]);
    wrong.current_dir("/").arg("too-much");
    assert_eq!(ended(wrong, closed(), closed()).await.code(), Some(2));
    let mut nothing = Command::new(env!("CARGO_BIN_EXE_meldkluis"));
    nothing.args(["roster", "keys", "/nowhere"]);
    assert_eq!(ended(nothing, closed(), closed()).await.code(), Some(1));

    for words in [&["inbox"][..], &["whoami"], &["--json", "inbox"]] {
        let mut command = desk(&service, OFFICER);
        command.args(words);
        assert_eq!(ended(command, closed(), Stdio::null()).await.code(), Some(0), "{words:?}");
    }
    for words in [&["read", "nothing"][..], &["overview"]] {
        let mut command = desk(&service, OFFICER);
        command.args(words);
        assert_eq!(ended(command, closed(), closed()).await.code(), Some(1), "{words:?}");
    }
}

#[cfg(target_os = "linux")]
#[actix_web::test]
async fn what_could_not_be_written_was_not_said() {
    let service = Service::start(None).await;
    let full = || std::fs::File::options().write(true).open("/dev/full").unwrap().into();
    assert_eq!(ended(server(&service, &["roster", "keys"]), full(), Stdio::null()).await.code(), Some(1));
    let mut command = desk(&service, OFFICER);
    command.arg("whoami");
    assert_eq!(ended(command, full(), Stdio::null()).await.code(), Some(1));
}
