//! A process gives up what it does not need before it serves: files, programs, other machines, core dumps, swap.
//!
//! Whoever takes it over by a flaw can then do little more than it does anyway: read and write the data folder, and answer.
//! It is done in the first thread, before there are others, which inherit it. What the kernel does not have is said, and no
//! more: a service that does not start would help nobody.
#[cfg(target_os = "linux")]
mod calls;
#[cfg(target_os = "linux")]
mod files;
#[cfg(target_os = "linux")]
mod process;

use std::path::PathBuf;

use crate::config::Config;

/// Confines this process to what the settings need, and returns what could not be had: for the one line in the log.
pub fn confine(config: &Config) -> Vec<String> {
    confine_with(config, &[], &[])
}

/// As [`confine`], with more folders that are read, and that are written.
pub fn confine_with(config: &Config, read: &[PathBuf], write: &[PathBuf]) -> Vec<String> {
    // What it makes is its user's alone; a socket is opened to others once it is there.
    #[cfg(unix)]
    rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
    #[cfg(target_os = "linux")]
    let missing = [process::undumpable(), process::locked(), files::restrict(config, read, write), calls::restrict()];
    #[cfg(not(target_os = "linux"))]
    let missing = {
        let _ = (config, read, write);
        [Err("all of it: it is made for Linux".to_owned())]
    };
    missing.into_iter().filter_map(Result::err).collect()
}
