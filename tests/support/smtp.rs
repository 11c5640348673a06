//! A real SMTP server of the tests' own (Debian's `python3-aiosmtpd`), and certificates of an authority of its own.
use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use serde::Deserialize;

/// A mail as the server got it.
#[derive(Deserialize)]
pub(crate) struct Mail {
    pub(crate) from: String,
    pub(crate) to: Vec<String>,
    pub(crate) greeting: String,
    pub(crate) encrypted: bool,
    pub(crate) content: String,
}

impl Mail {
    pub(crate) fn header(&self, name: &str) -> &str {
        let head = self.content.split("\r\n\r\n").next().unwrap();
        head.split("\r\n").find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).unwrap_or_default()
    }

    pub(crate) fn body(&self) -> &str {
        self.content.split_once("\r\n\r\n").unwrap().1
    }
}

/// A running server. Ends when dropped.
pub(crate) struct Smtp {
    pub(crate) port: u16,
    folder: PathBuf,
    process: Child,
}

impl Smtp {
    /// Starts over a folder with certificates: see [`certify`]. Port 0 is any.
    pub(crate) fn start(folder: &Path, port: u16, tls: &str) -> Self {
        let mails = folder.join("mails");
        fs::create_dir_all(&mails).unwrap();
        // Debian's own Python: its packages are not seen by another one.
        let mut process = Command::new("/usr/bin/python3")
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/smtpd.py"))
            .args([mails.as_os_str(), port.to_string().as_ref(), tls.as_ref()])
            .args([folder.join("server.pem"), folder.join("server.key")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        Self { port: line.trim().parse().unwrap(), folder: mails, process }
    }

    /// What came since the last time.
    pub(crate) fn take(&self) -> Vec<Mail> {
        let files: Vec<PathBuf> = fs::read_dir(&self.folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        let read = |file: PathBuf| {
            let mail = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
            fs::remove_file(file).unwrap();
            mail
        };
        let mut mails: Vec<Mail> = files.into_iter().map(read).collect();
        mails.sort_by(|a, b| a.to.cmp(&b.to));
        mails
    }
}

impl Drop for Smtp {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// Makes an authority (`NAME.pem`) in a folder; the last one made signs `server.pem` and `server.key`, for 127.0.0.1 and `dns`.
pub(crate) fn certify(folder: &Path, name: &str, dns: &str) {
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let settings = format!(
        "[req]\ndistinguished_name=dn\n[dn]\n[ca]\nbasicConstraints=critical,CA:TRUE\n\
         [server]\nbasicConstraints=critical,CA:FALSE\nsubjectAltName={dns}\n"
    );
    fs::write(folder.join("openssl.cnf"), settings).unwrap();
    let make = |subject: &str, extensions: &str, more: &[&str]| {
        let made = Command::new("openssl")
            .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"])
            .args(["-subj", &format!("/CN={subject}"), "-config", &path("openssl.cnf"), "-extensions", extensions])
            .args(more)
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    };
    let (ca, ca_key) = (path(&format!("{name}.pem")), path(&format!("{name}.key")));
    make(name, "ca", &["-keyout", &ca_key, "-out", &ca]);
    let signed = ["-CA", &ca, "-CAkey", &ca_key, "-keyout", &path("server.key"), "-out", &path("server.pem")];
    make("mail", "server", &signed);
}
