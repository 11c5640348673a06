//! Certificates for the HTTPS listener.
use std::{path::Path, process::Command};

/// A certificate of its own, made by OpenSSL.
pub(crate) fn certify(folder: &Path, common_name: &str) {
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let settings = "[req]\ndistinguished_name=dn\nx509_extensions=x\n[dn]\n[x]\nbasicConstraints=critical,CA:FALSE\nsubjectAltName=IP:127.0.0.1\n";
    std::fs::write(folder.join("openssl.cnf"), settings).unwrap();
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"])
        .args(["-subj", &format!("/CN={common_name}"), "-config", &path("openssl.cnf")])
        .args(["-keyout", &path("key.pem"), "-out", &path("certificate.pem")])
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

/// What a stock TLS client says of the listener.
pub(crate) fn openssl_client(address: &str, options: &[&str]) -> String {
    let said = Command::new("openssl")
        .args(["s_client", "-connect", address])
        .args(options)
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    String::from_utf8_lossy(&[said.stdout, said.stderr].concat()).into_owned()
}
