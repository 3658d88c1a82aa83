//! Watches for a failed write of the state store and for rows that can't be read, and keeps the seals of its file.

use std::{
    io,
    sync::mpsc::{self, Receiver, RecvTimeoutError, Sender},
    thread,
    time::Duration,
};

use super::{
    sled_files::{Sealer, mark_damaged},
    table::Damage,
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
    /// Ends the process when `config` shows that a write of its database has failed, or `damage` that something in it
    /// can't be read. It keeps the list of seals meanwhile, so that damage is noticed when the database is opened again.
    ///
    /// sled writes on its own threads. It records a failure in the configuration and reports it to the next writer. A
    /// reader gets no error, and a flushing thread ends silently.
    ///
    /// # Errors
    /// If no thread can be started.
    pub(super) fn start(config: sled::Config, damage: Damage, sealer: Sealer, health: Health) -> io::Result<Self> {
        let (held, watching) = mpsc::channel();
        let watch = move || watch(&config, &damage, sealer, &watching, &health);
        thread::Builder::new().name("state-watch".into()).spawn(watch)?;
        Ok(Self { _held: held })
    }
}

fn watch(config: &sled::Config, damage: &Damage, mut sealer: Sealer, watching: &Receiver<()>, health: &Health) {
    seal(&mut sealer); // at once: opening the database has changed its file
    while watching.recv_timeout(CHECK_INTERVAL) == Err(RecvTimeoutError::Timeout) {
        if damage.is_noticed() {
            let dir = config.get_path();
            if let Err(error) = mark_damaged(&dir) {
                tracing::warn!(dir = %dir.display(), error = crate::words::system(&error), "it can't be marked as damaged");
            }
            tracing::error!("the state store is damaged");
            health.end_process("data_dir: the state store is damaged; usher ends, to rebuild it from the log");
            return;
        }
        if let Err(error) = config.global_error() {
            let error = crate::words::database(&error);
            tracing::error!(error, "the state store can't be written any more");
            health.end_process(format!(
                "data_dir: the state store can't be written: {error}; usher ends, to open it again"
            ));
            return;
        }
        seal(&mut sealer);
    }
    seal(&mut sealer); // the process stops; sled may have shortened the file since
}

/// A list that can't be written stays as it is, and the next one is tried: at worst the store is rebuilt once more than
/// needed.
fn seal(sealer: &mut Sealer) {
    if let Err(error) = sealer.seal() {
        tracing::debug!(error = crate::words::system(&error), "the seals of the state store can't be written");
    }
}
