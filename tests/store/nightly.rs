//! After the nightly pass the databases do not tell in which order rows came.
use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use meldkluis::{
    domain::{
        case::Case,
        id::{ItemId, OrgId},
        log::{Head, Writer},
    },
    store::{Filed, NewItem, Payload, SlotRow, Store, StoreError},
};
use sqlx::{AssertSqlSafe, PgConnection};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::base::{Base, case, day, hash, item, item_id, on_both, opening, slot, sorted};

/// Reports that come one after the other; kept by chance, an order of so many shows once in 479 million times.
const REPORTS: usize = 12;
const DAY: &str = "2026-11-25";
/// Every table.
const TABLES: [&str; 9] = ["\"case\"", "item", "slot", "pending", "reader_seen", "away", "log", "roster_seen", "meta"];

/// A report with a payload that fills several pages, and one that was added later.
struct Report {
    case: Case,
    items: [NewItem; 2],
}

fn reports() -> Vec<Report> {
    let sealed = |bytes: usize| {
        let mut item = item();
        item.slots.iter_mut().for_each(|slot| slot.header = vec![3; 1627]);
        // The id begins it, so that the bytes say whose they are.
        let payload = [item.id.uuid().as_bytes().as_slice(), &vec![9; bytes]].concat();
        NewItem { payload: Payload::Inline(payload), ..item }
    };
    (0..REPORTS).map(|n| Report { case: case(), items: [sealed(5_000 + 700 * n), sealed(100)] }).collect()
}

/// Each comes on its own, with all that a day leaves beside it.
async fn come(store: &dyn Store, reports: &[Report]) {
    for Report { case, items: [first, second] } in reports {
        store.file(case, first).await.unwrap();
        store.add_item(&case.id, second, None, day(DAY)).await.unwrap();
        store.see_reader(&case.lookup, day(DAY)).await.unwrap();
        store.set_away(&case.lookup, day(DAY)).await.unwrap();
        store.announce_blob(&first_of(case)).await.unwrap();
    }
}

/// An id that goes with a case.
fn first_of(case: &Case) -> ItemId {
    ItemId::from_uuid(case.id.uuid())
}

/// A database file without the three counters in its header: how often it was changed, and its schema.
fn pages(file: &Path) -> Vec<u8> {
    let mut bytes = std::fs::read(file).unwrap();
    for counter in [24..28, 40..44, 92..96] {
        bytes[counter].fill(0);
    }
    bytes
}

/// The index of the write-ahead log without its header, which has random numbers: which page was written after which.
fn index(file: &Path) -> Vec<u8> {
    std::fs::read(format!("{}-shm", file.display())).unwrap().split_off(136)
}

fn wal(file: &Path) -> u64 {
    std::fs::metadata(format!("{}-wal", file.display())).unwrap().len()
}

#[tokio::test]
async fn sqlite_files_of_opposite_orders_are_the_same() {
    for _ in 0..3 {
        let mut reports = reports();
        let mut files = Vec::new();
        for turned in [false, true] {
            if turned {
                reports.reverse();
            }
            let base = Base::sqlite();
            let store = base.open().await;
            // What was destroyed leaves no free page either.
            let (gone, its) = (case(), item());
            store.file(&gone, &its).await.unwrap();
            store.destroy(&gone.id).await.unwrap();
            come(&*store, &reports).await;
            base.tamper("update pending set lease = 1").await;
            files.push((base, store));
        }
        let file = |base: &Base| base.folder.path().join("store.db");
        let [(one, _), (two, _)] = &files[..] else { unreachable!() };
        assert!(index(&file(one)) != index(&file(two)), "before it they differ, by the order alone");
        for (base, store) in &files {
            store.rewrite(day(DAY)).await.unwrap();
            assert_eq!(wal(&file(base)), 0, "nothing is left in the write-ahead log");
            assert_eq!(base.count("pragma freelist_count").await, 0);
            assert_eq!(base.count("select count(*) from slot").await, i64::try_from(REPORTS * 4).unwrap());
        }
        assert!(pages(&file(one)) == pages(&file(two)), "the contents alone make the file");
        assert!(index(&file(one)) == index(&file(two)), "nor does what is left of the log's index tell it");
    }
}

#[tokio::test]
async fn postgresql_has_neither_numbers_nor_places_of_the_order() {
    let base = Base::postgres();
    let store = base.open().await;
    let reports = reports();
    come(&*store, &reports).await;
    store.see_roster("root", 1, &hash()).await.unwrap();
    for _ in 0..REPORTS {
        record(&*store).await;
    }
    let mut raw = base.raw_postgres().await;
    let came: Vec<Uuid> = reports.iter().map(|report| report.case.id.uuid()).collect();
    let payloads: Vec<Uuid> = reports.iter().map(|report| report.items[0].id.uuid()).collect();
    for (order, what) in [("ctid", "place"), ("xmin::text::bigint", "transaction")] {
        assert_eq!(cases_by(&mut raw, order).await, came, "before it, the {what} gives the order");
    }
    assert_eq!(toasted(&mut raw).await, payloads, "before it, so do the numbers of long payloads");

    store.rewrite(day(DAY)).await.unwrap();

    let by_key = |mut ids: Vec<Uuid>| {
        ids.sort();
        ids
    };
    assert_eq!(cases_by(&mut raw, "ctid").await, by_key(came), "the place is that of the random key");
    assert_eq!(toasted(&mut raw).await, by_key(payloads), "and the number of a long payload");
    for (table, key) in [("item", "id"), ("slot", "item, mailbox"), ("pending", "item"), ("away", "reader")] {
        let same = format!(
            "select count(*) from (select row_number() over (order by ctid) a, row_number() over (order by {key}) b from {table}) n where a <> b"
        );
        assert_eq!(number(&mut raw, same).await, 0, "{table}: rows stand in the order of their keys");
    }
    one_transaction(&mut raw).await;
    raw_pages(&mut raw).await;
}

async fn record(store: &dyn Store) -> Head {
    let org = OrgId::parse("bzk").unwrap();
    let start =
        Head::start(&meldkluis::domain::id::InstanceId::parse("000102030405060708090a0b0c0d0e0f").unwrap(), &org);
    store.append(&org, start, &[(Writer::Server, b"sealed")]).await.unwrap()
}

async fn number(raw: &mut PgConnection, query: String) -> i64 {
    sqlx::query_scalar(AssertSqlSafe(query)).fetch_one(raw).await.unwrap()
}

async fn cases_by(raw: &mut PgConnection, order: &str) -> Vec<Uuid> {
    let query = format!(r#"select id from "case" order by {order}"#);
    sqlx::query_scalar(AssertSqlSafe(query)).fetch_all(raw).await.unwrap()
}

/// The items with long payloads, by the numbers that PostgreSQL gave these.
async fn toasted(raw: &mut PgConnection) -> Vec<Uuid> {
    let toast = "select reltoastrelid::regclass::text from pg_class where oid = 'item'::regclass";
    let toast: String = sqlx::query_scalar(toast).fetch_one(&mut *raw).await.unwrap();
    let first = format!("select substring(chunk_data for 16) from {toast} where chunk_seq = 0 order by chunk_id");
    let ids: Vec<Vec<u8>> = sqlx::query_scalar(AssertSqlSafe(first)).fetch_all(raw).await.unwrap();
    ids.iter().map(|id| Uuid::from_slice(id).unwrap()).collect()
}

/// All rows of all tables are of the one transaction of the pass, but for the row with its mark.
async fn one_transaction(raw: &mut PgConnection) {
    let tables = "select count(*) from pg_tables where schemaname = current_schema()".to_owned();
    assert_eq!(number(raw, tables).await, i64::try_from(TABLES.len()).unwrap(), "no table is left out");
    let numbers = TABLES[..TABLES.len() - 1].iter().flat_map(|table| {
        ["xmin", "xmax"].map(|n| format!("select {n}::text as n from {table} where {n}::text <> '0'"))
    });
    let numbers = numbers.collect::<Vec<_>>().join(" union all ");
    assert_eq!(number(raw, format!("select count(distinct n) from ({numbers}) x")).await, 1);
}

/// The same of the pages as a thief has them, where also what is dead would stand.
async fn raw_pages(raw: &mut PgConnection) {
    let there = "select count(*) from pg_available_extensions where name = 'pageinspect'".to_owned();
    if number(raw, there).await == 0 {
        return;
    }
    sqlx::query("create extension pageinspect").execute(&mut *raw).await.unwrap();
    for table in &TABLES[..TABLES.len() - 1] {
        let pages =
            format!("generate_series(0, pg_relation_size('{table}') / current_setting('block_size')::int - 1) p");
        let rows = format!("from {pages}, heap_page_items(get_raw_page('{table}', p::int))");
        let all = number(raw, format!("select count(*) {rows}")).await;
        assert_eq!(
            all,
            number(raw, format!("select count(*) from {table}")).await,
            "{table}: nothing dead stands there"
        );
        assert_eq!(number(raw, format!("select count(distinct t_xmin::text) {rows}")).await, i64::from(all > 0));
    }
}

on_both! {
    async fn the_pass_changes_nothing_that_is_kept(base) {
        let store = base.open().await;
        let reports = reports();
        come(&*store, &reports).await;
        store.look(day(DAY)).await.unwrap();
        let head = record(&*store).await;
        for _ in 0..2 {
            store.rewrite(day(DAY)).await.unwrap();
            for Report { case, items } in &reports {
                assert_eq!(store.case_by_lookup(&case.lookup).await.unwrap().as_ref(), Some(case));
                for item in items {
                    assert_eq!(store.payload(&item.id).await.unwrap().as_ref(), Some(&item.payload));
                    assert_eq!(store.slots(&item.id).await.unwrap(), sorted(item.slots.clone()));
                }
                assert!(matches!(store.announce_blob(&first_of(case)).await, Err(StoreError::Conflict)));
            }
            assert_eq!(store.readers_seen().await.unwrap().len(), REPORTS);
            assert_eq!(store.away().await.unwrap().len(), REPORTS);
            assert_eq!(store.last_day().await.unwrap(), Some(day(DAY)));
        }
        assert_eq!(record(&*store).await.length, head.length + 1, "the log goes on");
    }

    async fn it_is_done_once_a_day(base) {
        let store = base.open().await;
        store.rewrite(day(DAY)).await.unwrap();
        assert_eq!(base.count("select cast(rewritten as bigint) from meta").await, i64::from(day(DAY).number()));
        base.tamper("update meta set rewritten = rewritten + 1").await;
        store.rewrite(day(DAY)).await.unwrap();
        assert_eq!(base.count("select cast(rewritten as bigint) from meta").await, i64::from(day(DAY).number() + 1), "a later day stays");
        base.tamper("update meta set rewritten = rewritten + 100").await;
        store.rewrite(day(DAY)).await.unwrap();
        let now = i64::from(day(DAY).number());
        assert_eq!(base.count("select cast(rewritten as bigint) from meta").await, now, "a clock that was far ahead puts no pass off");
    }

    async fn who_files_and_who_reads_goes_on_meanwhile(base) {
        let store = base.open().await;
        come(&*store, &reports()).await;
        let done = Arc::new(AtomicBool::new(false));
        let mut others = JoinSet::new();
        for _ in 0..6 {
            let (store, done) = (Arc::clone(&store), Arc::clone(&done));
            others.spawn(async move {
                let mut filed = 0;
                while !done.load(Ordering::Relaxed) {
                    let (case, first, second) = (case(), item(), item());
                    store.file(&case, &first).await.unwrap();
                    store.add_item(&case.id, &second, None, day(DAY)).await.unwrap();
                    store.mark_opened(&case.id, (&item_id(), &slot()), &opening(hash(), day(DAY))).await.unwrap();
                    assert_eq!(store.items(&case.id).await.unwrap().len(), 2);
                    let mailboxes = [first.slots[0].mailbox, second.slots[1].mailbox];
                    assert_eq!(store.inbox(&mailboxes, day(DAY)).await.unwrap().len(), 2);
                    filed += 1;
                }
                filed
            });
        }
        for later in 0..5 {
            store.rewrite(day(DAY).plus_days(later)).await.unwrap();
        }
        done.store(true, Ordering::Relaxed);
        let filed: usize = others.join_all().await.into_iter().sum();
        assert!(filed > 6, "{filed}");
        let kept = base.count("select count(*) from item").await;
        assert_eq!(kept, i64::try_from(2 * (filed + REPORTS)).unwrap());
    }
}

/// A backup that began before reads what stood then. Rows that are gone since are kept for it, and the day does not count as done.
#[tokio::test]
async fn postgresql_waits_for_those_who_still_see_the_old_rows() {
    let base = Base::postgres();
    let store = base.open().await;
    come(&*store, &reports()).await;
    let mut backup = base.raw_postgres().await;
    // It has looked at no table of ours: nothing keeps these from being rewritten but what it may still read.
    sqlx::raw_sql("begin isolation level repeatable read; select 1").execute(&mut backup).await.unwrap();
    assert_eq!(number(&mut backup, "select count(*) from pg_roles where oid = 10".to_owned()).await, 1);
    assert!(store.rewrite(day(DAY)).await.is_err(), "the old rows are still there for the backup");
    let items = "select count(*) from item".to_owned();
    assert_eq!(number(&mut backup, items).await, i64::try_from(2 * REPORTS).unwrap());
    waited(&base, &*store, backup).await;
}

/// A transaction that changes something, in whatever database, keeps what it might read.
#[tokio::test]
async fn postgresql_waits_for_older_transactions_of_other_databases() {
    let (base, other) = (Base::postgres(), Base::postgres());
    let store = base.open().await;
    come(&*store, &reports()).await;
    let mut older = other.raw_postgres().await;
    sqlx::raw_sql("begin; create table other (n int)").execute(&mut older).await.unwrap();
    assert!(store.rewrite(day(DAY)).await.is_err(), "the old rows are still there");
    waited(&base, &*store, older).await;
}

/// Not done before the other one has ended, and done then.
async fn waited(base: &Base, store: &dyn Store, mut other: PgConnection) {
    assert_eq!(base.count("select count(*) from meta where rewritten is null").await, 1, "it is not called done");
    sqlx::raw_sql("commit").execute(&mut other).await.unwrap();
    store.rewrite(day(DAY)).await.unwrap();
    raw_pages(&mut base.raw_postgres().await).await;
}

/// The second of two servers finds it done, or leaves it to the first.
#[tokio::test]
async fn two_servers_on_one_postgresql_do_not_disturb_each_other() {
    let base = Base::postgres();
    let (one, two) = (base.open().await, base.open().await);
    come(&*one, &reports()).await;
    let (first, second) = tokio::join!(one.rewrite(day(DAY)), two.rewrite(day(DAY)));
    first.unwrap();
    second.unwrap();
    one_transaction(&mut base.raw_postgres().await).await;
}

/// For `docs/figures.md`: how long the pass takes with so many cases, and how long anybody waits for it.
const MANY: usize = 10_000;

async fn longest(done: &AtomicBool, mut act: impl AsyncFnMut()) -> Duration {
    let mut longest = Duration::ZERO;
    while !done.load(Ordering::Relaxed) {
        let since = Instant::now();
        act().await;
        longest = longest.max(since.elapsed());
    }
    longest
}

/// Memory of the process's own in KiB, as Linux says it: what is mapped of the file is not.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let own = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
    own.trim().trim_end_matches(" kB").parse().unwrap()
}

async fn measure(base: Base) {
    let store = base.open().await;
    let report = |_| {
        let mut first = item();
        first.slots = (0..8).map(|_| SlotRow { header: vec![3; 1627], ..slot() }).collect();
        (case(), NewItem { payload: Payload::Inline(vec![9; 5_000]), ..first })
    };
    let all: Vec<_> = (0..MANY).map(report).collect();
    for (case, item) in &all {
        store.file(case, item).await.unwrap();
    }
    let (before, done) = (memory(), AtomicBool::new(false));
    let pass = async {
        let since = Instant::now();
        store.rewrite(day(DAY)).await.unwrap();
        done.store(true, Ordering::Relaxed);
        since.elapsed()
    };
    let filing = longest(&done, async || assert_eq!(store.file(&case(), &item()).await.unwrap(), Filed::New));
    let (mut turn, mut most) = (0, 0);
    let reading = longest(&done, async || {
        (turn, most) = (turn + 1, most.max(memory()));
        let (case, item) = &all[turn % MANY];
        assert!(store.case(&case.id).await.unwrap().is_some() && store.slots(&item.id).await.unwrap().len() == 8);
    });
    let (pass, filing, reading) = tokio::join!(pass, filing, reading);
    let more = most.saturating_sub(before) / 1024;
    tell(&format!("pass {pass:?}, longest filing {filing:?}, longest reading {reading:?}, {more} MiB more memory"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures"]
async fn how_long_it_takes_on_sqlite() {
    measure(Base::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures"]
async fn how_long_it_takes_on_postgresql() {
    measure(Base::postgres()).await;
}

#[expect(clippy::print_stdout, reason = "shown when asked for")]
fn tell(text: &str) {
    println!("{text}");
}
