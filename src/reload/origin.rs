//! Where the configuration is read from, the first time and again.

use std::{path::PathBuf, sync::Arc};

use tokio::sync::Notify;

use crate::config::{self, LoadResult, WatchedFiles};

/// The file and the variables that make the configuration. Not `Debug`: variables may hold secrets.
#[derive(Clone)]
pub struct Origin {
    path: Option<PathBuf>,
    env: Arc<[(String, String)]>,
}

impl Origin {
    /// The file at `path`, else the usual one or the built-in defaults, with the variables of `env` over it. A usual file that is
    /// there now is the one from then on: it is an error where it is gone.
    pub fn new(path: Option<PathBuf>, env: impl IntoIterator<Item = (String, String)>) -> Self {
        Self { path: path.or_else(config::usual_file), env: env.into_iter().collect() }
    }

    /// Reads it as it is now. Waits for the disk.
    pub fn read(&self) -> LoadResult {
        config::read_watched(self.path.as_deref(), self.env.iter().cloned())
    }
}

/// How the configuration came about that a process started with.
pub struct Start {
    /// Where it is read again.
    pub origin: Origin,
    /// The files it was read from.
    pub files: WatchedFiles,
    /// Its digest.
    pub digest: String,
    /// Told when it is to be read again.
    pub hangup: Arc<Notify>,
}
