//! A roster that was changed and signed anew.
use std::path::Path;

use meldkluis::roster_files::sign;
use sha2::{Digest, Sha256};

/// The roster file of the ministry after the first one, with one thing changed, signed by its signer.
pub(crate) fn change(folder: &Path, from: &str, to: &str) {
    let path = folder.join("roster/org-bzk.toml");
    let old = std::fs::read_to_string(&path).unwrap();
    let new = old.replacen("serial = 1", "serial = 2", 1).replacen(from, to, 1);
    let hash = hex::encode(Sha256::digest(old.as_bytes()));
    let new = new.replacen("previous = \"\"", &format!("previous = \"{hash}\""), 1);
    assert!(new.contains(to));
    let key = ssh_key::PrivateKey::read_openssh_file(&folder.join("signers/bzk")).unwrap();
    std::fs::write(path.with_extension("toml.sig"), sign(&new, &key).unwrap()).unwrap();
    std::fs::write(path, new).unwrap();
}
