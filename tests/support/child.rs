//! The real program as a process of its own, over a folder that outlives it.
use std::{
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use meldkluis::demo;

/// How long a start may take on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// A running server. Killed when dropped.
pub(crate) struct Program {
    pub(crate) base: String,
    process: Child,
}

/// Makes the demo's roster and keys in a folder; `None` is SQLite. Returns the settings without an address.
pub(crate) fn settings(folder: &Path, database: Option<&str>) -> String {
    let config = demo::make_or_find(folder, SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let database = database.map(|url| format!("database = {url:?}\n")).unwrap_or_default();
    let line = |name: &str, path: PathBuf| format!("{name} = '{}'\n", path.display());
    [
        line("data", config.data),
        line("roster", config.roster),
        line("anchor", config.anchor),
        line("secrets", config.secrets),
        "reserve_bytes = 0\n".to_owned(),
        database,
    ]
    .concat()
}

impl Program {
    /// Starts on a free port and waits until every listener of its settings takes connections. What it logs is added to `log` in the folder.
    pub(crate) fn start(folder: &Path, settings: &str) -> Self {
        // `serve` does not say which port it got.
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        Self::start_at(folder, settings, address)
    }

    /// The same, at an address where one may have been before.
    pub(crate) fn start_at(folder: &Path, settings: &str, address: SocketAddr) -> Self {
        let file = config_file(folder, settings, address);
        let log = std::fs::File::options().create(true).append(true).open(folder.join("log")).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_meldkluis"));
        command.arg("serve").arg("--config").arg(file).stdin(Stdio::null());
        let process = command.stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap();
        let mut program = Self { base: format!("http://{address}"), process };
        let since = Instant::now();
        let named = |line: &str| line.strip_prefix("listen = \"")?.strip_suffix('"')?.parse().ok();
        let all: Vec<SocketAddr> = settings.lines().filter_map(named).chain([address]).collect();
        while all.iter().any(|address| TcpStream::connect(address).is_err()) {
            let ended = program.process.try_wait().unwrap();
            let log = || std::fs::read_to_string(folder.join("log")).unwrap();
            assert!(ended.is_none() && since.elapsed() < PATIENCE, "it did not start: {}", log());
            std::thread::sleep(Duration::from_millis(5));
        }
        program
    }

    /// SIGKILL, wherever it is.
    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Both fail when it ended before.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// Writes the settings with an address, and returns the file.
pub(crate) fn config_file(folder: &Path, settings: &str, listen: SocketAddr) -> PathBuf {
    let file = folder.join("meldkluis.toml");
    std::fs::write(&file, format!("listen = \"{listen}\"\n{settings}")).unwrap();
    file
}
