//! The desk as a local page: loopback only, one link, one reader, no script. Every key stays in this process.
mod act;
mod answer;
mod away;
mod case;
mod classify;
mod close;
mod draft;
mod file;
mod first;
mod guard;
mod guide;
mod hand_over;
mod inbox;
mod keys;
mod language;
mod letter;
mod link;
mod lock;
mod oral;
mod oversee;
mod preview;
mod proof;
mod protocol;
mod readers;
mod roster;
mod roster_news;
mod today;
mod told;
mod training;
mod view;

use std::{
    io::{self, ErrorKind},
    net::{Ipv4Addr, Ipv6Addr, TcpListener},
    path::PathBuf,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use actix_web::{
    App, HttpServer,
    middleware::from_fn,
    web::{self, Data},
};
use tokio::sync::{Mutex as AsyncMutex, watch::Sender};
use zeroize::Zeroizing;

pub(super) use self::today::{CHANGED, changed};
use self::{draft::Draft, lock::Unlocked};
use super::{DeskError, Identity, Place};
use crate::{
    domain::roster::Mode,
    seal::{Plaintext, code::Language},
};

/// Bytes of a form: the longest text, percent-encoded, with room for what goes along.
const FORM_BYTES: usize = 2 << 20;
/// How often the desk looks whether it was left alone.
const LOOK: Duration = Duration::from_secs(5);
/// How many ports are drawn until one is free at both addresses.
const PORTS: usize = 20;

/// Letters of the name by which a browser calls the desk.
const NAME: usize = 32;

/// A form as it arrives.
type Fields = Vec<(String, Plaintext)>;

/// How the page is served.
pub struct Settings {
    /// The identity file.
    pub identity: PathBuf,
    /// The card's file, where they are a guest.
    pub card: Option<PathBuf>,
    /// Where to sign in.
    pub place: Place,
    /// Locked when nothing was asked for so long.
    pub idle: Duration,
    /// The loopback port; 0 is any free one.
    pub port: u16,
    /// This program: started again for what may not bring it down, the drawing of pictures and pages.
    pub program: PathBuf,
}

/// The running desk.
pub(super) struct Desk {
    identity: PathBuf,
    card: Option<PathBuf>,
    place: Place,
    idle: Duration,
    program: PathBuf,
    /// What a browser must call it: other names are somebody's rebinding.
    host: String,
    /// Opens the desk once.
    link: Mutex<Option<String>>,
    /// What the browser shows from then on.
    session: String,
    open: AsyncMutex<Option<Unlocked>>,
    /// The keys alone, for the page about them: nobody need be signed in for that.
    keys: Mutex<Option<Arc<Identity>>>,
    /// What was being written when the desk was locked.
    draft: Mutex<Option<Draft>>,
    /// When the reader last asked for something, or was answered.
    used: Mutex<Instant>,
    /// Tells what is under way that the desk is being locked.
    locking: Sender<()>,
    /// Of pages whose address names none.
    language: Mutex<Language>,
    /// What the service is for, once a roster was verified.
    mode: Mutex<Option<Mode>>,
    /// With a seed of a page it makes the code of an oral report; it is as old as this program and nowhere else.
    code_key: Zeroizing<[u8; 32]>,
}

/// A desk that is about to be served.
pub struct Ready {
    /// The link that opens it, once.
    pub link: String,
    /// Runs until it is stopped.
    pub running: actix_web::dev::Server,
}

/// Makes the desk ready on a loopback port.
pub fn ready(settings: Settings) -> Result<Ready, DeskError> {
    let listeners = loopback(settings.port)?;
    let port = listeners.first().map(TcpListener::local_addr).transpose()?.map(|address| address.port());
    let (token, session, mut name) = (random()?, random()?, random()?);
    // Browsers send a cookie to every port of a name. Nobody else on this machine answers to one that nobody knows; browsers take all that
    // ends so for this machine (RFC 6761, 6.3).
    name.truncate(NAME);
    let host = format!("{name}.localhost:{}", port.unwrap_or(settings.port));
    let link = format!("http://{host}/open/{token}");
    let Settings { identity, card, place, idle, program, .. } = settings;
    let (link_now, open, mode) = (Mutex::new(Some(token)), AsyncMutex::new(None), Mutex::new(None));
    let language = Mutex::new(Language::Nl);
    let mut code_key = Zeroizing::new([0; 32]);
    getrandom::fill(code_key.as_mut()).map_err(|_| DeskError::new("the system gives no randomness"))?;
    let desk = Data::new(Desk {
        identity,
        card,
        place,
        idle,
        program,
        host,
        link: link_now,
        session,
        open,
        keys: Mutex::new(None),
        draft: Mutex::new(None),
        used: Mutex::new(Instant::now()),
        locking: Sender::new(()),
        language,
        mode,
        code_key,
    });
    Ok(Ready { link, running: serve(listeners, desk)? })
}

/// Both addresses of this machine on one port: of a name that ends in `.localhost` browsers take the one or the other, and who else were at one of them
/// would be shown everything.
fn loopback(port: u16) -> io::Result<Vec<TcpListener>> {
    let both = || {
        let first = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        match TcpListener::bind((Ipv6Addr::LOCALHOST, first.local_addr()?.port())) {
            Ok(second) => Ok(vec![first, second]),
            // This machine has no such address: nobody can be there.
            Err(error) if matches!(error.kind(), ErrorKind::AddrNotAvailable | ErrorKind::Unsupported) => {
                Ok(vec![first])
            }
            Err(error) => Err(error),
        }
    };
    // A port that is drawn may be somebody's at the other address.
    let tries = if port == 0 { PORTS } else { 1 };
    let mut bound = both();
    for _ in 1..tries {
        if bound.is_ok() {
            break;
        }
        bound = both();
    }
    bound
}

fn serve(listeners: Vec<TcpListener>, desk: Data<Desk>) -> io::Result<actix_web::dev::Server> {
    let watched = desk.clone();
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(LOOK).await;
            watched.lock_if_idle().await;
        }
    });
    let app = move || {
        App::new()
            .wrap(from_fn(guard::guard))
            .app_data(desk.clone())
            .app_data(web::FormConfig::default().limit(FORM_BYTES))
            .configure(routes)
    };
    let server = HttpServer::new(app).workers(1);
    let server = listeners.into_iter().try_fold(server, HttpServer::listen)?;
    Ok(server.run())
}

fn routes(cfg: &mut web::ServiceConfig) {
    cfg.route("/open/{token}", web::get().to(guard::open))
        .route("/", web::get().to(inbox::front))
        .service(both("/{lang}/first", first::first))
        .service(both("/{lang}/keys", keys::keys))
        .route("/{lang}/keys/copy", web::post().to(keys::copy))
        .route("/{lang}/keys/public", web::post().to(keys::public))
        .service(both("/{lang}/training", training::training))
        .service(both("/{lang}/inbox", inbox::list))
        .service(both("/{lang}/case/{case}", case::show))
        .service(both("/{lang}/case/{case}/guide", guide::guide))
        .service(both("/{lang}/case/{case}/link", link::carry_out))
        .service(both("/{lang}/case/{case}/hand-over", hand_over::ask))
        .service(both("/{lang}/case/{case}/hand-over/{request}", hand_over::carry_out))
        .service(both("/{lang}/case/{case}/classify", classify::assess))
        .service(both("/{lang}/case/{case}/outcome", classify::conclude))
        .service(both("/{lang}/case/{case}/protocol", protocol::protocol))
        .service(both("/{lang}/oral", oral::oral))
        .service(both("/{lang}/case/{case}/account", told::account))
        .configure(readers::routes)
        .service(both("/{lang}/case/{case}/pass-on", proof::pass_on_now))
        .service(both("/{lang}/case/{case}/proof", proof::check))
        .service(both("/{lang}/away", away::away))
        .service(both("/{lang}/overview", oversee::overview))
        .service(both("/{lang}/watch/{case}", oversee::watch))
        .service(both("/{lang}/register", oversee::rows))
        .service(both("/{lang}/log", oversee::log))
        .service(both("/{lang}/roster", roster::roster))
        .service(both("/{lang}/roster-changes", roster_news::news))
        .route("/{lang}/roster/review", web::post().to(roster::review))
        .service(both("/{lang}/case/{case}/{act}", act::act))
        .route("/{lang}/case/{case}/attach/file", web::post().to(file::attach))
        .service(both("/{lang}/file/{case}/{item}", file::show))
        .route("/{lang}/file/{case}/{item}/picture", web::get().to(file::picture))
        .route("/{lang}/language", web::post().to(language::choose))
        .route("/{lang}/lock", web::post().to(lock::lock))
        .default_service(web::to(guard::not_found));
}

/// A page that is asked for and, when it was locked meanwhile, sent again with the passphrase.
fn both<F, Args>(path: &str, handler: F) -> actix_web::Resource
where
    F: actix_web::Handler<Args> + Clone,
    Args: actix_web::FromRequest + 'static,
    F::Output: actix_web::Responder + 'static,
{
    web::resource(path).route(web::get().to(handler.clone())).route(web::post().to(handler))
}

fn random() -> Result<String, DeskError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|_| DeskError::new("the system gives no randomness"))?;
    Ok(hex::encode(bytes))
}
