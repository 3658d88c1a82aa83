//! Sources that are stopped: halted, or away. Only probes are sent, until one shows that calls may go on.

use std::{
    sync::{Arc, MutexGuard, PoisonError},
    time::Duration,
};

use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::Connection;
use crate::{
    domain::Timestamp,
    products::{Disposition, Error},
    source::{controls::wait_until_unpaused, failures::CallKind, probe::ProbeBackoff},
};

/// Whether a source may be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Health {
    /// The source may be called.
    Running,
    /// The product refuses usher's credentials or rights. Only probes are sent, and nothing is given up.
    Halted {
        /// The product's reason.
        why: String,
        /// Since when.
        since: Timestamp,
    },
    /// The product does not answer, or something in front of it answers. Only probes are sent, and nothing is given up.
    Unreachable {
        /// The answer that came instead.
        why: String,
        /// Since when.
        since: Timestamp,
    },
}

impl Connection {
    /// The state. A source that answers probes and refuses all changes is shown as away, and is still called.
    pub fn health(&self) -> Health {
        match self.health.borrow().clone() {
            Health::Running => match self.refusing(CallKind::Change).or_else(|| self.refusing(CallKind::Read)) {
                Some((since, why)) => Health::Unreachable { why, since },
                None => Health::Running,
            },
            stopped => stopped,
        }
    }

    /// Has the metrics say what [`Connection::health`] says.
    pub(crate) fn show(&self) {
        let (halted, unreachable) = match self.health() {
            Health::Running => (0, 0),
            Health::Halted { .. } => (1, 0),
            Health::Unreachable { .. } => (0, 1),
        };
        self.metrics.source_halted.with_label_values(&[self.source.as_str()]).set(halted);
        self.metrics.source_unreachable.with_label_values(&[self.source.as_str()]).set(unreachable);
    }

    /// Stops calls until a probe with the source's credentials succeeds. The first to notice starts the probing.
    pub fn halt(self: &Arc<Self>, cause: &Error) {
        if self.stop_calls(Health::Halted { why: cause.to_string(), since: self.clock.now() }) {
            error!(source.id = %self.source, %cause, "source stopped; mend its credentials or rights, usher keeps probing");
        }
    }

    /// Stops calls until a probe is answered by the product. It has been away since `since`.
    pub(crate) fn away(self: &Arc<Self>, cause: &Error, since: Timestamp) {
        if self.stop_calls(Health::Unreachable { why: cause.to_string(), since }) {
            warn!(source.id = %self.source, %cause, "source is away; nothing is given up, usher keeps probing");
        }
    }

    /// Whether calls are stopped by this, and were not before.
    fn stop_calls(self: &Arc<Self>, stopped: Health) -> bool {
        let first = self.health.send_if_modified(|health| {
            let first = *health == Health::Running;
            if first {
                *health = stopped;
            }
            first
        });
        if first {
            self.show();
            let connection = Arc::clone(self);
            tokio::spawn(async move { connection.while_in_use(probe(Arc::clone(&connection))).await });
        }
        first
    }

    fn is_halted(&self) -> bool {
        matches!(*self.health.borrow(), Health::Halted { .. })
    }

    fn next_probe(&self) -> Duration {
        let halted = self.is_halted();
        let mut probe_backoff = self.probe_backoff();
        if halted { probe_backoff.0.next_wait() } else { probe_backoff.1.next_wait() }
    }

    /// Whether a probe that ended so shows that the source may be called again.
    fn may_go_on(&self, probed: &Result<(), Error>) -> bool {
        match probed {
            Ok(()) => true,
            Err(error) => {
                warn!(source.id = %self.source, %error, "source still stopped");
                if self.is_halted() {
                    return false;
                }
                if error.disposition() == Disposition::Halt {
                    self.health.send_replace(Health::Halted { why: error.to_string(), since: self.clock.now() });
                    self.show();
                    return false;
                }
                !error.is_no_answer() // the product itself refuses the probe
            }
        }
    }

    fn probe_backoff(&self) -> MutexGuard<'_, (ProbeBackoff, ProbeBackoff)> {
        self.probe_backoff.lock().unwrap_or_else(PoisonError::into_inner) // nothing panics while it is held
    }
}

async fn probe(connection: Arc<Connection>) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(connection.next_probe()) => {}
            () = connection.probe_now.notified() => {}
        }
        // A probe can't be stopped, so the wait can't be interrupted; a paused source is not probed meanwhile.
        if wait_until_unpaused(&*connection.controls, &connection.source, &CancellationToken::new()).await.is_err() {
            return; // the controls are gone: usher is stopping
        }
        if connection.may_go_on(&connection.client.probe().await) {
            break;
        }
    }
    info!(source.id = %connection.source, "source goes on");
    if connection.is_halted() {
        connection.probe_backoff().0.goes_on();
    } else {
        connection.probe_backoff().1.goes_on();
    }
    connection.health.send_replace(Health::Running);
    connection.show();
}
