//! The files that a configuration was read from, and how to see that one of them has changed.
//!
//! Contents are not compared: a secret would be kept for it. A kubelet replaces mounted files by turning the link
//! `..data` to another folder, so the path behind all links counts.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

/// The properties by which a change of a file is noticed.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Fingerprint {
    /// The path behind all symbolic links.
    real: PathBuf,
    device: u64,
    inode: u64,
    length: u64,
    /// In seconds and nanoseconds.
    modified: (i64, i64),
    /// A file that could not be read may be readable now.
    permissions: u32,
}

impl Fingerprint {
    /// None if the file does not exist, or can't be read.
    fn of(path: &Path) -> Option<Self> {
        let real = fs::canonicalize(path).ok()?;
        let metadata = fs::metadata(&real).ok()?;
        Some(Self {
            real,
            device: metadata.dev(),
            inode: metadata.ino(),
            length: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            permissions: metadata.mode(),
        })
    }
}

/// Files as they were just before they were read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WatchedFiles(BTreeMap<PathBuf, Option<Fingerprint>>);

impl WatchedFiles {
    /// Records the file at `path`, which is about to be read; it need not be there.
    pub fn watch(&mut self, path: &Path) {
        // The first look counts: what changes between two readings is seen as a change.
        self.0.entry(path.to_owned()).or_insert_with(|| Fingerprint::of(path));
    }

    /// Adds `others`.
    pub(in crate::config) fn add(&mut self, others: Self) {
        for (path, fingerprint) in others.0 {
            self.0.entry(path).or_insert(fingerprint);
        }
    }

    /// The same files as they are now.
    #[must_use]
    pub fn now(&self) -> Self {
        Self(self.0.keys().map(|path| (path.clone(), Fingerprint::of(path))).collect())
    }

    /// The number of files.
    pub fn count(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_file_that_is_written_anew_appears_or_goes_is_seen() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("token");
        let mut absent = WatchedFiles::default();
        absent.watch(&path);
        assert_eq!(absent.now(), absent);
        fs::write(&path, "one").expect("written");
        let there = absent.now();
        assert_ne!(there, absent);
        fs::write(&path, "three").expect("written");
        let longer = there.now();
        assert_ne!(longer, there);
        fs::write(dir.path().join("new"), "three").expect("written");
        fs::rename(dir.path().join("new"), &path).expect("renamed");
        assert_ne!(longer.now(), longer);
        fs::remove_file(&path).expect("removed");
        assert_eq!(longer.now(), absent);
    }

    #[test]
    fn the_link_that_a_kubelet_turns_is_seen() {
        let dir = tempfile::tempdir().expect("a folder");
        for (folder, text) in [("..one", "old"), ("..two", "new")] {
            fs::create_dir(dir.path().join(folder)).expect("made");
            fs::write(dir.path().join(folder).join("token"), text).expect("written");
        }
        symlink("..one", dir.path().join("..data")).expect("linked");
        symlink("..data/token", dir.path().join("token")).expect("linked");
        let mut files = WatchedFiles::default();
        files.watch(&dir.path().join("token"));
        symlink("..two", dir.path().join("..data_tmp")).expect("linked");
        assert_eq!(files.now(), files);
        fs::rename(dir.path().join("..data_tmp"), dir.path().join("..data")).expect("renamed");
        assert_ne!(files.now(), files);
    }
}
