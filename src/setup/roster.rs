//! The first roster: the organisation, the desk outside when somebody is of it, and the canary. Pure.
use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::ask::{Answers, Keys, Person, Post};
use crate::{
    domain::{
        day::Day,
        id::{InstanceId, OrgId, ReaderId},
        roster::{
            AdviserEntry, Desk, Function, Head, Mode, OrgEntry, OrgFile, Overseer, Reader, Role, RootFile, Scope,
            Signers, Status, Text,
        },
        roster_check::{Finding, findings},
    },
    roster_files::key_findings,
    seal::code::Language,
    text::Texts,
};

/// The files, not signed yet.
pub(super) struct First {
    /// The root file.
    pub(super) root: RootFile,
    /// Each organisation's.
    pub(super) organisations: Vec<OrgFile>,
}

impl First {
    /// Who signs.
    pub(super) fn signers(&self) -> Signers {
        self.root.signers.clone()
    }
}

/// Makes the files, and refuses what the server would refuse.
pub(super) fn files(answers: &Answers, today: Day) -> Result<First, String> {
    let (outside, own): (Vec<&Person>, Vec<&Person>) = answers.people.iter().partition(|p| p.post == Post::Outside);
    let id = |name: &str| OrgId::try_from(name.to_owned());
    let mut entries = vec![entry(answers, answers.org.clone(), answers.name.clone(), Scope::In, today)];
    let mut organisations = vec![own_file(answers, &own, today)];
    if !outside.is_empty() {
        let name = Text { nl: "Extern meldpunt".to_owned(), en: "Outside desk".to_owned() };
        let readers: Vec<Reader> = outside.iter().map(|p| reader(&p.keys, Function::Officer, &p.shown_as)).collect();
        entries.push(entry(answers, id("outside")?, name.clone(), Scope::Outside, today));
        organisations.push(one_desk(answers, id("outside")?, name, readers, today));
    }
    let name = Text { nl: "Kanarie".to_owned(), en: "Canary".to_owned() };
    entries.push(entry(answers, id("canary")?, name.clone(), Scope::Canary, today));
    let canary = reader(&answers.canary, Function::Officer, &name);
    organisations.push(one_desk(answers, id("canary")?, name, vec![canary], today));
    let root = RootFile {
        head: Head::first(today),
        instance: InstanceId::from_uuid(Uuid::new_v4()),
        mode: Mode::Live,
        signers: answers.signers.clone(),
        organisations: entries,
    };
    refuse_mistakes(&root, &organisations)?;
    Ok(First { root, organisations })
}

fn refuse_mistakes(root: &RootFile, organisations: &[OrgFile]) -> Result<(), String> {
    let files: BTreeMap<OrgId, OrgFile> = organisations.iter().map(|f| (f.organisation.clone(), f.clone())).collect();
    let mut found = findings(root, &files);
    found.extend(files.iter().flat_map(|(id, file)| key_findings(id, file)));
    let mistakes: Vec<String> = found.iter().filter(|f| f.mistake).map(said).collect();
    if mistakes.is_empty() { Ok(()) } else { Err(mistakes.join("\n")) }
}

fn said(finding: &Finding) -> String {
    format!("{}: {}", finding.file, Texts::of(Language::En).say(&finding.problem))
}

fn entry(answers: &Answers, id: OrgId, name: Text, scope: Scope, today: Day) -> OrgEntry {
    OrgEntry {
        id,
        name,
        scope,
        from: today,
        until: None,
        predecessors: Vec::new(),
        successors: Vec::new(),
        signers: Some(answers.signers.clone()),
        referral: None,
    }
}

fn reader(keys: &Keys, function: Function, shown_as: &Text) -> Reader {
    Reader {
        id: keys.id.clone(),
        functions: BTreeSet::from([function]),
        shown_as: shown_as.clone(),
        seal_key: keys.seal_key.clone(),
        sign_key: keys.sign_key.clone(),
        status: Status::Active,
        until: None,
    }
}

fn own_file(answers: &Answers, people: &[&Person], today: Day) -> OrgFile {
    let of = |post: Post| people.iter().filter(move |p| p.post == post).map(|p| p.keys.id.clone());
    let name = Text { nl: "Integriteit".to_owned(), en: "Integrity".to_owned() };
    let readers = people.iter().filter_map(|p| Some(reader(&p.keys, function(p.post)?, &p.shown_as))).collect();
    let advisers: Vec<ReaderId> = of(Post::Adviser).collect();
    // Each adviser's deputy is the next, in a ring; whoever is alone has none.
    let next = |at: usize| advisers.iter().cycle().nth(at + 1).filter(|_| advisers.len() > 1).cloned();
    OrgFile {
        head: Head::first(today),
        organisation: answers.org.clone(),
        retention_days: answers.retention_days,
        advisers: advisers
            .iter()
            .enumerate()
            .map(|(at, a)| AdviserEntry { reader: a.clone(), deputy: next(at) })
            .collect(),
        desks: vec![Desk {
            name,
            topics: BTreeSet::new(),
            readers: of(Post::Officer).collect(),
            reserve: of(Post::Reserve).next(),
        }],
        managers: of(Post::Manager).collect(),
        readers,
        overseers: people.iter().filter_map(|p| overseer(p)).collect(),
        protocols: Vec::new(),
    }
}

fn function(post: Post) -> Option<Function> {
    match post {
        Post::Officer | Post::Reserve | Post::Outside => Some(Function::Officer),
        Post::Adviser => Some(Function::Adviser),
        Post::Manager => Some(Function::Manager),
        Post::Coordinator | Post::Auditor => None,
    }
}

fn overseer(person: &Person) -> Option<Overseer> {
    let role = match person.post {
        Post::Coordinator => Role::Coordinator,
        Post::Auditor => Role::Auditor,
        _ => return None,
    };
    let Keys { id, seal_key, sign_key } = person.keys.clone();
    Some(Overseer {
        id,
        role,
        shown_as: person.shown_as.clone(),
        seal_key,
        sign_key,
        status: Status::Active,
        until: None,
    })
}

fn one_desk(answers: &Answers, organisation: OrgId, name: Text, readers: Vec<Reader>, today: Day) -> OrgFile {
    let all = readers.iter().map(|r| r.id.clone()).collect();
    OrgFile {
        head: Head::first(today),
        organisation,
        retention_days: answers.retention_days,
        advisers: Vec::new(),
        desks: vec![Desk { name, topics: BTreeSet::new(), readers: all, reserve: None }],
        managers: Vec::new(),
        readers,
        overseers: Vec::new(),
        protocols: Vec::new(),
    }
}
