//! The files of sled 0.34: the remains after a kill that sled can't handle, and whether a database is in use.

use std::{
    fs::{self, File},
    io,
    path::Path,
};

use rustix::fs::{FlockOperation, flock};

/// Removes unfinished snapshots from the database in `dir`.
///
/// When sled opens a database, it writes a snapshot as `snap.<lsn>.generating` and renames it when it is finished. If
/// the process is killed in between, sled takes the unfinished file for the newest snapshot the next time, and calls
/// the whole database corrupt. The earlier snapshot still exists, and everything after it is in the database file, so
/// sled can use these. Nothing is removed if another process has the database open.
///
/// # Errors
/// The error of the system if the folder or the database file can't be read, or a snapshot can't be removed.
pub fn remove_unfinished_snapshots(dir: &Path) -> io::Result<()> {
    let Some(database) = found(File::open(dir.join("db")))? else { return Ok(()) };
    if flock(&database, FlockOperation::NonBlockingLockExclusive).is_err() {
        return Ok(()); // another process uses it; opening it will report that
    }
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if is_unfinished_snapshot(&entry.file_name().to_string_lossy()) {
            tracing::info!(file = %entry.path().display(), "an unfinished snapshot of the database is removed");
            fs::remove_file(entry.path())?;
        }
    }
    flock(&database, FlockOperation::Unlock)?;
    Ok(())
}

/// Whether a process has the database in `dir` open: sled locks its file. sled's own error for that differs from other
/// failures only by its text.
pub fn is_in_use(dir: &Path) -> bool {
    File::open(dir.join("db"))
        .is_ok_and(|file| flock(&file, FlockOperation::NonBlockingLockShared) == Err(rustix::io::Errno::WOULDBLOCK))
}

fn is_unfinished_snapshot(name: &str) -> bool {
    name.starts_with("snap.") && name.ends_with(".generating")
}

/// None if there is no such file.
fn found(file: io::Result<File>) -> io::Result<Option<File>> {
    match file {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        file => file.map(Some),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_killed_while_it_wrote_a_snapshot_is_whole() {
        let dir = tempfile::tempdir().expect("a folder");
        sled::open(dir.path()).expect("made").insert("key", "value").expect("written");
        fs::write(dir.path().join("snap.00000000FFFFFFFF.generating"), "").expect("written");
        assert!(sled::open(dir.path()).is_err(), "sled has learnt to look over it: this module can go");
        remove_unfinished_snapshots(dir.path()).expect("removed");
        let db = sled::open(dir.path()).expect("whole");
        assert_eq!(db.get("key").expect("read").as_deref(), Some(&b"value"[..]));
    }

    #[test]
    fn a_database_in_use_is_left_alone() {
        let dir = tempfile::tempdir().expect("a folder");
        assert!(!is_in_use(dir.path()), "there is none");
        let in_use = sled::open(dir.path()).expect("made");
        assert!(is_in_use(dir.path()));
        let snapshot = dir.path().join("snap.00000000FFFFFFFF.generating");
        fs::write(&snapshot, "").expect("written");
        remove_unfinished_snapshots(dir.path()).expect("looked at");
        assert!(snapshot.exists());
        drop(in_use);
        assert!(!is_in_use(dir.path()));
    }

    #[test]
    fn a_folder_without_a_database_is_left_alone() {
        let dir = tempfile::tempdir().expect("a folder");
        remove_unfinished_snapshots(dir.path()).expect("looked at");
    }
}
