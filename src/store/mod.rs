//! The state store: the memory of this process, in a sled database that can be rebuilt from the log.
//!
//! If it is corrupt or belongs to another log, it is moved aside and rebuilt.

mod activity;
mod forgotten;
mod ledger;
mod opening;
mod pending;
mod reach;
mod sled_files;
mod sweeps;
mod table;
mod turns;
mod watch;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

pub use activity::{ActivityStore, Recalled, StoredActivity};
pub use forgotten::Forgotten;
pub use ledger::{Entry, Ledger, Scope};
pub use pending::{PendingRows, PendingStep, PendingStore};
pub use reach::Reach;
pub use sweeps::{Listing, RunPhase, SweepState, SweepStore};
pub use turns::Turn;

use opening::{Failure, Opened, open_caught, open_patiently, set_aside};
use sled_files::{SEGMENT_BYTES, Sealer};
use table::{Damage, Table};
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
    damage: Damage,
}

const CACHE_BYTES: u64 = 16 * 1024 * 1024;

impl Store {
    /// Opens the store in `dir` for the log named `log_identity`. A corrupt store is moved to `<dir>.set-aside-<n>` and
    /// a new one is made; a store of another log is emptied.
    ///
    /// # Errors
    /// [`Error::Folder`] if the folder can't be made, read, written or moved aside; [`Error::InUse`] if another process
    /// has it open; [`Error::Unusable`] if a new one can't be opened in place of a corrupt one.
    pub fn open(dir: &Path, log_identity: &str) -> Result<Self, Error> {
        fs::create_dir_all(dir).map_err(|error| Error::Folder { path: dir.to_owned(), error })?;
        let config = sled::Config::new().path(dir).segment_size(SEGMENT_BYTES).cache_capacity(CACHE_BYTES);
        let (opened, set_aside) = match open_patiently(&config, log_identity) {
            Ok(opened) => (opened, None),
            Err(Failure::InUse) => return Err(Error::InUse(dir.to_owned())),
            Err(Failure::Folder(error)) => return Err(Error::Folder { path: dir.to_owned(), error }),
            Err(Failure::Damaged) => {
                let aside = set_aside(dir)?;
                (open_caught(&config, log_identity).map_err(|_| Error::Unusable(dir.to_owned()))?, Some(aside))
            }
        };
        let Opened { db, was_emptied } = opened;
        let (folder, log_identity) = (dir.to_owned(), log_identity.to_owned());
        let damage = Damage::default();
        Ok(Self { db, config, folder, log_identity, set_aside, was_emptied, damage, watch: None })
    }

    /// Ends the process, through `health`, when a write has failed or a row can't be read: sled keeps failing after its
    /// first error, and only opening the store again helps. From now on it is also noticed at the next start if the files
    /// are changed in between. Call it once.
    ///
    /// # Errors
    /// [`Error::Folder`] if no thread can be started for it.
    pub fn watch(&mut self, health: Health) -> Result<(), Error> {
        let watch = Watch::start(self.config.clone(), self.damage.clone(), Sealer::new(&self.folder), health);
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
        Ok(Ledger::new(self.table("ledger")?, self.table("checkpoints")?))
    }

    /// The activity of users.
    ///
    /// # Errors
    /// [`Error::Sled`] if sled can't open its table.
    pub fn activity(&self) -> Result<ActivityStore, Error> {
        Ok(ActivityStore::new(self.table("activity")?))
    }

    /// Steps that have not ended.
    ///
    /// # Errors
    /// [`Error::Sled`] if sled can't open its table.
    pub fn pending(&self) -> Result<PendingStore, Error> {
        Ok(PendingStore::new(self.table("pending-steps")?))
    }

    /// The progress of sweeps.
    ///
    /// # Errors
    /// [`Error::Sled`] if sled can't open its table.
    pub fn sweeps(&self) -> Result<SweepStore, Error> {
        Ok(SweepStore::new(self.table("sweeps")?))
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

    fn table(&self, name: &str) -> Result<Table, Error> {
        Ok(Table::new(self.db.open_tree(name)?, self.damage.clone()))
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
}

#[cfg(test)]
mod tests;
