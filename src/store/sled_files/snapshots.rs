//! The snapshots of sled.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Removes unfinished snapshots from the database in `dir`, which no process has open.
///
/// When sled opens a database, it writes a snapshot as `snap.<lsn>.generating` and renames it when it is finished. If
/// the process is killed in between, sled takes the unfinished file for the newest snapshot the next time, and calls
/// the whole database corrupt. The earlier snapshot still exists, and everything after it is in the database file, so
/// sled can use these.
///
/// # Errors
/// The error of the system if the folder can't be read, or a snapshot can't be removed.
pub(super) fn remove_unfinished(dir: &Path) -> io::Result<()> {
    for snapshot in all_in(dir)?.iter().filter(|path| path.extension().is_some_and(|end| end == "generating")) {
        tracing::info!(file = %snapshot.display(), "an unfinished snapshot of the database is removed");
        fs::remove_file(snapshot)?;
    }
    Ok(())
}

/// Whether there is any snapshot in `dir`.
///
/// # Errors
/// The error of the system if the folder can't be read.
pub(super) fn is_any_in(dir: &Path) -> io::Result<bool> {
    Ok(!all_in(dir)?.is_empty())
}

fn all_in(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let paths = fs::read_dir(dir)?.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<Vec<_>>>()?;
    let is_snapshot = |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("snap."));
    Ok(paths.into_iter().filter(is_snapshot).collect())
}
