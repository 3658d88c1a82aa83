//! The files of sled 0.34: what sled itself can't handle in them, looked at before it opens them.
//!
//! * The remains of a snapshot that a kill interrupted ([`snapshots`]).
//! * Damage that sled passes over in silence ([`seals`]).

mod seals;
mod segment;
mod snapshots;

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
};

use rustix::fs::{FlockOperation, flock};

pub(super) use seals::Sealer;
pub(super) use segment::SEGMENT_BYTES;

/// The state of the files of a database that no process has open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// There are none, or sled can read them.
    Usable,
    /// Something was changed in them since a process wrote them.
    Damaged,
}

/// Prepares the database in `dir` for sled: removes unfinished snapshots, and looks for damage. Nothing is done if
/// another process has it open; opening it reports that.
///
/// # Errors
/// The error of the system if the folder or a file can't be read, or a snapshot can't be removed.
pub(super) fn prepare(dir: &Path) -> io::Result<Found> {
    let Some(database) = found(File::open(database_in(dir)))? else {
        // Snapshots and seals speak of a file that is gone.
        let is_left = snapshots::is_any_in(dir)? || !seals::read(dir)?.is_empty();
        return Ok(if is_left { Found::Damaged } else { Found::Usable });
    };
    if flock(&database, FlockOperation::NonBlockingLockExclusive).is_err() {
        return Ok(Found::Usable);
    }
    snapshots::remove_unfinished(dir)?;
    if mark_in(dir).exists() {
        return Ok(Found::Damaged);
    }
    let found = match seals::first_broken(&database, &seals::read(dir)?)? {
        Some(place) => {
            tracing::warn!(file = %database_in(dir).display(), place, "the database was changed since it was written");
            Found::Damaged
        }
        None => Found::Usable,
    };
    flock(&database, FlockOperation::Unlock)?;
    Ok(found)
}

/// Whether a process has the database in `dir` open: sled locks its file. sled's own error for that differs from other
/// failures only by its text.
pub(super) fn is_in_use(dir: &Path) -> bool {
    File::open(database_in(dir))
        .is_ok_and(|file| flock(&file, FlockOperation::NonBlockingLockShared) == Err(rustix::io::Errno::WOULDBLOCK))
}

/// Marks the database in `dir` as damaged: a process could not read something in it. It is [found](prepare) so then.
///
/// # Errors
/// The error of the system if the mark can't be made.
pub(super) fn mark_damaged(dir: &Path) -> io::Result<()> {
    File::create(mark_in(dir)).map(drop)
}

fn mark_in(dir: &Path) -> PathBuf {
    dir.join("damaged")
}

fn database_in(dir: &Path) -> PathBuf {
    dir.join("db")
}

/// None if there is no such file.
fn found<T>(file: io::Result<T>) -> io::Result<Option<T>> {
    match file {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        file => file.map(Some),
    }
}

#[cfg(test)]
mod tests;
