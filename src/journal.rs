//! The destruction journal: what a restored backup must not bring back.
//!
//! One file a day, `YYYY-MM-DD`, in a folder outside the data folder: a line for each item that was destroyed, and for each reader whose
//! slots of a case were taken away. A line is a SHA-256 over a random id, so that it says nothing to whoever has no backup with that id in
//! it. The lines are sorted and each file is written anew as a whole: within a day nothing tells which came first. A backup leaves a line
//! of its own, random and like any other: a journal that does not have it is of before that backup.
use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

use crate::{
    clock::Clock,
    domain::{
        day::Day,
        id::{CaseId, ItemId},
    },
    private,
    replace::{level, replace, sync},
};

const LOCK: &str = "lock";

/// One line of the journal.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Mark([u8; 32]);

impl Mark {
    /// An item that was destroyed with its case. Not the case: whoever withdraws a report may file again with the same code, which makes the
    /// same case's id, and new items.
    pub fn item(item: &ItemId) -> Self {
        Self::of(b"meldkluis/journal/item/v1", &[item.as_bytes()])
    }

    /// A mailbox that has no slot in a case any more.
    pub fn left(case: &CaseId, mailbox: &[u8; 32]) -> Self {
        Self::of(b"meldkluis/journal/left/v1", &[case.as_bytes(), mailbox])
    }

    /// A backup that is made. No other has the same.
    pub fn backup() -> io::Result<Self> {
        let mut random = [0; 32];
        getrandom::fill(&mut random).map_err(io::Error::other)?;
        Ok(Self(random))
    }

    fn of(label: &[u8], parts: &[&[u8]]) -> Self {
        let hash = parts.iter().fold(Sha256::new_with_prefix(label), |hash, part| hash.chain_update(part));
        Self(hash.finalize().into())
    }

    fn parse(line: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(line, &mut bytes).ok().map(|()| Self(bytes))
    }
}

/// What a journal holds, by day.
pub type Marks = BTreeMap<Day, BTreeSet<Mark>>;

/// A journal that is written to. Several processes may have the same folder.
#[derive(Clone, Debug)]
pub struct Journal {
    folder: PathBuf,
    clock: Clock,
}

impl Journal {
    /// The journal of a folder, which is made if it is missing.
    pub fn open(folder: &Path, clock: Clock) -> io::Result<Self> {
        private::folder(folder)?;
        Ok(Self { folder: folder.to_owned(), clock })
    }

    /// Writes today's marks, or with a clock that went back those of the last day that was seen; they are on the disk when this returns.
    /// Returns the day, by which [`Self::take_back`] finds them.
    pub fn add(&self, marks: &[Mark], last_seen: Option<Day>) -> io::Result<Day> {
        let day = last_seen.map_or(self.clock.today(), |last| last.max(self.clock.today()));
        self.take_in(&Marks::from([(day, marks.iter().copied().collect())]))?;
        Ok(day)
    }

    /// Writes marks of any days.
    pub fn take_in(&self, marks: &Marks) -> io::Result<()> {
        let _alone = self.alone()?;
        for (day, marks) in marks {
            let path = self.folder.join(day.to_string());
            let there = if path.try_exists()? { lines(&path)? } else { BTreeSet::new() };
            if !marks.is_subset(&there) {
                write(&path, &there.union(marks).copied().collect())?;
            }
        }
        self.settle()
    }

    /// Takes marks of a day back, of what did not happen.
    pub fn take_back(&self, day: Day, marks: &[Mark]) -> io::Result<()> {
        let _alone = self.alone()?;
        let path = self.folder.join(day.to_string());
        if path.try_exists()? {
            let mut there = lines(&path)?;
            there.retain(|mark| !marks.contains(mark));
            write(&path, &there)?;
        }
        self.settle()
    }

    /// Writes all files anew, so that none has the time of its last line, and removes those of days before `first`.
    pub fn renew(&self, first: Day) -> io::Result<()> {
        let _alone = self.alone()?;
        for (day, path) in files(&self.folder)? {
            if day < first {
                fs::remove_file(path)?;
            } else {
                write(&path, &lines(&path)?)?;
            }
        }
        self.settle()
    }

    /// All of it.
    pub fn marks(&self) -> io::Result<Marks> {
        read(&self.folder)
    }

    fn alone(&self) -> io::Result<File> {
        let lock = File::create(self.folder.join(LOCK))?;
        lock.lock()?;
        Ok(lock)
    }

    fn settle(&self) -> io::Result<()> {
        sync(&self.folder)?;
        level(&self.folder)
    }
}

/// Reads the journal of a folder. What is not a line of ours is refused: a journal that is not understood must not pass for an empty one.
pub fn read(folder: &Path) -> io::Result<Marks> {
    files(folder)?.into_iter().map(|(day, path)| Ok((day, lines(&path)?))).collect()
}

fn files(folder: &Path) -> io::Result<Vec<(Day, PathBuf)>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        // `.next` is what was being written when a process was killed: nothing was done yet that stands in it alone.
        if name == LOCK || path.extension().is_some_and(|end| end == "next") {
            continue;
        }
        files.push((Day::parse(name).ok_or_else(|| strange(&path))?, path));
    }
    Ok(files)
}

fn lines(path: &Path) -> io::Result<BTreeSet<Mark>> {
    let text = fs::read_to_string(path)?;
    text.lines().map(|line| Mark::parse(line).ok_or_else(|| strange(path))).collect()
}

fn write(path: &Path, marks: &BTreeSet<Mark>) -> io::Result<()> {
    let text: String = marks.iter().map(|mark| hex::encode(mark.0) + "\n").collect();
    replace(path, text.as_bytes())?;
    level(path)
}

fn strange(path: &Path) -> io::Error {
    io::Error::other(format!("{} is no file of a destruction journal", path.display()))
}
