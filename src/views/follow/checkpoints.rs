//! The offsets up to which the views have read each partition of each stream.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use rusqlite::Connection;

use crate::{
    log::{Partition, Stream},
    views::Error,
};

/// The committed offsets, in memory, because they are read often, also by async threads. Cheap to clone; all clones
/// share them.
#[derive(Debug, Clone, Default)]
pub(in crate::views) struct Checkpoints(Arc<Mutex<HashMap<(Stream, Partition), u64>>>);

impl Checkpoints {
    /// Reads the offsets in `db`.
    ///
    /// # Errors
    /// [`Error::Database`] if they can't be read.
    pub(in crate::views) fn read(db: &Connection) -> Result<Self, Error> {
        let mut statement = db.prepare("SELECT stream, partition, next FROM checkpoints")?;
        let mut rows = statement.query([])?;
        let mut known = HashMap::new();
        while let Some(row) = rows.next()? {
            let (stream, partition, next): (String, u16, u64) = (row.get(0)?, row.get(1)?, row.get(2)?);
            // Of another version there may be streams that this one does not know.
            if let Some(stream) = crate::views::Views::STREAMS.into_iter().find(|known| known.as_str() == stream) {
                known.insert((stream, Partition(partition)), next);
            }
        }
        Ok(Self(Arc::new(Mutex::new(known))))
    }

    /// The next offset to read.
    pub(in crate::views) fn next(&self, stream: Stream, partition: Partition) -> u64 {
        self.known().get(&(stream, partition)).copied().unwrap_or(0)
    }

    /// Records a committed offset.
    pub(in crate::views) fn committed(&self, stream: Stream, partition: Partition, next: u64) {
        self.known().insert((stream, partition), next);
    }

    fn known(&self) -> MutexGuard<'_, HashMap<(Stream, Partition), u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// All records before `next` are in the views; written in one transaction with the rows.
///
/// # Errors
/// [`Error::Database`] if it can't be written.
pub(in crate::views) fn put(db: &Connection, stream: Stream, partition: Partition, next: u64) -> Result<(), Error> {
    let mut statement = db.prepare_cached(
        "INSERT INTO checkpoints (stream, partition, next) VALUES (?1, ?2, ?3)
         ON CONFLICT (stream, partition) DO UPDATE SET next = excluded.next",
    )?;
    statement.execute((stream.as_str(), partition.0, next))?;
    Ok(())
}
