//! A Tor network of its own, on loopback: four directory authorities that are relays too, one onion service, one client.
use std::{
    fs,
    io::Write,
    net::TcpListener,
    os::unix::fs::DirBuilderExt,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use reqwest::{Client, Proxy};

use super::{Browser, Page};

/// As few as can still agree when one is slow.
const AUTHORITIES: usize = 4;
/// The torrc that is shipped, with this machine's folders in it.
const TORRC: &str = include_str!("../../deploy/tor/torrc");

/// The running network. Its processes end with it.
pub(crate) struct Network {
    folder: tempfile::TempDir,
    processes: Vec<Child>,
    socks: u16,
    /// `http://….onion`.
    pub(crate) onion: String,
}

/// The two ports of an authority.
#[derive(Clone, Copy)]
struct Ports {
    or: u16,
    dir: u16,
}

impl Network {
    /// Starts everything. The onion service leads to a unix socket, which need not be there yet; pages come by it once [`Self::stands`].
    pub(crate) fn start(socket: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (socks, relays) = free_ports();
        let mut authorities = String::new();
        for (n, ports) in relays.iter().enumerate() {
            authorities += &authority(folder.path(), n, *ports);
        }
        let service = TORRC
            .replace("/var/lib/tor/meldkluis", &format!("{}/service/onion", folder.path().display()))
            .replace("DataDirectory /var/lib/tor\n", "")
            .replace("Log err syslog\n", "")
            .replace("/run/meldkluis/onion.sock", socket.to_str().unwrap());
        assert!(!service.contains("/var/lib") && !service.contains("/run/"), "every folder was found: {service}");
        write(folder.path(), "service", &service);
        write(folder.path(), "client", &format!("SocksPort 127.0.0.1:{socks} IsolateSOCKSAuth\n"));
        let names = (0..AUTHORITIES).map(|n| format!("authority{n}")).chain(["service".into(), "client".into()]);
        let processes = names.map(|name| spawn(folder.path(), &name, &authorities)).collect();
        let mut network = Self { folder, processes, socks, onion: String::new() };
        network.onion = network.address();
        network
    }

    /// What Tor made at its first start.
    fn address(&mut self) -> String {
        let file = self.folder.path().join("service/onion/hostname");
        let began = Instant::now();
        while !file.exists() {
            self.all_run();
            assert!(began.elapsed() < Duration::from_mins(1), "the service made no key: {}", self.log("service"));
            std::thread::sleep(Duration::from_millis(50));
        }
        format!("http://{}", fs::read_to_string(file).unwrap().trim())
    }

    /// Waits until a page comes by it, and returns how long that took. Known to be within 90 seconds; a busy machine takes longer.
    pub(crate) async fn stands(&mut self) -> Duration {
        let began = Instant::now();
        let browser = self.browser("first");
        while !matches!(browser.try_get("/nl/").await, Ok(Page { status: 200, .. })) {
            self.all_run();
            let log = || format!("{}\n{}", self.log("client"), self.log("service"));
            assert!(began.elapsed() < Duration::from_mins(4), "no page comes by it: {}", log());
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        began.elapsed()
    }

    /// A browser with circuits of its own: Tor shares none between user names.
    pub(crate) fn browser(&self, user: &str) -> Browser {
        let proxy = Proxy::all(self.proxy(user)).unwrap();
        let client = Client::builder().proxy(proxy).pool_max_idle_per_host(0).timeout(Duration::from_mins(1));
        Browser::with(&self.onion, client.build().unwrap())
    }

    /// The client's SOCKS port, for a user name.
    pub(crate) fn proxy(&self, user: &str) -> String {
        format!("socks5h://{user}:x@127.0.0.1:{}", self.socks)
    }

    /// What one of the processes wrote.
    pub(crate) fn log(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join(name).join("log")).unwrap_or_default()
    }

    fn all_run(&mut self) {
        for process in &mut self.processes {
            assert!(process.try_wait().unwrap().is_none(), "a tor ended: see its log");
        }
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        for process in &mut self.processes {
            // It may have ended before.
            drop(process.kill());
            drop(process.wait());
        }
    }
}

/// One for the client, two for each authority.
fn free_ports() -> (u16, [Ports; AUTHORITIES]) {
    // All are held until all are known.
    let mut held = Vec::new();
    let mut free = || {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        held.push(listener);
        port
    };
    (free(), std::array::from_fn(|_| Ports { or: free(), dir: free() }))
}

/// What every process has. Votes come fast, and nobody measures bandwidth.
fn write(folder: &Path, name: &str, more: &str) {
    let home = folder.join(name);
    if !home.exists() {
        fs::DirBuilder::new().mode(0o700).create(&home).unwrap();
    }
    let common = format!(
        "TestingTorNetwork 1\nAssumeReachable 1\nShutdownWaitLength 0\nDataDirectory {0}\nLog notice file {0}/log\n",
        home.display()
    );
    fs::write(home.join("torrc"), format!("{common}{more}")).unwrap();
}

/// Makes an authority's keys and settings, and returns the line by which everybody knows it.
fn authority(folder: &Path, n: usize, ports: Ports) -> String {
    let name = format!("authority{n}");
    let (or, dir) = (ports.or, ports.dir);
    let settings = format!(
        "Nickname {name}\nAddress 127.0.0.1\nContactInfo none\nSocksPort 0\nORPort 127.0.0.1:{or}\nDirPort 127.0.0.1:{dir}\n\
         ExitRelay 0\nAuthoritativeDirectory 1\nV3AuthoritativeDirectory 1\nTestingV3AuthInitialVotingInterval 20\n\
         TestingV3AuthInitialVoteDelay 4\nTestingV3AuthInitialDistDelay 4\nV3AuthVotingInterval 20\nV3AuthVoteDelay 4\n\
         V3AuthDistDelay 4\nTestingDirAuthVoteGuard *\nTestingDirAuthVoteHSDir *\nTestingDirAuthVoteExit *\n"
    );
    write(folder, &name, &settings);
    let home = folder.join(&name);
    let keys = home.join("keys");
    fs::DirBuilder::new().mode(0o700).create(&keys).unwrap();
    let mut gencert = Command::new("tor-gencert");
    gencert.args(["--create-identity-key", "--passphrase-fd", "0", "-m", "12", "-a", &format!("127.0.0.1:{dir}")]);
    gencert.arg("-i").arg(keys.join("authority_identity_key")).arg("-s").arg(keys.join("authority_signing_key"));
    gencert.arg("-c").arg(keys.join("authority_certificate"));
    output(gencert, b"passphrase\n");
    let certificate = fs::read_to_string(keys.join("authority_certificate")).unwrap();
    let v3 = certificate.lines().find_map(|line| line.strip_prefix("fingerprint ")).unwrap();

    // Without any authority these settings are refused; this one is nobody.
    let nobody = format!("nobody orport=1 v3ident={0} 127.0.0.1:2 {0}", "0".repeat(40));
    let mut list = Command::new("tor");
    list.args(["--quiet", "--list-fingerprint", "--DirAuthority", &nobody, "-f"]).arg(home.join("torrc"));
    let listed = output(list, b"");
    let fingerprint: String = listed.split_whitespace().skip(1).collect();
    assert_eq!(fingerprint.len(), 40, "{listed}");
    format!("DirAuthority {name} orport={or} v3ident={v3} 127.0.0.1:{dir} {fingerprint}\n")
}

fn output(mut command: Command, stdin: &[u8]) -> String {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut process = command.spawn().unwrap_or_else(|e| panic!("{command:?}: {e}; tests/run installs it"));
    process.stdin.take().unwrap().write_all(stdin).unwrap();
    let output = process.wait_with_output().unwrap();
    assert!(output.status.success(), "{command:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn spawn(folder: &Path, name: &str, authorities: &str) -> Child {
    let torrc = folder.join(name).join("torrc");
    let settings = fs::read_to_string(&torrc).unwrap();
    fs::write(&torrc, format!("{settings}{authorities}")).unwrap();
    let mut command = Command::new("tor");
    command.arg("-f").arg(torrc).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap()
}
