//! The onion listener's own part: the header that Tor writes first. Who sends none, or another, gets no answer.
use std::{
    io,
    net::{Ipv6Addr, SocketAddr},
    time::Duration,
};

use actix_http::error::DispatchError;
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    time::timeout,
};

use crate::proxy::{LONGEST, circuit};

/// The header must have come after so long. Tor writes it at once.
const HEADER: Duration = Duration::from_secs(5);

/// By which listener a request came.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Door {
    /// From Tor, each connection with its circuit.
    Onion,
    /// Any other: nobody is told apart.
    Clear,
}

/// Reads the header of a connection and hands the circuit on in the place of the sender's address, which nobody has here.
pub(super) async fn read_header<T: AsyncRead + Unpin>(
    mut connection: T,
) -> Result<(T, Option<SocketAddr>), DispatchError> {
    let header = timeout(HEADER, header(&mut connection)).await.map_err(|_| none())?.map_err(DispatchError::Io)?;
    let circuit = circuit(&header).ok_or_else(none)?;
    Ok((connection, Some(SocketAddr::from((Ipv6Addr::from_bits(circuit.into()), 0)))))
}

/// Byte by byte: what follows belongs to HTTP.
async fn header(connection: &mut (impl AsyncRead + Unpin)) -> io::Result<Vec<u8>> {
    let mut header = Vec::with_capacity(LONGEST);
    while header.len() < LONGEST && !header.ends_with(b"\r\n") {
        header.push(connection.read_u8().await?);
    }
    Ok(header)
}

/// Not said to anybody: it ends the connection.
fn none() -> DispatchError {
    DispatchError::Io(io::ErrorKind::InvalidData.into())
}
