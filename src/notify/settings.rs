//! `[notices]` of the settings file.
use std::{
    collections::BTreeSet,
    fs,
    net::IpAddr,
    path::{Path, PathBuf},
};

use lettre::{
    AsyncSmtpTransport, Tokio1Executor,
    message::Mailbox,
    transport::smtp::{
        authentication::Credentials,
        client::{self, Certificate, CertificateStore, TlsParameters},
        extension::ClientId,
    },
};
use serde::Deserialize;

use crate::domain::notice::Weekday;

/// Working days without a look, at most.
const MOST_DAYS: u8 = 30;

/// How notices are sent, when and to whom.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notices {
    /// The SMTP server: a name, as its certificate has it, or an address.
    pub server: String,
    /// Its port.
    pub port: u16,
    /// How the connection is encrypted.
    pub tls: Tls,
    /// Certificates (PEM) of an authority that is believed beside the public ones.
    pub ca: Option<PathBuf>,
    /// Who signs in, together with `password_file`.
    pub user: Option<String>,
    /// A file with the password alone.
    pub password_file: Option<PathBuf>,
    /// The sender: `name@example.org` or `Name <name@example.org>`. What cannot be delivered comes back to it.
    pub from: Sender,
    /// The days on which notices go out, for example `["mon", "thu"]`.
    pub weekdays: BTreeSet<Weekday>,
    /// Whole working days without a sign-in after which a reader gets one: 1 to 30.
    pub after_working_days: u8,
    /// A file with lines of `reader = "address"`, outside the roster and the data.
    pub addresses: PathBuf,
}

/// How the connection to the SMTP server is encrypted. A certificate that does not hold is refused.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum Tls {
    /// From the first byte, usually on port 465.
    Implicit,
    /// After STARTTLS, without which nothing is sent; usually on port 587.
    Starttls,
    /// Not at all: only to a server on this machine.
    None,
}

/// A sender's address, with or without a name.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct Sender(pub(super) Mailbox);

impl TryFrom<String> for Sender {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse().map(Self).map_err(|_| format!("“{text}” is not a mail address"))
    }
}

impl Notices {
    /// Refuses what would show readers' addresses to others, or could never send.
    pub(crate) fn check(&self, data: &Path, roster: &Path) -> Result<(), String> {
        let refuse = |bad: bool, why: &str| if bad { Err(format!("notices: {why}")) } else { Ok(()) };
        refuse(
            self.tls == Tls::None && !self.is_loopback(),
            "tls = \"none\" is for a server on this machine (127.0.0.1, ::1 or localhost); use \"starttls\" or \"implicit\"",
        )?;
        refuse(self.user.is_some() != self.password_file.is_some(), "set both user and password_file, or neither")?;
        refuse(self.weekdays.is_empty(), "weekdays names no day")?;
        refuse(!(1..=MOST_DAYS).contains(&self.after_working_days), "after_working_days must be 1 to 30")?;
        let inside = |path: &Path| path.starts_with(data) || path.starts_with(roster);
        refuse(inside(&self.addresses), "addresses must not be inside data or roster: it names who the readers are")?;
        refuse(self.password_file.as_deref().is_some_and(inside), "password_file must not be inside data or roster")
    }

    fn is_loopback(&self) -> bool {
        let address: Result<IpAddr, _> = self.server.parse();
        address.map_or(self.server == "localhost", |address| address.is_loopback())
    }

    /// A connection for each mail. The error names a file that cannot be used.
    pub(super) fn transport(&self) -> Result<AsyncSmtpTransport<Tokio1Executor>, String> {
        let tls = match self.tls {
            Tls::Implicit => client::Tls::Wrapper(self.encryption()?),
            Tls::Starttls => client::Tls::Required(self.encryption()?),
            Tls::None => client::Tls::None,
        };
        // The machine's own name is nobody's business: it greets with the sender's domain.
        let greeting = ClientId::Domain(self.from.0.email.domain().to_owned());
        let builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&self.server)
            .port(self.port)
            .tls(tls)
            .hello_name(greeting);
        Ok(match (&self.user, &self.password_file) {
            (Some(user), Some(file)) => builder.credentials(Credentials::new(user.clone(), password(file)?)).build(),
            _ => builder.build(),
        })
    }

    fn encryption(&self) -> Result<TlsParameters, String> {
        let mut builder = TlsParameters::builder(self.server.clone()).certificate_store(CertificateStore::WebpkiRoots);
        if let Some(ca) = &self.ca {
            let unusable = || format!("{} holds no certificate that can be used", ca.display());
            let pem = fs::read(ca).map_err(|e| named(ca, &e))?;
            builder = builder.add_root_certificate(Certificate::from_pem(&pem).map_err(|_| unusable())?);
        }
        builder.build_rustls().map_err(|e| format!("TLS to the SMTP server cannot be prepared: {e}"))
    }
}

fn password(file: &Path) -> Result<String, String> {
    fs::read_to_string(file).map(|text| text.trim_end().to_owned()).map_err(|e| named(file, &e))
}

fn named(path: &Path, error: &std::io::Error) -> String {
    format!("cannot read {}: {error}", path.display())
}
