//! Watches for a failed write of the state store.

use std::{
    io,
    sync::mpsc::{self, RecvTimeoutError, Sender},
    thread,
    time::Duration,
};

use crate::health::Health;

/// The interval of the checks.
const CHECK_INTERVAL: Duration = Duration::from_millis(500);

/// The thread that watches, for as long as this is there.
pub(super) struct Watch {
    /// Dropped, it ends the thread.
    _held: Sender<()>,
}

impl Watch {
    /// Ends the process when `config` shows that a write of its database has failed.
    ///
    /// sled writes on its own threads. It records a failure in the configuration and reports it to the next writer. A
    /// reader gets no error, and a flushing thread ends silently.
    ///
    /// # Errors
    /// If no thread can be started.
    pub(super) fn start(config: sled::Config, health: Health) -> io::Result<Self> {
        let (held, watching) = mpsc::channel();
        thread::Builder::new().name("state-watch".into()).spawn(move || {
            while watching.recv_timeout(CHECK_INTERVAL) == Err(RecvTimeoutError::Timeout) {
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
