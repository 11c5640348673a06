//! A coordinator prepares the organisation's next roster file: what is wrong with it, who can newly read, and a signature.
//!
//! One person signs, another looks at the same and signs too; the root file says how many must.
use std::collections::BTreeMap;

use ssh_key::PrivateKey;

use super::{Client, DeskError};
use crate::{
    domain::{
        day::Day,
        id::OrgId,
        roster::{OrgFile, RootFile, Signers},
        roster_check::{Finding, day_findings, findings, org_name, review_findings},
        roster_words::{Parsed, changes},
        said::Said,
    },
    roster_files::{Files, Signed, Unfit, holding, key_findings, place, seen_now, sign, signed_by},
    seal::code::Language,
    text::Texts,
};

/// What a file to come would mean.
pub struct Review {
    /// Whose file it is.
    pub org: OrgId,
    /// What is wrong or doubtful.
    pub findings: Vec<Finding>,
    /// Why it cannot follow the file that counts now.
    pub follows: Result<(), Said>,
    /// What changes against the roster in use, a line each.
    pub changes: Vec<Said>,
    /// Who has signed it, if they are enough; otherwise how many still must.
    pub signed: Result<Vec<String>, Said>,
    /// SHA-256 of its text, hex: for the minutes, and `previous` of the file after it.
    pub sha256: String,
    /// The last day on which it counts.
    pub expires: Day,
    signers: Signers,
}

/// Why a file could not be looked at.
pub enum Unreviewed {
    /// It is no TOML, or not of this form.
    Toml(Mistake),
    /// It is of another organisation.
    Other(Said),
    /// Anything else.
    Failed(DeskError),
}

impl From<DeskError> for Unreviewed {
    fn from(error: DeskError) -> Self {
        Self::Failed(error)
    }
}

impl From<Unreviewed> for DeskError {
    fn from(error: Unreviewed) -> Self {
        match error {
            Unreviewed::Toml(mistake) => {
                Self::new(format!("{}\n{}", Texts::of(Language::En).say(&mistake.place), mistake.detail))
            }
            Unreviewed::Other(other) => Self::new(Texts::of(Language::En).say(&other)),
            Unreviewed::Failed(error) => error,
        }
    }
}

/// A mistake in a file's form.
pub struct Mistake {
    /// Where it is, and what to do.
    pub place: Said,
    /// What the reader of the form says, with the line.
    pub detail: String,
}

impl Mistake {
    fn of(text: &str, error: &toml::de::Error) -> Self {
        let place = place(text, error).map_or(Said::new("roster-toml-nowhere"), |(line, column)| {
            Said::new("roster-toml").with("line", line).with("column", column)
        });
        Self { place, detail: error.to_string() }
    }
}

/// Whether a file can come after the one that counts now: it follows it, and is another.
fn comes_after((old, now): (&OrgFile, &str), (file, text): (&OrgFile, &str)) -> Result<(), Said> {
    if text == now {
        return Err(Said::new("roster-same"));
    }
    let name = org_name(&file.organisation);
    let (before, next) = (seen_now(&name, now, &old.head), seen_now(&name, text, &file.head));
    let after = before.serial.saturating_add(1);
    let serial =
        || Said::new("roster-serial").with("serial", next.serial).with("now", before.serial).with("next", after);
    if next.serial != after {
        return Err(serial());
    }
    next.follows(&file.head.previous, &before).map_err(|unfit| match unfit {
        Unfit::Older | Unfit::Forked => serial(),
        Unfit::Previous => Said::new("roster-previous").with("hash", before.sha256),
    })
}

impl Review {
    /// Whether it may be signed.
    pub fn is_right(&self) -> bool {
        self.follows.is_ok() && !self.findings.iter().any(|f| f.mistake)
    }

    /// Adds a signature of one of the signers to those there are, with their OpenSSH private key, protected with a passphrase or not. A key on
    /// hardware signs with `ssh-keygen -Y sign` instead.
    pub fn sign(&self, text: &str, signatures: &str, key: &str, passphrase: &str) -> Result<String, DeskError> {
        let one = signed_with(text, key, passphrase)?;
        let alone = Signed { text: text.to_owned(), signatures: one.clone() };
        // A signature that counts for nobody looks like one that does, until a server refuses it.
        if holding(&org_name(&self.org), &alone, &self.signers)?.is_empty() {
            return Err(DeskError::known("desk-error-no-signer"));
        }
        let before = signatures.trim_end();
        let gap = if before.is_empty() { "" } else { "\n" };
        Ok(format!("{before}{gap}{one}"))
    }
}

impl Client {
    /// Looks at a file to come of the overseer's own organisation, with the signatures it has so far.
    pub async fn review(&self, text: &str, signatures: &str) -> Result<Review, Unreviewed> {
        let org =
            self.watches().map(|(org, _)| org.clone()).ok_or_else(|| DeskError::known("desk-error-not-overseer"))?;
        let file: OrgFile = toml::from_str(text).map_err(|error| Unreviewed::Toml(Mistake::of(text, &error)))?;
        if file.organisation != org {
            let other = Said::new("fault-not-yours").with("file", org_name(&org)).with("org", &file.organisation);
            return Err(Unreviewed::Other(other));
        }
        let files = self.roster_files().await?;
        let old = parsed(&files)?;
        let now = files.organisations.get(&org).map(|signed| signed.text.as_str());
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
        let sha256 = seen_now(&ours, text, &file.head).sha256;
        let follows = old.files.get(&org).zip(now).map_or(Ok(()), |(old, now)| comes_after((old, now), (&file, text)));
        let (signed, changes) = (signed.map_err(|e| e.problem), changes(&old, &new));
        Ok(Review {
            org,
            findings,
            follows,
            changes,
            signed,
            sha256,
            expires: file.head.expires,
            signers: signers.clone(),
        })
    }
}

/// The parsed files of a roster that was verified.
pub(super) fn parsed(files: &Files) -> Result<Parsed, DeskError> {
    let wrong = |e: toml::de::Error| DeskError::new(e.to_string());
    let root: RootFile = toml::from_str(&files.root.text).map_err(wrong)?;
    let file = |(id, signed): (&OrgId, &Signed)| Ok((id.clone(), toml::from_str(&signed.text).map_err(wrong)?));
    let files: Result<BTreeMap<OrgId, OrgFile>, DeskError> = files.organisations.iter().map(file).collect();
    Ok(Parsed { root, files: files? })
}

fn signed_with(text: &str, key: &str, passphrase: &str) -> Result<String, DeskError> {
    let key = PrivateKey::from_openssh(key).map_err(|_| DeskError::known("desk-error-ssh"))?;
    let key = if key.is_encrypted() {
        key.decrypt(passphrase).map_err(|_| DeskError::known("desk-error-ssh-passphrase"))?
    } else {
        key
    };
    sign(text, &key).ok_or_else(|| DeskError::known("desk-error-ssh"))
}
