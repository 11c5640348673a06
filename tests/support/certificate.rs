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

/// As [`certify`], with a certificate that ends so many seconds from now.
pub(crate) fn certify_for(folder: &Path, common_name: &str, seconds: i64) {
    let end = Command::new("date").args(["-u", "-d", &format!("+{seconds} sec"), "+%Y%m%d%H%M%SZ"]).output().unwrap();
    certify_between(folder, common_name, "20260101000000Z", String::from_utf8(end.stdout).unwrap().trim());
}

/// As [`certify`], with a certificate that begins and ends as OpenSSL writes it: `20991231235959Z`.
pub(crate) fn certify_between(folder: &Path, common_name: &str, start: &str, end: &str) {
    let settings = "[ca]\ndefault_ca=d\n[d]\ndatabase=index\nserial=serial\nnew_certs_dir=.\ndefault_md=sha256\npolicy=p\n\
                    x509_extensions=x\nunique_subject=no\n[p]\ncommonName=supplied\n[x]\nbasicConstraints=critical,CA:FALSE\n\
                    subjectAltName=IP:127.0.0.1\n[req]\ndistinguished_name=dn\n[dn]\n";
    let own = tempfile::tempdir().unwrap();
    for (name, text) in [("own.cnf", settings), ("index", ""), ("serial", "01\n")] {
        std::fs::write(own.path().join(name), text).unwrap();
    }
    let subject = format!("/CN={common_name}");
    let run = |arguments: &[&str]| {
        let made = Command::new("openssl").args(arguments).current_dir(own.path()).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    };
    let new = ["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", &subject];
    run(&[&new[..], &["-config", "own.cnf", "-keyout", "key.pem", "-out", "asked.pem"]].concat());
    let sign =
        ["ca", "-batch", "-selfsign", "-config", "own.cnf", "-keyfile", "key.pem", "-in", "asked.pem", "-notext"];
    run(&[&sign[..], &["-out", "certificate.pem", "-startdate", start, "-enddate", end]].concat());
    for name in ["key.pem", "certificate.pem"] {
        std::fs::copy(own.path().join(name), folder.join(name)).unwrap();
    }
}
