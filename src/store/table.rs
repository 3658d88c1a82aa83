//! A table of the state store. It notices when its rows can't be read.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use super::Error;

/// Whether damage was noticed in an open store. Cheap to clone; all clones are one.
#[derive(Debug, Clone, Default)]
pub(super) struct Damage(Arc<AtomicBool>);

impl Damage {
    /// Whether damage was noticed since the store was opened.
    pub(super) fn is_noticed(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    fn notice(&self, error: sled::Error) -> Error {
        if is_damage(&error) {
            self.0.store(true, Ordering::Relaxed);
        }
        Error::Sled(error)
    }
}

/// Whether only a new store helps. sled reads what lies behind the end of a file that was cut short, too.
pub(super) fn is_damage(error: &sled::Error) -> bool {
    match error {
        sled::Error::Corruption { .. } | sled::Error::ReportableBug(_) => true,
        sled::Error::Io(error) => error.kind() == io::ErrorKind::UnexpectedEof,
        sled::Error::CollectionNotFound(_) | sled::Error::Unsupported(_) => false,
    }
}

/// A table of the store. Cheap to clone; all clones are one.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    tree: sled::Tree,
    damage: Damage,
}

/// A row: its key and its value.
type Row = (sled::IVec, sled::IVec);

impl Table {
    /// The table that `tree` is; unreadable rows are noted in `damage`.
    pub(super) fn new(tree: sled::Tree, damage: Damage) -> Self {
        Self { tree, damage }
    }

    /// The value of `key`.
    ///
    /// # Errors
    /// [`Error::Sled`] if sled can't read.
    pub(crate) fn get(&self, key: impl AsRef<[u8]>) -> Result<Option<sled::IVec>, Error> {
        self.tree.get(key).map_err(|error| self.damage.notice(error))
    }

    /// Whether there is a row of `key`.
    ///
    /// # Errors
    /// [`Error::Sled`] if sled can't read.
    pub(crate) fn contains(&self, key: impl AsRef<[u8]>) -> Result<bool, Error> {
        self.tree.contains_key(key).map_err(|error| self.damage.notice(error))
    }

    /// Writes the row of `key`, in place of an earlier one.
    ///
    /// # Errors
    /// [`Error::Sled`] if sled can't read or write.
    pub(crate) fn put(&self, key: impl AsRef<[u8]>, value: impl Into<sled::IVec>) -> Result<(), Error> {
        self.tree.insert(key, value).map(drop).map_err(|error| self.damage.notice(error))
    }

    /// Removes the row of `key`, if there is one.
    ///
    /// # Errors
    /// [`Error::Sled`] if sled can't read or write.
    pub(crate) fn remove(&self, key: impl AsRef<[u8]>) -> Result<(), Error> {
        self.tree.remove(key).map(drop).map_err(|error| self.damage.notice(error))
    }

    /// The rows whose keys begin with `prefix`, in the order of their keys. A row is an error if sled can't read it.
    pub(crate) fn rows(&self, prefix: impl AsRef<[u8]>) -> impl Iterator<Item = Result<Row, Error>> + '_ {
        self.tree.scan_prefix(prefix).map(|row| row.map_err(|error| self.damage.notice(error)))
    }
}
