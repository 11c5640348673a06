//! A way to the server that does as it is told: it gives a byte now and then, or withholds an item; and it counts what is fetched.
use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// Between two bytes: no reader of a desk waits for so many of them.
const PAUSE: Duration = Duration::from_secs(1);

/// A proxy before a server.
pub(crate) struct Slow {
    /// Its URL.
    pub(crate) proxy: String,
    told: Arc<Told>,
}

#[derive(Default)]
struct Told {
    slow: AtomicBool,
    /// It is slow once something was sent to a case.
    slow_once_sent: AtomicBool,
    /// Whoever asks for this gets no answer.
    withheld: Mutex<Option<String>>,
    items: AtomicUsize,
    all: AtomicUsize,
}

impl Slow {
    pub(crate) async fn before(server: &str) -> Self {
        let server = server.trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = format!("http://{}", listener.local_addr().unwrap());
        let told = Arc::new(Told::default());
        let now = Arc::clone(&told);
        tokio::spawn(async move {
            while let Ok((visitor, _)) = listener.accept().await {
                let server = TcpStream::connect(&server).await.unwrap();
                tokio::spawn(carry(visitor, server, Arc::clone(&now)));
            }
        });
        Self { proxy, told }
    }

    /// From now on it gives a byte a second.
    pub(crate) fn begin(&self) {
        self.told.slow.store(true, Ordering::Relaxed);
    }

    /// From now on what is sent to a case arrives, and the answer gives a byte a second.
    pub(crate) fn begin_once_sent(&self) {
        self.told.slow_once_sent.store(true, Ordering::Relaxed);
    }

    /// It is as fast as it was.
    pub(crate) fn end(&self) {
        self.told.slow_once_sent.store(false, Ordering::Relaxed);
        self.told.slow.store(false, Ordering::Relaxed);
    }

    /// Withholds an item, or none.
    pub(crate) fn withhold(&self, item: Option<&str>) {
        *self.told.withheld.lock().unwrap() = item.map(str::to_owned);
    }

    /// How many items were asked for one by one, since this was asked last.
    pub(crate) fn fetched(&self) -> usize {
        self.told.items.swap(0, Ordering::Relaxed)
    }

    /// How many requests there were, since this was asked last.
    pub(crate) fn asked(&self) -> usize {
        self.told.all.swap(0, Ordering::Relaxed)
    }
}

async fn carry(visitor: TcpStream, server: TcpStream, told: Arc<Told>) {
    let ((mut asks, mut hears), (mut answers, mut asked)) = (visitor.into_split(), server.into_split());
    let now = Arc::clone(&told);
    // The server ends the connection when nobody asks any more.
    tokio::spawn(async move {
        let mut piece = vec![0; 64 << 10];
        while let Ok(n @ 1..) = asks.read(&mut piece).await {
            let text = String::from_utf8_lossy(&piece[..n]).into_owned();
            if text.starts_with("POST ")
                && text.contains("/api/v1/cases/")
                && now.slow_once_sent.load(Ordering::Relaxed)
            {
                now.slow.store(true, Ordering::Relaxed);
            }
            let withheld = now.withheld.lock().unwrap().clone();
            if ["GET ", "POST ", "PUT "].iter().any(|method| text.starts_with(method)) {
                now.all.fetch_add(1, Ordering::Relaxed);
            }
            if text.starts_with("GET ") && text.contains("/api/v1/items/") {
                now.items.fetch_add(1, Ordering::Relaxed);
            }
            if withheld.is_some_and(|item| text.contains(&item)) || asked.write_all(&piece[..n]).await.is_err() {
                break;
            }
        }
    });
    let mut piece = vec![0; 64 << 10];
    while let Ok(n @ 1..) = answers.read(&mut piece).await {
        let step = if told.slow.load(Ordering::Relaxed) { 1 } else { n };
        for part in piece[..n].chunks(step) {
            if step < n {
                tokio::time::sleep(PAUSE).await;
            }
            if hears.write_all(part).await.is_err() {
                return;
            }
        }
    }
}
