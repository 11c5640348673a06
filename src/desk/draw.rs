//! Pictures and pages of a PDF are drawn by a process of its own, so that a hostile file costs its picture and nothing else.
//!
//! The process has no key; it gets the file on its standard input, and ends when it takes too long or when nobody waits any more.
use std::{
    io::{Read, Write},
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Weak},
    thread,
    time::{Duration, Instant},
};

use tokio::task::spawn_blocking;

use super::{DeskError, pdf, picture};

/// Pages that are shown.
pub(super) const MOST_PAGES: usize = 200;
/// Bytes of a file that is looked at.
pub(super) const LARGEST: u64 = 64 << 20;
/// How long a page may take.
const PATIENCE: Duration = Duration::from_secs(15);
/// How often the process is looked at.
const LOOK: Duration = Duration::from_millis(10);
/// Bytes that are taken from the process: the pixels, and room.
const ANSWER: u64 = 16 << 20;
/// Bytes of memory the process may take, where the system keeps count.
#[cfg(unix)]
const MEMORY: u64 = 1 << 30;

/// A page, drawn; a picture has one.
pub(super) struct Drawn {
    /// How many pages can be shown.
    pub(super) pages: usize,
    /// PNG.
    pub(super) png: Vec<u8>,
}

/// Draws a page (from 1) in a process of its own; `None` when that ends in any other way than with a picture.
pub(super) async fn draw_apart(program: &Path, file: Vec<u8>, page: usize) -> Result<Option<Drawn>, DeskError> {
    // Gone when this is dropped: a desk that is locked meanwhile draws no further.
    let waits = Arc::new(());
    let (program, waiting) = (program.to_owned(), Arc::downgrade(&waits));
    let drawing = spawn_blocking(move || of_process(&program, file, page, &waiting));
    let drawn = drawing.await.map_err(|e| DeskError::new(e.to_string()))?;
    drop(waits);
    Ok(drawn)
}

fn of_process(program: &PathBuf, file: Vec<u8>, page: usize, waiting: &Weak<()>) -> Option<Drawn> {
    let mut command = Command::new(program);
    command.args(["--identity", "none", "draw-page", &page.to_string()]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().ok()?;
    let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
    // Whoever stops listening ends these two.
    let writing = thread::spawn(move || stdin.map(|mut stdin| stdin.write_all(&file)));
    let reading = thread::spawn(move || {
        let mut answer = Vec::new();
        stdout?.take(ANSWER).read_to_end(&mut answer).ok()?;
        Some(answer)
    });
    let ended = ended(&mut child, waiting);
    drop(writing.join());
    let answer = reading.join().ok()??;
    let (pages, png) = answer.split_first_chunk::<4>().filter(|_| ended)?;
    let pages = usize::try_from(u32::from_be_bytes(*pages)).ok()?;
    Some(Drawn { pages: pages.min(MOST_PAGES), png: png.to_vec() })
}

/// Whether the process ended well, in time and while somebody waited; it has ended in any case.
fn ended(child: &mut Child, waiting: &Weak<()>) -> bool {
    let until = Instant::now() + PATIENCE;
    while Instant::now() < until && waiting.strong_count() > 0 {
        match child.try_wait() {
            Ok(Some(status)) => return status.success(),
            Ok(None) => thread::sleep(LOOK),
            Err(_) => break,
        }
    }
    drop(child.kill());
    drop(child.wait());
    false
}

/// The process that draws: takes the file from standard input, and gives the number of pages (4 bytes, big-endian) and a PNG.
pub(super) fn draw_here(page: usize) -> std::io::Result<()> {
    // A file of a few bytes can ask for all memory there is.
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};
        setrlimit(Resource::Data, Rlimit { current: Some(MEMORY), maximum: Some(MEMORY) })?;
    }
    let mut file = Vec::new();
    std::io::stdin().take(LARGEST).read_to_end(&mut file)?;
    let Drawn { pages, png } = draw(file, page).ok_or_else(|| std::io::Error::other("this cannot be drawn"))?;
    let mut out = std::io::stdout();
    out.write_all(&u32::try_from(pages).unwrap_or_default().to_be_bytes())?;
    out.write_all(&png)?;
    out.flush()
}

/// A renderer that panics has not drawn the page: that stops here. What it leaves behind is not used again.
pub(super) fn draw(file: Vec<u8>, page: usize) -> Option<Drawn> {
    let drawn = || if pdf::is_pdf(&file) { pdf::drawn(file, page) } else { picture::drawn(&file, page) };
    catch_unwind(AssertUnwindSafe(drawn)).ok().flatten()
}
