//! The web edge: reporter pages and the readers' API. Handlers only wire; rules stand in `domain`, secrets in `seal`.
mod absence;
pub mod api;
mod busy;
mod file;
mod filing;
mod frame;
mod guard;
mod limits;
mod listen;
mod mailbox;
mod more;
mod onion;
mod pace;
mod page;
mod records;
mod report;
mod rooms;
mod security_txt;
mod stack;
mod status;
mod tls;
mod uploads;

pub(crate) use absence::forget as forget_absences;
pub use limits::Limits;
pub use listen::{bound, serve, serve_anywhere};
pub(crate) use mailbox::advice;
pub use records::{Daily, InCase, Records};
pub use security_txt::Security;
pub(crate) use tls::certificate;
pub use uploads::{Places, Uploads};

use std::{
    num::NonZeroU32,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use actix_web::web;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use tokio::sync::Semaphore;

use crate::{
    clock::Clock,
    config::{Config, Secrets},
    domain::{
        day::Day,
        id::{CaseId, ItemId, KeyedReader, OrgId},
        log::{Deed, Head, Record, Sender, Writer},
        roster::{Reader, Roster},
    },
    each_day::LastDone,
    post::PostKeys,
    roster_files::Files,
    seal::record::record,
    store::{Blobs, Store, StoreError, abandon},
};

/// Bytes of a form: a story of 40 KiB, percent-encoded, and all else.
const FORM_BYTES: usize = 256 << 10;
/// Oral reports that officers file a minute.
const ORAL_A_MINUTE: u32 = 600;
/// Readers' files on their way at once. Each holds a few MiB. Reporters' have places of their own.
const FILES_AT_ONCE: usize = 8;
/// How long to wait before what could not be removed is tried again.
const AGAIN: Duration = Duration::from_secs(10);
/// Whose an item is that is added to a case. Every page of a mailbox looks at all of a case, so that it has an end; whoever is nearer to it
/// has room when others have used up theirs.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Adds {
    /// A coordinator's message to the readers.
    Memo,
    /// A guest's.
    Guest,
    /// What somebody says of who goes, who reads no more than what went along with a report.
    Passed,
    /// A reader's.
    Reader,
    /// The reporter's.
    Reporter,
    /// An acknowledgement, or the end of the case: each is there once, and nobody can keep a reader from it.
    Must,
}

impl Adds {
    /// Items that the case has at most with this one.
    const fn most(self) -> usize {
        match self {
            Self::Memo => 200,
            Self::Guest | Self::Passed => 250,
            Self::Reader => 300,
            Self::Reporter => 400,
            Self::Must => 402,
        }
    }
}

/// Everything a handler needs. No handler keeps anything else.
pub struct App {
    /// Cases, items, slots.
    pub store: Arc<dyn Store>,
    /// Payloads of files.
    pub blobs: Blobs,
    /// Who may read.
    pub roster: Roster,
    /// The active readers with hashes of their keys, in the roster's order.
    pub keyed: Vec<KeyedReader>,
    /// The signed files, for desks to verify themselves.
    pub roster_files: Files,
    /// Mailboxes and tags.
    pub post: PostKeys,
    /// The keys of hidden fields and sign-in; the first signs.
    pub form: Vec<zeroize::Zeroizing<[u8; 32]>>,
    /// Today.
    pub clock: Clock,
    /// Settings.
    pub config: Config,
    /// Sign-in nonces that were used, with the second they expire.
    pub nonces: api::Nonces,
    /// Files on their way.
    pub uploads: Uploads,
    /// Bytes of forms on their way.
    pub(crate) forms: pace::Forms,
    /// The places of reporters' files on their way.
    pub places: Places,
    /// Bounds the readers' files that are on their way at once.
    pub files: Semaphore,
    /// Bounds what reporters do.
    pub limits: Limits,
    /// Bounds what officers file.
    pub tries: DefaultDirectRateLimiter,
    /// Bounds what each person writes into a log.
    pub records: Records,
    /// Bounds what coordinators write to the readers of a case.
    pub memos: InCase,
    /// Bounds what the guests of a case add to it.
    pub by_guests: InCase,
    /// The last nightly pass.
    pub(crate) passed: LastDone,
    /// When what had been kept long enough was last destroyed, were it nothing.
    pub(crate) purged: LastDone,
    /// When this process last moved the sure day.
    looked: Mutex<Option<Instant>>,
}

impl App {
    /// Where the staff log of an organisation stands.
    pub(crate) async fn log_head(&self, org: &OrgId) -> Result<Head, StoreError> {
        self.store.log_head(org, Head::start(&self.roster.instance, org)).await
    }

    /// Moves the sure day, as [`crate::store::DayStore::look`], and not twice in one day of real time: whoever turns the clock hour by hour
    /// makes no days of them. A clock that stands still, in tests, is not held to it.
    pub(crate) async fn look(&self) -> Result<Day, StoreError> {
        const A_DAY: Duration = Duration::from_hours(20);
        let today = self.clock.today();
        let soon = {
            let mut looked = self.looked.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            let soon =
                matches!(self.clock, Clock::System) && looked.is_some_and(|last: Instant| last.elapsed() < A_DAY);
            if !soon {
                *looked = Some(Instant::now());
            }
            soon
        };
        let last = if soon { self.store.last_day().await? } else { None };
        if let Some(last) = last { Ok(last) } else { self.store.look(today).await }
    }

    /// The day that is stored with a new case, or with what changes one: today, and never one before the last that was seen. With a clock that went back the intake goes on.
    pub(crate) async fn day_stored(&self) -> Result<Day, StoreError> {
        let today = self.clock.today();
        Ok(self.store.last_day().await?.map_or(today, |last| last.max(today)))
    }

    /// Adds sealed records to the staff log of an organisation.
    pub(crate) async fn log(&self, org: &OrgId, records: &[(Writer, &[u8])]) -> Result<Head, StoreError> {
        self.store.append(org, Head::start(&self.roster.instance, org), records).await
    }

    /// A record of the server's own, sealed to those who watch over an organisation.
    pub(crate) async fn own_record(
        &self,
        org: &OrgId,
        deed: Deed,
        (case, sent): (Option<CaseId>, Option<Sender>),
    ) -> Result<Vec<u8>, StoreError> {
        let (instance, day, seen) = (self.roster.instance, self.clock.today(), Some(self.log_head(org).await?));
        let text =
            Record { v: 1, instance, org: org.clone(), by: None, day, deed, case, row: None, seen, card: None, sent };
        let sealed = record(&text, None, self.roster.overseers(org));
        sealed.map_err(|error| StoreError::Unavailable(Box::new(error)))
    }

    /// Joins the parts.
    pub fn new(
        store: Arc<dyn Store>,
        blobs: Blobs,
        (roster, roster_files): (Roster, Files),
        secrets: Secrets,
        clock: Clock,
        config: Config,
    ) -> Self {
        let keyed = roster.readers().map(Reader::keyed).collect();
        let post = PostKeys::new(*secrets.k1, *secrets.k2);
        let per_minute = NonZeroU32::new(ORAL_A_MINUTE).unwrap_or(NonZeroU32::MIN);
        let tries = RateLimiter::direct(Quota::per_minute(per_minute));
        let (nonces, uploads) = (api::Nonces::default(), Uploads::default());
        let (places, limits) = (Places::new(config.limits.files), Limits::new(&config.limits));
        let files = Semaphore::new(FILES_AT_ONCE);
        Self {
            store,
            blobs,
            roster,
            keyed,
            places,
            files,
            limits,
            roster_files,
            post,
            form: secrets.form,
            clock,
            config,
            nonces,
            uploads,
            tries,
            records: Daily::a_day(records::RECORDS),
            memos: Daily::a_day(records::MEMOS),
            by_guests: Daily::a_day(records::BY_GUESTS),
            passed: LastDone::default(),
            purged: LastDone::default(),
            looked: Mutex::default(),
            forms: pace::Forms::default(),
        }
    }

    /// Whether what is free on the disk is kept for text: files are refused, and those on their way end.
    fn disk_nearly_full(&self) -> bool {
        self.blobs.free_bytes().is_some_and(|free| free < self.config.reserve_bytes)
    }

    /// Removes a blob that no row took over, and goes on trying while the database is away or the disk cannot be written.
    async fn drop_blob(app: &web::Data<Self>, item: ItemId) {
        if abandon(app.store.as_ref(), &app.blobs, &item).await.is_ok() {
            return;
        }
        let app = app.clone();
        actix_web::rt::spawn(async move {
            loop {
                tokio::time::sleep(AGAIN).await;
                if abandon(app.store.as_ref(), &app.blobs, &item).await.is_ok() {
                    break;
                }
            }
        });
    }

    fn form_key(&self) -> &[u8; 32] {
        // Secrets::load always reads one.
        self.form.first().map_or(&[0; 32], |key| key)
    }
}

/// The route table. Everything else is a 404, any other method a 405.
pub fn routes(cfg: &mut web::ServiceConfig) {
    cfg.app_data(web::FormConfig::default().limit(FORM_BYTES))
        .service(web::resource("/").get(page::front))
        .service(web::resource("/nl").get(page::front))
        .service(web::resource("/en").get(page::english))
        .service(web::resource("/{lang}/").get(page::home))
        .service(web::resource("/{lang}/report").get(report::start).post(report::step))
        .service(web::resource("/{lang}/mailbox").get(mailbox::door).post(mailbox::act))
        .service(web::resource("/{lang}/mailbox/more").post(more::step))
        .service(web::resource("/{lang}/mailbox/file").post(file::add))
        .service(web::resource("/{lang}/info/{name}").get(page::info))
        .service(web::resource("/.well-known/security.txt").get(security_txt::file))
        .service(web::scope("/api/v1").configure(api::routes))
        .default_service(web::to(page::not_found));
}
