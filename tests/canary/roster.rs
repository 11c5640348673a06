//! What a roster may say of the canary organisation.
use std::{collections::BTreeMap, fs};

use meldkluis::{
    clock::Clock,
    demo,
    domain::{
        id::OrgId,
        roster::{Function, OrgFile, RootFile, Scope, Status},
        roster_check::findings,
    },
    roster_cli::{self, Command},
};

const CANARY: &str = "kanarie";

type Files = BTreeMap<OrgId, OrgFile>;

fn demo_files() -> (RootFile, Files) {
    let folder = tempfile::tempdir().unwrap();
    demo::make_or_find(folder.path(), "127.0.0.1:0".parse().unwrap()).unwrap();
    let read = |name: &str| fs::read_to_string(folder.path().join("roster").join(name)).unwrap();
    let root: RootFile = toml::from_str(&read("root.toml")).unwrap();
    let taking = root.organisations.iter().filter(|o| o.signers.is_some());
    let files = taking.map(|o| (o.id.clone(), toml::from_str(&read(&format!("org-{}.toml", o.id))).unwrap()));
    let files = files.collect();
    (root, files)
}

/// The ids of their texts.
fn mistakes(root: &RootFile, files: &Files) -> Vec<&'static str> {
    findings(root, files).into_iter().filter(|f| f.mistake).map(|f| f.problem.id).collect()
}

#[test]
fn one_officer_alone_is_in_order_and_said_in_words() {
    let (root, files) = demo_files();
    let about: Vec<_> =
        findings(&root, &files).into_iter().filter(|f| f.file.contains(CANARY)).map(|f| f.problem).collect();
    assert!(about.is_empty(), "{about:?}");
    let folder = tempfile::tempdir().unwrap();
    demo::make_or_find(folder.path(), "127.0.0.1:0".parse().unwrap()).unwrap();
    let show = Command::Show { folder: folder.path().join("roster") };
    let words = roster_cli::run(&show, Clock::System.today()).unwrap();
    assert!(words.contains("kanarie-lezer") && words.contains("canary: takes synthetic reports alone"), "{words}");
}

#[test]
fn everything_else_is_a_mistake() {
    let (root, files) = demo_files();
    let (id, bzk) = (OrgId::parse(CANARY).unwrap(), files[&OrgId::parse("bzk").unwrap()].clone());
    let stranger = || bzk.readers.first().unwrap().clone();
    let of = |change: &dyn Fn(&mut OrgFile)| {
        let mut files = files.clone();
        files.remove(&OrgId::parse("bzk").unwrap());
        change(files.get_mut(&id).unwrap());
        mistakes(&root, &files).into_iter().filter(|p| p.contains("canary")).collect::<Vec<_>>()
    };
    assert!(of(&|_| {}).is_empty());
    let changes: [&dyn Fn(&mut OrgFile); 10] = [
        &|f| f.desks.clear(),
        &|f| f.desks.push(f.desks[0].clone()),
        &|f| f.desks[0].topics.extend([meldkluis::domain::roster::Topic::Money]),
        &|f| f.desks[0].reserve = Some(f.readers[0].id.clone()),
        &|f| f.readers[0].status = Status::Retired,
        &|f| f.readers.push(stranger()),
        &|f| {
            f.readers[0].functions.insert(Function::Manager);
        },
        &|f| f.managers.push(f.readers[0].id.clone()),
        &|f| f.advisers = bzk.advisers.clone(),
        &|f| f.overseers = bzk.overseers.clone(),
    ];
    for (n, change) in changes.into_iter().enumerate() {
        assert!(!of(change).is_empty(), "change {n} is not found");
    }
    // Somebody of before may stand there as long as their keys do not count.
    assert!(
        of(&|f| f.readers.push(meldkluis::domain::roster::Reader {
            status: Status::Retired,
            until: Some(f.head.valid_from),
            ..stranger()
        }))
        .is_empty()
    );
}

#[test]
fn there_is_one_canary_at_most() {
    let (mut root, files) = demo_files();
    assert!(mistakes(&root, &files).is_empty());
    let bzk = root.organisations.iter_mut().find(|o| o.id.as_str() == "bzk").unwrap();
    bzk.scope = Scope::Canary;
    assert!(mistakes(&root, &files).contains(&"fault-canary-twice"));
}
