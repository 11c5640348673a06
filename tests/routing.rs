//! Routing, for any roster and any wish: nobody struck, never fewer independent readers than the rule asks.
#![expect(clippy::unwrap_used, reason = "a test")]
use std::collections::{BTreeMap, BTreeSet};

use meldkluis::domain::{
    day::Day,
    id::{InstanceId, OrgId, ReaderId},
    oral,
    roster::{
        AdviserEntry, Desk, Function, Head, Mode, OrgEntry, OrgFile, Organisation, Reader, Roster, Scope, Status, Text,
        Topic,
    },
    routing::{INDEPENDENT, NobodyLeft, Readers, Wish, may_go, outside, readers},
};
use proptest::{collection::btree_set, option, prelude::*, sample::select};

/// People of an organisation that a generated roster draws from.
const PEOPLE: usize = 7;

fn text(name: &str) -> Text {
    Text { nl: name.to_owned(), en: name.to_owned() }
}

fn org(name: &str) -> OrgId {
    OrgId::parse(name).unwrap()
}

fn person(org: &str, n: usize) -> ReaderId {
    ReaderId::parse(&format!("{org}-{n}")).unwrap()
}

/// Any organisation's file: people with any functions and status, named anywhere, allowed or not.
fn file(name: &'static str) -> impl Strategy<Value = OrgFile> {
    let functions = btree_set(select(vec![Function::Adviser, Function::Officer, Function::Manager]), 0..=3);
    let status = prop_oneof![4 => Just(Status::Active), 1 => Just(Status::Retired), 1 => Just(Status::Revoked)];
    let people = prop::collection::vec((functions, status), PEOPLE);
    let anyone = (0..PEOPLE).prop_map(move |n| person(name, n));
    let some = |max| prop::collection::vec(anyone.clone(), 0..=max);
    let desk = (btree_set(select(Topic::ALL.to_vec()), 0..3), some(5), option::of(anyone.clone()));
    let advisers = prop::collection::vec((anyone.clone(), option::of(anyone.clone())), 0..3);
    (people, prop::collection::vec(desk, 0..3), advisers, some(2)).prop_map(
        move |(people, desks, advisers, managers)| {
            let readers = people.into_iter().enumerate().map(|(n, (functions, status))| Reader {
                id: person(name, n),
                functions,
                shown_as: text(name),
                seal_key: format!("{name}-{n}"),
                sign_key: String::new(),
                status,
                until: None,
            });
            let desks =
                desks.into_iter().map(|(topics, readers, reserve)| Desk { name: text(name), topics, readers, reserve });
            let day = Day::parse("2026-11-24").unwrap();
            OrgFile {
                overseers: Vec::new(),
                protocols: Vec::new(),
                head: Head { version: 1, serial: 1, previous: String::new(), valid_from: day, expires: day },
                organisation: org(name),
                retention_days: 1,
                advisers: advisers.into_iter().map(|(reader, deputy)| AdviserEntry { reader, deputy }).collect(),
                desks: desks.collect(),
                managers,
                readers: readers.collect(),
            }
        },
    )
}

fn organisation(name: &str, scope: Scope, file: OrgFile) -> Organisation {
    let entry = OrgEntry {
        id: org(name),
        name: text(name),
        scope,
        from: Day::parse("2026-02-23").unwrap(),
        until: None,
        predecessors: Vec::new(),
        successors: Vec::new(),
        signers: None,
        referral: None,
    };
    Organisation { entry, file: Some(file) }
}

/// Any roster, also one that `roster check` would refuse: routing does not lean on it.
fn roster() -> impl Strategy<Value = Roster> {
    (file("fin"), option::of(file("buiten")), file("kanarie")).prop_map(|(own, outside, canary)| {
        let mut organisations =
            vec![organisation("fin", Scope::In, own), organisation("kanarie", Scope::Canary, canary)];
        organisations.extend(outside.map(|file| organisation("buiten", Scope::Outside, file)));
        of(organisations)
    })
}

fn of(organisations: Vec<Organisation>) -> Roster {
    Roster {
        instance: InstanceId::parse("0c7e2f4a-7d0e-4b53-9f3c-6f1e6f0d6a11").unwrap(),
        mode: Mode::Training,
        digest: [0; 32],
        expires: Day::parse("2027-01-01").unwrap(),
        organisations,
    }
}

fn anybody() -> impl Strategy<Value = ReaderId> {
    (select(vec!["fin", "buiten", "kanarie"]), 0..PEOPLE).prop_map(|(name, n)| person(name, n))
}

fn report() -> impl Strategy<Value = (Topic, BTreeSet<ReaderId>, Option<ReaderId>)> {
    (select(Topic::ALL.to_vec()), btree_set(anybody(), 0..6), option::of(anybody()))
}

fn route(roster: &Roster, wish: &(Topic, BTreeSet<ReaderId>, Option<ReaderId>)) -> Result<Readers, NobodyLeft> {
    let (topic, struck, manager) = wish.clone();
    readers(roster, &org("fin"), &Wish::Report { topic, struck, manager })
}

fn independent(reader: &Reader) -> bool {
    reader.functions.contains(&Function::Officer) && !reader.functions.contains(&Function::Manager)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn nobody_struck_reads_in_any_function(roster in roster(), wish in report()) {
        if let Ok(readers) = route(&roster, &wish) {
            prop_assert!(readers.all().all(|r| !wish.1.contains(&r.id)));
        }
    }

    #[test]
    fn only_active_people_read_and_each_once(roster in roster(), wish in report()) {
        if let Ok(readers) = route(&roster, &wish) {
            prop_assert!(readers.all().all(|r| r.status == Status::Active));
            let ids: BTreeSet<&ReaderId> = readers.all().map(|r| &r.id).collect();
            prop_assert_eq!(ids.len(), readers.all().count(), "somebody reads twice, or is the reserve of themselves");
        }
    }

    #[test]
    fn a_report_never_has_fewer_independent_readers_than_the_rule(roster in roster(), wish in report()) {
        if let Ok(readers) = route(&roster, &wish) {
            prop_assert!(readers.now().iter().filter(|r| independent(r)).count() >= INDEPENDENT);
        }
    }

    #[test]
    fn a_manager_reads_only_when_chosen(roster in roster(), wish in report()) {
        if let Ok(readers) = route(&roster, &wish) {
            let others = readers.all().filter(|r| Some(&r.id) != wish.2.as_ref());
            prop_assert!(others.into_iter().all(independent));
            let reserve = readers.reserve();
            prop_assert!(reserve.is_none_or(independent), "a manager never waits in reserve");
        }
    }

    /// Striking somebody can bring others in, and never lets anybody be refused while two of the desk are left.
    #[test]
    fn two_left_at_the_desk_are_enough(roster in roster(), wish in report()) {
        let own = roster.organisation(&org("fin")).unwrap();
        let desk = own.desk(wish.0);
        let left = desk.iter().flat_map(|d| &d.readers).filter(|id| !wish.1.contains(id));
        let left: BTreeSet<&ReaderId> = left.filter(|id| own.reader(id).is_some_and(independent)).collect();
        let routed = route(&roster, &wish);
        if left.len() >= INDEPENDENT {
            prop_assert!(routed.is_ok());
            let outside = wish.0 == Topic::Retaliation && roster.outside().is_some();
            prop_assert!(outside || !routed.unwrap().outside_joined(), "outsiders join only when needed");
        } else if let Ok(readers) = routed {
            prop_assert!(readers.outside_joined(), "the page says that outsiders joined");
        }
    }

    #[test]
    fn the_outside_desk_joins_when_fewer_than_two_are_left(roster in roster(), topic in select(Topic::ALL.to_vec())) {
        let own = roster.organisation(&org("fin")).unwrap();
        let struck: BTreeSet<ReaderId> = own.file.as_ref().unwrap().readers.iter().map(|r| r.id.clone()).collect();
        let there = roster.outside().and_then(|o| Some((o, o.desk(topic)?)));
        let outside: BTreeMap<ReaderId, Reader> = there
            .iter()
            .flat_map(|(o, d)| d.readers.iter().filter_map(|r| o.reader(r)))
            .filter(|r| independent(r))
            .map(|r| (r.id.clone(), r.clone()))
            .collect();
        let routed = route(&roster, &(topic, struck, None));
        if own.desk(topic).is_some() && outside.len() >= INDEPENDENT {
            let now: BTreeSet<ReaderId> = routed.unwrap().now().iter().map(|r| r.id.clone()).collect();
            prop_assert_eq!(now, outside.into_keys().collect::<BTreeSet<_>>());
        } else {
            prop_assert_eq!(routed, Err(NobodyLeft));
        }
    }

    #[test]
    fn advice_goes_to_the_one_picked_and_a_deputy_only_if_ticked(roster in roster(), picked in anybody(), deputy: bool) {
        let routed = readers(&roster, &org("fin"), &Wish::Advice { adviser: picked.clone(), deputy });
        if let Ok(readers) = routed {
            let ids: Vec<&ReaderId> = readers.now().iter().map(|r| &r.id).collect();
            prop_assert_eq!(ids.first(), Some(&&picked));
            prop_assert!(ids.len() == 1 || deputy && ids.len() == 2);
            prop_assert!(readers.all().all(|r| r.status == Status::Active) && readers.reserve().is_none());
        }
    }

    #[test]
    fn outside_keeps_the_same_two_rules(roster in roster(), wish in report()) {
        if let Ok((org, readers)) = outside(&roster, &wish.1) {
            prop_assert!(readers.all().all(|r| !wish.1.contains(&r.id) && independent(r) && r.status == Status::Active));
            prop_assert!(readers.now().len() >= INDEPENDENT && readers.all().all(|r| org.reader(&r.id) == Some(r)));
            let ids: BTreeSet<&ReaderId> = readers.all().map(|r| &r.id).collect();
            prop_assert_eq!(ids.len(), readers.all().count());
        }
    }

    #[test]
    fn nothing_is_routed_where_reports_are_not_taken(roster in roster(), wish in report(), picked in anybody()) {
        let (topic, struck, manager) = wish;
        for elsewhere in ["buiten", "def"] {
            let report = Wish::Report { topic, struck: struck.clone(), manager: manager.clone() };
            prop_assert_eq!(readers(&roster, &org(elsewhere), &report), Err(NobodyLeft));
            let advice = Wish::Advice { adviser: picked.clone(), deputy: true };
            prop_assert_eq!(readers(&roster, &org(elsewhere), &advice), Err(NobodyLeft));
        }
    }

    /// The one exception to the rule: a synthetic report has one reader, of the canary's own desk, whatever was chosen.
    #[test]
    fn the_canary_has_one_reader_of_its_own_and_nobody_else(roster in roster(), wish in report(), picked in anybody()) {
        let (topic, struck, manager) = wish;
        let kanarie = roster.organisation(&org("kanarie")).unwrap();
        let desk = kanarie.desk(Topic::Other);
        let seated: BTreeSet<&ReaderId> = desk.iter().flat_map(|d| &d.readers).filter(|id| !struck.contains(*id)).collect();
        let seated: Vec<&Reader> = seated.into_iter().filter_map(|id| kanarie.reader(id)).filter(|r| independent(r)).collect();
        let report = Wish::Report { topic, struck: struck.clone(), manager };
        match (readers(&roster, &org("kanarie"), &report), seated.as_slice()) {
            (Ok(routed), [one]) => {
                prop_assert!(routed.all().eq([*one]) && !routed.outside_joined());
            }
            (routed, _) => prop_assert!(routed == Err(NobodyLeft) && seated.len() != 1),
        }
        let advice = Wish::Advice { adviser: picked, deputy: true };
        prop_assert_eq!(readers(&roster, &org("kanarie"), &advice), Err(NobodyLeft));
    }

    #[test]
    fn the_canary_s_people_read_nothing_of_others_and_enter_nothing(roster in roster(), wish in report()) {
        let theirs = |r: &Reader| r.id.as_str().starts_with("kanarie-");
        prop_assert!(!route(&roster, &wish).is_ok_and(|routed| routed.all().any(theirs)));
        prop_assert!(!outside(&roster, &wish.1).is_ok_and(|(_, routed)| routed.all().any(theirs)));
        let kanarie = roster.organisation(&org("kanarie")).unwrap();
        for reader in &kanarie.file.as_ref().unwrap().readers {
            prop_assert!(oral::topics(&roster, &reader.keyed()).is_none());
        }
    }

    /// Whoever goes, and in which order: a report keeps somebody who reads it for a desk.
    #[test]
    fn the_last_independent_reader_does_not_go(roster in roster(), wish in report(), order in any::<prop::sample::Index>()) {
        let Ok(routed) = route(&roster, &wish) else { return Ok(()) };
        let mut there: Vec<Reader> = routed.now().to_vec();
        let turn = order.index(there.len());
        there.rotate_left(turn);
        for going in there.clone() {
            let others: Vec<Reader> = there.iter().filter(|r| r.id != going.id).cloned().collect();
            if may_go(&going, &others) {
                there = others;
            }
        }
        prop_assert!(there.iter().any(independent), "{there:?}");
    }
}

#[test]
fn an_adviser_goes_when_an_adviser_or_an_officer_stays_and_a_manager_at_any_time() {
    let with = |functions: &[Function]| Reader {
        id: person("fin", 1),
        functions: functions.iter().copied().collect(),
        shown_as: text("x"),
        seal_key: String::new(),
        sign_key: String::new(),
        status: Status::Active,
        until: None,
    };
    let (adviser, officer, manager) =
        (with(&[Function::Adviser]), with(&[Function::Officer]), with(&[Function::Manager]));
    let both = with(&[Function::Officer, Function::Manager]);
    assert!(
        !may_go(&adviser, [])
            && !may_go(&adviser, [&manager, &both])
            && may_go(&adviser, [&officer])
            && may_go(&adviser, [&adviser])
    );
    assert!(!may_go(&officer, [&adviser, &manager, &both]) && may_go(&officer, [&officer]));
    assert!(may_go(&manager, []) && may_go(&both, []));
}

/// The canary's organisation with so many readers in its desk.
fn canary(people: usize) -> Roster {
    let ids: Vec<ReaderId> = (0..people).map(|n| person("canary", n)).collect();
    let officer = |id: &ReaderId| Reader {
        id: id.clone(),
        functions: BTreeSet::from([Function::Officer]),
        shown_as: text("canary"),
        seal_key: id.as_str().to_owned(),
        sign_key: String::new(),
        status: Status::Active,
        until: None,
    };
    let day = Day::parse("2026-11-24").unwrap();
    let file = OrgFile {
        head: Head { version: 1, serial: 1, previous: String::new(), valid_from: day, expires: day },
        organisation: org("canary"),
        retention_days: 1,
        advisers: Vec::new(),
        desks: vec![Desk { name: text("canary"), topics: BTreeSet::new(), readers: ids.clone(), reserve: None }],
        managers: Vec::new(),
        readers: ids.iter().map(officer).collect(),
        overseers: Vec::new(),
        protocols: Vec::new(),
    };
    of(vec![organisation("canary", Scope::Canary, file)])
}

#[test]
fn a_synthetic_report_goes_to_the_canary_s_one_reader_and_to_nobody_else() {
    let wish =
        |struck: &[ReaderId], topic| Wish::Report { topic, struck: struck.iter().cloned().collect(), manager: None };
    for topic in Topic::ALL {
        let found = readers(&canary(1), &org("canary"), &wish(&[], topic)).unwrap();
        assert_eq!(found.all().map(|r| r.id.clone()).collect::<Vec<_>>(), [person("canary", 0)]);
        assert!(!found.outside_joined());
    }
    assert_eq!(readers(&canary(1), &org("canary"), &wish(&[person("canary", 0)], Topic::Other)), Err(NobodyLeft));
    assert_eq!(readers(&canary(2), &org("canary"), &wish(&[], Topic::Other)), Err(NobodyLeft), "it stands alone");
    let advice = Wish::Advice { adviser: person("canary", 0), deputy: false };
    assert_eq!(readers(&canary(1), &org("canary"), &advice), Err(NobodyLeft));
}
