//! Whether the server can do its work, for whoever runs the machine: on a loopback listener of its own, and nothing of any request.
//!
//! No figure changes when somebody files a report (`tests/status.rs`): there is no count, and the free disk is looked at once a day.
use std::{fmt::Write, sync::Mutex};

use actix_web::{
    HttpResponse,
    http::header::{CACHE_CONTROL, ContentType},
    web::{Data, ServiceConfig, get},
};

use super::App;
use crate::domain::day::Day;

/// Prometheus's text format (Prometheus documentation, "Exposition formats").
const METRICS: &str = "text/plain; version=0.0.4";
const GIBIBYTE: u64 = 1 << 30;

/// The free disk, as it was when the day was first asked about.
#[derive(Default)]
pub(crate) struct Daily(Mutex<Option<(Day, u64)>>);

impl Daily {
    fn free(&self, app: &App) -> Option<u64> {
        let today = app.clock.today();
        let mut seen = self.0.lock().ok()?;
        if seen.is_none_or(|(day, _)| day != today) {
            *seen = app.blobs.free_bytes().map(|bytes| (today, bytes / GIBIBYTE));
        }
        seen.map(|(_, free)| free)
    }
}

pub(crate) fn routes(config: &mut ServiceConfig) {
    config.route("/ready", get().to(ready)).route("/metrics", get().to(metrics));
}

/// What must hold, and whether it does.
struct State {
    roster: bool,
    database: bool,
    clock: bool,
    payloads: bool,
    disk: bool,
}

impl State {
    async fn of(app: &App) -> Self {
        let today = app.clock.today();
        let last = app.store.last_day().await;
        Self {
            roster: app.roster.expires >= today,
            database: app.store.ping().await.is_ok() && last.is_ok(),
            clock: last.ok().flatten().is_none_or(|last| last <= today),
            payloads: app.blobs.is_writable(),
            disk: app.blobs.free_bytes().is_none_or(|free| free > app.config.reserve_bytes),
        }
    }

    /// Name of a figure, whether it is in order, and what to do if not.
    fn all(&self) -> [(&'static str, bool, &'static str); 5] {
        [
            ("roster_valid", self.roster, "the roster has expired: sign and install the next one"),
            ("database_up", self.database, "the database does not answer"),
            ("clock_right", self.clock, "the clock says a day before the last stored one"),
            ("payloads_writable", self.payloads, "the folder of the payloads cannot be written"),
            ("disk_above_reserve", self.disk, "less is free than the reserve: files are refused, text is not"),
        ]
    }
}

/// 200 when everything is in order; otherwise 503 with what is not, a line each.
async fn ready(app: Data<App>) -> HttpResponse {
    let wrong: Vec<&str> =
        State::of(&app).await.all().into_iter().filter(|(_, right, _)| !right).map(|(.., text)| text).collect();
    let mut answer = if wrong.is_empty() { HttpResponse::Ok() } else { HttpResponse::ServiceUnavailable() };
    let text = if wrong.is_empty() { "ready".to_owned() } else { wrong.join("\n") };
    answer.insert_header(ContentType::plaintext()).insert_header((CACHE_CONTROL, "no-store")).body(text + "\n")
}

async fn metrics(app: Data<App>, daily: Data<Daily>) -> HttpResponse {
    let state = State::of(&app).await.all();
    let days = app.roster.expires.number() - app.clock.today().number();
    let mut text = String::new();
    gauge(
        &mut text,
        "ready",
        "Whether everything below is in order.",
        u8::from(state.iter().all(|(_, right, _)| *right)),
    );
    for (name, right, problem) in state {
        gauge(&mut text, name, &format!("0 when {problem}."), u8::from(right));
    }
    gauge(&mut text, "roster_expires_days", "Days for which the roster still counts.", days);
    if let Some(free) = daily.free(&app) {
        gauge(&mut text, "disk_free_gibibytes", "Free disk, looked at once a day.", free);
    }
    let build = concat!("build_info{version=\"", env!("CARGO_PKG_VERSION"), "\"}");
    gauge(&mut text, build, "The version that runs.", 1);
    HttpResponse::Ok().content_type(METRICS).insert_header((CACHE_CONTROL, "no-store")).body(text)
}

/// A name may have labels.
fn gauge(text: &mut String, name: &str, help: &str, value: impl std::fmt::Display) {
    let bare = name.split('{').next().unwrap_or_default();
    // Writing to a string cannot fail.
    writeln!(text, "# HELP meldkluis_{bare} {help}\n# TYPE meldkluis_{bare} gauge\nmeldkluis_{name} {value}")
        .unwrap_or_default();
}
