//! A PostgreSQL of the tests' own: reached by a socket only, and gone when the test is, however it ends.
use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

/// The role that owns everything in the cluster.
const ROLE: &str = "meldkluis";

/// A running cluster.
pub(crate) struct Postgres {
    bin: PathBuf,
    /// Everything the cluster keeps, its log included.
    pub(crate) folder: PathBuf,
    /// Holds the pipe whose end tells the watchdog to stop the cluster.
    watchdog: Child,
}

impl Postgres {
    pub(crate) fn start() -> Self {
        let bin = bin_folder();
        let folder = must(&mut as_owner(Path::new("mktemp")), &["-d", "/tmp/meldkluis-pg.XXXXXX"]);
        let folder = PathBuf::from(String::from_utf8(folder.stdout).unwrap().trim());
        // First: it also cleans up when the start below fails.
        let watchdog = watchdog(&bin, &folder);
        let cluster = Self { bin, folder, watchdog };
        let data = cluster.folder.join("data");
        let data = data.to_str().unwrap();
        let user = format!("--username={ROLE}");
        let init = ["--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", user.as_str(), "-D", data];
        must(&mut as_owner(&cluster.bin.join("initdb")), &init);
        cluster.run_server();
        cluster
    }

    /// Stops the cluster as a crash would; what it held stays.
    pub(crate) fn stop(&self) {
        let data = self.folder.join("data");
        must(&mut as_owner(&self.bin.join("pg_ctl")), &["stop", "-m", "immediate", "-D", data.to_str().unwrap()]);
    }

    /// SIGKILL to the server and every process of it.
    #[cfg(target_os = "linux")]
    pub(crate) fn kill(&self) {
        let pid = std::fs::read_to_string(self.folder.join("data/postmaster.pid")).unwrap();
        let server: u32 = pid.lines().next().unwrap().parse().unwrap();
        let children = std::fs::read_to_string(format!("/proc/{server}/task/{server}/children")).unwrap();
        // The server first: it would start others in their place.
        let children = children.split_whitespace().map(|id| id.parse().unwrap());
        let all: Vec<u32> = std::iter::once(server).chain(children).collect();
        for id in &all {
            let id = nix::unistd::Pid::from_raw(i32::try_from(*id).unwrap());
            let sent = nix::sys::signal::kill(id, nix::sys::signal::Signal::SIGKILL);
            assert!(matches!(sent, Ok(()) | Err(nix::errno::Errno::ESRCH)), "a session may have ended just now");
        }
        // A new one does not start beside what is left of the old.
        while all.iter().any(|id| alive(*id)) {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        // They name a process that is dead and may still have its number, where nobody has waited for it yet.
        for lock in ["data/postmaster.pid", ".s.PGSQL.5432.lock"] {
            std::fs::remove_file(self.folder.join(lock)).unwrap();
        }
    }

    /// Starts it again, as it was.
    pub(crate) fn start_again(&self) {
        self.run_server();
    }

    fn run_server(&self) {
        // Nobody pulls the plug on a test: without fsync it is faster.
        let options = format!(
            "-F -c listen_addresses= -c unix_socket_directories={} -c max_connections=300 -c shared_buffers=32MB",
            self.folder.display()
        );
        let (data, log) = (self.folder.join("data"), self.folder.join("log"));
        let (data, log) = (data.to_str().unwrap(), log.to_str().unwrap());
        let start = ["start", "--wait", "-D", data, "-l", log, "-o", &options];
        must(&mut as_owner(&self.bin.join("pg_ctl")), &start);
    }

    /// The URL of a fresh, empty database.
    pub(crate) fn database(&self, name: &str) -> String {
        let folder = self.folder.display();
        let (host, role) = (format!("--host={folder}"), format!("--username={ROLE}"));
        must(&mut as_owner(&self.bin.join("createdb")), &["--template=template0", &host, &role, name]);
        format!("postgres://{ROLE}@localhost/{name}?host={folder}")
    }
}

impl Postgres {
    /// The URL of a fresh database whose tables are in a folder, which is made for it.
    pub(crate) fn database_in(&self, name: &str, folder: &Path) -> String {
        std::fs::create_dir(folder).unwrap();
        let owner = std::fs::metadata(&self.folder).unwrap();
        let [user, group] = [std::os::unix::fs::MetadataExt::uid(&owner), std::os::unix::fs::MetadataExt::gid(&owner)];
        std::os::unix::fs::chown(folder, Some(user), Some(group)).unwrap();
        let make = format!("create tablespace {name} location '{}'", folder.display());
        let (host, user) = (format!("--host={}", self.folder.display()), format!("--username={ROLE}"));
        must(&mut as_owner(&self.bin.join("psql")), &["--quiet", &host, &user, "--command", &make, "postgres"]);
        let url = self.database(name);
        let moved = format!("alter database {name} set tablespace {name}");
        must(&mut as_owner(&self.bin.join("psql")), &["--quiet", &host, &user, "--command", &moved, "postgres"]);
        url
    }

    /// A database as SQL text.
    pub(crate) fn dump(&self, name: &str) -> String {
        let host = format!("--host={}", self.folder.display());
        let user = format!("--username={ROLE}");
        let dump = must(&mut as_owner(&self.bin.join("pg_dump")), &["--no-owner", &host, &user, name]);
        String::from_utf8(dump.stdout).unwrap()
    }

    /// A new database, of SQL text; its URL.
    pub(crate) fn restored(&self, name: &str, sql: &Path) -> String {
        let url = self.database(name);
        let host = format!("--host={}", self.folder.display());
        let user = format!("--username={ROLE}");
        // Read here: the cluster's owner need not be able to.
        let mut psql = as_owner(&self.bin.join("psql"));
        psql.stdin(std::fs::File::open(sql).unwrap());
        must(&mut psql, &["--quiet", "--no-psqlrc", "--set=ON_ERROR_STOP=1", &host, &user, name]);
        url
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        drop(self.watchdog.stdin.take());
        drop(self.watchdog.wait());
    }
}

#[cfg(target_os = "linux")]
fn alive(id: u32) -> bool {
    // Whoever was killed and is not waited for yet holds nothing any more.
    std::fs::read_to_string(format!("/proc/{id}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

/// Where the programs are: Debian's folder with the newest version, or else wherever they are found.
fn bin_folder() -> PathBuf {
    let mut debian: Vec<_> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .map(|version| version.unwrap().path().join("bin"))
        .collect();
    debian.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let complete = |folder: &PathBuf| ["initdb", "pg_ctl", "createdb"].iter().all(|name| folder.join(name).exists());
    let mut folders = debian.into_iter().rev().chain(std::env::split_paths(&path));
    folders.find(complete).expect("PostgreSQL is not installed: apt install postgresql")
}

/// PostgreSQL refuses to run as root; its package makes a user for it.
fn as_owner(program: &Path) -> Command {
    let is_root = std::os::unix::fs::MetadataExt::uid(&std::fs::metadata("/proc/self").unwrap()) == 0;
    let mut command = if is_root {
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--"]).arg(program);
        command
    } else {
        Command::new(program)
    };
    // The postgres user may not enter the folder that the tests run in.
    command.current_dir("/").env_remove("PGOPTIONS").stdin(Stdio::null());
    command
}

/// Waits for the end of its input, which comes with the end of this program, and clears everything away.
fn watchdog(bin: &Path, folder: &Path) -> Child {
    let script = r#"read -r _; "$1/pg_ctl" stop -m immediate -D "$2/data"; rm -rf "$2""#;
    let mut command = as_owner(Path::new("sh"));
    command.args(["-c", script, "sh"]).arg(bin).arg(folder);
    // In a group of its own, so that Ctrl-C does not end it before its work is done.
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

fn must(command: &mut Command, args: &[&str]) -> Output {
    // pg_ctl's server would keep a pipe open: its output goes to the log file, and nothing is inherited.
    let starts = args.first() == Some(&"start");
    let output = if starts {
        let status = command.args(args).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
        let log = args.iter().skip_while(|word| **word != "-l").nth(1).and_then(|log| std::fs::read(log).ok());
        Output { status, stdout: Vec::new(), stderr: log.unwrap_or_default() }
    } else {
        command.args(args).output().unwrap()
    };
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}
