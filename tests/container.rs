//! The container of `deploy/container`, made and run by the real podman as its Containerfile says: with a root that cannot be written, no
//! capabilities and a user of its own, a report is filed in it, and opens again when it was killed.
#![cfg(all(feature = "server", feature = "desk", target_os = "linux"))]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]
mod support;

use std::{
    fs,
    io::{BufRead, BufReader, Lines, Write},
    net::TcpListener,
    os::unix::fs::{PermissionsExt, chown},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::Duration,
};

use meldkluis::clock::Clock;
use support::{Browser, Service, child::settings};

/// Of the Containerfile.
const USER: u32 = 900;
const READER: &str = "bzk-functionaris-1";

/// `tests/package/container`, which does one thing for each line.
struct Podman {
    process: Child,
    acts: Option<ChildStdin>,
    said: Lines<BufReader<ChildStdout>>,
}

impl Podman {
    fn build(deb: &Path, folder: &Path) -> Self {
        let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
        let cache = cache.unwrap_or_else(|| std::env::home_dir().unwrap().join(".cache"));
        let mut command = Command::new("tests/package/container");
        command.arg(cache.join("meldkluis-tools/debian-1.tar")).arg(deb).arg(folder);
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (acts, said) = (process.stdin.take(), BufReader::new(process.stdout.take().unwrap()).lines());
        let mut podman = Self { process, acts, said };
        assert_eq!(podman.answer(), (true, String::new()), "the image is made");
        podman
    }

    /// What an act said, and whether it went well.
    fn act(&mut self, act: &str) -> (bool, String) {
        writeln!(self.acts.as_mut().unwrap(), "{act}").unwrap();
        self.answer()
    }

    fn answer(&mut self) -> (bool, String) {
        let mut text = String::new();
        for line in self.said.by_ref().map(Result::unwrap) {
            if let Some(status) = line.strip_prefix("done ") {
                return (status == "0", text);
            }
            text += &(line + "\n");
        }
        (false, text + "it ended")
    }

    /// Starts the container; returns the number of its process.
    fn start(&mut self) -> u32 {
        let (well, said) = self.act("start");
        assert!(well, "{said}");
        said.trim().rsplit_once("pid ").unwrap().1.parse().unwrap()
    }
}

impl Drop for Podman {
    fn drop(&mut self) {
        drop(self.acts.take());
        drop(self.process.wait());
    }
}

/// The package of the server, as `deploy/package` makes it.
fn package(folder: &Path) -> PathBuf {
    let made = Command::new("deploy/package").arg(folder).arg("dev").output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let all = fs::read_dir(folder).unwrap().map(|one| one.unwrap().path());
    all.into_iter().find(|path| path.file_name().unwrap().to_str().unwrap().starts_with("meldkluis_")).unwrap()
}

/// Puts a demo's deployment where the container looks, in a folder that its user may read.
fn deploy(demo: &Path, folder: &Path, listen: &str) {
    settings(demo, None);
    for name in ["data", "journal", "etc", "secrets"] {
        fs::create_dir_all(folder.join(name)).unwrap();
    }
    let copy = |from: &str, to: &str| {
        let done = Command::new("cp").arg("-a").arg(demo.join(from)).arg(folder.join(to)).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    };
    for (from, to) in [("roster", "etc/"), ("anchor.toml", "etc/"), ("secrets/.", "secrets/")] {
        copy(from, to);
    }
    let text = format!(
        "listen = \"{listen}\"\ndata = '/var/lib/meldkluis'\njournal = '/var/lib/meldkluis-journal'\nroster = '/etc/meldkluis/roster'\n\
         anchor = '/etc/meldkluis/anchor.toml'\nsecrets = '/run/secrets/meldkluis'\nreserve_bytes = 0\n"
    );
    fs::write(folder.join("etc/meldkluis.toml"), text).unwrap();
    let done = Command::new("chown").arg("-R").arg(format!("{USER}:{USER}")).arg(folder).status().unwrap();
    assert!(done.success(), "run this test as root");
    chown(folder, Some(0), Some(0)).unwrap();
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
}

async fn answers(base: &str) -> Browser {
    let browser = Browser::new(base);
    for _ in 0..300 {
        if browser.try_get("/nl/").await.is_ok() {
            return browser;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    unreachable!("the server in the container does not answer");
}

#[actix_web::test]
async fn the_container_serves_with_a_root_that_cannot_be_written() {
    let (packages, demo, folder) =
        (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let listen = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    deploy(demo.path(), folder.path(), &listen.to_string());
    let mut podman = Podman::build(&package(packages.path()), folder.path());
    let pid = podman.start();
    let base = format!("http://{listen}");
    let browser = answers(&base).await;

    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim().to_owned();
    assert!(line("Uid:").starts_with(&USER.to_string()), "{status}");
    assert_eq!((line("CapEff:"), line("CapBnd:")), ("0".repeat(16), "0".repeat(16)));
    assert_eq!((line("NoNewPrivs:"), line("Seccomp:")), ("1".to_owned(), "2".to_owned()));
    for path in ["/written", "/etc/meldkluis/written", "/usr/bin/written", "/run/secrets/meldkluis/written"] {
        let (well, said) = podman.act(&format!("exec touch {path}"));
        assert!(!well && said.contains("Read-only file system"), "{path}: {said}");
    }

    let (code, page) = browser.report("In een container", &[]).await;
    assert!(page.html.contains("veilig aangekomen"), "{}", page.title());
    assert_eq!(browser.upload(&code, "a.bin", vec![7; 300_000]).await.status, 200);
    assert!(podman.act("kill").0);
    podman.start();
    let browser = answers(&base).await;
    let opened = browser.post("/nl/mailbox", &[("code".into(), code)]).await;
    assert_eq!(opened.status, 200);
    let service = Service { folder: demo, base, database: String::new(), clock: Clock::System };
    let inbox = service.desk(READER, &["inbox"]).await.unwrap();
    let read = service.desk(READER, &["read", inbox[0]["case"].as_str().unwrap()]).await.unwrap();
    assert_eq!(read["items"][0]["story"]["story"], "In een container");
    assert_eq!(read["items"].as_array().unwrap().len(), 2);
}
