//! A second, small file that says how far the log had come, so that losing the database does not go unnoticed.
//!
//! SQLite takes a database file that is missing for a new one, and a WAL file that is missing or was cut short for one with fewer
//! commits. The high watermark is written now and then and at the end; what it says must be there when the log is opened.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::trouble::{damaged, inaccessible};
use crate::log::{Error, embedded::part::Parts};

/// The known ends of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::log::embedded) struct HighWatermark {
    /// Of which log.
    pub identity: String,
    /// One past the newest record, by the number of the stream on disk, then by partition.
    ends: BTreeMap<u8, Vec<u64>>,
}

impl HighWatermark {
    /// The high watermark of a log whose parts end at `ends`.
    pub fn new(identity: &str, ends: &Parts<u64>) -> Self {
        let mut high_watermark = Self { identity: identity.to_owned(), ends: BTreeMap::new() };
        for (part, end) in ends.iter() {
            high_watermark.ends.entry(part.code()).or_default().push(*end);
        }
        high_watermark
    }

    /// Whether one was ever written to `dir`.
    pub fn is_in(dir: &Path) -> bool {
        path(dir).exists()
    }

    /// The one in `dir`; none where none was ever written.
    ///
    /// # Errors
    /// [`Error::Unusable`] if the file can't be read, or is not what was written to it.
    pub fn read(dir: &Path) -> Result<Option<Self>, Error> {
        match fs::read(path(dir)) {
            Ok(text) => serde_json::from_slice(&text)
                .map(Some)
                .map_err(|error| damaged(dir, &format!("{}: {}", path(dir).display(), crate::words::json(&error)))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(inaccessible(dir, &error)),
        }
    }

    /// Puts it in `dir`: the old one stays until the new one is on disk.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn write(&self, dir: &Path) -> io::Result<()> {
        let next = dir.join("acknowledged.next");
        let mut file = File::create(&next)?;
        file.write_all(&serde_json::to_vec(self)?)?;
        file.sync_all()?;
        fs::rename(&next, path(dir))
    }

    /// Compares the log that was found with what was acknowledged.
    ///
    /// # Errors
    /// [`Error::Unusable`] if it is another log, or ends before what was acknowledged.
    pub fn check(&self, dir: &Path, found: &Self) -> Result<(), Error> {
        if self.identity != found.identity {
            return Err(damaged(dir, "the database is not the one that was here before"));
        }
        let missing = |(code, ends): (&u8, &Vec<u64>)| {
            let found = found.ends.get(code).map_or(&[][..], Vec::as_slice);
            ends.iter().enumerate().any(|(partition, end)| found.get(partition).is_none_or(|found| found < end))
        };
        if self.ends.iter().any(missing) {
            return Err(damaged(dir, "records at the end of the log are missing"));
        }
        Ok(())
    }
}

fn path(dir: &Path) -> PathBuf {
    dir.join("acknowledged")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::{Partition, Stream, embedded::part::Part};

    fn high_watermark(identity: &str, end: u64) -> HighWatermark {
        let last = Part::new(Stream::DeadLetters, Partition(1));
        let ends = Parts::try_new(2, |part| Ok::<_, ()>(if part == last { end } else { 3 }));
        HighWatermark::new(identity, &ends.expect("ends"))
    }

    #[test]
    fn a_log_may_have_grown_but_not_shrunk_and_not_changed() {
        let dir = Path::new("data/log");
        let before = high_watermark("a", 10);
        assert!(before.check(dir, &high_watermark("a", 10)).is_ok());
        assert!(before.check(dir, &high_watermark("a", 11)).is_ok());
        assert!(matches!(before.check(dir, &high_watermark("a", 9)), Err(Error::Unusable(_))));
        assert!(matches!(before.check(dir, &high_watermark("b", 10)), Err(Error::Unusable(_))));
    }

    #[test]
    fn what_is_written_is_read() {
        let dir = tempfile::tempdir().expect("a folder");
        assert_eq!(HighWatermark::read(dir.path()).expect("readable"), None);
        high_watermark("a", 10).write(dir.path()).expect("written");
        assert_eq!(HighWatermark::read(dir.path()).expect("readable"), Some(high_watermark("a", 10)));
        fs::write(path(dir.path()), "{").expect("written");
        assert!(matches!(HighWatermark::read(dir.path()), Err(Error::Unusable(_))));
    }
}
