//! The sled database under the log: opened without trust, written with care, let go of for certain.

use std::{
    fs::{self, File},
    io,
    panic::{self, AssertUnwindSafe},
    path::Path,
    sync::{PoisonError, RwLock},
    thread,
    time::{Duration, Instant},
};

use rustix::fs::{FlockOperation, flock};

use crate::{
    log::Error,
    sled_files::{is_in_use, remove_unfinished_snapshots},
};

/// sled's unit of allocation and of cleaning, in bytes. A quarter of it is the longest item that sled keeps in the
/// database file, and a page full of the longest values has to fit in there; see [`super::format::VALUE_LIMIT`].
const SEGMENT: usize = 2 * 1024 * 1024;

/// Pages that sled keeps in memory, in bytes.
const CACHE: u64 = 8 * 1024 * 1024;

/// How long letting go of the lock may take. It is a matter of sled's threads finishing what they do.
const RELEASE_WITHIN: Duration = Duration::from_secs(5);

/// Why a batch may not be on disk.
#[derive(Debug, thiserror::Error)]
pub(in crate::log::embedded) enum CommitError {
    #[error(transparent)]
    Closed(#[from] Error),
    #[error("writing failed: {}", crate::words::database(.0))]
    Write(#[from] sled::Error),
    #[error("writing failed: {0}")]
    Panicked(#[from] Panicked),
    #[error("syncing failed: {}", crate::words::system(.0))]
    Sync(io::Error),
}

/// What is written by one commit.
pub(in crate::log::embedded) enum Write {
    /// All of it or nothing.
    Together(sled::Batch),
    /// One value after the other: after a crash the first ones may be there without the rest. Of what `Together` costs
    /// it saves a second write to the disk.
    InOrder(Vec<([u8; 13], Vec<u8>)>),
}

impl Write {
    fn apply_to(self, tree: &sled::Tree) -> Result<(), sled::Error> {
        match self {
            Self::Together(batch) => tree.apply_batch(batch),
            Self::InOrder(values) => values.into_iter().try_for_each(|(key, value)| tree.insert(key, value).map(drop)),
        }
    }
}

impl From<sled::Batch> for Write {
    fn from(batch: sled::Batch) -> Self {
        Self::Together(batch)
    }
}

/// The database, until it is released.
pub(in crate::log::embedded) struct Store {
    tree: RwLock<Option<sled::Tree>>,
    /// The database file, through a handle of our own, as sled's is out of reach.
    file: File,
}

impl Store {
    /// Opens the database in `dir`, or makes one.
    pub fn open(dir: &Path) -> Result<Self, Error> {
        fs::create_dir_all(dir).map_err(|error| inaccessible(dir, &error))?;
        remove_unfinished_snapshots(dir).map_err(|error| inaccessible(dir, &error))?;
        let config = sled::Config::new()
            .path(dir)
            .cache_capacity(CACHE)
            .flush_every_ms(None)
            .mode(sled::Mode::HighThroughput)
            .segment_size(SEGMENT);
        let opened = guarded(|| config.open()).map_err(|panicked| damaged(dir, &panicked.to_string()))?;
        let db = opened.map_err(|error| match error {
            sled::Error::Io(_) if is_in_use(dir) => Error::Unusable(format!(
                "{} is in use by another process; stop that one, or set another data_dir here",
                dir.display()
            )),
            sled::Error::Io(error) => inaccessible(dir, &error),
            error => damaged(dir, &crate::words::database(&error)),
        })?;
        let tree = sled::Tree::clone(&db);
        let file = File::open(dir.join("db")).map_err(|error| inaccessible(dir, &error))?;
        Ok(Self { tree: RwLock::new(Some(tree)), file })
    }

    /// The same with another file to sync.
    #[cfg(test)]
    pub fn syncing(self, file: File) -> Self {
        Self { file, ..self }
    }

    /// The tree, for as short a time as possible: while it is held, the log can't be released.
    pub fn tree(&self) -> Result<sled::Tree, Error> {
        let tree = self.tree.read().unwrap_or_else(PoisonError::into_inner);
        tree.clone().ok_or_else(|| Error::Unavailable("it is closed".into()))
    }

    /// Writes what `write` says and returns when it would survive a power failure.
    ///
    /// Only ever called by one thread at a time. sled's own flush asks the kernel to write but never asks the disk
    /// to make it last; the sync of the file does that.
    pub fn commit(&self, write: Write) -> Result<(), CommitError> {
        let tree = self.tree()?;
        guarded(|| write.apply_to(&tree).and_then(|()| tree.flush()))??;
        self.file.sync_data().map_err(CommitError::Sync)
    }

    /// Lets go of the database, so that it can be opened again when this returns.
    pub fn release(&self) {
        drop(self.tree.write().unwrap_or_else(PoisonError::into_inner).take());
        let give_up = Instant::now() + RELEASE_WITHIN;
        while flock(&self.file, FlockOperation::NonBlockingLockExclusive).is_err() && Instant::now() < give_up {
            thread::sleep(Duration::from_millis(2));
        }
        // Where this fails it stays locked until the file is closed.
        let _ = flock(&self.file, FlockOperation::Unlock);
    }
}

/// sled met something in its files that it did not think possible.
#[derive(Debug, thiserror::Error)]
#[error("its files make no sense")]
pub(in crate::log::embedded) struct Panicked;

/// What `ask` answers: on some damaged files sled panics, where another library would return an error.
pub(in crate::log::embedded) fn guarded<T>(ask: impl FnOnce() -> T) -> Result<T, Panicked> {
    // Nothing of ours is left half changed: reads change nothing, and after a failed write there is no other.
    panic::catch_unwind(AssertUnwindSafe(ask)).map_err(|_| Panicked)
}

/// Makes the names of new files in `dir`, and the name of `dir` itself, survive a power failure.
pub(in crate::log::embedded) fn sync_names(dir: &Path) -> Result<(), Error> {
    let parent = dir.parent().filter(|parent| !parent.as_os_str().is_empty());
    [Some(dir), parent]
        .into_iter()
        .flatten()
        .try_for_each(|dir| File::open(dir)?.sync_all())
        .map_err(|error| inaccessible(dir, &error))
}

/// What is said of files that can't be read or written.
pub(in crate::log::embedded) fn inaccessible(dir: &Path, error: &io::Error) -> Error {
    Error::Unusable(format!(
        "{} can't be read and written: {}; check that the folder exists, is not full and belongs to usher's user",
        dir.display(),
        crate::words::system(error)
    ))
}

/// What is said of files that are not what was written. Starting anew is left to a person, as it loses events.
pub(in crate::log::embedded) fn damaged(dir: &Path, why: &str) -> Error {
    Error::Unusable(format!(
        "the files in {} are damaged ({why}); restore the folder from a backup, or move it away to start with an \
         empty log",
        dir.display()
    ))
}
