//! A table of the state store. It notices when its rows can't be read.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
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

    /// Notes that something can't be read.
    pub(super) fn notice(&self) {
        self.0.store(true, Ordering::Relaxed);
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
        self.ask(|tree| tree.get(key))
    }

    /// Whether there is a row of `key`.
    ///
    /// # Errors
    /// [`Error::Sled`] if sled can't read.
    pub(crate) fn contains(&self, key: impl AsRef<[u8]>) -> Result<bool, Error> {
        self.ask(|tree| tree.contains_key(key))
    }

    /// Writes the row of `key`, in place of an earlier one.
    ///
    /// # Errors
    /// [`Error::Sled`] if sled can't read or write.
    pub(crate) fn put(&self, key: impl AsRef<[u8]>, value: impl Into<sled::IVec>) -> Result<(), Error> {
        self.ask(|tree| tree.insert(key, value).map(drop))
    }

    /// Removes the row of `key`, if there is one.
    ///
    /// # Errors
    /// [`Error::Sled`] if sled can't read or write.
    pub(crate) fn remove(&self, key: impl AsRef<[u8]>) -> Result<(), Error> {
        self.ask(|tree| tree.remove(key).map(drop))
    }

    /// The rows whose keys begin with `prefix`, in the order of their keys. The last one is an error if sled can't read
    /// on.
    pub(crate) fn rows(&self, prefix: impl AsRef<[u8]>) -> impl Iterator<Item = Result<Row, Error>> + '_ {
        let mut rows = Some(self.tree.scan_prefix(prefix));
        std::iter::from_fn(move || {
            let row = rows.as_mut().and_then(|rows| self.ask(|_| rows.next().transpose()).transpose());
            if !matches!(row, Some(Ok(_))) {
                rows = None;
            }
            row
        })
    }

    /// The answer of sled. sled 0.34 panics where its pages contradict each other: that is damage like any other. After
    /// damage sled is not asked any more, since it may wait for a lock for ever.
    fn ask<T>(&self, question: impl FnOnce(&sled::Tree) -> sled::Result<T>) -> Result<T, Error> {
        let answer = if self.damage.is_noticed() {
            Err(damaged())
        } else {
            catch_unwind(AssertUnwindSafe(|| question(&self.tree))).unwrap_or_else(|_| Err(damaged()))
        };
        if answer.as_ref().is_err_and(is_damage) {
            self.damage.notice();
        }
        Ok(answer?)
    }
}

fn damaged() -> sled::Error {
    sled::Error::Corruption { at: None, bt: () }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(dir: &std::path::Path) -> Table {
        Table::new(sled::open(dir).expect("made").open_tree("t").expect("a tree"), Damage::default())
    }

    #[test]
    fn a_panic_inside_sled_is_damage_and_sled_is_not_asked_again() {
        let dir = tempfile::tempdir().expect("a folder");
        let table = table(dir.path());
        table.put("key", "value").expect("written");
        assert!(!table.damage.is_noticed());
        let panics = table.ask(|_| -> sled::Result<()> { panic!("pages contradict each other") });
        assert!(matches!(panics, Err(Error::Sled(error)) if is_damage(&error)));
        assert!(table.damage.is_noticed());
        let asked = std::cell::Cell::new(false);
        assert!(
            table
                .ask(|_| {
                    asked.set(true);
                    Ok(())
                })
                .is_err()
                && !asked.get()
        );
        assert!(table.get("key").is_err());
        assert_eq!(table.rows("").map(|row| row.is_err()).collect::<Vec<_>>(), [true], "it ends");
    }

    #[test]
    fn a_full_disk_is_no_damage() {
        let dir = tempfile::tempdir().expect("a folder");
        let table = table(dir.path());
        let full = || sled::Error::Io(io::Error::from(io::ErrorKind::StorageFull));
        assert!(table.ask(|_| -> sled::Result<()> { Err(full()) }).is_err());
        assert!(!table.damage.is_noticed());
    }
}
