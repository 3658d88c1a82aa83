//! The SQLite database of the roster: one connection that writes, a few that read.
//!
//! It holds personal data, so its files are for usher's own user only, and removed rows are overwritten. All of it can
//! be listed again: a database of another version or a damaged one is removed, not kept.

use std::{
    fs, io,
    ops::Deref,
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use super::Error;
use crate::off_worker::off_worker;

/// The name of the file, in the folder of the state store.
const FILE: &str = "roster.sqlite";
/// The version of the tables. Raise it with each change of `schema.sql`, and of a column's content.
const VERSION: i64 = 1;
const SCHEMA: &str = include_str!("schema.sql");

/// Read and written by usher's own user only.
const PERMISSIONS: u32 = 0o600;
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// The cache of each connection, in KiB.
const CACHE: i64 = 4 * 1024;
/// The connections for reading that are kept open.
const IDLE_READERS: usize = 4;
/// The WAL file is cut to this size when it has been taken over into the database.
const WAL_BYTES: i64 = 16 * 1024 * 1024;

/// See the module.
#[derive(Debug)]
pub(super) struct Database {
    path: PathBuf,
    writer: Mutex<Connection>,
    readers: Mutex<Vec<Connection>>,
}

impl Database {
    /// Opens the database in `folder`.
    ///
    /// # Errors
    /// [`Error::Database`] if SQLite can't open or write it, [`Error::File`] if its file can't be made or removed.
    pub(super) fn open(folder: &Path) -> Result<Self, Error> {
        let path = folder.join(FILE);
        let writer = match begin(&path) {
            Err(error) if error.is_damage() => {
                tracing::warn!(file = %path.display(), "the roster was damaged; it is removed, and filled by the next lists of users");
                None
            }
            begun => begun?,
        };
        let writer = match writer {
            Some(writer) => writer,
            None => {
                remove(&path).map_err(Error::File)?;
                begin(&path)?.ok_or_else(|| Error::File(io::ErrorKind::InvalidData.into()))?
            }
        };
        Ok(Self { path, writer: Mutex::new(writer), readers: Mutex::default() })
    }

    /// Removes the database in `folder`, if there is one.
    ///
    /// # Errors
    /// [`Error::File`] if a file can't be removed.
    pub(super) fn remove(folder: &Path) -> Result<(), Error> {
        remove(&folder.join(FILE)).map_err(Error::File)
    }

    /// Reads everything as of one moment. On a worker of an async runtime other workers take over its tasks meanwhile.
    ///
    /// # Errors
    /// [`Error::Database`] if SQLite fails; those of `reading`.
    pub(super) fn read<T>(&self, reading: impl FnOnce(&Connection) -> Result<T, Error>) -> Result<T, Error> {
        off_worker(|| {
            let reader = self.reader()?;
            let moment = reader.unchecked_transaction()?; // dropped, it is over
            let read = reading(&moment)?;
            drop(moment);
            self.put_back(reader);
            Ok(read)
        })
    }

    /// Runs `writing` in a transaction.
    ///
    /// # Errors
    /// [`Error::Database`] if SQLite fails; those of `writing`.
    pub(super) fn write<T>(&self, writing: impl FnOnce(&Connection) -> Result<T, Error>) -> Result<T, Error> {
        off_worker(|| {
            let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
            let transaction = Transaction::new_unchecked(&writer, TransactionBehavior::Immediate)?;
            let written = writing(transaction.deref())?;
            transaction.commit()?;
            Ok(written)
        })
    }

    fn reader(&self) -> Result<Connection, Error> {
        let idle = self.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        if let Some(reader) = idle {
            return Ok(reader);
        }
        let reader = connect(&self.path)?;
        reader.pragma_update(None, "query_only", true)?;
        Ok(reader)
    }

    fn put_back(&self, reader: Connection) {
        let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        if readers.len() < IDLE_READERS {
            readers.push(reader);
        }
    }
}

/// The connection that writes; none if the file is of another version.
fn begin(path: &Path) -> Result<Option<Connection>, Error> {
    // The other files of the database get the permissions of this one.
    let file = fs::OpenOptions::new().read(true).append(true).create(true).mode(PERMISSIONS).open(path);
    file.and_then(|file| file.set_permissions(fs::Permissions::from_mode(PERMISSIONS))).map_err(Error::File)?;
    let writer = connect(path)?;
    writer.pragma_update(None, "journal_mode", "WAL")?;
    writer.pragma_update(None, "secure_delete", true)?;
    let version: i64 = writer.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if version == 0 {
        let transaction = writer.unchecked_transaction()?;
        let tables: i64 = transaction.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        if tables > 0 {
            return Ok(None);
        }
        transaction.execute_batch(SCHEMA)?;
        transaction.pragma_update(None, "user_version", VERSION)?;
        transaction.commit()?;
    } else if version != VERSION {
        return Ok(None);
    }
    writer.execute("DELETE FROM drafts", [])?; // of lists that an earlier process was reading
    Ok(Some(writer))
}

fn connect(path: &Path) -> Result<Connection, Error> {
    // No lock of SQLite's own: a connection is used by one thread at a time.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "cache_size", -CACHE)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "journal_size_limit", WAL_BYTES)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    Ok(connection)
}

/// Removes the database at `path`, with its write-ahead log.
fn remove(path: &Path) -> io::Result<()> {
    ["-wal", "-shm", ""].into_iter().try_for_each(|end| {
        let mut name = path.as_os_str().to_owned();
        name.push(end);
        match fs::remove_file(PathBuf::from(name)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed,
        }
    })
}
