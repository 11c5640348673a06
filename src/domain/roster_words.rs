//! What a roster means, in words: who may read what, and what a new roster changes. Pure; for those who sign it.
use std::collections::{BTreeMap, BTreeSet};

use super::{
    id::{OrgId, ReaderId},
    roster::{
        Desk, Function, OrgEntry, OrgFile, Organisation, Overseer, Reader, Role, RootFile, Scope, Signers, Status,
    },
    routing::independent,
};

/// The parsed files of one roster; whether they may be believed is decided elsewhere.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// The root file.
    pub root: RootFile,
    /// Each organisation's file.
    pub files: BTreeMap<OrgId, OrgFile>,
}

/// Who can read at an organisation: each reader with what they read, in words. Empty for a person who reads nothing.
type Reading = BTreeMap<ReaderId, BTreeSet<String>>;

/// Who can read what, one line each.
pub fn show(roster: &Parsed) -> Vec<String> {
    let root = &roster.root;
    let mut lines = vec![format!("Instance {}, {:?}, until {}", root.instance, root.mode, root.head.expires)];
    for entry in &root.organisations {
        lines.push(String::new());
        lines.push(heading(entry));
        let Some(file) = roster.files.get(&entry.id) else { continue };
        lines.push(format!(
            "  closed cases are kept {} days; the file counts until {}",
            file.retention_days, file.head.expires
        ));
        for (id, what) in reading(entry, file) {
            let name = file.readers.iter().find(|r| r.id == id).map_or("", |r| r.shown_as.en.as_str());
            let what: Vec<String> = what.into_iter().collect();
            lines.push(format!("  {id} ({name}): {}", or_nothing(&what.join("; "))));
        }
        for (id, (name, what)) in watching(Some(file)) {
            lines.push(format!("  {id} ({name}): {what}"));
        }
    }
    lines
}

/// What the second roster changes, one line each; empty when nothing does but serial and dates.
pub fn changes(old: &Parsed, new: &Parsed) -> Vec<String> {
    let mut lines = Vec::new();
    if old.root.instance != new.root.instance {
        lines.push("this is another instance: all sealed cases of the old one are lost to it".to_owned());
    }
    if old.root.mode != new.root.mode {
        lines.push(format!("the mode changes from {:?} to {:?}", old.root.mode, new.root.mode));
    }
    signers(&mut lines, "the root file", Some(&old.root.signers), Some(&new.root.signers));
    let entries = |p: &Parsed| p.root.organisations.iter().map(|e| (e.id.clone(), e.clone())).collect();
    let (before, after): (BTreeMap<OrgId, OrgEntry>, BTreeMap<OrgId, OrgEntry>) = (entries(old), entries(new));
    for id in before.keys().chain(after.keys()).collect::<BTreeSet<_>>() {
        let side = |entries: &BTreeMap<OrgId, OrgEntry>, p: &Parsed| {
            entries.get(id).map(|entry| Organisation { entry: entry.clone(), file: p.files.get(id).cloned() })
        };
        organisation(&mut lines, id, side(&before, old).as_ref(), side(&after, new).as_ref());
    }
    lines
}

fn heading(entry: &OrgEntry) -> String {
    let what = match entry.scope {
        Scope::In => "takes reports",
        Scope::Referral => "has its own channel; takes nothing here",
        Scope::Outside => "outside desk: joins where an organisation has fewer than two independent readers left",
        Scope::Canary => "takes the canary's synthetic reports, which one officer reads alone; reporters never see it",
    };
    let ends = entry.until.map(|day| format!(", until {day}")).unwrap_or_default();
    format!("{} ({}): {what}, from {}{ends}", entry.id, entry.name.en, entry.from)
}

fn or_nothing(text: &str) -> &str {
    if text.is_empty() { "reads nothing" } else { text }
}

/// The topics a desk takes; a topic that moves to another desk changes who reads.
fn topics(desk: &Desk) -> String {
    let named: Vec<String> = desk.topics.iter().map(|t| format!("{t:?}").to_lowercase()).collect();
    if named.is_empty() { "all topics no other desk takes".to_owned() } else { named.join(", ") }
}

/// Who watches over an organisation, with their name and what they see.
fn watching(file: Option<&OrgFile>) -> BTreeMap<ReaderId, (String, &'static str)> {
    let active = file.into_iter().flat_map(|f| &f.overseers).filter(|o| o.status == Status::Active);
    let what = |o: &Overseer| match o.role {
        Role::Coordinator => "the clocks, the register and the log; no report",
        Role::Auditor => "the register and the log; no report",
    };
    active.map(|o| (o.id.clone(), (o.shown_as.en.clone(), what(o)))).collect()
}

fn overseers(lines: &mut Vec<String>, org: &OrgId, old: Option<&OrgFile>, new: Option<&OrgFile>) {
    let (before, after) = (watching(old), watching(new));
    let gone = before.iter().filter(|(id, seen)| after.get(*id) != Some(*seen));
    lines.extend(gone.map(|(id, (name, what))| format!("{org}: {id} ({name}) can no longer see {what}")));
    let come = after.iter().filter(|(id, seen)| before.get(*id) != Some(*seen));
    lines.extend(come.map(|(id, (name, what))| format!("{org}: {id} ({name}) can newly see {what}")));
    let key = |file: Option<&OrgFile>, id: &ReaderId| {
        file.and_then(|f| f.overseers.iter().find(|o| o.id == *id)).map(Overseer::keyed)
    };
    let other = after.keys().filter(|id| key(old, id).is_some_and(|before| key(new, id) != Some(before)));
    lines.extend(other.map(|id| format!("{org}: {id} has new keys; ask them whether they are theirs")));
}

/// The same rules as [`super::routing`], said of the roster instead of one report.
fn reading(entry: &OrgEntry, file: &OrgFile) -> Reading {
    let mut all: Reading = file.readers.iter().map(|r| (r.id.clone(), BTreeSet::new())).collect();
    let active = |id: &ReaderId| file.readers.iter().find(|r| r.id == *id && r.status == Status::Active);
    let mut add = |id: &ReaderId, may: &dyn Fn(&Reader) -> bool, what: String| {
        if active(id).is_some_and(may) && entry.scope != Scope::Referral {
            all.entry(id.clone()).or_default().insert(what);
        }
    };
    for a in &file.advisers {
        add(&a.reader, &|_| true, "advice, when picked".to_owned());
        if let Some(deputy) = &a.deputy {
            add(deputy, &|_| true, format!("advice as deputy of {}, when ticked", a.reader));
        }
    }
    for m in &file.managers {
        add(
            m,
            &|r| r.functions.contains(&Function::Manager),
            "reports, only when the reporter chooses them".to_owned(),
        );
    }
    for desk in &file.desks {
        let what = if entry.scope == Scope::Canary { "synthetic reports" } else { "reports" };
        let at = format!("{what} at desk {} on {}", desk.name.en, topics(desk));
        for r in &desk.readers {
            add(r, &independent, at.clone());
        }
        if let Some(r) = &desk.reserve {
            add(r, &independent, format!("{at}, that nobody opened by day 4 (reserve)"));
        }
    }
    all
}

fn organisation(lines: &mut Vec<String>, id: &OrgId, old: Option<&Organisation>, new: Option<&Organisation>) {
    match (old, new) {
        (None, Some(new)) => lines.push(format!("{id}: is new: {}", heading(&new.entry))),
        (Some(_), None) => lines.push(format!("{id}: is gone; its cases can no longer be read or answered")),
        (Some(old), Some(new)) if heading(&old.entry) != heading(&new.entry) => {
            lines.push(format!("{id}: was \"{}\", becomes \"{}\"", heading(&old.entry), heading(&new.entry)));
        }
        _ => {}
    }
    let sends = |o: Option<&Organisation>| o.and_then(|o| o.entry.referral.clone());
    if sends(old) != sends(new) && old.is_some() {
        lines.push(format!("{id}: the text that sends people to its own channel changes"));
    }
    let of = |o: Option<&Organisation>| o.and_then(|o| o.entry.signers.clone());
    signers(lines, &format!("{id}: its file"), of(old).as_ref(), of(new).as_ref());
    let kept = |o: Option<&Organisation>| o.and_then(|o| o.file.as_ref()).map(|f| f.retention_days);
    if let (Some(before), Some(after)) = (kept(old), kept(new))
        && before != after
    {
        lines.push(format!("{id}: closed cases were kept {before} days, and now {after}"));
    }
    readers(lines, id, old, new);
    overseers(lines, id, old.and_then(|o| o.file.as_ref()), new.and_then(|o| o.file.as_ref()));
}

fn readers(lines: &mut Vec<String>, org: &OrgId, old: Option<&Organisation>, new: Option<&Organisation>) {
    let reads =
        |o: Option<&Organisation>| o.and_then(|o| Some(reading(&o.entry, o.file.as_ref()?))).unwrap_or_default();
    let (before, after) = (reads(old), reads(new));
    let person = |o: Option<&Organisation>, id: &ReaderId| {
        o.and_then(|o| o.file.as_ref()).and_then(|f| f.readers.iter().find(|r| r.id == *id)).cloned()
    };
    let none = BTreeSet::new();
    for id in before.keys().chain(after.keys()).collect::<BTreeSet<_>>() {
        let (had, has) = (before.get(id).unwrap_or(&none), after.get(id).unwrap_or(&none));
        let (was, is) = (person(old, id), person(new, id));
        let name = is.as_ref().or(was.as_ref()).map(|r| r.shown_as.en.clone()).unwrap_or_default();
        let who = format!("{org}: {id} ({name})");
        lines.extend(has.difference(had).map(|what| format!("{who} can newly read {what}")));
        lines.extend(had.difference(has).map(|what| format!("{who} can no longer read {what}")));
        if let (Some(was), Some(is)) = (was, is) {
            person_changes(lines, &who, &was, &is);
        }
    }
}

fn person_changes(lines: &mut Vec<String>, who: &str, was: &Reader, is: &Reader) {
    // Somebody else may stand behind a new key: the signers must ask the person.
    if was.seal_key != is.seal_key {
        lines.push(format!("{who} has a new key to read with; ask them whether it is theirs"));
    }
    if was.sign_key != is.sign_key {
        lines.push(format!("{who} has a new key to sign with; ask them whether it is theirs"));
    }
    if was.shown_as != is.shown_as {
        let shown = |r: &Reader| format!("\"{}\" / \"{}\"", r.shown_as.nl, r.shown_as.en);
        lines.push(format!("{who} is shown to reporters as {}, and was as {}", shown(is), shown(was)));
    }
}

fn signers(lines: &mut Vec<String>, what: &str, old: Option<&Signers>, new: Option<&Signers>) {
    let none = Signers { threshold: 0, keys: BTreeMap::new() };
    let (old, new) = (old.unwrap_or(&none), new.unwrap_or(&none));
    for (person, key) in &new.keys {
        match old.keys.get(person) {
            None => lines.push(format!("{what} can newly be signed by {person}")),
            Some(before) if before != key => lines.push(format!("{what}: {person} signs with a new key; ask them")),
            Some(_) => {}
        }
    }
    lines.extend(
        old.keys
            .keys()
            .filter(|p| !new.keys.contains_key(*p))
            .map(|p| format!("{what} can no longer be signed by {p}")),
    );
    if old.threshold != new.threshold {
        lines.push(format!("{what} needed {} signature(s), and now {}", old.threshold, new.threshold));
    }
}
