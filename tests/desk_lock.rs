//! The desk locks at once, whatever a file or a server does; and what it shows of a file costs that file alone.
#![cfg(all(feature = "server", feature = "desk", unix))]
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]
#[path = "desk_lock/bomb.rs"]
mod bomb;
#[path = "support/local.rs"]
mod served;
#[path = "desk_lock/slow.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod slow;
mod support;
#[path = "desk_lock/visitor.rs"]
mod visitor;

use std::time::{Duration, Instant};

use bomb::bomb;
use slow::Slow;
use support::{Browser, Service};
use visitor::Visitor;

const READER: &str = "bzk-functionaris-1";
const OTHER: &str = "bzk-functionaris-2";
const STORY: &str = "Er verdwijnt geld uit de kas.";
const LOCKED: &str = "Uw werkplek is vergrendeld";
/// The side of a picture that fits into the memory of the process that draws, and not into its time.
const SLOW: u16 = 13_000;
/// What a person takes for at once, on a machine that does much beside this.
const AT_ONCE: Duration = Duration::from_secs(3);

/// A reader's desk without a browser, and the page of a picture that a reporter sent.
async fn with_picture(service: &Service, picture: Vec<u8>) -> (Visitor, String) {
    let reporter = Browser::new(&service.base);
    let (code, _) = reporter.report(STORY, &[]).await;
    assert_eq!(reporter.upload(&code, "groot.jpg", picture).await.status, 200);
    let visitor = Visitor::enter(&served::desk(service, READER, None, Duration::from_mins(10))).await;
    visitor.unlock().await;
    let file = visitor.link_of("Haal dit bestand op").await;
    (visitor, file)
}

/// Few megabytes of a picture take a decoder a minute and more, or all memory. It is drawn beside the keys, not among them, and it ends.
#[actix_web::test]
async fn a_picture_that_costs_minutes_is_not_shown_and_holds_no_key() {
    for side in [SLOW, 20_000] {
        let service = Service::start(None).await;
        let (visitor, file) = with_picture(&service, bomb(side, side, 99)).await;
        let began = Instant::now();
        let page = visitor.get(&file).await;
        assert!(page.contains("Dit bestand kan hier niet worden getoond.") && !page.contains("<img"), "{page}");
        assert!(began.elapsed() < Duration::from_secs(25), "{side}: {:?}", began.elapsed());
    }
}

/// Presses Lock after a while, and says how long that took.
async fn lock_after(visitor: &Visitor, seconds: u64) -> Duration {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    let began = Instant::now();
    let page = visitor.post("/nl/lock", &[]).await;
    assert!(page.contains(LOCKED), "{page}");
    began.elapsed()
}

#[actix_web::test]
async fn lock_waits_for_no_picture() {
    let service = Service::start(None).await;
    let (visitor, file) = with_picture(&service, bomb(SLOW, SLOW, 99)).await;
    let (page, lock) = tokio::join!(visitor.get(&file), lock_after(&visitor, 2));
    assert!(page.contains(LOCKED) && lock < AT_ONCE, "{lock:?}: {page}");
}

#[actix_web::test]
async fn lock_and_idleness_wait_for_no_server_and_what_was_typed_is_kept() {
    let service = Service::start(None).await;
    Browser::new(&service.base).report(STORY, &[]).await;
    let slow = Slow::before(&service.base).await;
    let (by, idle) = ((None, Some(slow.proxy.clone())), Duration::from_secs(8));
    let visitor = Visitor::enter(&served::desk_by(&service, READER, by, idle)).await;
    visitor.unlock().await;
    let reply = format!("{}/reply", visitor.case().await);
    slow.begin();
    let sent = [("text", "Een antwoord <b>dat niet weg mag.")];
    let (page, lock) = tokio::join!(visitor.post(&reply, &sent), lock_after(&visitor, 2));
    assert!(page.contains(LOCKED) && page.contains("Een antwoord &lt;b&gt;dat niet weg mag."), "{page}");
    assert!(lock < AT_ONCE, "{lock:?}");
    // Nor does signing in keep the passphrase: the lock is pressed again, then nobody presses anything.
    let again = [("passphrase", ""), sent[0]];
    let (page, lock) = tokio::join!(visitor.post(&reply, &again), lock_after(&visitor, 2));
    assert!(page.contains(LOCKED) && page.contains("niet weg mag") && lock < AT_ONCE, "{lock:?}: {page}");
    let began = Instant::now();
    let page = visitor.post(&reply, &again).await;
    assert!(page.contains(LOCKED) && page.contains("niet weg mag"), "{page}");
    assert!(began.elapsed() < idle + Duration::from_secs(5) + AT_ONCE, "{:?}", began.elapsed());
}

/// The value of a hidden field of a page.
fn hidden(page: &str, name: &str) -> String {
    let (_, after) = page.split_once(&format!("name=\"{name}\" value=\"")).unwrap_or_else(|| panic!("{page}"));
    after.split('"').next().unwrap().to_owned()
}

/// The lock drops the answer and not what was sent: the form that was kept is not written twice.
#[actix_web::test]
async fn what_arrived_before_the_lock_and_is_sent_again_is_there_once() {
    let service = Service::start(None).await;
    Browser::new(&service.base).report(STORY, &[]).await;
    let slow = Slow::before(&service.base).await;
    let by = (None, Some(slow.proxy.clone()));
    let visitor = Visitor::enter(&served::desk_by(&service, READER, by, Duration::from_mins(10))).await;
    visitor.unlock().await;
    let note = format!("{}/note", visitor.case().await);
    let once = hidden(&visitor.get(&note).await, "once");
    slow.begin_once_sent();
    let sent = [("text", "\r\nEen regel\r\nen nog een."), ("once", once.as_str())];
    let (page, lock) = tokio::join!(visitor.post(&note, &sent), lock_after(&visitor, 4));
    assert!(page.contains(LOCKED) && page.contains("en nog een.") && lock < AT_ONCE, "{lock:?}: {page}");
    slow.end();
    // As a browser sends what is kept.
    let kept = hidden(&page, "once");
    let again = [("passphrase", ""), ("text", "Een regel\nen nog een."), ("once", kept.as_str())];
    assert!(visitor.post(&note, &again).await.contains("en nog een."));
    let notes = async || {
        let page = visitor.get(note.trim_end_matches("/note")).await;
        page.matches("en nog een.").count()
    };
    assert_eq!(notes().await, 1);
    // Other words are something else, from the same form too; and so is another form with the same.
    visitor.post(&note, &[("text", "Iets anders, en nog een."), again[2]]).await;
    assert_eq!(notes().await, 2);
    let other = hidden(&visitor.get(&note).await, "once");
    visitor.post(&note, &[again[1], ("once", other.as_str())]).await;
    assert_eq!(notes().await, 3);
}

/// What the button Lock sends is on no page until the same reader unlocks, who is led there; whoever goes on elsewhere is done with it.
#[actix_web::test]
async fn a_draft_waits_sealed_for_the_page_it_was_written_on() {
    let service = Service::start(None).await;
    Browser::new(&service.base).report(STORY, &[]).await;
    let visitor = Visitor::enter(&served::desk(&service, READER, None, Duration::from_mins(10))).await;
    visitor.unlock().await;
    let case = visitor.case().await;
    let note = format!("{case}/note");
    let lock = format!("name=\"lock\" value=\"{note}\"");
    assert!(visitor.get(&note).await.contains(&lock) && !visitor.get("/nl/inbox").await.contains("name=\"lock\""));
    let sent = [("text", "Nog niet af"), ("lock", &*note)];
    let locked = visitor.post("/nl/lock", &sent).await;
    assert!(locked.contains("U was aan het schrijven") && !locked.contains("Nog niet af"), "{locked}");
    let wrong = visitor.get(&case).await;
    assert!(wrong.contains("U was aan het schrijven") && !wrong.contains("Nog niet af"), "{wrong}");
    // From whatever page they unlock.
    let page = visitor.post("/nl/inbox", &[("passphrase", "")]).await;
    assert!(page.contains(">Nog niet af</textarea>"), "{page}");
    // Locked before it was answered: it waits again.
    assert!(visitor.post("/nl/lock", &[]).await.contains("U was aan het schrijven"));
    assert!(visitor.unlock().await.contains(">Nog niet af</textarea>"));
    visitor.get(&case).await;
    assert!(!visitor.get(&note).await.contains("Nog niet af"), "it was left");
    // With nothing written there is nothing to wait.
    let nothing = visitor.post("/nl/lock", &[("text", " "), ("lock", &note)]).await;
    assert!(!nothing.contains("U was aan het schrijven"), "{nothing}");
    // It had locked itself: then the page that asks keeps it, and sends nothing.
    let page = visitor.post("/nl/lock", &sent).await;
    assert!(page.contains("Nog niet af") && page.contains("name=\"shown\"") && page.contains(&note), "{page}");
}

/// A file that hardly comes, off a share that hangs, holds the desk: nothing else is shown meanwhile.
#[actix_web::test]
async fn a_file_that_hardly_comes_is_given_up() {
    let service = Service::start(None).await;
    Browser::new(&service.base).report(STORY, &[]).await;
    let given_up = async |reader, pause| {
        let visitor = Visitor::enter(&served::desk(&service, reader, None, Duration::from_mins(10))).await;
        visitor.unlock().await;
        let path = format!("{}/attach/file", visitor.case().await);
        let began = Instant::now();
        let page = async {
            tokio::time::sleep(Duration::from_secs(2)).await;
            visitor.get("/nl/inbox").await
        };
        let both = async { tokio::join!(visitor.post_slowly(&path, pause), page).1 };
        let page = tokio::time::timeout(Duration::from_secs(80), both).await;
        let page = page.unwrap();
        assert!(page.contains("Uw zaken"), "{page}");
        began.elapsed()
    };
    let (silent, slow) = tokio::join!(given_up(READER, None), given_up(OTHER, Some(Duration::from_secs(1))));
    for held in [silent, slow] {
        assert!((Duration::from_secs(55)..Duration::from_secs(75)).contains(&held), "{held:?}");
    }
}

#[actix_web::test]
async fn what_was_fetched_stays_when_an_item_does_not_come() {
    let service = Service::start(None).await;
    let reporter = Browser::new(&service.base);
    let (code, _) = reporter.report(STORY, &[]).await;
    for name in ["een.txt", "twee.txt"] {
        assert_eq!(reporter.upload(&code, name, b"regel".to_vec()).await.status, 200);
    }
    // More than a message: it is fetched when somebody looks at it, and one can choose it before.
    assert_eq!(reporter.upload(&code, "groot.txt", vec![b'a'; 900 << 10]).await.status, 200);
    let slow = Slow::before(&service.base).await;
    let by = (None, Some(slow.proxy.clone()));
    let visitor = Visitor::enter(&served::desk_by(&service, READER, by, Duration::from_mins(10))).await;
    visitor.unlock().await;
    let case = visitor.case().await;
    let read = service.desk(READER, &["read", case.rsplit('/').next().unwrap()]).await.unwrap();
    let items = read["items"].as_array().unwrap();
    let withheld = items.iter().find(|item| item["name"] == "een.txt").unwrap()["item"].as_str().unwrap();
    slow.withhold(Some(withheld));
    let page = visitor.get(&case).await;
    assert!(page.contains(STORY) && page.contains("twee.txt") && page.contains("Dit is niet opgehaald"), "{page}");
    slow.withhold(None);
    slow.fetched();
    let page = visitor.get(&case).await;
    assert!(page.contains("een.txt") && !page.contains("Dit is niet opgehaald"), "{page}");
    assert!(page.contains("Haal dit bestand op") && !page.contains("groot.txt"), "{page}");
    assert_eq!(slow.fetched(), 1, "what was there is not fetched again");
    let page = visitor.get(&format!("{case}/hand-over")).await;
    assert_eq!((page.matches("name=\"item\"").count(), slow.fetched()), (4, 1), "{page}");
    let file = visitor.link_of("een.txt").await;
    assert!(visitor.get(&file).await.contains("regel"));
    assert_eq!(slow.fetched(), 1, "a file is fetched when it is looked at");
    assert!(visitor.get(&file).await.contains("regel"));
    assert_eq!(slow.fetched(), 0, "the last one is kept");
}
