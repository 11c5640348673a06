//! Roster files: bytes and signatures in, a proven [`Roster`] out. Nothing unsigned, expired, lower or forked is believed.
//!
//! Signatures are ordinary ones of `ssh-keygen -Y sign -n meldkluis-roster@v1`, one or more armoured blocks in `<file>.sig`.
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Display,
};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};
use ssh_key::{HashAlg, LineEnding, PrivateKey, PublicKey, SshSig};

use crate::{
    domain::{
        day::Day,
        id::{OrgId, ReaderId},
        roster::{Head, MAX_DAYS, OrgFile, RootFile, Roster, RosterError, Signers},
        roster_check::{Finding, VERSION, org_name},
        said::Said,
    },
    seal,
};

/// The namespace of roster signatures.
pub const NAMESPACE: &str = "meldkluis-roster@v1";
const END: &str = "-----END SSH SIGNATURE-----";
/// In a hardware key's signature: a person touched the key.
const USER_PRESENT: u8 = 1;

/// A file and its signatures.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Signed {
    /// The TOML text that is signed.
    pub text: String,
    /// Armoured signatures, one after another.
    pub signatures: String,
}

/// All roster files, as found in a folder or sent to a desk.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "server", schema(as = Roster))]
pub struct Files {
    /// `root.toml`.
    pub root: Signed,
    /// `org-<id>.toml`.
    pub organisations: BTreeMap<OrgId, Signed>,
}

/// A file's name, serial and SHA-256, to be remembered: an older or other one is refused later.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Seen {
    /// `root` or `org-<id>`.
    pub file: String,
    /// Its serial.
    pub serial: u64,
    /// SHA-256 of its text, hex.
    pub sha256: String,
}

/// Why a file cannot stand where another was seen.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Unfit {
    /// Its serial is lower.
    Older,
    /// It is another file with the same serial.
    Forked,
    /// It has the next serial and names another file as the one before.
    Previous,
}

impl Seen {
    /// Whether a file that names `previous` as the one before it can stand where `before` was seen; the same file can.
    pub fn follows(&self, previous: &str, before: &Self) -> Result<(), Unfit> {
        if self.serial < before.serial {
            Err(Unfit::Older)
        } else if self.serial == before.serial && self.sha256 != before.sha256 {
            Err(Unfit::Forked)
        } else if before.serial.checked_add(1) == Some(self.serial) && previous != before.sha256 {
            Err(Unfit::Previous)
        } else {
            Ok(())
        }
    }
}

impl Files {
    /// Reads the files of a folder.
    pub fn load(folder: &std::path::Path) -> Result<Self, RosterError> {
        let root = signed(folder, "root")?;
        let file: RootFile = parse("root", &root.text)?;
        let mut organisations = BTreeMap::new();
        for entry in file.organisations.iter().filter(|e| e.signers.is_some()) {
            let found = signed(folder, &format!("org-{}", entry.id));
            // An organisation that ended may leave no file.
            if entry.until.is_none() || found.is_ok() {
                organisations.insert(entry.id.clone(), found?);
            }
        }
        Ok(Self { root, organisations })
    }

    /// SHA-256 of the files as JSON, in hex: of two that are the same it is the same.
    pub fn sha256(&self) -> String {
        // Texts always serialise.
        hex::encode(Sha256::digest(serde_json::to_vec(self).unwrap_or_default()))
    }

    /// Checks signatures, chain and validity, and joins what holds. `seen` gives what was remembered of a file.
    pub fn verify(
        &self,
        anchor: &Signers,
        today: Day,
        seen: impl Fn(&str) -> Option<Seen>,
    ) -> Result<(Roster, Vec<Seen>), RosterError> {
        signed_by("root", &self.root, anchor)?;
        let root: RootFile = parse("root", &self.root.text)?;
        if root.signers != *anchor {
            let problem = "it names other root signers than the anchor does; give every server and desk the new anchor, \
                           so that nobody who left can sign";
            return Err(wrong("root", problem));
        }
        let mut now = vec![check_head("root", &self.root.text, &root.head, today, &seen)?];
        let mut files = Vec::new();
        for (id, signed) in &self.organisations {
            let name = format!("org-{id}");
            let entry = root.organisations.iter().find(|e| e.id == *id);
            // What ended is not read any more, and does not keep the others from working.
            if entry.is_some_and(|e| e.until.is_some_and(|until| until < today)) {
                continue;
            }
            let signers = entry.and_then(|e| e.signers.as_ref());
            let signers = signers.ok_or_else(|| wrong(&name, "the root file names no signers for it"))?;
            signed_by(&name, signed, signers)?;
            let file: OrgFile = parse(&name, &signed.text)?;
            if file.organisation != *id {
                return Err(wrong(&name, format!("it says it is of {}", file.organisation)));
            }
            now.push(check_head(&name, &signed.text, &file.head, today, &seen)?);
            if let Some(found) = key_findings(id, &file).into_iter().next() {
                return Err(said(&name, found.problem));
            }
            files.push(file);
        }
        let digest = now.iter().fold(Sha256::new(), |hash, s| hash.chain_update(s.sha256.as_bytes())).finalize().into();
        Ok((Roster::join(root, files, digest)?, now))
    }
}

/// The root signers that are trusted: `threshold` and `keys`, TOML.
pub fn anchor(path: &std::path::Path) -> Result<Signers, RosterError> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|e| wrong(&name, format!("cannot read the root signers: {e}")))?;
    parse(&name, &text)
}

/// People whose keys nothing can be sealed to or checked with.
pub fn key_findings(id: &OrgId, file: &OrgFile) -> Vec<Finding> {
    let bad = |(who, seal_key, sign_key): (&ReaderId, &str, &str)| {
        let mut sign = [0; 32];
        let signs = hex::decode_to_slice(sign_key, &mut sign).is_ok() && seal::is_sign_key(&sign);
        let what = match (seal::is_recipient(seal_key), signs) {
            (true, true) => return None,
            (false, _) => "fault-seal-damaged",
            (_, false) => "fault-sign-damaged",
        };
        let problem = Said::new(what).with("id", who);
        Some(Finding { file: org_name(id), about: format!("id=\"{who}\""), problem, mistake: true })
    };
    let readers = file.readers.iter().map(|r| (&r.id, r.seal_key.as_str(), r.sign_key.as_str()));
    let overseers = file.overseers.iter().map(|o| (&o.id, o.seal_key.as_str(), o.sign_key.as_str()));
    readers.chain(overseers).filter_map(bad).collect()
}

/// What is to be remembered of a file, whoever signed it.
pub fn seen_now(name: &str, text: &str, head: &Head) -> Seen {
    Seen { file: name.to_owned(), serial: head.serial, sha256: hex::encode(Sha256::digest(text.as_bytes())) }
}

/// Signs a file's text as `ssh-keygen -Y sign` would; `None` when the key cannot sign.
pub fn sign(text: &str, key: &PrivateKey) -> Option<String> {
    key.sign(NAMESPACE, HashAlg::Sha512, text.as_bytes()).ok()?.to_pem(LineEnding::LF).ok()
}

fn wrong(file: &str, problem: impl Display) -> RosterError {
    said(file, Said::plain(problem))
}

fn said(file: &str, problem: Said) -> RosterError {
    RosterError { file: file.to_owned(), problem }
}

fn signed(folder: &std::path::Path, name: &str) -> Result<Signed, RosterError> {
    let read = |ending: &str| {
        let path = folder.join(format!("{name}.{ending}"));
        std::fs::read_to_string(&path).map_err(|e| wrong(name, format!("cannot read {}: {e}", path.display())))
    };
    Ok(Signed { text: read("toml")?, signatures: read("toml.sig")? })
}

/// Reads TOML; the error of the library names line and column.
fn parse<T: DeserializeOwned>(name: &str, text: &str) -> Result<T, RosterError> {
    toml::from_str(text).map_err(|error| wrong(name, error))
}

fn check_head(
    name: &str,
    text: &str,
    head: &Head,
    today: Day,
    seen: &impl Fn(&str) -> Option<Seen>,
) -> Result<Seen, RosterError> {
    let now = seen_now(name, text, head);
    if head.version != VERSION {
        return Err(wrong(name, format!("format version {} is not known; use the program that made it", head.version)));
    }
    if head.expires > head.valid_from.plus_days(MAX_DAYS) {
        return Err(wrong(name, format!("it is valid for more than {MAX_DAYS} days; sign one that expires sooner")));
    }
    if today < head.valid_from || today > head.expires {
        return Err(wrong(name, format!("valid from {} to {}, and today is {today}", head.valid_from, head.expires)));
    }
    let Some(before) = seen(name) else { return Ok(now) };
    let serial = now.serial;
    let problem = match now.follows(&head.previous, &before) {
        Ok(()) => return Ok(now),
        Err(Unfit::Older) => format!("serial {serial} is older than {}, seen before", before.serial),
        Err(Unfit::Forked) => {
            format!("another file with serial {serial} was seen before; one of them is forged or a mistake")
        }
        Err(Unfit::Previous) => format!("it does not follow the file seen before: previous must be {}", before.sha256),
    };
    Err(wrong(name, problem))
}

/// Line and column at which a file is no TOML or has not the expected form, from 1; nothing where the library does not say.
pub fn place(text: &str, error: &toml::de::Error) -> Option<(usize, usize)> {
    let before = text.get(..error.span()?.start)?;
    let line = before.rsplit('\n').next().unwrap_or_default();
    Some((before.matches('\n').count() + 1, line.chars().count() + 1))
}

/// The people whose signatures hold, at least `threshold`. One key under two names counts once.
pub fn signed_by(name: &str, signed: &Signed, signers: &Signers) -> Result<BTreeSet<String>, RosterError> {
    let people = holding(name, signed, signers)?;
    if signers.threshold < 1 || people.len() < signers.threshold {
        let wanted = signers.threshold.max(1);
        let held = Said::new("fault-signed").with("held", people.len()).with("wanted", wanted);
        return Err(said(name, held));
    }
    Ok(people)
}

/// The people whose signatures hold, however few. One key under two names counts once.
pub fn holding(name: &str, signed: &Signed, signers: &Signers) -> Result<BTreeSet<String>, RosterError> {
    let mut keys = BTreeMap::new();
    for (person, line) in &signers.keys {
        let not_ssh = |e| said(name, Said::new("fault-signer-ssh").with("person", person).with("error", e));
        let key = PublicKey::from_openssh(line).map_err(not_ssh)?;
        keys.insert(person, key);
    }
    let mut people = BTreeSet::new();
    let mut used = Vec::new();
    for block in signed.signatures.split_inclusive(END).filter(|b| b.contains(END)) {
        let not_ssh = |e| said(name, Said::new("fault-signature").with("error", e));
        let signature = SshSig::from_pem(block.trim_start()).map_err(not_ssh)?;
        let holds = |key: &PublicKey| key.verify(NAMESPACE, signed.text.as_bytes(), &signature).is_ok();
        if let Some((person, key)) = keys.iter().find(|(_, key)| holds(key))
            && touched(&signature)
            && !used.contains(&key.key_data())
        {
            people.insert((*person).clone());
            used.push(key.key_data());
        }
    }
    Ok(people)
}

/// For hardware keys: the flags say that a person touched the key (PROTOCOL.u2f). The library checks the rest.
fn touched(signature: &SshSig) -> bool {
    let hardware = signature.algorithm().as_str().starts_with("sk-");
    let flags = signature.signature_bytes().iter().rev().nth(4);
    !hardware || flags.is_some_and(|flags| flags & USER_PRESENT != 0)
}
