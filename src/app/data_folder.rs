//! The data folder: made, held for this process alone, and kept from others. The log and the state in it hold names and
//! addresses of people.

use std::{
    fs::{self, DirBuilder, File, Metadata, OpenOptions, Permissions, TryLockError},
    io,
    os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
};

use tracing::{info, warn};

use super::Error;
use crate::backup::RESTORING;

/// The files of usher in the data folder.
const OURS: [&str; 5] = [crate::admin::TOKEN_FILE, LOCK, "log", crate::sealed::KEY_FILE, "state"];
/// Locked by the process that uses the folder.
pub const LOCK: &str = "usher.lock";
const PROBE: &str = ".usher-can-write";
/// With less free disk space than that, in bytes, nothing is opened: databases that meet a full disk fail for good.
const ROOM_TO_START: u64 = 16 * 1024 * 1024;
const FOR_OTHERS: u32 = 0o077;
const WRITTEN_BY_ANYBODY: u32 = 0o002;

/// The data folder, held for this process until this is dropped, or the process has ended in whatever way.
pub struct DataFolder {
    _lock: File,
}

/// Makes the data folder, or checks that it can be written to. Other users lose access to usher's files in it.
///
/// # Errors
/// [`Error::DataDir`] if it can't be made or written to, [`Error::InUse`] if another process holds it,
/// [`Error::DiskFull`] if its disk has too little room to start, and [`Error::HalfRestored`] if a restore was
/// interrupted in it.
pub(super) fn open(path: &Path) -> Result<DataFolder, Error> {
    has_room(path, ROOM_TO_START)?;
    let was_there = path.is_dir();
    let usable = if was_there {
        // Creating and removing a file says now, in one line, what would otherwise go wrong later.
        let probe = path.join(PROBE);
        fs::write(&probe, b"").and_then(|()| fs::remove_file(&probe))
    } else {
        DirBuilder::new().recursive(true).mode(0o700).create(path)
    };
    let held = usable.map_err(TryLockError::Error).and_then(|()| lock(path));
    if held.is_ok() && path.join(RESTORING).is_dir() && !path.join("log").exists() {
        return Err(Error::HalfRestored(path.to_owned()));
    }
    if was_there && held.is_ok() {
        tighten(path);
    }
    held.map_err(|error| refused(path, error))
}

/// Holds an existing data folder without starting usher.
///
/// # Errors
/// [`Error::InUse`] if another process holds it, and [`Error::DataDir`] if it can't be written to.
pub fn hold(path: &Path) -> Result<DataFolder, Error> {
    lock(path).map_err(|error| refused(path, error))
}

fn refused(path: &Path, error: TryLockError) -> Error {
    match error {
        TryLockError::WouldBlock => Error::InUse(path.to_owned()),
        TryLockError::Error(error) => Error::DataDir { path: path.to_owned(), error },
    }
}

fn lock(path: &Path) -> Result<DataFolder, TryLockError> {
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(path.join(LOCK));
    let file = file.map_err(TryLockError::Error)?;
    file.try_lock()?;
    Ok(DataFolder { _lock: file })
}

/// Fails where less than `needed` bytes are free on a disk of the data folder: `log` and `state` may be on disks of
/// their own.
fn has_room(path: &Path, needed: u64) -> Result<(), Error> {
    for path in [path.to_owned(), path.join("log"), path.join("state")] {
        // A missing file is reported later, by the part that needs it.
        let Ok(disk) = rustix::fs::statvfs(&path) else { continue };
        let free = disk.f_bavail.saturating_mul(disk.f_frsize);
        if free < needed {
            return Err(Error::DiskFull { path, free, needed });
        }
    }
    Ok(())
}

/// Removes the access of other users to usher's files in an existing folder, and to the folder itself if it holds
/// nothing else. A failure is logged, and does not stop the start.
fn tighten(folder: &Path) {
    let mut changed = 0;
    let mut failed: Option<(PathBuf, io::Error)> = None;
    let mut waiting: Vec<_> = OURS.iter().map(|name| folder.join(name)).collect();
    // `log` or `state` may be a link to another disk; links below are none of usher's.
    let mut metadata: fn(&Path) -> io::Result<Metadata> = |path| fs::metadata(path);
    while !waiting.is_empty() {
        let mut below = Vec::new();
        for path in waiting.drain(..) {
            match private(&path, metadata, &mut below) {
                Ok(was_open) => changed += usize::from(was_open),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => failed = failed.or(Some((path, error))),
            }
        }
        waiting = below;
        metadata = |path| fs::symlink_metadata(path);
    }
    if let Some((path, error)) = failed {
        let error = crate::words::system(&error);
        warn!(path = %path.display(), error, "data_dir: others on this machine may read a file, and that can't be changed");
    }
    if changed > 0 {
        info!(files = changed, "data_dir: files and folders that others could read are the owner's alone now");
    }
    the_folder_itself(folder);
}

/// Restricts `path` to its owner; adds its entries to `below`. True if others had access to it.
fn private(path: &Path, metadata: fn(&Path) -> io::Result<Metadata>, below: &mut Vec<PathBuf>) -> io::Result<bool> {
    let found = metadata(path)?;
    if found.is_symlink() {
        return Ok(false);
    }
    let (mode, is_open) = (found.mode(), found.mode() & FOR_OTHERS != 0);
    if is_open {
        fs::set_permissions(path, Permissions::from_mode(mode & 0o7777 & !FOR_OTHERS))?;
    }
    if found.is_dir() {
        for entry in fs::read_dir(path)? {
            below.push(entry?.path());
        }
    }
    Ok(is_open)
}

/// A folder with other files in it, or of another owner, is not changed: it may be shared on purpose.
fn the_folder_itself(folder: &Path) {
    let Ok(found) = fs::metadata(folder) else { return };
    let is_own = found.uid() == rustix::process::geteuid().as_raw();
    let mut mode = found.mode();
    if is_own && mode & FOR_OTHERS != 0 && holds_only_ours(folder) {
        let tight = mode & 0o7777 & !FOR_OTHERS;
        if fs::set_permissions(folder, Permissions::from_mode(tight)).is_ok() {
            mode = tight;
        }
    }
    if mode & WRITTEN_BY_ANYBODY != 0 {
        warn!(path = %folder.display(), "data_dir: anybody on this machine may write to the folder; run `chmod o-w` on it");
    }
}

fn holds_only_ours(folder: &Path) -> bool {
    let Ok(entries) = fs::read_dir(folder) else { return false };
    entries.map_while(Result::ok).all(|entry| OURS.iter().any(|name| entry.file_name() == **name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).expect("it is there").mode() & 0o7777
    }

    /// Makes files and folders with these modes below a folder with `folder`.
    fn there(folder: u32, entries: &[(&str, u32)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().expect("a folder");
        for (name, mode) in entries {
            let path = dir.path().join(name);
            if name.ends_with('/') {
                fs::create_dir_all(&path).expect("a folder");
            } else {
                fs::write(&path, "").expect("a file");
            }
            fs::set_permissions(&path, Permissions::from_mode(*mode)).expect("set");
        }
        fs::set_permissions(dir.path(), Permissions::from_mode(folder)).expect("set");
        dir
    }

    #[test]
    fn a_folder_is_held_by_one_at_a_time() {
        let (dir, other) = (there(0o700, &[]), there(0o700, &[]));
        let held = open(dir.path()).expect("held");
        assert!(matches!(open(dir.path()), Err(Error::InUse(path)) if path == dir.path()));
        open(other.path()).expect("another folder is another matter");
        drop(held);
        open(dir.path()).expect("held again");
    }

    #[test]
    fn a_folder_in_which_a_restore_was_broken_off_is_refused() {
        let dir = there(0o700, &[("restoring/", 0o700), ("admin-token", 0o600)]);
        assert!(matches!(open(dir.path()), Err(Error::HalfRestored(path)) if path == dir.path()));
        fs::create_dir(dir.path().join("log")).expect("made");
        open(dir.path()).expect("the log is there: it was all but done");
    }

    #[test]
    fn a_disk_with_too_little_room_is_told() {
        let dir = there(0o700, &[]);
        assert!(has_room(dir.path(), 1).is_ok());
        let full = has_room(dir.path(), u64::MAX).expect_err("no disk is as large").to_string();
        assert!(full.contains("is full") && full.contains("make room"), "{full}");
    }

    #[test]
    fn a_new_folder_is_its_owners_alone() {
        let dir = there(0o755, &[]);
        let data = dir.path().join("a/b");
        open(&data).expect("made");
        assert_eq!((mode(&data), mode(&dir.path().join("a"))), (0o700, 0o700));
    }

    #[test]
    fn what_an_older_version_left_open_is_closed() {
        let entries =
            [("log/", 0o755), ("log/deep/", 0o755), ("log/deep/db", 0o644), ("state/", 0o750), ("admin-token", 0o640)];
        let dir = there(0o755, &entries);
        open(dir.path()).expect("usable");
        assert_eq!(mode(dir.path()), 0o700);
        for (name, earlier) in entries {
            assert_eq!(mode(&dir.path().join(name)), earlier & 0o700, "{name}");
        }
    }

    #[test]
    fn a_folder_that_others_use_too_and_what_is_not_usher_s_stay_as_they_are() {
        let dir = there(0o755, &[("log/", 0o755), ("somebody's", 0o644)]);
        let elsewhere = there(0o755, &[("precious", 0o644)]);
        std::os::unix::fs::symlink(elsewhere.path().join("precious"), dir.path().join("log/link")).expect("a link");
        open(dir.path()).expect("usable");
        assert_eq!((mode(dir.path()), mode(&dir.path().join("log"))), (0o755, 0o700));
        assert_eq!(mode(&dir.path().join("somebody's")), 0o644);
        assert_eq!(mode(&elsewhere.path().join("precious")), 0o644, "a link below is not followed");
    }
}
