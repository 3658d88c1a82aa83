//! Connections that read: made when they are needed, and no more than a few.

use std::{
    ops::Deref,
    path::PathBuf,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use rusqlite::{Connection, OpenFlags};

use super::{Error, connect};

/// The API works on four requests at a time; the others are for the engine.
const MAX_READERS: usize = 8;
/// The cache of each connection, in KiB.
const CACHE: i64 = 2 * 1024;
/// The time-out for getting a connection.
const TIMEOUT: Duration = Duration::from_secs(15);

/// See the module.
#[derive(Debug)]
pub(super) struct Readers {
    path: PathBuf,
    pool: Mutex<Pool>,
    returned: Condvar,
}

#[derive(Debug, Default)]
struct Pool {
    idle: Vec<Connection>,
    in_use: usize,
}

impl Readers {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, pool: Mutex::default(), returned: Condvar::new() }
    }

    /// A connection, for as long as it is held. It waits while all are in use.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(super) fn take(&self) -> Result<Reader<'_>, Error> {
        let is_used_up = |pool: &mut Pool| pool.idle.is_empty() && pool.in_use >= MAX_READERS;
        let waiting = self.returned.wait_timeout_while(self.pool(), TIMEOUT, is_used_up);
        let (mut pool, waited) = waiting.unwrap_or_else(PoisonError::into_inner);
        if waited.timed_out() {
            return Err(Error::Busy);
        }
        pool.in_use += 1;
        let idle = pool.idle.pop();
        drop(pool);
        // It is made first: if the connection can't be opened, it releases the place.
        let mut reader = Reader { readers: self, connection: idle };
        if reader.connection.is_none() {
            let connection = connect(&self.path, OpenFlags::SQLITE_OPEN_READ_WRITE, CACHE)?;
            connection.pragma_update(None, "query_only", true)?;
            reader.connection = Some(connection);
        }
        Ok(reader)
    }

    fn pool(&self) -> MutexGuard<'_, Pool> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection that goes back when this is dropped.
pub(super) struct Reader<'a> {
    readers: &'a Readers,
    connection: Option<Connection>,
}

impl Deref for Reader<'_> {
    type Target = Connection;
    fn deref(&self) -> &Connection {
        self.connection.as_ref().expect("it is taken with a connection")
    }
}

impl Drop for Reader<'_> {
    fn drop(&mut self) {
        let mut pool = self.readers.pool();
        pool.in_use -= 1;
        pool.idle.extend(self.connection.take());
        drop(pool);
        self.readers.returned.notify_one();
    }
}
