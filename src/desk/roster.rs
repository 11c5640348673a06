//! A coordinator prepares the organisation's next roster file: what is wrong with it, who can newly read, and a signature.
//!
//! One person signs, another looks at the same and signs too; the root file says how many must.
use std::collections::BTreeMap;

use ssh_key::PrivateKey;

use super::{Client, DeskError};
use crate::{
    domain::{
        id::OrgId,
        roster::{OrgFile, RootFile},
        roster_check::{Finding, day_findings, findings, org_name, review_findings},
        roster_words::{Parsed, changes},
    },
    roster_files::{Files, Signed, key_findings, sign, signed_by},
};

/// What a file to come would mean.
pub struct Review {
    /// Whose file it is.
    pub org: OrgId,
    /// What is wrong or doubtful, in words.
    pub findings: Vec<Finding>,
    /// What changes against the roster in use, a line each.
    pub changes: Vec<String>,
    /// Who has signed it, if they are enough; otherwise how many still must.
    pub signed: Result<Vec<String>, String>,
}

impl Review {
    /// Whether it may be signed.
    pub fn is_right(&self) -> bool {
        !self.findings.iter().any(|f| f.mistake)
    }
}

impl Client {
    /// Looks at a file to come of the overseer's own organisation, with the signatures it has so far.
    pub async fn review(&self, text: &str, signatures: &str) -> Result<Review, DeskError> {
        let org =
            self.watches().map(|(org, _)| org.clone()).ok_or_else(|| DeskError::known("desk-error-not-overseer"))?;
        let file: OrgFile = toml::from_str(text).map_err(|e| DeskError::new(e.to_string()))?;
        if file.organisation != org {
            return Err(DeskError::new(format!("{}: this file is of {}", org_name(&org), file.organisation)));
        }
        let old = parsed(&self.roster_files().await?)?;
        let mut new = old.clone();
        new.files.insert(org.clone(), file.clone());
        let mut all = findings(&new.root, &new.files);
        all.extend(day_findings(&org_name(&org), &file.head, self.today()));
        all.extend(review_findings(&file, self.today()));
        all.extend(key_findings(&org, &file));
        let ours = org_name(&org);
        let findings = all.into_iter().filter(|f| f.file == ours).collect();
        let signers = old.root.organisations.iter().find(|o| o.id == org).and_then(|o| o.signers.as_ref());
        let signers = signers.ok_or_else(|| DeskError::known("desk-error-nothing"))?;
        let signed = Signed { text: text.to_owned(), signatures: signatures.to_owned() };
        let signed = signed_by(&ours, &signed, signers).map(|people| people.into_iter().collect());
        Ok(Review { org, findings, changes: changes(&old, &new), signed: signed.map_err(|e| e.problem) })
    }
}

fn parsed(files: &Files) -> Result<Parsed, DeskError> {
    let wrong = |e: toml::de::Error| DeskError::new(e.to_string());
    let root: RootFile = toml::from_str(&files.root.text).map_err(wrong)?;
    let file = |(id, signed): (&OrgId, &Signed)| Ok((id.clone(), toml::from_str(&signed.text).map_err(wrong)?));
    let files: Result<BTreeMap<OrgId, OrgFile>, DeskError> = files.organisations.iter().map(file).collect();
    Ok(Parsed { root, files: files? })
}

/// Adds a signature to those there are, with an OpenSSH private key, protected with a passphrase or not. A key on hardware signs
/// with `ssh-keygen -Y sign` instead.
pub fn signed_with(text: &str, signatures: &str, key: &str, passphrase: &str) -> Result<String, DeskError> {
    let key = PrivateKey::from_openssh(key).map_err(|_| DeskError::known("desk-error-ssh"))?;
    let key = if key.is_encrypted() {
        key.decrypt(passphrase).map_err(|_| DeskError::known("desk-error-ssh-passphrase"))?
    } else {
        key
    };
    let signature = sign(text, &key).ok_or_else(|| DeskError::known("desk-error-ssh"))?;
    let before = signatures.trim_end();
    let gap = if before.is_empty() { "" } else { "\n" };
    Ok(format!("{before}{gap}{signature}"))
}
