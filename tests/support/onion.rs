//! What Tor does for one circuit: every connection begins with the circuit's header.
use std::net::SocketAddr;

use tokio::{
    io::{AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream},
};

use super::Browser;

/// A browser whose connections all come by one circuit.
pub(crate) async fn circuit(onion: SocketAddr, circuit: u32) -> Browser {
    let door = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", door.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut here, _)) = door.accept().await {
            tokio::spawn(async move {
                let mut there = TcpStream::connect(onion).await.unwrap();
                there.write_all(header(circuit).as_bytes()).await.unwrap();
                // Either end may go away first.
                drop(copy_bidirectional(&mut here, &mut there).await);
            });
        }
    });
    Browser::new(&base)
}

/// As Tor writes it.
pub(crate) fn header(circuit: u32) -> String {
    format!(
        "PROXY TCP6 fc00:dead:beef:4dad::{:x}:{:x} ::1 {} 80\r\n",
        circuit >> 16,
        circuit & 0xffff,
        circuit & 0xffff
    )
}

/// An upload by a circuit that stops half-way, for as long as it is kept.
pub(crate) async fn half_an_upload(onion: SocketAddr, circuit: u32, code: &str) -> TcpStream {
    let mut stream = TcpStream::connect(onion).await.unwrap();
    let start = format!(
        "{}POST /nl/mailbox/file HTTP/1.1\r\nHost: h\r\nOrigin: http://h\r\nContent-Type: multipart/form-data; \
         boundary=b\r\nContent-Length: 90000000\r\n\r\n--b\r\nContent-Disposition: form-data; name=\"code\"\r\n\r\n{code}\
         \r\n--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x\"\r\n\r\n",
        header(circuit)
    );
    stream.write_all(start.as_bytes()).await.unwrap();
    stream.write_all(&vec![7; 6 << 20]).await.unwrap();
    // The mailbox shows it once a piece has come.
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    stream
}
