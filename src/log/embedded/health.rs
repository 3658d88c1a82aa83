//! Whether appends succeed now: said by the committer, asked by everybody.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::log::Error;

/// Why appends don't succeed, if they don't.
#[derive(Debug, Default)]
pub(super) struct Health(Mutex<Trouble>);

#[derive(Debug, Default)]
struct Trouble {
    /// A write failed; this does not pass.
    failure: Option<String>,
    /// The disk is as good as full; this may pass.
    disk: Option<String>,
}

impl Health {
    /// Fails while appends do.
    pub fn check(&self) -> Result<(), Error> {
        let trouble = self.lock();
        let why = trouble.failure.as_ref().or(trouble.disk.as_ref());
        why.map_or(Ok(()), |why| Err(Error::Unavailable(why.clone())))
    }

    /// What an append that was not done is answered.
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

    fn lock(&self) -> MutexGuard<'_, Trouble> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
