//! The listeners: plain on loopback or a unix socket, for Tor or a proxy, and HTTPS. One server carries all of them.
use std::{
    io,
    net::{SocketAddr, TcpListener},
    sync::Arc,
    time::Duration,
};

use actix_http::{Request, body::MessageBody};
use actix_server::{Server, ServerBuilder};
use actix_service::{ServiceFactory, ServiceFactoryExt, fn_service, map_config};
use actix_web::{
    App as Actix, Error,
    dev::{AppConfig, ServiceResponse},
    middleware::from_fn,
    web::Data,
};

use super::{App, absence, guard, routes, tls};
use crate::{each_day::each_day, notify, retention};

/// A connection without a request is closed after so long.
const KEEP_ALIVE: Duration = Duration::from_secs(2);
/// The head of a request must have come after so long.
const HEAD: Duration = Duration::from_secs(15);
const WORKERS: usize = 2;

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
    let absences = async move || absence::forget(&again).await;
    actix_web::rt::spawn(each_day(clock, "absences that are over were not forgotten", absences));
    let purge = async move || retention::purge(&app).await.map(drop);
    actix_web::rt::spawn(each_day(clock, "not everything whose term is over was destroyed", purge));
    Ok(server)
}

/// Serves with the plain listener on any free loopback port, for tests; returns its address.
pub fn serve_anywhere(app: impl Into<Arc<App>>) -> io::Result<(SocketAddr, Server)> {
    let plain = TcpListener::bind("127.0.0.1:0")?;
    let address = plain.local_addr()?;
    Ok((address, listen(Data::from(app.into()), plain)?.disable_signals().run()))
}

fn listen(app: Data<App>, plain: TcpListener) -> io::Result<ServerBuilder> {
    let (socket, https) = (app.config.socket.clone(), app.config.https.clone());
    plain.set_nonblocking(true)?;
    let site_of = app.clone();
    let mut server =
        Server::build().workers(WORKERS).listen("plain", plain, move || service().h1(site(site_of.clone())).tcp())?;
    #[cfg(unix)]
    if let Some(path) = socket {
        use std::future::ready;

        use actix_web::rt::net::UnixStream;

        let app = app.clone();
        // What an earlier process left; a file that is no socket stays, and binding says so.
        if std::fs::metadata(&path).is_ok_and(|m| std::os::unix::fs::FileTypeExt::is_socket(&m.file_type())) {
            std::fs::remove_file(&path)?;
        }
        let uds = std::os::unix::net::UnixListener::bind(&path)?;
        server = server.listen_uds("socket", uds, move || {
            fn_service(|io: UnixStream| ready(Ok((io, None)))).and_then(service().h1(site(app.clone())))
        })?;
    }
    #[cfg(not(unix))]
    drop(socket);
    if let Some(https) = https {
        let settings = tls::settings(&https)?;
        server = server
            .bind("https", https.listen, move || service().h1(site(app.clone())).rustls_0_23(settings.clone()))?;
    }
    Ok(server)
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
) -> impl ServiceFactory<
    Request,
    Config = (),
    Response = ServiceResponse<impl MessageBody + 'static>,
    Error = Error,
    InitError = (),
> {
    let site = Actix::new().app_data(app).wrap(from_fn(guard::guard)).configure(routes);
    map_config(site, |()| AppConfig::default())
}
