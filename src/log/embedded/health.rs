//! Whether appends succeed now: said by the committer, asked by everybody.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use crate::log::Error;

/// Why appends don't succeed, if they don't.
#[derive(Debug, Default)]
pub(super) struct Health(Mutex<Trouble>);

#[derive(Debug, Default)]
struct Trouble {
    /// A write failed; this does not pass.
    failure: Option<String>,
    /// The disk is as good as full, as far as it says; this may pass.
    disk: Option<String>,
    /// The last write found no room, or the files in use, whatever the disk says; the next one may succeed.
    refused: Option<String>,
    /// When the disk was asked for what it has not done yet.
    waiting_since: Option<Instant>,
}

impl Health {
    /// Tells whether appends may succeed.
    ///
    /// # Errors
    /// [`Error::Unavailable`] after a failed write, while the disk is full, and while writes are refused.
    pub fn check(&self) -> Result<(), Error> {
        let trouble = self.lock();
        let why = trouble.failure.as_ref().or(trouble.disk.as_ref()).or(trouble.refused.as_ref());
        why.map_or(Ok(()), |why| Err(Error::Unavailable(why.clone())))
    }

    /// Tells whether the disk answers.
    ///
    /// # Errors
    /// [`Error::Unavailable`] while the committer has been waiting for the disk for longer than `limit`.
    pub fn check_progress(&self, limit: Duration) -> Result<(), Error> {
        match self.lock().waiting_since.map(|since| since.elapsed()) {
            Some(taken) if taken > limit => {
                Err(Error::Unavailable(format!("the disk has not answered for {} s", taken.as_secs())))
            }
            _ => Ok(()),
        }
    }

    /// The answer to an append that was not done.
    pub fn refusal(&self) -> Error {
        self.check().err().unwrap_or_else(|| Error::Unavailable("the record was not written".into()))
    }

    /// Whether a write has failed.
    pub fn has_failed(&self) -> bool {
        self.lock().failure.is_some()
    }

    /// A write has failed.
    pub fn fail(&self, why: String) {
        self.lock().failure.get_or_insert(why);
    }

    /// The disk is too full for `why`, or has room again.
    pub fn set_disk(&self, why: Option<String>) {
        self.lock().disk = why;
    }

    /// The last write was refused for `why`, or succeeded.
    pub fn set_refused(&self, why: Option<String>) {
        self.lock().refused = why;
    }

    /// Whether the last write was refused.
    pub fn is_refused(&self) -> bool {
        self.lock().refused.is_some()
    }

    /// Notes that the disk is waited for while `work` runs.
    pub fn during<T>(&self, work: impl FnOnce() -> T) -> T {
        self.lock().waiting_since = Some(Instant::now());
        let result = work();
        self.lock().waiting_since = None;
        result
    }

    fn lock(&self) -> MutexGuard<'_, Trouble> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_stays_and_a_full_disk_passes() {
        let health = Health::default();
        health.set_disk(Some("full".into()));
        assert!(health.check().is_err());
        health.set_disk(None);
        assert!(health.check().is_ok());
        health.fail("broken".into());
        health.fail("still broken".into());
        health.set_disk(None);
        assert_eq!(health.refusal().to_string(), "the log is not available: broken");
    }

    #[test]
    fn a_write_that_was_refused_counts_until_one_succeeds_whatever_the_disk_says() {
        let health = Health::default();
        health.set_refused(Some("no room".into()));
        health.set_disk(None);
        assert!(health.is_refused() && health.check().is_err());
        health.set_refused(None);
        assert!(!health.is_refused() && health.check().is_ok());
    }

    #[test]
    fn a_disk_that_does_not_answer_is_noticed() {
        let health = Health::default();
        assert!(health.during(|| health.check_progress(Duration::ZERO)).is_err());
        assert!(health.check_progress(Duration::ZERO).is_ok(), "none goes on");
    }
}
