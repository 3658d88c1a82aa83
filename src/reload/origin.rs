//! The origin of the configuration, for the first reading and for later ones.

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
    /// The file at `path`, else the usual file or the built-in defaults, with the variables of `env` over it. If the
    /// usual file exists now, it is required from then on.
    pub fn new(path: Option<PathBuf>, env: impl IntoIterator<Item = (String, String)>) -> Self {
        Self { path: path.or_else(config::usual_file), env: env.into_iter().collect() }
    }

    /// Reads it as it is now. Waits for the disk.
    pub fn read(&self) -> LoadResult {
        config::read_watched(self.path.as_deref(), self.env.iter().cloned())
    }
}

/// The configuration with which a process started.
pub struct Start {
    /// Its origin.
    pub origin: Origin,
    /// The files it was read from.
    pub files: WatchedFiles,
    /// Its digest.
    pub digest: String,
    /// Told when it is to be read again.
    pub hangup: Arc<Notify>,
}
