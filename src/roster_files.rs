//! Roster files on disk, and what makes them believed: signatures, chain, days and usable keys.
//!
//! A folder holds `root.toml`, one `org-<id>.toml` for each organisation that takes reports, and beside each its `.sig`: one or
//! more signatures as `ssh-keygen -Y sign -n meldkluis-roster@v1` writes them, one after another.
use std::{collections::BTreeMap, fs, path::Path};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};

use crate::{
    domain::{
        day::Day,
        id::OrgId,
        roster::{Head, OrgEntry, OrgFile, Reader, RootFile, Roster, RosterError, Scope, Signers},
        roster_check::{Finding, ROOT, day_findings, findings, org_name},
    },
    seal::Recipients,
};

mod signed;
mod text;

pub use signed::{NAMESPACE, sign};
use signed::{key, signed_by_enough, unusable};
use text::{line_of, located, parse, placed, read_signed, wrong};

/// The highest serial of a file seen before, and its hash.
pub type SeenBefore<'a> = &'a dyn Fn(&str) -> Option<(u64, [u8; 32])>;
/// File, serial and hash, to be remembered for the next time.
pub type Seen = (String, u64, [u8; 32]);

/// The files as they are on disk, and as `GET /api/v1/roster` hands them out.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Files {
    /// `root.toml`.
    #[serde(with = "text::exact")]
    pub root: Vec<u8>,
    /// `root.toml.sig`; empty when there is none.
    pub root_sigs: String,
    /// Each organisation's file with its signatures.
    #[serde(with = "text::exact_pairs")]
    pub orgs: BTreeMap<OrgId, (Vec<u8>, String)>,
}

impl Files {
    /// Reads a folder. Signatures may be missing: [`verify`] says so.
    pub fn load(folder: &Path) -> Result<Self, RosterError> {
        let (root, root_sigs) = read_signed(folder, ROOT)?;
        let mut orgs = BTreeMap::new();
        for entry in fs::read_dir(folder).map_err(|e| wrong(&folder.display().to_string(), e))? {
            let name = entry.map_err(|e| wrong(&folder.display().to_string(), e))?.file_name();
            let name = name.to_string_lossy();
            let Some(id) = name.strip_prefix("org-").and_then(|n| n.strip_suffix(".toml")) else { continue };
            let id = OrgId::parse(id)
                .ok_or_else(|| wrong(&name, "the name must be org-ID.toml, ID of 2 to 40 of a-z, 0-9 and -"))?;
            orgs.insert(id, read_signed(folder, &name)?);
        }
        Ok(Self { root, root_sigs, orgs })
    }

    /// Writes a folder that [`Self::load`] reads.
    pub fn save(&self, folder: &Path) -> std::io::Result<()> {
        let pair = |name: &str, bytes: &[u8], sigs: &str| {
            fs::write(folder.join(name), bytes)?;
            fs::write(folder.join(format!("{name}.sig")), sigs)
        };
        pair(ROOT, &self.root, &self.root_sigs)?;
        self.orgs.iter().try_for_each(|(id, (bytes, sigs))| pair(&org_name(id), bytes, sigs))
    }

    /// A file's bytes by its name.
    pub fn bytes(&self, name: &str) -> Option<&[u8]> {
        if name == ROOT {
            return Some(&self.root);
        }
        self.orgs.iter().find(|(id, _)| org_name(id) == name).map(|(_, (bytes, _))| bytes.as_slice())
    }

    /// The root file, parsed; nothing is believed yet.
    pub fn parse_root(&self) -> Result<RootFile, RosterError> {
        parse(ROOT, &self.root)
    }

    /// An organisation's file, parsed; nothing is believed yet.
    pub fn parse_org(&self, id: &OrgId) -> Result<OrgFile, RosterError> {
        let name = org_name(id);
        let (bytes, _) = self.orgs.get(id).ok_or_else(|| wrong(&name, "there is no such file"))?;
        parse(&name, bytes)
    }
}

/// Reads pinned signers (`anchor.toml`), the ones who sign the root file.
pub fn anchor(path: &Path) -> Result<Signers, RosterError> {
    let name = path.display().to_string();
    let text = fs::read_to_string(path).map_err(|e| wrong(&name, e))?;
    toml::from_str(&text).map_err(|e| located(&name, &text, &e))
}

/// Believes the files, or says which one is not believed and what to do. Nothing is used before its signatures hold.
pub fn verify(
    files: &Files,
    anchor: &Signers,
    today: Day,
    seen: SeenBefore<'_>,
) -> Result<(Roster, Vec<Seen>), RosterError> {
    let mut door = Door { today, seen, news: Vec::new(), hash: Sha256::new_with_prefix("meldkluis/roster/v1") };
    let root: RootFile = door.believe(ROOT, &files.root, &files.root_sigs, anchor, true)?;
    let mut orgs = BTreeMap::new();
    for entry in root.organisations.iter().filter(|o| o.scope != Scope::Referral) {
        if let Some(file) = door.organisation(files, entry)? {
            orgs.insert(entry.id.clone(), file);
        }
    }
    if let Some(id) = files.orgs.keys().find(|id| !orgs.contains_key(id)) {
        return Err(wrong(&org_name(id), "the root file has no such organisation that takes reports; remove the file"));
    }
    let all = findings(&root, &orgs).into_iter().chain(key_findings(&root, &orgs));
    if let Some(found) = all.into_iter().find(|f| f.mistake) {
        return Err(wrong(&found.file, placed(files, &found)));
    }
    let Door { news, hash, .. } = door;
    Ok((Roster::join(root, orgs.into_values().collect(), hash.finalize().into())?, news))
}

/// Everything that can be said about files that need not be signed yet, mistakes first.
pub fn inspect(files: &Files, today: Day) -> Vec<(Finding, Option<usize>)> {
    let mut found = Vec::new();
    let mut orgs = BTreeMap::new();
    let broken = |e: RosterError| Finding { file: e.file, about: String::new(), problem: e.problem, mistake: true };
    for id in files.orgs.keys() {
        match files.parse_org(id) {
            Ok(file) => drop(orgs.insert(id.clone(), file)),
            Err(e) => found.push(broken(e)),
        }
    }
    let complete = found.is_empty();
    match files.parse_root() {
        Err(e) => found.push(broken(e)),
        Ok(root) => {
            found.extend(day_findings(ROOT, &root.head, today));
            // A file that cannot be read would be reported as missing, too.
            if complete {
                found.extend(findings(&root, &orgs));
            }
            found.extend(key_findings(&root, &orgs));
        }
    }
    found.extend(orgs.iter().flat_map(|(id, file)| day_findings(&org_name(id), &file.head, today)));
    found.sort_by_key(|f| !f.mistake);
    found.into_iter().map(|f| (line_of(files, &f), f)).map(|(line, f)| (f, line)).collect()
}

struct Door<'a> {
    today: Day,
    seen: SeenBefore<'a>,
    news: Vec<Seen>,
    hash: Sha256,
}

impl Door<'_> {
    fn organisation(&mut self, files: &Files, entry: &OrgEntry) -> Result<Option<OrgFile>, RosterError> {
        let name = org_name(&entry.id);
        // Nobody signs anew for an organisation that ended; its cases stay readable by its last file.
        let ended = entry.until.is_some_and(|until| until < self.today);
        let Some((bytes, sigs)) = files.orgs.get(&entry.id) else {
            return if ended { Ok(None) } else { Err(wrong(&name, "this file is missing")) };
        };
        let none = || wrong(ROOT, format!("{} has no signers; name who signs {name}", entry.id));
        self.believe(&name, bytes, sigs, entry.signers.as_ref().ok_or_else(none)?, !ended).map(Some)
    }

    fn believe<T: DeserializeOwned + HasHead>(
        &mut self,
        name: &str,
        bytes: &[u8],
        sigs: &str,
        signers: &Signers,
        must_be_current: bool,
    ) -> Result<T, RosterError> {
        signed_by_enough(name, bytes, sigs, signers)?;
        let file: T = parse(name, bytes)?;
        let hash: [u8; 32] = Sha256::digest(bytes).into();
        if let Some(late) =
            day_findings(name, file.head(), self.today).into_iter().find(|f| f.mistake && must_be_current)
        {
            return Err(wrong(name, late.problem));
        }
        let fresh = follows(file.head(), &hash, (self.seen)(name)).map_err(|problem| wrong(name, problem))?;
        if fresh {
            self.news.push((name.to_owned(), file.head().serial, hash));
        }
        self.hash.update(hash);
        Ok(file)
    }
}

trait HasHead {
    fn head(&self) -> &Head;
}

impl HasHead for RootFile {
    fn head(&self) -> &Head {
        &self.head
    }
}

impl HasHead for OrgFile {
    fn head(&self) -> &Head {
        &self.head
    }
}

/// Whether a file may follow the one seen before; `true` if it is a new one.
fn follows(head: &Head, hash: &[u8; 32], seen: Option<(u64, [u8; 32])>) -> Result<bool, String> {
    let Some((serial, before)) = seen else { return Ok(true) };
    if head.serial < serial {
        return Err(format!(
            "serial {} is older than serial {serial}, seen before; publish the newest file",
            head.serial
        ));
    }
    if head.serial == serial {
        let same = *hash == before;
        return if same {
            Ok(false)
        } else {
            Err(format!("forked: another file with serial {serial} was seen before"))
        };
    }
    if head.serial - serial == 1 && !head.previous.eq_ignore_ascii_case(&hex::encode(before)) {
        return Err(format!("forked: previous is not the file with serial {serial} seen before"));
    }
    Ok(true)
}

/// Keys that look right but cannot be used.
fn key_findings(root: &RootFile, orgs: &BTreeMap<OrgId, OrgFile>) -> Vec<Finding> {
    let finding =
        |file: &str, about: String, problem: String| Finding { file: file.to_owned(), about, problem, mistake: true };
    let mut all = Vec::new();
    let signers = std::iter::once(&root.signers).chain(root.organisations.iter().filter_map(|o| o.signers.as_ref()));
    for (person, _) in signers.flat_map(|s| &s.keys).filter(|(_, line)| key(line).is_none()) {
        all.push(finding(ROOT, format!("{}=", person.replace(' ', "")), unusable(person)));
    }
    for (id, file) in orgs {
        for reader in &file.readers {
            for bad in bad_keys(reader) {
                let about = format!("id=\"{}\"", reader.id);
                all.push(finding(
                    &org_name(id),
                    about,
                    format!("reader {}: {bad}; make keys with meldkluis-desk keygen", reader.id),
                ));
            }
        }
    }
    all
}

fn bad_keys(reader: &Reader) -> Vec<&'static str> {
    let mut bad = Vec::new();
    if Recipients::of([reader]).is_err() {
        bad.push("seal_key is not a recipient that can be sealed to");
    }
    let bytes = hex::decode(&reader.sign_key).ok().and_then(|k| <[u8; 32]>::try_from(k).ok());
    let point = bytes.and_then(|k| ed25519_dalek::VerifyingKey::from_bytes(&k).ok());
    if point.is_none_or(|k| k.is_weak()) {
        bad.push("sign_key is not an Ed25519 key");
    }
    bad
}
