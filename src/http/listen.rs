//! The listeners: plain on loopback or a unix socket, for a proxy, one for Tor, and HTTPS. One server carries all of them.
#[cfg(unix)]
use std::{future::ready, path::Path};
use std::{
    io,
    net::{SocketAddr, TcpListener},
    sync::Arc,
    time::Duration,
};

use actix_http::{Request, body::MessageBody};
use actix_server::{Server, ServerBuilder};
use actix_service::{ServiceFactory, ServiceFactoryExt, fn_service, map_config};
#[cfg(unix)]
use actix_web::rt::net::UnixStream;
use actix_web::{
    App as Actix, Error,
    dev::{AppConfig, ServiceResponse},
    middleware::from_fn,
    rt::net::TcpStream,
    web::Data,
};

use super::{
    App, absence, guard,
    onion::{self, Door},
    routes, status, tls,
};
use crate::{config::Onion, each_day::each_day, nightly, notify, retention};

/// A connection without a request is closed after so long.
const KEEP_ALIVE: Duration = Duration::from_secs(2);
/// The head of a request must have come after so long.
const HEAD: Duration = Duration::from_secs(15);
/// How often the limits forget who has been quiet.
const FORGET: Duration = Duration::from_mins(1);
const WORKERS: usize = 2;
/// The mode of a unix socket.
#[cfg(unix)]
const SOCKET: u32 = 0o660;
/// Connections of one worker; more of them wait. Each may hold a short form.
const CONNECTIONS: usize = 12_000;
/// Connections that wait to be taken in.
const BACKLOG: u32 = 4096;

/// Serves on every listener of the settings until the process is told to stop.
pub async fn serve(app: App) -> io::Result<()> {
    bound(app)?.run().await
}

/// Takes the addresses of the settings, and begins what is done by the day; the error names the address that is taken.
pub fn bound(app: App) -> io::Result<ServerBuilder> {
    let address = app.config.listen;
    let app = Arc::new(app);
    let plain = TcpListener::bind(address)
        .map_err(|e| io::Error::new(e.kind(), format!("cannot listen on {address}: {e}; choose another address")))?;
    let server = listen(app.clone().into(), plain)?;
    // On its own: a fault in it, a panic even, stops no listener.
    let (clock, again) = (app.clock, app.clone());
    let notices = async move || notify::send_due(&again).await.map(drop);
    actix_web::rt::spawn(each_day(clock, "no notices were sent", notices));
    let again = app.clone();
    actix_web::rt::spawn(async move {
        loop {
            tokio::time::sleep(FORGET).await;
            again.limits.forget();
        }
    });
    let again = app.clone();
    let absences = async move || absence::forget(&again).await;
    actix_web::rt::spawn(each_day(clock, "absences that are over were not forgotten", absences));
    let again = app.clone();
    let purge = async move || retention::purge(&again).await.map(drop);
    actix_web::rt::spawn(each_day(clock, "not everything whose term is over was destroyed", purge));
    let pass = async move || nightly::pass(&app).await;
    actix_web::rt::spawn(each_day(clock, "the nightly pass was not done, and is tried again in an hour", pass));
    Ok(server)
}

/// Serves with the plain listener on any free loopback port, for tests; returns its address.
pub fn serve_anywhere(app: impl Into<Arc<App>>) -> io::Result<(SocketAddr, Server)> {
    let plain = TcpListener::bind("127.0.0.1:0")?;
    let address = plain.local_addr()?;
    Ok((address, listen(Data::from(app.into()), plain)?.disable_signals().run()))
}

/// So many connections may wait to be taken in, where the kernel allows it; the standard library asks for 128.
#[cfg(unix)]
fn let_many_wait(listener: impl std::os::fd::AsFd) -> io::Result<()> {
    Ok(rustix::net::listen(listener, BACKLOG.cast_signed())?)
}

fn listen(app: Data<App>, plain: TcpListener) -> io::Result<ServerBuilder> {
    let (socket, https, onion) = (app.config.socket.clone(), app.config.https.clone(), app.config.onion.clone());
    plain.set_nonblocking(true)?;
    #[cfg(unix)]
    let_many_wait(&plain)?;
    let site_of = app.clone();
    let mut server = Server::build().workers(WORKERS).backlog(BACKLOG).max_concurrent_connections(CONNECTIONS).listen(
        "plain",
        plain,
        move || service().h1(site(site_of.clone(), Door::Clear)).tcp(),
    )?;
    #[cfg(unix)]
    if let Some(path) = socket {
        let app = app.clone();
        server = server.listen_uds("socket", unix_listener(&path)?, move || {
            let plain = fn_service(|io: UnixStream| ready(Ok((io, None))));
            plain.and_then(service().h1(site(app.clone(), Door::Clear)))
        })?;
    }
    #[cfg(not(unix))]
    drop(socket);
    if let Some(onion) = onion {
        server = listen_for_tor(server, &app, onion)?;
    }
    let mut certificate = None;
    if let Some(https) = https {
        let (settings, used) = tls::settings(&https)?;
        certificate = Some(used);
        let app = app.clone();
        server = server.bind("https", https.listen, move || {
            service().h1(site(app.clone(), Door::Clear)).rustls_0_23(settings.clone())
        })?;
    }
    if let Some(status) = &app.config.status {
        let (address, app, machine) = (status.listen, app.clone(), Data::new(status::Machine::new(certificate)));
        server = server.bind("status", address, move || {
            let site = Actix::new().app_data(app.clone()).app_data(machine.clone()).configure(status::routes);
            service().h1(map_config(site, |()| AppConfig::default())).tcp()
        })?;
    }
    Ok(server)
}

fn listen_for_tor(mut server: ServerBuilder, app: &Data<App>, onion: Onion) -> io::Result<ServerBuilder> {
    if let Some(address) = onion.listen {
        let app = app.clone();
        server = server.bind("onion", address, move || {
            fn_service(onion::read_header::<TcpStream>).and_then(service().h1(site(app.clone(), Door::Onion)))
        })?;
    }
    #[cfg(unix)]
    if let Some(path) = onion.socket {
        let app = app.clone();
        server = server.listen_uds("onion socket", unix_listener(&path)?, move || {
            fn_service(onion::read_header::<UnixStream>).and_then(service().h1(site(app.clone(), Door::Onion)))
        })?;
    }
    Ok(server)
}

#[cfg(unix)]
fn unix_listener(path: &Path) -> io::Result<std::os::unix::net::UnixListener> {
    // What an earlier process left; a file that is no socket stays, and binding says so.
    if std::fs::metadata(path).is_ok_and(|m| std::os::unix::fs::FileTypeExt::is_socket(&m.file_type())) {
        std::fs::remove_file(path)?;
    }
    let listener = std::os::unix::net::UnixListener::bind(path).map_err(|e| {
        let folder = path.parent().unwrap_or(path).display();
        io::Error::new(e.kind(), format!("cannot listen on {}: {e}; is there a folder {folder}?", path.display()))
    })?;
    let_many_wait(&listener)?;
    // Whatever the umask: the socket's group is let in, and the folder decides who gets as far as the socket.
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(SOCKET))?;
    Ok(listener)
}

fn service<T, S>() -> actix_http::HttpServiceBuilder<T, S>
where
    S: ServiceFactory<Request, Config = ()>,
    S::Error: Into<actix_http::Response<actix_http::body::BoxBody>> + 'static,
    S::InitError: std::fmt::Debug,
    <S::Service as actix_service::Service<Request>>::Future: 'static,
{
    actix_http::HttpServiceBuilder::default().keep_alive(KEEP_ALIVE).client_request_timeout(HEAD)
}

/// The pages and the readers' API, with the guard around them.
fn site(
    app: Data<App>,
    door: Door,
) -> impl ServiceFactory<
    Request,
    Config = (),
    Response = ServiceResponse<impl MessageBody + 'static>,
    Error = Error,
    InitError = (),
> {
    let site = Actix::new().app_data(app).app_data(door).wrap(from_fn(guard::guard)).configure(routes);
    map_config(site, |()| AppConfig::default())
}
