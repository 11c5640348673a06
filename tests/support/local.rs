//! The desk's page, served for a test.
use std::{path::PathBuf, time::Duration};

use meldkluis::desk::{Place, page};

use crate::support::Service;

/// A served desk of somebody of the demo: the link that opens it.
pub(crate) fn desk(service: &Service, who: &str, card: Option<PathBuf>, idle: Duration) -> String {
    desk_by(service, who, (card, None), idle)
}

/// The same, which goes to the server by a proxy.
pub(crate) fn desk_by(
    service: &Service,
    who: &str,
    (card, proxy): (Option<PathBuf>, Option<String>),
    idle: Duration,
) -> String {
    let identity = service.path(&format!("readers/{who}.key"));
    let place = Place {
        server: service.base.clone(),
        proxy,
        anchor: service.path("anchor.toml"),
        state: identity.with_extension("seen"),
        clock: service.clock,
    };
    let program = env!("CARGO_BIN_EXE_meldkluis-desk").into();
    let ready = page::ready(page::Settings { identity, card, place, idle, port: 0, program }).unwrap();
    tokio::spawn(ready.running);
    ready.link
}

/// A plain client for a served desk. A browser takes its name for this machine, a resolver may not know it.
pub(crate) fn client(link: &str) -> reqwest::ClientBuilder {
    let link = reqwest::Url::parse(link).unwrap();
    let here = std::net::SocketAddr::from(([127, 0, 0, 1], link.port().unwrap()));
    reqwest::Client::builder().no_proxy().resolve(link.host_str().unwrap(), here)
}
