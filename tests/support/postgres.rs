//! A private PostgreSQL from Debian's package, in a temporary folder, ended with the test.
use std::{
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// A running cluster.
pub(crate) struct Postgres {
    folder: tempfile::TempDir,
    port: u16,
}

fn program(name: &str) -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").unwrap();
    let found = versions.flatten().map(|v| v.path().join("bin").join(name)).find(|p| p.exists());
    found.unwrap()
}

/// PostgreSQL refuses to run as root.
fn run(folder: &Path, name: &str, arguments: &[&str]) {
    let root = Command::new("id").arg("-u").output().unwrap().stdout == b"0\n";
    let mut command = if root {
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--"]).arg(program(name));
        command
    } else {
        Command::new(program(name))
    };
    let status = command.args(arguments).current_dir(folder).stdout(Stdio::null()).stderr(Stdio::null()).status();
    assert!(status.unwrap().success(), "{name} failed");
}

impl Postgres {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let data = folder.path().join("data");
        let data = data.to_str().unwrap();
        run(folder.path(), "initdb", &["-D", data, "-U", "meldkluis", "--auth=trust", "-E", "UTF8", "--no-sync"]);
        let options =
            format!("-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories= -c max_connections=200");
        run(folder.path(), "pg_ctl", &["-D", data, "-w", "-o", &options, "-l", &format!("{data}/log"), "start"]);
        Self { folder, port }
    }

    /// The URL of a fresh database.
    pub(crate) fn database(&self, name: &str) -> String {
        let port = self.port.to_string();
        run(self.folder.path(), "createdb", &["-h", "127.0.0.1", "-p", &port, "-U", "meldkluis", name]);
        format!("postgres://meldkluis@127.0.0.1:{port}/{name}")
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let data = self.folder.path().join("data");
        run(self.folder.path(), "pg_ctl", &["-D", data.to_str().unwrap(), "-m", "immediate", "stop"]);
    }
}
