//! What a roster means, in words: who may read what, and what a new roster changes. Pure; for those who sign it.
use std::collections::{BTreeMap, BTreeSet};

use super::{
    id::{OrgId, ReaderId},
    roster::{
        Desk, Function, Mode, OrgEntry, OrgFile, Organisation, Overseer, Reader, Role, RootFile, Scope, Signers,
        Status, Topic,
    },
    routing::independent,
    said::{Part, Said},
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
type Reading = BTreeMap<ReaderId, BTreeSet<Said>>;

/// Who can read what, one line each.
pub fn show(roster: &Parsed) -> Vec<Said> {
    let root = &roster.root;
    let about = Said::new("words-instance").with("instance", root.instance).said("mode", mode(root.mode));
    let mut lines = vec![about.with("until", root.head.expires)];
    for entry in &root.organisations {
        lines.push(Said::blank());
        lines.push(heading(entry));
        let Some(file) = roster.files.get(&entry.id) else { continue };
        lines.push(Said::new("words-kept").with("days", file.retention_days).with("until", file.head.expires));
        let line = |id: &ReaderId, name: Part, what: Part| {
            Said::new("words-line").with("id", id).part("name", name).part("what", what)
        };
        for (id, what) in reading(entry, file) {
            let name =
                file.readers.iter().find(|r| r.id == id).map_or(Part::All(Vec::new()), |r| Part::named(&r.shown_as));
            let what =
                if what.is_empty() { Said::new("words-nothing").into() } else { Part::All(what.into_iter().collect()) };
            lines.push(line(&id, name, what));
        }
        for (id, (name, what)) in watching(Some(file)) {
            lines.push(line(&id, name, what.into()));
        }
    }
    lines
}

/// What the second roster changes, one line each; empty when nothing does but serial and dates.
pub fn changes(old: &Parsed, new: &Parsed) -> Vec<Said> {
    let mut lines = Vec::new();
    if old.root.instance != new.root.instance {
        lines.push(Said::new("words-another"));
    }
    if old.root.mode != new.root.mode {
        lines.push(Said::new("words-mode").said("from", mode(old.root.mode)).said("to", mode(new.root.mode)));
    }
    signers(&mut lines, &Said::new("words-root"), Some(&old.root.signers), Some(&new.root.signers));
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

fn mode(mode: Mode) -> Said {
    Said::new(match mode {
        Mode::Live => "words-live",
        Mode::Training => "words-training",
        Mode::Demo => "words-demo",
    })
}

fn heading(entry: &OrgEntry) -> Said {
    let what = Said::new(match entry.scope {
        Scope::In => "words-in",
        Scope::Referral => "words-referral",
        Scope::Outside => "words-outside",
        Scope::Canary => "words-canary",
    });
    let heading = Said::new(if entry.until.is_some() { "words-heading-until" } else { "words-heading" });
    let heading = heading.with("id", &entry.id).part("name", Part::named(&entry.name)).said("what", what);
    let heading = heading.with("from", entry.from);
    entry.until.iter().fold(heading, |heading, day| heading.with("until", day))
}

/// The topics a desk takes; a topic that moves to another desk changes who reads.
fn topics(desk: &Desk) -> Part {
    let named = |topic: &Topic| {
        Said::new(match topic {
            Topic::Conduct => "words-conduct",
            Topic::Money => "words-money",
            Topic::Power => "words-power",
            Topic::Danger => "words-danger",
            Topic::Retaliation => "words-retaliation",
            Topic::Other => "words-other",
        })
    };
    if desk.topics.is_empty() {
        Said::new("words-all-topics").into()
    } else {
        Part::Row(desk.topics.iter().map(named).collect())
    }
}

/// Who watches over an organisation, with their name and what they see.
fn watching(file: Option<&OrgFile>) -> BTreeMap<ReaderId, (Part, Said)> {
    let active = file.into_iter().flat_map(|f| &f.overseers).filter(|o| o.status == Status::Active);
    let what = |o: &Overseer| {
        Said::new(match o.role {
            Role::Coordinator => "words-coordinates",
            Role::Auditor => "words-audits",
        })
    };
    active.map(|o| (o.id.clone(), (Part::named(&o.shown_as), what(o)))).collect()
}

fn overseers(lines: &mut Vec<Said>, org: &OrgId, old: Option<&OrgFile>, new: Option<&OrgFile>) {
    let (before, after) = (watching(old), watching(new));
    let gone = before.iter().filter(|(id, seen)| after.get(*id) != Some(*seen));
    let line = |text, id, name: &Part, what: &Said| person(text, org, id, name.clone()).said("what", what.clone());
    lines.extend(gone.map(|(id, (name, what))| line("words-no-longer-see", id, name, what)));
    let come = after.iter().filter(|(id, seen)| before.get(*id) != Some(*seen));
    lines.extend(come.map(|(id, (name, what))| line("words-newly-see", id, name, what)));
    let key = |file: Option<&OrgFile>, id: &ReaderId| {
        file.and_then(|f| f.overseers.iter().find(|o| o.id == *id)).map(Overseer::keyed)
    };
    let other = after.keys().filter(|id| key(old, id).is_some_and(|before| key(new, id) != Some(before)));
    lines.extend(other.map(|id| Said::new("words-new-keys").with("org", org).with("id", id)));
    for (id, (name, _)) in &after {
        if let Some(keyed) = key(new, id).filter(|keyed| key(old, id).as_ref() != Some(keyed)) {
            lines.push(person("words-compare", org, id, name.clone()).part("words", Part::Keys(keyed)));
        }
    }
}

/// A line about somebody.
fn person(text: &'static str, org: &OrgId, id: &ReaderId, name: Part) -> Said {
    Said::new(text).with("org", org).with("id", id).part("name", name)
}

/// The same rules as [`super::routing`], said of the roster instead of one report.
fn reading(entry: &OrgEntry, file: &OrgFile) -> Reading {
    let mut all: Reading = file.readers.iter().map(|r| (r.id.clone(), BTreeSet::new())).collect();
    let active = |id: &ReaderId| file.readers.iter().find(|r| r.id == *id && r.status == Status::Active);
    let mut add = |id: &ReaderId, may: &dyn Fn(&Reader) -> bool, what: Said| {
        if active(id).is_some_and(may) && entry.scope != Scope::Referral {
            all.entry(id.clone()).or_default().insert(what);
        }
    };
    for a in &file.advisers {
        add(&a.reader, &|_| true, Said::new("words-advice"));
        if let Some(deputy) = &a.deputy {
            add(deputy, &|_| true, Said::new("words-deputy").with("of", &a.reader));
        }
    }
    for m in &file.managers {
        add(m, &|r| r.functions.contains(&Function::Manager), Said::new("words-chosen"));
    }
    for desk in &file.desks {
        let at = |text| Said::new(text).part("desk", Part::named(&desk.name)).part("topics", topics(desk));
        for r in &desk.readers {
            add(r, &independent, at("words-desk"));
        }
        if let Some(r) = &desk.reserve {
            add(r, &independent, at("words-desk-reserve"));
        }
    }
    all
}

fn organisation(lines: &mut Vec<Said>, id: &OrgId, old: Option<&Organisation>, new: Option<&Organisation>) {
    match (old, new) {
        (None, Some(new)) => lines.push(Said::new("words-org-new").with("org", id).said("what", heading(&new.entry))),
        (Some(_), None) => lines.push(Said::new("words-org-gone").with("org", id)),
        (Some(old), Some(new)) if heading(&old.entry) != heading(&new.entry) => {
            let both = Said::new("words-org-was").with("org", id).said("was", heading(&old.entry));
            lines.push(both.said("is", heading(&new.entry)));
        }
        _ => {}
    }
    let sends = |o: Option<&Organisation>| o.and_then(|o| o.entry.referral.clone());
    if sends(old) != sends(new) && old.is_some() {
        lines.push(Said::new("words-sends").with("org", id));
    }
    let of = |o: Option<&Organisation>| o.and_then(|o| o.entry.signers.clone());
    signers(lines, &Said::new("words-file").with("org", id), of(old).as_ref(), of(new).as_ref());
    let kept = |o: Option<&Organisation>| o.and_then(|o| o.file.as_ref()).map(|f| f.retention_days);
    if let (Some(before), Some(after)) = (kept(old), kept(new))
        && before != after
    {
        lines.push(Said::new("words-kept-changed").with("org", id).with("before", before).with("after", after));
    }
    readers(lines, id, old, new);
    overseers(lines, id, old.and_then(|o| o.file.as_ref()), new.and_then(|o| o.file.as_ref()));
}

fn readers(lines: &mut Vec<Said>, org: &OrgId, old: Option<&Organisation>, new: Option<&Organisation>) {
    let reads =
        |o: Option<&Organisation>| o.and_then(|o| Some(reading(&o.entry, o.file.as_ref()?))).unwrap_or_default();
    let (before, after) = (reads(old), reads(new));
    let in_file = |o: Option<&Organisation>, id: &ReaderId| {
        o.and_then(|o| o.file.as_ref()).and_then(|f| f.readers.iter().find(|r| r.id == *id)).cloned()
    };
    let none = BTreeSet::new();
    for id in before.keys().chain(after.keys()).collect::<BTreeSet<_>>() {
        let (had, has) = (before.get(id).unwrap_or(&none), after.get(id).unwrap_or(&none));
        let (was, is) = (in_file(old, id), in_file(new, id));
        let name = is.as_ref().or(was.as_ref()).map_or(Part::All(Vec::new()), |r| Part::named(&r.shown_as));
        let who = |text| person(text, org, id, name.clone());
        lines.extend(has.difference(had).map(|what| who("words-newly-read").said("what", what.clone())));
        lines.extend(had.difference(has).map(|what| who("words-no-longer-read").said("what", what.clone())));
        if let (Some(was), Some(is)) = (&was, &is) {
            person_changes(lines, &who, was, is);
        }
        if let Some(is) = is.filter(|is| was.is_none_or(|was| was.keyed() != is.keyed())) {
            lines.push(who("words-compare").part("words", Part::Keys(is.keyed())));
        }
    }
}

fn person_changes(lines: &mut Vec<Said>, who: &dyn Fn(&'static str) -> Said, was: &Reader, is: &Reader) {
    // Somebody else may stand behind a new key: the signers must ask the person.
    if was.seal_key != is.seal_key {
        lines.push(who("words-new-read-key"));
    }
    if was.sign_key != is.sign_key {
        lines.push(who("words-new-sign-key"));
    }
    if was.shown_as != is.shown_as {
        let shown = |r: &Reader| format!("\"{}\" / \"{}\"", r.shown_as.nl, r.shown_as.en);
        lines.push(who("words-shown").with("is", shown(is)).with("was", shown(was)));
    }
}

fn signers(lines: &mut Vec<Said>, what: &Said, old: Option<&Signers>, new: Option<&Signers>) {
    let none = Signers { threshold: 0, keys: BTreeMap::new() };
    let (old, new) = (old.unwrap_or(&none), new.unwrap_or(&none));
    let by = |text, person: &str| Said::new(text).said("what", what.clone()).with("person", person);
    for (person, key) in &new.keys {
        match old.keys.get(person) {
            None => lines.push(by("words-newly-signed", person)),
            Some(before) if before != key => lines.push(by("words-signs-new", person)),
            Some(_) => {}
        }
    }
    lines.extend(old.keys.keys().filter(|p| !new.keys.contains_key(*p)).map(|p| by("words-no-longer-signed", p)));
    if old.threshold != new.threshold {
        let needed = Said::new("words-needed").said("what", what.clone());
        lines.push(needed.with("before", old.threshold).with("after", new.threshold));
    }
}
