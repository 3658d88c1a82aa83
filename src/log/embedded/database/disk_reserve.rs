//! Stops appends while there is still some disk left.
//!
//! The state store beside the log must not meet a full disk: sled fails for good after that, and only a restart helps. Appends leave
//! a reserve; what usher notes down for itself, group offsets for one, leaves a part of it.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use rustix::fs::statvfs;

/// How old the last look at the disk may be. Others can fill it at any moment, and a look takes microseconds.
const CHECK_INTERVAL: Duration = Duration::from_millis(50);

/// The part of the reserve that nothing touches.
const UNTOUCHED: u64 = 4;

/// Why nothing should be written now.
#[derive(Debug, thiserror::Error)]
pub(in crate::log::embedded) enum Error {
    /// The system does not say.
    #[error("how full the disk of {} is can't be found out: {}", dir.display(), crate::words::errno(*source))]
    Unknown {
        /// The folder that was asked about.
        dir: PathBuf,
        /// The error of the system.
        source: rustix::io::Errno,
    },
    /// The reserve would be used up.
    #[error("the disk of {} is as good as full: {free} bytes are free, {reserve} are kept in reserve", dir.display())]
    Full {
        /// The folder that was asked about.
        dir: PathBuf,
        /// The free bytes of the last check, less the bytes written since.
        free: u64,
        /// The bytes that are to stay free.
        reserve: u64,
    },
}

/// Free space that appends don't touch.
#[derive(Debug)]
pub(in crate::log::embedded) struct Reserve {
    dir: PathBuf,
    bytes: u64,
    looked: Option<Instant>,
    free: u64,
}

impl Reserve {
    /// Keeps `bytes` free on the disk that `dir` is on.
    pub fn new(dir: PathBuf, bytes: u64) -> Self {
        Self { dir, bytes, looked: None, free: 0 }
    }

    /// Fails where `more` bytes of records can't be written without using up the reserve. Counts what is written between two
    /// looks at the disk.
    ///
    /// # Errors
    ///
    /// [`Error::Full`] where there is too little room, [`Error::Unknown`] where the system does not say.
    pub fn check(&mut self, more: u64) -> Result<(), Error> {
        // A record is in the WAL file and in the database, and begins a page in both where few are written together.
        const TAKEN_PER_BYTE: u64 = 6;
        self.look()?;
        let left = self.free.saturating_sub(more.saturating_mul(TAKEN_PER_BYTE));
        if left < self.bytes {
            return Err(Error::Full { dir: self.dir.clone(), free: self.free, reserve: self.bytes });
        }
        self.free = left;
        Ok(())
    }

    /// Whether there is room for what usher notes down for itself.
    pub fn has_room_for_notes(&mut self) -> bool {
        self.look().is_ok() && self.free >= self.bytes / UNTOUCHED
    }

    fn look(&mut self) -> Result<(), Error> {
        if self.looked.is_none_or(|looked| looked.elapsed() >= CHECK_INTERVAL) {
            let disk = statvfs(&self.dir).map_err(|source| Error::Unknown { dir: self.dir.clone(), source })?;
            self.free = disk.f_bavail.saturating_mul(disk.f_frsize);
            self.looked = Some(Instant::now());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_since_the_last_look_counts() {
        let mut reserve = Reserve::new("/".into(), 1_000);
        reserve.looked = Some(Instant::now());
        reserve.free = 10_000;
        assert!(reserve.check(1_000).is_ok());
        assert!(reserve.check(1_000).is_err(), "4,000 were left, and 6,000 may be needed");
    }

    #[test]
    fn what_usher_notes_down_may_use_a_part_of_the_reserve() {
        let mut reserve = Reserve::new("/".into(), 1_000);
        reserve.looked = Some(Instant::now());
        for (free, appends, notes) in [(1_000, true, true), (999, false, true), (250, false, true), (249, false, false)]
        {
            reserve.free = free;
            assert_eq!((reserve.has_room_for_notes(), reserve.check(0).is_ok()), (notes, appends), "{free}");
        }
    }

    #[test]
    fn a_reserve_larger_than_the_disk_stops_everything() {
        let dir = tempfile::tempdir().expect("a folder");
        assert!(Reserve::new(dir.path().into(), u64::MAX).check(0).is_err());
        assert!(Reserve::new(dir.path().into(), 0).check(0).is_ok());
    }
}
