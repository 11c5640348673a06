//! A deployment with notices, on whatever day, over a folder that outlives its server.
use std::{path::Path, sync::Arc, time::Duration};

use actix_web::dev::ServerHandle;
use meldkluis::{
    clock::Clock,
    config::Config,
    domain::{day::Day, notice::Weekday, roster::OrgFile},
    http::{App, serve_anywhere},
    server,
};
use sqlx::{AssertSqlSafe, SqlitePool};

use crate::support::{
    Service,
    child::{config_file, settings},
};

/// What every address begins with; all have one length.
pub(crate) const ADDRESS: &str = "mb7x-";

/// The reader of the canary organisation.
const CANARY: &str = "kanarie-lezer";

pub(crate) struct World {
    pub(crate) service: Service,
    pub(crate) settings: String,
    pub(crate) weekdays: Vec<&'static str>,
    running: Option<(Arc<App>, ServerHandle)>,
}

impl World {
    /// A deployment; `build` adds the notices.
    pub(crate) fn new(database: Option<String>, build: impl Fn(&mut Self)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(folder.path(), database.as_deref());
        let database =
            database.unwrap_or_else(|| format!("sqlite:{}", folder.path().join("data/meldkluis.db").display()));
        let service = Service { folder, base: String::new(), database, clock: Clock::System };
        let mut world = Self { service, settings, weekdays: vec!["mon", "thu"], running: None };
        build(&mut world);
        world
    }

    /// Adds the settings, an address for every reader, and the password.
    pub(crate) fn notices(&mut self, port: u16, tls: &str, ca: Option<&Path>) {
        let ca = ca.map(|ca| format!("ca = '{}'\n", ca.display())).unwrap_or_default();
        let file = |name: &str| self.service.path(name).display().to_string();
        let lines = format!(
            "[notices]\nserver = \"127.0.0.1\"\nport = {port}\ntls = \"{tls}\"\n{ca}from = \"no-reply@example.org\"\n\
             weekdays = {:?}\nafter_working_days = 3\naddresses = '{}'\nuser = \"meldkluis\"\npassword_file = '{}'\n",
            self.weekdays,
            file("addresses.toml"),
            file("password")
        );
        self.settings.push_str(&lines);
        std::fs::write(self.service.path("password"), "geheim\n").unwrap();
        let lines: Vec<String> = self
            .readers()
            .iter()
            .enumerate()
            .map(|(n, id)| format!("{id} = \"{ADDRESS}{n:03}@example.org\"\n"))
            .collect();
        std::fs::write(self.service.path("addresses.toml"), lines.concat()).unwrap();
    }

    /// The readers of the demo's roster.
    fn readers(&self) -> Vec<String> {
        let files = std::fs::read_dir(self.service.path("roster")).unwrap().map(|entry| entry.unwrap().path());
        let organisations = files.filter(|path| {
            let name = path.file_name().unwrap().to_str().unwrap();
            name.starts_with("org-") && path.extension().is_some_and(|end| end == "toml")
        });
        let parsed =
            organisations.map(|path| toml::from_str::<OrgFile>(&std::fs::read_to_string(path).unwrap()).unwrap());
        let mut ids: Vec<String> = parsed.flat_map(|file| file.readers).map(|reader| reader.id.to_string()).collect();
        ids.sort();
        assert!(ids.len() > 20);
        ids
    }

    /// The addresses of all who get notices: the canary's reader has one, and gets none.
    pub(crate) fn addresses(&self) -> Vec<String> {
        let readers = self.readers();
        assert!(readers.iter().any(|id| id == CANARY));
        readers.iter().filter(|id| *id != CANARY).map(|id| self.address_of(id)).collect()
    }

    pub(crate) fn address_of(&self, reader: &str) -> String {
        let text = std::fs::read_to_string(self.service.path("addresses.toml")).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(&format!("{reader} = "))).unwrap();
        line.trim_matches('"').to_owned()
    }

    /// Gives a reader an address that the SMTP server does not know.
    pub(crate) fn refuse(&self, reader: &str) {
        let file = self.service.path("addresses.toml");
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::write(file, text.replace(&self.address_of(reader), "refused@example.org")).unwrap();
    }

    /// Stops what runs, and starts a server as if it were that day.
    pub(crate) async fn on(&mut self, day: Day) {
        if let Some((app, server)) = self.running.take() {
            server.stop(false).await;
            drop(app);
        }
        let file = config_file(self.service.folder.path(), &self.settings, "127.0.0.1:1".parse().unwrap());
        self.service.clock = Clock::Fixed(day);
        let app = loop {
            match server::prepare(Config::load(&file).unwrap(), self.service.clock).await {
                Ok(app) => break Arc::new(app),
                // The last worker of the stopped server still has the lock of the folder.
                Err(error) if error.to_string().contains("another process is using the data folder") => {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                Err(error) => unreachable!("{error}"),
            }
        };
        let (address, server) = serve_anywhere(app.clone()).unwrap();
        self.service.base = format!("http://{address}");
        self.running = Some((app, server.handle()));
        tokio::spawn(server);
    }

    pub(crate) fn app(&self) -> &App {
        &self.running.as_ref().unwrap().0
    }

    /// How many readers' days are kept (SQLite).
    pub(crate) async fn days_kept(&self) -> i64 {
        let pool = SqlitePool::connect(&self.service.database).await.unwrap();
        sqlx::query_scalar(AssertSqlSafe("select count(*) from reader_seen")).fetch_one(&pool).await.unwrap()
    }
}

/// The first Monday after today: the roster of a demo counts from the day it is made.
pub(crate) fn next_monday() -> Day {
    let today = Clock::System.today();
    (1..=7).map(|n| today.plus_days(n)).find(|day| Weekday::of(*day) == Weekday::Mon).unwrap()
}
