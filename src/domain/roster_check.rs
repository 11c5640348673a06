//! What contradicts itself in roster files, and what is only doubtful. Pure: signatures and keys are looked at elsewhere.
use std::collections::{BTreeMap, BTreeSet};

use super::{
    day::Day,
    id::{OrgId, ReaderId},
    protocol::Protocol,
    roster::{
        Desk, Function, Head, MAX_DAYS, OrgEntry, OrgFile, Organisation, Overseer, Reader, Role, RootFile, Roster,
        RosterError, Scope, Signers, Status, Text, Topic, WARN_DAYS,
    },
    routing::INDEPENDENT,
    said::{Part, Said},
};

/// Readers of one desk at most. With the outside desk, a reserve reader, a manager and the reporter they fit an item's slots.
pub const MAX_DESK: usize = 6;
/// The format version this program reads and writes.
pub const VERSION: u8 = 1;
/// The root file's name.
pub const ROOT: &str = "root.toml";

/// Something found in a roster file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Finding {
    /// The file's name.
    pub file: String,
    /// What stands in the line it is about, without spaces; empty when it is about the whole file.
    pub about: String,
    /// What it is and what to do.
    pub problem: Said,
    /// Whether the file is refused for it; otherwise it is a warning.
    pub mistake: bool,
}

/// The file name of an organisation.
pub fn org_name(id: &OrgId) -> String {
    format!("org-{id}.toml")
}

struct Findings {
    file: String,
    list: Vec<Finding>,
}

impl Findings {
    fn of(file: &str) -> Self {
        Self { file: file.to_owned(), list: Vec::new() }
    }

    fn add(&mut self, mistake: bool, about: impl Into<String>, problem: Said) {
        self.list.push(Finding { file: self.file.clone(), about: about.into(), problem, mistake });
    }

    fn wrong(&mut self, about: impl Into<String>, problem: Said) {
        self.add(true, about, problem);
    }

    fn doubtful(&mut self, about: impl Into<String>, problem: Said) {
        self.add(false, about, problem);
    }

    fn wrong_if(&mut self, bad: bool, about: impl Into<String>, problem: Said) {
        if bad {
            self.wrong(about, problem);
        }
    }

    fn text(&mut self, about: &str, text: &Text) {
        for t in [&text.nl, &text.en] {
            self.wrong_if(t.trim().is_empty(), about, Said::new("fault-empty-text"));
            self.wrong_if(t.chars().any(char::is_control), about, Said::new("fault-control"));
        }
    }
}

/// Everything wrong or doubtful, in all files together.
pub fn findings(root: &RootFile, files: &BTreeMap<OrgId, OrgFile>) -> Vec<Finding> {
    let mut all = root_findings(root, files);
    let mut seen = Seen::default();
    for (id, file) in files {
        let canary = root.organisations.iter().any(|o| o.id == *id && o.scope == Scope::Canary);
        all.extend(file_findings(id, file, &mut seen));
        all.extend(if canary { canary_findings(file) } else { few_findings(file) });
    }
    let desks = |o: &OrgEntry| files.get(&o.id).map_or(0, |f| f.desks.len());
    for entry in root.organisations.iter().filter(|o| o.scope != Scope::Referral && files.contains_key(&o.id)) {
        let mut f = Findings::of(&org_name(&entry.id));
        f.wrong_if(desks(entry) == 0, "", Said::new("fault-no-desk"));
        all.extend(f.list);
    }
    all
}

/// Protocols that somebody should look at again.
pub fn review_findings(file: &OrgFile, today: Day) -> Vec<Finding> {
    let mut f = Findings::of(&org_name(&file.organisation));
    for protocol in file.protocols.iter().filter(|p| p.needs_review(today)) {
        let problem = Said::new("fault-review").with("id", &protocol.id).with("day", protocol.review_by);
        f.doubtful(format!("id=\"{}\"", protocol.id), problem);
    }
    f.list
}

/// Whether the file counts today, and how long still.
pub fn day_findings(file: &str, head: &Head, today: Day) -> Vec<Finding> {
    let mut f = Findings::of(file);
    if today < head.valid_from {
        f.wrong("valid_from=", Said::new("fault-not-yet").with("day", head.valid_from));
    }
    if today > head.expires {
        f.wrong("expires=", Said::new("fault-expired").with("day", head.expires));
    } else if today > head.expires.plus_days(-WARN_DAYS) {
        let left = head.expires.number() - today.number();
        f.doubtful("expires=", Said::new("fault-expires").with("day", head.expires).with("left", left));
    }
    f.list
}

fn head_findings(f: &mut Findings, head: &Head) {
    f.wrong_if(head.version != VERSION, "version=", Said::new("fault-version"));
    f.wrong_if(head.serial == 0, "serial=", Said::new("fault-serial"));
    let hash = head.previous.len() == 64 && head.previous.bytes().all(|b| b.is_ascii_hexdigit());
    if head.serial == 1 {
        f.wrong_if(!head.previous.is_empty(), "previous=", Said::new("fault-first"));
    } else {
        f.wrong_if(!hash, "previous=", Said::new("fault-previous"));
    }
    f.wrong_if(head.expires < head.valid_from, "expires=", Said::new("fault-ends-early"));
    let long = head.expires > head.valid_from.plus_days(MAX_DAYS);
    f.wrong_if(long, "expires=", Said::new("fault-too-long").with("days", MAX_DAYS));
}

fn signers_findings(f: &mut Findings, of: &str, about: &str, signers: &Signers) {
    let mut keys = BTreeSet::new();
    for (person, line) in &signers.keys {
        // Type and key; the comment behind them says nothing.
        let key: Vec<&str> = line.split_whitespace().take(2).collect();
        f.wrong_if(
            !keys.insert(key),
            format!("{person}="),
            Said::new("fault-signer-key").with("of", of).with("person", person),
        );
    }
    let possible = (1..=signers.keys.len()).contains(&signers.threshold);
    f.wrong_if(!possible, about, Said::new("fault-threshold").with("of", of).with("signers", signers.keys.len()));
    if signers.threshold == 1 {
        f.doubtful(about, Said::new("fault-alone").with("of", of));
    }
}

fn root_findings(root: &RootFile, files: &BTreeMap<OrgId, OrgFile>) -> Vec<Finding> {
    let mut f = Findings::of(ROOT);
    head_findings(&mut f, &root.head);
    signers_findings(&mut f, "root", "threshold=", &root.signers);
    let ids: BTreeSet<&OrgId> = root.organisations.iter().map(|o| &o.id).collect();
    let mut once = BTreeSet::new();
    for entry in &root.organisations {
        let about = format!("id=\"{}\"", entry.id);
        f.wrong_if(!once.insert(&entry.id), &about, Said::new("fault-org-twice").with("id", &entry.id));
        entry_findings(&mut f, &about, entry, &ids, files.contains_key(&entry.id));
    }
    for id in files.keys().filter(|id| !ids.contains(id)) {
        f.wrong("", Said::new("fault-no-org").with("file", org_name(id)).with("id", id));
    }
    match root.organisations.iter().filter(|o| o.scope == Scope::Outside).count() {
        0 => f.doubtful("", Said::new("fault-no-outside")),
        1 => {}
        _ => f.wrong("scope=\"outside\"", Said::new("fault-outside-twice")),
    }
    let canaries = || root.organisations.iter().filter(|o| o.scope == Scope::Canary);
    f.wrong_if(canaries().count() > 1, "scope=\"canary\"", Said::new("fault-canary-twice"));
    f.list
}

/// Who is missing: doubtful, and no mistake.
fn few_findings(file: &OrgFile) -> Vec<Finding> {
    let mut f = Findings::of(&org_name(&file.organisation));
    let watched = file.overseers.iter().any(|o| o.role == Role::Coordinator && o.status == Status::Active);
    if !watched && !file.desks.is_empty() {
        f.doubtful("", Said::new("fault-no-coordinator"));
    }
    for desk in &file.desks {
        let independent = |r: &&Reader| r.status == Status::Active && !r.functions.contains(&Function::Manager);
        if file.readers.iter().filter(|r| desk.readers.contains(&r.id)).filter(independent).count() < INDEPENDENT {
            f.doubtful(about(desk), Said::new("fault-few").part("desk", Part::named(&desk.name)));
        }
    }
    f.list
}

/// What stands in the line of a desk's name.
fn about(desk: &Desk) -> String {
    format!("\"{}\"", desk.name.en.replace(' ', ""))
}

fn entry_findings(f: &mut Findings, about: &str, entry: &OrgEntry, ids: &BTreeSet<&OrgId>, has_file: bool) {
    let id = &entry.id;
    f.text(about, &entry.name);
    f.wrong_if(entry.until.is_some_and(|u| u < entry.from), about, Said::new("fault-org-ends").with("id", id));
    for other in entry.predecessors.iter().chain(&entry.successors).filter(|o| !ids.contains(o)) {
        f.wrong(format!("\"{other}\""), Said::new("fault-org-unknown").with("id", id).with("other", other));
    }
    if entry.scope == Scope::Referral {
        f.wrong_if(has_file, about, Said::new("fault-referral-file").with("id", id).with("file", org_name(id)));
        f.wrong_if(entry.signers.is_some(), about, Said::new("fault-referral-signers").with("id", id));
        match &entry.referral {
            Some(text) => f.text(about, text),
            None => f.wrong(about, Said::new("fault-referral-where").with("id", id)),
        }
        return;
    }
    f.wrong_if(entry.referral.is_some(), about, Said::new("fault-referral-none").with("id", id));
    f.wrong_if(
        !has_file && entry.until.is_none(),
        about,
        Said::new("fault-no-file").with("id", id).with("file", org_name(id)),
    );
    match &entry.signers {
        Some(signers) => signers_findings(f, id.as_str(), about, signers),
        None => f.wrong(about, Said::new("fault-no-signers").with("id", id).with("file", org_name(id))),
    }
}

/// What must be unlike in all files together: one person once, one key once.
#[derive(Default)]
struct Seen {
    ids: BTreeSet<ReaderId>,
    keys: BTreeSet<String>,
}

fn file_findings(id: &OrgId, file: &OrgFile, seen: &mut Seen) -> Vec<Finding> {
    let mut f = Findings::of(&org_name(id));
    head_findings(&mut f, &file.head);
    f.wrong_if(file.organisation != *id, "organisation=", Said::new("fault-other-org").with("id", id));
    f.wrong_if(file.retention_days < 1, "retention_days=", Said::new("fault-retention"));
    for reader in &file.readers {
        reader_findings(&mut f, reader, seen);
    }
    for a in &file.advisers {
        named(&mut f, file, &a.reader, Function::Adviser);
        if let Some(deputy) = &a.deputy {
            named(&mut f, file, deputy, Function::Adviser);
            f.wrong_if(*deputy == a.reader, format!("\"{deputy}\""), Said::new("fault-own-deputy").with("id", deputy));
        }
    }
    file.overseers.iter().for_each(|overseer| overseer_findings(&mut f, overseer, seen));
    for problem in file.protocols.iter().filter_map(Protocol::problem) {
        f.wrong("[[protocols]]", problem);
    }
    twice(&mut f, "fault-adviser-twice", file.advisers.iter().map(|a| &a.reader));
    file.managers.iter().for_each(|m| named(&mut f, file, m, Function::Manager));
    twice(&mut f, "fault-manager-twice", file.managers.iter());
    file.desks.iter().for_each(|desk| desk_findings(&mut f, file, desk));
    topics(&mut f, &file.desks);
    f.list
}

/// One reader alone: whoever else stood there would read nothing but what a program made up, and could pass for a second reader.
fn canary_findings(file: &OrgFile) -> Vec<Finding> {
    let mut f = Findings::of(&org_name(&file.organisation));
    let one_desk = matches!(file.desks.as_slice(), [desk] if desk.topics.is_empty() && desk.reserve.is_none());
    f.wrong_if(!one_desk, "[[desks]]", Said::new("fault-canary-desk"));
    let active: Vec<&Reader> = file.readers.iter().filter(|r| r.status == Status::Active).collect();
    let seated: Vec<&ReaderId> = file.desks.iter().flat_map(|d| &d.readers).collect();
    let alone = matches!((active.as_slice(), seated.as_slice()), ([reader], [id])
        if reader.id == **id && reader.functions == BTreeSet::from([Function::Officer]));
    f.wrong_if(!alone, "[[readers]]", Said::new("fault-canary-reader"));
    let others = file.advisers.len() + file.managers.len() + file.overseers.len();
    f.wrong_if(others > 0, "", Said::new("fault-canary-others"));
    f.list
}

fn reader_findings(f: &mut Findings, reader: &Reader, seen: &mut Seen) {
    let id = &reader.id;
    let about = format!("id=\"{id}\"");
    let once = seen.ids.insert(id.clone());
    f.wrong_if(!once, &about, Said::new("fault-reader-twice").with("id", id));
    f.text(&about, &reader.shown_as);
    f.wrong_if(reader.functions.is_empty(), &about, Said::new("fault-no-function").with("id", id));
    let both = [Function::Adviser, Function::Officer].iter().all(|function| reader.functions.contains(function));
    f.wrong_if(both, &about, Said::new("fault-both").with("id", id));
    until(f, &about, (id, reader.status), reader.until);
    keys(f, &about, id, [&reader.seal_key, &reader.sign_key], seen);
}

fn overseer_findings(f: &mut Findings, overseer: &Overseer, seen: &mut Seen) {
    let id = &overseer.id;
    let about = format!("id=\"{id}\"");
    let once = seen.ids.insert(id.clone());
    f.wrong_if(!once, &about, Said::new("fault-overseer-twice").with("id", id));
    f.text(&about, &overseer.shown_as);
    until(f, &about, (id, overseer.status), overseer.until);
    keys(f, &about, id, [&overseer.seal_key, &overseer.sign_key], seen);
}

/// Without their last day nobody would know which of what somebody signed counts.
fn until(f: &mut Findings, about: &str, (id, status): (&ReaderId, Status), until: Option<Day>) {
    f.wrong_if((status == Status::Retired) != until.is_some(), about, Said::new("fault-until").with("id", id));
}

fn keys(f: &mut Findings, about: &str, who: &ReaderId, [seal_key, sign_key]: [&String; 2], seen: &mut Seen) {
    let sealed = seal_key.starts_with("age1pq1");
    f.wrong_if(!sealed, about, Said::new("fault-seal-key").with("id", who));
    let signed = hex::decode(sign_key).is_ok_and(|k| k.len() == 32);
    f.wrong_if(!signed, about, Said::new("fault-sign-key").with("id", who));
    for key in [seal_key, sign_key] {
        let fresh = seen.keys.insert(key.to_ascii_lowercase());
        // Somebody who was struck would read through the other name.
        f.wrong_if(!fresh, about, Said::new("fault-key-twice").with("id", who));
    }
}

fn named(f: &mut Findings, file: &OrgFile, id: &ReaderId, wanted: Function) {
    match file.readers.iter().find(|r| r.id == *id) {
        None => f.wrong(format!("\"{id}\""), Said::new("fault-unknown").with("id", id)),
        Some(r) => {
            let lacks = !r.functions.contains(&wanted);
            f.wrong_if(
                lacks,
                format!("id=\"{id}\""),
                Said::new("fault-lacks").with("id", id).said("function", function(wanted)),
            );
            if r.status != Status::Active {
                f.doubtful(format!("id=\"{id}\""), Said::new("fault-inactive").with("id", id));
            }
        }
    }
}

/// A function, as the file names it.
fn function(function: Function) -> Said {
    Said::new(match function {
        Function::Adviser => "function-adviser",
        Function::Officer => "function-officer",
        Function::Manager => "function-manager",
    })
}

fn twice<'a>(f: &mut Findings, what: &'static str, ids: impl Iterator<Item = &'a ReaderId>) {
    let mut once = BTreeSet::new();
    for id in ids {
        f.wrong_if(!once.insert(id), format!("\"{id}\""), Said::new(what).with("id", id));
    }
}

fn desk_findings(f: &mut Findings, file: &OrgFile, desk: &Desk) {
    let about = about(desk);
    f.text(&about, &desk.name);
    desk.readers.iter().chain(&desk.reserve).for_each(|r| named(f, file, r, Function::Officer));
    twice(f, "fault-desk-twice", desk.readers.iter().chain(&desk.reserve));
    let many = desk.readers.len() > MAX_DESK;
    f.wrong_if(many, &about, Said::new("fault-many").part("desk", Part::named(&desk.name)).with("most", MAX_DESK));
    let reads = |r: &&Reader| r.status == Status::Active && desk.readers.contains(&r.id);
    let manages = |r: &&Reader| r.functions.contains(&Function::Manager);
    for r in file.readers.iter().filter(reads).filter(manages) {
        let problem = Said::new("fault-manager").with("id", &r.id).part("desk", Part::named(&desk.name));
        f.doubtful(format!("id=\"{}\"", r.id), problem);
    }
}

fn topics(f: &mut Findings, desks: &[Desk]) {
    let rest = desks.iter().filter(|d| d.topics.is_empty()).count();
    f.wrong_if(rest > 1, "[[desks]]", Said::new("fault-rest-twice"));
    for topic in Topic::ALL {
        let takes = desks.iter().filter(|d| d.topics.contains(&topic)).count();
        let word = format!("{topic:?}").to_lowercase();
        f.wrong_if(takes > 1, format!("\"{word}\""), Said::new("fault-topic-twice").with("topic", &word));
        let nobody = takes + rest == 0 && !desks.is_empty();
        f.wrong_if(nobody, "", Said::new("fault-topic-none").with("topic", &word));
    }
}

impl Roster {
    /// Joins proven files; refuses what contradicts itself.
    pub fn join(root: RootFile, files: Vec<OrgFile>, digest: [u8; 32]) -> Result<Self, RosterError> {
        let mut files: BTreeMap<OrgId, OrgFile> = files.into_iter().map(|f| (f.organisation.clone(), f)).collect();
        if let Some(found) = findings(&root, &files).into_iter().find(|f| f.mistake) {
            return Err(RosterError { file: found.file, problem: found.problem });
        }
        // An organisation that ended does not keep the others from working when its file runs out.
        let ends = |o: &OrgEntry| files.get(&o.id).filter(|_| o.until.is_none()).map(|f| f.head.expires);
        let expires = root.organisations.iter().filter_map(ends).fold(root.head.expires, Day::min);
        let with_file = |entry: OrgEntry| Organisation { file: files.remove(&entry.id), entry };
        let organisations = root.organisations.into_iter().map(with_file).collect();
        Ok(Self { instance: root.instance, mode: root.mode, digest, expires, organisations })
    }
}
