//! Files that are there whole or not at all.
use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    path::Path,
};
#[cfg(feature = "server")]
use std::{
    fs::{File, FileTimes},
    time::{Duration, SystemTime},
};

/// Writes a file that only its owner can read: beside it, on the disk, then renamed.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".next");
    let next = path.with_file_name(name);
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&next)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(next, path)
}

/// The time that files and folders have whose own would tell something, 1 January 2000.
#[cfg(feature = "server")]
pub(crate) fn settled() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_hours(10_957 * 24)
}

/// Gives a file or folder the time of all. Windows cannot.
#[cfg(feature = "server")]
pub(crate) fn level(path: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(path)?.set_times(FileTimes::new().set_accessed(settled()).set_modified(settled()))
    } else {
        Ok(())
    }
}

/// Makes what changed in a folder last. Windows cannot.
#[cfg(feature = "server")]
pub(crate) fn sync(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}
