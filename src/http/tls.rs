//! HTTPS: TLS 1.3 and 1.2, the hybrid key exchange first, the certificate read again when its files change.
use std::{
    fmt, io,
    path::Path,
    sync::{Arc, RwLock},
    time::Duration,
};

use jiff::Timestamp;
use rustls::{
    ServerConfig,
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};

use x509_cert::{der::Decode, time::Time};

use crate::{config::Https, domain::day::Day};

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(5);

/// The settings of the HTTPS listener, and its certificate. Call it inside the server's runtime: it starts the watch over the files.
pub(crate) fn settings(https: &Https) -> io::Result<(ServerConfig, Arc<Certificate>)> {
    // With the feature `prefer-post-quantum`, X25519MLKEM768 stands first.
    let provider = Arc::new(aws_lc_rs::default_provider());
    let certificate = Arc::new(Certificate::load(https.clone(), &provider)?);
    let mut config = ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_no_client_auth()
        .with_cert_resolver(certificate.clone());
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    actix_web::rt::spawn(watch(certificate.clone(), provider));
    Ok((config, certificate))
}

async fn watch(certificate: Arc<Certificate>, provider: Arc<CryptoProvider>) {
    loop {
        tokio::time::sleep(LOOK).await;
        if let Err(error) = certificate.renew(&provider) {
            // The old one goes on: a half-written file must not take the service away.
            tracing::warn!("the new certificate is not used: {error}");
        }
    }
}

/// The certificate in use and the bytes it was read from.
pub(crate) struct Certificate {
    files: Https,
    current: RwLock<(Vec<u8>, Arc<CertifiedKey>)>,
}

impl Certificate {
    fn load(files: Https, provider: &CryptoProvider) -> io::Result<Self> {
        let bytes = bytes(&files)?;
        let key = Arc::new(parse(&files, provider)?);
        Ok(Self { files, current: RwLock::new((bytes, key)) })
    }

    /// The last day of the one that is used, or of the first in its chain to end; `None` if no day can be read from it.
    pub(crate) fn expires(&self) -> Option<Day> {
        let used = self.current.read().ok()?.1.clone();
        used.cert.iter().map(|one| last_day(one)).min().flatten()
    }

    fn renew(&self, provider: &CryptoProvider) -> io::Result<()> {
        let now = bytes(&self.files)?;
        let poisoned = |_| io::Error::other("a thread failed while it changed the certificate");
        if self.current.read().map_err(|_| poisoned(()))?.0 == now {
            return Ok(());
        }
        let key = Arc::new(parse(&self.files, provider)?);
        *self.current.write().map_err(|_| poisoned(()))? = (now, key);
        Ok(())
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current.read().ok()?.1.clone())
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate").field("files", &self.files).finish_non_exhaustive()
    }
}

fn last_day(certificate: &[u8]) -> Option<Day> {
    days(certificate).map(|(_, last)| last)
}

/// The first and the last day of a certificate.
fn days(certificate: &[u8]) -> Option<(Day, Day)> {
    let validity = x509_cert::Certificate::from_der(certificate).ok()?.tbs_certificate.validity;
    let day = |time: Time| Timestamp::from_second(i64::try_from(time.to_unix_duration().as_secs()).ok()?).ok();
    Some((Day::of(day(validity.not_before)?), Day::of(day(validity.not_after)?)))
}

/// Reads the certificate of the settings with its key, as a start does: the days from which and to which all of its chain holds, if any can
/// be read from it. An error names the file.
pub(crate) fn certificate(https: &Https) -> io::Result<Option<(Day, Day)>> {
    let key = parse(https, &aws_lc_rs::default_provider())?;
    let all: Option<Vec<(Day, Day)>> = key.cert.iter().map(|one| days(one)).collect();
    let all = all.unwrap_or_default();
    Ok(all.iter().map(|(first, _)| *first).max().zip(all.iter().map(|(_, last)| *last).min()))
}

/// The certificate file only: a new key always comes with a new certificate.
fn bytes(files: &Https) -> io::Result<Vec<u8>> {
    std::fs::read(&files.certificate).map_err(|e| named(&files.certificate, e))
}

/// Reads both files and checks that they belong together.
fn parse(files: &Https, provider: &CryptoProvider) -> io::Result<CertifiedKey> {
    let read = CertificateDer::pem_file_iter(&files.certificate).map_err(|e| named(&files.certificate, e))?;
    let chain: Vec<_> = read.collect::<Result<_, _>>().map_err(|e| named(&files.certificate, e))?;
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|e| named(&files.key, e))?;
    CertifiedKey::from_der(chain, key, provider).map_err(|e| match e {
        rustls::Error::InconsistentKeys(_) => {
            let text = format!(
                "this is not the key of the certificate {}: name the one it was asked with",
                files.certificate.display()
            );
            named(&files.key, text)
        }
        e => named(&files.key, e),
    })
}

fn named(path: &Path, error: impl fmt::Display) -> io::Error {
    io::Error::other(format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use rustls::NamedGroup;

    use super::*;

    #[test]
    fn the_hybrid_key_exchange_stands_first() {
        let groups: Vec<NamedGroup> = aws_lc_rs::default_provider().kx_groups.iter().map(|g| g.name()).collect();
        assert_eq!(groups.first(), Some(&NamedGroup::X25519MLKEM768));
        assert!(groups.contains(&NamedGroup::X25519), "older browsers, too");
    }
}
