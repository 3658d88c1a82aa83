//! Watches for a failed write of the state store.

use std::{
    io,
    sync::mpsc::{self, RecvTimeoutError, Sender},
    thread,
    time::Duration,
};

use crate::health::Health;

/// How often it is looked.
const EVERY: Duration = Duration::from_millis(500);

/// The thread that watches, for as long as this is there.
pub(super) struct Watch {
    /// Dropped, it ends the thread.
    _held: Sender<()>,
}

impl Watch {
    /// Ends the process when `config` says that a write of the database opened with it has failed.
    ///
    /// sled writes on threads of its own. What goes wrong there stands in the configuration, and the next one who writes is told;
    /// who only reads is not, and a thread that flushes ends without a word.
    pub(super) fn start(config: sled::Config, health: Health) -> io::Result<Self> {
        let (held, watching) = mpsc::channel();
        thread::Builder::new().name("state-watch".into()).spawn(move || {
            while watching.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout) {
                let Err(error) = config.global_error() else { continue };
                let error = crate::words::database(&error);
                tracing::error!(error, "the state store can't be written any more");
                health.end_process(format!(
                    "data_dir: the state store can't be written: {error}; usher ends, to open it again"
                ));
                return;
            }
        })?;
        Ok(Self { _held: held })
    }
}
