//! A code that never was, one that was withdrawn and one whose case was destroyed answer alike: the time tells nothing (promise 4).
#![cfg(all(feature = "server", feature = "desk"))]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout, reason = "a test, and its figures")]
mod support;

use std::time::{Duration, Instant};

use meldkluis::{
    config::{self, Limit},
    http::Limits,
    store::Store,
};
use support::{Browser, Page, Service};
use uuid::Uuid;

/// Answers of each kind.
const EACH: usize = 2_000;
/// Codes of each kind, in turn.
const CODES: usize = 20;
/// Above this a difference is there (the usual bound of leakage tests).
const BOUND: f64 = 4.5;
/// What the measure must find: half a tenth of a millisecond.
const HIDDEN: Duration = Duration::from_micros(50);

/// Welch's t of two samples of microseconds, each without its slowest tenth: those are the machine's.
fn welch(a: &[f64], b: &[f64]) -> f64 {
    let moments = |sample: &[f64]| {
        let mut sorted = sample.to_vec();
        sorted.sort_by(f64::total_cmp);
        sorted.truncate(sorted.len() * 9 / 10);
        let count = sorted.len() as f64;
        let mean = sorted.iter().sum::<f64>() / count;
        let variance = sorted.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (count - 1.0);
        (mean, variance / count)
    };
    let ((mean_a, error_a), (mean_b, error_b)) = (moments(a), moments(b));
    (mean_a - mean_b).abs() / (error_a + error_b).sqrt()
}

/// Files reports and makes their codes useless: the reporter withdraws them, unopened.
async fn withdrawn(browser: &Browser) -> Vec<String> {
    let mut codes = Vec::new();
    for _ in 0..CODES {
        let (code, _) = browser.report("Een melding", &[]).await;
        browser.mailbox(&code, Some(2), &[("act", "withdraw")]).await;
        codes.push(code);
    }
    codes
}

/// Files reports whose case then is destroyed, as it is when its term is over.
async fn destroyed(browser: &Browser, store: &dyn Store) -> Vec<String> {
    let mut codes = Vec::new();
    for _ in 0..CODES {
        codes.push(browser.report("Een melding", &[]).await.0);
    }
    for case in store.cases_of(&"bzk".to_owned().try_into().unwrap()).await.unwrap() {
        store.destroy(&case.id).await.unwrap();
    }
    codes
}

/// Codes that the form showed and that nobody filed with.
async fn unknown(browser: &Browser) -> Vec<String> {
    let mut codes = Vec::new();
    for _ in 0..CODES {
        codes.push(browser.prepared("Een melding", &[]).await.0);
    }
    codes
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn codes_that_open_nothing_take_the_same_time() {
    let mut store = None;
    let service = Service::at(|app| {
        // Nobody is slowed down here.
        let most = u32::MAX.try_into().unwrap();
        let all = Limit { circuit: 1_000_000.try_into().unwrap(), case: most, clear: most, service: most };
        app.limits = Limits::new(&config::Limits { tries: all, texts: all, ..app.config.limits });
        store = Some(app.store.clone());
    })
    .await;
    let store = store.unwrap();
    let browser = Browser::new(&service.base);
    let kinds = [unknown(&browser).await, withdrawn(&browser).await, destroyed(&browser, store.as_ref()).await];
    let mut turns: Vec<(usize, usize)> =
        (0..EACH).flat_map(|n| (0..kinds.len()).map(move |kind| (kind, n % CODES))).collect();
    // The kinds come mixed, so that a slow moment of the machine meets all of them.
    turns.sort_by_cached_key(|_| Uuid::new_v4());
    let mut times: [Vec<f64>; 3] = Default::default();
    let mut pages: Vec<(u16, usize)> = Vec::new();
    for (n, (kind, code)) in turns.into_iter().enumerate() {
        let code = &kinds[kind][code];
        let since = Instant::now();
        let page: Page = browser.mailbox(code, None, &[]).await;
        let took = since.elapsed().as_secs_f64() * 1e6;
        pages.push((page.status, page.html.len()));
        // The first hundred warm everything up.
        if n >= 100 {
            times[kind].push(took);
        }
    }
    pages.sort_unstable();
    pages.dedup();
    assert_eq!(pages.len(), 1, "one status and one size: {pages:?}");
    let [unknown, withdrawn, destroyed] = &times;
    let found = [welch(unknown, withdrawn), welch(unknown, destroyed), welch(withdrawn, destroyed)];
    println!("Welch t, unknown/withdrawn, unknown/destroyed, withdrawn/destroyed: {found:.2?}");
    // A difference of 50 µs, were it there, would be found.
    let slower: Vec<f64> = destroyed.iter().map(|t| t + HIDDEN.as_secs_f64() * 1e6).collect();
    let control = welch(unknown, &slower);
    println!("with {HIDDEN:?} added to one: {control:.2}");
    assert!(control > BOUND, "the measure is too coarse: {control}");
    assert!(found.iter().all(|t| *t < BOUND), "{found:?}");
}
