//! The free space of `data_dir`, and its use by each part.

use std::{
    fs, io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use rustix::fs::statvfs;

use crate::metrics::{DataPart, StorageMetrics};

/// The interval of the measurements.
const INTERVAL: Duration = Duration::from_secs(15);
/// The unit of [`std::os::unix::fs::MetadataExt::blocks`].
const BLOCK: u64 = 512;

/// Keeps the gauges of `dir` current, for as long as it is awaited.
pub(in crate::app) async fn follow(dir: PathBuf, metrics: StorageMetrics) {
    let mut every = tokio::time::interval(INTERVAL);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        every.tick().await;
        let (dir, metrics) = (dir.clone(), metrics.clone());
        // A disk may take long to answer. Values that can't be read stay as they were.
        let _told = tokio::task::spawn_blocking(move || update(&dir, &metrics)).await;
    }
}

fn update(dir: &Path, metrics: &StorageMetrics) {
    if let Ok(disk) = statvfs(dir) {
        metrics.data_free_bytes.set(as_gauge(disk.f_bavail.saturating_mul(disk.f_frsize)));
    }
    let parts = DataPart::ALL.map(|part| (part, used(dir, part)));
    for (part, bytes) in parts {
        if let Ok(bytes) = bytes {
            metrics.data_bytes(part).set(as_gauge(bytes));
        }
    }
}

/// The bytes that `part` of `dir` takes on the disk.
fn used(dir: &Path, part: DataPart) -> io::Result<u64> {
    match part {
        DataPart::Log => taken(&dir.join("log")),
        DataPart::State => taken(&dir.join("state")),
        DataPart::Other => {
            let mut bytes = 0;
            for entry in fs::read_dir(dir)? {
                let entry = entry?;
                if !["log", "state"].iter().any(|name| entry.file_name() == *name) {
                    bytes += taken(&entry.path())?;
                }
            }
            Ok(bytes)
        }
    }
}

/// The bytes on the disk of `path` and everything in it. A missing file counts as 0: files come and go meanwhile.
fn taken(path: &Path) -> io::Result<u64> {
    let found = match fs::symlink_metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(error),
    };
    let mut bytes = found.blocks() * BLOCK;
    if found.is_dir() {
        for entry in fs::read_dir(path)? {
            bytes += taken(&entry?.path())?;
        }
    }
    Ok(bytes)
}

fn as_gauge(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Metrics;

    #[test]
    fn each_part_of_the_folder_is_told_with_all_in_it() {
        let dir = tempfile::tempdir().expect("a folder");
        let write = |path: &str, bytes: usize| {
            let path = dir.path().join(path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            fs::write(path, vec![1; bytes]).expect("written");
        };
        write("log/db", 100_000);
        write("state/blobs/1", 200_000);
        write("state.set-aside-1/db", 300_000);
        let storage = Metrics::new().expect("registered").storage;
        update(dir.path(), &storage);
        for (part, least) in [(DataPart::Log, 100_000), (DataPart::State, 200_000), (DataPart::Other, 300_000)] {
            let bytes = storage.data_bytes(part).get();
            assert!((least..least + 50_000).contains(&bytes), "{part:?}: {bytes}");
        }
        assert!(storage.data_free_bytes.get() > 0);
    }
}
