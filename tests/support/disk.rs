//! A small disk of a test's own, in memory. Whoever mounts it must be root.
use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

/// A tmpfs over a folder. It goes when this is dropped, and with the test however that ends.
pub(crate) struct Disk {
    folder: PathBuf,
    /// Holds the pipe whose end tells it to unmount.
    watchdog: Child,
}

impl Disk {
    /// Of so many MiB.
    pub(crate) fn mount(folder: &Path, mebibytes: u32) -> Self {
        std::fs::create_dir_all(folder).unwrap();
        let script =
            r#"mount -t tmpfs -o "size=$2m,mode=755" tmpfs "$1" && echo mounted && read -r _; umount --lazy "$1""#;
        let mut command = Command::new("sh");
        command.args(["-c", script, "sh"]).arg(folder).arg(mebibytes.to_string());
        // In a group of its own, so that Ctrl-C does not end it before its work is done.
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut watchdog = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut said = String::new();
        BufReader::new(watchdog.stdout.take().unwrap()).read_line(&mut said).unwrap();
        assert_eq!(said, "mounted\n", "this test mounts a tmpfs: run it as root");
        Self { folder: folder.to_owned(), watchdog }
    }

    /// Nothing can be written any more, or it can again.
    pub(crate) fn read_only(&self, is: bool) {
        let mode = if is { "remount,ro" } else { "remount,rw" };
        let done = Command::new("mount").args(["-o", mode]).arg(&self.folder).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }

    /// Leaves so many bytes free, whole pages, with a file that is nobody's.
    pub(crate) fn leave(&self, free: u64) {
        self.clear();
        let file = std::fs::File::create(self.ballast()).unwrap();
        // What a server gives back meanwhile is taken too.
        for _ in 0..20 {
            let there = fs4::available_space(&self.folder).unwrap();
            if there <= free {
                return;
            }
            fs4::FileExt::allocate(&file, file.metadata().unwrap().len() + (there - free)).unwrap();
        }
        unreachable!("the disk does not fill");
    }

    /// Takes that file away.
    pub(crate) fn clear(&self) {
        drop(std::fs::remove_file(self.ballast()));
    }

    fn ballast(&self) -> PathBuf {
        self.folder.join("ballast")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        drop(self.watchdog.stdin.take());
        drop(self.watchdog.wait());
    }
}
