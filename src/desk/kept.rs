//! What the desk keeps on this machine between two unlockings: JSON beside the identity, sealed to the reader.
//!
//! A reader may run several programs, the page and a command beside it: whoever writes a file reads it first, while [`alone`] with it.
use std::{
    fs::File,
    path::{Path, PathBuf},
    thread::sleep,
    time::{Duration, Instant},
};

use serde::{Serialize, de::DeserializeOwned};
use zeroize::Zeroizing;

use super::{DeskError, Identity};
use crate::{private, replace::replace};

/// How long another program may take to write a file.
const PATIENCE: Duration = Duration::from_secs(3);
const LOOK: Duration = Duration::from_millis(10);

/// Waits a little until no other program changes a file; none of ours does until what this returns is dropped. A program that stands still keeps
/// nobody from their work: then what it learned may be lost here, and is learned again.
pub(super) fn alone(file: &Path) -> Result<File, DeskError> {
    let mut lock = file.as_os_str().to_owned();
    lock.push(".lock");
    let lock = private::any_file(&PathBuf::from(lock))?;
    let until = Instant::now() + PATIENCE;
    while lock.try_lock().is_err() && Instant::now() < until {
        sleep(LOOK);
    }
    Ok(lock)
}

/// Reads a file. One that cannot be opened is as one that is not there: it holds nothing that is nowhere else.
pub(super) fn load<T: DeserializeOwned>(file: &Path, me: &Identity) -> Option<T> {
    let opened = me.seal.open_own(&std::fs::read(file).ok()?).ok()?;
    serde_json::from_slice(&opened).ok()
}

/// Writes a file whole or not at all. Never over keys: its name is that of the keys with another ending, and somebody may have called theirs so.
pub(super) fn save(file: &Path, me: &Identity, what: &impl Serialize) -> Result<(), DeskError> {
    if std::fs::read(file).is_ok_and(|there| Identity::is_one(&there)) {
        return Err(DeskError::known("desk-error-keys-there"));
    }
    let bytes = Zeroizing::new(serde_json::to_vec(what).map_err(|e| DeskError::new(e.to_string()))?);
    let sealed = me.seal.seal_own(&bytes).map_err(|e| DeskError::new(e.to_string()))?;
    Ok(replace(file, &sealed)?)
}

/// A file beside the identity, and what stood in it when this program looked last.
pub(super) struct Kept<T> {
    file: PathBuf,
    known: T,
}

impl<T: DeserializeOwned + Serialize + Default> Kept<T> {
    /// Reads the file of an ending. One that is not there, or does not open, is as an empty one.
    pub(super) fn load(beside: &Path, ending: &str, me: &Identity) -> Self {
        let file = beside.with_extension(ending);
        let known = load(&file, me).unwrap_or_default();
        Self { file, known }
    }

    /// What stood in it.
    pub(super) fn known(&self) -> &T {
        &self.known
    }

    /// Looks again what stands in it. That takes no lock: a file is replaced as a whole.
    pub(super) fn look(&mut self, me: &Identity) {
        if let Some(now) = load(&self.file, me) {
            self.known = now;
        }
    }

    /// Changes what stands in it now; it is not written where `how` says that nothing changed.
    pub(super) fn change(&mut self, me: &Identity, how: impl FnOnce(&mut T) -> bool) -> Result<(), DeskError> {
        let _alone = alone(&self.file)?;
        self.look(me);
        if how(&mut self.known) { save(&self.file, me, &self.known) } else { Ok(()) }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;
    use crate::domain::id::ReaderId;

    /// On the page the lock must wait for nobody, whoever of this machine holds a file.
    #[test]
    fn a_program_that_stands_still_keeps_nobody_waiting() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.opened");
        let held = alone(&file).unwrap();
        assert!(File::open(folder.path().join("a.opened.lock")).unwrap().try_lock().is_err());
        drop(alone(&file).unwrap());
        drop(held);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(folder.path().join("a.opened.lock")).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "nobody else can hold it");
        }
    }

    #[test]
    fn keys_with_the_name_of_a_note_stay_keys() {
        let folder = tempfile::tempdir().unwrap();
        let (key, note) = (folder.path().join("a.copy"), folder.path().join("b.copy"));
        let me = Identity::create(&key, ReaderId::parse("bzk-nieuw-1").unwrap(), None).unwrap();
        let before = std::fs::read(&key).unwrap();
        assert!(save(&key, &me, &1).is_err());
        assert_eq!(std::fs::read(&key).unwrap(), before);
        // Protected keys, as far as can be seen of them.
        let protected =
            age::encrypt(&age::scrypt::Recipient::new("vier losse woorden hier".to_owned().into()), &before).unwrap();
        std::fs::write(&note, &protected).unwrap();
        assert!(save(&note, &me, &1).is_err());
        assert_eq!(std::fs::read(&note).unwrap(), protected);
        // What the desk wrote itself it writes again.
        let own = folder.path().join("c.copy");
        save(&own, &me, &1).unwrap();
        save(&own, &me, &2).unwrap();
        assert_eq!(load::<u8>(&own, &me), Some(2));
    }
}
