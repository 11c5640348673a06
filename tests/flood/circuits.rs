//! Thousands of circuits with files, until the disk is full: files are refused, and text is not.
use futures_util::{StreamExt, stream};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use super::Server;
use crate::support::{
    child::settings,
    disk::Disk,
    onion::{circuit, header},
    train,
};

const MIB: u64 = 1 << 20;
/// The disk, and what of it is kept for text.
const DISK: u32 = 128;
const RESERVE: u64 = 32 * MIB;
const CIRCUITS: u32 = 2_000;
const FILE: usize = 1 << 20;
/// Reports that come when nothing but the reserve is left.
const HONEST: u32 = 50;

/// What a page says when a file is there, and when there is no room for it.
const ADDED: &str = "Uw bestand is toegevoegd";

/// One file by a circuit of its own; true when it was taken.
async fn file(onion: std::net::SocketAddr, circuit: u32, code: &str) -> bool {
    let edge = "\r\n--edge\r\ncontent-disposition: form-data; name=";
    let form = format!("{}\"code\"\r\n\r\n{code}{edge}\"file\"; filename=\"x\"\r\n\r\n", edge.trim_start());
    let body = [form.as_bytes(), &vec![7; FILE], b"\r\n--edge--\r\n"].concat();
    let head = format!(
        "{}POST /nl/mailbox/file HTTP/1.1\r\nhost: h\r\norigin: http://h\r\nconnection: close\r\ncontent-type: \
         multipart/form-data; boundary=edge\r\ncontent-length: {}\r\n\r\n",
        header(circuit),
        body.len()
    );
    let mut stream = TcpStream::connect(onion).await.unwrap();
    let mut answer = Vec::new();
    // Refused early, the rest finds nobody.
    if stream.write_all(head.as_bytes()).await.is_ok() && stream.write_all(&body).await.is_ok() {
        drop(stream.read_to_end(&mut answer).await);
    }
    String::from_utf8_lossy(&answer).contains(ADDED)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_thousand_circuits_fill_the_disk_and_text_still_arrives() {
    let folder = tempfile::tempdir().unwrap();
    let disk = Disk::mount(&folder.path().join("data"), DISK);
    let settings = settings(folder.path(), None);
    // A demo has no onion listener.
    train(folder.path());
    let listen = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let reserve = settings.replace("reserve_bytes = 0", &format!("reserve_bytes = {RESERVE}"));
    let server = Server::over(folder, &(reserve + &format!("[onion]\nlisten = \"{listen}\"\n")));
    let free = || fs4::available_space(server.folder.path().join("data")).unwrap();
    let mut codes = Vec::new();
    for n in 0..10 {
        codes.push(circuit(listen, n).await.report("Voor de vloed", &[]).await.0);
    }
    let flood = (0..CIRCUITS).zip(codes.iter().cycle()).map(|(n, code)| file(listen, 1_000 + n, code));
    let mut flood = stream::iter(flood).buffer_unordered(16);
    let (mut taken, mut refused) = (0, 0);
    while let Some(was_taken) = flood.next().await {
        taken += u32::from(was_taken);
        refused += u32::from(!was_taken);
    }
    let left = free();
    assert!(taken >= 20 && refused > CIRCUITS / 2, "{taken} files were taken, {refused} refused");
    assert!(left > RESERVE - 16 * MIB, "{left} bytes are left");
    for n in 0..HONEST {
        let (_, page) = circuit(listen, 100_000 + n).await.report("Er is plaats voor tekst", &[]).await;
        assert!(page.html.contains("veilig aangekomen"), "{n}: {}", page.title());
    }
    let each = (left - free()) / u64::from(HONEST) / 1024;
    println!(
        "{CIRCUITS} circuits, a file of a MiB each: {taken} taken, {refused} refused, {} MiB left; then {HONEST} reports of {each} KiB",
        left / MIB
    );
    drop(server.program);
    drop(disk);
}
