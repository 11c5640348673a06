//! Whether the server can do its work, for whoever runs the machine: on a loopback listener of its own, and nothing of any request.
//!
//! No figure changes when somebody files a report (`tests/status.rs`): there is no count, and the free disk is looked at once a day.
use std::{
    fmt::Write,
    sync::{Arc, Mutex},
};

use actix_web::{
    HttpResponse,
    http::header::{CACHE_CONTROL, ContentType},
    web::{Data, ServiceConfig, get},
};

use super::{App, tls::Certificate};
use crate::domain::day::Day;

/// Prometheus's text format (Prometheus documentation, "Exposition formats").
const METRICS: &str = "text/plain; version=0.0.4";
const GIBIBYTE: u64 = 1 << 30;

/// Days from 1970 to 2000, from which [`Day::number`] counts.
const DAYS_TO_2000: i64 = 10_957;
const DAY: i64 = 24 * 3600;

/// What is looked at beside the server's own parts.
pub(crate) struct Machine {
    /// The free disk in GiB, as it was when the day was first asked about.
    free: Mutex<Option<(Day, u64)>>,
    certificate: Option<Arc<Certificate>>,
}

impl Machine {
    /// With the certificate that the HTTPS listener uses.
    pub(crate) fn new(certificate: Option<Arc<Certificate>>) -> Self {
        Self { free: Mutex::default(), certificate }
    }

    fn free(&self, app: &App) -> Option<u64> {
        let today = app.clock.today();
        let mut seen = self.free.lock().ok()?;
        if seen.is_none_or(|(day, _)| day != today) {
            *seen = app.blobs.free_bytes().map(|bytes| (today, bytes / GIBIBYTE));
        }
        seen.map(|(_, free)| free)
    }

    /// The certificate's last day, where there is one that has such a day.
    fn certificate_ends(&self) -> Option<Day> {
        self.certificate.as_ref()?.expires()
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
    certificate: bool,
    /// The version of the database's schema, when it answers.
    schema: Option<i64>,
}

impl State {
    async fn of(app: &App, machine: &Machine) -> Self {
        let today = app.clock.today();
        let (schema, last) = (app.store.ping().await.ok(), app.store.last_day().await);
        Self {
            roster: app.roster.expires >= today,
            database: schema.is_some() && last.is_ok(),
            clock: last.ok().flatten().is_none_or(|last| last <= today),
            payloads: app.blobs.is_writable(),
            disk: app.blobs.free_bytes().is_none_or(|free| free > app.config.reserve_bytes),
            certificate: machine.certificate_ends().is_none_or(|end| end > today),
            schema,
        }
    }

    /// Name of a figure, whether it is in order, and what to do if not.
    fn all(&self) -> [(&'static str, bool, &'static str); 6] {
        [
            ("roster_valid", self.roster, "the roster has expired: sign and install the next one"),
            ("database_up", self.database, "the database does not answer"),
            ("clock_right", self.clock, "the clock says a day before the last that was seen"),
            ("payloads_writable", self.payloads, "the folder of the payloads cannot be written"),
            ("disk_above_reserve", self.disk, "less is free than the reserve: files are refused, text is not"),
            ("certificate_valid", self.certificate, "the certificate ends today or has ended"),
        ]
    }
}

/// 200 when everything is in order; otherwise 503 with what is not, a line each.
async fn ready(app: Data<App>, machine: Data<Machine>) -> HttpResponse {
    let state = State::of(&app, &machine).await;
    let wrong: Vec<&str> = state.all().into_iter().filter(|(_, right, _)| !right).map(|(.., text)| text).collect();
    let mut answer = if wrong.is_empty() { HttpResponse::Ok() } else { HttpResponse::ServiceUnavailable() };
    let text = if wrong.is_empty() { "ready".to_owned() } else { wrong.join("\n") };
    answer.insert_header(ContentType::plaintext()).insert_header((CACHE_CONTROL, "no-store")).body(text + "\n")
}

async fn metrics(app: Data<App>, machine: Data<Machine>) -> HttpResponse {
    let state = State::of(&app, &machine).await;
    let mut text = String::new();
    let all = state.all();
    let ready = all.iter().all(|(_, right, _)| *right);
    gauge(&mut text, "ready", "Whether everything below is in order.", Some(u8::from(ready)));
    for (name, right, problem) in all {
        gauge(&mut text, name, &format!("0 when {problem}."), Some(u8::from(right)));
    }
    let left = |end: Day| end.number() - app.clock.today().number();
    gauge(&mut text, "roster_expires_days", "Days for which the roster still counts.", Some(left(app.roster.expires)));
    let ends = machine.certificate_ends().map(left);
    gauge(&mut text, "certificate_expires_days", "Days to the last one of the certificate in use.", ends);
    let free = machine.free(&app);
    gauge(&mut text, "disk_free_gibibytes", "Free disk, looked at once a day.", free);
    gauge(&mut text, "schema_version", "The version of the database's schema.", state.schema);
    let help = "The day on which this process last finished the nightly pass, at 0:00.";
    gauge(&mut text, "nightly_last_success_timestamp_seconds", help, app.passed.day().map(start));
    let help = "The day on which this process last destroyed what had been kept long enough, were it nothing, at 0:00.";
    gauge(&mut text, "purge_last_success_timestamp_seconds", help, app.purged.day().map(start));
    let build = concat!("build_info{version=\"", env!("CARGO_PKG_VERSION"), "\"}");
    gauge(&mut text, build, "The version that runs.", Some(1));
    HttpResponse::Ok().content_type(METRICS).insert_header((CACHE_CONTROL, "no-store")).body(text)
}

/// Seconds from 1970 to the start of a day, in UTC: nothing finer than the day is known.
fn start(day: Day) -> i64 {
    (i64::from(day.number()) + DAYS_TO_2000) * DAY
}

/// Leaves out what is not known. A name may have labels.
fn gauge(text: &mut String, name: &str, help: &str, value: Option<impl std::fmt::Display>) {
    let Some(value) = value else { return };
    let bare = name.split('{').next().unwrap_or_default();
    // Writing to a string cannot fail.
    writeln!(text, "# HELP meldkluis_{bare} {help}\n# TYPE meldkluis_{bare} gauge\nmeldkluis_{name} {value}")
        .unwrap_or_default();
}
