//! One officer of a case fills its mailbox with the longest letters there are, which nobody but the reporter can see.
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use meldkluis::{
    clock::Clock,
    domain::id::CaseId,
    seal::{Kind, Plaintext, Recipients},
};

use super::{MIB, evil, status};
use crate::support::{
    Browser, Service,
    child::{Program, settings},
};

const READER: &str = "bzk-functionaris-1";
/// A case takes no more of one reader.
const LETTERS: usize = 297;
/// Of each; with what is signed it just fits the largest message.
const LETTER: usize = 250_000;
/// What the server's own memory may rise by, however many look at such a page at once.
const RISE: u64 = 24 << 20;

#[actix_web::test]
#[expect(clippy::print_stdout, reason = "figures to read")]
async fn a_mailbox_full_of_the_longest_letters_takes_little_memory() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path(), None);
    let program = Program::start(folder.path(), &settings);
    let (base, database) = (program.base.clone(), String::new());
    let service = Service { folder, base, database, clock: Clock::System };
    let browser = Browser::new(&service.base);
    let (code, _) = browser.report("Verhaal", &[]).await;
    let inbox = service.desk(READER, &["inbox"]).await.unwrap();
    let case = CaseId::parse(inbox[0]["case"].as_str().unwrap()).unwrap();
    service.desk(READER, &["read", &case.to_string()]).await.unwrap();
    let me = evil::hostile(&service, READER).await;
    let to = Recipients::reporter(case, &evil::reporter(&me, &case).await.reply).unwrap();
    for n in 0..LETTERS {
        let text = Plaintext::from(format!("{n:03}{}", "A".repeat(LETTER)));
        evil::send(&me, &case, Kind::Reply, text, &to).await;
    }
    let look = async || {
        let page = Browser::new(&service.base).mailbox(&code, None, &[]).await;
        assert!(page.status == 200 && page.html.len() == crate::support::PAGE, "{} {}", page.status, page.title());
        page.html
    };
    let process = program.id();
    // What is mapped is the database's file, once for each connection: the system's to take back, and there before anybody looks.
    let own = move || status(process, "RssAnon:");
    let before = own();
    let (peak, over) = (Arc::new(AtomicU64::new(before)), Arc::new(AtomicBool::new(false)));
    let (most, ended) = (Arc::clone(&peak), Arc::clone(&over));
    let watching = std::thread::spawn(move || {
        while !ended.load(Ordering::Relaxed) {
            most.fetch_max(own(), Ordering::Relaxed);
            std::thread::sleep(Duration::from_millis(1));
        }
    });
    for visitors in [1, 1, 4, 8] {
        let since = Instant::now();
        join_all((0..visitors).map(|_| look())).await;
        let seconds = since.elapsed().as_secs_f64();
        let figures = [before, peak.load(Ordering::Relaxed), own(), status(process, "RssFile:")];
        let [before, most, now, mapped] = figures.map(|bytes| bytes / MIB);
        println!(
            "{visitors} at once in {seconds:.1} s: {before} MiB before, {most} at most, {now} after; {mapped} mapped"
        );
    }
    over.store(true, Ordering::Relaxed);
    watching.join().unwrap();
    let rise = peak.load(Ordering::Relaxed) - before;
    assert!(rise <= RISE, "{} MiB more", rise / MIB);
    // What was not opened is said to be there.
    assert!(look().await.contains("kunnen niet worden geopend"));
}
