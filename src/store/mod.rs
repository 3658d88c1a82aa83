//! The state store: the memory of this process, in a sled database that can be rebuilt from the log.
//!
//! If it is corrupt or belongs to another log, it is moved aside and rebuilt.

mod activity;
mod forgotten;
mod ledger;
mod pending;
mod reach;
mod sled_files;
mod sweeps;
mod turns;
mod watch;

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

pub use activity::{ActivityStore, Recalled, StoredActivity};
pub use forgotten::Forgotten;
pub use ledger::{Entry, Ledger, Scope};
pub use pending::{PendingRows, PendingStep, PendingStore};
pub use reach::Reach;
pub use sweeps::{Listing, RunPhase, SweepState, SweepStore};
pub use turns::Turn;

use sled_files::{is_in_use, remove_unfinished_snapshots};
use watch::Watch;

use crate::health::Health;

/// The error of a call to the store.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// sled failed. After a failed write it keeps failing until usher is restarted; see [`Store::watch`].
    #[error("the state store fails: {}", crate::words::database(.0))]
    Sled(#[from] sled::Error),
    /// The folder can't be used.
    #[error("the folder {path} can't be used: {}", crate::words::system(error))]
    Folder {
        /// The path.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Another process has it open.
    #[error("{0} is in use by another usher process; give each its own data_dir")]
    InUse(PathBuf),
    /// The store can't be opened even when it is new.
    #[error("the state store in {0} can't be opened")]
    Unusable(PathBuf),
}

/// The database, and what became of the one found.
pub struct Store {
    db: sled::Db,
    /// The configuration of `db`, in which its threads record a failed write.
    config: sled::Config,
    folder: PathBuf,
    log_identity: String,
    set_aside: Option<PathBuf>,
    /// Whether it was of another log, and was emptied.
    was_emptied: bool,
    watch: Option<Watch>,
}

const IDENTITY: &[u8] = b"log-identity";
const LOCK_TIMEOUT: Duration = Duration::from_secs(2);
const CACHE_BYTES: u64 = 16 * 1024 * 1024;

impl Store {
    /// Opens the store in `dir` for the log named `log_identity`. A corrupt store is moved to `<dir>.set-aside-<n>` and
    /// a new one is made; a store of another log is emptied.
    ///
    /// # Errors
    /// [`Error::Folder`] if the folder can't be made, read or moved aside; [`Error::InUse`] if another process has it
    /// open; [`Error::Unusable`] if a new one can't be opened in place of a corrupt one; [`Error::Sled`] if sled can't
    /// read or write it.
    pub fn open(dir: &Path, log_identity: &str) -> Result<Self, Error> {
        fs::create_dir_all(dir).map_err(|error| Error::Folder { path: dir.to_owned(), error })?;
        let config = sled::Config::new().path(dir).cache_capacity(CACHE_BYTES);
        let (db, set_aside) = match open_patiently(dir, &config) {
            Ok(db) => (db, None),
            Err(Failure::InUse) => return Err(Error::InUse(dir.to_owned())),
            Err(Failure::Folder(error)) => return Err(Error::Folder { path: dir.to_owned(), error }),
            Err(Failure::Corrupt) => {
                let aside = set_aside(dir)?;
                (open_caught(dir, &config).map_err(|_| Error::Unusable(dir.to_owned()))?, Some(aside))
            }
        };
        let (folder, log_identity) = (dir.to_owned(), log_identity.to_owned());
        let mut store = Self { db, config, folder, log_identity, set_aside, was_emptied: false, watch: None };
        store.was_emptied = store.belong_to(&store.log_identity)?;
        Ok(store)
    }

    /// Ends the process, through `health`, when a write has failed: sled keeps failing after its first error, and only
    /// opening the store again helps. Call it once.
    ///
    /// # Errors
    /// [`Error::Folder`] if no thread can be started for it.
    pub fn watch(&mut self, health: Health) -> Result<(), Error> {
        let watch = Watch::start(self.config.clone(), health);
        self.watch = Some(watch.map_err(|error| Error::Folder { path: self.config.get_path(), error })?);
        Ok(())
    }

    /// The place to which a corrupt store was moved.
    pub fn set_aside(&self) -> Option<&Path> {
        self.set_aside.as_deref()
    }

    /// Whether the earlier store could not be used, and is rebuilt from the log.
    pub fn is_rebuilt(&self) -> bool {
        self.was_emptied || self.set_aside.is_some()
    }

    /// The memory of planners and executors.
    ///
    /// # Errors
    /// [`Error::Sled`] if sled can't open its tables.
    pub fn ledger(&self) -> Result<Ledger, Error> {
        Ok(Ledger::new(self.db.open_tree("ledger")?, self.db.open_tree("checkpoints")?))
    }

    /// The activity of users.
    ///
    /// # Errors
    /// [`Error::Sled`] if sled can't open its table.
    pub fn activity(&self) -> Result<ActivityStore, Error> {
        Ok(ActivityStore::new(self.db.open_tree("activity")?))
    }

    /// Steps that have not ended.
    ///
    /// # Errors
    /// [`Error::Sled`] if sled can't open its table.
    pub fn pending(&self) -> Result<PendingStore, Error> {
        Ok(PendingStore::new(self.db.open_tree("pending-steps")?))
    }

    /// The progress of sweeps.
    ///
    /// # Errors
    /// [`Error::Sled`] if sled can't open its table.
    pub fn sweeps(&self) -> Result<SweepStore, Error> {
        Ok(SweepStore::new(self.db.open_tree("sweeps")?))
    }

    /// The folder of the store. It also contains other databases that can be rebuilt from the log. Remove all of them
    /// together.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The identity of its log.
    pub fn log_identity(&self) -> &str {
        &self.log_identity
    }

    /// A tree by its name, for tests that damage its content.
    ///
    /// # Errors
    /// `Error::Sled` if sled can't open it.
    #[cfg(test)]
    pub(crate) fn tree(&self, name: &str) -> Result<sled::Tree, Error> {
        Ok(self.db.open_tree(name)?)
    }

    /// Writes everything in memory to the disk.
    ///
    /// # Errors
    /// [`Error::Sled`] if sled can't write.
    pub fn flush(&self) -> Result<(), Error> {
        self.db.flush()?;
        Ok(())
    }

    /// Makes it one of the log named `log_identity`. Tells whether it was one of another log before.
    fn belong_to(&self, log_identity: &str) -> Result<bool, Error> {
        let known = self.db.get(IDENTITY)?;
        if known.as_deref() == Some(log_identity.as_bytes()) {
            return Ok(false);
        }
        for name in self.db.tree_names() {
            self.db.open_tree(name)?.clear()?;
        }
        self.db.insert(IDENTITY, log_identity.as_bytes())?;
        self.db.flush()?;
        Ok(known.is_some())
    }
}

enum Failure {
    InUse,
    Folder(io::Error),
    Corrupt,
}

/// sled lets go of its lock a moment after the last handle is dropped: a restart must not trip over that.
fn open_patiently(dir: &Path, config: &sled::Config) -> Result<sled::Db, Failure> {
    let deadline = Instant::now() + LOCK_TIMEOUT;
    loop {
        match open_caught(dir, config) {
            Err(Failure::InUse) if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(20)),
            opened => return opened,
        }
    }
}

/// sled 0.34 panics on some damaged files: a panic while opening is damage like any other.
fn open_caught(dir: &Path, config: &sled::Config) -> Result<sled::Db, Failure> {
    let (folder, config) = (dir.to_owned(), config.clone());
    let opening = std::thread::Builder::new()
        .name("open-state".into())
        .spawn(move || {
            remove_unfinished_snapshots(&folder)?;
            config.open()
        })
        .map_err(Failure::Folder)?;
    match opening.join() {
        Ok(Ok(db)) => Ok(db),
        Ok(Err(sled::Error::Io(_))) if is_in_use(dir) => Err(Failure::InUse),
        Ok(Err(sled::Error::Io(error))) => Err(Failure::Folder(error)),
        Ok(Err(_)) | Err(_) => Err(Failure::Corrupt),
    }
}

fn set_aside(dir: &Path) -> Result<PathBuf, Error> {
    let free = (1..).map(|n| {
        let mut name = dir.as_os_str().to_owned();
        name.push(format!(".set-aside-{n}"));
        PathBuf::from(name)
    });
    let aside = free.into_iter().find(|path| !path.exists()).unwrap_or_else(|| dir.with_extension("set-aside"));
    fs::rename(dir, &aside)
        .and_then(|()| fs::create_dir_all(dir))
        .map_err(|error| Error::Folder { path: dir.to_owned(), error })?;
    Ok(aside)
}

#[cfg(test)]
mod tests;
