//! The database file of the log: locked against other processes, one connection that writes, a few that read.
//!
//! It is in WAL mode with `synchronous=FULL`: a commit is on disk when it returns. After a crash SQLite takes over what was
//! committed and passes over a commit that was not finished. What it finds in the WAL file may never have been synced, so it
//! is written into the database, and synced there, before anybody reads it.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI32, Ordering::Relaxed},
    },
};

use rand::RngExt;
use rusqlite::{
    Connection, ErrorCode, OpenFlags, TransactionBehavior,
    config::DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE,
    hooks::Wal,
    wal::CheckpointMode::{PASSIVE, TRUNCATE},
};

use super::{
    commit::{CommitError, Write},
    high_watermark::HighWatermark,
    records::ReadError,
    trouble,
};
use crate::log::Error;

/// The name of the file.
pub(in crate::log::embedded) const FILE: &str = "records.sqlite";
/// The WAL file beside it, where commits stand first. SQLite names it.
const WAL_FILE: &str = "records.sqlite-wal";
/// SQLite's own locks would let a second process in between two commits.
const LOCK: &str = "lock";
/// The database file of a log on sled.
const EARLIER_FILE: &str = "db";

/// The cache of the connection that writes, and of each one that reads, in KiB.
const WRITER_CACHE: i64 = 8 * 1024;
const READER_CACHE: i64 = 1024;
/// As many can read at the same time. Each reads for some ten microseconds where the pages are in memory.
const READERS: usize = 4;
/// Prepared statements that a connection keeps: more than a log with the usual number of partitions has.
const STATEMENTS: usize = 128;
/// SQLite's own page size, in bytes.
const PAGE: u64 = 4096;
/// The WAL file is taken over into the database when it has so many pages: 4 MiB.
const CHECKPOINT_PAGES: i32 = 1_000;
/// The WAL file is cut to this size when it has been taken over into the database.
const WAL_BYTES: i64 = 16 * 1024 * 1024;

/// The database, until it is released.
pub(in crate::log::embedded) struct Store {
    writer: Mutex<Option<Connection>>,
    /// How long the WAL file was after the last commit, in pages.
    wal_pages: Arc<AtomicI32>,
    /// They are opened at the start, so that a folder that is moved away is still read.
    readers: [Mutex<Option<Connection>>; READERS],
    lock: File,
}

impl Store {
    /// Whether there is a log in `dir`, or what is left of one.
    pub fn is_in(dir: &Path) -> bool {
        [FILE, EARLIER_FILE].iter().any(|file| dir.join(file).is_file())
    }

    /// Opens the database in `dir`, or makes an empty one.
    ///
    /// # Errors
    /// [`Error::Unusable`] where another process has it open, the files can't be read and written, or they are no such database.
    pub fn open(dir: &Path) -> Result<Self, Error> {
        let lock = lock(dir)?;
        if dir.join(EARLIER_FILE).is_file() && !dir.join(FILE).is_file() {
            return Err(trouble::of_earlier_form(dir));
        }
        if is_gone(dir) {
            return Err(trouble::damaged(dir, "the database is gone"));
        }
        if is_cut_within_a_page(dir) {
            return Err(trouble::damaged(dir, "the database was cut short"));
        }
        let wal_pages = Arc::default();
        let connections = connections(dir, &wal_pages)
            .map_err(|error| if is_busy(&error) { trouble::in_use(dir) } else { trouble::unusable(dir, &error) })?;
        let [writer, readers @ ..] = connections.map(|connection| Mutex::new(Some(connection)));
        Ok(Self { writer, wal_pages, readers, lock })
    }

    /// Reads what is committed.
    ///
    /// # Errors
    /// [`ReadError::Closed`] where it is released; those of `reading`.
    pub fn read<T>(&self, reading: impl FnOnce(&Connection) -> Result<T, ReadError>) -> Result<T, ReadError> {
        let idle = self.readers.iter().find_map(|reader| reader.try_lock().ok());
        let reader = idle.unwrap_or_else(|| locked(&self.readers[rand::rng().random_range(0..READERS)]));
        reading(reader.as_ref().ok_or(ReadError::Closed)?)
    }

    /// Writes all of what `write` says or nothing, and returns when it would survive a power failure.
    ///
    /// # Errors
    /// [`CommitError`] says whether the next one may succeed.
    pub fn commit(&self, write: &Write) -> Result<(), CommitError> {
        self.write(|db| write.apply_to(db))
    }

    /// Does all that `make` does, or nothing of it.
    ///
    /// # Errors
    /// As for [`Store::commit`].
    pub fn write(&self, make: impl FnOnce(&Connection) -> rusqlite::Result<()>) -> Result<(), CommitError> {
        let mut writer = locked(&self.writer);
        let writer = writer.as_mut().ok_or(CommitError::Closed)?;
        let written = write_with(writer, make).and_then(|()| self.checkpoint(writer));
        if matches!(written, Err(CommitError::Failed(_))) {
            // Closing it must not take over what may be whole in memory only: opening it does, and syncs. Where this can't be
            // set, it is as if the process had ended a moment later.
            let _ = writer.set_db_config(SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
        }
        written
    }

    /// Takes the WAL file over into the database, after a commit that left it long. SQLite would do it too, and not say where
    /// that fails. On a full disk, or while somebody reads, what is left waits for the next commit: this one is on disk.
    fn checkpoint(&self, writer: &Connection) -> Result<(), CommitError> {
        if self.wal_pages.swap(0, Relaxed) < CHECKPOINT_PAGES {
            return Ok(());
        }
        match writer.wal_checkpoint_v2(None::<&str>, PASSIVE) {
            Ok(_) => Ok(()),
            Err(error) if is_busy(&error) => Ok(()),
            Err(error) => match error.into() {
                CommitError::Full => Ok(()),
                failed => Err(failed),
            },
        }
    }

    /// Lets go of the database, so that it can be opened again when this returns.
    pub fn release(&self) {
        self.readers.iter().for_each(|reader| drop(locked(reader).take()));
        // The last one takes over the WAL file into the database, unless a write has failed.
        drop(locked(&self.writer).take());
        // Where this fails it stays locked until the file is closed.
        let _ = self.lock.unlock();
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.release();
    }
}

fn write_with(
    writer: &mut Connection,
    make: impl FnOnce(&Connection) -> rusqlite::Result<()>,
) -> Result<(), CommitError> {
    let begun = writer.transaction_with_behavior(TransactionBehavior::Immediate);
    let transaction = begun.map_err(|error| if is_busy(&error) { CommitError::Busy } else { error.into() })?;
    // Dropped, the transaction is taken back.
    make(&transaction).map_err(
        |error| {
            if trouble::is_damage(&error) { CommitError::Damaged(error) } else { error.into() }
        },
    )?;
    Ok(transaction.commit()?)
}

fn is_busy(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The lock on `dir`, which is made where it is not there.
fn lock(dir: &Path) -> Result<File, Error> {
    let inaccessible = |error| trouble::inaccessible(dir, &error);
    fs::create_dir_all(dir).map_err(inaccessible)?;
    let mut options = OpenOptions::new();
    let lock = options.write(true).create(true).truncate(false).open(dir.join(LOCK)).map_err(inaccessible)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(trouble::in_use(dir)),
        Err(TryLockError::Error(error)) => Err(inaccessible(error)),
    }
}

/// Whether there was a database that is not there or empty. SQLite would make a new one, and remove the WAL file of the old one.
fn is_gone(dir: &Path) -> bool {
    length(dir, FILE) == 0 && (length(dir, WAL_FILE) > 0 || HighWatermark::is_in(dir))
}

/// Whether the database ends within a page. SQLite notices other cuts, and takes the rest of that page for zeros. After a crash the
/// page may stand in the WAL file, and is written again.
fn is_cut_within_a_page(dir: &Path) -> bool {
    length(dir, WAL_FILE) == 0 && !length(dir, FILE).is_multiple_of(PAGE)
}

/// The length of a file in `dir`; 0 where it is not there.
fn length(dir: &Path, name: &str) -> u64 {
    fs::metadata(dir.join(name)).map_or(0, |file| file.len())
}

/// The connection that writes and those that read.
fn connections(dir: &Path, wal_pages: &Arc<AtomicI32>) -> rusqlite::Result<[Connection; 1 + READERS]> {
    let mut writer = connect(dir, OpenFlags::SQLITE_OPEN_CREATE, WRITER_CACHE)?;
    // A process that was killed, or whose sync failed, may have left commits that are in the system's memory only.
    writer.wal_checkpoint_v2(None::<&str>, TRUNCATE)?;
    let noted = Arc::clone(wal_pages);
    // An error of its own would come out as one of the commit, without its code.
    writer.wal_hook(Some(move |_: &mut Wal, pages: i32| {
        noted.store(pages, Relaxed);
        Ok(())
    }))?;
    let reader = || connect(dir, OpenFlags::empty(), READER_CACHE);
    let connections = [writer, reader()?, reader()?, reader()?, reader()?];
    connections[1..].iter().try_for_each(|reader| reader.pragma_update(None, "query_only", true))?;
    Ok(connections)
}

/// A connection with bounds.
fn connect(dir: &Path, flags: OpenFlags, cache: i64) -> rusqlite::Result<Connection> {
    // No lock of SQLite's own: a connection is used by one thread at a time.
    let flags = flags | OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(dir.join(FILE), flags)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.pragma_update(None, "page_size", PAGE)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "cache_size", -cache)?;
    connection.pragma_update(None, "journal_size_limit", WAL_BYTES)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    // Opens the WAL file too.
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    Ok(connection)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_wal_file_is_taken_over_into_the_database_after_the_commit() {
        let dir = tempfile::tempdir().expect("a folder");
        let store = Store::open(dir.path()).expect("a store");
        store.write(|db| db.execute_batch("CREATE TABLE t (x BLOB)")).expect("written");
        let insert = |kib: usize| {
            store
                .write(|db| db.execute("INSERT INTO t VALUES (?1)", [vec![7; kib * 1024]]).map(drop))
                .expect("written");
            length(dir.path(), FILE)
        };
        assert_eq!(insert(1024), PAGE, "1 MiB is not long");
        assert!(insert(4 * 1024) > 4 * 1024 * 1024);
        assert_eq!(store.wal_pages.load(Relaxed), 0);
    }

    #[test]
    fn after_a_failed_write_only_opening_takes_over_the_wal_file() {
        let dir = tempfile::tempdir().expect("a folder");
        let store = Store::open(dir.path()).expect("a store");
        store.write(|db| db.execute_batch("CREATE TABLE t (x)")).expect("written");
        let failed = store.write(|db| db.execute_batch("no SQL"));
        assert!(matches!(failed, Err(CommitError::Failed(_))), "{failed:?}");
        drop(store);
        assert!(length(dir.path(), WAL_FILE) > 0 && length(dir.path(), FILE) == PAGE);
        let store = Store::open(dir.path()).expect("a store");
        assert!(length(dir.path(), WAL_FILE) == 0 && length(dir.path(), FILE) > PAGE);
        store.write(|db| db.execute_batch("INSERT INTO t VALUES (1)")).expect("written");
        drop(store);
        assert_eq!(length(dir.path(), WAL_FILE), 0, "closing takes it over where nothing failed");
    }
}
