//! The process that serves can do little else: what a program that took it over would try is refused, and serving goes on.
#![cfg(all(target_os = "linux", feature = "server", feature = "desk"))]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]
mod support;

use std::{
    collections::BTreeMap,
    fs,
    io::{ErrorKind::PermissionDenied, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream, ToSocketAddrs},
    os::unix::{
        fs::{PermissionsExt, symlink},
        net::UnixStream,
        process::CommandExt,
    },
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use meldkluis::{clock::Clock, config::Config, confine::confine, demo};
use nix::{
    errno::Errno,
    sys::{ptrace, wait::waitpid},
    unistd::Pid,
};
use rustix::process::{DumpableBehavior, Resource, dumpable_behavior, getrlimit};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, TargetArch, apply_filter};
use support::{
    Browser, Service,
    certificate::{certify, openssl_client},
    child::{Program, config_file, settings},
    train,
};

/// Tells the copy of this test which folder it is confined to.
const INSIDE: &str = "MELDKLUIS_TEST_CONFINED";
const READER: &str = "bzk-functionaris-1";

/// What may be missing on a machine where this user may not lock memory, and nothing else.
fn only_swap(missing: &str) -> bool {
    missing.is_empty() || (missing.contains("off the swap (the limit") && !missing.contains(','))
}

/// Everything that is tried before and after. Each is done by its own name.
fn tries(folder: &Path, elsewhere: SocketAddr, victim: Pid) -> BTreeMap<&'static str, bool> {
    let refused = |error: std::io::Error| {
        assert_eq!(error.kind(), PermissionDenied, "{error}");
        false
    };
    let outside = folder.join("outside");
    let traced = || match ptrace::attach(victim) {
        Ok(()) => {
            waitpid(victim, None).unwrap();
            ptrace::detach(victim, None).is_ok()
        }
        Err(error) => {
            assert_eq!(error, Errno::EPERM);
            false
        }
    };
    [
        (
            "reads a reader's key",
            fs::read(folder.join("readers").join(format!("{READER}.key"))).map_or_else(refused, |_| true),
        ),
        ("reads passwords", fs::read("/etc/passwd").map_or_else(refused, |_| true)),
        ("reads another's memory", fs::File::open(format!("/proc/{victim}/mem")).map_or_else(refused, |_| true)),
        ("writes", fs::write(&outside, "x").map_or_else(refused, |()| true)),
        (
            "changes the roster",
            fs::File::options().append(true).open(folder.join("roster/root.toml")).map_or_else(refused, |_| true),
        ),
        ("starts a program", Command::new("/bin/true").status().map_or_else(refused, |_| true)),
        ("traces", traced()),
        ("connects", TcpStream::connect(elsewhere).map_or_else(refused, |_| true)),
        ("listens", TcpListener::bind("127.0.0.1:0").map_or_else(refused, |_| true)),
    ]
    .into()
}

/// The copy: tries all of it, confines itself, and tries again.
fn inside(folder: &Path) {
    let config = demo::make_or_find(folder, own_port()).unwrap();
    // With a database by name, so that names are looked up.
    let config = Config { database: Some("postgres://localhost:1/x".to_owned()), ..config };
    let mut victim = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
    let pid = Pid::from_raw(i32::try_from(victim.id()).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let elsewhere = listener.local_addr().unwrap();
    let before = tries(folder, elsewhere, pid);
    assert!(before.values().all(|done| *done), "nothing else refuses it: {before:?}");

    let missing = confine(&config);
    assert!(only_swap(&missing.join(", ")), "{missing:?}");
    let after = tries(folder, elsewhere, pid);
    assert!(after.values().all(|done| !*done), "{after:?}");
    assert_eq!(Command::new("/bin/true").exec().kind(), PermissionDenied, "becomes a program");
    assert_eq!(dumpable_behavior().unwrap(), DumpableBehavior::NotDumpable);
    assert_eq!(getrlimit(Resource::Core).maximum, Some(0));

    fs::write(config.data.join("file"), "x").unwrap();
    fs::rename(config.data.join("file"), config.data.join("other")).unwrap();
    fs::read(config.secrets.join("k1")).unwrap();
    assert!(("localhost", 1).to_socket_addrs().unwrap().count() > 0);
    assert_eq!(std::thread::spawn(|| fs::read("/etc/passwd").is_err()).join().ok(), Some(true), "threads inherit it");
    drop(victim.stdin.take());
    victim.wait().unwrap();
}

fn own_port() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

#[test]
fn what_a_server_does_not_need_is_refused() {
    if let Some(folder) = std::env::var_os(INSIDE) {
        return inside(Path::new(&folder));
    }
    let folder = tempfile::tempdir().unwrap();
    let said = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "what_a_server_does_not_need_is_refused", "--nocapture", "--test-threads=1"])
        .env(INSIDE, folder.path())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&[said.stdout, said.stderr].concat()).into_owned();
    assert!(said.status.success() && text.contains("1 passed"), "{text}");
}

/// A file of /proc about each thread.
fn threads(process: u32, field: &str) -> Vec<String> {
    let tasks = fs::read_dir(format!("/proc/{process}/task")).unwrap();
    let texts = tasks.map(|task| fs::read_to_string(task.unwrap().path().join("status")).unwrap());
    let line = |text: String| text.lines().find_map(|line| line.strip_prefix(field)).unwrap().trim().to_owned();
    texts.map(line).collect()
}

#[actix_web::test]
async fn the_program_is_confined_in_every_thread_and_serves() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::start(folder.path(), &settings(folder.path(), None));
    let browser = Browser::new(&program.base);
    let (code, _) = browser.report("Verhaal", &[]).await;
    let page = browser.upload(&code, "bijlage.txt", vec![7; 3 << 20]).await;
    assert!(page.html.contains("Uw bestand is toegevoegd"), "{}", page.title());
    let base = program.base.clone();
    let service = Service { folder, base, database: String::new(), clock: Clock::System };
    let inbox = service.desk(READER, &["inbox"]).await.unwrap();
    let read = service.desk(READER, &["read", inbox[0]["case"].as_str().unwrap()]).await.unwrap();
    assert_eq!(read["items"].as_array().unwrap().len(), 2);

    for (field, value) in [("NoNewPrivs:", "1"), ("Seccomp:", "2"), ("Seccomp_filters:", "3")] {
        let all = threads(program.id(), field);
        assert!(all.len() > 4 && all.iter().all(|one| one == value), "{field} {all:?}");
    }
    let limits = fs::read_to_string(format!("/proc/{}/limits", program.id())).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().skip(4).collect::<Vec<_>>(), ["0", "0", "bytes"]);
    let log = fs::read_to_string(service.path("log")).unwrap();
    assert!(only_swap(log.trim()), "{log}");
    if log.is_empty() {
        assert_ne!(threads(program.id(), "VmLck:")[0], "0 kB");
    }
}

/// Sockets are made in folders of their own, and made again after a crash.
#[test]
fn its_unix_sockets_are_made_and_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let [plain, onion] = ["plain", "onion"].map(|name| folder.path().join(name).join("intake.sock"));
    for socket in [&plain, &onion] {
        fs::create_dir_all(socket.parent().unwrap()).unwrap();
    }
    let sockets = format!("socket = {plain:?}\n[onion]\nsocket = {onion:?}\n");
    let settings = settings(folder.path(), None) + &sockets;
    train(folder.path());
    for _ in 0..2 {
        let mut program = Program::start(folder.path(), &settings);
        for (socket, header) in [(&plain, ""), (&onion, "PROXY TCP6 fc00:dead:beef:4dad::0:23 ::1 35 80\r\n")] {
            let mut stream = connected(socket);
            write!(stream, "{header}GET /nl/ HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            assert!(answer.starts_with("HTTP/1.1 200 "), "{socket:?} {answer:.200}");
            assert_eq!(mode(socket), 0o660, "its group may connect, as Tor's user does; the folder lets in or not");
        }
        program.kill();
    }
}

/// It answers on its first address a moment before the sockets of an earlier process are made again.
fn connected(socket: &Path) -> UnixStream {
    for _ in 0..100 {
        if let Ok(stream) = UnixStream::connect(socket) {
            return stream;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    UnixStream::connect(socket).unwrap()
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777
}

/// Started with the mask that most systems give, 022, it leaves nothing that others may read.
#[actix_web::test]
async fn what_it_writes_is_its_users_alone() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path(), None);
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o022));
    let program = Program::start(folder.path(), &settings);
    let browser = Browser::new(&program.base);
    let (code, _) = browser.report("Verhaal", &[]).await;
    assert_eq!(browser.upload(&code, "bijlage.txt", vec![7; 3 << 20]).await.status, 200);
    let mut all = vec![folder.path().join("data")];
    let mut files = 0;
    while let Some(path) = all.pop() {
        assert_eq!(mode(&path) & 0o077, 0, "{path:?}");
        match fs::read_dir(&path) {
            Ok(entries) => all.extend(entries.map(|entry| entry.unwrap().path())),
            Err(_) => files += 1,
        }
    }
    assert!(files >= 2, "a database and a payload: {files}");
}

/// The port of its settings, at an address that it looks up.
#[test]
fn it_reaches_a_database_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("localhost:0").unwrap();
    let url = format!("postgres://nobody@localhost:{}/none", listener.local_addr().unwrap().port());
    let file = config_file(folder.path(), &settings(folder.path(), Some(&url)), own_port());
    let mut program = Command::new(env!("CARGO_BIN_EXE_meldkluis"));
    let mut check = program.arg("check").arg("--config").arg(file).stderr(Stdio::piped()).spawn().unwrap();
    listener.set_nonblocking(true).unwrap();
    while listener.accept().is_err() {
        assert_eq!(check.try_wait().unwrap(), None, "it ended before it came");
        std::thread::sleep(Duration::from_millis(20));
    }
    check.kill().unwrap();
    check.wait().unwrap();
}

/// As on an older kernel, or in a container that refuses it: the calls of Landlock are not there.
#[actix_web::test]
async fn without_landlock_it_starts_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path(), None);
    let path = folder.path().to_owned();
    let started = std::thread::spawn(move || {
        let calls = [libc::SYS_landlock_create_ruleset, libc::SYS_landlock_restrict_self];
        let absent = SeccompAction::Errno(libc::ENOSYS.unsigned_abs());
        let machine = TargetArch::try_from(std::env::consts::ARCH).unwrap();
        let filter = SeccompFilter::new(calls.map(|call| (call, vec![])).into(), SeccompAction::Allow, absent, machine);
        // For this thread and the program that it starts.
        apply_filter(&BpfProgram::try_from(filter.unwrap()).unwrap()).unwrap();
        Program::start(&path, &settings)
    });
    let program = started.join().unwrap();
    assert_eq!(Browser::new(&program.base).get("/nl/").await.status, 200);
    let log = fs::read_to_string(folder.path().join("log")).unwrap();
    assert_eq!(log.lines().count(), 1, "{log}");
    assert!(log.contains("confined, but not by") && log.contains("Landlock (not in this kernel)"), "{log}");
}

/// As the usual clients of certificate authorities do it: links, to files with another name each time.
#[test]
fn a_new_certificate_behind_a_link_is_served_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path(), None);
    train(folder.path());
    let [live, archive] = ["live", "archive"].map(|name| folder.path().join(name));
    fs::create_dir_all(&live).unwrap();
    let issue = |name: &str| {
        let made = archive.join(name);
        fs::create_dir_all(&made).unwrap();
        certify(&made, name);
        for file in ["key.pem", "certificate.pem"] {
            let (kept, link) = (archive.join(format!("{name}-{file}")), live.join("next"));
            fs::rename(made.join(file), &kept).unwrap();
            symlink(&kept, &link).unwrap();
            fs::rename(link, live.join(file)).unwrap();
        }
    };
    issue("first");
    let listen = own_port();
    let [certificate, key] = ["certificate.pem", "key.pem"].map(|name| live.join(name));
    let https = format!("[https]\nlisten = \"{listen}\"\ncertificate = {certificate:?}\nkey = {key:?}\n");
    let _program = Program::start(folder.path(), &(settings + &https));
    let subject = || openssl_client(&listen.to_string(), &["-tls1_3"]);
    assert!(subject().contains("CN = first"));
    issue("second");
    let began = Instant::now();
    while !subject().contains("CN = second") {
        let log = fs::read_to_string(folder.path().join("log")).unwrap();
        assert!(began.elapsed() < Duration::from_secs(30), "the new certificate is served: {log}");
        std::thread::sleep(Duration::from_millis(500));
    }
}
