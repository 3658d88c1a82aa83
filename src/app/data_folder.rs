//! The data folder: made, and kept from others. The log and the state in it hold names and addresses of people.

use std::{
    fs::{self, DirBuilder, Metadata, Permissions},
    io,
    os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
};

use tracing::{info, warn};

use super::Error;

/// What usher makes in the data folder.
const OURS: [&str; 3] = [crate::admin::TOKEN_FILE, "log", "state"];
const PROBE: &str = ".usher-can-write";
const FOR_OTHERS: u32 = 0o077;
const WRITTEN_BY_ANYBODY: u32 = 0o002;

/// Makes the data folder, or finds out whether it can be written to; what usher has in it is taken from the sight of others.
pub(super) fn open(path: &Path) -> Result<(), Error> {
    let usable = if path.is_dir() {
        // Creating and removing a file says now, in one line, what would otherwise go wrong later.
        let probe = path.join(PROBE);
        let tried = fs::write(&probe, b"").and_then(|()| fs::remove_file(&probe));
        tried.map(|()| tighten(path))
    } else {
        DirBuilder::new().recursive(true).mode(0o700).create(path)
    };
    usable.map_err(|error| Error::DataDir { path: path.to_owned(), error })
}

/// Takes from others what they may do with the files of usher in a folder that was there before, and with the folder
/// itself where nothing else is in it. Where that can't be done it is told of: it is no reason not to start.
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

/// Leaves `path` to its owner alone; puts what is in it into `below`. True if it was open to others.
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

/// A folder in which other things are too, or that belongs to somebody else, is left as it is: it may be shared on purpose.
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
